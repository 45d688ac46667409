#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Webhooks in every format through a real server: what arrives is read by
# another program, signatures too; secrets are seen nowhere else; a webhook that
# does not work is told about, and what is dead is sent again.
# shellcheck source=tests/cli/lib.sh
. "${0%/*}/lib.sh"

log=$dir/log
receiver_pid=
trap 'kill "$receiver_pid" 2>/dev/null; cleanup' EXIT

# start_receiver PORT ANSWERS
start_receiver() {
    : >"$log"
    rm -f "$dir/port" # the shell empties it whenever it likes
    "${TEST_BUILDDIR:-.}/tests/support/receiver" --port "$1" --answers "$2" "$log" >"$dir/port" &
    receiver_pid=$!
    until_true 10 test -s "$dir/port" || exit 99
    port=$(cat "$dir/port")
}
stop_receiver() {
    kill "$receiver_pid"
    wait "$receiver_pid" 2>/dev/null
}
lines_at_least() {
    [ "$(wc -l <"$log")" -ge "$1" ]
}

webhook() { # NAME LINE...
    printf '[webhook %s]\nurl = http://127.0.0.1:%s/%s\nallow_private = yes\n' "$1" "$port" "$1"
    printf '%s\n' "${@:2}"
}

secret=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX
old=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
(umask 077 && printf '%s\n%s\n' "$secret" "$old" >"$dir/signs")
(umask 077 && echo r0utingkey >"$dir/key")
printf '{"what":"{{text}}","n":{{value}}}' >"$dir/body"

start_receiver 0 200
{
    webhook standard "secret_file = $dir/signs"
    webhook binary 'format = cloudevents-binary' "secret_file = $dir/signs"
    for format in cloudevents alertmanager slack discord teams; do
        webhook "$format" "format = $format"
    done
    webhook pagerduty 'format = pagerduty' "secret_file = $dir/key"
    webhook ntfy 'format = ntfy' 'secret_env = OPTOP_TEST_TOKEN'
    webhook own 'format = template' "template_file = $dir/body"
} >"$OPTOP_CONFIG"
exits 'all formats are configured' 0 optop config check
# in the server's environment, not in that of the run, which is kept with it
exits 'the server starts' 0 env OPTOP_TEST_TOKEN=t0psecret "$OPTOP" status
cat >"$dir/run.ini" <<'INI'
[run]
name = short
[objective]
type = function
function = sphere
[space]
x = float -5..5
[search]
method = random
trials = 5
INI
exits 'a run' 0 optop run "$dir/run.ini"
ok 'its end arrives in every format' until_true 30 lines_at_least 10

python3 - "$log" "$secret" "$old" >"$out" <<'PYTHON'
import base64, hashlib, hmac, json, sys
seen = {}
for line in open(sys.argv[1], encoding="utf-8"):
    row = json.loads(line)
    raw = row["body"]
    body = json.loads(raw) if raw.startswith("{") else raw
    head = {k.lower(): v for k, v in row["headers"].items()}
    seen[row["path"].strip("/")] = (head, body, raw)


def signed(name):
    head, _, raw = seen[name]
    content = (head["webhook-id"] + "." + head["webhook-timestamp"] + "." + raw).encode()
    want = []
    for secret in sys.argv[2:4]:
        key = base64.b64decode(secret[len("whsec_"):])
        mac = hmac.new(key, content, hashlib.sha256).digest()
        want.append("v1," + base64.b64encode(mac).decode())
    return head["webhook-signature"] == " ".join(want)


def say(name, holds):
    print(name, "ok" if holds else "WRONG: %s" % (seen.get(name),))


say("standard", signed("standard") and seen["standard"][1]["type"] == "run.finished")
say("binary", signed("binary") and seen["binary"][0]["ce-type"] == "optop.run.finished"
    and seen["binary"][1]["key"] == "run:1")
say("cloudevents", seen["cloudevents"][0]["content-type"].startswith("application/cloudevents+json")
    and seen["cloudevents"][1]["specversion"] == "1.0"
    and "webhook-signature" not in seen["cloudevents"][0])
say("alertmanager", seen["alertmanager"][1]["status"] == "resolved"
    and seen["alertmanager"][1]["alerts"][0]["labels"]["alertname"] == "run:1")
say("slack", "run:1" in seen["slack"][1]["text"])
say("discord", seen["discord"][1]["allowed_mentions"] == {"parse": []})
say("teams", seen["teams"][1]["attachments"][0]["content"]["type"] == "AdaptiveCard")
say("pagerduty", seen["pagerduty"][1]["routing_key"] == "r0utingkey"
    and seen["pagerduty"][1]["event_action"] == "resolve")
say("ntfy", seen["ntfy"][0]["authorization"] == "Bearer t0psecret"
    and seen["ntfy"][0]["title"].startswith("DONE run:1 on"))
say("own", seen["own"][1]["what"].startswith("run 1 (short) finished")
    and isinstance(seen["own"][1]["n"], float))
PYTHON
lines 'ten are looked at' "$out" 10
is 'each is what its receiver expects' "$(grep -v ' ok$' "$out")" ''

# Secrets are nowhere but where they came from.

optop config show >"$dir/shown"
optop alerts --json >>"$dir/shown"
ok 'no secret is shown' eval '! grep -e r0uting -e t0psecret -e whsec "$dir/shown"'
ok '... or stored' eval '! grep -r -e r0uting -e t0psecret -e whsec "$OPTOP_STATE"'

# A test of one webhook, and one that does not work.

exits 'a test is delivered' 0 optop alerts test slack
like '... and it says so' "$out" '^delivered$'
exits 'a webhook that is not there' 4 optop alerts test chat
like '... is told' "$err" 'no \[webhook chat\]'
exits 'nothing is dead' 0 optop alerts dead
like '... it says' "$out" 'nothing is undeliverable'
stop_receiver
start_receiver "$port" 404,200
exits 'a test that is refused' 1 optop alerts test discord
like '... says why' "$err" 'discord refused it.*404'
exits 'it is dead' 0 optop alerts dead --json
is '... for one webhook' "$(json "$out" '[d["webhook"] for d in o["dead"]]')" '["discord"]'
id=$(json "$out" 'o["dead"][0]["delivery"]')
event=$(json "$out" 'o["dead"][0]["event_id"]')
exits 'a number that is none' 2 optop alerts replay x
exits 'neither number nor all' 2 optop alerts replay
exits 'one that is not dead' 4 optop alerts replay 999
exits 'it is sent again' 0 optop alerts replay "$id"
ok '... and arrives' until_true 10 lines_at_least 2
is '... under its old id' "$(tail -n 1 "$log" | grep -c "$event")" 1
ok '... and is no longer dead' until_true 10 eval 'optop alerts dead | grep -q "nothing is"'

# What cannot be changes nothing.

refused() { # NAME PATTERN LINE...
    cp "$OPTOP_CONFIG" "$dir/good.ini"
    webhook more "${@:3}" >>"$OPTOP_CONFIG"
    exits "$1" 2 optop config reload
    like '... is told' "$err" "$2"
    cp "$dir/good.ini" "$OPTOP_CONFIG"
}
echo r0uting >"$dir/open"
chmod 640 "$dir/open"
refused 'a secret that others can read' 'optop.ini:[0-9]*: webhook more.secret_file: .*chmod 600' \
    'format = pagerduty' "secret_file = $dir/open"
refused 'no routing key' 'webhook more.format.*routing_key' 'format = pagerduty'
refused 'a variable that is not set' 'webhook more.secret_env.*no variable' \
    'secret_env = OPTOP_NOT_THERE'
(umask 077 && echo 'whsec_n%t' >"$dir/bad")
refused 'a secret that cannot sign' 'webhook more.secret_file.*whsec_' "secret_file = $dir/bad"
printf '{"a":"{{colour}}"}' >"$dir/body2"
refused 'a variable that no template has' 'line 1: unknown variable {{colour}}' \
    'format = template' "template_file = $dir/body2"
refused 'a template without a file' 'template_file need each other' 'format = template'
exits 'the old configuration is still in effect' 0 optop alerts test slack
finish
