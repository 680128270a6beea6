#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The golden table through everything at once: a real slapd, frtd replicating it by content sync, pam_frt.so through the real
libpam, and the record in the trail. Rows whose action passes through PAM (login, open, exec of a named tool) and whose facts
can be had for real (no invented view, trail or clock states) are taken; each host is an frtd of its own, each time a clock of
its own (libfaketime). A tool that is in no catalogue is no facial recognition to the kernel gate, but a PAM line that names
one is a mistake and denies: those rows are not taken."""
import collections
import csv
import os
import shutil
import subprocess
import tempfile
import unittest

from frtd import BINARY, SOURCE, Frtd, default_policy, program
from slapd import REPLICA_DN, Slapd

ACCOUNT = 64210
GOLDEN = os.path.join(SOURCE, "tests", "golden", "golden.tsv")
IN_PAM = {"exec": "exec", "use": "exec", "open": "open", "access": "open", "login": "login"}
INVENTED = ("uses", "view", "trail", "clock", "gate", "evidence")
PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL = 0, 6, 9
LET_IN = ("allow", "exempt", "not-governed")


def golden_rows():
    with open(GOLDEN, newline="") as f:
        rows = list(csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t"))
    return [row for row in rows if row["action"] in IN_PAM and row["tool"].startswith("T") and row["login"] and row["host"]
            and row["match"] in ("", None) and not any(row.get(key) for key in INVENTED)]


def uid_numbers():
    numbers, uid = {}, None
    with open(os.path.join(SOURCE, "ldap_schema", "sample_city", "20-people.ldif")) as f:
        for line in f:
            if line.startswith("uid: "):
                uid = line.split()[1]
            elif line.startswith("uidNumber: "):
                numbers[uid] = line.split()[1]
    return numbers


class GoldenThroughPam(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="golden-")
        os.chmod(cls.folder, 0o755)  # the replica's account must reach the ldapi socket
        cls.slapd = Slapd(directory=os.path.join(cls.folder, "slapd"), external={ACCOUNT: REPLICA_DN})
        cls.slapd.__enter__()
        cls.numbers = uid_numbers()

    @classmethod
    def tearDownClass(cls):
        cls.slapd.__exit__(None, None, None)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def service(self, confdir, point, row):
        action = IN_PAM[row["action"]]
        name = "%s-%s" % (row["tool"].lower(), action)
        words = "tool=%s action=%s socket=%s" % (row["tool"], action, point.socket)
        module = os.path.join(BINARY, "lib", "pam_frt.so")
        with open(os.path.join(confdir, name), "w") as f:
            f.write("auth required pam_permit.so\n"
                    "account [success=ok new_authtok_reqd=ok ignore=die default=die] %s %s\n" % (module, words))
        return name

    def attempt(self, confdir, point, row):
        command = [program("pam-try"), "--confdir", confdir]
        if row["login"] in self.numbers:
            command += ["--login-uid", self.numbers[row["login"]]]
        else:  # not in the directory: the application names him
            command += ["--ruser", row["login"]]
        if row["request"]:
            command += ["--request", row["request"]]
        command += [self.service(confdir, point, row), row["user"] or row["login"]]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def check(self, confdir, point, row):
        before = len(point.records(k="decision"))
        done = self.attempt(confdir, point, row)
        records = point.records(k="decision")[before:]
        self.assertEqual(len(records), 1, "%s: one attempt, one record\n%s" % (row["case"], done.stdout + done.stderr))
        self.assertEqual((records[0]["dec"], records[0]["rule"]), (row["verdict"], row["rule"]), records[0])
        if row["verdict"] in LET_IN:
            expected = (PAM_SUCCESS,)
        else:
            expected = (PAM_AUTHINFO_UNAVAIL,) if row["rule"] == "F-CLOSED" else (PAM_PERM_DENIED,)
            self.assertIn("decision %d" % records[0]["n"], done.stdout.lower())
            self.assertIn(row["rule"], done.stdout)
        self.assertIn(done.returncode, expected, done.stdout)

    def test_the_whole_table_holds_on_what_slapcat_writes(self):
        path = os.path.join(self.folder, "slapcat.ldif")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.slapd.dump())
        done = subprocess.run([program("frt"), "policy", "test", "--policy", default_policy(), "--directory", path, GOLDEN],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertRegex(done.stdout, r"^[0-9]{3} cases, 0 differ\n$")

    def test_every_row_that_passes_through_pam_comes_out_of_the_whole_path(self):
        groups = collections.OrderedDict()
        for row in golden_rows():
            groups.setdefault((row["host"], row["at"]), []).append(row)
        self.assertGreater(sum(map(len, groups.values())), 30)
        checked = 0
        for (host, at), rows in groups.items():
            point = Frtd(host=host, at=at.replace("T", " ").rstrip("Z"), account="#%d" % ACCOUNT, frozen=True,
                         ldap={"uris": [self.slapd.ldapi_uri], "sasl_external": True})
            confdir = tempfile.mkdtemp(prefix="pam-")
            with open(os.path.join(confdir, "other"), "w") as f:
                f.write("".join("%s required pam_deny.so\n" % kind for kind in ("auth", "account", "session")))
            with point:
                point.wait_view()
                for row in rows:
                    with self.subTest(case=row["case"]):
                        self.check(confdir, point, row)
                        checked += 1
                self.assertEqual(point.frt("verify").code, 0)
            shutil.rmtree(confdir)
        print("golden rows through slapd, frtd and libpam: %d on %d hosts and times" % (checked, len(groups)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
