#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a trial writes to both streams is kept, bounded, and can be followed
# while it runs.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

cat >"$dir/talk.sh" <<'SCRIPT'
echo "out $1"
printf 'err \033[31m%s\n' "$1" >&2
sleep 0.1 # so that the streams' order is one
case $1 in
2) exit 7 ;;
3) echo "last words" >&2; sleep 0.1; kill -9 $PPID ;;
4) # until it is told to go on
    echo "first line"
    until [ -e "$2" ]; do sleep 0.05; done
    echo "second line" >&2
    sleep 0.1
    printf 'no end' ;;
esac
echo "$1"
SCRIPT
quick_run 4
sed -i "s|^command = .*|command = sh $dir/talk.sh {x} $dir/go|" "$dir/quick.ini"
run=$(optop run --detach "$dir/quick.ini")

# live: a trial that will run, runs, and has run
optop logs -f "$run" --trial 4 --output >"$dir/live.out" 2>"$dir/live.err" &
follower=$!
ok "what a running trial writes is there" until_true 60 grep -q 'first line' "$dir/live.out"
exits "at a look, too" 0 optop logs "$run" --trial 4
like "with its stream" "$out" 'trial 4  *stdout out 4$'
like "cleaned" "$out" 'trial 4  *stderr err .\[31m4$'
: >"$dir/go"
ok "the follower ends with the trial" wait $follower
is "and has all of it" "$(cat "$dir/live.out")" 'out 4
first line
no end4'
is "each stream on its own" "$(sed 's/^err .*/err/' "$dir/live.err")" 'err
second line'

ok "the run ends" until_true 60 state_is "$run" "done"
exits "a trial that has ended" 0 optop logs "$run" --trial 1
is "has said no more than it did" "$(grep -c . "$out")" 3
like "in order" "$out" 'trial 1  *stdout 1$'
exits "one that failed" 0 optop logs "$run" --trial 2
is "has said it once" "$(grep -c 'stderr err' "$out")" 1
like "and why it failed" "$out" 'trial 2  *error .*exit status 7'
exits "one that took its worker with it" 0 optop logs "$run" --trial 3
like "left what it had written" "$out" 'stdout out 3'
like "up to its last words" "$out" 'stderr last words'
optop logs "$run" >"$out"
like "which the run's log has, too" "$out" 'trial 3 .*last words'
exits "as JSON" 0 optop logs "$run" --trial 4 --json
is "by attempt and stream" "$(json "$out" '[[a["attempt"], [[p["stream"], p["text"].split(chr(10))[0]] for p in a["parts"]][-1]] for a in o["outputs"]]')" \
    '[[1, ["stdout", "no end4"]]]'
exits "followed as JSON" 0 optop logs -f "$run" --trial 4 --json
is "each line an object" "$(python3 -c '
import json, sys
print([json.loads(l)["level"] for l in sys.stdin][-1])' <"$out")" stdout
exits "--output without --trial" 2 optop logs "$run" --output

# what is kept
sed "s|^command = .*|command = sh -c 'echo {x}; exit \$(({x} % 2))'|" "$dir/quick.ini" >"$dir/keep.ini"
exits "of failed trials alone" 0 optop run "$dir/keep.ini" --set keep.output=failed
is "not of others" "$(optop logs last --trial 2 --output)" ''
is "but of these" "$(optop logs last --trial 3 --output)" 3
exits "or of none" 0 optop run "$dir/keep.ini" --set keep.output=none
is "then nothing is there" "$(optop logs last --trial 3 --output)" ''
exits "output to be counted" 0 optop run "$dir/keep.ini" --set objective.score=stdout_bytes
is "is none to be seen" "$(optop logs last --trial 2 --output)" ''
exits "every attempt" 0 optop run "$dir/keep.ini" --set limits.retries=2 --set limits.retry_delay=0s
is "is there" "$(optop logs last --trial 3 --output | tr '\n' ' ')" '3 3 3 '

# a flood: head and tail, in bounded memory
cat >"$dir/flood.sh" <<'SCRIPT'
echo first
head -c "$((67108864 * $1))" /dev/zero | tr '\0' x
printf '\nlast\n'
cat "/proc/$PPID/status" >"$2/worker.$1"
echo 1
SCRIPT
cat >"$dir/flood.ini" <<INI
[run]
name = flood
[objective]
command = sh $dir/flood.sh {m} $dir
[space]
m = choice 0, 16
[parallel]
workers = 1
INI
memory() { # FILE: what is its own, in KiB
    awk '/^RssAnon|^RssShmem/ { sum += $2 } END { print sum }' "$1"
}
grew_little() { # FROM TO
    [ "$(($2 - $1))" -le 1024 ]
}
optop run "$dir/quick.ini" --set 'space.x=int 1..1' >/dev/null 2>&1
optop server status --json >"$out"
server=/proc/$(json "$out" 'o["pid"]')/status
before=$(memory "$server")
exits "a trial that writes 1 GiB" 0 optop run "$dir/flood.ini"
after=$(memory "$server")
exits "has a log" 0 optop logs last --trial 2 --output
is "of its first lines" "$(head -n 1 "$out")" first
is "and its last" "$(tail -n 2 "$out" | head -n 1)" last
like "and it is told how much is not there" "$err" 'about 107[0-9]* bytes are left out'
ok "it is no more than is kept" [ "$(wc -c <"$out")" -le 66000 ]
if grep -q __asan_init "$OPTOP" 2>/dev/null; then
    echo "# a sanitizer's own book-keeping is not what is measured"
else
    echo "# server $before -> $after KiB; worker $(memory "$dir/worker.0") -> $(memory "$dir/worker.16") KiB"
    ok "the server grew by no more than 1 MiB" grew_little "$before" "$after"
    ok "and the worker" grew_little "$(memory "$dir/worker.0")" "$(memory "$dir/worker.16")"
fi
finish
