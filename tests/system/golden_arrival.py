# SPDX-License-Identifier: BSD-2-Clause
"""The golden cases of obtaining and retaining, by way of the programs that ask in earnest: frt arrive and frt scan. A tool for which
the catalogue gives neither a package nor a path ("local entry needed") cannot come this way and is counted as left out."""
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from frtd import Frtd, SOURCE, program  # noqa: E402
from person import log_in  # noqa: E402

SHARED = {"guest-msp": 20101}


def rows(*actions):
    with open(os.path.join(SOURCE, "tests", "golden", "golden.tsv")) as f:
        table = list(csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t", restval=""))
    return [row for row in table if row["action"] in actions]


def uid_of(name):
    return SHARED.get(name) or (20000 + int(name[1:]) if name else None)


class Golden(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix="frt-golden-")
        self.addCleanup(shutil.rmtree, self.base, True)

    def marks(self, point, tool):
        return point.json("tools", "list", tool)["tools"][0]["marks"]

    def decision(self, point, before, action):
        found = [r for r in point.records(k="decision")[before:] if action in r.values()]
        self.assertEqual(len(found), 1)
        return found[0]

    def check(self, row, record):
        for wanted in (row["verdict"], row["rule"]):
            self.assertIn(wanted, record.values(), (row["case"], record))
        if row["oblige"] not in ("", "none"):
            self.assertIn(row["oblige"], str(record))

    def arrive(self, point, package, login):
        return subprocess.run([program("frt"), "--config", point.conf, "arrive", "--copy", self.base + "/copy", package],
                              preexec_fn=lambda: log_in(login), env={"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"}, stderr=subprocess.PIPE, text=True)

    def test_obtaining(self):
        done, left = 0, []
        for row in rows("obtain"):
            with self.subTest(row["case"]), Frtd(host=row["host"]) as point:
                packages = self.marks(point, row["tool"]).get("package")
                if not packages:
                    left.append(row["case"])
                    continue
                before = len(point.records(k="decision"))
                result = self.arrive(point, packages[0], uid_of(row["login"]))
                self.assertEqual(result.returncode, 1 if row["verdict"] == "deny" else 0, result.stderr)
                self.check(row, self.decision(point, before, "obtain"))
                done += 1
        self.assertEqual((done, left), (3, ["not-over-obtain"]))

    def test_retaining(self):
        done, left = 0, []
        for row in rows("retain"):
            with self.subTest(row["case"]), Frtd(host=row["host"]) as point:
                paths = self.marks(point, row["tool"]).get("path")
                if not paths:
                    left.append(row["case"])
                    continue
                root = tempfile.mkdtemp(dir=self.base)
                os.makedirs(os.path.dirname(root + paths[0]))
                os.makedirs(root + "/var/lib/dpkg/info")
                open(root + "/var/lib/dpkg/status", "w").close()
                open(root + paths[0], "w").close()
                os.chown(root + paths[0], uid_of(row["login"]) or 0, 0)
                before = len(point.records(k="decision"))
                with open(self.base + "/catalogue", "w") as f:
                    f.write(point.frt("tools", "list", "--json").out)
                point.frt("scan", "--root", root, "--catalogue", self.base + "/catalogue", "--state", root + ".state", "--findings",
                          root + ".findings", root)
                self.check(row, self.decision(point, before, "retain"))
                done += 1
        self.assertEqual((done, left), (2, ["retain-guest"]))


if __name__ == "__main__":
    unittest.main()
