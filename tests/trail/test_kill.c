/* SPDX-License-Identifier: BSD-2-Clause
 *
 * 1,000 times: a real process commits as fast as it can and is killed with SIGKILL at a random moment. Every number it
 * answered must be in the trail, sealed, and the trail must verify throughout. (A killed process loses no page cache: what a
 * power cut leaves is enumerated in test_crash.c.)
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trail_fixture.h"

#define CYCLES      1000
#define ANSWERS_MAX 1000000

static struct scratch scratch;
static int64_t *answers;
static size_t answer_count;

static void make(void)
{
    scratch_make(&scratch);
    answers = calloc(ANSWERS_MAX, sizeof(*answers));
    answer_count = 0;
}

static void drop(void)
{
    free(answers);
    scratch_remove(&scratch);
}

static pid_t spawn(int *ret_fd, const char *records)
{
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(FRT_COMMIT_STORM, "commit_storm", scratch.log, scratch.key, records, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *ret_fd = ends[0];
    return pid;
}

/* Waits for `first` answers (recovery is over then, or has not begun), lets it run on for a while, kills it. */
static unsigned cycle(unsigned *seed, unsigned number)
{
    char records[8];
    int fd, status;
    unsigned wait_for = number % 4 ? (unsigned)rand_r(seed) % 6 : 0, got = 0;
    struct timespec pause = {0, rand_r(seed) % (number % 4 ? 1500000 : 6000000)};
    pid_t pid;
    int64_t n;

    snprintf(records, sizeof(records), "%d", 1 + rand_r(seed) % 5);
    pid = spawn(&fd, records);
    while (got < wait_for && read(fd, &n, sizeof(n)) == sizeof(n)) {
        answers[answer_count++] = n;
        got++;
    }
    nanosleep(&pause, NULL);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "ended by itself: %x",
                  (unsigned)status);
    for (; read(fd, &n, sizeof(n)) == sizeof(n) && answer_count < ANSWERS_MAX; got++)
        answers[answer_count++] = n;
    close(fd);
    return got;
}

struct check {
    size_t next;
    unsigned lost;
};

/* Answers come in rising order, as do records. */
static int tick_off(void *arg, const struct frt_trail_entry *entry)
{
    struct check *check = arg;

    if (check->next == answer_count || entry->record->n != (uint64_t)answers[check->next])
        return 0;
    check->lost += !frt_record_is_kind(entry->record, "decision") || !entry->is_sealed;
    check->next++;
    return 0;
}

static void check_all(unsigned number)
{
    struct check check = {0, 0};
    enum frt_verify_status status = verify(&scratch, NULL, NULL);

    ck_assert_msg(status == FRT_VERIFY_OK || status == FRT_VERIFY_UNSEALED, "after %u kills: %d", number,
                  status);
    ck_assert_int_eq(frt_trail_read(scratch.log, 0, tick_off, &check, NULL), 0);
    ck_assert_msg(check.next == answer_count && check.lost == 0, "after %u kills: answer %zu of %zu is gone",
                  number, check.next, answer_count);
}

START_TEST(a_thousand_kills_lose_no_answered_record)
{
    unsigned seed = (unsigned)time(NULL), with_answers = 0, number = 0;

    printf("seed %u\n", seed);
    /* Ten trails of a hundred kills, so that recovery's reading does not grow with the test. */
    for (unsigned trail = 0; trail < 10; trail++) {
        answer_count = 0;
        for (unsigned i = 0; i < CYCLES / 10; i++)
            with_answers += cycle(&seed, number++) > 0;
        check_all(number);
        frt_trail_close(trail_open(&scratch, NULL));
        ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
        scratch_empty(scratch.log);
        scratch_empty(scratch.key);
    }
    printf("%u kills, %u of them after an answer\n", number, with_answers);
    ck_assert_uint_ge(number, CYCLES);
    ck_assert_uint_ge(with_answers, CYCLES / 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.kill");
    TCase *tc = tcase_create("kill");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, make, drop);
    tcase_add_test(tc, a_thousand_kills_lose_no_answered_record);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
