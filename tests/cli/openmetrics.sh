#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# [metrics] listen: what Prometheus reads, judged by its own parser, and what
# others who come to that port get.
. "$(dirname "$0")/lib.sh"

# Debian's module is its own Python's
python=
for try in python3 /usr/bin/python3; do
    "$try" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null && python=$try && break
done
[ -n "$python" ] || {
    echo '1..0 # SKIP needs prometheus_client (Debian: python3-prometheus-client)'
    exit 0
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
config() { printf '[metrics]\nlisten = %s\n' "$1" >"$OPTOP_CONFIG"; }
config "127.0.0.1:$port"

cat >"$dir/scrape.py" <<'PYTHON'
# PORT FORMAT: reads all figures with the parser of Prometheus' own client and
# prints "NAME{LABEL=VALUE,...} VALUE" lines
import sys, urllib.request
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

port, form = sys.argv[1:]
wanted = {"openmetrics": "application/openmetrics-text; version=1.0.0", "text": "text/plain"}[form]
request = urllib.request.Request("http://127.0.0.1:%s/metrics" % port, headers={"Accept": wanted})
with urllib.request.urlopen(request, timeout=20) as answer:
    assert answer.headers["Content-Type"].startswith(wanted.split(";")[0]), answer.headers
    text = answer.read().decode("utf-8")
read = {"openmetrics": openmetrics, "text": parser}[form].text_string_to_metric_families
seen = set()
for family in read(text):
    assert family.name not in seen, "a family twice: " + family.name
    seen.add(family.name)
    for s in family.samples:
        print("%s{%s} %r" % (s.name, ",".join("%s=%s" % pair for pair in sorted(s.labels.items())), s.value))
PYTHON
scrape() { "$python" "$dir/scrape.py" "$port" "${1:-openmetrics}" >"$out"; }
shows() { scrape && grep -Eq "$1" "$out"; }

cat >"$dir/run.ini" <<INI
[run]
name = scraped
[objective]
type = command
command = sh -c "sleep 0.02; echo {x}"
[space]
x = int 1..1000000
[search]
method = grid
[parallel]
workers = 2
INI
id=$(optop run "$dir/run.ini" --detach)
ok "the parser of OpenMetrics reads them" until_true 20 scrape
ok "and that of the older format" scrape text
scrape
ok "the machine" grep -Eq '^optop_memory_total_bytes\{\} [0-9]{6,}' "$out"
ok "per core" grep -Eq '^optop_core_total_ratio\{core=0\} [01]' "$out"
ok "trials" until_true 20 shows "^optop_run_trials_done_total\{name=scraped,run=$id\} [1-9]"
ok "a gauge of the run" grep -Eq "^optop_run_workers\{.*run=$id\} 2" "$out"
ok "figures of boards" grep -Eq '^optop_board_pool_reused_total\{.*pool=workers,program=optop-server\}' "$out"
ok "a histogram" grep -Eq '^optop_board_task_duration_seconds\{.*quantile=0.99' "$out"
ok "the version" grep -Eq '^optop_build_info\{version=' "$out"
if command -v promtool >/dev/null 2>&1; then
    curl -s "http://127.0.0.1:$port/metrics" | promtool check metrics >"$out" 2>&1
    is "promtool has nothing to say" "$(cat "$out")" ""
fi
optop cancel "$id" --wait >/dev/null
scrape
ok "the end of a run is seen" grep -Eq "^optop_run_trials_done_total\{.*run=$id\}" "$out"

# who comes with something else
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@"; }
is "another page" "$(code "http://127.0.0.1:$port/secret")" 404
is "a body" "$(code -d x=y "http://127.0.0.1:$port/metrics")" 405
is "another method" "$(code -X DELETE "http://127.0.0.1:$port/metrics")" 405
is "head" "$(code -I "http://127.0.0.1:$port/metrics")" 200
cat >"$dir/hostile.py" <<'PYTHON'
# Garbage, a head without end, a line too long, and forty who say nothing
import socket, sys
port = int(sys.argv[1])
idle = []
for text in [b"\0\377\r\n\r\n", b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 100000, b"\n" * 50000] + [b""] * 40:
    s = socket.socket()
    s.settimeout(1)
    idle.append(s)
    try:
        s.connect(("127.0.0.1", port))  # more than are let in wait
        s.sendall(text)
    except OSError:
        pass
PYTHON
python3 "$dir/hostile.py" "$port"
exits "the server answers all the same" 0 optop status --json
ok "and figures are read again" until_true 30 scrape

# elsewhere, while it runs
taken=$(free_port)
python3 -c "import socket, time
s = socket.socket(); s.bind(('127.0.0.1', $taken)); s.listen(); print('ready', flush=True); time.sleep(600)" >"$dir/taken" &
holder=$!
until_true 20 grep -q ready "$dir/taken"
exits "a port that is taken is refused" 1 optop config set "metrics.listen=127.0.0.1:$taken"
like "with the place" "$err" 'metrics.listen.*Address already in use'
kill "$holder"
ok "the old one still answers" scrape
for bad in localhost:80 127.0.0.1 127.0.0.1:99999; do
    exits "$bad is refused" 2 optop config set "metrics.listen=$bad"
done
port=$(free_port)
ok "it moves" optop config set "metrics.listen=127.0.0.1:$port"
ok "and answers there" until_true 20 scrape
ok "it is turned off" optop config set "metrics.listen="
refused() { ! curl -s --max-time 5 "http://127.0.0.1:$port/metrics" >/dev/null; }
ok "nobody listens" until_true 20 refused
finish
