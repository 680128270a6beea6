/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "support/cleanup.h"

int frt_file_check(const struct stat *st, enum frt_file_trust trust, const char **ret_what)
{
    if (!S_ISREG(st->st_mode)) {
        *ret_what = "expected a regular file";
        return -EPERM;
    }
    if (trust != FRT_FILE_ANY && st->st_uid != 0 && st->st_uid != geteuid()) {
        *ret_what = "expected to be owned by root or by the account that reads it";
        return -EPERM;
    }
    if (trust != FRT_FILE_ANY && (st->st_mode & 022)) {
        *ret_what = "expected not to be writable by group or others (chmod go-w)";
        return -EPERM;
    }
    if (trust == FRT_FILE_SECRET && (st->st_mode & 077)) {
        *ret_what = "holds a secret: expected mode 0600 or 0400 (chmod 600)";
        return -EPERM;
    }
    return 0;
}

static int check(const struct stat *st, enum frt_file_trust trust, size_t max, const char **ret_what)
{
    int r = frt_file_check(st, trust, ret_what);

    if (r == 0 && (st->st_size < 0 || (size_t)st->st_size > max)) {
        *ret_what = "is larger than any such file should be";
        r = -EFBIG;
    }
    return r;
}

int frt_file_read(const char *path, enum frt_file_trust trust, size_t max, char **ret_bytes,
                  size_t *ret_length, const char **ret_what)
{
    frt_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    frt_auto_free char *bytes = NULL;
    struct stat st;
    size_t used = 0;
    int r;

    *ret_what = "cannot be read";
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    r = check(&st, trust, max, ret_what);
    if (r < 0)
        return r;
    bytes = malloc((size_t)st.st_size + 1);
    if (!bytes)
        return -ENOMEM;
    while (used < (size_t)st.st_size) {
        ssize_t n = read(fd, bytes + used, (size_t)st.st_size - used);

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
