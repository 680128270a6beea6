# SPDX-License-Identifier: BSD-2-Clause
"""A city for the sample quarter, at the golden time: one slapd with the sample city; for each host an frtd that replicates it; kernel
gates on the hosts whose tools stand on a disk, each on a file system of its own; people with accounts, login uids and directory
passwords.

    with City() as city:
        city.case("G01", "h1", city.gate, "p01", "/usr/bin/digikam")
        city.hosts["h1"], city.numbers["G01"]   # frtd of a host; record numbers of the decisions the case caused

The story is told in quarter_story.py. Roads: run = frt run (libpam, then a grant, then the program behind the gate); gate = the program
started or opened as that person; pam = a PAM service that names the tool; present = an enforcement point's own question, where PAM has
no word for what was presented.
"""
import calendar
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gate"))
import pam_world  # noqa: E402
from auditor_city import ask_frtd  # noqa: E402
from frtd import BINARY, FAKETIME, GOLDEN, Frtd, program, sample_city  # noqa: E402
from gate_harness import Gate, wait_for  # noqa: E402
from person import become, log_in  # noqa: E402
from slapd import REPLICA_DN, SUFFIX, Slapd  # noqa: E402

ACCOUNT = 64210
AUDITORS = 64211
HOSTS = ("h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h12")
GATED = ("h1", "h2", "h3", "h4", "h6")
UIDS = dict({"p%02d" % i: 20000 + i for i in range(1, 32)}, **{"svc-camera": 20032, "guest-msp": 20101})
NO_LOGIN = 4294967295
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC", "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}

# What stands on which host's disk: tool, path there. The catalogue's own paths, below each host's root; T25 and T37 ("local entry
# needed") get theirs from the catalogue's office during the quarter.
REKOGNITION = "/usr/lib/python3/dist-packages/awscli/botocore/data/rekognition/2016-06-27/service-2.json"
S3 = "/usr/lib/python3/dist-packages/awscli/botocore/data/s3/2006-03-01/service-2.json"
DISKS = {
    "h1": ("/usr/bin/digikam", "/usr/local/bin/face_recognition", "/usr/local/bin/deface", "/opt/redact/suite", "/media/usb/holiday"),
    "h2": ("/usr/bin/digikam", REKOGNITION, S3),
    "h3": ("/usr/bin/digikam", "/usr/local/bin/face_recognition"),
    "h4": ("/usr/share/facedetect/facedetect", "/opt/photoprism/bin/photoprism", "/usr/bin/kdenlive", "/usr/bin/eviacam"),
    "h6": ("/opt/neoface/client",),
}


class Disk:
    """One host's file system, the only one its gate sees."""

    def __init__(self, folder, host):
        self.root = os.path.join(folder, "disk-" + host)
        os.mkdir(self.root)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=256m", "frt-test", self.root], check=True)
        for name in ("run", "frtd"):
            os.mkdir(self.path(name), 0o755)
        for name in DISKS[host]:
            self.install(name)

    def path(self, name):
        return os.path.join(self.root, name)

    def install(self, name):
        path = self.root + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if name.endswith(".json"):
            with open(path, "w") as f:
                f.write('{"of": "%s"}\n' % name)
            return
        shutil.copyfile(os.path.join(BINARY, "tests", "gate_tool"), path)
        with open(path, "ab") as f:  # no two programs are the same bytes, except the copy on the stick
            f.write(b"/usr/bin/digikam" if name.startswith("/media/usb/") else name.encode())
        os.chmod(path, 0o755)

    def remove(self):
        subprocess.run(["umount", "-l", self.root], check=False)


def local_catalogue(text, disks):
    """The sample's catalogue with the paths, and digiKam's digest, as they are on our hosts' disks."""
    def paths(match):
        return "\n".join("frtPath: %s%s" % (disk.root, match[1]) for disk in disks.values())
    text = re.sub(r"^frtPath: (/.*)$", paths, text, flags=re.M)
    path = disks["h1"].root + "/usr/bin/digikam"
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    return re.sub(r"^frtSha256: 475045.*\nfrtSize: 44480$", "frtSha256: %s\nfrtSize: %d" % (digest, os.path.getsize(path)), text,
                  flags=re.M)


def seconds_to(at):
    return calendar.timegm(time.strptime(at, "%Y-%m-%d %H:%M:%S")) - time.time()


class Host(Frtd):
    """All hosts go by one clock, as machines do whose clocks are synchronised."""

    def environment(self):
        return dict(super().environment(), FAKETIME="%+.3f" % self.offset_s)


class City:
    def __init__(self):
        self.numbers, self.outcomes, self.undo, self.gates, self.hosts, self.disks = {}, {}, [], {}, {}, {}
        self.folder = tempfile.mkdtemp(prefix="quarter-")
        os.chmod(self.folder, 0o755)
        self.undo.append(lambda: shutil.rmtree(self.folder, ignore_errors=True))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- the city ----

    def build(self):
        self.world = pam_world.World(UIDS)
        self.undo.append(self.world.close)
        with open(self.world.path("group"), "a") as f:
            f.write("frt-auditors:x:%d:p18\n" % AUDITORS)
        for host in GATED:
            self.disks[host] = Disk(self.folder, host)
            self.undo.append(self.disks[host].remove)
        self.start_slapd()
        self.start_hosts()
        for host in GATED:
            self.gates[host] = Gate(self.disks[host], "--socket", self.hosts[host].socket)
            self.undo.append(self.gates[host].stop)
        for host in GATED:
            self.gates[host].wait_enforcing()

        self.documents = self.path("documents")
        os.mkdir(self.documents)
        os.chmod(self.documents, 0o1777)

    def start_slapd(self):
        texts = []
        for path in sample_city():
            with open(path, encoding="utf-8") as f:
                texts.append(f.read())
            if path.endswith("50-tools.ldif"):
                texts[-1] = local_catalogue(texts[-1], self.disks)
        self.slapd = Slapd(directory=self.path("slapd"), sample_city=False, extra_ldif=texts, external={ACCOUNT: REPLICA_DN},
                           constraints=True)
        self.undo.append(self.slapd.close)
        self.slapd.start()

    def start_hosts(self):
        offset_s = seconds_to(GOLDEN)
        for host in HOSTS:
            os.mkdir(self.path(host), 0o755)
            self.hosts[host] = Host(host=host, directory=self.path(host), account="#%d" % ACCOUNT, max_view_age=300,
                                    ldap={"uris": [self.slapd.ldapi_uri], "sasl_external": True},
                                    extra='auditors_group = "frt-auditors";\n')
            self.undo.append(self.hosts[host].__exit__)
            self.hosts[host].offset_s = offset_s
            self.hosts[host].start(wait=False)
        for host, point in self.hosts.items():
            point.wait_ready()
            point.wait_view()
            self.make_service(host)

    def make_service(self, host):
        os.mkdir(self.path(host, "pam.d"), 0o755)
        line = "[success=ok new_authtok_reqd=ok ignore=die default=die] %s tool=env socket=%s timeout_ms=60000\n" % (
            self.world.module, self.hosts[host].socket)
        pam_world.write(self.path(host, "pam.d", "frt"), "auth %saccount %s" % (line, line))
        pam_world.write(self.path(host, "pam.d", "other"), "account required pam_deny.so\n")

    # ---- roads ----

    def start_as(self, login, user, command, groups=()):
        """As `user`, with the kernel's login uid of `login`: (exit status or "refused", what was shown)."""
        def be_him():
            log_in(UIDS[login])
            become(UIDS[user], pam_world.CITY_GROUP, groups)
        try:
            done = subprocess.run(command, preexec_fn=be_him, env=CLEAN, capture_output=True, text=True, cwd="/",
                                  stdin=subprocess.DEVNULL, timeout=300)
        except PermissionError:
            return "refused", ""
        return done.returncode, done.stdout + done.stderr

    def gate(self, host, login, path, user=None):
        return self.start_as(login, user or login, [self.disks[host].root + path])

    def read(self, host, login, path):
        return self.start_as(login, login, ["/bin/cat", self.disks[host].root + path])

    def run(self, host, login, tool, request, user=None):
        words = ["--request", request] if request else []
        return self.start_as(login, user or login, [program("frt"), "--config", self.hosts[host].conf, "run", "--pam-dir",
                                                    self.path(host, "pam.d"), *words, tool])

    def pam(self, host, login, tool, action="exec", request="", user=None, rhost=""):
        name = "%s-%s" % (tool.lower(), action)
        pam_world.write(self.path(host, "pam.d", name), "auth required pam_permit.so\naccount [success=ok new_authtok_reqd=ok "
                        "ignore=die default=die] %s tool=%s action=%s socket=%s timeout_ms=60000\n"
                        % (self.world.module, tool, action, self.hosts[host].socket))
        words = (["--request", request] if request else []) + (["--rhost", rhost] if rhost else [])
        done = subprocess.run([program("pam-try"), "--confdir", self.path(host, "pam.d"), "--login-uid",
                               str(UIDS.get(login, NO_LOGIN)), *words, name, user or login], env=CLEAN, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def on_terminal(self, host, login, tool, request, answers):
        """frt run as on the person's own terminal, which then asks what the search returned."""
        login_first = "echo %d > /proc/self/loginuid && exec setpriv --reuid %d --regid %d --clear-groups -- \"$@\"" % (
            UIDS[login], UIDS[login], pam_world.CITY_GROUP)
        return self.world.dialogue(["env", "ASAN_OPTIONS=detect_leaks=0", "sh", "-c", login_first, "sh", program("frt"), "--config",
                                    self.hosts[host].conf, "run", "--pam-dir", self.path(host, "pam.d"), "--request", request, tool],
                                   answers)

    def present(self, host, person, tool, action, **what):
        return ask_frtd(self.hosts[host].socket, person, tool, action, **what)

    def arrive(self, host, login, package):
        done = subprocess.run([program("frt"), "--config", self.hosts[host].conf, "arrive", "--copy", self.path("copy.json"), package],
                              preexec_fn=lambda: log_in(UIDS[login]), env=CLEAN, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def scan(self, host):
        """The host's whole disk, as its root would; the packages of the machine below it are not asked."""
        root = self.disks[host].root
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates"):
            os.makedirs(os.path.join(root, name), exist_ok=True)
        done = self.hosts[host].frt("scan", "--state", self.path("scan.state"), "--findings", self.path("findings"), root)
        return done.code, done.out + done.err

    # ---- filing, as the people themselves ----

    def file(self, host, person, *words):
        options = []
        if words[:2] != ("request", "record"):
            options = ["--password-file", self.secret(person), "--documents", self.documents]
        command = ["env", "LD_PRELOAD=" + FAKETIME, "FAKETIME=@" + GOLDEN, "FAKETIME_DONT_FAKE_MONOTONIC=1", "TZ=UTC",
                   "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0", program("frt"), *words[:2], "--config",
                   self.hosts[host].conf, *options, *words[2:]]
        done = self.world.run(*command, user=person)
        return done.returncode, done.all

    def secret(self, person):
        path = self.path("password-" + person)
        pam_world.write(path, "sample-%s\n" % person, 0o600)
        os.chown(path, UIDS[person], -1)
        return path

    def filed(self, host, person, *words):
        """The number of what was filed, once every frtd has it."""
        code, shown = self.file(host, person, *words)
        number = re.search(r"^[OQS]-2026\S+$", shown, re.M)
        if code or not number:
            raise AssertionError("%s could not file: %s" % (person, shown))
        self.told("frtRequestId=" + number[0] if number[0][0] == "Q" else "frtAuthorityId=" + number[0], "added")
        return number[0]

    def told(self, part, what):
        """Waits until the change stands in the trail of every frtd that runs."""
        for point in self.hosts.values():
            if point.process:
                wait_for("%s %s in the trail of %s" % (part, what, point.host),
                         lambda: [r for r in point.records(what=what) if r["k"] in ("role", "entry") and part in r["dn"]], 60)

    def change(self, who, dn, ldif):
        """A change of the directory, under one's own name."""
        code = self.slapd.modify("dn: %s,%s\nchangetype: %s" % (dn, SUFFIX, ldif.replace("@", SUFFIX)), who=who)
        if code:
            raise AssertionError("%s may not change %s: %s" % (who, dn, self.slapd.last_error))

    def case(self, name, host, road, *arguments, records=1, **options):
        """Goes one road; exactly so many decisions are recorded, and their numbers kept."""
        point = self.hosts[host]
        before = len(point.records(k="decision"))
        outcome = road(host, *arguments, **options)
        if records:
            wait_for("%s: %d decisions on record, after %s" % (name, records, outcome),
                     lambda: len(point.records(k="decision")) >= before + records, 30)
        found = point.records(k="decision")[before:]
        if os.environ.get("FRT_QUARTER_SHOW"):
            print(name, host, outcome, [tuple(r.get(k) for k in ("n", "login", "user", "action", "tool", "dec", "rule", "why", "use",
                                                                 "sha", "path")) for r in found], flush=True)
        if len(found) != records:
            raise AssertionError("%s: %d decisions are on record, not %d: %s %s" % (name, len(found), records, outcome, found))
        self.numbers.setdefault(name, []).extend(r["n"] for r in found)
        self.outcomes[name] = outcome
        return outcome

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        while self.undo:
            self.undo.pop()()
