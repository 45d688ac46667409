# SPDX-License-Identifier: GPL-3.0-or-later
#
# kill -9 of the server at random moments: while it starts, resumes, hands out,
# commits. Each time nobody is left, and the next one has all that was told.
import time

import rig

FUNCTION = "type = function\nfunction = sphere"
scores = {}  # of the function, by point

# Of each kind of run: trials, how to submit it, what a point's score is
KINDS = [
    (50000, lambda n: server.submit_run(FUNCTION, n, "mode = thread\nworkers = 2"), scores.get),
    (100, lambda n: server.submit("sh -c \"sleep 0.00{x}; echo {x}\"", n), float),
    (50000, lambda n: server.submit_run(FUNCTION, n, "mode = process\nworkers = 2"), scores.get),
    (30, lambda n: server.submit_run(FUNCTION, n, "mode = isolated\nworkers = 2"), scores.get),
]

server = rig.Server()
server.start()
first = server.submit_run(FUNCTION, 50000, "workers = 1")
rig.until(lambda: server.ended(first))
scores.update((t["params"]["x"], t["score"]) for t in server.trials(first))
kills, lost, left, wrong, runs = rig.times(50, 1000), 0, 0, [], 0
prober = rig.Prober(server)
run, told, kind = None, 0, KINDS[0]
for kill in range(kills):
    if rig.rng.random() < 0.2:  # in the middle of its start
        time.sleep(rig.rng.random() * 0.05)
    else:
        rig.until(server.connect)
        if run and server.ended(run):
            wrong += server.faults(run, kind[0], score=kind[2])
            run = None
        if run:
            lost += server.counted(run) < told
            server.call("run.resume", run=run)
        else:
            kind, runs = KINDS[runs % len(KINDS)], runs + 1
            run, told = kind[1](kind[0]), 0
        end = time.monotonic() + rig.rng.random() * 0.4
        while time.monotonic() < end:
            told = server.counted(run)
            time.sleep(rig.rng.random() * 0.01)
    server.kill()
    left += not rig.until(lambda: not server.left(), 60)
    server.launch()
rig.until(server.connect)
if not server.ended(run):
    lost += server.counted(run) < told
    server.call("run.resume", run=run)
rig.until(lambda: server.ended(run))
wrong += server.faults(run, kind[0], score=kind[2])
rig.note("%d kills, %d runs" % (kills, runs))
rig.same("what was told is there", lost, 0)
rig.same("no process is left", left, 0)
rig.same("every trial once", wrong, [])
prober.check()
rig.finish()
