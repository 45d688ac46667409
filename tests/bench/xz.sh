#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The demo run beside `xargs -P2` running the same commands, in turn: trials per
# second and how busy the workers were. optop stores every trial durably.
set -eu
: "${OPTOP:?the optop binary}"
rounds=${1:-3}
src=$(cd "${TEST_SRCDIR:-.}" && pwd)
dir=$(mktemp -d /tmp/optop-bench-XXXXXX)
mkdir -m 700 "$dir/run"
export OPTOP_SOCKET=$dir/run/server.sock OPTOP_STATE=$dir/state OPTOP_CONFIG=$dir/optop.ini
trap '"$OPTOP" server stop >/dev/null 2>&1; rm -rf "$dir"' EXIT

file=/usr/share/common-licenses/GPL-3
for preset in 0 1 2 3 4 5 6 7 8 9; do
    for lc in 0 1 2 3 4; do
        for lp in 0 1 2 3 4; do
            [ $((lc + lp)) -le 4 ] || continue
            for pb in 0 1 2 3 4; do
                echo "--format=raw --stdout --lzma2=preset=$preset,lc=$lc,lp=$lp,pb=$pb $file"
            done
        done
    done
done >"$dir/commands"
count=$(wc -l <"$dir/commands")
"$OPTOP" status >/dev/null # the server is there before the clock starts

seconds() { # COMMAND...: wall seconds
    local start
    start=$(date +%s.%N)
    "$@" >/dev/null 2>&1
    echo "$(date +%s.%N) - $start" | awk '{ print $1 - $3 }'
}
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for ((i = 0; i < rounds; i++)); do
    seconds "$OPTOP" run "$src/conf/runs/xz.ini" --set parallel.workers=2 >>"$dir/ours"
    "$OPTOP" show last --json | sed 's/.*"utilization_pct": *\([0-9.]*\).*/\1/' >>"$dir/busy"
    seconds xargs -P2 -L1 -a "$dir/commands" xz >>"$dir/theirs"
done
ours=$(median <"$dir/ours")
theirs=$(median <"$dir/theirs")
awk -v n="$count" -v a="$ours" -v b="$theirs" -v busy="$(median <"$dir/busy")" 'BEGIN {
    printf "xz trials/s                         optop %8.1f     xargs %8.1f     ratio %.2f\n", n / a, n / b, b / a
    printf "xz worker utilization               optop %8.1f %%\n", busy
}'
