/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "support/cleanup.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

static int read_small(const char *path, char *buffer, size_t size)
{
    frt_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);

    if (n < 0)
        return -errno;
    buffer[n] = '\0';
    return 0;
}

/* A descriptor of the very process that connected: from the socket where the kernel can (6.5), else by
 * number. */
static int open_pidfd(int fd, pid_t pid)
{
    int pidfd = -1;
    socklen_t length = sizeof(pidfd);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) == 0)
        return pidfd;
    if (errno != ENOPROTOOPT) /* the kernel could tell, and the peer is gone: its number may be another's */
        return -errno;
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pidfd < 0 ? -errno : pidfd;
}

static bool still_lives(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

static int read_login_uid(pid_t pid, int64_t *ret_login_uid)
{
    char path[40], text[24], *end;
    int r;

    snprintf(path, sizeof(path), "/proc/%d/loginuid", pid);
    r = read_small(path, text, sizeof(text));
    if (r == -ENOENT &&
        access("/proc/self/loginuid", F_OK) < 0) { /* a kernel without audit: nobody ever logs in */
        *ret_login_uid = -1;
        return 0;
    }
    if (r < 0)
        return r;
    errno = 0;
    unsigned long long uid = strtoull(text, &end, 10);
    if (errno != 0 || end == text || uid > UINT32_MAX)
        return -EINVAL;
    *ret_login_uid = uid == UINT32_MAX ? -1 : (int64_t)uid;
    return 0;
}

/* The file where we may look (our own processes, or with CAP_SYS_PTRACE: then all); else the name a process gives itself. */
static void read_program(pid_t pid, bool is_foreign, char *buffer, size_t size)
{
    static bool is_refused;
    char path[40], comm[32] = "";
    ssize_t n = -1;

    if (!is_foreign || !is_refused) {
        snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        n = readlink(path, buffer, size - 1);
    }
    if (n >= 0) {
        buffer[n] = '\0';
        return;
    }
    is_refused |= is_foreign && errno == EACCES;
    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    read_small(path, comm, sizeof(comm));
    comm[strcspn(comm, "\n")] = '\0';
    snprintf(buffer, size, "[%s]", comm);
}

static bool in_group(int fd, gid_t primary, gid_t wanted)
{
    gid_t groups[256];
    socklen_t length = sizeof(groups);

    if (wanted == (gid_t)-1)
        return false;
    if (primary == wanted)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0)
        return false;
    for (size_t i = 0; i < length / sizeof(gid_t); i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

int frt_peer_read(int fd, gid_t auditors_gid, struct frt_peer *ret_peer)
{
    struct ucred cred;
    socklen_t length = sizeof(cred);
    frt_auto_close int pidfd = -1;
    int r;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) < 0)
        return -errno;
    if (cred.pid <= 0) /* a process outside our pid namespace: nobody we can tell */
        return -ESRCH;
    pidfd = open_pidfd(fd, cred.pid);
    if (pidfd < 0)
        return -ESRCH;
    *ret_peer = (struct frt_peer){.pid = cred.pid, .uid = cred.uid};
    r = read_login_uid(cred.pid, &ret_peer->login_uid);
    if (r < 0)
        return r == -ENOENT ? -ESRCH : r;
    read_program(cred.pid, cred.uid != geteuid(), ret_peer->program, sizeof(ret_peer->program));
    ret_peer->auditor = cred.uid == 0 || in_group(fd, cred.gid, auditors_gid);
    return still_lives(pidfd) ? 0 : -ESRCH;
}
