# SPDX-License-Identifier: BSD-2-Clause
"""What a refused person sees on his terminal, and what cannot be done with it: a real pseudo terminal, a session on it (login uid,
controlling terminal, its owner as login(1) leaves it), the real gate and the real frtd."""
import base64
import fcntl
import os
import pty
import select
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
from gate_city import REVIEWED, TOOL, City  # noqa: E402
from gate_harness import OFFICIAL, PERFORMER, Gate, Scratch, enter, wait_for  # noqa: E402
from person import become, log_in  # noqa: E402

EVERY_S = 3  # FRT_NOTICE_EVERY_MS
HOSTILE = "T66-\x1b]0;owned\x07\x1b[2J"


def hostile_entry(path):
    def coded(name, text):
        return "%s:: %s\n" % (name, base64.b64encode(text.encode()).decode())
    return ("\n" + coded("dn", "frtToolId=%s,ou=tools,dc=frt,dc=example" % HOSTILE) + "objectClass: frtTool\n" +
            coded("frtToolId", HOSTILE) + coded("cn", HOSTILE) + "frtToolClass: face-surveillance\nfrtCapability: identify-1toN\n"
            "frtVector: exec\nfrtAction: decide\nfrtPath: %s\n" % path + REVIEWED)


class Session:
    """A shell of `uid` on a terminal of its own."""

    def __init__(self, command, uid=OFFICIAL, login=OFFICIAL, owner=None, mode=0o620):
        master, slave = pty.openpty()
        self.master, self.tty, self.shown = master, os.ttyname(slave), b""
        os.chown(self.tty, uid if owner is None else owner, 5)  # as login(1) leaves it
        os.chmod(self.tty, mode)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(master)
                self.take_terminal(slave)
                log_in(login)
                become(uid)
                os.execve("/bin/sh", ["sh", "-c", command], {"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
            finally:
                os._exit(127)
        os.close(slave)

    @staticmethod
    def take_terminal(slave):
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)

    def read(self, seconds):
        """What is shown until nothing has come for that long, or the session is over."""
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.shown += data
        return self.shown.decode("latin-1")

    def end(self):
        """The master stays open, so that no later session gets the same terminal."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Notice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = s = Scratch()
        cls.addClassCleanup(s.remove)
        s.tools()
        os.mkdir(s.path("tools/facemod/\x1b]0;owned\x07"))
        s.copy("gate_tool", "tools/facemod/\x1b]0;owned\x07/\x1b[2Jtool")
        s.copy("gate_tool", "tools/hostile")
        with open(s.path("tools/hostile"), "ab") as f:
            f.write(b"another content")
        cls.city = City(s)
        cls.addClassCleanup(cls.city.__exit__)
        cls.gate = Gate(s, socket=cls.city.socket)
        cls.addClassCleanup(cls.gate.kill)
        cls.gate.wait_enforcing()
        cls.tool = s.path("tools/tool")

    def session(self, command, expected=1, **options):
        for _ in range(6):
            since = self.city.mark()
            session = Session(command, **options)
            try:
                shown = session.read(10)
            finally:
                session.end()
            if len(self.city.denials(since)) >= expected or not self.city.was_late(since):
                break
        return session, shown, self.city.denials(since)

    def test_a_refused_person_reads_what_was_refused_why_and_under_which_number(self):
        session, shown, records = self.session(self.tool)
        self.assertEqual(len(records), 1)
        self.assertEqual((records[0]["tty"], records[0]["login"], records[0]["bypass"]), (session.tty, "p01", 1))
        self.assertRegex(records[0]["chain"], r"^sh \d+ < .*python3 \d+ < ")
        lines = [line for line in shown.replace("\r", "").split("\n") if line.startswith("frt: ")]
        self.assertEqual(len(lines), 1, shown)
        self.assertRegex(lines[0], r"^frt: %s refused: [A-Z].*\. \(.*290.*\) Record %d\. `frt why` tells more\.$" % (TOOL, records[0]["n"]))
        self.assertIn("Operation not permitted", shown)

    def test_b_frt_why_says_it_again_in_plain_words(self):
        _, _, records = self.session(self.tool)
        why = self.city.frt("why", user=OFFICIAL)
        self.assertEqual(why.code, 0, why.err)
        self.assertIn("decision %d: exec %s, refused" % (records[-1]["n"], TOOL), why.out)
        self.assertRegex(why.out, r"Rule N-USE: .*290")
        self.assertRegex(why.out, r"Questions\? \S+")
        other = self.city.frt("why", user=PERFORMER)
        self.assertNotIn(TOOL, other.out)

    def test_c_a_terminal_has_one_notice_every_three_seconds(self):
        begin = time.monotonic()
        _, shown, records = self.session("for i in 1 2 3 4 5 6 7 8; do %s; done; sleep %d; %s" % (self.tool, EVERY_S + 1, self.tool), 9)
        self.assertGreater(time.monotonic() - begin, EVERY_S)
        self.assertEqual(len(records), 9)
        numbers = [r["n"] for r in records]
        self.assertEqual([int(part.split(".")[0]) for part in shown.split(" Record ")[1:]], [numbers[0], numbers[-1]], shown)

    def test_d_nothing_is_written_on_a_terminal_that_is_not_his_or_that_he_closed(self):
        for options in ({"owner": PERFORMER}, {"owner": 0}, {"mode": 0o600}):  # somebody else's; root's; mesg n
            with self.subTest(options):
                session, shown, records = self.session(self.tool, **options)
                self.assertNotIn("frt:", shown)
                self.assertIn("Operation not permitted", shown)
                self.assertEqual(records[0]["tty"], session.tty if "mode" in options else "")

    def test_e_names_of_files_cannot_speak_to_the_terminal(self):
        _, shown, records = self.session("exec 2>/dev/null; '%s'" % self.scratch.path("tools/facemod/\x1b]0;owned\x07/\x1b[2Jtool"))
        self.assertIn("frt: %s refused" % TOOL, shown)
        self.only_plain(shown)
        self.assertRegex(records[0]["path"], r"/%1[Bb]\]0;owned%07/%1[Bb]\[2Jtool$")

    def only_plain(self, shown):
        self.assertEqual([c for c in shown if c not in "\r\n" and not " " <= c <= "~"], [], shown)

    def test_f_names_of_tools_cannot_either(self):
        """An entry of the directory whose id, name and path would clear the screen."""
        with open(self.city.extra) as f:
            before = f.read()
        with open(self.city.extra, "a") as f:
            f.write(hostile_entry(self.scratch.path("tools/hostile")))
        catalogue = self.gate.state()["catalogue"]
        self.city.reload()
        wait_for("the gate has the new catalogue", lambda: self.gate.state().get("catalogue", 0) > catalogue)
        self.gate.wait_enforcing()
        _, shown, records = self.session(self.scratch.path("tools/hostile"), 0)
        self.only_plain(shown)
        self.only_plain(self.city.frt("why", user=OFFICIAL).out)
        print("a tool called %r: %s" % (HOSTILE, [r["tool"] for r in records] or "is no tool"))
        with open(self.city.extra, "w") as f:
            f.write(before)
        self.city.reload()

    def test_g_a_terminal_that_takes_nothing_holds_nobody_up(self):
        """The master is not read, and the line is full: the gate does not wait for it."""
        session = Session("yes 'full' & sleep 1; %s; kill $!; exit 3" % self.tool)
        since, begin = self.city.mark(), time.monotonic()
        wait_for("the denial", lambda: self.city.denials(since, tty=session.tty))
        begin = time.monotonic()
        _, shown, records = self.session(self.tool)
        self.assertLess(time.monotonic() - begin, 12)
        self.assertEqual(len(records), 1)
        self.assertIn("frt: ", shown)
        session.read(0.5)
        session.end()


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
