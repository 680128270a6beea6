/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Becoming nobody in particular: frtd's own account, no capabilities, no way to gain any, and a seccomp
 * filter that knows no exec, no network and no debugging.
 */
#ifndef FRT_DAEMON_PRIVILEGES_H
#define FRT_DAEMON_PRIVILEGES_H

#include <sys/types.h>

/* Finds an account by name or "#number". 0, -ENOENT. A number without an entry has its own number as group.
 */
int frt_account_find(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/* Finds a group by name or "#number". 0, -ENOENT. */
int frt_group_find(const char *name, gid_t *ret_gid);

/* From root to the account, for good; who is not root only loses the capabilities he has. 0 or a negative errno. */
int frt_privileges_drop(uid_t uid, gid_t gid);

/* no_new_privs, not dumpable, seccomp. 0 or a negative errno. */
int frt_privileges_confine(void);

#endif
