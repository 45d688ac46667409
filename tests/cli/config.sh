#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Faults of a configuration file: place, key and what is allowed, and nothing
# changes; then the way through the server.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

f=$dir/x.ini

# bad NAME PATTERN: $f is refused with a line that matches
bad() {
    exits "$1 is refused" 2 optop config check "$f"
    like "$1 is told" "$err" "$2"
    lines "$1 on one line" "$err" 1
}

# good NAME
good() {
    exits "$1 is fine" 0 optop config check "$f"
}

printf '[server\ninterval = 1s\n' >"$f"
bad "an open section" '^[^ ]*x.ini:1: '
printf '[server]\ninterval\n' >"$f"
bad "a line without =" '^[^ ]*x.ini:2: '
printf '[server]\n= 1s\n' >"$f"
bad "an empty key" '^[^ ]*x.ini:2: '
printf 'interval = 1s\n' >"$f"
bad "a key before any section" '^[^ ]*x.ini:1: '
printf '[server]\ninterval = 1s\ninterval = 2s\n' >"$f"
bad "a key given twice" '^[^ ]*x.ini:3: server.interval: '
printf '[server]\n[server]\n' >"$f"
bad "a section opened twice" '^[^ ]*x.ini:2: '
printf '[server]\nintervall = 1s\n' >"$f"
bad "an unknown key" '^[^ ]*x.ini:2: server.intervall: .*interval'
printf '[sever]\ninterval = 1s\n' >"$f"
bad "an unknown section" '^[^ ]*x.ini:[12]: '
printf '[server]\r\ninterval = 1s\r\n' >"$f"
good "CRLF"
printf '\357\273\277[server]\ninterval = 1s\n' >"$f"
good "a byte order mark"
printf '[server]\rinterval = 1s\n' >"$f"
bad "a lone CR" '^[^ ]*x.ini:1: '
printf '[server]\ninterval = 1\000s\n' >"$f"
bad "a NUL" '^[^ ]*x.ini:2: '
: >"$f"
good "an empty file"
printf '# nothing\n; here\n\n' >"$f"
good "a file of comments"
{ printf '[server]\ninterval = '; head -c 1048576 /dev/zero | tr '\0' 1; echo; } >"$f"
bad "a line of 1 MB" '^[^ ]*x.ini:2: '
awk 'BEGIN { for (i = 0; i < 100000; i++) print "[threshold x" i "]" }' >"$f"
bad "100000 sections" '^[^ ]*x.ini:'

for value in nan inf -1 1e999 0x10 101 "101 %" "" x; do
    printf '[threshold cpu.total]\nwarning = %s\n' "$value" >"$f"
    bad "a level of '$value'" '^[^ ]*x.ini:2: threshold cpu.total.warning: '
done
for value in nan -1s 1e999 0x10 5parsecs 0; do
    printf '[server]\ninterval = %s\n' "$value" >"$f"
    bad "an interval of '$value'" '^[^ ]*x.ini:2: server.interval: .*allowed'
done
printf '[threshold cpu.total]\nwarning = 90\ncritical = 80\n' >"$f"
bad "warning above critical" '^[^ ]*x.ini:[123]: threshold cpu.total'
printf '[threshold cpu.totl]\nwarning = 90\n' >"$f"
bad "an unknown metric" '^[^ ]*x.ini:[12]: '
printf '[threshold cpu.total]\nwarning = 80\nclear_warning = 85\n' >"$f"
bad "a clear level on the wrong side" '^[^ ]*x.ini:[123]: threshold cpu.total'
printf '[webhook a]\nurl = gopher://example.org/\n' >"$f"
bad "a URL of another scheme" '^[^ ]*x.ini:2: webhook a.url: '
printf '[webhook a]\nurl = http://user:secret@example.org/\n' >"$f"
bad "a URL with a password" '^[^ ]*x.ini:2: webhook a.url: '
ok "which is not repeated" sh -c "! grep -q secret \"$err\""
printf '[server]\ninterval = \033[31m\n' >"$f"
bad "an escape sequence" '^[^ ]*x.ini:2: server.interval: '
ok "which does not reach the terminal" sh -c "! grep -q \"\$(printf '\\033')\" \"$err\""

cp "$src/conf/optop.ini" "$f"
good "what is shipped"
exits "a file that is not there" 4 optop config check "$dir/nowhere.ini"
exits "no file of the user" 0 optop config check
exits "config options" 0 optop config options
like "list what is allowed" "$out" '^server.interval .* to '
exits "config options --run" 0 optop config options --run
like "and those of runs" "$out" '^search.method .*grid'
ok "no server was asked" test ! -e "$OPTOP_SOCKET"

printf '# mine\n[server]\n# slow\ninterval = 2s\n' >"$OPTOP_CONFIG"
exits "config show" 0 optop config show
like "is the file" "$out" '^# slow'
exits "config set" 0 optop config set server.interval=500ms 'threshold cpu.total.warning=80'
is "keeps comments and order" "$(head -n 4 "$OPTOP_CONFIG" | tr '\n' '|')" \
    '# mine|[server]|# slow|interval = 500ms|'
like "and adds what is new" "$OPTOP_CONFIG" '^\[threshold cpu.total\]'
exits "which is right" 0 optop config check
exits "and in effect" 0 optop status --json
before=$(cat "$OPTOP_CONFIG")
exits "a bad value" 2 optop config set server.interval=1s 'threshold cpu.total.warning=101'
like "is told" "$err" 'threshold cpu.total.warning'
is "and nothing is written" "$(cat "$OPTOP_CONFIG")" "$before"
exits "what is no assignment" 2 optop config set server.interval
exits "config unset" 0 optop config unset server.interval
ok "removes the line" sh -c "! grep -q '^interval' \"$OPTOP_CONFIG\""
is "and no other" "$(grep -c -e '^# slow' -e '^warning = 80' "$OPTOP_CONFIG")" 2
exits "what would leave a threshold without a level" 2 optop config unset 'threshold cpu.total.warning'
like "is told" "$err" 'needs a level'
printf '[server]\n# by hand\ninterval = 2s\n' >"$OPTOP_CONFIG"
exits "config set after an edit by hand" 0 optop config set 'threshold cpu.total.warning=70'
is "keeps the edit" "$(grep -c -e '^# by hand' -e '^interval = 2s' -e '^warning = 70' "$OPTOP_CONFIG")" 3
printf '[server]\ninterval = fast\n' >"$OPTOP_CONFIG"
exits "config set beside a fault" 2 optop config set 'threshold cpu.total.warning=60'
like "is told its place" "$err" ':2: server.interval: '
exits "config set that mends it" 0 optop config set server.interval=1s
printf '[server]\ninterval = fast\n' >"$OPTOP_CONFIG"
exits "reload of a bad file" 2 optop config reload
like "is told" "$err" ':2: server.interval: '
exits "and the server goes on" 0 optop status
printf '[server]\ninterval = 1s\n' >"$OPTOP_CONFIG"
exits "reload of a good one" 0 optop config reload

# a change of an alert that waits for the store outlives its threshold
cat >"$dir/lock.py" <<'PY'
import sqlite3, subprocess, sys, time
optop, path = sys.argv[1:]
def told(word):
    return word in subprocess.run([optop, "server", "status", "--json"], stdout=subprocess.PIPE,
                                  encoding="utf-8").stdout
def wait_for(word):
    end = time.monotonic() + 20
    while not told(word) and time.monotonic() < end:
        time.sleep(0.05)
    return told(word)
db = sqlite3.connect(path, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
subprocess.run([optop, "config", "set", "threshold memory.used_bytes.warning=1000"], check=True)
waits = wait_for("alerts not stored")
subprocess.run([optop, "config", "set", "server.interval=200ms"], check=True)
db.execute("ROLLBACK")
sys.exit(not (waits and wait_for('"state":"ok"')))
PY
exits "config set server.interval" 0 optop config set server.interval=100ms
pid=$(server_pid)
ok "an alert waits for a locked store, then is stored" \
    python3 "$dir/lock.py" "$OPTOP" "$OPTOP_STATE/optop.db"
is "by the same server" "$(server_pid)" "$pid"
like_alert() {
    optop alerts >"$out" && grep -q memory.used_bytes "$out"
}
ok "and told" like_alert

# Changes that come at once are made one after the other: none undoes another.
setters=
for n in 61 62 63 64 65 66 67 68; do
    optop config set "threshold core$n.metric=cpu.total" "threshold core$n.warning=$n" >/dev/null 2>"$err.$n" &
    setters="$setters $!"
done
set_all=0
for setter in $setters; do
    wait "$setter" || set_all=1
done
is "changes that come at once are all taken" "$set_all" 0
is "and are all in the file" "$(grep -c '^\[threshold core6[1-8]\]' "$OPTOP_CONFIG")" 8
is "with their values" "$(sed -n 's/^warning *= *\(6[1-8]\)$/\1/p' "$OPTOP_CONFIG" | sort | tr '\n' ' ')" \
    "61 62 63 64 65 66 67 68 "
finish
