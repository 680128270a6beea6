# SPDX-License-Identifier: BSD-2-Clause
# Sourced by tools/demo.sh, tools/test.sh and tools/bench.sh: installs the Debian packages that are missing.

build_packages="gcc cmake ninja-build pkg-config libldap-dev libpam0g-dev libconfig-dev check libjansson-dev
    libcap-ng-dev libseccomp-dev uthash-dev libsystemd-dev libssl-dev"
demo_packages="slapd ldap-utils python3 faketime"
test_packages="clang clang-format libclang-rt-14-dev binutils python3-cryptography sudo openssh-server openssh-client pamtester
    strace openssl libubsan1 util-linux systemd mandoc chromium chromium-driver"
bench_packages="git jq"

install_missing() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
    done
    [ "${#missing[@]}" -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "These Debian packages are missing, and only root can install them: ${missing[*]}" >&2
        return 1
    fi
    echo "Installing: ${missing[*]}"
    # A daemon that comes with a package (slapd, sshd) must not start on the machine of whoever tries this out.
    local log guard=/usr/sbin/policy-rc.d made=
    log=$(mktemp)
    if [ ! -e "$guard" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod 755 "$guard" && made=1
    fi
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "apt-get failed; see the lines above." >&2
        [ -n "$made" ] && rm -f "$guard"
        rm -f "$log"
        return 1
    fi
    [ -n "$made" ] && rm -f "$guard"
    rm -f "$log"
}
