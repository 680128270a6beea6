/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/contents.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <unistd.h>

#include "support/cleanup.h"

#define PIECE (256u << 10)

static int open_same(int directory, const char *name, const struct stat *st)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    frt_auto_close int fd = openat(directory, name, flags | O_NOATIME);
    struct stat now;

    if (fd < 0 && errno == EPERM) /* not our file: then its access time is touched */
        fd = openat(directory, name, flags);
    if (fd < 0 || fstat(fd, &now) < 0)
        return -errno;
    if (!S_ISREG(now.st_mode) || now.st_ino != st->st_ino || now.st_dev != st->st_dev)
        return -ESTALE;
    return frt_steal_fd(&fd);
}

static int digest_of(int fd, EVP_MD_CTX *context, uint8_t *piece, uint8_t ret_sha256[32])
{
    off_t at = 0;

    if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        return -EIO;
    for (;;) {
        ssize_t n = pread(fd, piece, PIECE, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        if (EVP_DigestUpdate(context, piece, (size_t)n) != 1)
            return -EIO;
        at += n;
    }
    return EVP_DigestFinal_ex(context, ret_sha256, NULL) == 1 ? 0 : -EIO;
}

static bool is_unchanged(const struct stat *one, const struct stat *other)
{
    return one->st_size == other->st_size && one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
           one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

int frt_scan_digest(int directory, const char *name, struct stat *st, uint8_t ret_sha256[32])
{
    frt_auto_close int fd = open_same(directory, name, st);
    frt_auto_free uint8_t *piece = malloc(PIECE);
    EVP_MD_CTX *context;
    struct stat before, after;
    int r;

    if (fd < 0)
        return fd;
    if (!piece || fstat(fd, &before) < 0)
        return -ENOMEM;
    context = EVP_MD_CTX_new();
    r = context ? digest_of(fd, context, piece, ret_sha256) : -ENOMEM;
    EVP_MD_CTX_free(context);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* what others have cached is worth more */
    if (r == 0 && (fstat(fd, &after) < 0 || !is_unchanged(&before, &after)))
        r = -ESTALE;
    *st = before;
    return r;
}

int frt_scan_head(int directory, const char *name, const struct stat *st, size_t max, char **ret_bytes,
                  size_t *ret_length)
{
    frt_auto_close int fd = open_same(directory, name, st);
    size_t size = (size_t)st->st_size < max ? (size_t)st->st_size : max, used = 0;
    frt_auto_free char *bytes = malloc(size + 1);

    if (fd < 0)
        return fd;
    if (!bytes)
        return -ENOMEM;
    while (used < size) {
        ssize_t n = read(fd, bytes + used, size - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    bytes[used] = '\0';
    *ret_bytes = frt_steal(&bytes);
    *ret_length = used;
    return 0;
}
