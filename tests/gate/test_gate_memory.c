/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the gate may answer without asking frtd.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/chain.h"
#include "gate/memory.h"

static struct frt_memory memory;

static const struct frt_opener official = {
    .tid = 70, .tgid = 70, .login_uid = 20001, .uids = {20001}, .uid_count = 1};

static struct frt_memory_key key_of(enum frt_memory_kind kind, const struct frt_opener *who, uint64_t ino)
{
    struct frt_memory_key key;

    frt_memory_key(kind, who, 5, ino, &key);
    return key;
}

static void setup(void)
{
    frt_memory_forget(&memory);
}

/* Each row differs from what is remembered in one thing. */
static const struct {
    const char *what;
    struct frt_opener who;
    enum frt_memory_kind kind;
    uint64_t ino;
    int64_t at_ms;
    bool is_known;
} answers[] = {
    {"the same",
     {.tid = 70, .login_uid = 20001, .uids = {20001}, .uid_count = 1},
     FRT_MEMORY_READS,
     9,
     1100,
     true},
    {"another thread of his",
     {.tid = 71, .login_uid = 20001, .uids = {20001}, .uid_count = 1},
     FRT_MEMORY_READS,
     9,
     1100,
     true},
    {"another person",
     {.tid = 70, .login_uid = 20002, .uids = {20002}, .uid_count = 1},
     FRT_MEMORY_READS,
     9,
     1100,
     false},
    {"another login",
     {.tid = 70, .login_uid = -1, .uids = {20001}, .uid_count = 1},
     FRT_MEMORY_READS,
     9,
     1100,
     false},
    {"one more person",
     {.tid = 70, .login_uid = 20001, .uids = {20001, 20002}, .uid_count = 2},
     FRT_MEMORY_READS,
     9,
     1100,
     false},
    {"another file",
     {.tid = 70, .login_uid = 20001, .uids = {20001}, .uid_count = 1},
     FRT_MEMORY_READS,
     8,
     1100,
     false},
    {"another kind",
     {.tid = 70, .login_uid = 20001, .uids = {20001}, .uid_count = 1},
     FRT_MEMORY_RECORDED,
     9,
     1100,
     false},
    {"too late",
     {.tid = 70, .login_uid = 20001, .uids = {20001}, .uid_count = 1},
     FRT_MEMORY_READS,
     9,
     1200,
     false},
};

START_TEST(an_answer_stands_for_the_same_person_and_file_only)
{
    struct frt_memory_key key = key_of(FRT_MEMORY_READS, &official, 9);
    const struct frt_remembered *row;

    frt_memory_put(&memory, &key, true, FRT_REASON_REQUEST_ON_FILE, 1000, 200);
    key = key_of(answers[_i].kind, &answers[_i].who, answers[_i].ino);
    row = frt_memory_recall(&memory, &key, answers[_i].at_ms);
    ck_assert_msg((row != NULL) == answers[_i].is_known, "%s", answers[_i].what);
    ck_assert(!row || row->allow);
}
END_TEST

START_TEST(the_second_half_of_an_exec_is_the_same_thread_s)
{
    struct frt_memory_key key = key_of(FRT_MEMORY_SECOND_HALF, &official, 9);
    struct frt_opener other = official;

    frt_memory_put(&memory, &key, true, FRT_REASON_REQUEST_ON_FILE, 1000, 200);
    ck_assert_ptr_nonnull(frt_memory_recall(&memory, &key, 1001));
    other.tid = 71;
    key = key_of(FRT_MEMORY_SECOND_HALF, &other, 9);
    ck_assert_ptr_null(frt_memory_recall(&memory, &key, 1001));
}
END_TEST

START_TEST(a_denial_stands_for_others_only_in_a_flood_and_while_fresh)
{
    const struct frt_memory_key key = key_of(FRT_MEMORY_DENIED_OPEN, &official, 9);

    for (int i = 0; i < FRT_MEMORY_SINGLY; i++) {
        ck_assert_ptr_null(frt_memory_flood(&memory, &key, 1000));
        frt_memory_note_denial(&memory, &key, FRT_REASON_CITY_OFFICIAL, 1000);
    }
    ck_assert_ptr_nonnull(frt_memory_flood(&memory, &key, 1999));
    ck_assert(!frt_memory_flood(&memory, &key, 1999)->allow);
    ck_assert_ptr_null(frt_memory_flood(&memory, &key, 2000));
    frt_memory_note_denial(&memory, &key, FRT_REASON_CITY_OFFICIAL, 2000);
    ck_assert_ptr_nonnull(frt_memory_flood(&memory, &key, 2001));
    frt_memory_forget(&memory);
    ck_assert_ptr_null(frt_memory_flood(&memory, &key, 2001));
}
END_TEST

START_TEST(a_minute_after_the_first_denials_are_asked_about_one_by_one_again)
{
    const struct frt_memory_key key = key_of(FRT_MEMORY_DENIED_EXEC, &official, 9);

    for (int i = 0; i < FRT_MEMORY_SINGLY + 1; i++)
        frt_memory_note_denial(&memory, &key, FRT_REASON_CITY_OFFICIAL, 1000 + i);
    ck_assert_ptr_nonnull(frt_memory_flood(&memory, &key, 1500));
    frt_memory_note_denial(&memory, &key, FRT_REASON_CITY_OFFICIAL, 60999);
    ck_assert_ptr_nonnull(frt_memory_flood(&memory, &key, 60999));
    ck_assert_ptr_null(frt_memory_flood(&memory, &key, 61000));
}
END_TEST

START_TEST(many_answers_push_out_old_ones_and_are_never_taken_for_each_other)
{
    for (uint64_t ino = 1; ino <= 5000; ino++) {
        struct frt_memory_key key = key_of(FRT_MEMORY_READS, &official, ino);

        frt_memory_put(&memory, &key, ino % 2, (enum frt_reason)(ino % 5), 1000, 200);
    }
    for (uint64_t ino = 1; ino <= 5000; ino++) {
        struct frt_memory_key key = key_of(FRT_MEMORY_READS, &official, ino);
        const struct frt_remembered *row = frt_memory_recall(&memory, &key, 1001);

        ck_assert(!row || (row->allow == ino % 2 && row->reason == (enum frt_reason)(ino % 5)));
        ck_assert(row || ino <= 4999);
    }
}
END_TEST

START_TEST(a_process_is_looked_at_again_after_a_moment)
{
    static struct frt_opener_processes processes;
    struct frt_opener opener;

    ck_assert_int_eq(frt_opener_find(getpid(), &processes, 1000, &opener), 0);
    ck_assert_uint_eq(processes.next, 0); /* one thread: nothing to remember */
    ck_assert_int_eq(opener.tgid, getpid());
    processes.rows[0] =
        (struct frt_opener_process){.tgid = getpid(), .until_ms = 1100, .uids = {20001}, .uid_count = 1};
    ck_assert_int_eq(frt_opener_find(getpid(), &processes, 1000, &opener), 0);
    ck_assert_uint_eq(opener.uid_count, 0); /* still one thread, whatever stood under its number */
}
END_TEST

static pid_t parent_of(pid_t pid)
{
    struct frt_opener_status status;

    ck_assert_int_eq(frt_opener_status_of(pid, &status), 0);
    return status.ppid;
}

/* A process that starts another and waits: the other's pid. */
static pid_t start_two(pid_t *ret_first)
{
    int ends[2];
    pid_t second;

    ck_assert_int_eq(pipe(ends), 0);
    *ret_first = fork();
    if (*ret_first == 0) {
        second = fork();
        if (second > 0 && write(ends[1], &second, sizeof(second)) != sizeof(second))
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], &second, sizeof(second)), sizeof(second));
    close(ends[0]);
    close(ends[1]);
    return second;
}

START_TEST(a_chain_is_kept_while_all_of_its_processes_live)
{
    static struct frt_chains chains;
    pid_t first, second = start_two(&first);
    struct frt_opener opener = {.tid = 999999, .tgid = 999999, .parent = second, .comm = "a\x1btool"};
    char text[FRT_CHAIN_MAX], again[FRT_CHAIN_MAX], part[32];

    frt_chain_find(&chains, &opener, 1000, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "a%1Btool 999999 < "));
    snprintf(part, sizeof(part), " %d < ", second);
    ck_assert_ptr_nonnull(strstr(text, part));
    snprintf(part, sizeof(part), " %d < ", first);
    ck_assert_ptr_nonnull(strstr(text, part));
    frt_chain_find(&chains, &opener, 1001, again, sizeof(again));
    ck_assert_str_eq(text, again);
    ck_assert_uint_eq(chains.next, 1);
    kill(first, SIGKILL);
    waitpid(first, NULL, 0);
    while (parent_of(second) == first)
        usleep(1000);
    frt_chain_find(&chains, &opener, 1002, again, sizeof(again));
    ck_assert_ptr_null(strstr(again, part));
    ck_assert_uint_eq(chains.next, 2);
    kill(second, SIGKILL);
}
END_TEST

START_TEST(a_chain_that_is_old_is_looked_at_again)
{
    static struct frt_chains chains;
    struct frt_opener opener = {.tid = 999999, .tgid = 999999, .parent = getpid(), .comm = "tool"};
    char text[FRT_CHAIN_MAX], part[32];

    frt_chain_find(&chains, &opener, 1000, text, 20); /* no room for more than the first */
    ck_assert_str_eq(text, "tool 999999");
    frt_chain_find(&chains, &opener, 1000 + FRT_CHAIN_MS, text, sizeof(text));
    snprintf(part, sizeof(part), " %d", getpid());
    ck_assert_ptr_nonnull(strstr(text, part));
    ck_assert_uint_eq(chains.next, 2); /* looked at again: too old */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate memory");
    TCase *tcase = tcase_create("memory");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, an_answer_stands_for_the_same_person_and_file_only, 0,
                        (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tcase, the_second_half_of_an_exec_is_the_same_thread_s);
    tcase_add_test(tcase, a_denial_stands_for_others_only_in_a_flood_and_while_fresh);
    tcase_add_test(tcase, a_minute_after_the_first_denials_are_asked_about_one_by_one_again);
    tcase_add_test(tcase, many_answers_push_out_old_ones_and_are_never_taken_for_each_other);
    tcase_add_test(tcase, a_process_is_looked_at_again_after_a_moment);
    tcase_add_test(tcase, a_chain_is_kept_while_all_of_its_processes_live);
    tcase_add_test(tcase, a_chain_that_is_old_is_looked_at_again);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
