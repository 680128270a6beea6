/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Answers to people, as JSON: status, why (one's own last denials), check (what would be decided, and why).
 * Nothing here changes anything.
 */
#ifndef FRT_DAEMON_DESCRIBE_H
#define FRT_DAEMON_DESCRIBE_H

#include "daemon/attempt.h"

/* Fills `ret_answer->text`. Root and auditors may ask about anybody, others about themselves; a refusal has
 * verdict deny, reason spoof and a message. */
void frt_describe(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                  struct frt_answer *ret_answer);

/* Adds {"paths": [...]} of the tool to an answer: where `frt run` finds the program. */
void frt_describe_paths(const struct frt_daemon *daemon, const char *tool, struct frt_answer *answer);

#endif
