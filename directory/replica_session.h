/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection's worth of replication, in the worker of frt-replica: what both ways of following a directory
 * (replica_sync.h, replica_poll.h) share. Entries become frames; what frtd was told is remembered in brief.
 *
 * Base, filter and attribute list are constants of the configuration: nothing a user says ever gets into a search.
 */
#ifndef FRT_DIRECTORY_REPLICA_SESSION_H
#define FRT_DIRECTORY_REPLICA_SESSION_H

#include "directory/replica_connect.h"
#include "directory/replica_seen.h"

/* Entries of every kind are asked for, so that a moved container is noticed; only those of our classes are forwarded. */
#define FRT_SESSION_FILTER "(objectClass=*)"
extern const char *const frt_session_attributes[]; /* NULL-terminated */

struct frt_session {
    const struct frt_conf *conf;
    const char *uri;
    LDAP *ld;
    int out_fd;
    struct frt_frame_buffer out;
    struct frt_seen seen;
    uint32_t forwarded; /* ENTRY frames since BEGIN */
    bool in_content;    /* between BEGIN and END */
    bool moved;         /* an entry known under another name came; what is below it may have moved along */
    bool refreshed;     /* one content was complete */
    struct frt_trouble trouble;
};

/* All return 0, or -ENOTCONN with session->trouble: the connection is to be given up. */

int frt_session_begin(struct frt_session *session, const char *csn);
int frt_session_end(struct frt_session *session, const char *how);
/* An entry as it is now. Without `uuid` (no content sync) its attribute entryUUID is taken. */
int frt_session_forward(struct frt_session *session, LDAPMessage *entry,
                        const uint8_t uuid[FRT_REPLICA_UUID]);
int frt_session_forget(struct frt_session *session, const uint8_t uuid[FRT_REPLICA_UUID], const char *dn);
int frt_session_confirm(struct frt_session *session, const char *csn, int64_t asked_ms);
/* Writes what has gathered. The other end being gone ends the process. */
int frt_session_flush(struct frt_session *session);

/* A search's result code as trouble, with the advice that fits. */
int frt_session_result(struct frt_session *session, int result, const char *doing);
/* Trouble when the message is a reference to another server (never followed). */
int frt_session_reference(struct frt_session *session);

/* ---- contextCSN: the suffix's own entry, base search ---- */

int frt_session_ask_csn(struct frt_session *session, int *ret_msgid);
/* Every contextCSN of the entry as a list (replica_csn.h), "" when there is none. */
int frt_session_take_csn(struct frt_session *session, LDAPMessage *entry, char csn[FRT_REPLICA_MAX_CSN + 1]);
/* Asks and waits. */
int frt_session_read_csn(struct frt_session *session, char csn[FRT_REPLICA_MAX_CSN + 1]);

/* The process is killed (SIGALRM) when it does not call this again within `seconds` and some: no library call may hang
 * for good, whatever drips in from the network (threats L8). */
void frt_session_watchdog(unsigned seconds);

#endif
