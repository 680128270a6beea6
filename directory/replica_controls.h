/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The values content synchronisation (RFC 4533) carries: the request control, the state of each entry, the sync info
 * messages between and after them. Pure: bytes in, struct out, strict, at most one copy of anything.
 *
 * libldap has a consumer of its own (ldap_sync_init, ldap_sync_poll). It is not used because it hands the first message
 * of a chain to its handler once for every message of the chain, which loses changes as soon as another search shares
 * the connection (ours asks for contextCSN), and because its refresh waits for ever.
 */
#ifndef FRT_DIRECTORY_REPLICA_CONTROLS_H
#define FRT_DIRECTORY_REPLICA_CONTROLS_H

#include <stdbool.h>
#include <stdint.h>

#include <ldap.h>

#include "directory/replica_wire.h"

/* Sync State Control, RFC 4533 section 2.3. */
struct frt_sync_state {
    int state; /* LDAP_SYNC_PRESENT, _ADD, _MODIFY, _DELETE */
    uint8_t uuid[FRT_REPLICA_UUID];
    struct berval cookie; /* borrowed from the control's value; bv_val NULL: none */
};

enum frt_sync_info_kind {
    FRT_SYNC_INFO_COOKIE,  /* newcookie */
    FRT_SYNC_INFO_DELETE,  /* refreshDelete */
    FRT_SYNC_INFO_PRESENT, /* refreshPresent */
    FRT_SYNC_INFO_ID_SET,  /* syncIdSet */
};

/* Sync Info Message, RFC 4533 section 2.5. */
struct frt_sync_info {
    enum frt_sync_info_kind kind;
    struct berval cookie;               /* borrowed; bv_val NULL: none */
    bool refresh_done;                  /* DELETE, PRESENT */
    bool refresh_deletes;               /* ID_SET */
    uint8_t (*uuids)[FRT_REPLICA_UUID]; /* ID_SET; owned */
    size_t uuid_count;
};

/* 0, -EBADMSG, -ENOMEM. */
int frt_sync_state_parse(const struct berval *value, struct frt_sync_state *ret_state);
int frt_sync_info_parse(const struct berval *value, struct frt_sync_info *ret_info);
void frt_sync_info_clear(struct frt_sync_info *info);

/* Sync Request Control, refreshAndPersist, no cookie: the whole content each time. The control is critical. Free with
 * ldap_control_free(). */
int frt_sync_request_new(LDAPControl **ret_control);

#endif
