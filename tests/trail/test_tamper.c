/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Manipulated trails: each manipulation is tried, each must show. One miss fails.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/encoding.h"
#include "trail_fixture.h"

static struct scratch scratch;
static char live[65], first[65];

/* A trail of three segments, the middle one with a void tail (an injected EIO) that the last one declares. */
static int fail_now;

static int fdatasync_or_eio(void *arg, int fd)
{
    (void)arg;
    if (fail_now && --fail_now == 0) {
        errno = EIO;
        return -1;
    }
    return fdatasync(fd);
}

static void make(void)
{
    struct frt_trail_io io = *frt_trail_io_real();
    struct frt_trail *trail;

    scratch_make(&scratch);
    trail_fill(&scratch, 1, NULL);
    io.fdatasync = fdatasync_or_eio;
    trail = trail_open(&scratch, &io);
    trail_append(trail, "p01", 5);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    trail_append(trail, "p02", 5);
    fail_now = 2;
    ck_assert_int_eq(frt_trail_commit(trail), -EIO);
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    trail_append(trail, "p03", 5);
    trail_append(trail, "p04", 5);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    strcpy(live, frt_trail_live_public_key(trail));
    strcpy(first, frt_trail_first_public_key(trail));
    frt_trail_abandon(trail);
    ck_assert_int_eq(verify(&scratch, first, live), FRT_VERIFY_OK);
}

static void drop(void)
{
    scratch_remove(&scratch);
}

struct file {
    char name[32];
    struct bytes bytes;
};

static size_t load(struct file files[4])
{
    static const char *const names[] = {"000000000000.seg", "000000000004.seg", "000000000007.seg"};
    size_t count = 0;

    for (; count < FRT_ARRAY_LEN(names); count++) {
        strcpy(files[count].name, names[count]);
        files[count].bytes = file_read(scratch.log, names[count]);
    }
    return count;
}

static void put(const struct file *file)
{
    file_write(scratch.log, file->name, file->bytes.at, file->bytes.length);
}

static void unload(struct file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(files[i].bytes.at);
}

/* Where the last commit begins: what is wrong from there on may look interrupted. */
static size_t last_commit(const struct file *file)
{
    size_t at = 0, seals[64], count = 0;

    for (const char *p = file->bytes.at; (p = strstr(p, "!seal ")); p++)
        seals[count++] = (size_t)(p - file->bytes.at);
    if (count > 1)
        at = (size_t)(strchr(file->bytes.at + seals[count - 2], '\n') - file->bytes.at) + 1;
    return at;
}

START_TEST(every_flipped_bit_shows)
{
    struct file files[4];
    size_t count = load(files), tried = 0;

    for (size_t f = 0; f < count; f++) {
        size_t tail = f + 1 == count ? last_commit(&files[f]) : SIZE_MAX;

        for (size_t i = (size_t)_i; i < files[f].bytes.length; i += 4) {
            for (int bit = 0; bit < 8; bit++, tried++) {
                enum frt_verify_status status;

                files[f].bytes.at[i] ^= (char)(1 << bit);
                put(&files[f]);
                status = verify(&scratch, first, live);
                ck_assert_msg(status == FRT_VERIFY_ALTERED || (i >= tail && status == FRT_VERIFY_CUT),
                              "%s byte %zu bit %d: %d", files[f].name, i, bit, status);
                files[f].bytes.at[i] ^= (char)(1 << bit);
            }
        }
        put(&files[f]);
    }
    ck_assert_uint_gt(tried, 5000);
    ck_assert_int_eq(verify(&scratch, first, live), FRT_VERIFY_OK);
    unload(files, count);
}
END_TEST

/* Without a live key a damaged last commit may pass for an interrupted one, never for a good one. */
START_TEST(every_flipped_bit_of_the_last_commit_shows_without_a_live_key)
{
    struct file files[4];
    size_t count = load(files);
    struct file *file = &files[count - 1];

    for (size_t i = last_commit(file); i < file->bytes.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            file->bytes.at[i] ^= (char)(1 << bit);
            put(file);
            ck_assert_msg(verify(&scratch, first, NULL) != FRT_VERIFY_OK, "byte %zu bit %d", i, bit);
            file->bytes.at[i] ^= (char)(1 << bit);
        }
    }
    unload(files, count);
}
END_TEST

struct line {
    const char *at;
    size_t length;
};

static size_t split(const struct bytes *bytes, struct line lines[64])
{
    size_t count = 0;

    for (const char *p = bytes->at; p < bytes->at + bytes->length;) {
        const char *feed = memchr(p, '\n', (size_t)(bytes->at + bytes->length - p));

        lines[count++] = (struct line){p, (size_t)(feed - p) + 1};
        p = feed + 1;
    }
    return count;
}

static void expect_shown(const char *name, const struct line *lines, size_t count, const char *did, size_t i,
                         size_t j)
{
    frt_auto_free char *bytes = malloc(65536);
    size_t length = 0;
    enum frt_verify_status status;

    for (size_t k = 0; k < count; k++) {
        memcpy(bytes + length, lines[k].at, lines[k].length);
        length += lines[k].length;
    }
    file_write(scratch.log, name, bytes, length);
    status = verify(&scratch, first, live);
    ck_assert_msg(status == FRT_VERIFY_ALTERED || status == FRT_VERIFY_CUT, "%s: %s %zu %zu: %d", name, did,
                  i, j, status);
}

START_TEST(every_line_deleted_doubled_or_swapped_shows)
{
    struct file files[4];
    size_t count = load(files), tried = 0;

    for (size_t f = 0; f < count; f++) {
        struct line lines[64], edited[65];
        size_t n = split(&files[f].bytes, lines);

        for (size_t i = 0; i < n; i++) {
            memcpy(edited, lines, i * sizeof(*lines));
            memcpy(edited + i, lines + i + 1, (n - i - 1) * sizeof(*lines));
            expect_shown(files[f].name, edited, n - 1, "deleted", i, 0);
            memcpy(edited, lines, (i + 1) * sizeof(*lines));
            memcpy(edited + i + 1, lines + i, (n - i) * sizeof(*lines));
            expect_shown(files[f].name, edited, n + 1, "doubled", i, 0);
            tried += 2;
            for (size_t j = i + 1; j < n; j++, tried++) {
                memcpy(edited, lines, n * sizeof(*lines));
                edited[i] = lines[j];
                edited[j] = lines[i];
                expect_shown(files[f].name, edited, n, "swapped", i, j);
            }
        }
        put(&files[f]);
    }
    ck_assert_uint_gt(tried, 50);
    unload(files, count);
}
END_TEST

START_TEST(random_edits_of_one_to_four_lines_show)
{
    struct file files[4];
    size_t count = load(files);
    unsigned seed = 1 + (unsigned)_i;

    for (unsigned round = 0; round < 2000; round++) {
        struct file *file = &files[(size_t)rand_r(&seed) % count];
        struct line lines[64], edited[128];
        size_t n = split(&file->bytes, lines), m = n;
        bool same = true;

        memcpy(edited, lines, n * sizeof(*lines));
        for (int edits = 1 + rand_r(&seed) % 4; edits > 0 && m > 1; edits--) {
            size_t i = (size_t)rand_r(&seed) % m, j = (size_t)rand_r(&seed) % m;

            if (rand_r(&seed) % 3 == 0) {
                memmove(edited + i, edited + i + 1, (m - i - 1) * sizeof(*edited));
                m--;
            } else if (rand_r(&seed) % 2) {
                edited[i] = edited[j];
            } else {
                struct line held = edited[i];

                edited[i] = edited[j];
                edited[j] = held;
            }
        }
        for (size_t i = 0; i < n || i < m; i++)
            same = same && i < n && i < m && edited[i].at == lines[i].at;
        if (!same)
            expect_shown(file->name, edited, m, "random", round, 0);
        put(file);
    }
    unload(files, count);
}
END_TEST

START_TEST(truncation_at_every_byte_shows_with_a_live_key)
{
    struct file files[4];
    size_t count = load(files), silent = 0, unsealed = 0;

    for (size_t f = 0; f < count; f++) {
        for (size_t length = 0; length < files[f].bytes.length; length++) {
            enum frt_verify_status status;

            file_write(scratch.log, files[f].name, files[f].bytes.at, length);
            status = verify(&scratch, first, live);
            ck_assert_msg(status == FRT_VERIFY_ALTERED || status == FRT_VERIFY_CUT, "%s at %zu: %d",
                          files[f].name, length, status);
            if (f + 1 == count) {
                status = verify(&scratch, first, NULL);
                silent += status == FRT_VERIFY_OK;
                unsealed += status == FRT_VERIFY_UNSEALED;
            }
        }
        put(&files[f]);
    }
    /* The honest limit: from the files alone a cut at a seal passes, any other looks like an interrupted commit. */
    ck_assert_uint_eq(silent, 2);
    ck_assert_uint_gt(unsealed, 500);
    unload(files, count);
}
END_TEST

START_TEST(a_removed_or_renamed_segment_shows)
{
    struct file files[4];
    size_t count = load(files);

    for (size_t f = 0; f < count; f++) {
        char from[320], to[320];
        static const char *const names[] = {"000000000001.seg", "000000000000.1.seg", "000000000099.seg",
                                            "x.seg", "000000000000.0.seg"};

        snprintf(from, sizeof(from), "%s/%s", scratch.log, files[f].name);
        unlink(from);
        ck_assert_int_ne(verify(&scratch, first, live), FRT_VERIFY_OK);
        put(&files[f]);
        for (size_t i = 0; i < FRT_ARRAY_LEN(names); i++) {
            snprintf(to, sizeof(to), "%s/%s", scratch.log, names[i]);
            rename(from, to);
            ck_assert_msg(verify(&scratch, first, live) != FRT_VERIFY_OK, "%s as %s", files[f].name,
                          names[i]);
            put(&files[f]);
            ck_assert_msg(verify(&scratch, first, live) != FRT_VERIFY_OK, "%s also as %s", files[f].name,
                          names[i]);
            unlink(to);
        }
    }
    ck_assert_int_eq(verify(&scratch, first, live), FRT_VERIFY_OK);
    unload(files, count);
}
END_TEST

/* ---- forging: the rows of the format's table where the forger holds keys ---- */

static const char *const forged_lines[] = {"p", "q", "r", "s", "t", "u"};

static bool usurped; /* seal 4 is signed by key 6, which was live */

/* What a writer gone wrong, or a forger with every key, might seal although it is not so. */
enum flaw {
    NO_FLAW,
    WRONG_LINK,
    WRONG_NUMBER,
    TIME_BACK,
    TIME_JUST_BACK,
    EMPTY_SEAL,
    WRONG_COUNT,
    WRONG_INDEX,
    TWO_SPELLINGS,
    SEG_INSIDE,
};

static enum flaw flaw;

/* Writes a whole trail of `seals` seals, one record each, keys from `key_of`; returns the last next key. */
static void forge(unsigned seals, const char *flavour, struct frt_key_pair (*key_of)(unsigned i),
                  char next_hex[65], uint8_t root[32], uint64_t *ret_size)
{
    char text[8192];
    size_t used = 0;
    struct frt_sha256 hasher;
    struct frt_tree tree;
    uint8_t leaf[32] = {0};
    char hex[65];

    ck_assert_int_eq(frt_sha256_init(&hasher), 0);
    frt_tree_init(&tree);
    for (unsigned i = 0; i < seals; i++) {
        struct frt_key_pair key = key_of(i), next = key_of(i + 1);
        struct frt_seal seal = {.index = i, .records = i + 1};
        char *line = text + used;

        leaf[0] ^= flaw == WRONG_LINK && i == 2;
        frt_hex_format(leaf, 32, hex);
        used += (size_t)snprintf(
            line, sizeof(text) - used,
            "{\"v\":1,\"n\":%u,\"p\":\"%s\",\"t\":\"2026-11-22T06:%02u:%02u.000000Z\",\"k\":"
            "\"%s\",\"u\":\"%s%s%s\"}\n",
            i + (flaw == WRONG_NUMBER && i == 2), hex,
            flaw == TIME_BACK && i == 3        ? 0U
            : flaw == TIME_JUST_BACK && i == 3 ? 1U
                                               : 3U,
            flaw == TIME_BACK && i == 3 ? 59U : 0U, flaw == SEG_INSIDE && i == 2 ? "seg" : "decision",
            forged_lines[i], flavour, flaw == TWO_SPELLINGS && i == 2 ? "%41" : "");
        frt_sha256_leaf(&hasher, line, strlen(line) - 1, leaf);
        frt_tree_append(&tree, &hasher, leaf);
        seal.records += flaw == WRONG_COUNT && i == 2;
        seal.index += flaw == WRONG_INDEX && i == 2;
        frt_tree_root(&tree, &hasher, seal.root);
        memcpy(seal.next_key, next.public_key, 32);
        if (usurped && i == 4)
            vector_key(7, &key);
        ck_assert_int_eq(frt_seal_sign(&seal, ORIGIN, &key), 0);
        used += frt_seal_format(&seal, text + used);
        if (flaw == EMPTY_SEAL && i + 1 == seals) {
            struct frt_key_pair after = key_of(i + 2);

            seal.index++;
            memcpy(seal.next_key, after.public_key, 32);
            ck_assert_int_eq(frt_seal_sign(&seal, ORIGIN, &next), 0);
            used += frt_seal_format(&seal, text + used);
        }
        frt_hex_format(next.public_key, 32, next_hex);
        memcpy(root, seal.root, 32);
    }
    *ret_size = tree.size;
    frt_sha256_clear(&hasher);
    scratch_empty(scratch.log);
    file_write(scratch.log, "000000000000.seg", text, used);
}

static struct frt_key_pair true_key(unsigned i)
{
    struct frt_key_pair pair;

    vector_key(i + 1, &pair);
    return pair;
}

/* Root took the key that was live after four seals; the older ones are gone and he has to invent them. */
static struct frt_key_pair thief_key(unsigned i)
{
    struct frt_key_pair pair;

    vector_key(i < 4 ? i + 101 : i + 1, &pair);
    return pair;
}

static struct frt_key_pair healed_key(unsigned i)
{
    struct frt_key_pair pair;

    vector_key(i < 5 ? i + 1 : i + 201, &pair);
    return pair;
}

static const struct {
    const char *given;
    enum flaw flaw;
    enum frt_verify_status expected;
} flaws[] = {
    {"nothing wrong", NO_FLAW, FRT_VERIFY_OK},
    {"a record linked to another one", WRONG_LINK, FRT_VERIFY_ALTERED},
    {"a record number left out", WRONG_NUMBER, FRT_VERIFY_ALTERED},
    {"a time 121 s before what is sealed", TIME_BACK, FRT_VERIFY_ALTERED},
    {"a time 120 s before what is sealed", TIME_JUST_BACK, FRT_VERIFY_OK},
    {"a seal over nothing new", EMPTY_SEAL, FRT_VERIFY_ALTERED},
    {"a seal that counts one too many", WRONG_COUNT, FRT_VERIFY_ALTERED},
    {"a seal number left out", WRONG_INDEX, FRT_VERIFY_ALTERED},
    {"an escape nobody needs", TWO_SPELLINGS, FRT_VERIFY_ALTERED},
    {"a seg record inside a segment", SEG_INSIDE, FRT_VERIFY_ALTERED},
};

/* Signed with the right keys over the right root: each rule stands on its own. */
START_TEST(what_is_sealed_must_be_right_as_well)
{
    char next[65];
    uint8_t root[32];
    uint64_t size;
    enum frt_verify_status status;

    flaw = flaws[_i].flaw;
    forge(4, "", true_key, next, root, &size);
    status = verify(&scratch, vector_first_key, NULL);
    ck_assert_msg(status == flaws[_i].expected, "%s: %d", flaws[_i].given, status);
}
END_TEST

START_TEST(rewriting_with_the_live_key_only_shows)
{
    char next[65], other[65];
    uint8_t root[32];
    uint64_t size;

    forge(4, "", true_key, next, root, &size);
    ck_assert_int_eq(verify(&scratch, vector_first_key, next), FRT_VERIFY_OK);
    forge(4, "forged", thief_key, other, root, &size);
    ck_assert_str_eq(other, next); /* he ends on the very live key */
    ck_assert_int_eq(verify(&scratch, vector_first_key, next), FRT_VERIFY_ALTERED);
}
END_TEST

static enum frt_verify_status verify_with_checkpoint(uint64_t size, const uint8_t root[32])
{
    struct {
        char note[2048], vkey[512];
    } text;
    struct frt_key_pair host;
    struct frt_verify_options options = {.log_dir = scratch.log,
                                         .origin = ORIGIN,
                                         .first_key = vector_first_key,
                                         .checkpoint = text.note,
                                         .checkpoint_key = text.vkey};
    struct frt_verify_result result;
    enum frt_verify_status status;

    vector_key(500, &host);
    checkpoint_make(size, root, &host, text.note, text.vkey);
    status = frt_trail_verify(&options, &result);
    frt_verify_result_clear(&result);
    return status;
}

START_TEST(rewriting_with_all_old_keys_shows_to_a_witness_only)
{
    char next[65];
    uint8_t root[32], forged[32];
    uint64_t size;

    forge(4, "", true_key, next, root, &size);
    ck_assert_int_eq(verify_with_checkpoint(size, root), FRT_VERIFY_OK);
    forge(4, "forged", true_key, next, forged, &size);
    ck_assert_int_eq(verify(&scratch, vector_first_key, next), FRT_VERIFY_OK); /* the limit, stated */
    ck_assert_int_eq(verify_with_checkpoint(size, root), FRT_VERIFY_ALTERED);
}
END_TEST

START_TEST(a_cut_to_an_earlier_seal_shows_to_live_key_and_witness)
{
    char next[65], ignored[65];
    uint8_t root[32], cut[32];
    uint64_t size, cut_size;

    forge(6, "", true_key, next, root, &size);
    forge(4, "", true_key, ignored, cut, &cut_size);
    ck_assert_int_eq(verify(&scratch, vector_first_key, NULL), FRT_VERIFY_OK); /* the limit, stated */
    ck_assert_int_eq(verify(&scratch, vector_first_key, next), FRT_VERIFY_CUT);
    ck_assert_int_eq(verify_with_checkpoint(size, root), FRT_VERIFY_CUT);
}
END_TEST

/* He cuts to seal 4 and goes on with the live key, which is key 6: it cannot sign as key 4. */
START_TEST(a_cut_continued_with_the_live_key_shows)
{
    char next[65];
    uint8_t root[32];
    uint64_t size;

    forge(5, "", true_key, next, root, &size);
    ck_assert_int_eq(verify(&scratch, vector_first_key, NULL), FRT_VERIFY_OK);
    usurped = true;
    forge(5, "", true_key, next, root, &size);
    ck_assert_int_eq(verify(&scratch, vector_first_key, NULL), FRT_VERIFY_ALTERED);
}
END_TEST

START_TEST(a_restored_snapshot_shows_to_a_witness_only)
{
    char next[65];
    uint8_t root[32], forged[32];
    uint64_t size;

    forge(6, "", true_key, next, root, &size);
    forge(6, "forged", healed_key, next, forged, &size); /* log and key of seal 4 restored, then continued */
    ck_assert_int_eq(verify(&scratch, vector_first_key, next), FRT_VERIFY_OK); /* the limit, stated */
    ck_assert_int_eq(verify_with_checkpoint(size, root), FRT_VERIFY_ALTERED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.tamper");
    TCase *tc = tcase_create("tamper"), *forging = tcase_create("forging");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, make, drop);
    tcase_add_loop_test(tc, every_flipped_bit_shows, 0, 4);
    tcase_add_test(tc, every_flipped_bit_of_the_last_commit_shows_without_a_live_key);
    tcase_add_test(tc, every_line_deleted_doubled_or_swapped_shows);
    tcase_add_loop_test(tc, random_edits_of_one_to_four_lines_show, 0, 4);
    tcase_add_test(tc, truncation_at_every_byte_shows_with_a_live_key);
    tcase_add_test(tc, a_removed_or_renamed_segment_shows);
    suite_add_tcase(suite, tc);
    tcase_set_timeout(forging, 300);
    tcase_add_checked_fixture(forging, make, drop);
    tcase_add_loop_test(forging, what_is_sealed_must_be_right_as_well, 0, (int)FRT_ARRAY_LEN(flaws));
    tcase_add_test(forging, rewriting_with_the_live_key_only_shows);
    tcase_add_test(forging, rewriting_with_all_old_keys_shows_to_a_witness_only);
    tcase_add_test(forging, a_cut_to_an_earlier_seal_shows_to_live_key_and_witness);
    tcase_add_test(forging, a_cut_continued_with_the_live_key_shows);
    tcase_add_test(forging, a_restored_snapshot_shows_to_a_witness_only);
    suite_add_tcase(suite, forging);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
