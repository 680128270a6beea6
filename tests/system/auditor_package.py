#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Evidence packages and public releases: proven in an empty folder by a verifier that shares no code with us, any byte changed
is caught by both verifiers, and a release gives away nothing of what must be withheld."""
import csv
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from auditor_city import City, ask_frtd
from frtd import BINARY, SOURCE, Frtd, program

sys.path.insert(0, os.path.join(SOURCE, "tests", "casework"))
import verify_package  # noqa: E402


def frt_verify(path, *options):
    return subprocess.run([program("frt"), "verify", path, *options], capture_output=True, text=True,
                          env={"ASAN_OPTIONS": "detect_leaks=0"})


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.city = City(hosts=("h1", "h6"))
        cls.city.__enter__()
        cls.key = os.path.join(cls.city.folder, "sign.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", cls.key], check=True, capture_output=True)
        cls.package = os.path.join(cls.city.folder, "package")
        cls.made = cls.city.hosts["h6"].frt("export", "--out", cls.package, "--sign-key", cls.key, "--period", "2026Q1")
        with open(os.path.join(cls.city.hosts["h6"].trail_dir, "pk0")) as f:
            cls.pk0 = f.read().split()[1]

    @classmethod
    def tearDownClass(cls):
        cls.city.__exit__(None, None, None)

    def path(self, *parts):
        return os.path.join(self.package, *parts)

    def test_it_holds_what_an_auditor_asks_for(self):
        self.assertEqual(self.made.code, 0, self.made.err)
        for name in ("README.txt", "records.jsonl", "records.csv", "chain/log/pk0", "chain/proofs.txt", "chain/signer.pem",
                     "directory/60-requests.ldif", "directory/role-changes.csv", "policy/policy", "gaps.txt",
                     "verification.txt", "MANIFEST.sha256", "MANIFEST.sha256.sig", "queries/Q02-allowed-without-request.txt"):
            self.assertTrue(os.path.exists(self.path(name)), name)
        self.assertEqual(len(glob.glob(self.path("queries", "Q*.txt"))), 32)
        self.assertEqual(len(glob.glob(self.path("queries", "Q*.json"))), 32)
        with open(self.path("records.csv"), newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([row["decision"] for row in rows],
                         [str(r["n"]) for r in self.city.hosts["h6"].records(k="decision")])
        self.assertEqual(os.stat(self.package).st_mode & 0o777, 0o700)

    def test_its_manifest_and_signature_are_what_other_tools_read(self):
        subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=self.package, check=True)
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "chain/signer.pem", "-rawin", "-in",
                        "MANIFEST.sha256", "-sigfile", "MANIFEST.sha256.sig"], cwd=self.package, check=True, capture_output=True)

    def test_an_independent_verifier_proves_it_in_an_empty_folder(self):
        with tempfile.TemporaryDirectory() as empty:
            shutil.copytree(self.package, os.path.join(empty, "package"))
            for script in ("casework/verify_package.py", "trail/verify_trail.py"):
                shutil.copy(os.path.join(SOURCE, "tests", script), empty)
            done = subprocess.run(["/usr/bin/python3", "-B", "verify_package.py", "--pk0", self.pk0, "--origin", "frt/h6",
                                   "package"], cwd=empty, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = frt_verify(self.package, "--first-key", self.pk0)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("0 of them not in the chain", result.stdout)

    def changed(self, change):
        """Both verdicts about a copy of the package after change(folder)."""
        with tempfile.TemporaryDirectory() as scratch:
            copy = os.path.join(scratch, "package")
            shutil.copytree(self.package, copy)
            change(copy)
            return frt_verify(copy, "--first-key", self.pk0).returncode, verify_package.faults_of(copy, self.pk0)

    def test_files_added_taken_away_or_swapped_are_caught(self):
        def remove(name):
            return lambda copy: os.unlink(os.path.join(copy, name))

        def add(copy):
            with open(os.path.join(copy, "chain", "more.txt"), "w") as f:
                f.write("a file beside\n")

        def swap(copy):
            a, b = (os.path.join(copy, "queries", "Q0%d-%s.txt" % pair) for pair in
                    ((2, "allowed-without-request"), (3, "other-recipient")))
            os.rename(a, a + ".x"), os.rename(b, a), os.rename(a + ".x", b)

        for change in (remove("gaps.txt"), remove("records.jsonl"), remove("MANIFEST.sha256.sig"), remove("chain/log/pk0"),
                       remove("MANIFEST.sha256"), add, swap):
            code, faults = self.changed(change)
            self.assertTrue(faults, change)
            self.assertNotEqual(code, 0, change)

    def test_a_new_manifest_over_an_altered_record_is_caught_by_the_chain(self):
        def rewrite(copy):
            os.unlink(os.path.join(copy, "MANIFEST.sha256.sig"))
            os.unlink(os.path.join(copy, "chain", "signer.pem"))
            for pattern in ("records.jsonl", "chain/log/*.seg"):
                for path in glob.glob(os.path.join(copy, pattern)):
                    with open(path, "rb") as f:
                        text = f.read()
                    with open(path, "wb") as f:
                        f.write(text.replace(b'"dec":"deny"', b'"dec":"none"', 1))
            with open(os.path.join(copy, "MANIFEST.sha256")) as f:
                names = [line.split("  ", 1)[1].rstrip("\n") for line in f if "signer.pem" not in line]
            with open(os.path.join(copy, "MANIFEST.sha256"), "w") as f:
                for name in names:
                    with open(os.path.join(copy, name), "rb") as g:
                        f.write("%s  %s\n" % (hashlib.sha256(g.read()).hexdigest(), name))

        code, faults = self.changed(rewrite)
        self.assertEqual(code, 1)
        self.assertTrue(any(fault.startswith("chain") for fault in faults), faults)

    def test_questions_are_asked_of_a_package_as_of_the_trail(self):
        asked = subprocess.run([program("frt"), "ask", "Q30", "--csv", "--trail", self.package], capture_output=True, text=True,
                               env={"ASAN_OPTIONS": "detect_leaks=0"})
        direct = self.city.hosts["h6"].frt("ask", "Q30", "--csv", "--period", "2026Q1")
        self.assertEqual(asked.stdout, direct.out)
        self.assertIn("not recorded", asked.stderr)

    def test_a_folder_in_use_is_left_alone(self):
        folder = os.path.join(self.city.folder, "used")
        os.mkdir(folder)
        with open(os.path.join(folder, "mine"), "w") as f:
            f.write("mine")
        result = self.city.hosts["h6"].frt("export", "--out", folder)
        self.assertEqual(result.code, 4)
        self.assertIn("does not exist yet", result.err)
        self.assertEqual(os.listdir(folder), ["mine"])

    def test_a_key_that_signs_nothing_is_refused(self):
        result = self.city.hosts["h6"].frt("export", "--out", os.path.join(self.city.folder, "unsigned"), "--sign-key", "/dev/null")
        self.assertEqual(result.code, 4)
        self.assertIn("Ed25519 private key", result.err)

    def release(self, name, *options):
        folder = os.path.join(self.city.folder, name)
        result = self.city.hosts["h1"].frt("export", "--public", "--out", folder, *options)
        self.assertEqual(result.code, 0, result.err)
        with open(os.path.join(folder, "denials.csv"), newline="") as f:
            rows = list(csv.DictReader(f))
        return folder, rows

    def test_a_release_withholds_what_must_be(self):
        folder, rows = self.release("release")
        everything = "".join(open(p).read() for p in glob.glob(os.path.join(folder, "*")))
        for secret in (r"\bp0[0-9]\b", r"\bp18\b", "Q207", "digikam", "(?<![A-Za-z0-9+/])T0[0-9]", r"\bh1\b", "npd-ws", "pam-try", r"14:00:0", "EV30",
                       "(?<![0-9a-f])2000[0-9](?![0-9a-f])"):
            self.assertIsNone(re.search(secret, everything.replace("uid 0", "")), secret)
        self.assertEqual(len(rows), 7)  # seven denials; exempt decisions are withheld whole
        self.assertEqual({row["hour"] for row in rows}, {"2026-03-16T14"})
        self.assertEqual(sorted((row["department"], row["official_type"], row["rule"]) for row in rows),
                         [("auditor", "appointed", "N-USE"), ("mayor", "elected", "N-USE"), ("police", "employee", "N-DUAL"),
                          ("police", "employee", "N-OVER"), ("police", "employee", "N-PROXY"), ("police", "employee", "N-USE"),
                          ("police", "employee", "N-USE")])
        self.assertEqual({row["host"] for row in rows}, {"city host"})
        self.assertTrue(all(re.fullmatch("P-[0-9a-f]{10}", row["person"]) for row in rows))
        self.assertEqual(len({row["person"] for row in rows}), 6)  # p02 was denied twice
        self.assertTrue(all(row["citation"] for row in rows))
        self.assertEqual(frt_verify(folder).returncode, 0)

    def test_two_releases_cannot_be_joined(self):
        first, second = self.release("first")[1], self.release("second")[1]
        for column in ("person", "row"):
            self.assertFalse({r[column] for r in first} & {r[column] for r in second})

    def test_each_redaction_is_logged_with_its_exemption(self):
        folder, rows = self.release("logged")
        with open(os.path.join(folder, "redaction-log.csv"), newline="") as f:
            log = list(csv.DictReader(f))
        for row in rows:
            fields = {line["field"]: line for line in log if line["row"] == row["row"]}
            self.assertLessEqual({"time", "person", "host", "tool", "match", "uid"}, set(fields))
            self.assertTrue(fields["person"]["exemption"].startswith("(c)"))
            self.assertTrue(fields["host"]["exemption"].startswith("(n)"))
            self.assertNotEqual(fields["person"]["digest_before"], fields["person"]["digest_after"])
        known = {hashlib.sha256(("p%02d" % i).encode()).hexdigest() for i in range(40)}
        self.assertFalse(known & {line["digest_before"] for line in log})  # a plain hash of a name is the name
        befores = [line["digest_before"] for line in log]
        self.assertEqual(len(befores), len(set(befores)))
        digest = hashlib.sha256(open(os.path.join(folder, "redaction-log.csv"), "rb").read()).hexdigest()
        recorded = self.city.hosts["h1"].records(k="audit")[-1]["what"]
        self.assertIn(digest, recorded)

    def test_small_groups_can_be_withheld_too(self):
        rows = self.release("small", "--small-groups")[1]
        self.assertEqual({row["department"] for row in rows}, {"police", ""})

    def test_the_key_of_a_release_is_kept_where_asked(self):
        key = os.path.join(self.city.folder, "release.key")
        self.release("kept", "--release-key", key)
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        self.assertRegex(open(key).read(), "^[0-9a-f]{64}\n$")


class EveryByte(unittest.TestCase):
    """A package of few records: each of its bytes changed, each of its files cut at each length, taken away, one put beside each;
    signed and not signed. Both verifiers catch all of it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="package-")
        key, ldif = (os.path.join(cls.folder, name) for name in ("sign.pem", "one.ldif"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        with open(ldif, "w") as f:
            f.write("dn: uid=p01,ou=people,dc=frt,dc=example\nobjectClass: inetOrgPerson\nuid: p01\ncn: One\nsn: One\n")
        cls.signed, cls.unsigned = (os.path.join(cls.folder, name) for name in ("signed", "unsigned"))
        with Frtd(host="h1") as point:
            for user, tool in (("p01", "T03"), ("p04", "T34"), ("p06", "T23")):
                ask_frtd(point.socket, user=user, tool=tool)
            point.stop()
            with open(os.path.join(point.trail_dir, "pk0")) as f:
                cls.pk0 = f.read().split()[1]
            for out, options in ((cls.signed, ["--sign-key", key]), (cls.unsigned, [])):
                subprocess.run([program("frt"), "export", "--out", out, "--trail", point.trail_dir, "--directory", ldif] + options,
                               check=True, capture_output=True, env={"ASAN_OPTIONS": "detect_leaks=0"})

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def attacks(self, files, names):
        """What was done; the dictionary is changed meanwhile and then restored."""
        for name in names:
            data = files[name]
            for at in range(len(data)):
                files[name] = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:]
                yield "%s: byte %d" % (name, at)
            for length in range(len(data)):
                files[name] = data[:length]
                yield "%s: cut to %d" % (name, length)
            del files[name]
            yield name + ": taken away"
            files[name] = data
            files[name + ".x"] = b""
            yield name + ": put beside"
            del files[name + ".x"]

    def count_caught(self, package, names=None):
        files, count = verify_package.load(package), 0
        self.assertEqual(list(verify_package.faults(files, self.pk0)), [])
        for what in self.attacks(files, names or list(files)):
            self.assertIsNotNone(next(verify_package.faults(files, self.pk0), None), what)
            count += 1
        self.assertEqual(list(verify_package.faults(files, self.pk0)), [])
        return count

    def count_caught_by_frt(self, package, parts=2):
        """The same with what frt verify is made of, on disk, by tests/casework/package_bytes.c."""
        copies = [package + ".%d" % part for part in range(parts)]
        running = []
        for part, copy in enumerate(copies):
            shutil.copytree(package, copy)
            running.append(subprocess.Popen([os.path.join(BINARY, "tests", "package_bytes"), copy, self.pk0, str(part), str(parts)],
                                            stdout=subprocess.PIPE, text=True, env={"ASAN_OPTIONS": "detect_leaks=0"}))
        told = [process.communicate()[0].strip() for process in running]
        self.assertEqual([process.returncode for process in running], [0] * parts, told)
        return sum(int(count) for count in told)

    def test_of_a_signed_package(self):
        count = self.count_caught(self.signed)
        self.assertGreater(count, 2 * 80000)
        self.assertEqual(self.count_caught_by_frt(self.signed), count)
        print("a signed package of %d files: %d changes, each caught by both verifiers" % (len(verify_package.load(self.signed)), count))

    def test_of_an_unsigned_manifest(self):
        """What no signature covers is still bound to the files it names."""
        size = os.path.getsize(os.path.join(self.unsigned, "MANIFEST.sha256"))
        self.assertEqual(self.count_caught(self.unsigned, ["MANIFEST.sha256"]), 2 * size + 2)


if __name__ == "__main__":
    unittest.main(verbosity=1, warnings="ignore")
