/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "support/cleanup.h"

static int real_create(void *arg, int dir_fd, const char *name, mode_t mode)
{
    (void)arg;
    return openat(dir_fd, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
}

static ssize_t real_pwrite(void *arg, int fd, const void *bytes, size_t length, off_t offset)
{
    (void)arg;
    return pwrite(fd, bytes, length, offset);
}

static int real_fallocate(void *arg, int fd, off_t offset, off_t length)
{
    (void)arg;
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length);
}

static int real_fdatasync(void *arg, int fd)
{
    (void)arg;
    return fdatasync(fd);
}

static int real_fsync(void *arg, int fd)
{
    (void)arg;
    return fsync(fd);
}

static int real_rename(void *arg, int dir_fd, const char *from, const char *to)
{
    (void)arg;
    return renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE);
}

static int real_unlink(void *arg, int dir_fd, const char *name)
{
    (void)arg;
    return unlinkat(dir_fd, name, 0);
}

const struct frt_trail_io *frt_trail_io_real(void)
{
    static const struct frt_trail_io real = {
        .create = real_create,
        .pwrite = real_pwrite,
        .fallocate = real_fallocate,
        .fdatasync = real_fdatasync,
        .fsync = real_fsync,
        .rename = real_rename,
        .unlink = real_unlink,
    };

    return &real;
}

int frt_trail_io_write(const struct frt_trail_io *io, int fd, const void *bytes, size_t length, off_t offset)
{
    ssize_t n;

    do
        n = io->pwrite(io->arg, fd, bytes, length, offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return (size_t)n == length ? 0 : -ENOSPC;
}

int frt_trail_io_publish(const struct frt_trail_io *io, int dir_fd, const char *name, const void *bytes,
                         size_t length)
{
    char temporary[80];
    frt_auto_close int fd = -1;
    int r;

    if (snprintf(temporary, sizeof(temporary), "%s.tmp", name) >= (int)sizeof(temporary))
        return -ENAMETOOLONG;
    if (io->unlink(io->arg, dir_fd, temporary) < 0 && errno != ENOENT)
        return -errno;
    fd = io->create(io->arg, dir_fd, temporary, 0644);
    if (fd < 0)
        return -errno;
    r = frt_trail_io_write(io, fd, bytes, length, 0);
    if (r < 0)
        return r;
    if (io->fdatasync(io->arg, fd) < 0 || io->rename(io->arg, dir_fd, temporary, name) < 0 ||
        io->fsync(io->arg, dir_fd) < 0)
        return -errno;
    return 0;
}
