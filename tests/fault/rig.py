# SPDX-License-Identifier: GPL-3.0-or-later
#
# For the fault tests; imported. Gives a private server (socket, store and
# configuration in a directory of its own) that can be killed and starved, a
# prober that asks it for `status` all the time, what must hold of a run's
# trials afterwards, and TAP. Standard library only.
#
#   OPTOP             the optop binary
#   OPTOP_SOAK        not empty: the large counts (`make soak`)
#   OPTOP_FAULT_SEED  of the random moments (1)
import atexit, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

OPTOP = os.path.abspath(os.environ["OPTOP"])
WAIT = 120.0  # seconds; a bound, which a busy machine does not need either
ANSWER = 5.0  # seconds; the same for the 99th percentile of an answer to `status`
KEPT = 2 << 20  # bytes that the server may have grown by in the end

seed = int(os.environ.get("OPTOP_FAULT_SEED") or 1)
rng = random.Random(seed)
print("# seed", seed)


def times(small, large):
    return large if os.environ.get("OPTOP_SOAK") else small


# TAP

_count = _failed = 0


def ok(condition, name):
    global _count, _failed
    _count += 1
    _failed += not condition
    print("%s %d - %s" % ("ok" if condition else "not ok", _count, name), flush=True)


def same(name, got, wanted):
    ok(got == wanted, name)
    if got != wanted:
        print("#   got %r, wanted %r" % (got, wanted))


def skip(name, why):
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, name, why), flush=True)


def note(*words):
    print("#", *words, flush=True)


def finish():
    print("1..%d" % _count)
    sys.exit(1 if _failed else 0)


def until(condition, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# Processes


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid):
    found = read("/proc/%d/task/%d/children" % (pid, pid)).split()
    return [int(child) for child in found]


class Gone(Exception):
    """The server, or its end of the connection."""


class Connection:
    def __init__(self, path):
        self.next = 0
        self.buffer = b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT)
        try:
            self.socket.connect(path)
        except OSError as e:
            self.close()
            raise Gone(e)
        self.call("hello", protocol=1, client="fault test")

    def call(self, method, **params):
        self.next += 1
        line = {"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}
        try:
            self.socket.sendall(json.dumps(line).encode() + b"\n")
            while b"\n" not in self.buffer:
                piece = self.socket.recv(1 << 16)
                if not piece:
                    raise Gone(method)
                self.buffer += piece
        except ConnectionError as e:
            raise Gone(e)
        line, self.buffer = self.buffer.split(b"\n", 1)
        answer = json.loads(line)  # strict: what is no UTF-8 or no JSON ends the test
        if "error" in answer:
            raise RuntimeError("%s: %s" % (method, answer["error"]["message"]))
        return answer["result"]

    def close(self):
        self.socket.close()


class Prober(threading.Thread):
    """Asks for `status` twenty times a second, whatever else goes on."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.took, self.stopped = server, [], threading.Event()
        self.start()

    def run(self):
        connection = None
        while not self.stopped.wait(0.05):
            try:
                connection = connection or Connection(self.server.socket)
                begun = time.monotonic()
                connection.call("status")
                self.took.append(time.monotonic() - begun)
            except (Gone, RuntimeError):
                connection = None
        if connection:
            connection.close()

    def check(self):
        self.stopped.set()
        self.join()
        self.took.sort()
        p99 = self.took[len(self.took) * 99 // 100] if self.took else float("inf")
        note("status: %d answers, p99 %.1f ms" % (len(self.took), p99 * 1e3))
        ok(p99 < ANSWER, "the server answers `status`")


class Server:
    def __init__(self, state=None):
        base = os.environ.get("TMPDIR", "/tmp")
        self.directory = tempfile.mkdtemp(prefix="optop-fault-", dir=base if len(base) <= 50 else "/tmp")
        os.mkdir(self.directory + "/run", 0o700)
        self.socket = self.directory + "/run/server.sock"
        self.state = state or self.directory + "/state"
        self.environment = dict(os.environ, OPTOP_SOCKET=self.socket, OPTOP_STATE=self.state,
                                OPTOP_CONFIG=self.directory + "/optop.ini", LC_ALL="C.UTF-8")
        self.environment.pop("OPTOP_RUN", None)
        self.process = self.connection = None
        self.owner = os.getpid()
        atexit.register(self.remove)

    def remove(self):
        if self.process and os.getpid() == self.owner:
            self.kill()
            until(lambda: not self.left())
            shutil.rmtree(self.directory, ignore_errors=True)

    def launch(self, wrapper=()):
        log = open(self.directory + "/server.log", "ab")
        self.process = subprocess.Popen([*wrapper, OPTOP, "server", "run"], env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def start(self, wrapper=()):
        self.launch(wrapper)
        if not until(self.connect):
            raise RuntimeError("no server: %s" % read(self.directory + "/server.log")[-2000:])

    def connect(self):
        try:
            self.connection = Connection(self.socket)
            return True
        except (Gone, RuntimeError):
            return False

    def call(self, method, **params):
        return self.connection.call(method, **params)

    def kill(self):
        if self.connection:
            self.connection.close()
        self.connection = None
        if self.process:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def workers(self):
        return [pid for pid in children(self.pid) if read("/proc/%d/comm" % pid) == b"optop-worker\n"]

    def left(self):
        """Living processes of runs, by the environment or by what they were told to run."""
        mark, place = b"OPTOP_STATE=%s\0" % self.state.encode(), self.directory.encode()
        found = []
        for pid in processes():
            if pid in (os.getpid(), self.process.pid):
                continue
            environment = read("/proc/%d/environ" % pid)
            if (mark in environment and b"OPTOP_RUN=" in environment) or \
                    place in read("/proc/%d/cmdline" % pid):
                found.append(pid)
        return found

    def sanitized(self):
        return b"libasan" in read("/proc/%d/maps" % self.pid)

    def memory(self):
        for line in read("/proc/%d/status" % self.pid).splitlines():
            if line.startswith(b"RssAnon:"):
                return int(line.split()[1]) << 10
        return 0

    def check_memory(self, before, idle=0):
        """idle: growth of a server like it that had nothing to do meanwhile: its past of figures fills."""
        name = "its memory is what it was"
        if self.sanitized():
            return skip(name, "a sanitizer's own book-keeping is not what is measured")
        until(lambda: self.memory() - before - idle <= KEPT, 10)
        note("memory: %+.1f KiB, of an idle server %+.1f KiB" % ((self.memory() - before) / 1024, idle / 1024))
        ok(self.memory() - before - idle <= KEPT, name)

    # Runs

    def submit(self, command, trials, workers=2, limits="grace = 1s", score="stdout", **more):
        return self.submit_run("type = command\ncommand = %s\nscore = %s" % (command, score), trials,
                               "workers = %d" % workers, limits, **more)

    def submit_run(self, objective, trials, parallel, limits="grace = 1s", **more):
        text = ("[run]\nname = fault\n[objective]\n%s\n[space]\nx = int 1..%d\n"
                "[search]\nmethod = grid\n[parallel]\n%s\n[limits]\n%s\n"
                % (objective, trials, parallel, limits))
        environment = ["PATH=/usr/bin:/bin", "OPTOP_STATE=" + self.state]
        return self.call("run.submit", text=text, file="fault.ini", directory=self.directory,
                         environment=environment, **more)["run"]

    def script(self, name, text):
        path = "%s/%s" % (self.directory, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return "sh %s {x}" % path

    def show(self, run):
        return self.call("run.show", run=run)

    def counted(self, run):
        counts = self.show(run)["counts"]
        return counts["done"] + counts["failed"]

    def ended(self, run):
        return self.show(run)["state"] in ("done", "failed", "cancelled")

    def settled(self, run):
        shown = self.show(run)
        return shown["state"] != "running" and not shown["cancelling"]

    def trials(self, run):
        found, after = [], 0
        while True:
            page = self.call("run.trials", run=run, after=after, limit=1000)["trials"]
            if not page:
                return found
            found += page
            after = page[-1]["trial"]

    def faults(self, run, total, state="done", score=float):
        """What is wrong with an ended run of `total` trials whose scores are score(x); [] when all is well."""
        shown, trials, wrong = self.show(run), self.trials(run), []
        if shown["state"] != state:
            wrong.append("state %s: %s" % (shown["state"], shown["reason"]))
        if len(trials) != self.counted(run) or len(trials) != total:
            wrong.append("%d trials stored, %d counted, %d wanted" % (len(trials), self.counted(run), total))
        if len({t["trial"] for t in trials}) != len(trials):
            wrong.append("a trial twice")
        if sorted(t["params"]["x"] for t in trials) != list(range(1, total + 1)):
            wrong.append("not every point once")
        if any(t["state"] == "done" and t["score"] != score(t["params"]["x"]) for t in trials):
            wrong.append("a score of another point")
        return wrong
