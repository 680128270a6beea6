/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Group commit without a thread: answers wait while there is anything left to read, then one seal covers them
 * all. With one caller that is at once; with many, each seal's syncs are shared by everybody who came
 * meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "support/journal.h"

static int on_idle(sd_event_source *source, void *userdata)
{
    (void)source;
    frt_commit_now(userdata);
    return 0;
}

int frt_commit_init(struct frt_daemon *daemon)
{
    int r = sd_event_add_defer(daemon->event, &daemon->commit_source, on_idle, daemon);

    if (r < 0)
        return r;
    sd_event_source_set_priority(daemon->commit_source, SD_EVENT_PRIORITY_IDLE);
    return sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_OFF);
}

/* What could not be recorded is not allowed (R47). What is no facial recognition is none of our business. */
static void refuse_unrecorded(struct frt_daemon *daemon, struct frt_pending *pending)
{
    struct frt_answer *answer = &pending->answer;

    if (answer->decision >= 0)
        frt_searches_take_back(daemon->searches, answer->decision);
    answer->decision = -1;
    if (pending->used_request[0])
        frt_ledger_take_back_use(daemon->ledger, pending->used_request);
    if (answer->verdict != FRT_VERDICT_ALLOW && answer->verdict != FRT_VERDICT_EXEMPT)
        return;
    answer->verdict = FRT_VERDICT_DENY;
    answer->reason = FRT_REASON_TRAIL_UNWRITABLE;
    answer->obligations = 0;
    snprintf(answer->message, sizeof(answer->message), "%s",
             frt_reason_table[FRT_REASON_TRAIL_UNWRITABLE].meaning);
}

void frt_commit_now(struct frt_daemon *daemon)
{
    bool was_writable = frt_trail_is_writable(daemon->trail);
    int r = frt_trail_commit(daemon->trail);

    sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_OFF);
    if (r < 0 && was_writable)
        frt_journal(LOG_ALERT,
                    "the trail cannot be written (%s): facial recognition tools are refused until it can",
                    strerror(-r));
    for (size_t i = 0; i < daemon->pending_count; i++) {
        struct frt_pending *pending = &daemon->pending[i];

        if (r < 0 || pending->answer.decision < 0)
            refuse_unrecorded(daemon, pending);
        if (pending->connection)
            frt_connection_send(pending->connection, &pending->answer);
        frt_answer_clear(&pending->answer);
    }
    daemon->pending_count = 0;
}

void frt_commit_later(struct frt_daemon *daemon, struct frt_connection *connection, struct frt_answer *answer,
                      const char *used_request)
{
    struct frt_pending *pending = &daemon->pending[daemon->pending_count++];

    pending->connection = connection;
    pending->answer = *answer;
    snprintf(pending->used_request, sizeof(pending->used_request), "%s", used_request);
    if (daemon->pending_count == FRT_BATCH_MAX)
        frt_commit_now(daemon);
    else
        sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_ONESHOT);
}

void frt_connection_forget_pending(struct frt_daemon *daemon, struct frt_connection *connection)
{
    for (size_t i = 0; i < daemon->pending_count; i++)
        if (daemon->pending[i].connection == connection)
            daemon->pending[i].connection = NULL;
}

void frt_record_aside(struct frt_daemon *daemon, const struct frt_record *record)
{
    if (frt_trail_append(daemon->trail, record) == -ENOBUFS) {
        frt_commit_now(daemon);
        (void)frt_trail_append(daemon->trail, record);
    }
    sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_ONESHOT);
}
