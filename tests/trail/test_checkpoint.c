/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "trail/checkpoint.h"
#include "trail_fixture.h"

/* The example of the signed-note and checkpoint specifications' reference implementation (golang.org/x/mod/sumdb/note). */
static const char peter[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static char note[2048], vkey[512];
static struct frt_key_pair host;

static void make(void)
{
    uint8_t root[32];

    memset(root, 0x5A, sizeof(root));
    vector_key(900, &host);
    checkpoint_make(4711, root, &host, note, vkey);
}

START_TEST(a_signed_checkpoint_comes_back)
{
    struct frt_checkpoint checkpoint;

    ck_assert_int_eq(frt_checkpoint_parse(note, strlen(note), &checkpoint), 0);
    ck_assert_str_eq(checkpoint.origin, ORIGIN);
    ck_assert_uint_eq(checkpoint.size, 4711);
    ck_assert_uint_eq(checkpoint.root[31], 0x5A);
    ck_assert(frt_checkpoint_is_signed_by(note, strlen(note), vkey));
    ck_assert(!frt_checkpoint_is_signed_by(note, strlen(note), peter));
}
END_TEST

START_TEST(every_flipped_bit_of_a_note_shows)
{
    size_t length = strlen(note);

    for (size_t i = 0; i < length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            note[i] ^= (char)(1 << bit);
            ck_assert_msg(!frt_checkpoint_is_signed_by(note, length, vkey), "byte %zu bit %d", i, bit);
            note[i] ^= (char)(1 << bit);
        }
    }
    for (size_t i = 0; i < length; i++)
        ck_assert(!frt_checkpoint_is_signed_by(note, i, vkey));
}
END_TEST

START_TEST(unknown_signature_lines_are_skipped)
{
    static const char *const others[] = {
        "\xe2\x80\x94 witness.example/w1 AAAA\n",
        "\xe2\x80\x94 " ORIGIN " bm90IG91cnM=\n",
        "\xe2\x80\x94 " ORIGIN " not-even-base64!\n",
    };

    for (size_t i = 0; i < FRT_ARRAY_LEN(others); i++) {
        char more[4096];
        const char *gap = strstr(note, "\n\n") + 2;

        snprintf(more, sizeof(more), "%.*s%s%s", (int)(gap - note), note, others[i], gap);
        ck_assert_msg(frt_checkpoint_is_signed_by(more, strlen(more), vkey), "%s", others[i]);
        snprintf(more, sizeof(more), "%s%s", note, others[i]);
        ck_assert(frt_checkpoint_is_signed_by(more, strlen(more), vkey));
    }
}
END_TEST

START_TEST(a_witness_cosigns_and_its_time_is_signed)
{
    struct frt_key_pair witness;
    char line[512], both[4096], witness_vkey[FRT_VKEY_MAX];

    vector_key(901, &witness);
    ck_assert_int_eq(
        frt_vkey_format("witness.example/w1", FRT_VKEY_COSIGNATURE, witness.public_key, witness_vkey), 0);
    ck_assert_int_gt(frt_checkpoint_cosign(note, strlen(note), "witness.example/w1", &witness, 1795327200,
                                           line, sizeof(line)),
                     0);
    snprintf(both, sizeof(both), "%s%s", note, line);
    ck_assert(frt_checkpoint_is_signed_by(both, strlen(both), witness_vkey));
    ck_assert(frt_checkpoint_is_signed_by(both, strlen(both), vkey));
    ck_assert(!frt_checkpoint_is_signed_by(note, strlen(note), witness_vkey));
    both[strlen(both) - 100] ^= 1;
    ck_assert(!frt_checkpoint_is_signed_by(both, strlen(both), witness_vkey));
}
END_TEST

static const char *const wrong_notes[] = {
    "",
    "\n",
    ORIGIN "\n4711\n",
    ORIGIN "\n04711\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n\xe2\x80\x94 a b\n",
    ORIGIN "\n-1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n\xe2\x80\x94 a b\n",
    ORIGIN "\n1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlp=\n\n\xe2\x80\x94 a b\n",
    ORIGIN "\n1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\nextension\n\n\xe2\x80\x94 a b\n",
    ORIGIN "\n1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n",
    ORIGIN "\n1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n\xe2\x80\x94 a b",
    ORIGIN "\n1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\nsigned by a\n",
    "two words\n1\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n\xe2\x80\x94 a b\n",
};

START_TEST(what_is_no_note_is_refused)
{
    struct frt_checkpoint checkpoint;

    ck_assert_int_lt(frt_checkpoint_parse(wrong_notes[_i], strlen(wrong_notes[_i]), &checkpoint), 0);
}
END_TEST

/* A note signed by Go's implementation: golang.org/x/mod/sumdb/note, its package documentation. */
START_TEST(key_ids_are_those_of_the_standard)
{
    static const uint8_t key[32] = {0x1a, 0x5c, 0xd9, 0x07, 0x14, 0x3c, 0x38, 0x4c, 0x41, 0xe8, 0x30,
                                    0xc5, 0xbc, 0xe1, 0x2a, 0xa8, 0x81, 0x7e, 0xc5, 0x64, 0x9a, 0xaa,
                                    0xbf, 0x2c, 0x31, 0x38, 0x8b, 0x35, 0xb2, 0xd7, 0x44, 0xd6};
    char text[FRT_VKEY_MAX];

    ck_assert_int_eq(frt_vkey_format("PeterNeumann", FRT_VKEY_ED25519, key, text), 0);
    ck_assert_str_eq(text, peter);
    ck_assert_int_lt(frt_vkey_format("two words", FRT_VKEY_ED25519, key, text), 0);
    ck_assert_int_lt(frt_vkey_format("a+b", FRT_VKEY_ED25519, key, text), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.checkpoint");
    TCase *tc = tcase_create("checkpoint");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, make, NULL);
    tcase_add_test(tc, a_signed_checkpoint_comes_back);
    tcase_add_test(tc, every_flipped_bit_of_a_note_shows);
    tcase_add_test(tc, unknown_signature_lines_are_skipped);
    tcase_add_test(tc, a_witness_cosigns_and_its_time_is_signed);
    tcase_add_loop_test(tc, what_is_no_note_is_refused, 0, (int)FRT_ARRAY_LEN(wrong_notes));
    tcase_add_test(tc, key_ids_are_those_of_the_standard);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
