/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Walks the whole space of facts against a policy: every "never" statement, and every rule that can never
 * speak. This is an enumeration, not a sample. The space is cut into boxes (one set of values per fact) along
 * the edges of the rules that can still speak; a box in which the outcome can no longer differ is counted
 * whole. Every set of facts is in exactly one box, which `covered == space` shows.
 */
#ifndef FRT_DECISION_PROVE_H
#define FRT_DECISION_PROVE_H

#include "decision/decide.h"

struct frt_policy_proof {
    uint64_t space;                       /* sets of facts there are */
    uint64_t covered;                     /* sets of facts accounted for; equals space when the walk ended */
    uint64_t visited;                     /* boxes the walk looked at */
    uint64_t by_verdict[4];               /* deny, allow, exempt, not-governed */
    const struct frt_never *broken;       /* the first in the file that is broken; NULL: none */
    struct frt_facts counter_example;     /* set when `broken`; everyday values where any would do */
    struct frt_decision counter_decision; /* frt_decide() on it */
};

/* Proves `policy`; returns true when no statement is broken and every set of facts was accounted for.
 * `rule_hits`, when not NULL, has one counter per rule (layer after layer, in order): in how many sets of
 * facts it is its layer's answer; 0 = shadowed. */
bool frt_prove(const struct frt_policy *policy, uint64_t *rule_hits, struct frt_policy_proof *ret_proof);

/* The same over the part of the space inside `space` (tests; what-if questions about one kind of person). */
bool frt_prove_within(const struct frt_policy *policy, const struct frt_when *space, uint64_t *rule_hits,
                      struct frt_policy_proof *ret_proof);

/* Index into frt_policy_proof.by_verdict; unknown numbers count as deny. */
unsigned frt_proof_slot(enum frt_verdict verdict);

#endif
