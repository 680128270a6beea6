# SPDX-License-Identifier: BSD-2-Clause
"""Each header compiles alone, and its guard is its path."""
import concurrent.futures
import os
import re
import subprocess
import unittest

import tree

FLAGS = ("-std=gnu11 -D_GNU_SOURCE -DFRT_VERSION=\"0\" -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion "
         "-Wstrict-prototypes -Wmissing-prototypes -Wundef -Wno-pragma-once-outside-header -Werror").split()
LIBRARIES = "libcrypto jansson libconfig ldap lber libsystemd libseccomp libcap-ng check".split()


def include_paths():
    found = subprocess.run(["pkg-config", "--cflags", *LIBRARIES], capture_output=True, text=True, check=True)
    return found.stdout.split()


def compile_alone(path, paths):
    """A translation unit that is that header, twice: what it needs it includes, and its guard works."""
    source = f'#include "{path}"\n#include "{path}"\ntypedef int frt_not_empty;\n'
    run = subprocess.run([os.environ.get("CC", "gcc"), *FLAGS, *paths, "-I", tree.ROOT, "-x", "c", "-"],
                         input=source, capture_output=True, text=True)
    return None if run.returncode == 0 else f"{path}: does not compile alone:\n{run.stderr[:1500]}"


class Headers(unittest.TestCase):
    def test_each_header_compiles_alone(self):
        headers, paths = tree.files((".h",)), include_paths()
        self.assertGreater(len(headers), 30)
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            wrong = [said for said in pool.map(lambda h: compile_alone(h, paths), headers) if said]
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_each_guard_is_the_path(self):
        wrong = []
        for path in tree.files((".h",), *(set(tree.folders()) - {"tests"})):
            expected = "FRT_" + re.sub(r"[^A-Z0-9]", "_", path.upper())
            if f"#ifndef {expected}\n#define {expected}\n" not in tree.read(path):
                wrong.append(f"{path}: expected the guard {expected}")
        self.assertEqual(wrong, [])

    def test_each_source_says_its_licence_first(self):
        wrong = [f"{path}: expected SPDX-License-Identifier: BSD-2-Clause in the first line"
                 for path in tree.files((".c", ".h"))
                 if "SPDX-License-Identifier: BSD-2-Clause" not in "".join(tree.read(path).splitlines()[:3])]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
