#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes frt.ldif (the cn=config form) from frt.schema (the slapd.conf form), so that the two cannot say different things.

    make_ldif.py           writes frt.ldif beside frt.schema
    make_ldif.py --check   writes nothing; exit status 1 when frt.ldif is not what frt.schema says
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KEYWORDS = {
    "objectidentifier": "olcObjectIdentifier",
    "attributetype": "olcAttributeTypes",
    "objectclass": "olcObjectClasses",
}
HEADER = """\
# SPDX-License-Identifier: BSD-2-Clause
# Made from frt.schema by make_ldif.py; change that file instead of this one.
dn: cn=frt,cn=schema,cn=config
objectClass: olcSchemaConfig
cn: frt
"""


def statements(text):
    """The definitions of a slapd.conf schema file: continuation lines begin with white space (slapd.conf(5))."""
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            if current is None:
                raise ValueError(f"line {number}: a continuation of nothing")
            current += " " + line.strip()
            continue
        if current is not None:
            yield current
        current = line.strip()
    if current is not None:
        yield current


def fold(line, width=110):
    """RFC 2849: a line is continued by a newline and one space, which belong to no value."""
    parts = [line[:width]]
    rest = line[width:]
    while rest:
        parts.append(" " + rest[: width - 1])
        rest = rest[width - 1:]
    return "\n".join(parts) + "\n"


def make(schema_text):
    lines = [HEADER]
    for statement in statements(schema_text):
        keyword, definition = statement.split(None, 1)
        if keyword not in KEYWORDS:
            raise ValueError(f"unknown keyword {keyword!r}; expected one of {', '.join(sorted(KEYWORDS))}")
        lines.append(fold(f"{KEYWORDS[keyword]}: {definition}"))
    return "".join(lines)


def main(arguments):
    with open(os.path.join(HERE, "frt.schema"), encoding="ascii") as schema:
        made = make(schema.read())
    path = os.path.join(HERE, "frt.ldif")
    if arguments == ["--check"]:
        with open(path, encoding="ascii") as ldif:
            if ldif.read() == made:
                return 0
        print("frt.ldif is not what frt.schema says; run ldap_schema/make_ldif.py", file=sys.stderr)
        return 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    with open(path, "w", encoding="ascii") as ldif:
        ldif.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
