/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "support/file.h"
#include "trail/checkpoint.h"
#include "trail/encoding.h"
#include "trail/scan.h"

struct verification {
    const struct frt_verify_options *options;
    struct frt_verify_result *result;
    struct frt_segments segments;
    struct frt_scan_options scan;
    struct frt_scan_result found;
    struct frt_tree_mark *checkpoints; /* malloc'd */
    uint8_t live_key[FRT_KEY_SIZE];
    bool is_writer; /* going on, not judging: fewer signatures, a checkpoint without key */
};

static enum frt_verify_status end(struct verification *v, enum frt_verify_status status, const char *what)
{
    v->result->status = status;
    if (what && what != v->result->what)
        snprintf(v->result->what, sizeof(v->result->what), "%s", what);
    return status;
}

static enum frt_verify_status fail(struct verification *v, int error, const char *doing)
{
    snprintf(v->result->what, sizeof(v->result->what), "%s: %s", doing, strerror(-error));
    return end(v, FRT_VERIFY_FAILED, v->result->what);
}

static void place(struct verification *v, size_t segment, uint64_t line, uint64_t offset)
{
    snprintf(v->result->file, sizeof(v->result->file), "%s", v->segments.list[segment].name);
    v->result->line = line;
    v->result->offset = offset;
}

int frt_trail_read_first_key(const char *log_dir, char origin[FRT_ORIGIN_MAX + 1], char key[65])
{
    frt_auto_free char *path = NULL, *text = NULL;
    uint8_t bytes[FRT_KEY_SIZE];
    const char *what;
    char *space;
    size_t length;
    int r;

    if (asprintf(&path, "%s/pk0", log_dir) < 0)
        return -ENOMEM;
    r = frt_file_read(path, FRT_FILE_ANY, FRT_ORIGIN_MAX + 80, &text, &length, &what);
    if (r < 0)
        return r;
    space = strchr(text, ' ');
    if (!space || strlen(text) != length || strlen(space) != 66 || space[65] != '\n' ||
        !frt_hex_parse(space + 1, bytes, sizeof(bytes)))
        return -EBADMSG;
    *space = '\0';
    if (!frt_origin_is_valid(text))
        return -EBADMSG;
    strcpy(origin, text);
    memcpy(key, space + 1, 64);
    key[64] = '\0';
    return 0;
}

static bool key_is_hex(const char *text, uint8_t key[FRT_KEY_SIZE])
{
    return strlen(text) == 64 && frt_hex_parse(text, key, FRT_KEY_SIZE);
}

/* Fills in origin and first key, from the caller or from the file beside the log. */
static enum frt_verify_status take_identity(struct verification *v)
{
    const struct frt_verify_options *options = v->options;
    struct frt_verify_result *result = v->result;

    if (!options->origin || !options->first_key) {
        int r = frt_trail_read_first_key(options->log_dir, result->origin, result->first_key);

        if (r < 0)
            return fail(v, r, "no origin or first key given, and pk0 beside the log");
    }
    if (options->origin && !frt_origin_is_valid(options->origin))
        return end(v, FRT_VERIFY_FAILED,
                   "expected an origin of 1 to 255 printable characters without spaces");
    if (options->origin)
        strcpy(result->origin, options->origin);
    if (options->first_key)
        snprintf(result->first_key, sizeof(result->first_key), "%s", options->first_key);
    result->is_key_from_log = !options->first_key;
    if (!key_is_hex(options->first_key ? options->first_key : result->first_key, v->scan.first_key))
        return end(v, FRT_VERIFY_FAILED, "expected the first public key as 64 lower-case hex digits");
    if (options->live_key && !key_is_hex(options->live_key, v->live_key))
        return end(v, FRT_VERIFY_FAILED, "expected the live public key as 64 lower-case hex digits");
    return FRT_VERIFY_OK;
}

/* One of the notes given. */
static enum frt_verify_status take_checkpoint(struct verification *v, const char *note, size_t length,
                                              struct frt_tree_mark *ret_mark)
{
    struct frt_checkpoint checkpoint;

    if (frt_checkpoint_parse(note, length, &checkpoint) < 0)
        return end(v, FRT_VERIFY_FAILED, "the checkpoint is no checkpoint note");
    if (strcmp(checkpoint.origin, v->result->origin) != 0)
        return end(v, FRT_VERIFY_FAILED, "the checkpoint is of another origin");
    if (!v->is_writer && !frt_checkpoint_is_signed_by(note, length, v->options->checkpoint_key))
        return end(v, FRT_VERIFY_FAILED, "the checkpoint is not signed by the key given");
    ret_mark->size = checkpoint.size;
    memcpy(ret_mark->root, checkpoint.root, FRT_HASH_SIZE);
    return FRT_VERIFY_OK;
}

static int by_size(const void *a, const void *b)
{
    const struct frt_tree_mark *left = a, *right = b;

    return (left->size > right->size) - (left->size < right->size);
}

/* All notes of the text, as somebody keeps them by appending one after the other. */
static enum frt_verify_status take_checkpoints(struct verification *v)
{
    const char *at = v->options->checkpoint;
    size_t left = at ? strlen(at) : 0, room = 0, count = 0;

    if (at && !v->options->checkpoint_key && !v->is_writer)
        return end(v, FRT_VERIFY_FAILED, "a checkpoint needs the key of who signed it");
    while (left > 0) {
        size_t length = frt_checkpoint_length(at, left);
        enum frt_verify_status status;

        if (count == room) {
            struct frt_tree_mark *grown = reallocarray(v->checkpoints, room = room * 2 + 8, sizeof(*grown));

            if (!grown)
                return fail(v, -ENOMEM, "checkpoints");
            v->checkpoints = grown;
        }
        status = take_checkpoint(v, at, length ? length : left, &v->checkpoints[count]);
        if (status != FRT_VERIFY_OK)
            return status;
        count += v->checkpoints[count].size > 0;
        at += length;
        left -= length;
        for (; left > 0 && *at == '\n'; left--)
            at++;
    }
    if (v->options->checkpoint && v->checkpoints == NULL)
        return end(v, FRT_VERIFY_FAILED, "the checkpoint is no checkpoint note");
    if (count > 0)
        qsort(v->checkpoints, count, sizeof(*v->checkpoints), by_size);
    v->scan.checkpoints = v->checkpoints;
    v->scan.checkpoint_count = count;
    return FRT_VERIFY_OK;
}

static unsigned thread_count(const struct verification *v)
{
    uint64_t bytes = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    for (size_t i = 0; i < v->segments.count; i++)
        bytes += v->segments.list[i].size;
    if (bytes < 256 * 1024)
        return 1;
    if (v->options->threads)
        return v->options->threads < 256 ? v->options->threads : 256;
    return cores < 1 ? 1 : cores < 256 ? (unsigned)cores : 256;
}

/* How many lines from an offset on begin like seals. An interrupted commit leaves one at most, and not many bytes. */
static int count_seal_lines(const struct frt_segments *segments, size_t index, uint64_t offset,
                            unsigned *ret_count)
{
    frt_auto_close int fd = frt_segment_open(segments, index);
    frt_auto_free char *bytes = NULL;
    uint64_t size = segments->list[index].size - offset;
    ssize_t n;

    *ret_count = 2;
    if (fd < 0)
        return fd;
    if (size > FRT_TAIL_MAX)
        return 0;
    bytes = malloc((size_t)size + 1);
    if (!bytes)
        return -ENOMEM;
    bytes[0] = '\n';
    n = pread(fd, bytes + 1, (size_t)size, (off_t)offset);
    if (n < 0)
        return -errno;
    *ret_count = 0;
    for (char *at = bytes; (at = memmem(at, (size_t)(bytes + 1 + n - at), "\n!", 2)); at++)
        ++*ret_count;
    return 0;
}

/* Void bytes are no evidence, but what is said about them is. */
static enum frt_verify_status check_void(struct verification *v, size_t i, struct frt_sha256 *hasher)
{
    struct frt_segment *segment = &v->segments.list[i];
    uint64_t offset = segment->is_live ? segment->live_length : 0;
    frt_auto_close int fd = -1;
    uint8_t hash[FRT_HASH_SIZE];
    char text[65];
    int r;

    if (segment->void_sha256[0] == '\0')
        return FRT_VERIFY_OK;
    fd = frt_segment_open(&v->segments, i);
    r = fd < 0 ? fd : frt_segment_digest(fd, offset, segment->size - offset, hasher, hash);
    if (r < 0)
        return fail(v, r, segment->name);
    frt_hex_format(hash, sizeof(hash), text);
    v->result->void_ranges++;
    v->result->void_bytes += segment->size - offset;
    if (strcmp(text, segment->void_sha256) == 0)
        return FRT_VERIFY_OK;
    place(v, i, 0, offset);
    return end(v, FRT_VERIFY_ALTERED,
               "expected the bytes from here on to be those the next segment declares void");
}

static enum frt_verify_status check_voids(struct verification *v)
{
    struct frt_sha256 hasher;
    enum frt_verify_status status = FRT_VERIFY_OK;
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return fail(v, r, "SHA-256");
    v->result->void_ranges = v->result->void_bytes = 0;
    for (size_t i = 0; i <= v->scan.last && status == FRT_VERIFY_OK; i++)
        status = check_void(v, i, &hasher);
    frt_sha256_clear(&hasher);
    return status;
}

/* Segments behind the last one with a seal: do they look like commits that were interrupted? */
static enum frt_verify_status check_unsealed(struct verification *v)
{
    struct frt_scan_result at;

    for (size_t i = v->scan.last + 1; i < v->segments.count; i++) {
        struct frt_segment *segment = &v->segments.list[i];
        int r;

        segment->previous = v->found.state.segment;
        segment->previous_length = v->found.state.offset;
        r = frt_scan_unsealed(&v->segments, i, &v->found.state, &at);
        if (r == -EBADMSG) {
            place(v, i, at.line, at.offset);
            return end(v, FRT_VERIFY_ALTERED, at.what);
        }
        if (r < 0)
            return fail(v, r, segment->name);
        v->result->tail_bytes += segment->size;
    }
    return FRT_VERIFY_OK;
}

static void take_counts(struct verification *v)
{
    const struct frt_trail_head *state = &v->found.state;
    struct frt_verify_result *result = v->result;
    struct frt_sha256 hasher;

    result->records = state->tree.size;
    result->seals = state->seals;
    result->first_us = state->first_us;
    result->last_us = state->time_us;
    if (!v->found.is_state_early)
        frt_hex_format(state->next_key, FRT_KEY_SIZE, result->next_key);
    for (uint64_t i = 0; i < v->found.ack_count; i++)
        if (i >= FRT_TRAIL_ACKS_MAX || v->found.acks[i].record < state->tree.size)
            result->ack_count++;
    memcpy(result->acks, v->found.acks, sizeof(result->acks));
    result->leaves = frt_steal(&v->found.leaves);
    for (size_t i = 0; i < v->segments.count; i++) {
        result->segments++;
        result->bytes += v->segments.list[i].size;
    }
    if (v->found.is_state_early || frt_sha256_init(&hasher) < 0)
        return;
    frt_tree_root(&state->tree, &hasher, result->root_hash);
    frt_base64_format(result->root_hash, FRT_HASH_SIZE, result->root);
    frt_sha256_clear(&hasher);
}

static uint64_t tail_of(const struct verification *v)
{
    const struct frt_trail_head *state = &v->found.state;
    uint64_t length = v->segments.list[v->scan.last].live_length;

    return state->segment == v->scan.last ? length - state->offset : length;
}

/* Whether what is bad may be the end of an interrupted commit: at the very end, torn, and no second seal in it. */
static bool is_interrupted(const struct verification *v)
{
    const struct frt_trail_head *state = &v->found.state;
    unsigned seals;

    return v->found.is_torn && v->found.segment == v->scan.last && tail_of(v) <= FRT_TAIL_MAX &&
           count_seal_lines(&v->segments, v->scan.last, state->segment == v->scan.last ? state->offset : 0,
                            &seals) == 0 &&
           seals <= 1;
}

static bool has_sealed_ack(const struct verification *v)
{
    return v->found.ack_count > 0 && v->found.acks[0].record < v->found.state.tree.size;
}

/* The pass is over: bad, torn, or clean to the end of the last segment. */
static enum frt_verify_status judge(struct verification *v)
{
    const struct frt_trail_head *state = &v->found.state;
    const struct frt_tree_mark *newest =
        v->scan.checkpoint_count ? &v->checkpoints[v->scan.checkpoint_count - 1] : NULL;
    enum frt_verify_status status;

    if (v->found.is_bad && !is_interrupted(v)) {
        place(v, v->found.segment, v->found.line, v->found.offset);
        return end(v, FRT_VERIFY_ALTERED, v->found.what);
    }
    v->result->tail_bytes = tail_of(v);
    if (v->result->tail_bytes > FRT_TAIL_MAX) {
        place(v, v->scan.last, 0, state->segment == v->scan.last ? state->offset : 0);
        return end(v, FRT_VERIFY_ALTERED, "expected a seal: no interrupted commit leaves so much behind");
    }
    status = check_unsealed(v);
    if (status != FRT_VERIFY_OK)
        return status;
    if (v->options->live_key && memcmp(v->live_key, state->next_key, FRT_KEY_SIZE) != 0)
        return end(v, FRT_VERIFY_CUT, "the live key is not the one the last seal names: the end is missing");
    if (newest && newest->size > state->tree.size) {
        snprintf(v->result->what, sizeof(v->result->what),
                 "the checkpoint counts %" PRIu64 " records, the files hold %" PRIu64 ": the end is missing",
                 newest->size, state->tree.size);
        return end(v, FRT_VERIFY_CUT, v->result->what);
    }
    if (has_sealed_ack(v))
        return end(v, FRT_VERIFY_ACKNOWLEDGED,
                   "an administrator went on after a break: what lay between is not proven");
    if (v->result->tail_bytes == 0 && v->scan.last + 1 == v->segments.count)
        return end(v, FRT_VERIFY_OK, NULL);
    place(v, state->segment == SIZE_MAX ? 0 : state->segment, 0, state->offset);
    return end(v, FRT_VERIFY_UNSEALED,
               "no seal covers what follows: not evidence (an interrupted commit leaves that)");
}

/* One pass, believing segment `last`. `ret_drop`: that one was interrupted before its first seal, look without it. */
static enum frt_verify_status try(struct verification *v, size_t last, bool *ret_drop)
{
    enum frt_verify_status status;
    size_t index = 0;
    int r = frt_segments_resolve(&v->segments, last, &index, v->result->what);

    *ret_drop = false;
    v->scan.last = last;
    v->scan.signatures_from = v->is_writer ? last : 0;
    if (r == -EBADMSG) {
        place(v, index, 1, 0);
        return end(v, FRT_VERIFY_ALTERED, v->result->what);
    }
    if (r < 0)
        return fail(v, r, v->segments.list[index].name);
    status = check_voids(v);
    if (status != FRT_VERIFY_OK)
        return status;
    free(v->found.leaves);
    frt_scan_run(&v->scan, &v->found);
    if (v->found.error < 0)
        return fail(v, v->found.error, "reading the trail");
    *ret_drop = last > 0 && v->found.is_bad && is_interrupted(v) && v->found.state.segment != last;
    return *ret_drop ? FRT_VERIFY_OK : judge(v);
}

static enum frt_verify_status run(struct verification *v)
{
    size_t last = v->segments.count - 1;
    enum frt_verify_status status;
    bool drop = true;

    for (; last > 0; last--) {
        unsigned seals;
        int r = count_seal_lines(&v->segments, last, 0, &seals);

        if (r < 0)
            return fail(v, r, v->segments.list[last].name);
        if (seals > 0)
            break;
    }
    for (;; last--) {
        status = try(v, last, &drop);
        if (!drop)
            return status;
    }
}

/* Everything but closing the segments. */
static void verify(struct verification *v)
{
    struct frt_verify_result *result = v->result;
    int r;

    if (take_identity(v) != FRT_VERIFY_OK || take_checkpoints(v) != FRT_VERIFY_OK)
        return;
    r = frt_segments_open(v->options->log_dir, &v->segments, result->what);
    if (r == -EBADMSG)
        end(v, FRT_VERIFY_ALTERED, result->what);
    else if (r < 0)
        fail(v, r, v->options->log_dir);
    if (r < 0)
        return;
    v->scan.segments = &v->segments;
    v->scan.origin = result->origin;
    v->scan.threads = thread_count(v);
    v->scan.keep_leaves = v->options->keep_leaves;
    v->scan.progress = v->options->progress;
    v->scan.progress_arg = v->options->progress_arg;
    if (v->segments.count == 0) {
        end(v, FRT_VERIFY_FAILED, "no segment (*.seg) in the log directory");
        return;
    }
    run(v);
    take_counts(v);
}

static struct verification *begin(const struct frt_verify_options *options,
                                  struct frt_verify_result *ret_result)
{
    struct verification *v = calloc(1, sizeof(*v));

    memset(ret_result, 0, sizeof(*ret_result));
    if (!v) {
        snprintf(ret_result->what, sizeof(ret_result->what), "out of memory");
        ret_result->status = FRT_VERIFY_FAILED;
        return NULL;
    }
    v->options = options;
    v->result = ret_result;
    v->segments.dir_fd = -1;
    v->scan.stop_segment = SIZE_MAX;
    return v;
}

enum frt_verify_status frt_trail_verify(const struct frt_verify_options *options,
                                        struct frt_verify_result *ret_result)
{
    frt_auto_free struct verification *v = begin(options, ret_result);

    if (v) {
        verify(v);
        free(v->found.leaves);
        free(v->checkpoints);
        frt_segments_close(&v->segments);
    }
    return ret_result->status;
}

enum frt_verify_status frt_verify_for_writer(const struct frt_verify_options *options, size_t stop_segment,
                                             uint64_t stop_offset, struct frt_verify_result *ret_result,
                                             struct frt_trail_head *ret_state, bool *ret_is_early,
                                             struct frt_segments *ret_segments)
{
    frt_auto_free struct verification *v = begin(options, ret_result);

    memset(ret_segments, 0, sizeof(*ret_segments));
    ret_segments->dir_fd = -1;
    if (!v)
        return ret_result->status;
    v->is_writer = true;
    v->scan.stop_segment = stop_segment;
    v->scan.stop_offset = stop_offset;
    verify(v);
    free(v->found.leaves);
    free(v->checkpoints);
    *ret_state = v->found.state;
    *ret_is_early = v->found.is_state_early;
    *ret_segments = v->segments;
    return ret_result->status;
}

void frt_verify_result_clear(struct frt_verify_result *result)
{
    free(result->leaves);
    result->leaves = NULL;
}

int frt_verify_prove_record(const struct frt_verify_result *result, uint64_t n, struct frt_proof *ret_proof)
{
    struct frt_sha256 hasher;

    if (!result->leaves || n >= result->records)
        return -ENOENT;
    if (frt_sha256_init(&hasher) < 0)
        return -ENOMEM;
    frt_tree_prove_inclusion((const uint8_t(*)[FRT_HASH_SIZE])result->leaves, result->records, n, &hasher,
                             ret_proof);
    frt_sha256_clear(&hasher);
    return 0;
}

int frt_verify_prove_growth(const struct frt_verify_result *result, uint64_t old_size,
                            struct frt_proof *ret_proof)
{
    struct frt_sha256 hasher;

    if (!result->leaves || old_size == 0 || old_size > result->records)
        return -ENOENT;
    if (frt_sha256_init(&hasher) < 0)
        return -ENOMEM;
    frt_tree_prove_consistency((const uint8_t(*)[FRT_HASH_SIZE])result->leaves, result->records, old_size,
                               &hasher, ret_proof);
    frt_sha256_clear(&hasher);
    return 0;
}
