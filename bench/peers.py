# SPDX-License-Identifier: BSD-2-Clause
"""nslcd and SSSD as peers, in a mount namespace of this process's own: their packages are unpacked there, not installed (that
would start daemons and change /etc/pam.d), and they read a configuration only this namespace has. Both ask the real slapd of
tests/system/slapd.py: nslcd whether the person has a city role (pam_authz_search), SSSD a filter on the person's entry.

    peers.enter()                       # runs the program again in its own namespace; needs root
    with peers.Peers(FOLDER) as found:  # found.stacks = ["nslcd", "sssd"], found.lines = {"nslcd": PAM line}
"""
import glob
import os
import shutil
import subprocess
import sys
import time

from slapd import FRTD_DN, SUFFIX, Slapd

PACKAGES = ["nslcd", "libpam-ldapd", "sssd-ldap", "libpam-sss"]
SECURITY = "/usr/lib/x86_64-linux-gnu/security"
PRIVATE = "FRT_BENCH_NAMESPACE"
NSLCD = """threads 5
uri {uri}
base {suffix}
binddn {who}
bindpw sample-frtd
pam_authz_search (&(objectClass=frtRole)(frtPerson=$username)(frtAffiliation=city))
"""
SSSD = """[sssd]
config_file_version = 2
services = nss, pam
domains = city
[nss]
[pam]
[domain/city]
id_provider = ldap
auth_provider = none
access_provider = ldap
chpass_provider = none
sudo_provider = none
autofs_provider = none
ldap_schema = rfc2307
ldap_uri = {uri}
ldap_search_base = {suffix}
ldap_default_bind_dn = {who}
ldap_default_authtok = sample-frtd
ldap_access_order = filter
ldap_access_filter = (!(uid=p20))
cache_credentials = true
enumerate = false
"""


def enter():
    if os.environ.get(PRIVATE) != "1" and os.geteuid() == 0:
        os.environ[PRIVATE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-B"] + sys.argv)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Peers:
    def __init__(self, folder):
        self.folder, self.stacks, self.lines, self.running, self.why = folder, [], {}, [], ""

    def unpack(self):
        """What is not installed here, as one tree with usr, etc and var."""
        archives, tree = os.path.join(self.folder, "archives"), os.path.join(self.folder, "tree")
        os.makedirs(os.path.join(archives, "partial"))
        run("apt-get", "-y", "--download-only", "-o", "Dir::Cache::archives=" + archives, "install", "--no-install-recommends",
            *PACKAGES)
        for name in ("usr/lib", "usr/sbin", "etc", "var"):
            os.makedirs(os.path.join(tree, name))
        for package in glob.glob(os.path.join(archives, "*.deb")):
            run("dpkg-deb", "-x", package, tree)
        for name in ("lib", "sbin", "bin"):  # before /usr was merged
            if os.path.isdir(os.path.join(tree, name)):
                shutil.copytree(os.path.join(tree, name), os.path.join(tree, "usr", name), symlinks=True, dirs_exist_ok=True)
        return tree

    def mount(self, tree):
        """Over /usr, /etc and /var lies what was unpacked; what is written there lands in the scratch folder."""
        scratch = os.path.join(self.folder, "over")
        os.mkdir(scratch)
        run("mount", "-t", "tmpfs", "tmpfs", scratch)
        for name in ("usr", "etc", "var"):
            upper, work = (os.path.join(scratch, name + end) for end in ("", ".work"))
            os.mkdir(upper), os.mkdir(work)
            run("mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s/%s:/%s,upperdir=%s,workdir=%s"
                % (tree, name, name, upper, work), "/" + name)
        run("mount", "-t", "tmpfs", "tmpfs", "/run")

    def write(self, path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text.format(uri=self.server.ldap_uri, suffix=SUFFIX, who=FRTD_DN))
        os.chmod(path, 0o600)

    def start(self, name, socket, line, *command):
        log = open(os.path.join(self.folder, name + ".log"), "w")
        self.running.append(subprocess.Popen(command, stdout=log, stderr=log))
        for _ in range(300):
            if os.path.exists(socket):
                self.stacks.append(name)
                self.lines[name] = line
                return
            time.sleep(0.1)
        self.why += "%s did not start: %s" % (name, open(log.name).read()[-500:])

    def __enter__(self):
        if os.environ.get(PRIVATE) != "1":
            self.why = "only root can have nslcd and SSSD beside"
            return self
        self.server = Slapd(directory=os.path.join(self.folder, "slapd"))
        self.mount(self.unpack())
        self.server.__enter__()
        os.makedirs("/run/nslcd")
        self.write("/etc/nslcd.conf", NSLCD)
        self.start("nslcd", "/run/nslcd/socket", "account required %s/pam_ldap.so" % SECURITY, "/usr/sbin/nslcd", "-n")
        for folder in ("db", "pipes/private", "mc", "gpo_cache", "pubconf/krb5.include.d", "secrets", "deskprofile", "keytabs"):
            os.makedirs(os.path.join("/var/lib/sss", folder), exist_ok=True)
        os.makedirs("/var/log/sssd", exist_ok=True)
        self.write("/etc/sssd/sssd.conf", SSSD)
        self.start("sssd", "/var/lib/sss/pipes/pam", "account required %s/pam_sss.so" % SECURITY, "/usr/sbin/sssd", "-i",
                   "--logger=files")
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
            process.wait(60)
        if os.environ.get(PRIVATE) == "1":
            self.server.__exit__(None, None, None)
            for place in ("/run", "/var", "/etc", "/usr", os.path.join(self.folder, "over")):
                subprocess.run(["umount", "-l", place], check=False, stderr=subprocess.DEVNULL)
