/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "directory/replica_poll.h"
#include "directory/replica_sandbox.h"
#include "directory/replica_sync.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS  8000

struct worker {
    const struct frt_conf *conf;
    int out_fd;
    unsigned turn;           /* whose turn among the URIs */
    unsigned failures;       /* in a row */
    struct frt_trouble told; /* last STATE, not repeated */
};

static void tell(struct worker *worker, const struct frt_trouble *trouble)
{
    struct frt_session session = {.conf = worker->conf, .out_fd = worker->out_fd};

    if (worker->told.state == trouble->state && strcmp(worker->told.text, trouble->text) == 0)
        return;
    worker->told = *trouble;
    if (frt_replica_put_state(&session.out, trouble->state, trouble->text) == 0)
        frt_session_flush(&session);
    frt_frame_buffer_clear(&session.out);
}

/* Doubling, up to 8 seconds, and never the same twice: many hosts lose one server at the same moment. */
static void back_off(const struct worker *worker, unsigned rounds)
{
    long ms = BACKOFF_FIRST_MS;

    for (unsigned i = 1; i < rounds && ms < BACKOFF_LAST_MS; i++)
        ms *= 2;
    if (ms > BACKOFF_LAST_MS)
        ms = BACKOFF_LAST_MS;
    ms = ms / 2 + rand() % (ms / 2 + 1);
    frt_session_watchdog(worker->conf->directory.network_timeout_s);
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int follow(struct frt_session *session)
{
    int r;

    frt_session_watchdog(session->conf->directory.network_timeout_s);
    r = frt_replica_connect(session->conf, session->uri, &session->ld, &session->trouble);
    if (r < 0)
        return r;
    r = session->conf->directory.content_sync ? frt_sync_run(session) : FRT_SYNC_UNAVAILABLE;
    if (r == FRT_SYNC_UNAVAILABLE)
        r = frt_poll_run(session);
    /* What was received whole is worth keeping even when what came after it was not. */
    frt_session_flush(session);
    frt_replica_disconnect(session->ld);
    return r;
}

static void attempt(struct worker *worker, const char *uri, unsigned uri_count)
{
    struct frt_session session = {.conf = worker->conf, .uri = uri, .out_fd = worker->out_fd};
    int r = follow(&session);

    if (session.refreshed) {
        memset(&worker->told, 0, sizeof(worker->told)); /* "connected" was told in between */
        worker->failures = 0;
        worker->turn = 0;
    } else {
        worker->turn++;
    }
    if (r < 0)
        tell(worker, &session.trouble);
    if (r < 0)
        worker->failures++;
    frt_seen_clear(&session.seen);
    frt_frame_buffer_clear(&session.out);
    if (r < 0 && (worker->failures % uri_count == 0 || session.refreshed))
        back_off(worker, worker->failures / uri_count);
}

static void restrict_ourselves(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none); /* a core file would hold the bind password */
    prctl(PR_SET_DUMPABLE, 0);
    if (frt_sandbox_enter() < 0) {
        fputs("frt-replica: no system call filter could be set up; not speaking to any network\n", stderr);
        _exit(1);
    }
}

static _Noreturn void give_up(int out_fd, const char *what)
{
    struct frt_frame_buffer out = {0};
    ssize_t written = -1;

    fprintf(stderr, "frt-replica: %s\n", what);
    if (frt_replica_put_state(&out, FRT_REPLICA_REFUSED, what) == 0)
        written = write(out_fd, out.bytes, out.length);
    _exit(written < 0 ? 2 : 1);
}

_Noreturn void frt_worker_run(const char *conf_path, int out_fd, unsigned turn)
{
    char error[FRT_CONF_ERROR_MAX];
    struct worker worker = {.out_fd = out_fd, .turn = turn};
    struct frt_conf *conf = NULL;
    unsigned uri_count = 0;

    srand((unsigned)getpid() ^ (unsigned)frt_replica_clock_ms());
    if (frt_conf_load(conf_path, &conf, error) < 0)
        give_up(out_fd, error);
    while (uri_count < FRT_CONF_MAX_LIST && conf->directory.uris[uri_count])
        uri_count++;
    if (uri_count == 0)
        give_up(out_fd, "directory: uris: none is configured; there is nothing to follow");
    worker.conf = conf;
    restrict_ourselves();
    for (;;)
        attempt(&worker, conf->directory.uris[worker.turn % uri_count], uri_count);
}
