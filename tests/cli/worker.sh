#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Warm programs (type = worker) through a server: the examples, the same results
# however they are run, and programs that die, lie, or never answer.
# shellcheck source=tests/cli/lib.sh
. "${0%/*}/lib.sh"

echo_program=${TEST_BUILDDIR:-.}/tests/support/echo

# echo_run NAME "ECHO'S ARGUMENTS": a run file in $dir/NAME.ini whose score is x + y
echo_run() {
    echo_file=$dir/$1.ini
    cat >"$echo_file" <<INI
[run]
name = $1
[objective]
type = worker
command = $echo_program $2
inflight = 8
[space]
x = int 1..30
y = int 1..20
[parallel]
workers = 2
[limits]
grace = 1s
INI
}

# scores RUN: number, state and score of each trial, by number
scores() {
    optop export "$1" --csv --force "$dir/export.csv" >/dev/null 2>&1
    tail -n +2 "$dir/export.csv" | cut -d, -f1-5 | sort -n -t, -k1
}

# counts RUN: [done, failed]
counts() {
    optop show "$1" --json >"$dir/counts.json"
    json "$dir/counts.json" '[o["counts"]["done"], o["counts"]["failed"]]'
}

echo_left() {
    pgrep -f "^$echo_program" >/dev/null
}

# The examples.

cd "$src/doc/examples" || exit 99
exits "the shell example runs" 0 optop run worker-sh.ini
is "... all points, and x = 0 is an error" "$(counts 1)" "[342, 19]"
exits "... its best" 0 optop top 1 -n 1 --json
is "... is known" "$(json "$out" 'o["trials"][0]["params"]')" '{"x": 3, "y": -2}'
exits "... and its reasons" 0 optop logs 1
like "... are told" "$out" 'x is 0'
exits "the Python example runs" 0 optop run worker-py.ini -s search.trials=200
is "... all points" "$(counts 2)" "[200, 0]"
exits "... and its metrics" 0 optop top 2 -n 1
like "... are kept" "$out" 'off_valley\|off valley'
exits "... shown as" 0 optop show 2
like "... what answers" "$out" '^goal *minimize answer of worker, random search$'
cd "$dir" || exit 99

# The same in every mode.

number=2
for sets in parallel.workers=1 parallel.mode=process parallel.mode=thread \
    'parallel.mode=hybrid parallel.workers=2x2' 'objective.inflight=1'; do
    echo_run same ""
    # shellcheck disable=SC2086 # words are meant
    set -- $sets
    number=$((number + 1))
    exits "runs with $sets" 0 optop run "$echo_file" -s "$1" ${2:+-s "$2"}
    scores "$number" >"$dir/all.$number"
    [ "$number" -eq 3 ] || ok "... and has the same results" cmp -s "$dir/all.3" "$dir/all.$number"
done
is "each trial once, and right" "$(awk -F, '{ n++; if ($1 != n || $2 != "done" ||
    $3 != $4 + $5) bad = 1 } END { print (n == 600 && !bad) ? "right" : n " of 600" }' \
    "$dir/all.3")" right

# Programs that do wrong: that costs one trial, and says why.

number=$((number + 1))
echo_run garbage "17 garbage"
exits "one that talks nonsense" 0 optop run "$echo_file"
is "... costs a trial" "$(counts "$number")" "[599, 1]"
optop logs "$number" --trial 17 >"$out"
like "... says why" "$out" 'no JSON object: hello'
like "... with what it said beside" "$out" 'now: garbage'
number=$((number + 1))
echo_run silent "17 silent"
exits "one that never answers has a time limit" 0 optop run "$echo_file" -s limits.trial=300ms
is "... which costs a trial" "$(counts "$number")" "[599, 1]"
number=$((number + 1))
echo_run flood "17 flood"
exits "an answer without end" 0 optop run "$echo_file" -s parallel.mode=thread
is "... costs a trial" "$(counts "$number")" "[599, 1]"
ok "none is left behind" until_true 10 eval '! echo_left'

# One that is killed from outside, and a run that is cancelled in the middle.

echo_run stuck "1 silent"
id=$(optop run --detach "$echo_file" -s parallel.workers=1 -s objective.inflight=1)
kill_stuck() {
    state_is "$id" done && return 0
    # it has the first trial, or is about to
    [ "$(counts "$id")" = "[0, 0]" ] && sleep 0.5 && [ "$(counts "$id")" = "[0, 0]" ] &&
        kill -9 "$(pgrep -f "^$echo_program" | head -n 1)"
    return 1
}
ok "one that waits for ever is killed, and the rest goes on" until_true 20 kill_stuck
is "... but the trial that it had" "$(counts "$id")" "[599, 1]"
optop logs "$id" --trial 1 >"$out"
like "... whose log says so" "$out" 'killed by SIGKILL'
id=$(optop run --detach "$echo_file")
ok "another" until_true 20 done_at_least "$id" 1
exits "the run is cancelled" 0 optop cancel "$id"
ok "... at once" until_true 10 state_is "$id" cancelled
ok "... and nothing is left" until_true 10 eval '! echo_left'

# What cannot be is told.

echo_run wrong "{x}"
exits "a dimension in the command" 2 optop run --check "$echo_file"
like "... is told" "$err" '{x} is a dimension'
echo_run wrong ""
sed -i '/^command/d' "$echo_file"
exits "no command" 2 optop run --check "$echo_file"
echo_run wrong ""
exits "no trials under way" 2 optop run --check "$echo_file" -s objective.inflight=0
exits "a program that is not there" 1 optop run "$echo_file" -s objective.command=/no/such/program
optop show last >"$out"
like "... is told" "$out" '/no/such/program'

finish
