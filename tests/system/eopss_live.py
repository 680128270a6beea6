#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The sample quarter as it goes to EOPSS, and the year's counts as they go to everybody. The golden cases run through frtd and
libpam; what must come out is written here by hand from the tables of the sample city (domain.md 5.4 and 5.6), not taken from
what the program says."""
import csv
import glob
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from auditor_city import City
from frtd import FAKETIME, program

CLASS = "NON-PUBLIC: not a public record (M.G.L. c. 6 s. 220)"
DOCUMENTS = {"Q201": b"frtgate sample document Q201", "Q202": b"frtgate sample document Q202"}
ITEMS = ("a_request", "b_requested", "c_matches", "d_database", "e_requester", "f_reason", "g_recipient", "h_traits")

# By hand. G25 (p20 under Q201), G38 (p28 under Q201), G33 later (p20 under Q209): performed by msp on h6.
Q201 = {"a_request": hashlib.sha256(DOCUMENTS["Q201"]).hexdigest(), "b_requested": "2026-03-10T09:00:00Z",
        "e_requester": "Xylosma Example (p24); detective; Eastbrook Police Department",
        "f_reason": "identify the man seen at the scene of a robbery; armed robbery, c. 265 s. 17", "g_recipient": "msp",
        "h_traits": "man, apparent age 30 to 40, dark hair, no glasses", "performed_by_agency": "msp", "request": "Q201",
        "class": CLASS}


class Pages(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


class Eopss(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.city = City(hosts=("h6", "h7"))
        cls.addClassCleanup(cls.city.__exit__)
        cls.city.__enter__()
        cls.sample = cls.city.directory("sample", lines={"ou: x": "ou: x"})
        cls.documents = os.path.join(cls.city.folder, "documents")
        os.mkdir(cls.documents)
        for text in DOCUMENTS.values():
            with open(os.path.join(cls.documents, hashlib.sha256(text).hexdigest()), "wb") as f:
                f.write(text)
        point = cls.city.hosts["h6"]
        for case, rows in (("G25", (("0", "RMV image file"), ("2", "=cmd|'/c calc'!A1"), ("3", "RMV image file"))),
                           ("G38", (("none", ""),))):
            for matches, database in rows:
                words = ["--no-search", "the picture was </script>useless"] if matches == "none" else ["--matches", matches,
                                                                                             "--database", database]
                done = point.frt("request", "record", "Q201", "--decision", str(cls.city.numbers[case]), *words)
                assert done.code == 0, done.err

    def eopss(self, *words, host="h6", at="2026-04-15 12:00:00", directory=None, verify=True):
        out = tempfile.mkdtemp(prefix="eopss-")
        self.addCleanup(shutil.rmtree, out)
        folder = os.path.join(out, "q")
        done = subprocess.run([program("frt"), "eopss", "--config", self.city.hosts[host].conf, "--directory",
                               directory or self.sample, "--documents", self.documents, "--out", folder, *words],
                              capture_output=True, text=True, timeout=120,
                              env={"LD_PRELOAD": FAKETIME, "FAKETIME": "@" + at, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
                                   "PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"})
        return done, folder

    def table(self, folder, agency, name):
        with open(os.path.join(folder, agency, name), newline="", encoding="utf-8") as f:
            return list(csv.DictReader(f))

    def test_each_search_with_its_items_and_every_gap_with_its_reason(self):
        done, folder = self.eopss("--quarter", "2026Q1")
        self.assertEqual(done.returncode, 1, done.stderr)  # something is missing
        self.assertEqual(sorted(os.listdir(folder)), ["ebpd", "mbpd", "msp"])
        rows = self.table(folder, "msp", "searches.csv")
        n = self.city.numbers
        self.assertEqual([(r["decision"], r["c_matches"], r["d_database"], r["missing"]) for r in rows],
                         [(str(n["G25"]), "2", "'=cmd|'/c calc'!A1", ""), (str(n["G25"]), "3", "RMV image file", ""),
                          (str(n["G33-later"]), "", "", "a c d")])
        for row in rows[:2]:
            self.assertEqual({key: row[key] for key in Q201}, Q201)
            self.assertEqual(row["performed_by"], "p20")
        late = rows[2]
        self.assertEqual((late["request"], late["g_recipient"], late["b_requested"]), ("Q209", "msp", "2026-03-16T14:20:00Z"))
        # Under Q201 it is Eastbrook's too; under Q209 Millbridge's.
        self.assertEqual({r["request"] for r in self.table(folder, "ebpd", "searches.csv")}, {"Q201"})
        self.assertEqual({r["request"] for r in self.table(folder, "mbpd", "searches.csv")}, {"Q209"})
        missing = {r["item"]: r["reason"] for r in self.table(folder, "mbpd", "completeness.csv") if r["status"] == "missing"}
        self.assertEqual(set(missing), {"a", "c", "d"})
        self.assertIn("not in the folder of documents", missing["a"])
        self.assertIn("frt request record --decision %d" % n["G33-later"], missing["c"])
        self.assertTrue(all(r["reason"] for r in self.table(folder, "msp", "completeness.csv") if r["status"] == "missing"))
        not_made = self.table(folder, "msp", "not_made.csv")
        self.assertEqual([(r["decision"], r["request"], r["why_no_search_was_made"]) for r in not_made],
                         [(str(n["G38"]), "Q201", "the picture was </script>useless")])
        denied = {str(v) for k, v in n.items() if k in ("G28", "G29", "G31", "E2", "p29")}
        self.assertEqual(denied & {r["decision"] for r in rows}, set())  # refusals are no part of it (A21)

    def test_json_and_page_say_the_same_and_stay_safe(self):
        _, folder = self.eopss("--quarter", "2026Q1", "--agency", "msp")
        self.assertEqual(os.listdir(folder), ["msp"])
        with open(os.path.join(folder, "msp", "searches.json")) as f:
            text = f.read()
        told = json.loads(text)
        self.assertEqual((told["class"], told["agency"], told["quarter"], told["searches"], told["incomplete_searches"],
                          told["missing_items"], told["no_search_made"], told["nil_return"], told["due"], told["days_late"]),
                         (CLASS, "msp", "2026Q1", 2, 1, 3, 1, False, "2026-05-01", 0))
        self.assertIn("INCOMPLETE", told["outcome"])
        self.assertNotIn("</script", text)
        self.assertIn("whole", told["statement"]["chain"])
        with open(os.path.join(folder, "msp", "searches.html"), encoding="utf-8") as f:
            text = f.read()
        page = Pages()
        page.feed(text)
        self.assertNotIn("</script", text)
        self.assertFalse([tag for tag, a in page.tags if tag in ("script", "img", "link", "iframe") or "src" in a or "href" in a])
        shown = "".join(page.text)
        self.assertEqual(shown.count(CLASS), 1 + 3)  # the page, and each of the three blocks that may be printed apart
        for wanted in ("Xylosma Example (p24); detective; Eastbrook Police Department", "=cmd|'/c calc'!A1", "no result is on record"):
            self.assertIn(wanted, shown)
        self.assertNotIn("\x1b", text)

    def test_everything_is_labelled_and_the_manifest_holds(self):
        _, folder = self.eopss("--quarter", "2026Q1")
        for agency in ("msp", "ebpd", "mbpd"):
            place = os.path.join(folder, agency)
            self.assertEqual(subprocess.run(["sha256sum", "-c", "--quiet", "MANIFEST.sha256"], cwd=place).returncode, 0)
            files = {os.path.relpath(p, place) for p in glob.glob(place + "/**", recursive=True) if os.path.isfile(p)}
            with open(os.path.join(place, "MANIFEST.sha256")) as f:
                self.assertEqual({line[66:].rstrip("\n") for line in f} | {"MANIFEST.sha256"}, files)
            for name in ("README.txt", "searches.html", "searches.json"):
                with open(os.path.join(place, name)) as f:
                    self.assertIn(CLASS, f.read(), name)
            for name in ("searches.csv", "completeness.csv"):
                self.assertEqual({r["class"] for r in self.table(folder, agency, name)}, {CLASS}, name)
        kept = os.path.join(folder, "ebpd", "documents", hashlib.sha256(DOCUMENTS["Q201"]).hexdigest())
        with open(kept, "rb") as f:
            self.assertEqual(f.read(), DOCUMENTS["Q201"])
        self.assertEqual(os.listdir(os.path.join(folder, "ebpd", "documents")), [hashlib.sha256(DOCUMENTS["Q201"]).hexdigest()])

    def test_a_swapped_document_is_missing_and_says_why(self):
        path = os.path.join(self.documents, hashlib.sha256(DOCUMENTS["Q202"]).hexdigest())
        with open(path, "ab") as f:
            f.write(b"!")
        try:
            done, folder = self.eopss("--quarter", "2026Q1", host="h7")
        finally:
            with open(path, "wb") as f:
                f.write(DOCUMENTS["Q202"])
        self.assertEqual(done.returncode, 1)
        reasons = [r["reason"] for r in self.table(folder, "rmv", "completeness.csv") if r["item"] == "a"]
        self.assertEqual(len(reasons), 1)
        self.assertIn("NOT the one that was filed", reasons[0])
        self.assertFalse(os.path.exists(os.path.join(folder, "rmv", "documents")))

    def test_a_quarter_without_a_search_is_a_nil_return(self):
        done, folder = self.eopss("--quarter", "2025Q4")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(folder), ["msp"])  # whose machine it is
        self.assertIn("nil return", done.stdout)
        with open(os.path.join(folder, "msp", "searches.json")) as f:
            told = json.load(f)
        self.assertEqual((told["nil_return"], told["searches"], told["due"]), (True, 0, "2026-01-31"))
        self.assertEqual(told["days_late"], 75)  # 31 January to 15 April at noon, begun days count
        done, folder = self.eopss("--quarter", "2025Q4", "--agency", "fbi")
        self.assertEqual((done.returncode, os.listdir(folder)), (0, ["fbi"]))

    def test_lateness_is_counted_from_the_configured_day(self):
        for days, at, expected in ((30, "2026-05-01 00:00:00", 0), (30, "2026-05-02 12:00:00", 2), (0, "2026-04-01 12:00:00", 1),
                                   (90, "2026-06-01 00:00:00", 0)):
            with self.subTest(days=days, at=at):
                _, folder = self.eopss("--quarter", "2026Q1", "--agency", "msp", "--due-days", str(days), at=at)
                with open(os.path.join(folder, "msp", "searches.json")) as f:
                    late = json.load(f)["days_late"]
                # The clock of the run goes on from `at`: on the due instant itself the first late day has just begun.
                self.assertIn(late, (expected, expected + 1) if at.endswith("00:00:00") else (expected,))

    def test_a_request_that_is_not_in_the_directory_is_missing_everywhere_but_in_the_trail(self):
        folder = self.city.directory("without-Q201", lines={"Q201": "Q299"})
        _, out = self.eopss("--quarter", "2026Q1", "--agency", "msp", directory=folder)
        row = [r for r in self.table(out, "msp", "searches.csv") if r["request"] == "Q201"][0]
        self.assertEqual(row["missing"], "a b e f g h")
        self.assertEqual(row["c_matches"], "2")

    def test_wrong_usage_is_named(self):
        for words, said in ((("--quarter", "2026Q5"), "--quarter: expected"), (("--quarter", "2026"), "--quarter: expected"),
                            (("--quarter", "2026Q1", "--agency", "../x"), "--agency: expected"),
                            (("--quarter", "2026Q1", "--agency", "nowhere"), "--agency: expected"),
                            (("--quarter", "2026Q1", "--due-days", "soon"), "--due-days: expected"), ((), "--quarter: expected"),
                            (("--public",), "--year: expected"), (("--public", "--year", "26"), "--year: expected")):
            with self.subTest(words=words):
                done, _ = self.eopss(*words)
                self.assertEqual(done.returncode, 4)
                self.assertIn(said, done.stderr)

    # ---- for the public ----

    def public(self, host="h6", directory=None):
        done, folder = self.eopss("--public", "--year", "2026", host=host, directory=directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(folder, "counts.csv"), newline="") as f:
            rows = [tuple(r.values()) for r in csv.DictReader(f)]
        return rows, folder

    def test_yearly_counts_with_small_cells_suppressed(self):
        rows, _ = self.public()
        # Requests of 2026 in the sample, by hand from domain.md 5.4: ebpd to msp by order Q201 Q205, ebpd to another by order
        # Q206, msp to rmv deceased Q202 Q208, mbpd to fbi emergency Q203 Q210, mbpd to msp emergency Q204 Q209, city to msp
        # by order Q207, dao to msp by order Q211: every cell is below 3 and the total 11 of 7 hidden ones gives none away.
        requests = [r for r in rows if r[0] == "requests"]
        self.assertEqual(len(requests), 8)
        self.assertEqual({r[4] for r in requests[:-1]}, {"suppressed"})
        self.assertEqual(requests[-1], ("requests", "all", "all", "all", "11"))
        self.assertEqual(requests[:-1], sorted(requests[:-1]))  # the order cases came in is nobody's business
        # Searches on h6: G25 under Q201 (G38 was not made), and Q209: two cells of 1; their sum 2 would give both away.
        searches = [r for r in rows if r[0] == "searches"]
        self.assertEqual([r[4] for r in searches], ["suppressed"] * 3)

    def test_nothing_of_a_case_gets_out(self):
        typed = self.city.directory("typed", lines={"frtRecipient: Clearview AI": "frtRecipient: Q201 of p24, EBPD-2026-0141"})
        _, folder = self.public(directory=typed)
        case_data = re.compile(r"\b(Q2\d\d|O\d\d|S2\d\d|D12|p\d\d|EBPD|MBPD-|NPD|RMV image|robbery|Xylosma|Zelkova|kidnap|dark hair|"
                               r"2026-0\d|decision)\b|=cmd|[0-9a-f]{16}", re.I)
        for name in ("counts.csv", "counts.json", "counts.html"):
            with open(os.path.join(folder, name)) as f:
                self.assertIsNone(case_data.search(f.read()), name)
        self.assertEqual(subprocess.run(["sha256sum", "-c", "--quiet", "MANIFEST.sha256"], cwd=folder).returncode, 0)

    def test_making_a_package_is_itself_on_record(self):
        self.eopss("--quarter", "2026Q1", "--agency", "msp")
        self.assertTrue(any(r["what"].startswith("eopss") for r in self.city.hosts["h6"].records(k="audit")))


if __name__ == "__main__":
    unittest.main(verbosity=1)
