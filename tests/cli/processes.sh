#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The list of processes for pipes: columns, order, filter, as text, CSV and JSON.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

exits "a column that is none" 2 optop processes --columns pss,nonsense
like "is named" "$err" 'no column "nonsense"'
exits "nor one to sort by" 2 optop processes --by nonsense
exits "and no server was started for them" 3 optop server status

sleep 300 &
sleeper=$!
exits "as text" 0 optop processes
like "titles first" "$out" '^ *pid  user .*command'
like "then a process" "$out" "^ *$sleeper .* sleep 300\$"
exits "filtered" 0 optop processes --filter 'sleep 300' --columns pss,swap,faults,major,switches,oom --json
one="[p for p in o if p['pid'] == $sleeper][0]"
is "itself" "$(json "$out" "$one['command']")" 'sleep 300'
is "its parent" "$(json "$out" "$one['parent']")" $$
is "it uses nothing" "$(json "$out" "$one['cpu_pct']")" 0
is "its share of memory is known" "$(json "$out" "0 < $one['pss_bytes'] <= $one['rss_bytes']")" true
is "its swap" "$(json "$out" "$one['swap_bytes'] >= 0")" true
is "it has no faults" "$(json "$out" "[$one['faults'], $one['major_faults']]")" '[0, 0]'
is "is not switched to" "$(json "$out" "$one['switches']")" 0
is "and what it is worth" "$(json "$out" "$one['oom_score'] >= 0")" true
exits "without columns that cost" 0 optop processes --filter 'sleep 300' --json
is "they are not known" "$(json "$out" "[$one['pss_bytes'], $one['switches']]")" '[null, null]'
exits "in an order" 0 optop processes --by memory --json
is "the largest first" "$(json "$out" "all(a['rss_bytes'] >= b['rss_bytes'] for a, b in zip(o, o[1:]))")" true
exits "turned round, and few" 0 optop processes --by pid --reverse --count 2 --json
is "the newest two" "$(json "$out" "len(o) == 2 and o[0]['pid'] > o[1]['pid']")" true
exits "as CSV" 0 optop processes --columns pss --csv
is "of these columns" "$(head -n 1 "$out")" 'pid,cpu,pss,command'
exits "more than once" 0 optop processes --times 2 --filter 'sleep 300'
is "a list each" "$(grep -c "^ *$sleeper " "$out")" 2
exits "top without a run is this" 0 optop top -n 3
is "so many" "$(wc -l <"$out" | tr -d ' ')" 4
kill $sleeper

finish
