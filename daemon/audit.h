/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading the trail, asking of it and exporting it are recorded like attempts are (NIST SP 800-53 AU-9, question Q32): who,
 * with which login uid, what. Only those who may read it can have it recorded, so nobody else fills the trail with readings.
 */
#ifndef FRT_DAEMON_AUDIT_H
#define FRT_DAEMON_AUDIT_H

#include "daemon/daemon.h"

/* Appends an `audit` record; the answer must go through frt_commit_later(). Its decision is the record's number, or -1. */
void frt_audit_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                    struct frt_answer *ret_answer);

/* The same for the refusals of others that `answer` is about to show (frt why USER). True: a record was appended, and the
 * answer must go through frt_commit_later(). One's own refusals are one's own business. */
bool frt_audit_why(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                   struct frt_answer *answer);

#endif
