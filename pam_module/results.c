/* SPDX-License-Identifier: BSD-2-Clause */
#include "pam_module/results.h"

#include <inttypes.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam_module/words.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/percent.h"

#define DATABASES_MAX 10
#define TRIES_MAX     3

/* False: nobody answered. A blank is an answer here, "". */
static bool ask_person(const struct frt_transaction *t, const char *question, char *text, size_t size)
{
    char *reply = NULL;
    const char *begin;
    size_t length;
    bool whole;

    if (pam_prompt(t->pamh, PAM_PROMPT_ECHO_ON, &reply, "%s", question) != PAM_SUCCESS || !reply)
        return false;
    begin = reply + strspn(reply, " \t\r\n");
    length = strlen(begin);
    while (length > 0 && strchr(" \t\r\n", begin[length - 1]))
        length--;
    whole = frt_percent_encode(begin, length, text, size) == length;
    if (!whole)
        frt_words_tell(t, PAM_ERROR_MSG, "Expected at most %zu characters.", size - 1);
    free(reply);
    return whole;
}

/* True when frtd has it on record. */
static bool tell_frtd(const struct frt_transaction *t, struct frt_ask *ask)
{
    struct frt_answer answer;
    int r = frt_client_ask_once(t->arguments.socket, ask, frt_mono_ms() + t->arguments.timeout_ms, &answer);
    bool recorded = r == 0 && answer.verdict != FRT_VERDICT_DENY && answer.decision >= 0;

    if (recorded)
        frt_words_tell(t, PAM_TEXT_INFO, "Recorded as %" PRId64 ".", answer.decision);
    else
        frt_words_tell(t, PAM_ERROR_MSG, "Not recorded: %s",
                       r == 0 && answer.message[0] ? answer.message : "frtd did not write it down.");
    frt_answer_clear(&answer);
    return recorded;
}

/* 1 recorded, 0 the person wants no more of it, negative nobody answered. */
static int ask_matches(const struct frt_transaction *t, struct frt_ask *ask)
{
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        if (!ask_person(t, "Matches it returned (0 when there were none): ", ask->matches,
                        sizeof(ask->matches)))
            return -1;
        if (ask->matches[0] && strspn(ask->matches, "0123456789") == strlen(ask->matches))
            return tell_frtd(t, ask);
        frt_words_tell(t, PAM_ERROR_MSG, "Expected digits: 0 is an answer, blank is not.");
    }
    return 0;
}

static unsigned ask_databases(const struct frt_transaction *t, int64_t decision)
{
    unsigned recorded = 0;
    char question[96];

    for (unsigned i = 0; i < DATABASES_MAX; i++) {
        struct frt_ask ask;

        if (frt_client_ask_init(&ask, FRT_ASK_RESULT) < 0)
            break;
        ask.decision = decision;
        frt_transaction_variable(t, "FRT_REQUEST", ask.request);
        snprintf(question, sizeof(question),
                 i ? "Another database searched under decision %" PRId64 " (empty: no more): "
                   : "Database searched under decision %" PRId64 " (empty: answer later): ",
                 decision);
        if (!ask_person(t, question, ask.database, sizeof(ask.database)) || !ask.database[0] ||
            ask_matches(t, &ask) <= 0)
            break;
        recorded++;
    }
    return recorded;
}

void frt_results_ask(const struct frt_transaction *t)
{
    const struct frt_pam_memory memory = frt_transaction_recall(t);
    char tty[FRT_NAME_MAX];

    frt_transaction_item(t, PAM_TTY, tty);
    if (memory.verdict != FRT_VERDICT_ALLOW || !memory.documents || memory.decision < 0 || tty[0] == '\0' ||
        (t->flags & PAM_SILENT) || t->arguments.results_later)
        return;
    if (ask_databases(t, memory.decision) == 0)
        /* not as information, which su keeps to itself */
        frt_words_tell(t, PAM_ERROR_MSG,
                       "It stays open. Record it: frt request record REQUEST --decision %" PRId64
                       " --matches N --database NAME",
                       memory.decision);
}
