/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory/replica_wire.h"
#include "directory/replica_worker.h"
#include "support/cleanup.h"

#define READ_AT_ONCE     (256 * 1024)
#define PIPE_SIZE        (1024 * 1024)
#define BACKOFF_FIRST_MS 20
#define BACKOFF_LAST_MS  8000

struct supervisor {
    const char *conf_path;
    int frtd_fd;
    pid_t worker;
    int pipe_fd;                /* reading end of the worker's pipe */
    struct frt_frame_buffer in; /* what came from it, beginning with a frame */
    unsigned attempt;
    int backoff_ms;
    bool progress; /* this worker completed a content */
    bool over;     /* frtd is gone */
};

static void send_to_frtd(struct supervisor *s, const unsigned char *bytes, size_t length)
{
    while (length > 0 && !s->over) {
        ssize_t n = send(s->frtd_fd, bytes, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            s->over = true;
            return;
        }
        bytes += n;
        length -= (size_t)n;
    }
}

static int start_worker(struct supervisor *s)
{
    const pid_t supervisor = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* fewer turns; not needed */
    s->worker = fork();
    if (s->worker < 0) {
        close(ends[0]);
        close(ends[1]);
        return -errno;
    }
    if (s->worker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != supervisor)
            _exit(1);
        close(ends[0]);
        close(s->frtd_fd);
        frt_worker_run(s->conf_path, ends[1], s->attempt);
    }
    close(ends[1]);
    s->pipe_fd = ends[0];
    s->progress = false;
    s->attempt++;
    return 0;
}

/* Passes on every whole frame. -EBADMSG: the worker writes no frames of ours. */
static int forward_frames(struct supervisor *s)
{
    size_t whole = 0, size = 0;
    int r = 0;

    for (;;) {
        r = frt_replica_frame_size(s->in.bytes + whole, s->in.length - whole, &size);
        if (r < 0 || size == 0)
            break;
        if (s->in.bytes[whole + 4] == FRT_REPLICA_END)
            s->progress = true;
        whole += size;
    }
    send_to_frtd(s, s->in.bytes, whole);
    frt_frame_buffer_consume(&s->in, whole);
    return r;
}

static int read_worker(struct supervisor *s)
{
    static unsigned char bytes[READ_AT_ONCE];
    ssize_t n = read(s->pipe_fd, bytes, sizeof(bytes));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0)
        return -EPIPE;
    frt_frame_put_bytes(&s->in, bytes, (size_t)n);
    return s->in.error ? s->in.error : forward_frames(s);
}

/* A byte of frtd's, or its end. True: the worker has to go. */
static bool read_frtd(struct supervisor *s)
{
    char command = 0;
    ssize_t n = recv(s->frtd_fd, &command, 1, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        s->over = true;
    return n == 1 && command == FRT_SUPERVISOR_RESTART;
}

static void watch_worker(struct supervisor *s)
{
    bool enough = false;

    while (!s->over && !enough) {
        struct pollfd fds[] = {{.fd = s->frtd_fd, .events = POLLIN}, {.fd = s->pipe_fd, .events = POLLIN}};

        if (poll(fds, FRT_ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
            break;
        if (fds[0].revents && read_frtd(s))
            enough = true;
        else if (fds[1].revents && read_worker(s) < 0)
            enough = true;
    }
}

static void tell_end(struct supervisor *s, int status)
{
    struct frt_frame_buffer out = {0};
    char text[FRT_REPLICA_MAX_TEXT];

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(text, sizeof(text), "the server stopped in the middle of an answer; connecting again");
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof(text), "the worker was ended by signal %d; starting another", WTERMSIG(status));
    else
        text[0] = '\0'; /* it said why itself */
    if (frt_replica_put_reset(&out) == 0 &&
        (!text[0] || frt_replica_put_state(&out, FRT_REPLICA_DISCONNECTED, text) == 0))
        send_to_frtd(s, out.bytes, out.length);
    frt_frame_buffer_clear(&out);
}

static void end_worker(struct supervisor *s)
{
    int status = 0;

    kill(s->worker, SIGKILL);
    while (waitpid(s->worker, &status, 0) < 0 && errno == EINTR)
        ;
    close(s->pipe_fd);
    frt_frame_buffer_clear(&s->in);
    tell_end(s, status);
}

/* A worker that got somewhere is replaced at once; others ever later. */
static void back_off(struct supervisor *s)
{
    int64_t until_ms;

    if (s->progress) {
        s->backoff_ms = BACKOFF_FIRST_MS;
        s->attempt = 0;
    }
    until_ms = frt_replica_clock_ms() + s->backoff_ms;
    while (!s->over) {
        struct pollfd fd = {.fd = s->frtd_fd, .events = POLLIN};
        int64_t left_ms = until_ms - frt_replica_clock_ms();

        if (left_ms <= 0)
            break;
        if (poll(&fd, 1, (int)left_ms) > 0)
            read_frtd(s);
    }
    s->backoff_ms = s->backoff_ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : s->backoff_ms * 2;
}

int frt_supervisor_run(const char *conf_path, int frtd_fd)
{
    struct supervisor s = {.conf_path = conf_path, .frtd_fd = frtd_fd, .backoff_ms = BACKOFF_FIRST_MS};

    while (!s.over) {
        int r = start_worker(&s);

        if (r < 0) {
            fprintf(stderr, "frt-replica: no worker: %s\n", strerror(-r));
            back_off(&s);
            continue;
        }
        watch_worker(&s);
        end_worker(&s);
        if (!s.over)
            back_off(&s);
    }
    return 0;
}
