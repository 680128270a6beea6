#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A sysadmin is never stuck: after each way a trail can break, frtd and frt say what to type, and typing it works. What was typed
is told by both verifiers for ever."""
import os
import re
import shlex
import shutil
import subprocess
import time
import unittest

from frtd import SOURCE, Frtd, program

BROKEN = 65
REASON = "disk replaced, ticket 77"


class BrokenTrail(unittest.TestCase):
    def setUp(self):
        self.point = Frtd(host="h6")
        self.addCleanup(self.point.__exit__)

    def run_once(self):
        """frtd until it answers or ends: its exit status, or None."""
        self.point.start(wait=False)
        try:
            self.point.wait_ready()
            return None
        except RuntimeError:
            self.assertIsNotNone(self.point.process.poll(), self.point.log())
            return self.point.process.returncode

    def type_what_is_said(self, text):
        """The `frt ack` command of a message, word for word but for the reason and where this test's configuration is."""
        said = re.search(r"frt (ack (?:--set-aside )?--reason 'WHY')", text)
        self.assertIsNotNone(said, text)
        words = [REASON if word == "WHY" else word for word in shlex.split(said[1])]
        return subprocess.run([program("frt"), "--config", self.point.conf, *words], capture_output=True, text=True, timeout=120,
                              env=self.point.environment())

    def verdicts(self):
        """What our verifier and the independent one say."""
        other = subprocess.run(["/usr/bin/python3", "-B", os.path.join(SOURCE, "tests/trail/verify_trail.py"), self.point.trail_dir],
                               capture_output=True, text=True, timeout=120)
        return self.point.frt("verify", self.point.trail_dir).code, other.returncode

    def refused_then_mended(self, what):
        self.assertEqual(self.run_once(), BROKEN, self.point.log())
        status = self.point.frt("status")
        self.assertEqual(status.code, 5)
        self.assertIn("It did not start: ", status.err)
        self.assertIn("frt ack", self.point.log())
        done = self.type_what_is_said(status.err)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("systemctl start frtd", done.stdout)
        self.assertIsNone(self.run_once(), self.point.log())
        self.assertEqual(self.point.frt("status").code, 0)
        self.assertFalse(os.path.exists(self.point.socket + ".problem"))
        self.point.frt("check", "p01", "T03")
        shown = self.point.frt("verify")
        self.assertEqual(shown.code, 6, shown.out + shown.err)
        self.assertIn(REASON, shown.out)
        self.assertIn("BREAK before record", shown.out)
        record = self.point.records(k="ack")[-1]
        self.assertEqual((record["what"], record["reason"]), (what, REASON))
        self.assertEqual({os.stat(os.path.join(self.point.trail_dir, name)).st_uid for name in os.listdir(self.point.trail_dir)},
                         {os.stat(self.point.key_dir).st_uid})
        self.point.stop()
        self.assertEqual(self.verdicts(), (6, 6))

    def begin(self):
        self.assertIsNone(self.run_once(), self.point.log())
        self.point.stop()
        self.assertEqual(self.verdicts(), (0, 0))

    def test_the_keys_are_lost(self):
        self.begin()
        os.unlink(os.path.join(self.point.key_dir, "slots"))
        self.refused_then_mended("key-break")

    def test_the_keys_are_garbled(self):
        self.begin()
        with open(os.path.join(self.point.key_dir, "slots"), "r+b") as f:
            f.write(b"\xff" * 8192)
        self.refused_then_mended("key-break")

    def test_the_log_is_removed(self):
        self.begin()
        shutil.rmtree(self.point.trail_dir)
        self.refused_then_mended("log-removed")

    def test_a_record_is_altered(self):
        self.begin()
        path = os.path.join(self.point.trail_dir, "000000000000.seg")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace('"host":"h6"', '"host":"h7"', 1))
        self.refused_then_mended("set-aside")

    def test_the_clock_was_far_ahead(self):
        self.point.at = "2026-03-18 14:00:00"  # libfaketime fails in the real future
        self.begin()
        self.point.at = "2026-03-16 14:00:00"
        self.assertIsNone(self.run_once(), self.point.log())
        self.assertIn("frt ack", self.point.log())
        self.assertIn("clock-went-back", self.point.frt("check", "p20", "T25", "--request", "Q201").out)
        status = self.point.frt("status")
        self.assertEqual(status.code, 1)
        running = self.type_what_is_said(status.out)
        self.assertEqual(running.returncode, 1)
        self.assertIn("systemctl stop frtd", running.stderr)
        self.point.stop()
        self.assertEqual(self.type_what_is_said(status.out).returncode, 0)
        self.assertIsNone(self.run_once(), self.point.log())
        self.assertEqual(self.point.frt("status").code, 0)
        self.assertEqual(self.point.frt("check", "p20", "T25", "--request", "Q201").code, 0)
        self.point.stop()
        self.assertEqual(self.verdicts(), (6, 6))

    def test_nothing_is_broken_or_somebody_else_asks(self):
        self.begin()
        self.assertEqual(self.point.frt("ack", "--reason", REASON).code, 1)
        self.assertEqual(self.point.frt("ack", "--set-aside", "--reason", REASON).code, 1)
        self.assertEqual(self.point.frt("ack").code, 4)
        self.assertIn("only root", self.point.frt("ack", "--reason", REASON, user=20001).err)
        self.assertEqual(self.verdicts(), (0, 0))

    def test_the_log_directory_is_removed_while_frtd_runs(self):
        self.assertIsNone(self.run_once(), self.point.log())
        self.assertEqual(self.point.frt("check", "p20", "T25", "--request", "Q201").code, 0)
        away = self.point.trail_dir + ".away"
        os.rename(self.point.trail_dir, away)
        end = time.monotonic() + 60
        while self.point.json("status")["trail"]["writable"]:  # a record nobody waits for finds out too, in the end
            self.point.frt("run", "--request", "Q201", "T25", user=20020)
            self.point.process.send_signal(1)
            self.assertLess(time.monotonic(), end, self.point.log())
            time.sleep(0.2)
        status = self.point.frt("status")
        self.assertIn("put it back", status.out)
        self.assertEqual(status.code, 1)
        os.rename(away, self.point.trail_dir)
        while not self.point.json("status")["trail"]["writable"]:
            self.assertLess(time.monotonic(), end + 60, self.point.log())
            time.sleep(0.2)
        self.point.stop()
        self.assertEqual(self.verdicts(), (0, 0))


if __name__ == "__main__":
    unittest.main(verbosity=1)
