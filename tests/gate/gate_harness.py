# SPDX-License-Identifier: BSD-2-Clause
"""The real frt-gate on file systems of our own, in a mount namespace of our own, beside a decision point that says what it is
told to. Nothing else on the machine is ever marked."""
import atexit
import ctypes
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from frtd import BINARY as BINARY_DIR  # noqa: E402
from person import become, log_in  # noqa: E402

GATE = os.path.join(BINARY_DIR, "bin", "frt-gate")
TESTS = os.path.join(BINARY_DIR, "tests")
OFFICIAL, PERFORMER = 20001, 20020  # p01, a patrol officer, and p20, the State Police's analyst, of the sample city
HAD, REFUSED, BROKEN, ABSENT = 42, 1, 3, 77
PATIENCE = 30.0


def enter():
    """A private mount namespace for this process; exits 77 when that is not possible."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(0x00020000) != 0:
        print("needs root and a mount namespace")
        sys.exit(77)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the gate is put away when a test is stopped


def wait_for(what, condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("waited %.0f s for: %s" % (seconds, what))


class Point:
    """The fake decision point."""

    def __init__(self, socket):
        self.socket = socket
        self.lines = []
        self.lock = threading.Lock()
        self.process = None
        self.setup = []
        self.synced = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen([os.path.join(TESTS, "gate_fake_point"), self.socket], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        assert json.loads(self.process.stdout.readline()) == {"ready": 1}
        threading.Thread(target=self.read, args=(self.process,), daemon=True).start()
        for line in self.setup:
            self.say(line, remember=False)

    def read(self, process):
        for line in process.stdout:
            with self.lock:
                self.lines.append(json.loads(line))

    def say(self, line, remember=True):
        if remember:
            self.setup.append(line)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def sync(self):
        self.synced += 1
        word = "s%d" % self.synced
        self.say("sync " + word, remember=False)
        wait_for("the point's sync", lambda: any(l.get("sync") == word for l in self.take()))

    def take(self):
        with self.lock:
            return list(self.lines)

    def mark(self):
        with self.lock:
            return len(self.lines)

    def asks(self, since=0):
        return [l for l in self.take()[since:] if "ask" in l]

    def refusals(self, since=0):
        return [l for l in self.take()[since:] if "refused" in l]

    def kill(self):
        self.process.kill()
        self.process.wait()


class Scratch:
    """A tmpfs with a directory of tools on it; a second one for the gate's own things."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="frt-gate-matrix-")
        self.mounts = []
        self.mount("tmpfs", self.root, "mode=0755,size=512m")
        for name in ("tools", "tools/facemod", "tools/facemod/data", "tools/facemod/data/deep", "links", "home", "bind",
                     "overlay", "upper", "work", "both", "upper2", "work2", "later", "loop", "reflink", "mnt", "run", "frtd", "models"):
            os.mkdir(self.path(name))
        os.chmod(self.path("home"), 0o1777)
        os.chmod(self.path("run"), 0o755)
        atexit.register(self.remove)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def mount(self, kind, where, options="", source="frt-test"):
        subprocess.run(["mount", "-t", kind, "-o", options or "rw", source, where], check=True)
        self.mounts.append(where)

    def run(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def copy(self, name, to, mode=0o755):
        shutil.copyfile(os.path.join(TESTS, name), self.path(to))
        os.chmod(self.path(to), mode)

    def tools(self):
        self.copy("gate_tool", "tools/tool")
        self.copy("gate_tooldyn", "tools/tooldyn")
        self.copy("libgate_toollib.so", "tools/toollib.so")
        self.write("tools/tool.sh", "#!/bin/sh\nexit 42\n", 0o755)
        self.write("tools/tool.py", "import os\nos._exit(42)\n")
        self.write("tools/facemod/__init__.py", "")
        self.write("tools/facemod/__main__.py", "import os\nos._exit(42)\n")
        self.write("tools/facemod/recognise.py", "import os\nos._exit(42)\n")
        self.run("/usr/bin/python3", "-m", "compileall", "-q", self.path("tools/facemod"))
        self.copy("gate_tool", "tools/facemod/data/deep/weights.bin", 0o644)
        self.copy("gate_tool", "tools/upgraded")
        self.copy("gate_tool", "tools/upgraded2")
        self.copy("gate_tool", "tools/away")
        self.copy("gate_tool", "tools/ordinary")
        with open(self.path("tools/ordinary"), "ab") as f:
            f.write(b"not a tool at all")
        os.symlink(self.path("tools/tool"), self.path("links/sym"))
        os.link(self.path("tools/tool"), self.path("links/hard"))
        self.write("links/interp", "#!%s\n" % self.path("tools/tool"), 0o755)
        self.copy("gate_roads", "links/suid")
        os.chown(self.path("links/suid"), PERFORMER, PERFORMER)
        os.chmod(self.path("links/suid"), 0o4755)
        self.run("mount", "--bind", self.path("tools"), self.path("bind"))
        self.mounts.append(self.path("bind"))
        self.overlay()

    def overlay(self):
        """Two with the tools in the lower layer; of one, the way through the overlay is catalogued as well."""
        for where, upper, work in (("overlay", "upper", "work"), ("both", "upper2", "work2")):
            self.mount("overlay", self.path(where), "lowerdir=%s,upperdir=%s,workdir=%s" % (
                self.path("tools"), self.path(upper), self.path(work)))

    def catalogue(self):
        lines = ["tool T90-tool decide"]
        lines += ["path " + self.path("tools/" + n) for n in
                  ("tool", "tooldyn", "toollib.so", "tool.sh", "tool.py", "facemod", "upgraded", "upgraded2", "away")]
        lines += ["pattern %s/mod*/new/*.h5" % self.root, "model face290.onnx"]
        for name in ("gate_tool", "gate_tooldyn"):
            with open(os.path.join(TESTS, name), "rb") as f:
                data = f.read()
            lines += ["sha256 " + hashlib.sha256(data).hexdigest(), "size %d" % len(data)]
        with open(self.path("tools/tool.sh"), "rb") as f:
            data = f.read()
        lines += ["sha256 " + hashlib.sha256(data).hexdigest(), "size %d" % len(data)]
        lines += ["tool T91-component record", "path " + self.path("tools/component.so"), "publish"]
        return lines

    def remove(self):
        for where in reversed(self.mounts):
            subprocess.run(["umount", "-l", where], stderr=subprocess.DEVNULL)
        try:
            os.rmdir(self.root)
        except OSError:
            pass


class Gate:
    def __init__(self, scratch, *options, socket=None):
        self.scratch = scratch
        self.log = open(scratch.path("gate.log"), "a+")
        self.process = subprocess.Popen([GATE, "--only", scratch.root, "--socket", socket or scratch.path("frtd/s"), "--run",
                                         scratch.path("run"), "--canary-ms", "200", "--no-audit", *options],
                                        stderr=self.log, stdin=subprocess.DEVNULL)
        self.pids = {}
        atexit.register(self.kill)

    def state(self):
        try:
            with open(self.scratch.path("run/state.json")) as f:
                state = json.load(f)
        except (OSError, ValueError):
            return {}
        self.pids = state["pids"]
        return state

    def wait_enforcing(self):
        try:
            return wait_for("the gate enforces", lambda: self.state().get("enforcing") and self.state(), 60)
        except AssertionError:
            self.log.seek(0)
            raise AssertionError("not enforcing: %s\n%s" % (self.state(), self.log.read()))

    def pid_of(self, role):
        """From the shared counter, as fresh as the last state; the kernel's word for whether it lives."""
        return self.pids.get(role) or self.state()["pids"][role]

    def worker(self):
        """The live worker: a child of the keeper with its name."""
        if not self.leads():
            self.state()
        for lead in self.leads():
            for pid in children(lead):
                if name_of(pid) == "frt-gate-work":
                    return pid
        return None

    def leads(self):
        pids, todo = [], [self.process.pid]
        pids.append(self.process.pid)
        state = self.pids or self.state().get("pids", {})
        for role in ("lead", "spare"):
            if state.get(role):
                pids.append(state[role])
        return list(dict.fromkeys(p for p in pids if name_of(p) in ("frt-gate", "frt-gate-spare")))

    def kill_worker(self):
        pid = self.worker()
        if pid:
            kill(pid, signal.SIGKILL)
        return pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """Every process of ours, at once, as the kernel would see it when the machine's root does it."""
        self.state()
        pids = [p for p in dict.fromkeys([self.process.pid, *self.pids.values()])
                if p and name_of(p).startswith("frt-gate")]
        worker = self.worker()
        for pid in pids + ([worker] if worker else []):
            kill(pid, signal.SIGSTOP)
        for pid in pids + ([worker] if worker else []):
            kill(pid, signal.SIGKILL)
        self.process.wait()


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def name_of(pid):
    """Of a process that lives; a zombie has no name."""
    try:
        with open("/proc/%d/status" % pid) as f:
            lines = dict(line.split(":", 1) for line in f if ":" in line)
        return "" if lines["State"].strip().startswith("Z") else lines["Name"].strip()
    except OSError:
        return ""


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def road(scratch, name, uid=OFFICIAL, login=OFFICIAL, fd=None, timeout=60, root=None):
    """Exit status of one road; None when it did not come back."""
    command = [os.path.join(TESTS, "gate_roads"), str(login), str(uid), name, root or scratch.root]
    if fd is not None:
        command.append(str(fd))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               pass_fds=() if fd is None else (fd,), text=True)
    try:
        out, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, ""
    return process.returncode, out


def opened_by(uid, login, path):
    """A descriptor that somebody else opened, handed to us over a socket."""
    import socket
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            if login >= 0:
                log_in(login)
            become(uid)
            fd = os.open(path, os.O_RDONLY)
            socket.send_fds(theirs, [b"x"], [fd])
        finally:
            os._exit(0)
    theirs.close()
    _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    os.waitpid(pid, 0)
    ours.close()
    return fds[0] if fds else None
