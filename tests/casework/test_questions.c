/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Questions about role changes, coverage and volume, over trails made for the purpose: what the sample quarter, whose directory is
 * files, cannot show.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/coverage.h"
#include "casework/questions.h"
#include "trail_fixture.h"

#define BEGIN_US INT64_C(1773669600000000) /* 2026-03-16T14:00:00Z */
#define MINUTE   INT64_C(60000000)
#define DAY      INT64_C(86400000000)

static struct scratch scratch;
static struct frt_trail *trail;
static struct frt_desk *desk;
static int64_t now_us;

static int64_t clock_us(void *arg)
{
    (void)arg;
    return now_us;
}

static void open_trail(void)
{
    const struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .clock_us = clock_us};
    char error[FRT_TRAIL_ERROR_MAX];

    ck_assert_msg(frt_trail_open(&options, &trail, error) == 0, "%s", error);
}

static void make(void)
{
    scratch_make(&scratch);
    now_us = BEGIN_US;
    open_trail();
}

static void unmake(void)
{
    frt_desk_close(desk);
    desk = NULL;
    scratch_remove(&scratch);
}

static int64_t add(const struct frt_record *record)
{
    int64_t n = frt_trail_append(trail, record);

    ck_assert_int_ge((long)n, 0);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    return n;
}

/* Each day begins with a `seg` record of the writer: numbers of records go on by one more. */
static int64_t decision(int64_t at_us, const char *person, const char *verdict)
{
    struct frt_record record;

    now_us = at_us;
    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "user", person);
    frt_record_add_text(&record, "login", person);
    frt_record_add_text(&record, "tool", "T25-neoface");
    frt_record_add_text(&record, "dec", verdict);
    frt_record_add_text(&record, "why", strcmp(verdict, "deny") == 0 ? "not-operator" : "request-on-file");
    return add(&record);
}

static int64_t role(int64_t at_us, const char *person, const char *what)
{
    struct frt_record record;
    char before[256], after[256];

    now_us = at_us;
    snprintf(after, sizeof(after),
             "frtRoleId=%s-it frtPerson=%s frtAffiliation=city frtAgency=city frtTicket=HR%%207 "
             "frtRoleEnd=20260310000000Z",
             person, person);
    snprintf(before, sizeof(before),
             "frtRoleId=%s-it frtPerson=%s frtAffiliation=city frtAgency=city frtTicket=HR%%206 "
             "frtRoleEnd=20260310000000Z frtDepartment=it",
             person, person);
    frt_record_init(&record, "role");
    frt_record_add_text(&record, "what", what);
    frt_record_add_text(&record, "class", "frtRole");
    frt_record_add_text(&record, "by", "uid=p19,ou=people,dc=frt,dc=example");
    frt_record_add_text(&record, "before", strcmp(what, "added") == 0 ? "" : before);
    frt_record_add_text(&record, "after", strcmp(what, "removed") == 0 ? "" : after);
    return add(&record);
}

static void beat(int64_t at_us, const char *gate)
{
    struct frt_record record;

    now_us = at_us;
    frt_record_init(&record, "beat");
    frt_record_add_text(&record, "view", "fresh");
    frt_record_add_text(&record, "gate", gate);
    add(&record);
}

static void sit_down(void)
{
    const struct frt_desk_options options = {.log_dir = scratch.log};
    char error[FRT_DESK_ERROR_MAX];

    frt_trail_close(trail);
    ck_assert_msg(frt_desk_open(&options, &desk, error) == 0, "%s", error);
    ck_assert_int_eq((int)desk->chain.status, FRT_VERIFY_OK);
}

/* The first table of an answer as CSV, without its heading. */
static void answer(const char *question, enum frt_reply_state state, const char *expected)
{
    struct frt_reply reply;
    char *text = NULL;
    size_t length;
    FILE *out;

    frt_question_ask(desk, frt_question_find(question), &reply);
    ck_assert_msg(reply.state == state, "%s: %s", frt_reply_state_name(reply.state), reply.words);
    out = open_memstream(&text, &length);
    if (reply.sheet_count > 0)
        frt_sheet_write_csv(reply.sheets[0], out);
    fclose(out);
    ck_assert_msg(!text[0] || strstr(text, "\r\n"), "%s", text);
    ck_assert_str_eq(text[0] ? strstr(text, "\r\n") + 2 : "", expected);
    free(text);
    frt_reply_clear(&reply);
}

START_TEST(a_role_change_up_to_seven_days_before_an_allow_is_shown)
{
    role(BEGIN_US, "p20", "changed");
    role(BEGIN_US, "p22", "changed");
    decision(BEGIN_US + 7 * DAY, "p20", "allow");
    decision(BEGIN_US + 7 * DAY + 1000000, "p20", "allow");
    decision(BEGIN_US + 7 * DAY + 1000000, "p22", "deny");
    sit_down();
    answer("Q8", FRT_REPLY_ANSWERED,
           "\"7.00\",\"5\",\"2026-03-23T14:00:00.000000Z\",\"p20\",\"T25-neoface\",\"\",\"2\",\"2026-03-"
           "16T14:00:00.000000Z\","
           "\"p20-it\",\"changed\",\"frtTicket HR 6 to HR 7; frtDepartment it to nothing\",\"p19\",\"HR "
           "7\"\r\n");
    desk->knobs.days = 6;
    answer("Q8", FRT_REPLY_ANSWERED, "");
}
END_TEST

START_TEST(a_role_change_between_a_denial_and_an_allow_is_shown)
{
    decision(BEGIN_US, "p20", "deny");
    role(BEGIN_US + DAY, "p20", "changed");
    decision(BEGIN_US + 30 * DAY, "p20", "allow");
    decision(BEGIN_US + 31 * DAY, "p24", "deny"); /* nobody changed his role */
    decision(BEGIN_US + 32 * DAY, "p24", "allow");
    sit_down();
    answer("Q9", FRT_REPLY_ANSWERED,
           "\"p20\",\"T25-neoface\",\"2\",\"2026-03-16T14:00:00.000000Z\",\"4\",\"2026-03-17T14:00:00."
           "000000Z\",\"p20-it\",\"changed\",\"frtTicket HR 6 to HR 7; frtDepartment it to nothing\","
           "\"p19\",\"HR 7\",\"6\",\"2026-04-15T14:00:00.000000Z\"\r\n");
}
END_TEST

START_TEST(a_second_denial_does_not_hide_the_change_before_it)
{
    decision(BEGIN_US, "p20", "deny");
    role(BEGIN_US + MINUTE, "p20", "changed");
    decision(BEGIN_US + 2 * MINUTE, "p20", "deny");
    decision(BEGIN_US + 3 * MINUTE, "p20", "allow");
    decision(BEGIN_US + 4 * MINUTE, "p20", "allow"); /* the first one told it */
    sit_down();
    answer("Q9", FRT_REPLY_ANSWERED,
           "\"p20\",\"T25-neoface\",\"2\",\"2026-03-16T14:00:00.000000Z\",\"3\",\"2026-03-16T14:01:00."
           "000000Z\",\"p20-it\",\"changed\",\"frtTicket HR 6 to HR 7; frtDepartment it to nothing\","
           "\"p19\",\"HR 7\",\"5\",\"2026-03-16T14:03:00.000000Z\"\r\n");
}
END_TEST

/* PAM's decision uses up one search of the request; the grant's and the gate's stand behind it. */
static void search(int64_t at_us, const char *person, const char *route)
{
    struct frt_facts facts = {.value = {0}};
    char words[FRT_FACT_COUNT * 32] = "";
    struct frt_record record;
    int route_value = frt_fact_value_find(FRT_FACT_ROUTE, route);

    ck_assert_int_ge(route_value, 0);
    facts.value[FRT_FACT_ROUTE] = (uint8_t)route_value;
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", f ? " " : "",
                 frt_fact_value_name((enum frt_fact)f, facts.value[f]));
    now_us = at_us;
    for (int use = 1; use >= -1; use--) {
        frt_record_init(&record, "decision");
        frt_record_add_text(&record, "user", person);
        frt_record_add_text(&record, "tool", "T25-neoface");
        frt_record_add_text(&record, "request", "Q209");
        frt_record_add_text(&record, "facts", words);
        frt_record_add_text(&record, "dec", "allow");
        frt_record_add_text(&record, "why", "request-on-file");
        frt_record_add_number(&record, "use", use == 1);
        add(&record);
    }
}

START_TEST(a_search_counts_once_however_many_asked_about_it)
{
    role(BEGIN_US, "p20", "added");
    search(BEGIN_US + MINUTE, "p20", "emergency");
    sit_down();
    answer("Q5", FRT_REPLY_PARTLY,
           "\"3\",\"2026-03-16T14:01:00.000000Z\",\"p20\",\"\",\"T25-neoface\",\"\",\"Q209\",\"allow\",\"\","
           "\"request-on-file\",\"\",\"\",\"not reviewed\",\"\",\"\",\"\"\r\n");
    answer("Q8", FRT_REPLY_ANSWERED,
           "\"0.00\",\"3\",\"2026-03-16T14:01:00.000000Z\",\"p20\",\"T25-neoface\",\"Q209\",\"2\","
           "\"2026-03-16T14:00:00.000000Z\",\"p20-it\",\"added\",\"\",\"p19\",\"HR 7\"\r\n");
    answer("Q10", FRT_REPLY_PARTLY, "\"p19\",\"\",\"1\",\"0\",\"0\",\"0\",\"0\",\"\"\r\n");
}
END_TEST

START_TEST(without_role_records_the_answer_says_so)
{
    decision(BEGIN_US, "p20", "allow");
    sit_down();
    answer("Q8", FRT_REPLY_NO_RECORDS, "");
    answer("Q9", FRT_REPLY_NO_RECORDS, "");
}
END_TEST

START_TEST(who_changes_roles_and_is_allowed_is_a_conflict)
{
    struct frt_record record;

    role(BEGIN_US, "p20", "changed");
    decision(BEGIN_US + MINUTE, "p19", "allow");
    frt_record_init(&record, "audit");
    frt_record_add_text(&record, "what", "ask Q1");
    frt_record_add_text(&record, "login", "p18");
    add(&record);
    sit_down();
    answer("Q10", FRT_REPLY_PARTLY,
           "\"p19\",\"\",\"1\",\"0\",\"0\",\"1\",\"0\",\"administers and received an allow\"\r\n"
           "\"p18\",\"\",\"0\",\"0\",\"0\",\"0\",\"1\",\"\"\r\n");
}
END_TEST

START_TEST(a_leaver_is_counted_from_the_end_of_the_role_to_its_removal)
{
    decision(BEGIN_US, "p29", "deny");
    role(BEGIN_US + DAY, "p29", "removed");
    decision(BEGIN_US + 2 * DAY, "p29", "deny"); /* after the removal */
    sit_down();
    answer("Q28", FRT_REPLY_PARTLY,
           "\"p29\",\"p29-it\",\"2026-03-10T00:00:00.000000Z\",\"2026-03-17T14:00:00.000000Z\",\"7.6\",\"1\","
           "\"removed\"\r\n");
}
END_TEST

START_TEST(a_missing_heartbeat_and_an_open_gate_are_on_the_timeline)
{
    struct frt_coverage coverage;

    for (unsigned i = 1; i <= 3; i++)
        beat(BEGIN_US + i * MINUTE, "enforcing");
    beat(BEGIN_US + 10 * MINUTE, "enforcing"); /* six beats are missing */
    beat(BEGIN_US + 11 * MINUTE, "not-enforcing");
    beat(BEGIN_US + 12 * MINUTE, "not-enforcing");
    beat(BEGIN_US + 13 * MINUTE, "enforcing");
    frt_trail_close(trail);
    now_us = BEGIN_US + 60 * MINUTE;
    open_trail();
    beat(BEGIN_US + 61 * MINUTE, "enforcing");
    sit_down();
    frt_coverage_find(desk, &coverage);
    ck_assert_uint_eq(coverage.count, 4);
    ck_assert_str_eq(coverage.list[0].state, "no sign of life");
    ck_assert_int_eq((long)coverage.list[0].from_us, (long)(BEGIN_US + 3 * MINUTE));
    ck_assert_int_eq((long)coverage.list[0].until_us, (long)(BEGIN_US + 10 * MINUTE));
    ck_assert_str_eq(coverage.list[1].state, "not enforcing");
    ck_assert_int_eq((long)coverage.list[1].from_us, (long)(BEGIN_US + 10 * MINUTE));
    ck_assert_int_eq((long)coverage.list[1].until_us, (long)(BEGIN_US + 12 * MINUTE));
    ck_assert_str_eq(coverage.list[2].state, "frtd not running");
    ck_assert_int_eq((long)coverage.list[2].from_us, (long)(BEGIN_US + 13 * MINUTE));
    ck_assert_int_eq((long)coverage.list[2].until_us, (long)(BEGIN_US + 60 * MINUTE));
    ck_assert_str_eq(coverage.list[3].state, "frtd not running");
    ck_assert_int_eq((long)coverage.list[3].until_us, INT64_MAX);
    frt_coverage_clear(&coverage);
}
END_TEST

static void guard(int64_t at_us, const char *gate)
{
    struct frt_record record;

    now_us = at_us;
    frt_record_init(&record, "guard");
    frt_record_add_text(&record, "gate", gate);
    add(&record);
}

START_TEST(what_the_gate_reported_counts_to_the_second)
{
    struct frt_coverage coverage;

    guard(BEGIN_US + 5000000, "not-enforcing");
    guard(BEGIN_US + 7000000, "enforcing");
    guard(BEGIN_US + 20000000, "not-enforcing"); /* between two heartbeats */
    guard(BEGIN_US + 31000000, "enforcing");
    beat(BEGIN_US + MINUTE, "enforcing");
    sit_down();
    frt_coverage_find(desk, &coverage);
    ck_assert_uint_eq(coverage.count, 4);
    ck_assert_str_eq(coverage.list[0].state, "no kernel gate");
    ck_assert_int_eq((long)coverage.list[0].until_us, (long)(BEGIN_US + 5000000));
    ck_assert_str_eq(coverage.list[1].state, "not enforcing");
    ck_assert_int_eq((long)coverage.list[1].until_us, (long)(BEGIN_US + 7000000));
    ck_assert_str_eq(coverage.list[2].state, "not enforcing");
    ck_assert_int_eq((long)coverage.list[2].from_us, (long)(BEGIN_US + 20000000));
    ck_assert_int_eq((long)coverage.list[2].until_us, (long)(BEGIN_US + 31000000));
    ck_assert_str_eq(coverage.list[3].state, "frtd not running");
    frt_coverage_clear(&coverage);
}
END_TEST

START_TEST(a_crash_is_told_from_a_stop)
{
    struct frt_coverage coverage;

    beat(BEGIN_US + MINUTE, "enforcing");
    frt_trail_abandon(trail);
    now_us = BEGIN_US + 5 * MINUTE;
    open_trail();
    sit_down();
    frt_coverage_find(desk, &coverage);
    ck_assert_uint_ge(coverage.count, 1);
    ck_assert_str_eq(coverage.list[0].why, "it ended without saying so");
    ck_assert_int_eq((long)coverage.list[0].from_us, (long)(BEGIN_US + MINUTE));
    ck_assert_int_eq((long)coverage.list[0].until_us, (long)(BEGIN_US + 5 * MINUTE));
    frt_coverage_clear(&coverage);
}
END_TEST

START_TEST(one_person_far_above_the_rest_is_an_outlier)
{
    char person[8];

    for (unsigned i = 0; i < 20; i++) {
        snprintf(person, sizeof(person), "p%02u", i + 1);
        decision(BEGIN_US + i * MINUTE, person, "deny");
    }
    for (unsigned i = 0; i < 30; i++)
        decision(BEGIN_US + (20 + i) * MINUTE, "p07", "deny");
    sit_down();
    answer("Q21", FRT_REPLY_ANSWERED, "\"p07\",\"31\",\"0\",\"1\",\"31\",\"0.0\",\"peers\"\r\n");
}
END_TEST

START_TEST(denials_within_the_window_are_counted_together)
{
    for (unsigned i = 0; i < 3; i++)
        decision(BEGIN_US + i * 3 * DAY, "p01", "deny"); /* 0, 3, 6 */
    for (unsigned i = 0; i < 3; i++)
        decision(BEGIN_US + (7 + i * 4) * DAY, "p02", "deny"); /* 7, 11, 15: never three in seven days */
    sit_down();
    answer("Q24", FRT_REPLY_ANSWERED,
           "\"p01\",\"\",\"3\",\"2026-03-16T14:00:00.000000Z\",\"2026-03-22T14:00:00.000000Z\",\"3\"\r\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_role_change_up_to_seven_days_before_an_allow_is_shown,
        a_role_change_between_a_denial_and_an_allow_is_shown,
        a_second_denial_does_not_hide_the_change_before_it,
        a_search_counts_once_however_many_asked_about_it,
        without_role_records_the_answer_says_so,
        who_changes_roles_and_is_allowed_is_a_conflict,
        a_leaver_is_counted_from_the_end_of_the_role_to_its_removal,
        a_missing_heartbeat_and_an_open_gate_are_on_the_timeline,
        what_the_gate_reported_counts_to_the_second,
        a_crash_is_told_from_a_stop,
        one_person_far_above_the_rest_is_an_outlier,
        denials_within_the_window_are_counted_together,
    };
    Suite *suite = suite_create("casework.questions");
    TCase *rows = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_set_timeout(rows, 120);
    tcase_add_checked_fixture(rows, make, unmake);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(rows, tests[i]);
    suite_add_tcase(suite, rows);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
