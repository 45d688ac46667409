# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a webhook is told when its receiver is gone (410), and when there is more to
# tell than its rate lets through; and where that can be seen.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

receiver=${TEST_BUILDDIR:-.}/tests/support/receiver
log=$dir/received
: >"$log"
trap 'kill "$receiver_pid" 2>/dev/null; cleanup' EXIT
"$receiver" --answers 410,200 "$log" >"$dir/port" &
receiver_pid=$!
ok 'a receiver is there' until_true 60 test -s "$dir/port"
port=$(cat "$dir/port")
cat >"$OPTOP_CONFIG" <<INI
[server]
interval = 200ms
[webhook chat]
url = http://127.0.0.1:$port/hook
allow_private = yes
rate = 2
burst = 2
INI
for metric in cpu.total memory.used_pct memory.pressure pressure.memory_full disk.busy; do
    printf '[threshold %s]\nenabled = no\n' "$metric" >>"$OPTOP_CONFIG"
done

# 410
exits 'a test finds nobody' 1 optop alerts test chat
hook() { # EXPRESSION about the webhook
    optop alerts --json >"$out" && [ "$(json "$out" "[h for h in o['deliveries']['webhooks']][0]$1")" = "$2" ]
}
ok 'the webhook is disabled' until_true 30 hook "['state']" disabled
ok 'its circuit, too' hook "['circuit']" disabled
ok 'and says why' hook "['error']" 'its receiver is gone (HTTP 410)'
raised() {
    optop status --json >"$out" &&
        [ "$(json "$out" "len([a for a in o['alerts']['active'] if a['key'] == 'webhook:chat'])")" = "$1" ]
}
ok 'that is an alert' until_true 30 raised 1
optop alerts >"$out"
like 'and in words' "$out" 'webhook chat is disabled: .*optop alerts test chat tries it again'
figure() { # NAME VALUE
    optop boards --json >"$out" && [ "$(json "$out" \
        "[f['value'] for b in o['boards'] for f in b['figures'] if f['name'] == '$1' and f['labels'] == 'webhook=chat'] == [$2]")" = true ]
}
ok 'and a figure' until_true 30 figure webhook.circuit 3
exits 'somebody asks again' 0 optop alerts test chat
ok 'it is called again' until_true 30 hook "['circuit']" closed
ok 'the alert ends' until_true 30 raised 0

# more than the rate
told() { # of all that was received: keys of notices, digests opened
    python3 - "$log" <<'PY'
import json, sys
keys, digests = [], 0
for line in open(sys.argv[1]):
    body = json.loads(json.loads(line)["body"])
    notices = body["data"].get("notices")
    digests += notices is not None
    keys += [n["key"] for n in notices or [body["data"]] if n["key"].startswith("notify:")]
print(len(keys), len(set(keys)), "digests" if digests else "none")
PY
}
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    optop notify --key "job$i" "job $i is late" || break
done
all_told() { [ "$(told)" = '12 12 digests' ]; }
ok 'all twelve arrive, some of them gathered' until_true 60 all_told
is 'once' "$(told)" '12 12 digests'
ok 'how many digests there were is a figure' until_true 30 hook "['digests'] > 0" true
finish
