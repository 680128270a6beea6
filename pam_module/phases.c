/* SPDX-License-Identifier: BSD-2-Clause */
#include "pam_module/phases.h"

#include <errno.h>
#include <grp.h>
#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

#include "pam_module/results.h"
#include "pam_module/words.h"
#include "support/cleanup.h"

#define REQUEST_VARIABLE "FRT_REQUEST"

int frt_phase_code(enum frt_verdict verdict, enum frt_reason reason)
{
    if (reason >= FRT_REASON_COUNT)
        return PAM_SYSTEM_ERR;
    switch (verdict) {
    case FRT_VERDICT_ALLOW:
    case FRT_VERDICT_EXEMPT:
    case FRT_VERDICT_NOT_GOVERNED:
        /* Nobody lets pass what he could not decide: an answer that says both says nothing. */
        return frt_reason_table[reason].could_not_decide ? PAM_AUTHINFO_UNAVAIL : PAM_SUCCESS;
    case FRT_VERDICT_DENY:
        return frt_reason_table[reason].could_not_decide ? PAM_AUTHINFO_UNAVAIL : PAM_PERM_DENIED;
    }
    return PAM_SYSTEM_ERR;
}

/* Asks for the request's number; PAM_SUCCESS with "" when the person gave none. */
static int prompt_for_request(const struct frt_transaction *t, const struct frt_ask *ask,
                              char text[FRT_NAME_MAX])
{
    frt_auto_free char *reply = NULL;
    size_t length;

    text[0] = '\0';
    if (pam_prompt(t->pamh, PAM_PROMPT_ECHO_ON, &reply,
                   "Written request number for %s (empty to cancel): ", frt_words_tool(ask)) != PAM_SUCCESS ||
        !reply) {
        pam_syslog(t->pamh, LOG_ERR, "the application could not ask for the written request's number");
        return PAM_AUTHINFO_UNAVAIL;
    }
    length = strlen(reply);
    while (length > 0 && strchr(" \t\r\n", reply[length - 1]))
        reply[--length] = '\0';
    frt_transaction_escape(reply, text);
    return PAM_SUCCESS;
}

/* The PAM environment, not only data of this handle: sshd authenticates in another process and carries it
 * over. */
static int present_request(const struct frt_transaction *t, const char *request)
{
    char assignment[sizeof(REQUEST_VARIABLE) + FRT_NAME_MAX] = REQUEST_VARIABLE "=";

    memcpy(assignment + sizeof(REQUEST_VARIABLE), request, strlen(request) + 1);
    return pam_putenv(t->pamh, assignment) == PAM_SUCCESS ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}

static int obtain_request(const struct frt_transaction *t, const struct frt_ask *ask)
{
    char request[FRT_NAME_MAX];
    int code = prompt_for_request(t, ask, request);

    if (code != PAM_SUCCESS)
        return code;
    if (request[0])
        return present_request(t, request);
    if (t->arguments.request == FRT_PAM_REQUEST_OPTIONAL)
        return PAM_SUCCESS;
    frt_words_tell(t, PAM_ERROR_MSG, "%s: cancelled; without a written request it is not opened.",
                   frt_words_tool(ask));
    return PAM_PERM_DENIED;
}

int frt_phase_authenticate(const struct frt_transaction *t)
{
    char presented[FRT_NAME_MAX];
    struct frt_answer answer;
    struct frt_ask ask;
    bool needs;
    int r;

    frt_transaction_variable(t, REQUEST_VARIABLE, presented);
    if (presented[0] || t->arguments.request == FRT_PAM_REQUEST_NONE)
        return PAM_SUCCESS;
    r = frt_transaction_ask(t, FRT_ASK_TOOL_NEEDS_REQUEST, &ask, &answer);
    if (r < 0) {
        frt_words_unreachable(t, &ask, r);
        return PAM_AUTHINFO_UNAVAIL;
    }
    needs = answer.needs_request;
    frt_answer_clear(&answer);
    return needs ? obtain_request(t, &ask) : PAM_SUCCESS;
}

/* The question must have been about somebody and something, whatever the answer says. */
static int judge(const struct frt_ask *ask, const struct frt_answer *answer)
{
    int code = frt_phase_code(answer->verdict, answer->reason);

    if (code == PAM_SUCCESS && (ask->user[0] == '\0' || ask->tool[0] == '\0'))
        return PAM_PERM_DENIED;
    return code;
}

/* The decision's number is that of its record, and nothing is permitted without one. */
static bool is_recorded(const struct frt_answer *answer)
{
    return answer->decision >= 0 || answer->verdict == FRT_VERDICT_DENY ||
           answer->verdict == FRT_VERDICT_NOT_GOVERNED;
}

int frt_phase_account(const struct frt_transaction *t)
{
    struct frt_answer answer;
    struct frt_ask ask;
    int r, code;

    if (frt_transaction_forget(t) < 0)
        return PAM_SYSTEM_ERR;
    r = frt_transaction_ask(t, FRT_ASK_DECIDE, &ask, &answer);
    if (r == 0 && !is_recorded(&answer))
        r = -EBADMSG;
    if (r < 0) {
        frt_answer_clear(&answer);
        frt_words_unreachable(t, &ask, r);
        return PAM_AUTHINFO_UNAVAIL;
    }
    code = judge(&ask, &answer);
    if (code == PAM_SUCCESS && frt_transaction_remember(t, &ask, &answer) < 0)
        code = PAM_SYSTEM_ERR;
    if (code == PAM_SUCCESS)
        frt_words_passed(t, &ask, &answer);
    else
        frt_words_refused(t, &ask, &answer);
    frt_answer_clear(&answer);
    return code;
}

static int session(const struct frt_transaction *t, enum frt_ask_kind kind)
{
    struct frt_answer answer;
    struct frt_ask ask;
    int r = frt_transaction_ask(t, kind, &ask, &answer), code;

    if (r < 0) {
        frt_words_unreachable(t, &ask, r);
        return PAM_AUTHINFO_UNAVAIL;
    }
    code = frt_phase_code(answer.verdict, answer.reason);
    if (code != PAM_SUCCESS)
        frt_words_refused(t, &ask, &answer);
    else if (kind == FRT_ASK_SESSION_OPEN)
        frt_words_notice(t, &answer);
    frt_answer_clear(&answer);
    return code;
}

int frt_phase_open_session(const struct frt_transaction *t)
{
    return session(t, FRT_ASK_SESSION_OPEN);
}

int frt_phase_close_session(const struct frt_transaction *t)
{
    int code = session(t, FRT_ASK_SESSION_CLOSE);

    if (code == PAM_SUCCESS) /* without frtd there is nobody to tell it to */
        frt_results_ask(t);
    return code;
}

static int add_group(gid_t group)
{
    int count = getgroups(0, NULL);
    frt_auto_free gid_t *groups = NULL;

    if (count < 0)
        return PAM_SYSTEM_ERR;
    groups = calloc((size_t)count + 1, sizeof(*groups));
    if (!groups)
        return PAM_SYSTEM_ERR;
    count = getgroups(count, groups);
    if (count < 0)
        return PAM_SYSTEM_ERR;
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return PAM_SUCCESS;
    groups[count] = group;
    return setgroups((size_t)count + 1, groups) == 0 ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}

/* An ordinary login decided nothing about the tool. Who lacks nothing but a written request is a performer: the group lets him
 * reach the tool, the request is still asked for when he runs it. No answer is no group, never a failed login. */
static bool is_performer(const struct frt_transaction *t)
{
    struct frt_answer answer;
    struct frt_ask ask;
    bool needs_request;

    if (frt_transaction_ask(t, FRT_ASK_TOOL_NEEDS_REQUEST, &ask, &answer) < 0)
        return false;
    needs_request = answer.needs_request && ask.user[0] && ask.tool[0];
    frt_answer_clear(&answer);
    return needs_request;
}

/* A denial when no account line decided, or when it decided about somebody else. */
static enum frt_verdict verdict_about_user(const struct frt_transaction *t)
{
    struct frt_pam_memory memory = frt_transaction_recall(t);
    char user[FRT_NAME_MAX];

    frt_transaction_item(t, PAM_USER, user);
    return user[0] && strcmp(user, memory.user) == 0 ? memory.verdict : FRT_VERDICT_DENY;
}

int frt_phase_setcred(const struct frt_transaction *t)
{
    enum frt_verdict verdict = verdict_about_user(t);

    if (t->arguments.group_id < 0 || (t->flags & PAM_DELETE_CRED))
        return PAM_SUCCESS;
    if (verdict == FRT_VERDICT_DENY && t->arguments.request == FRT_PAM_REQUEST_NONE && is_performer(t))
        verdict = FRT_VERDICT_ALLOW;
    /* An exemption is not the performers' right: only an allow gives the group that owns the tools. */
    if (verdict != FRT_VERDICT_ALLOW)
        return PAM_SUCCESS;
    return add_group((gid_t)t->arguments.group_id);
}
