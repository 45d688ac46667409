#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Finished trials go to a Redis stream and as lines to a socket: all of them, over
# restarts of Redis and kills of the server, and repeats with equal ids alone.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

command -v redis-server >/dev/null 2>&1 || { echo "1..0 # SKIP there is no redis-server"; exit 0; }
redis=$dir/redis.sock
printf 'sesame-%s\n' $$ >"$dir/password"
chmod 600 "$dir/password"

start_redis() {
    redis-server --port 0 --unixsocket "$redis" --unixsocketperm 700 --dir "$dir" --save '' \
        --appendonly yes --appendfsync always --requirepass "$(cat "$dir/password")" \
        --daemonize no >"$dir/redis.log" 2>&1 &
    redis_pid=$!
}
# ended or not, it is ours
trap 'kill "$redis_pid" "$lines_pid" 2>/dev/null; wait 2>/dev/null; cleanup' EXIT
lines_pid=
ask() { REDISCLI_AUTH=$(cat "$dir/password") redis-cli -s "$redis" "$@" 2>/dev/null; }
answers() { [ "$(ask PING)" = PONG ]; }
start_redis
ok "there is a Redis" until_true 30 answers

write_run() { # NAME SINK TRIALS MORE-OF-RESULTS
    cat >"$dir/$1.ini" <<INI
[run]
name = $1
[objective]
command = sh -c "[ {x} -ne 7 ] && echo {x}"
[space]
x = int 1..$3
[parallel]
workers = 2
[results]
sink = $2
$4
INI
}
all_sent() { # RUN
    optop show "$1" --json >"$out"
    [ "$(json "$out" "o['state'] in ('done', 'failed') and o['sink']['state'] == 'sent'")" = true ]
}

# what is refused
write_run wrong "redis://user:secret@localhost" 3 ""
exits "a password in the URL is refused" 2 optop run --detach "$dir/wrong.ini"
like "with the place" "$err" 'wrong.ini:10: .*must not hold a user or password'
ok "and is not repeated" sh -c "! grep -q secret '$err'"
write_run wrong "http://localhost" 3 ""
exits "so is another scheme" 2 optop run --detach "$dir/wrong.ini"
write_run wrong "unix:///tmp/x" 3 "key = a"
exits "and a key for lines" 2 optop run --detach "$dir/wrong.ini"

# all trials of a run
write_run all "redis+unix://$redis?db=2" 40 "password_file = $dir/password
key = all"
run=$(optop run --detach "$dir/all.ini")
ok "all is sent" until_true 60 all_sent "$run"
is "as often as there are trials, and an end" "$(json "$out" "[o['sink']['sent'], o['sink']['behind']]")" '[41, 0]'
is "an entry for each" "$(ask -n 2 XLEN all)" 41
ask -n 2 XRANGE all - + | awk 'prev == "data" { print } { prev = $0 }' >"$out.data"
is "trials and an end" "$(python3 - "$out.data" "$run" <<'PY'
import json, sys
seen = [json.loads(line) for line in open(sys.argv[1])]
run = int(sys.argv[2])
trials = [o for o in seen if o["type"] == "trial"]
good = [o for o in trials if o["state"] == "done"]
print(len(trials), len(good), sorted(o["trial"] for o in trials) == list(range(1, 41)),
      all(o["id"] == "%d.%d.1" % (run, o["trial"]) and o["score"] == o["params"]["x"] for o in good),
      [(o["state"], o["counts"]["done"]) for o in seen if o["type"] == "end"])
PY
)" "40 39 True True [('done', 39)]"
optop show "$run" >"$out"
like "show tells where it goes" "$out" '^results *redis+unix://.*, 41 sent$'
ok "and not the password" sh -c "! grep -q sesame '$out' '$dir/state/optop.db'"
figures() { optop boards optop-server --json >"$out"; }
behind_shown() { figures && [ "$(json "$out" "[f['value'] for f in o['boards'][0]['figures'] if f['name'] == '$1'][:1]")" != '[]' ]; }

# Redis ends and comes back, the server is killed in between
write_run hard "redis+unix://$redis" 300 "password_file = $dir/password
key = hard
max_entries = 0"
sed -i 's/^command = .*/command = sh -c "sleep 0.02; echo {x}"/' "$dir/hard.ini"
run=$(optop run --detach "$dir/hard.ini")
some() { [ "$(ask XLEN hard)" -ge "$1" ]; }
ok "some arrive" until_true 30 some 20
ok "its place has figures" until_true 20 behind_shown sink.behind
ok "and its pool" sh -c "grep -q 'redis.sock' '$out'"
kill -9 "$redis_pid"
wait "$redis_pid" 2>/dev/null
failing() {
    optop show "$run" --json >"$out"
    [ "$(json "$out" "o['sink']['state'] == 'failing' and o['sink']['behind'] > 0")" = true ]
}
ok "without Redis it is told to fail" until_true 60 failing
optop show "$run" >"$out"
like "in words" "$out" '^results .*behind; failing for .*: '
server_pid=$(optop server status --json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
ok "the server is killed" kill -9 "$server_pid"
start_redis
ok "Redis is back" until_true 30 answers
optop status >"$out" 2>&1
exits "the run goes on" 0 optop resume "$run"
ok "all of it arrives" until_true 120 all_sent "$run"
ask XRANGE hard - + | awk 'prev == "data" { print } { prev = $0 }' >"$out.data"
is "each trial, in the run's order but for repeats" "$(python3 - "$out.data" <<'PY'
import json, sys
seen = [json.loads(line) for line in open(sys.argv[1])]
first = {}
for o in seen:
    first.setdefault(o["id"], o)
trials = [o for o in first.values() if o["type"] == "trial"]
same = all({k: v for k, v in o.items()} == first[o["id"]] for o in seen)
print(len({o["trial"] for o in trials}), len(trials), same, seen[-1]["type"])
PY
)" "300 300 True end"

# lines to a socket: a receiver that answers, badly at first
cat >"$dir/lines.py" <<'PY'
import json, os, socket, sys
path, log = sys.argv[1:3]
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(4)
turn = 0
while True:
    c, _ = s.accept()
    turn += 1
    f = c.makefile("rb")
    if turn == 1:  # closes in the middle
        f.readline()
        c.close()
        continue
    if turn == 2:  # floods with what was not asked
        f.readline()
        try:
            c.sendall(b"x" * (1 << 20))
        except OSError:
            pass
        c.close()
        continue
    n = 0
    for line in f:
        o = json.loads(line)
        with open(log, "a") as g:
            g.write(o["id"] + "\n")
        c.sendall((o["id"] + "\n").encode())
        n += 1
        if turn == 3 and n == 5:
            break
    f.close()
    c.close()
PY
"$python" -S "$dir/lines.py" "$dir/lines.sock" "$dir/lines.log" &
lines_pid=$!
bound() { [ -S "$dir/lines.sock" ]; }
ok "a receiver of lines" until_true 20 bound
write_run lines "unix://$dir/lines.sock" 30 "ack = yes"
run=$(optop run --detach "$dir/lines.ini")
ok "all is sent and answered" until_true 60 all_sent "$run"
is "each trial and the end" "$(sort -u "$dir/lines.log" | wc -l | tr -d ' ')" 31

# warm objectives send what is in blocks
cat >"$dir/warm.ini" <<INI
[run]
name = warm
[objective]
type = function
function = sphere
[space]
x = float -5..5
y = float -5..5
[search]
method = random
trials = 20000
[results]
sink = redis+unix://$redis
password_file = $dir/password
key = warm
INI
run=$(optop run --detach "$dir/warm.ini")
ok "blocks, too" until_true 120 all_sent "$run"
is "each trial of them" "$(json "$out" "o['sink']['sent']")" 20001
is "is there" "$(ask XLEN warm)" 20001
finish
