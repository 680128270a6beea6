/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Groups: who is listed, directly and nested, what role that gives, and when a group makes the view incomplete.
 */
#include "tests/directory/builders.h"

#define GROUP(cn)  "cn=" cn ",ou=groups," SUFFIX
#define PERSON(id) "uid=" id ",ou=people," SUFFIX

static size_t role_count(const struct frt_view *view, const char *uid)
{
    return frt_view_roles_of(view, uid, NULL, 0);
}

static struct frt_view *view_of_p01(void)
{
    struct frt_view *view = empty_view();

    put(view, a_person("p01", 1));
    put(view, a_person("p02", 2));
    return view;
}

static const struct {
    const char *given, *lines;
    bool listed;
} listings[] = {
    {"by DN", "member: " PERSON("p01"), true},
    {"by a DN in other spelling", "member: UID=P01, ou=People, dc=frt,dc=EXAMPLE", true},
    {"by a unique DN", "uniqueMember: " PERSON("p01"), true},
    {"by login name", "memberUid: p01", true},
    {"twice", "memberUid: p01\nmember: " PERSON("p01"), true},
    {"another", "memberUid: p02\nmember: " PERSON("p02"), false},
    {"a longer name", "memberUid: p011", false},
    {"the same RDN elsewhere", "member: uid=p01,ou=others," SUFFIX, false},
};

START_TEST(a_role_group_gives_its_role_to_whom_it_lists)
{
    struct frt_view *view = view_of_p01();
    const struct frt_role *role;

    put(view, a_role_group("police", listings[_i].lines));
    ck_assert_msg(role_count(view, "p01") == (listings[_i].listed ? 1 : 0), "%s", listings[_i].given);
    ck_assert_msg(frt_view_group_lists(view,
                                       "CN=police, "
                                       "ou=groups," SUFFIX,
                                       "p01") == listings[_i].listed,
                  "%s", listings[_i].given);
    if (listings[_i].listed) {
        frt_view_roles_of(view, "p01", &role, 1);
        ck_assert(role->city && role->from_group);
        ck_assert_str_eq(role->agency, "city");
        ck_assert_str_eq(role->department, "police");
        ck_assert_str_eq(role->group_dn, GROUP("police"));
        ck_assert_uint_eq(role->official_type, FRT_OFFICIAL_EMPLOYEE);
    }
    frt_view_free(view);
}
END_TEST

START_TEST(an_ordinary_group_gives_no_role)
{
    struct frt_view *view = view_of_p01();

    put(view, a_group("chess", "memberUid: p01\nfrtAffiliation: city\nfrtOfficialType: employee"));
    ck_assert_uint_eq(role_count(view, "p01"), 0);
    ck_assert(frt_view_group_lists(view, GROUP("chess"), "p01"));
    ck_assert(!frt_view_group_lists(view, GROUP("chess"), "p02"));
    ck_assert(!frt_view_group_lists(view, "not a name", "p01"));
    frt_view_free(view);
}
END_TEST

START_TEST(nested_groups_are_closed_over)
{
    struct frt_view *view = view_of_p01();

    put(view, a_role_group("police", "member: " GROUP("shift")));
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), GROUP("shift")));
    put(view, a_group("shift", "member: " GROUP("night")));
    put(view, a_group("night", "memberUid: p01"));
    ck_assert_str_eq(frt_view_problem(view), "");
    ck_assert_uint_eq(role_count(view, "p01"), 1);
    ck_assert_uint_eq(role_count(view, "p02"), 0);
    put(view, a_group("shift", "memberUid: p02"));
    ck_assert_uint_eq(role_count(view, "p01"), 0);
    ck_assert_uint_eq(role_count(view, "p02"), 1);
    frt_view_free(view);
}
END_TEST

START_TEST(loops_of_groups_end)
{
    struct frt_view *view = view_of_p01();

    put(view, a_role_group("a", "member: " GROUP("b") "\nmember: " GROUP("a")));
    put(view, a_group("b", "member: " GROUP("c")));
    put(view, a_group("c", "member: " GROUP("a") "\nmember: " GROUP("b") "\nmemberUid: p01"));
    ck_assert_str_eq(frt_view_problem(view), "");
    ck_assert_uint_eq(role_count(view, "p01"), 1);
    ck_assert(frt_view_group_lists(view, GROUP("a"), "p01"));
    ck_assert_uint_eq(role_count(view, "p02"), 0);
    frt_view_free(view);
}
END_TEST

START_TEST(a_long_chain_of_groups_is_followed)
{
    struct frt_view *view = view_of_p01();

    put(view, a_role_group("g0", "member: " GROUP("g1")));
    for (int i = 1; i < 3000; i++) {
        char cn[16], line[128];

        snprintf(cn, sizeof(cn), "g%d", i);
        snprintf(line, sizeof(line), i == 2999 ? "memberUid: p01" : "member: cn=g%d,ou=groups," SUFFIX,
                 i + 1);
        put(view, a_group(cn, line));
    }
    ck_assert_str_eq(frt_view_problem(view), "");
    ck_assert_uint_eq(role_count(view, "p01"), 1);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *lines, *problem; /* "": none */
} damaged[] = {
    {"a person who is gone", "member: " PERSON("gone"), ""},
    {"a name that is gone", "memberUid: gone", ""},
    {"nobody", "x: y", ""},
    {"an entry that is no person and no group", "member: cn=printer,ou=devices," SUFFIX,
     "cn=printer,ou=devices"},
    {"a group that is not there", "member: " GROUP("gone"), "cn=gone,ou=groups"},
    {"a person below the people", "member: uid=p01,ou=more,ou=people," SUFFIX, "ou=more"},
    {"a person's name that servers fold", "member: uid=\xc3\x89ve,ou=people," SUFFIX, "uid=%5Cc3%5C89ve"},
    {"a person's name by the number of its type", "member: 0.9.2342.19200300.100.1.1=p01,ou=people," SUFFIX,
     "0.9.2342.19200300.100.1.1=p01"},
    {"a person's name by the other name of its type", "member: userid=p01,ou=people," SUFFIX, "userid=p01"},
    {"a person's name as bytes", "member: uid=#0403703031,ou=people," SUFFIX, "uid=#"},
    {"a member that is no name", "member: p01", "member: expected distinguished names"},
    {"a unique member with a number", "uniqueMember: " PERSON("p01") "#'1'B", "%5C23%5C271"},
    {"a login name in capitals", "memberUid: P01", "memberUid: expected login names"},
    {"a part of the members", "member;range=0-1499: " PERSON("p01"),
     "member;range=0-1499: expected no options"},
    {"members by search", "objectClass: groupOfURLs\nmemberURL: ldap:///", "memberURL"},
};

START_TEST(a_role_group_that_cannot_be_read_makes_the_view_incomplete)
{
    struct frt_view *view = view_of_p01();

    put(view, a_role_group("police", damaged[_i].lines));
    if (*damaged[_i].problem)
        ck_assert_msg(strstr(frt_view_problem(view), damaged[_i].problem) != NULL, "%s: %s",
                      damaged[_i].given, frt_view_problem(view));
    else
        ck_assert_str_eq(frt_view_problem(view), "");
    /* Mended, it is whole again. */
    put(view, a_role_group("police", "memberUid: p01"));
    ck_assert_str_eq(frt_view_problem(view), "");
    frt_view_free(view);
}
END_TEST

START_TEST(a_nested_group_that_cannot_be_read_makes_the_view_incomplete)
{
    struct frt_view *view = view_of_p01();

    put(view, a_role_group("police", "member: " GROUP("shift")));
    put(view, a_group("shift", damaged[_i].lines));
    ck_assert_msg((*frt_view_problem(view) == '\0') == (*damaged[_i].problem == '\0'), "%s: %s",
                  damaged[_i].given, frt_view_problem(view));
    frt_view_free(view);
}
END_TEST

START_TEST(other_groups_may_hold_anything)
{
    struct frt_view *view = view_of_p01();

    put(view, a_role_group("police", "memberUid: p02"));
    put(view, a_group("chess", damaged[_i].lines));
    ck_assert_msg(*frt_view_problem(view) == '\0', "%s: %s", damaged[_i].given, frt_view_problem(view));
    ck_assert_uint_eq(role_count(view, "p02"), 1);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *attribute, *value; /* of a role group; NULL: taken away */
} role_damages[] = {
    {"no affiliation", "frtAffiliation", NULL},
    {"an affiliation nobody knows", "frtAffiliation", "county"},
    {"a city role of no official type", "frtOfficialType", NULL},
    {"an official type nobody knows", "frtOfficialType", "king"},
    {"an agency that is no identifier", "frtAgency", "a b"},
};

START_TEST(a_role_group_that_does_not_say_its_role_makes_the_view_incomplete)
{
    struct frt_view *view = view_of_p01();
    struct frt_entry *group = a_role_group("police", "memberUid: p01");

    if (role_damages[_i].value)
        replace(group, role_damages[_i].attribute, role_damages[_i].value);
    else
        without(group, role_damages[_i].attribute);
    put(view, group);
    ck_assert_msg(strstr(frt_view_problem(view), role_damages[_i].attribute) != NULL, "%s: %s",
                  role_damages[_i].given, frt_view_problem(view));
    frt_view_free(view);
}
END_TEST

START_TEST(a_configured_group_gives_its_role_wherever_it_stands)
{
    const struct frt_role_group rows[] = {
        {.dn = "CN=Council, dc=elsewhere",
         .affiliation = "city",
         .official_type = "elected",
         .department = "council"},
        {.dn = "cn=troopers," SUFFIX, .affiliation = "outside", .agency = "msp"},
    };
    struct frt_view *view = view_with_groups(rows, 2);
    const struct frt_role *role;

    put(view, a_person("p01", 1));
    put(view, a_person("p02", 2));
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "cn=council,dc=elsewhere"));
    put(view, entry_of("objectClass: posixGroup\nmemberUid: p01", "cn=council,dc=elsewhere"));
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "cn=troopers"));
    put(view, entry_of("objectClass: groupOfNames\nmember: " PERSON("p01"), "cn=troopers," SUFFIX));
    ck_assert_str_eq(frt_view_problem(view), "");
    ck_assert_uint_eq(role_count(view, "p01"), 2);
    put(view, entry_of("objectClass: groupOfNames\nmember: " PERSON("p02"), "cn=troopers," SUFFIX));
    ck_assert_uint_eq(frt_view_roles_of(view, "p01", &role, 1), 1);
    ck_assert_uint_eq(role->official_type, FRT_OFFICIAL_ELECTED);
    ck_assert_str_eq(role->agency, "city");
    ck_assert_uint_eq(frt_view_roles_of(view, "p02", &role, 1), 1);
    ck_assert_str_eq(role->agency, "msp");
    ck_assert(!role->city && !role->performer);
    frt_view_free(view);
}
END_TEST

START_TEST(a_configured_group_that_goes_away_makes_the_view_incomplete)
{
    const struct frt_role_group row = {
        .dn = GROUP("police"), .affiliation = "city", .official_type = "employee"};
    struct frt_view *view = view_with_groups(&row, 1);
    struct frt_entry *group = a_group("police", "memberUid: p01");

    group->uuid[0] = 9;
    put(view, group);
    ck_assert_str_eq(frt_view_problem(view), "");
    frt_view_remove(view, (const uint8_t[16]){9});
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "frt.conf"));
    frt_view_free(view);
}
END_TEST

START_TEST(a_group_among_the_people_counts_when_it_is_nested_and_says_no_role)
{
    struct frt_view *view = view_of_p01();

    put(view, entry_of("objectClass: groupOfNames\nobjectClass: frtRoleGroup\nfrtAffiliation: outside\n"
                       "frtAgency: msp\nmemberUid: p01",
                       "cn=clique,ou=people," SUFFIX));
    ck_assert_uint_eq(role_count(view, "p01"), 0);
    put(view, a_role_group("police", "member: cn=clique,ou=people," SUFFIX));
    ck_assert_uint_eq(role_count(view, "p01"), 1);
    ck_assert_str_eq(frt_view_problem(view), "");
    put(view, entry_of("objectClass: groupOfNames\nmember: cn=x,ou=devices," SUFFIX,
                       "cn=clique,ou=people," SUFFIX));
    ck_assert_ptr_nonnull(strstr(frt_view_problem(view), "cn=x,ou=devices"));
    frt_view_free(view);
}
END_TEST

START_TEST(a_group_that_is_changed_or_renamed_lists_whom_it_lists_now)
{
    struct frt_view *view = view_of_p01();

    for (int i = 0; i < 50; i++) {
        struct frt_entry *group =
            a_role_group(i % 3 ? "a" : "b", i % 2 ? "memberUid: p01" : "member: " PERSON("p02"));

        group->uuid[0] = 5;
        put(view, group);
        ck_assert_uint_eq(role_count(view, "p01"), i % 2 ? 1 : 0);
        ck_assert_uint_eq(role_count(view, "p02"), i % 2 ? 0 : 1);
        ck_assert(frt_view_group_is_known(view, i % 3 ? GROUP("a") : GROUP("b")));
        ck_assert(!frt_view_group_is_known(view, i % 3 ? GROUP("b") : GROUP("a")));
    }
    frt_view_remove(view, (const uint8_t[16]){5});
    ck_assert_uint_eq(role_count(view, "p02"), 0);
    frt_view_free(view);
}
END_TEST

/* A list of up to 8 of 6 people, in any order, some twice, some by DN. */
static struct frt_entry *any_group(unsigned *seed, bool listed[6])
{
    struct frt_entry *group = a_role_group("police", "");
    unsigned count = (unsigned)rand_r(seed) % 9;

    memset(listed, 0, 6 * sizeof(*listed));
    for (unsigned i = 0; i < count; i++) {
        unsigned who = (unsigned)rand_r(seed) % 6;
        char text[64];

        listed[who] = true;
        snprintf(text, sizeof(text), rand_r(seed) % 4 ? "p%u" : "uid=p%u,ou=people," SUFFIX, who);
        attribute(group, strchr(text, '=') ? "member" : "memberUid", text);
    }
    return group;
}

START_TEST(a_group_that_changes_member_by_member_is_always_what_it_says)
{
    struct frt_view *view = empty_view();
    unsigned seed = 20260316;
    bool listed[6];
    char uid[16];

    for (unsigned i = 0; i < 6; i++) {
        snprintf(uid, sizeof(uid), "p%u", i);
        put(view, a_person(uid, (int)i));
    }
    put(view, a_group("other", "memberUid: p0\nmemberUid: p5\nmember: uid=p1,ou=people," SUFFIX));
    for (int i = 0; i < 3000; i++) {
        put(view, any_group(&seed, listed));
        for (unsigned who = 0; who < 6; who++) {
            snprintf(uid, sizeof(uid), "p%u", who);
            if (role_count(view, uid) != listed[who])
                ck_abort_msg("round %d: %s", i, uid);
        }
    }
    ck_assert(frt_view_group_lists(view, GROUP("other"), "p5"));
    ck_assert(!frt_view_group_lists(view, GROUP("other"), "p2"));
    frt_view_free(view);
}
END_TEST

#define ADD_ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)FRT_ARRAY_LEN(rows))

int main(void)
{
    Suite *suite = suite_create("directory.groups");
    TCase *tc = tcase_create("groups");

    tcase_set_timeout(tc, 240);
    ADD_ROWS(tc, a_role_group_gives_its_role_to_whom_it_lists, listings);
    tcase_add_test(tc, an_ordinary_group_gives_no_role);
    tcase_add_test(tc, nested_groups_are_closed_over);
    tcase_add_test(tc, loops_of_groups_end);
    tcase_add_test(tc, a_long_chain_of_groups_is_followed);
    ADD_ROWS(tc, a_role_group_that_cannot_be_read_makes_the_view_incomplete, damaged);
    ADD_ROWS(tc, a_nested_group_that_cannot_be_read_makes_the_view_incomplete, damaged);
    ADD_ROWS(tc, other_groups_may_hold_anything, damaged);
    ADD_ROWS(tc, a_role_group_that_does_not_say_its_role_makes_the_view_incomplete, role_damages);
    tcase_add_test(tc, a_configured_group_gives_its_role_wherever_it_stands);
    tcase_add_test(tc, a_configured_group_that_goes_away_makes_the_view_incomplete);
    tcase_add_test(tc, a_group_among_the_people_counts_when_it_is_nested_and_says_no_role);
    tcase_add_test(tc, a_group_that_is_changed_or_renamed_lists_whom_it_lists_now);
    tcase_add_test(tc, a_group_that_changes_member_by_member_is_always_what_it_says);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
