/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The human review of a search, which an emergency owes afterwards (R15, question Q5): said by root or an auditor in his own
 * person, and never by the one who searched or asked for it.
 */
#ifndef FRT_DAEMON_REVIEW_H
#define FRT_DAEMON_REVIEW_H

#include "daemon/daemon.h"

/* Appends a `review` record, or refuses: the answer's verdict is then FRT_VERDICT_DENY and its message says what was expected.
 * The answer must go through frt_commit_later(). */
void frt_review_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                     struct frt_answer *ret_answer);

#endif
