/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The view: what counts, what poisons what, what comes and goes.
 */
#include <errno.h>
#include <time.h>

#include "directory/view_dn.h"
#include "directory/view_read.h"
#include "support/name.h"
#include "tests/directory/builders.h"

/* A small generator with a fixed seed, so that a failure comes back. */
static uint64_t seed = 20260316;

static uint32_t any(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static struct frt_entry *a_person_of_bytes(const void *bytes, size_t length, const char *rdn)
{
    struct frt_entry *entry =
        entry_of("objectClass: inetOrgPerson\nobjectClass: posixAccount", "cn=%s,ou=people," SUFFIX, rdn);

    ck_assert_int_eq(frt_entry_add(entry, "uid", bytes, length), 0);
    return entry;
}

START_TEST(of_all_single_bytes_only_a_to_z_and_underscore_are_names)
{
    for (int c = 0; c < 256; c++) {
        struct frt_view *view = empty_view();
        char byte = (char)c, name[2] = {byte, '\0'};
        bool canonical = (c >= 'a' && c <= 'z') || c == '_';

        put(view, a_person_of_bytes(&byte, 1, "x"));
        ck_assert_uint_eq(frt_view_unreadable_count(view), canonical ? 0 : 1);
        ck_assert_msg((frt_view_person_by_uid(view, name) != NULL) == canonical, "byte %d", c);
        if (!canonical) {
            ck_assert_ptr_nonnull(strstr(frt_view_unreadable(view, 0), ": uid: expected "));
            for (const char *p = frt_view_unreadable(view, 0); *p; p++)
                ck_assert_msg(*p >= 0x20 && *p <= 0x7e, "byte %d", c);
        }
        frt_view_free(view);
    }
}
END_TEST

/* Mostly letters, so that some are names and some of those collide. */
static size_t any_name(char name[16])
{
    static const char usual[] = "abAB__..--01 \t";
    size_t length = any() % 4;

    for (size_t i = 0; i < length; i++)
        name[i] = any() % 16 == 0 ? (char)any() : usual[any() % (sizeof(usual) - 1)];
    name[length] = '\0';
    return length;
}

START_TEST(a_generated_name_is_found_only_when_canonical_and_alone)
{
    struct frt_view *view = empty_view();
    static char names[10000][16];
    static size_t lengths[10000];
    size_t found = 0, poisoned = 0;

    for (size_t i = 0; i < 10000; i++) {
        char rdn[16];

        /* The first half may collide; the second has a number of its own. */
        lengths[i] = any_name(names[i]);
        if (i >= 5000 && lengths[i] < 4)
            lengths[i] += (size_t)snprintf(names[i] + lengths[i], 8, "%04zu", i);
        snprintf(rdn, sizeof(rdn), "n%zu", i);
        put(view, a_person_of_bytes(names[i], lengths[i], rdn));
    }
    for (size_t i = 0; i < 10000; i++) {
        const struct frt_person *person = frt_view_person_by_uid(view, names[i]);

        if (!person) {
            poisoned++;
            continue;
        }
        ck_assert(frt_name_is_canonical(names[i], strlen(names[i])));
        ck_assert_str_eq(person->uid, names[i]);
        found++;
    }
    ck_assert_uint_gt(found, 500);
    ck_assert_uint_gt(poisoned, 5000);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *other;
    bool poisons;
} collisions[] = {
    {"capitals", "ALICE", true},
    {"a leading space", "  alice", true},
    {"a trailing space", "alice ", true},
    {"a no-break space",
     "\xc2\xa0"
     "alice",
     true},
    {"a full-width letter", "\xef\xbd\x81lice", true},
    {"the same name again", "alice", true},
    {"another name", "alicf", false},
    {"a zero-width space is another name",
     "\xe2\x80\x8b"
     "alice",
     false},
    {"a combining accent is another name", "a\xcc\x81lice", false},
    {"a right-to-left mark is another name",
     "\xe2\x80\x8f"
     "alice",
     false},
};

START_TEST(names_that_fold_together_poison_each_other)
{
    struct frt_view *view = empty_view();
    struct frt_entry *other = a_person_of_bytes(collisions[_i].other, strlen(collisions[_i].other), "other");
    uint8_t uuid[16];
    const struct frt_person *person = NULL;

    put(view, a_person("alice", 1));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "alice"));
    put(view, other);
    ck_assert_msg((frt_view_person_by_uid(view, "alice") == NULL) == collisions[_i].poisons, "%s",
                  collisions[_i].given);
    ck_assert_uint_eq(frt_view_find_person_by_uid(view, "alice", &person),
                      collisions[_i].poisons ? FRT_FOUND_POISONED : FRT_FOUND_ONE);
    ck_assert_msg((frt_view_person_by_number(view, 1) == NULL) == collisions[_i].poisons, "%s",
                  collisions[_i].given);
    frt_dn_uuid("cn=other,ou=people," SUFFIX, uuid);
    frt_view_remove(view, uuid);
    ck_assert_msg(frt_view_person_by_uid(view, "alice") != NULL, "%s: not healed", collisions[_i].given);
    frt_view_free(view);
}
END_TEST

START_TEST(a_number_of_two_people_is_nobodys)
{
    struct frt_view *view = empty_view();

    put(view, a_person("p01", 7));
    put(view, a_person("p02", 7));
    put(view, a_person("p03", 8));
    ck_assert_ptr_null(frt_view_person_by_number(view, 7));
    ck_assert_ptr_nonnull(frt_view_person_by_number(view, 8));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "p01"));
    put(view, a_person("p02", 9));
    ck_assert_str_eq(frt_view_person_by_number(view, 7)->uid, "p01");
    ck_assert_str_eq(frt_view_person_by_number(view, 9)->uid, "p02");
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *dn;
    bool counts;
} places[] = {
    {"uid=p01,ou=people," SUFFIX, true},
    {"UID=p01, OU=People ,  DC=frt,dc=EXAMPLE", true},
    {"uid=p01,ou=\\70eople," SUFFIX, true},
    {"cn=a\\, b+uid=p01,ou=people," SUFFIX, true},
    {"uid=p01,ou=more,ou=people," SUFFIX, false},
    {"uid=p01,ou=people,ou=more," SUFFIX, false},
    {"uid=p01,ou=roles," SUFFIX, false},
    {"uid=p01," SUFFIX, false},
    {"uid=p01,ou=people,dc=frt,dc=example,dc=org", false},
    {"uid=p01,ou=people,dc=example", false},
    {"uid=p01\\,ou=people," SUFFIX, false},
    {"ou=people," SUFFIX, false},
    {"uid=p01,ou=peoples," SUFFIX, false},
    {"", false},
};

START_TEST(people_count_only_directly_below_their_base)
{
    struct frt_view *view = empty_view();
    struct frt_entry *entry =
        entry_of("objectClass: inetOrgPerson\nuid: p01\nuidNumber: 5", "%s", places[_i].dn);

    put(view, entry);
    ck_assert_msg((frt_view_person_by_uid(view, "p01") != NULL) == places[_i].counts, "%s", places[_i].dn);
    ck_assert_uint_eq(frt_view_entry_count(view), places[_i].counts ? 1 : 0);
    ck_assert_uint_eq(frt_view_unreadable_count(view), 0);
    frt_view_free(view);
}
END_TEST

START_TEST(no_class_counts_outside_its_base)
{
    struct frt_view *view = empty_view();
    struct frt_entry *entries[] = {a_city_role("p01"),
                                   an_agency("msp", "performer", "msp"),
                                   a_host("h1", "a", "city"),
                                   a_tool("T1"),
                                   a_request("Q1"),
                                   an_order("O1"),
                                   a_role_group("g", "memberUid: p01")};
    const struct frt_role *role;

    for (size_t i = 0; i < FRT_ARRAY_LEN(entries); i++) {
        char dn[256];

        snprintf(dn, sizeof(dn), "cn=x%zu,ou=elsewhere," SUFFIX, i);
        free(entries[i]->dn);
        entries[i]->dn = strdup(dn);
        ck_assert_uint_eq(put(view, entries[i]), FRT_VIEW_UNCHANGED);
    }
    ck_assert_uint_eq(frt_view_entry_count(view), 0);
    ck_assert_uint_eq(frt_view_roles_of(view, "p01", &role, 1), 0);
    ck_assert_ptr_null(frt_view_tool(view, "T1"));
    ck_assert_ptr_null(frt_view_request(view, "Q1"));
    frt_view_free(view);
}
END_TEST

START_TEST(a_dn_that_is_none_makes_the_view_incomplete)
{
    struct frt_view *view = empty_view();

    put(view, entry_of("objectClass: frtRole", "this is no name"));
    ck_assert_ptr_nonnull(
        strstr(frt_view_problem(view), "this is no name: dn: expected a distinguished name"));
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *expected;
} names[] = {
    {"uid=p01,ou=people,dc=x", "uid=p01,ou=people,dc=x"},
    {"UID = P01 , OU=People,dc=X", "uid=p01,ou=people,dc=x"},
    {"cn=a  b,dc=x", "cn=a b,dc=x"},
    {"cn=\\20a\\20,dc=x", "cn=a,dc=x"},
    {"cn=a\\,b,dc=x", "cn=a\\2cb,dc=x"},
    {"cn=a\\2Cb,dc=x", "cn=a\\2cb,dc=x"},
    {"cn=\"a,b\",dc=x", NULL},
    {"cn=a=b,dc=x", "cn=a\\3db,dc=x"},
    {"cn=B+sn=A,dc=x", "cn=b+sn=a,dc=x"},
    {"sn=A+cn=B,dc=x", "cn=b+sn=a,dc=x"},
    {"cn=\xc3\xa9,dc=x", "cn=\\c3\\a9,dc=x"},
    {"2.5.4.3=a,dc=x", "2.5.4.3=a,dc=x"},
    {"cn=#0403616263,dc=x", "cn=#\\04\\03abc,dc=x"},
    {"cn=a,,dc=x", NULL},
    {"cn=a,dc=x,", NULL},
    {"cn", NULL},
    {"=a", NULL},
    {",", NULL},
    {"cn=a\\", NULL},
    {"cn=\"a", NULL},
};

START_TEST(equal_names_have_one_spelling)
{
    frt_auto_free char *dn = NULL;
    int r = frt_dn_normalise(names[_i].given, strlen(names[_i].given), &dn);

    ck_assert_msg((r == 0) == (names[_i].expected != NULL), "%s: %d %s", names[_i].given, r, dn ? dn : "");
    if (names[_i].expected)
        ck_assert_str_eq(dn, names[_i].expected);
}
END_TEST

/* What can be wrong with a value that must be single and readable. */
static const struct {
    const char *given;
    const char *bytes; /* instead of the value; NULL: taken away */
    size_t length;
    bool second, option;
    const char *expected;
} damages[] = {
    {"absent", NULL, 0, false, false, "expected to be there"},
    {"a second value", "another", 7, true, false, "expected one value, not several"},
    {"an option", "x", 1, true, true, "expected no options"},
    {"empty", "", 0, false, false, "expected UTF-8 text without control characters"},
    {"blank", "  ", 2, false, false, "expected UTF-8 text without control characters"},
    {"a NUL", "a\0b", 3, false, false, "expected UTF-8 text without control characters"},
    {"a line end", "a\nb", 3, false, false, "expected UTF-8 text without control characters"},
    {"an escape", "a\033[2J", 5, false, false, "expected UTF-8 text without control characters"},
    {"a C1 control", "a\xc2\x9b", 3, false, false, "expected UTF-8 text without control characters"},
    {"not UTF-8", "a\xff", 2, false, false, "expected UTF-8 text without control characters"},
    {"overlong UTF-8", "a\xc0\xaf", 3, false, false, "expected UTF-8 text without control characters"},
    {"a surrogate", "a\xed\xa0\x80", 4, false, false, "expected UTF-8 text without control characters"},
};

static const struct {
    const char *class, *attribute;
    bool required;
} read_values[] = {
    {"person", "uid", true},          {"person", "uidNumber", false},    {"role", "frtRoleId", true},
    {"role", "frtAffiliation", true}, {"role", "frtAgency", false},      {"role", "frtOfficialType", true},
    {"role", "frtSworn", false},      {"role", "frtPerformer", false},   {"role", "frtRoleStart", false},
    {"role", "frtRoleEnd", false},    {"role", "frtRoleGroup", false},   {"role", "frtDepartment", false},
    {"host", "frtOwner", true},       {"host", "frtAssignedTo", false},  {"tool", "frtToolClass", true},
    {"tool", "frtAction", false},     {"agency", "frtAgencyKind", true}, {"agency", "frtRecipient", false},
};

static struct frt_entry *entry_of_class(const char *class)
{
    struct frt_entry *entry;

    if (strcmp(class, "person") == 0)
        return a_person("p01", 20001);
    if (strcmp(class, "host") == 0) {
        entry = a_host("h1", "npd-ws-07", "city");
        attribute(entry, "frtAssignedTo", "p01");
        return entry;
    }
    if (strcmp(class, "tool") == 0)
        return a_tool("T03-digikam");
    if (strcmp(class, "agency") == 0)
        return an_agency("msp", "performer", "msp");
    entry = a_city_role("p01");
    attributes(entry, "frtSworn: TRUE\nfrtPerformer: FALSE\nfrtRoleEnd: 20300101000000Z\n"
                      "frtRoleGroup: cn=police,ou=groups," SUFFIX);
    return entry;
}

static void damage(struct frt_entry *entry, const char *attribute_name, size_t d)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%s", attribute_name, damages[d].option ? ";lang-en" : "");
    if (!damages[d].second)
        without(entry, attribute_name);
    if (damages[d].bytes)
        ck_assert_int_eq(frt_entry_add(entry, name, damages[d].bytes, damages[d].length), 0);
}

START_TEST(what_cannot_be_read_is_described_and_what_can_is_not)
{
    const char *class = read_values[_i].class, *name = read_values[_i].attribute;
    struct frt_view *good = empty_view();

    put(good, entry_of_class(class));
    ck_assert_uint_eq(frt_view_unreadable_count(good), 0);
    frt_view_free(good);
    for (size_t d = 0; d < FRT_ARRAY_LEN(damages); d++) {
        struct frt_view *view = empty_view();
        struct frt_entry *entry = entry_of_class(class);
        bool readable = !damages[d].bytes && !read_values[_i].required;
        char expected[128];

        damage(entry, name, d);
        put(view, entry);
        ck_assert_msg(frt_view_unreadable_count(view) == (readable ? 0 : 1), "%s %s: %s", class, name,
                      damages[d].given);
        if (!readable) {
            const char *problem = frt_view_unreadable(view, 0);

            ck_assert_msg(strstr(problem, damages[d].expected) != NULL, "%s %s: %s: %s", class, name,
                          damages[d].given, problem);
            snprintf(expected, sizeof(expected), "," SUFFIX ": %s%s: expected ", name,
                     damages[d].option ? ";lang-en" : "");
            ck_assert_msg(strstr(problem, expected) != NULL, "%s", problem);
        }
        ck_assert_str_eq(frt_view_problem(view), "");
        frt_view_free(view);
    }
}
END_TEST

static const struct {
    const char *class, *attribute, *value;
    bool readable;
} values[] = {
    {"person", "uidNumber", "0", true},
    {"person", "uidNumber", "4294967294", true},
    {"person", "uidNumber", "4294967295", false},
    {"person", "uidNumber", "4294967296", false},
    {"person", "uidNumber", "-1", false},
    {"person", "uidNumber", "+5", false},
    {"person", "uidNumber", "05", false},
    {"person", "uidNumber", "0x5", false},
    {"person", "uidNumber", "5 ", false},
    {"person", "uidNumber", "99999999999999999999999", false},
    {"role", "frtAffiliation", "outside", true},
    {"role", "frtAffiliation", "City", false},
    {"role", "frtOfficialType", "elected", true},
    {"role", "frtOfficialType", "king", false},
    {"role", "frtSworn", "FALSE", true},
    {"role", "frtSworn", "true", false},
    {"role", "frtSworn", "1", false},
    {"role", "frtRoleStart", "20261122Z", false},
    {"role", "frtRoleStart", "20261122000000+0000", false},
    {"role", "frtRoleStart", "20261122000060Z", false},
    {"role", "frtRoleGroup", "no name", false},
    {"role", "frtAgency", "a b", false},
    {"role", "frtAgency", "vend-net", true},
    {"tool", "frtToolClass", "redaction-only", true},
    {"tool", "frtToolClass", "Redaction-Only", false},
    {"tool", "frtAction", "ignore", true},
    {"agency", "frtAgencyKind", "performer+requester", false},
    {"agency", "frtRecipient", "cia", false},
    {"host", "frtOwner", "two words", false},
    {"host", "frtAssignedTo", "P01", false},
};

START_TEST(words_numbers_and_times_are_read_strictly)
{
    struct frt_view *view = empty_view();
    struct frt_entry *entry = entry_of_class(values[_i].class);

    if (strcmp(values[_i].value, "outside") == 0)
        without(entry, "frtAgency");
    replace(entry, values[_i].attribute, values[_i].value);
    put(view, entry);
    ck_assert_msg(frt_view_unreadable_count(view) == (values[_i].readable ? 0 : 1), "%s %s",
                  values[_i].attribute, values[_i].value);
    frt_view_free(view);
}
END_TEST

START_TEST(an_outside_role_of_the_city_contradicts_itself)
{
    struct frt_view *view = empty_view();

    put(view, a_person("p01", 1));
    put(view, an_outside_role("p01", "city"));
    ck_assert_uint_eq(frt_view_unreadable_count(view), 1);
    ck_assert_ptr_null(frt_view_person_by_uid(view, "p01"));
    frt_view_free(view);
}
END_TEST

START_TEST(an_unreadable_role_poisons_its_person_until_it_is_mended)
{
    struct frt_view *view = empty_view();
    struct frt_entry *role = a_city_role("p01");

    put(view, a_person("p01", 1));
    put(view, a_person("p02", 2));
    replace(role, "frtRoleEnd", "never");
    put(view, role);
    ck_assert_ptr_null(frt_view_person_by_uid(view, "p01"));
    ck_assert_ptr_null(frt_view_person_by_number(view, 1));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "p02"));
    ck_assert_str_eq(frt_view_problem(view), "");
    put(view, a_city_role("p01"));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "p01"));
    ck_assert_uint_eq(frt_view_unreadable_count(view), 0);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *first, *second; /* frtPerson values */
    bool poisons_p01, incomplete;
} role_people[] = {
    {"in capitals", "P01", NULL, true, false},
    {"two people", "p01", "p02", true, false},
    {"nobody", NULL, NULL, false, true},
    {"not a name", "p/01", NULL, false, true},
    {"one name and one that is none", "p01", "\xff", true, true},
};

START_TEST(a_role_about_nobody_knows_whom_makes_the_view_incomplete)
{
    struct frt_view *view = empty_view();
    struct frt_entry *role = a_city_role("p01");

    without(role, "frtPerson");
    if (role_people[_i].first)
        attribute(role, "frtPerson", role_people[_i].first);
    if (role_people[_i].second)
        attribute(role, "frtPerson", role_people[_i].second);
    put(view, a_person("p01", 1));
    put(view, role);
    ck_assert_msg((frt_view_person_by_uid(view, "p01") == NULL) == role_people[_i].poisons_p01, "%s",
                  role_people[_i].given);
    ck_assert_msg((*frt_view_problem(view) != '\0') == role_people[_i].incomplete, "%s",
                  role_people[_i].given);
    frt_view_free(view);
}
END_TEST

START_TEST(what_has_no_class_is_read_as_what_belongs_there)
{
    struct frt_view *view = empty_view();
    struct frt_entry *role = a_city_role("p01");

    without(role, "objectClass");
    put(view, a_person("p01", 1));
    put(view, role);
    put(view, entry_of("description: hidden", "frtRoleId=x,ou=roles," SUFFIX));
    put(view, entry_of("objectClass: organizationalUnit", "ou=past,ou=roles," SUFFIX));
    ck_assert_uint_eq(frt_view_unreadable_count(view), 1);
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "frtRoleId=x,ou=roles"));
    frt_view_free(view);
}
END_TEST

START_TEST(a_tool_that_cannot_be_read_is_there_without_a_class)
{
    struct frt_view *view = empty_view();
    struct frt_entry *tool = a_tool("T03-digikam");
    const struct frt_tool *tools[4];

    replace(tool, "frtToolClass", "not-frt");
    attribute(tool, "frtToolClass", "face-surveillance");
    put(view, tool);
    put(view, a_tool("T20"));
    put(view, a_tool("T10-b"));
    ck_assert_ptr_nonnull(frt_view_tool(view, "T03"));
    ck_assert_uint_eq(frt_view_tool(view, "T03")->tool_class, FRT_TOOL_UNKNOWN);
    ck_assert(!frt_view_tool(view, "T03")->readable);
    ck_assert_ptr_nonnull(frt_entry_find(frt_view_tool(view, "T03")->entry, "frtCapability"));
    ck_assert_uint_eq(frt_view_tools(view, tools, 4), 3);
    ck_assert_str_eq(tools[0]->id, "T03-digikam");
    ck_assert_str_eq(tools[1]->id, "T10-b");
    ck_assert_str_eq(tools[2]->id, "T20");
    ck_assert_uint_eq(frt_view_tools(view, tools, 1), 3);
    frt_view_free(view);
}
END_TEST

START_TEST(a_short_id_of_two_tools_is_neither)
{
    struct frt_view *view = empty_view();

    put(view, a_tool("T03-a"));
    ck_assert_ptr_nonnull(frt_view_tool(view, "T03"));
    put(view, a_tool("T03-b"));
    ck_assert_ptr_null(frt_view_tool(view, "T03"));
    ck_assert_ptr_nonnull(frt_view_tool(view, "T03-a"));
    put(view, a_tool("T03"));
    ck_assert_str_eq(frt_view_tool(view, "T03")->id, "T03");
    frt_view_free(view);
}
END_TEST

START_TEST(a_host_name_of_two_hosts_is_neither_and_an_id_is_no_name)
{
    struct frt_view *view = empty_view();

    put(view, a_host("h1", "ws", "city"));
    ck_assert_str_eq(frt_view_host(view, "ws")->id, "h1");
    put(view, a_host("h2", "ws", "msp"));
    ck_assert_ptr_null(frt_view_host(view, "ws"));
    ck_assert_str_eq(frt_view_host(view, "h2")->owner, "msp");
    put(view, a_host("h3", "h1", "msp"));
    ck_assert_str_eq(frt_view_host(view, "h1")->owner, "city");
    ck_assert_ptr_null(frt_view_host(view, NULL));
    frt_view_free(view);
}
END_TEST

static struct frt_entry *with_uuid(struct frt_entry *entry, uint8_t first)
{
    memset(entry->uuid, 0, sizeof(entry->uuid));
    entry->uuid[0] = first;
    return entry;
}

static const uint8_t uuid_1[16] = {1}, uuid_2[16] = {2};

START_TEST(entries_are_told_apart_by_uuid_not_by_name)
{
    struct frt_view *view = empty_view();

    ck_assert_uint_eq(put(view, with_uuid(a_person("p01", 1), 1)), FRT_VIEW_ADDED);
    ck_assert_uint_eq(put(view, with_uuid(a_person("p01", 1), 1)), FRT_VIEW_UNCHANGED);
    ck_assert_uint_eq(put(view, with_uuid(a_person("p01", 2), 1)), FRT_VIEW_CHANGED);
    /* Deleted and made again under the same name: the new one may come before the old one goes. */
    put(view, with_uuid(a_person("p01", 3), 2));
    ck_assert_ptr_null(frt_view_person_by_uid(view, "p01"));
    frt_view_remove(view, uuid_1);
    ck_assert_int_eq(frt_view_person_by_uid(view, "p01")->uid_number, 3);
    frt_view_remove(view, uuid_1);
    ck_assert_uint_eq(frt_view_entry_count(view), 1);
    frt_view_remove(view, uuid_2);
    ck_assert_uint_eq(frt_view_entry_count(view), 0);
    frt_view_free(view);
}
END_TEST

START_TEST(an_entry_moved_out_of_its_base_is_gone)
{
    struct frt_view *view = empty_view();
    struct frt_entry *moved = with_uuid(a_city_role("p01"), 1);
    const struct frt_role *role;

    put(view, with_uuid(a_city_role("p01"), 1));
    ck_assert_uint_eq(frt_view_roles_of(view, "p01", &role, 1), 1);
    ck_assert_str_eq(role->id, "p01-city");
    free(moved->dn);
    moved->dn = strdup("frtRoleId=p01-city,ou=attic," SUFFIX);
    ck_assert_uint_eq(put(view, moved), FRT_VIEW_REMOVED);
    ck_assert_uint_eq(frt_view_roles_of(view, "p01", &role, 1), 0);
    frt_view_free(view);
}
END_TEST

START_TEST(a_role_shows_who_changed_it)
{
    struct frt_view *view = empty_view();
    struct frt_entry *entry = a_city_role("p01");
    const struct frt_role *role;

    attributes(entry, "modifiersName: cn=p19,ou=admins," SUFFIX
                      "\nentryCSN: 20260316140000.123456Z#000000#001#000000\nfrtTicket: HR-1");
    put(view, entry);
    ck_assert_uint_eq(frt_view_roles_of(view, "p01", &role, 1), 1);
    ck_assert_str_eq(role->changed_by, "cn=p19,ou=admins," SUFFIX);
    ck_assert_str_eq(role->csn, "20260316140000.123456Z#000000#001#000000");
    ck_assert_str_eq(role->ticket, "HR-1");
    ck_assert_int_eq(role->end_s, INT64_MAX);
    frt_view_free(view);
}
END_TEST

static void put_people(struct frt_view *view, int from, int to)
{
    for (int i = from; i < to; i++) {
        char uid[16];

        snprintf(uid, sizeof(uid), "p%d", i);
        put(view, a_person(uid, i));
    }
}

static size_t refresh(struct frt_view *view, int from, int to)
{
    frt_view_refresh_begin(view);
    put_people(view, from, to);
    return frt_view_refresh_end(view);
}

START_TEST(a_refresh_removes_what_it_did_not_bring)
{
    struct frt_view *view = empty_view();

    ck_assert_uint_eq(refresh(view, 0, 100), 0);
    ck_assert_uint_eq(refresh(view, 20, 110), 20);
    ck_assert_ptr_null(frt_view_person_by_uid(view, "p19"));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "p20"));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "p109"));
    ck_assert_uint_eq(frt_view_refresh_end(view), 0);
    ck_assert_uint_eq(frt_view_entry_count(view), 90);
    frt_view_free(view);
}
END_TEST

START_TEST(a_refresh_that_loses_a_fifth_is_not_believed_at_once)
{
    struct frt_view *view = empty_view();

    refresh(view, 0, 125);
    ck_assert_uint_eq(refresh(view, 0, 100), 25); /* a fifth, not more */
    ck_assert_uint_eq(refresh(view, 21, 100), 0);
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "a fifth"));
    ck_assert_ptr_nonnull(frt_view_person_by_uid(view, "p5"));
    ck_assert_uint_eq(refresh(view, 21, 100), 21);
    ck_assert_str_eq(frt_view_problem(view), "");
    ck_assert_uint_eq(frt_view_entry_count(view), 79);
    frt_view_free(view);
}
END_TEST

START_TEST(entries_that_come_back_end_the_alarm)
{
    struct frt_view *view = empty_view();

    refresh(view, 0, 100);
    ck_assert_uint_eq(refresh(view, 100, 100), 0);
    ck_assert_str_ne(frt_view_problem(view), "");
    ck_assert_uint_eq(refresh(view, 0, 100), 0);
    ck_assert_str_eq(frt_view_problem(view), "");
    /* A second loss of others is a first loss again. */
    ck_assert_uint_eq(refresh(view, 0, 70), 0);
    ck_assert_uint_eq(refresh(view, 30, 100), 0);
    ck_assert_str_ne(frt_view_problem(view), "");
    ck_assert_uint_eq(frt_view_entry_count(view), 100);
    frt_view_free(view);
}
END_TEST

START_TEST(small_directories_may_lose_anything)
{
    struct frt_view *view = empty_view();

    refresh(view, 0, 49);
    ck_assert_uint_eq(refresh(view, 0, 1), 48);
    ck_assert_str_eq(frt_view_problem(view), "");
    frt_view_free(view);
}
END_TEST

#define CSN(second, sid) "202603161400" second ".000000Z#000000#" sid "#000000"

static const struct {
    const char *given, *first, *second;
    bool good;
} csns[] = {
    {"the same", CSN("00", "000"), CSN("00", "000"), true},
    {"newer", CSN("00", "000"), CSN("01", "000"), true},
    {"older", CSN("01", "000"), CSN("00", "000"), false},
    {"gone", CSN("01", "000"), "", false},
    {"none at all", "", "", true},
    {"one appears", "", CSN("01", "000"), true},
    {"two servers, other order", CSN("00", "001") ";" CSN("05", "002"), CSN("05", "002") ";" CSN("00", "001"),
     true},
    {"two servers, one newer", CSN("00", "001") ";" CSN("05", "002"), CSN("01", "001") " " CSN("05", "002"),
     true},
    {"two servers, one older", CSN("00", "001") ";" CSN("05", "002"), CSN("09", "001") ";" CSN("04", "002"),
     false},
    {"two servers, one gone", CSN("00", "001") ";" CSN("05", "002"), CSN("09", "001"), false},
    {"a server joins", CSN("00", "001"), CSN("00", "001") "\n" CSN("05", "002"), true},
    {"a sync cookie", "rid=001,csn=" CSN("00", "000"), "rid=001,sid=002,csn=" CSN("01", "000"), true},
    {"an older sync cookie", "rid=001,csn=" CSN("02", "000"), "rid=001,csn=" CSN("01", "000"), false},
    {"not a CSN", CSN("00", "000"), "tomorrow", false},
    {"an almost CSN", CSN("00", "000"), "20260316140001.000000Z#000000#00g#000000", false},
};

START_TEST(a_server_that_went_back_in_time_is_not_believed)
{
    struct frt_view *view = empty_view();
    bool good = csns[_i].good;

    frt_view_confirm(view, csns[_i].first, 1000);
    ck_assert_uint_eq(frt_view_state(view, 1000, 60000), FRT_VIEW_FRESH);
    frt_view_confirm(view, csns[_i].second, 5000);
    ck_assert_msg((frt_view_state(view, 5000, 60000) == FRT_VIEW_FRESH) == good, "%s", csns[_i].given);
    ck_assert_str_eq(frt_view_csn(view), good ? csns[_i].second : csns[_i].first);
    ck_assert_int_eq(frt_view_age_ms(view, 5000), good ? 0 : 4000);
    if (!good) {
        ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "server-went-back"));
        frt_view_confirm(view, csns[_i].first, 6000);
        ck_assert_uint_eq(frt_view_state(view, 6000, 60000), FRT_VIEW_FRESH);
    }
    frt_view_free(view);
}
END_TEST

START_TEST(the_lease_runs_out)
{
    struct frt_view *view = empty_view();

    ck_assert_uint_eq(frt_view_state(view, 0, 60000), FRT_VIEW_NEVER_LOADED);
    ck_assert_int_eq(frt_view_age_ms(view, 0), INT64_MAX);
    frt_view_confirm(view, "", 1000);
    ck_assert_uint_eq(frt_view_state(view, 61000, 60000), FRT_VIEW_FRESH);
    ck_assert_uint_eq(frt_view_state(view, 61001, 60000), FRT_VIEW_STALE);
    ck_assert_int_eq(frt_view_age_ms(view, 999), 0);
    put(view, entry_of("description: hidden", "frtRoleId=x,ou=roles," SUFFIX));
    ck_assert_uint_eq(frt_view_state(view, 61001, 60000), FRT_VIEW_INCOMPLETE);
    frt_view_free(view);
}
END_TEST

/* Another reader of times: libc's, which is lenient, so that what it read must also print as it was. */
static int64_t second_opinion(const char *text, size_t length)
{
    struct tm tm = {0};
    char again[64];
    const char *end;
    time_t t;

    if (strlen(text) != length)
        return -1;
    end = strptime(text, "%Y%m%d%H%M%SZ", &tm);
    if (!end || *end || tm.tm_sec > 59)
        return -1;
    t = timegm(&tm);
    if (t < 0 || !gmtime_r(&t, &tm))
        return -1;
    strftime(again, sizeof(again), "%Y%m%d%H%M%SZ", &tm);
    return strcmp(again, text) == 0 ? (int64_t)t : -1;
}

static size_t any_time(char text[32])
{
    static const char odd[] = "0123456789Z+-. T:z\0";
    size_t length;

    snprintf(text, 32, "%04u%02u%02u%02u%02u%02uZ", 1960 + any() % 200, any() % 14, any() % 33, any() % 25,
             any() % 61, any() % 62);
    length = strlen(text);
    if (any() % 4 == 0)
        text[any() % length] = odd[any() % (sizeof(odd) - 1)];
    if (any() % 16 == 0)
        text[--length] = '\0';
    return length;
}

START_TEST(times_are_read_as_a_second_reader_reads_them)
{
    size_t valid = 0;

    for (int i = 0; i < 5000; i++) {
        struct frt_entry *entry = frt_entry_new("cn=x");
        struct frt_reader reader = {.entry = entry};
        char text[32];
        size_t length = any_time(text);
        int64_t s = -1;

        ck_assert_int_eq(frt_entry_add(entry, "frtRoleEnd", text, length), 0);
        frt_read_time(&reader, "frtRoleEnd", FRT_REQUIRED, &s);
        ck_assert_msg(s == second_opinion(text, length), "%.*s: %lld", (int)length, text, (long long)s);
        ck_assert((s == -1) == (reader.problem != NULL));
        valid += s >= 0;
        free(reader.problem);
        frt_entry_free(entry);
    }
    ck_assert_uint_gt(valid, 1000);
    ck_assert_uint_lt(valid, 4000);
}
END_TEST

START_TEST(too_much_of_anything_is_refused)
{
    struct frt_entry *entry = frt_entry_new("cn=x");
    frt_auto_free char *big = calloc(1, FRT_ENTRY_MAX_VALUE + 1);
    int r = 0;

    ck_assert_int_eq(frt_entry_add(entry, "a", big, FRT_ENTRY_MAX_VALUE), 0);
    ck_assert_int_eq(frt_entry_add(entry, "a", big, FRT_ENTRY_MAX_VALUE + 1), -E2BIG);
    for (int i = 1; i < FRT_ENTRY_MAX_ATTRIBUTES; i++) {
        char name[16];

        snprintf(name, sizeof(name), "a%d", i);
        ck_assert_int_eq(frt_entry_add(entry, name, "x", 1), 0);
    }
    ck_assert_int_eq(frt_entry_add(entry, "one-more", "x", 1), -E2BIG);
    for (int i = 0; r == 0 && i < FRT_ENTRY_MAX_VALUES; i++)
        r = frt_entry_add(entry, "a1", "", 0);
    ck_assert_int_eq(r, -E2BIG);
    ck_assert_uint_eq(frt_entry_find(entry, "A1")->value_count, FRT_ENTRY_MAX_VALUES);
    frt_entry_free(entry);
}
END_TEST

START_TEST(a_layout_needs_a_suffix_or_every_base)
{
    struct frt_view_layout layout = {.people = "ou=p,dc=x"};
    struct frt_role_group bad = {.dn = "cn=g,dc=x", .affiliation = "both"};
    struct frt_view *view = NULL;

    ck_assert_int_eq(frt_view_new(&layout, NULL, 0, &view), -EINVAL);
    layout.suffix = "no name";
    ck_assert_int_eq(frt_view_new(&layout, NULL, 0, &view), -EINVAL);
    layout.suffix = "dc=x";
    ck_assert_int_eq(frt_view_new(&layout, &bad, 1, &view), -EINVAL);
    bad.affiliation = "city";
    bad.official_type = "king";
    ck_assert_int_eq(frt_view_new(&layout, &bad, 1, &view), -EINVAL);
    bad.official_type = NULL;
    ck_assert_int_eq(frt_view_new(&layout, &bad, 1, &view), 0);
    frt_view_free(view);
}
END_TEST

#define ADD_ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)FRT_ARRAY_LEN(rows))

static TCase *names_case(void)
{
    TCase *tc = tcase_create("names");

    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, of_all_single_bytes_only_a_to_z_and_underscore_are_names);
    tcase_add_test(tc, a_generated_name_is_found_only_when_canonical_and_alone);
    ADD_ROWS(tc, names_that_fold_together_poison_each_other, collisions);
    tcase_add_test(tc, a_number_of_two_people_is_nobodys);
    ADD_ROWS(tc, people_count_only_directly_below_their_base, places);
    tcase_add_test(tc, no_class_counts_outside_its_base);
    tcase_add_test(tc, a_dn_that_is_none_makes_the_view_incomplete);
    ADD_ROWS(tc, equal_names_have_one_spelling, names);
    return tc;
}

static TCase *reading_case(void)
{
    TCase *tc = tcase_create("reading");

    tcase_set_timeout(tc, 240);
    ADD_ROWS(tc, what_cannot_be_read_is_described_and_what_can_is_not, read_values);
    ADD_ROWS(tc, words_numbers_and_times_are_read_strictly, values);
    tcase_add_test(tc, an_outside_role_of_the_city_contradicts_itself);
    tcase_add_test(tc, an_unreadable_role_poisons_its_person_until_it_is_mended);
    ADD_ROWS(tc, a_role_about_nobody_knows_whom_makes_the_view_incomplete, role_people);
    tcase_add_test(tc, what_has_no_class_is_read_as_what_belongs_there);
    tcase_add_test(tc, a_tool_that_cannot_be_read_is_there_without_a_class);
    tcase_add_test(tc, a_short_id_of_two_tools_is_neither);
    tcase_add_test(tc, a_host_name_of_two_hosts_is_neither_and_an_id_is_no_name);
    tcase_add_test(tc, times_are_read_as_a_second_reader_reads_them);
    tcase_add_test(tc, too_much_of_anything_is_refused);
    tcase_add_test(tc, a_layout_needs_a_suffix_or_every_base);
    return tc;
}

static TCase *change_case(void)
{
    TCase *tc = tcase_create("changes");

    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, entries_are_told_apart_by_uuid_not_by_name);
    tcase_add_test(tc, an_entry_moved_out_of_its_base_is_gone);
    tcase_add_test(tc, a_role_shows_who_changed_it);
    tcase_add_test(tc, a_refresh_removes_what_it_did_not_bring);
    tcase_add_test(tc, a_refresh_that_loses_a_fifth_is_not_believed_at_once);
    tcase_add_test(tc, entries_that_come_back_end_the_alarm);
    tcase_add_test(tc, small_directories_may_lose_anything);
    ADD_ROWS(tc, a_server_that_went_back_in_time_is_not_believed, csns);
    tcase_add_test(tc, the_lease_runs_out);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("directory.view");

    suite_add_tcase(suite, names_case());
    suite_add_tcase(suite, reading_case());
    suite_add_tcase(suite, change_case());
    return run_suite(suite);
}
