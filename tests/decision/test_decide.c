/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "decision/decide.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SILENT   ((enum frt_verdict) - 1)

static struct frt_when anything(void)
{
    struct frt_when when;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        when.mask[f] = (UINT32_C(1) << frt_fact_table[f].count) - 1;
    return when;
}

static struct frt_rule rule_with(enum frt_verdict verdict, enum frt_reason reason, unsigned obligations)
{
    return (struct frt_rule){
        .id = NULL, .when = anything(), .verdict = verdict, .reason = reason, .obligations = obligations};
}

/* What three layers say, and what comes of it. `speaker`: the layer whose rule is reported; -1: none. */
static const struct {
    const char *given;
    enum frt_verdict says[3];
    enum frt_verdict verdict;
    int speaker;
} layers_table[] = {
    {"nobody speaks", {SILENT, SILENT, SILENT}, FRT_VERDICT_DENY, -1},
    {"one allows", {SILENT, FRT_VERDICT_ALLOW, SILENT}, FRT_VERDICT_ALLOW, 1},
    {"a denial overrides a permission", {FRT_VERDICT_ALLOW, FRT_VERDICT_DENY, SILENT}, FRT_VERDICT_DENY, 1},
    {"a denial overrides an exemption", {FRT_VERDICT_EXEMPT, SILENT, FRT_VERDICT_DENY}, FRT_VERDICT_DENY, 2},
    {"a denial overrides not-governed",
     {FRT_VERDICT_NOT_GOVERNED, SILENT, FRT_VERDICT_DENY},
     FRT_VERDICT_DENY,
     2},
    {"an exemption overrides a permission",
     {FRT_VERDICT_ALLOW, FRT_VERDICT_EXEMPT, FRT_VERDICT_ALLOW},
     FRT_VERDICT_EXEMPT,
     1},
    {"a permission overrides not-governed",
     {FRT_VERDICT_NOT_GOVERNED, FRT_VERDICT_NOT_GOVERNED, FRT_VERDICT_ALLOW},
     FRT_VERDICT_ALLOW,
     2},
    {"not-governed stands alone", {FRT_VERDICT_NOT_GOVERNED, SILENT, SILENT}, FRT_VERDICT_NOT_GOVERNED, 0},
    {"the first of two denials is reported",
     {SILENT, FRT_VERDICT_DENY, FRT_VERDICT_DENY},
     FRT_VERDICT_DENY,
     1},
    {"a number that is no verdict denies",
     {(enum frt_verdict)0x52a4, FRT_VERDICT_ALLOW, SILENT},
     FRT_VERDICT_DENY,
     0},
    {"one flipped bit of allow denies", {(enum frt_verdict)0x52a7, SILENT, SILENT}, FRT_VERDICT_DENY, 0},
};

START_TEST(layers_combine_so_that_the_strictest_wins)
{
    static struct frt_rule rules[3];
    struct frt_policy policy = {.layer_count = 3};
    struct frt_facts facts = {{0}};
    struct frt_decision d;
    const char *given = layers_table[_i].given;

    for (size_t l = 0; l < 3; l++) {
        rules[l] = rule_with(layers_table[_i].says[l], FRT_REASON_SITE_RULE, 0);
        policy.layers[l].rules = &rules[l];
        policy.layers[l].rule_count = layers_table[_i].says[l] != SILENT;
    }
    frt_decide(&policy, &facts, &d);
    ck_assert_msg(d.verdict == layers_table[_i].verdict, "%s", given);
    if (layers_table[_i].speaker < 0) {
        ck_assert_msg(d.rule == NULL && d.reason == FRT_REASON_NO_RULE, "%s", given);
        return;
    }
    ck_assert_msg(d.rule == &rules[layers_table[_i].speaker], "%s", given);
    ck_assert_int_eq(d.reason, FRT_REASON_SITE_RULE);
    for (size_t l = 0; l < 3; l++)
        ck_assert_ptr_eq(d.layers[l].rule, layers_table[_i].says[l] == SILENT ? NULL : &rules[l]);
}
END_TEST

START_TEST(the_first_rule_of_a_layer_that_fits_speaks)
{
    struct frt_rule rules[3] = {rule_with(FRT_VERDICT_ALLOW, FRT_REASON_REQUEST_ON_FILE, 0),
                                rule_with(FRT_VERDICT_EXEMPT, FRT_REASON_EXEMPTION, 0),
                                rule_with(FRT_VERDICT_DENY, FRT_REASON_SITE_RULE, 0)};
    struct frt_policy policy = {.layers = {{.rules = rules, .rule_count = 3}}, .layer_count = 1};
    struct frt_facts facts = {{[FRT_FACT_ACTION] = FRT_ACTION_EXEC}};
    struct frt_decision d;

    rules[0].when.mask[FRT_FACT_ACTION] = 1u << FRT_ACTION_OPEN;
    frt_decide(&policy, &facts, &d);
    ck_assert_ptr_eq(d.rule, &rules[1]);
    ck_assert_int_eq(d.verdict, FRT_VERDICT_EXEMPT);
    ck_assert_int_eq(frt_rule_first_miss(&rules[0], &facts), FRT_FACT_ACTION);
    ck_assert_int_eq(frt_rule_first_miss(&rules[1], &facts), FRT_FACT_COUNT);
}
END_TEST

START_TEST(a_rule_needs_every_fact_to_fit)
{
    struct frt_facts facts = {{0}};
    struct frt_rule rule = rule_with(FRT_VERDICT_ALLOW, FRT_REASON_REQUEST_ON_FILE, 0);

    ck_assert(frt_rule_matches(&rule, &facts));
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        rule.when.mask[f] &= ~1u;
        ck_assert(!frt_rule_matches(&rule, &facts));
        ck_assert_int_eq(frt_rule_first_miss(&rule, &facts), f);
        rule.when.mask[f] |= 1u;
    }
}
END_TEST

START_TEST(a_value_that_no_fact_has_fits_no_rule)
{
    struct frt_rule rule = rule_with(FRT_VERDICT_ALLOW, FRT_REASON_REQUEST_ON_FILE, 0);
    struct frt_policy policy = {.layers = {{.rules = &rule, .rule_count = 1}}, .layer_count = 1};
    struct frt_decision d;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        for (unsigned v = frt_fact_table[f].count; v < 256; v++) {
            struct frt_facts facts = {{0}};

            facts.value[f] = (uint8_t)v;
            frt_decide(&policy, &facts, &d);
            ck_assert_int_eq(d.verdict, FRT_VERDICT_DENY);
            ck_assert_int_eq(d.reason, FRT_REASON_NO_RULE);
        }
}
END_TEST

START_TEST(obligations_add_up_over_the_layers_of_the_final_verdict_only)
{
    struct frt_rule rules[4] = {rule_with(FRT_VERDICT_DENY, FRT_REASON_PROXY, FRT_OBLIGE_FLAG_PROXY),
                                rule_with(FRT_VERDICT_ALLOW, FRT_REASON_REQUEST_ON_FILE, FRT_OBLIGE_DOCUMENT),
                                rule_with(FRT_VERDICT_DENY, FRT_REASON_CITY_HOST, FRT_OBLIGE_RETAIN_FINDING),
                                rule_with(FRT_VERDICT_ALLOW, FRT_REASON_REQUEST_ON_FILE, FRT_OBLIGE_REVIEW)};
    struct frt_policy policy = {.layer_count = 4};
    struct frt_facts facts = {{0}};
    struct frt_decision d;

    for (size_t l = 0; l < 4; l++)
        policy.layers[l] = (struct frt_layer){.rules = &rules[l], .rule_count = 1};
    frt_decide(&policy, &facts, &d);
    ck_assert_uint_eq(d.obligations, FRT_OBLIGE_FLAG_PROXY | FRT_OBLIGE_RETAIN_FINDING);
    ck_assert_int_eq(d.reason, FRT_REASON_PROXY);
    policy.layers[0].rule_count = policy.layers[2].rule_count = 0;
    frt_decide(&policy, &facts, &d);
    ck_assert_int_eq(d.verdict, FRT_VERDICT_ALLOW);
    ck_assert_uint_eq(d.obligations, FRT_OBLIGE_DOCUMENT | FRT_OBLIGE_REVIEW);
}
END_TEST

START_TEST(a_policy_without_layers_denies)
{
    struct frt_policy policy = {0};
    struct frt_facts facts = {{0}};
    struct frt_decision d;

    memset(&d, 0xff, sizeof(d));
    frt_decide(&policy, &facts, &d);
    ck_assert_int_eq(d.verdict, FRT_VERDICT_DENY);
    ck_assert_int_eq(d.reason, FRT_REASON_NO_RULE);
    ck_assert_ptr_null(d.rule);
    ck_assert_uint_eq(d.obligations, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decision.decide");
    TCase *tc = tcase_create("decide");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, layers_combine_so_that_the_strictest_wins, 0, (int)COUNT(layers_table));
    tcase_add_test(tc, the_first_rule_of_a_layer_that_fits_speaks);
    tcase_add_test(tc, a_rule_needs_every_fact_to_fit);
    tcase_add_test(tc, a_value_that_no_fact_has_fits_no_rule);
    tcase_add_test(tc, obligations_add_up_over_the_layers_of_the_final_verdict_only);
    tcase_add_test(tc, a_policy_without_layers_denies);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
