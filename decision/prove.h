/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Walks the whole space of facts against a policy: every "never" statement, and every rule that can never speak.
 * This is an enumeration, not a sample: subtrees in which the outcome is already settled are counted whole.
 */
#ifndef FRT_DECISION_PROVE_H
#define FRT_DECISION_PROVE_H

#include "decision/decide.h"

struct frt_proof {
    uint64_t space;     /* sets of facts there are */
    uint64_t covered;   /* sets of facts accounted for; equals space when the walk ended */
    uint64_t visited;   /* nodes the walk looked at */
    uint64_t by_verdict[4]; /* deny, allow, exempt, not-governed */
    const struct frt_never *broken; /* first statement broken; NULL: none */
    struct frt_facts counter_example;
    struct frt_decision counter_decision;
};

/* Proves `policy`; returns true when no statement is broken. `rule_hits`, when not NULL, has one counter per rule
 * (layer after layer, in order): in how many sets of facts it is its layer's answer; 0 = shadowed. */
bool frt_prove(const struct frt_policy *policy, uint64_t *rule_hits, struct frt_proof *ret_proof);

#endif
