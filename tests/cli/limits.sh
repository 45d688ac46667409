#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# [limits]: trials run inside them, and `optop show` says what holds each.
. "$(dirname "$0")/lib.sh"
export OPTOP_LIMITS=rlimit # the same on every machine; cgroups are test_limit's

cat >"$dir/trial" <<'SH'
#!/bin/sh
echo "nice $(nice) files $(ulimit -n) core $(ulimit -c) memory $(ulimit -v)" >&2
echo 1
SH
chmod 755 "$dir/trial"
cat >"$dir/run.ini" <<INI
[run]
name = bound
[objective]
type = command
command = $dir/trial {x}
[space]
x = int 1..2
[parallel]
workers = 1
INI
worker=${OPTOP_WORKER:-$(dirname "$OPTOP")/optop-worker}
memory='limits.trial_memory=256MiB'
kib=262144
if grep -q __asan_init "$worker" 2>/dev/null; then # its shadow takes terabytes of addresses
    memory='limits.trial_memory=512TiB'
    kib=549755813888
fi

id=$(optop run "$dir/run.ini" --detach --set limits.nice=7 --set limits.open_files=77 \
    --set "$memory" --set limits.cpu=1 --set limits.io_priority=idle)
until_true 20 state_is "$id" done
optop logs "$id" >"$out"
ok "a trial is inside its limits" grep -q "nice 7 files 77 core 0 memory $kib" "$out"
optop show "$id" --json >"$out"
held() { json "$out" "[l['held_by'] for l in o['limits'] if l['name'] == '$1'][0]"; }
is "nice" "$(held nice)" scheduling
is "open files" "$(held open_files)" rlimit
is "core dumps" "$(held core_dumps)" rlimit
is "memory of a trial" "$(held trial_memory)" rlimit
is "cpu" "$(held cpu)" scheduling
is "io priority" "$(held io_priority)" scheduling
optop show "$id" >"$out"
ok "show tells people" grep -q 'nice 7, held by scheduling' "$out"
ok "and what it does not hold" grep -q 'held by rlimit (each process of a trial alone' "$out"

id=$(optop run "$dir/run.ini" --detach --set limits.affinity=1023)
until_true 20 state_is "$id" done
optop show "$id" --json >"$out"
is "what nothing holds is said" "$(held affinity)" nothing
optop show "$id" >"$out"
ok "to people, too" grep -q 'affinity 1023, NOT HELD' "$out"

for bad in memory=1 cpu=0.001 open_files=3 affinity=3-1 io_priority=fast nice=20; do
    exits "limits.$bad is refused" 2 optop run "$dir/run.ini" --detach --set "limits.$bad"
done

cat >"$dir/slow.ini" <<INI
[run]
name = slow
[objective]
type = command
command = sh -c "sleep 0.2; echo {x}"
[space]
x = int 1..1000000
INI
id=$(optop run "$dir/slow.ini" --detach)
why() {
    optop show "$id" --json >"$out" && json "$out" 'o["target_reason"]' | grep -Eq '^[0-9]+ of [0-9]+: .'
}
ok "auto says why it has as many workers" until_true 20 why
optop show "$id" >"$out"
ok "to people, too" grep -Eq 'auto: [0-9]+ of [0-9]+: .' "$out"
optop cancel "$id" --wait >/dev/null
optop show "$id" --json >"$out"
is "and nothing once it has ended" "$(json "$out" 'o["target_reason"]')" ""

# by cgroups, as far as this machine permits them
optop server stop
unset OPTOP_LIMITS
cat >"$dir/eater" <<'SH'
#!/bin/bash
# holds as many MiB as it is told to
printf -v held "%*s" $(($1 * 1048576)) ""
echo ${#held}
SH
chmod 755 "$dir/eater"
cat >"$dir/eat.ini" <<INI
[run]
name = eat
[objective]
type = command
command = $dir/eater {mib}
[space]
mib = choice 1, 400
[search]
method = grid
[parallel]
workers = 1
[limits]
memory = 160MiB
cpu = 0.5
INI
workers_changed() {
    optop status --json >"$out" &&
        json "$out" 'any((p.get("recycled") or {}).get("changed", 0) == 2 for p in o["pools"])' |
        grep -q true
}
id=$(optop run "$dir/eat.ini" --detach)
held_now() { optop show "$id" --json >"$out" && [ -n "$(held memory)" ]; }
until_true 20 held_now
by=$(held memory)
echo "# memory is held by $by, cpu by $(held cpu)"
case $by in
cgroup[12])
    ok "what the cgroup ends ends its trial only" until_true 30 state_is "$id" done
    optop show "$id" --json >"$out"
    is "one is done" "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" '[1, 1]'
    optop logs "$id" >"$out"
    ok "and says why" grep -q 'out of memory: over its limit (limits.memory, 160M)' "$out"
    id=$(optop run "$dir/slow.ini" --detach --set parallel.workers=2)
    until_true 20 state_is "$id" running
    ok "limits of a running run are changed" optop set "$id" limits.memory=200MiB limits.cpu=1.5
    ok "workers that had not joined the cgroup are replaced" until_true 20 workers_changed
    optop show "$id" --json >"$out"
    is "the new limit is held" "$(held cpu)" "$by"
    ok "again, at once" optop set "$id" limits.cpu=0.75
    optop show "$id" --json >"$out"
    is "as it says" "$(json "$out" '[l["value"] for l in o["limits"] if l["name"] == "cpu"][0]')" 0.75
    optop cancel "$id" --wait >/dev/null
    ;;
*)
    optop cancel "$id" --wait >/dev/null
    ;;
esac
finish
