#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The demo in the foreground: it ends as done, and its best point is the one
# that a plain loop over all feasible points finds.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

file=$src/COPYING

# best of the feasible points, tried one by one
brute_force() {
    for preset in 0 9; do
        for lc in 0 1 2 3 4; do
            for lp in 0 1 2 3 4; do
                [ $((lc + lp)) -le 4 ] || continue
                for pb in 0 2 4; do
                    size=$(xz --format=raw --stdout \
                        --lzma2=preset=$preset,lc=$lc,lp=$lp,pb=$pb "$file" | wc -c)
                    echo "$size"
                done
            done
        done
    done | sort -n | head -n 1 | tr -d ' '
}

exits "the demo runs to its end" 0 optop run "$src/conf/runs/xz.ini" \
    --set "parameters.file=$file" --set "space.preset=int 0..9 step 9" \
    --set "space.pb=int 0..4 step 2" --set parallel.workers=2
like "its end is told" "$out" '^run [0-9]* (xz) done: 90 trials'
like "the best trials are shown" "$out" '^ *trial  *score  *preset  *lc  *lp  *pb'
lines "five of them" "$out" 7
like "progress goes to standard error" "$err" '^optop: run [0-9]* (xz): .* of 90'

optop top last -n 1 --csv >"$dir/top.csv"
is "the best score is that of brute force" "$(sed -n 2p "$dir/top.csv" | cut -d, -f2)" "$(brute_force)"
score=$(sed -n 2p "$dir/top.csv" | cut -d, -f2)
settings=$(sed -n 2p "$dir/top.csv" | awk -F, '{ print "preset=" $3 ",lc=" $4 ",lp=" $5 ",pb=" $6 }')
is "its parameters give that score" \
    "$(xz --format=raw --stdout --lzma2="$settings" "$file" | wc -c | tr -d ' ')" "$score"
is "the header names everything" "$(head -n 1 "$dir/top.csv" | cut -d, -f1-6)" "trial,score,preset,lc,lp,pb"
like "metrics too" "$dir/top.csv" ',wall_seconds'

optop top last -n 1000 --csv >"$dir/all.csv"
lines "every trial is there" "$dir/all.csv" 91
is "each once" "$(cut -d, -f1 "$dir/all.csv" | sort -u | wc -l | tr -d ' ')" 91
is "best first" "$(sed 1d "$dir/all.csv" | cut -d, -f2 | sort -n -c && echo sorted)" sorted

quick_run 10
exits "a command that never ran" 0 optop run "$dir/quick.ini" --check
is "has no time expected" "$(grep -c about "$out")" 0
exits "a run file comes from standard input" 0 sh -c "\"$OPTOP\" run - --json <\"$dir/quick.ini\""
is "its best" "$(json "$out" 'o["best"]["score"]')" 1
exits "--set changes a value" 0 optop run "$dir/quick.ini" --set run.goal=maximize --json
is "and so the best" "$(json "$out" '[o["best"]["score"], o["best"]["params"]]')" '[10, {"x": 10}]'
exits "--check runs nothing" 0 optop run "$dir/quick.ini" --check
like "and counts" "$out" 'ok, 10 trials'
like "and tells how long, by the two before" "$out" '; about [0-9].* as 2 earlier runs of it$'
is "three runs were made" "$(optop runs --json >"$out" && json "$out" 'len(o["runs"])')" 3
finish
