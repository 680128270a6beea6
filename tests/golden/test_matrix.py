#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Everybody of the sample city with every tool, on every host, with every paper, around every date: what must come out follows
from who they are, in the order the law asks (unknown, city role, city machine, performer, request), said here a second time."""
import os
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("FRT_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "..", ".."))
FRT = os.path.join(os.environ["FRT_BINARY_DIR"], "bin", "frt")
T = "2026-03-16T14:00:00Z"

PEOPLE = ["p%02d" % n for n in range(1, 33)]
OFFICIALS, DUAL, UNKNOWN = set(PEOPLE[:19]), {"p27", "p29", "p30"}, {"p31", "p32"}
PERFORMERS = {"p20": "msp", "p22": "rmv", "p23": "fbi", "p28": "msp"}
HOSTS = {"h%d" % n: n <= 5 for n in range(1, 13)}  # the city's
TOOLS = ["T%02d" % n for n in range(1, 45)]
REDACTION, VIEWERS, LOGINS, OTHERS = {"T34", "T35", "T38"}, {"T39", "T40"}, {"T31", "T32"}, {"T33", "T41", "T42", "T43", "T44"}
# Every other tool is face surveillance but T36, redaction that tracks heads: for officials the answer is the same.
RECIPIENTS = {"Q201": "msp", "Q202": "rmv", "Q203": "fbi", "Q204": "msp", "Q205": "msp", "Q208": "rmv", "Q210": "fbi"}
PAPERS = {"Q201": "allow S-ORD", "Q202": "allow S-DEC", "Q203": "allow S-EMG", "Q204": "deny S-EMG", "Q205": "deny S-ORD",
          "Q208": "deny S-DEC", "Q210": "deny S-EMG"}
# request, performer, host, (time, what comes out) ...
DATES = (
    ("Q201", "p20", "h6", ("2026-03-10T08:59:59Z", "deny S-REQ"), ("2026-03-10T09:00Z", "allow S-ORD"), ("2026-03-31T23:59:58Z", "allow S-ORD"),
     ("2026-03-31T23:59:59Z", "deny S-REQ"), ("2026-04-01T00:00:00Z", "deny S-REQ")),
    ("Q202", "p22", "h7", ("2026-03-15T17:59:59Z", "deny S-REQ"), ("2026-03-15T18:00:00Z", "allow S-DEC")),
    ("Q203", "p23", "h8", ("2026-03-16T13:39:59Z", "deny S-REQ"), ("2026-03-16T13:40:00Z", "allow S-EMG"),
     ("2026-03-17T13:39:59Z", "allow S-EMG"), ("2026-03-17T13:40:00Z", "deny S-REQ")),
    ("Q209", "p20", "h6", ("2026-03-16T14:19:59Z", "deny S-REQ"), ("2026-03-16T14:20:00Z", "allow S-EMG"),
     ("2026-03-17T14:19:59Z", "allow S-EMG"), ("2026-03-17T14:20:00Z", "deny S-REQ")),
)


def by_role(person, otherwise):
    if person in UNKNOWN:
        return "deny F-CLOSED"
    if person in OFFICIALS or person in DUAL:
        return "deny N-USE" if person in OFFICIALS else "deny N-DUAL"
    return otherwise


def search(person, paper):
    if person not in PERFORMERS:
        return "deny S-PERF"
    if paper == "Q207":
        return "deny N-PROXY"
    return PAPERS[paper] if RECIPIENTS.get(paper) == PERFORMERS[person] else "deny S-REQ"


def official_with(tool):
    if tool in OTHERS:
        return "not-governed NF"
    return "exempt X-RED" if tool in REDACTION else "exempt X-EVID" if tool in VIEWERS else "deny N-USE"


def rows():
    for person in PEOPLE:
        outside = person not in OFFICIALS | DUAL | UNKNOWN
        yield person, "", "exec", "T25", "h6", "", T, by_role(person, search(person, ""))
        yield person, "", "open", "T03", "h1", "", T, by_role(person, "deny H-CITY")
        yield person, "", "exec", "T44", "h4", "", T, "not-governed NF"
        yield person, "", "exec", "T34", "h9", "", T, "deny F-CLOSED" if person in UNKNOWN else "exempt X-RED"
        yield person, "", "open", "T39", "h9", "", T, "deny F-CLOSED" if person in UNKNOWN else "exempt X-EVID"
        # By sudo to a performer's account: the login person counts, and the weaker of the two.
        behind = "deny N-USE" if person in OFFICIALS | DUAL else by_role(person, search(person, "Q201"))
        yield person, "p20", "exec", "T25", "h6", "Q201", T, behind
        for paper in ("Q201", "Q202", "Q203", "Q204", "Q205", "Q206", "Q207", "Q208", "Q209", "Q210", "Q211", "q201", "Q999"):
            if outside and (person in PERFORMERS or paper != "Q207"):
                yield person, "", "exec", "T25", "h6", paper, T, search(person, paper)
    for host, is_city in HOSTS.items():
        yield "p20", "", "exec", "T25", host, "Q201", T, "deny H-CITY" if is_city else "allow S-ORD"
        yield "p01", "", "login", "T31", host, "", T, "exempt X-AUTH" if host == "h5" else "deny N-USE"
        mine = "exempt X-AUTH" if host == "h12" else "deny H-CITY" if is_city else "deny X-AUTH"
        yield "p21", "", "login", "T31", host, "", T, mine
    for tool in TOOLS:
        yield "p01", "", "open", tool, "h1", "", T, official_with(tool)
        if tool not in VIEWERS:
            yield "p15", "", "obtain", tool, "h2", "", T, official_with(tool)
    for request, person, host, *times in DATES:
        for at, expected in times:
            yield person, "", "exec", "T25", host, request, at, expected


class Matrix(unittest.TestCase):
    def test_everybody_with_everything(self):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
            table.write("case\tlogin\tuser\taction\ttool\thost\trequest\tat\tverdict\trule\n")
            count = 0
            for *cells, expected in rows():
                count += 1
                table.write("\t".join(["-".join(filter(None, cells))] + cells + expected.split()) + "\n")
            table.flush()
            done = subprocess.run([FRT, "policy", "test", "--policy", os.path.join(SOURCE, "config", "policies", "northampton-ma.policy"),
                                   "--directory", os.path.join(SOURCE, "ldap_schema", "sample_city"), table.name],
                                  capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(done.stdout, "%d cases, 0 differ\n" % count)
        self.assertGreater(count, 400)


if __name__ == "__main__":
    unittest.main()
