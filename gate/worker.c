/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/worker.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "gate/answer.h"
#include "gate/refusals.h"
#include "protocol/client.h"
#include "support/cleanup.h"

#define EVENTS_A_READ 64
#define READS_A_ROUND 4
#define LOOK_PAUSE_MS 50
#define LOOK_EVERY_MS 30000
#define BUSY_MS       10
#define IDLE_MS       250
#define LOOKING_MS    1 /* between the steps of a later look: nobody waits for it */

/* Everything that does not need the worker's state, once. */
static int prepare_privileges(void)
{
    frt_auto_close int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    /* The keeper must outlive the worker. Raising needs no privilege; where it was not lowered there is nothing to raise. */
    ssize_t n = fd < 0 ? 0 : write(fd, "-500", 4);

    (void)n;
    capng_clear(CAPNG_SELECT_CAPS);
    capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH,
                  CAP_SYS_PTRACE, CAP_SETUID, CAP_SETGID, CAP_KILL, -1);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return -EPERM;
    return 0;
}

/* A table of descriptors that two threads share grows only after a grace period of the kernel's (expand_fdtable), tens of
 * milliseconds in the middle of a flood. While there is one thread it grows at once, and it never shrinks. */
static void grow_file_table(const struct frt_worker *w)
{
    int last = fcntl(w->keeper->groups[0], F_DUPFD_CLOEXEC, (int)w->keeper->max_files - 1);

    if (last >= 0)
        close(last);
}

static int prepare_canary(struct frt_worker *w)
{
    static char path[256];
    int r;

    snprintf(path, sizeof(path), "%s/canary", w->options->run_dir);
    r = frt_marks_add_canary(&w->marks, path);
    if (r < 0)
        return r;
    w->canary = (struct frt_canary){.path = path, .every_ms = w->options->canary_every_ms, .fd = -1};
    return frt_canary_start(&w->canary);
}

static void load_catalogue(struct frt_worker *w)
{
    struct frt_catalogue *catalogue;

    if (frt_catalogue_load(w->shared, &catalogue) == 0)
        frt_marks_apply(&w->marks, catalogue);
}

static void keep_connection(struct frt_worker *w)
{
    static int last_fd = -1;

    if (w->point.fd < 0) {
        if (last_fd >= 0)
            frt_questions_disconnected(w);
        last_fd = -1;
        if (frt_point_connect(&w->point)) {
            frt_refusals_send(w->shared, &w->point, true);
            w->has_state_changed = true;
        }
    }
    last_fd = w->point.fd;
}

/* Overlays come and go; once there has been one the rescue stays. */
static void prepare_for_overlays(struct frt_worker *w)
{
    int r;

    if (w->rescue || !frt_scope_has_type(&w->scope, "overlay"))
        return;
    r = frt_rescue_start(w->shared, w->keeper->groups[0], &w->rescue);
    if (r < 0)
        fprintf(stderr, "frt-gate: files on overlays are refused: %s\n", strerror(-r));
}

static int prepare(struct frt_worker *w)
{
    int r;

    w->scope.only_count = w->options->only_count;
    memcpy(w->scope.only, w->options->only, sizeof(w->scope.only));
    frt_point_init(&w->point, w->options->socket);
    if (getrandom(w->instance, sizeof(w->instance), 0) != (ssize_t)sizeof(w->instance))
        return -errno;
    r = prepare_privileges();
    if (r == 0)
        r = frt_scope_open(&w->scope);
    if (r != 0)
        return r;
    w->marks = (struct frt_marks){.group = w->keeper->groups[0],
                                  .has_exec_marks = w->options->exec_marks,
                                  .scope = &w->scope,
                                  .shared = w->shared};
    r = frt_marks_init(&w->marks);
    if (r == 0)
        r = prepare_canary(w);
    grow_file_table(w);
    if (r == 0) /* after the canary's fork: a child of one thread */
        r = frt_contents_start(&w->contents, &w->contents_fd);
    if (r == 0)
        prepare_for_overlays(w);
    if (r == 0)
        load_catalogue(w);
    keep_connection(w); /* before the first event: an allowed person should not pay for a worker's death */
    return r;
}

/* Many wait: they were read of just now, or an answer was slow. */
static bool is_flood(struct frt_worker *w, bool was_full)
{
    int queued = 0;

    if (!was_full && !w->is_slow && !w->is_flooded)
        return false;
    return ioctl(w->keeper->groups[0], FIONREAD, &queued) == 0 &&
           (size_t)queued > FRT_WORKER_FLOOD * sizeof(struct fanotify_event_metadata);
}

/* Reads a batch. `owed` counts before the read: stopped in between, we would look idle to the keeper. */
static bool read_events(struct frt_worker *w)
{
    struct fanotify_event_metadata events[EVENTS_A_READ];
    ssize_t n;

    atomic_fetch_add(&w->shared->owed, 1);
    frt_rescue_begin(w->rescue);
    n = read(w->keeper->groups[0], events, sizeof(events));
    frt_rescue_end(w->rescue);
    for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(events[0]); i++)
        if (events[i].fd >= 0)
            atomic_fetch_add(&w->shared->owed, 1);
    atomic_fetch_sub(&w->shared->owed, 1);
    w->is_flooded = is_flood(w, n == (ssize_t)sizeof(events));
    w->is_slow = false;
    for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(events[0]); i++) {
        if (events[i].fd >= 0)
            frt_questions_event(w, events[i].fd, events[i].mask, events[i].pid);
        atomic_fetch_add(&w->shared->beat, 1);
    }
    /* Out of descriptors: the kernel has refused that event by itself and the next may fare better. */
    return n > 0 || (n < 0 && (errno == EMFILE || errno == ENFILE || errno == EINTR));
}

static void take_gate_message(struct frt_worker *w, size_t size)
{
    struct frt_gate_message message;
    const char *what;
    int r;

    if (frt_gate_message_decode(w->point.buffer, size, &message, &what) < 0) {
        frt_point_close(&w->point);
        return;
    }
    switch (message.kind) {
    case FRT_GATE_CATALOGUE_BEGIN:
    case FRT_GATE_CATALOGUE_TOOL:
    case FRT_GATE_CATALOGUE_END:
        r = frt_catalogue_take(w->shared, &message, w->point.buffer, size);
        if (r < 0)
            frt_point_close(&w->point);
        if (r == 1) {
            frt_questions_disconnected(w); /* they name tools by their place in the old one */
            load_catalogue(w);
        }
        break;
    case FRT_GATE_FORGET:
        frt_questions_forget(w);
        break;
    case FRT_GATE_ACK:
        frt_refusals_acknowledge(w->shared, message.rid);
        break;
    case FRT_GATE_HELLO:
    case FRT_GATE_STATE:
    case FRT_GATE_CONTEXT:
    case FRT_GATE_REFUSED:
    case FRT_GATE_KIND_END:
        frt_point_close(&w->point); /* ours to say */
        break;
    }
}

static void take_answer(struct frt_worker *w, size_t size)
{
    struct frt_answer answer;
    const char *what;

    if (frt_answer_decode(w->point.buffer, size, &answer, &what) < 0) {
        frt_point_close(&w->point);
        return;
    }
    frt_questions_answer(w, &answer);
    frt_answer_clear(&answer);
}

static void read_point(struct frt_worker *w)
{
    int n = 0;

    for (int i = 0; w->point.fd >= 0 && i < 256 && !w->is_slow && (n = frt_point_receive(&w->point)) > 0;
         i++) {
        if (frt_gate_message_is(w->point.buffer, (size_t)n))
            take_gate_message(w, (size_t)n);
        else
            take_answer(w, (size_t)n);
        atomic_fetch_add(&w->shared->beat, 1);
    }
}

static void take_rescued(struct frt_worker *w)
{
    struct frt_rescued event;

    while (frt_rescue_take(w->rescue, &event))
        frt_questions_event(w, event.fd, event.mask, event.tid);
}

enum { EVENTS, POINT, WATCH, MOUNTS, CANARY, CONTENTS, POLLED };

/* Something changed in a watched directory, or a mount: look again, but not all the time. */
static void look_around(struct frt_worker *w, const struct pollfd fds[POLLED], int64_t now)
{
    bool changed = false;

    if (fds[MOUNTS].revents)
        frt_scope_read(&w->scope, &changed);
    if (fds[WATCH].revents && frt_marks_read_watch(&w->marks))
        changed = true;
    w->must_look = w->must_look || changed;
    if ((w->must_look && now - w->looked_ms >= LOOK_PAUSE_MS) || now - w->looked_ms >= LOOK_EVERY_MS) {
        frt_scope_read(&w->scope, &changed);
        prepare_for_overlays(w);
        frt_marks_refresh(&w->marks);
        w->must_look = false;
        w->looked_ms = now;
    }
}

static void tick(struct frt_worker *w, int64_t now)
{
    char why[FRT_GATE_WHY_MAX];

    if (!w->has_adopted)
        w->has_adopted = frt_keeper_adopt(w->keeper, w->lead);
    frt_canary_tick(&w->canary, now);
    frt_refusals_add_swept(w->shared);
    if (w->point.fd >= 0)
        frt_refusals_send(w->shared, &w->point, false);
    if (w->last_lead != w->shared->lead_pid || w->last_spare != w->shared->spare_pid)
        w->has_state_changed = true;
    w->last_lead = w->shared->lead_pid;
    w->last_spare = w->shared->spare_pid;
    if (frt_state_is_enforcing(w, now, why, sizeof(why)) != w->was_enforcing)
        w->has_state_changed = true;
    if (w->has_state_changed || now - w->state_sent_ms >= FRT_GATE_STATE_EVERY_MS)
        frt_state_report(w, now, NULL);
}

static void wait_for_work(struct frt_worker *w, struct pollfd fds[POLLED], int timeout)
{
    bool full = w->question_count >= FRT_WORKER_QUESTIONS - EVENTS_A_READ * READS_A_ROUND;

    fds[EVENTS] = (struct pollfd){.fd = full ? -1 : w->keeper->groups[0], .events = POLLIN};
    fds[POINT] = (struct pollfd){.fd = w->point.fd, .events = POLLIN};
    fds[WATCH] = (struct pollfd){.fd = w->marks.watch, .events = POLLIN};
    fds[MOUNTS] = (struct pollfd){.fd = w->scope.mountinfo, .events = POLLPRI};
    fds[CONTENTS] = (struct pollfd){.fd = w->contents_fd, .events = POLLIN};
    fds[CANARY] = (struct pollfd){.fd = w->canary.fd, .events = POLLIN};
    if (timeout > 1 && frt_rescue_is_busy(w->rescue))
        timeout = 1;
    if (poll(fds, POLLED, timeout) <= 0)
        for (int i = 0; i < POLLED; i++)
            fds[i].revents = 0;
    /* With fewer descriptors allowed than polled, poll(2) fails at once; events are read all the same. */
    fds[EVENTS].revents = full ? 0 : POLLIN;
}

static void do_round(struct frt_worker *w, int64_t *next_tick)
{
    struct pollfd fds[POLLED];
    bool looking = w->marks.is_looking;
    int timeout = w->question_count || w->must_look ? BUSY_MS : IDLE_MS;
    int64_t now;

    if (looking)
        timeout = w->marks.was_complete ? LOOKING_MS : 0;
    wait_for_work(w, fds, timeout);
    atomic_fetch_add(&w->shared->beat, 1);
    for (int i = 0; fds[EVENTS].revents && i < READS_A_ROUND && read_events(w) && !w->is_flooded; i++)
        ;
    take_rescued(w);
    if (fds[POINT].revents)
        read_point(w);
    keep_connection(w);
    if (fds[CONTENTS].revents)
        frt_questions_recognised(w);
    now = frt_mono_ms();
    frt_questions_expire(w, now);
    if (fds[CANARY].revents && frt_canary_read(&w->canary, now))
        atomic_fetch_add(&w->shared->canaries, 1);
    look_around(w, fds, now);
    if (looking && frt_marks_step(&w->marks))
        w->has_state_changed = true;
    if (now >= *next_tick || w->has_state_changed) {
        tick(w, now);
        *next_tick = now + IDLE_MS;
    }
}

int frt_worker_run(struct frt_keeper *keeper, void *arg)
{
    frt_auto_free struct frt_worker *w = calloc(1, sizeof(*w));
    int64_t next_tick = 0;
    int r;

    if (!w)
        return 71;
    w->keeper = keeper;
    w->shared = keeper->shared;
    w->options = arg;
    w->lead = getppid();
    r = prepare(w);
    if (r != 0) {
        fprintf(stderr, "frt-gate: worker cannot start: %s\n",
                r > 0 ? "a directory given with --only is no mount point of its own" : strerror(-r));
        return 71;
    }
    w->looked_ms = frt_mono_ms();
    while (!atomic_load(&w->shared->stop))
        do_round(w, &next_tick);
    frt_state_report(w, frt_mono_ms(), "stopped by the administrator");
    return 0;
}
