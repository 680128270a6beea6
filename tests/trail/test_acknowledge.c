/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way out: after a break an administrator says that he knows, the trail goes on, and no verification calls it whole again.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail_fixture.h"

static struct scratch scratch;
static int64_t fake_now_us;

static void make(void)
{
    scratch_make(&scratch);
    fake_now_us = 0;
}

static void drop(void)
{
    scratch_remove(&scratch);
}

static int64_t fake_clock(void *arg)
{
    (void)arg;
    return fake_now_us;
}

static struct frt_trail_options options(void)
{
    return (struct frt_trail_options){.log_dir = scratch.log,
                                      .key_dir = scratch.key,
                                      .origin = ORIGIN,
                                      .clock_us = fake_now_us ? fake_clock : NULL};
}

static int reopen(void)
{
    struct frt_trail_options wanted = options();
    char error[FRT_TRAIL_ERROR_MAX];
    struct frt_trail *trail = NULL;
    int r = frt_trail_open(&wanted, &trail, error);

    frt_trail_close(trail);
    return r;
}

static int say_the_word(bool sets_aside)
{
    const struct frt_trail_word word = {
        .by = "p14", .reason = "disk replaced, ticket 77", .login_uid = 20014, .sets_aside = sets_aside};
    struct frt_trail_options wanted = options();
    char text[FRT_TRAIL_ERROR_MAX];

    return frt_trail_acknowledge(&wanted, &word, text);
}

static struct frt_verify_result look(void)
{
    struct frt_verify_options wanted = {.log_dir = scratch.log, .origin = ORIGIN};
    struct frt_verify_result result;

    frt_trail_verify(&wanted, &result);
    frt_verify_result_clear(&result);
    return result;
}

static void cut_the_last_seals(unsigned seals)
{
    struct bytes log;
    char name[32];

    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    for (unsigned i = 0; i <= seals; i++) {
        char *seal = memrchr(log.at, '!', log.length);

        ck_assert_ptr_nonnull(seal);
        log.length = (size_t)(seal - log.at);
    }
    log.length += strcspn(log.at + log.length, "\n") + 1;
    file_write(scratch.log, name, log.at, log.length);
    free(log.at);
}

static void garble_the_keys(void)
{
    file_write(scratch.key, "slots", "garbled", 7);
}

static void remove_the_keys(void)
{
    scratch_empty(scratch.key);
}

static void roll_the_keys_back(void)
{
    struct bytes old = file_read(scratch.key, "slots");

    trail_fill(&scratch, 3, NULL);
    file_write(scratch.key, "slots", old.at, old.length);
    free(old.at);
}

static void cut_the_log(void)
{
    cut_the_last_seals(2);
}

static void remove_the_log(void)
{
    scratch_empty(scratch.log);
}

static void lose_keys_and_tail(void)
{
    struct bytes log;
    char name[32];

    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    file_write(scratch.log, name, log.at, log.length - 30);
    free(log.at);
    remove_the_keys();
}

static void lag_behind_a_checkpoint(void)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct bytes keys = file_read(scratch.key, "slots");
    struct frt_key_pair host;
    char note[2048], vkey[512], name[32];
    uint8_t root[32];
    struct bytes log;

    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    trail_append(trail, "p01", 10);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    ck_assert_int_eq(frt_trail_root(trail, root), 0);
    ck_assert_int_eq(frt_key_pair_make(&host), 0);
    checkpoint_make(frt_trail_record_count(trail), root, &host, note, vkey);
    file_write(scratch.log, "checkpoint", note, strlen(note));
    frt_trail_abandon(trail);
    file_write(scratch.log, name, log.at,
               log.length); /* log and keys fit: both are those of the day before */
    file_write(scratch.key, "slots", keys.at, keys.length);
    free(log.at);
    free(keys.at);
}

static const struct {
    const char *given, *what;
    void (*break_it)(void);
    bool has_new_key;
} rows[] = {
    {"garbled keys", "key-break", garble_the_keys, true},
    {"no keys", "key-break", remove_the_keys, true},
    {"keys of yesterday", "key-break", roll_the_keys_back, true},
    {"a log that lost sealed records", "key-break", cut_the_log, true},
    {"no keys and a torn end", "key-break", lose_keys_and_tail, true},
    {"no log", "log-removed", remove_the_log, false},
    {"a log and keys behind the checkpoint", "end-missing", lag_behind_a_checkpoint, false},
};

START_TEST(a_break_is_refused_until_it_is_acknowledged_and_then_told_for_ever)
{
    struct frt_verify_result result;

    trail_fill(&scratch, 5, NULL);
    rows[_i].break_it();
    ck_assert_msg(reopen() == FRT_TRAIL_E_KEY_BREAK, "%s", rows[_i].given);
    ck_assert_msg(say_the_word(false) == 0, "%s", rows[_i].given);
    trail_fill(&scratch, 2, NULL);
    ck_assert_int_eq(reopen(), 0);
    result = look();
    ck_assert_msg(result.status == FRT_VERIFY_ACKNOWLEDGED, "%s: %d %s:%lu %s", rows[_i].given,
                  (int)result.status, result.file, result.line, result.what);
    ck_assert_uint_eq(result.ack_count, 1);
    ck_assert_str_eq(result.acks[0].what, rows[_i].what);
    ck_assert_str_eq(result.acks[0].by, "p14");
    ck_assert_str_eq(result.acks[0].reason, "disk replaced, ticket 77");
    ck_assert_str_ne(result.acks[0].found, "");
    ck_assert_int_eq(result.acks[0].key[0] != '\0', rows[_i].has_new_key);
    ck_assert_int_eq(say_the_word(false), FRT_TRAIL_E_IN_ORDER);
    ck_assert_uint_eq(look().ack_count, 1);
}
END_TEST

START_TEST(a_second_break_is_a_second_word)
{
    trail_fill(&scratch, 2, NULL);
    garble_the_keys();
    ck_assert_int_eq(say_the_word(false), 0);
    garble_the_keys(); /* before anything else was sealed */
    ck_assert_int_eq(reopen(), FRT_TRAIL_E_KEY_BREAK);
    ck_assert_int_eq(say_the_word(false), 0);
    ck_assert_int_eq(reopen(), 0);
    ck_assert_int_eq((int)look().status, FRT_VERIFY_ACKNOWLEDGED);
    ck_assert_uint_eq(look().ack_count, 2);
}
END_TEST

START_TEST(a_clock_that_was_far_ahead_is_acknowledged_and_times_begin_anew)
{
    struct frt_verify_result result;

    fake_now_us = INT64_C(2500000000000000); /* 2049 */
    ck_assert_int_eq(reopen(), 0);
    fake_now_us = INT64_C(1795392000000000);
    ck_assert_int_eq(reopen(), 0); /* opens, and holds its times; frtd then refuses */
    ck_assert_int_eq(look().last_us > fake_now_us, 1);
    ck_assert_int_eq(say_the_word(false), 0);
    ck_assert_int_eq(reopen(), 0);
    result = look();
    ck_assert_int_eq((int)result.status, FRT_VERIFY_ACKNOWLEDGED);
    ck_assert_str_eq(result.acks[0].what, "clock-back");
    ck_assert_str_eq(result.acks[0].key, "");
    ck_assert_int_eq(result.last_us, fake_now_us);
    ck_assert_int_eq(say_the_word(false), FRT_TRAIL_E_IN_ORDER);
}
END_TEST

START_TEST(what_was_altered_is_set_aside_only_when_told_so)
{
    struct frt_verify_result result;
    struct bytes log;
    char name[32], path[256], *at;

    trail_fill(&scratch, 5, NULL);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    at = strstr(log.at, "p01");
    ck_assert_ptr_nonnull(at);
    at[2] = '2';
    file_write(scratch.log, name, log.at, log.length);
    ck_assert_int_eq(reopen(), FRT_TRAIL_E_ALTERED);
    ck_assert_int_eq(say_the_word(false), FRT_TRAIL_E_ALTERED);
    ck_assert_int_eq((int)look().status, FRT_VERIFY_ALTERED);
    ck_assert_int_eq(say_the_word(true), 0);
    ck_assert_int_eq(reopen(), 0);
    result = look();
    ck_assert_int_eq((int)result.status, FRT_VERIFY_ACKNOWLEDGED);
    ck_assert_str_eq(result.acks[0].what, "set-aside");
    at = strstr(result.acks[0].found, "aside-");
    ck_assert_msg(at != NULL, "%s", result.acks[0].found);
    at[strcspn(at, ")")] = '\0';
    snprintf(path, sizeof(path), "%s/%s/%s", scratch.log, at, name);
    ck_assert_int_eq(access(path, R_OK), 0);
    free(log.at);
}
END_TEST

START_TEST(a_trail_in_order_needs_no_word)
{
    trail_fill(&scratch, 2, NULL);
    ck_assert_int_eq(say_the_word(false), FRT_TRAIL_E_IN_ORDER);
    ck_assert_int_eq(say_the_word(true), FRT_TRAIL_E_IN_ORDER);
    ck_assert_int_eq(reopen(), 0);
    ck_assert_int_eq((int)look().status, FRT_VERIFY_OK);
}
END_TEST

START_TEST(a_word_does_not_hide_a_cut_from_a_checkpoint)
{
    struct frt_verify_options wanted = {.log_dir = scratch.log, .origin = ORIGIN};
    struct frt_verify_result result;
    struct frt_key_pair host;
    char note[2048], vkey[512];

    trail_fill(&scratch, 5, NULL);
    result = look();
    ck_assert_int_eq(frt_key_pair_make(&host), 0);
    checkpoint_make(result.records, result.root_hash, &host, note, vkey);
    wanted.checkpoint = note;
    wanted.checkpoint_key = vkey;
    ck_assert_int_eq((int)frt_trail_verify(&wanted, &result), FRT_VERIFY_OK);
    frt_verify_result_clear(&result);
    cut_the_last_seals(3);
    ck_assert_int_eq(say_the_word(false), 0);
    ck_assert_int_eq((int)frt_trail_verify(&wanted, &result), FRT_VERIFY_CUT);
    frt_verify_result_clear(&result);
    trail_fill(&scratch, 9, NULL);
    ck_assert_int_eq((int)frt_trail_verify(&wanted, &result), FRT_VERIFY_ALTERED);
    frt_verify_result_clear(&result);
}
END_TEST

/* Makes the newest segment's ack record stand where it may not, or name no key. */
START_TEST(a_word_out_of_place_is_an_alteration)
{
    static const struct {
        const char *from, *to;
    } edits[] = {
        {"\"k\":\"seg\"", "\"k\":\"sec\""}, {"\"pub\":\"", "\"pub\":\"x"}, {"\"pub\":\"", "\"puc\":\""}};
    struct bytes log;
    char name[32], *text, *at;

    trail_fill(&scratch, 2, NULL);
    garble_the_keys();
    ck_assert_int_eq(say_the_word(false), 0);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    for (size_t i = 0; i < FRT_ARRAY_LEN(edits); i++) {
        at = strstr(log.at, edits[i].from);
        ck_assert_ptr_nonnull(at);
        ck_assert_int_ge(
            asprintf(&text, "%.*s%s%s", (int)(at - log.at), log.at, edits[i].to, at + strlen(edits[i].from)),
            0);
        file_write(scratch.log, name, text, strlen(text));
        ck_assert_msg(look().status == FRT_VERIFY_ALTERED, "%s", edits[i].to);
        free(text);
    }
    file_write(scratch.log, name, log.at, log.length);
    ck_assert_int_eq((int)look().status, FRT_VERIFY_ACKNOWLEDGED);
    free(log.at);
}
END_TEST

START_TEST(a_word_in_the_middle_of_a_segment_is_an_alteration)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct frt_record record;

    frt_record_init(&record, "ack");
    frt_record_add_text(&record, "what", "key-break");
    ck_assert_int_eq(frt_trail_append(trail, &record),
                     2); /* chained, sealed by the right key: only its place is wrong */
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq((int)look().status, FRT_VERIFY_ALTERED);
}
END_TEST

/* ---- a log directory that goes away under a running writer ---- */

static void remove_the_folder(void)
{
    scratch_empty(scratch.log);
    ck_assert_int_eq(rmdir(scratch.log), 0);
}

static void rename_the_folder(void)
{
    char away[100];

    snprintf(away, sizeof(away), "%s.away", scratch.log);
    ck_assert_int_eq(rename(scratch.log, away), 0);
}

static void replace_the_folder(void)
{
    rename_the_folder();
    ck_assert_int_eq(mkdir(scratch.log, 0700), 0);
}

static void remove_the_segment(void)
{
    scratch_empty(scratch.log);
}

static const struct {
    const char *given;
    void (*take_away)(void);
} places[] = {
    {"the folder removed", remove_the_folder},
    {"the folder renamed", rename_the_folder},
    {"another folder in its place", replace_the_folder},
    {"the segment removed", remove_the_segment},
};

START_TEST(nothing_is_answered_from_a_trail_that_cannot_be_found)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);

    trail_append(trail, "p01", 10);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    places[_i].take_away();
    trail_append(trail, "p02", 10);
    ck_assert_msg(frt_trail_commit(trail) == -ESTALE, "%s", places[_i].given);
    ck_assert(!frt_trail_is_writable(trail));
    ck_assert_int_eq(frt_trail_retry(trail), -ESTALE);
    frt_trail_close(trail);
}
END_TEST

START_TEST(a_folder_put_back_is_written_again)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    char away[100];

    snprintf(away, sizeof(away), "%s.away", scratch.log);
    rename_the_folder();
    trail_append(trail, "p02", 10);
    ck_assert_int_eq(frt_trail_commit(trail), -ESTALE);
    ck_assert_int_eq(rename(away, scratch.log), 0);
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    trail_append(trail, "p03", 10);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq((int)look().status, FRT_VERIFY_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.acknowledge");
    TCase *tc = tcase_create("acknowledge");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, make, drop);
    tcase_add_loop_test(tc, a_break_is_refused_until_it_is_acknowledged_and_then_told_for_ever, 0,
                        (int)FRT_ARRAY_LEN(rows));
    tcase_add_test(tc, a_second_break_is_a_second_word);
    tcase_add_test(tc, a_clock_that_was_far_ahead_is_acknowledged_and_times_begin_anew);
    tcase_add_test(tc, what_was_altered_is_set_aside_only_when_told_so);
    tcase_add_test(tc, a_trail_in_order_needs_no_word);
    tcase_add_test(tc, a_word_does_not_hide_a_cut_from_a_checkpoint);
    tcase_add_test(tc, a_word_out_of_place_is_an_alteration);
    tcase_add_test(tc, a_word_in_the_middle_of_a_segment_is_an_alteration);
    tcase_add_loop_test(tc, nothing_is_answered_from_a_trail_that_cannot_be_found, 0,
                        (int)FRT_ARRAY_LEN(places));
    tcase_add_test(tc, a_folder_put_back_is_written_again);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
