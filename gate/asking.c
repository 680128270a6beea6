/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate/worker.h"
#include "protocol/client.h"
#include "support/percent.h"

const char *frt_asking_tool(const struct frt_worker *w, int tool)
{
    return tool >= 0 && w->marks.catalogue ? w->marks.catalogue->tools[tool].id : "";
}

void frt_asking_rid(const struct frt_worker *w, uint32_t index, uint32_t sequence, uint8_t rid[16])
{
    memcpy(rid, w->instance, 8);
    memcpy(rid + 8, &index, 4);
    memcpy(rid + 12, &sequence, 4);
}

static void find_path(int fd, char *text, size_t size)
{
    char link[40], path[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path));
    text[0] = '\0';
    if (n > 0)
        frt_percent_encode(path, (size_t)n, text, size);
}

void frt_asking_fill(const struct frt_worker *w, const struct frt_question *q, int64_t uid,
                     struct frt_ask *ask)
{
    frt_ask_init(ask, FRT_ASK_GATE);
    ask->user_uid = uid;
    ask->login_uid = q->who.login_uid;
    snprintf(ask->tool, sizeof(ask->tool), "%s", frt_asking_tool(w, q->tool));
    ask->action = q->action;
    ask->match = q->match;
    ask->pid = q->who.tgid;
    ask->tid = q->who.tid;
    ask->dev = q->dev;
    ask->ino = q->ino;
    memcpy(ask->sha256, q->sha256, sizeof(ask->sha256));
    find_path(q->fd, ask->path, sizeof(ask->path));
}

static int send_context(struct frt_worker *w, const struct frt_question *q, const uint8_t rid[16])
{
    struct frt_gate_message message;

    frt_gate_message_init(&message, FRT_GATE_CONTEXT);
    memcpy(message.rid, rid, 16);
    frt_opener_tty(&q->who, message.tty, sizeof(message.tty));
    frt_chain_find(&w->chains, &q->who, frt_mono_ms(), message.chain, sizeof(message.chain));
    return frt_point_send(&w->point, &message);
}

/* Root alone (or nobody) is asked for as 0. */
int frt_asking_send(struct frt_worker *w, struct frt_question *q)
{
    uint32_t index = (uint32_t)(q - w->questions);
    size_t people = q->who.uid_count ? q->who.uid_count : 1;

    for (size_t i = 0; i < people; i++) {
        struct frt_ask ask;
        int r;

        frt_asking_fill(w, q, q->who.uid_count ? (int64_t)q->who.uids[i] : 0, &ask);
        frt_asking_rid(w, index, q->sequence + (uint32_t)i, ask.rid);
        r = q->action == FRT_ACTION_EXEC || i == 0 ? send_context(w, q, ask.rid) : 0;
        if (r == 0)
            r = frt_point_ask(&w->point, &ask);
        if (r < 0)
            return r;
        q->asked++;
    }
    return 0;
}
