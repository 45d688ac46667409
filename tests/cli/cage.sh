#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `optop cancel` on trials that double-fork 50 sleepers which ignore TERM: none
# survives, whatever holds the run, and within the grace time plus a bound.
. "$(dirname "$0")/lib.sh"

cat >"$dir/brood" <<'SH'
#!/bin/sh
# 50 grandchildren in sessions of their own; they and we ignore TERM and HUP
trap '' TERM HUP
i=0
while [ $i -lt 50 ]; do
    (setsid sh -c 'trap "" TERM HUP; exec sleep 4321' >/dev/null 2>&1 </dev/null &)
    i=$((i + 1))
done
sleep 4321
SH
chmod 755 "$dir/brood"
cat >"$dir/brood.ini" <<INI
[run]
name = brood
[objective]
type = command
command = $dir/brood {x}
score = wall_seconds
[space]
x = int 1..2
[parallel]
workers = 2
[limits]
grace = 500ms
INI

# processes of this server's runs: the mark in their environment
sleepers() {
    grep -lsz "^OPTOP_STATE=$OPTOP_STATE\$" /proc/[0-9]*/environ 2>/dev/null |
        sed 's/environ$/comm/' | xargs -r cat 2>/dev/null | grep -c '^sleep$'
}
all_there() {
    [ "$(sleepers)" -ge 102 ]
}

for kind in cgroup2 subreaper group; do
    export OPTOP_CAGE=$kind
    id=$(optop run "$dir/brood.ini" --detach)
    optop show "$id" --json >"$out"
    ok "$kind: the brood is there" until_true 60 all_there
    # nobody has looked before: whose they are is told by descent where it still says so, else by their mark
    optop workers "$id" --json >"$out"
    ok "$kind: they count as the run's" [ "$(json "$out" 'o["use"]["processes"]')" -ge 102 ]
    start=$(date +%s%N)
    optop cancel "$id" --wait >/dev/null
    took=$((($(date +%s%N) - start) / 1000000))
    is "$kind: cancelled" "$(run_state "$id")" cancelled
    is "$kind: nobody survives" "$(sleepers)" 0
    optop show "$id" --json >"$out"
    held=$(json "$out" 'o["cage"]')
    echo "# $kind: held by $held, gone after $took ms (grace 500 ms)"
    # a busy machine takes its time; the trials would take 4321 s
    ok "$kind: within the grace time and a bound" [ "$took" -lt 60000 ]
    optop server stop
done
finish
