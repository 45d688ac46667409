#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Warm objectives: an engine with a client, a store on disk and two threads that
# evaluate nothing, beside the least that such a run can do (bench_warm.c), in
# turn; the same as a plugin; warm programs beside bare pipes to the same program
# and Python's own pool; medians of the rounds. And what ten million trials leave of the server's
# memory, and how soon a million is there again after a crash.
#
#   warm.sh [ROUNDS [TRIALS]]
set -eu
: "${OPTOP:?the optop binary}"
rounds=${1:-3}
trials=${2:-10000000}
source=$(cd "$(dirname "$0")/../.." && pwd)
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
# run_file TRIALS KEEP [OBJECTIVE-LINE...]
run_file() {
    printf '[run]\nname = bench\n[objective]\n'
    printf '%s\n' "${@:3}"
    printf '[space]\nx = float -5..5\ny = float -5..5\n[search]\nmethod = random\ntrials = %d\n' "$1"
    printf '[parallel]\nmode = thread\nworkers = 2\n[keep]\ntrials = %s\n' "$2"
}
now() { date +%s.%N; }
median() { sort -g "$dir/$1" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }
memory() { awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$server/status"; }
done_of() { "$OPTOP" show "$1" --json | sed -n 's/.*"done": *\([0-9]*\).*/\1/p'; }

# rate NAME TRIALS KEEP OBJECTIVE-LINE...: of a whole call, from its file to its last line
rate() {
    local start
    run_file "${@:2}" >"$dir/run.ini"
    start=$(now)
    "$OPTOP" run "$dir/run.ini" >/dev/null 2>&1
    awk -v n="$2" -v a="$start" -v b="$(now)" 'BEGIN { printf "%.0f\n", n / (b - a) }' >>"$dir/$1"
}

# since START NAME: adds the milliseconds
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.0f\n", (b - a) * 1000 }' >>"$dir/$2"; }

nothing=('type = function' 'function = nothing')
plugin=('type = plugin' "plugin = $dir/nothing.so")
if command -v cc >/dev/null; then
    printf '%s\n' '#include <optop/plugin.h>' 'static int' \
        'evaluate(void *state, const struct optop_trial *trial, double *ret_score) {' \
        '(void)state, (void)trial; *ret_score = 0; return 0; }' 'OPTOP_PLUGIN(.evaluate = evaluate);' |
        cc -shared -fPIC -O2 -I"$source/include" -o "$dir/nothing.so" -x c - || true
fi

# Warm programs, and what they are measured against.
echo=${TEST_BUILDDIR:-.}/tests/support/echo
example="python3 $source/doc/examples/worker.py"
pool='import multiprocessing as m, time
def f(p): return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] * p[0]) ** 2
if __name__ == "__main__":
    n = 20000
    with m.Pool(2) as pool:
        t = time.monotonic()
        s = sum(pool.imap(f, ((i * 1e-4, i * 2e-4) for i in range(n)), 1))
        print(round(n / (time.monotonic() - t)))'
programs() {
    [ ! -x "$floor" ] || {
        [ ! -x "$echo" ] || {
            rate echo_one 200000 all 'type = worker' "command = $echo" 'inflight = 1'
            "$floor" pipe 200000 1 "$echo" >>"$dir/pipe_one"
            rate echo_many 1000000 all 'type = worker' "command = $echo" 'inflight = 64'
            "$floor" pipe 1000000 64 "$echo" >>"$dir/pipe_many"
        }
        # shellcheck disable=SC2086 # words are meant
        "$floor" pipe 1000000 64 $example >>"$dir/pipe_python"
    }
    # so many that the start of the interpreter, which the pool's time is without, is little
    rate python 1000000 all 'type = worker' "command = $example" 'inflight = 64'
    python3 -c "$pool" >>"$dir/imap"
}

# A server that dies with a million trials of a run on its disk: until the next shows them.
reopen() {
    local run start
    run=$(run_file 1000000000 all "${nothing[@]}" | "$OPTOP" run --detach -)
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
    rate best "$trials" top:100 "${nothing[@]}"
    first=${first:-$(memory)}
    last=$(memory)
    [ ! -x "$floor" ] || "$floor" walk "$trials" >>"$dir/walk"
    rate all $((trials / 5)) all "${nothing[@]}"
    [ ! -x "$floor" ] || "$floor" write "$dir/written" $((trials / 5)) >>"$dir/write"
    [ ! -e "$dir/nothing.so" ] || {
        rate plugin "$trials" top:100 "${plugin[@]}"
        rate plugin_all $((trials / 5)) all "${plugin[@]}"
    }
    programs
done
for ((round = 0; round < rounds; round++)); do reopen; done

# line NAME FIGURES BAR FLOOR: trials per second, and the share of the floor's
line() {
    [ -s "$dir/$2" ] || { printf '%-36snot here\n' "$1"; return; }
    awk -v name="$1" -v a="$(median "$2")" -v bar="$3" -v floor="$4" \
        -v b="$([ -s "$dir/$4" ] && median "$4" || echo 0)" 'BEGIN {
        printf "%-36soptop %8.0fk/s   bar %6.0fk/s", name, a / 1000, bar / 1000
        if (b) printf "   %s %8.0fk/s   ratio %.2f", floor, b / 1000, a / b
        print ""
    }'
}
line "nothing, the best 100 kept" best 5000000 walk
line "nothing, all kept" all 250000 write
line "plugin, the best 100 kept" plugin 5000000 walk
line "plugin, all kept" plugin_all 250000 write
# against NAME RUN FLOOR BAR
against() {
    if [ ! -s "$dir/$2" ] || [ ! -s "$dir/$3" ]; then printf '%-36snot here\n' "$1"; return; fi
    awk -v name="$1" -v a="$(median "$2")" -v b="$(median "$3")" -v floor="$3" -v bar="$4" 'BEGIN {
        printf "%-36soptop %8.0f/s   %-12s %8.0f/s   ratio %.2f (bar %.2f)\n", name, a, floor, b, a / b, bar
    }'
}
against "echo in C, 1 in flight" echo_one pipe_one 0.8
against "echo in C, 64 in flight" echo_many pipe_many 0.5
against "the Python example, 64 in flight" python pipe_python 0.8
against "the Python example, Pool.imap" python imap 6
printf '%-36s%s MiB; after %d rounds of %d trials %s MiB (bar 64, flat)\n' \
    "server's memory, first round" "$first" "$rounds" "$trials" "$last"
awk -v a="$(median reopen)" -v b="$(median empty)" 'BEGIN {
    printf "%-36soptop %8.0f ms after the start (bar 1000); nothing to open: %.0f ms\n",
        "10^6 trials after a crash", a, b
}'
