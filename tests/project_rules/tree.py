# SPDX-License-Identifier: BSD-2-Clause
"""What the rules share: the tree's root, its files, and the manual's lists."""
import os
import re

ROOT = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Folders that no rule looks into: what is built, and what is not ours.
NOT_OURS = {"build"}


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as f:
        return f.read()


def exists(*parts):
    return os.path.exists(os.path.join(ROOT, *parts))


def folders():
    """Top-level folders of the tree."""
    return sorted(name for name in os.listdir(ROOT)
                  if os.path.isdir(os.path.join(ROOT, name)) and not name.startswith((".", "build")))


def files(suffixes, *under):
    """Paths from the root of all files with one of `suffixes` in the folders `under` (none given: everywhere)."""
    found = []
    for folder in under or folders():
        for directory, names, entries in os.walk(os.path.join(ROOT, folder)):
            names[:] = sorted(n for n in names if n not in NOT_OURS and not n.startswith("."))
            found += [os.path.relpath(os.path.join(directory, e), ROOT) for e in sorted(entries) if e.endswith(suffixes)]
    return found


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def section(page, title):
    """The lines of one .Sh or .Ss of a page of the manual; a .Ss ends at the next .Ss, a .Sh only at the next .Sh."""
    lines, inside, level = [], False, ""
    for line in page.splitlines():
        head = re.match(r"\.(S[hs])\s+(.*)", line)
        if head and inside and (head[1] == "Sh" or level == "Ss"):
            break
        if head and head[2].strip().strip('"') == title:
            inside, level = True, head[1]
            continue
        if inside:
            lines.append(line)
    return lines


def items(lines, macro="Cm"):
    """The words of `.It MACRO word` by the depth of their list: [(depth, word)]."""
    depth, found = 0, []
    for line in lines:
        depth += line.startswith(".Bl") - line.startswith(".El")
        item = re.match(r"\.It %s (.*)" % macro, line)
        if item:
            # ".It Cm a | Cm b" names two.
            found += [(depth, word) for word in re.findall(r"(?:^|%s )([^\s|]+)" % macro, item[1])]
    return found


def differences(a_name, a, b_name, b):
    """Sentences about what stands in one set and not in the other."""
    said = [f"{word}: stands in {a_name}, not in {b_name}" for word in sorted(set(a) - set(b))]
    return said + [f"{word}: stands in {b_name}, not in {a_name}" for word in sorted(set(b) - set(a))]
