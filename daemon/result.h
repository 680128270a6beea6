/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a search returned (items c and d): told by whoever was allowed it, or by root, and recorded. One record for each database;
 * a later one for the same decision and database corrects the one before, and both stay.
 */
#ifndef FRT_DAEMON_RESULT_H
#define FRT_DAEMON_RESULT_H

#include "daemon/attempt.h"

/* Remembers the search that `judgement` allows under decision number `decision`. 0 or -ENOMEM. */
int frt_result_expect(struct frt_daemon *daemon, const struct frt_judgement *judgement, const char *request,
                      int64_t decision);

/* Appends a `result` record, or refuses: the answer's verdict is then FRT_VERDICT_DENY and its message says what was expected.
 * The answer must go through frt_commit_later(). */
void frt_result_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                     struct frt_answer *ret_answer);

/* The person behind a connection: who logged in, else whose account it is; "" when the directory knows nobody of that number. */
const char *frt_result_person(const struct frt_daemon *daemon, const struct frt_peer *peer);

/* JSON: {"open":[{decision, time, request, tool, user, login}],"more":0}; one's own and those under one's own requests,
 * for root and auditors everybody's. */
void frt_result_describe_open(const struct frt_daemon *daemon, const struct frt_peer *peer,
                              struct frt_answer *ret_answer);

#endif
