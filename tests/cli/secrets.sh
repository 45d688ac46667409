#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Secrets of webhooks occur nowhere but in what is sent to their receivers: also where
# a receiver answers with all that it was told, while the log tells everything.
# shellcheck source=tests/cli/lib.sh
. "${0%/*}/lib.sh"

trap 'kill "$receiver_pid" 2>/dev/null; cleanup' EXIT
cat >"$dir/echo.py" <<'PYTHON'
# Refuses, and says what: path and authorization as they are, the body, and the path
# as some write it into JSON. A key of "pad" is longer than what is kept of an answer.
import http.server, sys
sent = open(sys.argv[1], "a", encoding="utf-8")


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        told = self.rfile.read(int(self.headers["content-length"])).decode()
        key = self.headers.get("authorization", "")
        sent.write("%s %s %s\n" % (self.path, key, told))
        sent.flush()
        if "pad" in self.path:
            said = "x" * 50 + key
        elif "pagerduty" in self.path:
            said = told[told.index("routing_key"):]
        else:
            said = "Cannot POST %s (%s) %s" % (self.path, key, self.path.replace("/", "\\/"))
        said = said.encode()
        self.send_response(400)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
: >"$dir/sent"
"$python" -S "$dir/echo.py" "$dir/sent" >"$dir/port" &
receiver_pid=$!
until_true 60 test -s "$dir/port"
port=$(cat "$dir/port")

# each has CANARY in it
(umask 077 && echo r0utingCANARYkey >"$dir/key" && echo filetokenCANARY >"$dir/token" &&
    echo "long$(printf 'CANARY%.0s' {1..80})" >"$dir/long")
webhook() { # NAME PATH LINE...
    printf '[webhook %s]\nurl = http://127.0.0.1:%s/%s\nallow_private = yes\n' "$1" "$port" "$2"
    printf '%s\n' "${@:3}"
}
{
    printf '[server]\nlog_level = debug\n'
    webhook chat services/T0001/B0001/urlCANARYxxxxxxxxxx 'format = slack'
    webhook query 'hook?key=queryCANARYxxxxxxxxxx&v=1' 'format = discord'
    webhook pager pagerduty 'format = pagerduty' "secret_file = $dir/key"
    webhook phone topic 'format = ntfy' "secret_file = $dir/token"
    webhook padded pad 'format = ntfy' "secret_file = $dir/long"
    webhook variable topic 'format = ntfy' 'secret_env = OPTOP_TEST_TOKEN'
} >"$OPTOP_CONFIG"
exits 'the server starts' 0 env OPTOP_TEST_TOKEN=envtokenCANARY "$OPTOP" status
exits 'a notice for all' 0 optop notify 'all are told'
dead() { # so many notices are undeliverable
    optop alerts dead --json >"$out" && [ "$(json "$out" 'len(o["dead"])')" = "$1" ]
}
ok 'each refuses it' until_true 60 dead 6
is 'each was told its secret' "$(grep -c CANARY "$dir/sent")" 6

for name in chat query pager phone padded variable; do
    exits "a test of $name" 1 optop alerts test "$name"
    like '... says why not' "$err" "$name refused it.*400"
    cp "$err" "$dir/shown.$name"
done
like 'a path is there without its key' "$dir/shown.chat" 'services/T0001/B0001/\*\*\*'
like 'a key, too' "$dir/shown.phone" '(Bearer \*\*\*'
like 'also one that was cut' "$dir/shown.padded" 'xBearer \*\*\*'

optop alerts dead --json >"$dir/shown.dead"
optop alerts --json >"$dir/shown.alerts"
optop status --json >"$dir/shown.status"
optop --once >"$dir/shown.once" 2>&1
is 'nothing of that shows one' "$(grep -l CANARY "$dir"/shown.*)" ''
is '... nothing stored has one' "$(grep -rl CANARY "$OPTOP_STATE")" ''
ok '... the log is there' eval 'ls "$OPTOP_STATE"/*.log >/dev/null'
pid=$(json "$dir/shown.status" 'o["server"]["pid"]')
is '... nor do arguments' "$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep CANARY)" ''
printf '[run]\nname = looks\n[objective]\ncommand = sh -c "env >%s/env; echo {x}"\n[space]\nx = int 1..1\n' \
    "$dir" >"$dir/run.ini"
exits 'a run' 0 optop run "$dir/run.ini"
ok '... has an environment' test -s "$dir/env"
is '... without the server'"'"'s' "$(grep CANARY "$dir/env")" ''

# What others may read, or what is in the wrong place, is refused and not repeated.

refused() { # NAME PATTERN LINE...
    cp "$OPTOP_CONFIG" "$dir/good.ini"
    printf '[webhook more]\nurl = %s\nallow_private = yes\n' "$3" >>"$OPTOP_CONFIG"
    printf '%s\n' "${@:4}" >>"$OPTOP_CONFIG"
    exits "$1" 2 optop config reload
    like '... is told' "$err" "$2"
    is '... without it' "$(grep CANARY "$err")" ''
    cp "$dir/good.ini" "$OPTOP_CONFIG"
}
url=http://127.0.0.1:$port/
for mode in 640 604 660; do
    cp "$dir/key" "$dir/key$mode"
    chmod "$mode" "$dir/key$mode"
    refused "a file of mode $mode" 'webhook more.secret_file: .*chmod 600' "$url" "secret_file = $dir/key$mode"
done
refused 'a password in a URL' 'webhook more.url' "http://me:CANARY@127.0.0.1:$port/"
(umask 077 && echo 'two words CANARY' >"$dir/words")
refused 'a secret with blanks' 'webhook more.secret_file.*blank' "$url" "secret_file = $dir/words"
(umask 077 && echo 'whsec_n%tCANARY' >"$dir/bad")
refused 'one that cannot sign' 'webhook more.secret_file.*whsec_' "$url" "secret_file = $dir/bad"
finish
