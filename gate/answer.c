/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/answer.h"

#include <errno.h>
#include <sys/fanotify.h>
#include <unistd.h>

/* More passes than this mean that somebody reads meanwhile; the number of events under one number is the
 * number of readers that died in a row, one. */
#define MAX_PASSES 1000

static int answer(int group, int fd, unsigned response)
{
    struct fanotify_response r = {.fd = fd, .response = response};

    for (;;) {
        if (write(group, &r, sizeof(r)) == (ssize_t)sizeof(r))
            return 0;
        if (errno == ENOENT)
            return FRT_ANSWER_NOT_OWED;
        if (errno != EINTR)
            return -errno;
    }
}

int frt_answer_allow(int group, int fd)
{
    return answer(group, fd, FAN_ALLOW);
}

int frt_answer_deny(int group, int fd, bool audit)
{
    return answer(group, fd, audit ? FAN_DENY | FAN_AUDIT : FAN_DENY);
}

static size_t sweep_once(int group, unsigned max_files)
{
    size_t hit = 0;

    for (unsigned fd = 0; fd < max_files; fd++)
        if (answer(group, (int)fd, FAN_DENY) == 0)
            hit++;
    return hit;
}

size_t frt_answer_sweep(int group, unsigned max_files)
{
    size_t total = 0;

    for (int pass = 0; pass < MAX_PASSES; pass++) {
        size_t hit = sweep_once(group, max_files);

        if (hit == 0)
            break;
        total += hit;
    }
    return total;
}

void frt_answer_drain(int group, _Atomic uint64_t *denied)
{
    union {
        struct fanotify_event_metadata first;
        char bytes[4096];
    } buffer;

    for (;;) {
        ssize_t n = read(group, &buffer, sizeof(buffer));
        struct fanotify_event_metadata *event = &buffer.first;

        if (n == 0 || (n < 0 && (errno == EAGAIN || errno == EBADF || errno == EINVAL || errno == EFAULT)))
            return;
        if (n < 0) /* the kernel itself has refused that event and goes on with the next */
            continue;
        for (; FAN_EVENT_OK(event, n); event = FAN_EVENT_NEXT(event, n)) {
            if (event->fd < 0)
                continue;
            if (answer(group, event->fd, FAN_DENY) == 0)
                atomic_fetch_add(denied, 1);
            close(event->fd);
        }
    }
}
