#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The schema, the access rules and the sample city in a real slapd: what loads, what is refused, who may do what."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from slapd import SCHEMA, SUFFIX, Slapd, person_dn, sample_city_files

# LDAP result codes (RFC 4511, appendix A)
OK, SIZE_LIMIT, CONSTRAINT, BAD_SYNTAX, NOT_FOUND, REFUSED, OBJECT_CLASS, EXISTS = 0, 4, 19, 21, 32, 50, 65, 68


def dn(rdn, container):
    return f"{rdn},ou={container},{SUFFIX}"


def new(rdn, container, object_class, *lines):
    name, value = rdn.split("=", 1)
    return "\n".join([f"dn: {dn(rdn, container)}", "changetype: add", *[f"objectClass: {c}" for c in object_class.split()],
                      f"{name}: {value}", *lines]) + "\n"


def change(rdn, container, operation, attribute, *values):
    return "\n".join([f"dn: {dn(rdn, container)}", "changetype: modify", f"{operation}: {attribute}",
                      *[f"{attribute}: {value}" for value in values]]) + "\n"


def gone(rdn, container):
    return f"dn: {dn(rdn, container)}\nchangetype: delete\n"


def moved(rdn, container, new_rdn, new_container=None):
    superior = f"newsuperior: ou={new_container},{SUFFIX}\n" if new_container else ""
    return f"dn: {dn(rdn, container)}\nchangetype: modrdn\nnewrdn: {new_rdn}\ndeleteoldrdn: 1\n{superior}"


def role(person, name="new", *lines):
    return new(f"frtRoleId={name}", "roles", "frtRole", f"frtPerson: {person}", "frtAffiliation: outside", *lines)


def request(requester, name="Q900", *lines):
    return new(f"frtRequestId={name}", "requests", "frtRequest", f"frtRequester: {requester}", *lines)


def order(requester, name="O900", container="authorities"):
    return new(f"frtAuthorityId={name}", container, "frtAuthorityEntry", "frtAuthorityKind: order",
               f"frtRequester: {requester}")


def evidence(declared_by, name="EV900"):
    return new(f"frtAuthorityId={name}", "authorities", "frtAuthorityEntry", "frtAuthorityKind: evidence",
               *([f"frtDeclaredBy: {declared_by}", "frtSolicited: FALSE"] if declared_by else []))


AGENCY = new("frtAgencyId=new", "agencies", "frtAgencyEntry", "cn: new", "frtAgencyKind: performer")
DEPARTMENT = new("frtDepartmentId=new", "departments", "frtDepartmentEntry", "cn: new")
HOST = new("frtHostId=h99", "hosts", "frtHost", "cn: new", "frtOwner: city")
TOOL = new("frtToolId=T99-new", "tools", "frtTool", "cn: new", "frtToolClass: not-frt", "frtAction: ignore")
PERSON = new("uid=p99", "people", "inetOrgPerson posixAccount", "cn: New", "sn: New", "uidNumber: 20099",
             "gidNumber: 20000", "homeDirectory: /home/p99", "userPassword: sample-p99")
GROUP = new("cn=new", "groups", "groupOfNames", f"member: {person_dn('p01')}")

# Offices: p19 role-admins, p03 policy-admins, p15 catalogue-admins, p18 auditors; p21 p24 p25 p26 request-office.
# Every change is tried on the sample city as it was loaded; what succeeded is taken back before the next row.
WRITES = [
    # who, given, change, expected
    ("p19", "the role office adds a role", role("p05"), OK),
    ("p19", "the role office changes a role", change("frtRoleId=p21-msp", "roles", "replace", "frtPerformer", "TRUE"), OK),
    ("p19", "the role office ends a role", change("frtRoleId=p01-police", "roles", "add", "frtRoleEnd", "20260401000000Z"), OK),
    ("p19", "the role office removes a role", gone("frtRoleId=p30-schools", "roles"), OK),
    ("p19", "the role office adds a role about itself", role("p19"), REFUSED),
    ("p19", "the role office changes its own role", change("frtRoleId=p19-it", "roles", "replace", "frtAffiliation", "outside"), REFUSED),
    ("p19", "the role office removes its own role", gone("frtRoleId=p19-it", "roles"), REFUSED),
    ("p19", "the role office turns another's role into its own", change("frtRoleId=p20-msp", "roles", "replace", "frtPerson", "p19"), REFUSED),
    ("p19", "the role office renames a role", moved("frtRoleId=p20-msp", "roles", "frtRoleId=p20-x"), REFUSED),
    ("p19", "the role office puts something else among the roles", new("cn=x", "roles", "groupOfNames", f"member: {person_dn('p01')}"), REFUSED),
    ("p19", "the role office puts a role among the people", role("p19").replace("ou=roles", "ou=people"), REFUSED),
    ("p19", "the role office puts a role among the groups", role("p19").replace("ou=roles", "ou=groups"), REFUSED),
    ("p19", "the role office puts a role below a role", role("p05").replace(",ou=roles", ",frtRoleId=p01-police,ou=roles"), REFUSED),
    ("p19", "the role office changes a group's members", change("cn=police", "groups", "delete", "member", person_dn("p29")), OK),
    ("p19", "the role office makes a group carry a role", change("cn=users", "groups", "add", "objectClass", "frtRoleGroup") + "-\nadd: frtAffiliation\nfrtAffiliation: city\n", OK),
    ("p19", "the role office adds a group", GROUP, OK),
    ("p19", "the role office adds an account", PERSON, OK),
    ("p19", "the role office changes another's account", change("uid=p01", "people", "replace", "title", "sergeant"), OK),
    ("p19", "the role office changes its own account", change("uid=p19", "people", "replace", "uidNumber", "20020"), REFUSED),
    ("p19", "the role office sets another's password", change("uid=p03", "people", "replace", "userPassword", "mine"), REFUSED),
    ("p19", "the role office changes an agency", change("frtAgencyId=ebpd", "agencies", "replace", "frtAgencyKind", "performer"), REFUSED),
    ("p19", "the role office changes a host", change("frtHostId=h1", "hosts", "replace", "frtOwner", "msp"), REFUSED),
    ("p19", "the role office changes a tool", change("frtToolId=T03-digikam", "tools", "replace", "frtAction", "ignore"), REFUSED),
    ("p19", "the role office files a request", request("p19"), REFUSED),
    ("p19", "the role office joins an office", change("cn=auditors", "admins", "add", "member", person_dn("p19")), REFUSED),
    ("p19", "the role office changes the replica's password", change("cn=replica", "services", "replace", "userPassword", "mine"), REFUSED),
    ("p03", "the policy office adds an agency", AGENCY, OK),
    ("p03", "the policy office changes an agency", change("frtAgencyId=dao", "agencies", "replace", "frtAgencyKind", "requester"), OK),
    ("p03", "the policy office adds a department", DEPARTMENT, OK),
    ("p03", "the policy office adds a host", HOST, OK),
    ("p03", "the policy office assigns a device", change("frtHostId=h5", "hosts", "replace", "frtAssignedTo", "p02"), OK),
    ("p03", "the policy office flags received evidence", evidence(None), OK),
    ("p03", "the policy office turns evidence into an order", change("frtAuthorityId=EV301", "authorities", "replace", "frtAuthorityKind", "order"), REFUSED),
    ("p03", "the policy office adds an order", order("p03"), REFUSED),
    ("p03", "the policy office adds a role", role("p05"), REFUSED),
    ("p03", "the policy office changes a tool", change("frtToolId=T03-digikam", "tools", "replace", "frtAction", "ignore"), REFUSED),
    ("p03", "the policy office puts a role among the agencies", role("p05").replace("ou=roles", "ou=agencies"), REFUSED),
    ("p03", "the policy office puts a role among the departments", role("p05").replace("ou=roles", "ou=departments"), REFUSED),
    ("p03", "the policy office puts a role among the hosts", role("p05").replace("ou=roles", "ou=hosts"), REFUSED),
    ("p15", "the catalogue office puts a role among the tools", role("p05").replace("ou=roles", "ou=tools"), REFUSED),
    ("p15", "the catalogue office adds a tool", TOOL, OK),
    ("p15", "the catalogue office changes a tool", change("frtToolId=T25-neoface", "tools", "add", "frtHost", "neoface.example"), OK),
    ("p15", "the catalogue office removes a tool", gone("frtToolId=T43-openalpr", "tools"), OK),
    ("p15", "the catalogue office adds a role", role("p05"), REFUSED),
    ("p15", "the catalogue office adds an agency", AGENCY, REFUSED),
    ("p15", "the catalogue office adds a host", HOST, REFUSED),
    ("p18", "an auditor adds a role", role("p05"), REFUSED),
    ("p18", "an auditor changes a tool", change("frtToolId=T03-digikam", "tools", "replace", "frtAction", "ignore"), REFUSED),
    ("p18", "an auditor removes a request", gone("frtRequestId=Q201", "requests"), REFUSED),
    ("p24", "a requester files a request in his own name", request("p24"), OK),
    ("p24", "a requester files a request in another's name", request("p26"), REFUSED),
    ("p24", "a requester files a request that names nobody", request("p24").replace("frtRequester: p24\n", ""), OBJECT_CLASS),
    ("p24", "a requester files something else than a request", role("p24").replace("ou=roles", "ou=requests"), REFUSED),
    ("p24", "a requester puts an order among the requests", order("p24", container="requests"), REFUSED),
    ("p24", "a requester puts a request among the authorities", request("p24").replace("ou=requests", "ou=authorities"), REFUSED),
    ("p24", "a requester withdraws his request", change("frtRequestId=Q201", "requests", "add", "frtWithdrawnAt", "20260316150000Z"), OK),
    ("p24", "a requester withdraws another's request", change("frtRequestId=Q203", "requests", "add", "frtWithdrawnAt", "20260316150000Z"), REFUSED),
    ("p24", "a requester backdates his request", change("frtRequestId=Q201", "requests", "replace", "frtFiledAt", "20260301000000Z"), REFUSED),
    ("p24", "a requester widens his request", change("frtRequestId=Q205", "requests", "replace", "frtMaxSearches", "100"), REFUSED),
    ("p24", "a requester adds what was missing", change("frtRequestId=Q201", "requests", "add", "frtToolRef", "T25-neoface"), REFUSED),
    ("p24", "a requester hands his request to another", change("frtRequestId=Q201", "requests", "replace", "frtRequester", "p26"), REFUSED),
    ("p24", "a requester removes his request", gone("frtRequestId=Q201", "requests"), REFUSED),
    ("p24", "a requester renames his request", moved("frtRequestId=Q201", "requests", "frtRequestId=Q999"), REFUSED),
    ("p24", "a requester puts an order on file", order("p24"), OK),
    ("p24", "a requester puts an order on file in another's name", order("p26"), REFUSED),
    ("p24", "a requester prolongs an order", change("frtAuthorityId=O70", "authorities", "replace", "frtAuthorityEnd", "20261231000000Z"), REFUSED),
    ("p24", "a requester removes an order", gone("frtAuthorityId=O70", "authorities"), REFUSED),
    ("p24", "a requester adds a role", role("p24"), REFUSED),
    ("p24", "a requester declares evidence in an official's name", evidence("p02"), REFUSED),
    ("p02", "a city official files a request", request("p02"), REFUSED),
    ("p02", "a city official files a request in an outsider's name", request("p24"), REFUSED),
    ("p02", "a city official changes the state of his refused request", change("frtRequestId=Q207", "requests", "replace", "frtRequestState", "filed"), REFUSED),
    ("p02", "a city official withdraws his refused request", change("frtRequestId=Q207", "requests", "add", "frtWithdrawnAt", "20260316150000Z"), REFUSED),
    ("p02", "a city official puts an order on file", order("p02"), REFUSED),
    ("p02", "a city official declares evidence he received", evidence("p02"), OK),
    ("p02", "a city official declares evidence in another's name", evidence("p01"), REFUSED),
    ("p02", "a city official changes his declaration", change("frtAuthorityId=EV302", "authorities", "replace", "frtSolicited", "FALSE"), REFUSED),
    ("p02", "a city official turns his declaration into an order", change("frtAuthorityId=EV301", "authorities", "replace", "frtAuthorityKind", "order"), REFUSED),
    ("p02", "a city official takes himself out of a group", change("cn=police", "groups", "delete", "member", person_dn("p02")), REFUSED),
    ("p02", "a city official adds a role", role("p02"), REFUSED),
    ("p02", "a city official changes his account", change("uid=p02", "people", "replace", "uidNumber", "20020"), REFUSED),
    ("p02", "a city official changes his own name", change("uid=p02", "people", "replace", "cn", "Somebody Else"), REFUSED),
    ("p02", "a city official changes his own home", change("uid=p02", "people", "replace", "homeDirectory", "/"), REFUSED),
    ("p02", "a city official changes another's name", change("uid=p01", "people", "replace", "cn", "Somebody Else"), REFUSED),
    ("p24", "a person hands his role to another", change("frtRoleId=p24-ebpd", "roles", "replace", "frtPerson", "p02"), REFUSED),
    ("p24", "a person makes himself a performer", change("frtRoleId=p24-ebpd", "roles", "replace", "frtPerformer", "TRUE"), REFUSED),
    ("p02", "a person changes a department", change("frtDepartmentId=police", "departments", "replace", "cn", "x"), REFUSED),
    ("p24", "a person changes an agency", change("frtAgencyId=ebpd", "agencies", "replace", "frtAgencyKind", "performer"), REFUSED),
    ("p24", "a person changes a host", change("frtHostId=h9", "hosts", "replace", "frtOwner", "msp"), REFUSED),
    ("p24", "a person changes a container", f"dn: ou=roles,{SUFFIX}\nchangetype: modify\nreplace: ou\nou: roles\n", REFUSED),
    ("p24", "a person changes the top entry", f"dn: {SUFFIX}\nchangetype: modify\nreplace: o\no: x\n", REFUSED),
    ("p02", "a person changes his own password", change("uid=p02", "people", "replace", "userPassword", "sample-p02-new"), OK),
    ("p02", "a person changes another's password", change("uid=p01", "people", "replace", "userPassword", "mine"), REFUSED),
    ("p20", "a performer who is no requester files a request", request("p20"), REFUSED),
    ("p20", "a performer marks a request as closed", change("frtRequestId=Q201", "requests", "replace", "frtRequestState", "closed"), REFUSED),
    ("p31", "a person without a role files a request", request("p31"), REFUSED),
    ("replica", "the replica adds a role", role("p05"), REFUSED),
    ("replica", "the replica removes a role", gone("frtRoleId=p01-police", "roles"), REFUSED),
    ("replica", "the replica files a request", request("p24"), REFUSED),
    ("replica", "the replica changes a tool", change("frtToolId=T03-digikam", "tools", "replace", "frtAction", "ignore"), REFUSED),
    ("frtd", "frtd adds a role", role("p05"), REFUSED),
    ("frtd", "frtd changes a request", change("frtRequestId=Q201", "requests", "replace", "frtRequestState", "closed"), REFUSED),
]

# who, given, base, filter, how many entries are seen
EVERYTHING = -1
READS = [
    ("replica", "the replica sees everything", SUFFIX, "(objectClass=*)", EVERYTHING),
    ("frtd", "frtd sees everything", SUFFIX, "(objectClass=*)", EVERYTHING),
    ("p18", "an auditor sees everything", SUFFIX, "(objectClass=*)", EVERYTHING),
    ("p19", "the role office sees all roles", SUFFIX, "(objectClass=frtRole)", 35),
    ("p19", "the role office looks a person's roles up", SUFFIX, "(frtPerson=p30)", 2),
    ("p30", "a person looks his own roles up", SUFFIX, "(frtPerson=p30)", 2),
    ("p30", "a person looks his own roles up below ou=roles", f"ou=roles,{SUFFIX}", "(frtPerson=p30)", 2),
    ("p30", "a person looks another's roles up", SUFFIX, "(frtPerson=p29)", 0),
    ("p19", "the role office sees no request", SUFFIX, "(objectClass=frtRequest)", 0),
    ("p19", "the role office sees no authority", SUFFIX, "(objectClass=frtAuthorityEntry)", 0),
    ("p03", "the policy office sees no request", SUFFIX, "(objectClass=frtRequest)", 0),
    ("p03", "the policy office sees declared evidence only", SUFFIX, "(objectClass=frtAuthorityEntry)", 3),
    ("p03", "the policy office sees its own role only", SUFFIX, "(objectClass=frtRole)", 1),
    ("p15", "the catalogue office sees the catalogue", SUFFIX, "(objectClass=frtTool)", 44),
    ("p15", "the catalogue office sees no request", SUFFIX, "(objectClass=frtRequest)", 0),
    ("p24", "a requester sees his own requests", SUFFIX, "(objectClass=frtRequest)", 3),
    ("p24", "a requester sees what he put on file", SUFFIX, "(objectClass=frtAuthorityEntry)", 2),
    ("p24", "a requester sees his own role", SUFFIX, "(objectClass=frtRole)", 1),
    ("p24", "a requester sees agencies", SUFFIX, "(objectClass=frtAgencyEntry)", 10),
    ("p24", "a requester sees departments", SUFFIX, "(objectClass=frtDepartmentEntry)", 13),
    ("p24", "a requester sees hosts", SUFFIX, "(objectClass=frtHost)", 12),
    ("p24", "a requester does not see to whom a device is assigned", SUFFIX, "(frtAssignedTo=*)", 0),
    ("p24", "a requester sees no offices", SUFFIX, "(cn=request-office)", 0),
    ("p24", "a requester sees no catalogue", SUFFIX, "(objectClass=frtTool)", 0),
    ("p02", "a city official sees the request he was refused", SUFFIX, "(objectClass=frtRequest)", 1),
    ("p02", "a city official sees the evidence he declared", SUFFIX, "(objectClass=frtAuthorityEntry)", 2),
    ("p02", "a city official sees no group", SUFFIX, "(objectClass=groupOfNames)", 0),
    ("p01", "a person sees no request", SUFFIX, "(objectClass=frtRequest)", 0),
    ("p01", "a person sees the top entry", SUFFIX, "(objectClass=dcObject)", 1),
    ("p01", "a person sees people", SUFFIX, "(objectClass=person)", 32),
    ("p01", "a person cannot look people up by their homes", SUFFIX, "(homeDirectory=/home/p02)", 0),
    ("p01", "a person sees his own home", SUFFIX, "(homeDirectory=/home/p01)", 1),
    ("p01", "a person sees no identity of a program", SUFFIX, "(objectClass=simpleSecurityObject)", 0),
    ("p31", "a person without a role sees no role", SUFFIX, "(objectClass=frtRole)", 0),
]

COUNTS = {
    "organizationalUnit": 11, "frtDepartmentEntry": 13, "frtAgencyEntry": 10, "inetOrgPerson": 32, "frtServiceAccount": 1,
    "frtRole": 35, "frtRoleGroup": 1, "frtHost": 12, "frtTool": 44, "frtRequest": 11, "frtAuthorityEntry": 13,
    "simpleSecurityObject": 2,
}

# attribute, entry, value, what slapd answers without constraints.ldif, and with it
VALUES = [
    ("frtRoleEnd", "frtRoleId=p01-police,ou=roles", "20260401000000Z", OK, OK),
    ("frtRoleEnd", "frtRoleId=p01-police,ou=roles", "2026-04-01", BAD_SYNTAX, BAD_SYNTAX),
    ("frtRoleEnd", "frtRoleId=p01-police,ou=roles", "20261301000000Z", BAD_SYNTAX, BAD_SYNTAX),
    ("frtRoleEnd", "frtRoleId=p01-police,ou=roles", "20260401000000", BAD_SYNTAX, BAD_SYNTAX),
    ("frtRoleEnd", "frtRoleId=p01-police,ou=roles", "20260401000000+0500", OK, CONSTRAINT),
    ("frtRoleEnd", "frtRoleId=p01-police,ou=roles", "2026040100Z", OK, CONSTRAINT),
    ("frtSworn", "frtRoleId=p01-police,ou=roles", "FALSE", OK, OK),
    ("frtSworn", "frtRoleId=p01-police,ou=roles", "yes", BAD_SYNTAX, BAD_SYNTAX),
    ("frtPerformer", "frtRoleId=p20-msp,ou=roles", "1", BAD_SYNTAX, BAD_SYNTAX),
    ("frtApprovedBy", "frtRoleId=p20-msp,ou=roles", "the chief", BAD_SYNTAX, BAD_SYNTAX),
    ("frtAffiliation", "frtRoleId=p20-msp,ou=roles", "county", OK, CONSTRAINT),
    ("frtOfficialType", "frtRoleId=p20-msp,ou=roles", "king", OK, CONSTRAINT),
    ("frtAgencyKind", "frtAgencyId=dao,ou=agencies", "any", OK, CONSTRAINT),
    ("frtSha256", "frtToolId=T03-digikam,ou=tools", "0" * 64, OK, OK),
    ("frtSha256", "frtToolId=T03-digikam,ou=tools", "0" * 63, OK, CONSTRAINT),
    ("frtSha256", "frtToolId=T03-digikam,ou=tools", "A" * 64, OK, CONSTRAINT),
    ("frtPath", "frtToolId=T03-digikam,ou=tools", "usr/bin/digikam", OK, CONSTRAINT),
    ("frtPath", "frtToolId=T03-digikam,ou=tools", "/usr/bin/\u00e9", BAD_SYNTAX, BAD_SYNTAX),
    ("frtSize", "frtToolId=T03-digikam,ou=tools", "large", BAD_SYNTAX, BAD_SYNTAX),
    ("frtToolClass", "frtToolId=T03-digikam,ou=tools", "harmless", OK, CONSTRAINT),
    ("frtCapability", "frtToolId=T03-digikam,ou=tools", "identify-1toN", OK, OK),
    ("frtCapability", "frtToolId=T03-digikam,ou=tools", "identify-few", OK, CONSTRAINT),
    ("frtMaxSearches", "frtRequestId=Q201,ou=requests", "three", BAD_SYNTAX, BAD_SYNTAX),
    ("frtRoute", "frtRequestId=Q201,ou=requests", "curiosity", OK, CONSTRAINT),
    ("frtRequester", "frtRequestId=Q201,ou=requests", "P24", OK, CONSTRAINT),
    ("frtRecipient", "frtRequestId=Q201,ou=requests", "Clearview AI", OK, OK),
    ("frtSolicited", "frtAuthorityId=EV301,ou=authorities", "maybe", BAD_SYNTAX, BAD_SYNTAX),
    ("frtOwner", "frtRequestId=Q201,ou=requests", "city", OBJECT_CLASS, OBJECT_CLASS),
]


def affected(ldif):
    return re.search(r"^dn: (.*)$", ldif, re.MULTILINE).group(1)


def values_of(path, keyword):
    """What follows `keyword` at the start of a line; continued lines joined, spaces and numbers ({3}) evened out."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"^#.*\n", "", file.read(), flags=re.MULTILINE)
    lines = re.sub(r"\n +", " ", text).splitlines()
    return [re.sub(r"^\{\d+\}", "", " ".join(line[len(keyword):].split())) for line in lines if line.startswith(keyword)]


class TheSchema(unittest.TestCase):
    def test_both_forms_say_the_same(self):
        done = subprocess.run([os.path.join(SCHEMA, "make_ldif.py"), "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_object_identifier_is_used_once(self):
        with open(os.path.join(SCHEMA, "frt.schema"), encoding="ascii") as schema:
            found = re.findall(r"\( (frt(?:Attribute|Class):\d+) NAME", schema.read())
        self.assertGreater(len(found), 80)
        self.assertEqual(len(found), len(set(found)))

    def test_slapd_conf_form_loads_and_holds_the_sample_city(self):
        with tempfile.TemporaryDirectory() as scratch:
            with open(os.path.join(SCHEMA, "slapd.conf.example"), encoding="utf-8") as example:
                text = example.read()
            os.mkdir(os.path.join(scratch, "data"))
            text = text.replace("/etc/ldap/schema/frt.schema", os.path.join(SCHEMA, "frt.schema"))
            text = text.replace("/var/lib/ldap", os.path.join(scratch, "data")).replace("/run/slapd", scratch)
            conf = os.path.join(scratch, "slapd.conf")
            with open(conf, "w", encoding="utf-8") as file:
                file.write(text)
            for command in [["/usr/sbin/slaptest", "-u", "-f", conf]] + [
                    ["/usr/sbin/slapadd", "-f", conf, "-l", path] for path in sample_city_files()]:
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")

    def test_slapd_conf_form_has_the_access_rules_limits_and_indexes_of_the_ldif_files(self):
        for name, attribute, keyword in [("access", "olcAccess", "access"), ("limits", "olcLimits", "limits"),
                                         ("indexes", "olcDbIndex", "index")]:
            with self.subTest(name):
                wanted = values_of(os.path.join(SCHEMA, name + ".ldif"), attribute + ": ")
                self.assertGreater(len(wanted), 2)
                there = values_of(os.path.join(SCHEMA, "slapd.conf.example"), keyword + " ")
                self.assertEqual([value for value in there if value in wanted], wanted)
                if name != "indexes":  # the example also has the indexes any server has
                    self.assertEqual(there, wanted)

    def test_offered_by_a_running_server_with_names_and_descriptions(self):
        with Slapd() as server:
            entry = server.search(who="p01", base="cn=Subschema", scope="base",
                                  attributes=["objectClasses", "attributeTypes"]).entries[0][1]
        classes = [c for c in entry["objectClasses"] if "NAME 'frt" in c]
        attributes = [a for a in entry["attributeTypes"] if "NAME 'frt" in a]
        self.assertEqual(len(classes), 9)
        for definition in classes + attributes:
            self.assertIn("( 2.25.144769557047410213539900008495238714919.", definition)
            self.assertIn("DESC '", definition)
        for definition in attributes:
            self.assertIn("EQUALITY ", definition)


class TheSampleCity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Slapd(constraints=True).start()
        cls.entries = cls.server.search(who="replica").entries

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def with_class(self, name):
        return [attributes for _, attributes in self.entries if name in attributes["objectClass"]]

    def values(self, object_class, attribute):
        return {value for entry in self.with_class(object_class) for value in entry.get(attribute, [])}

    def test_has_as_many_entries_of_each_kind_as_it_should(self):
        for name, count in COUNTS.items():
            with self.subTest(name):
                self.assertEqual(len(self.with_class(name)), count)

    def test_refers_to_nothing_that_is_not_there(self):
        people = self.values("posixAccount", "uid")
        agencies = self.values("frtAgencyEntry", "frtAgencyId")
        names = {entry_dn for entry_dn, _ in self.entries}
        for what, used, known in [
                ("people of roles", self.values("frtRole", "frtPerson"), people),
                ("agencies of roles", self.values("frtRole", "frtAgency"), agencies),
                ("departments", self.values("frtRole", "frtDepartment"), self.values("frtDepartmentEntry", "frtDepartmentId")),
                ("approvers", self.values("frtRole", "frtApprovedBy"), names),
                ("groups of roles", self.values("frtRole", "frtRoleGroup"), names),
                ("owners of hosts", self.values("frtHost", "frtOwner"), agencies),
                ("holders of devices", self.values("frtHost", "frtAssignedTo"), people),
                ("members", self.values("groupOfNames", "member"), names),
                ("requesters", self.values("frtRequest", "frtRequester"), people),
                ("requesters' agencies", self.values("frtRequest", "frtRequesterAgency"), agencies),
                ("authorities", self.values("frtRequest", "frtAuthority"), self.values("frtAuthorityEntry", "frtAuthorityId")),
                ("reviewers", self.values("frtTool", "frtReviewedBy"), names)]:
            with self.subTest(what):
                self.assertTrue(used)
                self.assertEqual(used - known, set())

    def test_every_value_would_pass_the_constraints(self):
        # slapadd skips overlays; the same entries by way of the protocol do not.
        with Slapd(sample_city=False, constraints=True) as server:
            for path in sample_city_files():
                with open(path, encoding="utf-8") as ldif:
                    self.assertEqual(server.add(ldif.read()), OK, f"{path}: {server.last_error}")
            self.assertEqual(len(server.search().entries), len(self.entries))

    def test_every_catalogue_entry_says_how_sure_it_is_and_when_it_is_due(self):
        for tool in self.with_class("frtTool"):
            with self.subTest(tool["frtToolId"][0]):
                for attribute in ("frtCertainty", "frtSource", "frtReviewDue", "frtCatalogueSerial"):
                    self.assertEqual(len(tool.get(attribute, [])), 1)

    def test_every_account_can_bind_with_its_password_and_no_other(self):
        for uid in sorted(self.values("inetOrgPerson", "uid")):
            with self.subTest(uid):
                self.assertEqual(self.server.bind(uid), OK)
                self.assertEqual(self.server.bind(uid, "sample-other"), 49)
        self.assertEqual(self.server.bind("svc-camera"), 49)


class TheAccessRules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Slapd().start()
        cls.backup = cls.server.dump()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_let_each_office_write_its_own_and_nothing_else(self):
        before = self.entries()
        for who, given, ldif, expected in WRITES:
            with self.subTest(f"{given} ({who})"):
                self.assertEqual(self.server.modify(ldif, who=who), expected, self.server.last_error)
                if expected == OK:
                    self.assertNotEqual(self.entries(), before, "nothing changed")
                    self.server.restore(self.backup)
                self.assertEqual(self.entries(), before)

    def entries(self):
        return self.server.search().entries

    def test_show_each_office_what_it_needs_and_no_more(self):
        for who, given, base, what, expected in READS:
            with self.subTest(f"{given} ({who})"):
                found = self.server.search(what, who=who, base=base)
                self.assertEqual(found.code, OK, found.error)
                if expected == EVERYTHING:
                    self.assertEqual(sorted(d for d, _ in found.entries), sorted(d for d, _ in self.entries()))
                else:
                    self.assertEqual(len(found.entries), expected, [d for d, _ in found.entries])

    def test_give_anonymous_nothing(self):
        for base in [SUFFIX] + [f"ou={name},{SUFFIX}" for name in ("people", "roles", "requests", "tools", "admins")] + [
                person_dn("p01")]:
            with self.subTest(base):
                found = self.server.search(who="", base=base)
                self.assertEqual((found.code, found.entries), (NOT_FOUND, []))
        self.assertEqual(self.server.modify(role("p05"), who=""), 8)  # strongerAuthRequired

    def test_show_passwords_to_nobody(self):
        for who in ("p18", "p19", "p01", "replica", "frtd"):
            with self.subTest(who):
                entries = self.server.search("(objectClass=*)", who=who, attributes=["userPassword"]).entries
                self.assertEqual([d for d, attributes in entries if attributes], [])
                self.assertEqual(self.server.search("(userPassword=*)", who=who).entries, [])

    def test_an_official_listed_as_a_requester_still_cannot_file(self):
        office = change("cn=request-office", "admins", "add", "member", person_dn("p02"), person_dn("p29"), person_dn("p20"))
        self.server.must(office)
        try:
            self.assertEqual(self.server.modify(request("p02"), who="p02"), REFUSED)
            self.assertEqual(self.server.modify(order("p02"), who="p02"), REFUSED)
            self.assertEqual(self.server.modify(request("p29"), who="p29"), REFUSED)
            self.assertEqual(self.server.modify(request("p20"), who="p20"), OK)
        finally:
            self.server.restore(self.backup)

    def test_a_requester_who_left_sees_what_he_filed_and_files_no_more(self):
        self.server.must(change("cn=request-office", "admins", "delete", "member", person_dn("p24")))
        try:
            self.assertEqual(self.server.modify(request("p24"), who="p24"), REFUSED)
            self.assertEqual(self.server.modify(order("p24"), who="p24"), REFUSED)
            self.assertEqual(len(self.server.search("(objectClass=frtRequest)", who="p24").entries), 3)
            self.assertEqual(len(self.server.search("(objectClass=frtAuthorityEntry)", who="p24").entries), 2)
        finally:
            self.server.restore(self.backup)

    def test_an_auditor_listed_in_another_office_still_writes_nothing(self):
        self.server.must(change("cn=role-admins", "admins", "add", "member", person_dn("p18")))
        try:
            self.assertEqual(self.server.modify(role("p05"), who="p18"), REFUSED)
        finally:
            self.server.restore(self.backup)

    def test_the_replica_may_be_a_unix_user_on_the_socket(self):
        replica = f"cn=replica,ou=services,{SUFFIX}"
        with Slapd(external={os.getuid(): replica}) as server:
            done = subprocess.run(["ldapwhoami", "-Q", "-Y", "EXTERNAL", "-H", server.ldapi_uri], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.stdout.strip(), "dn:" + replica, done.stderr)


class TheLimits(unittest.TestCase):
    EXTRA = 600  # the default limit is 500

    @classmethod
    def setUpClass(cls):
        people = []
        for i in range(cls.EXTRA):
            people.append(new(f"uid=x{i:04}", "people", "inetOrgPerson posixAccount", "cn: Extra", "sn: Extra",
                              f"uidNumber: {30000 + i}", "gidNumber: 20000", "homeDirectory: /")
                          .replace("changetype: add\n", ""))
            people.append(new(f"frtRoleId=x{i:04}", "roles", "frtRole", f"frtPerson: x{i:04}", "frtAffiliation: city")
                          .replace("changetype: add\n", ""))
        cls.server = Slapd(extra_ldif=["\n".join(people)]).start()
        cls.total = len(cls.server.search().entries)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_cut_an_ordinary_search_off_at_500(self):
        found = self.server.search("(objectClass=person)", who="p01")
        self.assertEqual((found.code, len(found.entries)), (SIZE_LIMIT, 500))

    def test_cut_an_ordinary_paged_search_off_too(self):
        found = self.server.search("(objectClass=person)", who="p01", options=["-E", "pr=100/noprompt"])
        self.assertEqual((found.code, len(found.entries)), (SIZE_LIMIT, 500))

    def test_do_not_cut_off_the_replica(self):
        self.assertGreater(self.total, 2 * self.EXTRA)
        for who in ("replica", "frtd", "p18"):
            for options in ((), ("-E", "pr=100/noprompt")):
                with self.subTest(who=who, options=options):
                    found = self.server.search(who=who, options=options)
                    self.assertEqual((found.code, len(found.entries)), (OK, self.total))

    def test_do_not_cut_off_content_synchronization_by_the_replica(self):
        found = self.server.search(who="replica", options=["-E", "!sync=ro"])
        self.assertEqual((found.code, len(found.entries)), (OK, self.total))
        found = self.server.search(who="p01", options=["-E", "!sync=ro"])
        self.assertEqual((found.code, len(found.entries)), (SIZE_LIMIT, 500))


    def test_do_not_hide_the_last_official_from_the_rule_on_filing(self):
        last = f"x{self.EXTRA - 1:04}"
        self.server.must(change(f"uid={last}", "people", "add", "userPassword", "sample-" + last))
        self.server.must(change("cn=request-office", "admins", "add", "member", person_dn(last)))
        self.assertEqual(self.server.modify(request(last), who=last), REFUSED)
        self.server.must(gone(f"frtRoleId={last}", "roles"))
        self.assertEqual(self.server.modify(request(last), who=last), OK)
        self.server.must(gone("frtRequestId=Q900", "requests") + "\n" + role(last, last).replace("outside", "city"))


class Values(unittest.TestCase):
    def try_all(self, constraints):
        with Slapd(constraints=constraints) as server:
            backup = server.dump()
            for attribute, where, value, plain, constrained in VALUES:
                expected = constrained if constraints else plain
                with self.subTest(attribute=attribute, value=value):
                    ldif = f"dn: {where},{SUFFIX}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
                    self.assertEqual(server.modify(ldif), expected, server.last_error)
            server.restore(backup)
            double = "frtAffiliation: city\nfrtAffiliation: outside"
            ldif = f"dn: frtRoleId=p20-msp,ou=roles,{SUFFIX}\nchangetype: modify\nreplace: frtAffiliation\n{double}\n"
            self.assertEqual(server.modify(ldif), CONSTRAINT)  # single-valued

    def test_the_schema_refuses_what_has_the_wrong_syntax(self):
        self.try_all(constraints=False)

    def test_the_constraints_refuse_what_frtd_would_not_understand(self):
        self.try_all(constraints=True)

    def test_ids_that_differ_in_case_only_are_one_entry(self):
        with Slapd() as server:
            self.assertEqual(server.modify(request("p24", "q201")), EXISTS)


class TheReadme(unittest.TestCase):
    """Runs the commands of ldap_schema/README.md, with only the address and the password prompt replaced."""
    SUFFIX = "dc=city,dc=example"
    ADMIN = f"cn=admin,{SUFFIX}"

    def setUp(self):
        with open(os.path.join(SCHEMA, "README.md"), encoding="utf-8") as readme:
            text = readme.read()
        self.commands = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        self.changes = re.findall(r"```ldif\n(.*?)```", text, re.DOTALL)
        self.server = Slapd(bare=self.SUFFIX).start()
        self.addCleanup(self.server.close)

    def shell(self, *scripts):
        script = "\n".join(scripts).replace("ldapi:///", self.server.ldapi_uri)
        script = script.replace(" -W -S ", " -w sample-admin -s sample-replica ").replace(" -W", " -w sample-admin")
        script = script.replace("id -u frt-replica", "id -u")
        return subprocess.run(["sh", "-c", script], cwd=SCHEMA, capture_output=True, text=True, check=False,
                              env=dict(os.environ, LDAPNOINIT="1"))

    def search(self, what, dn="", password="", options=()):
        bind = ["-x", "-D", dn, "-w", password] if dn else ["-Q", "-Y", "EXTERNAL"]
        done = subprocess.run(["ldapsearch", "-LLL", "-H", self.server.ldapi_uri, *bind, "-b", self.SUFFIX, *options, what,
                               "1.1"], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.count("dn: ")

    def test_four_commands_make_a_directory_with_a_catalogue_and_a_replica(self):
        set_up, password, external = self.commands
        for name in ("people", "groups"):  # a city has these
            self.assertEqual(self.server.add(f"dn: ou={name},{self.SUFFIX}\nobjectClass: organizationalUnit\nou: {name}\n"),
                             OK, self.server.last_error)
        done = self.shell(set_up)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line for line in done.stderr.splitlines() if line],
                         ["ldap_add: Already exists (68)", "ldap_add: Already exists (68)"])
        config = dict(self.server.search(who="config", base="olcDatabase={1}mdb,cn=config").entries)
        database = config["olcDatabase={1}mdb,cn=config"]
        self.assertEqual([len(database[name]) for name in ("olcLimits", "olcAccess", "olcDbIndex")], [3, 28, 7])
        self.assertEqual(len(config), 3)  # the database and two overlays
        self.assertEqual(self.search("(objectClass=frtTool)", self.ADMIN, "sample-admin"), (OK, 44))

        replica = f"cn=replica,ou=services,{self.SUFFIX}"
        for password_tried in ("!", "", "sample-replica"):
            self.assertNotEqual(self.search("(objectClass=*)", replica, password_tried)[0], OK)
        setting = set_up[:set_up.index("ldapadd")]
        self.assertEqual(self.shell(setting, password).returncode, 0)
        everything = self.search("(objectClass=*)", self.ADMIN, "sample-admin")
        self.assertEqual(self.search("(objectClass=*)", replica, "sample-replica"), everything)
        self.assertEqual(self.search("(objectClass=*)", replica, "sample-replica", ["-E", "!sync=ro"]), everything)

        self.assertEqual(self.search("(objectClass=*)"), (NOT_FOUND, 0))  # root on the socket is nobody yet
        done = self.shell(setting, external)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.search("(objectClass=*)"), everything)

    def test_the_examples_for_groups_fit_the_sample_city(self):
        with Slapd(constraints=True) as server:
            server.must(change("cn=police", "groups", "delete", "objectClass", "frtRoleGroup") + "".join(
                f"-\ndelete: {name}\n" for name in ("frtAffiliation", "frtAgency", "frtDepartment", "frtOfficialType")))
            server.must(change("frtRoleId=p29-police", "roles", "delete", "frtRoleGroup"))
            self.assertEqual(len(self.changes), 2)
            for ldif in self.changes:
                self.assertEqual(server.modify(ldif.replace(self.SUFFIX, SUFFIX), who="p19"), OK, server.last_error)


class TheShellWay(unittest.TestCase):
    def test_try_slapd_runs_until_killed_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as scratch:
            environment = dict(os.environ, TMPDIR=scratch)
            with subprocess.Popen([os.path.join(SCHEMA, "try_slapd.sh")], stdout=subprocess.PIPE, text=True,
                                  env=environment) as process:
                told = dict(process.stdout.readline().strip().split("=", 1) for _ in range(8))
                found = subprocess.run(["ldapsearch", "-x", "-LLL", "-H", told["FRT_LDAPI_URI"], "-D", told["FRT_REPLICA_DN"],
                                        "-w", told["FRT_REPLICA_PASSWORD"], "-b", told["FRT_SUFFIX"], "dn"],
                                       capture_output=True, text=True, check=False)
                self.assertEqual(found.stdout.count("dn: "), sum(COUNTS[c] for c in COUNTS) + 7, found.stderr)
                process.terminate()
                self.assertEqual(process.wait(120), 0)
            self.assertEqual(os.listdir(scratch), [])
            self.assertFalse(os.path.exists(f"/proc/{told['FRT_SLAPD_PID']}"))


if __name__ == "__main__":
    sys.exit(unittest.main())
