#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Detach, pause, resume, cancel, and what is left of a cancelled run.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

quick_run 300
slow_run 0.2
run=$(optop run --detach "$dir/quick.ini")
is "--detach prints the run's number alone" "$run" "$(expr "$run" : '\([0-9][0-9]*\)$')"
ok "the run goes on without a client" until_true 60 done_at_least "$run" 4

exits "pause" 0 optop pause --wait "$run"
is "paused" "$(run_state "$run")" paused
optop show "$run" --json >"$out"
is "nothing runs" "$(json "$out" 'o["counts"]["running"]')" 0
is "it can be resumed" "$(json "$out" 'o["resumable"]')" true
exits "what is paused cannot be paused" 1 optop pause "$run"

exits "a paused run is changed" 0 optop set "$run" workers=1 limits.run=1h
like "and told" "$out" "paused, changed: workers=1 limits.run=1h"
exits "what is not allowed is refused" 2 optop set "$run" workers=1 limits.run=never
like "with what is" "$err" "limits.run: .*allowed"
exits "what would mix results is refused" 1 optop set "$run" goal=maximize
like "with when it may" "$err" "run.goal: can be changed only before its first trial"
exits "no run" 4 optop set 99 workers=1
exits "no change" 2 optop set "$run"
optop show --file "$run" >"$out"
like "its file knows" "$out" "^run = 1h"
exits "back to two workers" 0 optop set "$run" workers=2 --json
is "a run object" "$(json "$out" 'o["run"]')" "$run"

rm "$dir/slow"
exits "resume follows to the end" 0 optop resume "$run" --json
is "done" "$(json "$out" 'o["state"]')" "done"
is "every trial counted once" "$(json "$out" 'o["counts"]["done"]')" 300
optop top "$run" -n 1000 --csv >"$out"
is "and stored once" "$(sed 1d "$out" | cut -d, -f3 | sort -n | uniq | wc -l | tr -d ' ')" 300
exits "what is done cannot be resumed" 1 optop resume "$run"
exits "nor cancelled" 1 optop cancel "$run"

endless_run
run=$(optop run --detach "$dir/endless.ini" --set 'space.x=int 1..9')
other=$(optop run --paused "$dir/endless.ini")
ok "it runs" until_true 60 state_is "$run" running
is "a run submitted paused is" "$(run_state "$other")" paused
exits "cancel takes several runs" 0 optop cancel --wait "$run" "$other"
is "one" "$(run_state "$run")" cancelled
is "and the other" "$(run_state "$other")" cancelled
exits "last is the newest" 0 optop show last
like "by its number" "$out" "^run $other "

CLONED=yes optop run --detach "$dir/quick.ini" --set "command=sh -c 'echo \$CLONED {x} >&2; echo {x}'" \
    --set 'space.x=int 1..3' >"$out"
origin=$(cat "$out")
ok "it ends" until_true 60 state_is "$origin" "done"
copy=$(optop clone "$origin" --set 'space.x=int 1..5')
ok "a clone is a new run" [ "$copy" -gt "$origin" ]
ok "it ends, too" until_true 60 state_is "$copy" "done"
is "with its change" "$(optop top "$copy" -n 99 --csv | sed 1d | wc -l | tr -d ' ')" 5
optop logs "$copy" >"$out"
like "and the other's environment" "$out" "yes 5"
exits "followed, as a run is" 0 optop clone --follow "$origin" --json
is "to its end" "$(json "$out" 'o["state"]')" "done"
exits "a wrong change submits nothing" 2 optop clone "$origin" --set workers=none
exits "no run to clone" 4 optop clone 99

exits "a run whose trials fail" 1 optop run "$dir/quick.ini" --set 'space.x=int 1..4' \
    --set "command=sh -c '[ -e $dir/good ] && echo {x}'"
: >"$dir/good"
exits "is tried again" 0 optop retry last --json
is "and done" "$(json "$out" '[o["state"], o["counts"]["done"], o["counts"]["failed"]]')" \
    '["done", 4, 0]'
exits "nothing is left to try" 1 optop retry last
like "and told" "$err" "has no failed trials"

first=$(optop run --paused "$dir/quick.ini")
then=$(optop run --detach "$dir/quick.ini" --set after="$first" --set priority=7)
why() {
    optop show "$then" | grep -q "^waiting *waits for run $first, which is paused\$"
}
ok "a run waits for another, and says so" until_true 60 why
optop show "$then" >"$out"
like "with its place in the queue" "$out" "^queue *priority 7, after $first\$"
optop runs >"$out"
like "in the list, too" "$out" "quick .*waits for run $first, which is paused"
exits "the other is cancelled" 0 optop cancel "$first"
ok "it is paused then" until_true 60 state_is "$then" paused
optop show "$then" >"$out"
like "with the reason" "$out" "^reason .*run $first, which it waits for, was cancelled"
exits "cancel" 0 optop cancel "$then"

# a command that leaves processes behind which do not hear TERM
mark=424242.$$
cat >"$dir/nest.sh" <<SCRIPT
trap '' TERM
for i in 1 2 3 4 5 6 7 8 9 10; do
    (trap '' TERM; setsid sh -c "trap '' TERM; sleep $mark; :" &) &
done
sleep $mark
SCRIPT
sleepers() {
    pgrep -f -c "^sleep $mark\$"
}
some_sleep() {
    [ "$(sleepers)" -ge 11 ]
}
none_sleeps() {
    [ "$(sleepers)" -eq 0 ]
}
run=$(optop run --detach "$dir/endless.ini" --set "objective.command=sh $dir/nest.sh {x}" \
    --set parallel.workers=1 --set limits.grace=200ms)
ok "a nest of processes is up" until_true 60 some_sleep
exits "it is cancelled" 0 optop cancel --wait "$run"
is "cancelled" "$(run_state "$run")" cancelled
ok "and none of them is left" none_sleeps
finish
