/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "support/name.h"
#include "support/percent.h"
#include "support/time_text.h"

static const struct {
    const char *given;
    bool canonical;
} names[] = {
    {"p01", true},
    {"guest-msp", true},
    {"_svc", true},
    {"", false},
    {"P01", false},
    {"1st", false},
    {"-x", false},
    {"a b", false},
    {"a\nb", false},
    {"\xef\xbd\x81lice", false},
    {"abcdefghijklmnopqrstuvwxyz012345", true},
    {"abcdefghijklmnopqrstuvwxyz0123456", false},
};

START_TEST(accepts_only_canonical_names)
{
    ck_assert_msg(frt_name_is_canonical(names[_i].given, strlen(names[_i].given)) == names[_i].canonical,
                  "%s", names[_i].given);
}
END_TEST

START_TEST(folds_what_ldap_takes_for_the_same)
{
    const char *same[] = {"ALICE", "  alice ", "\xef\xbd\x81lice", "\302\240alice"};

    for (size_t i = 0; i < FRT_ARRAY_LEN(same); i++) {
        char folded[64];

        frt_name_fold(same[i], strlen(same[i]), folded, sizeof(folded));
        ck_assert_str_eq(folded, "alice");
    }
}
END_TEST

static const struct {
    const char *given;
    int64_t expected; /* -1: refused */
} generalized[] = {
    {"19700101000000Z", 0},    {"20260316140000Z", 1773669600}, {"20240229000000Z", 1709164800},
    {"20230229000000Z", -1},   {"20261231235960Z", -1},         {"20261122Z", -1},
    {"20260316140000.0Z", -1}, {"20260316140000+0000", -1},     {"21060207062816Z", 4294967296},
    {"2026031614000aZ", -1},   {"20261301000000Z", -1},
};

START_TEST(reads_strict_generalized_time)
{
    int64_t s = -1;
    int r = frt_generalized_time_parse(generalized[_i].given, strlen(generalized[_i].given), &s);

    ck_assert_int_eq(r == 0 ? s : -1, generalized[_i].expected);
}
END_TEST

START_TEST(times_come_back_as_they_went)
{
    int64_t s;
    char text[FRT_TIME_TEXT_MAX];

    for (int64_t t = 0; t < 8000000000; t += 86399 * 37) {
        frt_time_format(t, text);
        ck_assert_int_eq(frt_time_parse(text, &s), 0);
        ck_assert_int_eq(s, t);
    }
    frt_time_format_us(1773669600123456, text);
    ck_assert_str_eq(text, "2026-03-16T14:00:00.123456Z");
}
END_TEST

START_TEST(percent_encoding_comes_back_for_every_byte)
{
    for (int c = 1; c < 256; c++) {
        char in[2] = {(char)c, '\0'}, out[8];

        ck_assert_uint_eq(frt_percent_encode(in, 1, out, sizeof(out)), 1);
        for (char *p = out; *p; p++)
            ck_assert(*p >= 0x20 && *p <= 0x7e && *p != '"' && *p != '\\');
        ck_assert_int_eq(frt_percent_decode(out), 1);
        ck_assert_int_eq(out[0], in[0]);
    }
}
END_TEST

START_TEST(percent_encoding_never_splits_an_escape)
{
    char out[6];

    ck_assert_uint_eq(frt_percent_encode("a\n\n", 3, out, sizeof(out)), 2);
    ck_assert_str_eq(out, "a%0A");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("support.text");
    TCase *tc = tcase_create("text");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, accepts_only_canonical_names, 0, (int)FRT_ARRAY_LEN(names));
    tcase_add_test(tc, folds_what_ldap_takes_for_the_same);
    tcase_add_loop_test(tc, reads_strict_generalized_time, 0, (int)FRT_ARRAY_LEN(generalized));
    tcase_add_test(tc, times_come_back_as_they_went);
    tcase_add_test(tc, percent_encoding_comes_back_for_every_byte);
    tcase_add_test(tc, percent_encoding_never_splits_an_escape);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
