#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Warm objectives: an engine with a client, a store on disk and two threads that
# evaluate nothing, beside the least that such a run can do (bench_warm.c), in
# turn; medians of the rounds. And what ten million trials leave of the server's
# memory, and how soon a million is there again after a crash.
#
#   warm.sh [ROUNDS [TRIALS]]
set -eu
: "${OPTOP:?the optop binary}"
rounds=${1:-3}
trials=${2:-10000000}
floor=${TEST_BUILDDIR:-.}/tests/bench/bench_warm
base=${TMPDIR:-/tmp}
[ "${#base}" -le 50 ] || base=/tmp
dir=$(mktemp -d "$base/optop-bench-XXXXXX")
mkdir -m 700 "$dir/run"
export OPTOP_SOCKET=$dir/run/server.sock OPTOP_STATE=$dir/state OPTOP_CONFIG=$dir/optop.ini
server=
stop() {
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    "$OPTOP" server stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT

# The server is this shell's child, so that its number is known.
start_server() {
    rm -f "$OPTOP_SOCKET" # of one that was killed; a client would start another one
    "$OPTOP" server run >/dev/null 2>&1 &
    disown
    server=$!
    until [ -S "$OPTOP_SOCKET" ]; do sleep 0.01; done
}
run_file() {
    printf '[run]\nname = bench\n[objective]\ntype = function\nfunction = nothing\n'
    printf '[space]\nx = float -5..5\ny = float -5..5\n[search]\nmethod = random\ntrials = %d\n' "$1"
    printf '[parallel]\nmode = thread\nworkers = 2\n[keep]\ntrials = %s\n' "$2"
}
now() { date +%s.%N; }
median() { sort -g "$dir/$1" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }
memory() { awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$server/status"; }
done_of() { "$OPTOP" show "$1" --json | sed -n 's/.*"done": *\([0-9]*\).*/\1/p'; }

# rate NAME TRIALS KEEP: of a whole call, from its file to its last line
rate() {
    local start
    run_file "$2" "$3" >"$dir/run.ini"
    start=$(now)
    "$OPTOP" run "$dir/run.ini" >/dev/null 2>&1
    awk -v n="$2" -v a="$start" -v b="$(now)" 'BEGIN { printf "%.0f\n", n / (b - a) }' >>"$dir/$1"
}

# since START NAME: adds the milliseconds
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.0f\n", (b - a) * 1000 }' >>"$dir/$2"; }

# A server that dies with a million trials of a run on its disk: until the next shows them.
reopen() {
    local run start
    run=$(run_file 1000000000 all | "$OPTOP" run --detach -)
    until [ "$(done_of "$run")" -ge 1000000 ]; do sleep 0.02; done
    kill -KILL "$server" 2>/dev/null
    { wait "$server" || true; } 2>/dev/null
    start=$(now)
    start_server
    until [ "$(done_of "$run")" -ge 1000000 ]; do sleep 0.01; done
    since "$start" reopen
    "$OPTOP" cancel --wait "$run" >/dev/null 2>&1 || true
}

for ((round = 0; round < rounds; round++)); do # a server with nothing to open
    start=$(now)
    start_server
    "$OPTOP" status >/dev/null
    since "$start" empty
    "$OPTOP" server stop >/dev/null 2>&1
done
start_server
first=
for ((round = 0; round < rounds; round++)); do
    rate best "$trials" top:100
    first=${first:-$(memory)}
    last=$(memory)
    [ ! -x "$floor" ] || "$floor" walk "$trials" >>"$dir/walk"
    rate all $((trials / 5)) all
    [ ! -x "$floor" ] || "$floor" write "$dir/written" $((trials / 5)) >>"$dir/write"
done
for ((round = 0; round < rounds; round++)); do reopen; done

# line NAME FIGURES BAR FLOOR: trials per second, and the share of the floor's
line() {
    awk -v name="$1" -v a="$(median "$2")" -v bar="$3" -v floor="$4" \
        -v b="$([ -s "$dir/$4" ] && median "$4" || echo 0)" 'BEGIN {
        printf "%-36soptop %8.0fk/s   bar %6.0fk/s", name, a / 1000, bar / 1000
        if (b) printf "   %s %8.0fk/s   ratio %.2f", floor, b / 1000, a / b
        print ""
    }'
}
line "nothing, the best 100 kept" best 5000000 walk
line "nothing, all kept" all 250000 write
printf '%-36s%s MiB; after %d rounds of %d trials %s MiB (bar 64, flat)\n' \
    "server's memory, first round" "$first" "$rounds" "$trials" "$last"
awk -v a="$(median reopen)" -v b="$(median empty)" 'BEGIN {
    printf "%-36soptop %8.0f ms after the start (bar 1000); nothing to open: %.0f ms\n",
        "10^6 trials after a crash", a, b
}'
