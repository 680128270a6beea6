/* SPDX-License-Identifier: BSD-2-Clause */
#include "decision/prove.h"

#include <string.h>

/* What a walk over boxes carries. `layers` is the part of the policy this walk looks at: all layers for the
 * verdicts, one layer at a time for the hits of its rules (which do not depend on the other layers). */
struct walk {
    const struct frt_policy *policy;
    size_t first_layer, end_layer;
    uint64_t *hits; /* of the rules of first_layer; NULL: count verdicts */
    struct frt_policy_proof *proof;
};

/* How the layers answer inside one box, as far as it is settled. */
struct outlook {
    const struct frt_rule
        *undecided;                /* a rule that speaks for a part of the box only; NULL: all is settled */
    const struct frt_rule *answer; /* strongest settled answer; NULL: none speaks */
    unsigned settled, possible;    /* strengths: of the settled answers, of all rules that may still speak */
};

unsigned frt_proof_slot(enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_ALLOW:
        return 1;
    case FRT_VERDICT_EXEMPT:
        return 2;
    case FRT_VERDICT_NOT_GOVERNED:
        return 3;
    case FRT_VERDICT_DENY:
        break;
    }
    return 0;
}

/* By hand: __builtin_popcount() would pull in a helper of the compiler's library, and this folder links
 * nothing. */
static uint64_t bit_count(uint32_t bits)
{
    uint64_t n = 0;

    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

static uint64_t box_size(const struct frt_when *box)
{
    uint64_t size = 1;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        size *= bit_count(box->mask[f]);
    return size;
}

static bool boxes_meet(const struct frt_when *a, const struct frt_when *b)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (!(a->mask[f] & b->mask[f]))
            return false;
    return true;
}

static bool box_is_inside(const struct frt_when *inner, const struct frt_when *outer)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (inner->mask[f] & ~outer->mask[f])
            return false;
    return true;
}

/* Adds what one layer may answer in `box`. Rules after the first certain one are never reached. */
static void look_at_layer(const struct frt_layer *layer, const struct frt_when *box, struct outlook *o)
{
    const struct frt_rule *first_undecided = NULL;

    for (size_t i = 0; i < layer->rule_count; i++) {
        const struct frt_rule *rule = &layer->rules[i];
        unsigned s = frt_verdict_strength(rule->verdict);

        if (!boxes_meet(box, &rule->when))
            continue;
        o->possible = s > o->possible ? s : o->possible;
        if (!box_is_inside(box, &rule->when)) {
            first_undecided = first_undecided ? first_undecided : rule;
            continue;
        }
        if (!first_undecided && s > o->settled) {
            o->settled = s;
            o->answer = rule;
        }
        break;
    }
    if (!o->undecided)
        o->undecided = first_undecided;
}

static void look_ahead(const struct walk *w, const struct frt_when *box, struct outlook *ret_outlook)
{
    memset(ret_outlook, 0, sizeof(*ret_outlook));
    for (size_t l = w->first_layer; l < w->end_layer; l++)
        look_at_layer(&w->policy->layers[l], box, ret_outlook);
}

static bool never_forbids(const struct frt_never *never, enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_ALLOW:
        return never->allow;
    case FRT_VERDICT_EXEMPT:
        return never->exempt;
    case FRT_VERDICT_NOT_GOVERNED:
        return never->not_governed;
    case FRT_VERDICT_DENY:
        break;
    }
    return false;
}

/* The values a reader expects when any would do: people, tools and states of an ordinary day. */
static const uint8_t everyday[FRT_FACT_COUNT] = {
    [FRT_FACT_SUBJECT] = FRT_SUBJECT_OFFICIAL,
    [FRT_FACT_OFFICIAL_TYPE] = FRT_OFFICIAL_ELECTED,
    [FRT_FACT_TOOL_CLASS] = FRT_TOOL_FACE_SURVEILLANCE,
    [FRT_FACT_CAPABILITY] = FRT_CAPABILITY_RECOGNITION,
    [FRT_FACT_MATCH] = FRT_MATCH_PATH,
    [FRT_FACT_HOST_OWNER] = FRT_HOST_CITY,
    [FRT_FACT_ACTION] = FRT_ACTION_EXEC,
    [FRT_FACT_VIEW] = FRT_VIEW_FRESH,
    [FRT_FACT_CLOCK] = FRT_CLOCK_GOOD,
    [FRT_FACT_TRAIL] = FRT_TRAIL_READY,
};

static void pick_example(const struct frt_when *box, const struct frt_when *when, struct frt_facts *ret_facts)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        uint32_t both = box->mask[f] & when->mask[f];
        bool usual = (both & (UINT32_C(1) << everyday[f])) != 0;

        ret_facts->value[f] = usual ? everyday[f] : (uint8_t)__builtin_ctz(both);
    }
}

/* The statement that stands first in the file is the one to report: an author puts what matters most on top. */
static void check_nevers(const struct walk *w, const struct frt_when *box, enum frt_verdict verdict)
{
    struct frt_policy_proof *proof = w->proof;

    for (size_t i = 0; i < w->policy->never_count; i++) {
        const struct frt_never *never = &w->policy->nevers[i];

        if (proof->broken && never >= proof->broken)
            return;
        if (!never_forbids(never, verdict) || !boxes_meet(box, &never->when))
            continue;
        proof->broken = never;
        pick_example(box, &never->when, &proof->counter_example);
        frt_decide(w->policy, &proof->counter_example, &proof->counter_decision);
    }
}

static void count_box(const struct walk *w, const struct frt_when *box, const struct outlook *o)
{
    uint64_t size = box_size(box);
    enum frt_verdict verdict = o->answer ? o->answer->verdict : FRT_VERDICT_DENY;

    if (w->hits) {
        if (o->answer)
            w->hits[o->answer - w->policy->layers[w->first_layer].rules] += size;
        return;
    }
    w->proof->covered += size;
    w->proof->by_verdict[frt_proof_slot(verdict)] += size;
    check_nevers(w, box, verdict);
}

/* Settled: no rule is undecided, or none that is could still change the verdict. (One layer alone has no settled answer
 * while a rule before it is undecided, so that hits are never cut short.) */
static bool is_settled(const struct outlook *o)
{
    return !o->undecided || o->settled >= o->possible;
}

/* Each cut follows an edge of a rule that speaks for a part of the box, so it takes at most one cut per rule
 * and fact to settle any box: the depth is bounded by rules times facts. */
static void walk_box(const struct walk *w, const struct frt_when *box)
{
    struct frt_when part = *box;
    struct outlook o;

    w->proof->visited++;
    look_ahead(w, box, &o);
    if (is_settled(&o)) {
        count_box(w, box, &o);
        return;
    }
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        uint32_t inside = box->mask[f] & o.undecided->when.mask[f];

        if (inside == box->mask[f])
            continue;
        part.mask[f] = box->mask[f] & ~inside;
        walk_box(w, &part);
        part.mask[f] = inside;
        /* What is left lies inside the rule as far as facts 0..f go; go on cutting it. */
        box = &part;
    }
    walk_box(w, &part);
}

static void whole_space(struct frt_when *ret_space)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        ret_space->mask[f] = (UINT32_C(1) << frt_fact_table[f].count) - 1;
}

static void count_hits(const struct frt_policy *policy, const struct frt_when *space, uint64_t *hits,
                       struct frt_policy_proof *proof)
{
    for (size_t l = 0; l < policy->layer_count; l++) {
        struct walk w = {
            .policy = policy, .first_layer = l, .end_layer = l + 1, .hits = hits, .proof = proof};

        memset(hits, 0, policy->layers[l].rule_count * sizeof(*hits));
        walk_box(&w, space);
        hits += policy->layers[l].rule_count;
    }
}

bool frt_prove_within(const struct frt_policy *policy, const struct frt_when *space, uint64_t *rule_hits,
                      struct frt_policy_proof *ret_proof)
{
    struct walk w = {.policy = policy, .end_layer = policy->layer_count, .proof = ret_proof};
    struct frt_when all, box;

    memset(ret_proof, 0, sizeof(*ret_proof));
    whole_space(&all);
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        box.mask[f] = space->mask[f] & all.mask[f];
    ret_proof->space = box_size(&box);
    if (ret_proof->space == 0)
        return true;
    walk_box(&w, &box);
    if (rule_hits)
        count_hits(policy, &box, rule_hits, ret_proof);
    return !ret_proof->broken && ret_proof->covered == ret_proof->space;
}

bool frt_prove(const struct frt_policy *policy, uint64_t *rule_hits, struct frt_policy_proof *ret_proof)
{
    struct frt_when space;

    whole_space(&space);
    return frt_prove_within(policy, &space, rule_hits, ret_proof);
}
