/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who is at the other end of a connection, by the kernel's word alone: SO_PEERCRED, SO_PEERGROUPS (unix(7))
 * and /proc/PID/loginuid, read while a pidfd shows that the process still lives (polkit CVE-2021-3560: a peer
 * that vanished is nobody, not root).
 */
#ifndef FRT_DAEMON_PEER_H
#define FRT_DAEMON_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct frt_peer {
    pid_t pid;
    uid_t uid;
    int64_t login_uid; /* -1: nobody logged in */
    bool auditor;      /* root, or in the auditors' group */
    char program[64];  /* /proc/PID/exe when it may be read, else "[comm]" */
};

/* 0, or a negative errno: -ESRCH when the peer is gone. `auditors_gid` (gid_t)-1: no such group. */
int frt_peer_read(int fd, gid_t auditors_gid, struct frt_peer *ret_peer);

#endif
