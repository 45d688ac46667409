# SPDX-License-Identifier: GPL-3.0-or-later
#
# kill -9 of the server in the middle of a run, ten times at random moments:
# no process is left, resuming completes the run, every trial counts once.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

KILLS=${KILLS:-10}

cat >"$dir/short.ini" <<'INI'
[run]
name = short
[objective]
type = command
command = sleep 0.0{a}{b}
score = wall_seconds
[space]
a = int 0..2
b = int 0..9
c = int 0..39
[search]
method = grid
[parallel]
workers = 2
INI
# c multiplies the work and has no place in the command: give it one
sed -i 's/^command = .*/command = sh -c "sleep 0.0{a}{b}; exit 0" sh {c}/' "$dir/short.ini"

# processes that carry a mark of this store's runs
marked() {
    grep -lsz "^OPTOP_STATE=$OPTOP_STATE\$" /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
        grep -qsz '^OPTOP_RUN=' "$file" && echo "$file"
    done | wc -l
}

none_marked() {
    [ "$(marked)" = 0 ]
}

id=$(optop run "$dir/short.ini" --detach)
is 'the run has a number' "$id" 1
before=0
lost=0
left=0
for ((i = 0; i < KILLS; i++)); do
    # some progress first, then a random moment
    for ((wait = 0; wait < 200; wait++)); do
        optop show "$id" --json >"$out"
        done_now=$(json "$out" 'o["counts"]["done"] + o["counts"]["failed"]')
        [ "$done_now" -gt "$before" ] && break
        sleep 0.02
    done
    sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
    optop show "$id" --json >"$out"
    acknowledged=$(json "$out" 'o["counts"]["done"] + o["counts"]["failed"]')
    pid=$(server_pid)
    kill -9 "$pid"
    until_true 60 none_marked || left=$((left + 1))
    optop show "$id" --json >"$out" # starts the next server
    now=$(json "$out" 'o["counts"]["done"] + o["counts"]["failed"]')
    [ "$now" -ge "$acknowledged" ] || lost=$((lost + 1))
    before=$now
    state=$(json "$out" 'o["state"]')
    [ "$state" = done ] && break
    [ "$state" = paused ] || echo "# after kill $i the run is $state"
    optop resume "$id" --detach >/dev/null
done
echo "# $i kills"
is 'no acknowledged trial was lost' "$lost" 0
is 'no process was left after a kill' "$left" 0
ok 'the resumed run is done' until_true 300 state_is "$id" done
optop show "$id" --json >"$out"
is 'every trial counts once' "$(json "$out" 'o["counts"]["done"]')" 1200
optop top "$id" -n 2000 --csv >"$dir/top.csv"
is 'no trial twice, none missing' \
    "$(tail -n +2 "$dir/top.csv" | cut -d, -f1 | sort -n | uniq | wc -l | tr -d ' ')" 1200
is 'every point once' \
    "$(tail -n +2 "$dir/top.csv" | cut -d, -f3,4,5 | sort | uniq -d | wc -l | tr -d ' ')" 0
finish
