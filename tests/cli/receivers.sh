# SPDX-License-Identifier: GPL-3.0-or-later
#
# Receivers of others: Debian's `webhook` gets a signed notice, and a program of it
# checks the signature; a real Alertmanager takes the alerts of our body, and what it
# sends itself has the members that ours has. Each is left out where it is not installed.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

receiver=${TEST_BUILDDIR:-.}/tests/support/receiver
log=$dir/received
secret=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; cleanup' EXIT
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
post() { # URL FILE: the status
    python3 - "$1" "$2" <<'PY'
import sys, urllib.error, urllib.request
data = open(sys.argv[2], "rb").read() if sys.argv[2] else None
request = urllib.request.Request(sys.argv[1], data, {"content-type": "application/json"})
try:
    answer = urllib.request.urlopen(request, timeout=60)
    print(answer.status, answer.read().decode())
except urllib.error.HTTPError as e:
    print(e.code, e.read().decode())
except OSError as e:
    print(0, e)
PY
}

: >"$log"
"$receiver" "$log" >"$dir/port" &
pids+=($!)
ok 'a receiver is there' until_true 60 test -s "$dir/port"
hook_port=$(free_port)
(umask 077 && echo "$secret" >"$dir/secret" && echo 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' >"$dir/other")
cat >"$OPTOP_CONFIG" <<INI
[webhook signed]
url = http://127.0.0.1:$hook_port/hooks/alert
allow_private = yes
secret_file = $dir/secret
[webhook forged]
url = http://127.0.0.1:$hook_port/hooks/alert
allow_private = yes
secret_file = $dir/other
[webhook group]
url = http://127.0.0.1:$(cat "$dir/port")/
allow_private = yes
format = alertmanager
INI

if command -v webhook >/dev/null; then
    cat >"$dir/verify.py" <<'PY'
import base64, hashlib, hmac, os, sys, time
identity, stamp = os.environ["WID"], os.environ["WTIME"]
body = os.environ["WBODY"]
secret = base64.b64decode(open(sys.argv[1]).read().strip()[len("whsec_"):])
digest = hmac.new(secret, ("%s.%s.%s" % (identity, stamp, body)).encode(), hashlib.sha256).digest()
wanted = "v1," + base64.b64encode(digest).decode()
if wanted not in os.environ["WSIGN"].split(" ") or abs(int(stamp) - time.time()) > 300:
    sys.exit(1)
with open(sys.argv[2], "a") as f:
    f.write(identity + "\n")
PY
    cat >"$dir/verify.sh" <<SCRIPT
#!/bin/sh
exec "$python" -S "$dir/verify.py" "$dir/secret" "$dir/verified"
SCRIPT
    chmod +x "$dir/verify.sh"
    cat >"$dir/hooks.json" <<JSON
[{"id": "alert", "execute-command": "$dir/verify.sh", "include-command-output-in-response": true,
  "pass-environment-to-command": [
    {"source": "header", "name": "webhook-id", "envname": "WID"},
    {"source": "header", "name": "webhook-timestamp", "envname": "WTIME"},
    {"source": "header", "name": "webhook-signature", "envname": "WSIGN"},
    {"source": "raw-request-body", "envname": "WBODY"}]}]
JSON
    webhook -ip 127.0.0.1 -port "$hook_port" -hooks "$dir/hooks.json" >"$dir/webhook.log" 2>&1 &
    pids+=($!)
    listens() { [ "$(post "http://127.0.0.1:$hook_port/" '' | cut -d ' ' -f 1)" = 200 ]; }
    ok 'webhook listens' until_true 60 listens
    exits 'a signed notice is taken' 0 optop alerts test signed
    lines 'its signature is right' "$dir/verified" 1
    like 'its id is ours' "$dir/verified" '^msg_[0-9a-f]\{32\}$'
    optop alerts test forged >"$out" 2>"$err" &
    tester=$!
    failed_try() { optop alerts --json >"$out" && [ "$(json "$out" \
        "[h['failures'] > 0 for h in o['deliveries']['webhooks'] if h['name'] == 'forged'][0]")" = true ]; }
    ok 'another secret is refused' until_true 60 failed_try
    kill "$tester" 2>/dev/null
    wait "$tester" 2>/dev/null
    lines 'and nothing more was verified' "$dir/verified" 1
else
    echo "ok $((count += 1)) - webhook takes a signed notice # SKIP it is not installed"
fi

if command -v prometheus-alertmanager >/dev/null; then
    exits 'a body for Alertmanager' 0 optop alerts test group
    ok 'was received' until_true 60 test -s "$log"
    python3 - "$log" "$dir/ours.json" "$dir/alerts.json" <<'PY'
import json, sys
body = json.loads(json.loads(open(sys.argv[1]).readline())["body"])
json.dump(body, open(sys.argv[2], "w"))
json.dump([dict(a, endsAt="2100-01-01T00:00:00Z") for a in body["alerts"]], open(sys.argv[3], "w"))
PY
    : >"$log"
    port=$(free_port)
    mkdir "$dir/alertmanager"
    cat >"$dir/alertmanager.yml" <<YML
route: {receiver: hook, group_wait: 0s, group_by: [alertname]}
receivers: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:$(cat "$dir/port")/"}]}]
YML
    prometheus-alertmanager --config.file="$dir/alertmanager.yml" --storage.path="$dir/alertmanager" \
        --web.listen-address="127.0.0.1:$port" --cluster.listen-address= >"$dir/alertmanager.log" 2>&1 &
    pids+=($!)
    ready() { [ "$(post "http://127.0.0.1:$port/-/ready" '' | cut -d ' ' -f 1)" = 200 ]; }
    ok 'Alertmanager listens' until_true 60 ready
    is 'it takes our alerts' "$(post "http://127.0.0.1:$port/api/v2/alerts" "$dir/alerts.json" | cut -d ' ' -f 1)" 200
    ok 'and tells of them itself' until_true 60 test -s "$log"
    python3 - "$log" "$dir/ours.json" >"$out" <<'PY'
import json, sys
its = json.loads(json.loads(open(sys.argv[1]).readline())["body"])
ours = json.load(open(sys.argv[2]))
def shape(v):  # members and types; what labels there are is each one's own matter
    return {k: {"labels": "map"} if "abels" in k or "nnotations" in k else type(w).__name__ for k, w in v.items()}
known = shape(its)
print("members", {k: t for k, t in shape(ours).items() if known.get(k) != t} or "fit")
print("missing", sorted(set(known) - set(ours)) or "none")
print("alert", shape(its["alerts"][0]) == shape(ours["alerts"][0]) or (shape(its["alerts"][0]), shape(ours["alerts"][0])))
print("labels", its["alerts"][0]["labels"] == ours["alerts"][0]["labels"])
PY
    is 'what it sends has our members, and our labels' "$(cat "$out")" "$(printf 'members fit\nmissing none\nalert True\nlabels True')"
else
    echo "ok $((count += 1)) - Alertmanager takes our alerts # SKIP it is not installed"
fi
finish
