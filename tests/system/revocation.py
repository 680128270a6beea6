#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""From the directory's commit to a changed verdict, through slapd, frt-replica and frtd; who changed the role is on record; a
directory that falls silent makes outside agencies lapse and changes nothing for officials."""
import os
import shutil
import statistics
import tempfile
import time
import unittest

from frtd import Frtd
from slapd import REPLICA_DN, Slapd

ACCOUNT = 64210
ROLE = """dn: frtRoleId=p28-again,ou=roles,dc=frt,dc=example
objectClass: frtRole
frtRoleId: p28-again
frtPerson: p28
frtAffiliation: city
frtAgency: city
frtDepartment: schools
frtOfficialType: elected
"""


class Revocation(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="revocation-")
        os.chmod(self.folder, 0o755)
        self.slapd = Slapd(directory=os.path.join(self.folder, "slapd"), external={ACCOUNT: REPLICA_DN})
        self.slapd.__enter__()
        self.point = Frtd(host="h6", account="#%d" % ACCOUNT, max_view_age=3,
                          ldap={"uris": [self.slapd.ldapi_uri], "sasl_external": True})
        self.point.start()
        self.point.wait_view()

    def tearDown(self):
        self.point.__exit__()
        self.slapd.__exit__(None, None, None)
        shutil.rmtree(self.folder, ignore_errors=True)

    def verdict(self):
        check = self.point.json("check", "p28", "T25", "--request", "Q201")
        return check["verdict"], check["reason"]

    def until(self, expected, seconds=30):
        start = time.monotonic()
        while self.verdict()[0] != expected:
            self.assertLess(time.monotonic() - start, seconds, self.point.log())
        return (time.monotonic() - start) * 1000

    def test_a_changed_role_changes_the_verdict_at_once_and_is_on_record(self):
        times = []
        self.assertEqual(self.verdict()[0], "allow")
        for _ in range(15):
            self.assertEqual(self.slapd.add(ROLE, who="p19"), 0)
            times.append(self.until("deny"))
            self.assertEqual(self.verdict()[1], "dual-role")
            self.assertEqual(self.slapd.delete("frtRoleId=p28-again,ou=roles,dc=frt,dc=example", who="p19"), 0)
            times.append(self.until("allow"))
        print("from ldapmodify's return to the changed verdict (asking included): median %.0f ms, worst %.0f ms"
              % (statistics.median(times), max(times)))
        time.sleep(0.2)
        added = self.point.records(k="role", what="added")
        self.assertEqual(len(added), 15)
        self.assertIn("uid=p19", added[0]["by"])
        self.assertIn("frtPerson=p28", added[0]["after"])
        self.assertEqual(len(self.point.records(k="role", what="removed")), 15)

    def test_a_silent_directory_makes_agencies_lapse(self):
        self.assertEqual(self.verdict()[0], "allow")
        self.slapd.pause()
        start = time.monotonic()
        self.until("deny")
        lapsed = time.monotonic() - start
        self.assertEqual(self.verdict(), ("deny", "view-stale"))
        self.assertEqual(self.point.json("check", "p20", "T44")["verdict"], "not-governed")
        self.assertEqual(self.point.frt("status").code, 1)
        print("a frozen slapd: allows ended after %.1f s with max_view_age = 3 s" % lapsed)
        self.slapd.resume()
        self.until("allow")

    def test_a_reload_fetches_the_directory_anew_and_goes_on(self):
        before = len(self.point.records(k="sync"))
        self.point.reload()
        end = time.monotonic() + 30
        while len(self.point.records(k="sync")) == before and time.monotonic() < end:
            time.sleep(0.05)
        self.assertGreater(len(self.point.records(k="sync")), before)
        self.assertEqual(self.verdict()[0], "allow")
        self.assertEqual(self.slapd.add(ROLE, who="p19"), 0)
        self.until("deny")

    def test_a_killed_slapd_and_its_return(self):
        self.slapd.kill()
        self.until("deny")
        self.slapd.start()
        self.until("allow")
        self.assertEqual(self.point.frt("verify").code, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
