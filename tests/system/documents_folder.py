#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The folder that installing makes for the documents of requests (sysusers.d, tmpfiles.d): records officers file and read there,
nobody removes what another has filed, and nobody else looks in."""
import os
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="documents-")
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        os.chmod(cls.root, 0o755)
        os.mkdir(os.path.join(cls.root, "etc"))
        for name in ("passwd", "group"):
            shutil.copy("/etc/" + name, os.path.join(cls.root, "etc", name))
        for program, folder in (("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")):
            done = subprocess.run([program, "--root=" + cls.root] + (["--create"] if "tmp" in program else []) +
                                  [os.path.join(SOURCE, "config", folder, "frt.conf")], capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr)
        with open(os.path.join(cls.root, "etc", "group")) as f:
            cls.groups = {line.split(":")[0]: int(line.split(":")[2]) for line in f}
        cls.folder = os.path.join(cls.root, "var", "lib", "frt", "documents")

    def shell(self, uid, group, words):
        """In that folder, as somebody who is in that group beside his own."""
        return subprocess.run(["/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid), "--groups",
                               str(self.groups.get(group, 64999)), "/bin/sh", "-c", "umask 027; " + words, "sh", self.folder],
                              capture_output=True, text=True)

    def test_records_officers_file_read_and_do_not_remove_each_others(self):
        self.assertEqual(self.shell(20024, "frt-records", "echo request >$1/aa").returncode, 0)
        self.assertEqual(self.shell(20026, "frt-records", "cat $1/aa").stdout, "request\n")
        self.assertNotEqual(self.shell(20026, "frt-records", "rm -f $1/aa").returncode, 0)
        self.assertNotEqual(self.shell(20026, "frt-records", "mv $1/aa $1/bb").returncode, 0)
        self.assertNotEqual(self.shell(20026, "frt-records", "echo other >$1/aa").returncode, 0)
        self.assertEqual(os.stat(os.path.join(self.folder, "aa")).st_gid, self.groups["frt-records"])

    def test_nobody_else_looks_in(self):
        for group in ("nobody-at-all", "frt-tools", "frt-auditors"):
            self.assertNotEqual(self.shell(20001, group, "ls $1").returncode, 0, group)
            self.assertNotEqual(self.shell(20001, group, "echo x >$1/x").returncode, 0, group)


if __name__ == "__main__":
    unittest.main()
