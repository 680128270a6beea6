# SPDX-License-Identifier: BSD-2-Clause
"""The real frtd for tests of the gate: the sample city at its golden time, and two entries more that stand for the tools on a scratch
file system. What a test knows, it knows from the trail.

    city = City(scratch)                     # scratch: gate_harness.Scratch with its tools
    gate = Gate(scratch, socket=city.socket)
    with city.grant(PERFORMER, PERFORMER): ...
    since = city.mark(); ...; city.denials(since), city.counted(since)
"""
import contextlib
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import json  # noqa: E402
import time  # noqa: E402

from frtd import Frtd, sample_city  # noqa: E402
from frtd_wire import EXEC, NAMED, Talk  # noqa: E402
from gate_harness import TESTS  # noqa: E402
from person import become, log_in  # noqa: E402

TOOL, COMPONENT, REQUEST = "T90-tool", "T91-component", "Q290"
REVIEWED = """frtCertainty: tested
frtSource: made by a test
frtReviewedBy: uid=p15,ou=people,dc=frt,dc=example
frtReviewedOn: 20260316000000Z
frtReviewDue: 20270316000000Z
frtCatalogueSerial: 1

"""


def entry_of_tool(scratch):
    marks = ["frtPath: " + scratch.path("tools/" + n) for n in
             ("tool", "tooldyn", "toollib.so", "tool.sh", "tool.py", "facemod", "upgraded", "upgraded2", "away")]
    marks += ["frtPath: " + scratch.path("both/tool"), "frtPath: " + scratch.path("reflink/tool")]
    marks += ["frtPathPattern: %s/mod*/new/*.h5" % scratch.root, "frtModelFile: face290.onnx"]
    for path in (os.path.join(TESTS, "gate_tool"), os.path.join(TESTS, "gate_tooldyn"), scratch.path("tools/tool.sh")):
        with open(path, "rb") as f:
            data = f.read()
        marks += ["frtSha256: " + hashlib.sha256(data).hexdigest(), "frtSize: %d" % len(data)]
    return ("dn: frtToolId={0},ou=tools,dc=frt,dc=example\nobjectClass: frtTool\nfrtToolId: {0}\ncn: a tool of the test\n"
            "frtToolClass: face-surveillance\nfrtCapability: embed\nfrtCapability: identify-1toN\nfrtVector: exec\nfrtAction: decide\n"
            .format(TOOL) + "\n".join(marks) + "\n" + REVIEWED)


def entry_of_component(scratch):
    return ("dn: frtToolId={0},ou=tools,dc=frt,dc=example\nobjectClass: frtTool\nfrtToolId: {0}\ncn: a library of the test\n"
            "frtToolClass: frt-component\nfrtCapability: embed\nfrtVector: shlib\nfrtAction: record\nfrtPath: {1}\n"
            .format(COMPONENT, scratch.path("tools/component.so")) + REVIEWED)


def entry_of_request():
    """Q201 and its order again, for as many searches as a test needs."""
    found = ""
    for name, dn in (("60-requests.ldif", "frtRequestId=Q201"), ("61-authorities.ldif", "frtAuthorityId=O77")):
        with open([p for p in sample_city() if p.endswith(name)][0]) as f:
            found += re.search(r"dn: %s.*?\n\n" % dn, f.read(), re.S).group(0)
    return re.sub(r"frtMaxSearches: \d+", "frtMaxSearches: 100000", found).replace("Q201", REQUEST).replace("O77", "O290")


class City(Frtd):
    def __init__(self, scratch, **options):
        self.extra = os.path.join(scratch.path("frtd"), "90-test.ldif")
        with open(self.extra, "w") as f:
            f.write(entry_of_tool(scratch) + entry_of_component(scratch) + entry_of_request())
        super().__init__(host="h6", ldif=sample_city() + [self.extra], **options)
        self.known, self.read_at = [], {}
        self.start()

    # ---- the trail, read on from where the last look ended ----

    def kill(self):
        """What was not sealed is cut off when it starts again: the trail is read anew."""
        super().kill()
        self.known, self.read_at = [], {}

    def take(self, since=0):
        """Records from number `since` on."""
        for name in sorted(n for n in os.listdir(self.trail_dir) if n.endswith(".seg")):
            with open(os.path.join(self.trail_dir, name), "rb") as f:
                f.seek(self.read_at.get(name, 0))
                data = f.read()
            whole = data[:data.rfind(b"\n") + 1]
            self.read_at[name] = self.read_at.get(name, 0) + len(whole)
            self.known += [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
        return [r for r in self.known if r["n"] >= since]

    def mark(self):
        return max([r["n"] for r in self.take()] or [-1]) + 1

    def decisions(self, since=0, **wanted):
        return [r for r in self.take(since) if r["k"] == "decision" and r["src"] == "guard" and
                all(r.get(key) == value for key, value in wanted.items())]

    def denials(self, since=0, **wanted):
        return self.decisions(since, dec="deny", **wanted)

    def gaps(self, since=0, **wanted):
        return [r for r in self.take(since) if r["k"] == "gap" and all(r.get(key) == value for key, value in wanted.items())]

    def counted(self, since=0, **wanted):
        return sum(r["count"] for r in self.gaps(since, **wanted))

    def was_late(self, since):
        """An answer took too long, which the gate is right to refuse: on a machine this busy a test has to try again."""
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if any(r.get("why") in ("late", "frtd-unreachable") for r in self.gaps(since)):
                return True
            time.sleep(0.05)
        return False

    # ---- permission ----

    @contextlib.contextmanager
    def grant(self, login, uid, tool=TOOL):
        """A live grant of this login (-1: nobody logged in), as frt run holds one: by a process of that person's own."""
        ours, theirs = os.pipe()
        stop, stopped = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(stopped)
                if login >= 0:
                    log_in(login)
                become(uid)
                with Talk(self.socket) as talk:
                    answer = talk.ask("grant", tool=tool, request=REQUEST, action=EXEC, match=NAMED)
                    os.write(theirs, answer["verdict"].encode() if answer else b"nothing")
                    os.read(stop, 1)
            finally:
                os._exit(0)
        os.close(stop)
        try:
            said = os.read(ours, 64).decode()
            if said != "allow":
                raise AssertionError("no grant: %s" % (self.records(k="decision")[-1:] or said))
            yield
        finally:
            os.close(stopped)
            os.waitpid(pid, 0)
            os.close(ours)
            os.close(theirs)
