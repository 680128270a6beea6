#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# frt ask and frt report over 10,000, 100,000 and 1,000,000 decisions: time and memory, beside grep and jq on the same files, and
# beside ausearch and aureport over as many audit events where auditd is installed. Ratios of one run; the machine is noisy.
# usage: bench/casework.sh BUILD_DIR [COUNT...]        needs jq; auditd if there is to be a comparison
set -euo pipefail
build=${1:?build folder}
shift
[ $# -gt 0 ] || set -- 10000 100000 1000000
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /tmp/casework.XXXXXX)
trap 'rm -rf "$work"' EXIT
frt=$build/bin/frt
city=$here/ldap_schema/sample_city
policy=$here/config/policies/northampton-ma.policy

# CPU seconds (all threads, children too) and MiB of a command, best of $rounds: a clock on the wall tells mostly what else the
# machine was doing
measure() {
    local best=999999 memory=0 out
    for _ in $(seq "$rounds"); do
        out=$( { /usr/bin/python3 - "$@" <<'PY'
import os, resource, subprocess, sys
with open(os.devnull, "w") as null:
    subprocess.run(sys.argv[1:], stdout=null, stderr=null)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%.3f %d" % (used.ru_utime + used.ru_stime, used.ru_maxrss // 1024))
PY
        } )
        memory=${out#* }
        best=$(awk -v a="$best" -v b="${out% *}" 'BEGIN { print (b < a) ? b : a }')
    done
    echo "$best $memory"
}

row() { # NAME SECONDS MIB BASE_SECONDS
    awk -v n="$1" -v s="$2" -v m="$3" -v b="$4" 'BEGIN { printf "  %-46s %8.2f s %6d MiB   %6.2f of grep\n", n, s, m, s / b }'
}

# Audit records of as many denied accesses, in the kernel's own text form.
audit_log() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) { t = 1767598200 + i * 6;
        printf "type=SYSCALL msg=audit(%d.123:%d): arch=c000003e syscall=59 success=no exit=-1 a0=0 a1=0 a2=0 a3=0 items=1 ppid=1 pid=%d auid=%d uid=%d gid=1 euid=%d suid=1 fsuid=1 egid=1 sgid=1 fsgid=1 tty=tty1 ses=1 comm=\"digikam\" exe=\"/usr/bin/digikam\" key=\"frt\"\n", t, i + 1, 1000 + i % 30000, 20001 + i % 30, 20001 + i % 30, 20001 + i % 30;
        printf "type=PATH msg=audit(%d.123:%d): item=0 name=\"/usr/bin/digikam\" inode=%d dev=fe:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n", t, i + 1, i } }'
}

previous=
for count in "$@"; do
    echo "$count decisions"
    rounds=$((count > 200000 ? 1 : 3))
    "$build/bin/casework-trail" "$work/t" "$count"
    log=$work/t/log
    cat "$log"/*.seg | grep '^{' >"$work/lines"
    read -r grep_s grep_m <<<"$(measure sh -c "cat $log/*.seg | grep -c '\"dec\":\"deny\"'")"
    row "grep -c (one count, nothing checked)" "$grep_s" "$grep_m" "$grep_s"
    read -r s m <<<"$(measure sh -c "jq -r 'select(.k==\"decision\" and .dec==\"deny\") | [.roles,.rule] | @tsv' $work/lines | sort | uniq -c")"
    row "jq, sort, uniq (denials by role and rule)" "$s" "$m" "$grep_s"
    read -r s m <<<"$(measure "$frt" ask Q1 --trail "$log" --no-verify)"
    row "frt ask Q1 (every denial listed), not verified" "$s" "$m" "$grep_s"
    read -r ask_s m <<<"$(measure "$frt" ask Q1 --trail "$log" --directory "$city")"
    row "frt ask Q1, chain verified" "$ask_s" "$m" "$grep_s"
    read -r s m <<<"$(measure "$frt" ask Q24 --trail "$log" --directory "$city")"
    row "frt ask Q24, chain verified" "$s" "$m" "$grep_s"
    read -r report_s m <<<"$(measure "$frt" report --trail "$log" --directory "$city" --policy "$policy" --html "$work/report.html")"
    row "frt report, chain verified ($(du -m "$work/report.html" | cut -f1) MiB page)" "$report_s" "$m" "$grep_s"
    if command -v aureport >/dev/null; then
        audit_log "$count" >"$work/audit.log"
        read -r s m <<<"$(measure ausearch -i -k frt -if "$work/audit.log")"
        row "ausearch -i -k frt, as many events" "$s" "$m" "$grep_s"
        awk -v a="$ask_s" -v b="$s" 'BEGIN { printf "    frt ask Q1 takes %.2f of ausearch\n", a / b }'
        read -r s m <<<"$(measure aureport --summary -x -if "$work/audit.log")"
        row "aureport --summary -x, as many events" "$s" "$m" "$grep_s"
        awk -v a="$report_s" -v b="$s" 'BEGIN { printf "    frt report takes %.2f of aureport\n", a / b }'
    fi
    if [ -n "$previous" ]; then
        read -r was_count was_ask was_report <<<"$previous"
        awk -v n="$count" -v wn="$was_count" -v a="$ask_s" -v wa="$was_ask" -v r="$report_s" -v wr="$was_report" 'BEGIN {
            printf "  growth for %.0f times the decisions: ask %.1f times, report %.1f times\n", n / wn, a / wa, r / wr }'
    fi
    previous="$count $ask_s $report_s"
    rm -rf "$work/t" "$work/lines" "$work/audit.log"
done
