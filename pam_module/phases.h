/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a governed line does in each phase. Each returns PAM_SUCCESS, PAM_PERM_DENIED (refused),
 * PAM_AUTHINFO_UNAVAIL (could not be decided) or PAM_SYSTEM_ERR (could not be done), nothing else.
 */
#ifndef FRT_PAM_MODULE_PHASES_H
#define FRT_PAM_MODULE_PHASES_H

#include "pam_module/transaction.h"

/* Has the written request's number ready where the tool needs one. Grants nothing: who somebody is, is for
 * other modules to find out, and what he may do, for the account phase. */
int frt_phase_authenticate(const struct frt_transaction *t);

/* Adds group_id after an allow in this transaction; on a line with request=none without an account line, for whom frtd says
 * that only a written request is missing. */
int frt_phase_setcred(const struct frt_transaction *t);

/* The decision. */
int frt_phase_account(const struct frt_transaction *t);

int frt_phase_open_session(const struct frt_transaction *t);
int frt_phase_close_session(const struct frt_transaction *t);

/* The one place where a decision becomes a PAM code. */
int frt_phase_code(enum frt_verdict verdict, enum frt_reason reason);

#endif
