/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one writer of a trail: append records, then commit. Order and recovery: trail format, sections 6 and 7.
 *
 *     frt_trail_open()                       recovers, starts a new segment, writes `seg` and `start`, seals
 *     frt_trail_append() ... frt_trail_append()    in memory
 *     frt_trail_commit()                     one seal over the batch, three syncs; only now answers may leave
 *     frt_trail_prepare()                    when idle: takes one of the three syncs out of the next commit
 *     frt_trail_close()                      writes `stop`, seals
 *
 * Not thread-safe: one caller at a time. The process ignores SIGXFSZ, so that a file size limit is an error and no death.
 *
 * On its own account the writer adds `seg` (a new segment: by size, by UTC day, after an error), `start`, `stop`, `gap` (what
 * could not be recorded, counted) and `clock` (the clock stands more than 120 s before what is already sealed; times are then
 * held at that bound, because the verifier takes an older one for an inserted record).
 */
#ifndef FRT_TRAIL_WRITER_H
#define FRT_TRAIL_WRITER_H

#include "trail/io.h"
#include "trail/record.h"

#define FRT_TRAIL_BATCH_MAX 256 /* records of the caller's in one commit */

struct frt_trail; /* opaque */

struct frt_trail_options {
    const char *
        log_dir; /* <first record number>.seg files and pk0 ("<origin> <hex>"); both directories exist already */
    const char *key_dir;            /* slots */
    const char *origin;             /* "frt.example/host1" */
    uint64_t segment_bytes;         /* rotation; 0: 64 MiB */
    int64_t (*clock_us)(void *arg); /* UTC in microseconds; NULL: CLOCK_REALTIME */
    void *clock_arg;
    const struct frt_trail_io *io; /* NULL: real system calls */
};

#define FRT_TRAIL_E_KEY_BREAK 1 /* key slots and log disagree: deny all until an auditor acknowledges */
#define FRT_TRAIL_E_LOCKED    2 /* another writer holds the trail */
#define FRT_TRAIL_E_ALTERED   3 /* what is on disk does not verify */
#define FRT_TRAIL_E_IN_ORDER  4 /* there is nothing to acknowledge */

#define FRT_TRAIL_ERROR_MAX 512

/* 0, a FRT_TRAIL_E_*, or a negative errno; `error` says which file and what was expected. */
int frt_trail_open(const struct frt_trail_options *options, struct frt_trail **ret_trail,
                   char error[FRT_TRAIL_ERROR_MAX]);

/* The way out of FRT_TRAIL_E_KEY_BREAK, and of a clock that once was far ahead: an administrator says that he knows, and why.
 * The trail then goes on in a new segment behind an `ack` record, and every later verification tells of it. Nothing is asked
 * of the lost keys, so this is not proof of anything but his word. Opens, writes, closes.
 * With `sets_aside`, FRT_TRAIL_E_ALTERED too: what does not verify is moved into a folder of its own inside log_dir, as it is,
 * and a new trail begins. FRT_TRAIL_E_IN_ORDER: nothing was wrong and nothing was written. Results else as frt_trail_open();
 * on 0, `text` says what was done. */
struct frt_trail_word {
    const char *by, *reason;
    int64_t login_uid; /* -1: nobody logged in */
    bool sets_aside;
};
int frt_trail_acknowledge(const struct frt_trail_options *options, const struct frt_trail_word *word,
                          char text[FRT_TRAIL_ERROR_MAX]);

/* Adds a record to the batch; returns its number n, or a negative errno: -ENOBUFS when the batch is full (commit, then
 * append again), -EINVAL when the record is not one (a key twice, a bad key or kind), else the failure that made the trail
 * unwritable; the decision then counts as dropped (frt_trail_drop() is not to be called for it). */
int64_t frt_trail_append(struct frt_trail *trail, const struct frt_record *record);

/* Seals the batch. 0: durable, answers may leave. Negative errno: nothing of this batch may be answered but denials;
 * the batch is dropped (counted for a `gap` record) and the trail is unwritable until a later retry succeeds.
 * Committing an empty batch does nothing. */
int frt_trail_commit(struct frt_trail *trail);

/* Makes the next key and stores it, if that is still to be done. Call it after answers have left, when nothing waits. 0 or a
 * negative errno, which makes the trail unwritable like a failed commit. The price: the seed of the key after next lies on
 * disk between commits too, so that a stolen key file heals one commit later. */
int frt_trail_prepare(struct frt_trail *trail);

/* Counts a denial that was answered without a record of its own (trail unwritable, too late, flood); `reason` is a short
 * code. The next batch begins with a `gap` record that says how many, from when to when and why. */
void frt_trail_drop(struct frt_trail *trail, const char *reason);

bool frt_trail_is_writable(const struct frt_trail *trail);
/* Why it is not, and what to do, in words; "" while it is. */
const char *frt_trail_problem(const struct frt_trail *trail);
/* Tries again after an error; called every few seconds while unwritable. 0: writable again, and the gap is on record. */
int frt_trail_retry(struct frt_trail *trail);

uint64_t frt_trail_record_count(const struct frt_trail *trail);
uint64_t frt_trail_seal_count(const struct frt_trail *trail);
const char *frt_trail_first_public_key(const struct frt_trail *trail); /* hex, 64 digits */
const char *frt_trail_live_public_key(const struct frt_trail *trail);  /* hex, 64 digits */
/* Root over the sealed records, for checkpoints; size is frt_trail_record_count(). 0 or a negative errno. */
int frt_trail_root(const struct frt_trail *trail, uint8_t ret_root[32]);
/* Latest time that is sealed, UTC in microseconds: no clock before it is to be believed. */
int64_t frt_trail_sealed_time_us(const struct frt_trail *trail);

/* NULL is allowed. */
void frt_trail_close(struct frt_trail *trail);

/* Stops as a crash would: nothing written, keys wiped from memory. For tests. */
void frt_trail_abandon(struct frt_trail *trail);

#endif
