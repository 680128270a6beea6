# SPDX-License-Identifier: BSD-2-Clause
"""A machine of its own for su, sudo and sshd: the test runs again inside a private mount namespace, in which scratch copies lie
over /etc/passwd, /etc/pam.d and the rest. The machine's own files are never written; the namespace goes with the test.

    import pam_world
    pam_world.enter()                 # first thing in the script
    world = pam_world.World({"p01": 20001, ...})
    world.service("su", "auth required ...")
"""
import crypt
import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("FRT_BINARY_DIR") or os.path.join(SOURCE, "build", "release")
PASSWORD = "correct horse"
CITY_GROUP = 20000


def enter():
    if os.geteuid() != 0:
        sys.exit("this test needs root")
    if os.environ.get("FRT_PAM_WORLD") == "1":
        return
    os.environ["FRT_PAM_WORLD"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-W", "ignore", "-B"] + sys.argv)


def write(path, text, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


class World:
    def __init__(self, people):
        self.people = people
        self.dir = tempfile.mkdtemp(prefix="frt-world-")
        os.chmod(self.dir, 0o755)
        self.mounts = []
        self.sshd = None
        self.module = os.path.join(self.dir, "pam_frt.so")
        shutil.copy(os.path.join(BINARY, "lib", "pam_frt.so"), self.module)
        self.make_accounts()
        self.make_places()

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def over(self, source, target):
        subprocess.run(["mount", "--bind", source, target], check=True)
        self.mounts.append(target)

    def make_accounts(self):
        hashed = crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_SHA256, rounds=1000))
        passwd, shadow, group = open("/etc/passwd").read(), open("/etc/shadow").read(), open("/etc/group").read()
        if "\nsshd:" not in passwd:  # sshd's own account; packages that are only unpacked have none
            passwd += "sshd:x:64222:65534::/run/sshd:/usr/sbin/nologin\n"
        group += "frtcity:x:%d:\n" % CITY_GROUP
        for name, uid in self.people.items():
            home = self.path("home", name)
            os.makedirs(home)
            os.chown(home, uid, CITY_GROUP)
            passwd += "%s:x:%d:%d::%s:/bin/sh\n" % (name, uid, CITY_GROUP, home)
            shadow += "%s:%s:19000:0:99999:7:::\n" % (name, hashed)
        for name, text, mode in (("passwd", passwd, 0o644), ("shadow", shadow, 0o640), ("group", group, 0o644),
                                 ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n", 0o644)):
            write(self.path(name), text, mode)
            if os.path.exists("/etc/" + name):
                self.over(self.path(name), "/etc/" + name)

    def make_places(self):
        os.mkdir(self.path("pam.d"))
        write(self.path("pam.d", "other"), "".join("%s required pam_deny.so\n" % t for t in ("auth", "account", "session",
                                                                                              "password")))
        self.over(self.path("pam.d"), "/etc/pam.d")
        os.mkdir(self.path("sudoers.d"), 0o750)
        write(self.path("sudoers"), "root ALL=(ALL:ALL) ALL\n", 0o440)
        self.over(self.path("sudoers"), "/etc/sudoers")
        self.over(self.path("sudoers.d"), "/etc/sudoers.d")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
        self.mounts.append("/run")
        os.mkdir("/run/sshd", 0o755)

    def service(self, name, text):
        write(self.path("pam.d", name), text)

    def sudoers(self, text):
        os.chmod(self.path("sudoers"), 0o640)
        write(self.path("sudoers"), text, 0o440)

    def expire(self, user, days_ago=99999):
        """The password of `user` was last changed then; the longest it may be kept is 90 days."""
        with open(self.path("shadow")) as f:
            lines = f.read().splitlines()
        day = max(1, int(time.time() // 86400) - days_ago)
        for n, line in enumerate(lines):
            if line.startswith(user + ":"):
                lines[n] = "%s:%d:0:90:7:::" % (":".join(line.split(":")[:2]), day)
        with open(self.path("shadow"), "w") as f:  # the same file: another one lies over /etc/shadow
            f.write("\n".join(lines) + "\n")

    # ---- programs ----

    def run(self, *command, user=None, stdin="", timeout=120):
        """Runs as root, or as one of the people (without a login)."""
        if user:
            command = ("setpriv", "--reuid", str(self.people[user]), "--regid", str(CITY_GROUP), "--clear-groups") + command
        begin = time.monotonic()
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout,
                              cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"})
        done.seconds = time.monotonic() - begin
        done.all = done.stdout + done.stderr
        return done

    def dialogue(self, command, answers, user=None, timeout=120):
        """Runs on a terminal; gives each answer when its question has appeared. (exit status, everything shown)."""
        if user:
            command = ["setpriv", "--reuid", str(self.people[user]), "--regid", str(CITY_GROUP), "--clear-groups"] + command
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir("/")
            os.execvpe(command[0], command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"})
        shown, seen, end = "", 0, time.monotonic() + timeout
        answers = list(answers)
        while time.monotonic() < end:
            if not select.select([fd], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(fd, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data.decode(errors="replace")
            if answers and answers[0][0] in shown[seen:]:
                seen = len(shown)
                os.write(fd, (answers.pop(0)[1] + "\n").encode())
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.replace("\r", "")

    # ---- sshd ----

    def start_sshd(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)], check=True)
        public = open(self.path("client.pub")).read()
        os.mkdir(self.path("keys"))
        for name in self.people:
            write(self.path("keys", name), public)
        write(self.path("sshd_config"), "\n".join([
            "Port %d" % self.port, "ListenAddress 127.0.0.1", "HostKey " + self.path("host"), "UsePAM yes",
            "PubkeyAuthentication yes", "PasswordAuthentication no", "KbdInteractiveAuthentication yes", "StrictModes no",
            "AuthorizedKeysFile " + self.path("keys", "%u"), "PidFile none", "UseDNS no", "PrintMotd no", "LogLevel VERBOSE",
            "MaxStartups 100:30:200"]) + "\n")
        log = open(self.path("sshd.log"), "ab")
        self.sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", self.path("sshd_config")], stderr=log,
                                     stdin=subprocess.DEVNULL, cwd="/")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("sshd did not start:\n" + open(self.path("sshd.log")).read())

    def ssh_command(self, user, *options):
        return ["ssh", "-F", "/dev/null", "-p", str(self.port), "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "LogLevel=INFO", *options, user + "@127.0.0.1", "id", "-un"]

    def ssh(self, user):
        return self.run(*self.ssh_command(user, "-i", self.path("client"), "-o", "BatchMode=yes"))

    def close(self):
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait(30)
        for target in reversed(self.mounts):
            subprocess.run(["umount", "-l", target], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)
