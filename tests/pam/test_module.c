/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pam_frt.so through libpam, phase by phase, against a frtd that answers, misbehaves or is not there. Numbers P1-P18 are
 * those of the threat list; P1, P4, P9, P13 and P14 have tests of their own beside this one.
 */
#include <check.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/name.h"
#include "tests/fixtures/fake_frtd.h"
#include "tests/pam/scratch.h"

#define LINE "tool=T04 socket=%s"

static struct fake_frtd fake;
static struct scratch s;

static void start_fake(struct frt_answer answer)
{
    struct fake_plan plan = {.answer = answer};

    fake_frtd_start(&fake, &plan);
}

static int account(const char *arguments, const char *user)
{
    return scratch_once(&s, SCRATCH_ACCOUNT, scratch_module(1), arguments, fake.path, user);
}

static void start_line(const char *type, const char *arguments, const char *user)
{
    frt_auto_free char *line = NULL;

    ck_assert_int_gt(asprintf(&line, "%s required %%m %s", type, arguments), 0);
    scratch_write(&s, line, scratch_module(1), fake.path);
    scratch_start(&s, user);
}

/* ---- decisions and codes ---- */

START_TEST(a_denial_names_rule_citation_decision_and_contact)
{
    start_fake(fake_denial());
    ck_assert_int_eq(account(LINE, "p01"), PAM_PERM_DENIED);
    ck_assert_str_eq(s.said, "T04: refused. City officials may not use face surveillance.\n"
                             "Rule N-USE: Northampton Code c. 290 \xc2\xa7"
                             "1\n"
                             "Decision 1234. Ask: the city solicitor\n");
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(every_reason_gives_its_code_for_every_verdict)
{
    static const enum frt_verdict verdicts[] = {FRT_VERDICT_DENY, FRT_VERDICT_ALLOW, FRT_VERDICT_EXEMPT,
                                                FRT_VERDICT_NOT_GOVERNED};
    bool undecided = frt_reason_table[_i].could_not_decide;

    for (size_t v = 0; v < FRT_ARRAY_LEN(verdicts); v++) {
        struct frt_answer answer = fake_denial();
        int code;

        answer.verdict = verdicts[v];
        answer.reason = (enum frt_reason)_i;
        start_fake(answer);
        code = account(LINE, "p01");
        ck_assert_int_eq(code, undecided ? PAM_AUTHINFO_UNAVAIL : v == 0 ? PAM_PERM_DENIED : PAM_SUCCESS);
        if (undecided)
            ck_assert_ptr_nonnull(strstr(s.said, "could not be decided"));
        fake_frtd_stop(&fake);
    }
}
END_TEST

/* No permission without a record: the decision's number is that of its record. */
START_TEST(a_permission_without_a_record_is_none)
{
    static const enum frt_verdict verdicts[] = {FRT_VERDICT_ALLOW, FRT_VERDICT_EXEMPT};

    for (size_t v = 0; v < FRT_ARRAY_LEN(verdicts); v++) {
        struct frt_answer answer = fake_allow();

        answer.verdict = verdicts[v];
        answer.decision = -1;
        start_fake(answer);
        ck_assert_int_eq(account(LINE, "p22"), PAM_AUTHINFO_UNAVAIL);
        fake_frtd_stop(&fake);
    }
}
END_TEST

START_TEST(an_allow_speaks_of_what_is_owed_and_others_are_silent)
{
    struct frt_answer answer = fake_allow();

    start_fake(answer);
    ck_assert_int_eq(account(LINE, "p22"), PAM_SUCCESS);
    ck_assert_str_eq(s.said,
                     "T04: allowed, decision 1234. Afterwards record matches and database (items a-h).\n");
    fake_frtd_stop(&fake);
    answer.verdict = FRT_VERDICT_EXEMPT;
    answer.obligations = 0;
    start_fake(answer);
    ck_assert_int_eq(account(LINE, "p04"), PAM_SUCCESS);
    ck_assert_str_eq(s.said, "");
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(the_question_carries_the_items_and_nothing_else)
{
    struct frt_ask ask;

    start_fake(fake_allow());
    start_line("account", "tool=T04 socket=%s action=open", "p22");
    pam_set_item(s.pamh, PAM_RUSER, "p01");
    pam_set_item(s.pamh, PAM_TTY, "/dev/pts/3");
    pam_set_item(s.pamh, PAM_RHOST, "192.0.2.7");
    pam_putenv(s.pamh, "FRT_REQUEST=Q201");
    pam_putenv(s.pamh, "FRT_TOOL=T99");
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_SUCCESS);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_int_eq(ask.kind, FRT_ASK_DECIDE);
    ck_assert_str_eq(ask.user, "p22");
    ck_assert_str_eq(ask.ruser, "p01");
    ck_assert_str_eq(ask.tty, "/dev/pts/3");
    ck_assert_str_eq(ask.rhost, "192.0.2.7");
    ck_assert_str_eq(ask.service, "svc");
    ck_assert_str_eq(ask.tool, "T04");
    ck_assert_str_eq(ask.request, "Q201");
    ck_assert_int_eq(ask.action, FRT_ACTION_OPEN);
    ck_assert_int_eq(ask.match, FRT_MATCH_NAMED);
    ck_assert_int_eq(ask.user_uid, -1);
    ck_assert_int_eq(ask.login_uid, -1);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- tool=env ---- */

static const struct {
    const char *given, *assignment, *asked;
    int expected; /* where frtd allows whatever it is asked */
} environment[] = {
    {"a tool", "FRT_TOOL=T04", "T04", PAM_SUCCESS},
    {"none", NULL, "", PAM_PERM_DENIED},
    {"an empty one", "FRT_TOOL=", "", PAM_PERM_DENIED},
    {"a newline", "FRT_TOOL=T04\nx", "T04%0Ax", PAM_SUCCESS},
    {"63 bytes", "FRT_TOOL=Taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "Taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", PAM_SUCCESS},
    {"64 bytes never become another's 63",
     "FRT_TOOL=Taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
     "Taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%", PAM_SUCCESS},
};

START_TEST(a_launchers_tool_comes_from_the_pam_environment)
{
    struct frt_ask ask;

    start_fake(fake_allow());
    setenv("FRT_TOOL", "T01", 1); /* the process environment counts for nothing */
    start_line("account", "tool=env socket=%s", "p22");
    if (environment[_i].assignment)
        pam_putenv(s.pamh, environment[_i].assignment);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), environment[_i].expected);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_str_eq(ask.tool, environment[_i].asked);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- the line's words ---- */

static const struct {
    const char *arguments;
    int expected;
} lines[] = {
    {"tool=T04 socket=%s", PAM_SUCCESS},
    {"socket=%s tool=T04", PAM_SUCCESS},
    {"tool=T04 socket=%s debug", PAM_SUCCESS},
    {"tool=T04 socket=%s [contact=the IT desk]", PAM_SUCCESS},
    {"tool=T04 socket=%s timeout_ms=60000", PAM_SUCCESS},
    {"tool=T04 socket=%s timeout_ms=60001", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s timeout_ms=0", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s timeout_ms=-1", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s timeout_ms=0x10", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s timeout_ms=010", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s timeout_ms=", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s [timeout_ms=5 ]", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s timeout_ms=+5", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s group_id=4294967294", PAM_SUCCESS},
    {"tool=T04 socket=%s group_id=4294967295", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s group_id=4294967296", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s group_id=0", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s group_id=frt", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s action=login", PAM_SUCCESS},
    {"tool=T04 socket=%s action=obtain", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s request=sometimes", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s results=ask", PAM_SUCCESS},
    {"tool=T04 socket=%s results=later", PAM_SUCCESS},
    {"tool=T04 socket=%s results=", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s notice", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s ignore_authinfo_unavail", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s tool=T05", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s debug debug", PAM_SYSTEM_ERR},
    {"tool=T04 socket=%s debugs", PAM_SYSTEM_ERR},
    {"tool=T04 socket=relative", PAM_SYSTEM_ERR},
    {"tool=T04 socket=", PAM_SYSTEM_ERR},
    {"tool= socket=%s", PAM_SYSTEM_ERR},
    {"tool socket=%s", PAM_SYSTEM_ERR},
    {"tool=../T04 socket=%s", PAM_SYSTEM_ERR},
    {"[tool=T04 x] socket=%s", PAM_SYSTEM_ERR},
};

START_TEST(a_governed_line_with_a_mistake_denies)
{
    struct frt_ask ask;
    int code;

    start_fake(fake_allow());
    code = account(lines[_i].arguments, "p22");
    ck_assert_msg(code == lines[_i].expected, "%s: %d", lines[_i].arguments, code);
    ck_assert(fake_frtd_asked(&fake, code == PAM_SUCCESS ? 10000 : 0, &ask) == (code == PAM_SUCCESS));
    if (code != PAM_SUCCESS)
        ck_assert_ptr_nonnull(strstr(s.said, "has a mistake"));
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(a_line_without_a_tool_asks_nobody_and_says_only_its_notice)
{
    static const char *const types[] = {"auth", "auth", "account", "session", "session"};
    static const char *const arguments[] = {"socket=%s", "notice socket=%s",
                                            "[notice=Mind the law.] nonsense", "Tool=T04"};
    struct frt_ask ask;

    start_fake(fake_denial());
    for (enum scratch_phase phase = SCRATCH_AUTH; phase <= SCRATCH_CLOSE; phase++) {
        for (size_t a = 0; a < FRT_ARRAY_LEN(arguments); a++) {
            frt_auto_free char *stack = NULL;
            const char *said = phase != SCRATCH_OPEN || a == 0 || a == 3 ? ""
                               : a == 1                                  ? "Notice to city officials"
                                                                         : "Mind the law.\n";

            ck_assert_int_gt(asprintf(&stack, "%s required %%m %s\n%s required pam_permit.so", types[phase],
                                      arguments[a], types[phase]),
                             0);
            scratch_write(&s, stack, scratch_module(1), fake.path);
            scratch_start(&s, "p01");
            ck_assert_int_eq(scratch_run(&s, phase, 0), PAM_SUCCESS);
            ck_assert_int_eq(strncmp(s.said, said, strlen(said)), 0);
            ck_assert_int_eq(s.said[0] == '\0', said[0] == '\0');
            s.said[0] = '\0';
            ck_assert_int_eq(scratch_run(&s, phase, (int)PAM_SILENT), PAM_SUCCESS);
            ck_assert_str_eq(s.said, "");
            scratch_remove(&s);
        }
    }
    ck_assert(!fake_frtd_asked(&fake, 0, &ask));
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(silence_is_kept_unless_the_line_says_speak)
{
    start_fake(fake_denial());
    start_line("account", LINE, "p01");
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, (int)PAM_SILENT), PAM_PERM_DENIED);
    ck_assert_str_eq(s.said, "");
    scratch_remove(&s);
    start_line("account", LINE " speak", "p01");
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, (int)PAM_SILENT), PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(strstr(s.said, "Rule N-USE"));
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- P3, P10, P18: frtd absent or misbehaving ---- */

static const struct {
    const char *given;
    struct fake_plan plan;
} deeds[] = {
    {"nobody accepts", {.deed = FAKE_NEVER_ACCEPTS}},
    {"nobody answers", {.deed = FAKE_NEVER_ANSWERS}},
    {"reset", {.deed = FAKE_CLOSES_AT_ONCE}},
    {"closed after the question", {.deed = FAKE_CLOSES_AFTER_READ}},
    {"another's answer", {.deed = FAKE_ANSWERS_ANOTHER}},
    {"1 byte at a time, 100 ms apart", {.deed = FAKE_TRICKLES, .delay_ms = 100}},
    {"too much", {.deed = FAKE_ANSWERS_TOO_MUCH}},
    {"an empty message", {.deed = FAKE_ANSWERS_NOTHING}},
    {"a stranger listens", {.uid = 12345}},
    {"a directory others may write in", {.mode = 0777}},
    {"too late", {.delay_ms = 2000}},
};

START_TEST(whatever_frtd_does_wrong_denies_in_every_phase)
{
    struct fake_plan plan = deeds[_i].plan;
    static const enum scratch_phase phases[] = {SCRATCH_AUTH, SCRATCH_ACCOUNT, SCRATCH_OPEN, SCRATCH_CLOSE};

    plan.answer = fake_allow();
    fake_frtd_start(&fake, &plan);
    for (size_t p = 0; p < FRT_ARRAY_LEN(phases); p++) {
        int code = scratch_once(&s, phases[p], scratch_module(1),
                                LINE " timeout_ms=300 [contact=the IT desk]", fake.path, "p22");

        ck_assert_msg(code == PAM_AUTHINFO_UNAVAIL, "%s, phase %d: %d", deeds[_i].given, (int)phases[p],
                      code);
        ck_assert_str_eq(s.said,
                         "T04: could not be decided (frtd-unreachable), therefore refused. Tell your system "
                         "administrator: is frtd running? (frt status)\nAsk: the IT desk\n");
    }
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(no_bit_flipped_in_a_denial_lets_anyone_pass)
{
    struct fake_plan plan = {.deed = FAKE_FLIPS_THE_NEXT_BIT, .answer = fake_denial()};
    struct frt_ask ask;
    uint8_t buffer[FRT_ANSWER_SHORT_MAX];
    size_t bits = (size_t)frt_answer_encode(&plan.answer, buffer, sizeof(buffer)) * 8, not_understood = 0;

    fake_frtd_start(&fake, &plan);
    start_line("account", LINE, "p01");
    for (size_t bit = 0; bit < bits; bit++) {
        int code;

        s.said[0] = '\0';
        code = scratch_run(&s, SCRATCH_ACCOUNT, 0);
        ck_assert_int_ne(code, PAM_SUCCESS);
        not_understood += code == PAM_AUTHINFO_UNAVAIL;
        ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    }
    ck_assert_uint_ge(not_understood, 28 * 8); /* the header, for one */
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(a_socket_the_caller_may_not_use_denies)
{
    struct fake_plan plan = {.answer = fake_allow()};
    int status;
    pid_t pid;

    fake_frtd_start(&fake, &plan);
    ck_assert_int_eq(chmod(fake.path, 0600), 0);
    ck_assert_int_eq(chmod(FRT_BINARY_DIR, 0755), 0);
    pid = fork();
    if (pid == 0) {
        if (setuid(20001) < 0)
            _exit(100);
        _exit(account(LINE, "p01"));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), PAM_AUTHINFO_UNAVAIL);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(the_deadline_is_for_the_whole_question)
{
    struct fake_plan plan = {.deed = FAKE_NEVER_ANSWERS};
    int64_t start;

    fake_frtd_start(&fake, &plan);
    start = frt_mono_ms();
    ck_assert_int_eq(account(LINE, "p01"), PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_ge(frt_mono_ms() - start, 2000);
    ck_assert_int_lt(frt_mono_ms() - start, 20000);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- P2, P7: names ---- */

static void check_name(const char *name)
{
    struct frt_ask ask;

    s.said[0] = '\0';
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_USER, name), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_PERM_DENIED);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_int_eq(frt_name_is_canonical(ask.user, strlen(ask.user)),
                     frt_name_is_canonical(name, strlen(name)));
    if (frt_name_is_canonical(name, strlen(name)))
        ck_assert_str_eq(ask.user, name);
    for (const char *p = ask.user; *p; p++)
        ck_assert(*p >= 0x20 && *p <= 0x7e);
}

START_TEST(names_of_every_kind_reach_frtd_as_text_and_never_as_somebody_else)
{
    static const char *const odd[] = {
        "",     "/",     "..",  "../../etc/passwd", "-r",  "0",      "4294967295",       "%n%n%s", "p01 ",
        " p01", "p01\n", "P01", "root\tx",          "a:b", "p01%00", "\xef\xbd\x81lice", "p01\\",  "p0\"1"};
    char name[300];
    unsigned seed = 1;

    start_fake(fake_denial());
    start_line("account", LINE, "p22");
    for (size_t i = 0; i < FRT_ARRAY_LEN(odd); i++)
        check_name(odd[i]);
    for (int c = 1; c < 256; c++)
        check_name((const char[]){(char)c, '\0'});
    for (size_t length = 1; length < sizeof(name); length += 7) {
        memset(name, 'p', length);
        name[length] = '\0';
        check_name(name);
    }
    for (int i = 0; i < 10000; i++) {
        size_t length = 1 + (size_t)rand_r(&seed) % 40;

        for (size_t k = 0; k < length; k++)
            name[k] = (char)(rand_r(&seed) % 3 ? 'a' + rand_r(&seed) % 26 : 1 + rand_r(&seed) % 255);
        name[length] = '\0';
        check_name(name);
    }
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(nobody_passes_without_a_name)
{
    start_fake(fake_allow());
    start_line("account", LINE, NULL);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_PERM_DENIED);
    ck_assert_uint_eq(s.prompts, 0);
    scratch_remove(&s);
    ck_assert_int_eq(account(LINE, ""), PAM_PERM_DENIED);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- auth: the written request ---- */

static struct frt_answer needing(void)
{
    struct frt_answer answer = fake_denial();

    answer.needs_request = true;
    return answer;
}

static const struct {
    const char *given, *arguments, *presented, *reply;
    bool needs;
    int expected;
    unsigned prompts;
    const char *kept; /* FRT_REQUEST afterwards; NULL: none */
} requests[] = {
    {"needed and given", LINE, NULL, "Q201", true, PAM_SUCCESS, 1, "Q201"},
    {"spaces and a newline behind it", LINE, NULL, "Q201 \t\r\n", true, PAM_SUCCESS, 1, "Q201"},
    {"not needed", LINE, NULL, "Q201", false, PAM_SUCCESS, 0, NULL},
    {"already presented", LINE, "Q209", "Q201", true, PAM_SUCCESS, 0, "Q209"},
    {"cancelled", LINE, NULL, "", true, PAM_PERM_DENIED, 1, NULL},
    {"cancelled by a newline", LINE, NULL, "\n", true, PAM_PERM_DENIED, 1, NULL},
    {"optional and empty", LINE " request=optional", NULL, "", true, PAM_SUCCESS, 1, NULL},
    {"optional and given", LINE " request=optional", NULL, "Q201", true, PAM_SUCCESS, 1, "Q201"},
    {"never asked for", LINE " request=none", NULL, "Q201", true, PAM_SUCCESS, 0, NULL},
    {"no reply at all", LINE, NULL, NULL, true, PAM_AUTHINFO_UNAVAIL, 1, NULL},
    {"hostile", LINE, NULL, "Q2\033[2J\n01", true, PAM_SUCCESS, 1, "Q2%1B[2J%0A01"},
};

START_TEST(the_written_request_is_asked_for_where_it_is_needed)
{
    struct frt_answer answer = needing();
    const char *kept;

    answer.needs_request = requests[_i].needs;
    start_fake(answer);
    start_line("auth", requests[_i].arguments, "p22");
    s.reply = requests[_i].reply;
    if (requests[_i].presented) {
        frt_auto_free char *assignment = NULL;

        ck_assert_int_gt(asprintf(&assignment, "FRT_REQUEST=%s", requests[_i].presented), 0);
        pam_putenv(s.pamh, assignment);
    }
    ck_assert_int_eq(scratch_run(&s, SCRATCH_AUTH, 0), requests[_i].expected);
    ck_assert_uint_eq(s.prompts, requests[_i].prompts);
    if (s.prompts)
        ck_assert_int_eq(strncmp(s.said, "Written request number for T04 (empty to cancel): \n", 51), 0);
    kept = pam_getenv(s.pamh, "FRT_REQUEST");
    ck_assert_int_eq(kept != NULL, requests[_i].kept != NULL);
    if (kept)
        ck_assert_str_eq(kept, requests[_i].kept);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(auth_asks_whether_and_account_presents_what_was_given)
{
    struct frt_ask ask;

    start_fake(needing());
    scratch_write(&s, "auth required %m tool=T04 socket=%s\naccount required %m tool=T04 socket=%s",
                  scratch_module(1), fake.path);
    scratch_start(&s, "p22");
    s.reply = "Q201";
    ck_assert_int_eq(scratch_run(&s, SCRATCH_AUTH, 0), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_PERM_DENIED);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_int_eq(ask.kind, FRT_ASK_TOOL_NEEDS_REQUEST);
    ck_assert_str_eq(ask.request, "");
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_int_eq(ask.kind, FRT_ASK_DECIDE);
    ck_assert_str_eq(ask.request, "Q201");
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- P6: conversations ---- */

static int conv_fails(int n, const struct pam_message **m, struct pam_response **r, void *d)
{
    (void)n, (void)m, (void)r, (void)d;
    return PAM_CONV_ERR;
}

static int conv_again(int n, const struct pam_message **m, struct pam_response **r, void *d)
{
    (void)n, (void)m, (void)r, (void)d;
    return PAM_CONV_AGAIN;
}

static int conv_gives_no_array(int n, const struct pam_message **m, struct pam_response **r, void *d)
{
    (void)n, (void)m, (void)d;
    *r = NULL;
    return PAM_SUCCESS;
}

static int conv_gives_no_text(int n, const struct pam_message **m, struct pam_response **r, void *d)
{
    (void)m, (void)d;
    *r = calloc((size_t)n, sizeof(**r));
    return PAM_SUCCESS;
}

static int conv_gives_a_megabyte(int n, const struct pam_message **m, struct pam_response **r, void *d)
{
    (void)m, (void)d;
    *r = calloc((size_t)n, sizeof(**r));
    (*r)->resp = malloc((1 << 20) + 1);
    memset((*r)->resp, 'Q', 1 << 20);
    (*r)->resp[1 << 20] = '\0';
    return PAM_SUCCESS;
}

static const struct {
    const char *given;
    int (*conv)(int, const struct pam_message **, struct pam_response **, void *);
    int auth;
} conversations[] = {
    {"no function", NULL, PAM_AUTHINFO_UNAVAIL},
    {"PAM_CONV_ERR", conv_fails, PAM_AUTHINFO_UNAVAIL},
    {"PAM_CONV_AGAIN", conv_again, PAM_AUTHINFO_UNAVAIL},
    {"no array", conv_gives_no_array, PAM_AUTHINFO_UNAVAIL},
    {"no text", conv_gives_no_text, PAM_AUTHINFO_UNAVAIL},
    {"a megabyte", conv_gives_a_megabyte, PAM_SUCCESS},
};

START_TEST(odd_conversations_change_no_decision)
{
    struct frt_ask ask;
    int code;

    start_fake(needing());
    scratch_write(&s, "auth required %m tool=T04 socket=%s\naccount required %m tool=T04 socket=%s",
                  scratch_module(1), fake.path);
    s.conv.conv = conversations[_i].conv;
    scratch_start(&s, "p22");
    code = scratch_run(&s, SCRATCH_AUTH, 0);
    ck_assert_msg(code == conversations[_i].auth, "%s: %d", conversations[_i].given, code);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_PERM_DENIED);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask) && fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_uint_lt(strlen(ask.request), FRT_NAME_MAX);
    ck_assert(!ask.request[0] || ask.request[FRT_NAME_MAX - 2] == '%');
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- sessions and setcred ---- */

START_TEST(sessions_name_the_decision_that_let_them_begin)
{
    struct frt_ask ask;

    start_fake(fake_allow());
    scratch_write(&s, "account required %m tool=T04 socket=%s\nsession required %m tool=T04 socket=%s",
                  scratch_module(1), fake.path);
    scratch_start(&s, "p22");
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_OPEN, 0), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_CLOSE, 0), PAM_SUCCESS);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_int_eq(ask.kind, FRT_ASK_SESSION_OPEN);
    ck_assert_int_eq(ask.decision, 1234);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_int_eq(ask.kind, FRT_ASK_SESSION_CLOSE);
    ck_assert_int_eq(ask.decision, 1234);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(a_session_that_opens_shows_the_notice_frtd_sent)
{
    struct frt_answer answer = fake_denial();

    answer.verdict = FRT_VERDICT_NOT_GOVERNED;
    answer.reason = FRT_REASON_NOT_FRT;
    start_fake(answer);
    ck_assert_int_eq(scratch_once(&s, SCRATCH_OPEN, scratch_module(1), LINE, fake.path, "p01"), PAM_SUCCESS);
    ck_assert_str_eq(s.said, "Notice: City officials may not use face surveillance.\n"
                             "Rule N-USE: Northampton Code c. 290 \xc2\xa7"
                             "1\n");
    ck_assert_int_eq(scratch_once(&s, SCRATCH_CLOSE, scratch_module(1), LINE, fake.path, "p01"), PAM_SUCCESS);
    ck_assert_str_eq(s.said, "");
    fake_frtd_stop(&fake);
}
END_TEST

static const struct {
    const char *given;
    enum frt_verdict verdict;
    bool asks_account;
    int flags;
    bool has_group;
} groups[] = {
    {"after an allow", FRT_VERDICT_ALLOW, true, PAM_ESTABLISH_CRED, true},
    {"after an exemption", FRT_VERDICT_EXEMPT, true, PAM_ESTABLISH_CRED, false},
    {"after a denial", FRT_VERDICT_DENY, true, PAM_ESTABLISH_CRED, false},
    {"without a decision", FRT_VERDICT_ALLOW, false, PAM_ESTABLISH_CRED, false},
    {"when credentials go", FRT_VERDICT_ALLOW, true, PAM_DELETE_CRED, false},
};

static bool has_group(gid_t group)
{
    gid_t list[1024];
    int count = getgroups(1024, list);

    for (int i = 0; i < count; i++)
        if (list[i] == group)
            return true;
    return false;
}

START_TEST(only_an_allow_gives_the_tools_group)
{
    struct frt_answer answer = fake_allow();
    const gid_t before[2] = {7, 9};

    answer.verdict = groups[_i].verdict;
    if (answer.verdict == FRT_VERDICT_DENY)
        answer.reason = FRT_REASON_CITY_OFFICIAL;
    start_fake(answer);
    scratch_write(&s,
                  "auth required %m tool=T04 socket=%s request=none group_id=43210\n"
                  "account required %m tool=T04 socket=%s group_id=43210",
                  scratch_module(1), fake.path);
    scratch_start(&s, "p22");
    ck_assert_int_eq(setgroups(2, before), 0);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_AUTH, 0), PAM_SUCCESS);
    if (groups[_i].asks_account)
        (void)scratch_run(&s, SCRATCH_ACCOUNT, 0);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_SETCRED, groups[_i].flags), PAM_SUCCESS);
    ck_assert_int_eq(has_group(43210), groups[_i].has_group);
    ck_assert(has_group(7) && has_group(9));
    ck_assert_int_eq(scratch_run(&s, SCRATCH_SETCRED, groups[_i].flags), PAM_SUCCESS);
    ck_assert_int_eq(getgroups(0, NULL), groups[_i].has_group ? 3 : 2);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

static void start_with_group(struct frt_answer answer)
{
    start_fake(answer);
    scratch_write(&s,
                  "auth required %m tool=T04 socket=%s request=optional group_id=43210\n"
                  "account required %m tool=T04 socket=%s group_id=43210",
                  scratch_module(1), fake.path);
    scratch_start(&s, "p22");
    ck_assert_int_eq(setgroups(0, NULL), 0);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_AUTH, 0), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_SUCCESS);
}

/* sudo decides about the caller and then sets PAM_USER to the one it runs as. */
START_TEST(an_allow_for_one_person_gives_another_no_group)
{
    start_with_group(fake_allow());
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_USER, "p01"), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_SETCRED, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    ck_assert(!has_group(43210));
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_USER, NULL), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_SETCRED, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    ck_assert(!has_group(43210));
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_USER, "p22"), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_SETCRED, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    ck_assert(has_group(43210));
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(an_allow_ends_with_the_next_account_phase)
{
    start_with_group(fake_allow());
    fake_frtd_stop(&fake);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_SETCRED, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    ck_assert(!has_group(43210));
    scratch_remove(&s);
}
END_TEST

START_TEST(setcred_that_cannot_add_the_group_fails)
{
    int status;
    pid_t pid;

    start_fake(fake_allow());
    ck_assert_int_eq(chmod(fake.path, 0666), 0);
    scratch_write(&s,
                  "auth required %m tool=T04 socket=%s request=none group_id=43210\n"
                  "account required %m tool=T04 socket=%s group_id=43210",
                  scratch_module(0), fake.path);
    scratch_start(&s, "p22");
    pid = fork();
    if (pid == 0) {
        if (scratch_run(&s, SCRATCH_AUTH, 0) != PAM_SUCCESS ||
            scratch_run(&s, SCRATCH_ACCOUNT, 0) != PAM_SUCCESS)
            _exit(100);
        if (setgroups(0, NULL) < 0 || setuid(20022) < 0)
            _exit(101);
        _exit(scratch_run(&s, SCRATCH_SETCRED, PAM_ESTABLISH_CRED));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), PAM_SYSTEM_ERR);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- P11, P12: descriptors ---- */

static unsigned count_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static const int crowds[] = {1100, 60000};

/* Raises the limit as far as this machine lets us: without CAP_SYS_RESOURCE that is the hard limit. */
static int raise_limit(int wanted)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)wanted, .rlim_max = (rlim_t)wanted};

    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return wanted;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_max < (rlim_t)wanted ? (int)limit.rlim_max : wanted;
}

START_TEST(callers_with_many_descriptors_are_served)
{
    int limit, highest = -1;

    start_fake(fake_allow());
    limit = raise_limit(crowds[_i] + 100);
    for (int i = 0; i < limit - 100; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        highest = fd;
    }
    ck_assert_int_gt(highest, FD_SETSIZE);
    ck_assert_int_eq(account(LINE, "p22"), PAM_SUCCESS);
    if (limit - 100 < crowds[_i])
        printf("note: this machine's limit allows %d descriptors instead of %d\n", limit - 100, crowds[_i]);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(a_caller_out_of_descriptors_is_denied)
{
    struct rlimit limit, before;

    start_fake(fake_allow());
    start_line("account", LINE, "p22");
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_SUCCESS); /* the module is loaded */
    s.said[0] = '\0';
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    /* The number is libpam's own: its audit hook wants a descriptor as well. */
    ck_assert_int_ne(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_SUCCESS);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_ptr_nonnull(strstr(s.said, "could not be decided"));
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

START_TEST(no_descriptor_stays_open_whatever_happened)
{
    for (size_t d = 0; d < FRT_ARRAY_LEN(deeds); d++) {
        struct fake_plan plan = deeds[d].plan;
        unsigned before;

        plan.answer = fake_allow();
        fake_frtd_start(&fake, &plan);
        start_line("account", LINE " timeout_ms=200", "p22");
        (void)scratch_run(&s, SCRATCH_ACCOUNT, 0); /* syslog keeps one of its own */
        before = count_descriptors();
        for (int i = 0; i < 3; i++)
            (void)scratch_run(&s, SCRATCH_ACCOUNT, 0);
        ck_assert_uint_eq(count_descriptors(), before);
        scratch_remove(&s);
        fake_frtd_stop(&fake);
    }
}
END_TEST

/* ---- callers that are not as callers should be ---- */

/* Check's own assertions write to files, which these callers may not have. */
static void must(bool good)
{
    if (!good)
        _exit(98);
}

static void close_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
}

static void forbid_files(void)
{
    const struct rlimit none = {0, 0};

    must(setrlimit(RLIMIT_FSIZE, &none) == 0);
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void alarm_all_the_time(void)
{
    const struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    const struct itimerval timer = {{0, 500}, {0, 500}};

    must(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void block_every_signal(void)
{
    sigset_t all;

    sigfillset(&all);
    must(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
}

static void leave_for_another_root(void)
{
    must(chroot(s.directory) == 0 && chdir("/") == 0);
}

static void become_a_child(void)
{
    pid_t pid = fork();
    int status;

    must(pid >= 0);
    if (pid == 0)
        return;
    while (waitpid(pid, &status, 0) < 0)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static const struct {
    const char *given;
    void (*become)(void);
    bool reaches_frtd;
} callers[] = {
    {"0, 1 and 2 are closed", close_standard_descriptors, true},
    {"no file may grow", forbid_files, true},
    {"an alarm rings 2,000 times a second", alarm_all_the_time, true},
    {"every signal is blocked", block_every_signal, true},
    {"a child of the one who began", become_a_child, true},
    {"another root directory", leave_for_another_root, false},
};

/* In a process of its own: its answers are exit codes, since it may have no descriptors, files or root left. */
static int code_of_caller(size_t number, struct frt_answer answer)
{
    int status;
    pid_t pid;

    start_fake(answer);
    start_line("account", LINE " timeout_ms=60000", "p22");
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        unsigned before;

        (void)scratch_run(&s, SCRATCH_ACCOUNT, 0); /* loads the module */
        callers[number].become();
        before = count_descriptors();
        status = scratch_run(&s, SCRATCH_ACCOUNT, 0);
        _exit(count_descriptors() > before + 1 ? 100 : status); /* one is syslog's */
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    scratch_remove(&s);
    fake_frtd_stop(&fake);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(whoever_calls_gets_the_same_answer)
{
    bool reaches = callers[_i].reaches_frtd;
    int allowed = code_of_caller((size_t)_i, fake_allow()),
        denied = code_of_caller((size_t)_i, fake_denial());

    ck_assert_msg(allowed == (reaches ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL), "%s: %d", callers[_i].given,
                  allowed);
    ck_assert_msg(denied == (reaches ? PAM_PERM_DENIED : PAM_AUTHINFO_UNAVAIL), "%s: %d", callers[_i].given,
                  denied);
}
END_TEST

START_TEST(the_account_phase_asks_about_whoever_it_is_by_then)
{
    struct frt_ask ask;

    start_fake(fake_denial());
    start_line("account", LINE, "p22");
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_USER, "p01"), PAM_SUCCESS);
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_RUSER, "\x1b]0;p22\a"), PAM_SUCCESS);
    ck_assert_int_eq(pam_set_item(s.pamh, PAM_TTY, "pts/1\x1b[2J\n"), PAM_SUCCESS);
    ck_assert_int_eq(scratch_run(&s, SCRATCH_ACCOUNT, 0), PAM_PERM_DENIED);
    ck_assert(fake_frtd_asked(&fake, 10000, &ask));
    ck_assert_str_eq(ask.user, "p01");
    ck_assert_str_eq(ask.ruser, "%1B]0;p22%07");
    ck_assert_str_eq(ask.tty, "pts/1%1B[2J%0A");
    scratch_remove(&s);
    fake_frtd_stop(&fake);
}
END_TEST

/* ---- P10: signals; P16: threads; the surface ---- */

static unsigned sigpipes;

static void on_sigpipe(int signal)
{
    (void)signal;
    sigpipes++;
}

START_TEST(no_signal_is_raised_and_no_handler_changed)
{
    struct fake_plan plan = {.deed = FAKE_CLOSES_AT_ONCE, .answer = fake_allow()};
    struct sigaction before = {.sa_handler = on_sigpipe}, after;

    sigaction(SIGPIPE, &before, NULL);
    fake_frtd_start(&fake, &plan);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(account(LINE, "p22"), PAM_AUTHINFO_UNAVAIL);
    sigaction(SIGPIPE, NULL, &after);
    ck_assert(after.sa_handler == on_sigpipe);
    ck_assert_uint_eq(sigpipes, 0);
    fake_frtd_stop(&fake);
}
END_TEST

#define SYMBOLS                                                                                              \
    "pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_open_session", "pam_sm_close_session"

START_TEST(the_module_opens_by_dlopen_and_shows_its_entry_points_only)
{
    static const char *const symbols[] = {SYMBOLS};
    static const char *const hidden[] = {"frt_reason_table", "frt_client_ask_once", "frt_phase_account",
                                         "frt_percent_encode", "pam_sm_chauthtok"};
    void *module = dlopen(scratch_module(_i), RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(module != NULL, "%s", module ? "" : dlerror());
    for (size_t i = 0; i < FRT_ARRAY_LEN(symbols); i++)
        ck_assert_msg(dlsym(module, symbols[i]) != NULL, "%s", symbols[i]);
    for (size_t i = 0; i < FRT_ARRAY_LEN(hidden); i++)
        ck_assert_msg(dlsym(module, hidden[i]) == NULL, "%s", hidden[i]);
    dlclose(module);
}
END_TEST

static TCase *decisions(void)
{
    TCase *tc = tcase_create("decisions");

    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, a_denial_names_rule_citation_decision_and_contact);
    tcase_add_loop_test(tc, every_reason_gives_its_code_for_every_verdict, 0, FRT_REASON_COUNT);
    tcase_add_test(tc, a_permission_without_a_record_is_none);
    tcase_add_test(tc, an_allow_speaks_of_what_is_owed_and_others_are_silent);
    tcase_add_test(tc, the_question_carries_the_items_and_nothing_else);
    tcase_add_loop_test(tc, a_launchers_tool_comes_from_the_pam_environment, 0,
                        (int)FRT_ARRAY_LEN(environment));
    tcase_add_loop_test(tc, a_governed_line_with_a_mistake_denies, 0, (int)FRT_ARRAY_LEN(lines));
    tcase_add_test(tc, a_line_without_a_tool_asks_nobody_and_says_only_its_notice);
    tcase_add_test(tc, silence_is_kept_unless_the_line_says_speak);
    tcase_add_test(tc, sessions_name_the_decision_that_let_them_begin);
    tcase_add_test(tc, a_session_that_opens_shows_the_notice_frtd_sent);
    tcase_add_loop_test(tc, only_an_allow_gives_the_tools_group, 0, (int)FRT_ARRAY_LEN(groups));
    tcase_add_test(tc, an_allow_for_one_person_gives_another_no_group);
    tcase_add_test(tc, an_allow_ends_with_the_next_account_phase);
    tcase_add_test(tc, setcred_that_cannot_add_the_group_fails);
    return tc;
}

static TCase *faults(void)
{
    TCase *tc = tcase_create("faults");

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, whatever_frtd_does_wrong_denies_in_every_phase, 0, (int)FRT_ARRAY_LEN(deeds));
    tcase_add_test(tc, no_bit_flipped_in_a_denial_lets_anyone_pass);
    tcase_add_test(tc, a_socket_the_caller_may_not_use_denies);
    tcase_add_test(tc, the_deadline_is_for_the_whole_question);
    tcase_add_loop_test(tc, callers_with_many_descriptors_are_served, 0, (int)FRT_ARRAY_LEN(crowds));
    tcase_add_test(tc, a_caller_out_of_descriptors_is_denied);
    tcase_add_test(tc, no_descriptor_stays_open_whatever_happened);
    tcase_add_test(tc, no_signal_is_raised_and_no_handler_changed);
    tcase_add_loop_test(tc, whoever_calls_gets_the_same_answer, 0, (int)FRT_ARRAY_LEN(callers));
    tcase_add_test(tc, the_account_phase_asks_about_whoever_it_is_by_then);
    return tc;
}

static TCase *people(void)
{
    TCase *tc = tcase_create("people");

    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, names_of_every_kind_reach_frtd_as_text_and_never_as_somebody_else);
    tcase_add_test(tc, nobody_passes_without_a_name);
    tcase_add_loop_test(tc, the_written_request_is_asked_for_where_it_is_needed, 0,
                        (int)FRT_ARRAY_LEN(requests));
    tcase_add_test(tc, auth_asks_whether_and_account_presents_what_was_given);
    tcase_add_loop_test(tc, odd_conversations_change_no_decision, 0, (int)FRT_ARRAY_LEN(conversations));
    tcase_add_loop_test(tc, the_module_opens_by_dlopen_and_shows_its_entry_points_only, 0, SCRATCH_MODULES);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("pam.module");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, decisions());
    suite_add_tcase(suite, faults());
    suite_add_tcase(suite, people());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
