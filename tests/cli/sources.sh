#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What thresholds can be put on beside the machine: workers that crash, runs that wait,
# filesystems; and a new best, which webhooks can be told of.
. "$(dirname "$0")/lib.sh"

cat >"$OPTOP_CONFIG" <<INI
[server]
interval = 200ms
[runs]
slots = 1
[threshold server.worker_crashes]
warning = 0.5
[threshold server.queued_runs]
warning = 1
[threshold filesystem.used_pct]
warning = 100
[webhook best]
url = http://127.0.0.1:9/
allow_private = yes
alerts = none
runs = best
INI
cat >"$dir/slow.ini" <<'INI'
[run]
name = slow
[objective]
command = sh -c 'echo {x}; test {x} -lt 2 || sleep 30'
[space]
x = int 1..3
[parallel]
workers = 1
[limits]
grace = 0
INI
told() {
    optop alerts history 2>/dev/null | grep -q -e "$1"
}
worker() {
    optop show 1 --json >"$dir/show.json" 2>/dev/null &&
        pid=$(json "$dir/show.json" '[t["worker_pid"] for t in o["running"] if t["trial"] == 2][0]' 2>/dev/null)
}
status() {
    optop status --json >"$dir/status.json" && [ "$(json "$dir/status.json" "$1")" = "$2" ]
}

exits "filesystems" 0 optop status
like "are shown" "$out" '^ *filesystem.*% used'
for i in 1 2 3; do
    optop run --detach "$dir/slow.ini" >"$out" 2>&1
done
ok "a new best is told" until_true 60 told 'run.best .*run 1 (slow): new best 1 in trial 1'
ok "two runs wait" until_true 60 status 'o["server"]["queued_runs"]' 2
ok "which is told" until_true 60 told 'server.queued_runs is 2 (warning above 1)'
is "no worker has crashed" "$(json "$dir/status.json" 'o["server"]["worker_crashes"]')" 0
ok "the second trial runs" until_true 60 worker
kill -9 "$pid"
ok "a worker that ends is counted" until_true 60 status 'o["server"]["worker_crashes"] > 0' true
ok "and told" until_true 60 told 'server.worker_crashes is [1-9]'
exits "a kind of notice that there is not" 2 optop config set 'webhook best.runs=better'
like "names those there are" "$err" 'best'
optop cancel 1 2 3 >"$out" 2>&1
finish
