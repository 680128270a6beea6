/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Following a directory whose server has no content synchronisation: the whole content by paged searches (RFC 2696) every
 * poll_interval. Where the suffix shows a contextCSN, a poll that finds it unchanged only confirms.
 */
#ifndef FRT_DIRECTORY_REPLICA_POLL_H
#define FRT_DIRECTORY_REPLICA_POLL_H

#include "directory/replica_session.h"

/* Polls until the connection is no use any more: 0 when it is time for a fresh start, else -ENOTCONN with
 * session->trouble. */
int frt_poll_run(struct frt_session *session);

#endif
