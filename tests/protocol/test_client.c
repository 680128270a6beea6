/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "protocol/client.h"
#include "support/cleanup.h"
#include "tests/fixtures/fake_frtd.h"

#define PATIENCE_MS 60000

static struct fake_frtd fake;
static struct frt_answer answer;

static int ask_fake(int64_t timeout_ms)
{
    struct frt_ask ask;

    ck_assert_int_eq(frt_client_ask_init(&ask, FRT_ASK_DECIDE), 0);
    strcpy(ask.user, "p01");
    strcpy(ask.tool, "T03");
    return frt_client_ask_once(fake.path, &ask, frt_mono_ms() + timeout_ms, &answer);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static const struct {
    const char *given;
    struct fake_plan plan;
    int64_t timeout_ms;
    int expected, or_else; /* a peer that closes may be noticed while sending or while receiving */
} deeds[] = {
    {"an answer", {.deed = FAKE_ANSWERS}, PATIENCE_MS, 0, 0},
    {"an answer after a while", {.deed = FAKE_ANSWERS, .delay_ms = 200}, PATIENCE_MS, 0, 0},
    {"an answer after the deadline", {.deed = FAKE_ANSWERS, .delay_ms = 3000}, 50, -ETIMEDOUT, 0},
    {"nobody accepts", {.deed = FAKE_NEVER_ACCEPTS}, 50, -ETIMEDOUT, 0},
    {"nobody answers", {.deed = FAKE_NEVER_ANSWERS}, 50, -ETIMEDOUT, 0},
    {"closed at once", {.deed = FAKE_CLOSES_AT_ONCE}, PATIENCE_MS, -EPIPE, -EPIPE},
    {"closed after the question", {.deed = FAKE_CLOSES_AFTER_READ}, PATIENCE_MS, -EPIPE, 0},
    {"another's answer", {.deed = FAKE_ANSWERS_ANOTHER}, PATIENCE_MS, -EBADMSG, 0},
    {"one byte at a time", {.deed = FAKE_TRICKLES, .delay_ms = 10}, PATIENCE_MS, -EBADMSG, 0},
    {"too much", {.deed = FAKE_ANSWERS_TOO_MUCH}, PATIENCE_MS, -EBADMSG, 0},
    {"an empty message", {.deed = FAKE_ANSWERS_NOTHING}, PATIENCE_MS, -EPIPE, 0},
    {"a directory its group may write in", {.mode = 0775}, PATIENCE_MS, -EPERM, 0},
    {"a directory all may write in", {.mode = 01777}, PATIENCE_MS, -EPERM, 0},
    {"a stranger listens", {.uid = 12345}, PATIENCE_MS, -EPERM, 0},
};

START_TEST(each_deed_of_the_server_has_its_own_error)
{
    struct fake_plan plan = deeds[_i].plan;
    unsigned before;
    int64_t start;
    int r;

    plan.answer = fake_allow();
    fake_frtd_start(&fake, &plan);
    before = count_descriptors();
    start = frt_mono_ms();
    r = ask_fake(deeds[_i].timeout_ms);
    ck_assert_msg(r == deeds[_i].expected || (deeds[_i].or_else && r == deeds[_i].or_else), "%s: %d",
                  deeds[_i].given, r);
    ck_assert_int_eq(answer.verdict, r == 0 ? FRT_VERDICT_ALLOW : FRT_VERDICT_DENY);
    if (r == -ETIMEDOUT)
        ck_assert_int_ge(frt_mono_ms() - start, deeds[_i].timeout_ms);
    ck_assert_uint_eq(count_descriptors(), before);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(an_answer_cut_at_any_byte_is_refused)
{
    struct fake_plan plan = {.deed = FAKE_ANSWERS_THE_FIRST_BYTES, .answer = fake_allow()};
    uint8_t buffer[FRT_ANSWER_SHORT_MAX];
    size_t length = (size_t)frt_answer_encode(&plan.answer, buffer, sizeof(buffer));

    for (plan.bytes = 1; plan.bytes <= length; plan.bytes++) {
        fake_frtd_start(&fake, &plan);
        ck_assert_int_eq(ask_fake(PATIENCE_MS), plan.bytes == length ? 0 : -EBADMSG);
        fake_frtd_stop(&fake);
    }
}
END_TEST

static const struct {
    const char *given, *path;
    int expected;
} places[] = {
    {"no file", "/tmp/frt-there-is-no-such-directory/frtd.sock", -ENOENT},
    {"no socket", "/etc/passwd", -ECONNREFUSED},
    {"a relative path", "frtd.sock", -EINVAL},
    {"an empty path", "", -EINVAL},
    {"108 bytes",
     "/tmp/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "a",
     -ENAMETOOLONG},
};

START_TEST(a_place_without_frtd_fails_at_once)
{
    ck_assert_int_eq(frt_client_connect(places[_i].path, frt_mono_ms() + PATIENCE_MS), places[_i].expected);
}
END_TEST

START_TEST(a_deadline_in_the_past_asks_nobody)
{
    struct fake_plan plan = {.answer = fake_allow()};
    struct frt_ask asked;

    fake_frtd_start(&fake, &plan);
    ck_assert_int_eq(ask_fake(-1), -ETIMEDOUT);
    ck_assert_int_eq(answer.verdict, FRT_VERDICT_DENY);
    (void)fake_frtd_asked(&fake, 0, &asked);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(a_full_backlog_is_waited_for_until_the_deadline)
{
    char directory[] = "/tmp/frt-backlog-XXXXXX";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0), fillers[2], fd;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", directory);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 0), 0);
    fillers[0] = frt_client_connect(address.sun_path, frt_mono_ms() + PATIENCE_MS);
    ck_assert_int_ge(fillers[0], 0);
    ck_assert_int_eq(frt_client_connect(address.sun_path, frt_mono_ms() + 60), -ETIMEDOUT);
    if (fork() == 0) {
        poll(NULL, 0, 100);
        fd = accept(listener, NULL, NULL);
        poll(NULL, 0, 100);
        _exit(fd < 0);
    }
    fillers[1] = frt_client_connect(address.sun_path, frt_mono_ms() + PATIENCE_MS);
    ck_assert_int_ge(fillers[1], 0);
    unlink(address.sun_path);
    rmdir(directory);
}
END_TEST

static void on_alarm(int signal)
{
    (void)signal;
}

START_TEST(signals_do_not_end_the_wait_and_do_not_lengthen_it)
{
    struct fake_plan plan = {.delay_ms = 300, .answer = fake_allow()};
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval every_ms = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}},
                     never = {0};
    int64_t start;

    fake_frtd_start(&fake, &plan);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every_ms, NULL);
    ck_assert_int_eq(ask_fake(PATIENCE_MS), 0);
    start = frt_mono_ms();
    ck_assert_int_eq(ask_fake(100), -ETIMEDOUT);
    ck_assert_int_ge(frt_mono_ms() - start, 100);
    setitimer(ITIMER_REAL, &never, NULL);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(the_connection_is_closed_on_exec)
{
    struct fake_plan plan = {.answer = fake_allow()};
    int fd;

    fake_frtd_start(&fake, &plan);
    fd = frt_client_connect(fake.path, frt_mono_ms() + PATIENCE_MS);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(asking_on_a_closed_connection_raises_no_signal)
{
    struct fake_plan plan = {.deed = FAKE_CLOSES_AT_ONCE, .answer = fake_allow()};
    struct pollfd closed = {0};
    struct frt_ask ask;

    fake_frtd_start(&fake, &plan);
    closed.fd = frt_client_connect(fake.path, frt_mono_ms() + PATIENCE_MS);
    ck_assert_int_ge(closed.fd, 0);
    ck_assert_int_eq(poll(&closed, 1, PATIENCE_MS), 1);
    ck_assert(closed.revents & POLLHUP);
    ck_assert_int_eq(frt_client_ask_init(&ask, FRT_ASK_DECIDE), 0);
    ck_assert_int_eq(frt_client_ask(closed.fd, &ask, frt_mono_ms() + PATIENCE_MS, &answer), -EPIPE);
    close(closed.fd);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(no_two_questions_have_the_same_rid)
{
    struct frt_ask a, b;

    ck_assert_int_eq(frt_client_ask_init(&a, FRT_ASK_STATUS), 0);
    ck_assert_int_eq(frt_client_ask_init(&b, FRT_ASK_STATUS), 0);
    ck_assert_mem_ne(a.rid, b.rid, sizeof(a.rid));
}
END_TEST

START_TEST(a_long_text_comes_through_whole)
{
    struct fake_plan plan = {.answer = fake_denial()};
    static const enum frt_ask_kind kinds[] = {FRT_ASK_STATUS, FRT_ASK_CHECK, FRT_ASK_WHY, FRT_ASK_GRANT};
    struct frt_ask ask;
    char *text = malloc(60000);

    memset(text, 'j', 60000);
    plan.answer.text = text;
    plan.answer.text_length = 60000;
    fake_frtd_start(&fake, &plan);
    ck_assert_int_eq(frt_client_ask_init(&ask, kinds[_i]), 0);
    ck_assert_int_eq(frt_client_ask_once(fake.path, &ask, frt_mono_ms() + PATIENCE_MS, &answer), 0);
    ck_assert_uint_eq(answer.text_length, 60000);
    ck_assert_mem_eq(answer.text, text, 60000);
    frt_answer_clear(&answer);
    fake_frtd_stop(&fake);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("protocol.client");
    TCase *tc = tcase_create("client");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, each_deed_of_the_server_has_its_own_error, 0, (int)FRT_ARRAY_LEN(deeds));
    tcase_add_test(tc, an_answer_cut_at_any_byte_is_refused);
    tcase_add_loop_test(tc, a_place_without_frtd_fails_at_once, 0, (int)FRT_ARRAY_LEN(places));
    tcase_add_test(tc, a_deadline_in_the_past_asks_nobody);
    tcase_add_test(tc, a_full_backlog_is_waited_for_until_the_deadline);
    tcase_add_test(tc, signals_do_not_end_the_wait_and_do_not_lengthen_it);
    tcase_add_test(tc, the_connection_is_closed_on_exec);
    tcase_add_test(tc, asking_on_a_closed_connection_raises_no_signal);
    tcase_add_test(tc, no_two_questions_have_the_same_rid);
    tcase_add_loop_test(tc, a_long_text_comes_through_whole, 0, 4);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
