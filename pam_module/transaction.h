/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One call into the module: whose transaction it is, what the line says, and the question for frtd made from
 * the PAM items. Nothing here looks anything up: no NSS, no DNS, no files, no process environment (threats
 * P9, P14).
 */
#ifndef FRT_PAM_MODULE_TRANSACTION_H
#define FRT_PAM_MODULE_TRANSACTION_H

#include <security/pam_modules.h>

#include "pam_module/arguments.h"
#include "protocol/message.h"

struct frt_transaction {
    pam_handle_t *pamh;
    unsigned flags;
    struct frt_pam_arguments arguments;
};

/* What an allowed account phase leaves for setcred and session. */
struct frt_pam_memory {
    char user[FRT_NAME_MAX]; /* whom it was about: sudo sets PAM_USER to somebody else afterwards */
    enum frt_verdict verdict;
    int64_t decision;
    bool documents; /* what it returned has to be documented (items a-h) */
};

/* Text of a PAM item or of a variable of the PAM environment as it may travel: percent-escaped; what does not
 * fit is cut and ends in '%', which no name does. "" when there is none. */
void frt_transaction_item(const struct frt_transaction *t, int item, char text[FRT_NAME_MAX]);
void frt_transaction_variable(const struct frt_transaction *t, const char *name, char text[FRT_NAME_MAX]);
void frt_transaction_escape(const char *bytes, char text[FRT_NAME_MAX]);

/* Asks frtd, inside the line's timeout. `*ret_ask` is what was asked, also after a failure; 0 or a negative
 * errno. */
int frt_transaction_ask(const struct frt_transaction *t, enum frt_ask_kind kind, struct frt_ask *ret_ask,
                        struct frt_answer *ret_answer);

/* 0, or a negative errno. */
int frt_transaction_remember(const struct frt_transaction *t, const struct frt_ask *ask,
                             const struct frt_answer *answer);

/* Whatever an earlier account phase left is over. 0, or a negative errno. */
int frt_transaction_forget(const struct frt_transaction *t);

/* What the account phase left; a denial when nothing. */
struct frt_pam_memory frt_transaction_recall(const struct frt_transaction *t);

#endif
