#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a run's workers do and have done, what it uses, and why trials failed.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# of the first six trials two exit with 3 and one is killed; all behind them go on until they are
# stopped: which two of them the workers come to depends on what each was sent ahead
quick_run 10
sed -i "s|^command = .*|command = sh -c \"case {x} in 2\|4) exit 3;; 5) kill -9 \$\$;; [789]\|10) sleep 1000;; esac; echo {x}\"|" "$dir/quick.ini"
exits "before there is a run" 4 optop workers 1
exits "or failures" 4 optop failures 1
run=$(optop run --detach "$dir/quick.ini")
two_run() {
    optop workers "$run" --json >"$dir/workers.json" &&
        [ "$(json "$dir/workers.json" '[l.get("trial", 0) > 6 for l in o["lanes"]]')" = '[true, true]' ]
}
ok "two workers are at trials" until_true 60 two_run
is "and busy" "$(json "$dir/workers.json" 'sorted(l["state"] for l in o["lanes"])')" '["busy", "busy"]'
seen() {
    two_run && json "$dir/workers.json" '["9" in l["past"] for l in o["lanes"]]' | grep -q '\[true, true\]'
}
ok "after a while it is seen that they were" until_true 60 seen
is "their processes are counted" "$(json "$dir/workers.json" \
    'o["use"]["processes"] >= 4 and o["use"]["rss_bytes"] > 2**20 and o["others"] == 0')" true
exits "for people" 0 optop workers "$run"
like "a line for each" "$out" "busy  *[0-9][0-9]* .*9"
like "and what they use" "$out" "processes.*, memory "
exits "why trials failed" 0 optop failures "$run" --json
is "the reasons of most trials first" "$(json "$out" \
    '[[r["count"], r["first"], r["last"], r["reason"]] for r in o["reasons"]]')" \
    '[[2, 2, 4, "exit status 3"], [1, 5, 5, "killed by SIGKILL"]]'
exits "as many as are wanted" 0 optop failures "$run" -n 1
like "are shown" "$out" '^ *2  *2  *4  *exit status 3 *$'
like "and how many are not" "$out" '^and 1 other reason'
exits "the run is cancelled" 0 optop cancel "$run" --wait
optop workers "$run" --json >"$dir/workers.json"
is "then nobody is there, and nothing is used" "$(json "$dir/workers.json" \
    '[sorted(l["state"] for l in o["lanes"]), o["use"]]')" '[["none", "none"], null]'

quick_run 3
fine=$(optop run --detach "$dir/quick.ini")
ok "a run that fails nowhere" until_true 60 state_is "$fine" done
exits "says so" 0 optop failures "$fine"
like "in words" "$out" 'no trial of run 2 has failed'
finish
