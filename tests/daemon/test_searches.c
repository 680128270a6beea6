/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which allowed searches have a result on record, and that frtd finds the same again in its trail.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/searches.h"
#include "support/cleanup.h"

static struct frt_searches *searches;

static void setup(void)
{
    ck_assert_int_eq(frt_searches_new(&searches), 0);
}

static void teardown(void)
{
    frt_searches_free(searches);
    searches = NULL;
}

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
    ck_assert_int_eq(frt_searches_replay(searches, &view), 0);
}

static struct frt_record decision(const char *verdict, int64_t use)
{
    struct frt_record record;

    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "user", "p20");
    frt_record_add_number(&record, "uid", 20020);
    frt_record_add_number(&record, "auid", 20021);
    frt_record_add_text(&record, "login", "p21");
    frt_record_add_text(&record, "tool", "T25-neoface");
    frt_record_add_text(&record, "request", "Q2\"01");
    frt_record_add_number(&record, "use", use);
    frt_record_add_text(&record, "dec", verdict);
    return record;
}

static struct frt_record result(int64_t of)
{
    struct frt_record record;

    frt_record_init(&record, "result");
    frt_record_add_number(&record, "decision", of);
    frt_record_add_number(&record, "matches", 0);
    frt_record_add_text(&record, "database", "RMV image file");
    return record;
}

START_TEST(an_allow_that_used_a_request_is_a_search)
{
    struct frt_record record = decision("allow", 1);
    const struct frt_search *search;

    replay(7, &record);
    search = frt_searches_find(searches, 7);
    ck_assert_ptr_nonnull(search);
    ck_assert_str_eq(search->request, "Q2\"01");
    ck_assert_str_eq(search->tool, "T25-neoface");
    ck_assert_str_eq(search->user, "p20");
    ck_assert_str_eq(search->login, "p21");
    ck_assert_int_eq(search->uid, 20020);
    ck_assert_int_eq(search->auid, 20021);
    ck_assert_int_eq(search->time_us, INT64_C(1773669600000000));
    ck_assert_uint_eq(search->results, 0);
    ck_assert_ptr_null(frt_searches_find(searches, 6));
    ck_assert_ptr_null(frt_searches_find(searches, 8));
}
END_TEST

static const struct {
    const char *given, *verdict;
    int64_t use;
} not_searches[] = {
    {"the grant after the decision that counted", "allow", 0},
    {"a denial", "deny", 1},
    {"an exemption", "exempt", 1},
};

START_TEST(nothing_else_is_a_search)
{
    struct frt_record record = decision(not_searches[_i].verdict, not_searches[_i].use);

    replay(7, &record);
    ck_assert_msg(frt_searches_count(searches) == 0, "%s", not_searches[_i].given);
}
END_TEST

START_TEST(a_result_closes_its_search_and_no_other)
{
    struct frt_record record = decision("allow", 1);

    for (uint64_t n = 10; n < 310; n += 3)
        replay(n, &record);
    record = result(100);
    replay(400, &record);
    replay(401, &record);
    record = result(101); /* no search: somebody else's trail, a later version */
    replay(402, &record);
    ck_assert_uint_eq(frt_searches_count(searches), 100);
    for (size_t i = 0; i < 100; i++) {
        const struct frt_search *search = frt_searches_at(searches, i);

        ck_assert_uint_eq(search->results, search->decision == 100 ? 2 : 0);
    }
}
END_TEST

START_TEST(what_could_not_be_sealed_is_forgotten)
{
    struct frt_record record = decision("allow", 1);

    replay(10, &record);
    replay(20, &record);
    frt_searches_note_result(searches, 10, 30);
    frt_searches_take_back(searches, 29);
    ck_assert_uint_eq(frt_searches_find(searches, 10)->results, 1);
    frt_searches_take_back(searches, 30);
    ck_assert_uint_eq(frt_searches_find(searches, 10)->results, 0);
    frt_searches_take_back(searches, 10);
    ck_assert_ptr_null(frt_searches_find(searches, 10));
    ck_assert_ptr_nonnull(frt_searches_find(searches, 20));
    frt_searches_take_back(searches, 99);
    ck_assert_uint_eq(frt_searches_count(searches), 1);
}
END_TEST

static const struct {
    const char *given;
    int64_t uid, auid; /* of the search */
    int64_t peer, peer_login;
    bool expected;
} persons[] = {
    {"the same login", 20020, 20021, 20099, 20021, true},
    {"the same account, another login", 20020, 20021, 20020, 20022, false},
    {"the account alone, where somebody had logged in", 20020, 20021, 20020, -1, false},
    {"the login's own account without a login", 20020, 20021, 20021, -1, true},
    {"the same account, nobody logged in", 20020, -1, 20020, -1, true},
    {"the acting person logged in", 20020, -1, 0, 20020, true},
    {"another account", 20020, -1, 20021, -1, false},
    {"nobody known", -1, -1, 20020, -1, false},
    {"nobody and nobody", -1, -1, -1, -1, false},
};

START_TEST(a_search_is_its_persons)
{
    struct frt_search search = {.uid = persons[_i].uid, .auid = persons[_i].auid};

    ck_assert_msg(frt_search_is_of(&search, persons[_i].peer, persons[_i].peer_login) == persons[_i].expected,
                  "%s", persons[_i].given);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon.searches");
    TCase *tc = tcase_create("searches");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_allow_that_used_a_request_is_a_search);
    tcase_add_loop_test(tc, nothing_else_is_a_search, 0, (int)FRT_ARRAY_LEN(not_searches));
    tcase_add_test(tc, a_result_closes_its_search_and_no_other);
    tcase_add_test(tc, what_could_not_be_sealed_is_forgotten);
    tcase_add_loop_test(tc, a_search_is_its_persons, 0, (int)FRT_ARRAY_LEN(persons));
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
