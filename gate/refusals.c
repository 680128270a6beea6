/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/refusals.h"

#include <stdio.h>
#include <string.h>

static struct frt_shared_refusal *find(struct frt_gate_shared *shared, const char *tool, int64_t login_uid,
                                       int64_t user_uid, enum frt_reason reason, bool asked)
{
    struct frt_shared_refusal *unused = NULL;

    for (size_t i = 0; i < FRT_SHARED_REFUSALS; i++) {
        struct frt_shared_refusal *r = &shared->refusals[i];

        if (r->count == 0) {
            unused = unused ? unused : r;
            continue;
        }
        if (r->number == 0 && r->login_uid == login_uid && r->user_uid == user_uid && r->reason == reason &&
            r->asked == asked && strcmp(r->tool, tool) == 0)
            return r;
    }
    return unused;
}

static void add(struct frt_gate_shared *shared, const char *tool, int64_t login_uid, int64_t user_uid,
                enum frt_reason reason, bool asked, uint64_t count)
{
    struct frt_shared_refusal *r = find(shared, tool, login_uid, user_uid, reason, asked);

    if (!r) { /* more people than rows: the last row is for all of them */
        r = &shared->refusals[FRT_SHARED_REFUSALS - 1];
        r->count += count;
        r->login_uid = r->user_uid = -1;
        r->tool[0] = '\0';
        return;
    }
    if (r->count == 0) {
        snprintf(r->tool, sizeof(r->tool), "%s", tool);
        r->login_uid = login_uid;
        r->user_uid = user_uid;
        r->reason = reason;
        r->asked = asked;
        r->number = 0;
    }
    r->count += count;
}

void frt_refusals_add(struct frt_gate_shared *shared, const char *tool, int64_t login_uid, int64_t user_uid,
                      enum frt_reason reason, bool asked)
{
    add(shared, tool, login_uid, user_uid, reason, asked, 1);
}

void frt_refusals_add_swept(struct frt_gate_shared *shared)
{
    uint64_t swept = atomic_load(&shared->swept);

    if (swept > shared->swept_told)
        add(shared, "", -1, -1, FRT_REASON_LATE, true, swept - shared->swept_told);
    shared->swept_told = swept;
}

void frt_refusals_send(struct frt_gate_shared *shared, struct frt_point *point, bool again)
{
    for (size_t i = 0; i < FRT_SHARED_REFUSALS; i++) {
        struct frt_shared_refusal *r = &shared->refusals[i];
        struct frt_gate_message message;

        if (r->count == 0 || (r->number != 0 && !again))
            continue;
        if (r->number == 0)
            r->number = atomic_fetch_add(&shared->report, 1) + 1;
        frt_gate_message_init(&message, FRT_GATE_REFUSED);
        message.serial = r->number;
        message.count = r->count;
        snprintf(message.tool, sizeof(message.tool), "%s", r->tool);
        message.login_uid = r->login_uid;
        message.user_uid = r->user_uid;
        message.reason = (enum frt_reason)r->reason;
        message.asked = r->asked != 0;
        if (frt_point_send(point, &message) < 0)
            return;
    }
}

void frt_refusals_acknowledge(struct frt_gate_shared *shared, uint64_t number)
{
    for (size_t i = 0; i < FRT_SHARED_REFUSALS; i++)
        if (shared->refusals[i].count && shared->refusals[i].number == number)
            memset(&shared->refusals[i], 0, sizeof(shared->refusals[i]));
}
