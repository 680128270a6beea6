/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/rescue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <time.h>
#include <unistd.h>

#include "gate/answer.h"

#define THREADS 12
#define LOOK_MS 4
#define HANDED  64
#define STACK   (256u << 10)

struct frt_rescue {
    struct frt_gate_shared *shared;
    int group;
    sem_t watch;
    _Atomic uint64_t reads; /* odd: the worker is reading */
    _Atomic int busy;       /* threads that are reading */
    _Atomic pid_t tids[THREADS + 1];
    pthread_mutex_t lock;
    struct frt_rescued handed[HANDED];
    size_t first;
    _Atomic size_t count;
};

void frt_rescue_begin(struct frt_rescue *rescue)
{
    if (rescue)
        atomic_fetch_add(&rescue->reads, 1);
}

void frt_rescue_end(struct frt_rescue *rescue)
{
    if (rescue)
        atomic_fetch_add(&rescue->reads, 1);
}

bool frt_rescue_is_busy(const struct frt_rescue *rescue)
{
    return rescue && (atomic_load(&rescue->busy) > 0 || atomic_load(&rescue->count) > 0);
}

bool frt_rescue_is_ours(const struct frt_rescue *rescue, pid_t tid)
{
    for (size_t i = 0; rescue && i <= THREADS; i++)
        if (atomic_load(&rescue->tids[i]) == tid)
            return tid > 0;
    return false;
}

bool frt_rescue_take(struct frt_rescue *rescue, struct frt_rescued *ret_event)
{
    bool any;

    if (!rescue)
        return false;
    pthread_mutex_lock(&rescue->lock);
    any = rescue->count > 0;
    if (any) {
        *ret_event = rescue->handed[rescue->first];
        rescue->first = (rescue->first + 1) % HANDED;
        rescue->count--;
    }
    pthread_mutex_unlock(&rescue->lock);
    return any;
}

static void settle(struct frt_rescue *rescue, int fd, bool allow)
{
    if (!allow || frt_answer_allow(rescue->group, fd) < 0)
        frt_answer_deny(rescue->group, fd, false);
    close(fd);
    atomic_fetch_sub(&rescue->shared->owed, 1);
    atomic_fetch_add(&rescue->shared->answers, 1);
}

static bool hand_over(struct frt_rescue *rescue, const struct fanotify_event_metadata *event)
{
    bool has_room;

    pthread_mutex_lock(&rescue->lock);
    has_room = rescue->count < HANDED;
    if (has_room)
        rescue->handed[(rescue->first + rescue->count++) % HANDED] =
            (struct frt_rescued){event->fd, event->mask, event->pid};
    pthread_mutex_unlock(&rescue->lock);
    return has_room;
}

static void read_one(struct frt_rescue *rescue)
{
    struct fanotify_event_metadata event;

    atomic_fetch_add(&rescue->shared->owed, 1);
    if (read(rescue->group, &event, sizeof(event)) != (ssize_t)sizeof(event) || event.fd < 0) {
        atomic_fetch_sub(&rescue->shared->owed, 1);
    } else if (frt_rescue_is_ours(rescue, event.pid)) {
        settle(rescue, event.fd, true);
    } else if (!hand_over(rescue, &event)) {
        settle(rescue, event.fd, false);
        atomic_fetch_add(&rescue->shared->swept, 1); /* told as a refusal of nobody in particular */
    }
}

/* The worker has been in one and the same read since the last look. */
static bool is_stuck(const struct frt_rescue *rescue, uint64_t *last)
{
    uint64_t reads = atomic_load(&rescue->reads);
    bool stuck = reads == *last && (reads & 1);

    *last = reads;
    return stuck;
}

static void *stand_by(void *arg)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    struct frt_rescue *rescue = arg;
    pid_t unset = 0;
    uint64_t last = 0;

    for (size_t i = 0; i <= THREADS; i++, unset = 0)
        if (atomic_compare_exchange_strong(&rescue->tids[i], &unset, gettid()))
            break;
    for (;;) {
        while (sem_wait(&rescue->watch) < 0)
            ;
        do
            nanosleep(&pause, NULL);
        while (!is_stuck(rescue, &last));
        atomic_fetch_add(&rescue->busy, 1);
        sem_post(&rescue->watch);
        read_one(rescue);
        atomic_fetch_sub(&rescue->busy, 1);
    }
    return NULL;
}

int frt_rescue_start(struct frt_gate_shared *shared, int group, struct frt_rescue **ret_rescue)
{
    struct frt_rescue *rescue = calloc(1, sizeof(*rescue));
    pthread_attr_t small;
    pthread_t thread;
    int r;

    if (!rescue)
        return -ENOMEM;
    rescue->shared = shared;
    rescue->group = group;
    atomic_store(&rescue->tids[0], gettid());
    pthread_mutex_init(&rescue->lock, NULL);
    sem_init(&rescue->watch, 0, 1);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (size_t i = 0; i < THREADS; i++) {
        r = -pthread_create(&thread, &small, stand_by, rescue);
        if (r == 0)
            continue;
        if (i == 0) {
            free(rescue);
            return r;
        }
        break;
    }
    *ret_rescue = rescue;
    return 0;
}
