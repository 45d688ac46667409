#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The names that programs rely on.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

quick_run 20
exits "run --json" 0 optop run "$dir/quick.ini" --json
ok "is one JSON value" json_valid "$out"
lines "on one line" "$out" 1
is "with its names" "$(json "$out" 'sorted({"run", "name", "state", "counts", "best"} - set(o))')" '[]'
is "name" "$(json "$out" 'o["name"]')" quick
is "state" "$(json "$out" 'o["state"]')" "done"
is "counts" "$(json "$out" '[o["counts"][k] for k in ("total", "done", "failed", "running")]')" '[20, 20, 0, 0]'
is "best" "$(json "$out" '[o["best"]["score"], o["best"]["params"]]')" '[1, {"x": 1}]'
is "best has a trial and metrics" \
    "$(json "$out" 'isinstance(o["best"]["trial"], int) and o["best"]["metrics"]["wall_seconds"] > 0')" true
run=$(json "$out" 'o["run"]')

exits "show --json" 0 optop show "$run" --json
is "is the same object" "$(json "$out" '[o["run"], o["state"], o["counts"]["done"], o["best"]["score"]]')" \
    "[$run, \"done\", 20, 1]"
is "show --file is the file" "$(optop show "$run" --file)" "$(cat "$dir/quick.ini")"
exits "detach --json" 0 optop run --detach --json "$dir/quick.ini"
is "is a run object" "$(json "$out" 'o["state"] in ("queued", "running", "done")')" true

exits "top --json" 0 optop top "$run" -n 3 --json
is "names its columns" "$(json "$out" '[o["parameters"], "wall_seconds" in o["metrics"]]')" '[["x"], true]'
is "best first" "$(json "$out" '[t["score"] for t in o["trials"]]')" '[1, 2, 3]'
exits "runs --json" 0 optop runs --json
is "newest first" "$(json "$out" '[r["run"] for r in o["runs"]] == sorted((r["run"] for r in o["runs"]), reverse=True)')" true
exits "logs --json" 0 optop logs "$run" --json
ok "is one JSON value" json_valid "$out"
exits "alerts --json" 0 optop alerts --json
is "has its parts" "$(json "$out" 'sorted({"alerts", "history", "deliveries"} - set(o))')" '[]'
exits "server status --json" 0 optop server status --json
is "has its names" "$(json "$out" 'sorted({"pid", "version", "uptime_seconds", "sessions"} - set(o))')" '[]'
exits "config show --json" 0 optop config show --json
is "names the file" "$(json "$out" 'o["file"]')" "$OPTOP_CONFIG"

exits "status --json" 0 optop status --json
ok "is one JSON value" json_valid "$out"
groups='"cpu memory pressure disks networks pools tasks runs alerts".split()'
is "has its groups" "$(json "$out" "[g for g in $groups if g not in o]")" '[]'
is "knows the memory" "$(json "$out" 'o["memory"]["total_bytes"] > 0')" true
is "knows rates, also when the server is new" "$(json "$out" 'o["cpu"]["total"] is not None')" true

exits "watch --json" 0 optop watch --json -n 3
lines "one object a line" "$out" 3
is "in order" "$(python3 -c '
import json, sys
s = [json.loads(l)["seq"] for l in sys.stdin]
print(s == sorted(set(s)))' <"$out")" True

exits "status for people" 0 optop status
like "cpu" "$out" '^cpu  *[0-9.]*%'
like "memory" "$out" '^memory .* of .* used'
like "pressure" "$out" '^pressure '
like "runs" "$out" 'quick  *done'
exits "watch for people" 0 optop watch -n 1
like "is a line" "$out" '^[0-9:]*  cpu '
finish
