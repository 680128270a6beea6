/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/gate/scratch.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

const char *frt_scratch_make(void)
{
    strcpy(root, "/tmp/frt-gate-test-XXXXXX");
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return NULL;
    if (!mkdtemp(root) || mount("frt-test", root, "tmpfs", 0, "size=256m,mode=0755") < 0)
        return NULL;
    return root;
}

void frt_scratch_remove(void)
{
    umount2(root, MNT_DETACH);
    rmdir(root);
}

const char *frt_scratch_file(const char *name, const char *content, unsigned mode)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    int fd;

    snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content) || fchmod(fd, mode) < 0)
        abort();
    close(fd);
    return path;
}

int frt_scratch_group(const char *path)
{
    int group = fanotify_init(FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_TID |
                                  FAN_CLOEXEC | FAN_NONBLOCK,
                              O_RDONLY | O_LARGEFILE | O_CLOEXEC);

    if (group >= 0 && path &&
        fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM | FAN_ACCESS_PERM, AT_FDCWD,
                      path) < 0)
        abort();
    return group;
}
