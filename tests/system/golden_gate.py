# SPDX-License-Identifier: BSD-2-Clause
"""The golden cases of running and opening through the real gate: the kernel asks, the real frtd with the sample city answers at the
golden time (its clock stands still), and the record is in the trail. For each tool a stand-in lies on a scratch file system. A case
with a written request goes the way a person would: frt run, and then past it.

Left out, and counted: facts that are invented (a view, a clock, a trail in another state), evidence (declared through PAM only), a tool
that is only named."""
import collections
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
import pam_world  # noqa: E402

if __name__ == "__main__":
    pam_world.enter()

from frtd import Frtd, SOURCE, program, sample_city  # noqa: E402
from gate_harness import HAD, TESTS, Gate, Scratch, wait_for  # noqa: E402
from person import become, log_in  # noqa: E402

ACTIONS = {"exec": "exec", "use": "exec", "open": "open", "access": "open"}
INVENTED = ("uses", "view", "trail", "clock", "evidence")
SHARED = {"guest-msp": 20101, "svc-camera": 20032, "root": 0, "mallory": 29999}
COPIED = "T03-digikam"  # has a copy elsewhere, on a stick
UNSET = 2 ** 32 - 1


def golden_rows():
    with open(os.path.join(SOURCE, "tests", "golden", "golden.tsv"), newline="") as f:
        rows = list(csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t", restval=""))
    rows = [row for row in rows if row["action"] in ACTIONS]
    fit = [row for row in rows if not any(row[key] for key in INVENTED) and row["gate"] in ("", "enforcing") and row["host"] and
           row["match"] != "named"]
    return fit, len(rows) - len(fit)


def uid_of(name):
    return SHARED[name] if name in SHARED else 20000 + int(name[1:])


class StandingClock(Frtd):
    """A second before a deadline stays a second before it."""

    def environment(self):
        return dict(super().environment(), FAKETIME=self.at)


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        names = ["p%02d" % n for n in range(1, 32)] + ["guest-msp", "svc-camera"]
        cls.world = pam_world.World({name: uid_of(name) for name in names})
        cls.addClassCleanup(cls.world.close)
        cls.scratch.mount("tmpfs", cls.scratch.path("later"), "mode=1777")
        cls.make_city()

    @classmethod
    def stand_in(cls, tool, where="tools"):
        return cls.scratch.path(where, tool)

    @classmethod
    def make_city(cls):
        """The sample city, where every tool also is on the scratch file system; which of them the gate is told of."""
        cls.ldif, cls.tools = [], {}
        for path in sample_city():
            with open(path) as f:
                entries = f.read().split("\n\n")
            for i, entry in enumerate(entries):
                if "\nfrtToolId: " not in entry:
                    continue
                tool = entry.split("\nfrtToolId: ")[1].split("\n")[0]
                cls.make_stand_in(tool)
                more = "frtPath: %s\n" % cls.stand_in(tool)
                if tool == COPIED:
                    with open(cls.stand_in(tool), "rb") as f:
                        data = f.read()
                    more += "frtSha256: %s\nfrtSize: %d\n" % (hashlib.sha256(data).hexdigest(), len(data))
                head = "frtToolId: %s\n" % tool
                entries[i] = entry.replace("\n" + head, "\n" + head + more)
                cls.tools[tool.split("-")[0]] = (tool, "frtAction: ignore" not in entry and "frtToolClass: not-frt" not in entry)
            copy = os.path.join(cls.world.dir, os.path.basename(path))
            with open(copy, "w") as f:
                f.write("\n\n".join(entries))
            os.chmod(copy, 0o644)
            cls.ldif.append(copy)
        cls.make_stand_in("ordinary")
        shutil.copy(cls.stand_in(COPIED), cls.stand_in("renamed", "later"))

    @classmethod
    def make_stand_in(cls, tool):
        path = cls.stand_in(tool)
        shutil.copy(os.path.join(TESTS, "gate_tool"), path)
        with open(path, "ab") as f:
            f.write(tool.encode())
        os.chmod(path, 0o755)

    # ---- one case ----

    def as_person(self, row, *command):
        login, user = row["login"], row["user"] or row["login"]
        uid = uid_of(user) if user else 0

        def be_him():
            log_in(uid_of(login) if login else UNSET)
            if uid:
                become(uid, pam_world.CITY_GROUP)
        try:
            return subprocess.run(command, preexec_fn=be_him, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", stdin=subprocess.DEVNULL, timeout=120,
                                  env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0"}).returncode
        except PermissionError:
            return 126

    def go(self, row, path):
        if ACTIONS[row["action"]] == "open":
            return HAD if self.as_person(row, "/bin/cat", path) == 0 else 126
        return self.as_person(row, path)

    def run_by_frt(self, row, tool):
        return self.as_person(row, program("frt"), "--config", self.point.conf, "run", "--pam-dir", "/etc/pam.d", "--request",
                              row["request"], tool)

    def check_record(self, row, record):
        self.assertEqual((record["dec"], record["rule"]), (row["verdict"], row["rule"]), record)
        if row["reason"]:
            self.assertEqual(record["why"], row["reason"], record)
        for word in row["oblige"].split(","):
            if word not in ("", "none"):
                self.assertIn(word, record["oblige"])
        self.assertEqual(record["auid"], uid_of(row["login"]) if row["login"] else -1)

    def one(self, records, src):
        found = [r for r in records if r["src"] == src]
        self.assertTrue(found, "nothing on record by %s: %s" % (src, records))
        return found[0]

    def new_records(self, before):
        return self.point.records(k="decision")[before:]

    def check(self, row):
        tool, is_told = self.tools.get(row["tool"], ("ordinary", False))
        path = self.stand_in("renamed", "later") if row["match"] == "digest" else self.stand_in(tool)
        before = len(self.point.records(k="decision"))
        lets_in = row["verdict"] != "deny"
        if row["request"] and ACTIONS[row["action"]] == "exec":
            status = self.run_by_frt(row, tool)
            self.assertEqual(status, HAD if lets_in else 1)
            self.check_record(row, self.one(self.new_records(before), "pam"))
            if lets_in:
                guard = self.one(self.new_records(before), "guard")
                self.check_record(row, guard)
                self.assertEqual((guard["tool"], guard["bypass"], guard["request"]), (tool, 0, row["request"]))
            before = len(self.point.records(k="decision"))
            self.assertNotEqual(self.go(row, path), HAD, "past frt run")
            self.assertEqual(self.one(self.new_records(before), "guard")["dec"], "deny")
            return
        self.assertEqual(self.go(row, path) == HAD, lets_in)
        if not is_told:
            self.assertEqual(self.new_records(before), [])
            return
        wait_for("its record", lambda: self.new_records(before), 10)
        guard = self.one(self.new_records(before), "guard")
        if not row["request"]:
            self.check_record(row, guard)
        self.assertEqual((guard["tool"], guard["action"], guard["bypass"], guard["dec"]),
                         (tool, ACTIONS[row["action"]], 1, row["verdict"]))
        self.assertEqual(guard["held"] == 1, row["tool"] not in ("T39", "T40", "T41", "T42"))

    def late(self):
        """Refused because an answer took too long: on a machine this busy the gate is right and the case says nothing."""
        return [r for r in self.point.records(k="gap") if r.get("why") in ("late", "frtd-unreachable")]

    def check_group(self, host, at, rows):
        """Anew, with a new frtd, when an answer was late: a use of a request is a use."""
        for _ in range(6):
            failures, was_late = self.try_group(host, at, rows)
            if not failures or not was_late:
                break
        for row, failure in failures:
            with self.subTest(case=row["case"]):
                raise failure

    def try_group(self, host, at, rows):
        failures = []
        self.point = StandingClock(host=host, at=at.replace("T", " ").rstrip("Z"), ldif=self.ldif)
        with self.point:
            module = "%s tool=env socket=%s timeout_ms=60000" % (self.world.module, self.point.socket)
            self.world.service("frt", "auth required pam_permit.so\nauth required {0}\naccount required pam_permit.so\naccount "
                               "[success=ok new_authtok_reqd=ok ignore=die default=die] {0}\nsession required pam_permit.so\n".format(module))
            gate = Gate(self.scratch, socket=self.point.socket)
            try:
                gate.wait_enforcing()
                wait_for("frtd knows", lambda: self.point.records(k="guard", gate="enforcing"))
                # Refusals first: a use of a request that was allowed would be missing for the next.
                for row in sorted(rows, key=lambda r: r["verdict"] == "allow"):
                    try:
                        self.check(row)
                    except AssertionError as failure:
                        failures.append((row, failure))
                if failures:
                    time.sleep(2)  # until the gate has told
            finally:
                gate.kill()
            self.assertEqual(self.point.frt("verify").code, 0)
            return failures, self.late()

    def test_every_case_comes_out_of_the_kernel_as_the_table_says(self):
        rows, left_out = golden_rows()
        groups = collections.OrderedDict()
        for row in rows:
            groups.setdefault((row["host"], row["at"]), []).append(row)
        begin = time.monotonic()
        for (host, at), group in groups.items():
            self.check_group(host, at, group)
        print("golden cases through the gate: %d on %d hosts and times in %.0f s; left out: %d" % (
            len(rows), len(groups), time.monotonic() - begin, left_out), flush=True)
        self.assertGreater(len(rows), 80)


if __name__ == "__main__":
    unittest.main()
