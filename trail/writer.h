/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one writer of a trail: append records, then commit. Order and recovery: trail format, sections 6 and 7.
 *
 *     frt_trail_open()                       recovers, starts a new segment, writes `seg` and `start`, seals
 *     frt_trail_append() ... frt_trail_append()    in memory
 *     frt_trail_commit()                     one seal over the batch, three syncs; only now answers may leave
 *     frt_trail_close()                      writes `stop`, seals
 */
#ifndef FRT_TRAIL_WRITER_H
#define FRT_TRAIL_WRITER_H

#include "trail/record.h"

struct frt_trail; /* opaque */

struct frt_trail_options {
    const char *log_dir; /* <first record number>.seg files */
    const char *key_dir; /* slots */
    const char *origin;  /* "frt.example/host1" */
    uint64_t segment_bytes; /* rotation; 0: 64 MiB */
    int64_t (*clock_us)(void *arg); /* UTC in microseconds; NULL: CLOCK_REALTIME */
    void *clock_arg;
};

#define FRT_TRAIL_E_KEY_BREAK 1 /* key slots and log disagree: deny all until an auditor acknowledges */
#define FRT_TRAIL_E_LOCKED    2 /* another writer holds the trail */
#define FRT_TRAIL_E_ALTERED   3 /* what is on disk does not verify */

#define FRT_TRAIL_ERROR_MAX 512

/* 0, a FRT_TRAIL_E_*, or a negative errno; `error` says which file and what was expected. */
int frt_trail_open(const struct frt_trail_options *options, struct frt_trail **ret_trail,
                   char error[FRT_TRAIL_ERROR_MAX]);

/* Adds a record to the batch; returns its number n, or a negative errno (-ENOSPC: batch of 256 full). */
int64_t frt_trail_append(struct frt_trail *trail, const struct frt_record *record);

/* Seals the batch. 0: durable, answers may leave. Negative errno: nothing of this batch may be answered but denials;
 * the batch is dropped (counted for a `gap` record) and the trail is unwritable until a later commit succeeds.
 * Committing an empty batch does nothing. */
int frt_trail_commit(struct frt_trail *trail);

bool frt_trail_is_writable(const struct frt_trail *trail);
/* Tries again after an error; called every few seconds while unwritable. */
int frt_trail_retry(struct frt_trail *trail);

uint64_t frt_trail_record_count(const struct frt_trail *trail);
uint64_t frt_trail_seal_count(const struct frt_trail *trail);
const char *frt_trail_first_public_key(const struct frt_trail *trail); /* hex, 64 digits */
const char *frt_trail_live_public_key(const struct frt_trail *trail);  /* hex, 64 digits */

void frt_trail_close(struct frt_trail *trail);

#endif
