#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Measurements, each beside a peer or a floor of the same run, as ratios. Usage: sudo tools/bench.sh pam|trail|gate [ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh
what=${1:-}
case $what in
pam | trail | gate) shift ;;
*)
    sed -n '3s/^# //p' "$0" >&2
    exit 64
    ;;
esac
# shellcheck disable=SC2086 # lists of package names
install_missing $build_packages $demo_packages
mkdir -p build
cmake --preset release >build/bench.log && cmake --build --preset release >>build/bench.log
export FRT_BINARY_DIR=$PWD/build/release
case $what in
pam) exec /usr/bin/python3 -B bench/pam.py "$@" ;;
*) exec bash "bench/$what.sh" "$@" ;;
esac
