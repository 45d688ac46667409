# SPDX-License-Identifier: GPL-3.0-or-later
#
# The configuration read again and again while a rule fires, a silence holds, changes
# are told and a run runs: every third file is broken behind its good first half. After
# each the server has one version wholly, the new one or the one it had; what fires
# goes on firing without a word of it, what is silenced stays so, and who asked is told.
import http.server, json, threading

import rig

lock = threading.Lock()
received = []  # (id, key, type), in their order


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with lock:
            received.append((event["data"]["id"], event["data"]["key"], event["type"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Endpoint(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


endpoint = Endpoint(("127.0.0.1", 0), Receiver)
threading.Thread(target=endpoint.serve_forever, daemon=True).start()
server = rig.Server()
FAULTS = ["[threshold", "[webhook hook]\nurl = ftp://a/\n", "nonsense\n", "[server]\ninterval = -1s\n",
          "[threshold cpu.total]\nwarning = 99\ncritical = 98\n", "[no such section]\nx = 1\n"]


def section(name):
    return "[webhook %s]\nurl = http://127.0.0.1:%d/\nallow_private = yes\n" % (name, endpoint.server_port)


def write(version, fault=""):
    """Its number stands in the first and in the last section, and in the levels of what fires."""
    quiet = "alerts = none\nruns = none\n"
    text = section("first%d" % version) + quiet + "[server]\ninterval = 100ms\n"
    for metric in ("cpu.total", "memory.pressure", "pressure.memory_full", "disk.busy"):
        text += "[threshold %s]\nenabled = no\n" % metric
    text += ("[threshold memory.used_pct]\nenabled = no\n[threshold memory.used_bytes]\nwarning = %d\n"
             "clear_warning = 0\nfor = 0s\n%srate = 0\nruns = none\n" % (version + 1000, section("hook")))
    with open(server.directory + "/optop.ini", "w", encoding="utf-8") as f:
        f.write(text + fault + ("" if fault else section("last%d" % version) + quiet))


def webhooks():
    return {hook["name"] for hook in server.call("alerts.list")["deliveries"]["webhooks"]}


def active():
    return {alert["key"]: alert for alert in server.call("alerts.list")["alerts"]}


write(0)
server.start()
rig.until(lambda: "memory.used_bytes" in active())
before = active()["memory.used_bytes"]
server.call("alerts.silence", match="notify:quiet*", seconds=86400, reason="moving", author="me")
run = server.submit("sh -c \"sleep 0.01; echo {x}\"", 100000)
prober = rig.Prober(server)
reloads, version, mixed, untold, refused, told = rig.times(300 if server.sanitized() else 1000, 10000), 0, [], 0, 0, []
for i in range(reloads):
    broken = i % 3 == 1
    number = version if broken and i % 2 else version + 1
    write(number, FAULTS[i // 3 % len(FAULTS)] if broken else "")
    try:
        server.call("config.reload")
        untold += broken
        version = number
    except RuntimeError as e:
        refused += 1
        untold += not broken
    if webhooks() != {"first%d" % version, "hook", "last%d" % version}:
        mixed.append((i, version, sorted(webhooks())))
    if i % 10 == 0:
        key = "%s%d" % ("quiet" if i % 20 else "job", i)
        server.call("notify", key=key, severity="warning", text="number %d" % i)
        told += [] if i % 20 else [("notify:" + key, "alert.warning")]
rig.note("%d reloads, %d of them refused" % (reloads, refused))
rig.same("one version wholly, after each", mixed[:3], [])
rig.same("each fault was told, and nothing else", untold, 0)
rig.ok(refused == len(range(1, reloads, 3)), "there were faults")
rig.ok(rig.until(lambda: active()["memory.used_bytes"]["level"] == version + 1000),
       "the levels are those of the last version")
after = active()["memory.used_bytes"]
rig.same("what fired goes on firing", [after[name] for name in ("state", "since", "incident")],
         [before[name] for name in ("state", "since", "incident")])
rig.same("what is silenced is", {alert["hold"] for key, alert in active().items() if "quiet" in key}, {"silenced"})
rig.same("the silence is there", [s["reason"] for s in server.call("alerts.silences")["silences"]], ["moving"])


def delivered():
    with lock:
        return [(key, kind) for _, key, kind in received]


rig.until(lambda: len(delivered()) > len(told))
rig.until(lambda: server.call("alerts.list")["deliveries"]["waiting"] == 0)
rig.same("each change was told, once and in order", delivered(), [("memory.used_bytes", "alert.warning")] + told)
rig.ok(server.show(run)["state"] == "running", "the run went on")
prober.check()
rig.finish()
