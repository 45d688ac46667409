#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Lua functions (type = lua) through a server: the installed example, the same
# results in every mode, and what fails.
# shellcheck source=tests/cli/lib.sh
. "${0%/*}/lib.sh"

number=0
cp "$src/doc/examples/valley.lua" "$src/doc/examples/valley.ini" "$dir"
cd "$dir" || exit 99
for sets in parallel.mode=thread parallel.mode=process parallel.mode=isolated \
    'parallel.mode=hybrid parallel.workers=2x2'; do
    # shellcheck disable=SC2086 # words are meant
    set -- $sets
    number=$((number + 1))
    exits "the example runs with $sets" 0 optop run valley.ini -s search.trials=200 \
        -s "$1" -s "${2:-parallel.workers=2}"
    optop export "$number" --csv --force export.csv >/dev/null 2>&1
    cut -d, -f1-6 export.csv | sort >"all.$number"
    [ "$number" -eq 1 ] || ok "... with the same results" cmp -s all.1 "all.$number"
done
lines "all of them" all.1 201
optop top 1 -n 1 >"$out"
like "metrics are kept" "$out" 'off_valley\|off valley'
optop logs 1 >"$out"
like "reasons are kept" "$out" 'off the valley'

# What fails costs the trial, and says where.

cat >wrong.lua <<'LUA'
function evaluate(point)
    if point.x == 3 then
        print("now it comes")
        while true do end
    end
    return point.x
end
LUA
cat >wrong.ini <<'INI'
[run]
name = wrong
[objective]
type = lua
lua = wrong.lua
lua_instructions = 1000000
[space]
x = int 1..50
INI
number=$((number + 1))
exits "an endless loop has its end" 0 optop run wrong.ini
optop show "$number" --json >"$out"
is "... one trial" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" "[49, 1]"
optop logs "$number" --trial 3 >"$out"
like "... says why" "$out" 'more than 1000000 instructions'
like "... and what it printed" "$out" 'now it comes'
like "... and where" "$out" 'wrong.lua:[45]'
number=$((number + 1))
exits "a time limit holds, too" 0 optop run wrong.ini -s objective.lua_instructions=0 \
    -s limits.trial=300ms
optop show "$number" --json >"$out"
is "... for one trial" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" "[49, 1]"
id=$(optop run --detach wrong.ini -s objective.lua_instructions=0)
ok "one that goes on" until_true 20 done_at_least "$id" 1
exits "is cancelled" 0 optop cancel "$id"
ok "... at once" until_true 10 state_is "$id" cancelled

# What cannot be loaded.

echo 'x = = 1' >wrong.lua
exits "a fault in the file" 1 optop run wrong.ini
optop show last >"$out"
like "... is told with its line" "$out" 'wrong.lua:1: '
exits "... before it runs, too" 2 optop run --check wrong.ini
like "... with its line" "$err" 'wrong.lua:1: '
exits "no file" 1 optop run wrong.ini -s objective.lua=nowhere.lua
optop show last >"$out"
like "... is told" "$out" 'nowhere.lua'
sed -i '/^lua = /d' wrong.ini
exits "none named" 2 optop run --check wrong.ini

# Numbers of a file, which is larger than what a state may have, read once for
# all threads.

python3 - <<'PY'
with open("prices.csv", "w") as file:
    file.write("day,close\n")
    for day in range(1, 600001):
        file.write("%d,%d.25\n" % (day, day * 7 % 1000))
PY
cat >prices.lua <<'LUA'
function evaluate(point)
    local rows, columns = data()
    if rows ~= 600000 or columns ~= 2 or data(rows + 1, 1) ~= nil then
        error("not the file")
    end
    return data(point.row, "close") + data(point.row, 1) * 0
end
LUA
cat >prices.ini <<'INI'
[run]
name = prices
[objective]
type = lua
lua = prices.lua
data = prices.csv
lua_memory = 1MiB
[space]
row = int 1..40
[search]
method = grid
[parallel]
mode = thread
workers = 2
INI
exits "a function looks at a large file" 0 optop run prices.ini
optop top last -n 1 --json >"$out"
is "at the right place" "$(json "$out" 'o["trials"][0]["score"]')" 7.25
mv prices.csv elsewhere.csv
optop run prices.ini >/dev/null 2>&1
optop logs last >"$out"
like "a file that is not there fails the trial" "$out" 'prices.csv: No such file'

finish
