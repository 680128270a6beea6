/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What whole PAM stacks do around the module (threats 2.1): which positions hold, and which no module can save.
 */
#include <check.h>
#include <stdlib.h>

#include "support/cleanup.h"
#include "tests/fixtures/fake_frtd.h"
#include "tests/pam/scratch.h"

#define SHIPPED                                                                                              \
    "account [success=ok new_authtok_reqd=ok ignore=die default=die] %m tool=T04 socket=%s timeout_ms=500"
#define GOVERNED "%m tool=T04 socket=%s timeout_ms=500"

/* What frtd does while the stack runs. */
enum frtd_state { ALLOWS, EXEMPTS, DENIES, CANNOT_DECIDE, GONE, HANGS, STATES };

static const struct {
    const char *given, *lines;
    int expected[STATES];
} stacks[] = {
    {"the shipped line alone",
     SHIPPED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"the shipped line, then permit",
     SHIPPED "\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"the shipped line after Debian's account lines",
     "account [success=1 new_authtok_reqd=done default=ignore] pam_permit.so\naccount requisite pam_deny.so\n"
     "account required pam_permit.so\n" SHIPPED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"the shipped line before Debian's account lines, the password expired",
     SHIPPED "\naccount [success=1 new_authtok_reqd=done default=ignore] pam_debug.so acct=new_authtok_reqd\n"
             "account requisite pam_deny.so\naccount required pam_permit.so",
     {PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"the shipped line, then deny",
     SHIPPED "\naccount required pam_deny.so",
     {PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"required, then permit",
     "account required " GOVERNED "\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"required, after permit",
     "account required pam_permit.so\naccount required " GOVERNED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL}},
    {"the shipped line with no tool",
     "account [success=ok new_authtok_reqd=ok ignore=die default=die] %m\n"
     "account required pam_permit.so",
     {PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED}},
    {"a line with no tool leaves the service alone",
     "account required %m\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS}},
    {"a module that is missing denies",
     "account required %m.gone tool=T04\naccount required pam_permit.so",
     {PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN,
      PAM_MODULE_UNKNOWN}},
    {"a module that is missing denies behind a dash",
     "-account required %m.gone tool=T04\naccount required pam_permit.so",
     {PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN,
      PAM_MODULE_UNKNOWN}},
    /* Known limits: no module can answer for a line that makes libpam ignore it, or is never reached. */
    {"KNOWN LIMIT: default=ignore",
     "account required pam_permit.so\naccount [success=ok default=ignore] " GOVERNED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS}},
    /* Login programs let the password be changed, and then the person in. */
    {"KNOWN LIMIT: behind Debian's account lines, the password expired",
     "account [success=1 new_authtok_reqd=done default=ignore] pam_debug.so acct=new_authtok_reqd\n"
     "account requisite pam_deny.so\naccount required pam_permit.so\n" SHIPPED,
     {PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD,
      PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD}},
    {"KNOWN LIMIT: behind a sufficient line",
     "account sufficient pam_permit.so\naccount required " GOVERNED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS}},
};

static void plan_for(enum frtd_state state, struct fake_plan *plan)
{
    plan->answer = state == DENIES || state == CANNOT_DECIDE ? fake_denial() : fake_allow();
    if (state == EXEMPTS)
        plan->answer.verdict = FRT_VERDICT_EXEMPT;
    if (state == CANNOT_DECIDE)
        plan->answer.reason = FRT_REASON_VIEW_STALE;
    if (state == HANGS)
        plan->deed = FAKE_NEVER_ANSWERS;
}

START_TEST(stacks_answer_as_the_table_says)
{
    for (enum frtd_state state = ALLOWS; state < STATES; state++) {
        struct fake_plan plan = {0};
        struct fake_frtd fake;
        struct scratch s;
        int code;

        plan_for(state, &plan);
        fake_frtd_start(&fake, &plan);
        scratch_write(&s, stacks[_i / SCRATCH_MODULES].lines, scratch_module(_i % SCRATCH_MODULES),
                      state == GONE ? "/run/frt-no-such/frtd.sock" : fake.path);
        scratch_start(&s, "p22");
        code = scratch_run(&s, SCRATCH_ACCOUNT, 0);
        ck_assert_msg(code == stacks[_i / SCRATCH_MODULES].expected[state], "%s, state %d: %d",
                      stacks[_i / SCRATCH_MODULES].given, (int)state, code);
        scratch_remove(&s);
        fake_frtd_stop(&fake);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pam.stack");
    TCase *tc = tcase_create("stack");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, stacks_answer_as_the_table_says, 0, (int)FRT_ARRAY_LEN(stacks) * SCRATCH_MODULES);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
