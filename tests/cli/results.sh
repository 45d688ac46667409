#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is done with a run's trials when they are there: export.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# more than two pages, every seventh trial fails; choices that CSV must quote
cat >"$dir/many.ini" <<INI
[run]
name = many
[objective]
type = command
command = sh -c "[ \$((\$0 % 7)) -ne 0 ] && echo \$0.1" {x} {y} {w}
score = stdout
[space]
x = int 1..350
y = float 0.1..0.2 step 0.1
w = choice sp ace, qu"ote
[search]
method = grid
[parallel]
workers = 2
INI
optop run "$dir/many.ini" --json >"$dir/run.json" 2>"$err"
is "the run is done" "$(json "$dir/run.json" '[o["state"], o["counts"]["done"], o["counts"]["failed"]]')" \
    '["done", 1200, 200]'

# python3 EXPRESSION over rows (csv) and o (json)
look() {
    python3 - "$dir" "$1" <<'PYTHON'
import csv, json, sys
with open(sys.argv[1] + "/all.csv", newline="", encoding="utf-8") as f:
    rows = list(csv.DictReader(f))
with open(sys.argv[1] + "/all.json", encoding="utf-8") as f:
    o = json.load(f)
r = eval(sys.argv[2], {"rows": rows, "o": o})
print(r if isinstance(r, str) else json.dumps(r))
PYTHON
}

exits "all trials as CSV" 0 optop export last --csv "$dir/all.csv"
is "nothing is said" "$(cat "$out" "$err")" ""
exits "the form is told by the name" 0 optop export last "$dir/all.json"
lines "a line per trial and one" "$dir/all.csv" 1401
is "the header" "$(head -n 1 "$dir/all.csv")" \
    "trial,state,score,x,y,w,wall_seconds,cpu_seconds,max_rss_bytes,stdout_bytes,exit_code,signal,attempt,finished,reason"
is "every trial once, by number" "$(look '[int(r["trial"]) for r in rows] == list(range(1, 1401))')" true
is "the same in JSON" "$(look '[t["trial"] for t in o["trials"]] == list(range(1, 1401))')" true
is "with the run's head" "$(look '[o["name"], o["goal"], o["parameters"]]')" '["many", "minimize", ["x", "y", "w"]]'
is "one on a line" "$(grep -c '^{"trial":' "$dir/all.json")" 1400
is "failed ones are among them" "$(look 'sum(r["state"] == "failed" and r["score"] == "" and r["reason"] != "" for r in rows)')" 200
is "both say the same" "$(look 'all((float(r["score"]) if r["score"] else None) == t["score"] and
    all(r[k] == str(t["params"][k]) for k in ("x", "y", "w")) and
    all(r[k] == "" if t["metrics"][k] is None else float(r[k]) == t["metrics"][k] for k in t["metrics"]) and
    float(r["finished"]) == t["finished"] for r, t in zip(rows, o["trials"]))')" true
is "scores are exact" "$(look '(sorted({t["score"] for t in o["trials"] if t["score"]}) ==
    [float(f"{x}.1") for x in range(1, 351) if x % 7])')" true

optop export last --csv >"$dir/stdout.csv"
ok "standard output gets the same" cmp "$dir/all.csv" "$dir/stdout.csv"
optop export last - --json >"$dir/stdout.json"
ok "- is standard output" cmp "$dir/all.json" "$dir/stdout.json"
is "a reader that has seen enough ends it quietly" \
    "$({ optop export last --csv; echo "status $?" >&3; } 3>"$dir/status" 2>"$err" | head -n 1 | cut -c1-5)" trial
is "without a word" "$(cat "$err" "$dir/status")" "status 0"

echo kept >"$dir/there.csv"
exits "a file that exists is not replaced" 1 optop export last "$dir/there.csv"
like "and it says how" "$err" '^/.*there.csv: exists (--force replaces it)$'
is "nothing happened to it" "$(cat "$dir/there.csv")" kept
chmod 640 "$dir/there.csv"
ln -s there.csv "$dir/link.csv"
exits "--force replaces it" 0 optop export last --force "$dir/link.csv"
ok "whole" cmp "$dir/all.csv" "$dir/there.csv"
is "behind the link, with its mode" "$(readlink "$dir/link.csv") $(stat -c %a "$dir/there.csv")" "there.csv 640"
exits "not into a directory that is not there" 1 optop export last --csv "$dir/none/x.csv"
exits "not over a directory" 1 optop export last --csv --force "$dir"
exits "/dev/null takes it" 0 optop export last --csv /dev/null
exits "a full disk is told" 1 optop export last --csv /dev/full
like "as such" "$err" 'No space left'
exits "a form must be told" 2 optop export last "$dir/x.dat"
exits "one" 2 optop export last --csv --json
exits "a run that is not there" 4 optop export 99 --csv "$dir/none.csv"
is "leaves nothing" "$(ls "$dir" | grep -c -e none -e 'csv\.' -e 'json\.')" 0

# python3 EXPRESSION over db, the SQLite export
query() {
    python3 - "$dir/all.sqlite" "$1" <<'PYTHON'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
def q(sql):
    return db.execute(sql).fetchall()
print(json.dumps(eval(sys.argv[2], {"q": q})))
PYTHON
}

exits "a SQLite database" 0 optop export last "$dir/all.sqlite"
is "nothing is said of it" "$(cat "$out" "$err")" ""
is "is sound" "$(query 'q("PRAGMA integrity_check")')" '[["ok"]]'
is "every trial once" "$(query 'q("SELECT count(*), min(trial), max(trial), sum(state = \"failed\") FROM trial")')" \
    '[[1400, 1, 1400, 200]]'
is "with types" "$(query 'q("SELECT DISTINCT typeof(x), typeof(y), typeof(w), typeof(score), typeof(exit_code) FROM trial ORDER BY 4")')" \
    '[["integer", "real", "text", "null", "integer"], ["integer", "real", "text", "real", "integer"]]'
is "its values are the same" "$(query 'sorted(q("SELECT trial, score, y, w, wall_seconds FROM trial"))' | md5sum)" \
    "$(look '[[t["trial"], t["score"], t["params"]["y"], t["params"]["w"], t["metrics"]["wall_seconds"]] for t in o["trials"]]' | md5sum)"
is "and the run" "$(query 'q("SELECT name, state, goal, done, failed, best_score FROM run")')" \
    '[["many", "done", "minimize", 1200, 200, 1.1]]'
is "in a file as any other" "$(stat -c %a "$dir/all.sqlite")" "$(stat -c %a "$dir/all.csv")"
exits "not on standard output" 2 optop export last --sqlite
exits "nor on a device" 1 optop export last --sqlite /dev/null
exits "a path may be relative" 0 sh -c "cd \"$dir\" && \"$OPTOP\" export last --sqlite --force all.sqlite"
ls "$dir" >"$out"
is "no other file is left" "$(grep -c 'sqlite' "$out")" 1

# requests that read a whole run are answered beside the loop
side_by_side() {
    python3 - "$OPTOP_SOCKET" <<'PYTHON'
import json, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(60)
f = s.makefile("rw", encoding="utf-8", newline="\n")
def ask(i, method, **params):
    f.write(json.dumps({"jsonrpc": "2.0", "id": i, "method": method, "params": params}) + "\n")
ask(0, "hello", protocol=1, client="test")
f.flush()
f.readline()
for i in range(1, 31):
    ask(i, ("run.curve", "run.top", "run.trials", "server.status", "run.show")[i % 5], run=1)
ask(31, "run.curve", run=99)
f.flush()
time.sleep(0.3) # the server makes no more than this one reads: it is not dropped
got = {}
for i in range(1, 32):
    a = json.loads(f.readline())
    assert a["id"] not in got
    got[a["id"]] = a
assert sorted(got) == list(range(1, 32))
assert all("result" in got[i] for i in range(1, 31)) and got[31]["error"]["code"] == -2008
assert len(got[5]["result"]["trials"]) >= 100 and got[5] == {**got[10], "id": 5}
for i in range(100, 400): # and goes before it is answered
    ask(i, "run.curve", run=1)
f.flush()
s.close()
PYTHON
}
ok "many requests at once are each answered once" side_by_side
ok "a client that goes before its answers costs nothing" optop show last

# the best by any metric
optop top 1 -n 2000 --by wall_seconds --csv | sed 1d | cut -d, -f6 >"$dir/by"
is "by a metric, smallest first" "$(sort -c -g "$dir/by" && wc -l <"$dir/by")" 1200
optop top 1 -n 2000 --by wall_seconds --reverse --csv | sed 1d | cut -d, -f6 >"$dir/by"
is "or largest first" "$(sort -c -g -r "$dir/by" && wc -l <"$dir/by")" 1200
is "by score is the best first" "$(optop top 1 -n 1 --by score --csv | sed 1d | cut -d, -f2)" 1.1
is "and reversed the worst" "$(optop top 1 -n 1 --reverse --csv | sed 1d | cut -d, -f2)" 349.1
exits "a metric that is not there" 4 optop top 1 --by nothing
like "is named" "$err" 'run 1 has no metric .nothing'
exits "and harmless" 4 optop top 1 --by "score'; --"

quick_run 2
sed -i -e 's/{x}/{Trial} {score}/' -e 's/^x = .*/Trial = int 7..8\nscore = choice a/' "$dir/quick.ini"
optop run "$dir/quick.ini" --set objective.score=wall_seconds --json >"$dir/run.json" 2>"$err"
optop export last --force "$dir/all.sqlite"
is "parameters of a column's name have columns" \
    "$(query 'q("SELECT trial, Trial_2, score_2, score > 0 FROM trial ORDER BY trial")')" \
    '[[1, 7, "a", 1], [2, 8, "a", 1]]'

# side by side: run 1 has 1400 trials of which 1.1 is the best, another goes the other way
quick_run 30
optop run "$dir/quick.ini" --set run.goal=maximize --json >"$dir/run.json" 2>"$err"
optop compare 1 last --json >"$out"
is "compared" "$(json "$out" '[[r["name"], r["best"]["score"], r["best_after"]["score"]] for r in o["runs"]]')" \
    '[["many", 1.1, 1.1], ["quick", 30, 30]]'
is "by the same number of trials" "$(json "$out" 'o["trials"]')" 30
optop compare last 1 >"$out"
like "a column each" "$out" '^  *run 3  *run 1$'
like "trials" "$out" '^trials  *30 of 30  *1400 of 1400$'
like "the best" "$out" '^best  *30  *1.1$'
like "its point, where it has one" "$out" '^  w  *-  *\(sp ace\|qu"ote\)$'
like "when it was found" "$out" '^found  *trial 30, .*trial [0-9]*, '
is "so does show" "$(optop show 1 | grep -c '^best  *1.1 (trial [0-9]*, after [0-9.]*m*s)$')" 1
exits "one run is not enough" 2 optop compare 1
exits "one that is not there" 4 optop compare 1 99

# a finite space: counted, each point once, all of them where the budget has room
quick_run 40
sed -i -e 's/{x}/{x}.{y}/' -e 's/^x = .*/x = int 10..49\ny = int 10..30 step 10\n[constraints]\neven = (x + y) % 2 == 0/' \
    -e 's/^method = .*/method = random\ntrials = 100/' "$dir/quick.ini"
exits "--check counts" 0 optop run "$dir/quick.ini" --check
like "what will run, and of what" "$out" 'ok, 60 trials of 60 feasible points of 120, exhaustive$'
optop run "$dir/quick.ini" --json >"$dir/run.json" 2>"$err"
is "so does the run" "$(json "$dir/run.json" '[o["counts"]["total"], o["counts"]["done"], o["space"]]')" \
    '[60, 60, {"points": 120, "feasible": 60, "exhaustive": true}]'
optop export last --csv | sed 1d | cut -d, -f4,5 | sort >"$dir/points"
is "each point was evaluated" "$(wc -l <"$dir/points")" 60
is "once" "$(uniq "$dir/points" | wc -l)" 60
optop show last >"$out"
like "show says so" "$out" '^space  *60 feasible points of 120, exhaustive$'
optop logs last >"$out"
like "and the log" "$out" '60 feasible points of 120: each is evaluated once'
optop run "$dir/quick.ini" --set search.trials=20 --json >"$dir/run.json" 2>"$err"
is "with less to spend it is a part" "$(json "$dir/run.json" '[o["counts"]["total"], o["counts"]["done"], o["space"]]')" \
    '[20, 20, {"points": 120, "feasible": 60, "exhaustive": false}]'
is "without repeating" "$(optop export last --csv | sed 1d | cut -d, -f4,5 | sort -u | wc -l)" 20
optop server stop >"$out" 2>&1
is "which is known for good" "$(optop show last --json >"$out" && json "$out" 'o["space"]["feasible"]')" 60

# time left, with its range, while a run goes on
quick_run 100000
optop run "$dir/quick.ini" --detach >"$out"
in_range() {
    optop show last --json >"$dir/show.json" &&
        [ "$(json "$dir/show.json" 'o["eta_seconds"] and o["eta_low_seconds"] <= o["eta_seconds"] <= o["eta_high_seconds"]')" = true ]
}
ok "time left has a range" until_true 30 in_range
optop cancel last --wait >"$out" 2>&1
is "that an ended run has not" "$(optop show last --json >"$out" && json "$out" 'o["eta_high_seconds"]')" null

finish
