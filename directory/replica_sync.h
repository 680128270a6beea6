/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Following a directory by content synchronisation (RFC 4533), refreshAndPersist: the whole content once, then every
 * change the moment it happens. No cookie is ever kept: each connection begins with the whole content, and so does every
 * sixth hour, because a consumer that trusts an old cookie can miss deletions for good (threats L10).
 *
 * The lease: four times within max_view_age the server is asked for its contextCSN on the same connection. The answer is
 * passed on as CONFIRM once everything up to it has arrived, which OpenLDAP's cookies tell; for what they do not tell
 * (changes outside our sight) the stream must have been quiet for a moment after the answer.
 */
#ifndef FRT_DIRECTORY_REPLICA_SYNC_H
#define FRT_DIRECTORY_REPLICA_SYNC_H

#include "directory/replica_session.h"

#define FRT_SYNC_UNAVAILABLE 1 /* the server has no content synchronisation: use replica_poll.h */

/* Follows until the connection is no use any more: 0 when it is time for a fresh start, -ENOTCONN with
 * session->trouble, or FRT_SYNC_UNAVAILABLE with no more sent than a BEGIN, which another BEGIN makes void. */
int frt_sync_run(struct frt_session *session);

#endif
