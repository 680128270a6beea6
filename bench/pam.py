#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Decisions through pam_frt.so, sealed and durable, beside pam_permit (the floor) and pam_access with ten group rules.

Interleaved rounds, medians, ratios from one run; absolute microseconds on a shared machine mean little. Usage: pam.py
[ROUNDS [SECONDS]], default 5 rounds of 1 second each. Then start-up and memory with 1,000, 10,000 and 100,000 people.
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
from frtd import BINARY, Frtd, sample_city  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
STACKS = ("permit", "access", "frt")


def make_confdir(folder, socket):
    access = os.path.join(folder, "access.conf")
    with open(access, "w") as f:
        f.write("".join("-:(group%d):ALL\n" % i for i in range(10)) + "+:ALL:ALL\n")
    lines = {
        "permit": "account required pam_permit.so",
        "access": "account required pam_access.so accessfile=%s nodefgroup" % access,
        "frt": "account [success=ok new_authtok_reqd=ok ignore=die default=die] %s tool=T34 socket=%s"
               % (os.path.join(BINARY, "lib", "pam_frt.so"), socket),
        "other": "account required pam_deny.so",
    }
    for name, line in lines.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(line + "\n")


def measure(confdir, stack, mode, clients):
    user = "nobody" if stack == "access" else "p04"
    out = subprocess.run([os.path.join(BINARY, "bin", "pam-clients"), confdir, stack, user, mode, str(clients),
                          str(SECONDS)], capture_output=True, text=True, check=True).stdout.split()
    if int(out[3]):
        sys.exit("%s: %s decisions were not let in" % (stack, out[3]))
    return float(out[0]), float(out[1]), float(out[2])


def table(confdir):
    print("%-12s %7s  %-7s %10s %10s %12s   %s" % ("what", "clients", "stack", "p50 us", "p99 us", "decisions/s",
                                                   "ratio to floor, to pam_access (p50 | rate)"))
    for mode in ("decision", "transaction", "fork"):
        for clients in (1, 8, 64):
            rounds = {stack: [] for stack in STACKS}
            for _ in range(ROUNDS):
                for stack in STACKS:
                    rounds[stack].append(measure(confdir, stack, mode, clients))
            for stack in STACKS:
                p50, p99, rate = (statistics.median(r[i] for r in rounds[stack]) for i in range(3))
                ratios = [statistics.median(a[i] / b[i] for a, b in zip(rounds[stack], rounds[peer]))
                          for peer in ("permit", "access") for i in (0, 2)]
                print("%-12s %7d  %-7s %10.1f %10.1f %12.0f   %5.2f %5.2f | %5.2f %5.2f"
                      % (mode, clients, stack, p50, p99, rate, ratios[0], ratios[2], ratios[1], ratios[3]), flush=True)


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
    print("stacks: permit = pam_permit (floor), access = pam_access with 10 group rules, frt = pam_frt.so + frtd, sealed and\n"
          "durable. %d rounds of %.1f s each, interleaved; medians.\n" % (ROUNDS, SECONDS))
    with Frtd(host="h1", at=None) as point, tempfile.TemporaryDirectory() as confdir:
        make_confdir(confdir, point.socket)
        table(confdir)
        records = point.json("status")["trail"]["records"]
        print("\nevery one of these is in the trail: %d records; frt verify: exit %d" % (records, point.frt("verify").code))
    growth()


main()
