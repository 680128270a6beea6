# SPDX-License-Identifier: BSD-2-Clause
"""Deaths, floods and delays of the real gate: whatever dies, nobody gets in, and nobody waits for ever."""
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
from frtd import Frtd  # noqa: E402
from frtd_wire import (ENFORCING, EXEC, HELLO, NAMED, PATH, REASONS, Talk, answer_of, as_user, gate_message, question)  # noqa: E402
from gate_city import City, TOOL  # noqa: E402
from gate_harness import (ABSENT, HAD, OFFICIAL, PERFORMER, REFUSED, TESTS, Gate, Point, Scratch, children, enter, kill,  # noqa
                          name_of, road, wait_for)

KILLS = int(os.environ.get("FRT_GATE_KILLS", "1000"))
OTHER = OFFICIAL + 1  # of whom the flood before has left nothing to tell
THREADS = int(os.environ.get("FRT_GATE_THREADS", "17000"))


class WithGate(unittest.TestCase):
    """A scratch file system with tools, the gate, and whoever decides."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        cls.scratch.tools()
        cls.gate = Gate(cls.scratch, socket=cls.decider())
        cls.addClassCleanup(cls.gate.kill)
        cls.gate.wait_enforcing()

    def tearDown(self):
        """A gate that is gone would make every later test say so in its own way."""
        if not self.gate.leads():
            self.gate.log.seek(0)
            print("THE GATE IS GONE: " + self.gate.log.read(), flush=True)

    def ready(self):
        self.gate.wait_enforcing()
        wait_for("the gate talks to frtd", lambda: self.gate.state().get("connected"))
        wait_for("a performer gets in", self.performer_gets_in)

    def storm(self, count=2):
        """Officials who try all the time; the result is what they got."""
        stop = self.scratch.path("stop")
        if os.path.exists(stop):
            os.unlink(stop)
        return [subprocess.Popen([os.path.join(TESTS, "gate_roads"), str(OFFICIAL), str(OFFICIAL), "storm",
                                  self.scratch.root], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                for _ in range(count)]

    def calm(self, storms):
        open(self.scratch.path("stop"), "w").close()
        results = []
        for process in storms:
            out, _ = process.communicate(timeout=60)
            match = re.match(r"tries (\d+) had (\d+) slowest_ms (\d+)", out)
            self.assertTrue(match, out)
            results.append(tuple(int(n) for n in match.groups()))
        return results


class Storms(WithGate):
    """With the real frtd and the sample city."""

    @classmethod
    def decider(cls):
        cls.city = City(cls.scratch)
        cls.addClassCleanup(cls.city.__exit__)
        return cls.city.socket

    def performer_gets_in(self):
        try:
            with self.city.grant(PERFORMER, PERFORMER):
                return road(self.scratch, "exec", PERFORMER, PERFORMER)[0] == HAD
        except AssertionError:  # frtd does not yet know that the gate enforces
            return False

    def test_1_a_worker_killed_1000_times_lets_nobody_in(self):
        storms = self.storm()
        killed = 0
        end = time.monotonic() + 180
        while killed < KILLS and time.monotonic() < end:
            if self.gate.kill_worker():
                killed += 1
            time.sleep(0.01)
        results = self.calm(storms)
        state = self.gate.wait_enforcing()
        print("\n%d kills, %d workers, %d tries, %d refused by the keeper, slowest answer %d ms" % (
            killed, state["workers"], sum(r[0] for r in results), state["swept"], max(r[2] for r in results)), flush=True)
        self.assertGreaterEqual(killed, KILLS)
        self.assertEqual([r[1] for r in results], [0] * len(results), "SOMEBODY GOT IN")
        # The goal is 200 ms; what tests share a machine with is not ours to promise.
        self.assertLess(max(r[2] for r in results), 2000)

    def test_2_keeper_spare_and_worker_killed_in_turn_let_nobody_in(self):
        storms = self.storm()
        for i in range(30):
            state = self.gate.wait_enforcing() if i % 10 == 0 else self.gate.state()
            role = ("lead", "spare", "worker")[i % 3]
            pid = state.get("pids", {}).get(role)
            if pid and name_of(pid).startswith("frt-gate"):
                kill(pid, signal.SIGKILL)
                wait_for("its death", lambda: not name_of(pid))  # pylint: disable=cell-var-from-loop
            # The other one must be there before the next dies: two deaths at once open the kernel (threats F1).
            wait_for("three processes again", lambda: self.complete())
        results = self.calm(storms)
        state = self.gate.wait_enforcing()
        print("\n%d takeovers, %d tries" % (state["takeovers"], sum(r[0] for r in results)), flush=True)
        self.assertEqual([r[1] for r in results], [0] * len(results), "SOMEBODY GOT IN")
        self.assertGreaterEqual(state["takeovers"], 8)

    def complete(self):
        pids = self.gate.state().get("pids", {})
        return len({name_of(p) for p in pids.values() if p} &
                   {"frt-gate", "frt-gate-spare", "frt-gate-work"}) == 3

    def test_3_a_flood_of_threads_lets_nobody_in(self):
        with open(self.scratch.path("threads"), "w") as f:
            f.write(str(THREADS))
        begin = time.monotonic()
        flood = subprocess.Popen([os.path.join(TESTS, "gate_roads"), str(OFFICIAL), str(OFFICIAL), "flood",
                                  self.scratch.root], stdout=subprocess.PIPE, text=True)
        time.sleep(0.2)
        others = []
        while flood.poll() is None and time.monotonic() - begin < 150:
            start = time.monotonic()
            road(self.scratch, "exec", PERFORMER, PERFORMER)
            others.append(time.monotonic() - start)
        out, _ = flood.communicate(timeout=10)
        print("\n%s ended with %s after %.1f s; another person's slowest exec %.0f ms" % (
            out.strip() or "flood", flood.returncode, time.monotonic() - begin, 1000 * max(others or [0])), flush=True)
        if flood.returncode == ABSENT:
            self.skipTest("cannot make %d threads here: %s" % (THREADS, out))
        # Refused one by one, or ended by the gate as a flood.
        self.assertIn(flood.returncode, (REFUSED, -signal.SIGKILL), out)
        self.assertFalse(os.path.exists(self.scratch.path("home/had")), "SOMEBODY GOT IN")
        self.ready()

    def test_4_frtd_that_says_nothing_is_a_refusal_in_time_and_is_recorded_once(self):
        """Stopped, it reads later what it was asked, and what came of it."""
        self.ready()
        since = self.city.mark()
        os.kill(self.city.process.pid, signal.SIGSTOP)
        try:
            begin = time.monotonic()
            statuses = [road(self.scratch, "exec", OTHER, OTHER)[0] for _ in range(3)]
            took = time.monotonic() - begin
        finally:
            os.kill(self.city.process.pid, signal.SIGCONT)
        self.assertEqual(statuses, [REFUSED] * 3)
        self.assertLess(took, 3.0)
        self.settled(since, 3, uid=OTHER)

    def test_5_frtd_killed_and_restarted_under_load_lets_nobody_in_and_each_denial_is_on_record_once(self):
        self.ready()
        since, storms, rounds = self.city.mark(), self.storm(), 12
        for i in range(rounds):
            time.sleep(0.4 if i % 3 else 1.1)  # also after the tick in which refusals are told
            self.city.kill()
            time.sleep(0.05)
            self.city.start()
        results = self.calm(storms)
        self.assertEqual([r[1] for r in results], [0] * len(results), "SOMEBODY GOT IN")
        tries = sum(r[0] for r in results)
        self.settled(since, tries)
        print("\nfrtd killed %d times: %d denials, %d recorded singly, %d in %d counted records" % (
            rounds, tries, len(self.city.denials(since)), self.city.counted(since), len(self.city.gaps(since))), flush=True)
        self.assertGreater(self.city.counted(since), 0)
        self.ready()
        self.assertEqual(self.city.frt("verify").code, 0)

    def settled(self, since, tries, **whose):
        """Each denial an opener saw has its record, or is in one counted record; none is in two."""
        told = lambda: len(self.city.denials(since, **whose)) + self.city.counted(since, **whose)  # noqa: E731
        try:
            wait_for("every refusal is on record", lambda: told() >= tries)
        except AssertionError:
            self.fail("%d denials, %d on record: LOST" % (tries, told()))
        time.sleep(1.5)  # whatever is still to be told comes within a tick or two
        self.assertEqual(told(), tries, "recorded twice")
        rids = [r["rid"] for r in self.city.denials(since) + self.city.gaps(since)]
        self.assertEqual(len(rids), len(set(rids)))

    def test_6_a_grant_that_ended_is_gone_at_once(self):
        self.ready()
        with self.city.grant(PERFORMER, PERFORMER):
            self.assertEqual(road(self.scratch, "exec", PERFORMER, PERFORMER)[0], HAD)
        since = self.city.mark()
        self.assertEqual(road(self.scratch, "exec", PERFORMER, PERFORMER)[0], REFUSED)
        self.assertEqual([(r["login"], r["tool"], r["bypass"]) for r in self.city.denials(since)], [("p20", TOOL, 1)])

    def test_7_no_process_of_ours_leaks_the_group(self):
        for lead in self.gate.leads():
            for pid in children(lead) + [c for p in children(lead) for c in children(p)]:
                if name_of(pid) != "frt-gate-canary":
                    continue
                links = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
                self.assertEqual([l for l in links if "fanotify" in l or "memfd" in l], [])
                return
        self.fail("no canary helper found")

    def test_8_a_canary_that_gets_through_is_reported(self):
        since = self.city.mark()
        canary = self.scratch.path("run/canary")
        os.unlink(canary)  # the file now there has no mark: as if marks had been lost
        open(canary, "w").close()
        wait_for("the gate says so", lambda: self.gate.state().get("enforcing") is False)
        wait_for("it is on record", lambda: [r for r in self.city.take(since) if r["k"] == "guard" and
                                             r["gate"] == "not-enforcing" and "canary" in r["reason"]])


class FakePoint(WithGate):
    """What the real frtd does not do when a test wants it to: it lets root in, and answers late and in no order."""

    @classmethod
    def decider(cls):
        cls.point = Point(cls.scratch.path("frtd/s"))
        cls.addClassCleanup(cls.point.kill)
        for line in cls.scratch.catalogue():
            cls.point.say(line)
        cls.point.say("allow %d %d *" % (PERFORMER, PERFORMER))
        cls.point.say("allow -1 0 *")
        return cls.point.socket

    def performer_gets_in(self):
        return road(self.scratch, "exec", PERFORMER, PERFORMER)[0] == HAD

    def test_1_out_of_descriptors_is_refused(self):
        """At every number of descriptors left: none for the event, or one for the event and none to look at the opener with. Root was
        let in a moment before, so whoever is mistaken for nobody in particular would be let in too."""
        self.ready()
        for left in list(range(0, 8)) + [None]:
            pid = wait_for("the worker", self.gate.worker)
            wait_for("root is let in", lambda: self.can_read())
            used = {int(fd) for fd in os.listdir("/proc/%d/fd" % pid)}
            limit = 3
            if left is not None:
                free = (n for n in range(1024) if n not in used)
                limit = [next(free) for _ in range(left + 1)][-1]
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
            status, _ = road(self.scratch, "exec")
            self.assertEqual(status, REFUSED, "%s descriptors left" % left)
            kill(pid, signal.SIGKILL)
            wait_for("its death", lambda: not name_of(pid))  # pylint: disable=cell-var-from-loop
        self.ready()

    def can_read(self):
        try:
            with open(self.scratch.path("tools/tool"), "rb") as f:
                return f.read(4)
        except OSError:
            return None

    def test_2_answers_may_come_late_and_in_any_order(self):
        self.point.say("delay 60", remember=False)
        self.point.sync()
        people = [PERFORMER, OFFICIAL] * 6
        processes = [subprocess.Popen([os.path.join(TESTS, "gate_roads"), str(u), str(u), "exec", self.scratch.root],
                                      stderr=subprocess.DEVNULL) for u in people]
        got = [p.wait() for p in processes]
        self.point.say("delay 0", remember=False)
        self.assertEqual(got, [HAD if u == PERFORMER else REFUSED for u in people])


class Told(unittest.TestCase):
    """What the gate tells, byte by byte: a test that stands in for it."""

    def setUp(self):
        self.point = Frtd()
        self.addCleanup(self.point.__exit__)
        self.point.start()
        self.talk = self.hello()

    def hello(self):
        talk = Talk(self.point.socket)
        self.addCleanup(talk.__exit__)
        talk.send(HELLO)
        talk.send(ENFORCING)
        return talk

    def refused(self, rid, count=3, reason="frtd-unreachable"):
        field = lambda number, value: struct.pack("<HH", number, len(value)) + value  # noqa: E731
        self.talk.send(gate_message(4, field(2, struct.pack("<Q", count)) + field(3, rid) + field(4, b"T03-digikam") +
                                    b"".join(field(n, struct.pack("<I", OFFICIAL)) for n in (6, 7)) +
                                    field(8, struct.pack("<H", REASONS.index(reason))) + field(9, b"\1")))

    def acknowledged(self):
        """The rid of the next ACK."""
        while True:
            message = self.talk.socket.recv(65536)
            if message[:4] == b"FRTG" and struct.unpack_from("<H", message, 6)[0] == 9:
                return message[16:32]

    def ask(self, rid):
        self.talk.send(question("gate", rid=rid, tool="T03-digikam", login_uid=OFFICIAL, user_uid=OFFICIAL, action=EXEC, match=PATH, pid=1, tid=1))
        while True:
            message = self.talk.socket.recv(65536)
            if message[:4] != b"FRTG":
                return answer_of(message)

    def on_record(self):
        return sum(r.get("count", 1) for r in self.point.records() if r["k"] == "gap" or (r["k"] == "decision" and r["dec"] == "deny"))

    def test_a_report_told_again_to_the_next_frtd_is_recorded_once(self):
        first, second = b"\1" * 16, b"\2" * 16
        self.refused(first)
        self.assertEqual(self.acknowledged(), first)
        self.refused(first)  # the ACK was lost
        self.assertEqual(self.acknowledged(), first)
        self.point.kill()
        self.point.start()
        self.talk = self.hello()
        self.refused(first)
        self.assertEqual(self.acknowledged(), first)
        self.refused(second, 4)
        self.assertEqual(self.acknowledged(), second)
        self.assertEqual(self.on_record(), 7)

    def test_a_question_whose_answer_was_lost_is_recorded_once(self):
        rids = [bytes([n]) * 16 for n in range(3, 6)]
        for rid in rids[:2]:
            self.assertEqual(self.ask(rid)["verdict"], "deny")
        self.refused(rids[0], 1, "late")
        self.assertEqual(self.acknowledged(), rids[0])
        self.point.kill()
        self.point.start()
        self.talk = self.hello()
        for rid in rids:  # the third was never read by anybody
            self.refused(rid, 1)
            self.assertEqual(self.acknowledged(), rid)
        self.assertEqual(self.on_record(), 3)

    def test_one_of_a_flood_is_left_to_the_gate_to_count(self):
        answers = [self.ask(os.urandom(16)) for _ in range(60)]
        self.assertEqual({a["verdict"] for a in answers}, {"deny"})
        self.assertEqual(sum(a["decision"] < 0 for a in answers), 10)
        time.sleep(1.5)  # a tick of frtd's own counts
        self.assertEqual(self.on_record(), 50)
        self.refused(b"\7" * 16, 10, "city-official")
        self.acknowledged()
        self.assertEqual(self.on_record(), 60)
        self.assertEqual(self.point.records(k="gap")[0]["of"], "identical denials")

    def test_an_ordinary_question_cannot_pass_for_one_of_the_gate(self):
        rid = b"\6" * 16
        with as_user(OFFICIAL), Talk(self.point.socket) as talk:
            talk.send(question("decide", rid=rid, tool="T03-digikam", action=EXEC, match=NAMED))
            self.assertEqual(talk.receive()["verdict"], "deny")
        self.refused(rid, 1)
        self.assertEqual(self.acknowledged(), rid)
        self.assertEqual(len(self.point.records(k="gap")), 1)


class Refusals(unittest.TestCase):
    def test_the_gate_refuses_what_is_not_a_mount_of_its_own(self):
        for where in ("/usr", "/", "/tmp"):
            gate = subprocess.run([os.path.join(os.path.dirname(TESTS), "bin", "frt-gate"), "--nonsense"],
                                  capture_output=True, text=True)
            self.assertEqual(gate.returncode, 64)
            self.assertIn("--only", gate.stderr)
            scratch = Scratch()
            gate = subprocess.Popen([os.path.join(os.path.dirname(TESTS), "bin", "frt-gate"), "--only", where, "--socket",
                                     scratch.path("frtd/s"), "--run", scratch.path("run"), "--no-audit", "--no-spare"],
                                    stderr=subprocess.PIPE, text=True)
            try:
                self.assertIn("no mount point of its own", gate.stderr.readline() + gate.stderr.readline())
                self.assertFalse(os.path.exists(scratch.path("run/state.json")))
            finally:
                gate.send_signal(signal.SIGTERM)
                gate.wait(20)
                gate.stderr.close()
                scratch.remove()


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
