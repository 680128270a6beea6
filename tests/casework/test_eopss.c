/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which result of a search counts, and which counts may be published: nobody who knows the rules can work out a hidden one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/eopss.h"
#include "support/cleanup.h"
#include "trail_fixture.h"

/* ---- results ---- */

static struct scratch scratch;
static int64_t now_us = INT64_C(1773669600000000);

static int64_t clock_us(void *arg)
{
    (void)arg;
    return now_us++;
}

static void make(void)
{
    scratch_make(&scratch);
}

static void unmake(void)
{
    scratch_remove(&scratch);
}

/* "5 RMV=3" is a result of decision 5, "5 none=why" that no search was made. */
static void add(struct frt_trail *trail, const char *line)
{
    struct frt_record record;
    char database[32];
    int decision, at = 0;

    ck_assert_int_eq(sscanf(line, "%d %31[^=]=%n", &decision, database, &at), 2);
    frt_record_init(&record, "result");
    frt_record_add_number(&record, "decision", decision);
    frt_record_add_text(&record, "request", "Q201");
    if (strcmp(database, "none") == 0) {
        frt_record_add_text(&record, "what", "no search was made");
        frt_record_add_text(&record, "reason", line + at);
    } else {
        frt_record_add_number(&record, "matches", atoi(line + at));
        frt_record_add_text(&record, "database", database);
    }
    frt_record_add_text(&record, "by", "p20");
    ck_assert_int_ge((int)frt_trail_append(trail, &record), 0);
}

static const struct {
    const char *given, *records; /* separated by ';' */
    const char *expected;        /* of decision 5: "RMV=3(0);..." with corrections in parentheses */
} settled[] = {
    {"none", "", ""},
    {"one", "5 RMV=3", "RMV=3(0);"},
    {"no match is an answer", "5 RMV=0", "RMV=0(0);"},
    {"two databases", "5 RMV=3;5 file=0", "RMV=3(0);file=0(0);"},
    {"a correction", "5 RMV=3;5 RMV=4", "RMV=4(1);"},
    {"two corrections", "5 RMV=3;5 RMV=4;5 RMV=5", "RMV=5(2);"},
    {"a correction of one of two", "5 RMV=3;5 file=1;5 RMV=4", "file=1(0);RMV=4(1);"},
    {"no search", "5 none=broken", "broken=-1(0);"},
    {"no search after all", "5 RMV=3;5 file=1;5 none=broken", "broken=-1(2);"},
    {"a search after all", "5 none=broken;5 RMV=3", "RMV=3(1);"},
    {"another decision's", "4 RMV=1;6 RMV=2", ""},
    {"between others", "9 RMV=1;5 RMV=7;1 RMV=2;5 file=8", "RMV=7(0);file=8(0);"},
};

START_TEST(the_last_word_about_each_database_counts)
{
    const struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .clock_us = clock_us};
    const struct frt_history_options everything = {0};
    frt_auto_free char *lines = strdup(settled[_i].records);
    char error[FRT_TRAIL_ERROR_MAX], got[2048] = "", *rest = lines;
    const struct frt_result *first;
    struct frt_history *history;
    struct frt_results *results;
    struct frt_trail *trail;
    size_t count;

    ck_assert_msg(frt_trail_open(&options, &trail, error) == 0, "%s", error);
    for (char *line = strsep(&rest, ";"); line && *line; line = strsep(&rest, ";"))
        add(trail, line);
    frt_trail_close(trail);
    ck_assert_int_eq(frt_history_read(scratch.log, &everything, &history), 0);
    ck_assert_int_eq(frt_results_read(history, &results), 0);
    count = frt_results_of(results, 5, &first);
    for (size_t i = 0; i < count; i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.60s=%d(%u);", first[i].database,
                 (int)first[i].matches, first[i].corrections);
    ck_assert_msg(strcmp(got, settled[_i].expected) == 0, "%s: %s", settled[_i].given, got);
    frt_results_free(results);
    frt_history_free(history);
}
END_TEST

/* ---- suppression ---- */

#define CELLS_MAX 4
#define VALUE_MAX 7

static const struct {
    const char *given;
    int64_t counts[CELLS_MAX];
    const char *expected; /* a letter for each cell and the total: s suppressed, - shown */
} suppressions[] = {
    {"nothing small", {3, 4, 5, 6}, "-----"},
    {"zeros are no secret", {0, 0, 3, 4}, "-----"},
    {"one small one takes the next larger along", {1, 9, 4, 5}, "s-s--"},
    {"two small ones of unlike size hide each other", {1, 2, 9, 9}, "ss---"},
    {"two ones would show by their sum", {1, 1, 5, 9}, "sss--"},
    {"two twos would show by their sum", {2, 2, 5, 9}, "sss--"},
    {"one small one alone takes the total", {2, 0, 0, 0}, "s---s"},
    {"all ones take the total", {1, 1, 1, 1}, "sssss"},
    {"of two equal larger ones both are hidden", {3, 3, 2, 0}, "sss--"},
};

START_TEST(small_counts_are_hidden_and_what_would_betray_them)
{
    struct frt_public_cell cells[CELLS_MAX] = {0};
    char got[CELLS_MAX + 2] = "";

    for (size_t i = 0; i < CELLS_MAX; i++)
        cells[i].count = suppressions[_i].counts[i];
    got[CELLS_MAX] = frt_public_suppress(cells, CELLS_MAX) ? '-' : 's';
    for (size_t i = 0; i < CELLS_MAX; i++)
        got[i] = cells[i].suppressed ? 's' : '-';
    ck_assert_msg(strcmp(got, suppressions[_i].expected) == 0, "%s: %s", suppressions[_i].given, got);
}
END_TEST

/* What is published of a table: its shown counts, which are hidden, and the total when it is given. */
struct published {
    int64_t shown[CELLS_MAX]; /* -1: hidden */
    int64_t total;            /* -1: hidden */
};

static struct published publish(const int64_t counts[CELLS_MAX])
{
    struct frt_public_cell cells[CELLS_MAX] = {0};
    struct published published = {.total = 0};

    for (size_t i = 0; i < CELLS_MAX; i++)
        cells[i].count = counts[i];
    if (!frt_public_suppress(cells, CELLS_MAX))
        published.total = -1;
    for (size_t i = 0; i < CELLS_MAX; i++) {
        published.shown[i] = cells[i].suppressed ? -1 : counts[i];
        published.total += published.total < 0 ? 0 : counts[i];
    }
    return published;
}

static bool next_table(int64_t counts[CELLS_MAX], int64_t max)
{
    for (size_t i = 0; i < CELLS_MAX; i++) {
        if (++counts[i] <= max)
            return true;
        counts[i] = 0;
    }
    return false;
}

/* The attacker knows the rules and tries every table: a count he finds the same in all that publish alike is known to him. */
START_TEST(whoever_tries_every_table_learns_no_small_count)
{
    int64_t counts[CELLS_MAX] = {0};

    do {
        struct published mine = publish(counts);
        bool doubtful[CELLS_MAX] = {false};
        int64_t other[CELLS_MAX] = {0};

        do {
            struct published his = publish(other);

            if (memcmp(&his, &mine, sizeof(mine)) != 0)
                continue;
            for (size_t i = 0; i < CELLS_MAX; i++)
                doubtful[i] |= other[i] != counts[i];
        } while (next_table(other, VALUE_MAX + 3));
        for (size_t i = 0; i < CELLS_MAX; i++)
            ck_assert_msg(doubtful[i] || counts[i] == 0 || counts[i] > 2, "%d %d %d %d: cell %zu is known",
                          (int)counts[0], (int)counts[1], (int)counts[2], (int)counts[3], i);
    } while (next_table(counts, 4));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("casework.eopss");
    TCase *tc = tcase_create("results"), *public = tcase_create("public");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, make, unmake);
    tcase_add_loop_test(tc, the_last_word_about_each_database_counts, 0, (int)FRT_ARRAY_LEN(settled));
    tcase_set_timeout(public, 240);
    tcase_add_loop_test(public, small_counts_are_hidden_and_what_would_betray_them, 0,
                        (int)FRT_ARRAY_LEN(suppressions));
    tcase_add_test(public, whoever_tries_every_table_learns_no_small_count);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, public);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
