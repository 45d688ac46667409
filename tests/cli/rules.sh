# SPDX-License-Identifier: GPL-3.0-or-later
#
# Thresholds are checked by the server that would have them, and tried on what it
# has recorded.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

cat >"$OPTOP_CONFIG" <<INI
[server]
interval = 100ms
[threshold system.load1]
warning = 100000
INI
recorded() {
    optop rules backtest --json >"$dir/now" 2>/dev/null && [ "$(json "$dir/now" 'o["moments"] > 20')" = true ]
}

exits "rules in effect" 0 optop rules check
like "those of the file" "$out" 'system.load1 .*file'
like "and the defaults" "$out" 'cpu.total .*default'
cat >"$dir/bad.ini" <<INI
[threshold cpu.total]
warning = 80
when = system.nothing > 3
INI
exits "a condition over no metric" 2 optop rules check "$dir/bad.ini"
like "has its place" "$err" 'bad.ini:3: threshold cpu.total.when: there is no metric system.nothing'
exits "no file" 4 optop rules check "$dir/nothing.ini"
exits "nor one for the past" 2 optop rules backtest "$dir/bad.ini"
exits "no duration" 2 optop rules backtest --since soon
like "says what is one" "$err" 'such as 7d'
exits "no such rule" 4 optop rules backtest --rule nothing

ok "something is recorded" until_true 30 recorded
cat >"$dir/rate.ini" <<INI
[threshold growth]
metric = memory.used_bytes
of = rate
warning = 10MiB
INI
exits "a rate without a time" 2 optop rules check "$dir/rate.ini"
like "says what is one" "$err" 'rate.ini:4: threshold growth.warning: "10MiB" is not a rate of memory.used_bytes .*10MiB/min'
exits "time passes" 0 optop config set 'threshold old.metric=system.uptime_seconds' 'threshold old.of=rate' \
    'threshold old.window=3s' 'threshold old.warning=30s/min'
told() {
    optop alerts history old 2>/dev/null | grep -q 'old changes by +1m00s/min (warning above +30.*s/min)'
}
ok "and fast" until_true 30 told
cat >"$dir/rules.ini" <<INI
[threshold memory.used_bytes]
warning = 1
critical = 2
[threshold system.load1]
warning = 100000
when = memory.total_bytes > 0
[threshold half]
metric = memory.used_pct
warning = 99.9
INI
exits "what would have fired" 0 optop rules backtest "$dir/rules.ini" --since 1h --json
rule() {
    json "$out" "[r for r in o['rules'] if r['key'] == '$1'][0]$2"
}
is "has" "$(rule memory.used_bytes '["fired"]')" 1
is "critically" "$(rule memory.used_bytes '["incidents"][0]["level"]')" critical
is "and does so still" "$(rule memory.used_bytes '["incidents"][0]["end"]')" null
is "with what it is in half of the time" "$(rule memory.used_bytes '["values"]["p50"] > 1000000')" true
is "the other one has not" "$(rule half '["fired"]')" 0
is "what has no history is named" "$(json "$out" '"memory.total_bytes" in o["unknown"]')" true
exits "one of them, for people" 0 optop rules backtest "$dir/rules.ini" --rule memory.used_bytes
like "says how often" "$out" 'memory.used_bytes: would have fired 1 times in'
like "and where levels might be" "$out" '1 % of the time lies beyond'
ok "and nothing else" sh -c "! grep -q cpu.total '$out'"
exits "those in effect" 0 optop rules backtest
like "are not changed by that" "$out" 'system.load1: would not have fired'
finish
