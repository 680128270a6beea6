/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One file that the second lock is put on. It is found by its path once, and from then on held by a descriptor: nobody can put
 * another file in its place between looking and changing.
 */
#ifndef FRT_CLI_LOCK_FILE_H
#define FRT_CLI_LOCK_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct frt_lock_file {
    int fd; /* O_PATH */
    struct stat st;
    char path[PATH_MAX]; /* real, below the root */
};

/* Opens `path` below the directory `root_fd`. 0: a regular file that only root can change, to be closed by the caller.
 * -ENOENT: not there. 1: a directory; the path is filled in, nothing is open. 2: not to be locked, `*ret_why` says in words why:
 * a symbolic link, owned or writable by others (or in a directory that is), set-user-ID, with capabilities or an access control
 * list, which a change of owner and mode would not undo or would lose. */
int frt_lock_file_open(int root_fd, const char *path, struct frt_lock_file *ret_file, const char **ret_why);
void frt_lock_file_close(struct frt_lock_file *file);

/* Group permission instead of everybody's: 0755 becomes 0750, 0644 becomes 0640. */
mode_t frt_lock_mode(mode_t mode);

/* Sets owner, group and mode, the stricter step first. 0 or a negative errno. */
int frt_lock_file_shut(const struct frt_lock_file *file, gid_t gid, mode_t mode);
int frt_lock_file_restore(const struct frt_lock_file *file, uid_t uid, gid_t gid, mode_t mode);

#endif
