#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Points that an earlier run has evaluated: search.reuse.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# Each evaluation leaves a line; x = 3 fails.
write_objective() { # FACTOR
    cat >"$dir/objective" <<SH
#!/bin/sh
echo "\$1" >>"$dir/evaluated"
[ "\$1" -ne 3 ] || exit 1
echo "{\"score\": \$((\$1 * $1)), \"twice\": \$((\$1 * 2))}"
SH
    chmod +x "$dir/objective"
}
write_run() { # REUSE LAST [DIMENSION]
    cat >"$dir/run.ini" <<INI
[run]
name = repeats
[objective]
command = ./objective {x}
directory = $dir
score = json:score
[space]
x = int 1..$2
${3:-}
[search]
reuse = $1
[parallel]
workers = 2
INI
}
evaluated() {
    sort -n "$dir/evaluated" 2>/dev/null | tr '\n' ' '
    rm -f "$dir/evaluated"
}
run() { (cd "$dir" && optop run run.ini); }

write_objective 10
write_run yes 6
exits "a first run" 0 run
is "evaluates all" "$(evaluated)" "1 2 3 4 5 6 "
write_run no 6
exits "without reuse" 0 run
is "all are evaluated again" "$(evaluated)" "1 2 3 4 5 6 "
write_run yes 9
exits "with it" 0 run
is "only what is new, and what failed" "$(evaluated)" "3 7 8 9 "
exits "the trials" 0 optop export --json --force 3 "$dir/trials.json"
cat >"$dir/check.py" <<'PYTHON'
import json, sys
trials = json.load(open(sys.argv[1]))["trials"]
assert [t["trial"] for t in trials] == list(range(1, 10)), trials
for t in trials:
    x, m = t["params"]["x"], t["metrics"]
    assert t["state"] == ("failed" if x == 3 else "done"), t
    if x == 3:
        continue
    assert t["score"] == 10 * x and m["twice"] == 2 * x, t
    again = (m.get("repeat_of_run"), m.get("repeat_of_trial"))
    assert again == ((None, None) if x > 6 else (1, x)), t
    assert (m["wall_seconds"] == 0) == (x <= 6), t
print("fine")
PYTHON
is "a repeat has the earlier result, and says whose" \
    "$(python3 "$dir/check.py" "$dir/trials.json" 2>&1)" fine
optop caches >"$out"
like "the cache is among the others" "$out" '^ *points '

write_run yes 9 "y = choice a, b"
sed -i 's/{x}/{x} {y}/' "$dir/run.ini"
exits "another command" 0 run
is "knows nothing of it" "$(evaluated)" "1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9 "
write_objective 100
write_run yes 2
exits "another program of that name" 0 run
is "neither" "$(evaluated)" "1 2 "
exits "once more" 0 run
is "now it is known" "$(evaluated)" ""
optop top 6 >"$out"
like "with what the new one says" "$out" ' 100 '
ok "without a cache" optop caches off
exits "a run" 0 run
is "evaluates" "$(evaluated)" "1 2 "
ok "it is used again" optop caches on

# more than a turn of the loop may answer: a first run, and all of it again
cat >"$dir/many.ini" <<INI
[run]
name = many
[objective]
command = echo {x}
[space]
x = int 1..3000
[search]
reuse = yes
INI
exits "a run of many points" 0 optop run "$dir/many.ini"
exits "many repeats" 0 optop run "$dir/many.ini"
optop show last --json >"$out"
is "are all answered" "$(json "$out" "[o['counts']['done'], o['best']['score']]")" "[3000, 1]"
optop export --csv last >"$dir/many.csv"
is "none was evaluated" "$(cut -d, -f5 "$dir/many.csv" | sort -u | tr '\n' ' ')" "0 wall_seconds "

cat >"$dir/warm.ini" <<INI
[run]
name = warm
[objective]
type = function
function = sphere
[space]
x = float 0..1
[search]
method = random
reuse = yes
INI
exits "nothing is kept of what workers draw" 2 optop run "$dir/warm.ini"
like "which is told" "$err" "warm.ini:10: search.reuse: with objective.type = function points are drawn"
finish
