#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""frt run as ordinary people run it: through the real libpam, holding the grant while the tool runs, one use of the request."""
import os
import shutil
import subprocess
import tempfile
import unittest

from frtd import BINARY, Frtd, program, sample_city

PASSWD = "root:x:0:0:root:/root:/bin/sh\np01:x:20001:20000::/:/bin/sh\np22:x:20022:20000::/:/bin/sh\n"


class FrtRun(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="run-")
        os.chmod(self.folder, 0o755)
        self.tool = os.path.join(self.folder, "neoface")
        with open(self.tool, "w") as f:
            f.write("#!/bin/sh\necho \"searched $*\"\nexit 7\n")
        os.chmod(self.tool, 0o755)
        self.point = Frtd(host="h7", ldif=self.city())
        self.point.start()
        module = os.path.join(BINARY, "lib", "pam_frt.so")
        self.write("pam.d/frt", "auth [success=ok new_authtok_reqd=ok ignore=die default=die] {0} tool=env socket={1}\n"
                   "account [success=ok new_authtok_reqd=ok ignore=die default=die] {0} tool=env socket={1}\n"
                   .format(module, self.point.socket))
        self.write("pam.d/other", "auth required pam_deny.so\naccount required pam_deny.so\n")
        self.write("passwd", PASSWD)

    def tearDown(self):
        self.point.__exit__()
        shutil.rmtree(self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o644)

    def city(self):
        """The sample city, with a program where the catalogue has none for T25."""
        files = []
        for path in sample_city():
            with open(path) as f:
                text = f.read()
            if "T25-neoface" in text and "frtToolClass" in text:
                text = text.replace("frtToolId: T25-neoface\n", "frtToolId: T25-neoface\nfrtPath: %s\n" % self.tool)
            copy = os.path.join(self.folder, os.path.basename(path))
            with open(copy, "w") as f:
                f.write(text)
            os.chmod(copy, 0o644)
            files.append(copy)
        return files

    def run_as(self, uid, *arguments, stdin=""):
        # getpwuid() must find the person: in a mount namespace of our own, /etc/passwd is the test's.
        command = ("mount --bind %s/passwd /etc/passwd && exec setpriv --reuid %d --regid 20000 --clear-groups "
                   "--no-new-privs \"$@\"" % (self.folder, uid))
        return subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", command, "sh", program("frt"), "run",
                               "--config", self.point.conf, "--pam-dir", os.path.join(self.folder, "pam.d"), *arguments],
                              capture_output=True, text=True, input=stdin, timeout=120)

    def test_a_request_for_one_search_is_good_for_one_run(self):
        done = self.run_as(20022, "--request", "Q202", "T25", "--", "--probe", "a.png")
        self.assertEqual((done.returncode, done.stdout), (7, "searched --probe a.png\n"), done.stderr)
        self.assertIn("record matches and database", done.stderr)
        decisions = self.point.records(k="decision")
        self.assertEqual([d["dec"] for d in decisions], ["allow", "allow"])
        self.assertEqual([d["use"] for d in decisions], [1, 0])  # one use: the grant is the decision's
        self.assertEqual(self.point.records(k="session")[-1]["what"], "grant ended")
        again = self.run_as(20022, "--request", "Q202", "T25")
        self.assertEqual(again.returncode, 1, again.stdout)
        self.assertEqual(self.point.records(k="decision")[-1]["why"], "scope-exhausted")

    def test_without_a_request_it_is_asked_for(self):
        done = self.run_as(20022, "T25", stdin="Q202\n")
        self.assertEqual((done.returncode, done.stdout), (7, "searched \n"), done.stderr)

    def test_an_official_is_told_why_and_nothing_runs(self):
        done = self.run_as(20001, "--request", "Q202", "T25")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("refused", done.stderr)
        self.assertIn("Northampton Code", done.stderr)

    def test_without_frtd_nothing_runs(self):
        self.point.stop()
        done = self.run_as(20022, "--request", "Q202", "T25")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("frtd", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
