#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Plugins (type = plugin) through a server: the installed example as its users
# build it, and one that crashes, exits, hangs: that costs the trial it was at.
# shellcheck source=tests/cli/lib.sh
. "${0%/*}/lib.sh"

plugins=$(cd "${TEST_BUILDDIR:-.}/tests/support" && pwd)

# wild FILE WHAT: a run file in $dir/wild.ini; trial 17 of 400 does it
wild() {
    cat >"$dir/wild.ini" <<INI
[run]
name = wild
[objective]
type = plugin
plugin = $plugins/$1.so
[parameters]
what = $2
at = 17
[space]
x = int 1..20
y = int 1..20
[parallel]
mode = thread
workers = 2
INI
}

number=0
# run NAME STATUS [SECTION.KEY=VALUE...]
run() {
    run_name=$1
    run_status=$2
    shift 2
    run_sets=()
    for assignment; do run_sets+=(-s "$assignment"); done
    number=$((number + 1))
    exits "$run_name" "$run_status" optop run "$dir/wild.ini" "${run_sets[@]}"
}

# counts: [done, failed]
counts() {
    optop show "$number" --json >"$dir/counts.json"
    json "$dir/counts.json" '[o["counts"]["done"], o["counts"]["failed"]]'
}

# The example.

cp "$plugins/plugin.so" "$src/doc/examples/plugin.ini" "$dir"
cd "$dir" || exit 99
number=$((number + 1))
exits "the example runs" 0 optop run plugin.ini
optop show 1 --json >"$out"
is "... all points" "$(json "$out" 'o["counts"]["done"] + o["counts"]["failed"]')" 100000
optop top 1 -n 1 >"$out"
like "... with its metric" "$out" 'off_valley\|off valley'
optop logs 1 >"$out"
like "... and why points have failed" "$out" 'off the valley'

# The same in every way.

wild wild nothing
run "one by one" 0
optop export "$number" --csv --force "$dir/export.csv" >/dev/null 2>&1
cut -d, -f1-5 "$dir/export.csv" | sort >"$dir/all.threads"
like "metrics are exported" "$dir/export.csv" 'double'
wild wild-batch nothing
run "in batches" 0 parallel.mode=process
optop export "$number" --csv --force "$dir/export.csv" >/dev/null 2>&1
cut -d, -f1-5 "$dir/export.csv" | sort >"$dir/all.batches"
ok "... with the same results" cmp -s "$dir/all.threads" "$dir/all.batches"
is "all of them" "$(counts)" "[400, 0]"

# What goes wrong costs the one trial.

for file in wild wild-batch; do
    for what in crash abort; do
        wild "$file" "$what"
        run "$file, $what" 0
        is "... costs a trial" "$(counts)" "[399, 1]"
        optop logs "$number" --trial 17 >"$out"
        like "... which is told by the signal's name" "$out" 'killed by SIG\(SEGV\|ABRT\)'
        like "... with what it said before" "$out" "now: $what"
        like "... and where it was" "$out" 'wild.*\.so'
    done
    wild "$file" fail
    run "$file, fail" 0
    is "... costs a trial" "$(counts)" "[399, 1]"
    optop logs "$number" --trial 17 >"$out"
    like "... and says why" "$out" 'it did not converge'
done
wild wild exit
run "exit" 0 parallel.mode=process
is "... costs a trial" "$(counts)" "[399, 1]"
wild wild hang
run "hang" 0 limits.trial=300ms
is "... costs a trial" "$(counts)" "[399, 1]"
optop logs "$number" --trial 17 >"$out"
like "... by its time limit" "$out" 'time limit of 300ms'
wild wild nan
run "nan" 0
is "... costs a trial" "$(counts)" "[399, 1]"

# One that hangs in a run that is cancelled.

wild wild hang
number=$((number + 1))
id=$(optop run --detach "$dir/wild.ini" -s limits.grace=200ms)
ok "it has begun" until_true 20 done_at_least "$id" 1
exits "it is cancelled" 0 optop cancel "$id"
ok "... within its grace" until_true 10 state_is "$id" cancelled

# What cannot be loaded.

wild wild refuse
run "one that refuses" 1
optop show "$number" >"$out"
like "... says why" "$out" 'nothing suits it'
wild nowhere nothing
run "one that is not there" 1
optop show "$number" >"$out"
like "... is told" "$out" 'nowhere.so'
exits "... before it runs, too" 4 optop run --check "$dir/wild.ini"
like "... and why" "$err" 'nowhere.so'

# A check opens it in a process of its own.
wild wild refuse
exits "a check of one that refuses" 2 optop run --check "$dir/wild.ini"
like "... says why" "$err" 'wild.ini: .*nothing suits it'
wild wild 'die early'
exits "one that dies then" 1 optop run --check "$dir/wild.ini"
like "... takes nothing with it" "$err" 'killed by SIGKILL'
wild wild nothing
exits "one that is well" 0 optop run --check "$dir/wild.ini"
like "... is counted" "$out" 'ok, 400 trials'
wild wild 'hang early'
optop run --check "$dir/wild.ini" >/dev/null 2>&1 &
asker=$!
ok "one that hangs" until_true 10 test -s early.pid
kill "$asker"
wait "$asker" 2>/dev/null
gone() { ! kill -0 "$(cat early.pid)" 2>/dev/null; }
ok "... goes with who has asked" until_true 10 gone
optop boards optop-server --json >"$out"
like "... and is counted" "$out" 'run.check'
rm -f early.pid
"$OPTOP" run --check "$dir/wild.ini" >"$dir/asked" 2>&1 &
asker=$!
ok "another one that hangs" until_true 10 test -s early.pid
exits "... is among the requests" 0 optop requests
like "... which tell what is done" "$out" '^ *[0-9]* *run.check *running '
optop requests --json >"$out"
is "... and for whom" "$(json "$out" "[r['pid'] for r in o['requests']]")" "[$asker]"
exits "... can be cancelled" 0 optop requests cancel "$(json "$out" "o['requests'][0]['request']")"
wait "$asker"
is "... its client fails" "$?" 1
like "... and is told" "$dir/asked" 'the request was cancelled'
ok "... the process ends" until_true 10 gone
exits "then there is none" 0 optop requests
like "which is told" "$out" 'no request'
exits "and none to cancel" 4 optop requests cancel 1
exits "what is no number" 2 optop requests cancel one

sed -i '/^plugin/d' "$dir/wild.ini"
exits "none" 2 optop run --check "$dir/wild.ini"

finish
