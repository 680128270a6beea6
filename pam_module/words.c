/* SPDX-License-Identifier: BSD-2-Clause */
#include "pam_module/words.h"

#include <errno.h>
#include <inttypes.h>
#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define LINE_MAX_BYTES 768

void frt_words_tell(const struct frt_transaction *t, int style, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list arguments;

    if ((t->flags & PAM_SILENT) && !t->arguments.speak)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    /* Whether anybody hears it changes nothing. */
    (void)pam_prompt(t->pamh, style, NULL, "%s", line);
}

const char *frt_words_tool(const struct frt_ask *ask)
{
    return ask->tool[0] ? ask->tool : "facial recognition tool";
}

/* "Decision 1234. Ask: the city solicitor". */
static void tell_where_to_ask(const struct frt_transaction *t, int64_t decision, const char *contact)
{
    if (decision >= 0 && contact[0])
        frt_words_tell(t, PAM_ERROR_MSG, "Decision %" PRId64 ". Ask: %s", decision, contact);
    else if (decision >= 0)
        frt_words_tell(t, PAM_ERROR_MSG, "Decision %" PRId64 ".", decision);
    else if (contact[0])
        frt_words_tell(t, PAM_ERROR_MSG, "Ask: %s", contact);
}

static void log_answer(const struct frt_transaction *t, int priority, const char *outcome,
                       const struct frt_ask *ask, const struct frt_answer *answer)
{
    char line[LINE_MAX_BYTES];

    snprintf(line, sizeof(line),
             "%s: user=%s ruser=%s tool=%s request=%s reason=%s rule=%s decision=%" PRId64, outcome,
             ask->user, ask->ruser, ask->tool, ask->request, frt_reason_table[answer->reason].name,
             answer->rule, answer->decision);
    pam_syslog(t->pamh, priority, "%s", line);
}

void frt_words_refused(const struct frt_transaction *t, const struct frt_ask *ask,
                       const struct frt_answer *answer)
{
    const struct frt_reason_info *reason = &frt_reason_table[answer->reason];
    const char *contact = answer->contact[0] ? answer->contact : t->arguments.contact;

    log_answer(t, LOG_NOTICE, reason->could_not_decide ? "could not decide, refused" : "refused", ask,
               answer);
    if (reason->could_not_decide)
        frt_words_tell(t, PAM_ERROR_MSG, "%s: could not be decided (%s), therefore refused. %s",
                       frt_words_tool(ask), reason->name, reason->advice);
    else
        frt_words_tell(t, PAM_ERROR_MSG, "%s: refused. %s", frt_words_tool(ask),
                       answer->message[0] ? answer->message : reason->meaning);
    if (answer->rule[0] && answer->citation[0])
        frt_words_tell(t, PAM_ERROR_MSG, "Rule %s: %s", answer->rule, answer->citation);
    else if (answer->rule[0])
        frt_words_tell(t, PAM_ERROR_MSG, "Rule %s", answer->rule);
    tell_where_to_ask(t, answer->decision, contact);
}

static const char *explain(int error)
{
    switch (-error) {
    case ENOENT:
        return "there is no socket";
    case ECONNREFUSED:
        return "nobody listens on the socket";
    case EACCES:
        return "this program may not use the socket";
    case EPERM:
        return "the one who listens is neither root nor the owner of the socket's directory, or strangers "
               "may write there";
    case ETIMEDOUT:
        return "no answer in time";
    case EPIPE:
        return "the connection was closed before an answer";
    case EBADMSG:
        return "the answer could not be understood";
    default:
        return "the question could not be asked";
    }
}

void frt_words_unreachable(const struct frt_transaction *t, const struct frt_ask *ask, int error)
{
    const char *reason = frt_reason_table[FRT_REASON_FRTD_UNREACHABLE].name;
    const char *name = strerrorname_np(-error);
    char line[LINE_MAX_BYTES];

    snprintf(line, sizeof(line), "%s, refused: user=%s tool=%s socket=%s: %s (%s)", reason, ask->user,
             ask->tool, t->arguments.socket, explain(error), name ? name : "?");
    pam_syslog(t->pamh, LOG_ERR, "%s", line);
    frt_words_tell(
        t, PAM_ERROR_MSG,
        "%s: could not be decided (%s), therefore refused. Tell your system administrator: is frtd running? "
        "(frt status)",
        frt_words_tool(ask), reason);
    tell_where_to_ask(t, -1, t->arguments.contact);
}

void frt_words_passed(const struct frt_transaction *t, const struct frt_ask *ask,
                      const struct frt_answer *answer)
{
    if (t->arguments.debug)
        log_answer(t, LOG_DEBUG, frt_verdict_name(answer->verdict), ask, answer);
    if (!(answer->obligations & FRT_OBLIGE_DOCUMENT))
        return;
    frt_words_tell(t, PAM_TEXT_INFO,
                   "%s: allowed, decision %" PRId64 ". Afterwards record matches and database (items a-h).",
                   frt_words_tool(ask), answer->decision);
}

void frt_words_notice(const struct frt_transaction *t, const struct frt_answer *answer)
{
    if (!answer->message[0])
        return;
    frt_words_tell(t, PAM_TEXT_INFO, "Notice: %s", answer->message);
    if (answer->rule[0])
        frt_words_tell(t, PAM_TEXT_INFO, "Rule %s: %s", answer->rule, answer->citation);
}
