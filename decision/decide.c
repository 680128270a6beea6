/* SPDX-License-Identifier: BSD-2-Clause */
#include "decision/decide.h"

#include <string.h>

enum frt_fact frt_rule_first_miss(const struct frt_rule *rule, const struct frt_facts *facts)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        unsigned value = facts->value[f];

        /* A number outside the mask's width is no value of any fact: no rule speaks for it. */
        if (value >= FRT_FACT_MAX_VALUES || !(rule->when.mask[f] & (UINT32_C(1) << value)))
            return (enum frt_fact)f;
    }
    return FRT_FACT_COUNT;
}

bool frt_rule_matches(const struct frt_rule *rule, const struct frt_facts *facts)
{
    return frt_rule_first_miss(rule, facts) == FRT_FACT_COUNT;
}

static const struct frt_rule *layer_answer(const struct frt_layer *layer, const struct frt_facts *facts)
{
    for (size_t i = 0; i < layer->rule_count; i++)
        if (frt_rule_matches(&layer->rules[i], facts))
            return &layer->rules[i];
    return NULL;
}

unsigned frt_verdict_strength(enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_NOT_GOVERNED:
        return 1;
    case FRT_VERDICT_ALLOW:
        return 2;
    case FRT_VERDICT_EXEMPT:
        return 3;
    case FRT_VERDICT_DENY:
        break;
    }
    return 4;
}

void frt_decide(const struct frt_policy *policy, const struct frt_facts *facts,
                struct frt_decision *ret_decision)
{
    unsigned strongest = 0;

    memset(ret_decision, 0, sizeof(*ret_decision));
    ret_decision->verdict = FRT_VERDICT_DENY;
    ret_decision->reason = FRT_REASON_NO_RULE;
    for (size_t l = 0; l < policy->layer_count && l < FRT_POLICY_MAX_LAYERS; l++) {
        const struct frt_rule *rule = layer_answer(&policy->layers[l], facts);
        unsigned s;

        ret_decision->layers[l].rule = rule;
        if (!rule)
            continue;
        s = frt_verdict_strength(rule->verdict);
        if (s > strongest) {
            strongest = s;
            ret_decision->verdict = s == 4 ? FRT_VERDICT_DENY : rule->verdict;
            ret_decision->reason = rule->reason;
            ret_decision->rule = rule;
            ret_decision->obligations = rule->obligations;
        } else if (s == strongest) {
            ret_decision->obligations |= rule->obligations;
        }
    }
}
