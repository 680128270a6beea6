/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/encoding.h"
#include "trail/scan_block.h"

/* ---- loading: segments in order, cut into blocks of whole lines ---- */

struct loader {
    const struct frt_scan_options *options;
    size_t segment;
    int fd; /* -1: not open yet */
    uint64_t offset, end;
    size_t block_size;
    char carried[FRT_RECORD_MAX]; /* the beginning of a line whose end is not loaded yet */
    size_t carried_length;
    bool done;
};

static void next_live(struct loader *loader, size_t from)
{
    const struct frt_segments *segments = loader->options->segments;

    loader->segment = from;
    while (loader->segment <= loader->options->last && !segments->list[loader->segment].is_live)
        loader->segment++;
    if (loader->segment > loader->options->last || loader->segment > loader->options->stop_segment)
        loader->done = true;
}

static int open_next(struct loader *loader)
{
    loader->fd = frt_segment_open(loader->options->segments, loader->segment);
    if (loader->fd < 0)
        return loader->fd;
    loader->offset = 0;
    loader->carried_length = 0;
    loader->end = loader->options->segments->list[loader->segment].live_length;
    if (loader->segment == loader->options->stop_segment && loader->end > loader->options->stop_offset)
        loader->end = loader->options->stop_offset;
    return 0;
}

static int fill(struct loader *loader, struct frt_block *block)
{
    size_t wanted = loader->block_size - loader->carried_length;
    uint64_t at = loader->offset + loader->carried_length;

    memcpy(block->bytes, loader->carried, loader->carried_length);
    block->length = loader->carried_length;
    if (wanted > loader->end - at)
        wanted = (size_t)(loader->end - at);
    while (wanted > 0) {
        ssize_t n = pread(loader->fd, block->bytes + block->length, wanted, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -ESTALE; /* shorter than it was a moment ago */
        block->length += (size_t)n;
        at += (uint64_t)n;
        wanted -= (size_t)n;
    }
    block->ends_segment = at == loader->end;
    return 0;
}

/* Keeps back what follows the last line feed; what is too long for a line stays, to be reported. */
static void carry(struct loader *loader, struct frt_block *block)
{
    const char *last = memrchr(block->bytes, '\n', block->length);
    size_t whole = last ? (size_t)(last - block->bytes) + 1 : 0;

    loader->carried_length = 0;
    if (block->ends_segment || block->length - whole >= sizeof(loader->carried))
        return;
    loader->carried_length = block->length - whole;
    memcpy(loader->carried, block->bytes + whole, loader->carried_length);
    block->length = whole;
}

static int load(struct loader *loader, struct frt_block *block)
{
    int r = loader->fd < 0 ? open_next(loader) : 0;

    if (r < 0)
        return r;
    if (!block->bytes)
        block->bytes = malloc(loader->block_size);
    if (!block->bytes)
        return -ENOMEM;
    block->segment = loader->segment;
    block->offset = loader->offset;
    r = fill(loader, block);
    if (r < 0)
        return r;
    carry(loader, block);
    loader->offset += block->length;
    if (block->ends_segment) {
        close(loader->fd);
        loader->fd = -1;
        next_live(loader, loader->segment + 1);
    }
    return 0;
}

/* ---- following: the chain, the tree and the keys, line by line ---- */

struct follower {
    const struct frt_scan_options *options;
    struct frt_scan_result *result;
    struct frt_sha256 *hasher;
    struct frt_trail_head now; /* lines seen; result->state: what of it is sealed */
    int64_t time_us;
    size_t segment; /* whose head was checked */
    uint64_t line;
    bool is_full;       /* the segment begins with a seg record: m and b are due */
    bool is_behind_seg; /* the line before was a seg record: only here an ack record may stand */
    uint64_t leaf_room;
    size_t next_checkpoint;
};

static bool bad(struct follower *follower, const struct frt_block *block, size_t line, const char *what)
{
    struct frt_scan_result *result = follower->result;
    bool in_line = line < block->line_count;
    const struct frt_scan_line *at = in_line ? &block->lines[line] : NULL;

    result->is_bad = true;
    result->segment = block->segment;
    result->line = follower->line + (in_line ? 1 : 0);
    result->offset = block->offset + (in_line ? at->offset : block->length);
    if (what != result->what)
        snprintf(result->what, sizeof(result->what), "%s", what);
    if (in_line)
        result->is_torn = memchr(block->bytes + at->offset, '\0', at->length) ||
                          (!at->has_lf && block->ends_segment && at->length < FRT_RECORD_MAX);
    return false;
}

static bool text_is(const struct frt_record_view *view, const char *key, const char *wanted)
{
    char text[FRT_SEGMENT_NAME_MAX];

    return frt_record_get_text(view, key, text, sizeof(text)) >= 0 && strcmp(text, wanted) == 0;
}

/* A segment that follows another says which, and where that one ended. */
static bool check_seg(struct follower *follower, const struct frt_block *block)
{
    const struct frt_segments *segments = follower->options->segments;
    const struct frt_segment *segment = &segments->list[block->segment];
    const struct frt_scan_line *line = &block->lines[0];
    struct frt_record_view view;
    const char *what;
    int64_t offset;

    if (frt_record_parse(block->bytes + line->offset, line->length, &view, &what) < 0)
        return bad(follower, block, 0, what);
    if (!text_is(&view, "seg", segment->name))
        return bad(follower, block, 0, "expected \"seg\" to be the name of this file");
    if (!text_is(&view, "prev", segment->previous == SIZE_MAX ? "" : segments->list[segment->previous].name))
        return bad(follower, block, 0, "expected \"prev\" to be the name of the segment before");
    if (frt_record_get_number(&view, "off", &offset) < 0 ||
        offset != (int64_t)(segment->previous == SIZE_MAX ? 0 : segment->previous_length))
        return bad(follower, block, 0,
                   "expected \"off\" to be the end of the last seal of the segment before");
    return true;
}

static bool check_head(struct follower *follower, const struct frt_block *block)
{
    const struct frt_segment *segment = &follower->options->segments->list[block->segment];
    const struct frt_scan_line *line = &block->lines[0];

    follower->is_full = line->is_seg;
    if (segment->first != line->n)
        return bad(follower, block, 0, "expected the file to be named after its first record");
    if (!line->is_seg)
        return segment->previous == SIZE_MAX && block->segment == 0
                   ? true
                   : bad(follower, block, 0, "expected the segment to begin with a seg record");
    return check_seg(follower, block);
}

static bool keep_leaf(struct follower *follower, const uint8_t leaf[FRT_HASH_SIZE])
{
    struct frt_scan_result *result = follower->result;
    uint64_t n = follower->now.tree.size;

    if (!follower->options->keep_leaves)
        return true;
    if (n >= follower->leaf_room) {
        uint64_t wanted = follower->leaf_room ? follower->leaf_room * 2 : 4096;
        void *grown = reallocarray(result->leaves, wanted, FRT_HASH_SIZE);

        if (!grown) {
            result->error = -ENOMEM;
            return false;
        }
        result->leaves = grown;
        follower->leaf_room = wanted;
    }
    memcpy(result->leaves[n], leaf, FRT_HASH_SIZE);
    return true;
}

static bool check_checkpoint(struct follower *follower, const struct frt_block *block, size_t i)
{
    const struct frt_scan_options *options = follower->options;
    uint8_t root[FRT_HASH_SIZE];
    bool fits = true;

    if (follower->next_checkpoint == options->checkpoint_count ||
        options->checkpoints[follower->next_checkpoint].size != follower->now.tree.size)
        return true;
    frt_tree_root(&follower->now.tree, follower->hasher, root);
    for (; follower->next_checkpoint < options->checkpoint_count &&
           options->checkpoints[follower->next_checkpoint].size == follower->now.tree.size;
         follower->next_checkpoint++)
        fits &= memcmp(root, options->checkpoints[follower->next_checkpoint].root, FRT_HASH_SIZE) == 0;
    if (fits)
        return true;
    return bad(follower, block, i, "expected the tree up to this record to have the checkpoint's root");
}

/* An administrator's word: the next seal may be signed by the key he names, and times begin anew. It counts only where it
 * shows, as the second record of a segment; and whoever reads the result is told of it. */
static bool take_ack(struct follower *follower, const struct frt_block *block, size_t i)
{
    const struct frt_scan_line *line = &block->lines[i];
    struct frt_scan_result *result = follower->result;
    struct frt_trail_ack ack = {.record = line->n, .time_us = line->time_us};
    struct frt_record_view view;
    struct frt_record_field field;
    const char *what;

    if (!follower->is_behind_seg)
        return bad(follower, block, i, "expected an ack record only behind the seg record of its segment");
    if (frt_record_parse(block->bytes + line->offset, line->length, &view, &what) < 0)
        return bad(follower, block, i, what);
    (void)frt_record_get_text(&view, "what", ack.what, sizeof(ack.what));
    (void)frt_record_get_text(&view, "by", ack.by, sizeof(ack.by));
    (void)frt_record_get_text(&view, "reason", ack.reason, sizeof(ack.reason));
    (void)frt_record_get_text(&view, "found", ack.found, sizeof(ack.found));
    if (frt_record_find(&view, "pub", &field) &&
        (frt_record_get_text(&view, "pub", ack.key, sizeof(ack.key)) != 64 ||
         !frt_hex_parse(ack.key, follower->now.next_key, FRT_KEY_SIZE)))
        return bad(follower, block, i, "expected \"pub\" to be a public key of 64 lower-case hex digits");
    if (result->ack_count < FRT_TRAIL_ACKS_MAX)
        result->acks[result->ack_count] = ack;
    result->ack_count++;
    follower->now.time_us = line->time_us;
    return true;
}

static bool follow_record(struct follower *follower, const struct frt_block *block, size_t i)
{
    const struct frt_scan_line *line = &block->lines[i];
    struct frt_scan_result *result = follower->result;
    struct frt_trail_head *now = &follower->now;
    bool is_first = block->offset + line->offset == 0;

    if (line->n != now->tree.size) {
        snprintf(result->what, sizeof(result->what), "expected record number %" PRIu64 ", found %" PRIu64,
                 now->tree.size, line->n);
        return bad(follower, block, i, result->what);
    }
    if (memcmp(line->previous, now->last_leaf, FRT_HASH_SIZE) != 0)
        return bad(follower, block, i, "expected \"p\" to be the hash of the record before");
    if (is_first && !check_head(follower, block))
        return false;
    if (!is_first && line->is_seg)
        return bad(follower, block, i, "expected a seg record only at the beginning of a segment");
    if (follower->is_full && !line->has_boot)
        return bad(follower, block, i, "expected \"m\" and \"b\" after \"t\"");
    if (line->is_ack && !take_ack(follower, block, i))
        return false;
    follower->is_behind_seg = line->is_seg;
    if (!line->is_ack && line->time_us < result->state.time_us - FRT_TIME_BACK_MAX_US)
        return bad(follower, block, i, "expected a time not more than 120 s before what is already sealed");
    if (!keep_leaf(follower, line->leaf))
        return false;
    if (now->tree.size == 0)
        now->first_us = line->time_us;
    if (line->time_us > now->time_us)
        now->time_us = line->time_us;
    frt_tree_append(&now->tree, follower->hasher, line->leaf);
    memcpy(now->last_leaf, line->leaf, FRT_HASH_SIZE);
    return check_checkpoint(follower, block, i);
}

static bool follow_seal(struct follower *follower, struct frt_block *block, size_t i)
{
    struct frt_scan_seal *at = &block->seals[block->lines[i].seal];
    struct frt_scan_result *result = follower->result;
    struct frt_trail_head *now = &follower->now;
    uint8_t root[FRT_HASH_SIZE];

    if (at->seal.index != now->seals) {
        snprintf(result->what, sizeof(result->what), "expected seal %" PRIu64 ", found %" PRIu64, now->seals,
                 at->seal.index);
        return bad(follower, block, i, result->what);
    }
    if (at->seal.records != now->tree.size || now->tree.size == result->state.tree.size)
        return bad(follower, block, i,
                   "expected the seal to count the records so far, one or more of them new");
    frt_tree_root(&now->tree, follower->hasher, root);
    if (memcmp(root, at->seal.root, FRT_HASH_SIZE) != 0)
        return bad(follower, block, i, "expected the seal to carry the root of the records so far");
    memcpy(at->key, now->next_key, FRT_KEY_SIZE);
    at->before_segment = result->state.segment;
    at->before_offset = result->state.offset;
    at->before_records = result->state.tree.size;
    memcpy(now->next_key, at->seal.next_key, FRT_KEY_SIZE);
    follower->is_behind_seg = false;
    now->seals++;
    now->segment = block->segment;
    now->offset = block->offset + block->lines[i].offset + block->lines[i].length + 1;
    result->state = *now;
    block->seals_wanted = block->lines[i].seal + 1;
    return true;
}

/* Every segment but the last must end with a seal; what follows it must have been declared void. */
static bool follow_end(struct follower *follower, const struct frt_block *block)
{
    const struct frt_trail_head *state = &follower->result->state;
    uint64_t end = block->offset + block->length;

    if (block->segment == follower->options->last || block->segment == follower->options->stop_segment)
        return true;
    if (state->segment == block->segment && state->offset == end)
        return true;
    return bad(follower, block, block->line_count,
               "expected the segment to end with a seal, or the next one to declare the rest void");
}

static bool follow(struct follower *follower, struct frt_block *block)
{
    if (block->offset == 0)
        follower->line = 0;
    for (size_t i = 0; i < block->line_count; i++, follower->line++) {
        const struct frt_scan_line *line = &block->lines[i];
        bool ok = line->type == FRT_LINE_RECORD ? follow_record(follower, block, i)
                  : line->type == FRT_LINE_SEAL ? follow_seal(follower, block, i)
                                                : bad(follower, block, i, line->what);

        if (!ok)
            return false;
    }
    return !block->ends_segment || follow_end(follower, block);
}

/* ---- the pass: load ahead, follow in order, retire in order ---- */

struct pass {
    const struct frt_scan_options *options;
    struct frt_scan_result *result;
    struct loader loader;
    struct follower follower;
    struct frt_pool pool;
    struct frt_block *ring;
    uint64_t room, loaded, followed, retired;
    uint64_t done_bytes, total_bytes;
    bool stopped;
};

static struct frt_block *block_at(struct pass *pass, uint64_t number)
{
    return &pass->ring[number % pass->room];
}

static void load_ahead(struct pass *pass)
{
    while (!pass->stopped && !pass->loader.done && pass->loaded - pass->retired < pass->room) {
        struct frt_block *block = block_at(pass, pass->loaded);
        int r = load(&pass->loader, block);

        if (r < 0) {
            pass->result->error = r;
            pass->stopped = true;
            return;
        }
        frt_pool_submit(&pass->pool, block, false);
        pass->loaded++;
    }
}

static void follow_next(struct pass *pass)
{
    struct frt_block *block = block_at(pass, pass->followed);

    frt_pool_wait(&pass->pool, block, FRT_BLOCK_PARSED);
    block->seals_wanted = 0;
    if (block->error < 0) {
        pass->result->error = block->error;
        pass->stopped = true;
    } else if (!pass->stopped && !follow(&pass->follower, block)) {
        pass->stopped = true;
    }
    pass->followed++;
    if (block->segment < pass->options->signatures_from)
        block->seals_wanted = 0;
    frt_pool_submit(&pass->pool, block, true);
}

/* Line of an offset in a block; only asked for the one bad place. */
static uint64_t lines_before(struct pass *pass, const struct frt_block *block, size_t line)
{
    frt_auto_close int fd = frt_segment_open(pass->options->segments, block->segment);
    uint64_t end = block->offset + block->lines[line].offset, lines = 0;
    char bytes[4096];

    for (uint64_t at = 0; fd >= 0 && at < end;) {
        size_t wanted = end - at < sizeof(bytes) ? (size_t)(end - at) : sizeof(bytes);
        ssize_t n = pread(fd, bytes, wanted, (off_t)at);

        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            lines += bytes[i] == '\n';
        at += (uint64_t)n;
    }
    return lines;
}

/* A wrong signature lies before whatever the chain met later: it is the first bad place. */
static void report_signature(struct pass *pass, const struct frt_block *block)
{
    const struct frt_scan_seal *seal = &block->seals[block->bad_seal];
    struct frt_scan_result *result = pass->result;

    result->error = 0;
    result->is_bad = true;
    result->is_torn = false;
    result->segment = block->segment;
    result->offset = block->offset + block->lines[seal->line].offset;
    result->line = lines_before(pass, block, seal->line) + 1;
    snprintf(result->what, sizeof(result->what),
             "expected seal %" PRIu64 " to be signed by the key named before it", seal->seal.index);
    result->is_state_early = true;
    result->state.segment = seal->before_segment;
    result->state.offset = seal->before_offset;
    result->state.tree.size = seal->before_records;
    result->state.seals = seal->seal.index;
}

static void retire_next(struct pass *pass)
{
    struct frt_block *block = block_at(pass, pass->retired);

    frt_pool_wait(&pass->pool, block, FRT_BLOCK_CHECKED);
    if (block->bad_seal != SIZE_MAX && !pass->result->is_state_early) {
        report_signature(pass, block);
        pass->stopped = true;
    }
    pass->done_bytes += block->length;
    pass->retired++;
    if (pass->options->progress && !pass->stopped)
        pass->options->progress(pass->options->progress_arg, pass->done_bytes, pass->total_bytes);
}

static void run(struct pass *pass)
{
    for (;;) {
        load_ahead(pass);
        if (pass->followed < pass->loaded &&
            (pass->followed - pass->retired < pass->room / 2 ||
             frt_pool_has(&pass->pool, block_at(pass, pass->followed), FRT_BLOCK_PARSED)))
            follow_next(pass);
        else if (pass->retired < pass->followed)
            retire_next(pass);
        else if (pass->loader.done || pass->stopped)
            return;
    }
}

static int start(struct pass *pass)
{
    const struct frt_segments *segments = pass->options->segments;

    pass->room = 2 * pass->options->threads + 2;
    pass->ring = calloc(pass->room, sizeof(*pass->ring));
    if (!pass->ring)
        return -ENOMEM;
    pass->loader.options = pass->options;
    pass->loader.fd = -1;
    next_live(&pass->loader, 0);
    pass->follower.options = pass->options;
    pass->follower.result = pass->result;
    pass->follower.hasher = &pass->pool.hasher;
    pass->follower.now = pass->result->state;
    for (size_t i = 0; i <= pass->options->last; i++)
        pass->total_bytes += segments->list[i].is_live ? segments->list[i].live_length : 0;
    /* Small trails need no large buffers; a block always holds more than a line. */
    pass->loader.block_size = pass->total_bytes + 2 * FRT_RECORD_MAX < FRT_BLOCK_SIZE
                                  ? (size_t)pass->total_bytes + 2 * FRT_RECORD_MAX
                                  : FRT_BLOCK_SIZE;
    return frt_pool_init(&pass->pool, pass->options->threads, pass->options->origin);
}

void frt_scan_run(const struct frt_scan_options *options, struct frt_scan_result *ret_result)
{
    frt_auto_free struct pass *pass = calloc(1, sizeof(*pass));

    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->state.segment = SIZE_MAX;
    memcpy(ret_result->state.next_key, options->first_key, FRT_KEY_SIZE);
    if (!pass) {
        ret_result->error = -ENOMEM;
        return;
    }
    pass->options = options;
    pass->result = ret_result;
    ret_result->error = start(pass);
    if (ret_result->error == 0) {
        run(pass);
        if (pass->pool.hasher.failed)
            ret_result->error = -EIO;
        frt_pool_clear(&pass->pool);
    }
    if (pass->loader.fd >= 0)
        close(pass->loader.fd);
    for (uint64_t i = 0; pass->ring && i < pass->room; i++)
        frt_block_clear(&pass->ring[i]);
    free(pass->ring);
}

/* ---- what an interrupted commit leaves in a segment of its own ---- */

struct unsealed {
    struct follower follower;
    struct frt_block block;
    struct frt_sha256 hasher;
};

static int read_whole(const struct frt_segments *segments, size_t index, struct frt_block *block)
{
    frt_auto_close int fd = frt_segment_open(segments, index);
    uint64_t size = segments->list[index].size;

    if (fd < 0)
        return fd;
    block->bytes = malloc((size_t)size + 1);
    if (!block->bytes)
        return -ENOMEM;
    block->segment = index;
    block->ends_segment = true;
    while (block->length < size) {
        ssize_t n =
            pread(fd, block->bytes + block->length, (size_t)size - block->length, (off_t)block->length);

        if (n <= 0)
            return n < 0 ? -errno : -ESTALE;
        block->length += (size_t)n;
    }
    return 0;
}

int frt_scan_unsealed(const struct frt_segments *segments, size_t index, const struct frt_trail_head *state,
                      struct frt_scan_result *ret_place)
{
    struct frt_scan_options options = {.segments = segments, .last = index, .stop_segment = SIZE_MAX};
    frt_auto_free struct unsealed *work = calloc(1, sizeof(*work));
    int r = work ? frt_sha256_init(&work->hasher) : -ENOMEM;

    if (r < 0)
        return r;
    memset(ret_place, 0, sizeof(*ret_place));
    ret_place->state = *state;
    work->follower =
        (struct follower){.options = &options, .result = ret_place, .hasher = &work->hasher, .now = *state};
    r = read_whole(segments, index, &work->block);
    if (r == 0) {
        frt_block_parse(&work->block, &work->hasher);
        r = work->block.error;
    }
    if (r == 0 && !follow(&work->follower, &work->block))
        r = ret_place->is_torn ? 0 : -EBADMSG;
    frt_sha256_clear(&work->hasher);
    frt_block_clear(&work->block);
    return r;
}
