#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What failed trials said is kept, cleaned, and can be followed.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

cat >"$dir/talk.sh" <<'SCRIPT'
if [ "$1" -eq 3 ]; then
    printf 'no luck with \033[31m%s\nand a second line\n' "$1" >&2
    exit 7
fi
echo "$1"
SCRIPT
quick_run 5
sed -i "s|^command = .*|command = sh $dir/talk.sh {x}|" "$dir/quick.ini"
exits "a failed trial does not fail the run" 0 optop run "$dir/quick.ini" --json
is "it is counted" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" '[4, 1]'
run=$(json "$out" 'o["run"]')

exits "logs" 0 optop logs "$run"
like "tell what it said" "$out" 'trial 3 .*no luck with .*3'
like "line by line" "$out" 'trial 3  *[a-z]*  *and a second line$'
ok "without control characters" sh -c "! grep -q \"\$(printf '\\033')\" \"$out\""
exits "logs of one trial" 0 optop logs "$run" --trial 3
is "hold no other" "$(grep -c -v 'trial 3 ' "$out")" 0
exits "logs of a quiet one" 0 optop logs "$run" --trial 1
ok "hold no failure" sh -c "! grep -q 'no luck' \"$out\""
exits "logs --json" 0 optop logs "$run" --json
is "name the trial" "$(json "$out" '[l["trial"] for l in o["lines"] if "no luck" in l["text"]]')" '[3]'
exits "logs -f of an ended run ends" 0 optop logs -f "$run"
like "after the same lines" "$out" 'no luck'

quick_run 40
sed -i "s|^command = .*|command = sh -c \"sleep 0.05; sh $dir/talk.sh {x}\"|" "$dir/quick.ini"
run=$(optop run --detach "$dir/quick.ini")
exits "logs -f ends with the run" 0 timeout 600 "$OPTOP" logs -f --json "$run"
is "the run has ended" "$(run_state "$run")" "done"
is "each line is an object" "$(python3 -c '
import json, sys
print(sum("no luck" in json.loads(l)["text"] for l in sys.stdin))' <"$out")" 1
finish
