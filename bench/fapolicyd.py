# SPDX-License-Identifier: BSD-2-Clause
"""fapolicyd as Debian packages it, unpacked into a scratch directory and told to watch one file system type (ramfs) of which this
mount name space has one. Its configuration lies on overlays over /etc and /var/lib that only this name space sees."""
import glob
import hashlib
import os
import shutil
import subprocess
import time

TYPE = "ramfs"
RULES = ("10-languages", "20-dracut", "21-updaters", "30-patterns", "40-bad-elf", "41-shared-obj", "42-trusted-elf", "70-trusted-lang",
         "72-shell", "90-deny-execute", "95-allow-open")  # "known-libs", as its documentation recommends
CONF = """permissive = 0
nice_val = 14
q_size = 640
uid = root
gid = root
do_stat_report = 1
detailed_report = 0
db_max_size = 50
subj_cache_size = 1549
obj_cache_size = 8191
watch_fs = %s
trust = file
integrity = none
syslog_format = rule,dec,perm,auid,pid,exe,:,path,ftype,trust
rpm_sha256_only = 0
allow_filesystem_mark = 0
""" % TYPE


class Unavailable(Exception):
    pass


class Fapolicyd:
    def __init__(self, cache, scratch):
        """`cache` keeps the package; `scratch` is a directory of this run's on a tmpfs."""
        self.scratch, self.root, self.process = scratch, os.path.join(scratch, "fapolicyd"), None
        self.unpack(cache)
        with open("/proc/mounts") as f:
            if any(line.split()[2] == TYPE for line in f):
                raise Unavailable("this machine has a %s of its own, which it would gate too" % TYPE)
        self.where = os.path.join(scratch, "watched")
        os.mkdir(self.where)
        subprocess.run(["mount", "-t", TYPE, "-o", "mode=0755", TYPE, self.where], check=True)
        os.chmod(self.where, 0o755)

    def unpack(self, cache):
        os.makedirs(cache, exist_ok=True)
        if not glob.glob(cache + "/fapolicyd_1.1.7*.deb"):
            done = subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "fapolicyd=1.1.7*"], cwd=cache,
                                  capture_output=True, text=True)
            if done.returncode:
                raise Unavailable("the package cannot be downloaded: " + done.stderr.strip())
        subprocess.run(["dpkg-deb", "-x", glob.glob(cache + "/fapolicyd_1.1.7*.deb")[0], self.root], check=True)
        missing = subprocess.run(["ldd", self.root + "/usr/sbin/fapolicyd"], capture_output=True, text=True).stdout
        if "not found" in missing:
            raise Unavailable("libraries are missing: " + " ".join(line.split()[0] for line in missing.splitlines() if "not found" in line))

    def over(self, path):
        upper, work = (os.path.join(self.scratch, n + path.replace("/", "_")) for n in ("upper", "work"))
        os.mkdir(upper)
        os.mkdir(work)
        subprocess.run(["mount", "-t", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % (path, upper, work), "overlay", path],
                       check=True)

    def configure(self, trusted):
        for path in ("/etc", "/var/lib", "/usr/share"):
            self.over(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
        for path in ("/etc/fapolicyd/rules.d", "/etc/fapolicyd/trust.d", "/var/lib/fapolicyd", "/run/fapolicyd", "/usr/share/fapolicyd"):
            os.makedirs(path, exist_ok=True)
        with open("/etc/fapolicyd/fapolicyd.conf", "w") as f:
            f.write(CONF)
        shutil.copy(self.root + "/usr/share/fapolicyd/fapolicyd-magic.mgc", "/usr/share/fapolicyd/")
        rules = ""
        for name in RULES:
            with open(self.root + "/usr/share/fapolicyd/sample-rules/%s.rules" % name) as f:
                rules += "".join(line for line in f if not line.startswith("#") and line.strip())
        for name in ("compiled.rules", "fapolicyd.rules"):
            if name == "compiled.rules":
                with open("/etc/fapolicyd/" + name, "w") as f:
                    f.write(rules)
        with open("/etc/fapolicyd/fapolicyd.trust", "w") as f:
            for path in trusted:
                with open(path, "rb") as file:
                    data = file.read()
                f.write("%s %d %s\n" % (path, len(data), hashlib.sha256(data).hexdigest()))
        with open("/etc/group", "a") as f:
            f.write("fapolicyd:x:64990:\n")

    def start(self, trusted):
        self.configure(trusted)
        self.log = open(os.path.join(self.scratch, "fapolicyd.log"), "w+")
        self.process = subprocess.Popen([self.root + "/usr/sbin/fapolicyd", "--debug-deny"], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            for name in glob.glob("/proc/%d/fdinfo/*" % self.process.pid):
                try:
                    with open(name) as f:
                        if "fanotify mnt_id" in f.read() or "fanotify ino" in open(name).read():
                            return
                except OSError:
                    pass
            time.sleep(0.05)
        self.log.seek(0)
        said = self.log.read().strip().splitlines()[-3:]
        self.stop()
        raise Unavailable("it does not come up: " + "; ".join(said))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
