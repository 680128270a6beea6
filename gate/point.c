/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/point.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/client.h"

#define SEND_BUFFER (4 << 20)

void frt_point_init(struct frt_point *point, const char *path)
{
    point->path = path;
    point->fd = -1;
    point->next_try_ms = 0;
}

void frt_point_close(struct frt_point *point)
{
    if (point->fd >= 0)
        close(point->fd);
    point->fd = -1;
    point->next_try_ms = frt_mono_ms() + FRT_POINT_RETRY_MS;
}

bool frt_point_connect(struct frt_point *point)
{
    struct frt_gate_message hello;
    int size = SEND_BUFFER;
    int64_t now = frt_mono_ms();

    if (point->fd >= 0 || now < point->next_try_ms)
        return false;
    point->next_try_ms = now + FRT_POINT_RETRY_MS;
    point->fd = frt_client_connect(point->path, now + FRT_POINT_CONNECT_MS);
    if (point->fd < 0) {
        point->fd = -1;
        return false;
    }
    setsockopt(point->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    setsockopt(point->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    frt_gate_message_init(&hello, FRT_GATE_HELLO);
    return frt_point_send(point, &hello) == 0;
}

static int send_bytes(struct frt_point *point, const uint8_t *bytes, size_t length)
{
    ssize_t n = send(point->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    int error = n < 0 ? errno : EIO;

    if (n == (ssize_t)length)
        return 0;
    frt_point_close(point);
    return -error;
}

int frt_point_send(struct frt_point *point, const struct frt_gate_message *message)
{
    static uint8_t bytes[FRT_GATE_MESSAGE_MAX];
    int n = frt_gate_message_encode(message, bytes, sizeof(bytes));

    if (n < 0)
        return n;
    return point->fd < 0 ? -ENOTCONN : send_bytes(point, bytes, (size_t)n);
}

int frt_point_ask(struct frt_point *point, const struct frt_ask *ask)
{
    uint8_t bytes[FRT_ASK_MAX];
    int n = frt_ask_encode(ask, bytes, sizeof(bytes));

    if (n < 0)
        return n;
    return point->fd < 0 ? -ENOTCONN : send_bytes(point, bytes, (size_t)n);
}

int frt_point_receive(struct frt_point *point)
{
    for (;;) {
        struct iovec part = {.iov_base = point->buffer, .iov_len = sizeof(point->buffer)};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t n;
        int error;

        if (point->fd < 0)
            return -ENOTCONN;
        n = recvmsg(point->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n > 0 && !(message.msg_flags & MSG_TRUNC))
            return (int)n;
        error = n == 0 ? EPIPE : n > 0 ? EBADMSG : errno;
        if (error == EINTR)
            continue;
        if (error == EAGAIN)
            return 0;
        frt_point_close(point);
        return -error;
    }
}
