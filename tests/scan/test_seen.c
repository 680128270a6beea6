/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan/seen.h"

static char folder[] = "/tmp/frt-seen-XXXXXX";
static char path[64];

static struct stat file_of(dev_t dev, ino_t ino)
{
    return (struct stat){
        .st_dev = dev, .st_ino = ino, .st_size = 100, .st_ctim = {.tv_sec = 5, .tv_nsec = 7}};
}

static struct frt_scan_seen *load(void)
{
    struct frt_scan_seen *seen;

    ck_assert_int_eq(frt_scan_seen_load(path, &seen), 0);
    return seen;
}

static void save_files(size_t count)
{
    struct frt_scan_seen *seen = load();

    for (size_t i = 0; i < count; i++) {
        struct stat st = file_of(1 + i % 2, 1000 - i);
        uint8_t sha256[32];

        memset(sha256, (int)i, sizeof(sha256));
        ck_assert_int_eq(frt_scan_seen_put(seen, &st, sha256), 0);
    }
    ck_assert_int_eq(frt_scan_seen_save(seen, path), 0);
    frt_scan_seen_free(seen);
}

static bool is_there(struct frt_scan_seen *seen, struct stat st)
{
    uint8_t sha256[32];

    return frt_scan_seen_find(seen, &st, sha256);
}

START_TEST(remembers_every_digest_across_a_save)
{
    struct frt_scan_seen *seen;

    save_files(200);
    seen = load();
    for (size_t i = 0; i < 200; i++) {
        const struct stat st = file_of(1 + i % 2, 1000 - i);
        uint8_t sha256[32], wanted[32];

        memset(wanted, (int)i, sizeof(wanted));
        ck_assert(frt_scan_seen_find(seen, &st, sha256));
        ck_assert_mem_eq(sha256, wanted, sizeof(wanted));
    }
    frt_scan_seen_free(seen);
}
END_TEST

START_TEST(a_file_with_another_size_or_time_of_change_is_another_file)
{
    struct frt_scan_seen *seen;
    struct stat st = file_of(1, 1000);

    save_files(1);
    seen = load();
    ck_assert(is_there(seen, st));
    st.st_size++;
    ck_assert(!is_there(seen, st));
    st = file_of(1, 1000);
    st.st_ctim.tv_nsec++;
    ck_assert(!is_there(seen, st));
    st = file_of(1, 1000);
    st.st_ctim.tv_sec++;
    ck_assert(!is_there(seen, st));
    ck_assert(!is_there(seen, file_of(2, 1000)));
    frt_scan_seen_free(seen);
}
END_TEST

START_TEST(forgets_what_was_not_met_on_devices_that_were_looked_at)
{
    struct frt_scan_seen *seen;

    save_files(4); /* inodes 1000, 998 on device 1; 999, 997 on device 2 */
    seen = load();
    ck_assert(is_there(seen, file_of(1, 1000)));
    ck_assert_int_eq(frt_scan_seen_save(seen, path), 0);
    frt_scan_seen_free(seen);
    seen = load();
    ck_assert(is_there(seen, file_of(1, 1000)));
    ck_assert(!is_there(seen, file_of(1, 998)));
    ck_assert(is_there(seen, file_of(2, 999)));
    ck_assert(is_there(seen, file_of(2, 997)));
    frt_scan_seen_free(seen);
}
END_TEST

static const char *const damages[] = {
    "",
    "frt-scan 2\n",
    "frt-scan 1\n1 1000 100 5 7 00\n",
    "frt-scan 1\n1 1000 100 5 7 0000000000000000000000000000000000000000000000000000000000000000 more\n",
    "frt-scan 1\n1 1000 100 5 7 0000000000000000000000000000000000000000000000000000000000000000\nx\n",
};

START_TEST(a_damaged_file_counts_as_empty)
{
    struct frt_scan_seen *seen;
    FILE *out = fopen(path, "w");

    ck_assert_ptr_nonnull(out);
    fputs(damages[_i], out);
    fclose(out);
    seen = load();
    ck_assert(!is_there(seen, file_of(1, 1000)));
    frt_scan_seen_free(seen);
}
END_TEST

static void make_folder(void)
{
    strcpy(folder, "/tmp/frt-seen-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    Suite *suite = suite_create("scan.seen");
    TCase *tests = tcase_create("seen");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, remembers_every_digest_across_a_save);
    tcase_add_test(tests, a_file_with_another_size_or_time_of_change_is_another_file);
    tcase_add_test(tests, forgets_what_was_not_met_on_devices_that_were_looked_at);
    tcase_add_loop_test(tests, a_damaged_file_counts_as_empty, 0,
                        (int)(sizeof(damages) / sizeof(damages[0])));
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
