#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The trails of several hosts asked as one: totals across hosts, a person on two of them counted once, each chain stated by
itself. What is expected stands in the golden table; the trails are those of the sample quarter."""
import json
import os
import shutil
import unittest

from auditor_city import PAM_CASES, City
from frtd import sample_city

STEP = 10 ** 9
HOSTS = ["h1", "h3", "h6"]


class Hosts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.city = City(hosts=HOSTS)
        cls.city.__enter__()
        cls.papers = [word for path in sample_city() for word in ("--directory", path)]
        cls.trails = os.path.join(cls.city.folder, "trails")  # as an auditor collects them
        for host in HOSTS:
            cls.city.hosts[host].stop()
            shutil.copytree(cls.city.hosts[host].trail_dir, os.path.join(cls.trails, host))

    @classmethod
    def tearDownClass(cls):
        cls.city.__exit__(None, None, None)

    def frt(self, *words):
        return self.city.hosts["h1"].frt(*words)

    def ask(self, question, *trails):
        words = [word for trail in trails or [self.trails] for word in ("--trail", trail)]
        done = self.frt("ask", question, "--json", *words, *self.papers)
        self.assertIn(done.code, (0, 1), done.err)
        reply = json.loads(done.out)
        return reply, {t["name"]: [dict(zip(t["columns"], row)) for row in t["rows"]] for t in reply["tables"]}

    def number(self, case):
        """The decision's number among all trails."""
        host = [host for host in HOSTS if any(row[0] == case for row in PAM_CASES[host])][0]
        return HOSTS.index(host) * STEP + self.city.numbers[case]

    def test_denials_of_all_hosts_stand_in_one_table(self):
        reply, tables = self.ask("Q1")
        found = {row["decision"]: row["host"] for row in tables["denials"]}
        for case, host in (("G01", "h1"), ("G02", "h1"), ("G03", "h1"), ("G16", "h1"), ("E6", "h1"), ("p27", "h1"),
                           ("G12", "h3"), ("p29", "h6")):
            self.assertEqual(found.get(self.number(case)), host, case)
        alone = sum(len(self.ask("Q1", os.path.join(self.trails, host))[1]["denials"]) for host in HOSTS)
        self.assertEqual(len(found), alone)

    def test_a_folder_of_trails_and_the_trails_by_name_answer_the_same(self):
        by_name = self.ask("Q1", *[os.path.join(self.trails, host) for host in HOSTS])[1]
        self.assertEqual(self.ask("Q1")[1], by_name)

    def test_a_person_on_two_hosts_counts_once(self):
        def police(*trails):
            return [(row["denials"], row["people"]) for row in self.ask("Q1", *trails)[1]["groups"]
                    if (row["department"], row["official_type"]) == ("police", "employee")]
        apart = [police(os.path.join(self.trails, host))[0] for host in HOSTS]
        # h1: p01, p02, p04 and p27; h3: p02 once more; h6: p29
        self.assertEqual([people for _, people in apart], [4, 1, 1])
        self.assertEqual(police(), [(sum(denials for denials, _ in apart), 5)])

    def test_each_chain_is_stated_by_itself(self):
        statement = self.ask("Q1")[0]["statement"]
        for i, host in enumerate(HOSTS, 1):
            self.assertIn("host %s; its record n is %d + n here" % (host, (i - 1) * STEP), statement["trail %d" % i])
            self.assertTrue(statement["chain %d" % i].startswith("whole: "), statement)
        self.assertIn("not recorded: this is a copy", statement["reading"])

    def test_one_altered_trail_is_named_and_the_whole_is_as_bad(self):
        bad = os.path.join(self.city.folder, "bad")
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(self.trails, bad)
        segment = sorted(n for n in os.listdir(os.path.join(bad, "h3")) if n.endswith(".seg"))[0]
        path = os.path.join(bad, "h3", segment)
        with open(path, "rb") as f:
            text = f.read()
        self.assertIn(b"guest-msp", text)
        with open(path, "wb") as f:
            f.write(text.replace(b"guest-msp", b"guest-msq", 1))
        statement = self.ask("Q1", bad)[0]["statement"]
        self.assertTrue(statement["chain"].startswith("ALTERED"), statement)
        self.assertEqual([statement["chain %d" % i].split(":")[0] for i in (1, 2, 3)], ["whole", "ALTERED", "whole"])
        page = os.path.join(self.city.folder, "bad.html")
        self.assertEqual(self.frt("report", "--html", page, "--trail", bad, *self.papers).code, 1)

    def test_gaps_and_coverage_are_asked_of_each_host(self):
        for question, table in (("Q11", "gaps"), ("Q12", "periods")):
            reply, tables = self.ask(question)
            self.assertEqual(reply["statement"]["filters"], "each of 3 hosts by itself")
            for name, rows in tables.items():
                self.assertTrue(all(row["host"] in HOSTS for row in rows), name)
        hosts = {row["host"] for rows in self.ask("Q12")[1].values() for row in rows}
        self.assertEqual(hosts, set(HOSTS))

    def test_searches_under_one_request_are_counted_across_hosts(self):
        rows = {row["request"]: row for row in self.ask("Q30")[1]["cases"]}
        self.assertIn("Q201", rows)
        out = os.path.join(self.city.folder, "eopss")
        done = self.frt("eopss", "--quarter", "2026Q1", "--agency", "msp", "--out", out, "--trail", self.trails, *self.papers)
        self.assertIn(done.code, (0, 1), done.err)
        with open(os.path.join(out, "msp", "searches.json")) as f:
            whole = json.load(f)
        self.assertEqual(whole["searches"], 3)  # G25, G38, and G33 once its request was filed: all on h6
        self.assertIn("chain 3", whole["statement"])

    def test_the_page_shows_every_host(self):
        page = os.path.join(self.city.folder, "page.html")
        self.assertEqual(self.frt("report", "--html", page, "--trail", self.trails, *self.papers).code, 0)
        with open(page) as f:
            text = f.read()
        for word in ("3 hosts", "frt/h1", "frt/h3", "frt/h6", "host h3", "guest-msp"):
            self.assertIn(word, text)

    def test_what_is_about_one_trail_takes_one(self):
        for words in (["explain", "3"], ["export", "--out", os.path.join(self.city.folder, "package")]):
            done = self.frt(*words, "--trail", os.path.join(self.trails, "h1"), "--trail", os.path.join(self.trails, "h3"))
            self.assertEqual(done.code, 4, done)
            self.assertIn("--trail", done.err)
        done = self.frt("ask", "Q1", "--trail", self.trails, "--origin", "frt/h1")
        self.assertEqual(done.code, 4)
        self.assertIn("--origin: expected with one trail", done.err)


if __name__ == "__main__":
    unittest.main()
