#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Which servers frt-replica believes (threats.md F12, L4-L6): certificates of every kind before a real slapd, proxies that
strip or weaken TLS, and an environment that tries to switch the checks off. Nothing secret may have been sent to any that
it does not believe."""
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings

from replica_feed import BINARY, PATIENCE_S, Feed
from slapd import REPLICA_DN, Slapd

PASSWORD = "sample-replica"
START_TLS_OID = b"1.3.6.1.4.1.1466.20037"


def openssl(*arguments, cwd=None):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=cwd)


class Authority:
    """A private CA in a scratch folder, made with the openssl command."""

    def __init__(self, name="ca"):
        self._scratch = tempfile.TemporaryDirectory(prefix="frt-tls-")
        self.directory = self._scratch.name
        os.chmod(self.directory, 0o755)
        self.name = name
        self.certificate = self.path(name + ".pem")
        self._key = self.path(name + ".key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN=frtgate test {name}", "-keyout", self._key, "-out", self.certificate,
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def close(self):
        self._scratch.cleanup()

    def path(self, name):
        return os.path.join(self.directory, name)

    def issue(self, name, subject="/O=frtgate", san="IP:127.0.0.1", extended="serverAuth", start="-1d", end="+10d",
              self_signed=False, constraint="CA:FALSE"):
        key, request, certificate, extensions = (self.path(name + end_) for end_ in (".key", ".csr", ".pem", ".ext"))
        lines = [f"basicConstraints=critical,{constraint}"]
        lines += [f"subjectAltName={san}"] if san else []
        lines += [f"extendedKeyUsage={extended}"] if extended else []
        with open(extensions, "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                "-keyout", key, "-out", request)
        signer = ["-signkey", key] if self_signed else ["-CA", self.certificate, "-CAkey", self._key]
        self._sign(name, request, certificate, extensions, signer, start, end)
        return {"ca": self.certificate, "cert": certificate, "key": key}

    def _sign(self, name, request, certificate, extensions, signer, start, end):
        """`openssl ca`: the only one that takes both dates."""
        now = time.time()
        dates = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + int(shift[:-1]) * 86400)) for shift in (start, end)]
        if signer[0] == "-signkey":
            openssl("x509", "-req", "-in", request, "-signkey", signer[1], "-extfile", extensions, "-days", "10", "-out",
                    certificate)
            return
        folder = self.path(name + ".ca")
        os.makedirs(folder)
        open(os.path.join(folder, "index"), "w", encoding="ascii").close()
        config = os.path.join(folder, "config")
        with open(config, "w", encoding="ascii") as out:
            out.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\nrand_serial=yes\n"
                      "default_md=sha256\npolicy=p\ncopy_extensions=none\nunique_subject=no\n"
                      "[p]\norganizationName=optional\ncommonName=optional\n")
        openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.certificate, "-keyfile", self._key, "-in", request,
                "-out", certificate, "-extfile", extensions, "-startdate", dates[0], "-enddate", dates[1])


def following(uri, ca_file, **keys):
    """A started Feed with the replica's password."""
    feed = Feed(uris=[uri], bind_dn=REPLICA_DN, secret_file="/nonexistent", ca_file=ca_file, **keys)
    feed.keys["secret_file"] = feed.secret(PASSWORD + "\n")
    feed.write_conf()
    return feed.start()


def wait_for_failure(feed):
    """The first refusal or failure, as (kind, words); ("fresh", "") when there is a view before one."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if feed.view().state == "fresh":
            return "fresh", ""
        for event in list(feed.events):
            if event.kind in ("refused", "disconnected"):
                assert feed.view().state == "never-loaded"
                return event.kind, event.words[0]
        time.sleep(0.02)
    raise AssertionError("neither connected nor refused: " + feed.stderr())


def what_happened(uri, ca_file, **keys):
    feed = following(uri, ca_file, **keys)
    try:
        return wait_for_failure(feed)
    finally:
        feed.close()


# dNSName "127.0.0.1\0.evil.example": what a C string sees is the host (CVE-2009-3767)
NUL_NAME = b"127.0.0.1\0.evil.example"
NUL_SAN = "DER:30:%02X:82:%02X:%s" % (len(NUL_NAME) + 2, len(NUL_NAME), ":".join("%02X" % b for b in NUL_NAME))

# name, keywords of issue(), believed, words of the refusal
CERTIFICATES = [
    ("an IP address in its subjectAltName", {}, True, ""),
    ("several names", {"san": "DNS:other.example,IP:10.0.0.1,IP:127.0.0.1"}, True, ""),
    ("no extended key usage", {"extended": None}, True, ""),
    ("client and server in its key usage", {"extended": "clientAuth,serverAuth"}, True, ""),
    ("the host in its CN only", {"subject": "/CN=127.0.0.1", "san": None}, False, ""),
    ("another host in its subjectAltName and ours in its CN", {"subject": "/CN=127.0.0.1", "san": "DNS:evil.example"},
     False, ""),
    ("another IP address", {"san": "IP:127.0.0.2"}, False, ""),
    ("our address as a DNS name", {"san": "DNS:127.0.0.1"}, False, ""),
    ("our address before a NUL", {"san": NUL_SAN}, False, ""),
    ("a signature of its own", {"self_signed": True}, False, ""),
    ("an end in the past", {"start": "-5d", "end": "-1d"}, False, ""),
    ("a beginning in the future", {"start": "+1d", "end": "+5d"}, False, ""),
    ("a key usage for clients only", {"extended": "clientAuth"}, False, "serverAuth"),
    ("a key usage for signing code", {"extended": "codeSigning"}, False, "serverAuth"),
    ("the right to sign others", {"constraint": "CA:TRUE"}, False, "a CA's own"),
]


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)

    def test_only_a_certificate_that_fits_is_believed(self):
        for n, (name, keywords, believed, words) in enumerate(CERTIFICATES):
            tls = self.authority.issue(f"server{n}", **keywords)
            with Slapd(tls=tls, log="stats") as server:
                for uri in (server.ldaps_uri, server.ldap_uri):
                    with self.subTest(name, uri=uri.split(":")[0]):
                        # the tools of slapd.py bind too while it starts: only what comes after counts
                        before = len(server.log())
                        state, text = what_happened(uri, self.authority.certificate)
                        self.assertEqual(state == "fresh", believed, text)
                        self.assertIn(words, text)
                        binds = [line for line in server.log()[before:].splitlines() if " BIND " in line]
                        self.assertEqual(bool(binds), believed, binds)

    def test_another_authority_is_not_believed(self):
        other = Authority("other")
        self.addCleanup(other.close)
        with Slapd(tls=self.authority.issue("other-ca")) as server:
            for uri in (server.ldaps_uri, server.ldap_uri):
                self.assertNotEqual(what_happened(uri, other.certificate)[0], "fresh")
                self.assertEqual(what_happened(uri, self.authority.certificate)[0], "fresh")

    def test_a_name_is_found_in_the_subject_alt_name(self):
        name = socket.gethostname()  # not "localhost", which libldap replaces (threats L16)
        try:
            if "127.0.0.1" not in socket.gethostbyname_ex(name)[2]:
                self.skipTest(f"{name} is not 127.0.0.1 here")
        except OSError:
            self.skipTest(f"{name} has no address here")
        with Slapd(tls=self.authority.issue("by-name", san=f"DNS:{name}")) as server:
            uri = server.ldaps_uri.replace("127.0.0.1", name)
            self.assertEqual(what_happened(uri, self.authority.certificate)[0], "fresh")
            self.assertNotEqual(what_happened(server.ldaps_uri, self.authority.certificate)[0], "fresh")

    def test_a_client_certificate_is_an_identity(self):
        tls = dict(self.authority.issue("with-clients"), verify_client="demand")
        client = self.authority.issue("client", subject="/O=frtgate/CN=replica", san=None, extended="clientAuth")
        mapping = f"olcAuthzRegexp: ^cn=replica,o=frtgate$ {REPLICA_DN}"
        with Slapd(tls=tls, settings=[mapping]) as server:
            for uri in (server.ldaps_uri, server.ldap_uri):
                with Feed(uris=[uri], sasl_external=True, ca_file=tls["ca"], cert_file=client["cert"],
                          key_file=client["key"]) as feed:
                    feed.wait_fresh()
                with Feed(uris=[uri], sasl_external=True, ca_file=tls["ca"]) as feed:
                    wait_for_failure(feed)
                    self.assertEqual(feed.view().state, "never-loaded")

    def test_a_ca_file_that_is_none_is_told(self):
        with Slapd(tls=self.authority.issue("no-ca")) as server:
            state, text = what_happened(server.ldaps_uri, "/nonexistent/ca.pem")
            self.assertEqual(state, "refused")
            self.assertIn("ca_file", text)


class Proxy:
    """Listens on 127.0.0.1, hands each connection with one to the server behind to `handle`."""

    def __init__(self, target_port, handle, context=None):
        self.target_port = target_port
        self.handle = handle
        self.context = context
        self.seen = bytearray()  # everything readable that clients sent
        self.handshakes = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
                self.handshakes.append(client.version())
            with client, socket.create_connection(("127.0.0.1", self.target_port)) as server:
                self.handle(self, client, server)
        except OSError as error:
            self.handshakes.append(str(error))

    def pump(self, client, server):
        """Both directions until one ends."""
        def back():
            try:
                while data := server.recv(65536):
                    client.sendall(data)
            except OSError:
                pass
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        try:
            while data := client.recv(65536):
                self.seen += data
                server.sendall(data)
        except OSError:
            pass
        try:
            server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        thread.join(PATIENCE_S)


def extended_answer(message_id, code):
    body = bytes([2, 1, message_id, 0x78, 7, 0x0a, 1, code, 4, 0, 4, 0])
    return bytes([0x30, len(body)]) + body


def strip(code, then):
    """A man in the middle who answers StartTLS himself with `code` and goes on in clear text, or does `then`."""
    def handle(proxy, client, server):
        request = client.recv(65536)
        proxy.seen += request
        if START_TLS_OID not in request:
            return
        client.sendall(extended_answer(request[4], code))
        then(proxy, client, server)
    return handle


class Downgrades(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.tls = cls.authority.issue("server")
        cls.server = Slapd(tls=cls.tls).start()
        cls.addClassCleanup(cls.server.close)

    def test_start_tls_cannot_be_stripped(self):
        def close(proxy, client, server):
            del proxy, client, server
        for name, handle in [
                ("refused (2), then clear text", strip(2, Proxy.pump)), ("unavailable (52)", strip(52, Proxy.pump)),
                ("unwilling (53)", strip(53, Proxy.pump)), ("success (0), then clear text", strip(0, Proxy.pump)),
                ("success (0), then nothing", strip(0, close)), ("no answer", lambda proxy, client, server: None)]:
            with self.subTest(name), Proxy(self.server.port, handle) as proxy:
                state, text = what_happened(f"ldap://127.0.0.1:{proxy.port}", self.tls["ca"], network_timeout=3)
                self.assertIn(state, ("refused", "disconnected"), text)
                self.assertNotIn(PASSWORD.encode(), bytes(proxy.seen))
                self.assertNotIn(b"cn=replica", bytes(proxy.seen))

    def test_the_proxy_itself_is_no_obstacle(self):
        with Proxy(self.server.port, Proxy.pump) as proxy:
            self.assertEqual(what_happened(f"ldap://127.0.0.1:{proxy.port}", self.tls["ca"])[0], "fresh")
            self.assertIn(START_TLS_OID, bytes(proxy.seen))
            self.assertNotIn(PASSWORD.encode(), bytes(proxy.seen))

    def test_a_server_in_clear_text_on_the_tls_port_is_not_spoken_to(self):
        with Proxy(self.server.port, Proxy.pump) as proxy:
            state, _ = what_happened(f"ldaps://127.0.0.1:{proxy.port}", self.tls["ca"], network_timeout=3)
            self.assertIn(state, ("refused", "disconnected"))
            self.assertNotIn(PASSWORD.encode(), bytes(proxy.seen))

    def context(self, version):
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls["cert"], self.tls["key"])
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        return context

    def test_only_recent_tls_is_spoken(self):
        for version, name, option, believed in [
                (ssl.TLSVersion.TLSv1, "TLSv1", "-tls1", False), (ssl.TLSVersion.TLSv1_1, "TLSv1.1", "-tls1_1", False),
                (ssl.TLSVersion.TLSv1_2, "TLSv1.2", "-tls1_2", True), (ssl.TLSVersion.TLSv1_3, "TLSv1.3", "-tls1_3", True)]:
            with self.subTest(name), Proxy(self.server.port, Proxy.pump, self.context(version)) as proxy:
                # the server does speak it, to whoever wants
                subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", option, "-cipher",
                                "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=PATIENCE_S, check=True)
                self.assertIn(name, proxy.handshakes)
                state, text = what_happened(f"ldaps://127.0.0.1:{proxy.port}", self.tls["ca"], network_timeout=5)
                self.assertEqual(state == "fresh", believed, text)
                self.assertEqual(PASSWORD.encode() in proxy.seen, believed)


class Environment(unittest.TestCase):
    """libldap reads LDAP* variables, ldap.conf, ldaprc in the folder it is started in, .ldaprc at home."""

    def setUp(self):
        self.authority, self.other = Authority(), Authority("other")
        self.addCleanup(self.authority.close)
        self.addCleanup(self.other.close)
        self.server = Slapd(tls=self.authority.issue("server"), log="stats").start()
        self.addCleanup(self.server.close)
        scratch = tempfile.TemporaryDirectory(prefix="frt-hostile-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.key_log = os.path.join(self.folder, "keys")
        for name in ("ldaprc", ".ldaprc", "conf"):
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as out:
                out.write(f"TLS_REQCERT never\nTLS_REQSAN never\nTLS_CACERT {self.authority.certificate}\n")
        self.hostile = {
            "LDAPTLS_REQCERT": "never", "LDAPTLS_REQSAN": "never", "LDAPTLS_CACERT": self.authority.certificate,
            "LDAPCONF": os.path.join(self.folder, "conf"), "LDAPRC": "ldaprc", "HOME": self.folder,
            "SSLKEYLOGFILE": self.key_log, "LDAPURI": self.server.ldaps_uri, "LDAPTLS_PROTOCOL_MIN": "3.0",
            "LDAPREFERRALS": "on", "LDAPSIZELIMIT": "1"}

    def search(self, environment, cwd):
        return subprocess.run(["ldapsearch", "-x", "-H", self.server.ldaps_uri, "-b", "", "-s", "base"], cwd=cwd,
                              env=dict(os.environ, LDAPTLS_CACERT=self.other.certificate, **environment),
                              capture_output=True, check=False).returncode

    def test_neither_environment_nor_working_folder_switches_a_check_off(self):
        # an ordinary program is fooled, by either
        self.assertNotEqual(self.search({}, "/"), 0)
        self.assertEqual(self.search({"LDAPTLS_REQCERT": "never"}, "/"), 0)
        self.assertEqual(self.search({}, self.folder), 0)
        for uri in (self.server.ldaps_uri, self.server.ldap_uri):
            feed = following(uri, self.other.certificate, environment=self.hostile, cwd=self.folder)
            try:
                wait_for_failure(feed)
                self.assertEqual(feed.view().state, "never-loaded")
            finally:
                feed.close()
            self.assertEqual(what_happened(uri, self.authority.certificate, environment=self.hostile, cwd=self.folder)[0],
                             "fresh")
        self.assertFalse(os.path.exists(self.key_log), "the session's keys were written down")

    def test_the_program_started_by_hand_sheds_the_environment_itself(self):
        feed = Feed(uris=[self.server.ldaps_uri], bind_dn=REPLICA_DN, secret_file="/nonexistent",
                    ca_file=self.other.certificate)
        self.addCleanup(feed.close)
        feed.keys["secret_file"] = feed.secret(PASSWORD + "\n")
        feed.write_conf()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(PATIENCE_S)
            process = subprocess.Popen([os.path.join(BINARY, "bin", "frt-replica"), "--config", feed.conf, "--fd",
                                        str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=self.folder,
                                       env=dict(os.environ, **self.hostile))
            theirs.close()
            size, kind = struct.unpack(">IB", receive(ours, 5))
            state = receive(ours, size - 1)
            self.assertEqual(kind, 6)
            self.assertIn(state[0], (0, 1), state)  # disconnected or refused: not connected
            with open(f"/proc/{process.pid}/environ", "rb") as environment:
                self.assertEqual(environment.read(), b"LDAPNOINIT=1\0")
            ours.close()
            self.assertEqual(process.wait(PATIENCE_S), 0)
        self.assertFalse(os.path.exists(self.key_log))


def receive(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise AssertionError("frt-replica went away")
        data += more
    return data


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
