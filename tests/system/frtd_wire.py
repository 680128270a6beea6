# SPDX-License-Identifier: BSD-2-Clause
"""The protocol as bytes, written a second time from its description (protocol/message.h, gate_message.h) and from no code of ours,
for tests that say to frtd what frt and pam_frt.so never would.

    with as_user(20020), Talk(point.socket) as talk:
        answer = talk.ask("decide", user="p20", tool="T25", request="Q201", action=EXEC, match=NAMED)
        answer["verdict"], answer["reason"], answer["decision"]
"""
import contextlib
import os
import re
import socket
import struct
import time

SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KINDS = {"decide": 1, "check": 2, "grant": 3, "session-open": 4, "session-close": 5, "needs-request": 6, "status": 7, "why": 8,
         "gate": 9, "audit": 10, "result": 11, "open": 12, "catalogue": 13, "review": 14, "retain": 15}
TEXT, U8, U16, U32, U64 = "text", "<B", "<H", "<I", "<Q"
FIELDS = {"user": (1, TEXT), "ruser": (2, TEXT), "user_uid": (3, U32), "login_uid": (4, U32), "service": (5, TEXT),
          "tty": (6, TEXT), "rhost": (7, TEXT), "tool": (8, TEXT), "request": (9, TEXT), "evidence": (10, TEXT),
          "action": (11, U8), "match": (12, U8), "decision": (13, U64), "matches": (14, TEXT), "database": (15, TEXT), "act": (16, TEXT), "reason": (17, TEXT),
          "pid": (32, U64), "tid": (33, U64), "dev": (34, U64), "ino": (35, U64), "sha256": (36, TEXT), "path": (37, TEXT)}
ANSWER = {1: ("verdict", U16), 2: ("reason", U16), 3: ("obligations", U32), 4: ("decision", U64), 5: ("needs_request", U8),
          6: ("rule", TEXT), 7: ("citation", TEXT), 8: ("message", TEXT), 9: ("contact", TEXT), 10: ("text", TEXT)}
VERDICTS = {0: "deny", 0x52a5: "allow", 0x1d6a: "exempt", 0x6b39: "not-governed"}
LOGIN, OPEN, EXEC = 1, 2, 3
NAMED, PATH = 1, 2
CATALOGUE_END = 7


def gate_message(kind, body=b""):
    return struct.pack("<4sHHI", b"FRTG", 1, kind, 12 + len(body)) + body


HELLO = gate_message(1)
ENFORCING = gate_message(2, struct.pack("<HHB", 10, 1, 1) + b"".join(struct.pack("<HHQ", n, 8, 1) for n in (11, 12, 13, 14)) +
                         struct.pack("<HH", 15, 0))


def reasons():
    """Names of the reasons by number: "city-official", ... The table is the answer's vocabulary, so it is read, not repeated."""
    with open(os.path.join(SOURCE, "decision", "policy.h")) as f:
        body = re.search(r"enum frt_reason \{(.*?)\};", f.read(), re.S).group(1)
    names = re.findall(r"FRT_REASON_(\w+)", re.sub(r"/\*.*?\*/", "", body, flags=re.S))
    return [name.lower().replace("_", "-") for name in names]


REASONS = reasons()


def question(kind, rid=None, **fields):
    body = b""
    for name, value in sorted(fields.items(), key=lambda item: FIELDS[item[0]][0]):
        number, form = FIELDS[name]
        value = (value if isinstance(value, bytes) else value.encode()) if form is TEXT else struct.pack(form, value)
        body += struct.pack("<HH", number, len(value)) + value
    return struct.pack("<4sBBHI16s", b"FRT1", 1, KINDS[kind], 0, 28 + len(body), rid or os.urandom(16)) + body


def answer_of(message):
    found = {"decision": -1, "rid": message[12:28]}
    at = 28
    while at < len(message):
        number, length = struct.unpack_from("<HH", message, at)
        value = message[at + 4:at + 4 + length]
        name, form = ANSWER[number]
        found[name] = value.decode() if form is TEXT else struct.unpack(form, value)[0]
        at += 4 + length
    found["verdict"], found["reason"] = VERDICTS[found["verdict"]], REASONS[found["reason"]]
    return found


class Talk:
    """One connection to frtd."""

    def __init__(self, path, seconds=60):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(seconds)
        end = time.monotonic() + seconds
        while True:  # a full backlog is EAGAIN (unix(7)), and waited for as our client does
            try:
                return self.socket.connect(path)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.005)

    def send(self, message):
        self.socket.send(message)

    def receive(self):
        """The next answer; None when frtd closed the connection."""
        try:
            message = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            return None
        return answer_of(message) if message else None

    def ask(self, kind, **fields):
        try:
            self.send(question(kind, **fields))
        except (ConnectionResetError, BrokenPipeError):
            return None
        return self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()


@contextlib.contextmanager
def as_user(uid):
    """What this process connects to meanwhile, it connects to as `uid` (SO_PEERCRED tells the effective one)."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
