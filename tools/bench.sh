#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Measurements, each beside a peer or a floor of the same run, as ratios. Usage: sudo tools/bench.sh pam|trail|gate|casework [ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh
what=${1:-}
case $what in
pam | trail | gate | casework) shift ;;
*)
    sed -n '3s/^# //p' "$0" >&2
    exit 64
    ;;
esac
# shellcheck disable=SC2086 # lists of package names
install_missing $build_packages $demo_packages $bench_packages
# Peers that would start a daemon or change /etc/pam.d when installed are only unpacked.
unpack() {
    mkdir -p build/peers
    (cd build/peers && apt-get download "$@" >/dev/null && for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done)
    export PATH=$PATH:$PWD/build/peers/sbin LD_LIBRARY_PATH=$PWD/build/peers/lib/x86_64-linux-gnu:$PWD/build/peers/usr/lib/x86_64-linux-gnu
}
mkdir -p build
[ "$what" = casework ] && unpack auditd libauparse0
cmake --preset release >build/bench.log && cmake --build --preset release >>build/bench.log
export FRT_BINARY_DIR=$PWD/build/release
case $what in
pam | casework | gate) exec /usr/bin/python3 -B "bench/$what.py" "$@" ;;
*) exec bash "bench/$what.sh" "$@" ;;
esac
