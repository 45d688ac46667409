#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Boards: the server's, a worker's, and one of a program that links the
# installed library, built here from the example of the manual.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

built=${TEST_BUILDDIR:-.}
boards() { optop boards "$1" --json >"$out" && json "$out" "len(o['boards'])"; }
shows() { [ "$(boards "$1")" = "$2" ]; }
figure() { # PROGRAM NAME MEMBER
    optop boards "$1" --json >"$out"
    json "$out" "[f['$3'] for f in o['boards'][0]['figures'] if f['name'] == '$2'][0]"
}

cat >"$dir/optop.ini" <<INI
[threshold example.done]
warning = > 5
[threshold example.took.p99]
warning = < 50us
critical = < 20us
[threshold example.busy:other]
warning = > 0
INI
alert() {
    optop alerts --json >"$out"
    json "$out" "[a['state'] for a in o['alerts'] if a['key'] == '$1'] or ['normal']"
}
alert_is() { [ "$(alert "$1")" = "[\"$2\"]" ]; }

ok "the server publishes its own" until_true 20 shows optop-server 1
optop boards >"$out"
like "for people" "$out" "^optop-server  pid [0-9]*, for "
like "pools" "$out" "pool.in_use *pool=workers"
like "connections of the store" "$out" "pool.size *pool=store readers"
like "tasks" "$out" "task.duration *task=sample"
optop runs >"$out"
arena() { optop boards >"$out" && grep -q "arena.bytes *arena=requests" "$out"; }
ok "what requests take is an arena" until_true 20 arena
heap() { optop boards >"$out" && grep -q "heap.used *heap=json" "$out"; }
case $(nm "$built/optop" 2>/dev/null) in
*__asan_init*) ok "JSON has a heap of its own # SKIP malloc's in a sanitized build" true ;;
*) ok "JSON has a heap of its own" until_true 20 heap ;;
esac
optop status --json >"$out"
is "in the status object too" "$(json "$out" '[b["program"] for b in o["boards"]]')" '["optop-server"]'
exits "no such program: nothing" 0 optop boards nobody
like "which is said" "$out" "no program publishes figures"

# a program of somebody else
flags=
case $(nm "$built/optop" 2>/dev/null) in *__asan_init*) flags=-fsanitize=address,undefined ;; esac
# shellcheck disable=SC2086 # none or one
ok "the example builds against the library" ${CC:-cc} $flags -Wall -Wextra -Werror -I"$src/include" \
    -o "$dir/example" "$src/doc/examples/board.c" "$built/liboptop.so" -lpthread
OPTOP_BOARDS=$dir/run/boards LD_LIBRARY_PATH=$built "$dir/example" 60 &
example=$!
ok "its board is found" until_true 20 shows example 1
is "whose it is" "$(json "$out" 'o["boards"][0]["pid"]')" "$example"
counts() { [ "$(figure example example.done value)" -gt 20 ]; }
ok "its figures move" until_true 20 counts
is "a gauge" "$(figure example example.busy kind)" gauge
took() { [ "$(json "$out" "[0.0005 < f['p50_seconds'] <= f['p99_seconds'] <= f['max_seconds'] * 1.02
    for f in o['boards'][0]['figures'] if f['kind'] == 'histogram'][0]")" = true ]; }
ok "a histogram" took
ok "a threshold of a counter's rate" until_true 20 alert_is example.done:example warning
ok "one of a quantile is calm" alert_is example.took.p99:example normal
optop status --json >"$out"
is "figures with a threshold are metrics" "$(json "$out" 'sorted(f["name"] for f in o["figures"])')" \
    '["example.done:example", "example.took.p99:example"]'
kill -9 "$example"
wait "$example" 2>/dev/null
ok "a killed program is gone from it" until_true 20 shows example 0
is "and its file" "$(find "$dir/run/boards" -name 'example*')" ""

# threads of somebody else
# shellcheck disable=SC2086 # none or one
ok "an executor builds against the library" ${CC:-cc} $flags -Wall -Wextra -Werror -I"$src/include" \
    -o "$dir/executor" "$src/doc/examples/executor.c" "$built/liboptop.so" -lpthread
OPTOP_BOARDS=$dir/run/boards LD_LIBRARY_PATH=$built "$dir/executor" 60 >"$dir/squares" &
executor=$!
of_executor() { optop boards example --json >"$out" && [ "$(json "$out" "[f['value'] > 100
    for b in o['boards'] if b['pid'] == $executor for f in b['figures']
    if f['name'] == '$1' and f['labels'] == '$2'][0]")" = true ]; }
ok "its tasks are counted by name" until_true 20 of_executor task.count task=nap
ok "and what it has done" until_true 20 of_executor executor.ended executor=example
kill "$executor"

# lines from any language
send() { python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(sys.argv[1].encode(), sys.argv[2])' "$1" "$dir/run/statsd.sock"; }
ok "a StatsD line is taken" send 'app.jobs:3|c|#queue:fast
app.depth:7|g
app.took:12.5|ms
app.users:anna|s
app.users:bert|s
nonsense'
ok "its board is there" until_true 20 shows statsd 1
jobs() { [ "$(figure statsd app.jobs value)" = 3 ]; }
ok "a counter" until_true 20 jobs
is "its tags are labels" "$(figure statsd app.jobs labels)" queue=fast
is "a gauge" "$(figure statsd app.depth value)" 7
is "a timing" "$(figure statsd app.took max_seconds)" 0.0125
users() { [ "$(figure statsd app.users value)" = 2 ]; }
ok "a set" until_true 20 users
is "what cannot be read is counted" "$(figure statsd statsd.dropped value)" 1

exits "a misspelt metric is no figure" 2 optop config set threshold.cpu.totl.warning=5

# workers
quick_run 300
slow_run 0.2
run=$(optop run --detach "$dir/quick.ini")
works() { [ "$(boards optop-worker)" -ge 1 ] && [ "$(figure optop-worker trials value)" -ge 2 ]; }
ok "a worker publishes what it does" until_true 30 works
like "of which run" "$out" '"labels":"run='"$run"'"'
exits "its run is cancelled" 0 optop cancel --wait "$run"
ok "and the board goes with it" until_true 20 shows optop-worker 0

optop server stop
is "nothing is left in the directory" "$(ls -A "$dir/run/boards")" ""
ok "nor the socket" [ ! -e "$dir/run/statsd.sock" ]
finish
