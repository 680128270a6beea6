#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""frtd when things go wrong: nonsense on its socket, people asking in another's name, disks that fill or fail, kill -9, reloads,
floods, a clock that goes back. What must hold each time: nothing allowed without a record, no answered decision lost, the
trail verifies, and frtd goes on."""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from frtd import BINARY, Frtd, program

P01, P04, P20 = 20001, 20004, 20020


class Point(unittest.TestCase):
    """A running frtd and a folder of PAM services for it."""
    host = "h1"

    def setUp(self):
        self.point = Frtd(host=self.host)
        self.point.start()
        self.confdir = tempfile.mkdtemp(prefix="pam-")
        os.chmod(self.confdir, 0o755)
        with open(os.path.join(self.confdir, "other"), "w") as f:
            f.write("auth required pam_deny.so\naccount required pam_deny.so\n")

    def tearDown(self):
        self.point.__exit__()
        shutil.rmtree(self.confdir)

    def command(self, user, tool, *options, uid=None, words=""):
        service = os.path.join(self.confdir, tool.lower())
        if not os.path.exists(service) or words:
            with open(service, "w") as f:
                f.write("auth required pam_permit.so\naccount [success=ok new_authtok_reqd=ok ignore=die default=die] "
                        "%s tool=%s socket=%s %s\n" % (os.path.join(BINARY, "lib", "pam_frt.so"), tool, self.point.socket,
                                                       words))
        command = [program("pam-try"), "--confdir", self.confdir] + list(options) + [tool.lower(), user]
        if uid is not None:
            command = ["/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"] + command
        return command

    def attempt(self, *arguments, **options):
        return subprocess.run(self.command(*arguments, **options), capture_output=True, text=True, timeout=120)

    def assert_decided(self):
        """frtd still answers, and the trail holds."""
        self.assertEqual(self.attempt("p01", "T03").returncode, 6)
        self.assert_verifies()

    def assert_verifies(self):
        result = self.point.frt("verify")
        self.assertEqual(result.code, 0, result.out + result.err)


class Asking(Point):
    def send(self, message):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(30)
            s.connect(self.point.socket)
            s.send(message)
            try:
                return s.recv(65536)
            except ConnectionResetError:
                return b""

    def capture_question(self):
        """A well-formed question, as frt sends it to a socket of ours."""
        folder = tempfile.mkdtemp(prefix="ask-")
        path = os.path.join(folder, "s")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        listener.listen(1)
        conf = os.path.join(folder, "frt.conf")
        with open(self.point.conf) as f, open(conf, "w") as g:
            g.write(f.read().replace(self.point.socket, path))
        child = subprocess.Popen([program("frt"), "check", "p01", "T03", "--config", conf], stderr=subprocess.DEVNULL)
        connection = listener.accept()[0]
        question = connection.recv(4096)
        connection.close()
        child.wait()
        listener.close()
        shutil.rmtree(folder)
        return question

    def test_nonsense_on_the_socket_is_refused_and_forgotten(self):
        question = self.capture_question()
        self.assertGreater(len(self.send(question)), 100)
        chance = random.Random(290)
        messages = [b"", b"x", question[:-1], question + b"x", b"\0" * 1024, b"FRTG" + bytes(60), os.urandom(60000)]
        messages += [question[:n] for n in range(0, len(question), 3)]
        for _ in range(1500):
            broken = bytearray(question)
            for _ in range(chance.randint(1, 4)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            messages.append(bytes(broken))
        for message in messages:
            self.send(message)
        self.assertGreater(self.point.json("status")["decisions"]["malformed_messages"], 500)
        self.assert_decided()

    def test_an_ordinary_caller_asks_about_himself_only(self):
        self.assertEqual(self.attempt("p04", "T34", uid=P04).returncode, 0)  # a screen locker's way: no root anywhere
        done = self.attempt("p04", "T34", uid=P01)
        self.assertEqual(done.returncode, 6, done.stdout)
        record = self.point.records(k="decision")[-1]
        self.assertEqual((record["dec"], record["why"]), ("deny", "spoof"))
        self.assertEqual(self.point.frt("check", "p04", "T34", user=P01).code, 1)
        self.assertIn("auditors", self.point.frt("check", "p04", "T34", user=P01).err)
        self.assertEqual(self.point.frt("check", "p04", "T34", user=P04).code, 0)

    def test_people_see_their_own_refusals_only(self):
        self.attempt("p01", "T03")
        self.attempt("p02", "T05")
        mine = self.point.json("why", user=P01)["denials"]
        self.assertEqual([d["tool"] for d in mine], ["T03-digikam"])
        self.assertIn("City officials", mine[0]["message"])
        self.assertEqual(len(self.point.json("why")["denials"]), 2)  # root: everybody's
        self.assertEqual(self.point.frt("why", "p02", user=P01).code, 1)

    def test_hundreds_of_silent_connections_do_not_keep_others_out(self):
        crowd = []
        for _ in range(300):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(self.point.socket)
            crowd.append(s)
        self.assert_decided()
        for s in crowd:
            s.close()

    def test_identical_denials_past_fifty_a_minute_are_counted_not_lost(self):
        for _ in range(120):
            self.assertEqual(self.attempt("p01", "T03").returncode, 6)
        self.point.stop()
        singly = len(self.point.records(k="decision", user="p01"))
        counted = sum(r["count"] for r in self.point.records(k="gap"))
        self.assertEqual(singly + counted, 120)
        self.assertGreaterEqual(singly, 50)
        self.assertGreater(counted, 0)
        self.point.start()
        self.assert_verifies()


class Trail(Point):
    host = "h6"

    def allowed(self):
        return self.attempt("p20", "T25", "--request", "Q201").returncode

    def wait_writable(self):
        end = time.monotonic() + 60
        while not self.point.json("status")["trail"]["writable"] and time.monotonic() < end:
            time.sleep(0.1)

    def test_a_full_disk_refuses_tools_and_nothing_else(self):
        size = max(os.path.getsize(os.path.join(self.point.trail_dir, f)) for f in os.listdir(self.point.trail_dir))
        # Its own account lowers and raises frtd's soft limit: root may not everywhere (CAP_SYS_RESOURCE).
        limit = ["/usr/bin/setpriv", "--reuid", "64210", "--regid", "64210", "--clear-groups", "/usr/bin/prlimit",
                 "--pid", str(self.point.process.pid)]
        subprocess.run(limit + ["--fsize=%d:" % (size + 100)], check=True)
        done = self.attempt("p20", "T25", "--request", "Q201")
        self.assertEqual(done.returncode, 9, done.stdout)
        self.assertIn("trail-unwritable", done.stdout)
        self.assertEqual(self.attempt("p01", "T44").returncode, 0)  # kdenlive is no facial recognition
        self.assertFalse(self.point.json("status")["trail"]["writable"])
        self.assertEqual(self.point.frt("status").code, 1)
        subprocess.run(limit + ["--fsize=unlimited:"], check=True)
        self.wait_writable()
        self.assertEqual(self.allowed(), 0)
        self.assert_verifies()

    def test_a_failing_disk_refuses_and_recovers(self):
        if subprocess.run(["/usr/bin/strace", "-V"], capture_output=True).returncode:
            self.skipTest("no strace")
        for n in range(1, 7):
            tracer = subprocess.Popen(["/usr/bin/strace", "-qq", "-o", os.devnull, "-e", "trace=fdatasync", "-e",
                                       "inject=fdatasync:error=EIO:when=%d" % n, "-p", str(self.point.process.pid)],
                                      stderr=subprocess.PIPE)
            self.wait_traced()
            done = self.attempt("p20", "T25", "--request", "Q201")
            answer = done.returncode
            tracer.send_signal(signal.SIGINT)
            tracer.wait(30)
            tracer.stderr.close()
            self.wait_writable()
            if answer == 0:  # an allow was answered: then it is on record, sealed
                self.assertIn("allow", [r["dec"] for r in self.point.records(k="decision")])
            self.assertIn(answer, (0, 6, 9))
            self.assert_verifies()

    def wait_traced(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with open("/proc/%d/status" % self.point.process.pid) as f:
                if "TracerPid:\t0\n" not in f.read():
                    return
            time.sleep(0.01)

    def test_a_request_is_used_up_across_restarts(self):
        answers = []
        for _ in range(5):  # Q201 allows three searches
            answers.append(self.allowed())
            self.point.kill()
            self.point.start()
        self.assertEqual(answers, [0, 0, 0, 6, 6])
        self.assertEqual(self.point.records(k="decision")[-1]["why"], "scope-exhausted")

    def test_no_answered_decision_is_lost_in_thirty_kills(self):
        answered = set()
        for _ in range(30):
            callers = [subprocess.Popen(self.command(who, "T03"), stdout=subprocess.PIPE, text=True)
                       for who in ("p01", "p02", "p03", "p05", "p06", "p07", "p08", "p09")]
            time.sleep(random.uniform(0, 0.05))
            self.point.kill()
            for caller in callers:
                answered.update(int(n) for n in re.findall(r"Decision (\d+)", caller.communicate()[0]))
            self.point.start()
        recorded = {r["n"] for r in self.point.records(k="decision", dec="deny")}
        self.assertGreater(len(answered), 10)
        self.assertEqual(answered - recorded, set())
        self.assert_verifies()

    def test_a_second_frtd_on_the_same_trail_does_not_start(self):
        done = subprocess.run([program("frtd"), "--config", self.point.conf], capture_output=True, text=True, timeout=60,
                              env=self.point.environment())
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr.lower(), "another|lock")
        self.assertEqual(self.allowed(), 0)
        self.assert_verifies()

    def test_a_clock_set_back_revives_nothing(self):
        self.point.stop()
        self.point.at = "2026-04-02 14:00:00"  # after the order's end
        self.point.start()
        self.assertEqual(self.allowed(), 6)
        self.point.stop()
        self.point.at = "2026-03-16 14:00:00"
        self.point.start()
        done = self.attempt("p20", "T25", "--request", "Q201")
        self.assertEqual(done.returncode, 9, done.stdout)
        self.assertIn("clock-went-back", done.stdout)


class Reload(Point):
    def edit_policy(self, before, after):
        with open(self.point.policy) as f:
            text = f.read()
        self.assertIn(before, text)
        with open(self.point.policy, "w") as f:
            f.write(text.replace(before, after, 1))

    def test_a_broken_policy_is_refused_and_the_old_one_stays(self):
        edition = self.point.json("status")["policy"]["edition"]
        self.edit_policy('edition = "', 'edition_ = "')
        self.point.reload()
        self.assertIn("reload refused", self.point.log())
        self.assertRegex(self.point.log(), r"policy:\d+: ")
        self.assertEqual(self.point.json("status")["policy"]["edition"], edition)
        self.assertEqual(self.point.records(k="cfg")[-1]["reload"], "refused")
        self.assert_decided()

    def test_a_good_policy_takes_effect_without_a_restart(self):
        self.edit_policy('edition = "', 'edition = "test-')
        self.point.reload()
        self.assertTrue(self.point.json("status")["policy"]["edition"].startswith("test-"))
        self.assert_decided()

    def test_frtd_does_not_start_on_bad_configuration_and_says_where(self):
        rows = [('host = "h1";', 'hosts = "h1";', r"frt\.conf:1: hosts: unknown key"),
                ('host = "h1";', "host = 1;", r"frt\.conf:1: host: expected a text"),
                ("max_view_age = 60;", "max_view_age = 0;", r"max_view_age: expected a whole number from 1 to 86400"),
                ('policy = "', 'policy = "/nowhere', r"/nowhere.*cannot be read"),
                ("directory = {", "directory = {{", r"frt\.conf:\d+: syntax error")]
        self.point.stop()
        with open(self.point.conf) as f:
            good = f.read()
        for before, after, expected in rows:
            with self.subTest(after=after):
                self.assertIn(before, good)
                with open(self.point.conf, "w") as f:
                    f.write(good.replace(before, after, 1))
                done = subprocess.run([program("frtd"), "--config", self.point.conf, "--check"], capture_output=True,
                                      text=True, timeout=60)
                self.assertEqual(done.returncode, 78)
                self.assertRegex(done.stderr, expected)
        with open(self.point.conf, "w") as f:
            f.write(good)
        self.point.start()
        self.assert_decided()


if __name__ == "__main__":
    unittest.main(verbosity=1)
