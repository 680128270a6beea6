/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the writer remembers, shared by writer.c (commit) and recovery.c (open). Internal to trail/.
 */
#ifndef FRT_TRAIL_WRITER_STATE_H
#define FRT_TRAIL_WRITER_STATE_H

#include "trail/key_slots.h"
#include "trail/scan.h"
#include "trail/writer.h"

#define FRT_TRAIL_INTERNAL_MAX 8 /* records the writer adds to a batch itself */
#define FRT_TRAIL_BATCH_BYTES  ((FRT_TRAIL_BATCH_MAX + FRT_TRAIL_INTERNAL_MAX) * FRT_RECORD_MAX + FRT_SEAL_MAX)
#define FRT_TRAIL_RESERVE      (1U << 20) /* kept allocated behind the end, so that a gap can still be recorded */
#define FRT_TRAIL_GROWTH       (1U << 20)
#define FRT_TRAIL_NEW_NAME     "new.tmp"
#define FRT_GAP_REASONS        4

struct frt_gap {
    uint64_t count;
    int64_t first_us, last_us;
    struct {
        char code[32];
        uint64_t count;
    } reasons[FRT_GAP_REASONS];
};

/* Bytes that the next `seg` record must declare void: from offset to the end of the file. */
struct frt_pending_void {
    char name[FRT_SEGMENT_NAME_MAX];
    uint64_t offset;
};

struct frt_trail {
    char origin[FRT_ORIGIN_MAX + 1];
    uint64_t segment_bytes;
    int64_t (*clock_us)(void *arg);
    void *clock_arg;
    const struct frt_trail_io *io;
    char *log_dir; /* its path: log_fd must still be what it leads to */
    int log_fd, key_fd;
    struct frt_sha256 hasher;
    char boot_id[33];
    char first_key[65], live_key[65];

    struct frt_trail_head sealed;
    struct frt_key_slot key; /* signs the next seal */
    struct frt_key_slot
        next; /* its successor, once made: the same one until a seal that names it is answered */
    bool next_is_stored;
    bool owes_erasure; /* the slot of the key before `key` still has to be overwritten */

    int fd; /* present segment; -1: none */
    char name[FRT_SEGMENT_NAME_MAX];
    uint64_t offset, allocated;
    int64_t day;
    bool can_allocate;
    bool wants_segment; /* the next batch begins a new one */
    struct frt_pending_void voids[FRT_VOIDS_MAX];
    size_t void_count;

    char *batch; /* FRT_TRAIL_BATCH_BYTES */
    size_t batch_length;
    unsigned batch_records; /* the caller's */
    struct frt_trail_head after;
    bool begins_segment;
    char new_name[FRT_SEGMENT_NAME_MAX];
    struct frt_gap gap, batch_gap;
    bool is_clock_held;

    int failure; /* negative errno while unwritable */
    bool is_reserve_used, is_retrying, is_broken;
    unsigned io_failures;
};

/* Adds one record of the writer's own; begins the batch if it is empty. */
int frt_trail_add(struct frt_trail *trail, const struct frt_record *record);
/* Begins the first batch of a new segment with an administrator's word, at the time the clock shows now, whatever was sealed
 * before. Nothing else goes into that batch. */
int frt_trail_add_word(struct frt_trail *trail, const struct frt_record *record);
/* Gives back the blocks allocated behind the end of a segment that will not grow any more. */
void frt_trail_release(int fd, uint64_t size);

#endif
