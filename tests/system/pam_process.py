# SPDX-License-Identifier: BSD-2-Clause
"""pam_frt.so as a guest in somebody's process: what it exports and links, which system calls it makes, what it reads of the
environment, what it leaves behind. P9, P12, P13, P14, P16, P17 of the threat list, and rules of the module's own source."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from pam_fake_frtd import FakeFrtd, reason_numbers  # noqa: E402

SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("FRT_BINARY_DIR") or os.path.join(SOURCE, "build", "release")
MODULE = os.path.join(BINARY, "lib", "pam_frt.so")
CALLER = os.path.join(BINARY, "tests", "pam_caller")
ENTRY_POINTS = {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_open_session", "pam_sm_close_session"}
# What the C runtime's start files bring into any shared object.
RUNTIME_DATA = {"completed.0", "__dso_handle", "__TMC_END__", "__bss_start", "_edata", "_end"}


def read(*parts):
    with open(os.path.join(*parts)) as f:
        return f.read()


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sources(*folders):
    files = [path for folder in folders for path in glob.glob(os.path.join(SOURCE, folder, "*.[ch]"))]
    assert files
    return {os.path.relpath(path, SOURCE): read(path) for path in files}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


class TheFile(unittest.TestCase):
    def test_only_entry_points_are_exported(self):
        self.assertEqual({line.split()[-1] for line in tool("nm", "-D", "--defined-only", MODULE).splitlines()}, ENTRY_POINTS)

    def test_only_libpam_and_libc_are_linked(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-dW", MODULE))
        self.assertEqual(set(needed), {"libpam.so.0", "libc.so.6"})

    def test_there_is_no_writable_data(self):
        symbols = [line.split() for line in tool("nm", "--format=posix", MODULE).splitlines()]
        writable = {symbol[0] for symbol in symbols if symbol[1] in "bBCsSgG"}
        self.assertEqual(writable - RUNTIME_DATA, set())
        # Constant tables of pointers lie in .data.rel.ro, which the loader makes read-only again; .data proper is the runtime's.
        size = re.search(r"\] \.data +PROGBITS +\w+ +\w+ +(\w+)", tool("readelf", "-SW", MODULE))
        self.assertLessEqual(int(size.group(1), 16) if size else 0, 8)
        self.assertIn("GNU_RELRO", tool("readelf", "-lW", MODULE))
        self.assertRegex(tool("readelf", "-dW", MODULE), "BIND_NOW|NOW")

    def test_the_stack_is_not_executable_and_no_path_is_searched(self):
        self.assertRegex(tool("readelf", "-lW", MODULE), r"GNU_STACK +\w+ +\w+ +\w+ +\w+ +\w+ +RW ")
        self.assertNotRegex(tool("readelf", "-dW", MODULE), "RPATH|RUNPATH|TEXTREL")

    def test_the_file_is_small(self):
        self.assertLess(os.path.getsize(MODULE), 512 * 1024)


class TheSource(unittest.TestCase):
    def test_pam_ignore_stands_in_one_place(self):
        text = "".join(without_comments(t) for t in sources("pam_module", "protocol").values())
        self.assertEqual(len(re.findall(r"\bPAM_IGNORE\b", text)), 1)

    def test_what_may_not_be_called_is_not(self):
        forbidden = re.compile(r"(?<![\w_])(select|FD_SET|getenv|secure_getenv|strcpy|strcat|sprintf|system|popen|fork|exec\w+|dlopen|"
                               r"signal|sigaction|setlocale|chdir|umask|getpw\w+|getgr(?:nam|gid|ent)\w*|initgroups|getaddrinfo|"
                               r"gethostby\w+|getnameinfo|fopen|openat?|exit|abort|assert|alloca|sleep|usleep|pam_get_user|"
                               r"pam_modutil_\w+|syslog|setenv|putenv|clearenv)\s*\(")
        for path, text in sources("pam_module", "protocol").items():
            with self.subTest(path):
                self.assertEqual(forbidden.findall(without_comments(text)), [])

    def test_no_variable_lives_longer_than_a_call(self):
        for path, text in sources("pam_module", "protocol").items():
            with self.subTest(path):
                code = without_comments(text)
                self.assertEqual([line for line in re.findall(r"(?m)^\s*static [^(]*?[;=]", code) if "const" not in line], [])
                self.assertNotRegex(code, r"\b(_Thread_local|__thread)\b")

    def test_each_folder_includes_only_what_it_may(self):
        allowed = {"pam_module": {"pam_module", "decision", "protocol", "support"}, "protocol": {"protocol", "decision", "support"}}
        for folder, edges in allowed.items():
            for path, text in sources(folder).items():
                with self.subTest(path):
                    self.assertLessEqual(set(re.findall(r'#include "(\w+)/', text)), edges)

    def test_shipped_lines_are_complete_and_known_to_the_module(self):
        words = set(re.findall(r'\{"(\w+=?)", take_', read(SOURCE, "pam_module", "arguments.c")))
        self.assertIn("tool=", words)
        lines = [line for path in glob.glob(os.path.join(SOURCE, "config", "pam", "*"))
                 for line in read(path).splitlines() if "pam_frt.so" in line and not line.startswith("#")]
        self.assertGreater(len(lines), 6)
        for line in lines:
            with self.subTest(line):
                kind, control, arguments = re.fullmatch(r"(\w+)\s+(\[.*?\]|\w+)\s+pam_frt\.so\s*(.*)", line).groups()
                for argument in re.findall(r"\[(.*?)\]|(\S+)", arguments):
                    name = re.match(r"\w+=?", argument[0] or argument[1]).group(0)
                    self.assertTrue(name in words or ("tool=" not in arguments and name.startswith("notice")), name)
                if kind == "account":
                    self.assertEqual(control, "[success=ok new_authtok_reqd=ok ignore=die default=die]")

    def test_shipped_files_decide_before_any_account_line_that_could_end_the_stack(self):
        examples = {path: read(path) for path in glob.glob(os.path.join(SOURCE, "config", "pam", "*"))}
        page = read(SOURCE, "man", "pam_frt.8")
        examples.update({"man, example %d" % n: text for n, text in enumerate(re.findall(r"(?ms)^\.Bd -literal.*?\n(.*?)^\.Ed", page))})
        checked = 0
        for name, text in examples.items():
            lines = [line.split() for line in text.splitlines() if line.startswith(("account", "@include common-account"))]
            ours = [n for n, words in enumerate(lines) if "pam_frt.so" in words]
            for n in ours:
                with self.subTest(name):
                    # These end no stack with anything but a refusal.
                    self.assertTrue(all(words[1] in ("required", "requisite") and words[2] in ("pam_permit.so", "pam_nologin.so")
                                        for words in lines[:n]), lines[:n])
                    checked += 1
        self.assertGreater(checked, 5)


class InAProcess(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="frt-pam-process-")
        os.chmod(self.dir, 0o755)
        self.point = FakeFrtd(lambda ask: dict(self.answer)).start()
        self.answer = {"verdict": "allow", "reason": reason_numbers()["REQUEST_ON_FILE"]}
        self.module = os.path.join(self.dir, "pam_frt.so")
        shutil.copy(MODULE, self.module)
        self.service("account required %s tool=T04 socket=%s" % (self.module, self.point.socket))

    def tearDown(self):
        self.point.__exit__(None, None, None)
        shutil.rmtree(self.dir)

    def service(self, text):
        with open(os.path.join(self.dir, "svc"), "w") as f:
            f.write(text + "\n")

    def call(self, *arguments, prefix=(), env=None, **options):
        return subprocess.run([*prefix, CALLER, self.dir, "svc", "p22", *arguments], capture_output=True, text=True, errors="replace",
                              timeout=120, env=env if env is not None else {"PATH": "/usr/bin:/bin"}, **options)

    def traced(self, *arguments):
        """System calls from the question on, as (name, line); the module's are those around its socket."""
        path = os.path.join(self.dir, "trace")
        done = self.call(*arguments, prefix=("strace", "-f", "-o", path))
        lines = [re.sub(r"^\d+ +", "", line) for line in read(path).splitlines()]
        return done, [(line.split("(")[0], line) for line in lines if re.match(r"\w+\(", line)]

    def test_allowing_makes_these_calls_and_no_other(self):
        done, calls = self.traced("account")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = [name for name, _ in calls]
        begin = names.index("getrandom", [i for i, (_, line) in enumerate(calls) if "pam_frt.so" in line][-1])
        begin = max(i for i, name in enumerate(names) if name == "getrandom" and i >= begin)
        connect = next(i for i, (_, line) in enumerate(calls) if self.point.socket in line)
        close = next(i for i in range(connect, len(names)) if names[i] == "close")
        ours = [names[i] for i in range(begin, close + 1)]
        self.assertEqual(ours, ["getrandom", "socket", "connect", "getsockopt", "newfstatat", "sendto", "poll", "recvmsg", "close"])
        self.assertIn("SOCK_CLOEXEC", calls[connect - 1][1])
        self.assertIn("MSG_NOSIGNAL", next(line for name, line in calls[connect:] if name == "sendto"))

    def test_refusing_opens_nothing_but_syslog(self):
        self.answer = {"rule": "N-USE", "message": "No.", "citation": "c. 290"}
        done, calls = self.traced("account")
        self.assertEqual(done.returncode, 6)
        connect = next(i for i, (_, line) in enumerate(calls) if self.point.socket in line)
        opened = [line for name, line in calls[connect:] if name in ("open", "openat", "execve", "fork", "clone", "vfork", "bind")]
        # syslog(3) stamps its lines in local time; the caller itself writes .gcda files in the coverage preset.
        self.assertEqual([line for line in opened if "/etc/localtime" not in line and ".gcda" not in line], [])
        reached = [line for name, line in calls[connect + 1:] if name == "connect"]
        self.assertEqual([line for line in reached if "/dev/log" not in line], [])

    def test_two_hundred_hostile_variables_change_nothing_in_a_setuid_program(self):
        hostile = {"PATH": "/usr/bin:/bin", "FRT_SOCKET": "/tmp/evil", "FRT_TOOL": "T99", "FRT_REQUEST": "Q999", "TZ": "/tmp/evil",
                   "LD_PRELOAD": "/tmp/evil.so", "LD_LIBRARY_PATH": "/tmp", "HOSTALIASES": "/tmp/evil", "LOCALDOMAIN": "evil",
                   "RES_OPTIONS": "debug", "TMPDIR": "/tmp/evil", "MALLOC_CHECK_": "3", "GCONV_PATH": "/tmp", "LANG": "../../tmp",
                   "NLSPATH": "/tmp/%n", "PAM_DEBUG": "1", "IFS": "/", "GLIBC_TUNABLES": "glibc.malloc.check=3"}
        for i in range(200 - len(hostile)):
            hostile["FRT_%%n_%d" % i] = "%s%n" * 50 + "\x1b[2J"
        setuid = os.path.join(self.dir, "setuid_caller")
        shutil.copy(CALLER, setuid)
        os.chmod(setuid, 0o4755)
        command = ["setpriv", "--reuid", "20022", "--regid", "20000", "--clear-groups", setuid, self.dir, "svc", "p22", "account"]
        shown, asked = [], []
        for env in ({"PATH": "/usr/bin:/bin"}, hostile):
            self.point.asks.clear()
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
            shown.append((done.returncode, re.sub("in [0-9.]+ ms", "", done.stdout)))
            asked.append([{k: v for k, v in ask.items() if k != "rid"} for ask in self.point.asks])
        self.assertEqual(shown[0], shown[1])
        self.assertEqual(asked[0], asked[1])
        self.assertEqual(asked[0][0]["tool"], "T04")
        self.assertNotIn("request", asked[0][0])

    def test_no_descriptor_reaches_a_child(self):
        done = self.call("account", "--", "/bin/ls", "/proc/self/fd")
        self.assertEqual(done.returncode, 0)
        # 3 is ls's own: the folder it reads.
        self.assertEqual([line for line in done.stdout.splitlines() if line.isdigit()], ["0", "1", "2", "3"])

    def test_names_and_program_names_of_any_kind_do_no_harm_to_syslog(self):
        self.answer = {"rule": "N-USE", "message": "%s%n%s%n", "citation": "%n"}
        long = "%n" * 30000
        for user in ("%n%s%n", "p22", "x" * 60000):
            done = subprocess.run([long, self.dir, "svc", user, "account"], executable=CALLER, capture_output=True, text=True,
                                  timeout=120)
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn("%s%n%s%n", done.stdout)

    def test_a_refusal_when_frtd_is_gone_takes_no_time(self):
        self.point.stop()
        fastest = min(float(re.search(r"in ([0-9.]+) ms", self.call("account").stdout).group(1)) for _ in range(10))
        print("frtd gone: refused in %.2f ms" % fastest)
        self.assertLess(fastest, 1000)

    def test_a_socket_put_there_by_a_stranger_is_not_believed(self):
        script = ("import socket,sys,time\ns=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET)\ns.bind(sys.argv[1])\n"
                  "s.listen(1)\nprint('ready',flush=True)\ntime.sleep(600)\n")
        folder = os.path.join(self.dir, "open")
        os.mkdir(folder)
        os.chmod(folder, 0o1777)
        path = os.path.join(folder, "frtd.sock")
        stranger = subprocess.Popen(["setpriv", "--reuid", "20001", "--regid", "20000", "--clear-groups", "/usr/bin/python3", "-c",
                                     script, path], stdout=subprocess.PIPE, text=True)
        try:
            stranger.stdout.readline()
            os.chmod(folder, 0o755)
            self.service("account required %s tool=T04 socket=%s timeout_ms=60000" % (self.module, path))
            begin = time.monotonic()
            done = self.call("account")
            self.assertEqual(done.returncode, 9, done.stdout)
            self.assertLess(time.monotonic() - begin, 50)
        finally:
            stranger.kill()
            stranger.communicate()


if __name__ == "__main__":
    unittest.main(verbosity=2)
