# SPDX-License-Identifier: GPL-3.0-or-later
#
# kill -9 of the server at random moments: while it starts, resumes, hands out,
# commits. Each time nobody is left, and the next one has all that was told.
import time

import rig

TRIALS = 300
KINDS = {
    "command": lambda server: "sh -c \"sleep 0.00{x}; echo {x}\"",
}

server = rig.Server()
server.launch()
kills, lost, left, wrong, runs = rig.times(50, 1000), 0, 0, [], 0
prober = rig.Prober(server)
run, told, kinds = None, 0, sorted(KINDS)
for kill in range(kills):
    if rig.rng.random() < 0.2:  # in the middle of its start
        time.sleep(rig.rng.random() * 0.05)
    else:
        rig.until(server.connect)
        if run and server.ended(run):
            wrong += server.faults(run, TRIALS)
            run = None
        if run:
            lost += server.counted(run) < told
            server.call("run.resume", run=run)
        else:
            run, told, runs = server.submit(KINDS[kinds[runs % len(kinds)]](server), TRIALS), 0, runs + 1
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
wrong += server.faults(run, TRIALS)
rig.note("%d kills, %d runs" % (kills, runs))
rig.same("what was told is there", lost, 0)
rig.same("no process is left", left, 0)
rig.same("every trial once", wrong, [])
prober.check()
rig.finish()
