/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory that keeper, spare and worker share, so that a new worker knows what the dead one knew. Everything
 * here is written by our own root processes only.
 */
#ifndef FRT_GATE_SHARED_H
#define FRT_GATE_SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_SHARED_CATALOGUE_MAX (32u << 20)

/* The catalogue as it came, message after message, each behind its length (u32). Two slots: the live one is
 * never written. */
struct frt_shared_catalogue {
    _Atomic uint32_t live; /* 0: none yet; 1, 2: slot */
    uint32_t length[2];
    uint8_t *bytes[2]; /* mapped before the first fork: the same address everywhere */
};

/* A marked inode. It outlives workers, because its mark in the group does, and a file that was renamed away from its
 * catalogued path can be found in no other way. */
struct frt_shared_inode {
    uint64_t dev, ino, born_ns; /* ino 0: removed; born_ns 0: the file system does not tell */
    uint64_t tool;              /* frt_catalogue_key of its id */
    int64_t since_s;
    uint32_t links;
    uint32_t asks_reads; /* a person was let open it: what is read under that is asked about too */
    char path[108];      /* where it was found, for people; cut */
};

#define FRT_SHARED_INODES   (1u << 17)
#define FRT_SHARED_INDEX    (2 * FRT_SHARED_INODES) /* a power of two */
#define FRT_SHARED_REFUSALS 1024

/* Denials that are not on record yet: kept until frtd has acknowledged them. */
struct frt_shared_refusal {
    char tool[64];
    int64_t login_uid, user_uid;
    uint32_t reason;
    uint32_t asked;
    uint32_t is_sent; /* told under its rid: fixed from then on */
    uint8_t rid[16];  /* of the question that was not answered; zero: ours to choose when it is sent */
    uint64_t count;   /* 0: free */
};

struct frt_gate_shared {
    _Atomic uint64_t beat;    /* the worker adds one each round */
    _Atomic uint64_t answers; /* to the kernel */
    _Atomic uint32_t owed;    /* events read and not yet answered */
    _Atomic uint32_t stop;    /* the administrator stops the gate: say goodbye and end */
    _Atomic uint32_t worker_pid, lead_pid, spare_pid;
    _Atomic uint64_t starts;    /* of workers */
    _Atomic uint64_t swept;     /* openers refused because a worker died */
    _Atomic uint64_t hangs;     /* workers killed because they did not answer */
    _Atomic uint64_t takeovers; /* times the spare became the keeper */
    _Atomic uint64_t denied, allowed, identified, canaries, unasked; /* sums over all workers */
    uint8_t instance[8];     /* random; the first half of the rids we choose */
    _Atomic uint64_t report; /* the second half of the last one */
    _Atomic uint64_t floods; /* processes ended because they flooded the queue */
    uint64_t swept_told;     /* part of `swept` that is in a refusal */
    uint64_t unplaced;       /* refusals there was no row for */
    struct frt_shared_refusal refusals[FRT_SHARED_REFUSALS];
    struct frt_shared_catalogue catalogue;
    struct frt_shared_inode *inodes; /* FRT_SHARED_INODES, in the order they were marked */
    _Atomic uint32_t inode_count;
    uint32_t *inode_index; /* FRT_SHARED_INDEX, open addressing: position + 1; 0: free */
};

/* Fresh, zeroed, shared with every process forked later. NULL when there is no memory. */
struct frt_gate_shared *frt_gate_shared_new(void);
void frt_gate_shared_free(struct frt_gate_shared *shared);

#endif
