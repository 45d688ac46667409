#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Warm programs (type = worker), results stored: a client, a server and one worker
# beside the same program at the end of two bare pipes (bench_pipe.c), and the
# Python example beside Python's own Pool.imap, in turn; medians of the rounds.
# Starting the program is part of all of them.
#
#   worker.sh [ROUNDS [TRIALS]]
set -eu
: "${OPTOP:?the optop binary}"
rounds=${1:-3}
trials=${2:-400000}
build=${TEST_BUILDDIR:-.}
src=$(cd "${TEST_SRCDIR:-.}" && pwd)
base=${TMPDIR:-/tmp}
[ "${#base}" -le 50 ] || base=/tmp
dir=$(mktemp -d "$base/optop-bench-XXXXXX")
mkdir -m 700 "$dir/run"
export OPTOP_SOCKET=$dir/run/server.sock OPTOP_STATE=$dir/state OPTOP_CONFIG=$dir/optop.ini
stop() {
    "$OPTOP" server stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT
[ -x "$build/tests/support/echo" ] && [ -x "$build/tests/bench/bench_pipe" ] || {
    echo "worker.sh: make tests/support/echo tests/bench/bench_pipe first" >&2
    exit 1
}

median() { sort -g "$dir/$1" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }

# both NAME TRIALS INFLIGHT COMMAND: one round of each
both() {
    local start
    printf '[run]\nname = bench\n[objective]\ntype = worker\ncommand = %s\ninflight = %d\n' \
        "$4" "$3" >"$dir/run.ini"
    printf '[space]\nx = float -5..5\ny = float -5..5\n[search]\nmethod = random\ntrials = %d\n' \
        "$2" >>"$dir/run.ini"
    printf '[parallel]\nworkers = 1\n' >>"$dir/run.ini"
    start=$(date +%s.%N)
    "$OPTOP" run "$dir/run.ini" >/dev/null 2>&1
    awk -v n="$2" -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.0f\n", n / (b - a) }' \
        >>"$dir/$1"
    # shellcheck disable=SC2086 # words are meant
    "$build/tests/bench/bench_pipe" "$2" "$3" $4 >>"$dir/$1.floor"
}

# Two processes of Python that evaluate the example's formula, one point at a time.
pool() {
    python3 - "$1" >>"$dir/pool" <<'PYTHON'
import multiprocessing, random, sys, time

def evaluate(point):
    x, y = point
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2, abs(y - x * x)

if __name__ == "__main__":
    count = int(sys.argv[1])
    start = time.monotonic()
    points = ((random.uniform(-5, 5), random.uniform(-5, 5)) for _ in range(count))
    with multiprocessing.get_context("fork").Pool(1) as pool:
        for _ in pool.imap(evaluate, points, chunksize=1):
            pass
    print(round(count / (time.monotonic() - start)))
PYTHON
}

"$OPTOP" status >/dev/null
for ((round = 0; round < rounds; round++)); do
    both single $((trials / 8)) 1 "$build/tests/support/echo"
    both pipelined "$trials" 64 "$build/tests/support/echo"
    both python $((trials / 4)) 64 "python3 $src/doc/examples/worker.py"
    pool $((trials / 16))
done

# line NAME FIGURES FLOOR BAR
line() {
    awk -v name="$1" -v a="$(median "$2")" -v b="$(median "$3")" -v bar="$4" -v what="${3##*.}" \
        'BEGIN { printf "%-36soptop %8.1fk/s   %s %8.1fk/s   ratio %5.2f (bar %s)\n", name,
            a / 1000, what, b / 1000, a / b, bar }'
}
line "echo in C, 1 in flight" single single.floor 0.8
line "echo in C, 64 in flight" pipelined pipelined.floor 0.5
line "the Python example, 64 in flight" python python.floor 0.8
line "the Python example" python pool 6
