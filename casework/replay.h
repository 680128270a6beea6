/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Past decisions made again, from the facts frozen in their records, under another policy. What a policy's switches change in
 * how facts are gathered (who counts as a city official, who may open) is not replayed: the facts are those of then.
 */
#ifndef FRT_CASEWORK_REPLAY_H
#define FRT_CASEWORK_REPLAY_H

#include "casework/desk.h"
#include "casework/sheet.h"

struct frt_replay_counts {
    uint64_t same, verdict_differs, rule_differs;
    uint64_t no_policy;  /* not decided by a policy: a caller in another's name, an answer too late */
    uint64_t unreadable; /* facts of a later version */
};

/* A sheet with one row per decision that would differ; NULL: out of memory. */
struct frt_sheet *frt_replay(const struct frt_history *history, const struct frt_policy *policy,
                             struct frt_replay_counts *ret_counts);

#endif
