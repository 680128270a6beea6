/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "trail/scan.h"
#include "trail/verify.h"

/* Records wait until a seal says that they count: at most one commit's worth. */
struct reader {
    uint64_t from, unreadable;
    int (*callback)(void *arg, const struct frt_trail_entry *entry);
    void *arg;
    const char *file;
    char *held; /* lines with their LF */
    size_t held_length, held_room;
};

static int hold(struct reader *reader, const char *line, size_t length)
{
    if (reader->held_length + length + 1 > reader->held_room) {
        size_t wanted = (reader->held_length + length + 1) * 2;
        char *grown = realloc(reader->held, wanted);

        if (!grown)
            return -ENOMEM;
        reader->held = grown;
        reader->held_room = wanted;
    }
    memcpy(reader->held + reader->held_length, line, length);
    reader->held[reader->held_length + length] = '\n';
    reader->held_length += length + 1;
    return 0;
}

static int deliver(struct reader *reader, const char *line, size_t length, bool is_sealed)
{
    struct frt_record_view view;
    struct frt_trail_entry entry = {.record = &view, .file = reader->file, .is_sealed = is_sealed};
    const char *what;

    if (frt_record_parse(line, length, &view, &what) < 0) {
        reader->unreadable++;
        return 0;
    }
    return view.n < reader->from ? 0 : reader->callback(reader->arg, &entry);
}

static int release(struct reader *reader, bool is_sealed)
{
    size_t length = reader->held_length;
    int r = 0;

    reader->held_length = 0;
    for (size_t at = 0; at < length && r == 0;) {
        const char *line = reader->held + at, *feed = memchr(line, '\n', length - at);

        r = deliver(reader, line, (size_t)(feed - line), is_sealed);
        at += (size_t)(feed - line) + 1;
    }
    return r;
}

static int take_line(struct reader *reader, const char *line, size_t length)
{
    struct frt_seal seal;
    int r;

    if (length > 0 && line[0] == '!' && frt_seal_parse(line, length, &seal))
        return release(reader, true);
    if (length >= FRT_RECORD_MAX) {
        reader->unreadable++;
        return 0;
    }
    r = hold(reader, line, length);
    if (r == 0 && reader->held_length > FRT_TAIL_MAX)
        r = release(reader, false);
    return r;
}

static int read_segment(struct reader *reader, const struct frt_segments *segments, size_t index)
{
    frt_auto_close int fd = frt_segment_open(segments, index);
    frt_auto_fclose FILE *stream = NULL;
    frt_auto_free char *line = NULL;
    uint64_t left = segments->list[index].live_length;
    size_t room = 0;
    int r = 0;

    if (fd < 0)
        return fd;
    stream = fdopen(fd, "r");
    if (!stream)
        return -errno;
    fd = -1;
    reader->file = segments->list[index].name;
    while (left > 0 && r == 0) {
        ssize_t n = getline(&line, &room, stream);

        if (n < 0)
            return ferror(stream) ? -EIO : 0;
        if ((uint64_t)n > left || line[n - 1] != '\n') {
            reader->unreadable++;
            break;
        }
        left -= (uint64_t)n;
        r = take_line(reader, line, (size_t)n - 1);
    }
    return r == 0 ? release(reader, false) : r;
}

/* Segments that end before record `from` need not be read. */
static size_t first_wanted(const struct frt_segments *segments, uint64_t from)
{
    size_t wanted = 0;

    for (size_t i = 0; i < segments->count; i++)
        if (segments->list[i].is_live && segments->list[i].first <= from)
            wanted = i;
    return wanted;
}

int frt_trail_read(const char *log_dir, uint64_t from,
                   int (*callback)(void *arg, const struct frt_trail_entry *entry), void *arg,
                   uint64_t *ret_unreadable)
{
    struct reader reader = {.from = from, .callback = callback, .arg = arg};
    struct frt_segments segments;
    char what[256];
    size_t index;
    int r = frt_segments_open(log_dir, &segments, what);

    if (r < 0)
        return r;
    if (segments.count > 0) {
        r = frt_segments_resolve(&segments, segments.count - 1, &index, what);
        if (r == -EBADMSG) { /* altered: show what there is, verification names the place */
            for (size_t i = 0; i < segments.count; i++) {
                segments.list[i].is_live = true;
                segments.list[i].live_length = segments.list[i].size;
            }
            r = 0;
        }
    }
    for (size_t i = first_wanted(&segments, from); r == 0 && i < segments.count; i++)
        if (segments.list[i].is_live)
            r = read_segment(&reader, &segments, i);
    if (ret_unreadable)
        *ret_unreadable = reader.unreadable;
    free(reader.held);
    frt_segments_close(&segments);
    return r;
}
