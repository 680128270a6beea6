/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What whole PAM stacks do around the module (threats 2.1): which positions hold, and which no module can save.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "tests/fixtures/fake_frtd.h"
#include "tests/pam/scratch.h"
#include "tools/pam_stack.h"

#define SHIPPED                                                                                              \
    "account [success=ok new_authtok_reqd=ok ignore=die default=die] %m tool=T04 socket=%s timeout_ms=500"
#define GOVERNED "%m tool=T04 socket=%s timeout_ms=500"

/* What frtd does while the stack runs. */
enum frtd_state { ALLOWS, EXEMPTS, DENIES, CANNOT_DECIDE, GONE, HANGS, STATES };

static const struct {
    const char *given, *lines;
    int expected[STATES];
    const char *warning; /* of pam-try --check; NULL: none */
} stacks[] = {
    {"the shipped line alone",
     SHIPPED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     NULL},
    {"the shipped line, then permit",
     SHIPPED "\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     NULL},
    {"the shipped line after Debian's account lines",
     "account [success=1 new_authtok_reqd=done default=ignore] pam_permit.so\naccount requisite pam_deny.so\n"
     "account required pam_permit.so\n" SHIPPED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     "svc:4: is never asked when this line ends the stack first; put it before "},
    {"the shipped line before Debian's account lines, the password expired",
     SHIPPED "\naccount [success=1 new_authtok_reqd=done default=ignore] pam_debug.so acct=new_authtok_reqd\n"
             "account requisite pam_deny.so\naccount required pam_permit.so",
     {PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     NULL},
    {"the shipped line, then deny",
     SHIPPED "\naccount required pam_deny.so",
     {PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     NULL},
    {"required, then permit",
     "account required " GOVERNED "\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     NULL},
    {"required, after permit",
     "account required pam_permit.so\naccount required " GOVERNED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
      PAM_AUTHINFO_UNAVAIL},
     NULL},
    {"the shipped line with no tool",
     "account [success=ok new_authtok_reqd=ok ignore=die default=die] %m\n"
     "account required pam_permit.so",
     {PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
     NULL},
    {"a line with no tool leaves the service alone",
     "account required %m\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
     NULL},
    {"a module that is missing denies",
     "account required %m.gone tool=T04\naccount required pam_permit.so",
     {PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN,
      PAM_MODULE_UNKNOWN},
     NULL},
    {"a module that is missing denies behind a dash",
     "-account required %m.gone tool=T04\naccount required pam_permit.so",
     {PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN, PAM_MODULE_UNKNOWN,
      PAM_MODULE_UNKNOWN},
     NULL},
    /* Known limits: no module can answer for a line that makes libpam ignore it, or is never reached. */
    {"KNOWN LIMIT: default=ignore",
     "account required pam_permit.so\naccount [success=ok default=ignore] " GOVERNED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
     "svc:2: this control lets people pass"},
    {"KNOWN LIMIT: optional",
     "account optional " GOVERNED "\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
     "svc:1: this control lets people pass"},
    {"KNOWN LIMIT: jumped over",
     "account [success=1 \\\n default=ignore] pam_permit.so # two lines\n" SHIPPED
     "\naccount required pam_permit.so",
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
     "svc:3: is jumped over by "},
    /* Login programs let the password be changed, and then the person in. */
    {"KNOWN LIMIT: behind Debian's account lines, the password expired",
     "account [success=1 new_authtok_reqd=done default=ignore] pam_debug.so acct=new_authtok_reqd\n"
     "account requisite pam_deny.so\naccount required pam_permit.so\n" SHIPPED,
     {PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD,
      PAM_NEW_AUTHTOK_REQD, PAM_NEW_AUTHTOK_REQD},
     "svc:4: is never asked when this line ends the stack first; put it before "},
    {"KNOWN LIMIT: behind a sufficient line",
     "account sufficient pam_permit.so\naccount required " GOVERNED,
     {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
     "svc:2: is never asked when this line ends the stack first; put it before "},
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

/* What libpam does wrong by these files is said by reading them. */
START_TEST(the_check_warns_of_every_stack_that_lets_refusals_pass)
{
    struct frt_pam_stack_report report;
    frt_auto_free char *said = NULL;
    struct scratch s;
    size_t size;
    FILE *out = open_memstream(&said, &size);

    ck_assert_ptr_nonnull(out);
    scratch_write(&s, stacks[_i].lines, "/lib/security/pam_frt.so", "/run/frt/frtd.sock");
    ck_assert_int_eq(frt_pam_stack_check(s.directory, "svc", out, &report), 0);
    fclose(out);
    ck_assert_msg((report.problems > 0) == (stacks[_i].warning != NULL), "%s: %s", stacks[_i].given, said);
    if (stacks[_i].warning)
        ck_assert_msg(strstr(said, stacks[_i].warning) != NULL, "%s: %s", stacks[_i].given, said);
    scratch_remove(&s);
}
END_TEST

static void write_service(const char *directory, const char *name, const char *text)
{
    frt_auto_free char *path = NULL;
    FILE *file;

    ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* The line of the service that includes; "common" holds what is included. */
static const struct {
    const char *given, *common, *lines;
    unsigned governed, problems;
} included[] = {
    {"before what is included", "account sufficient pam_permit.so\n", SHIPPED "\n@include common", 1, 0},
    {"behind what is included", "account sufficient pam_permit.so\n", "@include common\n" SHIPPED, 1, 1},
    {"behind an account include", "account sufficient pam_permit.so\n", "account include common\n" SHIPPED, 1,
     1},
    {"behind a substack, which ends itself only", "account sufficient pam_permit.so\n",
     "account substack common\n" SHIPPED, 1, 0},
    {"lines of other types do not matter", "auth sufficient pam_permit.so\n", "@include common\n" SHIPPED, 1,
     0},
    {"in what is included", "account sufficient pam_permit.so\naccount required pam_frt.so tool=T04\n",
     "@include common", 1, 1},
    {"a file that is not there", "", "@include nothing\n" SHIPPED, 1, 1},
    {"a file that includes itself", "@include common\n", "@include common\n" SHIPPED, 1, 1},
    {"no line of ours", "", "account required pam_permit.so", 0, 0},
    {"a line that names no tool", "", "account required %m notice", 0, 0},
};

START_TEST(the_check_follows_what_is_included)
{
    struct frt_pam_stack_report report;
    frt_auto_free char *said = NULL;
    struct scratch s;
    size_t size;
    char path[128];
    FILE *out = open_memstream(&said, &size);

    ck_assert_ptr_nonnull(out);
    scratch_write(&s, included[_i].lines, "pam_frt.so", "/run/frt/frtd.sock");
    write_service(s.directory, "common", included[_i].common);
    ck_assert_int_eq(frt_pam_stack_check(s.directory, "svc", out, &report), 0);
    ck_assert_int_eq(
        frt_pam_stack_check(s.directory, "no-such-service", out, &(struct frt_pam_stack_report){0}), -ENOENT);
    fclose(out);
    ck_assert_msg(report.governed == included[_i].governed && report.problems == included[_i].problems,
                  "%s: %s", included[_i].given, said);
    snprintf(path, sizeof(path), "%s/common", s.directory);
    ck_assert_int_eq(remove(path), 0);
    scratch_remove(&s);
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
    tcase_add_loop_test(tc, the_check_warns_of_every_stack_that_lets_refusals_pass, 0,
                        (int)FRT_ARRAY_LEN(stacks));
    tcase_add_loop_test(tc, the_check_follows_what_is_included, 0, (int)FRT_ARRAY_LEN(included));
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
