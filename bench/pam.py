#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Decisions through pam_frt.so, sealed and durable, beside pam_permit (the floor), pam_access with ten group rules, and nslcd and
SSSD asking a real slapd (bench/peers.py).

Interleaved rounds, medians, ratios from one run; absolute microseconds on a shared machine mean little. Usage: pam.py
[ROUNDS [SECONDS [MODE...]]], default 5 rounds of 1 second each. Then start-up and memory with 1,000, 10,000 and 100,000 people.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
os.environ.setdefault("FRT_BINARY_DIR", os.path.join(SOURCE, "build", "release"))
sys.path.insert(0, os.path.join(SOURCE, "tests", "system"))
import peers  # noqa: E402
from frtd import BINARY, Frtd, sample_city  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
OURS = ("frt", "frt-mem")
MODES = sys.argv[3:] or ("decision", "transaction", "fork")


def make_confdir(folder, sockets, found):
    access = os.path.join(folder, "access.conf")
    with open(access, "w") as f:
        f.write("".join("-:(group%d):ALL\n" % i for i in range(10)) + "+:ALL:ALL\n")
    lines = {
        "permit": "account required pam_permit.so",
        "access": "account required pam_access.so accessfile=%s nodefgroup" % access,
        "other": "account required pam_deny.so",
        **found.lines,
    }
    for name, socket in zip(OURS, sockets):
        lines[name] = "account [success=ok new_authtok_reqd=ok ignore=die default=die] %s tool=T34 socket=%s" % (
            os.path.join(BINARY, "lib", "pam_frt.so"), socket)
    for name, line in lines.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(line + "\n")


def measure(confdir, stack, mode, clients):
    user = "nobody" if stack == "access" else "p04"
    for _ in range(3):  # a peer that was never asked before may take too long once
        run = subprocess.run([os.path.join(BINARY, "bin", "pam-clients"), confdir, stack, user, mode, str(clients), str(SECONDS)],
                             capture_output=True, text=True)
        if run.returncode == 0:
            break
    else:
        sys.exit("%s, %s, %d clients: %s" % (stack, mode, clients, run.stderr))
    p50, p99, rate, failures = run.stdout.split()
    if int(failures):
        print("%s, %s, %d clients: %s decisions failed (too slow for the peer's own deadline)" % (stack, mode, clients, failures))
        if stack in OURS:
            sys.exit(1)
    return float(p50), float(p99), float(rate)


def sync_us(folder):
    """The floor of a durable answer: three fdatasyncs, one after the other."""
    times = []
    with open(os.path.join(folder, "floor"), "wb", buffering=0) as f:
        f.write(bytes(1 << 20))
        os.fsync(f.fileno())
        for i in range(100):
            start = time.monotonic()
            for at in (0, 8192, 4096):
                os.pwrite(f.fileno(), bytes([i]) * 512, at)
                os.fdatasync(f.fileno())
            times.append((time.monotonic() - start) * 1e6)
    return statistics.median(times)


def table(confdir, stacks, disk):
    print("%-12s %7s  %-7s %10s %10s %12s   %-14s %s" % ("what", "clients", "stack", "p50 us", "p99 us", "decisions/s",
                                                       "frt to it:", "frt-mem to it: p50, rate"))
    for mode in MODES:
        for clients in (1, 8, 64):
            rounds = {stack: [] for stack in stacks}
            floor = []
            for _ in range(ROUNDS):
                for stack in stacks:
                    rounds[stack].append(measure(confdir, stack, mode, clients))
                floor.append(sync_us(disk))
            for stack in stacks:
                p50, p99, rate = (statistics.median(r[i] for r in rounds[stack]) for i in range(3))
                ratios = ["%5.2f %6.2f" % tuple(statistics.median(a[i] / b[i] for a, b in zip(rounds[ours], rounds[stack]))
                                                for i in (0, 2)) for ours in OURS if stack not in OURS]
                print("%-12s %7d  %-7s %10.1f %10.1f %12.0f   %s" % (mode, clients, stack, p50, p99, rate, "   ".join(ratios)),
                      flush=True)
            print("%-12s %7d  %-7s %10.1f" % (mode, clients, "3 syncs", statistics.median(floor)), flush=True)


def people_ldif(folder, count):
    path = os.path.join(folder, "people-%d.ldif" % count)
    with open(path, "w") as f:
        for i in range(count):
            f.write("dn: uid=q%d,ou=people,dc=frt,dc=example\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n"
                    "uid: q%d\ncn: Quercus %d\nsn: Example\nuidNumber: %d\ngidNumber: 20000\nhomeDirectory: /home/q%d\n\n"
                    "dn: frtRoleId=q%d,ou=roles,dc=frt,dc=example\nobjectClass: frtRole\nfrtRoleId: q%d\nfrtPerson: q%d\n"
                    "frtAffiliation: city\nfrtAgency: city\nfrtDepartment: dpw\nfrtOfficialType: employee\n\n"
                    % (i, i, i, 100000 + i, i, i, i, i))
    return path


def resident_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def growth():
    print("\n%10s %12s %14s %16s" % ("people", "start ms", "resident KiB", "bytes a person"))
    base = None
    for count in (0, 1000, 10000, 100000):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            point = Frtd(ldif=sample_city() + ([people_ldif(folder, count)] if count else []), at=None)
            start = time.monotonic()
            with point:
                ms = (time.monotonic() - start) * 1000
                kib = resident_kib(point.process.pid)
        base = base or kib
        print("%10d %12.0f %14d %16s" % (count, ms, kib, "%.0f" % ((kib - base) * 1024 / count) if count else "-"))


def main():
    peers.enter()
    print("stacks: permit = pam_permit (floor), access = pam_access with 10 group rules; nslcd (5 threads) and SSSD (person asked\n"
          "about a moment ago) decide by a filter, nothing recorded; frt = pam_frt.so + frtd, sealed and durable; frt-mem = the\n"
          "same with its trail in memory: what is left without the disk. 3 syncs = three fdatasyncs of 512 bytes, the floor of frt.\n"
          "%d rounds of %.1f s each, interleaved; medians.\n" % (ROUNDS, SECONDS))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir="/dev/shm") as memory, \
            peers.Peers(folder) as found, Frtd(host="h1", at=None) as point, \
            Frtd(host="h1", at=None, directory=memory) as other:
        os.chmod(folder, 0o755)
        confdir = os.path.join(folder, "pam.d")
        os.mkdir(confdir)
        make_confdir(confdir, (point.socket, other.socket), found)
        if found.why:
            print(found.why)
        table(confdir, ["permit", "access", *found.stacks, *OURS], point.dir)
        for one in (point, other):
            records = one.json("status")["trail"]["records"]
            print("every one of these is in the trail: %d records; frt verify: exit %d" % (records, one.frt("verify").code))
    growth()


main()
