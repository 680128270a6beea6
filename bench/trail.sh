#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The trail beside its floors: commits (three fdatasyncs) and verification (sha256sum of the same bytes plus one Ed25519
# verification per seal). Ratios count; the microseconds are this machine's today.
#   bench/trail.sh [RECORDS (1000000)] [BUILD (build/release)]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
records=${1:-1000000}
bench=${2:-$here/build/release}/bin/trail_bench
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/frt_trail_bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT INT TERM

mkdir "$dir/commit"
"$bench" commit "$dir/commit" 500
rm -rf "$dir/commit"

for batch in 1 8 256; do
    part=$records
    # One record a commit costs three syncs each to write: a tenth of them will do.
    [ "$batch" = 1 ] && part=$((records / 10))
    mkdir "$dir/verify"
    "$bench" fill "$dir/verify" "$part" "$batch"
    cat "$dir"/verify/log/*.seg > /dev/null
    for round in 1 2 3 4 5 6 7; do
        start=$(date +%s.%N)
        sha256sum "$dir"/verify/log/*.seg > /dev/null
        end=$(date +%s.%N)
        echo "$start $end $("$bench" verify "$dir/verify")"
    done | awk -v batch="$batch" '
        { sum = $2 - $1; floor = sum + $4; ratio[NR] = $3 / floor; took[NR] = $3; f[NR] = floor; s[NR] = sum
          records = $5; seals = $6; bytes = $7 }
        function median(list, n,   i, j, t) { for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++)
            if (list[j] < list[i]) { t = list[i]; list[i] = list[j]; list[j] = t } return list[int((n + 1) / 2)] }
        END { printf "verify %d records, %d a commit, %.0f MB: %.2f s, floor %.2f s (sha256sum %.2f s and %d seals), ratio %.2f\n",
              records, batch, bytes / 1e6, median(took, NR), median(f, NR), median(s, NR), seals, median(ratio, NR) }'
    rm -rf "$dir/verify"
done
