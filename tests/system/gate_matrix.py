# SPDX-License-Identifier: BSD-2-Clause
"""Every road to a tool that we know of, gone by p01, a patrol officer, with the real frtd and the sample city, while the gate is up,
while its worker is being killed, while it is stopped, while frtd is dead, and, with the group permission on the tools, while the
gate is dead. A row is denied and on record, or it is a known pass with its reason; SECURITY.md lists the same passes, and a row
that changes its side fails here."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
from gate_city import COMPONENT, TOOL, City  # noqa: E402
from gate_harness import (ABSENT, HAD, OFFICIAL, PERFORMER, REFUSED, TESTS, Gate, Scratch, enter, kill, opened_by, road,  # noqa: E402
                          wait_for)

SHADOW_GROUP = 31999  # nobody is in it
EXEC, OPEN, UNSEEN = "exec", "open", None

# Name, what the record of its denial names, what it is. UNSEEN: refused by the kernel before anybody is asked. A known pass says why.
ROWS = [
    ("exec", EXEC, "the tool itself"),
    ("symlink", EXEC, "through a symbolic link"),
    ("hard-link-before", EXEC, "a hard link made before the gate started"),
    ("hard-link-after", EXEC, "a hard link made while it runs"),
    ("renamed", EXEC, "moved to another directory under another name"),
    ("upgraded", EXEC, "another file renamed over it (package upgrade), at once"),
    ("upgraded-through-bind", EXEC, "the same, first opened through a bind mount"),
    ("bind", EXEC, "a bind mount of its directory"),
    ("overlay-by-root", EXEC, "an overlay with it in the lower layer (kernels from 6.5; on 6.1 a known pass)"),
    ("overlay-both", EXEC, "an overlay, of which the lower layer and the way through it are both catalogued"),
    ("overlay-both-read", OPEN, "the same, read"),
    ("proc-root", EXEC, "/proc/self/root/..."),
    ("proc-pid-root", EXEC, "/proc/PID/root/... of a process in name spaces of its own"),
    ("ld.so", OPEN, "ld.so TOOL"),
    ("script", EXEC, "a #! script"),
    ("sh-script", OPEN, "sh SCRIPT"),
    ("sh-stdin", OPEN, "sh < SCRIPT"),
    ("sh-source", OPEN, ". SCRIPT"),
    ("interpreter", EXEC, "the tool as a script's #! interpreter"),
    ("elf-interp", EXEC, "the tool as the interpreter (PT_INTERP) of a program of his own"),
    ("python-file", OPEN, "python3 tool.py"),
    ("python-m", OPEN, "python3 -m MODULE"),
    ("import-pyc", OPEN, "import from the cached .pyc"),
    ("python-pyc", OPEN, "python3 FILE.pyc"),
    ("dlopen", OPEN, "dlopen of the library"),
    ("preload", OPEN, "LD_PRELOAD of the library"),
    ("read", OPEN, "reading the file"),
    ("open-rw", UNSEEN, "opening it for writing"),
    ("model-name", OPEN, "a model file known by its name, in a directory made later"),
    ("model-pattern", OPEN, "a file that matches a pattern, in a directory made later"),
    ("tree", OPEN, "a file deep below a catalogued directory"),
    ("mmap", OPEN, "mapping it for execution"),
    ("open-fexecve", OPEN, "open, then fexecve"),
    ("opath-fexecve", EXEC, "O_PATH, then fexecve"),
    ("opath-reopen", OPEN, "O_PATH, then /proc/self/fd/N"),
    ("memfd", OPEN, "copied to a memfd and run"),
    ("sendfile", OPEN, "copied with sendfile and run"),
    ("copy-file-range", OPEN, "copied with copy_file_range and run"),
    ("io-uring", OPEN, "opened through io_uring"),
    ("io-uring-worker", OPEN, "the same, by a worker thread of the kernel's"),
    ("io-uring-polled", OPEN, "the same, by its polling thread"),
    ("by-handle", UNSEEN, "open_by_handle_at"),
    ("userns", EXEC, "in a user and mount name space of his own"),
    ("userns-bind", EXEC, "bound elsewhere in a mount name space of his own"),
    ("userns-overlay", EXEC, "an overlay of his own over its directory (kernels from 6.5)"),
    ("overlay-of-overlay", EXEC, "an overlay of his own over an overlay of his own"),
    ("overlay-copy-up", EXEC, "in an overlay of his own where a rename should copy it up (not a file of root's)"),
    ("open-tree", OPEN, "a detached mount of its directory (open_tree)"),
    ("pidns", EXEC, "in a pid name space of his own"),
    ("chroot", EXEC, "in a chroot of his own"),
    ("pivot-root", EXEC, "in a container of his own (pivot_root)"),
    ("sudo", EXEC, "as the agency's account, logged in as official (sudo -u, su)"),
    ("cron-official", EXEC, "as himself without a login (at, cron)"),
    ("setuid-helper", EXEC, "through a helper that is setuid to the agency's account"),
    ("thread", OPEN, "a thread that changed its uid to the agency's"),
    ("leaderless", OPEN, "a thread whose process' leader has ended"),
    ("strange-name", OPEN, "a process whose name reads like a line of /proc/PID/status"),
    ("daemonised", EXEC, "after two forks and a new session, a child of init"),
    ("vfork", EXEC, "after a vfork"),
    ("given-exec", EXEC, "fexecve of a descriptor the performer opened and sent (SCM_RIGHTS)"),
    ("given-read", OPEN, "reading it"),
    ("given-preadv2", OPEN, "preadv2 from it"),
    ("given-aio", OPEN, "io_submit from it"),
    ("given-io-uring", OPEN, "reading it through io_uring"),
    ("given-sendfile", OPEN, "sendfile from it"),
    ("given-splice", OPEN, "splice from it"),
    ("given-copy-range", OPEN, "copy_file_range from it"),
    ("given-reflink", OPEN, "cloning it (FICLONE) on a file system that can"),
    ("given-overlay", OPEN, "reading one that was opened through an overlay with it in the lower layer"),
    ("given-overlay-both", OPEN, "the same, where the way through the overlay is catalogued as well"),
    ("given-reopen", OPEN, "opening it again through /proc/self/fd/N"),
    ("given-ld.so", OPEN, "ld.so /proc/self/fd/N"),
    ("copy-home", EXEC, "a copy somebody gave him, run from his home"),
    ("copy-later-mount", EXEC, "the same from a tmpfs mounted after the gate started"),
    ("copy-loop-mount", EXEC, "the same from a loop device mounted after the gate started"),
    ("copy-script", EXEC, "a copy of the script, run from his home"),
    ("given-mmap", "pass", "mapping a descriptor the permitted person opened: the kernel asks nobody"),
    ("copy-changed", "pass", "a given copy with bytes appended: other content, other digest"),
    ("copy-memfd", "pass", "a given copy read into a memfd: memfds lie on no file system that can be marked"),
    ("copy-own-mount", "pass", "a given copy on a tmpfs mounted in a name space of one's own, or on FUSE: not our mounts"),
    ("copy-ld.so", "pass", "`ld.so COPY`: no exec of the copy happens, and opens of ordinary files are not asked about"),
    ("copy-library", "pass", "a given copy of a library, loaded by `LD_PRELOAD`, `LD_LIBRARY_PATH` or dlopen: opened, not executed, as before"),
    ("copy-python", "pass", "`python3 COPY.py`, `sh COPY`: a given copy of a script, opened by its interpreter, as before"),
]
GIVEN = {r[0] for r in ROWS if r[0].startswith("given-")}
COPIES = {r[0] for r in ROWS if r[0].startswith("copy-") and r[0] != "copy-file-range"}
# With no gate at all only the permission bits speak: what others opened or copied is out of their reach.
BEYOND_MODE_BITS = COPIES | GIVEN | {"sudo", "setuid-helper", "thread", "model-name", "model-pattern", "upgraded", "upgraded-through-bind"}
NO_ROAD = {"open-rw", "by-handle", "overlay-copy-up"}  # the kernel refuses these to an ordinary user, gate or no gate
DIGEST = {"copy-home", "copy-later-mount", "copy-loop-mount", "copy-script"}


class Matrix(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = s = Scratch()
        cls.addClassCleanup(s.remove)
        s.tools()
        cls.reflinks()
        cls.city = City(s)
        cls.addClassCleanup(cls.city.__exit__)
        cls.gate = Gate(s, socket=cls.city.socket)
        cls.addClassCleanup(cls.gate.kill)
        cls.gate.wait_enforcing()
        cls.prepare()
        with cls.performers():
            cls.given = {"": cls.give("tools/tool"), "given-overlay": cls.give("overlay/tool"), "given-overlay-both": cls.give("both/tool"),
                         "given-reflink": cls.give("reflink/tool") if os.path.exists(s.path("reflink/tool")) else None}
        wait_for("the grants have ended", lambda: not cls.opens(PERFORMER, "tools/tool"))

    @classmethod
    def reflinks(cls):
        """A file system that can clone files; without one that row is absent."""
        s = cls.scratch
        with open(s.path("image.xfs"), "wb") as f:
            f.truncate(320 << 20)
        try:
            s.run("mkfs.xfs", "-q", "-m", "reflink=1", s.path("image.xfs"))
            s.mount("xfs", s.path("reflink"), "loop", s.path("image.xfs"))
        except (OSError, Exception) as error:  # pylint: disable=broad-except
            print("no reflinks here: %s" % error)
            return
        os.mkdir(s.path("reflink/home"))
        os.chmod(s.path("reflink/home"), 0o1777)
        s.copy("gate_tool", "reflink/tool")

    @classmethod
    @contextlib.contextmanager
    def performers(cls):
        """p20 under a written request, logged in and not: so that where one of these uids is seen beside the official's, only that refuses."""
        def granted():
            stack = contextlib.ExitStack()
            try:
                stack.enter_context(cls.city.grant(PERFORMER, PERFORMER))
                stack.enter_context(cls.city.grant(-1, PERFORMER))
                return stack
            except AssertionError:  # frtd does not know yet that the gate enforces
                stack.close()
                return None
        with wait_for("p20's grants", granted):
            yield

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
        s.copy("libgate_toollib.so", "home/copylib.so")
        s.copy("gate_tool", "home/changed")
        with open(s.path("home/changed"), "ab") as f:
            f.write(b"0")
        s.write("home/copy.sh", "#!/bin/sh\nexit 42\n", 0o755)
        s.write("home/copy.py", "import os\nos._exit(42)\n")
        os.mkdir(s.path("models/new"))
        before = cls.gate.state()["directories"]
        wait_for("the new mounts and directory are noticed",
                 lambda: cls.gate.state().get("filesystems", 0) >= 3 and cls.gate.state()["directories"] >= before)
        time.sleep(0.3)
        for name in ("face290.onnx", "w600k_r50.h5"):  # by rename: root without a login may not open them either
            s.copy("gate_tool", "models/making", 0o644)
            os.rename(s.path("models/making"), s.path("models/new/" + name))

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

    @classmethod
    def opens(cls, uid, name):
        fd = opened_by(uid, uid, cls.scratch.path(name))
        if fd is not None:
            os.close(fd)
        return fd is not None

    @classmethod
    def give(cls, name):
        return wait_for("the performer opens the tool", lambda: opened_by(PERFORMER, PERFORMER, cls.scratch.path(name)))

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
        elif name in GIVEN:
            fd = self.given.get(name, self.given[""])
            if fd is None:
                return "absent"
            os.lseek(fd, 0, os.SEEK_SET)
        status, _ = road(self.scratch, name, uid, login, fd)
        if status == ABSENT:
            return "absent"
        if status is None:
            return "HUNG"
        # 127: ld.so says so when it may not open its program
        return {HAD: "pass", REFUSED: "denied", 127: "denied"}.get(status, "BROKEN (%d)" % status)

    # ---- what must be on record ----

    def named(self, name, action, since):
        """The decision that names him: who, as whom, which tool, by which rule, how, around what."""
        for record in self.city.denials(since):
            if (record["login"] or record["user"]) == "p01" and record["tool"] == TOOL and record["rule"] == "N-USE" and \
               record["action"] == action and record["bypass"] == 1 and record["tty"] == "" and record["path"].startswith("/") and \
               re.search(r"\w \d+ < .* 1$|\w \d+ < ", record["chain"]) and \
               ("digest" in record["facts"].split()) == (name in DIGEST) and (len(record["sha"]) == 64) == (name in DIGEST) and \
               record["auid"] == (-1 if name in ("cron-official", "setuid-helper", "thread") else OFFICIAL) and \
               record["uid"] == (PERFORMER if name == "sudo" else OFFICIAL):
                return record
        # Read by read, the second within a second is counted and not asked about again.
        for record in self.city.gaps(since) if name in GIVEN else ():
            if (record["auid"], record["uid"], record["tool"], record["why"]) == (OFFICIAL, OFFICIAL, TOOL, "city-official"):
                return record
        return None

    def check(self, state, recorded, before=None, expect=lambda name, expected: expected):
        """One column: all rows, the disagreements together. Returns how many were denied and seen by the gate."""
        wrong, absent, passes, seen = [], [], [], 0
        for name, expected, what in ROWS:
            want = expect(name, "pass" if expected == "pass" else "denied")
            if want is None:
                continue
            if before:
                before()
            for _ in range(6):
                since, faults = self.city.mark(), []
                got = self.go(name)
                if got not in (want, "absent"):
                    faults = ["%s: expected %s, got %s (%s)" % (name, want, got, what)]
                elif got == "denied" and expected is not UNSEEN:
                    faults = recorded(name, expected, since)
                if not faults or recorded == self.not_now or not self.city.was_late(since):
                    break
            wrong += faults
            absent += [name] * (got == "absent")
            passes += [name] * (got == "pass")
            seen += got == "denied" and expected is not UNSEEN
        print("%-16s %d rows, known passes: %s; absent: %s" % (state, len(ROWS), " ".join(passes) or "none",
                                                               " ".join(absent) or "none"), flush=True)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))
        return seen

    def by_name(self, name, action, since):
        try:
            wait_for("its record", lambda: self.named(name, action, since), 5)
            return []
        except AssertionError:
            return ["%s: denied, but on record are only %s" % (name, self.city.denials(since) + self.city.gaps(since))]

    def not_now(self, *_):
        """Counted afterwards."""
        return []

    def on_record(self, since):
        return len(self.city.denials(since)) + self.city.counted(since)

    @contextlib.contextmanager
    def killing(self, every):
        stop = threading.Event()

        def killer():
            while not stop.is_set():
                self.gate.kill_worker()
                time.sleep(every)
        thread = threading.Thread(target=killer)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    # ---- the columns ----

    def test_1_gate_up(self):
        workers = self.gate.state()["workers"]
        with self.performers():
            self.check("up", self.by_name)
        self.assertEqual(self.gate.wait_enforcing()["workers"], workers, "a worker died of a road")

    def test_2_a_permitted_person_uses_the_tool_by_every_ordinary_road(self):
        with self.performers():
            for name in ("exec", "symlink", "read", "ld.so", "script", "sh-script", "python-file", "python-m", "import-pyc", "dlopen",
                         "mmap", "open-fexecve", "copy-home", "userns", "hard-link-after", "renamed", "tree", "model-name",
                         "overlay-by-root", "overlay-both"):
                for _ in range(6):
                    since = self.city.mark()
                    status, _ = road(self.scratch, name, PERFORMER, PERFORMER)
                    if status == HAD or not self.city.was_late(since):
                        break
                self.assertEqual(status, HAD, name)
                allowed = [r for r in self.city.decisions(since, dec="allow") if r["login"] == "p20" and r["tool"] == TOOL]
                self.assertTrue(allowed, name)
                self.assertEqual({r["bypass"] for r in allowed}, {0})

    def test_2a_many_at_once_on_an_overlay_whose_layers_are_both_marked(self):
        """Handing over such an event makes another that the worker has to answer: it must not wait for itself."""
        workers, since = self.gate.state()["workers"], self.city.mark()
        openers = [subprocess.Popen([os.path.join(TESTS, "gate_roads"), str(OFFICIAL), str(OFFICIAL), "overlay-both", self.scratch.root],
                                    stderr=subprocess.DEVNULL) for _ in range(8)]
        self.assertEqual(self.scratch_read("both/ordinary"), b"\x7fELF")
        self.assertEqual([p.wait() for p in openers], [REFUSED] * 8)
        wait_for("all are on record", lambda: self.on_record(since) >= 8)
        self.assertEqual(self.gate.wait_enforcing()["workers"], workers, "a worker died")

    def scratch_read(self, name):
        with open(self.scratch.path(name), "rb") as f:
            return f.read(4)

    def test_3_worker_being_killed_all_the_time(self):
        since = self.city.mark()
        with self.killing(0.03):
            seen = self.check("worker killed", self.not_now)
        self.gate.wait_enforcing()
        wait_for("every denial is on record", lambda: self.on_record(since) >= seen)

    def test_4_worker_stopped(self):
        since = self.city.mark()

        def stop():
            pid = self.gate.worker()
            if pid:
                kill(pid, signal.SIGSTOP)
        seen = self.check("worker stopped", self.not_now, before=stop)
        self.gate.wait_enforcing()
        wait_for("every denial is on record", lambda: self.on_record(since) >= seen)

    def test_4a_a_keeper_never_waits_for_itself(self):
        """No worker lives long enough to read, so the keeper refuses what is queued: also about files on overlays."""
        with self.killing(0.002):
            begin = time.monotonic()
            for _ in range(4):
                openers = [subprocess.Popen([os.path.join(TESTS, "gate_roads"), str(OFFICIAL), str(OFFICIAL), name, self.scratch.root],
                                            stderr=subprocess.DEVNULL) for name in ("overlay-both", "overlay-both-read", "exec", "overlay-both")]
                self.assertEqual([p.wait(60) for p in openers], [REFUSED] * 4)
            self.assertLess(time.monotonic() - begin, 20)
        self.gate.wait_enforcing()

    def test_5_frtd_dead_and_nothing_of_it_lost(self):
        since = self.city.mark()
        self.city.kill()
        begin = time.monotonic()
        seen = self.check("frtd dead", self.not_now)
        self.assertLess(time.monotonic() - begin, 120)
        self.assertFalse(self.opens(PERFORMER, "tools/tool"), "nobody gets in without an answer")
        self.city.start()
        told = lambda uid: [r for r in self.city.gaps(since, tool=TOOL, why="frtd-unreachable") if r["uid"] == uid]  # noqa: E731
        wait_for("the refusals are told to the new frtd", lambda: sum(r["count"] for r in told(OFFICIAL)) >= seen - 3)
        wait_for("also the performer's", lambda: any(r["auid"] == PERFORMER for r in told(PERFORMER)))
        self.assertTrue([r for r in told(PERFORMER) if r["auid"] == OFFICIAL], "sudo")
        self.gate.wait_enforcing()

    def test_6_ordinary_files_beside_the_tools_are_left_alone(self):
        since = self.city.mark()
        for _ in range(3):
            self.scratch_read("tools/ordinary")
        self.assertEqual(self.city.decisions(since), [])

    def test_7_components_are_recorded_and_never_held(self):
        self.scratch.copy("libgate_toollib.so", "tools/making")
        os.rename(self.scratch.path("tools/making"), self.scratch.path("tools/component.so"))
        wait_for("it is marked", lambda: [t for t in self.gate.state()["tools"] if t["id"] == COMPONENT and t["found"]])
        since = self.city.mark()
        pid = os.fork()
        if pid == 0:
            os.setresuid(OFFICIAL, OFFICIAL, OFFICIAL)
            try:
                with open(self.scratch.path("tools/component.so"), "rb") as f:
                    os._exit(HAD if f.read(4) == b"\x7fELF" else 1)
            except OSError:
                os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), HAD)
        wait_for("the component is recorded", lambda: self.city.decisions(since, tool=COMPONENT, dec="not-governed"))

    def test_8_gate_dead_and_every_road_leads_to_the_tool(self):
        """Or its denial above would prove nothing."""
        self.gate.kill()
        self.check("gate dead", self.not_now, expect=lambda name, expected: None if name in NO_ROAD else "pass")

    def test_9_gate_dead_and_the_permission_bits_hold(self):
        for directory, _, names in os.walk(self.scratch.path("tools")):
            for name in names:
                path = os.path.join(directory, name)
                os.chown(path, 0, SHADOW_GROUP)
                os.chmod(path, os.stat(path).st_mode & 0o750)
        os.chown(self.scratch.path("links/renamed"), 0, SHADOW_GROUP)
        os.chmod(self.scratch.path("links/renamed"), 0o750)
        for fd in filter(None, self.given.values()):
            os.close(fd)
        for name in ("overlay", "both"):
            self.scratch.run("umount", self.scratch.path(name))  # an overlay does not follow changes below it
        self.scratch.overlay()
        self.check("gate dead, lock", self.not_now, expect=lambda name, expected: None if name in BEYOND_MODE_BITS else expected)


class Documents(unittest.TestCase):
    def test_security_md_lists_the_same_passes_for_the_same_reasons(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "SECURITY.md")) as f:
            text = f.read()
        part = text[text.index("## Roads past the kernel gate"):]
        part = part[:part.index("\n## ", 3)]
        self.assertEqual(dict(re.findall(r"(?m)^\| `([\w.-]+)` \| (.*) \|$", part)), {r[0]: r[2] for r in ROWS if r[1] == "pass"})
        self.assertIn("walks %d roads" % len(ROWS), part)


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
