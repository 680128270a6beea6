#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What an auditor asks for, over 10,000, 100,000 and 1,000,000 decisions: processor time (all threads and children) and peak
memory of frt ask, report, eopss, export, log and verify, beside ausearch and aureport over as many audit events, and beside grep
and jq on the same records. The peers check nothing; our verified rows prove every record's place in the chain first.

Interleaved rounds, medians, ratios round by round; processor time because a clock tells mostly what else the machine was doing.
Usage: casework.py [COUNT...]     FRT_BINARY_DIR: the build (build/release); ROUNDS; needs jq, ausearch and aureport
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
BINARY = os.environ.get("FRT_BINARY_DIR", os.path.join(SOURCE, "build", "release"))
FRT = os.path.join(BINARY, "bin", "frt")
CITY = os.path.join(SOURCE, "ldap_schema", "sample_city")
POLICY = os.path.join(SOURCE, "config", "policies", "northampton-ma.policy")
COUNTS = [int(a) for a in sys.argv[1:]] or [10000, 100000, 1000000]
ROUNDS = int(os.environ.get("ROUNDS", "0"))
SHELL = "cat {log}/*.seg | "
# name, command, which peer's time it is compared with
ROWS = (
    ("grep -c, one count", SHELL + "grep -c '\"dec\":\"deny\"'", None),
    ("jq, denials by role and rule",
     SHELL + "grep '^{{' | jq -r 'select(.k==\"decision\" and .dec==\"deny\") | [.roles,.rule] | @tsv' | sort | uniq -c", None),
    ("jq, denials listed", SHELL + "grep '^{{' | jq -r 'select(.k==\"decision\" and .dec==\"deny\") | [.n,.t,.login,.tool,.rule] | @csv'",
     None),
    ("ausearch --raw, denials listed", "ausearch --raw -k frt -sv no -if {audit}", None),
    ("ausearch --format csv, the same", "ausearch --format csv -k frt -sv no -if {audit}", None),
    ("aureport, summary", "aureport -if {audit}", None),
    ("frt log --verdict deny --csv", "{frt} log --verdict deny --csv {log}", "ausearch --format csv, the same"),
    ("frt ask Q1 (denials), not verified", "{frt} ask Q1 --csv --no-verify --trail {log} --directory {city}",
     "jq, denials listed"),
    ("frt ask Q1, verified", "{frt} ask Q1 --csv --trail {log} --directory {city}", "ausearch --format csv, the same"),
    ("frt ask Q24 (repeated), verified", "{frt} ask Q24 --trail {log} --directory {city}", "jq, denials by role and rule"),
    ("frt report, not verified", "{frt} report --no-verify --trail {log} --directory {city} --policy {policy} --html {out}.html",
     "aureport, summary"),
    ("frt report, verified", "{frt} report --trail {log} --directory {city} --policy {policy} --html {out}.html",
     "aureport, summary"),
    ("frt eopss, verified", "{frt} eopss --quarter 2026Q1 --trail {log} --directory {city} --out {out}.eopss", None),
    ("frt export, verified", "{frt} export --trail {log} --directory {city} --policy {policy} --out {out}.export", None),
    ("frt verify", "{frt} verify {log}", None),
)


def measure(command):
    """Processor seconds and peak MiB of one run."""
    pid = os.posix_spawn("/bin/sh", ["/bin/sh", "-c", command], dict(os.environ, LC_ALL="C"),
                         file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)])
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):  # 1: answered, and says what is missing
        sys.exit("exit %d: %s" % (code, command))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def write_audit_log(path, count):
    """As many denied accesses in the kernel's own words: one event of two records each."""
    with open(path, "w") as f:
        for i in range(count):
            stamp = "audit(%d.123:%d)" % (1767598200 + i * 6, i + 1)
            uid = 20001 + i % 30
            f.write('type=SYSCALL msg=%s: arch=c000003e syscall=59 success=no exit=-1 a0=0 a1=0 a2=0 a3=0 items=1 ppid=1 pid=%d '
                    'auid=%d uid=%d gid=1 euid=%d suid=1 fsuid=1 egid=1 sgid=1 fsgid=1 tty=tty1 ses=1 comm="digikam" '
                    'exe="/usr/bin/digikam" key="frt"\ntype=PATH msg=%s: item=0 name="/usr/bin/digikam" inode=%d dev=fe:00 '
                    'mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n'
                    % (stamp, 1000 + i % 30000, uid, uid, uid, stamp, i))


def clear(out):
    for path in (out + ".eopss", out + ".export"):
        shutil.rmtree(path, ignore_errors=True)


def run(folder, count):
    log, audit, out = (os.path.join(folder, name) for name in ("t/log", "audit.log", "out"))
    subprocess.run([os.path.join(BINARY, "bin", "casework-trail"), os.path.join(folder, "t"), str(count)], check=True)
    write_audit_log(audit, count)
    rounds = ROUNDS or (3 if count > 200000 else 5)
    found = {name: [] for name, _, _ in ROWS}
    for _ in range(rounds):
        for name, command, _ in ROWS:
            found[name].append(measure(command.format(frt=FRT, log=log, audit=audit, out=out, city=CITY, policy=POLICY)))
            clear(out)
    print("\n%s decisions, %d rounds" % (format(count, ","), rounds))
    for name, _, peer in ROWS:
        seconds, memory = (statistics.median(row[i] for row in found[name]) for i in (0, 1))
        ratio = ""
        if peer:
            ratio = "%6.2f of %s" % (statistics.median(a[0] / b[0] for a, b in zip(found[name], found[peer])), peer)
        print("  %-36s %9.2f s %7.0f MiB   %s" % (name, seconds, memory, ratio), flush=True)
    print("  the page of frt report: %.1f MiB" % (os.path.getsize(out + ".html") / 2**20))
    shutil.rmtree(os.path.join(folder, "t"))
    os.unlink(audit)
    return {name: tuple(statistics.median(row[i] for row in found[name]) for i in (0, 1)) for name in found}


def main():
    print("processor seconds and peak memory, medians (10 MiB is this script's own size: less cannot be told)")
    before = None
    with tempfile.TemporaryDirectory(prefix="casework.", dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        for count in COUNTS:
            now = run(folder, count)
            if before:
                times = count / before[0]
                print("  growth for %.0f times the decisions:" % times)
                for name, _, _ in ROWS:
                    if name.startswith(("frt", "jq", "au")):
                        print("    %-36s %5.1f times the time, %7.0f bytes of memory a decision more"
                              % (name, now[name][0] / before[1][name][0],
                                 (now[name][1] - before[1][name][1]) * 2**20 / (count - before[0])))
            before = (count, now)


main()
