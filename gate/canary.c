/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/canary.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* Opens when told, says which errno came of it. */
static int helper_main(const char *path, int fd, pid_t parent)
{
    char byte;

    if (dup2(fd, 0) < 0 || close_range(1, ~0u, 0) < 0)
        return 1;
    prctl(PR_SET_NAME, "frt-gate-canary");
    if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) < 0)
        return 1;
    /* After the change of uid, which clears it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        return 1;
    while (recv(0, &byte, 1, 0) == 1) {
        int opened = open(path, O_RDONLY | O_CLOEXEC);

        byte = (char)(opened < 0 ? errno : 0);
        if (opened >= 0)
            close(opened);
        if (send(0, &byte, 1, MSG_NOSIGNAL) != 1)
            break;
    }
    return 0;
}

int frt_canary_start(struct frt_canary *canary)
{
    pid_t parent = getpid();
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    canary->helper = fork();
    if (canary->helper == 0)
        _exit(helper_main(canary->path, pair[1], parent));
    close(pair[1]);
    canary->fd = pair[0];
    canary->is_out = false;
    canary->asked_ms = 0;
    return canary->helper < 0 ? -EAGAIN : 0;
}

void frt_canary_stop(struct frt_canary *canary)
{
    /* Reaped by the next tick: the worker waits for nobody. */
    if (canary->helper > 0)
        kill(canary->helper, SIGKILL);
    if (canary->fd >= 0)
        close(canary->fd);
    canary->fd = -1;
    canary->helper = 0;
}

void frt_canary_tick(struct frt_canary *canary, int64_t now_ms)
{
    char byte = 'o';

    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    if (canary->is_out && now_ms - canary->asked_ms >= FRT_CANARY_LATE_MS) {
        canary->missed++;
        frt_canary_stop(canary);
    }
    if (canary->helper <= 0) {
        if (frt_canary_start(canary) < 0)
            canary->missed++;
        return;
    }
    if (canary->is_out || (canary->asked_ms && now_ms - canary->asked_ms < canary->every_ms))
        return;
    canary->asked_ms = now_ms;
    canary->is_out = send(canary->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
    if (!canary->is_out)
        frt_canary_stop(canary);
}

bool frt_canary_read(struct frt_canary *canary, int64_t now_ms)
{
    bool refused = false;
    char byte;
    ssize_t n;

    while ((n = recv(canary->fd, &byte, 1, MSG_DONTWAIT)) == 1) {
        canary->is_out = false;
        if (byte == EPERM) {
            canary->refused_ms = now_ms;
            canary->missed = 0;
            refused = true;
        } else {
            canary->missed++;
        }
    }
    if (n == 0)
        frt_canary_stop(canary);
    return refused;
}
