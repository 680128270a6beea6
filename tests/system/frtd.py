# SPDX-License-Identifier: BSD-2-Clause
"""A private frtd in a scratch folder, for tests: the real daemon, the real frt.

    from frtd import Frtd

    with Frtd(host="h1") as point:               # the sample city from its LDIF files, at the golden time
        point.socket, point.trail_dir, point.conf
        point.frt("check", "p01", "T03")         # Result(code, out, err) of `frt --config ...`
        point.json("status")                     # its --json, parsed
        point.records(k="decision", user="p01")  # what the trail holds, parsed
        point.reload(); point.stop(); point.start(); point.kill()

Options: ldif=[paths] (default the sample city), ldap={"uris": [...], ...} (keys of the `directory` group; then frt-replica is
used), policy=PATH, at="2026-03-16 14:00:00" (UTC; None: the real time; the daemon's clock then runs on from there, by
libfaketime; frozen=True: it stands still), account="#64210" (frtd's own account when the test is root), extra="text for frt.conf".
"""
import collections
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(HERE))
BINARY = os.environ.get("FRT_BINARY_DIR") or os.path.join(SOURCE, "build", "release")
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
GOLDEN = "2026-03-16 14:00:00"
SUFFIX = "dc=frt,dc=example"

Result = collections.namedtuple("Result", "code out err")


def program(name):
    return os.path.join(BINARY, "bin", name)


def sample_city():
    return sorted(glob.glob(os.path.join(SOURCE, "ldap_schema", "sample_city", "*.ldif")))


def default_policy():
    return os.path.join(SOURCE, "config", "policies", "northampton-ma.policy")


def conf_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[ %s ]" % ", ".join(conf_value(v) for v in value)
    return '"%s"' % value


class Frtd:
    def __init__(self, host="h1", ldif=None, ldap=None, policy=None, at=GOLDEN, account="#64210", extra="",
                 directory=None, max_view_age=60, frozen=False):
        self.keep = directory is not None
        self.dir = directory or tempfile.mkdtemp(prefix="frtd-")
        os.chmod(self.dir, 0o755)
        self.host, self.at, self.process = host, at, None
        self.frozen = frozen  # a calendar clock that stands still: for the last second of something
        self.socket = os.path.join(self.dir, "run", "frtd.sock")
        self.trail_dir = os.path.join(self.dir, "log")
        self.key_dir = os.path.join(self.dir, "key")
        self.conf = os.path.join(self.dir, "frt.conf")
        self.log_path = os.path.join(self.dir, "frtd.stderr")
        self.policy = os.path.join(self.dir, "policy")
        shutil.copyfile(policy or default_policy(), self.policy)
        self.account = account if os.geteuid() == 0 else None
        source = dict(ldap) if ldap else {"ldif": self.own(ldif or sample_city())}
        source.setdefault("suffix", SUFFIX)
        self.write_conf(source, max_view_age, extra)

    def own(self, files):
        """Files of the checkout, copied: frtd reads only those that are root's or its own, and a checkout is anybody's."""
        names = []
        for path in files:
            names.append(path)
            if path.startswith(SOURCE + os.sep):
                names[-1] = os.path.join(self.dir, os.path.basename(path))
                shutil.copyfile(path, names[-1])
                os.chmod(names[-1], 0o644)
        return names

    def write_conf(self, source, max_view_age, extra):
        lines = ['host = "%s";' % self.host, 'policy = "%s";' % self.policy, 'socket = "%s";' % self.socket,
                 'log_dir = "%s";' % self.trail_dir, 'key_dir = "%s";' % self.key_dir,
                 'max_view_age = %d;' % max_view_age]
        if self.account:
            lines.append('user = "%s";' % self.account)
        lines.append("directory = {")
        lines += ["    %s = %s;" % (key, conf_value(value)) for key, value in source.items()]
        lines += ["};", extra]
        with open(self.conf, "w") as f:
            f.write("\n".join(lines) + "\n")

    def environment(self):
        env = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        if self.at:
            env.update(LD_PRELOAD=FAKETIME, FAKETIME=("" if self.frozen else "@") + self.at, FAKETIME_DONT_FAKE_MONOTONIC="1", TZ="UTC",
                       FAKETIME_NO_CACHE="1")
        return env

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([program("frtd"), "--config", self.conf], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment(), cwd="/")
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("frtd ended with %d:\n%s" % (self.process.returncode, self.log()))
            if os.path.exists(self.socket) and self.frt("status", "--json").code in (0, 1):
                return
            time.sleep(0.02)
        raise RuntimeError("frtd did not become ready:\n" + self.log())

    def wait_view(self, state="fresh", seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.json("status")["view"]["state"] == state:
                return
            time.sleep(0.02)
        raise RuntimeError("the view did not become %s:\n%s\n%s" % (state, self.json("status")["view"], self.log()))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.process = None

    def kill(self):
        self.process.kill()
        self.process.wait(30)
        self.process = None

    def reload(self):
        before = self.log().count("reload")
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 30
        while self.log().count("reload") == before and time.monotonic() < end:
            time.sleep(0.02)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def frt(self, *arguments, user=None, stdin=None):
        command = [program("frt"), "--config", self.conf] + list(arguments)
        if user is not None:  # a uid number
            command = ["/usr/bin/setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"] + command
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", input=stdin, timeout=300,
                              env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"})
        return Result(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments, **options):
        result = self.frt(*arguments, "--json", **options)
        if not result.out:
            raise RuntimeError("frt %s: exit %d: %s" % (" ".join(arguments), result.code, result.err))
        return json.loads(result.out)

    def records(self, **wanted):
        found = []
        for path in sorted(glob.glob(os.path.join(self.trail_dir, "*.seg"))):
            with open(path) as f:
                for line in f:
                    if line.startswith("{"):
                        record = json.loads(line)
                        if all(record.get(key) == value for key, value in wanted.items()):
                            found.append(record)
        return found

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *error):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)
