/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "support/cleanup.h"

#define MOUNTINFO_MAX (4u << 20)

bool frt_mount_is_local(const char *type)
{
    static const char *const local[] = {"ext2",  "ext3",  "ext4",     "xfs", "btrfs",    "tmpfs",   "overlay",
                                        "f2fs",  "vfat",  "exfat",    "zfs", "bcachefs", "iso9660", "udf",
                                        "ramfs", "erofs", "squashfs", "jfs", "reiserfs", "ntfs3",   "nilfs2"};

    for (size_t i = 0; i < FRT_ARRAY_LEN(local); i++)
        if (strcmp(type, local[i]) == 0)
            return true;
    return false;
}

/* The word at `*at`, octal escapes undone, into `buffer`. */
static int take_word(const char **at, const char *end, char *buffer, size_t size)
{
    const char *p = *at;
    size_t n = 0;

    while (p < end && *p != ' ' && *p != '\n') {
        char c = *p++;

        if (c == '\\') {
            if (end - p < 3)
                return -EBADMSG;
            for (int i = 0; i < 3; i++)
                if (p[i] < '0' || p[i] > '7')
                    return -EBADMSG;
            c = (char)((p[0] - '0') * 64 + (p[1] - '0') * 8 + (p[2] - '0'));
            p += 3;
        }
        if (n + 1 >= size)
            return -ENAMETOOLONG;
        if (c == '\0')
            return -EBADMSG;
        buffer[n++] = c;
    }
    if (n == 0)
        return -EBADMSG;
    buffer[n] = '\0';
    *at = p < end ? p + 1 : p;
    return 0;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
int frt_mount_parse(const char *line, size_t length, struct frt_mount *ret_mount)
{
    const char *at = line, *end = line + length;
    struct frt_mount mount = {0};
    char word[FRT_SCOPE_PATH_MAX];
    unsigned high, low;
    int r;

    for (int i = 0; i < 6; i++) {
        r = take_word(&at, end, word, sizeof(word));
        if (r < 0)
            return r;
        if (i == 2 && sscanf(word, "%u:%u", &high, &low) != 2)
            return -EBADMSG;
        if (i == 4)
            memcpy(mount.path, word, strlen(word) + 1);
        if (i == 5)
            mount.is_read_only = strncmp(word, "ro", 2) == 0 && (word[2] == ',' || word[2] == '\0');
    }
    mount.dev = makedev(high, low);
    do {
        r = take_word(&at, end, word, sizeof(word));
        if (r < 0)
            return r;
    } while (strcmp(word, "-") != 0);
    r = take_word(&at, end, word, sizeof(word));
    if (r < 0)
        return r;
    if (strlen(word) >= sizeof(mount.type))
        return -EBADMSG;
    memcpy(mount.type, word, strlen(word) + 1);
    *ret_mount = mount;
    return 0;
}

static bool is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0' || directory[n - 1] == '/');
}

static bool is_in_scope(const struct frt_gate_scope *scope, const struct frt_mount *mount)
{
    if (!frt_mount_is_local(mount->type))
        return false;
    for (size_t i = 0; i < scope->only_count; i++)
        if (is_below(mount->path, scope->only[i]))
            return true;
    return scope->only_count == 0;
}

/* Bind mounts and btrfs make what mountinfo says and what stat(2) says differ; stat(2) is what events carry. A mount that is
 * hidden below another is not what its path leads to. */
static int settle_device(const struct frt_gate_scope *scope, struct frt_mount *mount)
{
    struct stat st, root;

    if (stat(mount->path, &st) < 0)
        return -errno;
    if (scope->only_count && (stat("/", &root) < 0 || root.st_dev == st.st_dev))
        return -EXDEV;
    mount->dev = st.st_dev;
    return 0;
}

static int by_device(const void *a, const void *b)
{
    dev_t x = ((const struct frt_mount *)a)->dev, y = ((const struct frt_mount *)b)->dev;

    return x < y ? -1 : x > y;
}

static char *read_all(int fd, size_t *ret_length)
{
    size_t length = 0, size = 1u << 16;
    frt_auto_free char *text = malloc(size);

    if (!text || lseek(fd, 0, SEEK_SET) < 0)
        return NULL;
    for (;;) {
        ssize_t n = read(fd, text + length, size - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            *ret_length = length;
            return n < 0 ? NULL : frt_steal(&text);
        }
        length += (size_t)n;
        if (length == size) {
            char *more = size < MOUNTINFO_MAX ? realloc(text, size * 2) : NULL;

            if (!more)
                return NULL;
            text = more;
            size *= 2;
        }
    }
}

static size_t drop_doubles(struct frt_mount *mounts, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || mounts[kept - 1].dev != mounts[i].dev)
            mounts[kept++] = mounts[i];
    return kept;
}

static size_t collect(const struct frt_gate_scope *scope, const char *text, size_t length,
                      struct frt_mount *mounts)
{
    const char *end = text + length;
    size_t count = 0;

    for (const char *line = text; line < end && count < FRT_SCOPE_MAX_MOUNTS;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((next ? next : end) - line);

        if (frt_mount_parse(line, n, &mounts[count]) == 0 && is_in_scope(scope, &mounts[count]) &&
            settle_device(scope, &mounts[count]) == 0)
            count++;
        line = next ? next + 1 : end;
    }
    qsort(mounts, count, sizeof(*mounts), by_device);
    return drop_doubles(mounts, count);
}

static bool are_same(const struct frt_gate_scope *scope, const struct frt_mount *mounts, size_t count)
{
    if (count != scope->mount_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (mounts[i].dev != scope->mounts[i].dev || strcmp(mounts[i].path, scope->mounts[i].path) != 0)
            return false;
    return true;
}

int frt_scope_read(struct frt_gate_scope *scope, bool *ret_changed)
{
    frt_auto_free struct frt_mount *mounts = calloc(FRT_SCOPE_MAX_MOUNTS, sizeof(*mounts));
    frt_auto_free char *text = NULL;
    size_t length = 0, count;

    text = mounts ? read_all(scope->mountinfo, &length) : NULL;
    if (!text)
        return -ENOMEM;
    count = collect(scope, text, length, mounts);
    *ret_changed = !are_same(scope, mounts, count);
    if (*ret_changed) {
        free(scope->mounts);
        scope->mounts = frt_steal(&mounts);
        scope->mount_count = count;
    }
    return 0;
}

/* Below "/" or "/usr" of the machine itself nothing is a mount of its own, so a slip of the hand marks nothing. */
static int check_only(const struct frt_gate_scope *scope)
{
    struct stat root, st, above;
    char parent[FRT_SCOPE_PATH_MAX];

    if (stat("/", &root) < 0)
        return -errno;
    for (size_t i = 0; i < scope->only_count; i++) {
        if (scope->only[i][0] != '/' || stat(scope->only[i], &st) < 0)
            return scope->only[i][0] == '/' ? -errno : -EINVAL;
        snprintf(parent, sizeof(parent), "%s/..", scope->only[i]);
        if (st.st_dev == root.st_dev || stat(parent, &above) < 0 || above.st_dev == st.st_dev)
            return FRT_SCOPE_E_NOT_A_MOUNT;
    }
    return 0;
}

int frt_scope_open(struct frt_gate_scope *scope)
{
    bool changed;
    int r = check_only(scope);

    if (r != 0)
        return r;
    scope->mounts = NULL;
    scope->mount_count = 0;
    scope->mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (scope->mountinfo < 0)
        return -errno;
    r = frt_scope_read(scope, &changed);
    if (r < 0)
        frt_scope_close(scope);
    return r;
}

void frt_scope_close(struct frt_gate_scope *scope)
{
    free(scope->mounts);
    scope->mounts = NULL;
    scope->mount_count = 0;
    close(scope->mountinfo);
    scope->mountinfo = -1;
}

bool frt_scope_has(const struct frt_gate_scope *scope, dev_t dev)
{
    struct frt_mount key = {.dev = dev};

    return scope->mount_count &&
           bsearch(&key, scope->mounts, scope->mount_count, sizeof(key), by_device) != NULL;
}

bool frt_scope_has_type(const struct frt_gate_scope *scope, const char *type)
{
    for (size_t i = 0; i < scope->mount_count; i++)
        if (strcmp(scope->mounts[i].type, type) == 0)
            return true;
    return false;
}
