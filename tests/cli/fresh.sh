#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A working directory of its own for each trial: new, empty, and gone after it
# unless it is to be kept.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# what a trial does: looks for what others left, leaves something, may fail
mkdir "$dir/home"
cat >"$dir/home/trial.sh" <<'SCRIPT'
#!/bin/sh
[ -z "$(ls -A)" ] || exit 9
pwd >&2
mkdir -p deep/er
echo "$1" >deep/er/file
ln -s "$PRECIOUS" link
chmod 0 deep
[ "$1" -gt 3 ] || exit 7
[ "$1" -ne 4 ] || kill -9 $PPID
echo "$1"
SCRIPT
chmod +x "$dir/home/trial.sh"
mkdir "$dir/precious"
: >"$dir/precious/file"
PRECIOUS=$dir/precious
export PRECIOUS
cat >"$dir/home/f.ini" <<'INI'
[run]
name = f
[objective]
command = ./trial.sh {x}
directory = fresh
[space]
x = int 1..10
[parallel]
workers = 2
INI
cd "$dir/home" || exit 99

kept() { # RUN: names of the directories that are there
    # shellcheck disable=SC2012 # plain names
    ls "$dir/state/runs/$1/trials" 2>/dev/null | sort -n | tr '\n' ' '
}
last_run() {
    optop show last --json >"$dir/last.json" && json "$dir/last.json" 'o["run"]'
}
kept_are() {
    [ "$(kept "$(last_run)")" = "$1" ]
}

exits "a run with fresh directories" 0 optop run f.ini --json
is "each was empty, and the program found" \
    "$(json "$out" '[o["counts"]["done"], o["counts"]["failed"]]')" '[6, 4]'
run=$(last_run)
ok "those of failed trials are kept, the killed worker's too" until_true 20 kept_are '1 2 3 4 '
optop logs last >"$out"
like "this is told" "$out" "its directory is kept: $dir/state/runs/$run/trials/3"
like "where the trial was" "$out" "trial 10 .*$dir/state/runs/$run/trials/10"
is "what it left is there" "$(chmod 700 "$dir/state/runs/$run/trials/3/deep" &&
    cat "$dir/state/runs/$run/trials/3/deep/er/file")" 3
ok "nothing was followed out of it" test -e "$dir/precious/file"
is "nothing is left at home" "$(find . -name deep)" ''

exits "or they never are" 0 optop run f.ini --set objective.keep_directory=never
ok "also where a worker was killed" until_true 20 kept_are ''
ok "then not even the shelf" until_true 20 test ! -e "$dir/state/runs/$(last_run)"
exits "or always" 0 optop run f.ini --set objective.keep_directory=always
ok "all are" until_true 20 kept_are '1 2 3 4 5 6 7 8 9 10 '
exits "or the newest" 0 optop run f.ini --set objective.keep_directory=always \
    --set objective.max_kept=3 --set parallel.workers=1 --set 'space.x=int 5..10'
is "these are" "$(kept "$(last_run)")" '4 5 6 '
exits "a retry has one of its own" 0 optop run f.ini --set limits.retries=1 \
    --set limits.retry_delay=0s --set 'space.x=int 3..6'
ok "for each attempt" until_true 20 kept_are '1 1.2 2 2.2 '

# what is cancelled leaves nothing
sed 's|^command = .*|command = sh -c "echo {x} >file; sleep 1000"|' f.ini >slow.ini
run=$(optop run --detach slow.ini)
ok "trials that run" until_true 30 test -e "$dir/state/runs/$run/trials/2/file"
exits "are cancelled" 0 optop cancel "$run"
ok "and leave nothing" until_true 30 test ! -e "$dir/state/runs/$run"

exits "what is kept needs something to keep" 2 optop run f.ini --set objective.directory=/tmp \
    --set objective.keep_directory=never
like "and this is told" "$err" 'directory = fresh'

# runs come and go: the directories of the newest are there
i=0
while [ $i -lt 21 ]; do
    i=$((i + 1))
    optop run f.ini --set 'space.x=int 3..4' >/dev/null 2>&1
done
runs_left() {
    [ "$(find "$dir/state/runs" -mindepth 1 -maxdepth 1 | wc -l)" -le "$1" ]
}
ok "directories of old runs go" until_true 20 runs_left 21
ok "of new ones stay" test -e "$dir/state/runs/$(last_run)/trials/1"
cd / || exit 99
finish
