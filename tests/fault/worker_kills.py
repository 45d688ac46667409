# SPDX-License-Identifier: GPL-3.0-or-later
#
# kill -9 of random workers at random moments: each costs at most the trial it
# was in, which fails; the others are evaluated elsewhere, once.
import os, signal, time

import rig

TRIALS = 400
server = rig.Server()
server.start()


def finish(run):
    rig.until(lambda: server.ended(run))
    return server.faults(run, TRIALS)


command = "sh -c \"sleep 0.003; echo {x}\""
wrong = finish(server.submit(command, TRIALS))  # the memory of a server that has worked
before, prober = server.memory(), rig.Prober(server)
wanted, kills, failed, run = rig.times(200, 5000), 0, 0, None
while kills < wanted:
    run = server.submit(command, TRIALS)
    in_run, counted = 0, -20
    while not server.ended(run):
        time.sleep(rig.rng.random() * 0.02)
        workers = server.workers()
        if not workers or kills == wanted:
            continue
        # Three in a row that end in no trial, with no result between them, end the run, and that is
        # meant: after two there are results here, more than wait for a commit at a time.
        if in_run % 2 == 0 and not rig.until(lambda: server.counted(run) > counted + 20 or server.ended(run)):
            break
        counted = server.counted(run)
        try:
            os.kill(rig.rng.choice(workers), signal.SIGKILL)
            kills, in_run = kills + 1, in_run + 1
        except ProcessLookupError:
            pass
    wrong += finish(run)
    counts = server.show(run)["counts"]
    failed += counts["failed"]
    if counts["failed"] > in_run:
        wrong.append("%d kills made %d trials fail" % (in_run, counts["failed"]))
rig.note("%d kills, %d of them in a trial" % (kills, failed))
rig.same("every trial once, one failed for a kill at most", wrong, [])
rig.same("no process is left", server.left(), [])
prober.check()
server.check_memory(before)
rig.finish()
