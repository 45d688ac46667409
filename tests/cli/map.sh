#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run's scores over two of its parameters, and what is around its best trial.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# (x - 3)^2 + (y - 3)^2 over 1..6, and on the choice `odd' a needle at (5, 2)
cat >"$dir/f.lua" <<'LUA'
function evaluate(p)
    if p.kind == "odd" and p.x == 5 and p.y == 2 then return -100 end
    return (p.x - 3) ^ 2 + (p.y - 3) ^ 2
end
LUA
write_run() {
    cat >"$dir/$1.ini" <<INI
[run]
name = $1
goal = minimize
[objective]
type = lua
lua = $dir/f.lua
[space]
x = int 1..6
y = int 1..6
kind = choice $2
[search]
method = grid
[parallel]
workers = 1
INI
}
write_run bowl even
write_run needle "even, odd"
optop run "$dir/bowl.ini" >"$out" 2>"$err"
exits "a map" 0 optop map last --rows 6 --columns 6 --json
cp "$out" "$dir/map.json"
is "each value has a cell" "$(json "$dir/map.json" '[o["x"]["from"], o["y"]["ranges"]]')" '[[1, 2, 3, 4, 5, 6], false]'
is "its scores, by rows" "$(json "$dir/map.json" 'o["cells"] == [(x - 3) ** 2 + (y - 3) ** 2 for y in range(1, 7) for x in range(1, 7)]')" true
is "the best one's place" "$(json "$dir/map.json" '[o["best"]["score"], o["best_cell"], o["trials"]]')" '[0, [2, 2], 36]'
is "and its neighbours" "$(json "$dir/map.json" '[o["plateau"][k] for k in ("neighbours", "steps", "mean", "shape")]')" \
    '[4, 1, 1, "plateau"]'
exits "as a picture" 0 optop map last x y
like "the best has a sign of its own" "$out" '^ *3 .[^|]*◆'
like "the worst corner is faint" "$out" '^ *6 |.*·$'
is "a line per value" "$(grep -c ' |' "$out")" 6
like "what shades mean" "$out" '^from  · 18  .*to the best ◆; blank: no trial$'
like "which point" "$out" '^best 0: x=3 y=3 kind=even$'
like "plateau or spike" "$out" '^plateau: 4 neighbours within 1 step have 1 in the mean, [0-9]*% of the best.s lead over the median '
exits "the other way round" 0 optop map last y x --json
is "the axes go by name" "$(json "$out" '[o["x"]["name"], o["y"]["name"]]')" '["y", "x"]'
exits "a choice" 0 optop map last kind --json
is "has its words" "$(json "$out" '[o["x"]["from"], o["y"]["name"], len(o["cells"])]')" '[["even"], "x", 6]'
exits "few cells" 0 optop map last --rows 2 --columns 4 --json
is "are ranges, the highest value behind them" "$(json "$out" '[o["x"]["from"], o["x"]["ranges"], o["y"]["from"], len(o["cells"])]')" \
    '[[1, 3, 4, 6, 6], true, [1, 4, 6], 8]'
LC_ALL=C exits "without UTF-8" 0 optop map last
like "the signs are ASCII" "$out" '^from  \. 18  : .*to the best \*; blank: no trial$'

optop run "$dir/needle.ini" >"$out" 2>"$err"
exits "a spike" 0 optop map last
like "is called one" "$out" '^spike: [0-9]* neighbours within [0-9] steps* have .* in the mean, '
exits "show says it, too" 0 optop show last
like "beside the best trial" "$out" '^ *spike: [0-9]* neighbours'
exits "and compare" 0 optop compare 1 2
like "for each run" "$out" '^neighbours  *1 (plateau)  *[0-9.]* (spike)$'
exits "with figures" 0 optop compare 1 2 --json
is "of both" "$(json "$out" '[r["plateau"]["shape"] for r in o["runs"]]')" '["plateau", "spike"]'

exits "no such parameter" 2 optop map 1 z
like "is named" "$err" 'no parameter .z'
exits "the same twice" 2 optop map 1 x x
like "is refused" "$err" 'the same parameter'
exits "no such run" 4 optop map 99
exits "too many cells" 2 optop map 1 --columns 100000
cat >"$dir/none.ini" <<'INI'
[run]
name = none
[objective]
type = command
command = false {x} {y}
[space]
x = int 1..2
y = int 1..2
[search]
method = grid
[parallel]
workers = 1
INI
optop run "$dir/none.ini" >"$out" 2>"$err"
exits "a run without scores" 0 optop map last
like "says so" "$out" '^no trial has a score yet$'
finish
