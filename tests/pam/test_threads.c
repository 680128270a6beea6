/* SPDX-License-Identifier: BSD-2-Clause
 *
 * P16: 64 threads, each with transactions of its own, in a program and a module built with ThreadSanitizer.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/fake_frtd.h"
#include "tests/pam/scratch.h"

#define THREADS      64
#define TRANSACTIONS 1000 /* of each */

static struct fake_frtd fakes[2];
static struct scratch services[2]; /* frtd allows; frtd denies */
static atomic_uint passed, denied, wrong;

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                    void *data)
{
    (void)messages, (void)data;
    *ret_responses = calloc((size_t)count, sizeof(**ret_responses));
    return *ret_responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void *work(void *number)
{
    unsigned seed = *(unsigned *)number;
    struct pam_conv conv = {.conv = converse};

    for (int i = 0; i < TRANSACTIONS; i++) {
        unsigned which = rand_r(&seed) % 8 == 0;
        pam_handle_t *pamh = NULL;
        int code;

        if (pam_start_confdir("svc", "p22", &conv, services[which].directory, &pamh) != PAM_SUCCESS)
            abort();
        code = pam_acct_mgmt(pamh, 0);
        if (code == PAM_SUCCESS && !which)
            atomic_fetch_add(&passed, 1);
        else if (code == PAM_PERM_DENIED && which)
            atomic_fetch_add(&denied, 1);
        else
            atomic_fetch_add(&wrong, 1);
        pam_end(pamh, code);
    }
    return NULL;
}

START_TEST(threads_do_not_meet)
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];

    for (unsigned w = 0; w < 2; w++) {
        struct fake_plan plan = {.answer = w ? fake_denial() : fake_allow()};

        fake_frtd_start(&fakes[w], &plan);
        scratch_write(&services[w], "account required %m tool=T04 socket=%s timeout_ms=60000",
                      FRT_BINARY_DIR "/tests/pam_frt_tsan.so", fakes[w].path);
    }
    for (unsigned t = 0; t < THREADS; t++) {
        numbers[t] = t + 1;
        ck_assert_int_eq(pthread_create(&threads[t], NULL, work, &numbers[t]), 0);
    }
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(passed + denied, THREADS * TRANSACTIONS);
    ck_assert_uint_gt(denied, 0);
    for (unsigned w = 0; w < 2; w++) {
        scratch_remove(&services[w]);
        fake_frtd_stop(&fakes[w]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pam.threads");
    TCase *tc = tcase_create("threads");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 0);
    tcase_add_test(tc, threads_do_not_meet);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    /* In this process, so that ThreadSanitizer's exit status is ours. */
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
