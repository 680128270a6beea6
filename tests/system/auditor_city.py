# SPDX-License-Identifier: BSD-2-Clause
"""The sample quarter for the auditor's tests: golden cases driven through the real product, one frtd per host.

    with City() as city:
        city.hosts["h1"].frt("ask", "Q1")

What passes through PAM goes through pam-try and libpam; what PAM cannot say (a presented evidence item, a package to be
obtained, hostile names) is asked of frtd by its own protocol, as root, the way an enforcement point does.
"""
import os
import shutil
import socket
import struct
import subprocess
import tempfile

from frtd import BINARY, SOURCE, Frtd, program, sample_city

ACTIONS = {"login": 1, "open": 2, "exec": 3, "obtain": 4, "retain": 5, "file": 6}
MATCHES = {"named": 1, "path": 2, "digest": 3, "package": 4}

# host, login, acting account, tool, action, request: the golden cases of domain.md 5.6 that a host's frtd can see for real
PAM_CASES = {
    "h1": [("G01", "p01", "p01", "T03", "exec", ""), ("G02", "p02", "p02", "T01", "exec", "Q207"),
           ("G03", "p06", "p06", "T23", "open", ""), ("G15", "p04", "p04", "T34", "exec", ""),
           ("G16", "p04", "p04", "T37", "exec", ""), ("E6", "p18", "p18", "T03", "exec", ""),
           ("p27", "p27", "p27", "T03", "exec", "")],
    "h3": [("G12", "p02", "guest-msp", "T01", "exec", "Q201"), ("G36", "p21", "p21", "T25", "exec", "Q201"),
           ("E4", "p31", "p31", "T03", "exec", "")],
    "h6": [("G25", "p20", "p20", "T25", "exec", "Q201"), ("G28", "p20", "p20", "T25", "exec", ""),
           ("G29", "p20", "p20", "T25", "exec", "Q204"), ("G31", "p20", "p20", "T25", "exec", "Q206"),
           ("G33", "p20", "p20", "T25", "exec", "Q209"), ("G38", "p28", "p28", "T25", "exec", "Q201"),
           ("E2", "p20", "p20", "T25", "exec", "Q207"), ("p29", "p29", "p29", "T25", "exec", "Q201")],
    "h7": [("G26", "p22", "p22", "T25", "exec", "Q202")],
    "h8": [("G27", "p23", "p23", "T25", "exec", "Q203"), ("G37", "p27", "p27", "T25", "exec", "Q203"),
           ("Q210", "p23", "p23", "T25", "exec", "Q210")],
}
UIDS = {"p%02d" % i: 20000 + i for i in range(1, 32)}


def field(kind, value):
    return struct.pack("<HH", kind, len(value)) + value


def ask_frtd(path, user="", tool="", action="exec", match="named", request="", evidence=""):
    """One FRT_ASK_DECIDE (protocol/message.h); returns the record number of the decision."""
    body = b""
    for kind, text in ((1, user), (8, tool), (9, request), (10, evidence)):
        if text:
            body += field(kind, text.encode())
    body += field(11, bytes([ACTIONS[action]])) + field(12, bytes([MATCHES[match]]))
    message = b"FRT1" + struct.pack("<BBHI", 1, 1, 0, 28 + len(body)) + os.urandom(16) + body
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(60)
        s.connect(path)
        s.send(message)
        answer = s.recv(65536)
    at = 28
    while at < len(answer):
        kind, length = struct.unpack_from("<HH", answer, at)
        if kind == 4:
            return struct.unpack_from("<Q", answer, at + 4)[0]
        at += 4 + length
    return None


def note_audit(path, what):
    """FRT_ASK_AUDIT as frt scan sends it; the kind's number is read from the header, where kinds are counted."""
    with open(os.path.join(SOURCE, "protocol", "message.h")) as f:
        kinds = [line.split(",")[0].split("=")[0].strip() for line in f if line.startswith("    FRT_ASK_")]
    body = field(37, what.encode())
    message = b"FRT1" + struct.pack("<BBHI", 1, kinds.index("FRT_ASK_AUDIT") + 1, 0, 28 + len(body)) + os.urandom(16) + body
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(60)
        s.connect(path)
        s.send(message)
        s.recv(65536)


def attempt(point, login, user, tool, action, request):
    confdir = os.path.join(point.dir, "pam.d")
    os.makedirs(confdir, exist_ok=True)
    name = "%s-%s" % (tool.lower(), action)
    with open(os.path.join(confdir, "other"), "w") as f:
        f.write("".join("%s required pam_deny.so\n" % kind for kind in ("auth", "account", "session")))
    with open(os.path.join(confdir, name), "w") as f:
        f.write("auth required pam_permit.so\naccount [success=ok new_authtok_reqd=ok ignore=die default=die] "
                "%s/lib/pam_frt.so tool=%s action=%s socket=%s\n" % (BINARY, tool, action, point.socket))
    command = [program("pam-try"), "--confdir", confdir, "--login-uid", str(UIDS[login])]
    if request:
        command += ["--request", request]
    return subprocess.run(command + [name, user], capture_output=True, text=True, timeout=120)


class City:
    def __init__(self, hosts=("h1", "h2", "h3", "h6", "h7", "h8")):
        self.folder = tempfile.mkdtemp(prefix="auditor-")
        os.chmod(self.folder, 0o755)
        self.hosts, self.numbers = {}, {}
        for host in hosts:
            directory = os.path.join(self.folder, host)
            os.mkdir(directory, 0o755)
            self.hosts[host] = Frtd(host=host, directory=directory)

    def drive(self, host):
        point = self.hosts[host]
        for case, login, user, tool, action, request in PAM_CASES.get(host, ()):
            before = len(point.records(k="decision"))
            attempt(point, login, user, tool, action, request)
            self.numbers[case] = point.records(k="decision")[before]["n"]
        if host == "h1":
            self.numbers["G20"] = ask_frtd(point.socket, "p02", "T39", "open", evidence="EV301")
            self.numbers["G21"] = ask_frtd(point.socket, "p02", "T39", "open", evidence="EV302")
        if host == "h2":
            self.numbers["G14"] = ask_frtd(point.socket, "p15", "T03", "obtain", "package")
        if host == "h6":  # the same emergency twenty minutes later, after a restart
            point.stop()
            point.at = "2026-03-16 14:20:00"
            point.start()
            attempt(point, "p20", "p20", "T25", "exec", "Q209")
            self.numbers["G33-later"] = point.records(k="decision")[-1]["n"]

    def directory(self, name, **changes):
        """A copy of the sample city with lines replaced: directory("x", old="new"); returns its folder."""
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        for path in sample_city():
            with open(path) as f:
                text = f.read()
            for old, new in changes.get("lines", {}).items():
                text = text.replace(old, new)
            with open(os.path.join(folder, os.path.basename(path)), "w") as f:
                f.write(text)
        return folder

    def __enter__(self):
        for host, point in self.hosts.items():
            point.start()
            self.drive(host)
        return self

    def __exit__(self, *error):
        for point in self.hosts.values():
            point.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
