# SPDX-License-Identifier: BSD-2-Clause
"""Every road to a tool that we know of, gone by an ordinary official while the gate is up, while its worker is being killed, while it
is stopped, while frtd is dead, and, with the group permission on the tools, while the gate is dead. A row is denied and recorded,
or it is a known pass with its reason; SECURITY.md lists the same passes, and a row that changes its side fails here."""
import os
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
from gate_harness import (ABSENT, BROKEN, HAD, OFFICIAL, PERFORMER, Gate, Point, Scratch, enter, kill, opened_by, road,  # noqa
                          wait_for)

SHADOW_GROUP = 31999  # nobody is in it

# name, expected, what it is; a known pass says why. `copy`: a copy that somebody else made and gave away.
ROWS = [
    ("exec", "denied", "the tool itself"),
    ("symlink", "denied", "through a symbolic link"),
    ("hard-link-before", "denied", "a hard link made before the gate started"),
    ("hard-link-after", "denied", "a hard link made while it runs"),
    ("renamed", "denied", "moved to another directory under another name"),
    ("upgraded", "denied", "another file renamed over it (package upgrade), at once"),
    ("upgraded-through-bind", "denied", "the same, first opened through a bind mount"),
    ("bind", "denied", "a bind mount of its directory"),
    ("overlay-by-root", "denied", "an overlay with it in the lower layer (kernels from 6.5; on 6.1 a known pass)"),
    ("proc-root", "denied", "/proc/self/root/..."),
    ("ld.so", "denied", "ld.so TOOL"),
    ("script", "denied", "a #! script"),
    ("sh-script", "denied", "sh SCRIPT"),
    ("sh-source", "denied", ". SCRIPT"),
    ("interpreter", "denied", "the tool as a script's #! interpreter"),
    ("python-file", "denied", "python3 tool.py"),
    ("python-m", "denied", "python3 -m MODULE"),
    ("import-pyc", "denied", "import from the cached .pyc"),
    ("python-pyc", "denied", "python3 FILE.pyc"),
    ("dlopen", "denied", "dlopen of the library"),
    ("preload", "denied", "LD_PRELOAD of the library"),
    ("read", "denied", "reading the file"),
    ("open-rw", "denied", "opening it for writing"),
    ("model-name", "denied", "a model file known by its name, in a directory made later"),
    ("model-pattern", "denied", "a file that matches a pattern, in a directory made later"),
    ("tree", "denied", "a file deep below a catalogued directory"),
    ("mmap", "denied", "mapping it for execution"),
    ("open-fexecve", "denied", "open, then fexecve"),
    ("opath-fexecve", "denied", "O_PATH, then fexecve"),
    ("opath-reopen", "denied", "O_PATH, then /proc/self/fd/N"),
    ("memfd", "denied", "copied to a memfd and run"),
    ("sendfile", "denied", "copied with sendfile and run"),
    ("copy-file-range", "denied", "copied with copy_file_range and run"),
    ("io-uring", "denied", "opened through io_uring"),
    ("by-handle", "denied", "open_by_handle_at"),
    ("userns", "denied", "in a user and mount name space of his own"),
    ("userns-bind", "denied", "bound elsewhere in a mount name space of his own"),
    ("userns-overlay", "denied", "an overlay of his own over its directory (kernels from 6.5)"),
    ("pidns", "denied", "in a pid name space of his own"),
    ("chroot", "denied", "in a chroot of his own"),
    ("pivot-root", "denied", "in a container of his own (pivot_root)"),
    ("sudo", "denied", "as the agency's account, logged in as official (sudo -u, su)"),
    ("cron-official", "denied", "as himself without a login (at, cron)"),
    ("setuid-helper", "denied", "through a helper that is setuid to the agency's account"),
    ("thread", "denied", "a thread that changed its uid to the agency's"),
    ("given-exec", "denied", "fexecve of a descriptor the performer opened"),
    ("given-read", "denied", "reading a descriptor the performer opened"),
    ("given-sendfile", "denied", "sendfile from a descriptor the performer opened"),
    ("copy-home", "denied", "a copy somebody gave him, run from his home"),
    ("copy-later-mount", "denied", "the same from a tmpfs mounted after the gate started"),
    ("copy-loop-mount", "denied", "the same from a loop device mounted after the gate started"),
    ("copy-script", "denied", "a copy of the script, run from his home"),
    ("given-mmap", "pass", "mapping a descriptor the performer opened: the kernel asks nobody (collusion)"),
    ("copy-changed", "pass", "a given copy with bytes appended: another content, another digest"),
    ("copy-memfd", "pass", "a given copy read into a memfd: memfds are on no file system that can be marked"),
    ("copy-own-mount", "pass", "a given copy on a tmpfs he mounted in a name space of his own: not our mounts"),
    ("copy-ld.so", "pass", "ld.so COPY: no exec of the copy happens, and opens of ordinary files are not asked about"),
]
COPIES = {r[0] for r in ROWS if r[0].startswith("copy-")} | {"given-mmap"}
# With no gate at all only the permission bits speak: what others opened or copied is out of their reach.
BEYOND_MODE_BITS = COPIES - {"copy-file-range"} | {"given-read", "given-sendfile", "given-exec", "sudo", "setuid-helper", "thread", "model-name", "model-pattern",
                             "upgraded", "upgraded-through-bind"}


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.scratch.tools()
        cls.point = Point(cls.scratch.path("frtd/s"))
        for line in cls.scratch.catalogue():
            cls.point.say(line)
        cls.point.say("allow %d %d *" % (PERFORMER, PERFORMER))
        cls.point.say("allow -1 %d *" % PERFORMER)  # so that only the official's uid beside it refuses
        cls.point.say("allow -1 0 *")  # ourselves: services and package managers are frtd's to judge
        cls.gate = Gate(cls.scratch)
        cls.gate.wait_enforcing()
        cls.prepare()

    @classmethod
    def tearDownClass(cls):
        cls.gate.kill()
        cls.point.kill()
        cls.scratch.remove()

    @classmethod
    def prepare(cls):
        """What happens while the gate runs: links, renames, copies, new mounts and directories."""
        s = cls.scratch
        os.link(s.path("tools/tool"), s.path("links/hardlate"))
        os.rename(s.path("tools/away"), s.path("links/renamed"))
        s.mount("tmpfs", s.path("later"), "mode=1777")
        with open(s.path("image"), "wb") as f:
            f.truncate(16 << 20)
        s.run("mkfs.ext4", "-q", s.path("image"))
        s.mount("ext4", s.path("loop"), "loop", s.path("image"))
        for name in ("home/copy", "later/copy", "loop/copy"):
            s.copy("gate_tool", name)
            os.chown(s.path(name), PERFORMER, PERFORMER)
        s.copy("gate_tooldyn", "home/copydyn")
        s.copy("gate_tool", "home/changed")
        with open(s.path("home/changed"), "ab") as f:
            f.write(b"0")
        s.write("home/copy.sh", "#!/bin/sh\nexit 42\n", 0o755)
        os.mkdir(s.path("models/new"))
        before = cls.gate.state()["directories"]
        wait_for("the new mounts and directory are noticed",
                 lambda: cls.gate.state().get("filesystems", 0) >= 3 and cls.gate.state()["directories"] >= before)
        time.sleep(0.3)
        for name in ("arcface.onnx", "w600k_r50.h5"):
            s.copy("gate_tool", "models/new/" + name, 0o644)

    def upgrade(self, name):
        """As dpkg does: a new file under another name, renamed over the old one."""
        new = self.scratch.path("tools/%s.dpkg-new" % name)

        def write():
            try:
                self.scratch.copy("gate_tool", "tools/%s.dpkg-new" % name)
                with open(new, "ab") as f:
                    f.write(os.urandom(16))
            except PermissionError:  # a worker died just now, and all that waited was refused
                return False
            return True
        wait_for("the new version is unpacked", write)
        os.rename(new, self.scratch.path("tools/" + name))

    def give(self):
        """The performer opens it, again when a dying worker had it refused."""
        return wait_for("the performer opens the tool",
                        lambda: opened_by(PERFORMER, PERFORMER, self.scratch.path("tools/tool")))

    def go(self, name):
        uid, login, fd = OFFICIAL, OFFICIAL, None
        if name == "upgraded":
            self.upgrade("upgraded")
        elif name == "upgraded-through-bind":
            self.upgrade("upgraded2")
        elif name == "sudo":
            name, uid = "exec", PERFORMER
        elif name == "cron-official":
            name, login = "exec", -1
        elif name == "thread":
            uid, login = 0, -1
        elif name == "setuid-helper":
            login = -1
        elif name.startswith("given-"):
            fd = self.given
        status, _ = road(self.scratch, name, uid, login, fd)
        if status == ABSENT:
            return "absent"
        if status is None:
            return "HUNG"
        if status == BROKEN:
            return "BROKEN"
        return "pass" if status == HAD else "denied"

    def check(self, state, before=None, after=None, expect=lambda name, expected: expected, recorded=True):
        """One column: all rows, the disagreements together."""
        wrong, absent, passes = [], [], []
        for name, expected, what in ROWS:
            want = expect(name, expected)
            if want is None:
                continue
            if name.startswith("given-"):
                self.given = self.give()
            if before:
                before()
            since = self.point.mark()
            got = self.go(name)
            if after:
                after()
            if name.startswith("given-"):
                os.close(self.given)
            if got == "absent":
                absent.append(name)
            elif got != want:
                wrong.append("%s: expected %s, got %s (%s)" % (name, want, got, what))
            elif got == "denied" and recorded and name not in ("by-handle", "open-rw"):  # refused before us
                try:
                    wait_for("a record", lambda: any(not a["granted"] for a in self.point.asks(since)) or
                             self.point.refusals(since), 5)
                except AssertionError:
                    wrong.append("%s: denied but nobody was told" % name)
            if got == "pass":
                passes.append(name)
        print("%-16s %d rows, known passes: %s; absent: %s" % (state, len(ROWS), " ".join(passes) or "none",
                                                               " ".join(absent) or "none"), flush=True)
        self.assertEqual(wrong, [])

    def test_1_gate_up(self):
        self.check("up")

    def test_2_an_allowed_person_uses_the_tool_by_every_ordinary_road(self):
        for name in ("exec", "symlink", "read", "ld.so", "script", "sh-script", "python-file", "python-m", "import-pyc", "dlopen",
                     "mmap", "open-fexecve", "copy-home", "userns", "hard-link-after", "renamed", "tree", "model-name"):
            status, _ = road(self.scratch, name, PERFORMER, PERFORMER)
            self.assertEqual(status, HAD, name)

    def test_3_worker_being_killed_all_the_time(self):
        stop = threading.Event()

        def killer():
            while not stop.is_set():
                self.gate.kill_worker()
                time.sleep(0.03)
        thread = threading.Thread(target=killer)
        thread.start()
        try:
            # What the performer opens for `given-` must succeed while the worker lives.
            column = lambda name, expected: None if name.startswith("given-") else expected  # noqa: E731
            self.check("worker killed", expect=column, recorded=False)
        finally:
            stop.set()
            thread.join()
        self.gate.wait_enforcing()

    def test_4_worker_stopped(self):
        def stop():
            pid = self.gate.worker()
            if pid:
                kill(pid, signal.SIGSTOP)
        self.check("worker stopped", before=stop, recorded=False)
        self.gate.wait_enforcing()

    def test_5_frtd_dead_and_nothing_of_it_lost(self):
        self.point.kill()
        since = self.point.mark()
        column = lambda name, expected: None if name.startswith("given-") else expected  # noqa: E731
        begin = time.monotonic()
        self.check("frtd dead", expect=column, recorded=False)
        self.assertLess(time.monotonic() - begin, 120)
        status, _ = road(self.scratch, "exec", PERFORMER, PERFORMER)
        self.assertNotEqual(status, HAD, "nobody gets in without an answer")
        status, _ = road(self.scratch, "exec", root=self.scratch.root)
        self.point.start()
        told = lambda: sum(r["count"] for r in self.point.refusals(since) if r["reason"] == "frtd-unreachable")  # noqa: E731
        wait_for("the refusals are told to the new frtd", lambda: told() >= 40)
        self.gate.wait_enforcing()

    def test_6_ordinary_files_beside_the_tools_are_left_alone(self):
        since = self.point.mark()
        for _ in range(3):
            with open(self.scratch.path("tools/ordinary"), "rb") as f:
                f.read(4)
        self.assertEqual(self.point.asks(since), [])

    def test_7_components_are_recorded_and_never_held(self):
        self.scratch.copy("libgate_toollib.so", "tools/component.so")
        wait_for("it is marked", lambda: self.gate.state()["tools"][1]["found"])
        since = self.point.mark()
        pid = os.fork()
        if pid == 0:
            os.setresuid(OFFICIAL, OFFICIAL, OFFICIAL)
            try:
                with open(self.scratch.path("tools/component.so"), "rb") as f:
                    os._exit(HAD if f.read(4) == b"\x7fELF" else BROKEN)
            except OSError:
                os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), HAD)
        wait_for("the component is recorded", lambda: [a for a in self.point.asks(since) if a["ask"] == "T91-component"])

    def test_8_gate_dead_and_the_permission_bits_hold(self):
        self.gate.kill()
        for directory, _, names in os.walk(self.scratch.path("tools")):
            for name in names:
                path = os.path.join(directory, name)
                os.chown(path, 0, SHADOW_GROUP)
                os.chmod(path, os.stat(path).st_mode & 0o750)
        os.chown(self.scratch.path("links/renamed"), 0, SHADOW_GROUP)
        os.chmod(self.scratch.path("links/renamed"), 0o750)
        self.scratch.run("umount", self.scratch.path("overlay"))  # an overlay does not follow changes below it
        self.scratch.overlay()
        self.check("gate dead, lock", expect=lambda name, expected: None if name in BEYOND_MODE_BITS else expected,
                   recorded=False)


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
