#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The server's caches: shown, emptied, switched off and on while runs go on.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

member() { # CACHE MEMBER
    optop caches --json >"$out"
    json "$out" "[c['$2'] for c in o['caches'] if c['name'] == '$1'][0]"
}
exits "nothing runs: nothing to clear" 3 optop caches clear
ok "caches are shown" optop caches
optop caches >"$out"
like "the store's statements" "$out" "^statements *unbounded "
like "the sum" "$out" "^all "
quick_run 20
exits "a run is stored through them" 0 optop run "$dir/quick.ini"
ok "statements are found again" [ "$(member statements hits)" -gt 20 ]
ok "so is the server's cgroup" [ "$(member cgroup.places entries)" = 1 ]
is "none is prepared twice" "$(member statements misses)" "$(member statements entries)"

optop caches invalidate 'UPDATE run*' --json >"$out"
ok "by pattern" [ "$(json "$out" "o['removed']")" -ge 1 ]
optop caches invalidate 'UPDATE run*' --cache 'cgroup*' >"$out"
like "of other caches" "$out" "^0 entries removed"
exits "and the next run goes well" 0 optop run "$dir/quick.ini"
ok "as after all of them" optop caches clear --cache statements
exits "it does" 0 optop run "$dir/quick.ini"

optop caches off >"$out"
like "they can be off" "$out" "caches are off"
exits "which no run minds" 0 optop run "$dir/quick.ini"
is "nothing is kept then" "$(member statements entries)" 0
optop caches >"$out"
like "it is said" "$out" "caches are off: nothing is kept"
optop caches on --json >"$out"
is "and on again" "$(json "$out" "o['on']")" true
exits "after that, too" 0 optop run "$dir/quick.ini"
ok "they fill" [ "$(member statements entries)" -gt 5 ]
is "all trials are there" "$(optop runs --json | grep -o '"done":20' | grep -c .)" 5

optop boards optop-server --json >"$out"
ok "their figures are on the board" [ "$(json "$out" \
    "[f['value'] for f in o['boards'][0]['figures'] if f['name'] == 'cache.hits' and f['labels'] == 'cache=statements'][0]")" -gt 0 ]
exits "a pattern is needed" 2 optop caches invalidate
optop server stop
finish
