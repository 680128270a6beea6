#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Separation of duty with real accounts: slapd under our access rules, frtd, the trail's own file modes. Auditors read and
cannot administer; role administrators administer and cannot read; every reading of a live trail is a record in it."""
import os
import shutil
import subprocess
import tempfile
import unittest

from frtd import Frtd, Result, default_policy, program
from frtd_wire import EXEC, NAMED, Talk
from person import log_in
from slapd import REPLICA_DN, Slapd

ACCOUNT, AUDITORS = 64210, 64230
P18, P19 = 20018, 20019  # the city's auditor; who administers roles
ROLE = """dn: frtRoleId=p01-more,ou=roles,dc=frt,dc=example
objectClass: frtRole
frtRoleId: p01-more
frtPerson: p01
frtAffiliation: city
frtAgency: city
frtOfficialType: employee
"""


class Separation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="separation-")
        os.chmod(cls.folder, 0o755)
        cls.slapd = Slapd(directory=os.path.join(cls.folder, "slapd"), external={ACCOUNT: REPLICA_DN})
        cls.slapd.__enter__()
        cls.point = Frtd(host="h1", account="#%d" % ACCOUNT, extra='auditors_group = "#%d";' % AUDITORS,
                         ldap={"uris": [cls.slapd.ldapi_uri], "sasl_external": True})
        cls.point.start()
        cls.point.wait_view()
        cls.denied = cls.attempt("p01")
        cls.attempt("p06")
        cls.out = os.path.join(cls.folder, "out")
        os.mkdir(cls.out)
        os.chown(cls.out, P18, P18)

    @classmethod
    def tearDownClass(cls):
        cls.point.__exit__()
        cls.slapd.__exit__(None, None, None)
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def attempt(cls, user):
        with Talk(cls.point.socket) as talk:
            return talk.ask("decide", user=user, tool="T03", action=EXEC, match=NAMED)["decision"]

    def as_person(self, uid, *arguments, groups=()):
        """frt as that account, logged in as that account, too."""
        done = subprocess.run(["/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid)] +
                              (["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]) +
                              [program("frt"), "--config", self.point.conf] + list(arguments),
                              capture_output=True, text=True, timeout=300, preexec_fn=lambda: log_in(uid), cwd="/",
                              env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"})
        return Result(done.returncode, done.stdout, done.stderr)

    def as_auditor(self, *arguments):
        return self.as_person(P18, *arguments, groups=[AUDITORS])

    def audits(self):
        return self.point.records(k="audit")

    def test_every_way_of_reading_leaves_one_record_of_who_and_what(self):
        n = str(self.denied)
        for reads in (["log", "--verdict", "deny", "--since", "2026-03-01T00:00Z"], ["log", "--json", "--last", "3"],
                      ["log", self.point.trail_dir], ["verify"], ["verify", self.point.trail_dir],
                      ["verify", "--proof", n], ["why", "p01"], ["explain", n],
                      ["replay", "--policy", default_policy(), "--period", "2026Q1"], ["ask", "Q1", "--from", "2026-03"],
                      ["report", "--html", os.path.join(self.out, "page.html")],
                      ["export", "--out", os.path.join(self.out, "package")],
                      ["eopss", "--quarter", "2026Q1", "--agency", "msp", "--out", os.path.join(self.out, "eopss")]):
            before = len(self.audits())
            result = self.as_auditor(*reads)
            found = self.audits()[before:]
            with self.subTest(reads=reads, code=result.code, err=result.err):
                self.assertNotIn("not recorded", result.err)
                self.assertEqual(len(found), 1)
                self.assertEqual((found[0]["login"], found[0]["auid"], found[0]["uid"]), ("p18", P18, P18))
                for word in reads:
                    self.assertIn(word, found[0]["what"])

    def test_ones_own_refusals_are_read_without_a_record(self):
        before = len(self.audits())
        self.assertEqual(self.as_person(20001, "why").code, 0)
        self.assertEqual(self.as_auditor("why", "p18").code, 0)
        self.assertEqual(len(self.audits()), before)

    def test_a_listing_ends_before_its_own_record(self):
        listed = self.as_auditor("log", "--json")
        last = self.audits()[-1]
        self.assertIn('"n":%d,' % (last["n"] - 1), listed.out)
        self.assertNotIn('"n":%d,' % last["n"], listed.out)

    def test_the_answer_says_under_which_number_the_reading_stands(self):
        for reads in (["ask", "Q1"], ["verify"]):
            result = self.as_auditor(*reads)
            self.assertRegex(result.out, r"reading +recorded as %d\b" % self.audits()[-1]["n"])

    def test_an_auditor_administers_nothing(self):
        self.assertEqual(self.slapd.add(ROLE, who="p18"), 50)
        self.assertEqual(self.slapd.modify("dn: frtToolId=T03-digikam,ou=tools,dc=frt,dc=example\nchangetype: modify\n"
                                           "replace: frtAction\nfrtAction: ignore\n", who="p18"), 50)
        for path in (self.point.conf, self.point.policy, os.path.join(self.point.trail_dir, "x"),
                     sorted(os.path.join(self.point.trail_dir, f) for f in os.listdir(self.point.trail_dir))[0]):
            done = subprocess.run(["/usr/bin/setpriv", "--reuid", str(P18), "--regid", str(P18), "--groups", str(AUDITORS),
                                   "/bin/sh", "-c", 'echo x >>"$0"', path], capture_output=True, text=True)
            self.assertIn("ermission denied", done.stderr, path)

    def test_who_administers_roles_reads_nothing_of_the_trail(self):
        self.assertEqual(self.slapd.add(ROLE, who="p19"), 0)
        self.assertEqual(self.slapd.delete("frtRoleId=p01-more,ou=roles,dc=frt,dc=example", who="p19"), 0)
        before = len(self.audits())
        for reads in (["log"], ["ask", "Q1"], ["explain", str(self.denied)], ["report", "--html", "-"]):
            result = self.as_person(P19, *reads)
            self.assertEqual((result.code, result.out), (4, ""), (reads, result))
            self.assertIn("auditors' group may read the trail", result.err)
            self.assertIn("only root and the auditors' group have their readings recorded", result.err)
        result = self.as_person(P19, "verify")
        self.assertEqual(result.code, 4, result)
        result = self.as_person(P19, "why", "p01")
        self.assertEqual((result.code, result.out), (1, ""), result)
        self.assertEqual(len(self.audits()), before)
        for name in os.listdir(self.point.trail_dir):
            with self.assertRaises(PermissionError):
                self.open_as(P19, os.path.join(self.point.trail_dir, name))

    def open_as(self, uid, path):
        os.setgroups([])
        os.seteuid(uid)
        try:
            open(path).close()
        finally:
            os.seteuid(0)

    def test_without_frtd_reading_goes_on_and_says_that_it_is_not_recorded(self):
        before = len(self.audits())
        self.point.stop()
        try:
            asked, listed, verified = (self.as_auditor(*r) for r in (["ask", "Q1"], ["log"], ["verify"]))
        finally:
            self.point.start()
            self.point.wait_view()
        for result in (asked, listed, verified):
            self.assertEqual(result.code, 0, result)
            self.assertIn("not recorded: frtd does not run", result.err)
        self.assertRegex(asked.out, "reading +not recorded: frtd does not run")
        self.assertIn('p01 exec T03', listed.out)
        self.assertEqual(len(self.audits()), before)

    def test_a_copy_says_so_in_its_answer_and_nowhere_else(self):
        copy = os.path.join(self.folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.point.trail_dir, copy)
        before = len(self.audits())
        for reads in (["ask", "Q1", "--trail", copy], ["verify", copy]):
            result = self.point.frt(*reads)
            self.assertRegex(result.out, "reading +not recorded: this is a copy", result)
            self.assertNotIn("recorded", result.err)
        self.assertEqual(self.point.frt("log", copy).err, "")
        self.assertEqual(len(self.audits()), before)


if __name__ == "__main__":
    unittest.main()
