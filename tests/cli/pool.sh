#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The workers of a run as a pool: what is reused, what is replaced and why, and
# why an idle one waits.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# pool EXPRESSION: over `p`, the pool of workers of the status
pool() {
    optop status --json >"$dir/status.json" &&
        json "$dir/status.json" "(lambda p: $1)([p for p in o['pools'] if p['name'] == 'workers'][0])"
}

pool_is() {
    [ "$(pool "$1")" = "$2" ]
}

quick_run 400
exits "a run" 0 optop run "$dir/quick.ini"
ok "two workers did all of it" until_true 60 pool_is '(p["created"], p["reused"])' '[2, 398]'
ok "and went with it" until_true 60 pool_is '(p["size"], p["retired"])' '[0, 2]'
is "before their time none" "$(pool 'sum(p["recycled"].values())')" 0
is "trials did not wait long" "$(pool '0 < p["acquire_p50_seconds"] <= p["acquire_p99_seconds"]')" true

exits "fresh workers after 20 trials" 0 optop run "$dir/quick.ini" --set parallel.max_trials=20
ok "some are counted" until_true 60 pool_is 'p["recycled"]["max_trials"] >= 18' true
is "the others' time was not over" "$(pool 'sum(p["recycled"].values()) - p["recycled"]["max_trials"]')" 0

# the same for an objective that stays loaded, in processes of two threads
cat >"$dir/warm.ini" <<INI
[run]
name = warm
[objective]
type = function
function = rastrigin
[space]
x = float -5..5
[search]
method = random
trials = 20000
[parallel]
mode = hybrid
workers = 1x2
max_trials = 1500
INI
before=$(pool 'p["recycled"]["max_trials"]')
exits "a warm run" 0 optop run "$dir/warm.ini" --json
is "has all its trials" "$(json "$out" 'o["counts"]["done"]')" 20000
ok "none did more than it may" until_true 60 pool_is "p['recycled']['max_trials'] >= $before + 13" true

# all trials fail and wait for half an hour: nothing to do for the workers
sed 's/^command = .*/command = sh -c "exit {x}"/' "$dir/quick.ini" >"$dir/fails.ini"
run=$(optop run --detach "$dir/fails.ini" --set limits.retries=1 --set limits.retry_delay=30m \
    --set parallel.idle=1h)
waits() {
    optop show "$run" >"$out" && grep -q "^workers *$1" "$out"
}
ok "show tells why they wait" until_true 60 waits "2 of 2, 2 idle: no trial is ready"
exits "a shorter time without trials" 0 optop set "$run" idle=50ms
ok "leaves the least" until_true 60 waits "1 of 2, 1 idle: no trial is ready"
is "and is counted" "$(pool 'p["recycled"]["idle"] <= 1')" true
exits "another least" 0 optop set "$run" parallel.min=2
ok "is started ahead of trials" until_true 60 waits "2 of 2, 2 idle: no trial is ready"
ok "they are idle" until_true 60 pool_is '(p["in_use"], p["idle"])' '[0, 2]'
exits "cancel" 0 optop cancel --wait "$run"

# a trial that takes memory for so long that somebody looks
cat >"$dir/large.sh" <<SH
v=\$(head -c 40000000 /dev/zero | tr '\\0' a)
while [ -e "$dir/slow" ]; do sleep 0.1; done
echo "\$1"
SH
sed "s|^command = .*|command = sh $dir/large.sh {x}|" "$dir/quick.ini" >"$dir/large.ini"
: >"$dir/slow"
run=$(optop run --detach "$dir/large.ini" --set parallel.max_rss=30MiB --set 'space.x=int 1..4')
ok "a worker that is too large gets a successor" until_true 60 pool_is 'p["size"] >= 3' true
ok "which waits for its place" until_true 60 waits "[34] of 2, [12] idle: the run is at its worker target"
rm "$dir/slow"
ok "the trials of the large one count" until_true 60 state_is "$run" "done"
ok "and why it went" until_true 60 pool_is '1 <= p["recycled"]["max_rss"] <= 4' true
is "as all do" "$(optop top "$run" -n 9 --csv | sed 1d | wc -l | tr -d ' ')" 4

exits "min above the workers" 2 optop run "$dir/quick.ini" --set parallel.min=3
like "is told" "$err" "parallel.min: min is more than workers (2)"
exits "min above max" 2 optop run "$dir/quick.ini" --set workers=auto --set parallel.min=3 --set parallel.max=2
like "is told, too" "$err" "parallel.min: min is more than max (2)"
exits "max with a number of workers" 2 optop run "$dir/quick.ini" --set parallel.max=4
like "has no sense" "$err" "parallel.max: max is for workers = auto"
finish
