# SPDX-License-Identifier: BSD-2-Clause
"""Debian's own facedetect behind the real gate, the real frtd and frt run: an official is refused by every way of starting it, also
after it has been reinstalled; a performer with a written request finds the face on the package's own example picture; `import
cv2` and redaction go on for everybody.

The packages (facedetect, python3-opencv and what they need, about 110 MB) are downloaded once into the build directory and unpacked
into a scratch tmpfs, the only file system that is marked; nothing is installed. Without a network: skipped."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
import pam_world  # noqa: E402

if __name__ == "__main__":
    pam_world.enter()

from frtd import BINARY, Frtd, SOURCE, program, sample_city  # noqa: E402
from gate_harness import Gate, wait_for  # noqa: E402
from person import become, log_in  # noqa: E402

OFFICIAL, PERFORMER = 20001, 20020
CACHE = os.path.join(BINARY, "tests", "facedetect-packages")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0", "PYTHONDONTWRITEBYTECODE": "1"}


def download():
    """facedetect and all that it needs and this machine may lack; [] without a network."""
    if not glob.glob(CACHE + "/facedetect_*.deb"):
        shown = subprocess.run(["apt-get", "install", "-s", "--no-install-recommends", "facedetect"], capture_output=True, text=True,
                               env=dict(ENVIRONMENT, PATH="/usr/sbin:/usr/bin:/sbin:/bin")).stdout
        names = re.findall(r"^Inst (\S+)", shown, re.M)
        fresh = CACHE + ".new"
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(fresh)
        if not names or subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *names], cwd=fresh).returncode:
            return []
        os.rename(fresh, CACHE)
    return sorted(glob.glob(CACHE + "/*.deb"))


class Place:
    """A tmpfs of our own; what Gate wants to know of it."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="frt-facedetect-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=2g", "frt-test", self.root], check=True)
        for name in ("run", "root", "frtd", "home"):
            os.mkdir(self.path(name), 0o755)
        os.chmod(self.path("home"), 0o1777)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def remove(self):
        subprocess.run(["umount", "-l", self.root])
        os.rmdir(self.root)


class Facedetect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        packages = download()
        if not packages:
            raise unittest.SkipTest("the packages cannot be downloaded")
        cls.place = Place()
        cls.addClassCleanup(cls.place.remove)
        for package in packages:
            subprocess.run(["dpkg-deb", "-x", package, cls.place.path("root")], check=True)
        cls.package = glob.glob(CACHE + "/facedetect_*.deb")[0]
        cls.usr = cls.place.path("root", "usr")
        cls.script = cls.usr + "/share/facedetect/facedetect"
        cls.picture = cls.usr + "/share/doc/facedetect/examples/grace_hopper_512x512.jpg"
        cls.make_redaction()
        cls.world = pam_world.World({"p01": OFFICIAL, "p20": PERFORMER})
        cls.addClassCleanup(cls.world.close)
        cls.start()

    @classmethod
    def start(cls):
        """The sample city's own entries, with their paths on the scratch file system."""
        ldif = []
        for path in sample_city():
            with open(path) as f:
                text = f.read()
            ldif.append(os.path.join(cls.world.dir, os.path.basename(path)))
            with open(ldif[-1], "w") as f:
                f.write(re.sub(r"^frtPath: /usr/(local/bin/deface|share/facedetect/|lib/x86_64-linux-gnu/libopencv|lib/python3/dist)",
                               r"frtPath: %s/\1" % cls.usr, text, flags=re.M))
        cls.frtd = Frtd(host="h6", ldif=ldif)
        cls.frtd.start()
        cls.addClassCleanup(cls.frtd.__exit__, None, None, None)
        os.symlink(cls.frtd.socket, cls.place.path("frtd/s"))
        cls.world.service("frt", "auth required pam_permit.so\nauth required {0}\naccount required pam_permit.so\naccount "
                          "[success=ok new_authtok_reqd=ok ignore=die default=die] {0}\nsession required pam_permit.so\n".format(
                              "%s tool=env socket=%s timeout_ms=60000" % (cls.world.module, cls.frtd.socket)))
        cls.gate = Gate(cls.place, "--socket", cls.frtd.socket)
        cls.addClassCleanup(cls.gate.stop)
        cls.gate.wait_enforcing()
        wait_for("the script is marked", lambda: cls.script in cls.shown_by_gate(), 60)

    @classmethod
    def shown_by_gate(cls):
        return cls.frtd.frt("gate", "status", "T04", "T41", "T34").out

    @classmethod
    def make_redaction(cls):
        """What a redaction script such as deface does, with the same library: blur what the detector finds."""
        path = cls.usr + "/local/bin/deface"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("#!/usr/bin/python3\nimport sys, cv2\nimage = cv2.imread(sys.argv[1])\n"
                    "cascade = cv2.CascadeClassifier(sys.argv[3])\n"
                    "for x, y, w, h in cascade.detectMultiScale(image, 1.1, 3):\n"
                    "    image[y:y+h, x:x+w] = cv2.blur(image[y:y+h, x:x+w], (99, 99))\n"
                    "cv2.imwrite(sys.argv[2], image)\n")
        os.chmod(path, 0o755)

    @classmethod
    def libraries(cls):
        lib = cls.usr + "/lib/x86_64-linux-gnu"
        return dict(ENVIRONMENT, PYTHONPATH=cls.usr + "/lib/python3/dist-packages", HOME=cls.place.path("home"),
                    LD_LIBRARY_PATH=":".join([lib, cls.usr + "/lib", lib + "/blas", lib + "/lapack", cls.place.path("root/lib/x86_64-linux-gnu")]))

    def run_as(self, uid, *command):
        def be_him():
            log_in(uid)
            become(uid, pam_world.CITY_GROUP)
        try:
            done = subprocess.run(command, preexec_fn=be_him, env=self.libraries(), capture_output=True, text=True, cwd="/",
                                  stdin=subprocess.DEVNULL, timeout=300)
        except PermissionError as error:
            return 126, str(error)
        return done.returncode, done.stdout + done.stderr

    def facedetect(self, *arguments):
        return ["--data-dir", self.usr + "/share/opencv4/", *arguments, self.picture]

    def refused(self, uid, *command):
        before = len(self.frtd.records(k="decision"))
        code, shown = self.run_as(uid, *command)
        self.assertNotEqual(code, 0, shown)
        self.assertIn("Operation not permitted", shown)
        denials = [r for r in self.frtd.records(k="decision")[before:] if "deny" in r.values() and "T04-facedetect" in r.values()]
        self.assertTrue(denials, "nothing was recorded")

    def test_an_official_is_refused_by_every_way_of_starting_it(self):
        for command in ([self.usr + "/bin/facedetect"], [self.script], ["/usr/bin/python3", self.script],
                        ["/usr/bin/python3", self.usr + "/bin/facedetect"], ["/bin/cp", self.script, self.place.path("home/copy")]):
            with self.subTest(command):
                self.refused(OFFICIAL, *command)

    def test_after_a_reinstall_by_dpkg_an_official_is_refused_as_before(self):
        root = self.place.path("root")
        os.makedirs(root + "/var/lib/dpkg/info", exist_ok=True)
        os.makedirs(root + "/var/lib/dpkg/updates", exist_ok=True)
        open(root + "/var/lib/dpkg/status", "a").close()
        inode = os.stat(self.script).st_ino
        subprocess.run(["dpkg", "--root=" + root, "--force-all", "--no-triggers", "--log=/dev/null", "--unpack", self.package], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertNotEqual(os.stat(self.script).st_ino, inode)
        self.refused(OFFICIAL, self.usr + "/bin/facedetect")
        self.refused(OFFICIAL, "/usr/bin/python3", self.script)

    def test_a_performer_is_refused_without_frt_run(self):
        self.refused(PERFORMER, self.script, *self.facedetect())

    def test_a_performer_under_a_request_finds_the_face(self):
        before = len(self.frtd.records(k="decision"))
        code, shown = self.run_as(PERFORMER, program("frt"), "--config", self.frtd.conf, "run", "--pam-dir", "/etc/pam.d", "--request",
                                  "Q201", "T04-facedetect", "--", *self.facedetect())
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, r"(?m)^\d+ \d+ \d+ \d+$")
        allowed = [r for r in self.frtd.records(k="decision")[before:] if "allow" in r.values() and "Q201" in r.values()]
        self.assertTrue(allowed)
        self.refused(PERFORMER, self.script, *self.facedetect())  # the grant ended with the run

    def test_an_official_gets_nothing_from_frt_run(self):
        code, shown = self.run_as(OFFICIAL, program("frt"), "--config", self.frtd.conf, "run", "--pam-dir", "/etc/pam.d", "--request",
                                  "Q201", "T04-facedetect", "--", *self.facedetect())
        self.assertEqual(code, 1, shown)
        self.assertNotRegex(shown, r"(?m)^\d+ \d+ \d+ \d+$")

    def test_import_cv2_is_untouched_though_it_maps_the_face_library(self):
        before = len(self.frtd.records(k="decision"))
        code, shown = self.run_as(OFFICIAL, "/usr/bin/python3", "-c", "import cv2; print(cv2.__version__); "
                                  "print('libopencv_face.so' in open('/proc/self/maps').read())")
        self.assertEqual((code, shown.split()), (0, ["4.6.0", "True"]))
        self.assertRegex(self.shown_by_gate(), r"T41-opencv-face +record +[1-9]")
        wait_for("the component is on record", lambda: [r for r in self.frtd.records(k="decision")[before:]
                                                       if "T41-opencv-face" in r.values()], 30)
        self.assertFalse([r for r in self.frtd.records(k="decision")[before:] if "deny" in r.values()])

    def test_redaction_stays_usable_for_officials(self):
        to = self.place.path("home", "redacted.png")
        code, shown = self.run_as(OFFICIAL, self.usr + "/local/bin/deface", self.picture, to,
                                  self.usr + "/share/opencv4/haarcascades/haarcascade_frontalface_alt2.xml")
        self.assertEqual(code, 0, shown)
        self.assertGreater(os.path.getsize(to), 1000)

    def test_gate_status_names_the_script_and_exits_with_whether_all_is_marked(self):
        done = self.frtd.frt("gate", "status", "T04")
        self.assertEqual(done.code, 0, done.out)
        self.assertIn(self.script + "  since ", done.out)
        self.assertEqual(self.frtd.json("gate", "status")["enforcing"], True)


if __name__ == "__main__":
    unittest.main()
