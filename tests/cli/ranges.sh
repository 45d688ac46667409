#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs that go by ranges, end to end: the same results in every mode, nothing
# lost and nothing twice when server or worker are killed in the middle, and
# queues without end that cost nothing.
# shellcheck source=tests/cli/lib.sh
. "${0%/*}/lib.sh"

# warm_run NAME FUNCTION [SECTION.KEY=VALUE...]: a run file in $dir/NAME.ini
warm_run() {
    warm_file=$dir/$1.ini
    cat >"$warm_file" <<INI
[run]
name = $1
[objective]
type = function
function = $2
[space]
x = float -5..5
y = float -5..5
[search]
method = random
trials = 20000
[parallel]
workers = 2
INI
    shift 2
    warm_sets=()
    for assignment; do warm_sets+=(-s "$assignment"); done
}

# all_trials RUN: number, state, score of all, by number, whatever the order of ending
all_trials() {
    optop export "$1" --csv --force "$dir/export.csv" >/dev/null 2>&1
    python3 - "$dir/export.csv" <<'PYTHON'
import csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as f:
    for row in csv.DictReader(f):
        print(row["trial"], row["state"], row["score"], row["x"], row["y"])
PYTHON
}

# count_once RUN TOTAL: each of 1..TOTAL is there, and once
count_once() {
    all_trials "$1" | awk -v total="$2" '
        { n++; if ($1 != n) bad = 1 } END { print (n == total && !bad) ? "once" : n " of " total }'
}

# Every mode, any number of workers.

number=0
for sets in parallel.workers=1 parallel.workers=3 'parallel.mode=thread' \
    'parallel.mode=hybrid parallel.workers=2x2'; do
    # shellcheck disable=SC2086 # words are meant
    warm_run modes rastrigin $sets
    number=$((number + 1))
    exits "runs with $sets" 0 optop run "$warm_file" "${warm_sets[@]}"
    all_trials "$number" >"$dir/all.$number"
    [ "$number" -eq 1 ] || ok "... and has the same results" cmp -s "$dir/all.1" "$dir/all.$number"
done
is "each trial once" "$(count_once 1 20000)" once
optop top 1 -n 5 >"$dir/top.all"
warm_run best rastrigin parallel.mode=thread keep.trials=top:5
exits "keeps the best alone" 0 optop run "$warm_file" "${warm_sets[@]}"
optop top 5 -n 10 >"$dir/top.best"
is "they are the same" "$(awk '{print $1, $2, $3, $4}' "$dir/top.best")" \
    "$(awk '{print $1, $2, $3, $4}' "$dir/top.all")"
optop show 5 --json >"$out"
is "all are counted" "$(json "$out" 'o["counts"]["done"]')" 20000

# A process for each trial: fewer of them.

warm_run isolated rastrigin search.trials=60
exits "runs a short one" 0 optop run "$warm_file" "${warm_sets[@]}"
all_trials 6 >"$dir/all.short"
warm_run isolated rastrigin search.trials=60 parallel.mode=isolated
exits "runs it in a process per trial" 0 optop run "$warm_file" "${warm_sets[@]}"
all_trials 7 >"$dir/all.isolated"
ok "... and has the same results" cmp -s "$dir/all.short" "$dir/all.isolated"

# Constraints, where points can only be walked to.

warm_run walked sphere parallel.mode=thread constraints.half='x < y' search.trials=5000
exits "walks through constraints" 0 optop run "$warm_file" "${warm_sets[@]}"
is "... each trial once" "$(count_once 8 5000)" once
is "... and each point is allowed" \
    "$(all_trials 8 | awk '$4 >= $5 { bad = 1 } END { print bad ? "not" : "allowed" }')" allowed

# A server that is killed in the middle.

for keep in all top:10; do
    total=3000000
    while :; do # until it is killed in time
        warm_run killed sphere keep.trials=$keep search.trials=$total
        id=$(optop run --detach "$warm_file" "${warm_sets[@]}")
        until_true 30 done_at_least "$id" 1000
        kill -9 "$(server_pid)"
        until_true 30 optop show "$id"
        [ "$(run_state "$id")" = done ] || break
        total=$((total * 4))
    done
    is "comes back paused ($keep)" "$(run_state "$id")" paused
    exits "goes on" 0 optop resume "$id"
    ok "comes to its end" until_true 120 state_is "$id" done
    optop show "$id" --json >"$out"
    is "nothing is lost, nothing twice" \
        "$(json "$out" '[o["counts"][k] for k in ("total", "done", "failed")]')" \
        "[$total, $total, 0]"
done

# Workers that are killed cost the trial that they were in.

warm_run victims nothing search.trials=400000000 keep.trials=top:10 parallel.mode=thread
id=$(optop run --detach "$warm_file" "${warm_sets[@]}")
for _ in 1 2 3; do
    optop show "$id" --json >"$out"
    before=$(json "$out" 'o["counts"]["done"]')
    until_true 30 done_at_least "$id" $((before + 1000))
    worker=$(pgrep -f -P "$(server_pid)" optop-worker | head -n 1)
    [ -z "$worker" ] || kill -9 "$worker"
done
is "the run goes on" "$(run_state "$id")" running
exits "is cancelled, a long queue and all" 0 optop cancel "$id"
ok "... at once" until_true 10 state_is "$id" cancelled
optop show "$id" --json >"$out"
is "at most the trials that ran have failed" "$(json "$out" 'o["counts"]["failed"] <= 6')" true

# 10^12 points are two numbers.

cat >"$dir/endless.ini" <<'INI'
[run]
name = endless
[objective]
type = function
function = nothing
[space]
x = int 1..1000000
y = int 1..1000000
[keep]
trials = top:1
INI
id=$(optop run --detach "$dir/endless.ini")
until_true 30 done_at_least "$id" 1000
optop show "$id" --json >"$out"
is "a grid of 10^12" "$(json "$out" 'o["counts"]["total"]')" 1000000000000
if [ "$sanitized" = yes ]; then
    echo "# a sanitizer keeps what was freed: what the grid costs is not seen"
else
    ok "costs no memory" test "$(awk '/VmHWM/ { print $2 }' "/proc/$(server_pid)/status")" -lt 65536
fi
exits "a pause waits for its ranges" 0 optop pause "$id"
ok "... and comes" until_true 10 state_is "$id" paused

# What does not fit together is told.

warm_run wrong branin
sed -i '/^y/d' "$warm_file"
exits "a function of two dimensions" 2 optop run --check "$warm_file"
like "... says so" "$err" 'branin has 2 dimensions'
warm_run wrong no-such
exits "no function" 2 optop run --check "$warm_file"
warm_run wrong sphere parallel.mode=hybrid
exits "hybrid without threads" 2 optop run --check "$warm_file" "${warm_sets[@]}"

finish
