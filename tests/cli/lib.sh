# SPDX-License-Identifier: GPL-3.0-or-later
#
# For the tests of the command line; sourced. Gives a private server (socket,
# store, configuration in a directory of its own, all gone at the end) and TAP.
#
#   OPTOP        the optop binary
#   TEST_SRCDIR  the source tree
#
# A script calls ok, is, exits, like, ... and ends with `finish`.
# shellcheck shell=sh disable=SC2034

set -u
: "${OPTOP:?the optop binary}"
src=$(cd "${TEST_SRCDIR:-.}" && pwd)
case $OPTOP in /*) ;; *) OPTOP=$(pwd)/$OPTOP ;; esac

# a socket's path has about 100 bytes: a long TMPDIR is not for it
base=${TMPDIR:-/tmp}
[ "${#base}" -le 50 ] || base=/tmp
dir=$(mktemp -d "$base/optop-cli-XXXXXX") || exit 99
mkdir -m 700 "$dir/run"
OPTOP_SOCKET=$dir/run/server.sock
OPTOP_STATE=$dir/state
OPTOP_CONFIG=$dir/optop.ini
LC_ALL=C.UTF-8
NO_COLOR=1
TERM=dumb
export OPTOP_SOCKET OPTOP_STATE OPTOP_CONFIG LC_ALL NO_COLOR TERM
unset OPTOP_RUN

# The interpreter itself, without its site packages: a wrapper that looks for one
# each time costs more than what is asked of it.
python=$(python3 -S -c 'import sys; print(sys.executable)')
python3() {
    "$python" -S "$@"
}

out=$dir/out
err=$dir/err
count=0
failed=0

cleanup() {
    "$OPTOP" server stop >/dev/null 2>&1
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

optop() {
    "$OPTOP" "$@"
}

# result STATUS NAME: one TAP line
result() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
    fi
}

# ok NAME COMMAND...: the command succeeds
ok() {
    ok_name=$1
    shift
    "$@"
    result $? "$ok_name"
}

# is NAME GOT WANTED: two texts are the same
is() {
    if [ "$2" = "$3" ]; then
        result 0 "$1"
    else
        result 1 "$1"
        printf '%s\n' "$2" | sed 's/^/#   got:    /'
        printf '%s\n' "$3" | sed 's/^/#   wanted: /'
    fi
}

# exits NAME STATUS COMMAND...: the exit status; output goes to $out and $err
exits() {
    exits_name=$1
    exits_wanted=$2
    shift 2
    "$@" >"$out" 2>"$err"
    exits_got=$?
    if [ "$exits_got" -eq "$exits_wanted" ]; then
        result 0 "$exits_name"
    else
        result 1 "$exits_name"
        echo "#   exit status $exits_got, wanted $exits_wanted: $*"
        sed 's/^/#   /' "$err"
    fi
}

# like NAME FILE PATTERN: a line of the file matches
like() {
    if grep -q -e "$3" "$2"; then
        result 0 "$1"
    else
        result 1 "$1"
        echo "#   no match of: $3"
        sed 's/^/#   /' "$2" | head -n 20
    fi
}

# lines NAME FILE COUNT
lines() {
    is "$1" "$(wc -l <"$2" | tr -d ' ')" "$3"
}

# json FILE EXPRESSION: a Python expression over `o`, the file's last line
json() {
    python3 - "$1" "$2" <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    o = json.loads(f.read().rstrip("\n").rpartition("\n")[2])
r = eval(sys.argv[2], {"o": o})
print(r if isinstance(r, str) else json.dumps(r))
PYTHON
}

# json_valid FILE: exactly one JSON value
json_valid() {
    python3 -m json.tool "$1" >/dev/null
}

# until_true SECONDS COMMAND...: waits for something, with a bound: SECONDS on a
# quiet machine, many times that where each look takes longer
until_true() {
    until_tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        until_tries=$((until_tries - 1))
        [ "$until_tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

run_state() {
    optop show "$1" --json >"$dir/state.json" && json "$dir/state.json" 'o["state"]'
}

state_is() {
    [ "$(run_state "$1")" = "$2" ]
}

server_pid() {
    optop server status --json >"$dir/pid.json" && json "$dir/pid.json" 'o["pid"]'
}

# done_at_least RUN N
done_at_least() {
    optop show "$1" --json >"$dir/done.json" &&
        [ "$(json "$dir/done.json" 'o["counts"]["done"]')" -ge "$2" ]
}

# A run file of `n` short trials whose best score, 1, is at x = 1.
quick_run() {
    cat >"$dir/quick.ini" <<INI
[run]
name = quick
[objective]
type = command
command = echo {x}
score = stdout
[space]
x = int 1..${1:-20}
[search]
method = grid
[parallel]
workers = 2
INI
}

# Makes the trials of quick_run take SECONDS while $dir/slow exists, so that what
# has to happen in the middle of a run finds the middle, and the rest is quick.
slow_run() {
    : >"$dir/slow"
    sed -i "s|^command = .*|command = sh -c \"[ ! -e $dir/slow ] \|\| sleep $1; echo {x}\"|" \
        "$dir/quick.ini"
}

# A run file of trials that go on until they are stopped.
endless_run() {
    cat >"$dir/endless.ini" <<INI
[run]
name = endless
[objective]
type = command
command = sleep 1000 {x}
score = wall_seconds
[space]
x = int 1..100
[parallel]
workers = 2
[limits]
grace = 1s
INI
}

# What a sanitizer has to say of a server is seen by nobody: it goes to files.
case $(nm "$OPTOP" 2>/dev/null) in
*__asan_init*)
    sanitized=yes
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$dir/sanitizer
    UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$dir/sanitizer
    export ASAN_OPTIONS UBSAN_OPTIONS
    ;;
*) sanitized=no ;;
esac

server_gone() {
    ! pgrep -f -- "--socket $OPTOP_SOCKET" >/dev/null
}

no_sanitizer_log() {
    for log in "$dir"/sanitizer.*; do
        [ ! -s "$log" ] || {
            sed 's/^/#   /' "$log" | head -n 60
            return 1
        }
    done
}

finish() {
    if [ "$sanitized" = yes ]; then
        "$OPTOP" server stop >/dev/null 2>&1
        ok "the server has ended" until_true 10 server_gone
        ok "no sanitizer complained" no_sanitizer_log
    fi
    echo "1..$count"
    [ "$failed" -eq 0 ]
    exit
}
