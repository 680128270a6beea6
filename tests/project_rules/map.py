# SPDX-License-Identifier: BSD-2-Clause
"""README's map of the tree names each top-level folder, and none that is not there."""
import re
import unittest

import tree


class Map(unittest.TestCase):
    def test_each_folder_is_on_the_map(self):
        part = tree.read("README.md").split("## Map of the tree", 1)
        self.assertEqual(len(part), 2, 'README.md: expected a section "Map of the tree"')
        rows = re.findall(r"^\| `([a-z_]+)/` \|", part[1].split("\n## ", 1)[0], re.M)
        self.assertEqual(tree.differences("the tree", tree.folders(), "the map in README.md", rows), [])

    def test_no_folder_is_a_drawer(self):
        self.assertEqual(sorted(set(tree.folders()) & {"src", "lib", "common", "misc", "util", "utils", "include"}), [])


if __name__ == "__main__":
    unittest.main()
