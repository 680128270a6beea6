/* SPDX-License-Identifier: BSD-2-Clause */
#include "pam_module/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/client.h"
#include "support/percent.h"

#define MEMORY "frt_decision"

void frt_transaction_escape(const char *bytes, char text[FRT_NAME_MAX])
{
    size_t length = strnlen(bytes, FRT_NAME_MAX);
    size_t used;

    if (frt_percent_encode(bytes, length, text, FRT_NAME_MAX) == length && length < FRT_NAME_MAX)
        return;
    /* Cut text must not become somebody's name, or another request's number. */
    used = strlen(text);
    text[used < FRT_NAME_MAX - 1 ? used : FRT_NAME_MAX - 2] = '%';
    text[used < FRT_NAME_MAX - 1 ? used + 1 : FRT_NAME_MAX - 1] = '\0';
}

void frt_transaction_item(const struct frt_transaction *t, int item, char text[FRT_NAME_MAX])
{
    const void *value = NULL;

    text[0] = '\0';
    if (pam_get_item(t->pamh, item, &value) == PAM_SUCCESS && value)
        frt_transaction_escape(value, text);
}

void frt_transaction_variable(const struct frt_transaction *t, const char *name, char text[FRT_NAME_MAX])
{
    const char *value = pam_getenv(t->pamh, name);

    text[0] = '\0';
    if (value)
        frt_transaction_escape(value, text);
}

static void fill(const struct frt_transaction *t, struct frt_ask *ask)
{
    frt_transaction_item(t, PAM_USER, ask->user);
    frt_transaction_item(t, PAM_RUSER, ask->ruser);
    frt_transaction_item(t, PAM_SERVICE, ask->service);
    frt_transaction_item(t, PAM_TTY, ask->tty);
    frt_transaction_item(t, PAM_RHOST, ask->rhost);
    frt_transaction_variable(t, "FRT_REQUEST", ask->request);
    if (t->arguments.tool)
        frt_transaction_escape(t->arguments.tool, ask->tool);
    else
        frt_transaction_variable(t, "FRT_TOOL", ask->tool);
    ask->action = t->arguments.action;
    ask->match = FRT_MATCH_NAMED;
}

int frt_transaction_ask(const struct frt_transaction *t, enum frt_ask_kind kind, struct frt_ask *ret_ask,
                        struct frt_answer *ret_answer)
{
    int64_t deadline = frt_mono_ms() + t->arguments.timeout_ms;
    int r = frt_client_ask_init(ret_ask, kind);

    frt_answer_init(ret_answer);
    fill(t, ret_ask);
    if (kind == FRT_ASK_SESSION_OPEN || kind == FRT_ASK_SESSION_CLOSE)
        ret_ask->decision = frt_transaction_recall(t).decision;
    return r < 0 ? r : frt_client_ask_once(t->arguments.socket, ret_ask, deadline, ret_answer);
}

static void forget(pam_handle_t *pamh, void *data, int error_status)
{
    (void)pamh;
    (void)error_status;
    free(data);
}

int frt_transaction_remember(const struct frt_transaction *t, const struct frt_ask *ask,
                             const struct frt_answer *answer)
{
    struct frt_pam_memory *memory = malloc(sizeof(*memory));

    if (!memory)
        return -ENOMEM;
    *memory = (struct frt_pam_memory){.verdict = answer->verdict,
                                      .decision = answer->decision,
                                      .documents = (answer->obligations & FRT_OBLIGE_DOCUMENT) != 0};
    memcpy(memory->user, ask->user, sizeof(memory->user));
    if (pam_set_data(t->pamh, MEMORY, memory, forget) == PAM_SUCCESS)
        return 0;
    free(memory);
    return -EIO;
}

int frt_transaction_forget(const struct frt_transaction *t)
{
    return pam_set_data(t->pamh, MEMORY, NULL, NULL) == PAM_SUCCESS ? 0 : -EIO;
}

struct frt_pam_memory frt_transaction_recall(const struct frt_transaction *t)
{
    struct frt_pam_memory nothing = {.verdict = FRT_VERDICT_DENY, .decision = -1};
    const void *data = NULL;

    if (pam_get_data(t->pamh, MEMORY, &data) != PAM_SUCCESS || !data)
        return nothing;
    return *(const struct frt_pam_memory *)data;
}
