# SPDX-License-Identifier: BSD-2-Clause
"""Each key of frt.conf stands in the parser's table, in the shipped example (as a line or behind '#') and in its manual page."""
import re
import unittest

import tree


def keys_of_the_parser():
    text = tree.read("settings", "frt_conf.c")
    rows = re.findall(r'\.key = "([a-z_]+)"', text)
    nested = re.findall(r'\{((?:"[a-z_]+"(?:, )?)+)\}\}', text)
    return set(rows) | {name for group in nested for name in re.findall(r'"([a-z_]+)"', group)}


def keys_of_the_example():
    return set(re.findall(r"(?:^|[#{;(])\s*([a-z_]+)\s*=[^=]", tree.read("config", "frt.conf"), re.M))


def keys_of_the_manual():
    return {word for _, word in tree.items(tree.section(tree.read("man", "frt.conf.5"), "KEYS"), "Ic")}


class ConfigKeys(unittest.TestCase):
    def test_the_parser_s_table_was_found(self):
        self.assertTrue({"host", "uris", "directory", "role_groups", "affiliation"} <= keys_of_the_parser())

    def test_the_example_has_them_all(self):
        self.assertEqual(tree.differences("settings/frt_conf.c", keys_of_the_parser(), "config/frt.conf", keys_of_the_example()), [])

    def test_the_manual_has_them_all(self):
        self.assertEqual(tree.differences("settings/frt_conf.c", keys_of_the_parser(), "KEYS of man/frt.conf.5",
                                          keys_of_the_manual()), [])

    def test_the_manual_states_the_defaults_and_ranges_of_the_table(self):
        page, wrong = "\n".join(tree.section(tree.read("man", "frt.conf.5"), "KEYS")), []
        rows = re.findall(r'\{\.key = "([a-z_]+)",.*?\}', tree.read("settings", "frt_conf.c"), re.S)
        for row in re.findall(r'\{\.key = ".*?\}', tree.read("settings", "frt_conf.c"), re.S):
            key = re.search(r'"([a-z_]+)"', row)[1]
            text = re.split(r"\n\.It ", page.split(f".It Ic {key}", 1)[-1], maxsplit=1)[0]
            numbers = re.search(r"NUMBER", row)
            for what in re.findall(r'\.preset = "([^"]*)"', row) + (re.findall(r"\.(?:min|max) = (\d+)", row) if numbers else []):
                if not re.search(r"(?<![\w])" + re.escape(what) + r"(?![\w])", text):
                    wrong.append(f"{key}: man/frt.conf.5 does not mention {what}")
        self.assertGreater(len(rows), 20)
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
