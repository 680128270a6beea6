/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "scan/contents.h"
#include "scan/packages.h"
#include "support/cleanup.h"

#define DEPTH_MAX 900 /* directories open at once */

static int enter(struct frt_scan *scan, int parent, const char *name, const char *path, dev_t dev,
                 unsigned depth);

static void tell_unreadable(struct frt_scan *scan, const char *path, int error)
{
    if (error == -ENOENT) /* came and went */
        return;
    scan->counts.unreadable++;
    scan->unreadable(path, error, scan->arg);
}

/* The path as the catalogue writes it. */
static const char *inner(const struct frt_scan *scan, const char *path)
{
    return path[scan->root_length] ? path + scan->root_length : "/";
}

static void look_at_manifest(struct frt_scan *scan, int directory, const char *name, const char *path,
                             const struct stat *st)
{
    enum frt_scan_manifest manifest = frt_scan_manifest_of(path);
    char package[FRT_SCAN_NAME_MAX];
    frt_auto_free char *bytes = NULL;
    struct frt_scan_match match;
    size_t length;
    int r;

    if (manifest == FRT_SCAN_NO_MANIFEST)
        return;
    r = frt_scan_head(directory, name, st, FRT_SCAN_PACKAGE_BYTES, &bytes, &length);
    if (r < 0)
        tell_unreadable(scan, path, r);
    else if (frt_scan_manifest_name(manifest, bytes, length, package) &&
             frt_scan_match_package(scan->marks, frt_scan_manifest_system(manifest), package, &match))
        scan->found(path, st, &match, NULL, scan->arg);
}

static void look_inside(struct frt_scan *scan, int directory, const char *name, const char *path,
                        struct stat *st)
{
    struct frt_scan_match match;
    uint8_t sha256[32];
    int r;

    if (frt_scan_seen_find(scan->seen, st, sha256)) {
        scan->counts.remembered++;
    } else {
        r = frt_scan_digest(directory, name, st, sha256);
        if (r < 0) {
            tell_unreadable(scan, path, r);
            return;
        }
        scan->counts.read++;
        scan->counts.bytes += (uint64_t)st->st_size;
        (void)frt_scan_seen_put(scan->seen, st, sha256); /* no memory: read again next time */
    }
    if (frt_scan_match_digest(scan->marks, sha256, &match))
        scan->found(path, st, &match, sha256, scan->arg);
}

static void look_at_file(struct frt_scan *scan, int directory, const char *name, const char *path,
                         struct stat *st)
{
    struct frt_scan_match match;

    scan->counts.files++;
    if (frt_scan_match_name(scan->marks, inner(scan, path), false, &match))
        scan->found(path, st, &match, NULL, scan->arg);
    else if (S_ISREG(st->st_mode) &&
             frt_scan_wants_contents(scan->marks, path, st->st_mode, (uint64_t)st->st_size))
        look_inside(scan, directory, name, path, st);
    if (S_ISREG(st->st_mode))
        look_at_manifest(scan, directory, name, path, st);
}

static int look_at_entry(struct frt_scan *scan, int directory, const char *name, const char *path, dev_t dev,
                         unsigned depth)
{
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
        tell_unreadable(scan, path, -errno);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return enter(scan, directory, name, path, dev, depth + 1);
    if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
        look_at_file(scan, directory, name, path, &st);
    return 0;
}

static int read_entries(struct frt_scan *scan, DIR *directory, const char *path, dev_t dev, unsigned depth)
{
    struct dirent *entry;

    for (;;) {
        frt_auto_free char *below = NULL;
        int r;

        errno = 0;
        entry = readdir(directory);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&below, "%s%s%s", path, path[1] ? "/" : "", entry->d_name) < 0)
            return -ENOMEM;
        r = look_at_entry(scan, dirfd(directory), entry->d_name, below, dev, depth);
        if (r < 0)
            return r;
    }
    if (errno)
        tell_unreadable(scan, path, -errno);
    return 0;
}

/* File systems that hold no files of anybody's: reading some of them has effects. */
static bool is_kernel_interface(int fd)
{
    static const unsigned long types[] = {
        PROC_SUPER_MAGIC, SYSFS_MAGIC,    DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
        DEBUGFS_MAGIC,    TRACEFS_MAGIC,  SECURITYFS_MAGIC,   BPF_FS_MAGIC,       SELINUX_MAGIC,
        PSTOREFS_MAGIC,   EFIVARFS_MAGIC, BINFMTFS_MAGIC,     AUTOFS_SUPER_MAGIC, NSFS_MAGIC};
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return true;
    for (size_t i = 0; i < FRT_ARRAY_LEN(types); i++)
        if ((unsigned long)fs.f_type == types[i])
            return true;
    return false;
}

/* One directory. `dev` 0: the one the scan begins with. */
static int enter(struct frt_scan *scan, int parent, const char *name, const char *path, dev_t dev,
                 unsigned depth)
{
    frt_auto_close int fd =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct frt_scan_match match;
    struct stat st;
    DIR *directory;
    int r;

    if (fd < 0 || fstat(fd, &st) < 0 || depth == DEPTH_MAX) {
        tell_unreadable(scan, path, fd >= 0 && depth == DEPTH_MAX ? -ELOOP : -errno);
        return 0;
    }
    if (dev && st.st_dev != dev && (!scan->cross_mounts || is_kernel_interface(fd))) {
        scan->counts.mounts++;
        return 0;
    }
    if (!scan->progress(path, &scan->counts, scan->arg))
        return -ECANCELED;
    scan->counts.directories++;
    if (frt_scan_match_name(scan->marks, inner(scan, path), true, &match))
        scan->found(path, &st, &match, NULL, scan->arg);
    directory = fdopendir(fd);
    if (!directory)
        return -errno;
    frt_steal_fd(&fd);
    r = read_entries(scan, directory, path, st.st_dev, depth);
    closedir(directory);
    return r;
}

/* A scan that begins inside a catalogued directory. */
static void look_upwards(struct frt_scan *scan, const char *directory, const struct stat *st)
{
    frt_auto_free char *part = strdup(directory);
    char *slash;

    while (part && (slash = strrchr(part, '/')) && slash != part &&
           (size_t)(slash - part) > scan->root_length) {
        struct frt_scan_match match;

        *slash = '\0';
        if (frt_scan_match_name(scan->marks, inner(scan, part), true, &match)) {
            scan->found(directory, st, &match, NULL, scan->arg);
            return;
        }
    }
}

int frt_scan_walk(struct frt_scan *scan, const char *directory)
{
    struct stat st;

    if (lstat(directory, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    look_upwards(scan, directory, &st);
    return enter(scan, AT_FDCWD, directory, directory, 0, 0);
}
