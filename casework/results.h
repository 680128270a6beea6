/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What searches returned, from the `result` records of a trail: the newest one for each decision and database counts, as long as
 * no newer "no search was made" stands against all of them, or the other way round.
 */
#ifndef FRT_CASEWORK_RESULTS_H
#define FRT_CASEWORK_RESULTS_H

#include "casework/history.h"

struct frt_result {
    int64_t decision;
    uint64_t n; /* record number */
    int64_t time_us;
    int64_t matches;      /* -1: no search was made */
    uint32_t corrections; /* older records this one replaces */
    char database[512];   /* still escaped; for matches -1 the reason */
    char by[64];
};

struct frt_results; /* opaque */

int frt_results_read(const struct frt_history *history, struct frt_results **ret_results); /* -ENOMEM */
void frt_results_free(struct frt_results *results);

/* Those that count for a decision, in the order they were told; returns how many there are. One with matches -1 stands alone. */
size_t frt_results_of(const struct frt_results *results, int64_t decision,
                      const struct frt_result **ret_first);

/* The first human review of this search on record (a `review` record); NULL: it waits for one. */
const struct frt_past_event *frt_review_of(const struct frt_history *history,
                                           const struct frt_past_decision *decision);

#endif
