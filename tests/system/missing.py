#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""When something is missing: the table of design section 6, row by row, through slapd, frt-replica, frtd, pam_frt.so and libpam.
Each row asks the same four questions: an outside analyst with a written request, a city official, an exempt use, and a service
that names no tool (it must not notice anything)."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from frtd import BINARY, Frtd, program
from slapd import REPLICA_DN, Slapd

ACCOUNT = 64210
LET_IN, DENIED, UNDECIDED = 0, 6, 9  # PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL
GOVERNED = "[success=ok new_authtok_reqd=ok ignore=die default=die]"
UNREADABLE = """dn: frtRoleId=p20-odd,ou=roles,dc=frt,dc=example
objectClass: frtRole
frtRoleId: p20-odd
frtPerson: p20
frtAffiliation: outside
frtAgency: msp
frtRoleStart: 20260301000000.5+0100
"""


class Missing(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="missing-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.slapd = Slapd(directory=os.path.join(self.folder, "slapd"), external={ACCOUNT: REPLICA_DN})
        self.slapd.__enter__()
        self.addCleanup(self.slapd.__exit__, None, None, None)
        self.point = Frtd(host="h6", account="#%d" % ACCOUNT, max_view_age=5,
                          ldap={"uris": [self.slapd.ldapi_uri], "sasl_external": True})
        self.addCleanup(self.point.__exit__)
        self.point.start()
        self.point.wait_view()
        self.confdir = os.path.join(self.folder, "pam.d")
        os.mkdir(self.confdir)
        module = os.path.join(BINARY, "lib", "pam_frt.so")
        self.service("other", "auth required pam_deny.so\naccount required pam_deny.so\n")
        self.service("plain", "auth required pam_permit.so\naccount required pam_permit.so\naccount optional %s\n" % module)
        for tool in ("T25", "T34"):
            self.service(tool.lower(), "auth required pam_permit.so\naccount %s %s tool=%s socket=%s timeout_ms=20000\n"
                         % (GOVERNED, module, tool, self.point.socket))

    def service(self, name, text):
        with open(os.path.join(self.confdir, name), "w") as f:
            f.write(text)

    def walk(self, service, user, *options):
        done = subprocess.run([program("pam-try"), "--confdir", self.confdir, *options, service, user], capture_output=True,
                              text=True, timeout=120)
        return done.returncode, done.stdout

    def row(self, analyst, official, exempt, why=None):
        """PAM results of the analyst's search, an official's attempt, an exempt use; why the analyst's was refused."""
        code, shown = self.walk("t25", "p20", "--request", "Q201")
        self.assertEqual((code, self.walk("t25", "p01")[0], self.walk("t34", "p20")[0]), (analyst, official, exempt), shown)
        if why:
            self.assertIn(why, shown)
        self.assertEqual(self.walk("plain", "p20")[0], LET_IN)
        self.assertEqual(self.walk("plain", "root")[0], LET_IN)

    def until(self, state):
        self.point.wait_view(state)

    def test_nothing_missing(self):
        self.row(LET_IN, DENIED, LET_IN)

    def test_frtd_does_not_run(self):
        self.point.stop()
        self.row(UNDECIDED, UNDECIDED, UNDECIDED, "frtd-unreachable")

    def test_frtd_hangs(self):
        for tool in ("T25", "T34"):
            path = os.path.join(self.confdir, tool.lower())
            with open(path) as f:
                text = f.read()
            self.service(tool.lower(), text.replace("timeout_ms=20000", "timeout_ms=500"))
        self.point.process.send_signal(signal.SIGSTOP)
        try:
            self.row(UNDECIDED, UNDECIDED, UNDECIDED, "frtd-unreachable")
        finally:
            self.point.process.send_signal(signal.SIGCONT)

    def test_directory_silent_within_the_lease_and_beyond(self):
        self.slapd.pause()
        try:
            age = self.point.json("status")["view"]["age_ms"]
            code = self.walk("t25", "p20", "--request", "Q201")[0]
            after = self.point.json("status")["view"]["age_ms"]
            if after < 5000:  # decided from the view, and its age is on record
                self.assertEqual(code, LET_IN)
                self.assertGreaterEqual(self.point.records(k="decision")[-1]["age"], age)
            self.until("stale")
            self.row(UNDECIDED, UNDECIDED, UNDECIDED, "view-stale")  # this policy exempts nobody on an old view
        finally:
            self.slapd.resume()
        self.until("fresh")
        self.row(LET_IN, DENIED, LET_IN)

    def test_a_view_that_was_never_loaded(self):
        self.point.stop()
        self.slapd.kill()
        self.point.start()
        self.assertEqual(self.point.json("status")["view"]["state"], "never-loaded")
        code, shown = self.walk("t25", "p20", "--request", "Q201")
        self.assertEqual(code, UNDECIDED, shown)
        self.assertIn("view-never-loaded", shown)
        self.assertNotEqual(self.walk("t25", "p01")[0], LET_IN)
        self.assertEqual(self.walk("plain", "p20")[0], LET_IN)
        self.slapd.start()
        self.until("fresh")
        self.row(LET_IN, DENIED, LET_IN)

    def test_a_role_is_unknown_or_gone(self):
        code, shown = self.walk("t25", "p31", "--request", "Q201")
        self.assertEqual(code, UNDECIDED)
        self.assertIn("subject-unknown", shown)
        code, shown = self.walk("t25", "root", "--request", "Q201")
        self.assertNotEqual(code, LET_IN)

    def test_the_trail_cannot_be_written(self):
        size = max(os.path.getsize(os.path.join(self.point.trail_dir, f)) for f in os.listdir(self.point.trail_dir))
        limit = ["/usr/bin/setpriv", "--reuid", str(ACCOUNT), "--regid", str(ACCOUNT), "--clear-groups", "/usr/bin/prlimit",
                 "--pid", str(self.point.process.pid)]
        subprocess.run(limit + ["--fsize=%d:" % size], check=True)
        self.walk("t25", "p01")  # finds out
        code, shown = self.walk("t25", "p20", "--request", "Q201")
        self.assertEqual(code, UNDECIDED)
        self.assertIn("trail-unwritable", shown)
        self.assertNotEqual(self.walk("t34", "p20")[0], LET_IN)
        self.assertNotEqual(self.walk("t25", "p01")[0], LET_IN)
        self.assertEqual(self.walk("plain", "p20")[0], LET_IN)
        self.assertIn("cannot be written", self.point.log())
        subprocess.run(limit + ["--fsize=unlimited:"], check=True)
        end = time.monotonic() + 60
        while not self.point.json("status")["trail"]["writable"]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)
        self.row(LET_IN, DENIED, LET_IN)
        self.assertGreater(sum(r["count"] for r in self.point.records(k="gap")), 0)

    def test_a_policy_bad_on_reload_and_bad_at_start(self):
        with open(self.point.policy) as f:
            good = f.read()
        with open(self.point.policy, "w") as f:
            f.write(good.replace("verdict", "vredict", 1))
        self.point.reload()
        self.assertIn("reload refused", self.point.log())
        self.row(LET_IN, DENIED, LET_IN)
        self.point.stop()
        done = subprocess.run([program("frtd"), "--config", self.point.conf], capture_output=True, text=True, timeout=60,
                              env=self.point.environment(), cwd="/")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.row(UNDECIDED, UNDECIDED, UNDECIDED, "frtd-unreachable")

    def test_an_entry_cannot_be_read(self):
        self.assertEqual(self.slapd.add(UNREADABLE, who="p19"), 0)
        end = time.monotonic() + 60
        while self.point.json("status")["view"]["unreadable_count"] == 0:
            self.assertLess(time.monotonic(), end, self.point.log())
            time.sleep(0.05)
        code, shown = self.walk("t25", "p20", "--request", "Q201")
        self.assertNotEqual(code, LET_IN, shown)
        self.assertEqual(self.walk("plain", "p20")[0], LET_IN)


if __name__ == "__main__":
    unittest.main(verbosity=1)
