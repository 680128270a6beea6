/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "trail/encoding.h"
#include "trail/record.h"
#include "trail/tree.h"

#define ZEROS  "0000000000000000000000000000000000000000000000000000000000000000"
#define PREFIX "{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"decision\""
#define SEG    "{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"seg\""
#define BOOT   "0123456789abcdef0123456789abcdef"

static const struct {
    const char *line;
    bool accepted;
} lines[] = {
    {PREFIX "}", true},
    {PREFIX ",\"u\":\"a\"}", true},
    {PREFIX ",\"u\":\"\"}", true},
    {PREFIX ",\"u\":\"%22%5C%25%00%0A%7F%FF\"}", true},
    {PREFIX ",\"u\":0,\"w\":-1,\"x\":9007199254740992,\"y\":-9007199254740992}", true},
    {PREFIX ",\"u\":9007199254740993}", false},
    {PREFIX ",\"u\":-9007199254740993}", false},
    {PREFIX ",\"u\":99999999999999999999999}", false},
    {PREFIX ",\"u\":-0}", false},
    {PREFIX ",\"u\":01}", false},
    {PREFIX ",\"u\":+1}", false},
    {PREFIX ",\"u\":1.0}", false},
    {PREFIX ",\"u\":1e3}", false},
    {PREFIX ",\"u\":true}", false},
    {PREFIX ",\"u\":null}", false},
    {PREFIX ",\"u\":{}}", false},
    {PREFIX ",\"u\":[]}", false},
    {PREFIX ",\"void\":[]}", false},
    {PREFIX ",\"u\":\"a\",\"u\":\"a\"}", false},
    {PREFIX ",\"u\":\"a\",\"w\":\"b\",\"u\":1}", false},
    {PREFIX ",\"n\":7}", false},
    {PREFIX ",\"m\":7}", false},
    {PREFIX ",\"u\":\"%41\"}", false},
    {PREFIX ",\"u\":\"%0a\"}", false},
    {PREFIX ",\"u\":\"%0\"}", false},
    {PREFIX ",\"u\":\"%\"}", false},
    {PREFIX ",\"u\":\"\\n\"}", false},
    {PREFIX ",\"u\":\"\\\\\"}", false},
    {PREFIX ",\"u\":\"a\tb\"}", false},
    {PREFIX ",\"u\":\"\x7f\"}", false},
    {PREFIX ",\"u\":\"\xc3\xa9\"}", false},
    {PREFIX ",\"U\":\"a\"}", false},
    {PREFIX ",\"1u\":\"a\"}", false},
    {PREFIX ",\"\":\"a\"}", false},
    {PREFIX ",\"abcdefghijklmnopqrstuvwxyz012345\":1}", true},
    {PREFIX ",\"abcdefghijklmnopqrstuvwxyz0123456\":1}", false},
    {PREFIX ", \"u\":\"a\"}", false},
    {PREFIX ",\"u\": \"a\"}", false},
    {PREFIX ",\"u\":\"a\",}", false},
    {PREFIX ",\"u\":\"a\"", false},
    {PREFIX ",\"u\":\"a}", false},
    {PREFIX "} ", false},
    {PREFIX "}}", false},
    {"", false},
    {"{}", false},
    {"{\"n\":7,\"v\":1,\"p\":\"" ZEROS "\"}", false},
    {"{\"v\":2,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"decision\"}", false},
    {"{\"v\":1,\"n\":07,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"decision\"}",
     false},
    {"{\"v\":1,\"n\":-7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"decision\"}",
     false},
    {"{\"v\":1,\"n\":7,\"p\":\"0A" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"decision\"}",
     false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-02-29T06:00:00.000000Z\",\"k\":\"decision\"}", false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2024-02-29T06:00:00.000000Z\",\"k\":\"decision\"}", true},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T24:00:00.000000Z\",\"k\":\"decision\"}", false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:60.000000Z\",\"k\":\"decision\"}", false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.00000Z\",\"k\":\"decision\"}", false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"1969-12-31T23:59:59.000000Z\",\"k\":\"decision\"}", false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"m\":5,\"b\":\"" BOOT
     "\",\"k\":\"decision\"}",
     true},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"m\":5,\"k\":\"decision\"}",
     false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"b\":\"" BOOT
     "\",\"k\":\"decision\"}",
     false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"m\":-5,\"b\":\"" BOOT
     "\",\"k\":\"decision\"}",
     false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"\"}", false},
    {"{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"Decision\"}", false},
    {SEG ",\"void\":[]}", true},
    {SEG ",\"void\":[{\"f\":\"a.seg\",\"off\":0,\"len\":5,\"sha256\":\"" ZEROS "\"}]}", true},
    {SEG ",\"void\":[{\"f\":\"a.seg\",\"off\":0,\"len\":5,\"sha256\":\"" ZEROS
         "\"},{\"f\":\"b.seg\",\"off\":1,"
         "\"len\":6,\"sha256\":\"" ZEROS "\"}],\"x\":1}",
     true},
    {SEG ",\"void\":[{\"f\":\"a.seg\",\"off\":0,\"len\":5,\"sha256\":\"" ZEROS "\"},]}", false},
    {SEG ",\"void\":[{\"f\":\"a.seg\",\"off\":0,\"len\":5}]}", false},
    {SEG ",\"void\":[{\"off\":0,\"f\":\"a.seg\",\"len\":5,\"sha256\":\"" ZEROS "\"}]}", false},
    {SEG ",\"void\":[{\"f\":\"\",\"off\":0,\"len\":5,\"sha256\":\"" ZEROS "\"}]}", false},
    {SEG ",\"void\":[1]}", false},
    {SEG ",\"void\":[[]]}", false},
    {SEG ",\"other\":[]}", false},
};

START_TEST(reads_one_spelling_only)
{
    struct frt_record_view view;
    const char *what = NULL;
    int r = frt_record_parse(lines[_i].line, strlen(lines[_i].line), &view, &what);

    ck_assert_msg((r == 0) == lines[_i].accepted, "%s: %s", lines[_i].line, what ? what : "accepted");
    ck_assert(r == 0 || what);
}
END_TEST

/* Strings are read eight bytes at a time: every byte at every place of every short length, told by a plain loop's rule. */
START_TEST(a_byte_counts_alike_wherever_it_stands)
{
    for (size_t length = 1; length <= 20; length++)
        for (size_t at = 0; at < length; at++)
            for (int byte = 0; byte < 256; byte++) {
                char line[512];
                int n = snprintf(line, sizeof(line), "%s,\"u\":\"%.*s\",\"w\":\"next\"}", PREFIX, (int)length,
                                 "abcdefghijklmnopqrst");
                char *text = strstr(line, "\"u\":\"") + 5;
                bool plain = byte >= 0x20 && byte <= 0x7E && !strchr("\"%\\", byte);
                struct frt_record_view view;
                struct frt_record_field field;
                const char *what;

                text[at] = (char)byte;
                ck_assert_msg((frt_record_parse(line, (size_t)n, &view, &what) == 0) == plain,
                              "byte %d at %zu of %zu", byte, at, length);
                if (!plain)
                    continue;
                ck_assert(frt_record_find(&view, "u", &field));
                ck_assert_uint_eq(field.value_length, length);
                ck_assert_ptr_eq(field.value, text);
                ck_assert(frt_record_find(&view, "w", &field));
                ck_assert_uint_eq(field.value_length, 4);
            }
}
END_TEST

START_TEST(a_line_may_have_4096_bytes_and_no_more)
{
    char line[FRT_RECORD_MAX + 8] = PREFIX ",\"u\":\"";
    struct frt_record_view view;
    const char *what;
    size_t at = strlen(line);

    memset(line + at, 'x', sizeof(line) - at);
    memcpy(line + FRT_RECORD_MAX - 3, "\"}", 2);
    ck_assert_int_eq(frt_record_parse(line, FRT_RECORD_MAX - 1, &view, &what), 0);
    memcpy(line + FRT_RECORD_MAX - 3, "x\"}", 3);
    ck_assert_int_eq(frt_record_parse(line, FRT_RECORD_MAX, &view, &what), -EBADMSG);
}
END_TEST

START_TEST(at_most_57_keys_follow_k)
{
    for (unsigned keys = 56; keys <= 58; keys++) {
        char line[FRT_RECORD_MAX] = PREFIX;
        struct frt_record_view view;
        const char *what;

        for (unsigned i = 0; i < keys; i++)
            snprintf(line + strlen(line), 32, ",\"key%u\":%u", i, i);
        strcat(line, "}");
        ck_assert_int_eq(frt_record_parse(line, strlen(line), &view, &what), keys <= 57 ? 0 : -EBADMSG);
    }
}
END_TEST

static void stamp(const struct frt_record *record, char line[2 * FRT_RECORD_MAX])
{
    sprintf(line,
            "{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"k\":\"%s\"%s}",
            record->kind, record->body);
}

/* Random bytes of any value go in, come out the same, and on the way no byte is dangerous to a terminal. */
START_TEST(what_is_escaped_comes_back)
{
    unsigned seed = 42, dangerous = 0;

    for (unsigned round = 0; round < 10000; round++) {
        char in[400], out[FRT_RECORD_MAX], line[2 * FRT_RECORD_MAX];
        size_t length = (size_t)rand_r(&seed) % (sizeof(in) - 1);
        struct frt_record record;
        struct frt_record_view view;
        const char *what;
        int64_t number;

        for (size_t i = 0; i < length; i++)
            in[i] = (char)(1 + rand_r(&seed) % 255);
        in[length] = '\0';
        frt_record_init(&record, "decision");
        frt_record_add_number(&record, "uid", (int64_t)round - 5000);
        frt_record_add_text(&record, "path", in);
        frt_record_add_text(&record, "end", NULL);
        stamp(&record, line);
        for (const char *p = line; *p; p++)
            dangerous += *p < 0x20 || *p > 0x7E || *p == '\\';
        ck_assert_msg(frt_record_parse(line, strlen(line), &view, &what) == 0, "%s: %s", what, line);
        ck_assert_int_eq(frt_record_get_text(&view, "path", out, sizeof(out)), (long)length);
        ck_assert_int_eq(memcmp(in, out, length + 1), 0);
        ck_assert_int_eq(frt_record_get_number(&view, "uid", &number), 0);
        ck_assert_int_eq(number, (int64_t)round - 5000);
        ck_assert_int_eq(frt_record_get_text(&view, "end", out, sizeof(out)), 0);
        ck_assert_int_eq(frt_record_get_text(&view, "missing", out, sizeof(out)), -ENOENT);
    }
    ck_assert_uint_eq(dangerous, 0);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_and_says_so)
{
    for (size_t length = 3600; length < 4200; length++) {
        frt_auto_free char *in = malloc(length + 1);
        char line[2 * FRT_RECORD_MAX];
        struct frt_record record;
        struct frt_record_view view;
        const char *what;
        int64_t cut = 0;

        memset(in, length % 2 ? 'x' : '\n', length);
        in[length] = '\0';
        frt_record_init(&record, "decision");
        frt_record_add_text(&record, "user", "p01");
        frt_record_add_text(&record, "path", in);
        frt_record_add_number(&record, "later", 1);
        stamp(&record, line);
        ck_assert_uint_lt(record.length + FRT_RECORD_PREFIX_MAX, FRT_RECORD_MAX);
        ck_assert_msg(frt_record_parse(line, strlen(line), &view, &what) == 0, "%s", what);
        (void)frt_record_get_number(&view, "cut", &cut);
        ck_assert_int_eq(cut, record.truncated);
        if (length > 4000)
            ck_assert(record.truncated);
    }
}
END_TEST

START_TEST(any_field_is_found_by_its_key)
{
    static const char line[] =
        "{\"v\":1,\"n\":7,\"p\":\"" ZEROS "\",\"t\":\"2026-11-22T06:00:00.000000Z\",\"m\":5,\"b\":\"" BOOT
        "\",\"k\":\"decision\",\"user\":\"p%0A01\",\"uid\":20001}";
    static const char *const keys[] = {"v", "n", "p", "t", "m", "b", "k", "user", "uid"};
    struct frt_record_view view;
    struct frt_record_field field;
    const char *what;
    size_t at, fields = 0;

    ck_assert_int_eq(frt_record_parse(line, sizeof(line) - 1, &view, &what), 0);
    for (size_t i = 0; i < FRT_ARRAY_LEN(keys); i++) {
        ck_assert_msg(frt_record_find(&view, keys[i], &field), "%s", keys[i]);
        ck_assert(field.value >= line && field.value + field.value_length < line + sizeof(line));
    }
    ck_assert(frt_record_find(&view, "k", &field) &&
              memcmp(field.value, "decision", field.value_length) == 0);
    ck_assert(!frt_record_find(&view, "x", &field));
    for (at = view.body; frt_record_next_field(&view, &at, &field); fields++)
        ;
    ck_assert_uint_eq(fields, 2);
    ck_assert_int_eq(view.time_us, INT64_C(1795327200000000));
}
END_TEST

START_TEST(base64_and_hex_have_one_spelling)
{
    static const char *const wrong[] = {"AAAB", "AAA=", "AA==", "AB==",    "AA=A",
                                        "A===", "AA= ", "AA",   "AAAAA==", "-A=="};
    uint8_t bytes[4];
    unsigned accepted = 0;

    for (size_t i = 0; i < FRT_ARRAY_LEN(wrong); i++)
        accepted += frt_base64_parse(wrong[i], strlen(wrong[i]), bytes, 1);
    ck_assert_uint_eq(accepted, 1); /* AA== */
    ck_assert(!frt_hex_parse("0G", bytes, 1) && !frt_hex_parse("AB", bytes, 1) &&
              frt_hex_parse("ab", bytes, 1));
}
END_TEST

/* The roots and proofs for eight leaves of the Certificate Transparency reference implementation. */
START_TEST(tree_agrees_with_the_reference)
{
    static const char *const leaves[] = {"",
                                         "\x00",
                                         "\x10",
                                         "\x20\x21",
                                         "\x30\x31",
                                         "\x40\x41\x42\x43",
                                         "\x50\x51\x52\x53\x54\x55\x56\x57",
                                         "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
    static const size_t lengths[] = {0, 1, 1, 2, 2, 4, 8, 16};
    static const char *const roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct frt_sha256 hasher;
    struct frt_tree tree;
    uint8_t hash[32];
    char hex[65];

    ck_assert_int_eq(frt_sha256_init(&hasher), 0);
    frt_tree_init(&tree);
    frt_tree_root(&tree, &hasher, hash);
    frt_hex_format(hash, 32, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < 8; i++) {
        frt_sha256_leaf(&hasher, leaves[i], lengths[i], hash);
        frt_tree_append(&tree, &hasher, hash);
        frt_tree_root(&tree, &hasher, hash);
        frt_hex_format(hash, 32, hex);
        ck_assert_str_eq(hex, roots[i]);
    }
    frt_sha256_clear(&hasher);
}
END_TEST

/* Every proof of every tree up to 70 leaves holds, and no other index, size, hash or path passes. */
START_TEST(proofs_hold_and_nothing_else_does)
{
    static uint8_t leaves[70][32], roots[71][32];
    struct frt_sha256 hasher;
    struct frt_tree tree;
    struct frt_proof proof;

    ck_assert_int_eq(frt_sha256_init(&hasher), 0);
    frt_tree_init(&tree);
    for (size_t i = 0; i < 70; i++) {
        frt_sha256_leaf(&hasher, &i, sizeof(i), leaves[i]);
        frt_tree_append(&tree, &hasher, leaves[i]);
        frt_tree_root(&tree, &hasher, roots[i + 1]);
    }
    for (uint64_t size = 1; size <= 70; size++) {
        for (uint64_t i = 0; i < size; i++) {
            frt_tree_prove_inclusion((const uint8_t(*)[32])leaves, size, i, &hasher, &proof);
            ck_assert(frt_tree_is_included(&proof, i, size, leaves[i], roots[size], &hasher));
            ck_assert(!frt_tree_is_included(&proof, i, size, leaves[(i + 1) % 70], roots[size], &hasher));
            ck_assert(!frt_tree_is_included(&proof, i, size, leaves[i], roots[size - 1], &hasher));
            ck_assert(!frt_tree_is_included(&proof, size, size, leaves[i], roots[size], &hasher));
            if (size > 1) {
                ck_assert(!frt_tree_is_included(&proof, i ^ 1, size, leaves[i], roots[size], &hasher));
                proof.path[proof.length / 2][31] ^= 1;
                ck_assert(!frt_tree_is_included(&proof, i, size, leaves[i], roots[size], &hasher));
            }
        }
        for (uint64_t old = 1; old <= size; old++) {
            frt_tree_prove_consistency((const uint8_t(*)[32])leaves, size, old, &hasher, &proof);
            ck_assert_uint_le(proof.length, 63);
            ck_assert(frt_tree_is_consistent(&proof, old, size, roots[old], roots[size], &hasher));
            ck_assert(!frt_tree_is_consistent(&proof, old, size, roots[old - 1], roots[size], &hasher));
            ck_assert(old == size ||
                      !frt_tree_is_consistent(&proof, old, size, roots[old], roots[size - 1], &hasher));
        }
    }
    frt_sha256_clear(&hasher);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.record");
    TCase *tc = tcase_create("record");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, reads_one_spelling_only, 0, (int)FRT_ARRAY_LEN(lines));
    tcase_add_test(tc, a_byte_counts_alike_wherever_it_stands);
    tcase_add_test(tc, a_line_may_have_4096_bytes_and_no_more);
    tcase_add_test(tc, at_most_57_keys_follow_k);
    tcase_add_test(tc, what_is_escaped_comes_back);
    tcase_add_test(tc, what_does_not_fit_is_cut_and_says_so);
    tcase_add_test(tc, any_field_is_found_by_its_key);
    tcase_add_test(tc, base64_and_hex_have_one_spelling);
    tcase_add_test(tc, tree_agrees_with_the_reference);
    tcase_add_test(tc, proofs_hold_and_nothing_else_does);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
