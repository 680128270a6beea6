/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What frtd remembers, and finds again in the trail after a restart: uses of requests, denials, floods.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger.h"
#include "support/cleanup.h"

static struct frt_ledger *ledger;

static void open_ledger(void)
{
    ck_assert_int_eq(frt_ledger_new(&ledger), 0);
}

static void close_ledger(void)
{
    frt_ledger_free(ledger);
    ledger = NULL;
}

/* A record as the writer would stamp it, parsed again, into the ledger. */
static void replay(uint64_t n, const struct frt_record *record)
{
    char line[FRT_RECORD_MAX + FRT_RECORD_PREFIX_MAX];
    struct frt_record_view view;
    const char *what = "";
    int length = snprintf(line, sizeof(line),
                          "{\"v\":1,\"n\":%" PRIu64
                          ",\"p\":\"%064d\",\"t\":\"2026-03-16T14:00:00.000000Z\",\"k\":\"%s\"%.*s}",
                          n, 0, record->kind, (int)record->length, record->body);

    ck_assert_msg(frt_record_parse(line, (size_t)length, &view, &what) == 0, "%s: %s", line, what);
    ck_assert_int_eq(frt_ledger_replay(ledger, &view), 0);
}

static struct frt_record decision(const char *verdict, const char *request, int64_t use)
{
    struct frt_record record;

    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "user", "p03");
    frt_record_add_text(&record, "login", "p01");
    frt_record_add_text(&record, "tool", "T03-digikam");
    frt_record_add_text(&record, "action", "exec");
    frt_record_add_text(&record, "request", request);
    frt_record_add_number(&record, "use", use);
    frt_record_add_text(&record, "rule", "N-USE");
    frt_record_add_text(&record, "dec", verdict);
    frt_record_add_text(&record, "why", "city-official");
    return record;
}

START_TEST(counts_uses_of_each_request)
{
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 0);
    ck_assert_int_eq(frt_ledger_count_use(ledger, "Q201"), 0);
    ck_assert_int_eq(frt_ledger_count_use(ledger, "Q201"), 0);
    ck_assert_int_eq(frt_ledger_count_use(ledger, "Q202"), 0);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 2);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q202"), 1);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q2"), 0);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "q201"), 0);
}
END_TEST

START_TEST(takes_back_what_could_not_be_sealed_and_no_more)
{
    frt_ledger_count_use(ledger, "Q201");
    frt_ledger_take_back_use(ledger, "Q201");
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 0);
    frt_ledger_take_back_use(ledger, "Q201");
    frt_ledger_take_back_use(ledger, "never-seen");
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 0);
    frt_ledger_count_use(ledger, "Q201");
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 1);
}
END_TEST

/* The longest name a question can carry (protocol/message.h): 63 bytes. */
START_TEST(tells_the_longest_names_apart)
{
    char a[64], b[64];

    memset(a, 'Q', 63);
    a[63] = '\0';
    memcpy(b, a, sizeof(a));
    b[62] = 'R';
    frt_ledger_count_use(ledger, a);
    ck_assert_uint_eq(frt_ledger_uses(ledger, a), 1);
    ck_assert_uint_eq(frt_ledger_uses(ledger, b), 0);
}
END_TEST

START_TEST(finds_uses_again_in_the_trail)
{
    struct frt_record used = decision("allow", "Q201", 1), asked = decision("allow", "Q201", 0), other;

    replay(0, &used);
    replay(1, &asked);
    replay(2, &used);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 2);

    /* Only decisions use a request, whatever other records say. */
    frt_record_init(&other, "session");
    frt_record_add_text(&other, "request", "Q201");
    frt_record_add_number(&other, "use", 1);
    replay(3, &other);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q201"), 2);
}
END_TEST

START_TEST(finds_escaped_names_again)
{
    struct frt_record used = decision("allow", "Q%\"\\ 7", 1);

    replay(0, &used);
    ck_assert_uint_eq(frt_ledger_uses(ledger, "Q%\"\\ 7"), 1);
}
END_TEST

START_TEST(finds_denials_again_in_the_trail)
{
    struct frt_record denied = decision("deny", "", 0), allowed = decision("allow", "Q201", 1);
    const struct frt_denial *found[4];

    replay(41, &allowed);
    replay(42, &denied);
    ck_assert_uint_eq(frt_ledger_denials(ledger, NULL, found, 4), 1);
    ck_assert_int_eq(found[0]->decision, 42);
    ck_assert_int_eq(found[0]->at_us, INT64_C(1773669600000000));
    ck_assert_str_eq(found[0]->login, "p01");
    ck_assert_str_eq(found[0]->user, "p03");
    ck_assert_str_eq(found[0]->tool, "T03-digikam");
    ck_assert_str_eq(found[0]->rule, "N-USE");
    ck_assert_str_eq(found[0]->reason, "city-official");
    ck_assert_str_eq(found[0]->action, "exec");
}
END_TEST

static void note(int64_t number, const char *login, const char *user)
{
    struct frt_denial denial = {.decision = number};

    snprintf(denial.login, sizeof(denial.login), "%s", login);
    snprintf(denial.user, sizeof(denial.user), "%s", user);
    frt_ledger_note_denial(ledger, &denial);
}

START_TEST(shows_a_person_the_denials_of_both_his_names_newest_first)
{
    const struct frt_denial *found[8];

    note(1, "p01", "p01");
    note(2, "p02", "p02");
    note(3, "p01", "root");
    note(4, "", "p01");
    ck_assert_uint_eq(frt_ledger_denials(ledger, "p01", found, 8), 3);
    ck_assert_int_eq(found[0]->decision, 4);
    ck_assert_int_eq(found[1]->decision, 3);
    ck_assert_int_eq(found[2]->decision, 1);
    ck_assert_uint_eq(frt_ledger_denials(ledger, NULL, found, 8), 4);
    ck_assert_uint_eq(frt_ledger_denials(ledger, NULL, found, 2), 2);
    ck_assert_int_eq(found[1]->decision, 3);
    ck_assert_uint_eq(frt_ledger_denials(ledger, "p0", found, 8), 0);
}
END_TEST

START_TEST(keeps_the_last_denials_and_forgets_the_oldest)
{
    static const struct frt_denial *found[FRT_LEDGER_DENIALS + 1];
    size_t count;

    for (int64_t i = 0; i < FRT_LEDGER_DENIALS + 88; i++) { /* of many people: one alone keeps fewer */
        char name[16];

        snprintf(name, sizeof(name), "p%d", (int)(i % 60));
        note(i, name, name);
    }
    count = frt_ledger_denials(ledger, NULL, found, FRT_LEDGER_DENIALS + 1);
    ck_assert_uint_eq(count, FRT_LEDGER_DENIALS);
    ck_assert_int_eq(found[0]->decision, FRT_LEDGER_DENIALS + 87);
    ck_assert_int_eq(found[count - 1]->decision, 88);
}
END_TEST

struct gaps {
    size_t records;
    int64_t counted;
    char last_key[400];
};

static void take_gap(void *arg, const struct frt_record *record)
{
    struct gaps *gaps = arg;
    const char *count = strstr(record->body, ",\"count\":"), *key = strstr(record->body, ",\"key\":");

    ck_assert_str_eq(record->kind, "gap");
    ck_assert(count && key && !record->truncated);
    gaps->records++;
    gaps->counted += strtol(count + strlen(",\"count\":"), NULL, 10);
    snprintf(gaps->last_key, sizeof(gaps->last_key), "%s", key + strlen(",\"key\":"));
}

static unsigned floods(const char *key, unsigned times, int64_t mono_ms)
{
    unsigned counted = 0;

    for (unsigned i = 0; i < times; i++)
        counted += frt_ledger_is_flood(ledger, key, "T03", mono_ms);
    return counted;
}

START_TEST(records_fifty_of_a_minute_singly_and_counts_the_rest)
{
    struct gaps gaps = {0};

    ck_assert_uint_eq(floods("p01", FRT_FLOOD_PER_MINUTE, 1000), 0);
    ck_assert_uint_eq(floods("p01", 1, 1000), 1);
    ck_assert_uint_eq(floods("p01", 99, 60999), 99);
    ck_assert_uint_eq(floods("p02", FRT_FLOOD_PER_MINUTE, 1000), 0);
    frt_ledger_flush_floods(ledger, 60999, take_gap, &gaps);
    ck_assert_uint_eq(gaps.records, 1);
    ck_assert_int_eq(gaps.counted, 100);
    ck_assert_ptr_nonnull(strstr(gaps.last_key, "p01 T03"));
    frt_ledger_flush_floods(ledger, 60999, take_gap, &gaps);
    ck_assert_uint_eq(gaps.records, 1);
}
END_TEST

START_TEST(begins_anew_after_a_minute)
{
    struct gaps gaps = {0};

    ck_assert_uint_eq(floods("k", 60, 1000), 10);
    ck_assert_uint_eq(floods("k", 1, 60999), 1);
    ck_assert_uint_eq(floods("k", 50, 61000), 0);
    ck_assert_uint_eq(floods("k", 1, 61000), 1);
    frt_ledger_flush_floods(ledger, 121000, take_gap, &gaps);
    ck_assert_int_eq(gaps.counted, 12);
    ck_assert_uint_eq(floods("k", 50, 121000), 0);
}
END_TEST

/* Whatever is counted is told: nothing is lost between single records and gaps. */
START_TEST(single_records_and_gaps_add_up)
{
    struct gaps gaps = {0};
    unsigned asked = 0, single = 0;
    int64_t now_ms = 0;

    srandom(7);
    for (int i = 0; i < 30000; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%ld", random() % 5);
        now_ms += random() % 40;
        asked++;
        single += !frt_ledger_is_flood(ledger, key, "T03", now_ms);
        if (random() % 25 == 0)
            frt_ledger_flush_floods(ledger, now_ms, take_gap, &gaps);
    }
    frt_ledger_flush_floods(ledger, now_ms, take_gap, &gaps);
    ck_assert_int_gt(gaps.counted, 0);
    ck_assert_int_eq(single + gaps.counted, asked);
}
END_TEST

/* Names come from whoever asks: long ones and odd bytes stay one line that can be parsed. */
START_TEST(a_gap_of_odd_bytes_is_a_record)
{
    struct gaps gaps = {0};
    char key[FRT_FLOOD_PERSON_MAX];

    memset(key, '\n', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    ck_assert_uint_eq(floods(key, 51, 0), 1);
    frt_ledger_flush_floods(ledger, 0, take_gap, &gaps);
    ck_assert_uint_eq(gaps.records, 1);
    ck_assert_ptr_nonnull(strstr(gaps.last_key, "%0A%0A"));
    ck_assert_ptr_null(strchr(gaps.last_key, '\n'));
}
END_TEST

/* Many kinds of denials are as good a flood as many of one kind; but the first of each kind is always recorded. */
START_TEST(a_persons_flood_hides_no_other_kind)
{
    struct gaps gaps = {0};
    unsigned single = 0;
    char what[16];

    for (unsigned i = 0; i < 10000; i++) {
        snprintf(what, sizeof(what), "T%u", i % 40);
        single += !frt_ledger_is_flood(ledger, "p01", what, 0);
    }
    ck_assert_uint_eq(single, FRT_FLOOD_PERSON_PER_MINUTE);
    ck_assert(!frt_ledger_is_flood(ledger, "p01", "T99", 0));
    ck_assert(frt_ledger_is_flood(ledger, "p01", "T99", 0));
    ck_assert(!frt_ledger_is_flood(ledger, "p02", "T0", 0));
    frt_ledger_flush_floods(ledger, 0, take_gap, &gaps);
    ck_assert_int_eq(gaps.counted, 10000 - FRT_FLOOD_PERSON_PER_MINUTE + 1);
}
END_TEST

START_TEST(one_person_pushes_out_only_his_own_denials)
{
    const struct frt_denial *found[64];

    note(1, "p02", "p02");
    for (int64_t n = 2; n < 3000; n++)
        note(n, "p01", "p01");
    ck_assert_uint_eq(frt_ledger_denials(ledger, "p02", found, 64), 1);
    ck_assert_uint_eq(frt_ledger_denials(ledger, "p01", found, 64), FRT_LEDGER_PER_PERSON);
    ck_assert_int_eq(found[0]->decision, 2999);
    ck_assert_int_eq(found[FRT_LEDGER_PER_PERSON - 1]->decision, 3000 - FRT_LEDGER_PER_PERSON);
}
END_TEST

START_TEST(a_number_that_was_not_sealed_is_not_told)
{
    const struct frt_denial *found[4];

    note(7, "p01", "p01");
    note(8, "p01", "p01");
    frt_ledger_unrecorded(ledger, 8);
    ck_assert_uint_eq(frt_ledger_denials(ledger, "p01", found, 4), 2);
    ck_assert_int_eq(found[0]->decision, -1);
    ck_assert_int_eq(found[1]->decision, 7);
}
END_TEST

START_TEST(forgets_floods_that_are_over)
{
    struct gaps gaps = {0};

    for (unsigned i = 0; i < 20000; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        frt_ledger_is_flood(ledger, key, "T03", 0);
    }
    frt_ledger_flush_floods(ledger, 60000, take_gap, &gaps);
    ck_assert_uint_eq(gaps.records, 0);
    ck_assert_uint_eq(floods("k7", 50, 60001), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon.ledger");
    TCase *tests = tcase_create("ledger");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tests, open_ledger, close_ledger);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, counts_uses_of_each_request);
    tcase_add_test(tests, takes_back_what_could_not_be_sealed_and_no_more);
    tcase_add_test(tests, tells_the_longest_names_apart);
    tcase_add_test(tests, finds_uses_again_in_the_trail);
    tcase_add_test(tests, finds_escaped_names_again);
    tcase_add_test(tests, finds_denials_again_in_the_trail);
    tcase_add_test(tests, shows_a_person_the_denials_of_both_his_names_newest_first);
    tcase_add_test(tests, keeps_the_last_denials_and_forgets_the_oldest);
    tcase_add_test(tests, records_fifty_of_a_minute_singly_and_counts_the_rest);
    tcase_add_test(tests, begins_anew_after_a_minute);
    tcase_add_test(tests, single_records_and_gaps_add_up);
    tcase_add_test(tests, a_gap_of_odd_bytes_is_a_record);
    tcase_add_test(tests, forgets_floods_that_are_over);
    tcase_add_test(tests, a_persons_flood_hides_no_other_kind);
    tcase_add_test(tests, one_person_pushes_out_only_his_own_denials);
    tcase_add_test(tests, a_number_that_was_not_sealed_is_not_told);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
