# SPDX-License-Identifier: BSD-2-Clause
"""A frtd for PAM tests that answers from a function, with an independent reading of the wire format (protocol/message.h).

    with FakeFrtd(lambda ask: deny("N-USE", "c. 290")) as point:
        point.socket; point.asks     # the questions so far, as dictionaries
"""
import os
import re
import shutil
import socket
import struct
import tempfile
import threading

KINDS = {1: "decide", 2: "check", 3: "grant", 4: "session-open", 5: "session-close", 6: "needs-request", 7: "status",
         8: "why", 9: "gate"}
TEXTS = {1: "user", 2: "ruser", 5: "service", 6: "tty", 7: "rhost", 8: "tool", 9: "request", 10: "evidence"}
NUMBERS = {3: "user_uid", 11: "action", 12: "match", 13: "decision"}
VERDICTS = {"deny": 0, "allow": 0x52A5, "exempt": 0x1D6A, "not-governed": 0x6B39}


def reason_numbers():
    """{"CITY_OFFICIAL": 2, ...} from decision/policy.h."""
    source = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(source, "decision", "policy.h")) as f:
        names = re.findall(r"^ +FRT_REASON_([A-Z_]+)(?: = 0)?,", f.read(), re.M)
    return {name: number for number, name in enumerate(names)}


def read_ask(message):
    magic, version, kind, zero, length = struct.unpack_from("<4sBBHI", message)
    if (magic, version, zero, length) != (b"FRT1", 1, 0, len(message)):
        raise ValueError("header")
    ask, at = {"kind": KINDS[kind], "rid": message[12:28]}, 28
    while at < len(message):
        field, size = struct.unpack_from("<HH", message, at)
        value = message[at + 4:at + 4 + size]
        ask[TEXTS.get(field) or NUMBERS[field]] = value.decode("ascii") if field in TEXTS else int.from_bytes(value, "little")
        at += 4 + size
    return ask


def write_answer(rid, verdict="deny", reason=2, decision=None, needs_request=False, rule="", citation="", message="",
                 contact=""):
    fields = [(1, struct.pack("<H", VERDICTS[verdict])), (2, struct.pack("<H", reason))]
    if decision is not None:
        fields.append((4, struct.pack("<Q", decision)))
    if needs_request:
        fields.append((5, b"\1"))
    for field, text in ((6, rule), (7, citation), (8, message), (9, contact)):
        if text:
            fields.append((field, text.encode()))
    body = b"".join(struct.pack("<HH", field, len(value)) + value for field, value in fields)
    return b"FRT1\1\x80\0\0" + struct.pack("<I", 28 + len(body)) + rid + body


class FakeFrtd:
    def __init__(self, answer):
        self.answer, self.asks, self.decisions = answer, [], 1000
        self.dir = tempfile.mkdtemp(prefix="frt-fake-")
        os.chmod(self.dir, 0o755)
        self.socket = os.path.join(self.dir, "frtd.sock")
        self.listener = None

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.socket)
        os.chmod(self.socket, 0o666)
        self.listener.listen(128)
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()
        return self

    def serve(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve_one, args=(client,), daemon=True).start()

    def serve_one(self, client):
        with client:
            message = client.recv(2048)
            if not message:
                return
            ask = read_ask(message)
            self.asks.append(ask)
            answer = self.answer(ask)
            if answer is None:  # hangs
                client.recv(1)
                return
            if ask["kind"] == "decide":
                self.decisions += 1
                answer.setdefault("decision", self.decisions)
            try:
                client.send(write_answer(ask["rid"], **answer))
            except OSError:
                pass

    def stop(self):
        if self.listener:
            os.unlink(self.socket)
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        self.listener = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
