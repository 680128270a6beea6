/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate/refusals.h"
#include "gate/worker.h"
#include "support/cleanup.h"
#include "support/percent.h"
#include "support/time_text.h"

#define FOUND_PER_TOOL 8

bool frt_state_is_enforcing(const struct frt_worker *w, int64_t now_ms, char *why, size_t size)
{
    const struct frt_canary *c = &w->canary;

    if (!w->marks.catalogue)
        snprintf(why, size, "no catalogue yet: frtd has not answered");
    else if (!w->marks.was_complete)
        snprintf(why, size, "catalogued files are being marked");
    else if (w->marks.failures)
        snprintf(why, size, "%zu marks refused: %.150s", w->marks.failures, w->marks.failure);
    else if (c->refused_ms == 0)
        snprintf(why, size, "the canary has not been refused yet");
    else if (c->missed >= 2 || now_ms - c->refused_ms > 3 * c->every_ms + FRT_CANARY_LATE_MS)
        snprintf(why, size, "the canary is not refused");
    else
        why[0] = '\0';
    return why[0] == '\0';
}

struct text {
    char *at;
    size_t used, size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->at + t->used, t->size - t->used, format, args);
    va_end(args);
    if (n > 0 && t->used + (size_t)n < t->size)
        t->used += (size_t)n;
    t->at[t->used] = '\0';
}

/* Marked files by tool: how many, and the first few. Once through a table that may have 100,000 rows. */
struct found {
    unsigned count;
    uint32_t first[FOUND_PER_TOOL];
};

static void gather(const struct frt_worker *w, const struct frt_catalogue *c, struct found *found)
{
    uint32_t count = atomic_load(&w->shared->inode_count);
    int tool = -1;

    for (uint32_t i = 0; i < count; i++) {
        const struct frt_shared_inode *inode = &w->shared->inodes[i];

        if (inode->ino == 0)
            continue;
        if (tool < 0 || c->tools[tool].key != inode->tool) /* neighbours are often the same one's */
            tool = frt_catalogue_find(c, inode->tool);
        if (tool < 0)
            continue;
        if (found[tool].count < FOUND_PER_TOOL)
            found[tool].first[found[tool].count] = i;
        found[tool].count++;
    }
}

/* Where the tool's marked files are. Names are bytes of others: percent-escaped, so the text stays printable JSON. */
static void add_found(struct text *t, const struct frt_worker *w, const struct found *found)
{
    add(t, "\"found\":[");
    for (unsigned n = 0; found && n < found->count && n < FOUND_PER_TOOL; n++) {
        const struct frt_shared_inode *inode = &w->shared->inodes[found->first[n]];
        char path[3 * sizeof(inode->path)], since[FRT_TIME_TEXT_MAX];

        frt_percent_encode(inode->path, strlen(inode->path), path, sizeof(path));
        frt_time_format(inode->since_s, since);
        add(t, "%s{\"path\":\"%s\",\"since\":\"%s\",\"links\":%u}", n ? "," : "", path, since, inode->links);
    }
    add(t, "],\"count\":%u", found ? found->count : 0);
}

size_t frt_state_format(const struct frt_worker *w, int64_t now_ms, char *buffer, size_t size)
{
    const struct frt_catalogue *c = w->marks.catalogue;
    struct frt_gate_shared *s = w->shared;
    frt_auto_free struct found *found = c ? calloc(c->tool_count, sizeof(*found)) : NULL;
    struct text t = {buffer, 0, size};
    char why[FRT_GATE_WHY_MAX];
    bool enforcing = frt_state_is_enforcing(w, now_ms, why, sizeof(why));

    if (found)
        gather(w, c, found);
    add(&t, "{\"enforcing\":%s,\"why\":\"", enforcing ? "true" : "false");
    for (const char *p = why; *p && t.used + 4 < size; p++)
        add(&t, "%c", *p == '"' || *p == '\\' || *p < 0x20 || *p > 0x7E ? '?' : *p);
    add(&t, "\",\"connected\":%s,\"catalogue\":%llu,\"inodes\":%u,\"directories\":%zu,\"filesystems\":%zu",
        w->point.fd >= 0 ? "true" : "false", (unsigned long long)(c ? c->serial : 0), s->inode_count,
        w->marks.directory_count, w->marks.filesystem_count);
    add(&t,
        ",\"canaries\":%llu,\"denied\":%llu,\"allowed\":%llu,\"copies\":%llu,\"workers\":%llu,\"hangs\":%llu,"
        "\"swept\":%llu,\"takeovers\":%llu,\"floods\":%llu,\"errors\":%llu,\"hashes_every_program\":%s",
        (unsigned long long)s->canaries, (unsigned long long)s->denied, (unsigned long long)s->allowed,
        (unsigned long long)s->identified, (unsigned long long)s->starts, (unsigned long long)s->hangs,
        (unsigned long long)s->swept, (unsigned long long)s->takeovers, (unsigned long long)s->floods,
        (unsigned long long)w->errors, c && c->has_unsized_digest ? "true" : "false");
    add(&t, ",\"pids\":{\"lead\":%u,\"spare\":%u,\"worker\":%u},\"tools\":[", s->lead_pid, s->spare_pid,
        s->worker_pid);
    for (size_t i = 0; c && i < c->tool_count && t.used + 4096 < size; i++) {
        add(&t, "%s{\"id\":\"%s\",\"treatment\":\"%s\",\"copies\":%llu,", i ? "," : "", c->tools[i].id,
            c->tools[i].treatment == FRT_GATE_TREAT_DECIDE ? "decide" : "record",
            (unsigned long long)c->tools[i].copies);
        add_found(&t, w, found ? &found[i] : NULL);
        add(&t, "}");
    }
    add(&t, "]}");
    return t.used;
}

/* For people and tests when frtd is away. Written whole, then renamed. */
static void write_file(const struct frt_worker *w, const char *text, size_t length)
{
    frt_auto_close int dir = open(w->options->run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
    ssize_t n;

    if (dir < 0)
        return;
    fd = openat(dir, "state.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return;
    n = write(fd, text, length);
    if (n == (ssize_t)length)
        renameat(dir, "state.tmp", dir, "state.json");
}

void frt_state_report(struct frt_worker *w, int64_t now_ms, const char *goodbye)
{
    static char text[FRT_GATE_STATE_TEXT_MAX];
    size_t length = frt_state_format(w, now_ms, text, sizeof(text));
    struct frt_gate_message message;

    frt_gate_message_init(&message, FRT_GATE_STATE);
    message.enforcing = frt_state_is_enforcing(w, now_ms, message.why, sizeof(message.why));
    if (goodbye) {
        message.enforcing = false;
        snprintf(message.why, sizeof(message.why), "%s", goodbye);
    }
    for (char *p = message.why; *p; p++)
        if (*p < 0x20 || *p > 0x7E)
            *p = '?';
    frt_service_tell(&w->options->service, message.enforcing, message.why);
    message.inodes = w->shared->inode_count;
    message.directories = w->marks.directory_count;
    message.filesystems = w->marks.filesystem_count;
    message.canaries = w->shared->canaries;
    message.text = text;
    message.text_length = length;
    frt_point_send(&w->point, &message);
    /* Not while every open is asked about: we would wait for ourselves. */
    if (w->marks.was_complete && !w->marks.is_wide)
        write_file(w, text, length);
    w->state_sent_ms = now_ms;
    w->was_enforcing = message.enforcing;
    w->has_state_changed = false;
}
