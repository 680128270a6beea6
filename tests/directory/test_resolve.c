/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Facts from a small directory: each row changes one thing and says what fact must come of it.
 */
#include <dirent.h>

#include "directory/ldif.h"
#include "tests/directory/builders.h"

#define T "2026-03-16T14:00:00Z"

static const struct frt_policy_values strict = {
    .city_includes = 0xfe,
    .stale_member_counts = true,
    .emergency_max_hours = 24,
};

static void put_agencies(struct frt_view *view)
{
    put(view, an_agency("city", "none", NULL));
    put(view, an_agency("msp", "performer-requester", "msp"));
    put(view, an_agency("rmv", "performer", "rmv"));
    put(view, an_agency("fbi", "performer", "fbi"));
    put(view, an_agency("ebpd", "requester", NULL));
    put(view, an_agency("dao", "none", NULL));
}

static void put_person(struct frt_view *view, const char *uid, int number, struct frt_entry *role,
                       struct frt_entry *second_role)
{
    put(view, a_person(uid, number));
    if (role)
        put(view, role);
    if (second_role)
        put(view, second_role);
}

/* An official, a performer, a trooper, a requester, one with two hats, a visitor, a service. */
static struct frt_view *small_city(void)
{
    struct frt_view *view = empty_view();

    put_agencies(view);
    put_person(view, "p01", 20001, a_city_role("p01"), NULL);
    put_person(view, "p02", 20002, a_city_role("p02"), NULL);
    put_person(view, "p20", 20020, a_performer_role("p20", "msp"), NULL);
    put_person(view, "p21", 20021, an_outside_role("p21", "msp"), NULL);
    put_person(view, "p22", 20022, a_performer_role("p22", "rmv"), NULL);
    put_person(view, "p24", 20024, an_outside_role("p24", "ebpd"), NULL);
    put_person(view, "p27", 20027, a_city_role("p27"), a_performer_role("p27", "fbi"));
    put_person(view, "p31", 20031, NULL, NULL);
    put(view, a_service("svc", 20032));
    put(view, a_host("h1", "npd-ws-07", "city"));
    put(view, a_host("h6", "msp-fr-01", "msp"));
    put(view, a_host("h8", "fbi-ws-02", "fbi"));
    put(view, a_tool("T03-digikam"));
    put(view, a_request("Q1"));
    put(view, an_order("O77"));
    return view;
}

static struct frt_attempt attempt_of(const char *login, const char *user)
{
    return (struct frt_attempt){
        .login = login,
        .login_uid = FRT_UID_UNSET,
        .user = user,
        .user_uid = FRT_UID_UNSET,
        .tool = "T03",
        .match = FRT_MATCH_NAMED,
        .host = "h6",
        .action = FRT_ACTION_EXEC,
        .now_s = at(T),
        .view = FRT_VIEW_FRESH,
        .clock = FRT_CLOCK_GOOD,
        .trail = FRT_TRAIL_READY,
        .gate = FRT_GATE_ENFORCING,
    };
}

static unsigned fact_of(const struct frt_view *view, const struct frt_policy_values *values,
                        const struct frt_attempt *attempt, enum frt_fact fact)
{
    struct frt_resolution resolution;

    frt_resolve(view, values, attempt, &resolution);
    return resolution.facts.value[fact];
}

static const struct {
    const char *given, *login;
    int64_t login_uid;
    const char *user;
    int64_t user_uid;
    enum frt_subject expected;
} subjects[] = {
    {"an official alone", "p01", -1, NULL, -1, FRT_SUBJECT_OFFICIAL},
    {"an official by number", NULL, 20001, NULL, -1, FRT_SUBJECT_OFFICIAL},
    {"an official acting, nobody logged in", NULL, -1, "p01", -1, FRT_SUBJECT_OFFICIAL},
    {"an official as himself", "p01", 20001, "p01", 20001, FRT_SUBJECT_OFFICIAL},
    {"a performer alone", "p20", -1, NULL, -1, FRT_SUBJECT_OUTSIDE},
    {"two outside people", "p20", -1, "p21", -1, FRT_SUBJECT_OUTSIDE},
    {"two hats", "p27", -1, NULL, -1, FRT_SUBJECT_DUAL},
    {"official behind an outside account", "p01", -1, "p20", -1, FRT_SUBJECT_OFFICIAL_BEHIND},
    {"official behind another official", "p01", -1, "p02", -1, FRT_SUBJECT_OFFICIAL_BEHIND},
    {"official behind root", NULL, 20001, "root", 0, FRT_SUBJECT_OFFICIAL_BEHIND},
    {"two hats behind an outside account", "p27", -1, "p20", -1, FRT_SUBJECT_OFFICIAL_BEHIND},
    {"outside through an official's account", "p20", -1, "p01", -1, FRT_SUBJECT_OFFICIAL_ACCOUNT},
    {"unknown through an official's account", "nobody", -1, "p01", -1, FRT_SUBJECT_OFFICIAL_ACCOUNT},
    {"a service through an official's account", "svc", -1, "p01", -1, FRT_SUBJECT_OFFICIAL_ACCOUNT},
    {"official behind a service", "p01", -1, "svc", -1, FRT_SUBJECT_OFFICIAL_BEHIND},
    {"no role", "p31", -1, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"a visitor through an outside account", "p31", -1, "p20", -1, FRT_SUBJECT_UNKNOWN},
    {"outside through a visitor's account", "p20", -1, "p31", -1, FRT_SUBJECT_UNKNOWN},
    {"outside through root", "p20", -1, "root", 0, FRT_SUBJECT_UNKNOWN},
    {"outside through a service", "p20", -1, "svc", -1, FRT_SUBJECT_UNKNOWN},
    {"a service through an outside account", "svc", -1, "p20", -1, FRT_SUBJECT_UNKNOWN},
    {"unknown login, nobody else", "nobody", -1, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"unknown login as itself", "nobody", -1, "nobody", -1, FRT_SUBJECT_UNKNOWN},
    {"nothing given at all", NULL, -1, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"empty names are not given", "", -1, "p20", -1, FRT_SUBJECT_OUTSIDE},
    {"nobody logged in, a daemon", NULL, -1, "daemon", 1, FRT_SUBJECT_NO_LOGIN},
    {"nobody logged in, root by number", NULL, -1, NULL, 0, FRT_SUBJECT_NO_LOGIN},
    {"nobody logged in, a service", NULL, -1, "svc", -1, FRT_SUBJECT_NO_LOGIN},
    {"a service logged in as itself", "svc", 20032, "svc", 20032, FRT_SUBJECT_NO_LOGIN},
    {"nobody logged in, a visitor", NULL, -1, "p31", -1, FRT_SUBJECT_UNKNOWN},
    {"the kernel's unset number is no number", NULL, 4294967295, "p20", -1, FRT_SUBJECT_OUTSIDE},
    {"a number below nothing is one", NULL, -2, "p20", -1, FRT_SUBJECT_UNKNOWN},
    {"login name and number agree", "p20", 20020, NULL, -1, FRT_SUBJECT_OUTSIDE},
    {"login name and number of two people", "p20", 20021, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"login name and a number nobody has", "p20", 5, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"a name nobody has and a number", "p99", 20020, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"acting name and number of two people", "p20", -1, "p20", 20021, FRT_SUBJECT_UNKNOWN},
    {"a name in capitals is another name", "P20", -1, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"a filter for a name", ")(uid=*", -1, NULL, -1, FRT_SUBJECT_UNKNOWN},
    {"a star for a name", NULL, -1, "*", -1, FRT_SUBJECT_NO_LOGIN},
};

START_TEST(says_who_asks)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of(subjects[_i].login, subjects[_i].user);

    attempt.login_uid = subjects[_i].login_uid;
    attempt.user_uid = subjects[_i].user_uid;
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT) == subjects[_i].expected, "%s: %u",
                  subjects[_i].given, fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT));
    frt_view_free(view);
}
END_TEST

/* Roles of p50, each row one or two role entries by their lines, and whether cn=police lists p50. */
static const struct {
    const char *given, *city, *outside;
    bool listed, stale_counts;
    uint32_t includes;
    enum frt_subject expected;
} roles[] = {
    {"a city role that begins now", "frtRoleStart: 20260316140000Z", NULL, false, true, 0xfe,
     FRT_SUBJECT_OFFICIAL},
    {"a city role that begins in a second", "frtRoleStart: 20260316140001Z", NULL, false, true, 0xfe,
     FRT_SUBJECT_UNKNOWN},
    {"a city role that ends in a second", "frtRoleEnd: 20260316140001Z", NULL, false, true, 0xfe,
     FRT_SUBJECT_OFFICIAL},
    {"a city role that ends now", "frtRoleEnd: 20260316140000Z", NULL, false, true, 0xfe,
     FRT_SUBJECT_UNKNOWN},
    {"an outside role that ends in a second", NULL, "frtRoleEnd: 20260316140001Z", false, true, 0xfe,
     FRT_SUBJECT_OUTSIDE},
    {"an outside role that ends now", NULL, "frtRoleEnd: 20260316140000Z", false, true, 0xfe,
     FRT_SUBJECT_UNKNOWN},
    {"an ended city role whose group is clean",
     "frtRoleEnd: 20251231000000Z\nfrtRoleGroup: cn=police,ou=groups," SUFFIX, "x: y", false, true, 0xfe,
     FRT_SUBJECT_OUTSIDE},
    {"an ended city role whose group still lists",
     "frtRoleEnd: 20251231000000Z\nfrtRoleGroup: CN=police, ou=groups," SUFFIX, "x: y", true, true, 0xfe,
     FRT_SUBJECT_DUAL},
    {"an ended city role whose group is not known",
     "frtRoleEnd: 20251231000000Z\nfrtRoleGroup: cn=gone,ou=groups," SUFFIX, "x: y", false, true, 0xfe,
     FRT_SUBJECT_DUAL},
    {"a future city role whose group lists already counts by the group",
     "frtRoleStart: 20270101000000Z\nfrtRoleGroup: cn=police,ou=groups," SUFFIX, "x: y", true, true, 0xfe,
     FRT_SUBJECT_DUAL},
    {"the group alone", NULL, "x: y", true, true, 0xfe, FRT_SUBJECT_DUAL},
    {"an ended outside role is not carried on by a group", NULL,
     "frtRoleEnd: 20251231000000Z\nfrtRoleGroup: cn=police,ou=groups," SUFFIX, true, true, 0xfe,
     FRT_SUBJECT_OFFICIAL},
    {"dates alone: an ended city role silences its group",
     "frtRoleEnd: 20251231000000Z\nfrtRoleGroup: cn=police,ou=groups," SUFFIX, "x: y", true, false, 0xfe,
     FRT_SUBJECT_OUTSIDE},
    {"dates alone: an ended city role without that group does not", "frtRoleEnd: 20251231000000Z", "x: y",
     true, false, 0xfe, FRT_SUBJECT_DUAL},
    {"dates alone: a group without an entry counts", NULL, "x: y", true, false, 0xfe, FRT_SUBJECT_DUAL},
    {"an intern where interns count", "frtOfficialType: intern", "x: y", false, true,
     1u << FRT_OFFICIAL_INTERN, FRT_SUBJECT_DUAL},
    {"an intern where they do not", "frtOfficialType: intern", "x: y", false, true,
     0xfe & ~(1u << FRT_OFFICIAL_INTERN), FRT_SUBJECT_OUTSIDE},
    {"only an intern where they do not", "frtOfficialType: intern", NULL, false, true,
     0xfe & ~(1u << FRT_OFFICIAL_INTERN), FRT_SUBJECT_UNKNOWN},
    {"an unreadable city role", "frtRoleEnd: soon", "x: y", false, true, 0xfe, FRT_SUBJECT_UNKNOWN},
};

static void change(struct frt_entry *entry, const char *lines)
{
    frt_auto_free char *copy = strdup(lines);
    char *rest = copy;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *colon = strstr(line, ": ");

        *colon = '\0';
        replace(entry, line, colon + 2);
    }
}

START_TEST(counts_roles_in_force)
{
    struct frt_view *view = small_city();
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of("p50", NULL);
    struct frt_entry *role;

    values.city_includes = roles[_i].includes;
    values.stale_member_counts = roles[_i].stale_counts;
    put(view, a_person("p50", 20050));
    put(view, a_role_group("police", roles[_i].listed ? "member: uid=p50,ou=people," SUFFIX
                                                      : "member: uid=p01,ou=people," SUFFIX));
    if (roles[_i].city) {
        role = a_city_role("p50");
        change(role, roles[_i].city);
        put(view, role);
    }
    if (roles[_i].outside) {
        role = an_outside_role("p50", "msp");
        change(role, roles[_i].outside);
        put(view, role);
    }
    ck_assert_msg(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT) == roles[_i].expected, "%s: %u",
                  roles[_i].given, fact_of(view, &values, &attempt, FRT_FACT_SUBJECT));
    frt_view_free(view);
}
END_TEST

/* Whose entry states no number is told by name, unless the number is somebody else's. */
START_TEST(a_person_without_a_number_is_known_by_name)
{
    static const struct {
        int64_t number;
        enum frt_subject expected;
    } numbers[] = {{-1, FRT_SUBJECT_OUTSIDE}, {5, FRT_SUBJECT_OUTSIDE}, {20001, FRT_SUBJECT_UNKNOWN}};
    struct frt_view *view = small_city();
    struct frt_entry *person = a_person("p50", 20050);

    without(person, "uidNumber");
    put(view, person);
    put(view, an_outside_role("p50", "msp"));
    for (size_t i = 0; i < FRT_ARRAY_LEN(numbers); i++) {
        struct frt_attempt attempt = attempt_of(NULL, "p50");

        attempt.user_uid = numbers[i].number;
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), numbers[i].expected);
    }
    put(view, a_person("p50", 0));
    {
        struct frt_attempt attempt = attempt_of(NULL, "p50");

        attempt.user_uid = 5;
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_UNKNOWN);
    }
    frt_view_free(view);
}
END_TEST

/* RFC 2307 leaves the structural class of a posixAccount open; "account" is as usual for people as inetOrgPerson. */
START_TEST(an_account_of_any_class_is_a_persons_unless_it_is_marked)
{
    static const char *const classes[] = {"account", "person", "inetOrgPerson", "organizationalPerson"};

    for (size_t i = 0; i < FRT_ARRAY_LEN(classes); i++) {
        struct frt_view *view = small_city();
        struct frt_attempt attempt = attempt_of(NULL, "p50");
        struct frt_entry *person = a_person("p50", 20050);

        replace(person, "objectClass", classes[i]);
        attribute(person, "objectClass", "posixAccount");
        put(view, person);
        put(view, an_outside_role("p50", "msp"));
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_OUTSIDE);
        put(view, a_city_role("p50"));
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_DUAL);
        person = a_service("p50", 20050);
        put(view, person);
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_NO_LOGIN);
        frt_view_free(view);
    }
}
END_TEST

START_TEST(the_broad_reading_takes_the_role_of_the_session)
{
    struct frt_view *view = small_city();
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of("p27", NULL);

    values.role_of_session = true;
    attempt.host = "h8";
    ck_assert_uint_eq(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_OUTSIDE);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_DUAL);
    attempt.host = "h6";
    ck_assert_uint_eq(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_DUAL);
    attempt.host = "h1";
    ck_assert_uint_eq(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_DUAL);
    attempt = attempt_of("p01", "p20");
    ck_assert_uint_eq(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_OUTSIDE);
    attempt = attempt_of("p01", "root");
    ck_assert_uint_ne(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_NO_LOGIN);
    frt_view_free(view);
}
END_TEST

START_TEST(the_official_type_is_the_logins_first)
{
    struct frt_view *view = small_city();
    struct frt_entry *mayor = a_city_role("p06");
    struct frt_attempt attempt;

    replace(mayor, "frtOfficialType", "elected");
    put_person(view, "p06", 20006, mayor, NULL);
    attempt = attempt_of("p06", "p01");
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_OFFICIAL_TYPE), FRT_OFFICIAL_ELECTED);
    attempt = attempt_of("p01", "p06");
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_OFFICIAL_TYPE), FRT_OFFICIAL_EMPLOYEE);
    attempt = attempt_of("p20", "p06");
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_OFFICIAL_TYPE), FRT_OFFICIAL_ELECTED);
    attempt = attempt_of("p20", NULL);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_OFFICIAL_TYPE), FRT_OFFICIAL_NONE);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *login, *user;
    bool requester_may_open;
    enum frt_agency_kind kind;
    enum frt_operator operator;
} agencies[] = {
    {"a performer", "p20", NULL, false, FRT_AGENCY_PERFORMER_REQUESTER, FRT_OPERATOR_YES},
    {"a performer of the registry", "p22", NULL, false, FRT_AGENCY_PERFORMER, FRT_OPERATOR_YES},
    {"a trooper, not named", "p21", NULL, false, FRT_AGENCY_PERFORMER_REQUESTER, FRT_OPERATOR_NO},
    {"a trooper, broad", "p21", NULL, true, FRT_AGENCY_PERFORMER_REQUESTER, FRT_OPERATOR_YES},
    {"a requester", "p24", NULL, false, FRT_AGENCY_REQUESTER, FRT_OPERATOR_NO},
    {"a requester, broad", "p24", NULL, true, FRT_AGENCY_REQUESTER, FRT_OPERATOR_YES},
    {"an agency of no kind, broad", "p25", NULL, true, FRT_AGENCY_NONE, FRT_OPERATOR_NO},
    {"an official", "p01", NULL, true, FRT_AGENCY_NONE, FRT_OPERATOR_NO},
    {"the weaker of two kinds", "p20", "p22", false, FRT_AGENCY_PERFORMER, FRT_OPERATOR_YES},
    {"the weaker of two operators", "p20", "p21", false, FRT_AGENCY_PERFORMER_REQUESTER, FRT_OPERATOR_NO},
    {"the weaker, the other way round", "p24", "p20", false, FRT_AGENCY_REQUESTER, FRT_OPERATOR_NO},
    {"an official behind a performer", "p01", "p20", false, FRT_AGENCY_NONE, FRT_OPERATOR_NO},
    {"two hats", "p27", NULL, false, FRT_AGENCY_PERFORMER, FRT_OPERATOR_YES},
    {"an agency nobody knows", "p26", NULL, true, FRT_AGENCY_NONE, FRT_OPERATOR_NO},
    {"nobody", "p99", NULL, true, FRT_AGENCY_NONE, FRT_OPERATOR_NO},
    {"the performer's hat of two outside hats", "p28", NULL, false, FRT_AGENCY_PERFORMER, FRT_OPERATOR_YES},
    {"of two hats with the flag, that of one who performs and requests", "p30", NULL, false,
     FRT_AGENCY_PERFORMER_REQUESTER, FRT_OPERATOR_YES},
    {"of two hats with the flag, that of a performer", "p29", NULL, false, FRT_AGENCY_PERFORMER,
     FRT_OPERATOR_YES},
};

START_TEST(says_what_the_agency_may_do)
{
    struct frt_view *view = small_city();
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of(agencies[_i].login, agencies[_i].user);

    values.requester_may_open = agencies[_i].requester_may_open;
    put_person(view, "p25", 20025, an_outside_role("p25", "dao"), NULL);
    put_person(view, "p26", 20026, an_outside_role("p26", "nowhere"), NULL);
    put_person(view, "p28", 20028, an_outside_role("p28", "msp"), a_performer_role("p28", "rmv"));
    put_person(view, "p29", 20029, a_performer_role("p29", "ebpd"), a_performer_role("p29", "rmv"));
    put_person(view, "p30", 20030, a_performer_role("p30", "ebpd"), a_performer_role("p30", "msp"));
    ck_assert_msg(fact_of(view, &values, &attempt, FRT_FACT_AGENCY_KIND) == agencies[_i].kind, "%s",
                  agencies[_i].given);
    ck_assert_msg(fact_of(view, &values, &attempt, FRT_FACT_OPERATOR) == agencies[_i].operator, "%s",
                  agencies[_i].given);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *lines, *asked;
    enum frt_tool_class tool_class;
    enum frt_capability capability;
} tools[] = {
    {"by its id", "x: y", "T90-tool", FRT_TOOL_FACE_SURVEILLANCE, FRT_CAPABILITY_RECOGNITION},
    {"by its short id", "x: y", "T90", FRT_TOOL_FACE_SURVEILLANCE, FRT_CAPABILITY_RECOGNITION},
    {"by a longer id", "x: y", "T90-tools", FRT_TOOL_UNKNOWN, FRT_CAPABILITY_UNSTATED},
    {"by an id in other case", "x: y", "t90", FRT_TOOL_UNKNOWN, FRT_CAPABILITY_UNSTATED},
    {"by nothing", "x: y", "", FRT_TOOL_UNKNOWN, FRT_CAPABILITY_UNSTATED},
    {"a class nobody knows", "frtToolClass: harmless", "T90", FRT_TOOL_UNKNOWN, FRT_CAPABILITY_UNSTATED},
    {"an action nobody knows", "frtAction: allow", "T90", FRT_TOOL_UNKNOWN, FRT_CAPABILITY_UNSTATED},
    {"a class of several", "frtToolClass;x-a: not-frt", "T90", FRT_TOOL_UNKNOWN, FRT_CAPABILITY_UNSTATED},
    {"user authentication", "frtToolClass: user-authentication\nfrtCapability: verify-1to1", "T90",
     FRT_TOOL_USER_AUTHENTICATION, FRT_CAPABILITY_RECOGNITION},
    {"redaction that detects", "frtToolClass: redaction-only\nfrtCapability: redact", "T90",
     FRT_TOOL_REDACTION_ONLY, FRT_CAPABILITY_DETECTION},
    {"a viewer", "frtToolClass: evidence-viewer\nfrtCapability: view", "T90", FRT_TOOL_EVIDENCE_VIEWER,
     FRT_CAPABILITY_DETECTION},
    {"a component", "frtToolClass: frt-component\nfrtCapability: cloud-client", "T90", FRT_TOOL_COMPONENT,
     FRT_CAPABILITY_DETECTION},
    {"not recognition", "frtToolClass: not-frt\nfrtCapability: landmark", "T90", FRT_TOOL_NOT_FRT,
     FRT_CAPABILITY_DETECTION},
    {"a capability nobody knows", "frtCapability: guess", "T90", FRT_TOOL_FACE_SURVEILLANCE,
     FRT_CAPABILITY_UNSTATED},
    {"embedding", "frtCapability: embed", "T90", FRT_TOOL_FACE_SURVEILLANCE, FRT_CAPABILITY_RECOGNITION},
    {"clustering", "frtCapability: cluster", "T90", FRT_TOOL_FACE_SURVEILLANCE, FRT_CAPABILITY_RECOGNITION},
    {"tracking", "frtCapability: track", "T90", FRT_TOOL_FACE_SURVEILLANCE, FRT_CAPABILITY_RECOGNITION},
    {"attributes", "frtCapability: attributes", "T90", FRT_TOOL_FACE_SURVEILLANCE,
     FRT_CAPABILITY_RECOGNITION},
};

START_TEST(says_what_the_tool_is)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);
    struct frt_entry *tool = a_tool("T90-tool");

    change(tool, tools[_i].lines);
    put(view, tool);
    attempt.tool = tools[_i].asked;
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_TOOL_CLASS) == tools[_i].tool_class, "%s",
                  tools[_i].given);
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_CAPABILITY) == tools[_i].capability, "%s",
                  tools[_i].given);
    frt_view_free(view);
}
END_TEST

START_TEST(one_recognising_capability_among_detecting_ones_is_recognition)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);
    struct frt_entry *tool = a_tool("T91-suite");

    replace(tool, "frtCapability", "redact");
    attribute(tool, "frtCapability", "detect");
    put(view, tool);
    attempt.tool = "T91";
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_CAPABILITY), FRT_CAPABILITY_DETECTION);
    tool = a_tool("T91-suite");
    replace(tool, "frtCapability", "redact");
    attribute(tool, "frtCapability", "unheard-of");
    put(view, tool);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_CAPABILITY), FRT_CAPABILITY_UNSTATED);
    attribute(tool = a_tool("T91-suite"), "frtCapability", "redact");
    put(view, tool);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_CAPABILITY), FRT_CAPABILITY_RECOGNITION);
    without(tool = a_tool("T91-suite"), "frtCapability");
    put(view, tool);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_CAPABILITY), FRT_CAPABILITY_UNSTATED);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *asked, *owner, *assigned, *login, *user;
    enum frt_host_owner expected;
    enum frt_device device;
} hosts[] = {
    {"a city host by id", "h90", "city", NULL, "p01", NULL, FRT_HOST_CITY, FRT_DEVICE_SHARED},
    {"a city host by name", "host-90", "city", NULL, "p01", NULL, FRT_HOST_CITY, FRT_DEVICE_SHARED},
    {"an outside host", "h90", "msp", NULL, "p20", NULL, FRT_HOST_OUTSIDE, FRT_DEVICE_SHARED},
    {"an owner nobody knows", "h90", "nowhere", NULL, "p20", NULL, FRT_HOST_UNKNOWN, FRT_DEVICE_SHARED},
    {"a host nobody knows", "h91", "city", "p01", "p01", NULL, FRT_HOST_UNKNOWN, FRT_DEVICE_SHARED},
    {"no host", NULL, "city", "p01", "p01", NULL, FRT_HOST_UNKNOWN, FRT_DEVICE_SHARED},
    {"assigned to the one who asks", "h90", "city", "p01", "p01", NULL, FRT_HOST_CITY, FRT_DEVICE_ASSIGNED},
    {"assigned, nobody logged in yet", "h90", "city", "p01", NULL, "p01", FRT_HOST_CITY, FRT_DEVICE_ASSIGNED},
    {"assigned to another", "h90", "city", "p01", "p02", NULL, FRT_HOST_CITY, FRT_DEVICE_ASSIGNED_OTHER},
    {"assigned to the login, not the acting", "h90", "city", "p01", "p01", "p02", FRT_HOST_CITY,
     FRT_DEVICE_ASSIGNED_OTHER},
    {"assigned to the acting, not the login", "h90", "city", "p01", "p02", "p01", FRT_HOST_CITY,
     FRT_DEVICE_ASSIGNED_OTHER},
    {"assigned, asked by nobody known", "h90", "city", "p01", "p99", NULL, FRT_HOST_CITY,
     FRT_DEVICE_ASSIGNED_OTHER},
    {"assigned, asked by a service", "h90", "city", "svc", NULL, "svc", FRT_HOST_CITY,
     FRT_DEVICE_ASSIGNED_OTHER},
};

START_TEST(says_whose_host_it_is)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of(hosts[_i].login, hosts[_i].user);
    struct frt_entry *host = a_host("h90", "host-90", hosts[_i].owner);

    if (hosts[_i].assigned)
        attribute(host, "frtAssignedTo", hosts[_i].assigned);
    put(view, host);
    attempt.host = hosts[_i].asked;
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_HOST_OWNER) == hosts[_i].expected, "%s",
                  hosts[_i].given);
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_DEVICE) == hosts[_i].device, "%s",
                  hosts[_i].given);
    frt_view_free(view);
}
END_TEST

#define P20_MSP "p20"

static const struct {
    const char *given, *lines; /* changes to Q1; "-name" takes away */
    const char *login, *now, *tool;
    unsigned retro_minutes;
    enum frt_request_state expected;
} requests[] = {
    {"as it should be", "x: y", P20_MSP, T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"requester is an official", "frtRequester: p01", P20_MSP, T, "T03", 0, FRT_REQUEST_BY_OFFICIAL},
    {"an official at filing, no longer", "frtRequester: p51", P20_MSP, T, "T03", 0, FRT_REQUEST_BY_OFFICIAL},
    {"an official since the filing", "frtRequester: p52", P20_MSP, T, "T03", 0, FRT_REQUEST_BY_OFFICIAL},
    {"no longer an official at filing", "frtRequester: p53", P20_MSP, T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"official comes before all else",
     "frtRequester: p01\nfrtFiledAt: 20990101000000Z\nfrtRequestState: refused", P20_MSP, T, "T03", 0,
     FRT_REQUEST_BY_OFFICIAL},
    {"requester with an unreadable role", "frtRequester: p54", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"requester nobody here knows", "frtRequester: x99", P20_MSP, T, "T03", 0, FRT_REQUEST_UNFIT_REQUESTER},
    {"filed this second", "frtFiledAt: 20260316140000Z\n-frtValidFrom", P20_MSP, T, "T03", 0,
     FRT_REQUEST_ON_FILE},
    {"filed a second late", "frtFiledAt: 20260316140001Z\n-frtValidFrom", P20_MSP, T, "T03", 0,
     FRT_REQUEST_NOT_YET},
    {"filed 20 minutes late, 20 allowed", "frtFiledAt: 20260316142000Z\nfrtValidFrom: 20260316142000Z",
     P20_MSP, T, "T03", 20, FRT_REQUEST_ON_FILE},
    {"filed 20 minutes late, 19 allowed", "frtFiledAt: 20260316142000Z\nfrtValidFrom: 20260316142000Z",
     P20_MSP, T, "T03", 19, FRT_REQUEST_NOT_YET},
    {"valid from this second", "frtValidFrom: 20260316140000Z", P20_MSP, T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"valid from the next second", "frtValidFrom: 20260316140001Z", P20_MSP, T, "T03", 0,
     FRT_REQUEST_NOT_YET},
    {"a window that begins later is not widened", "frtValidFrom: 20260316140001Z", P20_MSP, T, "T03", 60,
     FRT_REQUEST_NOT_YET},
    {"withdrawn by time", "frtWithdrawnAt: 20260315000000Z", P20_MSP, T, "T03", 0, FRT_REQUEST_WITHDRAWN},
    {"withdrawn by state", "frtRequestState: withdrawn", P20_MSP, T, "T03", 0, FRT_REQUEST_WITHDRAWN},
    {"refused", "frtRequestState: refused", P20_MSP, T, "T03", 0, FRT_REQUEST_WITHDRAWN},
    {"closed", "frtRequestState: closed", P20_MSP, T, "T03", 0, FRT_REQUEST_WITHDRAWN},
    {"withdrawn before expired", "frtRequestState: closed\nfrtValidUntil: 20260316140000Z", P20_MSP, T, "T03",
     0, FRT_REQUEST_WITHDRAWN},
    {"a second left", "frtValidUntil: 20260316140001Z", P20_MSP, T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"expires this second", "frtValidUntil: 20260316140000Z", P20_MSP, T, "T03", 0, FRT_REQUEST_EXPIRED},
    {"no end", "-frtValidUntil", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no requester", "-frtRequester", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no agency", "-frtRequesterAgency", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no position", "-frtRequesterPosition", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no recipient", "-frtRecipient", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"not filed", "-frtFiledAt", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no route", "-frtRoute", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no reason", "-frtReason", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"a blank reason", "frtReason:   ", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no database", "-frtDatabase", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no traits", "-frtTraits", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no document", "-frtDocumentSha256", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"no offence is complete", "-frtOffence", P20_MSP, T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"an unreadable time", "frtFiledAt: yesterday", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"an unreadable withdrawal", "frtWithdrawnAt: never", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"a state nobody knows", "frtRequestState: fine", P20_MSP, T, "T03", 0, FRT_REQUEST_INCOMPLETE},
    {"options on what is read", "frtValidUntil;x-a: 20990101000000Z", P20_MSP, T, "T03", 0,
     FRT_REQUEST_INCOMPLETE},
    {"recipient of no body", "frtRecipient: Clearview AI", P20_MSP, T, "T03", 0, FRT_REQUEST_WRONG_RECIPIENT},
    {"recipient in capitals", "frtRecipient: MSP", P20_MSP, T, "T03", 0, FRT_REQUEST_WRONG_RECIPIENT},
    {"requester's agency is of no kind", "frtRequesterAgency: dao", P20_MSP, T, "T03", 0,
     FRT_REQUEST_UNFIT_REQUESTER},
    {"requester's agency only performs", "frtRequesterAgency: rmv", P20_MSP, T, "T03", 0,
     FRT_REQUEST_UNFIT_REQUESTER},
    {"requester's agency does both", "frtRequester: p21\nfrtRequesterAgency: msp", P20_MSP, T, "T03", 0,
     FRT_REQUEST_ON_FILE},
    {"requester writes another agency's name", "frtRequesterAgency: msp", P20_MSP, T, "T03", 0,
     FRT_REQUEST_UNFIT_REQUESTER},
    {"requester of no kind writes a requester's name", "frtRequester: p55", P20_MSP, T, "T03", 0,
     FRT_REQUEST_UNFIT_REQUESTER},
    {"of that agency only since after the filing", "frtRequester: p56", P20_MSP, T, "T03", 0,
     FRT_REQUEST_UNFIT_REQUESTER},
    {"of that agency since the second of the filing",
     "frtRequester: p56\nfrtFiledAt: 20260312000000Z\n-frtValidFrom", P20_MSP, T, "T03", 0,
     FRT_REQUEST_ON_FILE},
    {"of that agency no longer", "frtRequester: p57", P20_MSP, T, "T03", 0, FRT_REQUEST_UNFIT_REQUESTER},
    {"requester's agency is not known", "frtRequesterAgency: nowhere", P20_MSP, T, "T03", 0,
     FRT_REQUEST_UNFIT_REQUESTER},
    {"limited to this tool", "frtToolRef: T03-digikam", P20_MSP, T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"limited to this tool by its short id", "frtToolRef: T03", P20_MSP, T, "T03-digikam", 0,
     FRT_REQUEST_ON_FILE},
    {"limited to another tool", "frtToolRef: T04", P20_MSP, T, "T03", 0, FRT_REQUEST_OTHER_TOOL},
    {"limited, and the tool is not known", "frtToolRef: T99", P20_MSP, T, "T99", 0, FRT_REQUEST_OTHER_TOOL},
    {"to another body than the operator's", "frtRecipient: rmv", P20_MSP, T, "T03", 0,
     FRT_REQUEST_OTHER_AGENCY},
    {"to the body of the operator", "frtRecipient: rmv", "p22", T, "T03", 0, FRT_REQUEST_ON_FILE},
    {"opened by its requester", "x: y", "p24", T, "T03", 0, FRT_REQUEST_OTHER_AGENCY},
    {"an official presents it", "frtRecipient: rmv", "p01", T, "T03", 0, FRT_REQUEST_ON_FILE},
};

/* Lines as change() takes them; "-name" takes the attribute away. */
static void edit(struct frt_entry *entry, const char *lines)
{
    frt_auto_free char *copy = strdup(lines);
    char *rest = copy;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (*line == '-')
            without(entry, line + 1);
        else
            change(entry, line);
    }
}

static void put_requesters(struct frt_view *view)
{
    struct frt_entry *role = a_city_role("p51");

    replace(role, "frtRoleEnd", "20260312000000Z");
    put_person(view, "p51", 20051, role, an_outside_role("p51", "ebpd"));
    role = a_city_role("p52");
    replace(role, "frtRoleStart", "20260312000000Z");
    put_person(view, "p52", 20052, role, an_outside_role("p52", "ebpd"));
    role = a_city_role("p53");
    replace(role, "frtRoleEnd", "20260310090000Z");
    put_person(view, "p53", 20053, role, an_outside_role("p53", "ebpd"));
    role = a_city_role("p54");
    replace(role, "frtSworn", "maybe");
    put_person(view, "p54", 20054, role, an_outside_role("p54", "ebpd"));
    put_person(view, "p55", 20055, an_outside_role("p55", "dao"), NULL);
    role = an_outside_role("p56", "ebpd");
    replace(role, "frtRoleStart", "20260312000000Z");
    put_person(view, "p56", 20056, role, NULL);
    role = an_outside_role("p57", "ebpd");
    replace(role, "frtRoleEnd", "20260316140000Z");
    put_person(view, "p57", 20057, role, NULL);
}

START_TEST(says_what_the_request_is_worth)
{
    struct frt_view *view = small_city();
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of(requests[_i].login, NULL);
    struct frt_entry *request = a_request("Q1");

    put_requesters(view);
    edit(request, requests[_i].lines);
    put(view, request);
    values.retro_filing_minutes = requests[_i].retro_minutes;
    attempt.request = "Q1";
    attempt.tool = requests[_i].tool;
    attempt.now_s = at(requests[_i].now);
    ck_assert_msg(fact_of(view, &values, &attempt, FRT_FACT_REQUEST) == requests[_i].expected, "%s: %u",
                  requests[_i].given, fact_of(view, &values, &attempt, FRT_FACT_REQUEST));
    frt_view_free(view);
}
END_TEST

START_TEST(a_request_is_presented_never_guessed)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);

    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_NONE);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_ROUTE), FRT_ROUTE_NONE);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SCOPE), FRT_SCOPE_UNKNOWN);
    attempt.request = "Q2";
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_NOT_FOUND);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SCOPE), FRT_SCOPE_UNKNOWN);
    attempt.request = "";
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_NONE);
    frt_view_free(view);
}
END_TEST

START_TEST(two_requests_of_one_id_are_none)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);
    struct frt_entry *twin = a_request("Q1");

    twin->uuid[0] = 1;
    put(view, twin);
    attempt.request = "Q1";
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_NOT_FOUND);
    frt_view_free(view);
}
END_TEST

START_TEST(the_broad_reading_lets_the_requester_open)
{
    struct frt_view *view = small_city();
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of("p24", NULL);

    attempt.request = "Q1";
    values.requester_may_open = true;
    ck_assert_uint_eq(fact_of(view, &values, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_ON_FILE);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_OTHER_AGENCY);
    frt_view_free(view);
}
END_TEST

/* Q1 on a route, with an authority A1. */
static const struct {
    const char *given, *route, *authority; /* changes to A1 */
    enum { ORDER, DECEASED, EMERGENCY } kind;
    unsigned retro_minutes;
    enum frt_authority_state expected;
} authorities[] = {
    {"an order", "order", "x: y", ORDER, 0, FRT_AUTHORITY_IN_FORCE},
    {"an order for another route", "deceased", "x: y", ORDER, 0, FRT_AUTHORITY_MISSING},
    {"an order of another name", "order", "frtAuthorityId: A2", ORDER, 0, FRT_AUTHORITY_MISSING},
    {"an order of no kind", "order", "-frtAuthorityKind", ORDER, 0, FRT_AUTHORITY_MISSING},
    {"a court without criminal warrants", "order", "frtIssuerCriminalWarrants: FALSE", ORDER, 0,
     FRT_AUTHORITY_UNFIT_ISSUER},
    {"a court that does not say", "order", "-frtIssuerCriminalWarrants", ORDER, 0,
     FRT_AUTHORITY_UNFIT_ISSUER},
    {"no court", "order", "-frtIssuer", ORDER, 0, FRT_AUTHORITY_UNFIT_ISSUER},
    {"an order that begins now", "order", "frtAuthorityStart: 20260316140000Z", ORDER, 0,
     FRT_AUTHORITY_IN_FORCE},
    {"an order that begins in a second", "order", "frtAuthorityStart: 20260316140001Z", ORDER, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"an order that ends in a second", "order", "frtAuthorityEnd: 20260316140001Z", ORDER, 0,
     FRT_AUTHORITY_IN_FORCE},
    {"an order that ends now", "order", "frtAuthorityEnd: 20260316140000Z", ORDER, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"an order without a beginning", "order", "-frtAuthorityStart", ORDER, 0, FRT_AUTHORITY_NOT_IN_FORCE},
    {"an order without an end", "order", "-frtAuthorityEnd", ORDER, 0, FRT_AUTHORITY_NOT_IN_FORCE},
    {"another case", "order", "frtCaseNumber: C-2", ORDER, 0, FRT_AUTHORITY_OTHER_CASE},
    {"no case on the order", "order", "-frtCaseNumber", ORDER, 0, FRT_AUTHORITY_IN_FORCE},
    {"no limb", "order", "-frtLimb", ORDER, 0, FRT_AUTHORITY_NO_LIMB},
    {"the other limb", "order", "frtLimb: risk-of-harm", ORDER, 0, FRT_AUTHORITY_IN_FORCE},
    {"a limb nobody knows", "order", "frtLimb: curiosity", ORDER, 0, FRT_AUTHORITY_UNFIT_ISSUER},
    {"an unreadable end", "order", "frtAuthorityEnd: 2026", ORDER, 0, FRT_AUTHORITY_UNFIT_ISSUER},
    {"a declared death", "deceased", "x: y", DECEASED, 0, FRT_AUTHORITY_IN_FORCE},
    {"a living subject", "deceased", "frtSubjectStatus: living", DECEASED, 0, FRT_AUTHORITY_LIVING},
    {"a subject of no status", "deceased", "-frtSubjectStatus", DECEASED, 0, FRT_AUTHORITY_LIVING},
    {"declared by nobody", "deceased", "-frtDeclaredBy", DECEASED, 0, FRT_AUTHORITY_LIVING},
    {"somebody else's death", "deceased", "frtCaseNumber: C-2", DECEASED, 0, FRT_AUTHORITY_OTHER_CASE},
    {"a death declared this second", "deceased", "frtDeclaredOn: 20260316140000Z", DECEASED, 0,
     FRT_AUTHORITY_IN_FORCE},
    {"a death declared in a second", "deceased", "frtDeclaredOn: 20260316140001Z", DECEASED, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"a death declared at no readable time", "deceased", "frtDeclaredOn: today", DECEASED, 0,
     FRT_AUTHORITY_LIVING},
    {"a declaration that begins in a second", "deceased", "frtAuthorityStart: 20260316140001Z", DECEASED, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"a declaration that ends now", "deceased", "frtAuthorityEnd: 20260316140000Z", DECEASED, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"an emergency", "emergency", "x: y", EMERGENCY, 0, FRT_AUTHORITY_IN_FORCE},
    {"another emergency", "emergency", "frtCaseNumber: C-2", EMERGENCY, 0, FRT_AUTHORITY_OTHER_CASE},
    {"no factual basis", "emergency", "-frtFactualBasis", EMERGENCY, 0, FRT_AUTHORITY_NO_BASIS},
    {"a blank factual basis", "emergency", "frtFactualBasis:  ", EMERGENCY, 0, FRT_AUTHORITY_NO_BASIS},
    {"no harm", "emergency", "-frtHarm", EMERGENCY, 0, FRT_AUTHORITY_NO_BASIS},
    {"no need for haste", "emergency", "-frtNoDelay", EMERGENCY, 0, FRT_AUTHORITY_NO_BASIS},
    {"no number of probes", "emergency", "-frtProbeCount", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"no probes", "emergency", "frtProbeCount: 0", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"no maximum", "emergency", "-frtMaxSearches", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"no database", "emergency", "-frtDatabase", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"no subject", "emergency", "-frtSubject", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"no beginning", "emergency", "-frtAuthorityStart", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"no end", "emergency", "-frtAuthorityEnd", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"24 hours", "emergency", "frtAuthorityEnd: 20260317130000Z", EMERGENCY, 0, FRT_AUTHORITY_IN_FORCE},
    {"a second more", "emergency", "frtAuthorityEnd: 20260317130001Z", EMERGENCY, 0, FRT_AUTHORITY_UNBOUNDED},
    {"an emergency that ends now", "emergency", "frtAuthorityEnd: 20260316140000Z", EMERGENCY, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"a second before its end", "emergency", "frtAuthorityEnd: 20260316140001Z", EMERGENCY, 0,
     FRT_AUTHORITY_IN_FORCE},
    {"an emergency that begins in a second", "emergency", "frtAuthorityStart: 20260316140001Z", EMERGENCY, 0,
     FRT_AUTHORITY_NOT_IN_FORCE},
    {"the same, filing late allowed", "emergency", "frtAuthorityStart: 20260316140001Z", EMERGENCY, 1,
     FRT_AUTHORITY_IN_FORCE},
};

START_TEST(says_what_the_route_rests_on)
{
    struct frt_view *view = small_city();
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of("p20", NULL);
    struct frt_entry *request = a_request("Q1"), *authority;

    replace(request, "frtRoute", authorities[_i].route);
    replace(request, "frtAuthority", "A1");
    put(view, request);
    authority = authorities[_i].kind == ORDER       ? an_order("A1")
                : authorities[_i].kind == EMERGENCY ? an_emergency("A1")
                                                    : an_authority("A1", "frtAuthorityKind: deceased\n"
                                                                         "frtSubjectStatus: deceased\n"
                                                                         "frtDeclaredBy: medical examiner");
    edit(authority, authorities[_i].authority);
    put(view, authority);
    values.retro_filing_minutes = authorities[_i].retro_minutes;
    attempt.request = "Q1";
    ck_assert_msg(fact_of(view, &values, &attempt, FRT_FACT_AUTHORITY) == authorities[_i].expected, "%s: %u",
                  authorities[_i].given, fact_of(view, &values, &attempt, FRT_FACT_AUTHORITY));
    frt_view_free(view);
}
END_TEST

START_TEST(two_routes_claimed_are_a_fact_of_their_own)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);
    struct frt_entry *request = a_request("Q1");

    attribute(request, "frtRoute", "emergency");
    put(view, request);
    attempt.request = "Q1";
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_ROUTE), FRT_ROUTE_SEVERAL);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_INCOMPLETE);
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_AUTHORITY), FRT_AUTHORITY_MISSING);
    ck_assert_uint_eq(frt_view_unreadable_count(view), 0);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *request, *authority;
    unsigned uses;
    enum frt_scope expected;
} scopes[] = {
    {"two of three used", "frtMaxSearches: 3", "x: y", 2, FRT_SCOPE_WITHIN},
    {"three of three used", "frtMaxSearches: 3", "x: y", 3, FRT_SCOPE_EXHAUSTED},
    {"none of one stated by nobody", "-frtMaxSearches", "-frtMaxSearches", 0, FRT_SCOPE_WITHIN},
    {"one of one stated by nobody", "-frtMaxSearches", "-frtMaxSearches", 1, FRT_SCOPE_EXHAUSTED},
    {"an emergency that states none", "-frtMaxSearches\nfrtRoute: emergency", "-frtMaxSearches", 0,
     FRT_SCOPE_EXHAUSTED},
    {"the order allows less than the request", "frtMaxSearches: 3", "frtMaxSearches: 2", 2,
     FRT_SCOPE_EXHAUSTED},
    {"the request allows less than the order", "frtMaxSearches: 1", "frtMaxSearches: 3", 1,
     FRT_SCOPE_EXHAUSTED},
    {"only the request states it", "frtMaxSearches: 3", "-frtMaxSearches", 2, FRT_SCOPE_WITHIN},
    {"only the order states it", "-frtMaxSearches", "frtMaxSearches: 2", 1, FRT_SCOPE_WITHIN},
    {"the request states none at all", "frtMaxSearches: 0", "-frtMaxSearches", 0, FRT_SCOPE_EXHAUSTED},
    {"the order states none at all", "frtMaxSearches: 3", "frtMaxSearches: 0", 0, FRT_SCOPE_EXHAUSTED},
};

START_TEST(counts_uses_of_the_request)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);
    struct frt_entry *request = a_request("Q1"), *order = an_order("O77");

    edit(request, scopes[_i].request);
    edit(order, scopes[_i].authority);
    put(view, request);
    put(view, order);
    attempt.request = "Q1";
    attempt.request_uses = scopes[_i].uses;
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_SCOPE) == scopes[_i].expected, "%s",
                  scopes[_i].given);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *asked, *lines;
    enum frt_evidence expected;
} evidence[] = {
    {"none presented", NULL, "x: y", FRT_EVIDENCE_NONE},
    {"not found", "EV9", "x: y", FRT_EVIDENCE_UNDECLARED},
    {"declared, not asked for", "EV1", "x: y", FRT_EVIDENCE_UNSOLICITED},
    {"declared, asked for", "EV1", "frtSolicited: TRUE", FRT_EVIDENCE_SOLICITED},
    {"it is not said whether", "EV1", "-frtSolicited", FRT_EVIDENCE_UNDECLARED},
    {"declared by nobody", "EV1", "-frtDeclaredBy", FRT_EVIDENCE_UNDECLARED},
    {"declared at no time", "EV1", "-frtDeclaredOn", FRT_EVIDENCE_UNDECLARED},
    {"declared now", "EV1", "frtDeclaredOn: 20260316140000Z", FRT_EVIDENCE_UNSOLICITED},
    {"declared later", "EV1", "frtDeclaredOn: 20260316140001Z", FRT_EVIDENCE_UNDECLARED},
    {"of another kind", "O77", "x: y", FRT_EVIDENCE_UNDECLARED},
    {"of no kind", "EV1", "-frtAuthorityKind", FRT_EVIDENCE_UNDECLARED},
    {"neither yes nor no", "EV1", "frtSolicited: perhaps", FRT_EVIDENCE_UNDECLARED},
};

START_TEST(says_how_evidence_was_received)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p02", NULL);
    struct frt_entry *item =
        an_authority("EV1", "frtAuthorityKind: evidence\nfrtSource: a shop\nfrtDeclaredBy: p02\n"
                            "frtDeclaredOn: 20260316120000Z\nfrtSolicited: FALSE");

    edit(item, evidence[_i].lines);
    put(view, item);
    attempt.evidence = evidence[_i].asked;
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_EVIDENCE) == evidence[_i].expected, "%s",
                  evidence[_i].given);
    frt_view_free(view);
}
END_TEST

START_TEST(numbers_outside_their_enumeration_are_not_known)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);
    const enum frt_fact given[] = {FRT_FACT_MATCH, FRT_FACT_ACTION, FRT_FACT_VIEW,
                                   FRT_FACT_CLOCK, FRT_FACT_TRAIL,  FRT_FACT_GATE};

    attempt.match = FRT_MATCH_PACKAGE;
    attempt.action = FRT_ACTION_FILE;
    for (size_t i = 0; i < FRT_ARRAY_LEN(given); i++) /* the last of each is one */
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, given[i]), frt_fact_table[given[i]].count - 1);
    attempt.match = (enum frt_match)99;
    attempt.action = (enum frt_action)99;
    attempt.view = (enum frt_view_state)99;
    attempt.clock = (enum frt_clock_state)99;
    attempt.trail = (enum frt_trail_state)99;
    attempt.gate = (enum frt_gate_state)256;
    for (size_t i = 0; i < FRT_ARRAY_LEN(given); i++)
        ck_assert_uint_eq(fact_of(view, &strict, &attempt, given[i]), 0);
    frt_view_free(view);
}
END_TEST

START_TEST(a_person_with_endless_roles_is_not_known)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p60", NULL);

    put(view, a_person("p60", 20060));
    for (int i = 0; i < 256; i++) {
        char kind[16];

        snprintf(kind, sizeof(kind), "r%d", i);
        put(view, an_outside_role("p60", kind));
    }
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_OUTSIDE);
    put(view, a_city_role("p60"));
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_UNKNOWN);
    frt_view_free(view);
}
END_TEST

START_TEST(a_requester_with_endless_roles_counts_as_an_official)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of("p20", NULL);

    for (int i = 0; i < 256; i++) {
        char kind[16];

        snprintf(kind, sizeof(kind), "r%d", i);
        put(view, an_outside_role("p24", kind));
    }
    attempt.request = "Q1";
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST), FRT_REQUEST_BY_OFFICIAL);
    frt_view_free(view);
}
END_TEST

START_TEST(a_configured_city_group_of_no_official_type_always_counts)
{
    const struct frt_role_group row = {.dn = "cn=staff,ou=groups," SUFFIX, .affiliation = "city"};
    struct frt_view *view = view_with_groups(&row, 1);
    struct frt_policy_values values = strict;
    struct frt_attempt attempt = attempt_of("p01", NULL);

    values.city_includes = 0;
    put(view, a_person("p01", 1));
    put(view, a_group("staff", "memberUid: p01"));
    ck_assert_uint_eq(fact_of(view, &values, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_OFFICIAL);
    frt_view_free(view);
}
END_TEST

START_TEST(roles_without_their_person_are_not_nobody)
{
    struct frt_view *view = small_city();
    struct frt_attempt attempt = attempt_of(NULL, "p61");

    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_NO_LOGIN);
    put(view, a_city_role("p61"));
    ck_assert_uint_eq(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT), FRT_SUBJECT_UNKNOWN);
    frt_view_free(view);
}
END_TEST

START_TEST(an_empty_view_knows_nothing)
{
    struct frt_view *view = empty_view();
    struct frt_attempt attempt = attempt_of("p20", "p20");
    struct frt_resolution resolution;

    attempt.request = "Q1";
    frt_resolve(view, &strict, &attempt, &resolution);
    ck_assert_uint_eq(resolution.facts.value[FRT_FACT_SUBJECT], FRT_SUBJECT_UNKNOWN);
    ck_assert_uint_eq(resolution.facts.value[FRT_FACT_TOOL_CLASS], FRT_TOOL_UNKNOWN);
    ck_assert_uint_eq(resolution.facts.value[FRT_FACT_HOST_OWNER], FRT_HOST_UNKNOWN);
    ck_assert_uint_eq(resolution.facts.value[FRT_FACT_REQUEST], FRT_REQUEST_NOT_FOUND);
    ck_assert_ptr_null(resolution.login);
    ck_assert_ptr_null(resolution.tool);
    frt_view_free(view);
}
END_TEST

static int is_ldif(const struct dirent *file)
{
    size_t length = strlen(file->d_name);

    return length > 5 && strcmp(file->d_name + length - 5, ".ldif") == 0;
}

static struct frt_view *sample_city(void)
{
    static const char folder[] = FRT_SOURCE_DIR "/ldap_schema/sample_city";
    struct frt_view *view = empty_view();
    struct dirent **files;
    int count = scandir(folder, &files, is_ldif, alphasort);

    ck_assert_int_gt(count, 0);
    frt_view_refresh_begin(view);
    for (int i = 0; i < count; i++) {
        char path[1024], error[FRT_LDIF_ERROR_MAX];

        snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
        ck_assert_msg(frt_ldif_load(path, view, error) == 0, "%s", error);
        free(files[i]);
    }
    free(files);
    ck_assert_uint_eq(frt_view_refresh_end(view), 0);
    frt_view_confirm(view, "", 0);
    return view;
}

START_TEST(the_sample_city_is_complete)
{
    struct frt_view *view = sample_city();

    ck_assert_str_eq(frt_view_problem(view), "");
    ck_assert_msg(frt_view_unreadable_count(view) == 0, "%s", frt_view_unreadable(view, 0));
    ck_assert_uint_eq(frt_view_tools(view, NULL, 0), 44);
    ck_assert_uint_eq(frt_view_state(view, 1000, 60000), FRT_VIEW_FRESH);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *login, *user;
    enum frt_subject subject;
    enum frt_official_type type;
    enum frt_operator operator;
} sample_people[] = {
    {"p01", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_EMPLOYEE, FRT_OPERATOR_NO},
    {"p03", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_APPOINTED, FRT_OPERATOR_NO},
    {"p06", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_ELECTED, FRT_OPERATOR_NO},
    {"p09", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_INTERN, FRT_OPERATOR_NO},
    {"p14", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_VOLUNTEER, FRT_OPERATOR_NO},
    {"p16", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_CONTRACTOR, FRT_OPERATOR_NO},
    {"p17", NULL, FRT_SUBJECT_OFFICIAL, FRT_OFFICIAL_AUXILIARY, FRT_OPERATOR_NO},
    {"p20", NULL, FRT_SUBJECT_OUTSIDE, FRT_OFFICIAL_NONE, FRT_OPERATOR_YES},
    {"p21", NULL, FRT_SUBJECT_OUTSIDE, FRT_OFFICIAL_NONE, FRT_OPERATOR_NO},
    {"p27", NULL, FRT_SUBJECT_DUAL, FRT_OFFICIAL_EMPLOYEE, FRT_OPERATOR_YES},
    {"p28", NULL, FRT_SUBJECT_OUTSIDE, FRT_OFFICIAL_NONE, FRT_OPERATOR_YES},
    {"p29", NULL, FRT_SUBJECT_DUAL, FRT_OFFICIAL_EMPLOYEE, FRT_OPERATOR_YES},
    {"p30", NULL, FRT_SUBJECT_DUAL, FRT_OFFICIAL_ELECTED, FRT_OPERATOR_YES},
    {"p31", NULL, FRT_SUBJECT_UNKNOWN, FRT_OFFICIAL_NONE, FRT_OPERATOR_NO},
    {NULL, "svc-camera", FRT_SUBJECT_NO_LOGIN, FRT_OFFICIAL_NONE, FRT_OPERATOR_NO},
    {"p02", "guest-msp", FRT_SUBJECT_OFFICIAL_BEHIND, FRT_OFFICIAL_EMPLOYEE, FRT_OPERATOR_NO},
    {"guest-msp", NULL, FRT_SUBJECT_OUTSIDE, FRT_OFFICIAL_NONE, FRT_OPERATOR_YES},
};

START_TEST(the_people_of_the_sample_city_are_who_they_are)
{
    struct frt_view *view = sample_city();
    struct frt_attempt attempt = attempt_of(sample_people[_i].login, sample_people[_i].user);
    const char *who = sample_people[_i].login ? sample_people[_i].login : sample_people[_i].user;

    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT) == sample_people[_i].subject, "%s: %u",
                  who, fact_of(view, &strict, &attempt, FRT_FACT_SUBJECT));
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_OFFICIAL_TYPE) == sample_people[_i].type, "%s",
                  who);
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_OPERATOR) == sample_people[_i].operator, "%s",
                  who);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *login, *request, *now;
    enum frt_request_state state;
    enum frt_authority_state authority;
} sample_requests[] = {
    {"p20", "Q201", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_IN_FORCE},
    {"p22", "Q202", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_IN_FORCE},
    {"p23", "Q203", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_IN_FORCE},
    {"p20", "Q204", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_NO_BASIS},
    {"p20", "Q205", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_NOT_IN_FORCE},
    {"p20", "Q206", T, FRT_REQUEST_WRONG_RECIPIENT, FRT_AUTHORITY_IN_FORCE},
    {"p20", "Q207", T, FRT_REQUEST_BY_OFFICIAL, FRT_AUTHORITY_IN_FORCE},
    {"p22", "Q208", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_LIVING},
    {"p20", "Q209", T, FRT_REQUEST_NOT_YET, FRT_AUTHORITY_NOT_IN_FORCE},
    {"p20", "Q209", "2026-03-16T14:20:00Z", FRT_REQUEST_ON_FILE, FRT_AUTHORITY_IN_FORCE},
    {"p23", "Q210", T, FRT_REQUEST_ON_FILE, FRT_AUTHORITY_UNBOUNDED},
    {"p20", "Q211", T, FRT_REQUEST_UNFIT_REQUESTER, FRT_AUTHORITY_IN_FORCE},
    {"p20", "Q202", T, FRT_REQUEST_OTHER_AGENCY, FRT_AUTHORITY_IN_FORCE},
};

START_TEST(the_requests_of_the_sample_city_are_what_they_are)
{
    struct frt_view *view = sample_city();
    struct frt_attempt attempt = attempt_of(sample_requests[_i].login, NULL);

    attempt.request = sample_requests[_i].request;
    attempt.now_s = at(sample_requests[_i].now);
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_REQUEST) == sample_requests[_i].state, "%s: %u",
                  attempt.request, fact_of(view, &strict, &attempt, FRT_FACT_REQUEST));
    ck_assert_msg(fact_of(view, &strict, &attempt, FRT_FACT_AUTHORITY) == sample_requests[_i].authority,
                  "%s: %u", attempt.request, fact_of(view, &strict, &attempt, FRT_FACT_AUTHORITY));
    frt_view_free(view);
}
END_TEST

#define ADD_ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)FRT_ARRAY_LEN(rows))

static TCase *rows_case(void)
{
    TCase *tc = tcase_create("facts");

    tcase_set_timeout(tc, 120);
    ADD_ROWS(tc, says_who_asks, subjects);
    ADD_ROWS(tc, counts_roles_in_force, roles);
    ADD_ROWS(tc, says_what_the_agency_may_do, agencies);
    ADD_ROWS(tc, says_what_the_tool_is, tools);
    ADD_ROWS(tc, says_whose_host_it_is, hosts);
    ADD_ROWS(tc, says_what_the_request_is_worth, requests);
    ADD_ROWS(tc, says_what_the_route_rests_on, authorities);
    ADD_ROWS(tc, counts_uses_of_the_request, scopes);
    ADD_ROWS(tc, says_how_evidence_was_received, evidence);
    return tc;
}

static TCase *single_case(void)
{
    TCase *tc = tcase_create("more facts");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, an_account_of_any_class_is_a_persons_unless_it_is_marked);
    tcase_add_test(tc, a_person_without_a_number_is_known_by_name);
    tcase_add_test(tc, the_broad_reading_takes_the_role_of_the_session);
    tcase_add_test(tc, the_official_type_is_the_logins_first);
    tcase_add_test(tc, one_recognising_capability_among_detecting_ones_is_recognition);
    tcase_add_test(tc, a_request_is_presented_never_guessed);
    tcase_add_test(tc, two_requests_of_one_id_are_none);
    tcase_add_test(tc, the_broad_reading_lets_the_requester_open);
    tcase_add_test(tc, two_routes_claimed_are_a_fact_of_their_own);
    tcase_add_test(tc, numbers_outside_their_enumeration_are_not_known);
    tcase_add_test(tc, a_person_with_endless_roles_is_not_known);
    tcase_add_test(tc, a_requester_with_endless_roles_counts_as_an_official);
    tcase_add_test(tc, a_configured_city_group_of_no_official_type_always_counts);
    tcase_add_test(tc, roles_without_their_person_are_not_nobody);
    tcase_add_test(tc, an_empty_view_knows_nothing);
    return tc;
}

static TCase *sample_case(void)
{
    TCase *tc = tcase_create("sample city");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_sample_city_is_complete);
    ADD_ROWS(tc, the_people_of_the_sample_city_are_who_they_are, sample_people);
    ADD_ROWS(tc, the_requests_of_the_sample_city_are_what_they_are, sample_requests);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("directory.resolve");

    suite_add_tcase(suite, rows_case());
    suite_add_tcase(suite, single_case());
    suite_add_tcase(suite, sample_case());
    return run_suite(suite);
}
