/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the gate may put marks: the local file systems, or just the mounts it was given. Nothing else is ever marked, and no
 * mount is ever marked (unshare(1) walks around mount marks, threats F5).
 */
#ifndef FRT_GATE_SCOPE_H
#define FRT_GATE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FRT_SCOPE_MAX_ONLY   16
#define FRT_SCOPE_MAX_MOUNTS 1024
#define FRT_SCOPE_PATH_MAX   1024

#define FRT_SCOPE_E_NOT_A_MOUNT 1 /* a directory given is not a mount point of its own */

struct frt_mount {
    dev_t dev;
    char path[FRT_SCOPE_PATH_MAX];
    char type[32];
    bool is_read_only;
};

struct frt_gate_scope {
    const char *only[FRT_SCOPE_MAX_ONLY]; /* mount points; borrowed */
    size_t only_count;                    /* 0: every local file system */
    struct frt_mount *mounts;             /* in scope, one per device, ascending by device */
    size_t mount_count;
    int mountinfo; /* poll for POLLPRI */
};

/* One line of /proc/self/mountinfo (proc(5)), octal escapes undone. 0, -EBADMSG, -ENAMETOOLONG. */
int frt_mount_parse(const char *line, size_t length, struct frt_mount *ret_mount);

/* True when the kernel sees every change of such a file system's contents: not network, not FUSE (the content can be another
 * at each read), not kernel interfaces. */
bool frt_mount_is_local(const char *type);

/* 0, FRT_SCOPE_E_NOT_A_MOUNT, or a negative errno. Under `only` the root file system is refused. */
int frt_scope_open(struct frt_gate_scope *scope);
void frt_scope_close(struct frt_gate_scope *scope);

/* Reads the mounts again. `*ret_changed` when a file system came or went. 0 or a negative errno. */
int frt_scope_read(struct frt_gate_scope *scope, bool *ret_changed);

bool frt_scope_has(const struct frt_gate_scope *scope, dev_t dev);
bool frt_scope_has_type(const struct frt_gate_scope *scope, const char *type);

#endif
