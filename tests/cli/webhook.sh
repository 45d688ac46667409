# SPDX-License-Identifier: GPL-3.0-or-later
#
# A threshold crossed under real load reaches a loopback receiver; with the
# receiver down and the server killed meanwhile it still arrives, once per
# change of state, repeats carrying the same id.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

receiver=${TEST_BUILDDIR:-.}/tests/support/receiver
log=$dir/received
: >"$log"

start_receiver() { # PORT ANSWERS
    "$receiver" --port "$1" --answers "$2" "$log" >"$dir/port" &
    receiver_pid=$!
    for ((i = 0; i < 3000; i++)); do
        [ -s "$dir/port" ] && break
        sleep 0.02
    done
    port=$(cat "$dir/port")
}

# wait_lines N: until the receiver has N requests
wait_lines() {
    for ((i = 0; i < 2400; i++)); do
        [ "$(wc -l <"$log")" -ge "$1" ] && return 0
        sleep 0.05
    done
    return 1
}

burn() {
    for ((c = 0; c < $(nproc); c++)); do
        (while :; do :; done) &
        burners+=($!)
    done
}

quench() { # what the shell says of killed jobs is not wanted
    [ "${#burners[@]}" -gt 0 ] || return 0
    kill "${burners[@]}"
    wait "${burners[@]}"
    burners=()
}
burners=()
trap 'quench 2>/dev/null; kill "$receiver_pid" 2>/dev/null; cleanup' EXIT

start_receiver 0 503,200
cat >"$OPTOP_CONFIG" <<INI
[server]
interval = 200ms
[threshold cpu.total]
warning = 50
clear_warning = 45
for = 1s
[webhook local]
url = http://127.0.0.1:$port/hook
allow_private = yes
alerts = warning, critical, resolved
INI
exits 'the configuration is fine' 0 optop config check
burn # first: what a busy machine does by itself must not start and end an incident
optop status >/dev/null
ok 'a warning arrives, and again after a 503' wait_lines 2
quench 2>/dev/null
is 'the repeat has the same id' \
    "$(python3 - "$log" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
ids = [{k.lower(): v for k, v in r["headers"].items()}["webhook-id"] for r in rows[:2]]
print(len(set(ids)))
PY
)" 1

# the receiver goes away; an incident begins and ends, another begins, the server
# dies. The load is the server's own descriptors here: nothing else moves them.
kill "$receiver_pid"
wait "$receiver_pid" 2>/dev/null
: >"$log"
sed -e 's/cpu.total/server.descriptors/' -e 's/^warning = .*/warning = 60/' \
    -e 's/^clear_warning = .*/clear_warning = 55/' -e 's/^for = .*/for = 0s/' \
    "$OPTOP_CONFIG" >"$dir/new.ini" && mv "$dir/new.ini" "$OPTOP_CONFIG"
printf '[threshold cpu.total]\nenabled = no\n' >>"$OPTOP_CONFIG"
exits 'the new thresholds are in effect' 0 optop config reload

hold_connections() {
    "$python" - "$OPTOP_SOCKET" <<'PY' & # not the function: it is killed by its number
import socket, sys, time
held = []
for i in range(60):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1,"client":"test"}}\n')
    held.append(s)
time.sleep(600)
PY
    holder=$!
}
alert_is() { # STATE: is server.descriptors over its level?
    optop status --json >"$out" &&
        [ "$(json "$out" '"on" if any(a["key"] == "server.descriptors" and a["state"] == "warning" for a in o["alerts"]["active"]) else "off"')" = "$1" ]
}
hold_connections
ok 'the alert fires' until_true 60 alert_is on
kill "$holder"
ok 'it resolves' until_true 60 alert_is off
hold_connections
ok 'it fires again' until_true 60 alert_is on
kill -9 "$(server_pid)"
kill "$holder"
wait "$holder" 2>/dev/null
start_receiver "$port" 200
ok 'it resolves under the next server' until_true 60 alert_is off
ok 'what waited arrives' wait_lines 4
sleep 1 # a duplicate would come now
python3 - "$log" >"$out" <<'PY'
import json, sys
seen = {}
for line in open(sys.argv[1]):
    r = json.loads(line)
    body = r["body"] if isinstance(r["body"], dict) else json.loads(r["body"])
    head = {k.lower(): v for k, v in r["headers"].items()}
    if body["data"]["key"] == "server.descriptors":
        seen.setdefault(head["webhook-id"], body["type"])
print(" ".join(seen.values()))
PY
is 'once per change, in order' "$(cat "$out")" \
    'alert.warning alert.resolved alert.warning alert.resolved'
finish
