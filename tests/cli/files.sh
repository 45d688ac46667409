#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the server does with which files: its log, written beside the loop, and
# its configuration.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

of() { # PATH MEMBER
    optop files --json >"$out"
    json "$out" "[f['$2'] for f in o['files'] if f['path'] == '$1'] or [0]"
}
more_than() { [ "$(json "$out" "$1 > $2")" = true ]; }
printf '[server]\nlog_level = info\n' >"$OPTOP_CONFIG"
exits "the server is started" 0 optop status
log=$OPTOP_STATE/server.log
written() { [ "$(of "$log" writes)" != '[0]' ]; }
ok "its log is written" until_true 20 written
is "to one descriptor" "$(of "$log" opens)" '[1]'
ok "its bytes are counted" more_than "[f['written_bytes'] for f in o['files'] if f['path'] == '$log'][0]" 20
is "none was lost" "$(of "$log" failed)" '[0]'
is "the configuration was read" "$(of "$OPTOP_CONFIG" opens)" '[1]'
exits "an option is changed" 0 optop config set server.log_level=debug
is "which writes it, and syncs" "$(of "$OPTOP_CONFIG" syncs)" '[1]'
exits "for people" 0 optop files
like "each file" "$out" 'server.log  *[0-9]'
exits "in the status object" 0 optop status --json
is "too" "$(json "$out" "any(f['path'] == '$log' for f in o['files'])")" true
exits "as tasks" 0 optop status --json
is "of an executor" "$(json "$out" "any(t['name'] == 'append to files' and t['count'] > 0 for t in o['tasks'])")" true
labels() { optop boards optop-server --json >"$out" &&
    [ "$(json "$out" "any(f['name'] == 'file.writes' and 'server.log' in f['labels'] for b in o['boards'] for f in b['figures'])")" = true ]; }
ok "and on its board" until_true 20 labels

# the last line is there, too
exits "it is stopped" 0 optop server stop
is "its last line is in the log" "$(grep -c ': stopped$' "$log")" 1
is "in order" "$(grep -n -e ': stopping$' -e ': stopped$' "$log" | sed 's/.*: //' | tr '\n' ' ')" 'stopping stopped '

finish
