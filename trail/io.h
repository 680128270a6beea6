/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The calls by which the writer changes what is on disk, as a table, so that tests can record their order,
 * stop between any two of them and make each of them fail. Everyone else uses frt_trail_io_real().
 */
#ifndef FRT_TRAIL_IO_H
#define FRT_TRAIL_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Each returns what the system call of its name returns, errno included. `arg` is the table's own. */
struct frt_trail_io {
    int (*create)(void *arg, int dir_fd, const char *name, mode_t mode); /* openat O_CREAT|O_EXCL|O_RDWR */
    ssize_t (*pwrite)(void *arg, int fd, const void *bytes, size_t length, off_t offset);
    int (*fallocate)(void *arg, int fd, off_t offset, off_t length); /* FALLOC_FL_KEEP_SIZE */
    int (*fdatasync)(void *arg, int fd);
    int (*fsync)(void *arg, int fd);
    int (*rename)(void *arg, int dir_fd, const char *from, const char *to); /* never replaces */
    int (*unlink)(void *arg, int dir_fd, const char *name);
    void *arg;
};

const struct frt_trail_io *frt_trail_io_real(void);

/* Writes all of it. A short write is a failure: what could not be written now is never guessed at later. 0 or
 * negative errno. */
int frt_trail_io_write(const struct frt_trail_io *io, int fd, const void *bytes, size_t length, off_t offset);

/* A small public file: written beside, synced, renamed into place, directory synced. 0 or negative errno. */
int frt_trail_io_publish(const struct frt_trail_io *io, int dir_fd, const char *name, const void *bytes,
                         size_t length);

#endif
