#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a change in the directory, or a failure of it, does to a verdict and to the trail: real slapd, frt-replica and frtd, and
attempts as PAM makes them. p20 is a State Police operator with a written request, p01 a patrol officer, p06 the mayor."""
import calendar
import os
import shutil
import signal
import tempfile
import time
import unittest

from frtd import SOURCE, Frtd
from frtd_wire import EXEC, NAMED, Talk
from slapd import REPLICA_DN, SUFFIX, Slapd, person_dn

ACCOUNT = 64210
POLICE = "cn=police,ou=groups," + SUFFIX
PATIENCE_S = 60
ALLOWED = ("allow", "request-on-file")
OFFICIAL, DUAL = ("deny", "city-official"), ("deny", "dual-role")
NOBODY, DARK = ("deny", "subject-unknown"), ("deny", "view-incomplete")


def role_dn(name, container="roles"):
    return "frtRoleId=%s,ou=%s,%s" % (name, container, SUFFIX)


def city_role(name, person, *lines):
    return "\n".join(["dn: " + role_dn(name), "changetype: add", "objectClass: frtRole", "frtRoleId: " + name, "frtPerson: " + person,
                      "frtAffiliation: city", "frtAgency: city", "frtOfficialType: employee", *lines]) + "\n"


def change(dn, operation, attribute, *values):
    return "\n".join(["dn: " + dn, "changetype: modify", "%s: %s" % (operation, attribute),
                      *["%s: %s" % (attribute, value) for value in values]]) + "\n"


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="verdicts-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)
        self.slapd = Slapd(directory=os.path.join(self.folder, "slapd"), external={ACCOUNT: REPLICA_DN}).start()
        self.addCleanup(self.slapd.close)
        for dn in ("frtRequestId=Q201,ou=requests,", "frtAuthorityId=O77,ou=authorities,"):
            self.slapd.must(change(dn + SUFFIX, "replace", "frtMaxSearches", "999"))
        self.point = Frtd(host="h6", account="#%d" % ACCOUNT, max_view_age=3600,
                          ldap={"uris": [self.slapd.ldapi_uri], "sasl_external": True})
        self.addCleanup(self.point.__exit__)
        self.point.start()
        self.point.wait_view()
        self.comes_out(ALLOWED)

    def seen(self, person, request="Q201"):
        check = self.point.json("check", person, "T25", *(["--request", request] if request else []))
        return check["verdict"], check["reason"]

    def comes_out(self, expected, person="p20", request="Q201"):
        """Waits until the verdict is that one; then an attempt gets it, and its record says so."""
        end = time.monotonic() + PATIENCE_S
        while self.seen(person, request) != expected:
            self.assertLess(time.monotonic(), end, (person, expected, self.seen(person, request), self.point.log()))
            time.sleep(0.02)
        with Talk(self.point.socket) as talk:
            answer = talk.ask("decide", user=person, tool="T25", action=EXEC, match=NAMED, service="test",
                              **({"request": request} if request else {}))
        self.assertEqual((answer["verdict"], answer["reason"]), expected)
        record = self.point.records(n=answer["decision"])[0]
        self.assertEqual((record["k"], record["user"], record["dec"], record["why"]), ("decision", person) + expected)
        return record

    def told(self, kind, what, about, **wanted):
        """The one record of a change to an entry, and what it says."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = [r for r in self.point.records(k=kind, what=what, **wanted) if about in r["dn"]]
            if found or time.monotonic() > end:
                break
            time.sleep(0.02)
        self.assertEqual(len(found), 1, self.point.records(k=kind))
        return found[0]

    def confirms(self, csn):
        """A change is confirmed soon after it came, long before a quarter of the lease (here 15 minutes) is over: what was
        not confirmed, a server restored to before it could take back unnoticed."""
        end = time.monotonic() + PATIENCE_S
        while self.point.json("status")["view"]["csn"] < csn:
            self.assertLess(time.monotonic(), end, self.point.json("status")["view"])
            time.sleep(0.02)

    def test_a_role_added_changed_and_removed(self):
        self.slapd.must(city_role("r1", "p20"))
        self.comes_out(DUAL)
        self.assertIn("frtPerson=p20", self.told("role", "added", "r1")["after"])
        self.slapd.must(change(role_dn("r1"), "replace", "frtPerson", "p28"))
        self.comes_out(ALLOWED)
        self.comes_out(DUAL, "p28")
        changed = self.told("role", "changed", "r1")
        self.assertIn("frtPerson=p20", changed["before"])
        self.assertIn("frtPerson=p28", changed["after"])
        self.assertEqual(changed["by"], "cn=admin," + SUFFIX)
        self.assertEqual(self.slapd.delete(role_dn("r1")), 0)
        self.comes_out(ALLOWED, "p28")
        self.assertIn("frtPerson=p28", self.told("role", "removed", "r1")["before"])

    def test_a_role_ended_by_time(self):
        now = self.comes_out(ALLOWED)["t"]
        end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(calendar.timegm(time.strptime(now[:19], "%Y-%m-%dT%H:%M:%S")) + 6))
        self.slapd.must(city_role("r2", "p20", "frtRoleEnd: " + end))
        self.comes_out(DUAL)
        after = self.comes_out(ALLOWED)
        self.assertGreaterEqual(after["t"].replace("-", "").replace(":", "").replace("T", ""), end[:-1])
        self.assertIn("frtRoleEnd=" + end, self.told("role", "added", "r2")["after"])
        self.assertEqual(self.point.records(k="role", what="removed"), [])

    def test_a_role_moved_away_and_back(self):
        self.assertEqual(self.slapd.rename(role_dn("p20-msp"), "frtRoleId=p20-msp", "ou=groups," + SUFFIX), 0, self.slapd.last_error)
        self.comes_out(NOBODY)
        self.told("role", "removed", "p20-msp")
        self.assertEqual(self.slapd.rename(role_dn("p20-msp", "groups"), "frtRoleId=p20-msp", "ou=roles," + SUFFIX), 0)
        self.comes_out(ALLOWED)
        self.told("role", "added", "p20-msp")

    def test_all_roles_deleted(self):
        self.assertEqual(self.slapd.delete("ou=roles," + SUFFIX, subtree=True), 0)
        self.comes_out(NOBODY)
        self.comes_out(OFFICIAL, "p01", None)  # cn=police still lists him
        self.comes_out(NOBODY, "p06", None)
        self.told("role", "removed", "p20-msp")
        self.told("role", "removed", "p06-")
        with open(os.path.join(SOURCE, "ldap_schema", "sample_city", "30-roles.ldif"), encoding="utf-8") as f:
            roles = f.read()
        self.slapd.must("dn: ou=roles,%s\nchangetype: add\nobjectClass: organizationalUnit\nou: roles\n" % SUFFIX)
        self.assertEqual(self.slapd.add(roles), 0, self.slapd.last_error)
        self.comes_out(ALLOWED)
        self.comes_out(OFFICIAL, "p06", None)

    def test_groups_nested_in_a_loop(self):
        ring = ["cn=ring%d,ou=groups,%s" % (n, SUFFIX) for n in range(3)]
        for n, dn in enumerate(ring):
            self.slapd.must("dn: %s\nchangetype: add\nobjectClass: groupOfNames\ncn: ring%d\nmember: %s\n" % (dn, n, ring[(n + 1) % 3]))
        self.slapd.must(change(ring[1], "add", "member", person_dn("p20")))
        self.comes_out(ALLOWED)
        self.slapd.must(change(POLICE, "add", "member", ring[0]))
        self.comes_out(DUAL)
        self.told("entry", "changed", "cn=police")
        self.slapd.must(change(ring[1], "delete", "member", person_dn("p20")))
        self.comes_out(ALLOWED)

    def test_a_group_that_cannot_be_read(self):
        stranger = "cn=troopers,dc=elsewhere"
        self.slapd.must(change(POLICE, "add", "member", stranger))
        self.comes_out(DARK)
        self.comes_out(DARK, "p01", None)
        self.assertIn("cn=troopers", self.point.json("status")["view"]["problem"])
        self.told("entry", "changed", "cn=police")
        self.slapd.must(change(POLICE, "delete", "member", stranger))
        self.comes_out(ALLOWED)

    def test_a_change_while_the_replica_was_away(self):
        supervisor = children(self.point.process.pid)[0]
        worker = children(supervisor)[0]
        os.kill(worker, signal.SIGSTOP)
        self.slapd.must(city_role("r3", "p20"))
        self.assertGreaterEqual(self.comes_out(ALLOWED)["age"], 0)  # within the lease
        os.kill(worker, signal.SIGKILL)
        self.comes_out(DUAL)
        self.assertEqual(self.told("role", "added", "r3")["refresh"], 1)

    def test_a_server_restored_from_an_old_backup(self):
        backup = self.slapd.dump()
        self.slapd.must(city_role("r4", "p20"))
        self.comes_out(DUAL)
        self.confirms(self.told("role", "added", "r4")["csn"])
        self.slapd.restore(backup)
        self.comes_out(DARK)
        self.assertIn("server-went-back", self.point.json("status")["view"]["problem"])
        self.told("role", "removed", "r4")
        self.slapd.must(change(role_dn("p28-msp"), "replace", "frtTicket", "newer than the backup"))
        self.comes_out(ALLOWED)

    def test_a_server_killed_in_each_phase(self):
        csn = self.comes_out(ALLOWED)["csn"]
        self.slapd.kill()  # while it persists
        killed = self.comes_out(ALLOWED)
        self.assertEqual(killed["csn"], csn)
        for n in range(4):  # while it is asked for everything, a little later each time
            self.slapd.start()
            self.point.reload()
            time.sleep(0.02 * n)
            self.slapd.kill()
            self.comes_out(ALLOWED)
            self.comes_out(OFFICIAL, "p01", None)
        self.assertEqual(self.point.records(k="role"), [])
        self.slapd.start()
        self.slapd.must(city_role("r5", "p20"))
        self.comes_out(DUAL)
        self.assertEqual(self.point.frt("verify").code, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
