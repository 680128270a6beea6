# SPDX-License-Identifier: BSD-2-Clause
"""All C files are as clang-format 14 leaves them with the tree's .clang-format."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import unittest

import tree


def badly_formatted(path):
    run = subprocess.run([shutil.which("clang-format-14") or "clang-format", "--style=file", "--dry-run", "-Werror",
                          os.path.join(tree.ROOT, path)], capture_output=True, text=True)
    return f"{path}:{re.search(r':([0-9]+):', run.stderr)[1]}" if run.returncode else None


class Format(unittest.TestCase):
    def test_each_c_file_is_formatted(self):
        self.assertTrue(shutil.which("clang-format-14") or shutil.which("clang-format"), "clang-format is not installed")
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            wrong = [path for path in pool.map(badly_formatted, tree.files((".c", ".h"))) if path]
        self.assertEqual(wrong, [], "run clang-format -i on: " + " ".join(path.split(":")[0] for path in wrong))


if __name__ == "__main__":
    unittest.main()
