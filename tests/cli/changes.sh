#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who watches changes is told a status and then what is new of it: the same that who
# watches ticks is told whole.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

optop status >/dev/null
python3 - "$OPTOP_SOCKET" >"$out" <<'PYTHON'
import json, socket, sys
def watch(topic):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(60)
    f = s.makefile("rw", encoding="utf-8", newline="\n")
    for i, (method, params) in enumerate((("hello", {"protocol": 1, "client": "test"}), ("watch", {"topics": [topic]}))):
        f.write(json.dumps({"jsonrpc": "2.0", "id": i, "method": method, "params": params}) + "\n")
    f.flush()
    return f
def notification(f):
    while True:
        o = json.loads(f.readline())
        if "method" in o:
            return o["method"], o["params"]
def change(old, new):
    if isinstance(new, list):
        return new[0]
    if not isinstance(new, dict):
        return new
    for key, value in new.items():
        at = int(key) if isinstance(old, list) else key
        old[at] = change(old[at], value)
    return old
changes, ticks = watch("changes"), watch("tick")
methods, status, same, shorter = [], None, 0, 0
whole = {}
while same < 3:
    method, params = notification(changes)
    methods.append(method)
    shorter += method == "change" and len(json.dumps(params)) * 2 < len(json.dumps(status))
    status = params if method == "tick" else change(status, params)
    while status["seq"] > max(whole, default=0):
        tick = notification(ticks)[1]
        whole[tick["seq"]] = tick
    if status["seq"] in whole:
        of_sample = ("time", "cpu", "cores", "pressure", "system", "disks", "networks", "host")
        tick = whole[status["seq"]]
        assert all(status[k] == tick[k] for k in of_sample) and list(status) == list(tick)
        same += 1
print(methods[0], set(methods[1:]), shorter > 0)
PYTHON
is "a tick, then changes, which are short" "$(cat "$out")" "tick {'change'} True"
finish
