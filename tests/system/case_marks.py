#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What auditors say of a case, through frt and the real frtd: the human review of an emergency by somebody else, legal holds, and
the destruction of a document, which takes two different people and one permission."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from auditor_city import attempt
from frtd import Frtd, Result, program, sample_city
from person import log_in

AUDITORS = 64230
PEOPLE = {"p18": 20018, "p23": 20023, "p25": 20025, "p24": 20024}
BYTES = b"the written request of a case that ended long ago\n"
DIGEST = hashlib.sha256(BYTES).hexdigest()
OLD = """
dn: frtRequestId=Q1,ou=requests,dc=frt,dc=example
objectClass: frtRequest
frtRequestId: Q1
frtRequester: p24
frtRequesterAgency: eastbrook-pd
frtRecipient: msp
frtFiledAt: 20160301120000Z
frtValidUntil: 20160401120000Z
frtWithdrawnAt: %s
frtDocumentSha256: %s
"""


class Marks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="marks-")
        os.chmod(self.folder, 0o755)
        self.old = os.path.join(self.folder, "80-old.ldif")
        self.close_old("20160315120000Z")
        self.documents = os.path.join(self.folder, "documents")
        os.mkdir(self.documents)
        os.chmod(self.documents, 0o777)
        self.kept = os.path.join(self.documents, DIGEST)
        with open(self.kept, "wb") as f:
            f.write(BYTES)
        self.point = Frtd(host="h8", ldif=sample_city() + [self.old], extra='auditors_group = "#%d";' % AUDITORS)
        self.point.start()

    def tearDown(self):
        self.point.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close_old(self, at):
        with open(self.old, "w") as f:
            f.write(OLD % (at, DIGEST))

    def frt(self, name, *arguments, auditor=True):
        uid = PEOPLE[name]
        groups = ["--groups", str(AUDITORS)] if auditor else ["--clear-groups"]
        done = subprocess.run(["/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid), *groups, program("frt"),
                               "--config", self.point.conf, *arguments], capture_output=True, text=True, timeout=120,
                              preexec_fn=lambda: log_in(uid), cwd="/", env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"})
        return Result(done.returncode, done.stdout, done.stderr)

    def refused(self, field, name, *arguments, **options):
        before = len(self.marks())
        result = self.frt(name, "request", *arguments, **options)
        self.assertNotEqual(result.code, 0, (arguments, result))
        self.assertTrue(result.err.startswith("frt: %s: " % field), (arguments, result.err))
        self.assertEqual(len(self.marks()), before)

    def done(self, name, *arguments):
        result = self.frt(name, "request", *arguments)
        self.assertEqual((result.code, result.err), (0, ""), arguments)
        return result.out

    def marks(self):
        return self.point.records(k="retain") + self.point.records(k="review")

    def states(self):
        rows = json.loads(self.done("p18", "list", "--retention", "--json"))["rows"]
        return {row[0]: row[1] for row in rows}

    # ---- review ----

    def test_an_emergency_waits_for_a_review_by_somebody_else(self):
        attempt(self.point, "p23", "p23", "T25", "exec", "Q203")
        n = str(self.point.records(k="decision", dec="allow")[0]["n"])
        asked = self.point.json("ask", "Q5")
        row = dict(zip(asked["tables"][0]["columns"], asked["tables"][0]["rows"][0]))
        self.assertEqual((row["hours_to_review"], row["reviewed_by"]), ("not reviewed", ""))
        self.assertIn("1 of 1 wait for their human review", " ".join(asked["notes"]))
        self.assertIn("<b>1</b> wait for their human review", self.point.frt("report", "--html", "-").out)
        self.assertEqual(self.awaiting(), 1)
        review = ("review", "Q203", "--decision", n)
        self.refused("finding", "p18", *review)
        self.refused("person", "p23", *review, "--finding", "all was well")
        self.refused("person", "p18", *review, "--finding", "fine", auditor=False)
        self.refused("decision", "p18", "review", "Q201", "--decision", n, "--finding", "fine")
        self.refused("decision", "p18", "review", "Q203", "--decision", "0", "--finding", "fine")
        self.refused("decision", "p18", "review", "Q203", "--finding", "fine")
        nobody = self.point.frt("request", *review, "--finding", "fine")  # root, whom nobody logged in as
        self.assertIn("frt: person: ", nobody.err)
        self.done("p18", *review, "--finding", "the child was found; the scope held")
        record = self.point.records(k="review")[0]
        self.assertEqual((record["by"], record["decision"], record["request"]), ("p18", int(n), "Q203"))
        asked = self.point.json("ask", "Q5")
        row = dict(zip(asked["tables"][0]["columns"], asked["tables"][0]["rows"][0]))
        self.assertEqual((row["reviewed_by"], row["finding"]), ("p18", "the child was found; the scope held"))
        self.assertLess(float(row["hours_to_review"]), 1)
        self.assertIn("0 of 1 wait", " ".join(asked["notes"]))
        self.assertNotIn("</b> wait for their", self.point.frt("report", "--html", "-").out)
        self.assertEqual(self.awaiting(), 0)

    def test_who_asked_for_the_search_does_not_review_it(self):
        attempt(self.point, "p23", "p23", "T25", "exec", "Q203")
        n = str(self.point.records(k="decision", dec="allow")[0]["n"])
        requester = self.requester("Q203")
        PEOPLE[requester] = 20000 + int(requester[1:])
        self.refused("person", requester, "review", "Q203", "--decision", n, "--finding", "fine")

    def requester(self, request):
        for path in sample_city():
            with open(path) as f:
                text = f.read()
            if "frtRequestId: %s\n" % request in text:
                entry = text[text.index("frtRequestId: %s\n" % request):].split("\n\n")[0]
                return [line.split(": ")[1] for line in entry.splitlines() if line.startswith("frtRequester: ")][0]
        raise LookupError(request)

    def awaiting(self):
        out = tempfile.mkdtemp(dir=self.folder)
        self.point.frt("eopss", "--quarter", "2026Q1", "--agency", "fbi", "--out", out)
        with open(os.path.join(out, "fbi", "searches.json")) as f:
            return json.load(f)["awaiting_review"]

    # ---- destruction ----

    def destroy(self, *words):
        return ("destroy", "Q1", "--documents", self.documents) + words

    def test_two_different_people_with_one_permission_destroy_and_the_digest_stays(self):
        self.assertEqual(self.states(), {"Q1": "eligible"})
        self.refused("permission", "p18", *self.destroy())
        self.assertIn("second person", self.done("p18", *self.destroy("--permission", "SPR 26/114")))
        self.assertTrue(os.path.exists(self.kept))
        self.assertEqual(self.states(), {DIGEST: "proposed"})
        self.refused("person", "p18", *self.destroy("--permission", "SPR 26/114"))
        self.refused("permission", "p25", *self.destroy())
        self.refused("permission", "p25", *self.destroy("--permission", "SPR 26/115"))
        self.point.stop()
        self.point.start()  # what was proposed is in the trail, not in frtd's memory alone
        self.assertTrue(os.path.exists(self.kept))
        self.assertIn("is destroyed", self.done("p25", *self.destroy("--permission", "SPR 26/114")))
        self.assertFalse(os.path.exists(self.kept))
        self.assertEqual([(r["what"], r["by"], r["object"], r["reason"]) for r in self.point.records(k="retain")],
                         [("propose", "p18", DIGEST, "SPR 26/114"), ("destroy", "p25", DIGEST, "SPR 26/114")])
        self.assertEqual(self.states(), {DIGEST: "destroyed"})
        self.refused("document", "p18", *self.destroy("--permission", "SPR 26/114"))
        self.assertEqual(self.point.frt("verify").code, 0)

    def test_a_hold_overrides_everything(self):
        self.done("p18", *self.destroy("--permission", "SPR 26/114"))
        self.refused("reason", "p18", "hold", "Q1")
        self.done("p18", "hold", "Q1", "--reason", "subpoena of the District Court")
        self.refused("hold", "p25", *self.destroy("--permission", "SPR 26/114"))
        self.refused("hold", "p25", "hold", "Q1", "--reason", "again")
        self.done("p25", "hold", DIGEST, "--reason", "and its document")
        self.done("p18", "release", "Q1", "--reason", "the case is closed")
        self.refused("hold", "p25", *self.destroy("--permission", "SPR 26/114"))
        self.refused("hold", "p25", "release", "Q1", "--reason", "again")
        self.assertTrue(os.path.exists(self.kept))
        self.done("p18", "release", DIGEST, "--reason", "the case is closed")
        self.done("p25", *self.destroy("--permission", "SPR 26/114"))
        self.assertFalse(os.path.exists(self.kept))

    def test_nothing_is_destroyed_before_its_time_or_by_others(self):
        words = self.destroy("--permission", "SPR 26/114")
        self.refused("person", "p18", *words, auditor=False)
        self.refused("request", "p18", "destroy", "Q99", "--permission", "SPR 26/114")
        self.refused("document", "p18", "destroy", "0" * 64, "--permission", "SPR 26/114")
        self.refused("retention", "p18", "destroy", "Q201", "--permission", "SPR 26/114")  # open
        self.close_old("20190401120000Z")
        self.point.reload()
        self.refused("retention", "p18", *words)  # closed less than seven years ago
        self.assertEqual(self.states(), {})
        nobody = self.point.frt("request", *words)
        self.assertIn("frt: person: ", nobody.err)
        self.assertTrue(os.path.exists(self.kept))

    def test_q29_says_who_approved_an_edition(self):
        with open(self.point.policy, "a") as f:
            f.write('approved_by = "the Chief of Police";\n')
        self.point.reload()
        table = [t for t in self.point.json("ask", "Q29")["tables"] if t["name"] == "configurations"][0]
        approved = [dict(zip(table["columns"], row))["approved_by"] for row in table["rows"]]
        self.assertEqual(approved, ["", "the Chief of Police"])

    def test_a_stranger_sees_no_marks(self):
        self.done("p18", "hold", "Q1", "--reason", "subpoena")
        result = self.frt("p24", "request", "list", "--retention", auditor=False)
        self.assertNotIn("subpoena", result.out + result.err)


if __name__ == "__main__":
    unittest.main()
