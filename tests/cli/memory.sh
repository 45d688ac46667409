#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How short memory is: the server under a limit of its own that it cannot keep.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

memory() { optop status --json >"$out" && json "$out" "o['memory']$1"; }
level_is() { [ "$(memory "['pressure_level']")" = "$1" ]; }

optop status >"$out"
ok "there is a level" level_is "$(memory "['pressure_level']")"
is "and its figure" "$(memory "['pressure'] in (0, 1, 2, 3, 4)")" true
is "and what the server's memory is for" "$(memory "['types'][0]['name']")" json
is "the database's among it" "$(json "$out" "[t['bytes'] > 10000 for t in o['memory']['types'] if t['name'] == 'sqlite']")" '[true]'
exits "a limit of the server's own" 0 optop config set server.max_memory=1MiB
ok "it is critical at once" until_true 20 level_is critical
like "in words" "$out" '"pressure_reason":"own limit: '
like "who gave back is told" "$out" '"released":{"releases":[1-9]'
optop status >"$out"
like "for people, too" "$out" "^shortage *critical (own limit: "
critical() {
    optop alerts --json >"$out"
    [ "$(json "$out" "[a['state'] for a in o['alerts'] if a['key'] == 'memory.pressure']")" = '["critical"]' ]
}
ok "it is an alert" until_true 20 critical
shown() {
    optop boards optop-server --json >"$out"
    [ "$(json "$out" "[f['value'] for f in o['boards'][0]['figures'] if f['name'] == 'process.pressure']")" = '[4]' ]
}
ok "and a published figure" until_true 20 shown
cat >"$dir/auto.ini" <<'INI'
[run]
name = auto
[objective]
command = env x={x} sleep 0.1
score = wall_seconds
[space]
x = int 1..1000000
INI
auto=$(optop run --detach "$dir/auto.ini")
reason_is_told() {
    optop show "$auto" --json >"$out"
    [ "$(json "$out" "o['state'] == 'running' and o['target_reason'] != ''")" = true ]
}
ok "a run starts all the same" until_true 20 reason_is_told
is "and is not blamed" "$(json "$out" "'pressure' in o['target_reason']")" false
exits "and ends" 0 optop cancel --wait "$auto"
exits "without the limit" 0 optop config set server.max_memory=0
calm() { ! level_is critical; }
ok "it calms down" until_true 60 calm

# who grows: a program that keeps a part of each trial
cat >"$dir/leaky.py" <<'PY'
import json, sys, time
kept = []
for line in sys.stdin:
    kept.append(b"x" * 300000)
    time.sleep(0.02)
    print(json.dumps({"trial": json.loads(line)["trial"], "score": 0}), flush=True)
PY
cat >"$dir/leaky.ini" <<INI
[run]
name = leaky
[objective]
type = worker
command = $python -u $dir/leaky.py
inflight = 1
[space]
x = int 1..1000000
[parallel]
workers = 1
[limits]
grace = 1s
INI
exits "a short window" 0 optop config set server.leak_window=4s server.interval=0.2s \
    "threshold leak.growth.warning=> 1048576"
run=$(optop run --detach "$dir/leaky.ini")
leaks() {
    optop status --json >"$out"
    json "$out" "[l['name'] for l in o['leaks'] if l['name'].startswith('worker') and l['r2'] > 0.8 and l['limit_seconds'] > 0]"
}
grows() { [ "$(leaks)" = "[\"worker 1 of run $run\"]" ]; }
ok "its worker is found to grow" until_true 60 grows
optop status >"$out"
like "in words" "$out" "worker 1 of run $run grows [0-9.]* MiB/min, R2 [01]\.[0-9]*, limit in"
warned() {
    optop alerts --json >"$out"
    json "$out" "[a['state'] for a in o['alerts'] if a['key'] == 'leak.growth:optop-server/leak=worker 1 of run $run']"
}
is_warned() { [ "$(warned)" = '["warning"]' ]; }
ok "and an alert" until_true 20 is_warned
exits "its run is cancelled" 0 optop cancel --wait "$run"
gone() { [ "$(leaks)" = '[]' ]; }
ok "then there is none" until_true 20 gone
finish
