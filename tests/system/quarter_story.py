# SPDX-License-Identifier: BSD-2-Clause
"""What happens in the sample quarter. Every golden case of domain.md 5.6 (G.., E..; other names are rows of golden.tsv), on its host, by
the road it would come; written requests filed by those who need them; role changes by the role office; results of searches.

E7 (disk full) leaves no record by its nature and is in frtd_faults.py.
"""
import os

from frtd import program
from quarter_city import AUDITORS, REKOGNITION, S3, UIDS, City, seconds_to, wait_for

DOCUMENT = b"%PDF-1.4 written request of the Eastbrook Police, 10 March 2026\n"
ORDER = ["--kind", "order", "--case", "EBPD-2026-0200", "--issuer", "a justice of the sample District Court", "--criminal-warrants",
         "yes", "--limb", "investigation", "--start", "2026-03-01", "--end", "2026-03-31"]
REQUEST = ["--route", "order", "--recipient", "msp", "--position", "detective", "--case", "EBPD-2026-0200", "--reason",
           "identify the man seen at the pharmacy", "--offence", "armed robbery", "--database", "RMV image file", "--traits",
           "man, dark hair", "--probes", "1", "--max-searches", "2", "--until", "2026-03-31", "--document-date", "2026-03-10"]
EMERGENCY = ["--route", "emergency", "--recipient", "fbi", "--position", "sergeant", "--reason", "find a missing child", "--offence",
             "kidnapping", "--database", "photo file of the recipient", "--traits", "man, dark hair", "--basis",
             "a child was seen being led to a car", "--harm", "the child may be hurt", "--no-delay", "every hour widens the area",
             "--subject", "the one adult in the picture"]


class Quarter(City):
    def __enter__(self):
        super().__enter__()
        try:
            self.catalogue_office()
            self.city_hosts()
            self.filing()
            self.performers()
            self.neighbours()
            self.leaver()
            self.auditor()
            self.later()
            self.dark()
            self.keep_directory()
        except BaseException:
            self.__exit__()
            raise
        return self

    def catalogue_office(self):
        """p15 enters where the tools stand that the catalogue could not know ("local entry needed")."""
        for tool, host, path in (("T25-neoface", "h6", "/opt/neoface/client"),
                                 ("T37-redaction-suite-faces", "h1", "/opt/redact/suite")):
            path = self.disks[host].root + path
            self.change("p15", "frtToolId=%s,ou=tools" % tool, "modify\nadd: frtPath\nfrtPath: %s\n" % path)
            self.told("frtToolId=" + tool, "changed")
            wait_for("the gate of %s marks %s" % (host, path), 
                     lambda: path + "  since" in self.hosts[host].frt("gate", "status", tool).out, 60)

    def city_hosts(self):
        self.case("G01", "h1", self.gate, "p01", "/usr/bin/digikam")
        self.case("G02", "h1", self.run, "p02", "T01", "Q207")
        self.case("G02-direct", "h1", self.gate, "p02", "/usr/local/bin/face_recognition")
        self.case("G03", "h1", self.pam, "p06", "T23", "open")
        self.case("G04", "h2", self.pam, "p07", "T05", rhost="192.0.2.7")
        self.case("G05", "h4", self.gate, "p10", "/opt/photoprism/bin/photoprism")
        self.case("G06", "h2", self.pam, "p11", "T11", "open")
        self.case("G08", "h4", self.gate, "p14", "/usr/share/facedetect/facedetect")
        self.case("G10", "h4", self.pam, "p09", "T24", "open")
        self.case("G11", "h1", self.gate, "p17", "/media/usb/holiday")
        self.case("G12", "h3", self.run, "p02", "T01", "Q201", user="guest-msp")
        self.case("G12-direct", "h3", self.gate, "p02", "/usr/local/bin/face_recognition", user="guest-msp")
        self.case("G14", "h2", self.arrive, "p15", "deb:digikam")
        self.case("G15", "h1", self.gate, "p04", "/usr/local/bin/deface")
        self.case("G16", "h1", self.gate, "p04", "/opt/redact/suite")
        self.case("G17", "h5", self.pam, "p01", "T31", "login")
        self.case("G19", "h12", self.pam, "p21", "T31", "login")
        self.case("G20", "h1", self.present, "p02", "T39", "open", evidence="EV301")
        self.case("G21", "h1", self.present, "p02", "T39", "open", evidence="EV302")
        self.case("G22", "h2", self.read, "p08", S3, records=0)
        self.case("cloud-T20", "h2", self.read, "p08", REKOGNITION)
        self.case("G24a", "h4", self.gate, "p10", "/usr/bin/kdenlive", records=0)
        self.case("G24b", "h4", self.gate, "p10", "/usr/bin/eviacam", records=0)
        self.case("E4", "h3", self.gate, "p31", "/usr/bin/digikam")
        self.case("p32", "h2", self.pam, "svc-camera", "T11", "open")
        self.case("service", "h2", self.pam, "nobody", "T11", "open", user="svc-camera")
        os.chown(self.disks["h2"].root + "/usr/bin/digikam", UIDS["p15"], -1)
        self.case("retain-official", "h2", self.scan, records=2)
        self.numbers["retain-nobody"] = [n for n in self.numbers["retain-official"] if not self.person_of("h2", n)]
        self.numbers["retain-official"] = [n for n in self.numbers["retain-official"] if self.person_of("h2", n)]

    def person_of(self, host, n):
        return [r["login"] or r["user"] for r in self.hosts[host].records(k="decision", n=n)][0]

    def filing(self):
        """Requests as they are filed; at the city, and by neighbours."""
        document = self.path("request.pdf")
        with open(document, "wb") as f:
            f.write(DOCUMENT)
        self.case("file-p02", "h1", self.file, "p02", "request", "new", *REQUEST, "--authority", "O81", "--document", document)
        self.case("filing", "h9", self.file_all, document, records=3)

    def file_all(self, host, document):
        order = self.filed(host, "p24", "authority", "new", *ORDER, "--document", document)
        self.order = self.filed(host, "p24", "request", "new", *REQUEST, "--authority", order, "--document", document)
        self.emergency = self.filed(host, "p26", "request", "new", *EMERGENCY)

    def performers(self):
        """The State Police's search server."""
        self.case("G25", "h6", self.on_terminal, "p20", "T25", "Q201",
                  [("Database searched", "RMV image file"), ("Matches it returned", "2"), ("Another", "")], records=3)
        self.case("G28", "h6", self.gate, "p20", "/opt/neoface/client")
        for name, request in (("G29", "Q204"), ("G31", "Q206"), ("G33", "Q209"), ("E2", "Q207")):
            self.case(name, "h6", self.run, "p20", "T25", request)
        self.case("p21", "h6", self.run, "p21", "T25", "Q201")
        self.case("p29", "h6", self.run, "p29", "T25", "Q201")
        self.case("p30", "h6", self.run, "p30", "T25", "Q201")
        self.case("G38", "h6", self.run, "p28", "T25", "Q201", records=3)
        self.result("h6", "p28", "Q201", "G38", "--matches", "0", "--database", "RMV image file")
        # "Given performer flag for the day" (G36): by the role office, and taken back.
        self.performer("TRUE", "performer for the day, letter 26-031 (invented)")
        self.case("p21-performer", "h6", self.run, "p21", "T25", "Q201", records=3)
        self.case("G36", "h3", self.run, "p21", "T25", "Q201")
        self.case("Q201-fourth", "h6", self.run, "p20", "T25", "Q201")
        self.performer("FALSE", "performer for the day has ended (invented)")
        self.case("order", "h6", self.run, "p20", "T25", self.order, records=3)
        self.result("h6", "p20", self.order, "order", "--no-search", "the picture was useless")
        code, shown = self.file("h9", "p24", "request", "withdraw", self.order)
        if code:
            raise AssertionError(shown)
        self.told("frtRequestId=" + self.order, "changed")
        self.case("withdrawn", "h6", self.run, "p20", "T25", self.order)

    def performer(self, value, ticket):
        before = len(self.hosts["h6"].records(k="role"))
        self.change("p19", "frtRoleId=p21-msp,ou=roles",
                    "modify\nreplace: frtPerformer\nfrtPerformer: %s\n-\nreplace: frtTicket\nfrtTicket: %s\n" % (value, ticket))
        for host in ("h3", "h6"):
            wait_for("the role is known on " + host, lambda: len(self.hosts[host].records(k="role")) > before, 60)

    def result(self, host, person, request, case, *words):
        code, shown = self.file(host, person, "request", "record", request, "--decision", str(self.numbers[case][0]), *words)
        if code:
            raise AssertionError(shown)

    def neighbours(self):
        """The other two bodies, and a requester who would search himself."""
        self.case("G26", "h7", self.pam, "p22", "T25", request="Q202")
        self.result("h7", "p22", "Q202", "G26", "--matches", "1", "--database", "RMV image file")
        self.case("Q208", "h7", self.pam, "p22", "T25", request="Q208")
        self.case("G27", "h8", self.pam, "p23", "T25", request="Q203")
        self.case("G37", "h8", self.pam, "p27", "T25", request="Q203")
        self.case("Q210", "h8", self.pam, "p23", "T25", request="Q210")
        self.case("emergency", "h8", self.pam, "p23", "T25", request=self.emergency)
        self.result("h8", "p23", self.emergency, "emergency", "--matches", "0", "--database", "photo file of the recipient")
        self.case("G34", "h9", self.run, "p24", "T01", "Q201")

    def leaver(self):
        """The role office at last takes p29 out of the city's police."""
        self.change("p19", "cn=police,ou=groups", "modify\ndelete: member\nmember: uid=p29,ou=people,@\n")
        self.told("cn=police", "changed")
        self.change("p19", "frtRoleId=p29-police,ou=roles", "delete\n")
        self.told("frtRoleId=p29-police", "removed")

    def auditor(self):
        """E6: he reads the trail, which is his office, and opens a tool, which is nobody's. He looks at an emergency."""
        self.reading = self.start_as("p18", "p18", [program("frt"), "--config", self.hosts["h1"].conf, "ask", "Q1", "--csv"],
                                     groups=[AUDITORS])
        self.case("E6", "h1", self.gate, "p18", "/usr/bin/digikam")
        code, shown = self.start_as("p18", "p18", [program("frt"), "request", "review", "Q203", "--config", self.hosts["h8"].conf,
                                                   "--decision", str(self.numbers["G27"][0]), "--finding",
                                                   "the child was found; one search, one picture"], groups=[AUDITORS])
        if code:
            raise AssertionError(shown)

    def later(self):
        """The same emergency twenty minutes later (G33), after frtd was stopped."""
        self.restart("h6", "2026-03-16 14:20:00")
        self.hosts["h6"].wait_view()
        self.case("G33-later", "h6", self.run, "p20", "T25", "Q209", records=3)
        self.result("h6", "p20", "Q209", "G33-later", "--matches", "1", "--database", "RMV image file")

    def dark(self):
        """The directory does not answer. On h1 what is known grows older than its limit (G40); on h3 frtd was killed and knows nothing
        yet, while its gate knows the tools. Ordinary programs go on."""
        point = self.hosts["h1"]
        with open(point.conf) as f:
            text = f.read()
        with open(point.conf, "w") as f:
            f.write(text.replace("max_view_age = 300", "max_view_age = 2"))
        self.slapd.pause()
        try:
            self.restart("h3", "2026-03-16 14:10:00", killed=True)
            self.case("dark-view-never-loaded", "h3", self.gate, "p02", "/usr/bin/digikam")
            point.reload()
            point.wait_view("stale")
            self.case("G40", "h1", self.gate, "p01", "/usr/bin/digikam")
            self.case("G40-ordinary", "h1", self.start_as_on, "p01", ["/bin/true"], records=0)
        finally:
            self.slapd.resume()

    def restart(self, host, at, killed=False):
        point = self.hosts[host]
        if killed:
            point.kill()
        else:
            point.stop()
        point.offset_s = seconds_to(at)
        point.start()
        wait_for("the gate of %s is back" % host, lambda: point.json("status")["gate"] == "enforcing", 60)

    def start_as_on(self, host, login, command):
        return self.start_as(login, login, command)

    def keep_directory(self):
        """The directory as it is at the end: what the auditor gives to those questions that need papers."""
        self.directory = self.path("directory.ldif")
        with open(self.directory, "w") as f:
            f.write(self.slapd.dump())
