# SPDX-License-Identifier: BSD-2-Clause
"""Each attribute and class of the schema is explained in frt-schema(5)."""
import re
import unittest

import tree


def in_the_manual(title):
    return {word for _, word in tree.items(tree.section(tree.read("man", "frt-schema.5"), title))}


class SchemaWords(unittest.TestCase):
    def names(self, what):
        return set(re.findall(what + r" \( frt\w+:\d+ NAME '(\w+)'", tree.read("ldap_schema", "frt.schema")))

    def test_each_attribute(self):
        attributes = self.names("attributetype")
        self.assertGreater(len(attributes), 60)
        self.assertEqual(tree.differences("frt.schema", attributes, "ATTRIBUTES of frt-schema(5)", in_the_manual("ATTRIBUTES")), [])

    def test_each_class(self):
        self.assertEqual(tree.differences("frt.schema", self.names("objectclass"), "CLASSES of frt-schema(5)",
                                          in_the_manual("CLASSES")), [])


if __name__ == "__main__":
    unittest.main()
