/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scan/marks.h"
#include "scan/packages.h"

#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
    enum frt_scan_kind kind;
    const char *tool, *text;
    int result;
} additions[] = {
    {FRT_SCAN_PATH, "T1", "/opt/face/bin/face", 0},
    {FRT_SCAN_PATH, "T1", "/opt/tree/", 0},
    {FRT_SCAN_PATH, "T1", "opt/face", -EINVAL},
    {FRT_SCAN_PATH, "T1", "", -EINVAL},
    {FRT_SCAN_PATTERN, "T1", "/home/*/.face/*.h5", 0},
    {FRT_SCAN_PATTERN, "T1", "*.h5", -EINVAL},
    {FRT_SCAN_MODEL, "T2", "arcface*.onnx", 0},
    {FRT_SCAN_MODEL, "T2", "a/b.onnx", -EINVAL},
    {FRT_SCAN_DIGEST, "T3", DIGEST_A, 0},
    {FRT_SCAN_SIZE, "T3", "4096", 0},
    {FRT_SCAN_SIZE, "T3", "-1", -EINVAL},
    {FRT_SCAN_SIZE, "T3", "4k", -EINVAL},
    {FRT_SCAN_DIGEST, "T3", "aaaa", -EINVAL},
    {FRT_SCAN_DIGEST, "T3", DIGEST_A "a", -EINVAL},
    {FRT_SCAN_PACKAGE, "T4", "pypi:Face__Recog.Test", 0},
    {FRT_SCAN_PACKAGE, "T4", "npm:@face/test", 0},
    {FRT_SCAN_PACKAGE, "T4", "face", -EINVAL},
    {FRT_SCAN_PACKAGE, "T4", "deb:", -EINVAL},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct frt_scan_marks *make_marks(void)
{
    struct frt_scan_marks *marks;

    ck_assert_int_eq(frt_scan_marks_new(&marks), 0);
    for (size_t i = 0; i < COUNT(additions); i++)
        ck_assert_msg(frt_scan_marks_add(marks, additions[i].kind, additions[i].tool, additions[i].text) ==
                          additions[i].result,
                      "%s", additions[i].text);
    frt_scan_marks_finish(marks);
    return marks;
}

START_TEST(takes_marks_that_can_be_used_and_no_others)
{
    frt_scan_marks_free(make_marks());
}
END_TEST

static const struct {
    const char *path;
    bool is_directory;
    const char *mark; /* NULL: nothing */
} names[] = {
    {"/opt/face/bin/face", false, "/opt/face/bin/face"},
    {"/opt/face/bin/facex", false, NULL},
    {"/opt/face/bin", true, NULL},
    {"/opt/tree", true, "/opt/tree"},
    {"/opt/tree/x", false, NULL}, /* the directory has been told of already */
    {"/home/p01/.face/w.h5", false, "/home/*/.face/*.h5"},
    {"/home/p01/.face/a/w.h5", false, NULL},
    {"/srv/arcface_r50.onnx", false, "arcface*.onnx"},
    {"/srv/arcface_r50.onnx", true, NULL},
    {"/srv/arcface.onnx.txt", false, NULL},
};

START_TEST(recognises_by_path_pattern_and_model_name)
{
    struct frt_scan_marks *marks = make_marks();
    struct frt_scan_match match;
    bool found = frt_scan_match_name(marks, names[_i].path, names[_i].is_directory, &match);

    ck_assert_msg(found == (names[_i].mark != NULL), "%s", names[_i].path);
    if (found)
        ck_assert_str_eq(match.mark, names[_i].mark);
    frt_scan_marks_free(marks);
}
END_TEST

static const struct {
    const char *path;
    mode_t mode;
    uint64_t size;
    bool with_sizes, without_sizes;
} contents[] = {
    {"/a/photo.jpg", 0644, 4096, true, true},
    {"/a/photo.jpg", 0644, 4095, false, false},
    {"/a/program", 0755, 7, false, true},
    {"/a/program", 0644, 7, false, false},
    {"/a/libx.so.1", 0644, 7, false, true},
    {"/a/face", 0644, 7, false, true}, /* named like a catalogued path */
    {"/a/face", 0755, 0, false, false},
};

START_TEST(looks_into_files_of_a_catalogued_size_and_without_sizes_into_programs)
{
    struct frt_scan_marks *marks = make_marks();

    ck_assert_msg(frt_scan_wants_contents(marks, contents[_i].path, contents[_i].mode, contents[_i].size) ==
                      contents[_i].with_sizes,
                  "%s", contents[_i].path);
    ck_assert_int_eq(frt_scan_marks_add(marks, FRT_SCAN_DIGEST, "T5", DIGEST_B), 0);
    frt_scan_marks_finish(marks);
    ck_assert_msg(frt_scan_wants_contents(marks, contents[_i].path, contents[_i].mode, contents[_i].size) ==
                      contents[_i].without_sizes,
                  "%s", contents[_i].path);
    frt_scan_marks_free(marks);
}
END_TEST

START_TEST(recognises_a_digest_by_all_of_its_bytes)
{
    struct frt_scan_marks *marks = make_marks();
    struct frt_scan_match match;
    uint8_t sha256[32];

    memset(sha256, 0xaa, sizeof(sha256));
    ck_assert(frt_scan_match_digest(marks, sha256, &match));
    ck_assert_str_eq(match.tool, "T3");
    sha256[31] ^= 1;
    ck_assert(!frt_scan_match_digest(marks, sha256, &match));
    frt_scan_marks_free(marks);
}
END_TEST

START_TEST(an_empty_catalogue_recognises_nothing_and_reads_nothing)
{
    const uint8_t sha256[32] = {0};
    struct frt_scan_match match;
    struct frt_scan_marks *marks;

    ck_assert_int_eq(frt_scan_marks_new(&marks), 0);
    frt_scan_marks_finish(marks);
    ck_assert(!frt_scan_match_name(marks, "/x", false, &match));
    ck_assert(!frt_scan_wants_contents(marks, "/x", 0755, 1));
    ck_assert(!frt_scan_match_digest(marks, sha256, &match));
    ck_assert(!frt_scan_match_package(marks, "deb", "x", &match));
    frt_scan_marks_free(marks);
}
END_TEST

static const struct {
    const char *path;
    enum frt_scan_manifest manifest;
    const char *bytes;
    const char *name; /* NULL: none */
    const char *tool; /* NULL: not catalogued */
} manifests[] = {
    {"/v/x-1.dist-info/METADATA", FRT_SCAN_PYTHON, "Metadata-Version: 2.1\nName: face_recog-test\n\n",
     "face-recog-test", "T4"},
    {"/v/x.egg-info/PKG-INFO", FRT_SCAN_PYTHON, "name:\tFACE.recog...test  \r\n\r\n", "face-recog-test",
     "T4"},
    {"/v/x.egg-info", FRT_SCAN_PYTHON, "Name: other", "other", NULL},
    {"/v/x-1.dist-info/METADATA", FRT_SCAN_PYTHON, "Version: 1\n\nName: face_recog-test\n", NULL, NULL},
    {"/v/x-1.dist-info/METADATA", FRT_SCAN_PYTHON, "Name: two words\n", NULL, NULL},
    {"/v/x-1.dist-info/METADATA", FRT_SCAN_PYTHON, "Name:\n", NULL, NULL},
    {"/v/METADATA", FRT_SCAN_NO_MANIFEST, "Name: face_recog-test\n", NULL, NULL},
    {"/w/x/package.json", FRT_SCAN_NODE, "{\"name\": \"@face/test\"}", "@face/test", "T4"},
    {"/w/x/package.json", FRT_SCAN_NODE, "{\"a\": {\"name\": \"@face/test\"}}", NULL, NULL},
    {"/w/x/package.json", FRT_SCAN_NODE, "{\"name\": [\"@face/test\"]}", NULL, NULL},
    {"/w/x/package.json", FRT_SCAN_NODE, "{\"name\": \"a\\u0000b\"}", NULL, NULL},
    {"/w/x/package.json", FRT_SCAN_NODE, "nonsense", NULL, NULL},
    {"/w/x/my-package.json", FRT_SCAN_NO_MANIFEST, "{\"name\": \"@face/test\"}", NULL, NULL},
};

START_TEST(reads_names_of_packages_from_what_their_managers_leave)
{
    struct frt_scan_marks *marks = make_marks();
    enum frt_scan_manifest manifest = frt_scan_manifest_of(manifests[_i].path);
    char name[FRT_SCAN_NAME_MAX];
    struct frt_scan_match match;
    bool found, is_catalogued;

    ck_assert_int_eq(manifest, manifests[_i].manifest);
    found = frt_scan_manifest_name(manifest, manifests[_i].bytes, strlen(manifests[_i].bytes), name);
    ck_assert_msg(found == (manifests[_i].name != NULL), "%s", manifests[_i].bytes);
    if (found)
        ck_assert_str_eq(name, manifests[_i].name);
    is_catalogued = found && frt_scan_match_package(marks, frt_scan_manifest_system(manifest), name, &match);
    ck_assert_int_eq(is_catalogued, manifests[_i].tool != NULL);
    frt_scan_marks_free(marks);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan.marks");
    TCase *tests = tcase_create("marks");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, takes_marks_that_can_be_used_and_no_others);
    tcase_add_loop_test(tests, recognises_by_path_pattern_and_model_name, 0, COUNT(names));
    tcase_add_loop_test(tests, looks_into_files_of_a_catalogued_size_and_without_sizes_into_programs, 0,
                        COUNT(contents));
    tcase_add_test(tests, recognises_a_digest_by_all_of_its_bytes);
    tcase_add_test(tests, an_empty_catalogue_recognises_nothing_and_reads_nothing);
    tcase_add_loop_test(tests, reads_names_of_packages_from_what_their_managers_leave, 0, COUNT(manifests));
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
