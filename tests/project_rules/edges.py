# SPDX-License-Identifier: BSD-2-Clause
"""Each #include "folder/..." is an edge that the table in CONTRIBUTING.md allows."""
import re
import unittest

import tree

# They look at everything; nothing looks at them.
FREE = {"tests", "tools", "bench"}


def table():
    allowed = {}
    for name, may in re.findall(r"^\| ([a-z_]+) \| ([^|]*) \|[^|]*\|[^|]*\|$", tree.read("CONTRIBUTING.md"), re.M):
        if name != "folder":
            allowed[name] = may.strip()
    everything = set(allowed)
    for name, may in allowed.items():
        named = set(re.findall(r"[a-z_]+", may.replace("all but", ""))) if may != "-" else set()
        unknown = named - everything
        assert not unknown, f"CONTRIBUTING.md: the row of {name} names {unknown}, which have no row of their own"
        allowed[name] = everything - named if may.startswith("all but") else named
    return allowed


class Edges(unittest.TestCase):
    def test_each_folder_of_c_files_has_a_row(self):
        rows = table()
        self.assertGreater(len(rows), 5, "CONTRIBUTING.md: the table of edges was not found")
        have = {path.split("/")[0] for path in tree.files((".c", ".h"))} - FREE
        self.assertEqual(tree.differences("the tree", have, "the table of edges in CONTRIBUTING.md", rows), [])

    def test_each_include_is_allowed(self):
        rows, wrong = table(), []
        for path in tree.files((".c", ".h"), *(set(rows) & set(tree.folders()))):
            folder = path.split("/")[0]
            for number, line in enumerate(tree.read(path).splitlines(), 1):
                to = re.match(r'\s*#\s*include\s*"([^"]*)"', line)
                if not to:
                    continue
                target = to[1].split("/")[0] if "/" in to[1] else None
                if target is None or to[1].startswith("."):
                    wrong.append(f"{path}:{number}: {to[1]}: expected an include written from the root")
                elif target != folder and target not in rows[folder]:
                    wrong.append(f"{path}:{number}: {folder} may not include from {target} (table in CONTRIBUTING.md)")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
