/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "directory/replica_csn.h"
#include "directory/replica_known.h"
#include "directory/replica_supervisor.h"
#include "support/cleanup.h"

#define READ_AT_ONCE (1024 * 1024)

struct frt_replica_feed {
    struct frt_frame_buffer in;
    unsigned char *bytes; /* READ_AT_ONCE, for recv */
    struct frt_known known;
    bool in_content, loaded;
    bool whole;        /* this worker's content is complete: changes to it and confirmations make sense */
    uint32_t received; /* ENTRY frames since BEGIN */
    int broken;        /* sticky */
};

/* What applying one message needs. */
struct applying {
    struct frt_replica_feed *feed;
    struct frt_view *view;
    int64_t mono_ms;
    const struct frt_replica_listener *listener;
};

int frt_replica_feed_new(struct frt_replica_feed **ret_feed)
{
    struct frt_replica_feed *feed = calloc(1, sizeof(*feed));

    if (!feed)
        return -ENOMEM;
    feed->bytes = malloc(READ_AT_ONCE);
    if (!feed->bytes) {
        free(feed);
        return -ENOMEM;
    }
    *ret_feed = feed;
    return 0;
}

void frt_replica_feed_free(struct frt_replica_feed *feed)
{
    if (!feed)
        return;
    frt_known_clear(&feed->known);
    frt_frame_buffer_clear(&feed->in);
    free(feed->bytes);
    free(feed);
}

/* ---- entries ---- */

static const char *const classes[] = {"frtRole", "frtTool",        "frtRequest",        "frtAuthorityEntry",
                                      "frtHost", "frtAgencyEntry", "frtDepartmentEntry"};
static const char *const group_classes[] = {"frtRoleGroup", "groupOfNames", "groupOfUniqueNames",
                                            "posixGroup"};

static const char *class_of(const struct frt_entry *entry)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(classes); i++) {
        if (frt_entry_has_class(entry, classes[i]))
            return classes[i];
    }
    for (size_t i = 0; i < FRT_ARRAY_LEN(group_classes); i++) {
        if (frt_entry_has_class(entry, group_classes[i]))
            return "group";
    }
    return frt_entry_find(entry, "uid") ? "person" : "";
}

static char *first_value(const struct frt_entry *entry, const char *name)
{
    const struct frt_attribute *attribute = frt_entry_find(entry, name);

    return strndup(attribute ? attribute->values[0].bytes : "", attribute ? attribute->values[0].length : 0);
}

static void report(const struct applying *a, const struct frt_replica_change *change)
{
    if (a->listener->changed && a->feed->loaded)
        a->listener->changed(a->listener->arg, change);
}

/* Remembers what the entry says, after the view took it. Tells what it said before. */
static int remember(const struct applying *a, const uint8_t uuid[FRT_REPLICA_UUID], const char *object_class,
                    const char *dn, const char *csn, const char *text, enum frt_view_change kind,
                    struct frt_known_entry **ret_before)
{
    *ret_before = NULL;
    if (kind == FRT_VIEW_UNCHANGED) {
        frt_known_touch(&a->feed->known, uuid);
        return 0;
    }
    *ret_before = frt_known_take(&a->feed->known, uuid);
    /* People are many and say nothing that the trail wants to know afterwards. */
    if (kind == FRT_VIEW_REMOVED || strcmp(object_class, "person") == 0)
        return 0;
    return frt_known_put(&a->feed->known, uuid, object_class, dn, csn, text);
}

static int apply_entry(const struct applying *a, struct frt_replica_message *message)
{
    frt_auto_free char *dn = strdup(message->entry->dn), *by = first_value(message->entry, "modifiersName"),
                       *csn = first_value(message->entry, "entryCSN"), *text = NULL;
    const char *object_class = class_of(message->entry);
    enum frt_view_change kind = FRT_VIEW_UNCHANGED;
    struct frt_known_entry *before = NULL;
    uint8_t uuid[FRT_REPLICA_UUID];
    int r;

    if (strcmp(object_class, "frtRole") == 0)
        text = frt_known_describe(message->entry);
    else
        text = strdup("");
    if (!dn || !by || !csn || !text)
        return -ENOMEM;
    memcpy(uuid, message->entry->uuid, sizeof(uuid));
    r = frt_view_put(a->view, frt_steal(&message->entry), &kind);
    if (r == 0)
        r = remember(a, uuid, object_class, dn, csn, text, kind, &before);
    if (r == 0 && kind != FRT_VIEW_UNCHANGED)
        report(a, &(struct frt_replica_change){.kind = kind,
                                               .object_class = object_class,
                                               .dn = dn,
                                               .changed_by = by,
                                               .csn = csn,
                                               .before = before ? before->text : "",
                                               .after = kind == FRT_VIEW_REMOVED ? "" : text,
                                               .by_refresh = a->feed->in_content});
    free(before);
    return r;
}

static void report_removal(const struct applying *a, const struct frt_known_entry *gone, const char *dn)
{
    report(a, &(struct frt_replica_change){.kind = FRT_VIEW_REMOVED,
                                           .object_class = gone ? gone->object_class : "",
                                           .dn = gone ? gone->dn : dn,
                                           .changed_by = "",
                                           .csn = gone ? gone->csn : "",
                                           .before = gone ? gone->text : "",
                                           .after = "",
                                           .by_refresh = a->feed->in_content});
}

static int apply_remove(const struct applying *a, const struct frt_replica_message *message)
{
    struct frt_known_entry *gone = frt_known_take(&a->feed->known, message->uuid);

    frt_view_remove(a->view, message->uuid);
    report_removal(a, gone, message->text);
    free(gone);
    return 0;
}

/* ---- contents ---- */

/* A server that went back to an older state tells so before its content comes: the view is made incomplete first, so that
 * the old content is never believed, not even for a moment. */
static int apply_begin(const struct applying *a, const struct frt_replica_message *message)
{
    const char *known = frt_view_csn(a->view);

    if (known && frt_csn_went_back(known, message->text))
        frt_view_confirm(a->view, message->text, a->mono_ms);
    frt_view_refresh_begin(a->view);
    frt_known_begin(&a->feed->known);
    a->feed->in_content = true;
    a->feed->whole = false;
    a->feed->received = 0;
    return 0;
}

struct removing {
    const struct applying *applying;
};

static void removed_by_refresh(void *arg, const struct frt_known_entry *gone)
{
    const struct removing *removing = arg;

    report_removal(removing->applying, gone, "");
}

static int apply_end(const struct applying *a, const struct frt_replica_message *message)
{
    struct frt_replica_counts counts = {.received = a->feed->received, .first = !a->feed->loaded};
    struct removing removing = {a};

    if (!a->feed->in_content || message->count != a->feed->received)
        return -EBADMSG;
    counts.removed = frt_view_refresh_end(a->view);
    counts.total = frt_view_entry_count(a->view);
    /* A view that distrusts a content removes nothing yet: then nothing is gone. */
    if (counts.removed > 0)
        frt_known_end(&a->feed->known, removed_by_refresh, &removing);
    a->feed->in_content = false;
    a->feed->loaded = a->feed->whole = true;
    if (a->listener->refreshed)
        a->listener->refreshed(a->listener->arg, &counts);
    return 0;
}

static int apply_confirm(const struct applying *a, const struct frt_replica_message *message)
{
    int64_t age_ms = frt_replica_clock_ms() - message->asked_ms;

    /* Nothing is confirmed without a content, nor from the future. */
    if (!a->feed->whole || age_ms < 0)
        return -EBADMSG;
    frt_view_confirm(a->view, message->text, a->mono_ms - age_ms);
    if (a->listener->confirmed)
        a->listener->confirmed(a->listener->arg, message->text, age_ms);
    return 0;
}

/* ---- messages ---- */

static int apply(const struct applying *a, struct frt_replica_message *message)
{
    switch (message->type) {
    case FRT_REPLICA_BEGIN:
        return apply_begin(a, message);
    case FRT_REPLICA_ENTRY:
        if (!a->feed->in_content && !a->feed->whole)
            return -EBADMSG;
        a->feed->received += a->feed->in_content;
        return apply_entry(a, message);
    case FRT_REPLICA_REMOVE:
        if (!a->feed->in_content && !a->feed->whole)
            return -EBADMSG;
        return apply_remove(a, message);
    case FRT_REPLICA_END:
        return apply_end(a, message);
    case FRT_REPLICA_CONFIRM:
        return apply_confirm(a, message);
    case FRT_REPLICA_STATE:
        if (a->listener->state)
            a->listener->state(a->listener->arg, message->state, message->text);
        return 0;
    case FRT_REPLICA_RESET:
        a->feed->in_content = a->feed->whole = false;
        return 0;
    }
    return -EBADMSG;
}

static int apply_frames(const struct applying *a)
{
    struct frt_frame_buffer *in = &a->feed->in;
    size_t done = 0, size = 0;
    int r;

    for (;;) {
        struct frt_replica_message message = {0};

        r = frt_replica_frame_size(in->bytes + done, in->length - done, &size);
        if (r < 0 || size == 0)
            break;
        r = frt_replica_message_decode(in->bytes + done, size, &message);
        if (r == 0)
            r = apply(a, &message);
        frt_replica_message_clear(&message);
        if (r < 0)
            break;
        done += size;
    }
    frt_frame_buffer_consume(in, done);
    return r;
}

int frt_replica_feed_take(struct frt_replica_feed *feed, const void *bytes, size_t length,
                          struct frt_view *view, int64_t mono_ms, const struct frt_replica_listener *listener)
{
    const struct frt_replica_listener deaf = {0};
    const struct applying a = {feed, view, mono_ms, listener ? listener : &deaf};

    if (feed->broken || length == 0)
        return feed->broken;
    frt_frame_put_bytes(&feed->in, bytes, length);
    feed->broken = feed->in.error ? feed->in.error : apply_frames(&a);
    return feed->broken;
}

int frt_replica_feed_read(struct frt_replica_feed *feed, int fd, struct frt_view *view, int64_t mono_ms,
                          const struct frt_replica_listener *listener)
{
    ssize_t n;

    do {
        n = recv(fd, feed->bytes, READ_AT_ONCE, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    if (n == 0)
        return -EPIPE;
    return frt_replica_feed_take(feed, feed->bytes, (size_t)n, view, mono_ms, listener);
}

int frt_replica_feed_restart(int fd)
{
    const char command = FRT_SUPERVISOR_RESTART;

    return send(fd, &command, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? 0 : -errno;
}
