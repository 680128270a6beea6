#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The golden table of the sample city through `frt policy test`: as shipped, and with one switch turned at a time.

A file of broad/ says in its comments what is turned ("# switch: NAME = VALUE", "# directory: FILE") and which golden cases
then come out otherwise ("# changes: ..."); its rows say how. Every other golden case must stay as it is.
"""
import glob
import json
import os
import re
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("FRT_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "..", ".."))
FRT = os.path.join(os.environ["FRT_BINARY_DIR"], "bin", "frt")
HERE = os.path.join(SOURCE, "tests", "golden")
SAMPLE = os.path.join(SOURCE, "ldap_schema", "sample_city")
POLICY = os.path.join(SOURCE, "config", "policies", "northampton-ma.policy")


def frt(*arguments):
    return subprocess.run([FRT, "policy", *arguments], capture_output=True, text=True, timeout=120, check=False)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def turn(policy, switch):
    """The policy's text with one switch set otherwise; the switch must stand in it, so that nothing is turned in vain."""
    name = switch.split("=")[0].strip()
    turned, count = re.subn(r"(?m)^    %s = [^;]*;" % name, "    %s;" % switch, policy)
    assert count == 1, name
    assert turned != policy, switch
    return turned


def plain(line):
    """Everything that goes in and no expectation: the first eight columns, and the one for evidence."""
    cells = line.split("\t") + [""] * 20
    return cells[:8] + [cells[8], cells[12]]


class Golden(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="frt-golden-")
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path

    def golden(self, table, policy=POLICY, directories=(SAMPLE,), *more):
        named = [word for d in directories for word in ("--directory", d)]
        return frt("test", "--policy", policy, *named, *more, table)

    def test_every_golden_case_comes_out(self):
        got = self.golden(os.path.join(HERE, "golden.tsv"))
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
        self.assertEqual(got.stderr, "")
        self.assertRegex(got.stdout, r"^[0-9]{3} cases, 0 differ\n$")

    def test_every_case_of_the_domain_notes_is_in_the_table(self):
        wanted = ["G%02d" % n for n in (1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 26, 27, 28, 29,
                                        31, 33, 34, 36, 37, 38, 40)] + ["G24a", "G24b", "E2", "E4", "E6", "E7"]
        cases = [line.split("\t")[0] for line in read(os.path.join(HERE, "golden.tsv")).splitlines()]
        for case in wanted:
            self.assertEqual(cases.count(case), 1, case)

    def test_the_broad_column_comes_out_and_nothing_else_changes(self):
        tables = sorted(glob.glob(os.path.join(HERE, "broad", "*.tsv")))
        for case in ("G08", "G17", "G21", "G33", "G34", "G36", "G37"):
            self.assertIn(os.path.join(HERE, "broad", case + ".tsv"), tables)
        for table in tables:
            with self.subTest(table=os.path.basename(table)):
                self.check_variant(table)

    def check_variant(self, table):
        text = read(table)
        said = {key: re.findall(r"(?m)^# %s: (.*)$" % key, text) for key in ("switch", "directory", "changes")}
        policy = read(POLICY)
        for switch in said["switch"]:
            policy = turn(policy, switch)
        path = self.write("variant.policy", policy)
        directories = [SAMPLE] + [os.path.join(HERE, "broad", d) for d in said["directory"]]
        got = self.golden(table, path, directories)
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
        self.assertEqual("warning" in got.stderr, "# warns: " in text, got.stderr)
        all_cases = json.loads(self.golden(os.path.join(HERE, "golden.tsv"), path, directories, "--json").stdout)
        changed = {row["case"] for row in all_cases["rows"] if row["differences"]}
        self.assertEqual(changed, set(said["changes"][0].split()))

    def test_a_wrong_expectation_is_reported_with_what_was_got(self):
        table = self.write("wrong.tsv", "case\tlogin\taction\ttool\thost\tat\tverdict\trule\n"
                           "A\tp01\texec\tT03\th1\t2026-03-16T14:00:00Z\tallow\tS-ORD\n"
                           "B\tp01\texec\tT03\th1\t2026-03-16T14:00:00Z\tdeny\t\n")
        got = self.golden(table)
        self.assertEqual(got.returncode, 1)
        self.assertIn("wrong.tsv:2: case A: deny N-USE", got.stdout)
        self.assertIn("verdict: expected allow, got deny", got.stdout)
        self.assertIn("rule: expected S-ORD, got N-USE", got.stdout)
        self.assertNotIn("case B", got.stdout)
        self.assertTrue(got.stdout.endswith("2 cases, 1 differ\n"))

    def test_tables_as_spreadsheets_and_people_write_them(self):
        rows = (  # given, bytes of the table, differing rows
            ("a mark of byte order, CRLF, rows of tabs alone, an empty last line",
             b"\xef\xbb\xbfcase\tlogin\tuser\taction\ttool\thost\trequest\tat\tverdict\trule\r\n"
             b"A\tp01\t\texec\tT03\th1\t\t2026-03-16T14:00Z\tdeny\tN-USE\r\n\t\t\t\t\t\t\t\t\t\r\n\r\n", 0),
            ("no time: now", b"case\tlogin\taction\ttool\thost\tat\tverdict\trule\n"
                             b"A\tp01\texec\tT03\th1\t\tdeny\tN-USE\nB\tp06\texec\tT03\th1\t-\tdeny\n", 0),
            ("several rules: one of them", b"case\tlogin\taction\ttool\thost\trequest\tat\tverdict\trule\n"
             b"A\tp20\texec\tT25\th6\tQ201\t2026-03-16T14:00Z\tallow\tS-REQ, S-PERF, S-ORD\n"
             b"B\tp20\texec\tT25\th6\tQ201\t2026-03-16T14:00Z\tallow\tS-REQ,S-PERF\n"
             b"C\tp20\texec\tT25\th6\tQ201\t2026-03-16T14:00Z\tallow\tS-OR\n"
             b"D\tp20\texec\tT25\th6\tQ201\t2026-03-16T14:00Z\tallow\tS-ORDER S-ORD\n", 2),
        )
        for given, table, differ in rows:
            with self.subTest(given=given):
                path = os.path.join(self.folder.name, "people.tsv")
                with open(path, "wb") as f:
                    f.write(table)
                got = self.golden(path)
                self.assertEqual(got.returncode, 1 if differ else 0, got.stdout + got.stderr)
                self.assertIn("cases, %d differ" % differ, got.stdout)

    HEADER = "case\tlogin\taction\ttool\thost\tat\tverdict\n"
    BAD_TABLES = (
        # given, text, what the message says
        ("nothing at all", "", ":1: is empty: expected a header"),
        ("a column nobody knows", "case\tlogin\taction\ttool\thost\tat\tverdict\tcolour\n", ':1: header: "colour"'),
        ("a column twice", "case\tlogin\tlogin\n", ':1: "login": the column stands here twice'),
        ("no column for the time", "case\tlogin\taction\ttool\thost\tverdict\n", ':1: header: "at"'),
        ("nothing to check", "case\tlogin\taction\ttool\thost\tat\n", ":1: header: \"\": expected a column verdict or rule"),
        ("too many cells", HEADER + "A\tp01\texec\tT03\th1\t2026-03-16T14:00Z\tdeny\tx\n", ":2: has more cells"),
        ("an unknown action", HEADER + "A\tp01\tpeek\tT03\th1\t2026-03-16T14:00Z\tdeny\n", ':2: action: "peek": expected'),
        ("no action", HEADER + "\n# c\nA\tp01\t\tT03\th1\t2026-03-16T14:00Z\tdeny\n", ':4: action: ""'),
        ("a local time", HEADER + "A\tp01\texec\tT03\th1\t2026-03-16 14:00\tdeny\n", ':2: at: "2026-03-16 14:00"'),
        ("a day that is none", HEADER + "A\tp01\texec\tT03\th1\t2026-02-30T14:00Z\tdeny\n", ":2: at: "),
        ("an unknown verdict", HEADER + "A\tp01\texec\tT03\th1\t2026-03-16T14:00Z\tDENY\n", ':2: verdict: "DENY"'),
        ("a control character", HEADER + "A\tp01\x1b[2J\texec\tT03\th1\t2026-03-16T14:00Z\tdeny\n", ":2: holds a control"),
        ("a DEL", HEADER + "A\tp01\x7f\texec\tT03\th1\t2026-03-16T14:00Z\tdeny\n", ":2: holds a control character"),
        ("a NUL", HEADER + "A\tp01\0\texec\tT03\th1\t2026-03-16T14:00Z\tdeny\n", ":2: holds a control character"),
        ("a layer nobody has", HEADER[:-1] + "\tlayer:moon\nA\tp01\texec\tT03\th1\t2026-03-16T14:00Z\tdeny\n", '"layer:moon"'),
    )

    def test_bad_tables_are_refused_with_file_and_line(self):
        for given, text, message in self.BAD_TABLES:
            with self.subTest(given=given):
                got = self.golden(self.write("bad.tsv", text))
                self.assertEqual(got.returncode, 4, got.stdout + got.stderr)
                self.assertIn(message, got.stderr)
                self.assertIn("bad.tsv", got.stderr)
                self.assertNotIn("\x1b", got.stderr)
                self.assertNotIn("cases,", got.stdout)

    def test_bytes_that_are_not_utf8_never_count_as_agreement(self):
        path = os.path.join(self.folder.name, "bytes.tsv")
        with open(path, "wb") as f:
            f.write(b"case\tlogin\taction\ttool\thost\tat\trule\nA\tp01\texec\tT03\th1\t2026-03-16T14:00:00Z\t\xff\xfe\n")
        got = self.golden(path)
        self.assertEqual(got.returncode, 1)
        self.assertIn("expected %FF%FE, got N-USE", got.stdout)
        got = self.golden(path, POLICY, (SAMPLE,), "--json")
        self.assertEqual(json.loads(got.stdout)["differ"], 1)

    def test_wrong_usage_says_what_was_expected(self):
        table = os.path.join(HERE, "golden.tsv")
        for given, arguments, message in (
                ("no part", (), "expected show, prove or test"),
                ("an unknown part", ("guess",), "expected show, prove or test"),
                ("no table", ("test", "--policy", POLICY), "expected at least one table"),
                ("no directory", ("test", "--policy", POLICY, table), "expected --directory"),
                ("a missing directory", ("test", "--policy", POLICY, "--directory", "/nowhere.ldif", table), "/nowhere.ldif"),
                ("a folder without LDIF", ("test", "--policy", POLICY, "--directory", HERE, table), "expected *.ldif files"),
                ("a missing policy", ("show", "/nowhere.policy"), "/nowhere.policy"),
                ("two policies", ("show", "--policy", POLICY, POLICY), "expected one policy file"),
                ("another suffix", ("test", "--policy", POLICY, "--suffix", "dc=else", "--directory", SAMPLE, table), "suffix")):
            with self.subTest(given=given):
                got = frt(*arguments)
                self.assertEqual(got.returncode, 4, got.stdout + got.stderr)
                self.assertIn(message, got.stderr)

    def test_prove_shows_the_size_of_the_space_and_the_time(self):
        for policy in sorted(glob.glob(os.path.join(SOURCE, "config", "policies", "*.policy"))):
            with self.subTest(policy=os.path.basename(policy)):
                got = frt("prove", policy)
                self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
                self.assertRegex(got.stdout, r"(?m)^sets of facts  1382659891200$")
                self.assertRegex(got.stdout, r"(?m)^accounted for  1382659891200 in [0-9]+ boxes, [0-9.]+ ms$")
                self.assertIn("rules that can never speak: 0\n", got.stdout)
                self.assertTrue(got.stdout.endswith("proven: every never statement holds\n"))
                proof = json.loads(frt("prove", "--json", policy).stdout)
                self.assertEqual(sum(proof["by_verdict"].values()), proof["space"])

    # Edits somebody might make to let the mayor, or anybody, use it after all.
    LOOPHOLES = (
        ("elected officials left out of the prohibition", (
            ('official_type = "elected"; tool_class', 'official_type = "none"; tool_class'),
            ('id = "N-OVER";\n        when = { subject = "official";',
             'id = "N-OVER";\n        when = { subject = "official"; not_official_type = "elected";'),
            ('when = { subject = "official"; tool_class = "face-surveillance"; };\n        verdict = "deny"',
             'when = { subject = "official"; not_official_type = "elected"; tool_class = "face-surveillance"; };\n'
             '        verdict = "deny"')), "no city official may be allowed"),
        ("requests forgotten", (('request = [ "on-file", "other-agency" ];\n                 route = "order"',
                                 'route = "order"'),
                                ('request = "none"; };', 'request = "none"; operator = "no"; };')),
         "no search without a written request on file"),
        ("the trail forgotten", (('when = { trail = "unwritable"; };\n        verdict = "deny"',
                                  'when = { trail = "unwritable"; subject = "unknown"; };\n        verdict = "deny"'),),
         "nothing may pass that cannot be recorded"),
    )

    def test_a_policy_with_a_loophole_is_refused_with_the_combination_that_shows_it(self):
        for given, edits, why in self.LOOPHOLES:
            with self.subTest(given=given):
                text = read(POLICY)
                for old, new in edits:
                    self.assertEqual(text.count(old), 1, old)
                    text = text.replace(old, new)
                path = self.write("loophole.policy", text)
                got = frt("prove", path)
                self.assertEqual(got.returncode, 1, got.stdout + got.stderr)
                self.assertIn("REFUSED", got.stdout)
                self.assertRegex(got.stdout, r"loophole.policy:[0-9]+: never: ")
                self.assertIn('"%s" does not hold: ' % why, got.stdout)
                self.assertRegex(got.stdout, r"would be (allowed|exempt) by rule [A-Z-]+ of layer [a-z]+ \(line [0-9]+\)")
                if "elected" in given:
                    self.assertIn("an elected city official", got.stdout)
                    self.assertRegex(got.stdout, r"would be allowed by rule S-[A-Z]+ of layer state")
                shown = frt("show", path)
                self.assertEqual(shown.returncode, 4)
                self.assertIn(why, shown.stderr)

    def test_show_tells_rules_switches_and_what_is_never_allowed(self):
        got = frt("show", POLICY)
        self.assertEqual(got.returncode, 0)
        for text in ("northampton-ma, edition", "layer ground:", "layer city:", "layer state:", "layer site: 0 rules",
                     "N-OVER: deny (local-overrides)", "S-EMG: allow (request-on-file) + document + review",
                     "requester_may_open     false", "no city official may be allowed"):
            self.assertIn(text, got.stdout)
        self.assertNotIn("  * ", got.stdout)
        path = self.write("turned.policy", turn(read(POLICY), "requester_may_open = true"))
        self.assertIn("  * requester_may_open     true", frt("show", path).stdout)
        shown = json.loads(frt("show", "--json", POLICY).stdout)
        self.assertEqual([layer["name"] for layer in shown["layers"]], ["ground", "city", "state", "site"])
        self.assertEqual(shown["sha256"], subprocess.run(["sha256sum", POLICY], capture_output=True, text=True,
                                                         check=True).stdout.split()[0])

    def test_other_jurisdictions_decide_the_same_city_otherwise(self):
        rows = (("springfield-ma", "G20", "deny", "SP-INFO"), ("springfield-ma", "G01", "deny", "SP-USE"),
                ("springfield-ma", "G02", "deny", "SP-OVER"), ("springfield-ma", "G17", "deny", "SP-USE"),
                ("springfield-ma", "G25", "allow", "S-ORD"), ("springfield-ma", "G15", "exempt", "X-RED"),
                ("san-francisco-ca", "G20", "exempt", "SF-RCPT"), ("san-francisco-ca", "G21", "deny", "SF-RCPT"),
                ("san-francisco-ca", "G01", "deny", "SF-USE"), ("san-francisco-ca", "G25", "deny", "SF-SCOPE"),
                ("san-francisco-ca", "G15", "not-governed", "SF-NF"), ("san-francisco-ca", "file-p24", "deny", "SF-PROXY"))
        # Without the columns that name layers: San Francisco has no state layer.
        lines = [plain(line) for line in read(os.path.join(HERE, "golden.tsv")).splitlines()
                 if line and not line.startswith("#")]
        table = self.write("plain.tsv", "".join("\t".join(cells) + "\n" for cells in lines))
        for name in ("springfield-ma", "san-francisco-ca"):
            policy = os.path.join(SOURCE, "config", "policies", name + ".policy")
            got = json.loads(self.golden(table, policy, (SAMPLE,), "--json").stdout)
            came_out = {row["case"]: (row["verdict"], row["rule"]) for row in got["rows"]}
            for which, case, verdict, rule in rows:
                if which == name:
                    self.assertEqual(came_out[case], (verdict, rule), (name, case))


if __name__ == "__main__":
    unittest.main()
