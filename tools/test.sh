#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# All tests, from a bare clone on Debian 12: installs what is missing, builds with gcc and clang under ASan + UBSan, then the
# release build with real slapd, su, sudo, sshd. Ends with "N passed, N failed". Usage: sudo tools/test.sh [CTEST ARGUMENTS]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. tools/packages.sh
install_missing $build_packages $demo_packages $test_packages || exit 1

passed=0 failed=0 trouble=

# Counts the cases that CTest's log tells of: libcheck's and unittest's own totals; a test that tells none is one case.
count() {
    local numbers
    numbers=$(awk '
        /^[0-9]+%: Checks: / { gsub(",", ""); ran += $3; bad += $5 + $7; told = 1 }
        /^Ran [0-9]+ tests? in / { ran += $2; told = 1 }
        /^FAILED \(/ { line = $0; while (match(line, /(failures|errors)=[0-9]+/)) {
            split(substr(line, RSTART, RLENGTH), kv, "="); bad += kv[2]; line = substr(line, RSTART + RLENGTH) } }
        /^Test (Passed|Failed)\.|^Test Pass|^Test Fail/ { if (!told) { ran++; if ($0 ~ /Fail/) bad++ }
            else if ($0 ~ /Fail/ && bad == before) bad++; told = 0; before = bad }
        END { print ran + 0, bad + 0 }' "$1")
    set -- $numbers
    failed=$((failed + $2))
    passed=$((passed + $1 - $2))
}

run() { # PRESET LABELS...
    local preset=$1
    shift
    echo "== $preset"
    if ! cmake --preset "$preset" >"build/$preset.log" 2>&1 || ! cmake --build --preset "$preset" >>"build/$preset.log" 2>&1; then
        tail -n 40 "build/$preset.log"
        echo "$preset: does not build"
        failed=$((failed + 1)) trouble=1
        return
    fi
    ctest --preset "$preset" --timeout 900 "$@" || trouble=1
    count "build/$preset/Testing/Temporary/LastTest.log"
}

mkdir -p build
run dev -LE 'system|slow' -j 2 "$@"
run clang -L unit -LE slow -j 2 "$@"
run release -L 'system|slow' -j 2 "$@"

[ -n "$trouble" ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
