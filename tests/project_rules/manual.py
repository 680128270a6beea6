# SPDX-License-Identifier: BSD-2-Clause
"""The manual: every page is clean mdoc with the sections people look for; every command, option and PAM word is in it."""
import glob
import os
import re
import shutil
import subprocess
import unittest

import tree

NEEDED = {"1": ["SYNOPSIS", "DESCRIPTION", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"],
          "8": ["SYNOPSIS", "DESCRIPTION", "FILES", "EXAMPLES", "SEE ALSO"],
          "5": ["DESCRIPTION", "EXAMPLES", "SEE ALSO"]}
# The table of options that commands which look back share.
DESK = "cli/desk_options.h"
# Where programs keep their getopt tables.
PROGRAMS = {"frtd.8": ["daemon/main.c"], "frt-replica.8": ["directory/replica_main.c"], "frt-gate.8": ["gate/main.c"]}


def pages():
    return sorted(glob.glob(os.path.join(tree.ROOT, "man", "*.[1-8]")))


def options_of(*paths):
    text = "".join(tree.read(path) for path in paths)
    return set(re.findall(r'\{[\s\\\\]*"([a-z0-9-]+)", (?:no|required|optional)_argument', text)) - {"help"}


def options_in(lines):
    return {word for line in lines if line.startswith(".It") for word in re.findall(r"Fl -([a-z0-9-]+)", line)} - {"help"}


class Pages(unittest.TestCase):
    def test_each_page_is_clean_mdoc(self):
        self.assertGreater(len(pages()), 6)
        self.assertTrue(shutil.which("mandoc"), "mandoc is not installed")
        for page in pages():
            with self.subTest(os.path.basename(page)):
                run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
                self.assertEqual(run.stdout + run.stderr, "")

    def test_each_page_has_the_sections_people_look_for(self):
        for page in pages():
            text = tree.read("man", os.path.basename(page))
            have = re.findall(r"^\.Sh (.*)", text, re.M)
            with self.subTest(os.path.basename(page)):
                for wanted in NEEDED[page[-1]]:
                    self.assertIn(wanted, have)
                self.assertTrue({"DIAGNOSTICS", "EXIT STATUS"} & set(have), "expected DIAGNOSTICS or EXIT STATUS")

    def test_each_page_is_installed(self):
        text = tree.read("man", "CMakeLists.txt")
        if "GLOB" not in text:
            for page in pages():
                self.assertIn(os.path.basename(page), text)

    def test_each_page_that_is_referred_to_exists(self):
        have = {tuple(os.path.basename(page).rsplit(".", 1)) for page in pages()}
        for page in pages():
            for name, number in re.findall(r"^\.Xr (\S*frt\S*) (\d)", tree.read("man", os.path.basename(page)), re.M):
                self.assertIn((name, number), have, f"{os.path.basename(page)} refers to {name}({number})")


class Words(unittest.TestCase):
    def test_each_command_of_frt_and_each_of_its_options(self):
        page = tree.read("man", "frt.1")
        commands = re.findall(r'\{"([a-z]+)", frt_([a-z_]+)_command,', tree.read("cli", "main.c"))
        self.assertGreater(len(commands), 5)
        heads = {head.split()[0] for head in re.findall(r"^\.Ss (.*)", "\n".join(tree.section(page, "COMMANDS")), re.M)}
        self.assertEqual(tree.differences("cli/main.c", [name for name, _ in commands], "COMMANDS of frt(1)", heads), [])
        for name, function in commands:
            source = f"cli/{function}_command.c"
            options = options_of(source)
            if name == "log":
                options |= set(re.findall(r'\{"([a-z]+)",\s+"[a-z]+"\}', tree.read(source)))
                for table in re.findall(r"const (?:with_value|without)\[\] = \{(.*?)\}", tree.read(source)):
                    options |= set(re.findall(r'"([a-z]+)"', table)) - {"help"}
                self.assertGreater(len(options), 14)
            with self.subTest(f"frt {name}"):
                self.assertEqual(tree.differences(source, options, f"frt {name} in frt(1)", options_in(tree.section(page, name))), [])

    def test_the_options_that_audit_commands_share(self):
        if tree.exists(DESK):
            self.assertEqual(tree.differences(DESK, options_of(DESK), "AUDIT OPTIONS of frt(1)",
                                              options_in(tree.section(tree.read("man", "frt.1"), "AUDIT OPTIONS"))), [])

    def test_each_option_of_the_daemons(self):
        for page, sources in PROGRAMS.items():
            if not all(tree.exists(source) for source in sources) or not tree.exists("man", page):
                continue
            with self.subTest(page):
                self.assertEqual(tree.differences(sources[0], options_of(*sources), page, options_in(tree.read("man", page).splitlines())), [])

    def test_each_word_of_pam_frt(self):
        text = tree.read("pam_module", "arguments.c")
        table = re.search(r"words\[\] = \{(.*?)\n\};", text, re.S)
        words = set(re.findall(r'\{"([a-z_]+)=?",', table[1])) | {"notice"}
        manual = {word.rstrip("=") for _, word in tree.items(tree.section(tree.read("man", "pam_frt.8"), "ARGUMENTS"))}
        self.assertGreater(len(words), 8)
        self.assertEqual(tree.differences("pam_module/arguments.c", words, "ARGUMENTS of pam_frt(8)", manual), [])

    def test_the_stack_line_is_the_shipped_one(self):
        line = "[success=ok new_authtok_reqd=ok ignore=die default=die] pam_frt.so"
        self.assertIn(line, tree.read("man", "pam_frt.8"))
        for path in tree.files(("",), "config/pam"):
            for account in re.findall(r"^account\s.*pam_frt\.so.*$", tree.read(path), re.M):
                self.assertIn(line, account, path)


if __name__ == "__main__":
    unittest.main()
