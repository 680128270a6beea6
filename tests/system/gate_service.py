#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""frt-gate as a service: it takes its words from frt.conf, tells the service manager that it is ready only when it enforces, is left
with few system calls, and where frt.conf says that a host has a gate, PAM services are refused while it has none."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
import gate_harness  # noqa: E402

if __name__ == "__main__":
    gate_harness.enter()

from frtd import BINARY, Frtd, program, sample_city  # noqa: E402
from gate_harness import wait_for  # noqa: E402

LET_IN, DENIED, UNDECIDED = 0, 6, 9
TOOL = """
dn: frtToolId=T90-scratch,ou=tools,dc=frt,dc=example
objectClass: frtTool
frtToolId: T90-scratch
cn: scratch tool
frtToolClass: face-surveillance
frtCapability: identify-1toN
frtVector: path
frtPath: %s
frtAction: decide
frtCertainty: reported
"""


class GateService(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="frt-gate-service-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "frt-test", self.place], check=True)
        self.addCleanup(lambda: (subprocess.run(["umount", "-l", self.place]), os.rmdir(self.place)))
        self.tool = os.path.join(self.place, "tool")
        shutil.copyfile("/bin/true", self.tool)
        os.chmod(self.tool, 0o755)
        ldif = os.path.join(self.place, "tool.ldif")
        with open(ldif, "w") as f:
            f.write(TOOL.lstrip() % self.tool)
        self.point = Frtd(host="h6", ldif=sample_city() + [ldif],
                          extra='gate = { required = true; only = [ "%s" ]; kernel_audit = false; canary_interval = 1; };' % self.place)
        self.addCleanup(self.point.__exit__)
        self.process = None
        self.addCleanup(self.stop)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.told = os.path.join(self.place, "notify")
        self.manager.bind(self.told)
        self.words = []

    def start(self):
        self.log = open(os.path.join(self.place, "gate.log"), "a+")
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen([gate_harness.GATE, "--config", self.point.conf, "--run", os.path.join(self.place, "run")],
                                        stderr=self.log, stdin=subprocess.DEVNULL, env={"NOTIFY_SOCKET": self.told})

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def hear(self, seconds):
        """What the manager is told until then, or until it is ready."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any("READY=1" in word for word in self.words):
            self.manager.settimeout(max(0.01, end - time.monotonic()))
            try:
                self.words.append(self.manager.recv(4096).decode())
            except socket.timeout:
                pass
        return any("READY=1" in word for word in self.words)

    def walk(self):
        """T25 under a written request, through libpam."""
        confdir = os.path.join(self.place, "pam.d")
        if not os.path.isdir(confdir):
            os.mkdir(confdir)
            with open(os.path.join(confdir, "t25"), "w") as f:
                f.write("auth required pam_permit.so\naccount [success=ok new_authtok_reqd=ok ignore=die default=die] %s tool=T25 "
                        "socket=%s timeout_ms=20000\n" % (os.path.join(BINARY, "lib", "pam_frt.so"), self.point.socket))
        done = subprocess.run([program("pam-try"), "--confdir", confdir, "--request", "Q201", "t25", "p20"], capture_output=True,
                              text=True, timeout=120)
        return done.returncode, done.stdout

    def open_as(self, uid):
        return subprocess.run(["/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", self.tool],
                              capture_output=True, timeout=60).returncode

    def test_it_is_ready_when_it_enforces_and_pam_waits_for_it(self):
        self.start()
        self.assertFalse(self.hear(5), self.words)  # there is no frtd: nothing is marked, and it says so
        self.assertTrue(any("WATCHDOG=1" in word and "no catalogue yet" in word for word in self.words), self.words)
        self.stop()
        self.words.clear()
        self.point.start()
        code, shown = self.walk()
        self.assertEqual(code, UNDECIDED, shown)
        self.assertIn("gate-not-enforcing", shown)
        self.assertEqual(self.point.frt("status").code, 1)
        self.assertEqual(self.point.records(k="guard")[0]["gate"], "not-enforcing")
        self.assertEqual(self.open_as(20001), 0)
        self.start()
        self.assertTrue(self.hear(60), self.words)
        self.assertNotEqual(self.open_as(20001), 0)  # at that moment, not some time after
        wait_for("frtd knows that it enforces", lambda: self.point.json("status")["gate"] == "enforcing", 60)
        self.assertEqual(self.walk()[0], LET_IN)
        self.confined()
        self.stop()
        wait_for("frtd knows that it is gone", lambda: self.point.json("status")["gate"] == "not-enforcing", 60)
        self.assertEqual(self.walk()[0], UNDECIDED)

    def confined(self):
        """Lead, spare and worker, in a build without sanitizers."""
        with open("/proc/%d/maps" % self.process.pid) as f:
            sanitized = "libasan" in f.read()
        pids = [self.process.pid] + gate_harness.children(self.process.pid)
        self.assertGreaterEqual(len(pids), 3)
        for pid in pids:
            with open("/proc/%d/status" % pid) as f:
                status = f.read()
            self.assertEqual(re.search(r"^Seccomp:\s*(\d)", status, re.M)[1], "0" if sanitized else "2", status)
            self.assertEqual(re.search(r"^NoNewPrivs:\s*(\d)", status, re.M)[1], "1")

    def test_the_configuration_is_read_whole_or_not_at_all(self):
        good = subprocess.run([gate_harness.GATE, "--config", self.point.conf, "--check"], capture_output=True, text=True, timeout=60)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn(self.place, good.stdout)
        with open(self.point.conf) as f:
            text = f.read()
        for wrong, expected in (("requried = true;", "unknown key; known here: required only"), ("only = [ \"opt\" ];", "absolute path"),
                                ("canary_interval = 0;", "from 1 to 60"), ("kernel_audit = 1;", "true or false")):
            with open(self.point.conf, "w") as f:
                f.write(re.sub(r"gate = .*", "gate = { %s };" % wrong, text))
            for command in ([gate_harness.GATE, "--config", self.point.conf], [program("frtd"), "--config", self.point.conf, "--check"]):
                done = subprocess.run(command, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 78, (wrong, done.stderr))
                self.assertIn("frt.conf:", done.stderr)
                self.assertIn(expected, done.stderr)
        for arguments in (["--all", "--only", "/"], ["--config", self.point.conf, "--all"], ["--nonsense"]):
            self.assertEqual(subprocess.run([gate_harness.GATE, *arguments], capture_output=True, timeout=60).returncode, 64)


if __name__ == "__main__":
    unittest.main(verbosity=1)
