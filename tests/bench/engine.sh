#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The engine as a whole (client, server, store on disk, two workers) beside what
# else starts commands, in turn, so that a busy machine is unfair to all alike;
# medians of the rounds. What is not installed is left out and named.
#
#   engine.sh [ROUNDS [TRIALS]]
set -eu
: "${OPTOP:?the optop binary}"
rounds=${1:-3}
trials=${2:-3000}
floor=${TEST_BUILDDIR:-.}/tests/bench/bench_dispatch
base=${TMPDIR:-/tmp}
[ "${#base}" -le 50 ] || base=/tmp
dir=$(mktemp -d "$base/optop-bench-XXXXXX")
mkdir -m 700 "$dir/run"
export OPTOP_SOCKET=$dir/run/server.sock OPTOP_STATE=$dir/state OPTOP_CONFIG=$dir/optop.ini
export TS_SOCKET=$dir/tsp TS_MAXFINISHED=10 TS_MAXCONN=1000
stop() {
    "$OPTOP" server stop >/dev/null 2>&1 || true
    [ ! -S "$TS_SOCKET" ] || tsp -K || true
    rm -rf "$dir"
}
trap stop EXIT

# run_file TRIALS COMMAND
run_file() {
    printf '[run]\nname = bench\n[objective]\ntype = command\ncommand = %s\nscore = wall_seconds\n' "$2"
    printf '[space]\nx = int 1..%d\n[search]\nmethod = grid\n[parallel]\nworkers = 2\n[limits]\ngrace = 500ms\n' "$1"
}
now() { date +%s.%N; }
median() { sort -g "$dir/$1" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }
field() { "$OPTOP" show "$1" --json | sed -n "s/.*\"$2\": *\([0-9.]*\).*/\1/p"; }

# rate NAME TRIALS COMMAND...: adds trials per second to the figures of NAME
rate() {
    local name=$1 trials=$2 start
    shift 2
    start=$(now)
    "$@" >/dev/null 2>&1
    awk -v n="$trials" -v a="$start" -v b="$(now)" 'BEGIN { printf "%.2f\n", n / (b - a) }' >>"$dir/$name"
}
by_xargs() { seq "$1" | xargs -P2 -n1 /bin/true; }
by_parallel() { seq "$1" | parallel -j2 /bin/true; }
by_tsp() {
    tsp -S 2
    for ((i = 0; i < $1; i++)); do tsp -n /bin/true "$i"; done
    while tsp | grep -qE ' (queued|running) '; do sleep 0.02; done
    tsp -K
}

# What `show` says of a run's rate once COUNT trials are done: rate_at NAME COUNT TOTAL
rate_at() {
    local run
    run=$(run_file "$3" '/bin/true {x}' | "$OPTOP" run --detach -)
    until [ "$(field "$run" done)" -ge "$2" ]; do sleep 0.05; done
    "$OPTOP" show "$run" --json |
        sed 's/.*"done": *\([0-9]*\).*"elapsed_seconds": *\([0-9.]*\).*/\1 \2/' |
        awk '{ printf "%.2f\n", $1 / $2 }' >>"$dir/$1"
    "$OPTOP" cancel --wait "$run" >/dev/null 2>&1 || true # the short one is done
}

# How long after `cancel` the last process of trials that ignore TERM is gone.
cancel_late() {
    local run start
    run=$(run_file 1000000 "sh -c \"trap '' TERM; : >$dir/busy; sleep 1000; exit {x}\"" | "$OPTOP" run --detach -)
    until [ -e "$dir/busy" ]; do sleep 0.01; done
    start=$(now)
    "$OPTOP" cancel --wait "$run" >/dev/null
    awk -v a="$start" -v b="$(now)" 'BEGIN { printf "%.0f\n", (b - a) * 1000 }' >>"$dir/cancel"
    rm "$dir/busy"
}

run_file "$trials" '/bin/true {x}' >"$dir/true.ini"
"$OPTOP" status >/dev/null # the server is there before the clock starts
for ((round = 0; round < rounds; round++)); do
    rate optop "$trials" "$OPTOP" run "$dir/true.ini"
    [ ! -x "$floor" ] || "$floor" capture "$trials" >>"$dir/capture"
    rate xargs "$trials" by_xargs "$trials"
    ! command -v parallel >/dev/null || rate parallel $((trials / 8)) by_parallel $((trials / 8))
    ! command -v tsp >/dev/null || rate tsp $((trials / 8)) by_tsp $((trials / 8))
    rate_at thousand 1000 1000
    rate_at million 1000 1000000
    cancel_late
done

# against NAME BAR
against() {
    [ -s "$dir/$1" ] || { printf '%-36s not here\n' "true against $1"; return; }
    awk -v name="true against $1" -v a="$(median optop)" -v b="$(median "$1")" -v other="$1" -v bar="$2" 'BEGIN {
        printf "%-36soptop %8.1f/s   %-8s %8.1f/s   ratio %.2f (bar %.2f)\n", name, a, other, b, a / b, bar
    }'
}
against capture 0.9
against xargs 1.1
against parallel 8
against tsp 2.5
awk -v a="$(median million)" -v b="$(median thousand)" 'BEGIN {
    printf "%-36s10^6   %8.1f/s   10^3     %8.1f/s   ratio %.2f (bar 0.95)\n", "true, trials in the queue", a, b, a / b
}'
awk -v a="$(median cancel)" 'BEGIN {
    printf "%-36soptop %8.0f ms after the call; grace 500 ms (bar 600)\n", "cancel, 10^6 trials in the queue", a
}'
