# SPDX-License-Identifier: BSD-2-Clause
"""What ordinary people do, on a file system that is gated and on one that is not: programs, files, a C compiler, git and Python, each
with everything it runs and opens copied there."""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "gate"))
from gate_harness import BINARY_DIR, OFFICIAL  # noqa: E402

LOAD = os.path.join(BINARY_DIR, "bin", "gate-load")
FRESH = 150
PYTHON = "python%d.%d" % sys.version_info[:2]


def load(uid, what, count, *arguments, cwd="/", env=None):
    """(median, 99th percentile, largest) in microseconds, tries, refused."""
    def become():
        with open("/proc/self/loginuid", "w") as f:
            f.write(str(uid))
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    out = subprocess.run([LOAD, what, str(count), *arguments], check=True, stdout=subprocess.PIPE, text=True, preexec_fn=become, cwd=cwd,
                         env=env or {}).stdout.split()
    return tuple(float(n) for n in out[:3]) + tuple(int(n) for n in out[3:])


class Place:
    """A directory on the file system to be measured; root's, as installed software is."""

    def __init__(self, where, rounds):
        self.where, self.first_set = where, 0
        os.makedirs(where, exist_ok=True)
        for name in ("out", "repo"):
            os.mkdir(self.path(name))
            os.chmod(self.path(name), 0o1777)
        self.program(self.path("program"), b"an ordinary program")
        self.program(self.path("true"), b"another", "/usr/bin/true")
        self.compiler()
        self.python()
        self.git()
        self.fresh(rounds)

    def path(self, *names):
        return os.path.join(self.where, *names)

    @staticmethod
    def program(path, salt, source=os.path.join(BINARY_DIR, "bin", "gate-tiny")):
        shutil.copyfile(source, path)
        with open(path, "ab") as f:
            f.write(salt)
        os.chmod(path, 0o755)

    def fresh(self, sets):
        """Programs that nobody has run, one set for each round."""
        for n in range(sets):
            os.makedirs(self.path("fresh", str(n)))
            for i in range(FRESH):
                self.program(self.path("fresh", str(n), "p%d" % i), os.urandom(8))
                self.program(self.path("fresh", str(n), "t%d" % i), os.urandom(8), "/usr/bin/true")

            os.makedirs(self.path("files", str(n)))
            for i in range(FRESH):
                with open(self.path("files", str(n), "f%d" % i), "w") as f:
                    f.write("file %d\n" % i)

    def compiler(self):
        os.mkdir(self.path("cc"))
        for name in ("gcc", "as"):
            shutil.copy(os.path.realpath("/usr/bin/" + name), self.path("cc", name))
        cc1 = subprocess.run(["gcc", "-print-prog-name=cc1"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        shutil.copy(cc1, self.path("cc", "cc1"))
        os.mkdir(self.path("src"))
        for i in range(40):
            with open(self.path("src", "h%d.h" % i), "w") as f:
                f.write("static inline int f%d(int x) { return x * %d + 1; }\n" % (i, i))
        for j in range(3):
            with open(self.path("src", "c%d.c" % j), "w") as f:
                f.write("".join("#include \"h%d.h\"\n" % i for i in range(40)) + "int g%d(int x) { return f1(x) + f39(x); }\n" % j)

    def python(self):
        os.makedirs(self.path("py", "bin"))
        shutil.copy(os.path.realpath("/usr/bin/" + PYTHON), self.path("py", "bin", "python3"))
        skip = shutil.ignore_patterns("test", "idlelib", "lib2to3", "tkinter", "dist-packages", "ensurepip", "config-*", "pydoc_data")
        shutil.copytree("/usr/lib/" + PYTHON, self.path("py", "lib", PYTHON), ignore=skip)

    def git(self):
        shutil.copy(os.path.realpath(shutil.which("git")), self.path("cc", "git"))
        for i in range(300):
            os.makedirs(self.path("repo", "d%d" % (i % 20)), exist_ok=True)
            with open(self.path("repo", "d%d" % (i % 20), "f%d" % i), "w") as f:
                f.write("%d\n" % i)
        for command in (("init", "-q"), ("add", "."), ("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "x")):
            subprocess.run([self.path("cc", "git"), "-C", self.path("repo"), *command], check=True, env=self.environment(),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["chown", "-R", "%d:%d" % (OFFICIAL, OFFICIAL), self.path("repo")], check=True)

    def environment(self):
        return {"PATH": self.path("cc"), "HOME": self.path("out"), "TMPDIR": self.path("out"), "LC_ALL": "C", "PYTHONHOME": self.path("py"),
                "GIT_CONFIG_NOSYSTEM": "1"}

    def executables(self):
        found = [self.path("program"), self.path("true")] + glob.glob(self.path("fresh", "*", "*")) + glob.glob(self.path("cc", "*"))
        return found + glob.glob(self.path("py", "bin", "*")) + glob.glob(self.path("py", "lib", "**", "*.so"), recursive=True)

    def do(self, uid, what, scale, number):
        """One row of the table in round `number`, `scale` for how many times."""
        def command(count, *arguments):
            return load(uid, "command", max(3, count * scale // 100), *arguments, cwd=self.path("out"), env=self.environment())
        if what == "exec true, warm":
            return load(uid, "exec", 2 * scale, self.path("true"))
        if what == "exec true, first time":
            return load(uid, "first", 0, *glob.glob(self.path("fresh", str(self.first_set + number), "t*")))
        if what == "exec smallest, warm":
            return load(uid, "exec", 4 * scale, self.path("program"))
        if what == "exec smallest, first time":
            return load(uid, "first", 0, *glob.glob(self.path("fresh", str(self.first_set + number), "p*")))
        if what == "open, warm":
            return load(uid, "open", 40 * scale, self.path("src", "c1.c"))
        if what == "open, first time":
            return load(uid, "opens", 0, *glob.glob(self.path("files", str(self.first_set + number), "*")))
        if what == "compile 3 C files":
            sources = [self.path("src", "c%d.c" % j) for j in range(3)]
            return command(10, self.path("cc", "gcc"), "-B" + self.path("cc") + "/", "-c", *sources)
        if what == "git status":
            return command(20, self.path("cc", "git"), "-C", self.path("repo"), "status", "--porcelain")
        return command(20, self.path("py", "bin", "python3"), "-c", "import json")


ROWS = ("exec true, warm", "exec true, first time", "exec smallest, warm", "exec smallest, first time", "open, warm", "open, first time", "compile 3 C files", "git status", "python3 -c 'import json'")
