/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection to frtd: who it is, what it asked, the grant it may hold.
 */
#ifndef FRT_DAEMON_CONNECTION_H
#define FRT_DAEMON_CONNECTION_H

#include "daemon/attempt.h"

struct frt_connection {
    struct frt_daemon *daemon;
    struct frt_connection *previous, *next;
    int fd;
    sd_event_source *source;
    struct frt_peer peer;
    int64_t active_ms;
    bool grant_asked, granted; /* granted: lives until the connection closes */
    struct frt_grant grant;
    bool gate; /* subscribed as the kernel gate: never idle */
};

#endif
