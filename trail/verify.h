/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is the trail what the writer wrote? Whole-trail verification (trail format, section 8), the records themselves, and proofs
 * for single records. Reads only; a running writer is not disturbed, though a commit under way then looks like an unsealed
 * tail.
 *
 *     struct frt_verify_options options = {.log_dir = dir, .first_key = pk0, .live_key = live};
 *     struct frt_verify_result result;
 *     enum frt_verify_status status = frt_trail_verify(&options, &result);
 *     ...
 *     frt_verify_result_clear(&result);
 *
 * What it proves, to someone who kept the first public key elsewhere: nothing that was answered was changed, removed or
 * reordered, except that the end may have been cut off. A live key (asked from the running writer) or a witnessed checkpoint
 * shows that as well. From the files alone it cannot be seen; the result says when that was all there was to go by.
 */
#ifndef FRT_TRAIL_VERIFY_H
#define FRT_TRAIL_VERIFY_H

#include "trail/record.h"
#include "trail/seal.h"
#include "trail/tree.h"

/* Also the exit codes of `frt verify`. */
enum frt_verify_status {
    FRT_VERIFY_OK = 0,
    FRT_VERIFY_ALTERED = 1,
    FRT_VERIFY_CUT = 2, /* the live key or the checkpoint is ahead of the files */
    FRT_VERIFY_UNSEALED =
        3, /* ends with bytes no seal covers: an interrupted commit, no evidence of anything */
    FRT_VERIFY_FAILED = 4, /* could not be done: usage, unreadable file */
    FRT_VERIFY_ACKNOWLEDGED =
        6, /* whole but for places where an administrator went on after a break: never the same as whole */
};

#define FRT_TRAIL_ACKS_MAX 16

/* An `ack` record: here an administrator went on although keys, end or clock did not fit. What lay between is not proven. */
struct frt_trail_ack {
    uint64_t record;
    int64_t time_us;
    char what[32]; /* key-break, end-missing, log-removed, set-aside, clock-back */
    char by[64], reason[256], found[256];
    char key
        [65]; /* public key that signs from here on, by his word alone; "" where the announced key went on */
};

struct frt_verify_options {
    const char *log_dir;
    const char *origin;     /* NULL: from <log_dir>/pk0 */
    const char *first_key;  /* 64 hex digits; NULL: from <log_dir>/pk0, which proves less */
    const char *live_key;   /* 64 hex digits, or NULL */
    const char *checkpoint; /* text of checkpoint notes, one behind the other, or NULL */
    const char *
        checkpoint_key; /* vkey of the host or of a witness that must have signed it; needed with checkpoint */
    unsigned threads;   /* 0: one per core */
    bool keep_leaves;   /* collect leaf hashes for proofs */
    /* Called now and then from the calling thread. May be NULL. */
    void (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes);
    void *progress_arg;
};

struct frt_verify_result {
    enum frt_verify_status status;
    char file[64]; /* first bad place, file:line; "" when there is none */
    uint64_t line, offset;
    char what[256]; /* what was expected there, or what failed */

    bool is_key_from_log; /* first_key was not given but read beside the log */
    uint64_t records;     /* sealed */
    uint64_t seals, segments, bytes;
    uint64_t void_ranges, void_bytes; /* declared: never answered */
    uint64_t tail_bytes;              /* behind the last seal */
    uint64_t ack_count;               /* sealed `ack` records; the first FRT_TRAIL_ACKS_MAX of them: */
    struct frt_trail_ack acks[FRT_TRAIL_ACKS_MAX];
    int64_t first_us, last_us; /* UTC of the first record and the latest sealed one; with records > 0 */
    char origin[FRT_ORIGIN_MAX + 1];
    char first_key[65];
    char root[48]; /* base64, over `records` */
    uint8_t root_hash[FRT_HASH_SIZE];
    char next_key[65];                /* hex: what the live key must be */
    uint8_t (*leaves)[FRT_HASH_SIZE]; /* with keep_leaves: `records` of them */
};

/* Returns result->status; the result is always filled in and must be cleared. */
enum frt_verify_status frt_trail_verify(const struct frt_verify_options *options,
                                        struct frt_verify_result *ret_result);
void frt_verify_result_clear(struct frt_verify_result *result);

/* Inclusion proof of record n under result->root, from a result with leaves. 0, -ENOENT when there is no such sealed record,
 * or -ENOMEM. */
int frt_verify_prove_record(const struct frt_verify_result *result, uint64_t n, struct frt_proof *ret_proof);
/* For a witness that knows the tree at old_size. */
int frt_verify_prove_growth(const struct frt_verify_result *result, uint64_t old_size,
                            struct frt_proof *ret_proof);

/* One record of the trail. The line is as written, without LF, and has been parsed, not verified. */
struct frt_trail_entry {
    const struct frt_record_view *record;
    const char *file;
    bool is_sealed; /* a seal follows it; its signature was not checked */
};

/* Calls back for each record from number `from` on, in order; void ranges are left out. A callback that returns non-zero
 * stops, and that is returned. Lines that are no records are skipped and counted. 0 or a negative errno. */
int frt_trail_read(const char *log_dir, uint64_t from,
                   int (*callback)(void *arg, const struct frt_trail_entry *entry), void *arg,
                   uint64_t *ret_unreadable);

/* Reads <log_dir>/pk0: "<origin> <64 hex digits>\n". 0 or a negative errno; -EBADMSG when it is not that. */
int frt_trail_read_first_key(const char *log_dir, char origin[FRT_ORIGIN_MAX + 1], char key[65]);

#endif
