/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/refusals.h"

#include <stdio.h>
#include <string.h>

#include "protocol/client.h"

#define AGAIN_MS 5000

static const uint8_t no_rid[16];

static bool is_same(const struct frt_shared_refusal *a, const struct frt_shared_refusal *b)
{
    return !a->is_sent && memcmp(a->rid, b->rid, sizeof(a->rid)) == 0 && a->login_uid == b->login_uid &&
           a->user_uid == b->user_uid && a->reason == b->reason && a->asked == b->asked &&
           strcmp(a->tool, b->tool) == 0;
}

static struct frt_shared_refusal *find(struct frt_gate_shared *shared, const struct frt_shared_refusal *like)
{
    struct frt_shared_refusal *unused = NULL;

    for (size_t i = 0; i < FRT_SHARED_REFUSALS; i++) {
        struct frt_shared_refusal *r = &shared->refusals[i];

        if (r->count > 0 && is_same(r, like))
            return r;
        if (r->count == 0 && !unused)
            unused = r;
    }
    return unused;
}

static bool put(struct frt_gate_shared *shared, const struct frt_shared_refusal *refusal, uint64_t count)
{
    struct frt_shared_refusal *r = find(shared, refusal);

    if (!r)
        return false;
    if (r->count == 0)
        *r = *refusal; /* its count is 0: no row yet, should the worker die here */
    r->count += count;
    return true;
}

void frt_refusals_add(struct frt_gate_shared *shared, const char *tool, int64_t login_uid, int64_t user_uid,
                      enum frt_reason reason, bool asked, const uint8_t rid[16])
{
    struct frt_shared_refusal refusal = {
        .login_uid = login_uid, .user_uid = user_uid, .reason = reason, .asked = asked};

    snprintf(refusal.tool, sizeof(refusal.tool), "%s", tool);
    memcpy(refusal.rid, rid ? rid : no_rid, sizeof(refusal.rid));
    if (!put(shared, &refusal, 1)) /* more people than rows */
        shared->unplaced++;
}

static void add_nameless(struct frt_gate_shared *shared, uint64_t count, uint64_t *counter)
{
    const struct frt_shared_refusal refusal = {
        .login_uid = -1, .user_uid = -1, .reason = FRT_REASON_LATE, .asked = true};

    if (count > 0 && put(shared, &refusal, count))
        *counter += count;
}

void frt_refusals_add_swept(struct frt_gate_shared *shared)
{
    add_nameless(shared, atomic_load(&shared->swept) - shared->swept_told, &shared->swept_told);
}

static void choose_rid(struct frt_gate_shared *shared, struct frt_shared_refusal *r)
{
    uint64_t number = atomic_fetch_add(&shared->report, 1) + 1;

    memcpy(r->rid, shared->instance, sizeof(shared->instance));
    memcpy(r->rid + sizeof(shared->instance), &number, sizeof(number));
}

static int send_one(struct frt_point *point, const struct frt_shared_refusal *r)
{
    struct frt_gate_message message;

    frt_gate_message_init(&message, FRT_GATE_REFUSED);
    memcpy(message.rid, r->rid, sizeof(message.rid));
    message.count = r->count;
    snprintf(message.tool, sizeof(message.tool), "%s", r->tool);
    message.login_uid = r->login_uid;
    message.user_uid = r->user_uid;
    message.reason = (enum frt_reason)r->reason;
    message.asked = r->asked != 0;
    return frt_point_send(point, &message);
}

void frt_refusals_send(struct frt_gate_shared *shared, struct frt_point *point, bool again)
{
    static int64_t again_ms;
    int64_t now = frt_mono_ms();
    uint64_t placed = 0;

    add_nameless(shared, shared->unplaced, &placed);
    shared->unplaced -= placed;
    again = again || now - again_ms >= AGAIN_MS;
    if (again)
        again_ms = now;
    for (size_t i = 0; i < FRT_SHARED_REFUSALS; i++) {
        struct frt_shared_refusal *r = &shared->refusals[i];

        if (r->count == 0 || (r->is_sent && !again))
            continue;
        if (memcmp(r->rid, no_rid, sizeof(r->rid)) == 0)
            choose_rid(shared, r);
        r->is_sent = 1; /* from before it leaves: what was told under a rid must never grow */
        if (send_one(point, r) < 0)
            return;
    }
}

void frt_refusals_acknowledge(struct frt_gate_shared *shared, const uint8_t rid[16])
{
    for (size_t i = 0; i < FRT_SHARED_REFUSALS; i++) {
        struct frt_shared_refusal *r = &shared->refusals[i];

        if (r->count && r->is_sent && memcmp(r->rid, rid, sizeof(r->rid)) == 0)
            r->count = 0;
    }
}
