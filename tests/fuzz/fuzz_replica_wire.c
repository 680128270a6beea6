// links: frt_replica frt_directory
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bytes from frt-replica, as one frame and as a stream into a view. What is decoded must encode to the very bytes it
 * came from; whatever comes, the feed and the view stay whole.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/replica_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void encode(struct frt_frame_buffer *out, const struct frt_replica_message *m)
{
    switch (m->type) {
    case FRT_REPLICA_BEGIN:
        frt_replica_put_begin(out, m->text);
        break;
    case FRT_REPLICA_ENTRY:
        frt_replica_put_entry(out, m->entry);
        break;
    case FRT_REPLICA_REMOVE:
        frt_replica_put_remove(out, m->uuid, m->text);
        break;
    case FRT_REPLICA_END:
        frt_replica_put_end(out, m->count);
        break;
    case FRT_REPLICA_CONFIRM:
        frt_replica_put_confirm(out, m->text, m->asked_ms);
        break;
    case FRT_REPLICA_STATE:
        frt_replica_put_state(out, m->state, m->text);
        break;
    case FRT_REPLICA_RESET:
        frt_replica_put_reset(out);
        break;
    }
}

static void try_frame(const uint8_t *data, size_t size)
{
    struct frt_replica_message message;
    struct frt_frame_buffer out = {0};

    if (frt_replica_message_decode(data, size, &message) < 0)
        return;
    encode(&out, &message);
    require(out.length == size && memcmp(out.bytes, data, size) == 0);
    frt_frame_buffer_clear(&out);
    frt_replica_message_clear(&message);
}

static void try_stream(const uint8_t *data, size_t size)
{
    const struct frt_view_layout layout = {.suffix = "dc=frt,dc=example"};
    struct frt_replica_feed *feed = NULL;
    struct frt_view *view = NULL;
    size_t half = size / 2;
    int first, second;

    require(frt_view_new(&layout, NULL, 0, &view) == 0 && frt_replica_feed_new(&feed) == 0);
    first = frt_replica_feed_take(feed, data, half, view, 1000000, NULL);
    second = frt_replica_feed_take(feed, data + half, size - half, view, 1000000, NULL);
    require(first == 0 || second == first); /* broken stays broken */
    frt_replica_feed_free(feed);
    frt_view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_frame(data, size);
    try_stream(data, size);
    return 0;
}
