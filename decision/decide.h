/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one pure function of the product: facts and policy in, decision out. No I/O, no clock, no allocation.
 */
#ifndef FRT_DECISION_DECIDE_H
#define FRT_DECISION_DECIDE_H

#include "decision/policy.h"

struct frt_layer_answer {
    const struct frt_rule *rule; /* NULL: the layer is silent; borrowed from the policy */
};

struct frt_decision {
    enum frt_verdict verdict;
    enum frt_reason reason;
    const struct frt_rule
        *rule; /* the rule that carries the verdict; NULL for FRT_REASON_NO_RULE; borrowed */
    unsigned obligations;
    struct frt_layer_answer layers[FRT_POLICY_MAX_LAYERS]; /* what each layer said */
};

/* Decides. Cannot fail. The decision borrows from `policy`, which must outlive it. The rule reported is the
 * one of the first layer that gives the final verdict. */
void frt_decide(const struct frt_policy *policy, const struct frt_facts *facts,
                struct frt_decision *ret_decision);

/* Deny (4) overrides exempt overrides allow overrides not-governed (1); a number that is no verdict denies. */
unsigned frt_verdict_strength(enum frt_verdict verdict);

/* True when `rule` speaks for `facts`. */
bool frt_rule_matches(const struct frt_rule *rule, const struct frt_facts *facts);

/* First fact for which `rule` does not match; FRT_FACT_COUNT when it matches. For explanations. */
enum frt_fact frt_rule_first_miss(const struct frt_rule *rule, const struct frt_facts *facts);

#endif
