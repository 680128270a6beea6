# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel gate costs, as ratios of one run: rounds that alternate between a file system without a gate, one behind frt-gate and the
real frtd, and one behind Debian's fapolicyd. Then a tool's own decisions beside the bare seal, marks by the number, and what one
person's flood does to another.

    FRT_BINARY_DIR=build/release /usr/bin/python3 bench/gate.py [--quick] [--rounds N]

Needs root. Touches only mounts of its own in a mount name space of its own. Everything measured runs at a real-time priority, so
that what else the machine does counts less."""
import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("FRT_BINARY_DIR", os.path.join(HERE, "..", "build", "release"))
sys.path[:0] = [os.path.join(HERE, "..", "tests", "gate"), HERE]
from fapolicyd import Fapolicyd, Unavailable  # noqa: E402
from gate_city import City  # noqa: E402
from gate_harness import BINARY_DIR, OFFICIAL, PERFORMER, TESTS, Gate, Scratch, enter, wait_for  # noqa: E402
from gate_loads import LOAD, ROWS, Place, load  # noqa: E402

GOALS = {"exec true, warm": 1.02, "exec true, first time": 1.15, "exec smallest, warm": 1.02, "exec smallest, first time": 1.15,
         "open, warm": 1.05, "open, first time": 1.05}
SEAL_GOAL_US, FLOOD_GOAL_MS, SINGLY = 200, 50, 40
THREADS = 17000


def verdict(is_met):
    return "met" if is_met else "not met"


def median(values):
    return statistics.median(values)


def pin(pids, cpus):
    """These processes, all their threads, and ourselves with all that we start from now on."""
    for pid in [os.getpid()] + pids:
        for tid in os.listdir("/proc/%d/task" % pid):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(tid), cpus)


class World:
    """A gated file system with its gate and frtd."""

    def __init__(self, marks=0):
        self.scratch = Scratch()
        self.scratch.tools()
        for i in range(marks):  # a directory is catalogued as a whole
            if i % 1000 == 0:
                os.mkdir(self.scratch.path("tools/facemod/m%d" % (i // 1000)))
            open(self.scratch.path("tools/facemod/m%d/f%d" % (i // 1000, i)), "w").close()
        self.home = self.scratch.path("frtd/home")
        os.mkdir(self.home)
        self.city = City(self.scratch, directory=self.home)
        begin = time.monotonic()
        self.gate = Gate(self.scratch, socket=self.city.socket)
        self.gate.wait_enforcing()
        self.ready_s = time.monotonic() - begin

    def pids(self):
        return list(self.gate.state()["pids"].values()) + [self.city.process.pid]

    def grant(self):
        """A performer's, as soon as frtd knows that the gate enforces."""
        stack = contextlib.ExitStack()

        def granted():
            try:
                stack.enter_context(self.city.grant(PERFORMER, PERFORMER))
                return True
            except AssertionError:
                return False
        wait_for("the performer's grant", granted)
        return stack

    def stop(self):
        self.gate.kill()
        self.city.stop()
        self.scratch.remove()


def compare(places, rounds, scale, uid=OFFICIAL):
    """{row: {place: [median us of each round]}}."""
    found = {row: {name: [] for name in places} for row in ROWS}
    for number in range(rounds):
        for row in ROWS:
            for name, place in places.items():
                p50, _, _, _, refused = place.do(uid, row, scale, number)
                if refused:
                    sys.exit("%s: %s was refused %d times: nothing to compare" % (name, row, refused))
                found[row][name].append(p50)
    return found


def ratio(values, name, to="bare"):
    ratios = sorted(a / b for a, b in zip(values[name], values[to]))
    return median(ratios), "%.3f [%.2f..%.2f]" % (median(ratios), ratios[0], ratios[-1])


def print_comparison(title, found, places):
    print("\n%s\n%-28s %10s  %-22s %-6s %-8s  %s" % (title, "", "bare, us", "gate / bare", "goal", "", "fapolicyd / bare"), flush=True)
    for row, values in found.items():
        value, text = ratio(values, "gate")
        goal = GOALS.get(row)
        peer = ratio(values, "fapolicyd")[1] if "fapolicyd" in places else "-"
        print("%-28s %10.1f  %-22s %-6s %-8s  %s" % (row, median(values["bare"]), text, goal or "-", verdict(value <= goal) if goal else "",
                                                     peer), flush=True)


def seal_us(folder, times):
    """frtd's commit of one record, without frtd."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    out = subprocess.run([os.path.join(BINARY_DIR, "bin", "trail_bench"), "commit", folder, str(times)], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return float(next(line for line in out.splitlines() if line.strip().startswith("commit  ")).split()[2])


def decisions(world, rounds):
    """One exec of a tool, event by event: denied, allowed, beside an ordinary program and the bare seal on the same file system. Denials
    past fifty a minute are counted, not sealed one by one: few of each of several people."""
    tool, ordinary = world.scratch.path("tools/tool"), world.scratch.path("ordinary")
    shutil.copyfile(os.path.join(TESTS, "gate_tool"), ordinary)
    with open(ordinary, "ab") as f:
        f.write(b"another size")
    os.chmod(ordinary, 0o755)
    missing = world.scratch.path("missing")
    found = {"seal": [], "ordinary": [], "no program": [], "denied": [], "allowed": []}
    with world.grant():
        for number in range(rounds):
            found["seal"].append(seal_us(world.scratch.path("frtd/seal"), 200))
            found["ordinary"].append(load(PERFORMER, "exec", 100, ordinary)[0])
            found["allowed"].append(load(PERFORMER, "exec", 100, tool)[0])
            found["no program"].append(load(OFFICIAL, "exec", 100, missing)[0])
            found["denied"].append(load(20001 + number % 12, "exec", SINGLY, tool)[0])
    seal = median(found["seal"])
    print("%-28s %10s  %s" % ("", "us", "above the seal"))
    print("%-28s %10.1f" % ("bare seal of one record", seal))
    for name, without in (("denied", "no program"), ("allowed", "ordinary")):
        added = median(a - b - c for a, b, c in zip(found[name], found[without], found["seal"]))
        print("%-28s %10.1f  %+.1f us, goal %d: %s" % ("exec of a tool, " + name, median(found[name]), added, SEAL_GOAL_US,
                                                       verdict(added <= SEAL_GOAL_US)), flush=True)
    print("%-28s %10.1f" % ("exec of an ordinary one", median(found["ordinary"])))


def by_marks(rounds, scale):
    print("\nMarks by the number\n%-10s %8s  %-26s %-26s %s" % ("marks", "ready s", "exec true, warm: gate/bare", "first time: gate/bare",
                                                               "open, warm: gate/bare"))
    for marks in (10, 1000, 100000):
        world, bare = World(marks), Scratch()
        places = {"bare": Place(bare.path("place"), rounds), "gate": Place(world.scratch.path("place"), rounds)}
        found = compare(places, rounds, scale)
        print("%-10d %8.2f  %-26s %-26s %s" % (world.gate.state()["inodes"], world.ready_s, ratio(found["exec true, warm"], "gate")[1],
                                               ratio(found["exec true, first time"], "gate")[1], ratio(found["open, warm"], "gate")[1]),
              flush=True)
        world.stop()
        bare.remove()


def flood(world, times):
    """Another person's opens while one person's 17,000 threads open the same file."""
    print("\nA flood of %d threads by one person; another's opens of the same tool meanwhile" % THREADS)
    with open(world.scratch.path("threads"), "w") as f:
        f.write(str(THREADS))
    worst = []
    for _ in range(times):
        stop = world.scratch.path("stop")
        with contextlib.suppress(OSError):
            os.unlink(stop)
        with world.grant():
            watch = subprocess.Popen(["setpriv", "--reuid=%d" % PERFORMER, "--regid=%d" % PERFORMER, "--clear-groups", LOAD, "during", "100000",
                                      world.scratch.path("tools/tool"), stop], stdout=subprocess.PIPE, text=True,
                                     preexec_fn=lambda: open("/proc/self/loginuid", "w").write(str(PERFORMER)))
            time.sleep(0.2)
            begin = time.monotonic()
            storm = subprocess.run([os.path.join(TESTS, "gate_roads"), str(OFFICIAL), str(OFFICIAL), "flood", world.scratch.root],
                                   stdout=subprocess.PIPE)
            took = time.monotonic() - begin
            open(stop, "w").close()
            p50, p99, most, tries, refused = (float(n) for n in watch.communicate()[0].split())
        worst.append(most / 1000)
        print("  median %.2f ms, 99 %% %.1f ms, slowest %.1f ms of %d, %d refused; the flood ended after %.1f s %s" % (
            p50 / 1000, p99 / 1000, most / 1000, tries, refused, took, "by the gate" if storm.returncode < 0 else "by itself"), flush=True)
    print("  slowest, median of %d floods: %.1f ms, goal %d: %s" % (times, median(worst), FLOOD_GOAL_MS, verdict(median(worst) <= FLOOD_GOAL_MS)))


def peer(scratch):
    try:
        return Fapolicyd(os.path.join(BINARY_DIR, "tests", "fapolicyd-package"), scratch.root)
    except Unavailable as why:
        print("fapolicyd is left out: %s" % why)
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no 100,000 marks: about a minute")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    rounds, scale = options.rounds or (3 if options.quick else 7), 30 if options.quick else 100
    enter()
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    cpus = sorted(os.sched_getaffinity(0))
    world, bare = World(), Scratch()
    fapolicyd = peer(bare)
    places = {"bare": Place(bare.path("place"), 2 * rounds), "gate": Place(world.scratch.path("place"), 2 * rounds)}
    if fapolicyd:
        watched = Place(os.path.join(fapolicyd.where, "place"), 2 * rounds)
        try:
            fapolicyd.start(watched.executables())
            places["fapolicyd"] = watched
        except Unavailable as why:
            print("fapolicyd is left out: %s" % why)
    pids = world.pids() + ([fapolicyd.process.pid] if "fapolicyd" in places else [])
    try:
        for part, (title, allowed) in enumerate((("One CPU", cpus[:1]), ("Two CPUs", cpus[:2]))):
            pin(pids, allowed)
            for place in places.values():
                place.first_set = part * rounds
            print_comparison(title, compare(places, rounds, scale), places)
            print("\n%s: decisions about a tool" % title)
            decisions(world, rounds)
        pin(pids, cpus)
        flood(world, 2 if options.quick else 5)
    finally:
        if fapolicyd:
            fapolicyd.stop()
        world.stop()
    if not options.quick:
        by_marks(3, 30)


if __name__ == "__main__":
    main()
