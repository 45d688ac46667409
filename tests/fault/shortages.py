# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the machine can run out of, and its return: room for the store, file
# descriptors, processes. Nothing that was told is lost, and the run goes on.
# Where something cannot be made scarce (it needs root), the test says so.
import os, resource, socket, subprocess

import rig


def state(server):
    return server.call("status")["server"]["state"]


def run_through(server, name, trials, failures=False):
    """A run begun in the shortage ends after it, with all its trials."""
    rig.ok(rig.until(lambda: server.ended(server.run)), "%s: the run ends" % name)
    wrong = server.faults(server.run, trials)
    rig.same("%s: every trial once" % name, wrong, [])
    failed = server.show(server.run)["counts"]["failed"]
    if not failures:
        rig.same("%s: none failed" % name, failed, 0)
    rig.same("%s: no process is left" % name, server.left(), [])


COMMAND = "sh -c \"sleep 0.01; echo {x}\""


def warm(server):
    run = server.submit(COMMAND, 100)
    rig.until(lambda: server.ended(run))
    return server.memory()


def no_room():
    """ENOSPC: a new store on a small file system that is filled, then emptied. New,
    because one whose journal has its full size already needs no room for a while."""
    name = "no room for the store"
    place = rig.tempfile.mkdtemp(prefix="optop-room-")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "optop-fault", place],
                          capture_output=True)
    if made.returncode != 0:
        os.rmdir(place)
        return rig.skip(name, "cannot mount a small file system here")
    server = rig.Server(state=place + "/state")
    try:
        fill(server, place + "/ballast", name)
    finally:
        server.remove()
        subprocess.run(["umount", "-l", place])
        os.rmdir(place)


def fill(server, path, name):
    server.start()
    before, prober = warm(server), rig.Prober(server)
    server.run = server.submit(COMMAND, 300)
    rig.until(lambda: server.counted(server.run) >= 10)
    with open(path, "wb", buffering=0) as ballast:
        try:
            while ballast.write(bytes(4096)):
                pass
        except OSError:
            pass
    rig.ok(rig.until(lambda: state(server) != "ok"), "%s: it is told" % name)
    told = server.counted(server.run)
    rig.ok(told < 300 and not server.ended(server.run), "%s: the run is held up" % name)
    dies = rig.rng.random() < 0.5  # the server, of something else
    if dies:
        server.kill()
        rig.until(lambda: not server.left())
    os.unlink(path)
    if dies:
        server.start()
        rig.ok(server.counted(server.run) >= told, "%s: what was told outlives the server" % name)
        server.call("run.resume", run=server.run)
    run_through(server, name, 300)
    rig.ok(rig.until(lambda: state(server) == "ok"), "%s: all is well again" % name)
    prober.check()
    if not dies:
        server.check_memory(before)


def no_descriptors():
    """EMFILE: the server may open no more; the limit is lifted later."""
    name = "no descriptors"
    server = rig.Server()
    server.start()
    before = warm(server)
    for spare in range(rig.times(8, 40)):
        soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        in_use = len(os.listdir("/proc/%d/fd" % server.pid))
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (in_use + spare % 8, hard))
        crowd = []
        for _ in range(12):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(0)
            try:
                s.connect(server.socket)
            except BlockingIOError:
                pass
            crowd.append(s)
        server.run = server.submit(COMMAND, 40)
        server.call("status")
        rig.until(lambda: server.ended(server.run), 0.5)
        server.call("status")
        for s in crowd:
            s.close()
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
        rig.until(lambda: server.settled(server.run))
        shown = server.show(server.run)
        if shown["resumable"]:  # it may have given up, and said why
            rig.note("%d spare: %s (%s)" % (spare % 8, shown["state"], shown["reason"]))
            rig.ok(shown["reason"] != "", "%s: the reason is told" % name)
            server.call("run.resume", run=server.run)
        run_through(server, name, 40, failures=True)
    prober = rig.Prober(server)
    rig.until(lambda: len(prober.took) >= 20)
    prober.check()
    server.check_memory(before)
    server.remove()


class Cgroup:
    """The pids controller, version 1 or 2, around a process; None where it cannot be had."""

    def __init__(self):
        for root in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
            self.path = "%s/optop-fault-%d" % (root, os.getpid())
            try:
                os.mkdir(self.path)
            except OSError:
                continue
            if os.path.exists(self.path + "/pids.max"):
                return
            os.rmdir(self.path)
        self.path = None

    def write(self, name, text):
        with open("%s/%s" % (self.path, name), "w") as f:
            f.write(str(text))

    def current(self):
        return int(rig.read(self.path + "/pids.current"))

    def remove(self):
        rig.until(lambda: not rig.read(self.path + "/cgroup.procs").strip())
        os.rmdir(self.path)


def no_processes():
    """EAGAIN of fork: the pids limit of a cgroup."""
    name = "no processes"
    cgroup = Cgroup()
    if not cgroup.path:
        return rig.skip(name, "no pids controller to write to here")
    server = rig.Server()
    os.environ["OPTOP_CAGE"] = server.environment["OPTOP_CAGE"] = "subreaper"  # stay in the cgroup
    try:
        server.start()
        cgroup.write("cgroup.procs", server.pid)
        before, prober = warm(server), rig.Prober(server)
        for spare in range(rig.times(6, 60)):
            cgroup.write("pids.max", cgroup.current() + spare % 6)
            server.run = server.submit(COMMAND, 40)
            rig.until(lambda: server.settled(server.run), 0.5)
            cgroup.write("pids.max", "max")
            rig.until(lambda: server.settled(server.run))
            shown = server.show(server.run)
            counts = shown["counts"]
            rig.note("%d spare: %s, %d done, %d failed %s" % (spare % 6, shown["state"], counts["done"],
                                                           counts["failed"], shown["reason"]))
            if shown["resumable"]:
                rig.ok(shown["reason"] != "", "%s: the reason is told" % name)
                server.call("run.resume", run=server.run)
            rig.ok(rig.until(lambda: server.ended(server.run)), "%s: the run ends" % name)
            counts = server.show(server.run)["counts"]
            rig.same("%s: every trial once" % name, server.faults(server.run, 40,
                     "failed" if counts["failed"] == 40 else "done"), [])
            rig.same("%s: no process is left" % name, server.left(), [])
        prober.check()
        server.check_memory(before)
    finally:
        server.remove()
        cgroup.remove()


for _ in range(rig.times(3, 50)):
    no_room()
no_descriptors()
no_processes()
rig.finish()
