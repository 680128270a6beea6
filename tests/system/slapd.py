#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A private slapd with frtgate's schema, access rules and the sample city, for tests and for trying things.

In a test (the folder of this file is on sys.path when a script beside it runs):

    from slapd import Slapd, SUFFIX, REPLICA_DN

    with Slapd() as server:                       # everything below one scratch folder, gone afterwards
        server.ldapi_uri, server.ldap_uri         # "ldapi://%2F...", "ldap://127.0.0.1:PORT"
        server.modify(ldif, who="p19")            # exit status of ldapmodify = LDAP result code (0 done, 50 refused)
        server.add(ldif); server.delete(dn)       # who: a uid, "replica", "frtd", a DN, "" anonymous; default the administrator
        server.search("(uid=p01)", who="auditor") # Result(code, entries): entries = [(dn, {attribute: [values]})]
        server.contextCSN()                       # as the server says now
        server.stop(); server.start()             # orderly; kill() is kill -9; pause()/resume() freeze it
        backup = server.dump(); server.restore(backup)   # slapcat; restore stops, replaces the data, starts

Options: sample_city=False (containers and offices are left out too), extra_ldif=[text], external={0: REPLICA_DN} (who a Unix
user is on the ldapi socket), tls={"ca": F, "cert": F, "key": F, "verify_client": "never|try|demand"} (then ldaps_uri
exists and StartTLS works), syncprov=False, constraints=True, log="stats" (requests appear in server.log()),
directory=D (kept afterwards), port=N, settings=[lines of LDIF for cn=config's olcGlobal], bare="dc=x,dc=y" (a server as
a distribution installs it: that suffix and its top entry, nothing of ours).

Passwords are "sample-<uid>"; cn=replica and cn=frtd under ou=services have "sample-replica", "sample-frtd".

From a shell, until it is killed (ldap_schema/try_slapd.sh does just this):

    python3 tests/system/slapd.py [--dir D] [--port N] [--external-replica UID] [--empty]

prints FRT_LDAPI_URI=..., FRT_LDAP_URI=... and the identities, and writes the same lines to D/environment when it is ready.
"""
import argparse
import atexit
import base64
import collections
import ctypes
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("FRT_SOURCE_DIR") or os.path.dirname(os.path.dirname(HERE))
SCHEMA = os.path.join(SOURCE, "ldap_schema")
SYSTEM_SCHEMA = "/etc/ldap/schema"
MODULES = "/usr/lib/ldap"
SLAPD = "/usr/sbin/slapd"

SUFFIX = "dc=frt,dc=example"
ADMIN_DN = "cn=admin," + SUFFIX
ADMIN_PASSWORD = "sample-admin"
CONFIG_DN = "cn=admin,cn=config"
CONFIG_PASSWORD = "sample-config"
REPLICA_DN = "cn=replica,ou=services," + SUFFIX
FRTD_DN = "cn=frtd,ou=services," + SUFFIX

READY_S = 60  # the machine may be busy: this bounds a hang, nothing waits that long otherwise

Result = collections.namedtuple("Result", "code entries error")


def person_dn(uid):
    return f"uid={uid},ou=people,{SUFFIX}"


def identity(who):
    """(DN, password) of a uid, "replica", "frtd", "admin", "config", "" or a DN."""
    named = {
        "": ("", ""),
        "admin": (ADMIN_DN, ADMIN_PASSWORD),
        "config": (CONFIG_DN, CONFIG_PASSWORD),
        "replica": (REPLICA_DN, "sample-replica"),
        "frtd": (FRTD_DN, "sample-frtd"),
    }
    if who in named:
        return named[who]
    if "=" in who:
        return who, "sample-" + who.split(",")[0].split("=")[1]
    return person_dn(who), "sample-" + who


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sample_city_files():
    return sorted(glob.glob(os.path.join(SCHEMA, "sample_city", "*.ldif")))


def parse_ldif(text):
    """[(dn, {attribute: [values]})] of LDIF without changes; values are str, or bytes when they are not UTF-8."""
    entries = []
    for block in text.replace("\r\n", "\n").replace("\n ", "").split("\n\n"):
        dn, attributes = None, {}
        for line in block.splitlines():
            if not line or line.startswith("#"):
                continue
            name, _, value = line.partition(":")
            if value.startswith(":"):
                value = base64.b64decode(value[1:].strip())
                try:
                    value = value.decode()
                except UnicodeDecodeError:
                    pass
            else:
                value = value[1:] if value.startswith(" ") else value
            if dn is None:
                if name.lower() != "dn":
                    break
                dn = value
            else:
                attributes.setdefault(name, []).append(value)
        if dn is not None:
            entries.append((dn, attributes))
    return entries


def _die_with_parent():
    # A test that is killed must not leave its slapd behind (prctl(2), PR_SET_PDEATHSIG: the thread that called start()
    # is the parent that counts).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class SlapdError(RuntimeError):
    pass


class Slapd:
    def __init__(self, directory=None, sample_city=True, extra_ldif=(), external=None, tls=None, syncprov=True,
                 constraints=False, log="none", port=None, settings=(), bare=None):
        self._keep = directory is not None
        self.directory = os.path.abspath(directory or tempfile.mkdtemp(prefix="frt-slapd-"))
        self._config = os.path.join(self.directory, "config")
        self._data = os.path.join(self.directory, "data")
        self._log_path = os.path.join(self.directory, "slapd.log")
        self.ldapi_path = os.path.join(self.directory, "ldapi")
        self._tls = tls
        self._syncprov = syncprov
        self._bare = bare
        self._admin_dn = "cn=admin," + (bare or SUFFIX)
        self._log = log
        self._fixed_port = port
        self.port = port or free_port()
        self.tls_port = free_port() if tls else None
        self.process = None
        self._started = False
        self.last_error = ""
        atexit.register(self.close)
        try:
            self._make(sample_city, extra_ldif, external or {}, syncprov, constraints, settings)
        except BaseException:
            self.close()
            raise

    # Life.

    def __enter__(self):
        if self.process is None:
            self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Starts slapd and returns when it answers on its socket."""
        if self.process is not None:
            raise SlapdError("slapd runs already")
        for _ in range(10):
            self._spawn()
            if self._wait_until_ready():
                self._started = True
                return self
            self.process = None
            if "in use" not in self.log()[-4000:]:
                break
            # The port was taken between choosing and binding it. Later the URIs are known to others: they stay.
            if self._started or self._fixed_port:
                time.sleep(0.5)
            else:
                self._choose_ports()
        raise SlapdError("slapd does not start:\n" + self.log()[-4000:])

    def stop(self, how=signal.SIGTERM):
        """Orderly; slapd writes contextCSN before it goes."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        try:
            process.wait(READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if os.path.exists(self.ldapi_path):
            os.unlink(self.ldapi_path)

    def kill(self):
        self.stop(signal.SIGKILL)

    def restart(self):
        self.stop()
        self.start()

    def pause(self):
        """Freezes slapd: connections are taken by the kernel, nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        atexit.unregister(self.close)
        self.stop()
        if not self._keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    # Where it is.

    @property
    def ldapi_uri(self):
        return "ldapi://" + urllib.parse.quote(self.ldapi_path, safe="")

    @property
    def ldap_uri(self):
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def ldaps_uri(self):
        return f"ldaps://127.0.0.1:{self.tls_port}" if self._tls else None

    @property
    def uris(self):
        return [uri for uri in (self.ldapi_uri, self.ldap_uri, self.ldaps_uri) if uri]

    def log(self):
        try:
            with open(self._log_path, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    # Asking and changing. Every call is one of OpenLDAP's own tools; its exit status is the LDAP result code.

    def modify(self, ldif, who="admin"):
        return self._change(["ldapmodify"], ldif, who)

    def add(self, ldif, who="admin"):
        return self._change(["ldapmodify", "-a"], ldif, who)

    def delete(self, dn, who="admin", subtree=False):
        return self._run(["ldapdelete"] + (["-r"] if subtree else []) + [dn], who).returncode

    def rename(self, dn, new_rdn, new_parent=None, who="admin"):
        parent = ["-s", new_parent] if new_parent else []
        return self._run(["ldapmodrdn", "-r"] + parent + [dn, new_rdn], who).returncode

    def must(self, ldif, who="admin"):
        """modify() that has to succeed."""
        done = self._run(["ldapmodify"], who, ldif)
        if done.returncode:
            raise SlapdError(f"result {done.returncode}: {done.stderr}")

    def search(self, filter="(objectClass=*)", attributes=(), who="admin", base=SUFFIX, scope="sub", options=()):
        done = self._run(["ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, *options, filter,
                          *attributes], who)
        return Result(done.returncode, parse_ldif(done.stdout), done.stderr)

    def bind(self, who, password=None):
        """Result code of a bind: 0, 49 for a wrong password."""
        dn, right = identity(who)
        return self._tool(["ldapwhoami", "-x", "-D", dn, "-w", right if password is None else password]).returncode

    def contextCSN(self):
        values = self.search(attributes=["contextCSN"], scope="base").entries[0][1].get("contextCSN", [""])
        return max(values)

    def dump(self):
        """The whole tree as slapcat writes it, operational attributes included. Works while slapd runs."""
        text = self._offline(["slapcat", "-n", "1"])
        if self.process is None or not self._syncprov or not text:
            return text
        # A running slapd keeps contextCSN in memory between checkpoints; a backup has to say how old it is.
        first, _, rest = text.partition("\n\n")
        lines = [line for line in first.splitlines() if not line.startswith("contextCSN:")]
        return "\n".join(lines + ["contextCSN: " + self.contextCSN()]) + "\n\n" + rest

    def restore(self, ldif):
        """The tree becomes what `ldif` (from dump()) says, as a backup put back does."""
        running = self.process is not None
        self.stop()
        shutil.rmtree(self._data)
        os.mkdir(self._data, 0o700)
        self._offline(["slapadd", "-n", "1"], ldif)
        if running:
            self.start()

    # Inside.

    def _tool(self, command, stdin=""):
        environment = dict(os.environ, LDAPNOINIT="1")  # no ldap.conf, no .ldaprc, no LDAP* variables
        return subprocess.run([command[0], "-H", self.ldapi_uri, *command[1:]], input=stdin, text=True,
                              capture_output=True, env=environment, timeout=600, check=False)

    def _run(self, command, who, stdin=""):
        dn, password = (self._admin_dn, ADMIN_PASSWORD) if who == "admin" else identity(who)
        bind = ["-D", dn, "-w", password] if dn else []
        return self._tool([command[0], "-x", *bind, *command[1:]], stdin)

    def _change(self, command, ldif, who):
        done = self._run(command, who, ldif)
        self.last_error = done.stderr
        return done.returncode

    def _offline(self, command, stdin=""):
        done = subprocess.run(["/usr/sbin/" + command[0], "-F", self._config, *command[1:]], input=stdin, text=True,
                              capture_output=True, timeout=600, check=False)
        if done.returncode:
            raise SlapdError(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout

    def _spawn(self):
        with open(self._log_path, "ab") as log:
            self.process = subprocess.Popen(
                [SLAPD, "-d", self._log, "-F", self._config, "-h", " ".join(self.uris)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent)

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if os.path.exists(self.ldapi_path) and self._tool(["ldapwhoami", "-x"]).returncode == 0:
                return True
            time.sleep(0.02)
        self.process.kill()
        self.process.wait()
        return False

    def _choose_ports(self):
        self.port = free_port()
        self.tls_port = free_port() if self._tls else None

    def _make(self, sample_city, extra_ldif, external, syncprov, constraints, settings):
        for folder in (self._config, self._data):
            os.makedirs(folder, mode=0o700)
        self._offline(["slapadd", "-n", "0"], self._base_config(external, settings))
        if self._bare:
            top = self._bare.split(",")[0].split("=")[1]
            self._offline(["slapadd", "-n", "1"], f"dn: {self._bare}\nobjectClass: organization\n"
                          f"objectClass: dcObject\ndc: {top}\no: {top}\n")
            return
        for name in ["indexes", "limits", "access"] + (["syncprov"] if syncprov else []) + (
                ["constraints"] if constraints else []):
            with open(os.path.join(SCHEMA, name + ".ldif"), encoding="utf-8") as ldif:
                # One record at a time: slapmodify loads a module only when it starts.
                for record in ldif.read().split("\n\n"):
                    self._offline(["slapmodify", "-n", "0"], record)
        texts = []
        for path in sample_city_files() if sample_city else []:
            with open(path, encoding="utf-8") as ldif:
                texts.append(ldif.read())
        for text in texts + list(extra_ldif):
            self._offline(["slapadd", "-n", "1"], text)

    def _base_config(self, external, settings):
        parts = [self._global_entry(external, settings), MODULE_ENTRY, "dn: cn=schema,cn=config\n"
                 "objectClass: olcSchemaConfig\ncn: schema\n"]
        for path in [os.path.join(SYSTEM_SCHEMA, name + ".ldif") for name in
                     ("core", "cosine", "nis", "inetorgperson")] + ([] if self._bare else [os.path.join(SCHEMA, "frt.ldif")]):
            with open(path, encoding="utf-8") as ldif:
                parts.append("".join(line for line in ldif if not line.startswith("#")).strip() + "\n")
        parts.append(DATABASES.format(config_dn=CONFIG_DN, config_password=CONFIG_PASSWORD,
                                      suffix=self._bare or SUFFIX, admin_dn=self._admin_dn, admin_password=ADMIN_PASSWORD, data=self._data))
        return "\n".join(parts)

    def _global_entry(self, external, settings):
        lines = ["dn: cn=config", "objectClass: olcGlobal", "cn: config"]
        # A Unix user on the ldapi socket is gidNumber=G+uidNumber=U,cn=peercred,cn=external,cn=auth.
        for uid, dn in external.items():
            lines.append("olcAuthzRegexp: ^gidNumber=[[:digit:]]+\\+uidNumber=" + str(uid)
                         + ",cn=peercred,cn=external,cn=auth$ " + dn)
        if self._tls:
            lines += [f"olcTLSCACertificateFile: {self._tls['ca']}", f"olcTLSCertificateFile: {self._tls['cert']}",
                      f"olcTLSCertificateKeyFile: {self._tls['key']}",
                      f"olcTLSVerifyClient: {self._tls.get('verify_client', 'never')}"]
        return "\n".join(lines + list(settings)) + "\n"


MODULE_ENTRY = f"""\
dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: {MODULES}
olcModuleLoad: back_mdb
"""

# Like Debian's own configuration: the root DSE and the schema can be read, the database is {1}mdb.
DATABASES = """\
dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcSizeLimit: 500
olcAccess: {{0}}to dn.exact="" by * read
olcAccess: {{1}}to dn.base="cn=Subschema" by users read

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcAccess: {{0}}to * by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth manage by * none
olcRootDN: {config_dn}
olcRootPW: {config_password}

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcSuffix: {suffix}
olcRootDN: {admin_dn}
olcRootPW: {admin_password}
olcDbDirectory: {data}
olcDbMaxSize: 1073741824
olcDbNoSync: TRUE
olcDbIndex: objectClass eq
olcDbIndex: uid,uidNumber,gidNumber,member,memberUid eq
"""


def environment_lines(server):
    values = {
        "FRT_LDAPI_URI": server.ldapi_uri, "FRT_LDAP_URI": server.ldap_uri, "FRT_SUFFIX": SUFFIX,
        "FRT_SLAPD_PID": str(server.process.pid), "FRT_ADMIN_DN": ADMIN_DN, "FRT_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "FRT_REPLICA_DN": REPLICA_DN, "FRT_REPLICA_PASSWORD": identity("replica")[1],
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def main():
    parser = argparse.ArgumentParser(description="runs a private slapd with the sample city until it is killed")
    parser.add_argument("--dir", help="new folder for everything; kept afterwards (default: a scratch folder, removed)")
    parser.add_argument("--port", type=int, help="TCP port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--external-replica", type=int, metavar="UID",
                        help="the Unix user who is the replica on the ldapi socket (SASL EXTERNAL)")
    parser.add_argument("--empty", action="store_true", help="no entries")
    parser.add_argument("--log", default="none", help="slapd's debug level, such as stats")
    options = parser.parse_args()
    external = {} if options.external_replica is None else {options.external_replica: REPLICA_DN}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    with Slapd(directory=options.dir, port=options.port, external=external, sample_city=not options.empty,
               log=options.log) as server:
        path = os.path.join(server.directory, "environment")
        with open(path + ".new", "w", encoding="ascii") as environment:
            environment.write(environment_lines(server))
        os.rename(path + ".new", path)
        print(environment_lines(server), end="", flush=True)
        return server.process.wait()


if __name__ == "__main__":
    sys.exit(main())
