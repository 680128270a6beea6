/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a trail into rows: nothing lost, nothing counted twice, periods cut where they say.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/history.h"
#include "trail_fixture.h"

#define FACTS                                                                                                \
    "official employee none no face-surveillance recognition named city shared exec none none missing "      \
    "unknown none fresh good ready absent"

static struct scratch scratch;
static int64_t now_us;

static int64_t clock_us(void *arg)
{
    (void)arg;
    return now_us;
}

static void make(void)
{
    scratch_make(&scratch);
    now_us = INT64_C(1773669600000000); /* 2026-03-16T14:00:00Z */
}

static void unmake(void)
{
    scratch_remove(&scratch);
}

static struct frt_trail *open_trail(void)
{
    const struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .clock_us = clock_us};
    char error[FRT_TRAIL_ERROR_MAX];
    struct frt_trail *trail = NULL;

    ck_assert_msg(frt_trail_open(&options, &trail, error) == 0, "%s", error);
    return trail;
}

static int64_t add_decision(struct frt_trail *trail, const char *user, const char *roles, const char *verdict)
{
    struct frt_record record;

    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "src", "pam");
    frt_record_add_text(&record, "user", user);
    frt_record_add_number(&record, "uid", 20001);
    frt_record_add_number(&record, "auid", -1);
    frt_record_add_text(&record, "login", "");
    frt_record_add_text(&record, "tool", "T03-digikam");
    frt_record_add_number(&record, "use", strcmp(verdict, "allow") == 0);
    frt_record_add_text(&record, "rule", "N-USE");
    frt_record_add_number(&record, "line", 77);
    frt_record_add_text(&record, "dec", verdict);
    frt_record_add_text(&record, "why", "city-official");
    frt_record_add_text(&record, "roles", roles);
    frt_record_add_text(&record, "facts", FACTS);
    frt_record_add_text(&record, "policy", "northampton-ma");
    frt_record_add_text(&record, "edition", "2023-10");
    frt_record_add_text(&record, "psha", "00ff");
    return frt_trail_append(trail, &record);
}

static void add_beat(struct frt_trail *trail)
{
    struct frt_record record;

    frt_record_init(&record, "beat");
    frt_record_add_text(&record, "view", "fresh");
    frt_record_add_text(&record, "gate", "enforcing");
    ck_assert_int_ge((int)frt_trail_append(trail, &record), 0);
}

static struct frt_history *read_all(void)
{
    const struct frt_history_options options = {.from_us = 0};
    struct frt_history *history = NULL;

    ck_assert_int_eq(frt_history_read(scratch.log, &options, &history), 0);
    return history;
}

START_TEST(a_row_says_what_the_record_said)
{
    struct frt_trail *trail = open_trail();
    int64_t n = add_decision(trail, "p01", "city/police/employee sworn [R01]", "deny");
    const struct frt_past_decision *row;
    struct frt_history *history;

    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    history = read_all();
    ck_assert_uint_eq(frt_history_decision_count(history), 1);
    row = frt_history_decision(history, 0);
    ck_assert_uint_eq(row->n, (uint64_t)n);
    ck_assert_int_eq((long)row->time_us, (long)now_us);
    ck_assert_str_eq(frt_history_say(history, row, FRT_PAST_USER), "p01");
    ck_assert_str_eq(frt_history_text(history, row->person), "p01");
    ck_assert_str_eq(frt_history_say(history, row, FRT_PAST_TOOL), "T03-digikam");
    ck_assert_str_eq(frt_history_say(history, row, FRT_PAST_REQUEST), "");
    ck_assert_str_eq(frt_history_text(history, row->department), "police");
    ck_assert_int_eq(row->uid, 20001);
    ck_assert_int_eq(row->auid, -1);
    ck_assert_uint_eq(row->line, 77);
    ck_assert(!row->is_use);
    ck_assert_int_eq((int)row->verdict, FRT_VERDICT_DENY);
    ck_assert_int_eq(row->reason, FRT_REASON_CITY_OFFICIAL);
    ck_assert_ptr_nonnull(frt_history_facts(history, row));
    ck_assert_int_eq(frt_history_facts(history, row)->value[FRT_FACT_SUBJECT], FRT_SUBJECT_OFFICIAL);
    ck_assert_int_eq(frt_history_facts(history, row)->value[FRT_FACT_TRAIL], FRT_TRAIL_READY);
    frt_history_free(history);
}
END_TEST

/* Two records with every text, once in the order of frtd, once in the other; a third says a key's name as a number. */
START_TEST(each_text_has_a_place_of_its_own_whatever_the_order_of_keys)
{
    struct frt_trail *trail = open_trail();
    struct frt_history *history;
    struct frt_record record;
    char value[64];

    for (int round = 0; round < 2; round++) {
        frt_record_init(&record, "decision");
        for (int i = 0; i < FRT_PAST_TEXT_COUNT; i++) {
            const char *key = frt_past_keys[round ? FRT_PAST_TEXT_COUNT - 1 - i : i];

            snprintf(value, sizeof(value), "%s of round %d", key, round);
            frt_record_add_text(&record, key, value);
        }
        ck_assert_int_ge((int)frt_trail_append(trail, &record), 0);
    }
    frt_record_init(&record, "decision");
    frt_record_add_number(&record, "src", 5);
    frt_record_add_text(&record, "uid", "7");
    ck_assert_int_ge((int)frt_trail_append(trail, &record), 0);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    history = read_all();
    ck_assert_uint_eq(frt_history_decision_count(history), 3);
    for (size_t row = 0; row < 2; row++)
        for (int i = 0; i < FRT_PAST_TEXT_COUNT; i++) {
            snprintf(value, sizeof(value), "%s of round %zu", frt_past_keys[i], row);
            ck_assert_str_eq(
                frt_history_say(history, frt_history_decision(history, row), (enum frt_past_text)i), value);
        }
    ck_assert_str_eq(frt_history_say(history, frt_history_decision(history, 2), FRT_PAST_SOURCE), "");
    ck_assert_int_eq(frt_history_decision(history, 2)->uid, -1);
    frt_history_free(history);
}
END_TEST

static const struct {
    const char *given, *roles, *department;
} departments[] = {
    {"a city role", "city/library/employee [R10]", "library"},
    {"an outside role", "outside/msp/msp sworn performer [R20]", "msp"},
    {"a city role behind an outside one", "outside/fbi/fbi performer [R27b]; city/police/employee [R27]",
     "police"},
    {"no role", "", ""},
    {"a name that contains the word", "outside/inner-city/x [R1]", "inner-city"},
};

START_TEST(the_department_is_that_of_the_city_role)
{
    const char *text;
    size_t length = frt_past_department(departments[_i].roles, &text);

    ck_assert_uint_eq(length, strlen(departments[_i].department));
    ck_assert_msg(strncmp(text, departments[_i].department, length) == 0, "%s", departments[_i].given);
}
END_TEST

START_TEST(a_period_begins_with_its_first_microsecond_and_ends_before_its_last)
{
    struct frt_trail *trail = open_trail();
    struct frt_history_options options = {.from_us = now_us + 1000000, .until_us = now_us + 3000000};
    struct frt_history *history;

    for (unsigned i = 0; i < 5; i++) {
        add_decision(trail, "p01", "", "deny");
        ck_assert_int_eq(frt_trail_commit(trail), 0);
        now_us += 1000000;
    }
    frt_trail_close(trail);
    ck_assert_int_eq(frt_history_read(scratch.log, &options, &history), 0);
    ck_assert_uint_eq(frt_history_counts(history)->decisions, 5);
    ck_assert_uint_eq(frt_history_decision_count(history), 2);
    ck_assert_int_eq((long)frt_history_decision(history, 0)->time_us, (long)options.from_us);
    frt_history_free(history);
}
END_TEST

START_TEST(everything_that_is_no_decision_is_kept_whatever_the_period)
{
    struct frt_trail *trail = open_trail();
    const struct frt_history_options options = {.from_us = 1, .until_us = 2};
    struct frt_history *history;
    char text[64];

    add_beat(trail);
    add_beat(trail);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(frt_history_read(scratch.log, &options, &history), 0);
    ck_assert_uint_eq(frt_history_beat_count(history), 2);
    ck_assert_int_eq(frt_history_beat(history, 1)->view, FRT_VIEW_FRESH);
    ck_assert_int_eq(frt_history_beat(history, 1)->gate, FRT_GATE_ENFORCING);
    ck_assert(frt_history_beat(history, 1)->same_boot);
    ck_assert(!frt_history_beat(history, 0)->same_boot);
    ck_assert_uint_eq(frt_history_event_count(history), 3); /* seg, start, stop */
    ck_assert(frt_history_is_kind(history, frt_history_event(history, 1), "start"));
    ck_assert(frt_history_field(frt_history_event(history, 1), "version", text, sizeof(text)));
    ck_assert_str_eq(text, FRT_VERSION);
    ck_assert(!frt_history_field(frt_history_event(history, 1), "nothing", text, sizeof(text)));
    frt_history_free(history);
}
END_TEST

START_TEST(hostile_bytes_stay_escaped)
{
    struct frt_trail *trail = open_trail();
    struct frt_history *history;

    add_decision(trail, "\x1b[31m\"\n", "", "deny");
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    history = read_all();
    ck_assert_str_eq(frt_history_say(history, frt_history_decision(history, 0), FRT_PAST_USER),
                     "%1B[31m%22%0A");
    frt_history_free(history);
}
END_TEST

START_TEST(a_record_without_seal_is_counted_and_left_out)
{
    struct frt_trail *trail = open_trail();
    struct frt_history *history;
    struct bytes file;
    char name[32];
    size_t end;

    add_decision(trail, "p01", "", "deny");
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_abandon(trail);
    newest_segment(&scratch, name);
    file = file_read(scratch.log, name);
    end = file.length - 1;
    while (file.at[end - 1] != '\n')
        end--;
    file_write(scratch.log, name, file.at, end);
    free(file.at);
    history = read_all();
    ck_assert_uint_eq(frt_history_counts(history)->unsealed, 1);
    ck_assert_uint_eq(frt_history_decision_count(history), 0);
    frt_history_free(history);
}
END_TEST

START_TEST(a_file_of_lines_reads_like_the_trail_and_shows_what_is_missing)
{
    struct frt_trail *trail = open_trail();
    const struct frt_history_options options = {.from_us = 0};
    const struct frt_past_hole *holes;
    struct frt_history *history;
    char path[128], name[32], *line, *rest;
    struct bytes file;
    FILE *out;

    for (unsigned i = 0; i < 4; i++)
        add_decision(trail, "p01", "", i == 2 ? "allow" : "deny");
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    newest_segment(&scratch, name);
    file = file_read(scratch.log, name);
    snprintf(path, sizeof(path), "%s/records.jsonl", scratch.root);
    out = fopen(path, "w");
    rest = file.at;
    for (unsigned n = 0; (line = strsep(&rest, "\n")) && *line;)
        if (*line == '{' && n++ != 3) /* the second decision is left out */
            fprintf(out, "%s\n", line);
    fclose(out);
    free(file.at);
    ck_assert_int_eq(frt_history_read(path, &options, &history), 0);
    ck_assert_uint_eq(frt_history_decision_count(history), 3);
    ck_assert_uint_eq(frt_history_holes(history, &holes), 1);
    ck_assert_uint_eq(holes[0].from, 3);
    ck_assert_uint_eq(holes[0].to, 4);
    ck_assert(frt_history_decision(history, 1)->is_use);
    ck_assert_int_eq((int)frt_history_decision(history, 1)->verdict, FRT_VERDICT_ALLOW);
    frt_history_free(history);
}
END_TEST

START_TEST(twenty_thousand_different_names_keep_apart)
{
    struct frt_strings *strings;
    uint32_t id;
    char text[32];

    ck_assert_int_eq(frt_strings_new(&strings), 0);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "name-%u", i);
        ck_assert_int_eq(frt_strings_add(strings, text, strlen(text), &id), 0);
        ck_assert_uint_eq(id, i + 1);
    }
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "name-%u", i);
        ck_assert_int_eq(frt_strings_add(strings, text, strlen(text), &id), 0);
        ck_assert_uint_eq(id, i + 1);
        ck_assert_str_eq(frt_strings_get(strings, id), text);
    }
    ck_assert_uint_eq(frt_strings_find(strings, "name-7"), 8);
    ck_assert_uint_eq(frt_strings_find(strings, "name"), UINT32_MAX);
    ck_assert_uint_eq(frt_strings_find(strings, ""), 0);
    frt_strings_free(strings);
}
END_TEST

static void add_change(struct frt_trail *trail, const char *csn)
{
    struct frt_record record;

    frt_record_init(&record, "role");
    frt_record_add_text(&record, "what", "added");
    frt_record_add_text(&record, "dn", "frtRoleId=R01,ou=roles");
    frt_record_add_text(&record, "csn", csn);
    ck_assert_int_ge((int)frt_trail_append(trail, &record), 0);
}

/* One trail read as if two hosts had kept it. */
START_TEST(two_trails_are_one_in_order_of_time_and_say_a_change_once)
{
    const struct frt_history_options options = {.from_us = 0};
    const char *const paths[] = {scratch.log, scratch.log};
    struct frt_trail *trail = open_trail();
    struct frt_history *history = NULL;
    struct frt_record record;
    const struct frt_past_hole *holes;
    const struct frt_past_event *event;
    int64_t first = add_decision(trail, "p01", "city/police/employee sworn [R01]", "deny"), second;
    size_t changes = 0, results = 0;

    now_us += 1000000;
    second = add_decision(trail, "p20", "", "allow");
    add_change(trail, "1");
    add_change(trail, "2");
    frt_record_init(&record, "result");
    frt_record_add_number(&record, "decision", second);
    ck_assert_int_ge((int)frt_trail_append(trail, &record), 0);
    add_beat(trail);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(frt_history_read_all(paths, 2, &options, &history), 0);
    ck_assert_uint_eq(frt_history_decision_count(history), 4);
    ck_assert_uint_eq(frt_history_decision(history, 0)->n, (uint64_t)first);
    ck_assert_uint_eq(frt_history_decision(history, 1)->n, (uint64_t)first + FRT_HISTORY_STEP);
    ck_assert_uint_eq(frt_history_decision(history, 2)->n, (uint64_t)second);
    ck_assert_uint_eq(frt_history_decision(history, 3)->n, (uint64_t)second + FRT_HISTORY_STEP);
    ck_assert_uint_eq(frt_history_decision(history, 0)->person, frt_history_decision(history, 1)->person);
    ck_assert_uint_eq(frt_history_holes(history, &holes), 0);
    for (size_t i = 0; i < frt_history_event_count(history); i++) {
        event = frt_history_event(history, i);
        changes += frt_history_is_kind(history, event, "role");
        if (frt_history_is_kind(history, event, "result"))
            ck_assert_int_eq((long)frt_history_number(event, "decision", -1),
                             (long)second + (long)(results++ * FRT_HISTORY_STEP));
    }
    ck_assert_uint_eq(changes, 2);
    ck_assert_uint_eq(results, 2);
    frt_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("casework.history");
    TCase *rows = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_set_timeout(rows, 120);
    tcase_add_checked_fixture(rows, make, unmake);
    tcase_add_test(rows, a_row_says_what_the_record_said);
    tcase_add_test(rows, each_text_has_a_place_of_its_own_whatever_the_order_of_keys);
    tcase_add_loop_test(rows, the_department_is_that_of_the_city_role, 0,
                        sizeof(departments) / sizeof(departments[0]));
    tcase_add_test(rows, a_period_begins_with_its_first_microsecond_and_ends_before_its_last);
    tcase_add_test(rows, everything_that_is_no_decision_is_kept_whatever_the_period);
    tcase_add_test(rows, hostile_bytes_stay_escaped);
    tcase_add_test(rows, a_record_without_seal_is_counted_and_left_out);
    tcase_add_test(rows, a_file_of_lines_reads_like_the_trail_and_shows_what_is_missing);
    tcase_add_test(rows, two_trails_are_one_in_order_of_time_and_say_a_change_once);
    tcase_add_test(rows, twenty_thousand_different_names_keep_apart);
    suite_add_tcase(suite, rows);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
