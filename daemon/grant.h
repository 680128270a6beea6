/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Grants: an allowed `frt run`, for as long as its connection is open. One grant is one use of a written request.
 *
 * frt run asks twice in one process: through PAM (the decision, which counts the use) and for the grant. The second is the same
 * use when the same process asks for the same tool under the same request within a minute, once.
 */
#ifndef FRT_DAEMON_GRANT_H
#define FRT_DAEMON_GRANT_H

#include "directory/view.h"
#include "protocol/message.h"

#define FRT_FRESH_ALLOWS   64
#define FRT_FRESH_ALLOW_MS 60000

struct frt_grant {
    int64_t login_uid, user_uid;
    char user[FRT_NAME_MAX], tool[FRT_NAME_MAX], request[FRT_NAME_MAX]; /* tool: the catalogue's whole id */
    int64_t decision;
};

struct frt_fresh_allow {
    struct frt_grant grant;
    int64_t pid;     /* 0: free */
    int64_t mono_ms; /* when */
};

struct frt_fresh_allows {
    struct frt_fresh_allow rows[FRT_FRESH_ALLOWS]; /* ring */
    size_t next;
};

/* What a question would be granted: `login_uid` and `user_uid` are the peer's. */
void frt_grant_fill(const struct frt_view *view, const struct frt_ask *ask, int64_t login_uid,
                    int64_t user_uid, struct frt_grant *ret_grant);

void frt_fresh_allow_note(struct frt_fresh_allows *allows, const struct frt_grant *grant, int64_t pid,
                          int64_t mono_ms);

/* The decision could not be recorded: it was no allow. */
void frt_fresh_allow_forget(struct frt_fresh_allows *allows, int64_t decision);

/* Takes the fresh allow of this process for the same user, tool and request; false when there is none. */
bool frt_fresh_allow_take(struct frt_fresh_allows *allows, const struct frt_grant *grant, int64_t pid,
                          int64_t mono_ms);

#endif
