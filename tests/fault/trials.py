# SPDX-License-Identifier: GPL-3.0-or-later
#
# Trials that behave badly: they ignore TERM, leave processes behind that hide,
# flood both streams, print what no terminal should see. What they were to tell
# is told, nobody is left, and the server neither grows nor stops to answer.
import rig

server = rig.Server()
server.start()
hide = 4000000 + server.pid  # seconds; the sleepers are known by it


def hidden():
    return [pid for pid in rig.processes() if rig.read("/proc/%d/cmdline" % pid) == b"sleep\0%d\0" % hide]


# name, script, trials, limits, how many of them fail
ROWS = [
    ("quiet", "echo $1", 200, "", 0),
    ("ignores TERM", "trap '' TERM; echo $1; sleep %d & wait; sleep %d" % (hide, hide), 6,
     "trial = 300ms\ngrace = 200ms", 6),
    ("double-forks", "(env -i setsid sh -c \"trap '' TERM HUP; sleep %d & sleep %d\" "
     "</dev/null >/dev/null 2>&1 &); echo $1" % (hide, hide), 20, "", 0),
    ("holds the output open", "(trap '' TERM; setsid sleep %d &); echo $1" % hide, 20, "", 0),
    ("floods standard output", "yes 7 | head -c 20000000; echo; echo $1", 10, "", 0),
    ("floods standard error", "yes 7 | head -c 20000000 >&2; echo $1", 10, "", 0),
    ("fails with a flood", "yes 7 | head -c 20000000 >&2; exit 3", 10, "", 10),
    ("prints NUL, escapes, bad UTF-8", "printf 'a\\000b\\033[2J\\033]0;t\\007\\302\\233\\377\\376\\342\\200\\256\\n'"
     "; printf '\\000\\033[31m\\377\\n\\r\\011x' >&2; echo $1", 20, "", 0),
    ("fails with NUL, escapes, bad UTF-8", "printf '\\000\\033[2J\\302\\233\\377\\342\\200\\256end' >&2; exit 1",
     20, "", 20),
    ("ends by a signal", "kill -SEGV $$", 20, "", 20),
    ("kills its worker", "kill -9 $PPID; sleep %d" % hide, 6, "", 6),
]
CONTROLS = set(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x202e]))

prober = rig.Prober(server)
before = None
for name, script, trials, limits, failed in ROWS:
    trials, failed = rig.times(trials, trials * 10), rig.times(failed, failed * 10)
    run = server.submit(server.script("trial", script), trials, limits=limits or "grace = 1s")
    rig.until(lambda: server.ended(run))
    rig.same("%s: every trial once" % name, server.faults(run, trials, "failed" if failed == trials else "done"), [])
    rig.same("%s: failed" % name, server.show(run)["counts"]["failed"], failed)
    rig.same("%s: nobody is left" % name, server.left() + hidden(), [])
    said = "".join(line["text"] for line in server.call("run.logs", run=run)["lines"])
    rig.ok(not CONTROLS & set(said), "%s: what is kept can be shown" % name)
    before = before or server.memory()  # of a server that has worked

run = server.submit(server.script("trial", ROWS[1][1]), 10, limits="grace = 200ms")
rig.until(lambda: len(hidden()) >= 2)
server.call("run.cancel", run=run)
rig.ok(rig.until(lambda: server.ended(run)), "a cancel ends those that ignore TERM")
rig.same("nobody is left", server.left() + hidden(), [])
prober.check()
server.check_memory(before)
rig.finish()
