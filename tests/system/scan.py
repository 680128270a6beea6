# SPDX-License-Identifier: BSD-2-Clause
"""frt scan on scratch directories: by which marks things at rest are found, what a second scan reads again, what frtd records."""
import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from frtd import Frtd, SUFFIX, program, sample_city  # noqa: E402

FACE, SIZED = b"a face matcher", b"another face matcher, with its size"
OFFICIAL = 20001


def entry(tool, action="decide", **marks):
    lines = ["dn: frtToolId=%s,ou=tools,%s" % (tool, SUFFIX), "objectClass: frtTool", "frtToolId: " + tool, "cn: " + tool,
             "frtToolClass: face-surveillance", "frtCapability: embed", "frtAction: " + action, "frtCertainty: tested"]
    for name, values in marks.items():
        lines += ["frt%s: %s" % (name, value) for value in values]
    return "\n".join(lines) + "\n\n"


def sha(data):
    return hashlib.sha256(data).hexdigest()


CATALOGUE = (
    entry("T90-path", Path=["/opt/face/bin/face", "/opt/face/tree"], PathPattern=["/home/*/.face/*.h5"], ModelFile=["arcface*.onnx"]) +
    entry("T91-sized", Sha256=[sha(SIZED)], Size=[str(len(SIZED))]) +
    entry("T92-unsized", Sha256=[sha(FACE)], Path=["/opt/face/bin/matcher"]) +
    entry("T93-packages", Package=["deb:frt-test-face", "pypi:Face_Recog.Test", "npm:@face/test"]) +
    entry("T94-everywhere", action="record", ModelFile=["libcv.so"]))


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="frt-scan-")
        os.chmod(cls.base, 0o755)
        extra = os.path.join(cls.base, "extra.ldif")
        with open(extra, "w") as f:
            f.write(CATALOGUE)
        cls.frtd = Frtd(host="h1", ldif=sample_city() + [extra])
        cls.frtd.start()
        cls.kept = os.path.join(cls.base, "catalogue.json")
        with open(cls.kept, "w") as f:
            f.write(cls.frtd.frt("tools", "list", "--json").out)

    @classmethod
    def tearDownClass(cls):
        cls.frtd.__exit__(None, None, None)
        shutil.rmtree(cls.base, ignore_errors=True)

    def setUp(self):
        if not self.frtd.process:
            self.frtd.start()
        self.root = tempfile.mkdtemp(prefix="root-", dir=self.base)
        os.chmod(self.root, 0o755)
        self.files = tempfile.mkdtemp(prefix="state-", dir=self.base)
        os.makedirs(self.root + "/var/lib/dpkg/info")
        self.put("/var/lib/dpkg/status", b"")

    def put(self, path, data=b"x", mode=0o644, uid=0):
        whole = self.root + path
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as f:
            f.write(data)
        os.chmod(whole, mode)
        os.chown(whole, uid, uid)
        return whole

    def arguments(self, *more, record=False):
        return ["scan", "--root", self.root, "--catalogue", self.kept, "--state", self.files + "/state", "--findings",
                self.files + "/findings", *([] if record else ["--no-record"]), *more]

    def scan(self, *more, record=False, code=None, where=None):
        done = self.frtd.frt(*self.arguments("--json", *more, record=record), where or self.root)
        if code is not None:
            self.assertEqual(done.code, code, done.err)
        result = json.loads(done.out) if done.out else {"findings": []}
        result["err"] = done.err
        result["by"] = {(f["tool"], f["how"], f["path"][len(self.root):]) for f in result["findings"]}
        return result

    # ---- marks ----

    def test_paths_directories_patterns_and_model_names(self):
        for path in ("/opt/face/bin/face", "/opt/face/tree/deep/x", "/home/p01/.face/w.h5", "/srv/data/arcface_r50.onnx",
                     "/opt/face/bin/other", "/home/p01/.face/deeper/w.h5", "/usr/lib/libcv.so"):
            self.put(path)
        self.assertEqual(self.scan(code=1)["by"], {
            ("T90-path", "path", "/opt/face/bin/face"), ("T90-path", "path", "/opt/face/tree"),
            ("T90-path", "pattern", "/home/p01/.face/w.h5"), ("T90-path", "model", "/srv/data/arcface_r50.onnx")})

    def test_a_scan_that_begins_inside_a_catalogued_directory_says_so(self):
        self.put("/opt/face/tree/deep/x")
        self.assertEqual(self.scan(where=self.root + "/opt/face/tree/deep")["by"],
                         {("T90-path", "path", "/opt/face/tree/deep")})

    def test_nothing_catalogued_is_nothing_found(self):
        self.put("/usr/bin/editor", b"an editor", 0o755)
        self.assertEqual(self.scan(code=0)["by"], set())

    def test_renamed_copies_are_recognised_by_their_contents(self):
        self.put("/home/p01/holiday.jpg", SIZED)
        self.put("/home/p01/run", FACE, 0o755)
        self.put("/home/p01/libx.so.1", FACE)
        self.put("/home/p01/matcher", FACE)
        self.assertEqual(self.scan(code=1)["by"], {
            ("T91-sized", "digest", "/home/p01/holiday.jpg"), ("T92-unsized", "digest", "/home/p01/run"),
            ("T92-unsized", "digest", "/home/p01/libx.so.1"), ("T92-unsized", "digest", "/home/p01/matcher")})

    def test_without_a_size_data_files_of_other_names_are_not_read_a_known_limit(self):
        self.put("/home/p01/holiday.jpg", FACE)
        result = self.scan(code=0)
        self.assertEqual(result["counts"]["read"], 0)

    def test_only_files_of_a_catalogued_size_are_read(self):
        self.put("/a", b"y" * len(SIZED))
        self.put("/b", b"y" * (len(SIZED) + 1))
        self.assertEqual(self.scan()["counts"]["read"], 1)

    def test_python_and_node_packages_by_what_their_managers_left(self):
        self.put("/v/site-packages/face_recog_test-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: face-recog_test\n\nName: x\n")
        self.put("/v/other-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: other\n\nName: Face_Recog.Test\n")
        self.put("/w/node_modules/renamed/package.json", b'{"name": "@face/test", "version": "1"}')
        self.put("/w/node_modules/other/package.json", b'{"name": "other", "dependencies": {"@face/test": "1"}}')
        self.put("/w/node_modules/broken/package.json", b'{"name": ')
        self.assertEqual(self.scan()["by"], {
            ("T93-packages", "package", "/v/site-packages/face_recog_test-1.0.dist-info/METADATA"),
            ("T93-packages", "package", "/w/node_modules/renamed/package.json")})

    def test_a_debian_package_that_is_installed_and_not_one_that_was_removed(self):
        status = ("Package: frt-test-face\nStatus: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: N <n@example.org>\n"
                  "Description: x\n\n")
        self.put("/var/lib/dpkg/status", (status % "deinstall ok config-files").encode())
        self.assertEqual(self.scan()["by"], set())
        self.put("/var/lib/dpkg/status", (status % "install ok installed").encode())
        self.assertEqual(self.scan()["by"], {("T93-packages", "package", "/var/lib/dpkg")})
        self.put("/var/lib/dpkg/status", b"")
        self.assertEqual(len(self.scan(code=0)["gone"]), 1)

    # ---- again ----

    def test_what_has_not_changed_is_not_read_again_and_what_has_is(self):
        path = self.put("/home/p01/x", SIZED)
        self.put("/home/p01/y", b"y" * len(SIZED))
        first, second = self.scan(), self.scan()
        self.assertEqual((first["counts"]["read"], second["counts"]["read"], second["counts"]["remembered"]), (2, 0, 2))
        self.assertEqual(first["by"], second["by"])
        st = os.stat(path)
        with open(path, "r+b") as f:
            f.write(b"A")
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))  # the time of change is not anybody's to set
        third = self.scan()
        self.assertEqual((third["counts"]["read"], third["by"]), (1, set()))

    def test_first_seen_stays_and_what_went_is_told_once(self):
        path = self.put("/opt/face/bin/face")
        first = self.scan()["findings"][0]
        self.assertTrue(first["new"])
        time.sleep(1.1)
        second = self.scan()["findings"][0]
        self.assertEqual(second["first_seen"], first["first_seen"])
        self.assertNotEqual(second["last_seen"], first["last_seen"])
        self.assertNotIn("new", second)
        os.unlink(path)
        self.assertEqual([g["path"] for g in self.scan()["gone"]], [path])
        self.assertEqual(self.scan()["gone"], [])

    def test_state_that_others_could_have_written_or_that_is_damaged_is_not_believed(self):
        self.put("/home/p01/x", SIZED)
        self.scan()
        os.chmod(self.files + "/state", 0o666)
        self.assertEqual(self.scan()["counts"]["read"], 1)
        with open(self.files + "/state", "a") as f:
            f.write("nonsense\n")
        self.assertEqual(self.scan()["counts"]["read"], 1)
        self.assertEqual(self.scan()["counts"]["read"], 0)

    # ---- where ----

    def test_links_pipes_and_other_mounts_are_left_alone(self):
        outside = tempfile.mkdtemp(dir=self.base)
        with open(outside + "/arcface.onnx", "w") as f:
            f.write("x")
        os.makedirs(self.root + "/d/mnt")
        os.symlink(outside, self.root + "/d/link")
        os.mkfifo(self.root + "/d/pipe", 0o777)
        script = ("mount -t tmpfs none %s/d/mnt && touch %s/d/mnt/arcface.onnx && mount -t proc none %s/d/mnt/../proc 2>/dev/null; "
                  "exec \"$@\"" % (self.root, self.root, self.root))
        found = []
        for more in ([], ["--cross-mounts"]):
            done = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", program("frt"), "--config", self.frtd.conf]
                                  + self.arguments("--json", *more) + [self.root], capture_output=True, text=True, timeout=120)
            found.append((json.loads(done.stdout)["counts"]["mounts"], len(json.loads(done.stdout)["findings"])))
        self.assertEqual(found, [(1, 0), (0, 1)])

    def test_names_of_any_bytes_and_paths_of_any_depth(self):
        nasty = self.root.encode() + b"/\x1b]0;x\x07\xff\n/"
        os.makedirs(nasty)
        open(nasty + b"arcface.onnx", "w").close()
        os.chdir(self.root)
        for _ in range(60):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        open("arcface.onnx", "w").close()
        os.chdir("/")
        done = self.frtd.frt(*self.arguments(), self.root)
        self.assertEqual(done.code, 1)
        self.assertIn("2 found", done.out)
        self.assertNotIn("\x1b", done.out)
        self.assertIn("%1B]0;x%07%FF%0A/arcface.onnx", done.out)

    def test_a_directory_that_is_not_there_or_not_below_the_root_is_an_error(self):
        self.scan(where="/nowhere/at/all", code=4)
        self.scan(where="/usr", code=4)

    def test_it_leaves_contents_and_access_times_as_they_were(self):
        path = self.put("/home/p01/x", SIZED)
        os.utime(path, (1000, 1000))
        self.scan()
        self.assertEqual(os.stat(path).st_atime, 1000)

    def test_it_works_at_idle_priority(self):
        for i in range(3000):
            self.put("/many/%d" % i, SIZED)
        process = subprocess.Popen([program("frt"), "--config", self.frtd.conf] + self.arguments() + [self.root], stdout=subprocess.DEVNULL)
        seen = set()
        while process.poll() is None:
            try:
                seen.add((os.getpriority(os.PRIO_PROCESS, process.pid),
                          subprocess.run(["ionice", "-p", str(process.pid)], capture_output=True, text=True).stdout.strip()))
            except ProcessLookupError:
                break
        self.assertIn((19, "idle"), seen)

    def test_progress_is_shown_on_a_terminal_and_nowhere_else(self):
        for i in range(30):
            self.put("/d%d/x" % i)
        command = [program("frt"), "--config", self.frtd.conf] + self.arguments() + [self.root]
        master, slave = pty.openpty()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=slave, timeout=120)
        os.close(slave)
        self.assertIn(b"files, ", os.read(master, 4096))
        os.close(master)
        self.assertEqual(self.frtd.frt(*self.arguments(), self.root).err, "")

    # ---- the record ----

    def retained(self):
        return [r for r in self.frtd.records(k="decision") if r.get("act") == "retain" or r.get("action") == "retain"]

    def test_each_new_finding_is_recorded_once_with_whose_it_is(self):
        path = self.put("/home/p01/run", SIZED, 0o755, uid=OFFICIAL)
        before = len(self.retained())
        finding = self.scan(record=True, code=1)["findings"][0]
        records = self.retained()[before:]
        self.assertEqual(len(records), 1)
        text = json.dumps(records[0])
        for wanted in (path, sha(SIZED), "T91-sized", "retain-finding"):
            self.assertIn(wanted, text)
        self.assertEqual((finding["verdict"], finding["rule"]), ("deny", "N-USE"))
        self.assertIn("p01", text)
        self.scan(record=True, code=1)
        self.assertEqual(len(self.retained()), before + 1)

    def test_nobodys_tool_on_a_city_machine_is_a_finding_against_the_machine(self):
        self.put("/opt/face/bin/face")
        finding = self.scan(record=True)["findings"][0]
        self.assertEqual(finding["verdict"], "deny")

    def test_scans_and_what_went_are_on_record(self):
        path = self.put("/opt/face/bin/face")
        self.scan(record=True)
        os.unlink(path)
        self.scan(record=True)
        said = [r["what"] for r in self.frtd.records(k="audit")]
        self.assertTrue([s for s in said if s.startswith("scan: gone: T90-path " + path)], said)
        self.assertTrue([s for s in said if s.endswith("1 found, 1 new, 0 gone")], said)

    def test_without_frtd_it_looks_and_tells_later(self):
        self.put("/opt/face/bin/face")
        self.frtd.stop()
        result = self.scan(record=True, code=5)
        self.assertEqual(len(result["findings"]), 1)
        self.frtd.start()
        before = len(self.retained())
        self.scan(record=True, code=1)
        self.assertEqual(len(self.retained()), before + 1)

    def test_others_than_root_cannot_have_anything_recorded(self):
        done = self.frtd.frt(*self.arguments(record=True), self.root, user=OFFICIAL)
        self.assertEqual(done.code, 4)
        self.assertIn("only root", done.err)


if __name__ == "__main__":
    unittest.main()
