#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ctrl-C on a run in the foreground. The shell would start a background job
# with SIGINT ignored, so Python is the terminal here.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

# interrupt COUNT COMMAND...: INT when a trial runs, COUNT times; its status
cat >"$dir/interrupt.py" <<'PYTHON'
import json, signal, subprocess, sys, time
optop, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
signal.signal(signal.SIGINT, signal.default_int_handler)
p = subprocess.Popen(command)
deadline = time.monotonic() + 120
while time.monotonic() < deadline:
    shown = subprocess.run([optop, "show", "last", "--json"], capture_output=True)
    if shown.returncode == 0 and json.loads(shown.stdout)["counts"]["running"] > 0:
        break
    time.sleep(0.05)
for i in range(count):
    p.send_signal(signal.SIGINT)
    if i + 1 < count:
        time.sleep(0.2)
sys.exit(p.wait(120) & 255)
PYTHON

endless_run
exits "Ctrl-C cancels the run" 130 python3 "$dir/interrupt.py" "$OPTOP" 1 "$OPTOP" run "$dir/endless.ini" --json
is "and waits for that" "$(json "$out" 'o["state"]')" cancelled
like "and says so" "$err" 'cancelling run'

sed -i "s|^command = .*|command = sh -c \"trap '' TERM; sleep 3; sleep 3; sleep 3\" {x}|; s/^grace = .*/grace = 4s/" \
    "$dir/endless.ini"
exits "a second Ctrl-C leaves at once" 130 python3 "$dir/interrupt.py" "$OPTOP" 2 "$OPTOP" run "$dir/endless.ini"
ok "the server cancels it all the same" until_true 60 state_is last cancelled
finish
