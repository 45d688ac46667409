#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whom webhooks trust: certificates of receivers, ca_file and pin.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

if ! command -v openssl >/dev/null; then
    echo "1..0 # SKIP openssl is not installed"
    exit 0
fi
certificate() { # NAME SUBJECT-ALTERNATIVE-NAME DAYS
    echo "subjectAltName = $2" >"$dir/extensions"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -keyout "$dir/$1.key" -out "$dir/request" 2>/dev/null &&
        openssl x509 -req -in "$dir/request" -signkey "$dir/$1.key" -days "$3" \
            -extfile "$dir/extensions" -out "$dir/$1.pem" 2>/dev/null
}
certificate good IP:127.0.0.1 2
certificate elsewhere DNS:elsewhere.example 2
certificate over IP:127.0.0.1 -1
pin_of() {
    printf 'sha256//'
    openssl x509 -in "$dir/$1.pem" -pubkey -noout | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | openssl base64
}

# A receiver for each; their ports come on the first line, what they get in $dir/got.
cat >"$dir/receiver.py" <<'PYTHON'
import http.server, os, ssl, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[1] + "/got", "a") as got:
            got.write(self.server.name + "\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args): # a client that does not trust us
        pass
ports = []
for name in sys.argv[2:]:
    server = Server(("127.0.0.1", 0), Handler)
    server.name = name
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{sys.argv[1]}/{name}.pem", f"{sys.argv[1]}/{name}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    ports.append(str(server.server_port))
    threading.Thread(target=server.serve_forever, daemon=True).start()
with open(sys.argv[1] + "/ports.new", "w") as f:
    f.write(" ".join(ports) + "\n")
os.rename(sys.argv[1] + "/ports.new", sys.argv[1] + "/ports")
sys.stdin.read()
PYTHON
mkfifo "$dir/alive"
python3 "$dir/receiver.py" "$dir" good elsewhere over <"$dir/alive" &
exec 9>"$dir/alive"
ok "receivers listen" until_true 20 test -e "$dir/ports"
read -r good elsewhere over <"$dir/ports"

section() { # NAME PORT LINES
    printf '[webhook %s]\nurl = https://127.0.0.1:%s/\nallow_private = yes\nalerts = none\nruns = none\n%b\n' "$1" "$2" "$3"
}
cp "$dir/over.pem" "$dir/renewed.pem"
{
    section system "$good" ""
    section authority "$good" "ca_file = $dir/good.pem"
    section pinned "$good" "ca_file = $dir/good.pem\npin = $(pin_of good)"
    section two "$good" "ca_file = $dir/good.pem\npin = $(pin_of over);$(pin_of good)"
    section wrong "$good" "ca_file = $dir/good.pem\npin = $(pin_of over)"
    section other "$good" "ca_file = $dir/over.pem"
    section elsewhere "$elsewhere" "ca_file = $dir/elsewhere.pem"
    section over "$over" "ca_file = $dir/over.pem"
    section onlypin "$good" "pin = $(pin_of good)"
    section renewed "$good" "ca_file = $dir/renewed.pem"
} >"$OPTOP_CONFIG"
refused() { # WEBHOOK WHY
    exits "$1 is not trusted" 1 optop alerts test "$1"
    cat "$out" "$err" >"$dir/said"
    like "$1: why" "$dir/said" "$2"
}
refused system 'certificate'
exits "an authority of one's own" 0 optop alerts test authority
exits "a key that is known" 0 optop alerts test pinned
exits "one of two keys" 0 optop alerts test two
refused wrong 'pinn'
refused other 'certificate'
refused elsewhere '[Nn]ame'
refused over 'expired'
refused onlypin 'certificate'
exits "the system's authorities are not asked for others" 1 optop alerts test system
refused renewed 'certificate'
cp "$dir/good.pem" "$dir/renewed.pem"
exits "a file with another certificate is read anew" 0 optop alerts test renewed
is "nothing was sent to who is not trusted, and what waited went out" "$(tr '\n' ' ' <"$dir/got")" "good good good good good "

bad() { # NAME LINES PATTERN
    printf '[webhook bad]\n%b\n' "$2" >"$dir/bad.ini"
    exits "$1" 2 optop config check "$dir/bad.ini"
    like "... is told" "$err" "$3"
}
bad "a file that is not there" "url = https://a.example/\nca_file = $dir/nowhere" \
    'bad.ini:3: webhook bad.ca_file: .*No such file'
bad "a hash that is none" "url = https://a.example/\npin = sha256//abc" 'bad.ini:3: webhook bad.pin: "sha256//abc"'
bad "one behind that is none" "url = https://a.example/\npin = $(pin_of good);" 'bad.ini:3: webhook bad.pin: '
bad "without https" "url = http://a.example/\npin = $(pin_of good)" 'bad.ini:3: webhook bad.pin: .*https'
exec 9>&-
finish
