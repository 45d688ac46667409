# SPDX-License-Identifier: GPL-3.0-or-later
#
# kill -9 of the server at random moments while ten alerts a second go to five
# webhooks: one of them slow, one that fails now and then, one with a rate. Each
# change that was acknowledged reaches each of them, a repeat has the same id, and
# of one incident nothing overtakes what came before it.
import collections, http.server, json, threading, time

import rig

ENDPOINTS = 5
STEPS = ["warning", "critical", "resolved"]  # of one incident
TYPES = ["alert.warning", "alert.critical", "alert.resolved"]

lock = threading.Lock()
received = [[] for _ in range(ENDPOINTS)]  # (id, key, type), in the order in which they were accepted
bodies = collections.defaultdict(set)  # by webhook and id: what was sent under it
posts = 0


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global posts
        number = int(self.path[1:])
        body = self.rfile.read(int(self.headers["content-length"]))
        if number == 1:
            time.sleep(0.03)
        with lock:
            posts += 1
            refused = number == 2 and rig.rng.random() < 0.1
            if not refused:
                event = json.loads(body)
                bodies[number, self.headers["webhook-id"]].add(body)
                for data in event["data"].get("notices") or [dict(event["data"], type=event["type"])]:
                    bodies[number, data["id"]].add((data["key"], data["type"], data["sequence"]))
                    received[number].append((data["id"], data["key"], data["type"]))
        self.send_response(503 if refused else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Endpoints(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a connection of a server that was killed
        pass


endpoints = Endpoints(("127.0.0.1", 0), Receiver)
threading.Thread(target=endpoints.serve_forever, daemon=True).start()
server = rig.Server()
with open(server.directory + "/optop.ini", "w", encoding="utf-8") as f:
    for metric in ("cpu.total", "memory.used_pct", "memory.pressure", "pressure.memory_full", "disk.busy"):
        f.write("[threshold %s]\nenabled = no\n" % metric)
    for i in range(ENDPOINTS):
        f.write("[webhook e%d]\nurl = http://127.0.0.1:%d/%d\nallow_private = yes\nrate = %d\n"
                % (i, endpoints.server_port, i, 4 if i == 4 else 0))

server.start()
# a sanitizer has its say in fewer
kills, told, incident, step = rig.times(50 if server.sanitized() else 200, 5000), [], 0, 0
begun = time.monotonic()
for kill in range(kills):
    if rig.rng.random() < 0.8:  # else in the middle of its start
        rig.until(server.connect)
        end = time.monotonic() + rig.rng.random() * 0.25
        try:
            while time.monotonic() < end:
                key, severity = "job%d" % incident, STEPS[step]
                server.call("notify", key=key, severity=severity, text="%s: %s" % (key, severity))
                told.append(("notify:" + key, TYPES[step]))
                incident, step = incident + (step == 2), (step + 1) % 3
                time.sleep(0.1 * rig.rng.random())
        except rig.Gone:
            pass
    else:
        time.sleep(rig.rng.random() * 0.1)
    server.kill()
    server.launch()
rig.until(server.connect)


def missing(number):
    with lock:
        have = {(key, kind) for _, key, kind in received[number]}
    return [change for change in told if change not in have]


rig.until(lambda: not any(missing(i) for i in range(ENDPOINTS)))
rig.until(lambda: server.call("alerts.list")["deliveries"]["waiting"] == 0)
rig.note("%d kills in %.0f s, %d changes told, %d posts" % (kills, time.monotonic() - begun, len(told), posts))
rig.ok(len(told) > kills / 2, "there was something to lose")
for i in range(ENDPOINTS):
    rig.same("webhook %d lost nothing" % i, missing(i), [])
rig.same("repeats are equal", [k for k, v in bodies.items() if len({x for x in v if isinstance(x, bytes)}) > 1
                               or len({x for x in v if isinstance(x, tuple)}) > 1], [])
wrong = []
for i in range(ENDPOINTS):
    order, ids = collections.defaultdict(list), collections.defaultdict(set)
    for event, key, kind in received[i]:
        ids[key, kind].add(event)
        if kind not in order[key]:  # a repeat is dropped by its id
            order[key].append(kind)
    wrong += [(i, key, kinds) for key, kinds in order.items() if kinds != TYPES[:len(kinds)]]
    wrong += [(i, change, "two ids") for change, found in ids.items() if len(found) > 1]
rig.same("each incident in its order, each change under one id", wrong, [])
rig.same("nothing is dead", server.call("alerts.list")["deliveries"]["dead"], 0)
rig.finish()
