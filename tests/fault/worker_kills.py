# SPDX-License-Identifier: GPL-3.0-or-later
#
# kill -9 of random workers at random moments: each costs at most the trial it
# was in, which fails; the others are evaluated elsewhere, once.
import os, signal, time

import rig

KEPT = "grace = 1s\n[keep]\ntrials = top:10"


def miscounted(run, total):
    """Of a run that keeps the best alone: what is wrong with its figures."""
    shown = server.show(run)
    done, failed = (shown["counts"][key] for key in ("done", "failed"))
    fine = shown["state"] == "done" and done + failed == total
    return [] if fine else ["%s: %d and %d of %d trials" % (shown["state"], done, failed, total)]


def by_command(trials):
    return server.submit("sh -c \"sleep 0.003; echo {x}\"", trials)


def by_function(trials):
    return server.submit_run("type = function\nfunction = sphere", trials, "workers = 2", KEPT)


# Of each kind of run: its trials, how to submit it, what is wrong with it, more results than wait
# for a commit at a time, its share of the kills
KINDS = [
    (400, by_command, lambda *of: server.faults(*of), 20, 0.7),
    (20000000, by_function, miscounted, 2000000, 0.3),
]


def kill_in(run, most, pending):
    """Kills workers of a run until it has ended, `most` at most; returns how many."""
    killed, counted = 0, -pending
    while not server.ended(run):
        time.sleep(rig.rng.random() * 0.02)
        workers = server.workers()
        if not workers or killed == most:
            continue
        # Three in a row that end in no trial, with no result between them, end the run, and that is
        # meant: after two there are results here, more than `pending`.
        if killed % 2 == 0 and not rig.until(lambda: server.counted(run) > counted + pending or server.ended(run)):
            break
        counted = server.counted(run)
        try:
            os.kill(rig.rng.choice(workers), signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
    return killed


wrong = []
servers = [rig.Server(), rig.Server()]  # the second one has nothing to do
for server in servers:
    server.start()
    for trials, submit, faults, *_ in KINDS:  # the memory of a server that has worked
        run = submit(trials)
        rig.until(lambda: server.ended(run))
        wrong += faults(run, trials)
server, idle = servers
before, idle_before, prober = server.memory(), idle.memory(), rig.Prober(server)
kills, failed = 0, 0
for trials, submit, faults, pending, share in KINDS:
    wanted = kills + round(share * rig.times(200, 5000))
    while kills < wanted:
        run = submit(trials)
        killed = kill_in(run, wanted - kills, pending)
        kills += killed
        rig.until(lambda: server.ended(run))
        wrong += faults(run, trials)
        counts = server.show(run)["counts"]
        failed += counts["failed"]
        if counts["failed"] > killed:
            wrong.append("%d kills made %d trials fail" % (killed, counts["failed"]))
rig.note("%d kills, %d of them in a trial" % (kills, failed))
rig.same("every trial once, one failed for a kill at most", wrong, [])
rig.same("no process is left", server.left(), [])
prober.check()
server.check_memory(before, max(0, idle.memory() - idle_before))
rig.finish()
