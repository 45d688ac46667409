#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One trial is paused, resumed, cancelled; new limits for those that run.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

running() {
    optop show "$run" --json >"$dir/show.json" && json "$dir/show.json" \
        'sorted([t["trial"], t["state"]] for t in o["running"])'
}
running_is() {
    [ "$(running)" = "$1" ]
}

# trials 1 and 2 go on until they are stopped, the others are quick
quick_run 6
sed -i "s|^command = .*|command = sh -c \"[ {x} -gt 2 ] \|\| sleep 1000; echo {x}\"|" "$dir/quick.ini"
printf '[limits]\nretries = 3\nmax_failures = 1\n' >>"$dir/quick.ini"
run=$(optop run --detach "$dir/quick.ini")
ok "two trials run" until_true 60 running_is '[[1, "running"], [2, "running"]]'
optop show "$run" >"$out"
like "show lists them" "$out" "^running *trial [12], .*: x=[12]\$"
exits "one of them is paused" 0 optop pause "$run" --trial 1
is "and told" "$(cat "$out")" "trial 1 of run $run: paused"
is "the other one runs" "$(running)" '[[1, "paused"], [2, "running"]]'
child() {
    pid=$(json "$dir/show.json" '[t["worker_pid"] for t in o["running"] if t["trial"] == 1][0]')
    cat "/proc/$pid/task/$pid/children"
}
stands() {
    for pid in $(child); do
        grep -q '^State:.T' "/proc/$pid/status" || return 1
    done
}
ok "its processes stand still" until_true 60 stands
optop show "$run" >"$out"
like "show says so" "$out" "trial 1, paused, .*: x=1\$"
exits "it cannot be paused twice" 1 optop pause "$run" --trial 1
like "and told" "$err" "trial 1 of run $run is paused already"
exits "the other one is cancelled" 0 optop cancel "$run" --trial 2 --wait
is "and has ended" "$(cat "$out")" "trial 2 of run $run: ended"
ok "the rest is done, it is not" until_true 60 done_at_least "$run" 4
is "but stands still" "$(running)" '[[1, "paused"]]'
exits "what is done cannot be cancelled" 1 optop cancel "$run" --trial 4
like "and told" "$err" "trial 4 of run $run does not run: it is done"
exits "nor what was cancelled" 1 optop cancel "$run" --trial 2
like "and told" "$err" "trial 2 of run $run does not run: it has failed"
exits "nor what is not there" 1 optop cancel "$run" --trial 7
exits "it goes on" 0 optop resume "$run" --trial 1 --json
is "as a run object says" "$(json "$out" '[t["state"] for t in o["running"]]')" '["running"]'
exits "it is not paused now" 1 optop resume "$run" --trial 1
exits "it ends" 0 optop cancel "$run" --trial 1
ok "and with it the run" until_true 60 state_is "$run" "done"
optop show "$run" --json >"$out"
is "nothing was tried again" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"], o["running"]]')" \
    '[4, 2, []]'
optop logs "$run" >"$out"
like "its log has the pause" "$out" "trial 1.*paused by its user"
like "and the end" "$out" "trial 2.*cancelled by its user"
exits "of a run that is done nothing runs" 1 optop cancel "$run" --trial 4

exits "not a number" 2 optop cancel "$run" --trial one
exits "nor the trial of two runs" 2 optop cancel "$run" "$run" --trial 1
exits "nor of none" 4 optop pause 99 --trial 1

endless_run
run=$(optop run --detach "$dir/endless.ini" --set 'space.x=int 1..2' --set limits.trial=1h)
ok "two trials run" until_true 60 running_is '[[1, "running"], [2, "running"]]'
exits "a shorter limit" 0 optop set "$run" limits.trial=100ms
ok "ends them" until_true 60 state_is "$run" failed
optop logs "$run" >"$out"
like "with its reason" "$out" "time limit of 100ms"

cat >"$dir/warm.ini" <<'INI'
[run]
name = warm
[objective]
type = function
function = sphere
[space]
x = float -5..5
[search]
method = random
trials = 1000000000000
[keep]
trials = top:10
INI
run=$(optop run --detach "$dir/warm.ini")
ok "a warm run goes" until_true 60 done_at_least "$run" 1
exits "none of its trials can be paused alone" 1 optop pause "$run" --trial 1
like "and told" "$err" "the trials of run $run are no processes of their own: one alone cannot be paused"
exits "nor cancelled" 1 optop cancel "$run" --trial 1
exits "its limits are changed all the same" 0 optop set "$run" limits.trial=1h
before=$(json "$dir/done.json" 'o["counts"]["done"]')
ok "and it goes on" until_true 60 done_at_least "$run" $((before + 1000000))
exits "until it is cancelled" 0 optop cancel --wait "$run"
finish
