# SPDX-License-Identifier: BSD-2-Clause
"""frt-replica with a view behind it, driven from a test: tests/directory/feed_dump.c and its line protocol.

    with Feed(uris=[server.ldapi_uri], sasl_external=True) as feed:
        feed.wait_fresh()
        event = feed.wait("changed", lambda e: e.dn == "...")
        feed.ask("roles", "p01")          # words of the answer
        feed.view().state                 # "fresh", "stale", "incomplete", "never-loaded"

Keyword arguments are the keys of frt.conf's `directory` group; max_view_age and role_groups are the top's.
"""
import collections
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(HERE))
BINARY = os.environ.get("FRT_BINARY_DIR") or os.path.join(SOURCE, "build", "dev")
SUFFIX = "dc=frt,dc=example"
PATIENCE_S = int(os.environ.get("FRT_PATIENCE_S", "90"))  # bounds a hang on a busy machine; nothing waits that long otherwise

View = collections.namedtuple("View", "state age_ms csn count unreadable problem")
Event = collections.namedtuple("Event", "at kind words")
Changed = collections.namedtuple("Changed", "what object_class dn by csn when before after")


def changed(event):
    """The words of a "changed" event by name, the two texts of a role as dictionaries."""
    words = Changed(*event.words)
    return words._replace(before=attributes(words.before), after=attributes(words.after))


def attributes(text):
    return dict(word.split("=", 1) for word in text.split(" ") if "=" in word)


def conf_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[ %s ]" % ", ".join(conf_value(v) for v in value)
    return '"%s"' % value


class Feed:
    def __init__(self, max_view_age=60, role_groups=(), program=None, environment=None, cwd=None, account=None, **keys):
        self.directory = tempfile.mkdtemp(prefix="frt-feed-")
        os.chmod(self.directory, 0o755)
        self.conf = os.path.join(self.directory, "frt.conf")
        keys.setdefault("suffix", SUFFIX)
        keys.setdefault("network_timeout", 5)
        keys.setdefault("replica_program", os.path.join(BINARY, "bin", "frt-replica"))
        if account:
            keys["user"] = account
        self.keys = keys
        self.max_view_age = max_view_age
        self.role_groups = role_groups
        self.write_conf()
        self.environment = environment
        self.cwd = cwd
        self.program = program or os.path.join(BINARY, "tests", "feed_dump")
        self.events = []
        self.process = None

    def write_conf(self):
        lines = ['host = "h1";', 'policy = "/nonexistent";', f"max_view_age = {self.max_view_age};", "directory = {"]
        lines += [f"  {key} = {conf_value(value)};" for key, value in self.keys.items() if value is not None]
        lines.append("};")
        if self.role_groups:
            lines.append("role_groups = (%s);" % ", ".join(
                "{ %s }" % " ".join(f'{k} = "{v}";' for k, v in group.items()) for group in self.role_groups))
        with open(self.conf, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")

    def secret(self, text, mode=0o600, owner=None):
        path = os.path.join(self.directory, "secret")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)
        if owner is not None:
            os.chown(path, owner, owner)
        return path

    def start(self):
        environment = dict(os.environ, **(self.environment or {}))
        self.errors = open(os.path.join(self.directory, "stderr"), "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([self.program, self.conf], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True, env=environment, cwd=self.cwd)
        self.answers = queue.Queue()
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self):
        for line in self.process.stdout:
            words = line.rstrip("\n").split("\t")
            if words[0] == "=":
                self.answers.put(words[1:])
                continue
            event = Event(float(words[1]), words[2], [urllib.parse.unquote(w) for w in words[3:]])
            with self._news:
                self.events.append(event)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._reader.join(PATIENCE_S)
            self.process.stdout.close()
            self.errors.close()
            self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def stderr(self):
        self.errors.flush()
        with open(os.path.join(self.directory, "stderr"), encoding="utf-8", errors="replace") as errors:
            return errors.read()

    # Asking.

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        try:
            return self.answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError("feed_dump does not answer; its stderr:\n" + self.stderr()) from None

    def view(self):
        state, age_ms, csn, count, unreadable, problem = self.ask("view")
        return View(state, int(age_ms), csn, int(count), int(unreadable), urllib.parse.unquote(problem))

    def roles(self, uid):
        """The roles of a person, as "id affiliation end=... by=..."."""
        return [urllib.parse.unquote(role) for role in self.ask("roles", uid)[1:]]

    def says(self, *question):
        return self.ask(*question) == ["yes"]

    # Waiting.

    def mark(self):
        return len(self.events)

    def wait(self, kind, fits=lambda event: True, since=0, patience_s=PATIENCE_S):
        """The first event of the kind that fits, from number `since` on."""
        deadline = time.monotonic() + patience_s
        at = since
        with self._news:
            while True:
                while at < len(self.events):
                    event = self.events[at]
                    at += 1
                    if event.kind == kind and fits(event):
                        return event
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._reader.is_alive()):
                    raise AssertionError(f"no {kind} event; there were:\n" + "\n".join(
                        map(str, self.events[max(since - 5, 0):][-40:])) + "\nstderr:\n" + self.stderr())
                self._news.wait(min(left, 1))

    def wait_changed(self, what, dn_part, since=0):
        return changed(self.wait("changed", lambda e: e.words[0] == what and dn_part.lower() in e.words[2].lower(),
                                 since))

    def wait_view(self, state, patience_s=PATIENCE_S):
        deadline = time.monotonic() + patience_s
        while True:
            view = self.view()
            if view.state == state:
                return view
            if time.monotonic() > deadline:
                raise AssertionError(f"the view is {view}, not {state}; events:\n" + "\n".join(
                    map(str, self.events[-40:])) + "\nstderr:\n" + self.stderr())
            time.sleep(0.02)

    def wait_fresh(self):
        return self.wait_view("fresh")

    def settle(self):
        """Returns when everything written to the server so far has been confirmed."""
        mark = self.mark()
        self.wait("confirmed", since=mark)

    # Processes.

    def supervisor(self):
        return int(self.ask("pid")[0])

    @staticmethod
    def worker_of(supervisor):
        """The worker's process id; waits for one."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with open(f"/proc/{supervisor}/task/{supervisor}/children", encoding="ascii") as children:
                found = children.read().split()
            if found:
                return int(found[0])
            time.sleep(0.005)
        raise AssertionError("frt-replica has no worker")

    def worker(self):
        return self.worker_of(self.supervisor())

    def kill_worker(self, how=signal.SIGKILL):
        worker = self.worker()
        try:
            os.kill(worker, how)
        except ProcessLookupError:
            pass
        return worker


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return dict(re.findall(r"^(\w+):\s*(.*)$", status.read(), re.M))
