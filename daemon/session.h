/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What login services ask besides a decision: sessions opening and closing, and whether a tool will want a
 * written request.
 */
#ifndef FRT_DAEMON_SESSION_H
#define FRT_DAEMON_SESSION_H

#include "daemon/attempt.h"

/* Records the opening or closing of a session. For a city official the answer carries the notice: what the
 * city's ordinance forbids, in the words of the policy's own rule. */
void frt_session_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                      struct frt_answer *ret_answer);

/* True in `needs_request` when the one thing missing is a written request. Nothing is recorded. */
void frt_session_needs_request(struct frt_daemon *daemon, const struct frt_ask *ask,
                               const struct frt_peer *peer, struct frt_answer *ret_answer);

#endif
