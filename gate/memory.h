/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What was answered a moment ago, so that frtd is not asked the same again and again: reads of an open file, the second of the two
 * events of one exec, components that were just recorded, and a flood of identical denials. Never outlives a FORGET, a
 * reconnection or its few seconds; always about the same person and file.
 */
#ifndef FRT_GATE_MEMORY_H
#define FRT_GATE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decision/policy.h"
#include "gate/opener.h"

#define FRT_MEMORY_SETS 128 /* a power of two */
#define FRT_MEMORY_WAYS 4
/* Identical denials a minute that frtd is asked about one by one, as it records them. */
#define FRT_MEMORY_SINGLY 50

enum frt_memory_kind {
    FRT_MEMORY_READS = 1,   /* the answer to an open stands for what is read under it */
    FRT_MEMORY_SECOND_HALF, /* of an exec by this thread, once */
    FRT_MEMORY_RECORDED,    /* a component that was let pass and told */
    FRT_MEMORY_DENIED_OPEN,
    FRT_MEMORY_DENIED_EXEC,
};

struct frt_memory_key {
    enum frt_memory_kind kind;
    pid_t tid; /* of a second half; else 0 */
    uint64_t dev, ino;
    int64_t login_uid;
    size_t uid_count;
    uint32_t uids[FRT_OPENER_MAX_UIDS];
};

struct frt_remembered {
    struct frt_memory_key key;
    int64_t until_ms; /* 0: free */
    int64_t fresh_ms; /* denials: until then the last one stands for more */
    unsigned count;   /* denials since the first, at most a minute ago */
    bool allow;
    enum frt_reason reason;
};

struct frt_memory {
    struct frt_remembered rows[FRT_MEMORY_SETS][FRT_MEMORY_WAYS];
};

/* The person is every uid that was found; of an opener with `too_many` not all are, and nobody may be let pass on that. */
void frt_memory_key(enum frt_memory_kind kind, const struct frt_opener *who, uint64_t dev, uint64_t ino,
                    struct frt_memory_key *ret_key);

/* NULL: nothing that still counts. */
struct frt_remembered *frt_memory_recall(struct frt_memory *memory, const struct frt_memory_key *key,
                                         int64_t now_ms);

void frt_memory_put(struct frt_memory *memory, const struct frt_memory_key *key, bool allow,
                    enum frt_reason reason, int64_t now_ms, int64_t for_ms);

/* Notes a denial by frtd; they add up for a minute from the first. */
void frt_memory_note_denial(struct frt_memory *memory, const struct frt_memory_key *key,
                            enum frt_reason reason, int64_t now_ms);

/* The denial that stands for this one too: more than FRT_MEMORY_SINGLY within the minute, frtd's last one fresh. NULL: ask. */
const struct frt_remembered *frt_memory_flood(struct frt_memory *memory, const struct frt_memory_key *key,
                                              int64_t now_ms);

void frt_memory_forget(struct frt_memory *memory);

#endif
