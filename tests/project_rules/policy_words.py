# SPDX-License-Identifier: BSD-2-Clause
"""Every word a policy file can use, or a decision can give as its reason, is in the code's table and in frt-policy(5)."""
import re
import unittest

import tree


def page():
    return tree.read("man", "frt-policy.5")


def facts_of_the_code():
    """{"host_owner": ["unknown", ...]}, spelled as in policy files."""
    found = {}
    for body in re.findall(r"FACT\(((?:\s*\"[a-z0-9-]+\",?)+)\)", tree.read("decision", "facts.c")):
        words = re.findall(r'"([a-z0-9-]+)"', body)
        found[words[0].replace("-", "_")] = words[1:]
    return found


def facts_of_the_manual():
    found, fact = {}, None
    for depth, word in tree.items(tree.section(page(), "FACTS")):
        if depth == 1:
            fact = found.setdefault(word, [])
        else:
            fact.append(word)
    return found


def words_in(title):
    return [word for depth, word in tree.items(tree.section(page(), title)) if depth == 1]


class PolicyWords(unittest.TestCase):
    def test_facts_and_their_values(self):
        code, manual = facts_of_the_code(), facts_of_the_manual()
        self.assertIn("agency_kind", code)
        self.assertEqual(tree.differences("decision/facts.c", code, "FACTS of frt-policy(5)", manual), [])
        for fact, values in code.items():
            self.assertEqual(tree.differences(f"{fact} of decision/facts.c", values, f"{fact} of frt-policy(5)", manual[fact]), [])

    def test_reasons(self):
        code = re.findall(r'(?:DENIED|UNDECIDED|PASSED)\(\s*"([a-z-]+)"', tree.read("decision", "policy.c"))
        self.assertGreater(len(code), 25)
        self.assertEqual(len(code), len(re.findall(r"^\s+FRT_REASON_[A-Z_]+(?: = 0)?,", tree.read("decision", "policy.h"), re.M)),
                         "decision/policy.c: a reason of the enumeration has no row, or this test cannot read it")
        self.assertEqual(tree.differences("decision/policy.c", code, "REASONS of frt-policy(5)", words_in("REASONS")), [])

    def test_verdicts_and_obligations(self):
        code = tree.read("decision", "policy.c")
        verdicts = re.findall(r'\{"([a-z-]+)", FRT_VERDICT_', code)
        obligations = re.findall(r'\{"([a-z-]+)", FRT_OBLIGE_', code)
        self.assertEqual((len(verdicts), len(obligations)), (4, 4))
        self.assertEqual(tree.differences("decision/policy.c", verdicts, "VERDICTS of frt-policy(5)", words_in("VERDICTS")), [])
        self.assertEqual(tree.differences("decision/policy.c", obligations, "OBLIGATIONS of frt-policy(5)", words_in("OBLIGATIONS")), [])

    def test_switches_and_their_choices(self):
        code = tree.read("settings", "policy_switches.c")
        rows = re.findall(r'\{\.name = "([a-z_]+)",(.*?)\}\s*,', re.sub(r"\.choices = \{(.*?)\}", r".choices = <\1>", code, flags=re.S), re.S)
        self.assertGreater(len(rows), 10)
        self.assertEqual(tree.differences("settings/policy_switches.c", [name for name, _ in rows], "SWITCHES of frt-policy(5)",
                                          words_in("SWITCHES")), [])
        text = "\n".join(tree.section(page(), "SWITCHES"))
        for name, row in rows:
            item = re.split(r"\n\.It ", text.split(f".It Cm {name}", 1)[1], maxsplit=1)[0]
            choices = re.search(r"\.choices = <(.*?)>", row, re.S)
            for word in re.findall(r'"([^"]+)"', choices[1]) if choices else []:
                self.assertRegex(item, r"(?m)^\.Cm " + re.escape(word) + r"( |$)", f"SWITCHES of frt-policy(5): {name}")
            for number in re.findall(r"\.(?:min|max) = (\d+)", row):
                self.assertRegex(item, r"(?<!\w)" + number + r"(?!\w)", f"SWITCHES of frt-policy(5): {name}")


if __name__ == "__main__":
    unittest.main()
