/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One pass over the live bytes of a trail, for verification and for recovery: workers split, parse and hash lines and check
 * signatures; the calling thread follows the chain, the tree and the keys in order. Internal to trail/.
 */
#ifndef FRT_TRAIL_SCAN_H
#define FRT_TRAIL_SCAN_H

#include "trail/seal.h"
#include "trail/segments.h"
#include "trail/tree.h"
#include "trail/verify.h"

#define FRT_TIME_BACK_MAX_US INT64_C(120000000) /* how far a record's time may lie before what is sealed */
#define FRT_TAIL_MAX         (4U << 20)         /* no interrupted commit leaves more behind */

/* Where the sealed part of a trail ends, and what is needed to go on from there. */
struct frt_trail_head {
    uint64_t seals; /* index of the key that signs next */
    uint8_t next_key[FRT_KEY_SIZE];
    struct frt_tree tree;
    uint8_t last_leaf[FRT_HASH_SIZE];
    int64_t time_us;  /* latest sealed; 0 when nothing is */
    int64_t first_us; /* of record 0 */
    size_t segment;   /* of the last seal, SIZE_MAX when there is none */
    uint64_t offset;  /* behind the last seal */
};

/* What the tree is known to have been. */
struct frt_tree_mark {
    uint64_t size;
    uint8_t root[FRT_HASH_SIZE];
};

struct frt_scan_options {
    const struct frt_segments *segments; /* resolved */
    size_t last;
    const char *origin;
    uint8_t first_key[FRT_KEY_SIZE];
    unsigned threads;       /* at least 1 */
    size_t signatures_from; /* segments before this one: signatures are not checked */
    size_t stop_segment;    /* with stop_offset: go no further; SIZE_MAX: to the end */
    uint64_t stop_offset;
    const struct frt_tree_mark *checkpoints; /* by size, none of size 0 */
    size_t checkpoint_count;
    bool keep_leaves;
    void (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes);
    void *progress_arg;
};

struct frt_scan_result {
    int error;    /* negative errno: the pass itself failed */
    bool is_bad;  /* something is not as it must be, here: */
    bool is_torn; /* ... and an interrupted write would look like that */
    size_t segment;
    uint64_t offset, line;
    char what[256];
    struct frt_trail_head state;      /* before the bad place */
    bool is_state_early;              /* signature error: only segment and offset of `state` are right */
    uint8_t (*leaves)[FRT_HASH_SIZE]; /* malloc'd, state.tree.size or more of them */
    uint64_t ack_count;               /* met, sealed or not */
    struct frt_trail_ack acks[FRT_TRAIL_ACKS_MAX];
};

void frt_scan_run(const struct frt_scan_options *options, struct frt_scan_result *ret_result);

/* Checks the lines of a trailing segment without valid seal as the beginning of a commit after `state`. 0 when an interrupted
 * commit would look like that, -EBADMSG with the place otherwise, or a negative errno. */
int frt_scan_unsealed(const struct frt_segments *segments, size_t index, const struct frt_trail_head *state,
                      struct frt_scan_result *ret_place);

/* frt_trail_verify() for the writer, which also wants to go on from there. `stop_segment`, `stop_offset`: as above. Signatures
 * are checked in the last segment only: older ones were checked when they were last, and are by `frt verify`. A checkpoint is
 * compared without its signature. `ret_segments` is to be closed; on FRT_VERIFY_FAILED it may be empty. */
enum frt_verify_status frt_verify_for_writer(const struct frt_verify_options *options, size_t stop_segment,
                                             uint64_t stop_offset, struct frt_verify_result *ret_result,
                                             struct frt_trail_head *ret_state, bool *ret_is_early,
                                             struct frt_segments *ret_segments);

#endif
