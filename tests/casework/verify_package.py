#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Verifies an evidence package, independently of frtgate's own code: every file against MANIFEST.sha256 and none beside it, the
signature, the chain (tests/trail/verify_trail.py), and records.jsonl line by line against the chain.

usage: verify_package.py [--pk0 HEX] [--origin NAME] [--signer HEX] PACKAGE        exit: 0 proven, 1 not
"""
import argparse
import hashlib
import importlib.util
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def load_trail_verifier():
    path = os.path.join(HERE, "verify_trail.py")
    if not os.path.exists(path):
        path = os.path.join(os.path.dirname(HERE), "trail", "verify_trail.py")
    spec = importlib.util.spec_from_file_location("verify_trail", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(root, name):
    with open(os.path.join(root, name), "rb") as f:
        return f.read()


def manifest_faults(root):
    listed, faults = {}, []
    text = read(root, "MANIFEST.sha256")
    for line in text.decode("utf-8", "replace").split("\n")[:-1]:
        match = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if not match or match[2].startswith("/") or ".." in match[2].split("/"):
            return ["a line of the manifest is none: %r" % line[:80]]
        listed[match[2]] = match[1]
    if not text.endswith(b"\n"):
        faults.append("the manifest does not end as it must")
    present = {os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names}
    for name in sorted(present - set(listed) - {"MANIFEST.sha256", "MANIFEST.sha256.sig"}):
        faults.append("not in the manifest: " + name)
    for name, digest in listed.items():
        if name not in present or hashlib.sha256(read(root, name)).hexdigest() != digest:
            faults.append("not as the manifest says: " + name)
    return faults


def signature_faults(root, signer):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    if not os.path.exists(os.path.join(root, "MANIFEST.sha256.sig")):
        return ["not signed"] if signer or os.path.exists(os.path.join(root, "chain", "signer.pem")) else []
    try:
        key = serialization.load_pem_public_key(read(root, "chain/signer.pem"))
        key.verify(read(root, "MANIFEST.sha256.sig"), read(root, "MANIFEST.sha256"))
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
        return ["signed by another key"] if signer and raw != signer else []
    except (InvalidSignature, ValueError, OSError) as error:
        return ["signature: %s" % (error or "invalid")]


def record_faults(root):
    chain = set()
    for name in os.listdir(os.path.join(root, "chain", "log")):
        if name.endswith(".seg"):
            chain.update(read(root, os.path.join("chain", "log", name)).split(b"\n"))
    lines = read(root, "records.jsonl").split(b"\n")
    faults = ["records.jsonl does not end as it must"] if lines[-1] else []
    return faults + ["not in the chain: line %d" % (i + 1) for i, line in enumerate(lines[:-1]) if line not in chain]


def faults_of(root, pk0=None, origin=None, signer=None):
    try:
        faults = manifest_faults(root) + signature_faults(root, signer)
        code, words = load_trail_verifier().verify(os.path.join(root, "chain", "log"), pk0, origin)
        if code != 0:
            faults.append("chain: " + words)
        return faults + record_faults(root)
    except OSError as error:
        return [str(error)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Verify an evidence package of frtgate.")
    for option in ("--pk0", "--origin", "--signer"):
        parser.add_argument(option)
    parser.add_argument("package")
    a = parser.parse_args()
    found = faults_of(a.package, a.pk0, a.origin, a.signer)
    print("\n".join(found) or "proven: files, signature where there is one, chain, records")
    sys.exit(1 if found else 0)
