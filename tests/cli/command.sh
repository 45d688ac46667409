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
exits "the mark of a run is not to be set" 2 optop run "$dir/c.ini" --set environment.OPTOP_RUN=1
like "and this is told" "$err" 'OPTOP_RUN'
finish
