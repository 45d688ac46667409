#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Exit statuses, and one clear line for each fault.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

fault() {
    lines "one line" "$err" 1
    is "nothing else" "$(cat "$out")" ""
}

exits "an unknown command" 2 optop statsu
like "what was meant" "$err" "^optop: unknown command .statsu. (did you mean .status.?)"
fault
exits "an unknown option" 2 optop run --detahc x.ini
like "what was meant" "$err" 'did you mean .--detach.'
fault
exits "a missing argument" 2 optop run
fault
exits "too many arguments" 2 optop show 1 2
fault
exits "a number that is none" 2 optop top 1 -n many
fault
exits "a run that is no number" 2 optop show xz
fault
exits "the console without a terminal" 2 sh -c "\"$OPTOP\" </dev/null"
fault
exits "a file that is not there" 4 optop run "$dir/nowhere.ini"
fault
ok "none of these started a server" test ! -e "$OPTOP_SOCKET"

exits "server status without a server" 3 optop server status
fault
exits "server stop without a server" 3 optop server stop
fault
exits "config reload without a server" 3 optop config reload
fault
ok "nor do these" test ! -e "$OPTOP_SOCKET"

exits "a run that is not there" 4 optop show 99
fault
exits "top of it" 4 optop top 99
exits "logs of it" 4 optop logs 99
exits "cancel of it" 4 optop cancel 99
exits "one of several" 4 optop cancel 98 99
lines "each is told" "$err" 2

quick_run 5
exits "a bad --set" 2 optop run "$dir/quick.ini" --set search.method=best
like "says what is allowed" "$err" 'search.method.*grid'
fault
sed -i 's/^x = int.*/x = int 9..1/' "$dir/quick.ini"
exits "a bad run file" 2 optop run "$dir/quick.ini"
like "says file, line and key" "$err" "quick.ini:8: space.x: "
fault
is "nothing was submitted" "$(optop runs --json >"$out" && json "$out" 'o["runs"]')" '[]'

quick_run 5
sed -i 's/^command = .*/command = false {x}/' "$dir/quick.ini"
printf '[limits]\nmax_failures = 2\n' >>"$dir/quick.ini"
exits "a run that fails" 1 optop run "$dir/quick.ini" --json
is "is failed" "$(json "$out" 'o["state"]')" failed
is "and says why" "$(json "$out" 'o["reason"] != ""')" true

for command in "" run resume runs show top logs pause cancel status watch alerts "config check" "config show" \
    "config set" "config unset" "config reload" "config options" "server run" "server status" "server stop" \
    help version; do
    # shellcheck disable=SC2086
    exits "help of '$command'" 0 optop $command --help
    like "says how to use it" "$out" "^usage: optop"
done
exits "the overview as text" 0 optop --once
like "is the status" "$out" '^memory  *[0-9]'
like "with the run" "$out" ' failed '
exits "or as an object" 0 optop --once --json
is "of both" "$(json "$out" '[len(o["runs"]) > 0, "cpu" in o]')" '[true, true]'
exits "version" 0 optop --version
like "is one line" "$out" '^optop [0-9]'
exits "a full disk is noticed" 1 sh -c "\"$OPTOP\" help >/dev/full"
finish
