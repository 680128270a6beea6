/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "decision/prove.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MAX_RULES 8
#define MAX_NEVER 4

/* A random policy over a small part of the space, and what walking that part one by one finds. */
struct trial {
    struct frt_policy policy;
    struct frt_rule rules[3][MAX_RULES];
    struct frt_never nevers[MAX_NEVER];
    struct frt_when space;
    uint64_t sets, by_verdict[4], hits[3 * MAX_RULES];
    bool broken;
};

static uint64_t state;

static unsigned pick(unsigned below)
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % below);
}

/* The facts that vary in the trials; all others have one value. */
static const enum frt_fact varying[] = {FRT_FACT_SUBJECT,    FRT_FACT_OPERATOR, FRT_FACT_TOOL_CLASS,
                                        FRT_FACT_HOST_OWNER, FRT_FACT_REQUEST,  FRT_FACT_GATE};

static void random_when(const struct frt_when *space, struct frt_when *when)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        when->mask[f] = (UINT32_C(1) << frt_fact_table[f].count) - 1;
    for (size_t i = 0; i < COUNT(varying); i++)
        if (pick(2))
            when->mask[varying[i]] =
                pick(8) ? pick(1u << frt_fact_table[varying[i]].count) : space->mask[varying[i]];
}

static void make_trial(struct trial *t)
{
    static const enum frt_verdict verdicts[] = {FRT_VERDICT_DENY, FRT_VERDICT_ALLOW, FRT_VERDICT_EXEMPT,
                                                FRT_VERDICT_NOT_GOVERNED, (enum frt_verdict)0x1111};

    memset(t, 0, sizeof(*t));
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        t->space.mask[f] = 1u << pick(frt_fact_table[f].count);
    for (size_t i = 0; i < COUNT(varying); i++)
        t->space.mask[varying[i]] |= pick(1u << frt_fact_table[varying[i]].count);
    t->policy.layer_count = 1 + pick(3);
    for (size_t l = 0; l < t->policy.layer_count; l++) {
        t->policy.layers[l].rules = t->rules[l];
        t->policy.layers[l].rule_count = pick(MAX_RULES + 1);
        for (size_t i = 0; i < t->policy.layers[l].rule_count; i++) {
            random_when(&t->space, &t->rules[l][i].when);
            t->rules[l][i].verdict = verdicts[pick(COUNT(verdicts))];
        }
    }
    t->policy.nevers = t->nevers;
    t->policy.never_count = pick(MAX_NEVER + 1);
    for (size_t i = 0; i < t->policy.never_count; i++) {
        random_when(&t->space, &t->nevers[i].when);
        t->nevers[i].allow = pick(4) == 0;
        t->nevers[i].exempt = pick(4) == 0;
        t->nevers[i].not_governed = pick(8) == 0;
    }
}

static bool breaks(const struct frt_never *never, const struct frt_facts *facts, enum frt_verdict verdict)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (!(never->when.mask[f] & (1u << facts->value[f])))
            return false;
    return (never->allow && verdict == FRT_VERDICT_ALLOW) ||
           (never->exempt && verdict == FRT_VERDICT_EXEMPT) ||
           (never->not_governed && verdict == FRT_VERDICT_NOT_GOVERNED);
}

static void look(struct trial *t, const struct frt_facts *facts)
{
    struct frt_decision d;
    size_t before = 0;

    frt_decide(&t->policy, facts, &d);
    t->sets++;
    t->by_verdict[frt_proof_slot(d.verdict)]++;
    for (size_t l = 0; l < t->policy.layer_count; l++) {
        if (d.layers[l].rule)
            t->hits[before + (size_t)(d.layers[l].rule - t->rules[l])]++;
        before += t->policy.layers[l].rule_count;
    }
    for (size_t i = 0; i < t->policy.never_count; i++)
        t->broken = t->broken || breaks(&t->nevers[i], facts, d.verdict);
}

static void walk(struct trial *t, struct frt_facts *facts, unsigned fact)
{
    if (fact == FRT_FACT_COUNT) {
        look(t, facts);
        return;
    }
    for (unsigned v = 0; v < frt_fact_table[fact].count; v++) {
        if (!(t->space.mask[fact] & (1u << v)))
            continue;
        facts->value[fact] = (uint8_t)v;
        walk(t, facts, fact + 1);
    }
}

START_TEST(agrees_with_walking_every_set_of_facts)
{
    static struct trial t;
    unsigned broken = 0, whole = 0;

    state = (uint64_t)_i + 1;
    for (int round = 0; round < 40; round++) {
        uint64_t hits[3 * MAX_RULES];
        struct frt_facts facts = {{0}};
        struct frt_policy_proof proof;
        bool holds;

        make_trial(&t);
        walk(&t, &facts, 0);
        memset(hits, 0xff, sizeof(hits));
        holds = frt_prove_within(&t.policy, &t.space, hits, &proof);
        ck_assert_uint_eq(proof.space, t.sets);
        ck_assert_uint_eq(proof.covered, t.sets);
        ck_assert(holds == !t.broken);
        for (unsigned i = 0; i < 4; i++)
            ck_assert_uint_eq(proof.by_verdict[i], t.by_verdict[i]);
        for (size_t l = 0, n = 0; l < t.policy.layer_count; l++)
            for (size_t i = 0; i < t.policy.layers[l].rule_count; i++, n++)
                ck_assert_uint_eq(hits[n], t.hits[n]);
        if (!holds) {
            struct frt_decision d;

            frt_decide(&t.policy, &proof.counter_example, &d);
            ck_assert(breaks(proof.broken, &proof.counter_example, d.verdict));
            ck_assert_int_eq(d.verdict, proof.counter_decision.verdict);
            ck_assert_ptr_eq(d.rule, proof.counter_decision.rule);
            for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
                ck_assert(t.space.mask[f] & (1u << proof.counter_example.value[f]));
        }
        *(holds ? &whole : &broken) += 1;
    }
    /* Both outcomes must have been tried. */
    ck_assert_uint_gt(broken, 0);
    ck_assert_uint_gt(whole, 0);
}
END_TEST

START_TEST(an_empty_policy_denies_the_whole_space)
{
    struct frt_policy policy = {0};
    struct frt_policy_proof proof;

    ck_assert(frt_prove(&policy, NULL, &proof));
    ck_assert_uint_eq(proof.space, frt_fact_space_size());
    ck_assert_uint_eq(proof.covered, frt_fact_space_size());
    ck_assert_uint_eq(proof.by_verdict[0], frt_fact_space_size());
    ck_assert_uint_eq(proof.visited, 1);
}
END_TEST

START_TEST(one_set_of_facts_among_all_of_them_is_found)
{
    struct frt_facts needle;
    struct frt_rule rules[2];
    struct frt_never never = {.allow = true};
    struct frt_policy policy = {
        .layers = {{.rules = rules, .rule_count = 2}}, .layer_count = 1, .nevers = &never, .never_count = 1};
    struct frt_policy_proof proof;

    state = 7;
    memset(rules, 0, sizeof(rules));
    rules[0].verdict = FRT_VERDICT_ALLOW;
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        needle.value[f] = (uint8_t)pick(frt_fact_table[f].count);
        rules[0].when.mask[f] = 1u << needle.value[f];
        rules[1].when.mask[f] = never.when.mask[f] = (1u << frt_fact_table[f].count) - 1;
    }
    ck_assert(!frt_prove(&policy, NULL, &proof));
    ck_assert_uint_eq(proof.by_verdict[1], 1);
    ck_assert_uint_eq(proof.covered, proof.space);
    ck_assert_mem_eq(&proof.counter_example, &needle, sizeof(needle));
    never.when.mask[FRT_FACT_GATE] &= ~(1u << needle.value[FRT_FACT_GATE]);
    ck_assert(frt_prove(&policy, NULL, &proof));
}
END_TEST

START_TEST(an_empty_space_holds_nothing)
{
    struct frt_policy policy = {0};
    struct frt_when nothing = {{0}};
    struct frt_policy_proof proof;

    ck_assert(frt_prove_within(&policy, &nothing, NULL, &proof));
    ck_assert_uint_eq(proof.space, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decision.prove");
    TCase *tc = tcase_create("prove");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, agrees_with_walking_every_set_of_facts, 0, 10);
    tcase_add_test(tc, an_empty_policy_denies_the_whole_space);
    tcase_add_test(tc, one_set_of_facts_among_all_of_them_is_found);
    tcase_add_test(tc, an_empty_space_holds_nothing);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
