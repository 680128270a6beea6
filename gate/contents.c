/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/contents.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support/cleanup.h"

#define QUEUE 64
#define PIECE (128u << 10)

struct job {
    int fd; /* owned */
    uint32_t question, sequence;
    bool is_cancelled;
};

struct frt_contents {
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    struct job jobs[QUEUE]; /* a ring; the first is being read */
    size_t first, count;
    struct frt_contents_result results[QUEUE];
    size_t result_count;
    int ready; /* eventfd */
    _Atomic pid_t reader;
    EVP_MD_CTX *digest;
    uint8_t piece[PIECE];
};

static EVP_MD *sha256;

int frt_contents_prepare(void)
{
    /* No configuration file: a gate reads no file that could be behind its own marks. */
    if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
        return -ENOSYS;
    if (!sha256)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return sha256 ? 0 : -ENOSYS;
}

static bool is_cancelled(struct frt_contents *c, const struct job *job)
{
    bool cancelled;

    pthread_mutex_lock(&c->lock);
    cancelled = job->is_cancelled;
    pthread_mutex_unlock(&c->lock);
    return cancelled;
}

static int hash(struct frt_contents *c, const struct job *job, uint8_t ret_sha256[32])
{
    off_t offset = 0;

    if (EVP_DigestInit_ex2(c->digest, sha256, NULL) != 1)
        return -EIO;
    for (;;) {
        ssize_t n = pread(job->fd, c->piece, sizeof(c->piece), offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return EVP_DigestFinal_ex(c->digest, ret_sha256, NULL) == 1 ? 0 : -EIO;
        if (EVP_DigestUpdate(c->digest, c->piece, (size_t)n) != 1)
            return -EIO;
        if (is_cancelled(c, job))
            return -ECANCELED;
        offset += n;
    }
}

static void finish(struct frt_contents *c, const struct job *job, const struct frt_contents_result *result)
{
    uint64_t one = 1;
    ssize_t n;

    pthread_mutex_lock(&c->lock);
    if (!job->is_cancelled && c->result_count < QUEUE)
        c->results[c->result_count++] = *result;
    c->first = (c->first + 1) % QUEUE;
    c->count--;
    pthread_mutex_unlock(&c->lock);
    n = write(c->ready, &one, sizeof(one));
    (void)n; /* cannot fail before 2^64 results */
}

static void *read_all(void *arg)
{
    struct frt_contents *c = arg;

    atomic_store(&c->reader, gettid());
    /* Not with the worker's priority: a large file would keep everybody else from the processor. */
    sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){.sched_priority = 0});
    for (;;) {
        struct frt_contents_result result;
        struct job *job;

        pthread_mutex_lock(&c->lock);
        while (c->count == 0)
            pthread_cond_wait(&c->has_work, &c->lock);
        job = &c->jobs[c->first];
        pthread_mutex_unlock(&c->lock);
        result.question = job->question;
        result.sequence = job->sequence;
        result.error = hash(c, job, result.sha256);
        close(job->fd);
        finish(c, job, &result);
    }
    return NULL;
}

int frt_contents_start(struct frt_contents **ret_contents, int *ret_fd)
{
    struct frt_contents *c = calloc(1, sizeof(*c));
    pthread_t thread;

    if (!c)
        return -ENOMEM;
    c->digest = EVP_MD_CTX_new();
    c->ready = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->has_work, NULL);
    if (!c->digest || c->ready < 0 || pthread_create(&thread, NULL, read_all, c) != 0) {
        free(c);
        return -EAGAIN;
    }
    *ret_contents = c;
    *ret_fd = c->ready;
    return 0;
}

int frt_contents_add(struct frt_contents *c, int fd, uint32_t question, uint32_t sequence)
{
    frt_auto_close int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int r = 0;

    if (own < 0)
        return -errno;
    pthread_mutex_lock(&c->lock);
    if (c->count == QUEUE)
        r = -EAGAIN;
    else
        c->jobs[(c->first + c->count++) % QUEUE] =
            (struct job){.fd = frt_steal_fd(&own), .question = question, .sequence = sequence};
    pthread_cond_signal(&c->has_work);
    pthread_mutex_unlock(&c->lock);
    return r;
}

void frt_contents_cancel(struct frt_contents *c, uint32_t question, uint32_t sequence)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->count; i++) {
        struct job *job = &c->jobs[(c->first + i) % QUEUE];

        if (job->question == question && job->sequence == sequence)
            job->is_cancelled = true;
    }
    pthread_mutex_unlock(&c->lock);
}

bool frt_contents_take(struct frt_contents *c, struct frt_contents_result *ret_result)
{
    uint64_t count;
    bool any = false;

    pthread_mutex_lock(&c->lock);
    if (c->result_count) {
        *ret_result = c->results[0];
        c->result_count--;
        memmove(c->results, c->results + 1, c->result_count * sizeof(c->results[0]));
        any = true;
    } else if (read(c->ready, &count, sizeof(count)) < 0) {
        any = false; /* EAGAIN: nothing was ready */
    }
    pthread_mutex_unlock(&c->lock);
    return any;
}

bool frt_contents_is_reader(const struct frt_contents *c, pid_t tid)
{
    return tid > 0 && tid == atomic_load(&c->reader);
}
