/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frtd's end of the replica: reads what frt-replica sends, applies it to the view and tells a listener what changed.
 *
 * Order of calls: frt_replica_spawn() (replica_process.h) gives a descriptor; whenever it is readable,
 * frt_replica_feed_read(). After a negative result the descriptor is of no use: close it (which ends frt-replica), free
 * the feed, spawn again with a new feed and the same view, whose age goes on counting meanwhile.
 */
#ifndef FRT_DIRECTORY_REPLICA_FEED_H
#define FRT_DIRECTORY_REPLICA_FEED_H

#include "directory/replica_wire.h"
#include "directory/view.h"

struct frt_replica_feed; /* opaque */

/* Everything is borrowed for the call, and foreign: escape it before it reaches a log. */
struct frt_replica_change {
    enum frt_view_change kind; /* ADDED, CHANGED, REMOVED */
    const char *object_class;  /* the one of ours: "frtRole", "frtTool", ..., "group", "person"; "" unknown */
    const char *dn;            /* "" when only the identity is known */
    const char *changed_by;    /* modifiersName; of a removal "" (LDAP does not tell who removed) */
    const char *csn;           /* entryCSN; of a removal the removed state's */
    /* Role entries: what the role said and says, "frtPerson=p02 frtAffiliation=city ...", values percent-escaped; "" when
     * there was or is none, and for everything else. */
    const char *before, *after;
    bool by_refresh; /* found when a connection began anew, so it happened some time before */
};

struct frt_replica_counts {
    size_t received; /* entries of this content */
    size_t removed;  /* entries that went because it lacks them */
    size_t total;    /* entries of the view now */
    bool first;      /* of this feed */
};

/* Any member may be NULL. Called inside frt_replica_feed_read(), after the view was changed; they must not call it. The
 * entries of the first content of a feed are not reported as changes. */
struct frt_replica_listener {
    void *arg;
    void (*changed)(void *arg, const struct frt_replica_change *change);
    void (*state)(void *arg, enum frt_replica_state state, const char *text);
    void (*refreshed)(void *arg, const struct frt_replica_counts *counts);
    void (*confirmed)(void *arg, const char *csn, int64_t age_ms);
};

int frt_replica_feed_new(struct frt_replica_feed **ret_feed); /* -ENOMEM */
void frt_replica_feed_free(struct frt_replica_feed *feed);

/* Reads what is there, at most about a mebibyte, without waiting, and applies it. `mono_ms` is now on the clock that the
 * view is asked with; ages told by frt-replica are taken from it.
 * 0; -EPIPE: frt-replica is gone; -EBADMSG: it sends nonsense; -ENOMEM; another errno of recv(2). */
int frt_replica_feed_read(struct frt_replica_feed *feed, int fd, struct frt_view *view, int64_t mono_ms,
                          const struct frt_replica_listener *listener);

/* The same for bytes that somebody else read: tests and fuzzing. */
int frt_replica_feed_take(struct frt_replica_feed *feed, const void *bytes, size_t length,
                          struct frt_view *view, int64_t mono_ms,
                          const struct frt_replica_listener *listener);

/* Asks frt-replica to start over with a new worker: the configuration and certificates are read again and the whole
 * content is fetched. Nothing waits. 0 or a negative errno. */
int frt_replica_feed_restart(int fd);

#endif
