#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How short memory is: the server under a limit of its own that it cannot keep.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

memory() { optop status --json >"$out" && json "$out" "o['memory']$1"; }
level_is() { [ "$(memory "['pressure_level']")" = "$1" ]; }

optop server start >/dev/null
ok "there is a level" level_is "$(memory "['pressure_level']")"
is "and its figure" "$(memory "['pressure'] in (0, 1, 2, 3, 4)")" true
exits "a limit of the server's own" 0 optop config set server.max_memory=1MiB
ok "it is critical at once" until_true 20 level_is critical
like "in words" "$out" '"pressure_reason":"own limit: '
like "who gave back is told" "$out" '"released":{"releases":[1-9]'
optop status >"$out"
like "for people, too" "$out" "^shortage *critical (own limit: "
critical() {
    optop alerts --json >"$out"
    [ "$(json "$out" "[a['state'] for a in o['alerts'] if a['key'] == 'memory.pressure']")" = '["critical"]' ]
}
ok "it is an alert" until_true 20 critical
shown() {
    optop boards optop-server --json >"$out"
    [ "$(json "$out" "[f['value'] for f in o['boards'][0]['figures'] if f['name'] == 'process.pressure']")" = '[4]' ]
}
ok "and a published figure" until_true 20 shown
exits "without the limit" 0 optop config set server.max_memory=0
calm() { ! level_is critical; }
ok "it calms down" until_true 60 calm
finish
