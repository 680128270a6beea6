/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Group commit without a thread: answers wait while there is anything left to read, then one seal covers them
 * all. With one caller that is at once; with many, each seal's syncs are shared by everybody who came
 * meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/gate_port.h"
#include "daemon/retention.h"
#include "protocol/client.h"
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

static bool lets_pass(const struct frt_answer *answer)
{
    return answer->verdict == FRT_VERDICT_ALLOW || answer->verdict == FRT_VERDICT_EXEMPT;
}

/* What could not be recorded is not allowed (R47). What is no facial recognition is none of our business. */
static void refuse_unrecorded(struct frt_daemon *daemon, struct frt_pending *pending)
{
    struct frt_answer *answer = &pending->answer;

    if (answer->decision >= 0) {
        frt_searches_take_back(daemon->searches, answer->decision);
        frt_retention_take_back(daemon->retention, answer->decision);
        frt_ledger_unrecorded(daemon->ledger, answer->decision);
        frt_fresh_allow_forget(&daemon->fresh_allows, answer->decision);
    }
    answer->decision = -1;
    if (pending->used_request[0])
        frt_ledger_take_back_use(daemon->ledger, pending->used_request);
    if (!lets_pass(answer))
        return;
    answer->verdict = FRT_VERDICT_DENY;
    answer->reason = FRT_REASON_TRAIL_UNWRITABLE;
    answer->obligations = 0;
    snprintf(answer->message, sizeof(answer->message), "%s",
             frt_reason_table[FRT_REASON_TRAIL_UNWRITABLE].meaning);
}

void frt_commit_now(struct frt_daemon *daemon)
{
    int r = frt_trail_commit(daemon->trail);

    sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_OFF);
    if (r < 0 && !daemon->alarmed)
        frt_journal(LOG_ALERT,
                    "the trail cannot be written (%s): facial recognition tools are refused until it can",
                    frt_trail_problem(daemon->trail));
    daemon->alarmed = r < 0;
    for (size_t i = 0; i < daemon->pending_count; i++) {
        struct frt_pending *pending = &daemon->pending[i];

        if (r < 0 || pending->answer.decision < 0)
            refuse_unrecorded(daemon, pending);
        if (pending->connection && frt_connection_send(pending->connection, &pending->answer) &&
            pending->grants && lets_pass(&pending->answer))
            frt_connection_grant(pending->connection, pending->answer.decision);
        if (r >= 0 && pending->is_gate)
            frt_gate_port_answered(daemon, &pending->answer);
        frt_answer_clear(&pending->answer);
    }
    daemon->pending_count = 0;
    frt_gate_port_committed(daemon, r >= 0);
}

void frt_commit_later(struct frt_daemon *daemon, struct frt_connection *connection, struct frt_answer *answer,
                      const char *used_request, bool grants)
{
    struct frt_pending *pending = &daemon->pending[daemon->pending_count++];

    if (daemon->pending_count == 1)
        daemon->pending_since_ms = frt_mono_ms();
    pending->connection = connection;
    pending->answer = *answer;
    pending->is_gate = connection->gate;
    pending->grants = grants;
    snprintf(pending->used_request, sizeof(pending->used_request), "%s", used_request);
    if (daemon->pending_count == FRT_BATCH_MAX)
        frt_commit_now(daemon);
    else
        sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_ONESHOT);
}

void frt_commit_when_due(struct frt_daemon *daemon)
{
    if (daemon->pending_count > 0 && frt_mono_ms() - daemon->pending_since_ms >= FRT_COMMIT_WITHIN_MS)
        frt_commit_now(daemon);
}

void frt_connection_forget_pending(struct frt_daemon *daemon, struct frt_connection *connection)
{
    for (size_t i = 0; i < daemon->pending_count; i++)
        if (daemon->pending[i].connection == connection)
            daemon->pending[i].connection = NULL;
}

int64_t frt_record_append(struct frt_daemon *daemon, const struct frt_record *record)
{
    int64_t n = frt_trail_append(daemon->trail, record);

    if (n != -ENOBUFS)
        return n;
    frt_commit_now(daemon);
    return frt_trail_append(daemon->trail, record);
}

void frt_record_aside(struct frt_daemon *daemon, const struct frt_record *record)
{
    (void)frt_record_append(daemon, record);
    sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_ONESHOT);
}
