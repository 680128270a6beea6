#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Another machine holds the log to its word: checkpoints fetched by the shipped timer's command, kept by appending, catch a trail
that root rewrote with the right keys, which nothing on the machine itself can show."""
import os
import re
import shutil
import subprocess
import time
import unittest

from frtd import BINARY, SOURCE, Frtd, program

SSH = """#!/bin/sh
# Stands for the way to the other machine: the remote command, run here, on this trail.
while [ "${1#-}" != "$1" ]; do shift 2; done
shift
exec sh -c "$(printf '%%s' "$*" | sed 's|/var/lib/frt/log|%s|')"
"""


class KeptCheckpoints(unittest.TestCase):
    def setUp(self):
        self.point = Frtd(host="h6")
        self.addCleanup(self.point.__exit__)
        self.kept = os.path.join(self.point.dir, "kept")
        os.mkdir(self.kept)
        self.file = os.path.join(self.kept, "h6")
        with open(os.path.join(self.kept, "ssh"), "w") as f:
            f.write(SSH % self.point.trail_dir)
        os.chmod(os.path.join(self.kept, "ssh"), 0o755)

        self.confdir = os.path.join(self.point.dir, "pam.d")
        os.mkdir(self.confdir)
        with open(os.path.join(self.confdir, "t03"), "w") as f:
            f.write("auth required pam_permit.so\naccount [success=ok new_authtok_reqd=ok ignore=die default=die] %s tool=T03 socket=%s "
                    "timeout_ms=20000\n" % (os.path.join(BINARY, "lib", "pam_frt.so"), self.point.socket))

    def fetch(self):
        """What frt-keep@h6.service does."""
        with open(os.path.join(SOURCE, "config", "keep", "frt-keep@.service")) as f:
            line = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", f.read(), re.M)[1]
        line = line.replace("$$", "$").replace("%%", "\0").replace("%i", "h6").replace("\0", "%")
        done = subprocess.run(["/bin/sh", "-c", line.replace("/var/lib/frt-keep", self.kept)], capture_output=True, text=True,
                              timeout=60, env={"PATH": self.kept + ":" + os.environ["PATH"]})
        return done.returncode

    def live(self, decisions):
        self.point.start()
        for _ in range(decisions):
            done = subprocess.run([program("pam-try"), "--confdir", self.confdir, "t03", "p01"], capture_output=True, text=True,
                                  timeout=120)
            self.assertEqual(done.returncode, 6, done.stdout)  # PAM_PERM_DENIED, and a record
        self.point.stop()

    def vkey(self):
        with open(os.path.join(self.point.trail_dir, "host.vkey")) as f:
            return f.read().strip()

    def verdicts(self, vkey):
        """Ours over all kept notes; the independent one over each, the worst of them."""
        ours = self.point.frt("verify", "--checkpoint", self.file, "--checkpoint-key", vkey, self.point.trail_dir).code
        worst = 0
        with open(self.file) as f:
            notes = re.findall("[^\n]+\n[0-9]+\n[^\n]+\n\n(?:\u2014 [^\n]+\n)+", f.read())
        for note in notes:
            path = os.path.join(self.kept, "one")
            with open(path, "w") as f:
                f.write(note)
            done = subprocess.run(["/usr/bin/python3", "-B", os.path.join(SOURCE, "tests/trail/verify_trail.py"), "--checkpoint", path,
                                   "--vkey", vkey, self.point.trail_dir], capture_output=True, text=True, timeout=120)
            worst = max(worst, done.returncode)
        return len(notes), ours, worst

    def test_a_trail_that_goes_on_keeps_every_checkpoint(self):
        self.live(2)
        vkey = self.vkey()
        self.assertEqual(self.fetch(), 0)
        self.live(3)
        self.assertEqual(self.fetch(), 0)
        self.assertEqual(self.fetch(), 0)
        self.assertEqual(self.vkey(), vkey)
        self.assertEqual(self.verdicts(vkey), (3, 0, 0))
        self.assertEqual(self.point.frt("verify", "--checkpoint", self.file, self.point.trail_dir).code, 4)

    def test_one_is_published_every_minute(self):
        self.point.at = None  # libfaketime stops timers
        self.point.start()
        path, end = os.path.join(self.point.trail_dir, "checkpoint"), time.monotonic() + 300
        with open(path) as f:
            first = f.read()
        while True:
            with open(path) as f:
                if f.read() != first:
                    break
            self.assertLess(time.monotonic(), end, self.point.log())
            time.sleep(0.5)

    def test_a_trail_rewritten_with_the_right_keys_is_caught(self):
        self.live(0)
        spare = os.path.join(self.point.dir, "spare")  # root took log and keys aside when the trail was young
        shutil.copytree(self.point.dir, spare, ignore=shutil.ignore_patterns("spare", "kept", "run", "pam.d"))
        self.live(4)
        vkey = self.vkey()
        self.assertEqual(self.fetch(), 0)
        self.assertEqual(self.verdicts(vkey), (1, 0, 0))
        for decisions, ours in ((0, 2), (9, 1)):  # shorter than what was kept, and longer
            for name in ("log", "key"):
                shutil.rmtree(os.path.join(self.point.dir, name))
                shutil.copytree(os.path.join(spare, name), os.path.join(self.point.dir, name))
                uid = os.stat(self.point.socket.rsplit("/", 1)[0]).st_uid
                for folder, _, files in os.walk(os.path.join(self.point.dir, name)):
                    for path in [folder] + [os.path.join(folder, file) for file in files]:
                        os.chown(path, uid, uid)
            self.live(decisions)
            self.assertEqual(self.point.frt("verify", self.point.trail_dir).code, 0)  # the honest limit
            self.assertEqual(self.verdicts(vkey), (1, ours, ours))
            shown = self.point.frt("verify", "--checkpoint", self.file, "--checkpoint-key", vkey, self.point.trail_dir).out
            self.assertRegex(shown, "ALTERED|CUT SHORT")

    def test_what_cannot_be_fetched_is_not_kept(self):
        self.live(1)
        os.unlink(os.path.join(self.point.trail_dir, "checkpoint"))
        self.assertNotEqual(self.fetch(), 0)
        self.assertFalse(os.path.exists(self.file))


if __name__ == "__main__":
    unittest.main(verbosity=1)
