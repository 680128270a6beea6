/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "decision/policy.h"
#include "decision/words.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* First and last enumerator of each fact beside the words the trail and the policies use for them. */
static const struct {
    enum frt_fact fact;
    const char *name;
    unsigned last;
    const char *first_word, *last_word;
} facts_table[] = {
    {FRT_FACT_SUBJECT, "subject", FRT_SUBJECT_OFFICIAL_ACCOUNT, "unknown", "official-account"},
    {FRT_FACT_OFFICIAL_TYPE, "official-type", FRT_OFFICIAL_AUXILIARY, "none", "auxiliary"},
    {FRT_FACT_AGENCY_KIND, "agency-kind", FRT_AGENCY_PERFORMER_REQUESTER, "none", "performer-requester"},
    {FRT_FACT_OPERATOR, "operator", FRT_OPERATOR_YES, "no", "yes"},
    {FRT_FACT_TOOL_CLASS, "tool-class", FRT_TOOL_NOT_FRT, "unknown", "not-frt"},
    {FRT_FACT_CAPABILITY, "capability", FRT_CAPABILITY_RECOGNITION, "unstated", "recognition"},
    {FRT_FACT_MATCH, "match", FRT_MATCH_PACKAGE, "none", "package"},
    {FRT_FACT_HOST_OWNER, "host-owner", FRT_HOST_OUTSIDE, "unknown", "outside"},
    {FRT_FACT_DEVICE, "device", FRT_DEVICE_ASSIGNED_OTHER, "shared", "assigned-other"},
    {FRT_FACT_ACTION, "action", FRT_ACTION_FILE, "unknown", "file"},
    {FRT_FACT_REQUEST, "request", FRT_REQUEST_ON_FILE, "none", "on-file"},
    {FRT_FACT_ROUTE, "route", FRT_ROUTE_EMERGENCY, "none", "emergency"},
    {FRT_FACT_AUTHORITY, "authority", FRT_AUTHORITY_IN_FORCE, "missing", "in-force"},
    {FRT_FACT_SCOPE, "scope", FRT_SCOPE_WITHIN, "unknown", "within"},
    {FRT_FACT_EVIDENCE, "evidence", FRT_EVIDENCE_UNSOLICITED, "none", "unsolicited"},
    {FRT_FACT_VIEW, "view", FRT_VIEW_FRESH, "never-loaded", "fresh"},
    {FRT_FACT_CLOCK, "clock", FRT_CLOCK_GOOD, "unknown", "good"},
    {FRT_FACT_TRAIL, "trail", FRT_TRAIL_READY, "unwritable", "ready"},
    {FRT_FACT_GATE, "gate", FRT_GATE_ENFORCING, "absent", "enforcing"},
};

START_TEST(every_enumerator_has_its_word)
{
    enum frt_fact fact = facts_table[_i].fact;

    ck_assert_uint_eq(COUNT(facts_table), FRT_FACT_COUNT);
    ck_assert_int_eq(frt_fact_find(facts_table[_i].name), (int)fact);
    ck_assert_uint_eq(frt_fact_table[fact].count, facts_table[_i].last + 1);
    ck_assert_uint_le(frt_fact_table[fact].count, FRT_FACT_MAX_VALUES);
    ck_assert_str_eq(frt_fact_value_name(fact, 0), facts_table[_i].first_word);
    ck_assert_str_eq(frt_fact_value_name(fact, facts_table[_i].last), facts_table[_i].last_word);
    ck_assert_str_eq(frt_fact_value_name(fact, facts_table[_i].last + 1), "?");
    for (unsigned v = 0; v < frt_fact_table[fact].count; v++)
        ck_assert_int_eq(frt_fact_value_find(fact, frt_fact_table[fact].values[v]), (int)v);
}
END_TEST

/* Words in the middle of an enumeration are easy to swap. */
START_TEST(words_in_the_middle_stand_at_their_numbers)
{
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_SUBJECT, FRT_SUBJECT_DUAL), "dual");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_SUBJECT, FRT_SUBJECT_OUTSIDE), "outside");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, FRT_OFFICIAL_CONTRACTOR), "contractor");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_TOOL_CLASS, FRT_TOOL_FACE_SURVEILLANCE),
                     "face-surveillance");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_TOOL_CLASS, FRT_TOOL_COMPONENT), "frt-component");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_REQUEST, FRT_REQUEST_BY_OFFICIAL), "by-official");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_REQUEST, FRT_REQUEST_WRONG_RECIPIENT), "wrong-recipient");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_AUTHORITY, FRT_AUTHORITY_LIVING), "living");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_AUTHORITY, FRT_AUTHORITY_UNBOUNDED), "unbounded");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_ACTION, FRT_ACTION_OBTAIN), "obtain");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_EVIDENCE, FRT_EVIDENCE_SOLICITED), "solicited");
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_VIEW, FRT_VIEW_STALE), "stale");
}
END_TEST

START_TEST(unknown_words_are_not_found)
{
    ck_assert_int_eq(frt_fact_find("colour"), -1);
    ck_assert_int_eq(frt_fact_find(""), -1);
    ck_assert_int_eq(frt_fact_value_find(FRT_FACT_SUBJECT, "Official"), -1);
    ck_assert_int_eq(frt_fact_value_find(FRT_FACT_COUNT, "none"), -1);
    ck_assert_str_eq(frt_fact_value_name(FRT_FACT_COUNT, 0), "?");
}
END_TEST

START_TEST(the_space_is_the_product_of_all_facts)
{
    ck_assert_uint_eq(frt_fact_space_size(), UINT64_C(1382659891200));
}
END_TEST

static bool is_word(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!islower((unsigned char)*p) && *p != '-')
            return false;
    return text[0] != '\0';
}

START_TEST(every_reason_has_a_name_of_its_own_and_a_meaning)
{
    for (int r = 0; r < FRT_REASON_COUNT; r++) {
        const struct frt_reason_info *info = &frt_reason_table[r];

        ck_assert_msg(info->name != NULL, "reason %d", r);
        ck_assert_msg(is_word(info->name), "%s", info->name);
        ck_assert_int_eq(frt_reason_find(info->name), r);
        ck_assert_msg(info->meaning && strlen(info->meaning) > 10, "%s", info->name);
        ck_assert_msg(info->advice && strlen(info->advice) > 5, "%s", info->name);
    }
    ck_assert_int_eq(frt_reason_find("because"), -1);
}
END_TEST

START_TEST(could_not_decide_is_told_from_denied)
{
    for (int r = 0; r < FRT_REASON_COUNT; r++) {
        bool undecided =
            r == FRT_REASON_NOT_EVALUATED || (r >= FRT_REASON_SUBJECT_UNKNOWN && r <= FRT_REASON_LATE);

        ck_assert_msg(frt_reason_table[r].could_not_decide == undecided, "%s", frt_reason_table[r].name);
    }
}
END_TEST

START_TEST(verdicts_and_obligations_go_by_their_words)
{
    enum frt_verdict v = FRT_VERDICT_DENY;

    ck_assert_int_eq(FRT_VERDICT_DENY, 0);
    ck_assert_int_eq(frt_verdict_find("not-governed", &v), 0);
    ck_assert_int_eq(v, FRT_VERDICT_NOT_GOVERNED);
    ck_assert_int_eq(frt_verdict_find("allow", &v), 0);
    ck_assert_int_eq(v, FRT_VERDICT_ALLOW);
    ck_assert_int_eq(frt_verdict_find("ALLOW", &v), -1);
    ck_assert_str_eq(frt_verdict_name(FRT_VERDICT_EXEMPT), "exempt");
    ck_assert_str_eq(frt_verdict_name((enum frt_verdict)1), "deny");
    ck_assert_uint_eq(frt_obligation_find("flag-proxy"), FRT_OBLIGE_FLAG_PROXY);
    ck_assert_uint_eq(frt_obligation_find("nothing"), 0);
    ck_assert_str_eq(frt_obligation_name(FRT_OBLIGE_REVIEW | FRT_OBLIGE_RETAIN_FINDING), "review");
    ck_assert_ptr_null(frt_obligation_name(0));
}
END_TEST

START_TEST(facts_are_told_in_words)
{
    struct frt_facts facts = {{[FRT_FACT_SUBJECT] = FRT_SUBJECT_OFFICIAL,
                               [FRT_FACT_OFFICIAL_TYPE] = FRT_OFFICIAL_ELECTED,
                               [FRT_FACT_TOOL_CLASS] = FRT_TOOL_FACE_SURVEILLANCE,
                               [FRT_FACT_HOST_OWNER] = FRT_HOST_CITY}};
    char words[FRT_FACTS_WORDS_MAX];

    frt_facts_describe(&facts, words);
    ck_assert_ptr_nonnull(strstr(words, "an elected city official"));
    ck_assert_ptr_nonnull(strstr(words, "a face-surveillance tool"));
    ck_assert_ptr_nonnull(strstr(words, "on a city host"));
    ck_assert_ptr_nonnull(strstr(words, "without a written request"));
    memset(&facts, 0xff, sizeof(facts));
    frt_facts_describe(&facts, words);
    ck_assert_uint_lt(strlen(words), FRT_FACTS_WORDS_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decision.facts");
    TCase *tc = tcase_create("facts");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, every_enumerator_has_its_word, 0, (int)COUNT(facts_table));
    tcase_add_test(tc, words_in_the_middle_stand_at_their_numbers);
    tcase_add_test(tc, unknown_words_are_not_found);
    tcase_add_test(tc, the_space_is_the_product_of_all_facts);
    tcase_add_test(tc, every_reason_has_a_name_of_its_own_and_a_meaning);
    tcase_add_test(tc, could_not_decide_is_told_from_denied);
    tcase_add_test(tc, verdicts_and_obligations_go_by_their_words);
    tcase_add_test(tc, facts_are_told_in_words);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
