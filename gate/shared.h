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

struct frt_gate_shared {
    _Atomic uint64_t beat; /* the worker adds one each round */
    _Atomic uint32_t owed; /* events read and not yet answered */
    _Atomic uint32_t stop; /* the administrator stops the gate: say goodbye and end */
    _Atomic uint32_t worker_pid, lead_pid, spare_pid;
    _Atomic uint64_t starts;    /* of workers */
    _Atomic uint64_t swept;     /* openers refused because a worker died */
    _Atomic uint64_t hangs;     /* workers killed because they did not answer */
    _Atomic uint64_t takeovers; /* times the spare became the keeper */
    _Atomic uint64_t denied, allowed, identified, canaries, unasked; /* sums over all workers */
    _Atomic uint64_t report; /* number of the last report of refusals (frt_gate_message.serial) */
    struct frt_shared_catalogue catalogue;
};

/* Fresh, zeroed, shared with every process forked later. NULL when there is no memory. */
struct frt_gate_shared *frt_gate_shared_new(void);
void frt_gate_shared_free(struct frt_gate_shared *shared);

#endif
