#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Both verifiers, one in C and one in Python that share no code, give the same verdict on thousands of manipulated trails."""
import os, random, re, shutil, signal, subprocess, sys, tempfile, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify_trail

BIN = os.path.join(os.environ["FRT_BINARY_DIR"], "tests")
ORIGIN = "frt.example/host1"
VECTOR_KEY = "adf09027b8fd3c266133d628c5044a3e2627a80031d94528041d653f3dd52b73"


def vector():
    with open(os.path.join(os.environ["FRT_SOURCE_DIR"], "tests/fuzz/corpus/trail_verify/vector"), "rb") as file:
        return file.read()


def live_key(files):
    """What the last seal names, in the order of the segments."""
    last = [line for name in sorted(files) for line in files[name].split(b"\n") if line.startswith(b"!seal ")][-1]
    return verify_trail.base(last.split(b" ")[4], 32).hex()


class Agreement(unittest.TestCase):
    def setUp(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = tempfile.mkdtemp(prefix="frt_agree_", dir=base)
        self.dir = os.path.join(self.top, "case")
        os.mkdir(self.dir)
        self.c = subprocess.Popen([os.path.join(BIN, "verify_one")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        self.seed = int(os.environ.get("FRT_SEED", time.time()))
        self.random = random.Random(self.seed)
        self.seen = {}

    def tearDown(self):
        self.c.stdin.close()
        self.c.wait()
        self.c.stdout.close()
        shutil.rmtree(self.top)

    def compare(self, files, key, live, what):
        for name in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, name))
        for name, data in files.items():
            with open(os.path.join(self.dir, name), "wb") as file:
                file.write(data)
        self.c.stdin.write("%s %s %s %s\n" % (self.dir, key, live or "-", ORIGIN))
        self.c.stdin.flush()
        answer = self.c.stdout.readline()
        verdict, words = verify_trail.verify(self.dir, key, ORIGIN, live)
        self.seen[verdict] = self.seen.get(verdict, 0) + 1
        if verdict == verify_trail.OK:
            self.assertFalse(any(b'"k":"ack"' in data for data in files.values()), what)
        if int(answer.split(" ")[0]) != verdict:
            keep = tempfile.mkdtemp(prefix="frt_disagree_")
            for name, data in files.items():
                with open(os.path.join(keep, name), "wb") as file:
                    file.write(data)
            self.fail("seed %d, %s, kept in %s: C says %s, Python says %d %s"
                      % (self.seed, what, keep, answer.strip(), verdict, words))
        return verdict

    def storm(self, answers):
        """A trail made by the real writer, killed after so many answers."""
        log, keys = os.path.join(self.top, "log"), os.path.join(self.top, "key")
        os.makedirs(log, exist_ok=True)
        os.makedirs(keys, exist_ok=True)
        process = subprocess.Popen([os.path.join(BIN, "commit_storm"), log, keys, "2"], stdout=subprocess.PIPE)
        self.assertEqual(len(process.stdout.read(8 * answers)), 8 * answers)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        return log

    def read(self, log):
        files = {}
        for name in os.listdir(log):
            if name.endswith(".seg"):
                with open(os.path.join(log, name), "rb") as file:
                    files[name] = file.read()
        with open(os.path.join(log, "pk0")) as file:
            return files, file.read().split(" ")[1].strip()

    def real_trail(self):
        """Three segments, the first with a void tail."""
        log = self.storm(2)
        name = sorted(n for n in os.listdir(log) if n.endswith(".seg"))[-1]
        with open(os.path.join(log, name), "ab") as file:
            file.write(b'{"v":1,"n":interrupted' + b"\0" * 20)
        self.storm(1)
        self.storm(2)
        files, key = self.read(log)
        # A commit under way when the process was killed is no part of what is compared here.
        last = sorted(files)[-1]
        files[last] = files[last][:list(re.finditer(rb"^!seal [^\n]{180,}\n", files[last], re.M))[-1].end()]
        return files, key

    def edit(self, files):
        rng, files = self.random, dict(files)
        name = rng.choice(sorted(files))
        data = bytearray(files[name])
        lines = files[name].splitlines(keepends=True)
        at = rng.randrange(len(data))
        kind = rng.choice(["bit", "bit", "bit", "bit", "byte", "nul", "cut", "zeros", "insert", "remove", "delete",
                           "double", "swap", "drop", "rename", "glue", "append", "resegment", "digit"])
        if kind == "bit":
            data[at] ^= 1 << rng.randrange(8)
        elif kind == "byte":
            data[at] = rng.choice(b'"%\\,:{}[]0123456789abcfnZ! \n\r\t\x7f\xff')
        elif kind == "digit":
            spots = [m.start() for m in re.finditer(rb"[0-9]", bytes(data))]
            data[rng.choice(spots or [at])] = rng.choice(b"0123456789-")
        elif kind == "nul":
            data[at] = 0
        elif kind == "cut":
            del data[at:]
        elif kind == "zeros":
            data[at:] = bytes(len(data) - at)
        elif kind == "insert":
            data[at:at] = rng.choice([b" ", b"\n", b"\0", b"%41", b'"', b'","a":1', b"x" * 5000])
        elif kind == "remove":
            del data[at:at + rng.randrange(1, 40)]
        elif kind in ("delete", "double", "swap"):
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            if kind == "delete":
                del lines[i]
            elif kind == "double":
                lines.insert(j, lines[i])
            else:
                lines[i], lines[j] = lines[j], lines[i]
            data = b"".join(lines)
        elif kind == "append":
            data += rng.choice([b"x", b"\n", b"\0" * 100, lines[0], lines[-1], lines[-1][:-1], lines[0][:-9], b"!seal ",
                                b"{" + b"y" * 4094, b"y" * 4096, lines[0][:-2] + b"\0\n" + lines[-1] + lines[-1]])
        files[name] = bytes(data)
        if kind == "drop":
            del files[name]
        elif kind == "rename":
            files[rng.choice(["000000000001.seg", "000000000000.1.seg", "0000000000009.seg", "x.seg",
                              "000000000099.seg", "1000000000099.seg"])] = files.pop(name)
        elif kind == "glue":
            files["000000%06d.seg" % rng.randrange(40)] = rng.choice(
                [b"", b"x", files[name], lines[0], lines[0][:-5], b"\0" * 10, b"".join(lines[:2])])
        elif kind == "resegment":
            i = rng.randrange(len(lines))
            files[name] = b"".join(lines[:i])
            files["000000%06d.seg" % rng.randrange(40)] = b"".join(lines[i:])
        return files, kind

    def run_cases(self, files, key, rounds, untouched=verify_trail.OK):
        live = live_key(files)
        self.assertEqual(self.compare(files, key, live, "untouched"), untouched)
        for i in range(rounds):
            edited, kind = self.edit(files)
            kinds = [kind]
            while self.random.random() < 0.3 and edited and all(edited.values()):
                edited, kind = self.edit(edited)
                kinds.append(kind)
            self.compare(edited, key, self.random.choice([None, live]), "case %d: %s" % (i, " ".join(kinds)))

    def test_on_the_test_vector(self):
        self.run_cases({"000000000000.seg": vector()}, VECTOR_KEY, 3000)

    def test_on_trails_of_the_real_writer(self):
        files, key = self.real_trail()
        self.assertGreaterEqual(len(files), 3)
        self.run_cases(files, key, 3000)
        print(self.seen, "seed", self.seed, file=sys.stderr)
        for verdict in (verify_trail.OK, verify_trail.ALTERED, verify_trail.CUT, verify_trail.UNSEALED):
            self.assertIn(verdict, self.seen)

    def test_on_a_trail_that_broke_and_went_on(self):
        files, key = self.real_trail()
        shutil.rmtree(os.path.join(self.top, "key"))
        os.mkdir(os.path.join(self.top, "key"))
        self.assertEqual(subprocess.run([os.path.join(BIN, "commit_storm"), os.path.join(self.top, "log"),
                                         os.path.join(self.top, "key"), "ack"]).returncode, 0)
        self.storm(1)
        files, key = self.read(os.path.join(self.top, "log"))
        last = sorted(files)[-1]
        files[last] = files[last][:list(re.finditer(rb"^!seal [^\n]{180,}\n", files[last], re.M))[-1].end()]
        self.assertEqual(sum(data.count(b'"k":"ack"') for data in files.values()), 1)
        self.run_cases(files, key, 800, verify_trail.ACKNOWLEDGED)

    def test_every_cut_of_the_last_segment(self):
        files, key = self.real_trail()
        last = sorted(files)[-1]
        for length in range(0, len(files[last]), 3):
            for live in (None, live_key(files)):
                self.compare(dict(files, **{last: files[last][:length]}), key, live, "cut at %d" % length)

    def test_the_command_line(self):
        with open(os.path.join(self.dir, "000000000000.seg"), "wb") as file:
            file.write(vector())
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify_trail.py")
        run = lambda *args: subprocess.run(["/usr/bin/python3", "-B", script, *args], capture_output=True).returncode
        self.assertEqual(run("--pk0", VECTOR_KEY, "--origin", ORIGIN, self.dir), 0)
        self.assertEqual(run("--pk0", VECTOR_KEY, "--origin", "frt.example/host2", self.dir), 1)
        self.assertEqual(run("--pk0", VECTOR_KEY, "--origin", ORIGIN, "--live", VECTOR_KEY, self.dir), 2)
        self.assertEqual(run(self.dir), 4)
        self.assertEqual(run("--pk0", "x", "--origin", ORIGIN, self.dir), 4)
        self.assertEqual(run("--no-such-option"), 4)


if __name__ == "__main__":
    unittest.main()
