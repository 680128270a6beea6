# SPDX-License-Identifier: BSD-2-Clause
"""The core only computes: no I/O, no clock, no allocation, no state. Its objects call nothing but mem*, str* and the wording's
printf into a buffer."""
import os
import re
import subprocess
import tempfile
import unittest

import tree

MAY_CALL = re.compile(r"(mem|str)[a-z]+|v?snprintf")


class DecisionCalls(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        objects = []
        for path in tree.files((".c",), "decision"):
            objects.append(os.path.join(self.folder.name, path.replace("/", "_") + ".o"))
            subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu11", "-O1", "-D_GNU_SOURCE", "-fno-stack-protector", "-I", tree.ROOT,
                            "-c", os.path.join(tree.ROOT, path), "-o", objects[-1]], check=True)
        self.assertGreater(len(objects), 3)
        self.whole = os.path.join(self.folder.name, "decision.o")
        subprocess.run(["ld", "-r", "-o", self.whole, *objects], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def symbols(self, *options):
        run = subprocess.run(["nm", "--format=posix", *options, self.whole], capture_output=True, text=True, check=True)
        return [line.split()[:2] for line in run.stdout.splitlines()]

    def test_it_calls_only_what_computes(self):
        wrong = [name for name, _ in self.symbols("-u") if name != "_GLOBAL_OFFSET_TABLE_" and not MAY_CALL.fullmatch(name)]
        self.assertEqual(wrong, [], "decision/ may call mem*, str* and snprintf; gather facts in a shell instead")

    def test_it_has_no_state(self):
        wrong = [name for name, kind in self.symbols() if kind in "bBCgGsS"]
        self.assertEqual(wrong, [], "decision/ has variables that are not constant")


if __name__ == "__main__":
    unittest.main()
