# SPDX-License-Identifier: BSD-2-Clause
"""An LDAP server that says what a test tells it to: enough BER for binds, base searches and content synchronisation
(RFC 4511, RFC 4533), on a Unix socket. Everything malformed is said with send().

    with Provider() as provider:
        sync = provider.next_sync()                  # somebody asked for content synchronisation
        sync.entry(uuid(1), "uid=p01,...", {...}); sync.done(); sync.info_cookie("csn=...")
"""
import os
import queue
import shutil
import socket
import tempfile
import threading
import urllib.parse

SUFFIX = "dc=frt,dc=example"
SYNC_REQUEST, SYNC_STATE = b"1.3.6.1.4.1.4203.1.9.1.1", b"1.3.6.1.4.1.4203.1.9.1.2"
SYNC_DONE, SYNC_INFO = b"1.3.6.1.4.1.4203.1.9.1.3", b"1.3.6.1.4.1.4203.1.9.1.4"
PRESENT, ADD, MODIFY, DELETE = range(4)
PATIENCE_S = 90


def tlv(tag, *contents):
    content = b"".join(contents)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def number(value, tag=2):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(text, tag=4):
    return tlv(tag, text if isinstance(text, bytes) else text.encode())


def boolean(value):
    return tlv(1, b"\xff" if value else b"\0")


def elements(content):
    """[(tag, content)] of a constructed value."""
    found = []
    while content:
        tag, size, header = content[0], content[1], 2
        if size & 0x80:
            header += size & 0x7F
            size = int.from_bytes(content[2:header], "big")
        found.append((tag, content[header:header + size]))
        content = content[header + size:]
    return found


def message(msgid, operation, *controls):
    return tlv(0x30, number(msgid), operation, *([tlv(0xA0, *controls)] if controls else []))


def control(oid, value):
    return tlv(0x30, octets(oid), octets(value))


def result(code, text="", tag=0x65):
    return tlv(tag, number(code, 0x0A), octets(""), octets(text))


def entry(dn, attributes):
    pairs = [tlv(0x30, octets(name), tlv(0x31, *map(octets, values))) for name, values in attributes.items()]
    return tlv(0x64, octets(dn), tlv(0x30, *pairs))


def sync_state(state, uuid, cookie=None):
    return control(SYNC_STATE, tlv(0x30, number(state, 0x0A), octets(uuid), *([octets(cookie)] if cookie else [])))


def uuid(n):
    return n.to_bytes(16, "big")


class Sync:
    """One synchronisation somebody asked for."""

    def __init__(self, connection, msgid):
        self.connection = connection
        self.msgid = msgid

    def send(self, data):
        try:
            self.connection.sendall(data)
        except OSError:
            pass  # the other side has had enough

    def say(self, operation, *controls):
        self.send(message(self.msgid, operation, *controls))

    def entry(self, entry_uuid, dn, attributes, state=ADD, cookie=None):
        self.say(entry(dn, attributes), sync_state(state, entry_uuid, cookie))

    def delete(self, entry_uuid, dn="cn=gone", cookie=None):
        self.entry(entry_uuid, dn, {}, DELETE, cookie)

    def info(self, value):
        self.say(tlv(0x79, octets(SYNC_INFO, 0x80), octets(value, 0x81)))

    def done(self, present=False, cookie=None):
        self.info(tlv(0xA2 if present else 0xA1, *([octets(cookie)] if cookie else []), boolean(True)))

    def cookie(self, cookie):
        self.info(octets(cookie, 0x80))

    def id_set(self, uuids, deletes):
        self.info(tlv(0xA3, boolean(deletes), tlv(0x31, *map(octets, uuids))))

    def result(self, code, text=""):
        self.say(result(code, text))

    def close(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Provider:
    def __init__(self, csn="20260101000000.000000Z#000000#000#000000"):
        self.csn = csn
        self.answer_csn = True
        self.directory = tempfile.mkdtemp(prefix="frt-fake-")
        self.path = os.path.join(self.directory, "ldapi")
        self.uri = "ldapi://" + urllib.parse.quote(self.path, safe="")
        self.syncs = queue.Queue()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def next_sync(self):
        return self.syncs.get(timeout=PATIENCE_S)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while self._one(connection, stream):
                pass
        except (OSError, ValueError, IndexError):
            pass
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        stream.close()
        connection.close()

    def _one(self, connection, stream):
        head = stream.read(2)
        if len(head) < 2:
            return False
        size = head[1]
        if size & 0x80:
            size = int.from_bytes(stream.read(size & 0x7F), "big")
        parts = elements(stream.read(size))
        msgid, (tag, operation) = int.from_bytes(parts[0][1], "big"), parts[1]
        if tag == 0x60:
            connection.sendall(message(msgid, result(0, tag=0x61)))
        elif tag == 0x63 and len(parts) > 2 and SYNC_REQUEST in parts[2][1]:
            self.syncs.put(Sync(connection, msgid))
        elif tag == 0x63 and self.answer_csn:
            del operation
            connection.sendall(message(msgid, entry(SUFFIX, {"contextCSN": [self.csn] if self.csn else []}))
                               + message(msgid, result(0)))
        return tag != 0x42
