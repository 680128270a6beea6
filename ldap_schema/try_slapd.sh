#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A private slapd with the sample city until it is killed; options and output: tests/system/slapd.py.
exec /usr/bin/python3 -B "$(dirname "$0")/../tests/system/slapd.py" "$@"
