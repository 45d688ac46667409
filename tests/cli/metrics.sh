#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What trials report besides their score is kept and shown: on the screen where
# there is room, as CSV and JSON always.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

cat >"$dir/report.sh" <<'SH'
# all report accuracy and loss, the third one more, the fourth nothing else
[ "$1" -eq 3 ] && more=',"epochs":12,"note":"text","list":[1],"wall_seconds":99'
[ "$1" -eq 4 ] && { echo '{"loss":4}'; exit; }
echo '{"loss":7,"old":1}'
echo "{\"loss\":$1,\"accuracy\":0.$1,\"bad\\u001b[2Jname\":$1${more-}}"
SH
cat >"$dir/m.ini" <<INI
[run]
name = m
[objective]
command = sh $dir/report.sh {x}
score = json:loss
[space]
x = int 1..4
[parallel]
workers = 1
INI

exits "a run whose trials report metrics" 0 optop run "$dir/m.ini" --json
is "the best trial's metrics are in the run" \
    "$(json "$out" '[o["best"]["metrics"][k] for k in ("accuracy", "bad\u00b7[2Jname")]')" '[0.1, 1]'
exits "as JSON" 0 optop top last --json
is "all names are told" "$(json "$out" 'o["metrics"][4:]')" \
    '["accuracy", "bad\u00b7[2Jname", "epochs"]'
is "every trial has its own" "$(json "$out" '[t["metrics"].get("epochs") for t in o["trials"]]')" \
    '[null, null, 12, null]'
is "numbers only, the score is none of them" \
    "$(json "$out" 'sorted(set(k for t in o["trials"] for k in t["metrics"]) & {"loss", "note", "list", "old"})')" '[]'
is "a measure is not overruled" "$(json "$out" 'o["trials"][2]["metrics"]["wall_seconds"] < 90')" true
exits "as CSV" 0 optop top last --csv
is "a column for each" "$(head -n 1 "$out" | cut -d, -f8-)" "accuracy,bad·[2Jname,epochs"
is "empty where a trial has none" "$(sed -n 5p "$out" | cut -d, -f8-)" ",,"
exits "for people" 0 optop top last
like "they are columns" "$out" 'accuracy .*epochs$'

exits "a database has them as JSON" 0 optop export last "$dir/m.sqlite"
is "of each trial" "$(python3 -c 'import json, sqlite3, sys
for t, m in sqlite3.connect(sys.argv[1]).execute("SELECT trial, metrics FROM trial ORDER BY trial"):
    print(t, json.loads(m)["accuracy"] if m else m)' "$dir/m.sqlite" | tr '\n' ' ')" "1 0.1 2 0.2 3 0.3 4 None "
exits "an export as CSV" 0 optop export last --csv
like "has columns for them" "$out" ',accuracy,'

# a server that comes after finds them too
optop server stop >/dev/null 2>&1
exits "after a restart" 0 optop top last -n 1 --json
is "they are still there" "$(json "$out" 'o["trials"][0]["metrics"]["accuracy"]')" 0.1
exits "the run, too" 0 optop show last
like "shows the best one's" "$out" 'accuracy 0.1'
finish
