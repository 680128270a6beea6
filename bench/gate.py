# SPDX-License-Identifier: BSD-2-Clause
"""What the gate costs: interleaved rounds on scratch file systems, one with the gate and one without, medians as ratios.
    FRT_BINARY_DIR=build/release /usr/bin/python3 bench/gate.py [ROUNDS] [MARKS]
PIN=1 keeps everything on one CPU. Needs root; touches only mounts of its own."""
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "gate"))
from gate_harness import BINARY_DIR, OFFICIAL, PERFORMER, TESTS, Gate, Point, Scratch, enter, wait_for  # noqa

LOAD = os.path.join(BINARY_DIR, "bin", "gate-load")
FILES = 200


def load(uid, what, count, *files):
    pin = ["taskset", "-c", "0"] if os.environ.get("PIN") else []
    command = [*pin, "setpriv", "--reuid=%d" % uid, "--regid=%d" % uid, "--clear-groups", LOAD, what, str(count), *files]

    def become():
        with open("/proc/self/loginuid", "w") as f:
            f.write(str(uid))
    return float(subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=become).stdout.split()[0])


def fresh(directory, number):
    """Programs nobody has run: root's, as installed ones are."""
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    names = [os.path.join(directory, "p%d" % i) for i in range(number)]
    for name in names:
        shutil.copyfile(os.path.join(TESTS, "gate_tool"), name)
        with open(name, "ab") as f:
            f.write(b"an ordinary program")
        os.chmod(name, 0o755)
    return names


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    marks = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    enter()
    if os.environ.get("PIN"):
        os.sched_setaffinity(0, {0})
    gated, bare = Scratch(), Scratch()
    gated.tools()
    os.mkdir(gated.path("marked"))
    point = Point(gated.path("frtd/s"))
    lines = gated.catalogue()[:-1]
    for i in range(marks):
        if i % 100 == 0:
            os.mkdir(gated.path("marked/d%d" % (i // 100)))
        path = gated.path("marked/d%d/m%d" % (i // 100, i))
        open(path, "w").close()
        lines.append("path " + path)
    for line in lines + ["publish", "allow %d %d *" % (PERFORMER, PERFORMER), "allow -1 0 *"]:
        point.say(line)
    begin = time.monotonic()
    gate = Gate(gated)
    gate.wait_enforcing()
    print("%d marks; ready after %.2f s" % (gate.state()["inodes"], time.monotonic() - begin))
    rows = {}

    def pair(name, with_gate, without):
        rows.setdefault(name, []).append((with_gate, without))
    for _ in range(rounds):
        names = [fresh(s.path("fresh"), FILES) for s in (gated, bare)]
        pair("exec, the first time", load(OFFICIAL, "first", 0, *names[0]), load(OFFICIAL, "first", 0, *names[1]))
        pair("exec, warm", load(OFFICIAL, "exec", 400, names[0][0]), load(OFFICIAL, "exec", 400, names[1][0]))
        pair("open", load(OFFICIAL, "open", 4000, names[0][1]), load(OFFICIAL, "open", 4000, names[1][1]))
        pair("open, the first time", load(OFFICIAL, "opens", 0, *names[0]), load(OFFICIAL, "opens", 0, *names[1]))
        shutil.copyfile(os.path.join(TESTS, "gate_tool"), bare.path("tool"))
        os.chmod(bare.path("tool"), 0o755)
        ordinary = load(OFFICIAL, "exec", 200, bare.path("tool"))
        pair("exec of a tool, denied", load(OFFICIAL, "exec", 200, gated.path("tools/tool")), ordinary)
        pair("exec of a tool, allowed", load(PERFORMER, "exec", 200, gated.path("tools/tool")), ordinary)
    for name, values in rows.items():
        ratios = sorted(a / b for a, b in values)
        print("%-26s %8.1f us against %8.1f us: ratio %.3f [%.3f..%.3f], added %.1f us" % (
            name, statistics.median(a for a, _ in values), statistics.median(b for _, b in values),
            statistics.median(ratios), ratios[0], ratios[-1], statistics.median(a - b for a, b in values)))
    gate.kill()
    point.kill()


if __name__ == "__main__":
    main()
