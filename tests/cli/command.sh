#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a trial of a command is started with: standard input, environment; and
# which exit statuses count as success.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

cat >"$dir/c.ini" <<'INI'
[run]
name = c
goal = maximize
[objective]
command = sh -c 'read -r point; echo "$point" >&2; echo "$SUM$MINE"; exit {code}'
stdin = {json}
success_codes = 0, 3..4
[environment]
SUM = {x}{x}
[space]
x = int 1..2
kind = choice plain, "quoted
code = choice 0, 2, 4
[parallel]
workers = 2
INI
MINE=7
export MINE
exits "a run with standard input, environment and codes" 0 optop run "$dir/c.ini" --json
is "some codes are success" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" '[8, 4]'
is "the environment is ours over the submitter's" "$(json "$out" 'o["best"]["score"]')" 227
optop logs last >"$out"
like "the point was on standard input" "$out" '{"x":2,"kind":"\\"quoted","code":"4"}'
like "the other code failed" "$out" 'exit status 2'
# in a worker of its own each, or not
cat >"$dir/i.ini" <<'INI'
[run]
name = i
[objective]
command = sh -c 'echo $PPID >&2; exit $(({x} * 0))'
score = wall_seconds
[space]
x = int 1..40
[parallel]
workers = 2
INI

workers_used() {
    optop logs last --json >"$out" && json "$out" 'len(set(l["text"] for l in o["lines"] if l["trial"]))'
}
exits "workers go on" 0 optop run "$dir/i.ini"
is "from trial to trial" "$(workers_used)" 2
exits "or they do not" 0 optop run "$dir/i.ini" --set parallel.mode=isolated --json
is "every trial is done" "$(json "$out" 'o["counts"]["done"]')" 40
is "in a fresh worker each" "$(workers_used)" 40
optop logs last >"$out"
is "which ends without a complaint" "$(grep -c 'a worker ended' "$out")" 0
exits "a trial that kills its worker is failed" 0 optop run "$dir/i.ini" \
    --set parallel.mode=isolated --set 'objective.command=sh -c "[ {x} -ne 9 ] || kill -9 $PPID"' --json
is "the others are done" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" '[39, 1]'

exits "the mark of a run is not to be set" 2 optop run "$dir/c.ini" --set environment.OPTOP_RUN=1
like "and this is told" "$err" 'OPTOP_RUN'
finish
