/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "support/time_text.h"
#include "trail/encoding.h"
#include "trail/writer_state.h"

#define DAY_US INT64_C(86400000000)

/* ---- the batch, in memory ---- */

static int64_t boot_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Never further back than the verifier accepts. */
static int64_t stamp_us(struct frt_trail *trail, bool *ret_held)
{
    int64_t now_us = trail->clock_us(trail->clock_arg);
    int64_t bound_us = trail->sealed.time_us - FRT_TIME_BACK_MAX_US;

    *ret_held = trail->sealed.tree.size > 0 && now_us < bound_us;
    if (*ret_held)
        return bound_us;
    return now_us < 0 ? 0 : now_us;
}

/* Writes the line into the batch and links it in. What would not verify is refused here. */
static int64_t put_record(struct frt_trail *trail, const struct frt_record *record)
{
    struct frt_trail_head *after = &trail->after;
    char *line = trail->batch + trail->batch_length, hex[65], time[FRT_TIME_TEXT_MAX];
    struct frt_record_view view;
    const char *what;
    int64_t n = (int64_t)after->tree.size, time_us;
    bool held;
    int prefix;

    time_us = stamp_us(trail, &held);
    frt_time_format_us(time_us, time);
    frt_hex_format(after->last_leaf, FRT_HASH_SIZE, hex);
    prefix = snprintf(line, FRT_RECORD_PREFIX_MAX,
                      "{\"v\":1,\"n\":%" PRId64 ",\"p\":\"%s\",\"t\":\"%s\",\"m\":%" PRId64
                      ",\"b\":\"%s\",\"k\":\"%s\"",
                      n, hex, time, boot_us(), trail->boot_id, record->kind);
    if (prefix < 0 || prefix >= FRT_RECORD_PREFIX_MAX || (size_t)prefix + record->length + 2 > FRT_RECORD_MAX)
        return -EINVAL;
    memcpy(line + prefix, record->body, record->length);
    memcpy(line + (size_t)prefix + record->length, "}\n", 2);
    if (frt_record_parse(line, (size_t)prefix + record->length + 1, &view, &what) < 0)
        return -EINVAL;
    frt_sha256_leaf(&trail->hasher, line, view.length, after->last_leaf);
    frt_tree_append(&after->tree, &trail->hasher, after->last_leaf);
    if (after->tree.size == 1)
        after->first_us = time_us;
    if (time_us > after->time_us)
        after->time_us = time_us;
    trail->batch_length += view.length + 1;
    return n;
}

static void pick_name(struct frt_trail *trail)
{
    unsigned attempt = 0;

    do
        frt_segment_name_format(trail->sealed.tree.size, attempt++, trail->new_name);
    while (faccessat(trail->log_fd, trail->new_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

/* Looks at what is to be declared void as it is on disk now, not as the page cache remembers it after an error. */
static int measure_void(struct frt_trail *trail, const struct frt_pending_void *pending,
                        struct frt_record_void *range)
{
    frt_auto_close int fd = openat(trail->log_fd, pending->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t hash[FRT_HASH_SIZE];
    struct stat st;
    int r;

    if (fd < 0)
        return -errno;
    (void)fsync(fd);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((uint64_t)st.st_size < pending->offset)
        return -ESTALE;
    memcpy(range->file, pending->name, sizeof(range->file));
    range->offset = pending->offset;
    range->length = (uint64_t)st.st_size - pending->offset;
    r = frt_segment_digest(fd, range->offset, range->length, &trail->hasher, hash);
    frt_hex_format(hash, sizeof(hash), range->sha256);
    return r;
}

/* `seg`: which segment this is, where the one before ended, what in between was never answered. */
static int put_seg(struct frt_trail *trail)
{
    struct frt_record_void voids[FRT_VOIDS_MAX];
    struct frt_record record;
    size_t count = 0;
    int64_t n;

    for (size_t i = 0; i < trail->void_count; i++) {
        int r = measure_void(trail, &trail->voids[i], &voids[count]);

        if (r < 0)
            return r;
        count += voids[count].length > 0 || voids[count].offset == 0;
    }
    pick_name(trail);
    frt_record_init(&record, "seg");
    frt_record_add_text(&record, "seg", trail->new_name);
    frt_record_add_text(&record, "prev", trail->name);
    frt_record_add_number(&record, "off", (int64_t)trail->offset);
    if (frt_record_add_voids(&record, voids, count) < 0)
        return -E2BIG;
    n = put_record(trail, &record);
    trail->begins_segment = n >= 0;
    return n < 0 ? (int)n : 0;
}

static int put_clock(struct frt_trail *trail)
{
    struct frt_record record;
    char text[FRT_TIME_TEXT_MAX];
    int64_t now_us = trail->clock_us(trail->clock_arg), n;

    frt_record_init(&record, "clock");
    frt_time_format_us(now_us < 0 ? 0 : now_us, text);
    frt_record_add_text(&record, "now", text);
    frt_time_format_us(trail->sealed.time_us, text);
    frt_record_add_text(&record, "sealed", text);
    n = put_record(trail, &record);
    return n < 0 ? (int)n : 0;
}

static int put_gap(struct frt_trail *trail)
{
    const struct frt_gap *gap = &trail->gap;
    struct frt_record record;
    char text[FRT_TIME_TEXT_MAX], reasons[FRT_GAP_REASONS * 56] = "";
    size_t used = 0;
    int64_t n;

    frt_record_init(&record, "gap");
    frt_record_add_number(&record, "count", (int64_t)gap->count);
    frt_time_format_us(gap->first_us, text);
    frt_record_add_text(&record, "first", text);
    frt_time_format_us(gap->last_us, text);
    frt_record_add_text(&record, "last", text);
    for (size_t i = 0; i < FRT_GAP_REASONS && gap->reasons[i].count > 0; i++)
        used += (size_t)snprintf(reasons + used, sizeof(reasons) - used, "%s%s:%" PRIu64, i ? " " : "",
                                 gap->reasons[i].code, gap->reasons[i].count);
    frt_record_add_text(&record, "reasons", reasons);
    n = put_record(trail, &record);
    if (n < 0)
        return (int)n;
    trail->batch_gap = trail->gap;
    memset(&trail->gap, 0, sizeof(trail->gap));
    return 0;
}

static void merge_reason(struct frt_gap *gap, const char *code, uint64_t count)
{
    size_t i = 0;

    while (i + 1 < FRT_GAP_REASONS && gap->reasons[i].count > 0 && strcmp(gap->reasons[i].code, code) != 0)
        i++;
    if (gap->reasons[i].count == 0)
        snprintf(gap->reasons[i].code, sizeof(gap->reasons[i].code), "%s", code);
    else if (strcmp(gap->reasons[i].code, code) != 0)
        snprintf(gap->reasons[i].code, sizeof(gap->reasons[i].code), "other");
    gap->reasons[i].count += count;
}

static void count_gap(struct frt_trail *trail, uint64_t count, const char *code)
{
    struct frt_gap *gap = &trail->gap;
    int64_t now_us = trail->clock_us(trail->clock_arg);

    if (now_us < 0)
        now_us = 0;
    if (gap->count == 0)
        gap->first_us = now_us;
    gap->last_us = now_us;
    gap->count += count;
    merge_reason(gap, code, count);
}

/* A batch that carried a gap record was lost: what it counted is still to be told. */
static void restore_gap(struct frt_trail *trail)
{
    struct frt_gap *lost = &trail->batch_gap;

    if (lost->count == 0)
        return;
    if (trail->gap.count == 0)
        trail->gap.last_us = lost->last_us;
    trail->gap.first_us = lost->first_us;
    trail->gap.count += lost->count;
    for (size_t i = 0; i < FRT_GAP_REASONS && lost->reasons[i].count > 0; i++)
        merge_reason(&trail->gap, lost->reasons[i].code, lost->reasons[i].count);
    memset(lost, 0, sizeof(*lost));
}

static void empty_batch(struct frt_trail *trail)
{
    trail->batch_length = 0;
    trail->batch_records = 0;
    trail->begins_segment = false;
    trail->after = trail->sealed;
}

static int begin_batch(struct frt_trail *trail)
{
    bool held;
    int64_t day = stamp_us(trail, &held) / DAY_US;
    int r = 0;

    empty_batch(trail);
    if (trail->wants_segment || trail->offset >= trail->segment_bytes || day > trail->day)
        r = put_seg(trail);
    if (r == 0 && held && !trail->is_clock_held)
        r = put_clock(trail);
    if (r == 0 && trail->gap.count > 0)
        r = put_gap(trail);
    if (r == 0)
        trail->is_clock_held = held;
    if (r < 0) {
        empty_batch(trail);
        restore_gap(trail);
    }
    return r;
}

static const char *code_of(int error)
{
    switch (error) {
    case -ENOSPC:
    case -EDQUOT:
    case -EFBIG:
        return "no-space";
    case -EIO:
        return "io-error";
    case -ESTALE:
        return "trail-removed";
    default:
        return "trail-error";
    }
}

int frt_trail_add(struct frt_trail *trail, const struct frt_record *record)
{
    int64_t n;
    int r = trail->batch_length == 0 ? begin_batch(trail) : 0;

    if (r < 0)
        return r;
    n = put_record(trail, record);
    return n < 0 ? (int)n : 0;
}

int frt_trail_add_word(struct frt_trail *trail, const struct frt_record *record)
{
    int64_t n;
    int r;

    trail->is_clock_held = true; /* the word itself tells of the clock */
    r = begin_batch(trail);
    if (r < 0)
        return r;
    trail->sealed.time_us = trail->after.time_us = 0;
    n = put_record(trail, record);
    return n < 0 ? (int)n : 0;
}

static int fail(struct frt_trail *trail, int error);

int64_t frt_trail_append(struct frt_trail *trail, const struct frt_record *record)
{
    int64_t n;
    int r;

    if (trail->failure) {
        count_gap(trail, 1, code_of(trail->failure));
        return trail->failure;
    }
    if (trail->batch_records == FRT_TRAIL_BATCH_MAX)
        return -ENOBUFS;
    r = trail->batch_length == 0 ? begin_batch(trail) : 0;
    if (r < 0) {
        count_gap(trail, 1, code_of(r));
        return fail(trail, r);
    }
    n = put_record(trail, record);
    if (n >= 0)
        trail->batch_records++;
    return n;
}

void frt_trail_drop(struct frt_trail *trail, const char *reason)
{
    count_gap(trail, 1, reason);
}

/* ---- the commit: key, log, erasure, in that order ---- */

static int store_next_key(struct frt_trail *trail)
{
    int r;

    if (!trail->next.used) {
        r = frt_key_pair_make(&trail->next.pair);
        if (r < 0)
            return r;
        trail->next.index = trail->key.index + 1;
        trail->next.used = true;
    }
    if (trail->next_is_stored)
        return 0;
    r = frt_key_slots_write(trail->io, trail->key_fd, &trail->next);
    trail->next_is_stored = r == 0;
    return r;
}

static int put_seal(struct frt_trail *trail)
{
    struct frt_trail_head *after = &trail->after;
    struct frt_seal seal = {.index = trail->key.index, .records = after->tree.size};
    int r;

    frt_tree_root(&after->tree, &trail->hasher, seal.root);
    memcpy(seal.next_key, trail->next.pair.public_key, FRT_KEY_SIZE);
    r = frt_seal_sign(&seal, trail->origin, &trail->key.pair);
    if (r < 0)
        return r;
    trail->batch_length += frt_seal_format(&seal, trail->batch + trail->batch_length);
    after->seals = seal.index + 1;
    memcpy(after->next_key, seal.next_key, FRT_KEY_SIZE);
    return trail->hasher.failed ? -EIO : 0;
}

/* Room for this batch and the reserve, asked for before anything is written: a full disk is then noticed while nothing is
 * torn. The last reserve may be used for the gap record that tells of it; a retry asks for room for any batch, so as not to be
 * writable for small ones only. */
static int make_room(struct frt_trail *trail, int fd, uint64_t offset, uint64_t *allocated)
{
    uint64_t batch = trail->is_retrying ? FRT_TRAIL_BATCH_BYTES : trail->batch_length;
    uint64_t wanted = offset + batch + (trail->is_reserve_used ? 0 : FRT_TRAIL_RESERVE);

    if (!trail->can_allocate || wanted <= *allocated)
        return 0;
    wanted += FRT_TRAIL_GROWTH;
    if (trail->io->fallocate(trail->io->arg, fd, (off_t)*allocated, (off_t)(wanted - *allocated)) < 0) {
        if (errno != EOPNOTSUPP && errno != ENOSYS)
            return -errno;
        trail->can_allocate = false;
        return 0;
    }
    *allocated = wanted;
    return 0;
}

/* From here on the file must not be used any more: what is behind `offset` is unknown. */
static void poison(struct frt_trail *trail)
{
    if (trail->wants_segment || trail->void_count == FRT_VOIDS_MAX)
        return;
    memcpy(trail->voids[trail->void_count].name, trail->name, sizeof(trail->name));
    trail->voids[trail->void_count++].offset = trail->offset;
    trail->wants_segment = true;
}

static bool is_untouched(const struct frt_trail *trail, int error)
{
    struct stat st;

    return error != -EIO && fstat(trail->fd, &st) == 0 && (uint64_t)st.st_size == trail->offset;
}

static int write_on(struct frt_trail *trail)
{
    int r = make_room(trail, trail->fd, trail->offset, &trail->allocated);

    if (r == -EFBIG)
        trail->wants_segment = true; /* nothing is torn, but this file may not grow any more */
    if (r < 0)
        return r;
    r = frt_trail_io_write(trail->io, trail->fd, trail->batch, trail->batch_length, (off_t)trail->offset);
    if (r < 0) {
        if (!is_untouched(trail, r))
            poison(trail);
        return r;
    }
    if (trail->io->fdatasync(trail->io->arg, trail->fd) < 0) {
        r = -errno;
        poison(trail);
        return r;
    }
    trail->offset += trail->batch_length;
    return 0;
}

void frt_trail_release(int fd, uint64_t size)
{
    struct stat st;

    /* Truncating to the size it has changes no byte; ext4 and xfs then drop blocks behind the end. */
    if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == size)
        (void)!ftruncate(fd, (off_t)size);
}

static void adopt(struct frt_trail *trail, int fd, uint64_t allocated)
{
    if (trail->fd >= 0) {
        if (trail->void_count == 0)
            frt_trail_release(trail->fd, trail->offset);
        close(trail->fd);
    }
    trail->fd = fd;
    memcpy(trail->name, trail->new_name, sizeof(trail->name));
    trail->offset = trail->batch_length;
    trail->allocated = allocated;
    trail->day = trail->after.time_us / DAY_US;
    trail->void_count = 0;
    trail->wants_segment = false;
}

/* The file gets its name only when its first seal is durable: no crash leaves a segment without one. */
static int write_new(struct frt_trail *trail)
{
    const struct frt_trail_io *io = trail->io;
    frt_auto_close int fd = -1;
    uint64_t allocated = 0;
    int r;

    if (io->unlink(io->arg, trail->log_fd, FRT_TRAIL_NEW_NAME) < 0 && errno != ENOENT)
        return -errno;
    fd = io->create(io->arg, trail->log_fd, FRT_TRAIL_NEW_NAME, 0640);
    if (fd < 0)
        return -errno;
    r = make_room(trail, fd, 0, &allocated);
    if (r == 0)
        r = frt_trail_io_write(io, fd, trail->batch, trail->batch_length, 0);
    if (r == 0 && io->fdatasync(io->arg, fd) < 0)
        r = -errno;
    if (r == 0 && io->rename(io->arg, trail->log_fd, FRT_TRAIL_NEW_NAME, trail->new_name) < 0)
        r = -errno;
    if (r < 0) {
        io->unlink(io->arg, trail->log_fd, FRT_TRAIL_NEW_NAME);
        return r;
    }
    if (io->fsync(io->arg, trail->log_fd) < 0) {
        r = -errno;
        if (trail->void_count == FRT_VOIDS_MAX)
            return -E2BIG;
        memcpy(trail->voids[trail->void_count].name, trail->new_name, sizeof(trail->new_name));
        trail->voids[trail->void_count++].offset = 0;
        trail->wants_segment = true;
        return r;
    }
    adopt(trail, frt_steal_fd(&fd), allocated);
    return 0;
}

static int erase_old_key(struct frt_trail *trail)
{
    int r;

    if (!trail->owes_erasure)
        return 0;
    r = frt_key_slots_erase(trail->io, trail->key_fd, (trail->key.index & 1) ^ 1);
    trail->owes_erasure = r < 0;
    return r;
}

/* The seal is durable: its key has done its work. */
static void advance(struct frt_trail *trail)
{
    trail->after.segment = 0;
    trail->after.offset = trail->offset;
    trail->sealed = trail->after;
    trail->key = trail->next;
    frt_key_pair_wipe(&trail->next.pair);
    trail->next.used = trail->next_is_stored = false;
    trail->owes_erasure = true;
    frt_hex_format(trail->key.pair.public_key, FRT_KEY_SIZE, trail->live_key);
}

/* Whether what is written can still be found: nobody removed or renamed the log directory, nor the segment. */
static int check_place(const struct frt_trail *trail)
{
    struct stat here, there;

    if (fstat(trail->log_fd, &here) < 0)
        return -errno;
    if (here.st_nlink == 0 || stat(trail->log_dir, &there) < 0 || here.st_ino != there.st_ino ||
        here.st_dev != there.st_dev)
        return -ESTALE;
    if (trail->fd >= 0 && !trail->wants_segment && fstat(trail->fd, &here) == 0 && here.st_nlink == 0)
        return -ESTALE;
    return 0;
}

static int seal_batch(struct frt_trail *trail)
{
    int r = check_place(trail);

    if (r == 0)
        r = store_next_key(trail);
    if (r == 0)
        r = put_seal(trail);
    if (r == 0)
        r = trail->begins_segment ? write_new(trail) : write_on(trail);
    if (r < 0)
        return r;
    advance(trail);
    return erase_old_key(trail);
}

/* The batch is lost, or sealed with its key not surely gone, which must not be answered either. */
static int fail(struct frt_trail *trail, int error)
{
    if (trail->batch_records > 0)
        count_gap(trail, trail->batch_records, code_of(error));
    restore_gap(trail);
    empty_batch(trail);
    trail->failure = error;
    if (error == -EIO && ++trail->io_failures > 1)
        trail->is_broken = true;
    return error;
}

static int commit(struct frt_trail *trail)
{
    int r = seal_batch(trail);

    if (r < 0)
        return fail(trail, r);
    memset(&trail->batch_gap, 0, sizeof(trail->batch_gap));
    empty_batch(trail);
    return 0;
}

/* Space ran out before anything was torn: the reserve takes one record that says since when. */
static void tell_of_full_disk(struct frt_trail *trail)
{
    int failure = trail->failure;

    if (code_of(failure)[0] != 'n' || trail->is_reserve_used || trail->wants_segment || trail->fd < 0)
        return;
    trail->is_reserve_used = true;
    if (begin_batch(trail) == 0 && trail->batch_length > 0 && !trail->begins_segment)
        (void)commit(trail);
    empty_batch(trail);
    trail->failure = failure;
}

int frt_trail_commit(struct frt_trail *trail)
{
    int r;

    if (trail->failure)
        return trail->failure;
    if (trail->batch_length == 0)
        return 0;
    r = commit(trail);
    if (r < 0)
        tell_of_full_disk(trail);
    else
        trail->io_failures = 0;
    return r;
}

int frt_trail_prepare(struct frt_trail *trail)
{
    int r;

    if (trail->failure)
        return trail->failure;
    r = store_next_key(trail);
    return r < 0 ? fail(trail, r) : 0;
}

bool frt_trail_is_writable(const struct frt_trail *trail)
{
    return trail->failure == 0;
}

const char *frt_trail_problem(const struct frt_trail *trail)
{
    if (trail->failure == 0)
        return "";
    if (trail->failure == -ESTALE)
        return "log_dir or its newest segment was removed or renamed: put it back; if that cannot be done, "
               "restart frtd "
               "and do what it says";
    if (trail->is_broken)
        return "the disk failed twice: see to it, then restart frtd";
    switch (trail->failure) {
    case -ENOSPC:
    case -EDQUOT:
    case -EFBIG:
        return "no space: make room, it is tried again every few seconds";
    default:
        return strerror(-trail->failure);
    }
}

/* A batch of its own that says what was lost, even if that is nothing. */
static int commit_gap(struct frt_trail *trail)
{
    int r;

    empty_batch(trail);
    if (trail->gap.count == 0)
        trail->gap.first_us = trail->gap.last_us = trail->sealed.time_us;
    r = put_gap(trail);
    return r < 0 ? fail(trail, r) : commit(trail);
}

static int commit_seg(struct frt_trail *trail)
{
    int r;

    empty_batch(trail);
    r = put_seg(trail);
    return r < 0 ? fail(trail, r) : commit(trail);
}

/* After an error the key that sealed the lost batch seals the new segment too, under the same next key. A second seal follows
 * at once, before anything is answered: from then on the lost batch cannot be passed off as the end of the trail. */
int frt_trail_retry(struct frt_trail *trail)
{
    int r;

    if (trail->failure == 0)
        return 0;
    if (trail->is_broken)
        return trail->failure;
    trail->is_reserve_used = false;
    r = erase_old_key(trail);
    if (r < 0)
        return fail(trail, r);
    trail->is_retrying = true;
    r = trail->wants_segment ? commit_seg(trail) : 0;
    if (r == 0)
        r = commit_gap(trail);
    trail->is_retrying = false;
    if (r < 0)
        return r;
    trail->failure = 0;
    trail->io_failures = 0;
    return 0;
}

/* ---- looking and closing ---- */

uint64_t frt_trail_record_count(const struct frt_trail *trail)
{
    return trail->sealed.tree.size;
}

uint64_t frt_trail_seal_count(const struct frt_trail *trail)
{
    return trail->sealed.seals;
}

const char *frt_trail_first_public_key(const struct frt_trail *trail)
{
    return trail->first_key;
}

const char *frt_trail_live_public_key(const struct frt_trail *trail)
{
    return trail->live_key;
}

int frt_trail_root(const struct frt_trail *trail, uint8_t ret_root[32])
{
    struct frt_sha256 hasher;
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return r;
    frt_tree_root(&trail->sealed.tree, &hasher, ret_root);
    r = hasher.failed ? -EIO : 0;
    frt_sha256_clear(&hasher);
    return r;
}

int64_t frt_trail_sealed_time_us(const struct frt_trail *trail)
{
    return trail->sealed.time_us;
}

void frt_trail_abandon(struct frt_trail *trail)
{
    frt_key_pair_wipe(&trail->key.pair);
    frt_key_pair_wipe(&trail->next.pair);
    if (trail->fd >= 0)
        close(trail->fd);
    if (trail->key_fd >= 0)
        close(trail->key_fd);
    if (trail->log_fd >= 0)
        close(trail->log_fd);
    if (trail->hasher.context)
        frt_sha256_clear(&trail->hasher);
    free(trail->batch);
    free(trail->log_dir);
    free(trail);
}

void frt_trail_close(struct frt_trail *trail)
{
    struct frt_record record;

    if (!trail)
        return;
    frt_record_init(&record, "stop");
    if (trail->failure == 0 && frt_trail_commit(trail) == 0 && frt_trail_add(trail, &record) == 0 &&
        frt_trail_commit(trail) == 0)
        frt_trail_release(trail->fd, trail->offset);
    frt_trail_abandon(trail);
}
