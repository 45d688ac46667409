#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One server for all clients, however many start at once; stop; its death.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# gone, or only its exit status is left
has_ended() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

clients=50
i=0
pids=
while [ $i -lt $clients ]; do
    i=$((i + 1))
    ("$OPTOP" runs >/dev/null 2>"$dir/err.$i" && "$OPTOP" server status --json >"$dir/pid.$i") &
    pids="$pids $!"
done
bad=0
for pid in $pids; do
    wait "$pid" || bad=$((bad + 1))
done
is "$clients clients at once are all served" "$bad" 0
is "by one server" "$(cat "$dir"/pid.* | python3 -c '
import json, sys
print(len({json.loads(l)["pid"] for l in sys.stdin}))')" 1
is "without a word" "$(cat "$dir"/err.*)" ""
is "only one runs" "$(pgrep -f -c -- "optop-server.*$OPTOP_SOCKET")" 1

pid=$(server_pid)
exits "stop" 0 optop server stop
ok "the process has ended" has_ended "$pid"
exits "and no other was started" 3 optop server status

# what was counted outlives a killed server
quick_run 200
slow_run 0.2
"$OPTOP" run "$dir/quick.ini" >"$dir/run.out" 2>"$dir/run.err" &
client=$!
some_done() {
    done_at_least last 4
}
ok "a run goes on" until_true 60 some_done
counted=$(json "$dir/done.json" 'o["counts"]["done"]')
run=$(json "$dir/done.json" 'o["run"]')
kill -9 "$(server_pid)"
wait "$client"
is "its client fails" "$?" 1
like "and says how to go on" "$dir/run.err" "optop resume $run"
is "the next server knows the run" "$(run_state "$run")" paused
ok "and what was counted" done_at_least "$run" "$counted"
rm "$dir/slow"
exits "it can be finished" 0 optop resume "$run" --json
is "with every trial once" "$(json "$out" 'o["counts"]["done"]')" 200
optop top "$run" -n 1000 --csv >"$out"
is "and no point left out" "$(sed 1d "$out" | cut -d, -f3 | sort -u | wc -l | tr -d ' ')" 200

# a stop in the middle leaves the run paused
: >"$dir/slow"
run=$(optop run --detach "$dir/quick.ini")
ok "another run goes on" until_true 60 done_at_least "$run" 2
exits "stop in the middle" 0 optop server stop
is "it comes back paused" "$(run_state "$run")" paused

# the server is its user's, not its first client's
exits "stop it" 0 optop server stop
mkdir "$dir/start"
ok "a client with a mask of its own starts it" sh -c "cd '$dir/start' && umask 027 && '$OPTOP' runs >/dev/null"
is "it lets go of the client's directory" "$(readlink "/proc/$(server_pid)/cwd")" /
quick_run 1
sed -i "s|^command = .*|command = sh -c \"umask; touch $dir/made{x}\"|" "$dir/quick.ini"
exits "a run makes a file" 0 optop run "$dir/quick.ini"
is "with the user's mask" "$(stat -c %a "$dir"/made*)" 640
is "the server's own files are private" "$(stat -c %a "$OPTOP_SOCKET" "$OPTOP_STATE"/* |
    sort -u | tr '\n' ' ')" "600 700 "

chmod 755 "$dir/run"
exits "a directory open to others is refused" 3 optop runs
like "with the reason" "$err" 'open to others'
chmod 700 "$dir/run"
finish
