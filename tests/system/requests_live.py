#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Written requests through everything at once: frt as the people themselves (their own accounts, their own directory passwords), a
real slapd with our access rules and constraints, frtd replicating it, libpam. The golden time is everywhere (libfaketime)."""
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
import unittest

import pam_world
from frtd import BINARY, FAKETIME, GOLDEN, Frtd, program
from slapd import REPLICA_DN, SUFFIX, Slapd

ACCOUNT = 64210
PEOPLE = {name: 20000 + int(name[1:]) for name in ("p02", "p20", "p21", "p23", "p24", "p25", "p26")}
DOCUMENT = b"%PDF-1.4 written request, Eastbrook Police, 10 March 2026\n"


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="requests-")
        os.chmod(cls.folder, 0o755)
        cls.world = pam_world.World(PEOPLE)
        cls.addClassCleanup(cls.world.close)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        external = {ACCOUNT: REPLICA_DN, PEOPLE["p21"]: "uid=p21,ou=people," + SUFFIX, PEOPLE["p20"]: REPLICA_DN}
        cls.slapd = Slapd(directory=os.path.join(cls.folder, "slapd"), external=external, constraints=True)
        cls.slapd.__enter__()
        cls.addClassCleanup(cls.slapd.__exit__, None, None, None)
        cls.point = Frtd(host="h6", account="#%d" % ACCOUNT, ldap={"uris": [cls.slapd.ldapi_uri], "sasl_external": True})
        cls.point.start()
        cls.addClassCleanup(cls.point.__exit__)
        cls.point.wait_view()
        for name in PEOPLE:
            cls.secret(name, "sample-" + name)
        cls.documents = cls.mine("documents")
        os.mkdir(cls.documents)
        os.chmod(cls.documents, 0o1777)
        cls.document = cls.mine("request.pdf")
        with open(cls.document, "wb") as f:
            f.write(DOCUMENT)

    @classmethod
    def mine(cls, *parts):
        return os.path.join(cls.folder, *parts)

    @classmethod
    def secret(cls, name, password):
        path = cls.mine("password-" + name)
        with open(path, "w") as f:
            f.write(password + "\n")
        os.chmod(path, 0o600)
        os.chown(path, PEOPLE[name], -1)
        return path

    def command(self, name, *words, at=GOLDEN, password=True):
        options = []
        if password and words[:2] not in (("request", "record"),) and "--open" not in words:
            options = ["--password-file", self.mine("password-" + name), "--documents", self.documents]
        return ["env", "LD_PRELOAD=" + FAKETIME, "FAKETIME=@" + at, "FAKETIME_DONT_FAKE_MONOTONIC=1", "TZ=UTC",
                "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0", program("frt"), *words[:2], "--config", self.point.conf,
                *options, *words[2:]]

    def frt(self, name, *words, stdin="", **options):
        return self.world.run(*self.command(name, *words, **options), user=name, stdin=stdin)

    def dialogue(self, name, words, answers, **options):
        return self.world.dialogue(self.command(name, *words, **options), answers, user=name)

    def entry(self, shelf, id):
        found = self.slapd.search("(%s=%s)" % (shelf, id)).entries
        self.assertEqual(len(found), 1, id)
        return found[0][1]

    def count(self):
        return len(self.slapd.search("(|(objectClass=frtRequest)(objectClass=frtAuthorityEntry))", ["1.1"]).entries)

    def check(self, user, tool, request):
        result = self.point.json("check", user, tool, "--request", request)
        return result["verdict"], result["reason"]

    def until(self, expected, *question):
        end = time.monotonic() + 60
        while self.check(*question)[0] != expected:
            self.assertLess(time.monotonic(), end, "%s: %s" % (question, self.check(*question)))
            time.sleep(0.02)

    ORDER = ["--kind", "order", "--case", "EBPD-2026-0200", "--issuer", "a justice of the sample District Court",
             "--criminal-warrants", "yes", "--limb", "investigation", "--start", "2026-03-01", "--end", "2026-03-31"]
    FIELDS = ["--recipient", "msp", "--position", "detective", "--case", "EBPD-2026-0200", "--reason",
              "identify the man seen at the scene", "--offence", "armed robbery", "--database", "RMV image file", "--traits",
              "man, dark hair", "--trait-age", "30 to 40", "--probes", "1", "--max-searches", "2", "--until", "2026-03-31",
              "--document-date", "2026-03-10"]

    def file_order(self):
        done = self.frt("p24", "authority", "new", *self.ORDER, "--document", self.document)
        self.assertEqual(done.returncode, 0, done.all)
        return done.stdout.strip()

    def file_request(self, order=None):
        done = self.frt("p24", "request", "new", "--route", "order", *self.FIELDS, "--authority", order or self.file_order(),
                        "--document", self.document)
        self.assertEqual(done.returncode, 0, done.all)
        return done.stdout.strip()


class Filing(Live):
    def test_an_order_and_its_request_from_flags_open_the_tool_and_withdrawing_closes_it(self):
        order = self.file_order()
        self.assertRegex(order, r"^O-20260316-[a-z2-9]{8}$")
        entry = self.entry("frtAuthorityId", order)
        self.assertEqual(entry["frtIssuerCriminalWarrants"], ["TRUE"])
        self.assertEqual(entry["frtAuthorityEnd"], ["20260401000000Z"])
        request = self.file_request(order)
        self.assertRegex(request, r"^Q-20260316-[a-z2-9]{8}$")
        entry = self.entry("frtRequestId", request)
        expected = {"objectClass": ["frtRequest"], "frtRequester": ["p24"], "frtRequesterAgency": ["ebpd"],
                    "frtRequesterPosition": ["detective"], "frtRecipient": ["msp"], "frtRoute": ["order"], "frtAuthority": [order],
                    "frtCaseNumber": ["EBPD-2026-0200"], "frtMaxSearches": ["2"], "frtProbeCount": ["1"],
                    "frtDatabase": ["RMV image file"], "frtReason": ["identify the man seen at the scene"],
                    "frtOffence": ["armed robbery"], "frtValidUntil": ["20260401000000Z"], "frtRequestState": ["filed"],
                    "frtDocumentSha256": [hashlib.sha256(DOCUMENT).hexdigest()], }
        for name, values in expected.items():
            self.assertEqual(entry[name], values, name)
        self.assertEqual(sorted(entry["frtTraits"]), ["apparent age: 30 to 40", "man, dark hair"])
        self.assertEqual(sorted(entry["description"]), ["document dated 2026-03-10", "requester: Xylosma Example"])
        self.assertRegex(entry["frtFiledAt"][0], r"^2026031614000\dZ$")
        kept = os.path.join(self.documents, hashlib.sha256(DOCUMENT).hexdigest())
        with open(kept, "rb") as f:
            self.assertEqual(f.read(), DOCUMENT)
        self.until("allow", "p20", "T25", request)
        self.assertIn(request, self.frt("p24", "request", "list").stdout)
        done = self.frt("p24", "request", "withdraw", request)
        self.assertEqual(done.returncode, 0, done.all)
        self.until("deny", "p20", "T25", request)
        self.assertEqual(self.check("p20", "T25", request)[1], "request-refused")
        self.assertIn("WITHDRAWN", self.frt("p24", "request", "show", request).stdout)
        self.assertEqual(self.frt("p24", "request", "withdraw", request).returncode, 1)

    def test_each_missing_field_is_named_and_nothing_is_written(self):
        before = self.count()
        done = self.frt("p24", "request", "new", "--route", "order")
        self.assertEqual(done.returncode, 4)
        for name in ("recipient", "position", "case", "reason", "offence", "database", "traits", "probes", "max-searches", "until",
                     "authority", "document", "document-date"):
            self.assertIn("frt: %s: missing; expected" % name, done.stderr)
        self.assertNotIn("frt: agency:", done.stderr)  # his role says it
        self.assertEqual(self.count(), before)

    HOSTILE = (
        ("reason", "robbery \x1b]0;pwned\x07 of a shop"), ("position", "detective \u202eevitceted"), ("offence", "rob\u2066bery"),
        ("case", "A\nB"), ("reason", "x" * 100000), ("recipient", "Clearview AI"), ("until", "2026-03-01"), ("probes", "99"),
        ("max-searches", "everyone"), ("agency", "../../etc"), ("authority", "O77)(objectClass=*"), ("database", "\u00a0"),
    )

    def test_hostile_values_are_refused_with_the_field_named_from_flags_and_from_json(self):
        before = self.count()
        base = dict(zip((w[2:] for w in self.FIELDS[::2]), self.FIELDS[1::2]), route="order", authority="O77",
                    document=self.document)
        for name, value in self.HOSTILE:
            with self.subTest(name=name, value=value[:20]):
                path = self.mine("hostile.json")
                with open(path, "w") as f:
                    json.dump(dict(base, **{name: value}), f)
                done = self.frt("p24", "request", "new", "--form", path)
                self.assertEqual(done.returncode, 4, done.all)
                self.assertIn("frt: %s: " % name, done.stderr)
                self.assertTrue(all(" " <= c <= "~" or c == "\n" for c in done.all), done.all)
        for text in ('{"colour": "red"}', '{"reason": {"a": 1}}', '{"reason": null}', '[1]', '{"route":"order","route":"deceased"}',
                     "{", '{"probes": 1.5}', '{"position": "a\\u0000b"}'):
            with self.subTest(text=text):
                done = self.frt("p24", "request", "new", "--form", "-", stdin=text)
                self.assertEqual(done.returncode, 4, done.all)
        self.assertEqual(self.count(), before)

    def test_a_city_official_files_nothing_and_that_is_on_record(self):
        before, records = self.count(), len(self.point.records(k="decision"))
        done = self.frt("p02", "request", "new", "--route", "order", *self.FIELDS, "--authority", "O81", "--document",
                        self.document)
        self.assertEqual(done.returncode, 1)
        self.assertIn("N-PROXY", done.stderr)
        self.assertIn("nothing was filed", done.stderr)
        record = self.point.records(k="decision")[records:]
        self.assertEqual([(r["login"] or r["user"], r["action"], r["dec"], r["rule"], r["oblige"]) for r in record],
                         [("p02", "file", "deny", "N-PROXY", "flag-proxy")])
        self.assertEqual(self.count(), before)
        # The directory refuses him too, should he not ask: an administrator puts him into the office.
        self.slapd.must("dn: cn=request-office,ou=admins,%s\nchangetype: modify\nadd: member\nmember: uid=p02,ou=people,%s\n"
                        % (SUFFIX, SUFFIX))
        entry = "dn: frtRequestId=Q-x,ou=requests,%s\nobjectClass: frtRequest\nfrtRequestId: Q-x\nfrtRequester: p02\n" % SUFFIX
        self.assertEqual(self.slapd.add(entry, who="p02"), 50)

    def test_who_is_not_in_the_office_is_refused_by_the_directory(self):
        done = self.frt("p20", "authority", "new", *self.ORDER, "--document", self.document)
        self.assertEqual(done.returncode, 1, done.all)
        self.assertIn("refuse", done.stderr)

    def test_an_agency_that_may_not_request_is_refused_first(self):
        done = self.frt("p25", "request", "new", "--route", "order", *self.FIELDS, "--agency", "ebpd", "--authority", "O79",
                        "--document", self.document)
        self.assertEqual(done.returncode, 1, done.all)
        self.assertIn("S-REQ", done.stderr)

    EMERGENCY = ["--route", "emergency", "--recipient", "fbi", "--position", "sergeant", "--reason", "find a missing child",
                 "--offence", "kidnapping", "--database", "photo file of the recipient", "--traits", "man, dark hair", "--basis",
                 "a child was seen being led to a car", "--harm", "the child may be hurt", "--no-delay",
                 "every hour widens the area", "--subject", "the one adult in the picture"]

    def test_an_emergency_is_one_command_and_counts_at_once(self):
        done = self.frt("p26", "request", "new", *self.EMERGENCY)
        self.assertEqual(done.returncode, 0, done.all)
        self.assertLess(done.seconds, 60)
        request = done.stdout.strip()
        entry = self.entry("frtRequestId", request)
        statement = self.entry("frtAuthorityId", entry["frtAuthority"][0])
        self.assertEqual(statement["frtAuthorityKind"], ["emergency"])
        self.assertEqual(statement["frtFactualBasis"], ["a child was seen being led to a car"])
        self.assertEqual((statement["frtProbeCount"], statement["frtMaxSearches"]), (["1"], ["1"]))
        self.assertRegex(statement["frtAuthorityEnd"][0], r"^2026031714000\dZ$")
        self.until("allow", "p23", "T25", request)
        with open(os.path.join(self.documents, entry["frtDocumentSha256"][0])) as f:
            self.assertIn("basis: a child was seen being led to a car\n", f.read())

    def test_an_emergency_without_facts_or_for_everybody_is_refused(self):
        for flag, value, said in (("--basis", "none", "basis"), ("--max-searches", "6", "narrowly tailored"),
                                  ("--until", "2026-03-18", "at most 24"), ("--database", "another", "narrowly tailored")):
            with self.subTest(flag=flag):
                words = list(self.EMERGENCY)
                if flag == "--basis":
                    words[words.index("--basis") + 1] = value
                else:
                    words += [flag, value]
                done = self.frt("p26", "request", "new", *words)
                self.assertEqual(done.returncode, 4, done.all)
                self.assertIn(said, done.stderr)

    def test_an_emergency_by_dialogue_asks_little_and_takes_less_than_a_minute(self):
        answers = [("whom is it submitted", "FBI"), ("expected msp, rmv or fbi", "fbi"), ("agency employs you", ""),
                   ("your position", "sergeant"), ("Why is the search", "find a missing child"), ("Which crime", "kidnapping"),
                   ("What happened", ""), ("expected at least 10 characters", "a child was seen being led to a car"),
                   ("harm is feared", "the child may be hurt"), ("Why can it not wait", "every hour widens the area"),
                   ("Who is searched for", "the one adult in the picture"), ("Which database", "photo file"),
                   ("Characteristics of the person", "man, dark hair")]
        begin = time.monotonic()
        code, shown = self.dialogue("p26", ("request", "new", "--route", "emergency"), answers)
        self.assertEqual(code, 0, shown)
        self.assertLess(time.monotonic() - begin, 60)
        request = [line for line in shown.splitlines() if line.startswith("Q-2026")][0]
        self.assertEqual(self.entry("frtRequestId", request)["frtRequesterAgency"], ["mbpd"])
        self.until("allow", "p23", "T25", request)

    def test_a_whole_order_by_dialogue_with_the_password_asked_for(self):
        answers = [("Directory password of p24", "sample-p24"), ("On what ground", "order"), ("whom is it submitted", "msp"),
                   ("agency employs you", ""), ("your position", "detective"), ("Case or docket", "EBPD-2026-0141"),
                   ("Why is the search", "identify the man seen at the scene"), ("Which crime", "robbery"),
                   ("Which database", "RMV image file"), ("another one", ""), ("sex?", "man"), ("apparent age?", ""),
                   ("race as stated?", ""), ("hair?", "dark"), ("marks, glasses", ""), ("in your words", ""),
                   ("How many pictures", "one"), ("expected a number from 1 to 20", "1"), ("How many searches", "2"),
                   ("Valid from", ""), ("Valid until", "2026-03-31"), ("Under which order", "O77"), ("Only with which tool", ""),
                   ("Who approved", ""), ("File with the written", self.document), ("Which date", "2026-03-10")]
        code, shown = self.dialogue("p24", ("request", "new", "--documents", self.documents), answers, password=False)
        self.assertEqual(code, 0, shown)
        self.assertNotIn("sample-p24", shown)  # not echoed
        request = [line for line in shown.splitlines() if line.startswith("Q-2026")][0]
        self.assertEqual(sorted(self.entry("frtRequestId", request)["frtTraits"]), ["hair: dark", "sex: man"])

    def test_a_request_must_fit_the_authority_it_names(self):
        order = self.file_order()
        for change, said in ((["--case", "OTHER-1"], "frt: case: differs"), (["--until", "2026-04-15"], "frt: until: lies behind"),
                             (["--authority", "O70x"], "frt: authority: there is none")):
            words = list(self.FIELDS) + ["--authority", order]
            words[words.index(change[0]) + 1] = change[1]
            done = self.frt("p24", "request", "new", "--route", "order", *words, "--document", self.document)
            self.assertEqual(done.returncode, 4, done.all)
            self.assertIn(said, done.stderr)
        done = self.frt("p24", "request", "new", "--route", "deceased", *self.FIELDS, "--authority", order, "--document",
                        self.document)
        self.assertEqual(done.returncode, 4)
        self.assertIn("frt: authority: is of another kind", done.stderr)

    def test_a_document_swapped_after_filing_is_told(self):
        request = self.file_request()
        self.assertEqual(self.frt("p24", "request", "show", request, "--document", self.document).returncode, 0)
        other = self.mine("other.pdf")
        with open(other, "wb") as f:
            f.write(DOCUMENT.replace(b"10 March", b"11 March"))
        done = self.frt("p24", "request", "show", request, "--document", other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("IS NOT the document that was filed", done.stdout)
        kept = os.path.join(self.documents, hashlib.sha256(DOCUMENT).hexdigest())
        os.chmod(kept, 0o666)
        with open(kept, "ab") as f:
            f.write(b"one line more\n")
        done = self.frt("p24", "request", "show", request)
        self.assertEqual(done.returncode, 1)
        self.assertIn("kept copy: IS NOT", done.stdout)
        os.unlink(kept)

    def test_bad_documents_are_refused(self):
        for given, path, said in (("none there", self.mine("nothing"), "document: cannot be read"),
                                  ("a folder", self.folder, "document: expected a regular file"),
                                  ("a device", "/dev/zero", "document: expected a regular file"),
                                  ("empty", self.mine("empty"), "document: is empty")):
            open(self.mine("empty"), "w").close()
            with self.subTest(given=given):
                done = self.frt("p24", "authority", "new", *self.ORDER, "--document", path)
                self.assertEqual(done.returncode, 4, done.all)
                self.assertIn(said, done.stderr)

    def test_a_wrong_password_and_a_readable_one_file_nothing(self):
        path = self.mine("wrong")
        with open(path, "w") as f:
            f.write("guess\n")
        os.chown(path, PEOPLE["p24"], -1)
        os.chmod(path, 0o600)
        done = self.frt("p24", "request", "list", "--password-file", path)
        self.assertEqual(done.returncode, 1, done.all)
        self.assertIn("check login name and password", done.stderr)
        os.chmod(path, 0o644)
        done = self.frt("p24", "request", "list", "--password-file", path)
        self.assertEqual(done.returncode, 4)
        self.assertIn("0600", done.stderr)

    def test_the_socket_may_say_who_one_is_but_not_somebody_else(self):
        done = self.frt("p21", "request", "list", "--external", password=False)
        self.assertEqual(done.returncode, 0, done.all)
        self.assertIn("Q202", done.stdout)
        self.assertNotIn("Q201", done.stdout)  # p24's
        done = self.frt("p21", "request", "list", "--external", "--login", "p24", password=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not take you for", done.stderr)
        done = self.frt("p20", "request", "list", "--external", password=False)  # his account is mapped to the replica
        self.assertEqual(done.returncode, 1)

    def test_nobody_sees_or_withdraws_what_another_filed(self):
        request = self.file_request()
        self.assertEqual(self.frt("p26", "request", "show", request).returncode, 1)
        self.assertEqual(self.frt("p26", "request", "withdraw", request).returncode, 1)
        self.assertNotIn("frtWithdrawnAt", self.entry("frtRequestId", request))

    def test_received_evidence_is_declared_by_officials_too(self):
        done = self.frt("p02", "authority", "new", "--kind", "evidence", "--source", "report of a shop", "--solicited", "no")
        self.assertEqual(done.returncode, 0, done.all)
        entry = self.entry("frtAuthorityId", done.stdout.strip())
        self.assertEqual((entry["frtDeclaredBy"], entry["frtSolicited"]), (["p02"], ["FALSE"]))
        self.until_exempt(done.stdout.strip())

    def until_exempt(self, evidence):
        end = time.monotonic() + 60
        while self.point.json("check", "p02", "T39", "--action", "open", "--evidence", evidence)["verdict"] != "exempt":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_without_frtd_nothing_is_filed(self):
        before = self.count()
        conf = self.mine("dead.conf")
        with open(self.point.conf) as f, open(conf, "w") as out:
            out.write(f.read().replace(self.point.socket, self.mine("nowhere.sock")))
        done = self.frt("p26", "request", "new", *self.EMERGENCY, "--config", conf)
        self.assertEqual(done.returncode, 5, done.all)
        self.assertEqual(self.count(), before)

    def test_ids_are_unique(self):
        order = self.file_order()
        ids = {self.file_request(order) for _ in range(8)}
        self.assertEqual(len(ids), 8)


class Results(Live):
    def search(self, request):
        """An allowed search of p20 through libpam; the decision's number."""
        confdir = tempfile.mkdtemp(prefix="pam-")
        self.addCleanup(shutil.rmtree, confdir)
        os.chmod(confdir, 0o755)
        pam_world.write(os.path.join(confdir, "other"), "account required pam_deny.so\n")
        pam_world.write(os.path.join(confdir, "t25"), "auth required pam_permit.so\naccount [success=ok new_authtok_reqd=ok "
                        "ignore=die default=die] %s tool=T25 socket=%s\n"
                        % (os.path.join(BINARY, "lib", "pam_frt.so"), self.point.socket))
        done = self.world.run(program("pam-try"), "--confdir", confdir, "--request", request, "t25", "p20", user="p20")
        self.assertEqual(done.returncode, 0, done.all)
        return self.point.records(k="decision")[-1]["n"]

    def open_of(self, name):
        done = self.frt(name, "request", "list", "--open", "--json")
        self.assertEqual(done.returncode, 0, done.all)
        return [row[0] for row in json.loads(done.stdout)["rows"]]

    def record(self, name, *words):
        return self.frt(name, "request", "record", *words)

    def test_what_a_search_returned_is_asked_reminded_and_recorded(self):
        request = self.file_request()
        self.until("allow", "p20", "T25", request)
        decision = self.search(request)
        self.assertIn(decision, self.open_of("p20"))
        self.assertNotIn(decision, self.open_of("p26"))
        self.assertIn(decision, self.open_of("p24"))  # under his request
        refused = self.frt("p24", "request", "close", request)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("decision %d" % decision, refused.stderr)
        n = str(decision)
        for words, said in ((("--decision", n), "matches: missing"), (("--decision", n, "--matches", "", "--database", "x"), "matches"),
                            (("--decision", n, "--matches", "-1", "--database", "x"), "matches"),
                            (("--decision", n, "--matches", "3"), "database"), (("--decision", "999999", "--matches", "3",
                                                                                 "--database", "x"), "decision"),
                            (("--decision", n, "--matches", "3", "--database", "a\x1bb"), "database"),
                            (("--decision", n, "--matches", "3", "--database", "x" * 161), "database"),
                            (("--decision", n, "--no-search", ""), "reason")):
            with self.subTest(words=words):
                done = self.record("p20", request, *words)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("frt: " + said, done.stderr)
        self.assertEqual(self.record("p26", request, "--decision", n, "--matches", "3", "--database", "x").returncode, 1)
        self.assertEqual(self.record("p20", "Q201", "--decision", n, "--matches", "3", "--database", "x").returncode, 1)
        self.assertEqual(self.point.records(k="result", decision=decision), [])
        self.assertEqual(self.record("p20", request, "--decision", n, "--matches", "0", "--database", "RMV image file").returncode, 0)
        self.assertEqual(self.record("p20", request, "--decision", n, "--matches", "3", "--database", "second file").returncode, 0)
        self.assertEqual(self.record("p20", request, "--decision", n, "--matches", "1", "--database", "RMV image file").returncode, 0)
        rows = [(r["request"], r["matches"], r["database"], r["by"]) for r in self.point.records(k="result", decision=decision)]
        self.assertEqual(rows, [(request, 0, "RMV image file", "p20"), (request, 3, "second file", "p20"),
                                (request, 1, "RMV image file", "p20")])
        self.assertNotIn(decision, self.open_of("p20"))
        self.assertEqual(self.frt("p24", "request", "close", request).returncode, 0)
        self.assertEqual(self.point.frt("verify").code, 0)

    def test_the_only_open_search_need_not_be_named_and_a_terminal_asks(self):
        request = self.file_request()
        self.until("allow", "p20", "T25", request)
        decision = self.search(request)
        code, shown = self.dialogue("p20", ("request", "record", request),
                                    [("Database searched", "RMV image file"), ("Matches it returned", "2"), ("Another", "")],
                                    password=False)
        self.assertEqual(code, 0, shown)
        self.assertEqual([(r["matches"], r["database"]) for r in self.point.records(k="result", decision=decision)],
                         [(2, "RMV image file")])

    def test_frt_run_asks_on_a_terminal_reminds_otherwise_and_each_run_is_one_search(self):
        tool, confdir = self.mine("neoface"), self.mine("pam.d")
        pam_world.write(tool, "#!/bin/sh\necho searched\n", 0o755)
        os.makedirs(confdir, exist_ok=True)
        line = "[success=ok new_authtok_reqd=ok ignore=die default=die] %s tool=env socket=%s\n" % (
            os.path.join(BINARY, "lib", "pam_frt.so"), self.point.socket)
        pam_world.write(os.path.join(confdir, "frt"), "auth %saccount %s" % (line, line))
        pam_world.write(os.path.join(confdir, "other"), "account required pam_deny.so\n")
        self.slapd.must("dn: frtToolId=T25-neoface,ou=tools,%s\nchangetype: modify\nadd: frtPath\nfrtPath: %s\n" % (SUFFIX, tool))
        request = self.file_request()
        self.until("allow", "p20", "T25", request)
        run = ["env", "ASAN_OPTIONS=detect_leaks=0", program("frt"), "run", "--config", self.point.conf, "--pam-dir", confdir,
               "--request", request, "T25"]
        done = self.world.run(*run, user="p20")
        self.assertEqual((done.returncode, done.stdout), (0, "searched\n"), done.all)
        first = [r["n"] for r in self.point.records(k="decision", request=request) if r["use"] == 1]
        self.assertEqual(len(first), 1)
        self.assertIn("frt request record %s --decision %d --matches N --database NAME" % (request, first[0]), done.stderr)
        code, shown = self.world.dialogue(run, [("Database searched", "RMV image file"), ("Matches it returned", "1"),
                                                ("Another", "second file"), ("Matches it returned", "0"), ("Another", "")], user="p20")
        self.assertEqual(code, 0, shown)
        uses = [r["n"] for r in self.point.records(k="decision", request=request) if r["use"] == 1]
        self.assertEqual(len(uses), 2)
        self.assertEqual(len(self.point.records(k="decision", request=request)), 4)  # each with the grant behind it
        self.assertEqual([(r["matches"], r["database"]) for r in self.point.records(k="result", decision=uses[1])],
                         [(1, "RMV image file"), (0, "second file")])
        ldif = self.mine("dump.ldif")
        with open(ldif, "w") as f:
            f.write(self.slapd.dump())
        done = self.point.frt("eopss", "--quarter", "2026Q1", "--agency", "ebpd", "--directory", ldif, "--documents", self.documents,
                              "--out", self.mine("eopss"))
        with open(self.mine("eopss", "ebpd", "searches.json")) as f:
            rows = [row for row in json.load(f)["tables"][0]["rows"] if row[3] == request]
        self.assertEqual([(row[1], row[8], row[9], row[14]) for row in rows],
                         [(uses[0], "", "", "c d"), (uses[1], "1", "RMV image file", ""), (uses[1], "0", "second file", "")],
                         done.err)
        self.assertEqual(rows[0][10], "Xylosma Example (p24); detective; Eastbrook Police Department")
        self.assertTrue(rows[0][7].endswith("Z; document dated 2026-03-10"), rows[0][7])

    def test_no_search_is_an_answer_and_a_restart_remembers(self):
        request = self.file_request()
        self.until("allow", "p20", "T25", request)
        first, second = self.search(request), self.search(request)
        done = self.record("p20", request, "--decision", str(first), "--no-search", "the program did not start")
        self.assertEqual(done.returncode, 0, done.all)
        record = self.point.records(k="result", decision=first)[0]
        self.assertEqual((record["what"], record["reason"]), ("no search was made", "the program did not start"))
        self.point.stop()
        self.point.start()
        self.point.wait_view()
        self.assertNotIn(first, self.open_of("p20"))
        self.assertIn(second, self.open_of("p20"))


del Live  # the parent's own tests are none

if __name__ == "__main__":
    pam_world.enter()
    unittest.main(verbosity=1)
