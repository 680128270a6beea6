/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The published test vector: every value in it is computed again from its seeds, and the published lines verify.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "trail/encoding.h"
#include "trail_fixture.h"

static struct scratch scratch;

static void make(void)
{
    scratch_make(&scratch);
}

static void drop(void)
{
    scratch_remove(&scratch);
}

static void expect_hex(const uint8_t *bytes, const char *expected)
{
    char hex[65];

    frt_hex_format(bytes, 32, hex);
    ck_assert_str_eq(hex, expected);
}

START_TEST(first_key_comes_from_the_first_seed)
{
    struct frt_key_pair pair;

    vector_key(1, &pair);
    expect_hex(pair.public_key, vector_first_key);
}
END_TEST

/* Each record's hash is the next one's p; the roots and signatures are those of the published seals. */
START_TEST(hashes_roots_and_seals_come_out_the_same)
{
    static const char *const leaves[] = {
        "d8bfbb3208ecb5ae6189a9fff1a8dce4b12025a468a90f12f0d36b4c2acd2941", NULL,
        "1d027c69bd17e5e30246f07f291a15be389b9f7b4d60300dfc7e768ff5701a2c", NULL};
    struct frt_sha256 hasher;
    struct frt_tree tree;
    unsigned records = 0, seals = 0;

    ck_assert_int_eq(frt_sha256_init(&hasher), 0);
    frt_tree_init(&tree);
    for (const char *line = vector_text; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "\n");
        uint8_t leaf[32];

        if (line[0] == '{') {
            frt_sha256_leaf(&hasher, line, length, leaf);
            if (leaves[records])
                expect_hex(leaf, leaves[records]);
            frt_tree_append(&tree, &hasher, leaf);
            records++;
        } else {
            struct frt_seal seal = {.index = seals, .records = records};
            struct frt_key_pair key, next;
            char text[FRT_SEAL_MAX];

            vector_key(seals + 1, &key);
            vector_key(seals + 2, &next);
            frt_tree_root(&tree, &hasher, seal.root);
            memcpy(seal.next_key, next.public_key, 32);
            ck_assert_int_eq(frt_seal_sign(&seal, ORIGIN, &key), 0);
            ck_assert_uint_eq(frt_seal_format(&seal, text), length + 1);
            ck_assert_int_eq(memcmp(text, line, length + 1), 0);
            seals++;
        }
    }
    ck_assert_uint_eq(records, 4);
    ck_assert_uint_eq(seals, 2);
    frt_tree_root(&tree, &hasher, (uint8_t[32]){0});
    {
        uint8_t root[32];

        frt_tree_root(&tree, &hasher, root);
        expect_hex(root, "656e4532dca438aabf0674ff20c521523840ebdde8faa1f8e4ff18c54e7a0e1f");
    }
    frt_sha256_clear(&hasher);
}
END_TEST

START_TEST(published_lines_verify)
{
    struct frt_verify_options options = {
        .log_dir = scratch.log, .origin = ORIGIN, .first_key = vector_first_key};
    struct frt_verify_result result;
    struct frt_key_pair third;
    char hex[65];

    file_write(scratch.log, "000000000000.seg", vector_text, strlen(vector_text));
    ck_assert_msg(frt_trail_verify(&options, &result) == FRT_VERIFY_OK, "%s", result.what);
    vector_key(3, &third);
    frt_hex_format(third.public_key, 32, hex);
    ck_assert_str_eq(result.next_key, hex);
    ck_assert_uint_eq(result.records, 4);
    ck_assert_uint_eq(result.seals, 2);
    ck_assert_str_eq(result.root, "ZW5FMtykOKq/BnT/IMUhUjhA693o+qH45P8YxU56Dh8=");
    expect_hex(result.root_hash, "656e4532dca438aabf0674ff20c521523840ebdde8faa1f8e4ff18c54e7a0e1f");
    frt_verify_result_clear(&result);
}
END_TEST

START_TEST(published_lines_do_not_verify_under_another_name_or_key)
{
    struct frt_verify_options options = {
        .log_dir = scratch.log, .origin = "frt.example/host2", .first_key = vector_first_key};
    struct frt_verify_result result;

    file_write(scratch.log, "000000000000.seg", vector_text, strlen(vector_text));
    ck_assert_int_eq(frt_trail_verify(&options, &result), FRT_VERIFY_ALTERED);
    ck_assert_str_eq(result.file, "000000000000.seg");
    ck_assert_uint_eq(result.line, 3);
    ck_assert_uint_eq(result.records, 0);
    options.origin = ORIGIN;
    options.first_key = "bdf09027b8fd3c266133d628c5044a3e2627a80031d94528041d653f3dd52b73";
    ck_assert_int_eq(frt_trail_verify(&options, &result), FRT_VERIFY_ALTERED);
    options.first_key = NULL;
    ck_assert_int_eq(frt_trail_verify(&options, &result), FRT_VERIFY_FAILED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.vector");
    TCase *tc = tcase_create("vector");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, make, drop);
    tcase_add_test(tc, first_key_comes_from_the_first_seed);
    tcase_add_test(tc, hashes_roots_and_seals_come_out_the_same);
    tcase_add_test(tc, published_lines_verify);
    tcase_add_test(tc, published_lines_do_not_verify_under_another_name_or_key);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
