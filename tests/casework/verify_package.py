#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Verifies an evidence package, independently of frtgate's own code: every file against MANIFEST.sha256 and none beside it, the
signature, the chain (tests/trail/verify_trail.py), and records.jsonl line by line against the chain.

usage: verify_package.py [--pk0 HEX] [--origin NAME] [--signer HEX] PACKAGE        exit: 0 proven, 1 not
"""
import argparse
import functools
import hashlib
import importlib.util
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


@functools.cache
def load_trail_verifier():
    path = os.path.join(HERE, "verify_trail.py")
    if not os.path.exists(path):
        path = os.path.join(os.path.dirname(HERE), "trail", "verify_trail.py")
    spec = importlib.util.spec_from_file_location("verify_trail", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MANIFEST, SIGNATURE, SIGNER, LOG = "MANIFEST.sha256", "MANIFEST.sha256.sig", "chain/signer.pem", "chain/log/"


def load(root):
    """The package as {path: bytes}; whatever is no plain file is there with None."""
    files = {}
    for folder, folders, names in os.walk(root):
        for name in names + [n for n in folders if os.path.islink(os.path.join(folder, n))]:
            path = os.path.join(folder, name)
            plain = os.path.isfile(path) and not os.path.islink(path)
            files[os.path.relpath(path, root)] = open(path, "rb").read() if plain else None
    return files


def manifest_faults(files):
    listed, text = {}, files[MANIFEST]
    for line in text.decode("utf-8", "replace").split("\n")[:-1]:
        match = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if not match or match[2].startswith("/") or ".." in match[2].split("/"):
            yield "a line of the manifest is none: %r" % line[:80]
            return
        listed[match[2]] = match[1]
    if not text.endswith(b"\n"):
        yield "the manifest does not end as it must"
    for name in sorted(set(files) - set(listed) - {MANIFEST, SIGNATURE}):
        yield "not in the manifest: " + name
    for name, digest in listed.items():
        if files.get(name) is None or hashlib.sha256(files[name]).hexdigest() != digest:
            yield "not as the manifest says: " + name


def signature_faults(files, signer):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    if SIGNATURE not in files:
        if signer or SIGNER in files:
            yield "not signed"
        return
    try:
        key = serialization.load_pem_public_key(files.get(SIGNER) or b"")
        key.verify(files[SIGNATURE] or b"", files[MANIFEST])
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
        if signer and raw != signer:
            yield "signed by another key"
    except (InvalidSignature, ValueError) as error:
        yield "signature: %s" % (error or "invalid")


def chain_faults(files, pk0, origin):
    trail = load_trail_verifier()
    segments = {name[len(LOG):]: data for name, data in files.items() if name.startswith(LOG) and name.endswith(".seg") and data}
    beside = re.fullmatch(rb"([!-~]{1,255}) ([0-9a-f]{64})\n", files.get(LOG + "pk0") or b"")
    if not segments or not (beside or (pk0 and origin)):
        yield "chain: no segment, or no first key"
        return
    try:
        code = trail.Trail(segments, origin or beside[1].decode(), bytes.fromhex(pk0 or beside[2].decode()), None).verify()
        if code != trail.OK:
            yield "chain: exit %d" % code
    except (trail.Bad, ValueError) as error:
        yield "chain: %s" % error


def record_faults(files):
    chain = {line for name, data in files.items() if name.startswith(LOG) and name.endswith(".seg") for line in data.split(b"\n")}
    lines = (files.get("records.jsonl") or b"").split(b"\n")
    if lines[-1]:
        yield "records.jsonl does not end as it must"
    for i, line in enumerate(lines[:-1]):
        if line not in chain:
            yield "not in the chain: line %d" % (i + 1)


def faults(files, pk0=None, origin=None, signer=None):
    """One after the other what is wrong with a package as load() gives it."""
    if files.get(MANIFEST) is None:
        yield "there is no manifest"
        return
    yield from manifest_faults(files)
    yield from signature_faults(files, signer)
    yield from chain_faults(files, pk0, origin)
    yield from record_faults(files)


def faults_of(root, pk0=None, origin=None, signer=None):
    return list(faults(load(root), pk0, origin, signer))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Verify an evidence package of frtgate.")
    for option in ("--pk0", "--origin", "--signer"):
        parser.add_argument(option)
    parser.add_argument("package")
    a = parser.parse_args()
    found = faults_of(a.package, a.pk0, a.origin, a.signer)
    print("\n".join(found) or "proven: files, signature where there is one, chain, records")
    sys.exit(1 if found else 0)
