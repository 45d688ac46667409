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
    for ((i = 0; i < 200; i++)); do
        [ -s "$dir/port" ] && break
        sleep 0.02
    done
    port=$(cat "$dir/port")
}

# wait_lines N: until the receiver has N requests
wait_lines() {
    for ((i = 0; i < 600; i++)); do
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

quench() {
    kill "${burners[@]}" 2>/dev/null
    wait "${burners[@]}" 2>/dev/null
    burners=()
}
burners=()
trap 'quench; kill "$receiver_pid" 2>/dev/null; cleanup' EXIT

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
optop status >/dev/null
burn
ok 'a warning arrives, and again after a 503' wait_lines 2
quench
is 'the repeat has the same id' \
    "$(python3 - "$log" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
ids = [{k.lower(): v for k, v in r["headers"].items()}["webhook-id"] for r in rows[:2]]
print(len(set(ids)))
PY
)" 1

# the receiver goes away; the incident ends, another begins, the server dies
kill "$receiver_pid"
wait "$receiver_pid" 2>/dev/null
: >"$log"
wait_alert() { # STATE
    for ((i = 0; i < 600; i++)); do
        optop status --json >"$out"
        [ "$(json "$out" 'str(o["alerts"]["warning"] + o["alerts"]["critical"] > 0)')" = "$1" ] && return 0
        sleep 0.05
    done
    return 1
}
ok 'the alert resolves' wait_alert False
burn
ok 'it fires again' wait_alert True
quench
kill -9 "$(server_pid)"
start_receiver "$port" 200
ok 'it resolves under the next server' wait_alert False
ok 'what waited arrives' wait_lines 3
sleep 1 # a duplicate would come now
python3 - "$log" >"$out" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
seen = {}
for r in rows:
    body = r["body"] if isinstance(r["body"], dict) else json.loads(r["body"])
    head = {k.lower(): v for k, v in r["headers"].items()}
    seen.setdefault(head["webhook-id"], body["type"])
print(" ".join(seen.values()))
PY
is 'once per change, in order' "$(cat "$out")" 'alert.resolved alert.warning alert.resolved'
kill "$receiver_pid" 2>/dev/null
finish
