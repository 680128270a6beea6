#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Verifies a frtgate trail, independently of frtgate's own code: written from the format description, sharing nothing.

usage: verify_trail.py [--pk0 HEX] [--origin NAME] [--live HEX] [--checkpoint FILE --vkey KEY] LOGDIR
exit:  0 ok, 1 altered, 2 cut short, 3 ends with an unsealed tail, 4 usage or I/O, 6 an administrator went on after a break
"""
import argparse, base64, datetime, hashlib, os, re, sys

OK, ALTERED, CUT, UNSEALED, FAILED, ACKNOWLEDGED = 0, 1, 2, 3, 4, 6
TAIL_MAX = 4 << 20
sha = lambda b: hashlib.sha256(b).digest()

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def signed(key, message, signature):
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False
except ImportError:  # RFC 8032 section 6, plain and slow
    P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
    D = -121665 * pow(121666, P - 2, P) % P

    def add(a, b):
        t, u = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
        v, w = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
        e, f, g, h = u - t, w - v, w + v, u + t
        return e * f % P, g * h % P, f * g % P, e * h % P

    def mul(s, a):
        r = (0, 1, 1, 0)
        while s:
            r, a, s = add(r, a) if s & 1 else r, add(a, a), s >> 1
        return r

    def point(b):
        y = int.from_bytes(b, "little")
        sign, y = y >> 255, y & (1 << 255) - 1
        x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
        x = pow(x2, (P + 3) // 8, P)
        if (x * x - x2) % P:
            x = x * pow(2, (P - 1) // 4, P) % P
        if y >= P or (x * x - x2) % P or (x == 0 and sign):
            return None
        x = P - x if x & 1 != sign else x
        return x, y, 1, x * y % P

    BASE = point(bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666"))

    def signed(key, message, signature):
        a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
        if not a or not r or s >= Q:
            return False
        h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
        x, y = mul(s, BASE), add(r, mul(h, a))
        return (x[0] * y[2] - y[0] * x[2]) % P == 0 and (x[1] * y[2] - y[1] * x[2]) % P == 0


class Bad(Exception):
    def __init__(self, what, torn=False):
        super().__init__(what)
        self.torn = torn


INT = rb"(?:0|-?[1-9][0-9]*)"
STR = rb'"(?:[ !#$&-\[\]-~]|%(?:[01][0-9A-F]|22|25|5C|7F|[89A-F][0-9A-F]))*"'
VOID = rb'\{"f":(' + STR + rb'),"off":((?:0|[1-9][0-9]*)),"len":((?:0|[1-9][0-9]*)),"sha256":"([0-9a-f]{64})"\}'
HEAD = re.compile(rb'\{"v":1,"n":(0|[1-9][0-9]*),"p":"([0-9a-f]{64})","t":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z",'
                  rb'(?:"m":(0|[1-9][0-9]*),"b":"([0-9a-f]{32})",)?"k":"([a-z]{1,15})"')
FIELD = re.compile(rb',"([a-z_][a-z0-9_]{0,31})":(?:(' + STR + rb")|(" + INT + rb")|(\[(?:" + VOID + rb"(?:," + VOID + rb")*)?\]))")
SEAL = re.compile(rb"!seal (0|[1-9][0-9]*) (0|[1-9][0-9]*) (\S{44}) (\S{44}) (\S{88})")
NAME = re.compile(r"(\d{12,16})(?:\.([1-9]\d{0,5}))?\.seg")


def number(text):
    value = int(text)
    if abs(value) > 1 << 53:
        raise Bad("a number beyond 2^53")
    return value


def record(line):
    head = HEAD.match(line)
    if len(line) + 1 > 4096 or not head:
        raise Bad("not a record")
    n, p, second, micro, m, b, kind = head.groups()
    try:
        at = datetime.datetime.strptime(second.decode(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Bad("not a time")
    t = (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(seconds=1)
    if t < 0 or (m and number(m) < 0):
        raise Bad("not a time")
    fields, at = {k: None for k in (b"v", b"n", b"p", b"t", b"m", b"b", b"k")}, head.end()
    while line[at:] != b"}":
        field = FIELD.match(line, at)
        if not field or field[1] in fields or len(fields) == 64:
            raise Bad("not a field")
        if field[4] is not None and (kind != b"seg" or field[1] != b"void"):
            raise Bad("a list")
        if field[1] == b"void" and field[4] is None and kind != b"seg":
            raise Bad("void")
        if field[3] is not None:
            number(field[3])
        value = field[2][1:-1] if field[2] is not None else field[3] if field[3] is not None else field[4]
        fields[field[1]] = (value, 2 if field[2] is not None else 3 if field[3] is not None else 4)
        if field[4] is not None:
            for f, off, length, _ in re.findall(VOID, value):
                if not 1 <= len(f) - 2 < 32:
                    raise Bad("a void name")
                number(off), number(length)
        at = field.end()
    return number(n), bytes.fromhex(p.decode()), t * 10**6 + int(micro), b is not None, kind, fields


def base(text, size):
    raw = base64.b64decode(text, validate=True)
    if len(raw) != size or base64.b64encode(raw) != text:
        raise Bad("not canonical base64")
    return raw


class State:
    def __init__(self, key):
        self.key, self.seals, self.size, self.leaf, self.tree, self.time = key, 0, 0, bytes(32), [], 0
        self.acks, self.behind_seg = [], False

    def copy(self):
        other = State(self.key)
        other.__dict__.update(self.__dict__, tree=list(self.tree), acks=list(self.acks))
        return other

    def push(self, leaf):
        self.leaf, node, size = leaf, leaf, self.size
        while size & 1:
            node, size = sha(b"\1" + self.tree.pop() + node), size >> 1
        self.tree.append(node)
        self.size += 1

    def root(self):
        if not self.tree:
            return sha(b"")
        node = self.tree[-1]
        for left in reversed(self.tree[:-1]):
            node = sha(b"\1" + left + node)
        return node


class Trail:
    def __init__(self, files, origin, key, checkpoint):
        self.origin, self.key, self.checkpoint = origin.encode(), key, checkpoint
        self.files, order = files, []
        for name in files:
            match = NAME.fullmatch(name)
            if not match or (len(match[1]) > 12 and match[1][0] == "0"):
                raise Bad("a file that is no segment: " + name)
            order.append((int(match[1]), int(match[2] or 0), name))
        self.names = [name for _, _, name in sorted(order)]
        self.first = [first for first, _, _ in sorted(order)]

    def claims(self, i):
        line, feed, _ = self.files[self.names[i]][:4096].partition(b"\n")
        try:
            _, _, _, _, kind, fields = record(line)
        except Bad:
            return []
        value, sort = fields.get(b"void", (b"", 0))
        if not feed or kind != b"seg" or sort != 4:
            return []
        return [(f[1:-1].decode(), int(off), int(n), h.decode()) for f, off, n, h in re.findall(VOID, value)]

    def resolve(self, last):
        """live[i]: (bytes that count, name and length of the live segment before); void: what must hash to what."""
        live, void, j = {}, [], last
        length = len(self.files[self.names[last]])
        while j is not None:
            claims, before = self.claims(j), None
            if len(claims) > 24:
                raise Bad("void list")
            for i in reversed(range(j)):
                size, end = len(self.files[self.names[i]]), len(self.files[self.names[i]])
                if claims and claims[-1][0] == self.names[i] and claims[-1][1] + claims[-1][2] == size:
                    _, off, n, want = claims.pop()
                    void.append((self.names[i], off, want))
                    if off == 0:
                        continue
                    end = off
                before = (i, end)
                break
            if claims:
                raise Bad("void list")
            live[j] = (length, self.names[before[0]] if before else "", before[1] if before else 0)
            j, length = before or (None, 0)
        return live, void

    def follow(self, i, data, state, sealed, previous, checked=True):
        """Follows the lines of one segment; returns the sealed state and the offset behind its last seal."""
        at, end, full = 0, None, False
        while at < len(data):
            feed = data.find(b"\n", at)
            line = data[at:feed] if feed >= 0 else data[at:]
            torn = b"\0" in line or (feed < 0 and len(line) < 4096)
            try:
                if feed < 0:
                    raise Bad("no line feed")
                if line[:1] == b"!":
                    self.seal(line, state, sealed)
                    sealed, end = state.copy(), feed + 1
                else:
                    full = self.record(i, line, state, sealed, previous, at == 0, full)
            except (Bad, ValueError) as bad:
                raise Torn(str(bad), torn, sealed, end, at)
            at = feed + 1
        return sealed, end

    def record(self, i, line, state, sealed, previous, first, full):
        n, p, t, boot, kind, fields = record(line)
        if n != state.size or p != state.leaf:
            raise Bad("number or chain")
        text = lambda key: fields.get(key, (None, 0))
        if first:
            full = kind == b"seg"
            if self.first[i] != n or (not full and i != 0):
                raise Bad("head of segment")
            if full and (text(b"seg") != (self.names[i].encode(), 2) or text(b"prev") != (previous[0].encode(), 2)
                         or text(b"off") != (b"%d" % previous[1], 3)):
                raise Bad("seg record")
        elif kind == b"seg":
            raise Bad("seg record inside")
        if (full and not boot) or (kind != b"ack" and t < sealed.time - 120 * 10**6):
            raise Bad("m, b or time")
        if kind == b"ack":
            self.acknowledged(n, t, state, fields)
        state.behind_seg = kind == b"seg"
        state.push(sha(b"\0" + line))
        state.time = max(state.time, t)
        if self.checkpoint and self.checkpoint[0] == state.size and self.checkpoint[1] != state.root():
            raise Bad("checkpoint")
        return full

    def acknowledged(self, n, t, state, fields):
        """Behind a seg record only: the key that signs next is the one he names, if he names one, and times begin anew."""
        if not state.behind_seg:
            raise Bad("an ack record out of place")
        if b"pub" in fields:
            value, sort = fields[b"pub"]
            if sort != 2 or not re.fullmatch(b"[0-9a-f]{64}", value):
                raise Bad("the key of an ack record")
            state.key = bytes.fromhex(value.decode())
        state.time = t
        state.acks.append(n)

    def seal(self, line, state, sealed):
        match = SEAL.fullmatch(line)
        if not match:
            raise Bad("not a seal")
        e, n = number(match[1]), number(match[2])
        root, following, signature = base(match[3], 32), base(match[4], 32), base(match[5], 64)
        message = b"frt-seal/v1\n%s\n%d\n%d\n%s\n%s\n" % (self.origin, e, n, match[3], match[4])
        if e != state.seals or n != state.size or n == sealed.size or root != state.root():
            raise Bad("seal does not fit")
        if not signed(state.key, message, signature):
            raise Bad("signature")
        state.key, state.seals, state.behind_seg = following, e + 1, False

    def verify(self, live_key=None):
        last = len(self.names) - 1
        while last > 0:
            data = self.files[self.names[last]]
            if len(data) > TAIL_MAX or b"\n!" in data or data[:1] == b"!":
                break
            last -= 1
        while True:
            verdict = self.attempt(last, live_key)
            if verdict is not None:
                return verdict
            last -= 1

    def attempt(self, last, live_key):
        live, void = self.resolve(last)
        for name, off, want in void:
            if hashlib.sha256(self.files[name][off:]).hexdigest() != want:
                raise Bad("void bytes of " + name)
        sealed, at, name, tail = State(self.key), 0, "", 0
        for i in sorted(live):
            length, *previous = live[i]
            data = self.files[self.names[i]][:length]
            try:
                sealed, end = self.follow(i, data, sealed.copy(), sealed, previous)
            except Torn as bad:
                rest = b"\n" + data[bad.end or 0:]
                if i != last or not bad.torn or len(rest) > TAIL_MAX or rest.count(b"\n!") > 1:
                    raise Bad("%s at %d: %s" % (self.names[i], bad.at, bad))
                if bad.end is None and last > 0:
                    return None
                sealed, end = bad.sealed, bad.end
            if i != last and end != length:
                raise Bad("unsealed bytes inside")
            tail = length - (end or 0)
            if end:
                name, at = self.names[i], end
        if tail > TAIL_MAX:
            raise Bad("tail too long")
        for i in range(last + 1, len(self.names)):
            try:
                self.follow(i, self.files[self.names[i]], sealed.copy(), sealed, (name, at))
            except Torn as bad:
                if not bad.torn:
                    raise Bad("%s at %d: %s" % (self.names[i], bad.at, bad))
        self.sealed = sealed
        if (live_key and live_key != sealed.key) or (self.checkpoint and self.checkpoint[0] > sealed.size):
            return CUT
        if sealed.acks:
            return ACKNOWLEDGED
        return UNSEALED if tail or last + 1 < len(self.names) else OK


class Torn(Bad):
    def __init__(self, what, torn, sealed, end, at):
        super().__init__(what, torn)
        self.sealed, self.end, self.at = sealed, end, at


def read_checkpoint(note, vkey, origin):
    """(size, root) of a signed C2SP checkpoint; ValueError when it is not one or not signed by vkey."""
    body, gap, signatures = note.partition(b"\n\n")
    lines = (body + b"\n").decode().split("\n")
    if not gap or len(lines) != 4 or lines[0] != origin or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
        raise ValueError("not a checkpoint of this origin")
    name, key_id, key = vkey.split("+", 2)
    raw = base64.b64decode(key, validate=True)
    identity = sha(name.encode() + b"\n" + raw)[:4]
    if len(raw) != 33 or raw[0] not in (1, 4) or identity.hex() != key_id:
        raise ValueError("not a key")
    for line in signatures.decode().split("\n"):
        if not line.startswith("\u2014 " + name + " "):
            continue
        bytes_ = base64.b64decode(line.split(" ", 2)[2])
        message, signature = body + b"\n", bytes_[4:]
        if raw[0] == 4:
            message = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + message
            signature = signature[8:]
        if bytes_[:4] == identity and len(signature) == 64 and signed(raw[1:], message, signature):
            return int(lines[1]), base(lines[2].encode(), 32)
    raise ValueError("not signed by this key")


def verify(logdir, pk0=None, origin=None, live=None, checkpoint=None, vkey=None):
    """Returns (exit code, words)."""
    try:
        if not pk0 or not origin:
            match = re.fullmatch(r"([!-~]{1,255}) ([0-9a-f]{64})\n", open(os.path.join(logdir, "pk0")).read())
            origin, pk0 = origin or match[1], pk0 or match[2]
        for key in filter(None, (pk0, live)):
            if not re.fullmatch("[0-9a-f]{64}", key):
                raise ValueError("a key is 64 lower-case hex digits")
        known = read_checkpoint(open(checkpoint, "rb").read(), vkey, origin) if checkpoint else None
        files = {}
        for name in os.listdir(logdir):
            if name.endswith(".seg"):
                with open(os.path.join(logdir, name), "rb") as file:
                    files[name] = file.read()
        if not files:
            raise ValueError("no segment")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        return FAILED, str(error)
    try:
        trail = Trail(files, origin, bytes.fromhex(pk0), known)
        verdict = trail.verify(bytes.fromhex(live) if live else None)
        words = "%d records, %d seals" % (trail.sealed.size, trail.sealed.seals)
        return verdict, words + "".join(", broken and gone on at record %d" % n for n in trail.sealed.acks)
    except Bad as bad:
        return ALTERED, str(bad)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Verify a frtgate trail.")
    parser.exit_on_error = False
    for option in ("--pk0", "--origin", "--live", "--checkpoint", "--vkey"):
        parser.add_argument(option)
    parser.add_argument("logdir")
    parser.error = lambda message: (print(message, file=sys.stderr), sys.exit(FAILED))
    a = parser.parse_args()
    code, words = verify(a.logdir, a.pk0, a.origin, a.live, a.checkpoint, a.vkey)
    print(["ok", "ALTERED", "CUT SHORT", "UNSEALED TAIL", "FAILED", "", "ACKNOWLEDGED BREAK"][code] + ": " + words)
    sys.exit(code)
