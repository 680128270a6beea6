#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""decision/ computes and nothing else: what its archive asks of others is mem*, str* and snprintf for the wording."""
import os
import re
import subprocess
import unittest

ARCHIVE = os.path.join(os.environ["FRT_BINARY_DIR"], "decision", "libfrt_decision.a")
ALLOWED = re.compile(r"(mem|str)[a-z]+$|v?snprintf$|__(mem|str)[a-z]+_chk$|__v?snprintf_chk$")
# What compilers add for checks we switch on ourselves.
TOOLS = re.compile(r"__stack_chk_|__asan_|__ubsan_|__sanitizer_|__sancov_|__gcov_|_GLOBAL_OFFSET_TABLE_$")


def symbols(*options):
    got = subprocess.run(["nm", *options, "--format=posix", ARCHIVE], capture_output=True, text=True, check=True)
    return {line.split()[0] for line in got.stdout.splitlines() if line.strip() and not line.endswith(":")}


class DecisionLinks(unittest.TestCase):
    def test_decision_links_nothing_but_memory_strings_and_wording(self):
        asked = symbols("--undefined-only") - symbols("--defined-only", "--extern-only")
        self.assertTrue(asked, "nm found nothing, so nothing was checked")
        others = sorted(s for s in asked if not ALLOWED.match(s) and not TOOLS.match(s))
        self.assertEqual(others, [])

    def test_decision_keeps_nothing_between_decisions(self):
        # No writable data of our own: capital and small b, d are .bss and .data.
        got = subprocess.run(["nm", "--format=posix", ARCHIVE], capture_output=True, text=True, check=True)
        writable = [line.split()[0] for line in got.stdout.splitlines()
                    if len(line.split()) >= 2 and line.split()[1] in "bBdDcC" and line.split()[0] != "DW.ref.__asan"]
        ours = [s for s in writable if not s.startswith((".L", "__", "DW.", "sancov", "*"))]
        # Tables of names hold pointers, so that position-independent code puts them into .data.rel.ro (listed as d).
        tables = {"frt_fact_table", "frt_reason_table", "verdicts", "obligations_table"}
        self.assertEqual([s for s in ours if s.split(".")[0] not in tables], [])


if __name__ == "__main__":
    unittest.main()
