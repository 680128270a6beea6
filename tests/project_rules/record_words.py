# SPDX-License-Identifier: BSD-2-Clause
"""Each kind of record and each key that is written into the trail is explained in frt-trail(5)."""
import re
import unittest

import tree

WRITERS = ("daemon", "trail")
# Stamped in front of every record, added by trail/record.c itself.
STAMPED = set("vnptmbk") | {"void", "cut"}


def written(pattern):
    found = set()
    for path in tree.files((".c",), *WRITERS):
        found |= set(re.findall(pattern, tree.without_comments(tree.read(path))))
    return found


def in_the_manual(title):
    return {word for _, word in tree.items(tree.section(tree.read("man", "frt-trail.5"), title))}


class RecordWords(unittest.TestCase):
    def test_each_kind(self):
        kinds = written(r'frt_record_init\(\s*&?[\w>.-]+,\s*"([a-z]+)"')
        self.assertGreater(len(kinds), 5)
        # `role ? "role" : "entry"` and the like
        kinds |= {word for pair in written(r'frt_record_init\([^;]*\? "([a-z]+)" : "([a-z]+)"') for word in pair}
        self.assertEqual(tree.differences("daemon/ and trail/", kinds, "KINDS of frt-trail(5)", in_the_manual("KINDS")), [])

    def test_each_key(self):
        keys = written(r'(?:frt_record_add_text|frt_record_add_number|add_hex|add_roles|add_encoded)\(\s*&?[\w>.-]+,\s*"([a-z_]+)"')
        self.assertGreater(len(keys), 30)
        self.assertEqual(tree.differences("daemon/ and trail/", keys | STAMPED, "KEYS of frt-trail(5)", in_the_manual("KEYS")), [])


if __name__ == "__main__":
    unittest.main()
