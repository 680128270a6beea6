/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Retention marks (domain 3.5). Nothing is deleted by a timer. A legal hold on a request, or on a document or package by its
 * SHA-256, overrides everything. A request's document may be destroyed years after the request was closed, when two different
 * people say so under the reference of one permission: the first proposes, the second does. Every mark is a record, the
 * document's digest stays in the trail and in the directory.
 */
#ifndef FRT_DAEMON_RETENTION_H
#define FRT_DAEMON_RETENTION_H

#include "daemon/daemon.h"

#define FRT_RETENTION_YEARS 7 /* after a request was closed; no period for Massachusetts was found */

int frt_retention_new(struct frt_retention **ret_retention);
void frt_retention_free(struct frt_retention *retention);

/* Takes one record of the trail into account; called for each when frtd starts. 0 or -ENOMEM. */
int frt_retention_replay(struct frt_retention *retention, const struct frt_record_view *record);
/* Forgets what this record number said: it could not be sealed. */
void frt_retention_take_back(struct frt_retention *retention, int64_t record);

/* `act` is hold, release or destroy; `request` or `sha256` says of what, `reason` why or under which permission. Appends a
 * `retain` record, or refuses: the answer's verdict is then FRT_VERDICT_DENY and its message begins with the field at fault.
 * A destruction answers {"state":"proposed"|"destroyed","document":SHA256}; the caller removes the bytes only after
 * "destroyed". The answer must go through frt_commit_later(). */
void frt_retention_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                        struct frt_answer *ret_answer);

/* JSON for root and auditors: {"marks":[{object, state, since, by, reason}],"more":0}: what is held, proposed, destroyed, and
 * requests whose document may now be proposed ("eligible"). */
void frt_retention_describe(const struct frt_daemon *daemon, const struct frt_peer *peer,
                            struct frt_answer *ret_answer);

#endif
