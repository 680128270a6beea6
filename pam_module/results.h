/* SPDX-License-Identifier: BSD-2-Clause
 *
 * After a search: what it returned (items c and d), asked of the person when the session closes. Asked only where a terminal
 * and somebody at it are to be expected; whatever is not answered stays open, and frtd reminds at the next login.
 */
#ifndef FRT_PAM_MODULE_RESULTS_H
#define FRT_PAM_MODULE_RESULTS_H

#include "pam_module/transaction.h"

/* Never fails a close: an application that cannot ask, a blank and a silent frtd all leave the search open. */
void frt_results_ask(const struct frt_transaction *t);

#endif
