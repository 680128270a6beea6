/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "support/cleanup.h"

#define BACKLOG_RETRY_MS 5

int64_t frt_mono_ms(void)
{
    struct timespec now;

    /* Far in the past: a deadline reckoned from a clock that cannot be read is over at once. */
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return INT64_MIN / 2;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int frt_client_ask_init(struct frt_ask *ask, enum frt_ask_kind kind)
{
    frt_ask_init(ask, kind);
    for (;;) {
        ssize_t n = getrandom(ask->rid, sizeof(ask->rid), GRND_NONBLOCK);

        if (n == (ssize_t)sizeof(ask->rid))
            return 0;
        if (n >= 0)
            return -EIO;
        if (errno != EINTR)
            return -errno;
    }
}

static int remaining_ms(int64_t deadline_mono_ms)
{
    int64_t now = frt_mono_ms();

    if (now >= deadline_mono_ms)
        return 0;
    return deadline_mono_ms - now > 3600000 ? 3600000 : (int)(deadline_mono_ms - now);
}

/* Waits until `events` can happen on `fd`, or for `limit_ms` when that is shorter. 0, -ETIMEDOUT or a
 * negative errno. */
static int wait_for(int fd, short events, int limit_ms, int64_t deadline_mono_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int ms = remaining_ms(deadline_mono_ms), r;
    bool is_last = ms <= limit_ms;

    if (ms == 0)
        return -ETIMEDOUT;
    r = poll(&p, 1, is_last ? ms : limit_ms);
    if (r < 0)
        return errno == EINTR ? 0 : -errno;
    return r == 0 && is_last ? -ETIMEDOUT : 0;
}

/* Whoever can write in the directory can put a socket of his own there. */
static int check_listener(int fd, const char *path)
{
    char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct ucred peer = {.pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t length = sizeof(peer);
    struct stat st;
    char *slash;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return -errno;
    if (length != sizeof(peer))
        return -EPERM;
    memcpy(directory, path, strlen(path) + 1);
    slash = strrchr(directory, '/');
    slash[slash == directory ? 1 : 0] = '\0';
    if (stat(directory, &st) < 0)
        return -errno;
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return -EPERM;
    return peer.uid == 0 || peer.uid == st.st_uid ? 0 : -EPERM;
}

static int connect_by(int fd, const struct sockaddr_un *address, int64_t deadline_mono_ms)
{
    for (;;) {
        int r;

        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
            return 0;
        /* unix(7): EAGAIN is a full backlog, and poll() does not tell when it has room again. */
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        r = wait_for(-1, 0, errno == EAGAIN ? BACKLOG_RETRY_MS : 0, deadline_mono_ms);
        if (r < 0)
            return r;
    }
}

int frt_client_connect(const char *path, int64_t deadline_mono_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    frt_auto_close int fd = -1;
    int r;

    if (path[0] != '/')
        return -EINVAL;
    if (length >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, length);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    r = connect_by(fd, &address, deadline_mono_ms);
    if (r == 0)
        r = check_listener(fd, path);
    return r < 0 ? r : frt_steal_fd(&fd);
}

static int send_by(int fd, const uint8_t *bytes, size_t length, int64_t deadline_mono_ms)
{
    for (;;) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        int r;

        if (n == (ssize_t)length)
            return 0;
        if (n >= 0)
            return -EIO;
        if (errno == ECONNRESET || errno == EPIPE)
            return -EPIPE;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        r = wait_for(fd, POLLOUT, INT_MAX, deadline_mono_ms);
        if (r < 0)
            return r;
    }
}

/* Bytes of the one message, or a negative errno. */
static int receive_by(int fd, uint8_t *buffer, size_t size, int64_t deadline_mono_ms)
{
    struct iovec part = {.iov_base = buffer, .iov_len = size};

    for (;;) {
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        int r = wait_for(fd, POLLIN, INT_MAX, deadline_mono_ms);
        ssize_t n;

        if (r < 0)
            return r;
        n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n > 0)
            return message.msg_flags & MSG_TRUNC ? -EBADMSG : (int)n;
        if (n == 0 || errno == ECONNRESET)
            return -EPIPE;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

static int exchange(int fd, const struct frt_ask *ask, int64_t deadline_mono_ms, uint8_t *buffer, size_t size,
                    struct frt_answer *ret_answer)
{
    struct frt_answer answer;
    const char *what;
    int r = frt_ask_encode(ask, buffer, FRT_ASK_MAX);

    if (r < 0)
        return r;
    r = send_by(fd, buffer, (size_t)r, deadline_mono_ms);
    if (r == 0)
        r = receive_by(fd, buffer, size, deadline_mono_ms);
    if (r >= 0)
        r = frt_answer_decode(buffer, (size_t)r, &answer, &what);
    if (r < 0)
        return r;
    if (memcmp(answer.rid, ask->rid, sizeof(ask->rid)) != 0) {
        frt_answer_clear(&answer);
        return -EBADMSG;
    }
    *ret_answer = answer;
    return 0;
}

static bool is_answered_with_text(enum frt_ask_kind kind)
{
    return kind == FRT_ASK_CHECK || kind == FRT_ASK_GRANT || kind == FRT_ASK_STATUS || kind == FRT_ASK_WHY ||
           kind == FRT_ASK_CATALOGUE;
}

int frt_client_ask(int fd, const struct frt_ask *ask, int64_t deadline_mono_ms, struct frt_answer *ret_answer)
{
    uint8_t brief[FRT_ANSWER_SHORT_MAX];
    frt_auto_free uint8_t *large = NULL;

    frt_answer_init(ret_answer);
    if (!is_answered_with_text(ask->kind))
        return exchange(fd, ask, deadline_mono_ms, brief, sizeof(brief), ret_answer);
    large = malloc(FRT_ANSWER_MAX);
    if (!large)
        return -ENOMEM;
    return exchange(fd, ask, deadline_mono_ms, large, FRT_ANSWER_MAX, ret_answer);
}

int frt_client_ask_once(const char *path, const struct frt_ask *ask, int64_t deadline_mono_ms,
                        struct frt_answer *ret_answer)
{
    frt_auto_close int fd = frt_client_connect(path, deadline_mono_ms);

    frt_answer_init(ret_answer);
    return fd < 0 ? fd : frt_client_ask(fd, ask, deadline_mono_ms, ret_answer);
}
