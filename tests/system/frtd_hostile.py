#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""frtd attacked from outside: by people of the machine over its socket, by what lies in its directories before it starts, by what
the directory's entries say. Beside each attack stands what must hold."""
import array
import base64
import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from frtd import Frtd, program, sample_city
from frtd_wire import CATALOGUE_END, ENFORCING, EXEC, HELLO, NAMED, OPEN, PATH, Talk, answer_of, as_user, question

P01, P02, P04, P20, P21, P22 = 20001, 20002, 20004, 20020, 20021, 20022
STRANGER, OVERFLOW = 31234, 65534  # an account of this machine only; what an unmapped number looks like
ACCOUNT = 64210
SANITIZED = b"__asan_init" in open(program("frtd"), "rb").read()


def setUpModule():
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))


class Point(unittest.TestCase):
    host = "h6"
    options = {}

    def setUp(self):
        self.point = Frtd(host=self.host, **self.options)
        self.point.start()

    def tearDown(self):
        if self.point.process:
            self.point.process.send_signal(signal.SIGCONT)
        self.point.__exit__()

    def ask(self, uid, kind, **fields):
        with as_user(uid), Talk(self.point.socket) as talk:
            return talk.ask(kind, **fields)

    def attempt(self, uid, tool="T25", **fields):
        return self.ask(uid, "decide", tool=tool, action=EXEC, match=NAMED, **fields)

    def decisions(self, **wanted):
        return self.point.records(k="decision", **wanted)

    def assert_well(self):
        answer = self.attempt(0, user="p06")
        self.assertEqual((answer["verdict"], answer["reason"]), ("deny", "city-official"))
        self.assertGreaterEqual(answer["decision"], 0)
        verified = self.point.frt("verify")
        self.assertEqual(verified.code, 0, verified.out + verified.err)

    def limit(self, what):
        """Of frtd's own, by its own account: root may not everywhere (CAP_SYS_RESOURCE)."""
        subprocess.run(["/usr/bin/setpriv", "--reuid", str(ACCOUNT), "--regid", str(ACCOUNT), "--clear-groups",
                        "/usr/bin/prlimit", "--pid", str(self.point.process.pid), what], check=True)

    def wait_until(self, true, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            self.assertLess(time.monotonic(), end, self.point.log())
            time.sleep(0.05)


class InAnothersName(Point):
    # (caller, what is said, verdict, reason)
    ROWS = [
        (P20, {"user": "p20", "request": "Q201"}, "allow", "request-on-file"),
        (P20, {"request": "Q201"}, "allow", "request-on-file"),
        (P20, {"user_uid": P20, "request": "Q201"}, "allow", "request-on-file"),
        (P01, {"user": "p20", "request": "Q201"}, "deny", "spoof"),
        (P01, {"user_uid": P20, "request": "Q201"}, "deny", "spoof"),
        (P01, {"user": "p01", "user_uid": P20}, "deny", "spoof"),
        (P01, {"ruser": "p20", "request": "Q201"}, "deny", "spoof"),
        (P20, {"user": "p20", "ruser": "p01"}, "deny", "spoof"),
        (STRANGER, {"user": "p20", "request": "Q201"}, "deny", "spoof"),
        (STRANGER, {"user_uid": P20, "request": "Q201"}, "deny", "spoof"),
        (STRANGER, {"ruser": "p20", "request": "Q201"}, "deny", "spoof"),
        (STRANGER, {"user": "svc-camera"}, "deny", "spoof"),
        (STRANGER, {}, "deny", "subject-unknown"),
        (STRANGER, {"user": "somebody"}, "deny", "subject-unknown"),
        (OVERFLOW, {"user": "p20", "request": "Q201"}, "deny", "spoof"),
        (OVERFLOW, {"request": "Q201"}, "deny", "subject-unknown"),
        (P20, {"user": "P20", "request": "Q201"}, "deny", "spoof"),
        (P20, {"user": " p20", "request": "Q201"}, "deny", "spoof"),
        (P20, {"user": "p20 ", "request": "Q201"}, "deny", "spoof"),
        (P20, {"user": "p%320", "request": "Q201"}, "deny", "spoof"),
        (P20, {"user": "root"}, "deny", "spoof"),
        (0, {"user": "p20", "ruser": "p01", "request": "Q201"}, "deny", "city-official"),
        (0, {"user": "p01", "ruser": "p20", "request": "Q201"}, "deny", "city-official"),
        (0, {"user": "P20", "request": "Q201"}, "deny", "subject-unknown"),
        (0, {"user": "p20", "user_uid": P01, "request": "Q201"}, "deny", "subject-unknown"),
        (0, {"request": "Q201"}, "deny", "subject-unknown"),
        (0, {"user": "p20", "request": "q201"}, "deny", "no-request"),
        (0, {"user": "p20", "request": "Q201 "}, "deny", "no-request"),
    ]

    def test_whoever_is_named_the_kernel_says_who_asks(self):
        for uid, fields, verdict, reason in self.ROWS:
            with self.subTest(caller=uid, **fields):
                answer = self.attempt(uid, **fields)
                if reason == "city-official":  # by whichever rule of the city
                    self.assertEqual(answer["verdict"], "deny")
                    self.assertIn(answer["reason"], ("city-official", "proxy", "local-overrides"))
                else:
                    self.assertEqual((answer["verdict"], answer["reason"]), (verdict, reason))
                record = self.decisions(n=answer["decision"])[0]
                self.assertEqual((record["dec"], record["why"]), (answer["verdict"], answer["reason"]))
        self.assert_well()

    def test_a_spoof_is_on_its_makers_account_and_not_on_the_others(self):
        for uid in (P01, STRANGER):
            self.attempt(uid, user="p20", request="Q201")
        for record in self.decisions(why="spoof"):
            self.assertIn(record["uid"], (P01, STRANGER))
            self.assertNotEqual(record["user"], "p20")
            self.assertEqual(record["said"], "p20")
        self.assertEqual(self.point.json("why", "p20")["denials"], [])
        self.assertEqual([d["reason"] for d in self.point.json("why", "p01")["denials"]], ["spoof"])

    def test_sessions_cannot_be_invented_for_others(self):
        for uid, fields in ((P01, {"user": "p20"}), (STRANGER, {"user": "p20"}), (P01, {"user_uid": P20}),
                            (P01, {"user": "p01", "ruser": "p20"})):
            for kind in ("session-open", "session-close"):
                answer = self.ask(uid, kind, service="sshd", tool="T25", **fields)
                self.assertEqual((answer["verdict"], answer["reason"]), ("deny", "spoof"))
        self.assertEqual(self.point.records(k="session"), [])
        self.assertEqual(len(self.decisions(why="spoof")), 8)
        self.assertEqual(self.ask(P20, "session-open", user="p20", service="lock")["verdict"], "not-governed")
        self.assertEqual(len(self.point.records(k="session", user="p20")), 1)

    def test_what_others_are_is_not_told(self):
        told = self.ask(P01, "needs-request", user="p20", tool="T25", action=EXEC, match=NAMED)
        self.assertEqual((told["verdict"], told["reason"], told.get("rule")), ("deny", "spoof", None))
        self.attempt(0, user="root")  # a denial of somebody without a name in the directory
        self.attempt(0, user="p04")
        for uid, kind, fields in ((P01, "check", {"user": "p04"}), (P01, "check", {"ruser": "p04"}),
                                  (P01, "check", {"user": "p01", "user_uid": P04}), (STRANGER, "check", {"user_uid": P04}),
                                  (STRANGER, "check", {"user": "p04"}), (STRANGER, "why", {"user": "p04"})):
            with self.subTest(caller=uid, kind=kind, **fields):
                answer = self.ask(uid, kind, tool="T25", **fields) if kind == "check" else self.ask(uid, kind, **fields)
                self.assertNotIn("text", answer)
                self.assertEqual(answer["reason"], "spoof")
        self.assertIn('"denials":[]', self.ask(STRANGER, "why")["text"])
        self.assertIn('"uid":"p01"', self.ask(P01, "check", tool="T25")["text"])

    def test_what_only_the_gate_may_say_is_not_believed_of_others(self):
        self.attempt(P01, pid=1, tid=1, dev=5, ino=6, sha256="a" * 64, path="/usr/bin/innocent")
        record = self.decisions()[-1]
        self.assertEqual((record["pid"], record["tid"], record["path"], record["sha"]), (os.getpid(), 0, "", ""))

    def test_nobody_but_root_is_the_kernel_gate(self):
        with as_user(P20), Talk(self.point.socket) as talk:
            talk.send(HELLO)
            self.assertIsNone(talk.receive())
        self.assertEqual(self.point.json("status")["gate"], "absent")
        for uid in (0, P20):  # not the one who said so first
            self.assertIsNone(self.ask(uid, "gate", user_uid=P20, tool="T25-neoface", action=OPEN, match=PATH))
        self.assertEqual(self.decisions(), [])

    def test_a_reader_that_is_no_auditor_leaves_no_reading_on_record(self):
        self.assertEqual(self.ask(P01, "audit", path="frt log")["verdict"], "deny")
        self.assertEqual(self.point.records(k="audit"), [])

    def test_the_longest_and_ugliest_values_leave_the_verdict_in_the_record(self):
        ugly = '"%\\' * 21
        answer = self.attempt(P01, service=ugly, tty=ugly, rhost=ugly, request=ugly, evidence=ugly, path='"' * 255)
        record = self.decisions(n=answer["decision"])[0]
        self.assertEqual((record["dec"], record["why"], record["use"], record["uid"]), ("deny", "city-official", 0, P01))
        self.assert_well()


class Grants(Point):
    def gate(self):
        gate = Talk(self.point.socket)
        self.addCleanup(gate.socket.close)
        gate.send(HELLO)
        while gate.socket.recv(65536)[6] != CATALOGUE_END:
            pass
        gate.send(ENFORCING)  # as the first of them; frtd takes it before anything that is asked now
        return gate

    def opens(self, gate, uid=P20, tool="T25-neoface", **fields):
        gate.send(ENFORCING)
        gate.send(question("gate", user_uid=uid, tool=tool, action=OPEN, match=PATH, path="/opt/x", pid=5, tid=5, **fields))
        while True:
            message = gate.socket.recv(65536)
            if message[:4] == b"FRT1":
                return answer_of(message)["verdict"]

    def talk(self, uid=P20):
        with as_user(uid):
            talk = Talk(self.point.socket)
        self.addCleanup(talk.socket.close)
        return talk

    def grant(self, talk, request="Q201", tool="T25", **fields):
        return talk.ask("grant", user="p20", tool=tool, request=request, action=EXEC, match=NAMED, **fields)

    def test_a_grant_is_one_persons_for_one_tool_while_its_connection_lives(self):
        gate = self.gate()
        self.assertEqual(self.opens(gate), "deny")
        talk = self.talk()
        self.assertEqual(self.grant(talk)["verdict"], "allow")
        self.assertEqual(self.opens(gate), "allow")  # asked for by the short name, opened under the whole one
        for other in ({"uid": P21}, {"uid": P01}, {"tool": "T26-rekognition"}, {"tool": "T25-neofac"}, {"login_uid": P20},
                      {"login_uid": P01}, {"uid": 0}):
            with self.subTest(**other):
                self.assertEqual(self.opens(gate, **other), "deny")
        talk.socket.close()
        self.wait_until(lambda: self.point.records(k="session", what="grant ended"))
        self.assertEqual(self.opens(gate), "deny")
        self.assert_well()

    def test_an_answer_to_another_question_is_no_grant(self):
        gate = self.gate()
        for kind in ("needs-request", "decide"):
            talk = self.talk()
            self.assertEqual(talk.ask("grant", user="p20", tool="T25", action=EXEC, match=NAMED)["verdict"], "deny")
            self.assertEqual(talk.ask(kind, user="p20", tool="T34", action=EXEC, match=NAMED)["verdict"], "exempt")
            self.assertEqual(self.opens(gate), "deny")
        self.assertEqual(self.point.records(k="session"), [])

    def test_a_used_up_request_is_not_revived_by_another_answer(self):
        for _ in range(3):  # Q201 is good for three searches
            self.assertEqual(self.attempt(P20, user="p20", request="Q201")["verdict"], "allow")
        self.point.kill()  # or this process's allows would still be fresh
        self.point.start()
        gate = self.gate()
        talk = self.talk()
        self.assertEqual(self.grant(talk)["reason"], "scope-exhausted")
        self.assertEqual(talk.ask("needs-request", user="p20", tool="T34", action=EXEC, match=NAMED)["verdict"], "exempt")
        self.assertEqual(self.opens(gate), "deny")

    def test_a_second_grant_on_a_connection_is_none(self):
        gate = self.gate()
        os.kill(self.point.process.pid, signal.SIGSTOP)  # both are read in one round
        talk = self.talk()
        talk.send(question("grant", user="p20", tool="T25", request="Q201", action=EXEC, match=NAMED))
        talk.send(question("grant", user="p20", tool="T27", request="Q999", action=EXEC, match=NAMED))
        os.kill(self.point.process.pid, signal.SIGCONT)
        self.wait_until(lambda: self.decisions(tool="T25-neoface"))
        self.assertEqual(self.opens(gate, tool="T27"), "deny")
        self.assertFalse([r for r in self.point.records(k="session") if r.get("request") == "Q999"])
        self.assert_well()

    def test_one_allow_is_one_grant(self):
        self.assertEqual(self.attempt(P20, user="p20", request="Q201")["verdict"], "allow")  # as PAM asks in frt run
        uses = []
        for _ in range(3):
            talk = self.talk()
            self.assertEqual(self.grant(talk)["verdict"], "allow")
            uses.append(self.decisions()[-1]["use"])
        self.assertEqual(uses, [0, 1, 1])
        self.assertEqual(self.grant(self.talk())["reason"], "scope-exhausted")

    def test_a_second_grant_elsewhere_is_a_second_use(self):
        first, second = self.talk(), self.talk()
        self.assertEqual([self.grant(first)["verdict"], self.grant(second)["verdict"]], ["allow", "allow"])
        self.assertEqual([r["use"] for r in self.decisions()], [1, 1])

    def test_an_allow_that_could_not_be_recorded_gives_no_free_use(self):
        size = max(os.path.getsize(os.path.join(self.point.trail_dir, f)) for f in os.listdir(self.point.trail_dir))
        self.limit("--fsize=%d:" % (size + 100))
        self.assertEqual(self.attempt(P20, user="p20", request="Q201")["reason"], "trail-unwritable")
        self.limit("--fsize=unlimited:")
        self.wait_until(lambda: self.point.json("status")["trail"]["writable"])
        self.assertEqual(self.grant(self.talk())["verdict"], "allow")
        self.assertEqual(self.decisions()[-1]["use"], 1)

    def test_a_role_that_ends_ends_what_a_grant_lets_pass(self):
        folder = tempfile.mkdtemp(prefix="city-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        files = [shutil.copy(path, folder) for path in sample_city()]
        self.point.__exit__()
        self.point = Frtd(host="h6", ldif=files)
        self.point.start()
        gate, talk = self.gate(), self.talk()
        self.assertEqual(self.grant(talk)["verdict"], "allow")
        self.assertEqual(self.opens(gate), "allow")
        roles = [path for path in files if "roles" in path][0]
        with open(roles) as f:
            text = f.read()
        with open(roles, "w") as f:
            f.write(re.sub(r"(?m)^frtPerson: p20$", "frtPerson: p19", text))
        self.point.reload()
        self.assertEqual(self.opens(gate), "deny")
        self.assertEqual(self.decisions()[-1]["bypass"], 0)


class Floods(Point):
    def total(self, singly):
        self.point.stop()  # what was counted is told at the end
        counted = sum(r["count"] for r in self.point.records(k="gap"))
        return len(singly()) + counted

    def test_invented_tools_do_not_make_one_denial_many(self):
        with as_user(P20), Talk(self.point.socket) as talk:
            for n in range(3000):
                talk.send(question("decide", user="p20", tool="X%d" % n, action=EXEC, match=NAMED, request="R%d" % n))
                self.assertEqual(talk.receive()["verdict"], "deny")
        self.assertLess(len(self.decisions()), 200)
        self.assertEqual(self.total(self.decisions), 3000)
        self.point.start()
        self.assert_well()

    def test_invented_names_do_not_either(self):
        for field in ("user", "ruser"):
            with as_user(STRANGER), Talk(self.point.socket) as talk:
                for n in range(1000):
                    self.assertEqual(talk.ask("decide", tool="T25", action=EXEC, match=NAMED,
                                              **{field: "x%d" % n})["verdict"], "deny")
        self.assertLess(len(self.decisions()), 300)
        self.assertEqual(self.total(self.decisions), 2000)

    def test_a_flood_hides_no_other_denial(self):
        with as_user(P20), Talk(self.point.socket) as talk:
            for n in range(2000):
                talk.ask("decide", user="p20", tool="X%d" % n, action=1 + n % 6, match=NAMED)
            self.assertGreaterEqual(talk.ask("decide", user="p20", tool="T25", action=EXEC, match=NAMED)["decision"], 0)
        for uid, name in ((P01, "p01"), (P21, "p21")):
            self.assertGreaterEqual(self.attempt(uid, tool="X1", user=name)["decision"], 0)
        self.assertEqual(len(self.decisions(user="p01")), 1)

    def test_an_allow_is_never_counted_only(self):
        for _ in range(60):
            self.attempt(P20, user="p20")
        answer = self.attempt(P20, user="p20", request="Q201")
        self.assertEqual(answer["verdict"], "allow")
        self.assertEqual(self.decisions(n=answer["decision"])[0]["dec"], "allow")

    def test_one_persons_denials_do_not_push_out_anothers(self):
        self.attempt(P02, user="p02")
        with as_user(P20), Talk(self.point.socket) as talk:
            for n in range(700):
                talk.ask("decide", user="p20", tool="T%02d" % (n % 45), action=1 + n % 6, match=NAMED)
        self.assertEqual(len(self.point.json("why", "p02")["denials"]), 1)
        self.assertEqual(len(self.point.json("why", "p20")["denials"]), 20)

    def test_sessions_of_one_person_are_counted_past_fifty(self):
        with as_user(P20), Talk(self.point.socket) as talk:
            for _ in range(400):
                talk.ask("session-open", user="p20", service="lock")
        sessions = len(self.point.records(k="session"))
        self.assertLess(sessions, 120)
        self.assertEqual(self.total(lambda: self.point.records(k="session", what="session opened")), 400)

    def test_a_burst_of_asides_costs_no_decision_its_record(self):
        talks, last = [], []
        for _ in range(1500):
            talk = Talk(self.point.socket)
            talks.append(talk)
            self.assertEqual(talk.ask("grant", user="p04", tool="T34", action=EXEC, match=NAMED)["verdict"], "exempt")
        for _ in range(500):
            last.append(Talk(self.point.socket))
            if len(last) % 50 == 0:  # accepted so far; the backlog is finite
                self.assertIsNotNone(last[-1].ask("status"))
        os.kill(self.point.process.pid, signal.SIGSTOP)
        for n, talk in enumerate(talks):
            talk.socket.close()
            if n % 3 == 0:
                last[n // 3].send(question("decide", user="p04", tool="T34", action=EXEC, match=NAMED))
        os.kill(self.point.process.pid, signal.SIGCONT)
        for talk in last:
            answer = talk.receive()
            self.assertEqual((answer["verdict"], answer["reason"]), ("exempt", "exemption"))
            self.assertGreaterEqual(answer["decision"], 0)
        self.wait_until(lambda: len(self.point.records(k="session", what="grant ended")) == 1500)
        for talk in last:
            talk.socket.close()
        self.assert_well()


class SlowDisk(Point):
    def test_a_slow_disk_delays_and_loses_nothing(self):
        tracer = subprocess.Popen(["/usr/bin/strace", "-qq", "-o", os.devnull, "-e", "trace=fdatasync", "-e",
                                   "inject=fdatasync:delay_enter=3000000:when=1", "-p", str(self.point.process.pid)],
                                  stderr=subprocess.DEVNULL)
        try:
            with open("/proc/%d/status" % self.point.process.pid) as f:
                self.wait_until(lambda: f.seek(0) == 0 and "TracerPid:\t0\n" not in f.read())
            start = time.monotonic()
            answer = self.attempt(P20, user="p20", request="Q201")
            self.assertGreater(time.monotonic() - start, 2.5)
            self.assertEqual(answer["verdict"], "allow")
            self.assertEqual(self.decisions(n=answer["decision"])[0]["dec"], "allow")
            with as_user(P20), Talk(self.point.socket) as gone:  # who did not wait has used the request, and that is on record
                gone.send(question("decide", user="p20", tool="T25", request="Q201", action=EXEC, match=NAMED))
            self.wait_until(lambda: len(self.decisions(dec="allow")) == 2)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(30)
        self.assert_well()


class Connections(Point):
    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.point.process.pid))

    def test_many_accounts_together_do_not_keep_root_out(self):
        crowd = []
        for uid in range(40000, 40060):  # as a user namespace with a range of numbers gives them
            with as_user(uid):
                for _ in range(100):
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    s.connect(self.point.socket)
                    crowd.append(s)
        for _ in range(20):
            self.assert_well()
        for s in crowd:
            s.close()

    def test_out_of_descriptors_it_waits_instead_of_spinning(self):
        self.limit("--nofile=%d:" % (self.fds() + 10))
        crowd = []
        for _ in range(60):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(self.point.socket)
            crowd.append(s)
        used = self.cpu_ticks()
        time.sleep(3)
        self.assertLess(self.cpu_ticks() - used, 100)  # of 300
        for s in crowd:
            s.close()
        self.wait_until(lambda: self.answers())
        self.assert_well()

    def answers(self):
        try:
            return self.attempt(0, user="p01") is not None
        except OSError:
            return False

    def cpu_ticks(self):
        with open("/proc/%d/stat" % self.point.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def test_descriptors_sent_along_are_not_kept(self):
        before = self.fds()
        files = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
        with as_user(P01), Talk(self.point.socket) as talk:
            for _ in range(20):
                talk.socket.sendmsg([question("decide", user="p01", tool="T25", action=EXEC, match=NAMED)],
                                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))])
                self.assertEqual(talk.receive()["verdict"], "deny")
        self.wait_until(lambda: self.fds() <= before)
        for fd in files:
            os.close(fd)

    def test_one_who_asks_and_never_reads_costs_nobody_anything(self):
        with as_user(P01):
            deaf = [Talk(self.point.socket) for _ in range(20)]
        rss = self.rss_kib()
        for talk in deaf:
            talk.socket.setblocking(False)
            try:
                for _ in range(3000):
                    talk.send(question("status"))
            except BlockingIOError:
                pass
        start = time.monotonic()
        self.assert_well()
        self.assertLess(time.monotonic() - start, 30)
        self.assertLess(self.rss_kib() - rss, 65536)
        for talk in deaf:
            talk.socket.close()

    def rss_kib(self):
        with open("/proc/%d/status" % self.point.process.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def test_a_person_who_asks_for_explanations_all_the_time_does_not_delay_logins(self):
        stop = threading.Event()
        with as_user(P01):
            talks = [Talk(self.point.socket) for _ in range(100)]
        for talk in talks:
            talk.socket.setblocking(False)

        def hammer():
            ask = question("check", tool="T25", action=EXEC, match=NAMED)
            while not stop.is_set():
                for talk in talks:
                    try:
                        talk.send(ask)
                        talk.socket.recv(65536)
                    except BlockingIOError:
                        pass
        thread = threading.Thread(target=hammer)
        thread.start()
        worst = 0
        try:
            for _ in range(20):
                start = time.monotonic()
                self.assertEqual(self.attempt(0, user="p01")["verdict"], "deny")
                worst = max(worst, time.monotonic() - start)
        finally:
            stop.set()
            thread.join()
            for talk in talks:
                talk.socket.close()
        self.assertLess(worst, 2 if not SANITIZED else 20)  # pam_frt.so's deadline

    def test_answers_go_to_who_asked_though_descriptors_are_reused(self):
        for n in range(300):
            gone = Talk(self.point.socket)
            gone.send(question("decide", user="p20", tool="T25", request="Q201", action=EXEC, match=NAMED))
            gone.socket.close()
            rid = os.urandom(16)
            with Talk(self.point.socket) as talk:
                talk.send(question("decide", rid, user="p01", tool="T25", action=EXEC, match=NAMED))
                answer = talk.receive()
                self.assertEqual((answer["rid"], answer["verdict"]), (rid, "deny"))
        self.assert_well()

    def test_many_questions_in_one_breath_get_many_answers_in_order(self):
        rids = [os.urandom(16) for _ in range(120)]
        with Talk(self.point.socket) as talk:
            talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            self.assertIsNotNone(talk.ask("status"))
            os.kill(self.point.process.pid, signal.SIGSTOP)
            for rid in rids:
                talk.send(question("decide", rid, user="p01", tool="T25", action=EXEC, match=NAMED))
            os.kill(self.point.process.pid, signal.SIGCONT)
            self.assertEqual([talk.receive()["rid"] for _ in rids], rids)
        self.assert_well()

    def test_messages_without_bytes_and_without_end_close_the_connection_only(self):
        for message in (b"", b"FRT1" * 16000, b"FRTG" * 16000, HELLO + b"x"):
            with as_user(P01), Talk(self.point.socket) as talk:
                talk.send(message)
                self.assertIsNone(talk.receive())
        self.assert_well()

    def test_half_a_second_of_stopping_is_no_time_to_slip_through(self):
        """Time passes while frtd is stopped: what was asked before its end is judged after it."""
        self.point.__exit__()
        self.point = Frtd(host="h6", at="2026-03-31 23:59:50")
        self.point.start()
        with Talk(self.point.socket) as talk:
            os.kill(self.point.process.pid, signal.SIGSTOP)
            talk.send(question("decide", user="p20", tool="T25", request="Q201", action=EXEC, match=NAMED))
            time.sleep(12)
            os.kill(self.point.process.pid, signal.SIGCONT)
            self.assertEqual(talk.receive()["verdict"], "deny")


class Terminals(unittest.TestCase):
    """What frt prints of other people's words."""
    EVIL = "Oak\x1b[2J\x07 \u009b31m \u202edetcivnoc \r\nfake line"
    ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="city-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        files = [shutil.copy(path, self.folder) for path in sample_city()]
        evil = base64.b64encode(self.EVIL.encode()).decode()
        for path in files:
            with open(path) as f:
                text = f.read()
            text = re.sub(r"(?m)^(dn: uid=p01,(?:.*\n)+?)cn: .*$", r"\1cn:: " + evil, text)
            if "roles" in path:
                dn = base64.b64encode(("frtRoleId=%s,ou=roles,dc=frt,dc=example" % self.EVIL).encode()).decode()
                text += "\ndn:: %s\nobjectClass: frtRole\nfrtRoleId:: %s\nfrtPerson: p02\nfrtRoleStart: soon\n" % (dn, evil)
            with open(path, "w") as f:
                f.write(text)
        self.point = Frtd(host="h1", ldif=files)
        self.point.start()
        self.addCleanup(self.point.__exit__)

    def test_nothing_printed_acts_on_a_terminal(self):
        with as_user(STRANGER), Talk(self.point.socket) as talk:
            talk.ask("decide", user="=cmd|'/C calc'!A0", tool="=HYPERLINK(1)", action=EXEC, match=NAMED, tty="@x", rhost="+1")
        with Talk(self.point.socket) as talk:
            talk.ask("decide", user="p01", tool="T03", action=EXEC, match=NAMED)
        shown = ""
        for arguments in (("status",), ("status", "--json"), ("check", "p01", "T03", "--explain"), ("check", "p02", "T03", "--explain"),
                          ("check", "p01", "T03", "--json"), ("why",), ("why", "--json"), ("log",), ("log", "--csv"),
                          ("log", "--json"), ("verify",), ("verify", "--json")):
            done = self.point.frt(*arguments)
            with self.subTest(arguments=arguments):
                self.assertIn(done.code, (0, 1))
                self.assertIsNone(self.ACTS.search((done.out + done.err).replace("\r\n" if "--csv" in arguments else "\0", "")))
                if "--json" in arguments:
                    for line in done.out.splitlines() if arguments[0] == "log" else [done.out]:
                        json.loads(line)
                if "--csv" in arguments:
                    rows = list(csv.reader(io.StringIO(done.out)))
                    self.assertEqual({len(row) for row in rows}, {len(rows[0])})
                    self.assertFalse([cell for row in rows[1:] for cell in row if re.match("[=+@]", cell)])
            shown += done.out
        self.assertIn("Oak%1B", shown)

    def test_a_denial_without_a_record_has_no_number(self):
        size = max(os.path.getsize(os.path.join(self.point.trail_dir, f)) for f in os.listdir(self.point.trail_dir))
        subprocess.run(["/usr/bin/setpriv", "--reuid", str(ACCOUNT), "--regid", str(ACCOUNT), "--clear-groups", "/usr/bin/prlimit",
                        "--pid", str(self.point.process.pid), "--fsize=%d:" % size], check=True)
        for _ in range(2):  # one in the batch that fails, one while it is known
            with Talk(self.point.socket) as talk:
                self.assertEqual(talk.ask("decide", user="p01", tool="T03", action=EXEC, match=NAMED)["decision"], -1)
        shown = self.point.frt("why", "p01").out
        self.assertEqual(shown.count("not recorded"), 2, shown)
        self.assertNotIn("decision", shown.lower())

    def test_wrong_usage_is_told_and_ends_with_4(self):
        rows = [("log", "--last", "0"), ("log", "--last", "-1"), ("log", "--from", " -1"), ("log", "--from", "+1"),
                ("log", "--from", "99999999999999999999"), ("log", "--last", "2x"), ("log", "--since", "yesterday"),
                ("log", "/nowhere/at/all"), ("log", "a", "b"), ("verify", "--threads", "2000"), ("verify", "--proof", "-1"),
                ("verify", "--proof", " 1"), ("verify", "/nowhere/at/all"), ("status", "x"), ("why", "a", "b"), ("check", "p01"),
                ("check", "p" * 64, "T03"), ("check", "p01", "T03", "--action", "fly"), ("nonsense",)]
        for row in rows:
            with self.subTest(row=row):
                done = self.point.frt(*row)
                self.assertEqual(done.code, 4, done.out + done.err)
                self.assertTrue((done.err + done.out).strip())

    def test_a_record_that_is_no_decision_is_a_line_of_names_and_values(self):
        line = self.point.frt("log", "--kind", "cfg").out.splitlines()[0]
        self.assertRegex(line, r"^ +\d+ [0-9T:-]+ cfg      version=[0-9.]+ host=h1 policy=northampton-ma edition=")
        self.assertNotRegex(line, r'[{}"]')

    def test_who_may_not_read_the_trail_is_told_who_may(self):
        done = self.point.frt("log", user=P01)
        self.assertEqual((done.code, done.out), (4, ""))
        self.assertIn("auditors", done.err)
        self.assertNotEqual(self.point.frt("verify", user=P01).code, 0)

    def test_exit_codes_say_yes_no_and_silence(self):
        self.assertEqual(self.point.frt("check", "p04", "T34").code, 0)
        self.assertEqual(self.point.frt("check", "p01", "T03").code, 1)
        self.point.stop()
        for arguments in (("status",), ("check", "p01", "T03"), ("why",)):
            self.assertEqual(self.point.frt(*arguments).code, 5)


class Start(unittest.TestCase):
    """What lies there before frtd starts."""

    def setUp(self):
        self.point = Frtd()
        self.addCleanup(self.point.__exit__)

    def refused(self, expected):
        done = subprocess.Popen([program("frtd"), "--config", self.point.conf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, env=self.point.environment(), cwd="/")
        try:
            out = done.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            done.kill()
            out = done.communicate()[0]
            self.fail("it started:\n" + out)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(out, expected)

    def directory(self, path, uid, mode):
        os.mkdir(path)
        os.chown(path, uid, uid)
        os.chmod(path, mode)

    def test_directories_that_others_own_or_may_write_are_refused(self):
        rows = [(os.path.dirname(self.point.socket), P20, 0o755, "run: .*(owned|belong)"),
                (os.path.dirname(self.point.socket), ACCOUNT, 0o777, "run: .*writ"),
                (self.point.trail_dir, P20, 0o755, "log: .*(owned|belong)"),
                (self.point.trail_dir, ACCOUNT, 0o770, "log: .*writ"),
                (self.point.key_dir, P20, 0o700, "key: .*(owned|belong)"),
                (self.point.key_dir, ACCOUNT, 0o750, "key: .*(0700|nobody else)")]
        for path, uid, mode, expected in rows:
            with self.subTest(path=path, uid=uid, mode=oct(mode)):
                self.directory(path, uid, mode)
                self.refused(expected)
                shutil.rmtree(path)
                for made in (os.path.dirname(self.point.socket), self.point.trail_dir, self.point.key_dir):
                    shutil.rmtree(made, ignore_errors=True)
        self.point.start()

    def test_a_link_in_place_of_a_directory_is_refused(self):
        target = tempfile.mkdtemp(prefix="elsewhere-")
        self.addCleanup(shutil.rmtree, target)
        os.chown(target, ACCOUNT, ACCOUNT)
        for path in (self.point.trail_dir, self.point.key_dir):
            os.symlink(target, path)
            self.refused("directory")
            os.unlink(path)
        self.assertEqual(os.listdir(target), [])

    def test_what_stands_in_the_sockets_place_is_not_followed(self):
        precious = os.path.join(self.point.dir, "precious")
        with open(precious, "w") as f:
            f.write("precious")
        os.chown(precious, ACCOUNT, ACCOUNT)
        os.chmod(precious, 0o600)
        self.addCleanup(self.point.stop)
        self.directory(os.path.dirname(self.point.socket), ACCOUNT, 0o755)
        os.symlink(precious, self.point.socket)
        self.refused("socket")
        with open(precious) as f:
            self.assertEqual(f.read(), "precious")
        self.assertEqual((os.path.islink(self.point.socket), os.stat(precious).st_mode & 0o777), (True, 0o600))
        os.unlink(self.point.socket)
        shutil.copy(precious, self.point.socket)
        self.refused("socket")
        self.assertTrue(os.path.isfile(self.point.socket))
        os.unlink(self.point.socket)
        self.point.start()
        self.point.kill()
        self.point.start()  # its own, left behind, is no obstacle
        self.assertEqual(os.stat(self.point.socket).st_mode & 0o777, 0o666)

    def test_files_that_others_may_write_are_not_believed(self):
        for path in (self.point.conf, self.point.policy):
            os.chmod(path, 0o666)
            self.refused("writable")
            os.chmod(path, 0o644)
            os.chown(path, P20, P20)
            self.refused("owned")
            os.chown(path, 0, 0)
        self.point.start()

    def test_the_environment_says_nothing(self):
        environment = self.point.environment()
        self.point.environment = lambda: dict(environment, NOTIFY_SOCKET="/nowhere", LISTEN_FDS="3", LISTEN_PID="1", LDAPCONF="/x",
                                              FRT_SOCKET="/tmp/x", OPENSSL_CONF="/nowhere", TZ="../../x")
        self.point.start()

    def test_it_gives_up_every_privilege(self):
        self.point.start()
        with open("/proc/%d/status" % self.point.process.pid) as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        self.assertEqual(status["Uid"].split(), [str(ACCOUNT)] * 4)
        self.assertEqual(status["Gid"].split(), [str(ACCOUNT)] * 4)
        self.assertEqual(status["Groups"].split(), [])
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[capabilities], 16), 0, capabilities)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "0" if SANITIZED else "2")
        self.assertEqual(os.stat("/proc/%d/mem" % self.point.process.pid).st_uid, 0)  # not dumpable
        mine = ["/usr/bin/setpriv", "--reuid", str(ACCOUNT), "--regid", str(ACCOUNT), "--clear-groups"]
        self.assertNotEqual(subprocess.run(mine + ["cat", "/proc/%d/environ" % self.point.process.pid],
                                           capture_output=True).returncode, 0)


@unittest.skipIf(SANITIZED, "the sanitizers' runtime needs calls that frtd does not; the release build is the confined one")
class Confined(unittest.TestCase):
    def test_the_filter_forbids_nothing_that_is_done(self):
        point = Frtd(host="h6", at="2026-03-16 23:59:50")
        trace = os.path.join(point.dir, "trace")
        real = point.start
        original = subprocess.Popen

        def traced(command, **options):
            if command[0] == program("frtd"):
                command = ["/usr/bin/strace", "-f", "-qq", "-e", "trace=all", "-e", "signal=none", "-E",
                           "LD_PRELOAD=" + options["env"].pop("LD_PRELOAD"), "-o", trace] + command
            return original(command, **options)
        subprocess.Popen = traced
        try:
            real()
        finally:
            subprocess.Popen = original
        with open("/proc/%d/task/%d/children" % (point.process.pid, point.process.pid)) as f:
            pid = int(f.read().split()[0])
        with open(point.policy) as f:
            good = f.read()
        try:
            with Talk(point.socket) as talk:
                for n in range(40):
                    self.assertEqual(talk.ask("decide", user="p20", tool="T25", request="Q201", action=EXEC,
                                              match=NAMED)["verdict"], "allow" if n < 3 else "deny")
            with Talk(point.socket) as talk:
                talk.ask("grant", user="p04", tool="T34", action=EXEC, match=NAMED)
            for arguments in (("status",), ("check", "p01", "T03"), ("why",), ("verify",)):
                point.frt(*arguments)
            for text in ("broken", good):
                with open(point.policy, "w") as f:
                    f.write(text)
                before = point.log().count("reload")
                os.kill(pid, signal.SIGHUP)
                while point.log().count("reload") == before:
                    time.sleep(0.05)
            while not any(r["t"] >= "2026-03-17" for r in point.records(k="seg")):  # a new day, a new segment
                with Talk(point.socket) as talk:
                    talk.ask("decide", user="p01", tool="T25", action=EXEC, match=NAMED)
                time.sleep(0.5)
            account = ["/usr/bin/setpriv", "--reuid", str(ACCOUNT), "--regid", str(ACCOUNT), "--clear-groups",
                       "/usr/bin/prlimit", "--pid", str(pid)]
            size = max(os.path.getsize(os.path.join(point.trail_dir, f)) for f in os.listdir(point.trail_dir))
            subprocess.run(account + ["--fsize=%d:" % (size + 2000)], check=True)
            while point.json("status")["trail"]["writable"]:
                with Talk(point.socket) as talk:
                    talk.ask("decide", user="p01", tool="T25", action=EXEC, match=NAMED)
            subprocess.run(account + ["--fsize=unlimited:"], check=True)
            while not point.json("status")["trail"]["writable"]:
                time.sleep(0.2)
            os.kill(pid, signal.SIGTERM)
            point.process.wait(60)
            self.assertEqual(point.process.returncode, 0)
            with open(trace, errors="replace") as f:
                lines = f.readlines()
            loaded = max(n for n, line in enumerate(lines) if "seccomp(SECCOMP_SET_MODE_FILTER, 0" in line and "= 0" in line)
            forbidden = [line for line in lines[loaded:] if re.search(r"= -1 (EPERM|ENOSYS)", line) and "faketime" not in line]
            self.assertGreater(len(lines) - loaded, 300)
            self.assertEqual(forbidden, [])
        finally:
            if point.process and point.process.poll() is None:
                os.kill(pid, signal.SIGKILL)
                point.process.wait(30)
            point.process = None
            point.__exit__()


if __name__ == "__main__":
    unittest.main(verbosity=1)
