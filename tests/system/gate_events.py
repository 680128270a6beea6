# SPDX-License-Identifier: BSD-2-Clause
"""How much the gate asks: as few events of one exec as the kernel lets it, identical refusals from memory once frtd would only count
them, and large trees a few files at a time. Counted, not timed."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
from gate_harness import HAD, OFFICIAL, PERFORMER, REFUSED, Gate, Point, Scratch, enter, name_of, opened_by, road, wait_for  # noqa: E402

TREE = 20000


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        cls.scratch.tools()
        for i in range(TREE):
            if i % 1000 == 0:
                os.mkdir(cls.scratch.path("tools/facemod/m%d" % (i // 1000)))
            open(cls.scratch.path("tools/facemod/m%d/f%d" % (i // 1000, i)), "w").close()
        cls.point = Point(cls.scratch.path("frtd/s"))
        cls.addClassCleanup(cls.point.kill)
        cls.catalogue = cls.scratch.catalogue()
        for line in cls.catalogue + ["allow %d %d *" % (PERFORMER, PERFORMER), "allow -1 0 *"]:
            cls.point.say(line)
        cls.gate = Gate(cls.scratch)
        cls.addClassCleanup(cls.gate.kill)
        cls.gate.wait_enforcing()

    def allowed(self):
        """How many events were let through so far; the state is written a moment later."""
        canaries = self.gate.state()["canaries"]
        return wait_for("a later state", lambda: (s := self.gate.state()) and s["canaries"] > canaries + 1 and s["workers"] and
                        (s["allowed"], s))[0]

    def events_of(self, name):
        before = self.allowed()
        self.assertEqual(road(self.scratch, name, PERFORMER, PERFORMER)[0], HAD)
        return self.allowed() - before

    def test_1_an_exec_is_two_events_and_one_question_until_somebody_was_let_open_the_file(self):
        since = self.point.mark()
        self.assertEqual(self.events_of("exec"), 2)
        self.point.sync()
        self.assertEqual(len(self.point.asks(since)), 1)
        fd = opened_by(PERFORMER, PERFORMER, self.scratch.path("tools/tool"))
        try:
            self.assertEqual(road(self.scratch, "given-read", OFFICIAL, OFFICIAL, fd)[0], REFUSED)
        finally:
            os.close(fd)
        self.assertGreater(self.events_of("exec"), 2)

    def test_2_reads_stay_asked_about_when_the_worker_and_the_marks_are_new(self):
        fd = opened_by(PERFORMER, PERFORMER, self.scratch.path("tools/tool"))
        try:
            pid = self.gate.worker()
            self.gate.kill_worker()
            wait_for("its death", lambda: not name_of(pid))
            wait_for("a new worker's marks", lambda: self.gate.state().get("enforcing") and self.gate.worker() not in (None, pid))
            self.assertEqual(road(self.scratch, "given-read", OFFICIAL, OFFICIAL, fd)[0], REFUSED)
            for line in ["restart"] + self.catalogue[:-1] + ["sha256 " + "0" * 64, "size 77", "publish"]:
                self.point.say(line, remember=False)
            self.point.sync()
            wait_for("the new catalogue", lambda: self.gate.state()["catalogue"] == 2 and self.gate.state()["enforcing"])
            self.assertEqual(road(self.scratch, "given-read", OFFICIAL, OFFICIAL, fd)[0], REFUSED)
        finally:
            os.close(fd)

    def test_3_identical_refusals_are_asked_about_fifty_times_a_minute(self):
        since = self.point.mark()
        path = self.scratch.path("tools/tooldyn")
        script = "import os\nfor _ in range(1000):\n    try:\n        os.open(%r, os.O_RDONLY)\n        os._exit(42)\n    except PermissionError:\n        pass\n"
        done = subprocess.run(["setpriv", "--reuid=%d" % OFFICIAL, "--clear-groups", "/usr/bin/python3", "-c", script % path])
        self.assertEqual(done.returncode, 0)
        told = lambda: sum(r["count"] for r in self.point.refusals(since) if r["uid"] == OFFICIAL)  # noqa: E731
        asked = lambda: len([a for a in self.point.asks(since) if a["uid"] == OFFICIAL])  # noqa: E731
        wait_for("each is asked about or told", lambda: told() + asked() >= 1000)
        self.assertGreaterEqual(asked(), 50)
        self.assertLess(asked(), 500)  # one more for each second that it takes
        # Another person is none of them.
        self.assertEqual(road(self.scratch, "read", PERFORMER, PERFORMER)[0], HAD)

    def test_4_what_frtd_changes_ends_what_is_remembered(self):
        self.point.say("allow %d %d *" % (OFFICIAL, OFFICIAL), remember=False)
        self.point.sync()
        self.assertEqual(road(self.scratch, "read", OFFICIAL, OFFICIAL)[0], HAD)
        self.point.say("forbid", remember=False)
        self.point.sync()
        self.assertEqual(road(self.scratch, "read", OFFICIAL, OFFICIAL)[0], REFUSED)
        for who in ("%d %d" % (PERFORMER, PERFORMER), "-1 0"):
            self.point.say("allow %s *" % who, remember=False)
        self.point.sync()

    def test_5_a_large_tree_is_marked_whole_and_by_one_worker(self):
        state = self.gate.wait_enforcing()
        self.assertGreaterEqual(state["inodes"], TREE)
        workers = state["workers"]
        for i in range(20):  # each change makes it look at the whole tree again
            os.mkdir(self.scratch.path("tools/facemod/again%d" % i))
            with open(self.scratch.path("tools/facemod/again%d/new" % i), "w"):
                pass
            self.assertEqual(road(self.scratch, "exec", OFFICIAL, OFFICIAL)[0], REFUSED)
        self.assertEqual(self.gate.state()["workers"], workers)
        self.assertEqual(self.gate.state()["hangs"], 0)

    def test_6_a_new_worker_knows_what_is_put_in_place_before_it_has_looked_at_everything(self):
        """Its first look takes a while here; the file is new, and reached by a path that is in no catalogue."""
        for name, through in (("upgraded2", "upgraded-through-bind"), ("upgraded", "upgraded")):
            new = self.scratch.path("tools/%s.dpkg-new" % name)
            self.scratch.copy("gate_tool", "tools/%s.dpkg-new" % name)
            with open(new, "ab") as f:
                f.write(os.urandom(16))
            pid = self.gate.worker()
            self.gate.kill_worker()
            wait_for("its death", lambda: not name_of(pid))  # pylint: disable=cell-var-from-loop
            os.rename(new, self.scratch.path("tools/" + name))
            self.assertEqual(road(self.scratch, through, OFFICIAL, OFFICIAL)[0], REFUSED)
            self.gate.wait_enforcing()


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
