/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "decision/words.h"
#include "settings/policy_file.h"
#include "support/cleanup.h"
#include "tests/decision/oracle.h"

#if defined(__SANITIZE_ADDRESS__)
#define SAMPLES 1000000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SAMPLES 1000000
#endif
#endif
#ifndef SAMPLES
#define SAMPLES 10000000
#endif

#define ALL UINT32_MAX

static struct frt_policy *policy;

static void load_policy(void)
{
    char error[FRT_POLICY_ERROR_MAX];

    ck_assert_msg(frt_policy_parse(FRT_SOURCE_DIR "/config/policies/northampton-ma.policy", &policy, error) ==
                      0,
                  "%s", error);
}

static void free_policy(void)
{
    frt_policy_free(policy);
}

static bool agrees(const struct frt_facts *facts, enum frt_verdict *ret_verdict)
{
    struct oracle_answer expected = oracle_decide(facts);
    struct frt_decision got;
    unsigned flags = (expected.document ? FRT_OBLIGE_DOCUMENT : 0u) |
                     (expected.review ? FRT_OBLIGE_REVIEW : 0u) |
                     (expected.flag_proxy ? FRT_OBLIGE_FLAG_PROXY : 0u) |
                     (expected.retain_finding ? FRT_OBLIGE_RETAIN_FINDING : 0u);

    frt_decide(policy, facts, &got);
    *ret_verdict = got.verdict;
    if (got.verdict != expected.verdict || !got.rule || strcmp(got.rule->id, expected.rule) != 0)
        return false;
    /* Several denials add up; what the step that decides asks for must be among it. */
    return got.verdict == FRT_VERDICT_DENY ? (got.obligations & flags) == flags : got.obligations == flags;
}

static void assert_agrees(const struct frt_facts *facts, enum frt_verdict *ret_verdict)
{
    char words[FRT_FACTS_WORDS_MAX];
    struct oracle_answer expected = oracle_decide(facts);
    struct frt_decision got;

    if (agrees(facts, ret_verdict))
        return;
    frt_decide(policy, facts, &got);
    frt_facts_describe(facts, words);
    ck_abort_msg("%s: oracle %s %s, policy %s %s, obligations %#x", words, frt_verdict_name(expected.verdict),
                 expected.rule, frt_verdict_name(got.verdict), got.rule ? got.rule->id : "(none)",
                 got.obligations);
}

/* Everything free that is named; the rest as on a good day. */
#define GOOD_DAY                                                                                             \
    [FRT_FACT_OFFICIAL_TYPE] = 1u << FRT_OFFICIAL_EMPLOYEE, [FRT_FACT_VIEW] = 1u << FRT_VIEW_FRESH,          \
    [FRT_FACT_CLOCK] = 1u << FRT_CLOCK_GOOD, [FRT_FACT_TRAIL] = 1u << FRT_TRAIL_READY,                       \
    [FRT_FACT_GATE] = 1u << FRT_GATE_ENFORCING, [FRT_FACT_MATCH] = 1u << FRT_MATCH_PATH

static const struct {
    const char *given;
    struct frt_when space;
} domains[] = {
    {"every paper a face search may rest on",
     {{GOOD_DAY, [FRT_FACT_SUBJECT] = ALL, [FRT_FACT_AGENCY_KIND] = ALL, [FRT_FACT_OPERATOR] = ALL,
       [FRT_FACT_TOOL_CLASS] = 1u << FRT_TOOL_FACE_SURVEILLANCE,
       [FRT_FACT_CAPABILITY] = 1u << FRT_CAPABILITY_RECOGNITION, [FRT_FACT_HOST_OWNER] = 6,
       [FRT_FACT_DEVICE] = 1, [FRT_FACT_ACTION] = 1u << FRT_ACTION_EXEC, [FRT_FACT_REQUEST] = ALL,
       [FRT_FACT_ROUTE] = ALL, [FRT_FACT_AUTHORITY] = ALL, [FRT_FACT_SCOPE] = ALL, [FRT_FACT_EVIDENCE] = 1}}},
    {"every tool, host, device and action",
     {{GOOD_DAY, [FRT_FACT_SUBJECT] = ALL, [FRT_FACT_AGENCY_KIND] = ALL, [FRT_FACT_OPERATOR] = 2,
       [FRT_FACT_TOOL_CLASS] = ALL, [FRT_FACT_CAPABILITY] = ALL, [FRT_FACT_HOST_OWNER] = ALL,
       [FRT_FACT_DEVICE] = ALL, [FRT_FACT_ACTION] = ALL,
       [FRT_FACT_REQUEST] =
           1u << FRT_REQUEST_NONE | 1u << FRT_REQUEST_BY_OFFICIAL | 1u << FRT_REQUEST_ON_FILE,
       [FRT_FACT_ROUTE] = 1u << FRT_ROUTE_ORDER, [FRT_FACT_AUTHORITY] = 1u << FRT_AUTHORITY_IN_FORCE,
       [FRT_FACT_SCOPE] = 1u << FRT_SCOPE_WITHIN, [FRT_FACT_EVIDENCE] = ALL}}},
    {"every state of directory, clock, trail, gate and match",
     {{[FRT_FACT_SUBJECT] = ALL,
       [FRT_FACT_OFFICIAL_TYPE] = 2,
       [FRT_FACT_AGENCY_KIND] = 8,
       [FRT_FACT_OPERATOR] = 2,
       [FRT_FACT_TOOL_CLASS] = ALL,
       [FRT_FACT_CAPABILITY] = 2,
       [FRT_FACT_MATCH] = ALL,
       [FRT_FACT_HOST_OWNER] = 6,
       [FRT_FACT_DEVICE] = 2,
       [FRT_FACT_ACTION] = ALL,
       [FRT_FACT_REQUEST] = 1u << FRT_REQUEST_ON_FILE,
       [FRT_FACT_ROUTE] = 1u << FRT_ROUTE_EMERGENCY,
       [FRT_FACT_AUTHORITY] = 1u << FRT_AUTHORITY_IN_FORCE,
       [FRT_FACT_SCOPE] = 1u << FRT_SCOPE_WITHIN,
       [FRT_FACT_EVIDENCE] = 8,
       [FRT_FACT_VIEW] = ALL,
       [FRT_FACT_CLOCK] = ALL,
       [FRT_FACT_TRAIL] = ALL,
       [FRT_FACT_GATE] = ALL}}},
};

struct tally {
    const struct frt_when *space;
    uint64_t sets, by_verdict[4];
};

static void walk(struct tally *tally, struct frt_facts *facts, unsigned fact)
{
    enum frt_verdict verdict;

    if (fact == FRT_FACT_COUNT) {
        assert_agrees(facts, &verdict);
        tally->sets++;
        tally->by_verdict[frt_proof_slot(verdict)]++;
        return;
    }
    for (unsigned v = 0; v < frt_fact_table[fact].count; v++) {
        if (!(tally->space->mask[fact] & (1u << v)))
            continue;
        facts->value[fact] = (uint8_t)v;
        walk(tally, facts, fact + 1);
    }
}

START_TEST(policy_oracle_and_proof_agree_on_whole_domains)
{
    struct tally tally = {.space = &domains[_i].space};
    struct frt_facts facts;
    struct frt_policy_proof proof;

    walk(&tally, &facts, 0);
    ck_assert_uint_ge(tally.sets, 8640);
    ck_assert(frt_prove_within(policy, &domains[_i].space, NULL, &proof));
    ck_assert_uint_eq(proof.space, tally.sets);
    ck_assert_uint_eq(proof.covered, tally.sets);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(proof.by_verdict[i], tally.by_verdict[i]);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform facts would nearly always be denied for a state of the machine: let each state be good most of the time. */
static void draw(uint64_t *state, struct frt_facts *facts)
{
    static const struct {
        enum frt_fact fact;
        uint8_t good;
    } usual[] = {
        {FRT_FACT_VIEW, FRT_VIEW_FRESH},         {FRT_FACT_CLOCK, FRT_CLOCK_GOOD},
        {FRT_FACT_TRAIL, FRT_TRAIL_READY},       {FRT_FACT_GATE, FRT_GATE_ENFORCING},
        {FRT_FACT_REQUEST, FRT_REQUEST_ON_FILE}, {FRT_FACT_AUTHORITY, FRT_AUTHORITY_IN_FORCE},
        {FRT_FACT_SCOPE, FRT_SCOPE_WITHIN},      {FRT_FACT_OPERATOR, FRT_OPERATOR_YES},
    };

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        facts->value[f] = (uint8_t)(next_random(state) % frt_fact_table[f].count);
    for (size_t i = 0; i < FRT_ARRAY_LEN(usual); i++)
        if (next_random(state) % 8 != 0)
            facts->value[usual[i].fact] = usual[i].good;
}

START_TEST(policy_and_oracle_agree_on_random_facts)
{
    uint64_t state = 409, by_verdict[4] = {0};
    struct frt_facts facts;
    enum frt_verdict verdict;

    for (long i = 0; i < SAMPLES; i++) {
        draw(&state, &facts);
        assert_agrees(&facts, &verdict);
        by_verdict[frt_proof_slot(verdict)]++;
    }
    /* The sample is worth something only when every verdict is in it. */
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_gt(by_verdict[i], SAMPLES / 1000);
}
END_TEST

static bool is_inside(const struct frt_when *when, const struct frt_facts *facts)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (!(when->mask[f] & (1u << facts->value[f])))
            return false;
    return true;
}

START_TEST(no_random_facts_break_a_never_statement)
{
    uint64_t state = 290;
    struct frt_facts facts;
    struct frt_decision decision;

    for (long i = 0; i < 1000000; i++) {
        draw(&state, &facts);
        frt_decide(policy, &facts, &decision);
        for (size_t n = 0; n < policy->never_count; n++) {
            const struct frt_never *never = &policy->nevers[n];
            bool forbidden = (never->allow && decision.verdict == FRT_VERDICT_ALLOW) ||
                             (never->exempt && decision.verdict == FRT_VERDICT_EXEMPT) ||
                             (never->not_governed && decision.verdict == FRT_VERDICT_NOT_GOVERNED);

            /* Not ck_assert: it writes to a pipe each time, passed or not. */
            if (forbidden && is_inside(&never->when, &facts))
                ck_abort_msg("%s", never->why);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decision.oracle");
    TCase *tc = tcase_create("oracle");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, load_policy, free_policy);
    tcase_add_loop_test(tc, policy_oracle_and_proof_agree_on_whole_domains, 0, (int)FRT_ARRAY_LEN(domains));
    tcase_add_test(tc, policy_and_oracle_agree_on_random_facts);
    tcase_add_test(tc, no_random_facts_break_a_never_statement);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
