# SPDX-License-Identifier: GPL-3.0-or-later
#
# The history outlives the server: after a stop, after a kill, and with files that
# were damaged meanwhile.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

cat >"$OPTOP_CONFIG" <<INI
[server]
interval = 100ms
history_1s = 1h
history_screen = 200ms
[threshold system.load1]
warning = 100000
INI

# moments that the backtest has
moments() {
    optop rules backtest --rule system.load1 --json >"$dir/now" 2>/dev/null && json "$dir/now" 'o["moments"]'
}
more_than() {
    [ "$(moments)" -gt "$1" ] 2>/dev/null
}
# the time of the oldest of them
oldest() {
    moments >/dev/null && json "$dir/now" 'o["from"]'
}
before() {
    local now
    now=$(oldest) && json "$dir/now" "o['from'] <= $1 + 0.25" | grep -q true
}
on_disk() {
    optop server status --json >"$dir/status" 2>/dev/null &&
        [ "$(json "$dir/status" "o['history_bytes'] > $1")" = true ]
}
pid() {
    optop server status --json >"$dir/status" 2>/dev/null && json "$dir/status" 'o["pid"]'
}
gone() {
    ! kill -0 "$1" 2>/dev/null
}

exits "a server without a past" 0 optop status --json
ok "something is recorded" until_true 60 more_than 30
first=$(oldest)
known=$(moments)
exits "what the server is told to stop with is written" 0 optop server stop
ok "in files" test -s "$OPTOP_STATE/history/1s-0"
is "of this user alone" "$(stat -c %a "$OPTOP_STATE/history" "$OPTOP_STATE/history/1s-0" | tr '\n' ' ')" '700 600 '

exits "the next server" 0 optop status --json
ok "knows what the first one has seen" until_true 60 more_than "$known"
ok "from its beginning" before "$first"
exits "and says how much that is" 0 optop server status
like "on disk" "$out" '^history [0-9.]*[KMGi]*B* on disk'

exits "how it was then" 0 optop status --at "$(date -d "@$((${first%.*} + 3))" '+%Y-%m-%d %H:%M:%S')" --json
is "is as it was" "$(json "$out" "o['time'] >= $first - 1 and o['time'] < $first + 3.01 and o['seq'] > 0")" true
exits "for people, too" 0 optop status --at -1s
like "with its time" "$out" 'cores, 20[0-9-]* [0-9:]*'
exits "before all" 4 optop status --at -5d
like "says so" "$err" 'nothing is recorded before'
exits "at no time" 2 optop status --at soon
like "says what is one" "$err" 'is not a time'

exits "what would have fired in the past" 0 optop rules backtest --rule system.load1 --json
is "is told from there" "$(json "$out" "o['from'] <= $first + 0.25")" true

ok "what a kill leaves" until_true 60 on_disk "$(($(stat -c %s "$OPTOP_STATE"/history/1s-0) + 1))"
victim=$(pid)
kill -9 "$victim"
ok "is there" until_true 30 gone "$victim"
exits "for the third server" 0 optop status --json
ok "too" until_true 30 before "$first"

exits "it stops" 0 optop server stop
size=$(stat -c %s "$OPTOP_STATE/history/1s-0")
printf 'lies%.0s' 1 2 3 4 5 6 7 8 | dd of="$OPTOP_STATE/history/1s-0" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
exits "a file that was damaged" 0 optop status --json
ok "is believed as far as it is right" until_true 30 before "$first"
ok "and set aside" test -f "$OPTOP_STATE/history/1s.bad"
is "with a line in the log" "$(grep -c 'history/1s-0: is damaged; it is set aside' "$OPTOP_STATE/server.log")" 1

exits "nothing is to be recorded" 0 optop config set server.history_disk=0
exits "then" 0 optop server status --json
is "nothing is" "$(json "$out" 'o["history_bytes"]')" 0
exits "the past is forgotten" 0 optop server stop
exits "with the server" 0 optop status --json
ok "is unknown" until_true 30 more_than 5
ok "behind" sh -c '! [ "$1" = "" ] && awk "BEGIN { exit !($2 > $1 + 1) }"' sh "$first" "$(oldest)"
finish
