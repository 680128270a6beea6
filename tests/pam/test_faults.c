/* SPDX-License-Identifier: BSD-2-Clause
 *
 * P1, P12: every call that can fail fails once, alone and then at random; nobody passes unless frtd said so, and nothing
 * stays open.
 */
#include <check.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "tests/fixtures/fake_frtd.h"
#include "tests/pam/faults.h"
#include "tests/pam/scratch.h"

#define MODULE FRT_BINARY_DIR "/tests/pam_frt_faulty.so"
#define LINES                                                                                                \
    "auth required %m tool=T04 socket=%s timeout_ms=3000 group_id=7\n"                                       \
    "account required %m tool=T04 socket=%s timeout_ms=3000\n"                                               \
    "session required %m tool=T04 socket=%s timeout_ms=3000"
#define RANDOM_RUNS 4000

static void (*plan)(unsigned nth, unsigned odds, unsigned seed);
static unsigned (*calls)(void);
static struct fake_frtd fake;
static struct scratch s;

static void find_controls(void)
{
    void *module = dlopen(MODULE, RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(module != NULL, "%s", module ? "" : dlerror());
    /* POSIX's way to turn the object pointer of dlsym() into a function. */
    *(void **)&plan = dlsym(module, "frt_faults_plan");
    *(void **)&calls = dlsym(module, "frt_faults_calls");
    ck_assert(plan && calls);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static bool is_refusal(int code)
{
    return code == PAM_PERM_DENIED || code == PAM_AUTHINFO_UNAVAIL || code == PAM_SYSTEM_ERR;
}

/* A whole transaction; true when every phase passed. */
static bool run_all(bool frtd_allows)
{
    bool passed = true;
    int code;

    scratch_start(&s, "p22");
    s.reply = "Q201";
    s.said[0] = '\0';
    for (enum scratch_phase phase = SCRATCH_AUTH; phase <= SCRATCH_CLOSE; phase++) {
        code = scratch_run(&s, phase, phase == SCRATCH_SETCRED ? PAM_ESTABLISH_CRED : 0);
        ck_assert_msg(code == PAM_SUCCESS || is_refusal(code), "phase %d: %d", (int)phase, code);
        if (phase == SCRATCH_ACCOUNT && !frtd_allows)
            ck_assert_int_ne(code, PAM_SUCCESS);
        passed = passed && code == PAM_SUCCESS;
    }
    scratch_end(&s);
    return passed;
}

static void begin(bool frtd_allows)
{
    struct fake_plan fake_plan = {.answer = frtd_allows ? fake_allow() : fake_denial()};

    fake_plan.answer.needs_request = true;
    find_controls();
    fake_frtd_start(&fake, &fake_plan);
    scratch_write(&s, LINES, MODULE, fake.path);
    plan(0, 0, 0);
    ck_assert_int_eq(run_all(frtd_allows), frtd_allows);
}

static void end(void)
{
    plan(0, 0, 0);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}

START_TEST(each_call_failing_once_lets_nobody_pass)
{
    bool frtd_allows = _i;
    unsigned before, count, refused = 0;

    begin(frtd_allows);
    count = calls();
    ck_assert_uint_gt(count, 60);
    before = count_descriptors();
    for (unsigned nth = 1; nth <= count; nth++) {
        plan(nth, 0, nth * 7919);
        refused += !run_all(frtd_allows);
        ck_assert_msg(count_descriptors() == before, "call %u left a descriptor", nth);
    }
    ck_assert_uint_gt(refused, 20);
    end();
}
END_TEST

START_TEST(calls_failing_at_random_let_nobody_pass)
{
    bool frtd_allows = _i & 1;
    unsigned odds = _i < 2 ? 400 : 12, before, refused = 0;

    begin(frtd_allows);
    before = count_descriptors();
    for (unsigned seed = 1; seed <= RANDOM_RUNS; seed++) {
        plan(0, odds, seed);
        refused += !run_all(frtd_allows);
    }
    ck_assert_uint_eq(count_descriptors(), before);
    ck_assert_uint_gt(refused, RANDOM_RUNS / 40);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pam.faults");
    TCase *tc = tcase_create("faults");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 280);
    tcase_add_loop_test(tc, each_call_failing_once_lets_nobody_pass, 0, 2);
    tcase_add_loop_test(tc, calls_failing_at_random_let_nobody_pass, 0, 4);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
