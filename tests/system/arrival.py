# SPDX-License-Identifier: BSD-2-Clause
"""The real apt installs locally built packages into a scratch root, with config/apt/80frtgate as its hook. The machine's own apt,
dpkg and packages are never touched."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from frtd import Frtd, SOURCE, SUFFIX, program, sample_city  # noqa: E402
from person import log_in  # noqa: E402

OFFICIAL, OUTSIDE = 20001, 20020
ENTRY = """dn: frtToolId=%s,ou=tools,%s
objectClass: frtTool
frtToolId: %s
cn: %s
frtToolClass: %s
frtCapability: %s
frtPackage: deb:%s
frtAction: %s
frtCertainty: tested

"""
CATALOGUE = "".join(ENTRY % (i, SUFFIX, i, i, kind, can, package, action) for i, kind, can, package, action in (
    ("T90-face", "face-surveillance", "identify-1toN", "frt-test-face", "decide"),
    ("T91-blur", "redaction-only", "detect", "frt-test-blur", "record"),
    ("T92-plates", "not-frt", "detect", "frt-test-plates", "ignore")))


def build(base, name, version="1.0"):
    tree = os.path.join(base, "%s-%s" % (name, version))
    os.makedirs(tree + "/DEBIAN")
    os.makedirs(tree + "/usr/share/" + name)
    with open(tree + "/DEBIAN/control", "w") as f:
        f.write("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: N <n@example.org>\nDescription: x\n" % (name, version))
    with open(tree + "/usr/share/%s/version" % name, "w") as f:
        f.write(version)
    os.chmod(tree, 0o755)
    to = os.path.join(base, "%s_%s.deb" % (name, version))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, to], check=True, stdout=subprocess.DEVNULL)
    return to


class Arrival(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root")
        cls.base = tempfile.mkdtemp(prefix="frt-arrive-")
        os.chmod(cls.base, 0o755)
        extra = os.path.join(cls.base, "extra.ldif")
        with open(extra, "w") as f:
            f.write(CATALOGUE)
        cls.frtd = Frtd(host="h1", ldif=sample_city() + [extra])
        cls.frtd.start()
        cls.debs = {n: build(cls.base, "frt-test-" + n) for n in ("face", "blur", "plates", "editor")}
        cls.debs["face 1.1"] = build(cls.base, "frt-test-face", "1.1")

    @classmethod
    def tearDownClass(cls):
        cls.frtd.__exit__(None, None, None)
        shutil.rmtree(cls.base, ignore_errors=True)

    def setUp(self):
        if not self.frtd.process:
            self.frtd.start()
        self.root = tempfile.mkdtemp(prefix="root-", dir=self.base)
        os.chmod(self.root, 0o755)
        self.copy = self.root + "/catalogue.json"
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
                     "var/log/apt", "etc/apt/parts"):
            os.makedirs(self.root + "/" + name)
        open(self.root + "/var/lib/dpkg/status", "w").close()
        self.frt = self.root + "/frt"
        with open(self.frt, "w") as f:
            f.write("#!/bin/sh\nexport ASAN_OPTIONS=detect_leaks=0\ncommand=$1; shift\nexec %s --config %s $command --copy %s \"$@\"\n"
                    % (program("frt"), self.frtd.conf, self.copy))
        os.chmod(self.frt, 0o755)
        self.configure()

    def configure(self):
        with open(os.path.join(SOURCE, "config", "apt", "80frtgate")) as f:
            hook = f.read()
        self.assertIn("/usr/bin/frt", hook)
        with open(self.root + "/apt.conf", "w") as f:
            f.write('Dir "%s";\nDir::State::status "%s/var/lib/dpkg/status";\nDir::Etc::parts "etc/apt/parts";\n'
                    'Dir::Bin::dpkg "/usr/bin/dpkg";\nDPkg::Options { "--root=%s"; "--force-not-root"; "--log=/dev/null"; };\n'
                    'Debug::NoLocking "1";\nAPT::Sandbox::User "root";\nAcquire::Languages "none";\n' % (self.root, self.root, self.root))
            f.write(hook.replace("/usr/bin/frt", self.frt))

    def apt(self, *debs, login=OFFICIAL, environment=()):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "APT_CONFIG": self.root + "/apt.conf",
               "ASAN_OPTIONS": "detect_leaks=0", **dict(environment)}
        done = subprocess.run(["apt-get", "install", "-y", "--allow-downgrades", *[self.debs[d] for d in debs]], env=env,
                              capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                              preexec_fn=lambda: login is not None and log_in(login))
        return done.returncode, done.stdout + done.stderr

    def installed(self):
        with open(self.root + "/var/lib/dpkg/status") as f:
            return set(re.findall(r"^Package: frt-test-(\S+)\nStatus: install ok installed", f.read(), re.M))

    def obtained(self):
        return [r for r in self.frtd.records(k="decision") if "obtain" in r.values()]

    def test_an_ordinary_package_is_installed_without_a_question(self):
        before, obtained = len(self.frtd.records()), len(self.obtained())
        code, shown = self.apt("editor")
        self.assertEqual((code, self.installed()), (0, {"editor"}), shown)
        self.assertEqual(len(self.obtained()), obtained)
        self.assertNotIn("frt:", shown)
        self.assertLessEqual(len(self.frtd.records()) - before, 2)

    def test_an_official_may_not_obtain_a_face_surveillance_tool_and_learns_why(self):
        before = len(self.obtained())
        code, shown = self.apt("face")
        self.assertEqual((code != 0, self.installed()), (True, set()), shown)
        self.assertFalse(os.path.exists(self.root + "/usr/share/frt-test-face"))
        self.assertIn("deb:frt-test-face may not be obtained", shown)
        self.assertRegex(shown, r"Rule N-USE: .*obtain")
        records = self.obtained()[before:]
        self.assertEqual(len(records), 1)
        self.assertIn("p01", records[0].values())
        self.assertIn("T90-face", records[0].values())

    def test_one_refused_package_stops_the_others_before_anything_is_unpacked(self):
        code, _ = self.apt("editor", "face")
        self.assertEqual((code != 0, self.installed()), (True, set()))

    def test_redaction_software_passes_and_is_on_record(self):
        before = len(self.obtained())
        code, shown = self.apt("blur")
        self.assertEqual((code, self.installed()), (0, {"blur"}), shown)
        self.assertEqual(len(self.obtained()), before + 1)

    def test_what_the_catalogue_ignores_is_not_asked_about(self):
        before = len(self.obtained())
        code, shown = self.apt("plates")
        self.assertEqual((code, self.installed(), len(self.obtained())), (0, {"plates"}, before), shown)

    def test_an_upgrade_is_an_arrival_too(self):
        subprocess.run(["dpkg", "--root=" + self.root, "--log=/dev/null", "-i", self.debs["face"]], check=True,
                       stdout=subprocess.DEVNULL)
        code, shown = self.apt("face 1.1")
        self.assertNotEqual(code, 0)
        self.assertIn("apt-mark hold", shown)
        with open(self.root + "/usr/share/frt-test-face/version") as f:
            self.assertEqual(f.read(), "1.0")

    def test_removing_is_never_asked_about(self):
        subprocess.run(["dpkg", "--root=" + self.root, "--log=/dev/null", "-i", self.debs["face"]], check=True,
                       stdout=subprocess.DEVNULL)
        self.frtd.stop()
        done = subprocess.run(["apt-get", "remove", "-y", "frt-test-face"], capture_output=True, text=True, timeout=300, env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "APT_CONFIG": self.root + "/apt.conf", "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual((done.returncode, self.installed()), (0, set()), done.stdout + done.stderr)

    def test_nobody_logged_in_obtains_nothing(self):
        code, shown = self.apt("face", login=None)
        self.assertEqual((code != 0, self.installed()), (True, set()), shown)

    def test_sudo_names_the_official_where_the_kernel_knows_no_login(self):
        before = len(self.obtained())
        self.apt("face", login=None, environment={"SUDO_USER": "p01"}.items())
        self.assertEqual(self.obtained()[before:][0]["rule"], "N-USE")

    def test_without_frtd_what_the_last_catalogue_names_is_refused_and_the_rest_passes(self):
        self.apt("plates")
        self.frtd.stop()
        code, shown = self.apt("face")
        self.assertEqual((code != 0, self.installed()), (True, {"plates"}), shown)
        self.assertIn("frtd does not answer: refused", shown)
        code, shown = self.apt("editor")
        self.assertEqual((code, self.installed()), (0, {"plates", "editor"}), shown)

    def test_without_frtd_and_without_any_catalogue_everything_passes_a_known_limit(self):
        self.frtd.stop()
        self.assertEqual(self.apt("face")[0], 0)

    def test_a_catalogue_that_others_could_have_written_is_not_believed(self):
        self.apt("plates")
        os.chmod(self.copy, 0o666)
        self.frtd.stop()
        self.assertEqual(self.apt("face")[0], 0)

    def test_apt_works_when_frt_is_gone_and_its_hook_stayed(self):
        os.unlink(self.frt)
        code, shown = self.apt("editor")
        self.assertEqual((code, self.installed()), (0, {"editor"}), shown)

    def test_a_hook_that_apt_tells_in_another_version_refuses(self):
        done = subprocess.run([self.frt, "arrive", "--apt"], input="/var/cache/x.deb\n", capture_output=True, text=True)
        self.assertEqual(done.returncode, 4)

    def test_packages_of_other_systems_can_be_asked_about_by_name(self):
        done = subprocess.run([self.frt, "arrive", "pypi:deepface"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("T05-deepface", done.stderr)
        self.assertEqual(subprocess.run([self.frt, "arrive", "pypi:requests"]).returncode, 0)


if __name__ == "__main__":
    unittest.main()
