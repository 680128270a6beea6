/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pieces in which a pass works: blocks of whole lines, and the pool of threads that parses them and checks their
 * signatures. Internal to trail/scan.c.
 */
#ifndef FRT_TRAIL_SCAN_BLOCK_H
#define FRT_TRAIL_SCAN_BLOCK_H

#include <pthread.h>

#include "trail/scan.h"

#define FRT_BLOCK_SIZE (1U << 20)

enum frt_line_type { FRT_LINE_RECORD, FRT_LINE_SEAL, FRT_LINE_BAD };

struct frt_scan_line {
    uint32_t offset, length; /* in the block; without LF */
    enum frt_line_type type;
    bool has_lf, is_seg, is_ack, has_boot;
    const char *what; /* bad */
    uint64_t n;
    int64_t time_us;
    uint8_t previous[FRT_HASH_SIZE], leaf[FRT_HASH_SIZE];
    size_t seal; /* index in seals */
};

struct frt_scan_seal {
    struct frt_seal seal;
    size_t line;
    uint8_t key[FRT_KEY_SIZE]; /* that must have signed */
    size_t before_segment;     /* where the sealed part ended before this one */
    uint64_t before_offset, before_records;
};

enum frt_block_stage { FRT_BLOCK_FREE, FRT_BLOCK_BUSY, FRT_BLOCK_PARSED, FRT_BLOCK_CHECKED };

struct frt_block {
    char *bytes;
    size_t length;
    size_t segment;
    uint64_t offset;
    bool ends_segment;

    struct frt_scan_line *lines;
    size_t line_count, line_room;
    struct frt_scan_seal *seals;
    size_t seal_count, seal_room;
    int error;

    size_t seals_wanted; /* how many the chain reached: their signatures are checked */
    size_t bad_seal;     /* first with a wrong signature, SIZE_MAX when none */

    enum frt_block_stage stage; /* under the pool's lock */
    bool wants_signatures;
    struct frt_block *next_task;
};

struct frt_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake_worker, wake_main;
    pthread_t *threads;
    unsigned thread_count;
    struct frt_block *first_task, *last_task;
    bool stop;
    const char *origin;
    struct frt_sha256 hasher; /* the calling thread's */
};

/* `threads` counts the caller. 0 or a negative errno. */
int frt_pool_init(struct frt_pool *pool, unsigned threads, const char *origin);
void frt_pool_clear(struct frt_pool *pool);
/* Hands over a block: to be parsed, or to have its signatures checked. */
void frt_pool_submit(struct frt_pool *pool, struct frt_block *block, bool signatures);
/* Does one task itself, or sleeps until one is done, until `block` has reached `stage`. */
void frt_pool_wait(struct frt_pool *pool, const struct frt_block *block, enum frt_block_stage stage);
bool frt_pool_has(struct frt_pool *pool, const struct frt_block *block, enum frt_block_stage stage);

/* Splits into lines, parses and hashes them; stops at the first bad one. */
void frt_block_parse(struct frt_block *block, struct frt_sha256 *hasher);
void frt_block_clear(struct frt_block *block);

#endif
