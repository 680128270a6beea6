/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One attempt, from question to answer: whose it is, the facts, the decision, its record.
 */
#ifndef FRT_DAEMON_ATTEMPT_H
#define FRT_DAEMON_ATTEMPT_H

#include "daemon/daemon.h"
#include "directory/resolve.h"

struct frt_judgement {
    struct frt_attempt attempt;
    struct frt_resolution resolution;
    struct frt_decision decision;
    bool granted; /* under a live grant of frt run */
};

/* Decides without recording: every account the question involves is asked for, the most restrictive answer
 * stands. `grant`: the live grant this attempt runs under, or NULL. */
void frt_attempt_judge(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                       const struct frt_grant *grant, struct frt_judgement *ret_judgement);

/* Decides and appends the record to the batch; the answer must go through frt_commit_later(). Returns the
 * request whose use this consumes; "" when none. */
const char *frt_attempt_decide(struct frt_daemon *daemon, const struct frt_ask *ask,
                               const struct frt_peer *peer, const struct frt_grant *grant,
                               struct frt_answer *ret_answer);

/* A caller that is not root asks about himself only; this one names somebody else (threats P5). */
bool frt_attempt_is_spoof(const struct frt_daemon *daemon, const struct frt_ask *ask,
                          const struct frt_peer *peer);

/* True when this is one of a flood of `what` by one person: counted, not to be recorded singly. */
bool frt_attempt_is_flood(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                          const struct frt_judgement *judgement, const char *what);

/* Fills the answer's words from a decision. */
void frt_attempt_answer(const struct frt_daemon *daemon, const struct frt_ask *ask,
                        const struct frt_decision *decision, struct frt_answer *ret_answer);

/* The live grant of this login and tool, or NULL; daemon/connection.c keeps them. */
const struct frt_grant *frt_grant_find(const struct frt_daemon *daemon, const struct frt_ask *ask);

#endif
