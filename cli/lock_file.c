/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "support/cleanup.h"

#define REFUSED 2

/* Links in the middle of the path (/bin -> usr/bin) are followed inside the root, never out of it. */
static int open_in_root(int root_fd, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

    return fd < 0 ? -errno : fd;
}

static int path_of(int fd, char *buffer, size_t size)
{
    char link[40];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, buffer, size - 1);
    if (n < 0)
        return -errno;
    if ((size_t)n == size - 1)
        return -ENAMETOOLONG;
    buffer[n] = '\0';
    return 0;
}

/* The path of `fd` as seen from the root. */
static int path_below(int root_fd, int fd, char ret_path[PATH_MAX])
{
    char root[PATH_MAX], whole[PATH_MAX];
    size_t length;

    if (path_of(root_fd, root, sizeof(root)) < 0 || path_of(fd, whole, sizeof(whole)) < 0)
        return -ENOENT;
    length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(whole, root, length) != 0 || whole[length] != '/')
        return -ENOENT;
    memcpy(ret_path, whole + length, strlen(whole + length) + 1);
    return 0;
}

static bool is_roots_alone(const struct stat *st)
{
    return st->st_uid == 0 && !(st->st_mode & S_IWOTH) && (!(st->st_mode & S_IWGRP) || st->st_gid == 0);
}

/* Walks down to the file: each directory on the way must be root's alone, and the name must still be that file. */
static const char *check_way(int root_fd, const struct frt_lock_file *file)
{
    frt_auto_close int at = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
    frt_auto_free char *copy = strdup(file->path + 1);
    char *rest = copy, *name;
    struct stat st;

    if (at < 0 || !copy)
        return "there is no memory to look at it";
    for (;;) {
        int next;

        if (fstat(at, &st) < 0 || !is_roots_alone(&st))
            return "a directory on the way to it can be changed by others than root";
        name = strsep(&rest, "/");
        if (!rest)
            break;
        next = openat(at, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        if (next < 0)
            return "its path changed while it was looked at";
        close(at);
        at = next;
    }
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != file->st.st_ino ||
        st.st_dev != file->st.st_dev)
        return "its path changed while it was looked at";
    return NULL;
}

static bool has_attribute(int fd, const char *name)
{
    char link[40];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return getxattr(link, name, NULL, 0) > 0;
}

static const char *check(int root_fd, const struct frt_lock_file *file)
{
    if (S_ISLNK(file->st.st_mode))
        return "it is a symbolic link: what it leads to is what must be catalogued";
    if (!S_ISREG(file->st.st_mode))
        return "it is neither a file nor a directory";
    if (file->st.st_uid != 0)
        return "it does not belong to root: its owner could undo the lock; remove it, or rely on the gate";
    if (!is_roots_alone(&file->st))
        return "others than root can write to it (chmod go-w)";
    if (file->st.st_mode & (S_ISUID | S_ISGID))
        return "it is set-user-ID or set-group-ID: remove it, or rely on the gate";
    if (has_attribute(file->fd, "security.capability"))
        return "it has file capabilities, which a new owner would take away: rely on the gate";
    if (has_attribute(file->fd, "system.posix_acl_access"))
        return "it has an access control list that lets others in (setfacl -b)";
    return check_way(root_fd, file);
}

int frt_lock_file_open(int root_fd, const char *path, struct frt_lock_file *ret_file, const char **ret_why)
{
    frt_auto_close int fd = open_in_root(root_fd, path);
    struct frt_lock_file file = {.fd = fd};

    if (fd < 0)
        return fd == -ENOTDIR || fd == -ELOOP ? -ENOENT : fd;
    if (fstat(fd, &file.st) < 0 || path_below(root_fd, fd, file.path) < 0)
        return -ENOENT;
    *ret_file = file;
    ret_file->fd = -1;
    if (S_ISDIR(file.st.st_mode))
        return 1;
    *ret_why = check(root_fd, &file);
    if (*ret_why)
        return REFUSED;
    ret_file->fd = frt_steal_fd(&fd);
    return 0;
}

void frt_lock_file_close(struct frt_lock_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

mode_t frt_lock_mode(mode_t mode)
{
    return (mode & 0700) | ((mode & 0700) >> 3 & 0050);
}

/* chmod(2) takes no O_PATH descriptor; its name in /proc is that very file. */
static int change_mode(const struct frt_lock_file *file, mode_t mode)
{
    char link[40];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
    return chmod(link, mode) < 0 ? -errno : 0;
}

static int change_owner(const struct frt_lock_file *file, uid_t uid, gid_t gid)
{
    return fchownat(file->fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int frt_lock_file_shut(const struct frt_lock_file *file, gid_t gid, mode_t mode)
{
    int r = change_mode(file, mode & 0700); /* not even for a moment the old group */

    if (r == 0)
        r = change_owner(file, 0, gid);
    return r < 0 ? r : change_mode(file, mode);
}

int frt_lock_file_restore(const struct frt_lock_file *file, uid_t uid, gid_t gid, mode_t mode)
{
    int r = change_owner(file, uid, gid);

    return r < 0 ? r : change_mode(file, mode);
}
