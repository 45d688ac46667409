# SPDX-License-Identifier: GPL-3.0-or-later
#
# Alerts that fire are shown, silenced and acknowledged; both outlive the server.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

cat >"$OPTOP_CONFIG" <<INI
[server]
interval = 200ms
[threshold busy]
metric = system.uptime_seconds
warning = 1s
labels = team=lab
run = sh -c 'echo "\$OPTOP_ALERT_TYPE \$OPTOP_ALERT_LABELS" >>$dir/hook; echo hello'
[threshold system.threads]
warning = 1
[silence night]
match = nothing.*
reason = backup
INI

# told WORDS COMMAND...: its output comes to have them
shows() {
    words=$1
    shift
    "$@" 2>/dev/null | grep -q -e "$words"
}

exits "a silence" 0 optop alerts silence 'b*' team=lab --for 1h --reason 'we know'
like "says until when" "$out" 'silence 1 until'
ok "what fires is silenced" until_true 20 shows silenced optop alerts
ok "the other one is told" until_true 20 shows alert.warning optop alerts history 'system.*'
exits "history of the silenced one" 0 optop alerts history busy
like "is empty" "$out" 'nothing has been told'
exits "show" 0 optop alerts show busy
like "tells why" "$out" 'silenced: we know'
like "and its labels" "$out" 'team=lab'
exits "the list of silences" 0 optop alerts silence
like "has it" "$out" 'we know'
like "and the windows" "$out" 'backup'
exits "in JSON" 0 optop alerts silence --json
is "too" "$(json "$out" 'o["silences"][0]["match"]')" 'b* team=lab'
exits "acknowledge" 0 optop alerts ack 'system.*'
like "one" "$out" '1 alert is acknowledged'
exits "again" 0 optop alerts ack 'system.*'
like "none" "$out" 'nothing fires'

kill -9 "$(server_pid)"
ok "a silence outlives the server" until_true 20 shows silenced optop alerts
ok "so does an acknowledgement" until_true 20 shows 'acknowledged by' optop alerts
exits "unsilence" 0 optop alerts unsilence 1
ok "what fires still is told then" until_true 20 shows alert.warning optop alerts history busy
ok "its program has run" until_true 20 grep -q '^alert.warning team=lab$' "$dir/hook"
ok "what it wrote is in the log" until_true 20 grep -q 'hook of busy: hello' "$OPTOP_STATE/server.log"
is "once, not while it was silenced" "$(wc -l <"$dir/hook" | tr -d ' ')" 1

exits "notify" 0 optop notify 'the backup failed' --key backup --labels team=lab --severity critical
exits "is an alert" 0 optop alerts show notify:backup
like "with its text" "$out" 'the backup failed'
exits "again" 0 optop notify 'the backup failed' --key backup --severity critical
like "is told once" "$out" 'told before'
exits "and in the history" 0 optop alerts history notify:backup --json
is "once" "$(json "$out" 'len(o["history"])')" 1
kill -9 "$(server_pid)"
exits "it outlives the server" 0 optop alerts show notify:backup
like "and fires" "$out" 'critical'
exits "until it is over" 0 optop notify --key backup --resolve
exits "its history" 0 optop alerts history notify:backup
like "has its end" "$out" 'alert.resolved'
exits "no severity of that name" 2 optop notify x --severity loud
like "names those there are" "$err" 'warning, critical, resolved'
exits "hostile labels" 2 optop notify x --labels '{"a'
exits "no title" 2 optop notify

exits "no such silence" 4 optop alerts unsilence 1
exits "no such alert" 4 optop alerts show nothing
exits "ack needs a name" 2 optop alerts ack
exits "no duration" 2 optop alerts silence x --for soon
like "says what is one" "$err" 'such as 90s'
exits "not in the past" 2 optop alerts silence x --until '2001-01-01 00:00'
# who watches hears of it as it happens; it may take a moment until it does
optop watch --alerts -n 1 >"$dir/watched" 2>&1 &
watching=$!
raised=0
heard() {
    raised=$((raised + 1))
    optop notify "disk $raised is slow" --key "slow$raised" --severity critical >"$dir/said" 2>&1
    test -s "$dir/watched"
}
ok "who watches alerts is told" until_true 60 heard
ok "and ends after as many as were asked for" wait "$watching"
is "one line" "$(wc -l <"$dir/watched" | tr -d ' ')" 1
like "with what and why" "$dir/watched" 'alert.critical  .*disk .* is slow'
: >"$dir/watched"
optop watch --alerts --json -n 1 >>"$dir/watched" 2>&1 &
watching=$!
ok "as JSON, too" until_true 60 heard
wait "$watching"
is "a notice object" "$(json "$dir/watched" 'o["type"]')" alert.critical
finish
