/* SPDX-License-Identifier: BSD-2-Clause
 *
 * LDIF: what is read, and what is refused with file and line.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/ldif.h"
#include "tests/directory/builders.h"

#define NAME "city.ldif"

static int load_bytes(struct frt_view *view, const char *bytes, size_t length, char error[FRT_LDIF_ERROR_MAX])
{
    frt_auto_fclose FILE *stream = tmpfile();

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(bytes, 1, length, stream), length);
    rewind(stream);
    return frt_ldif_load_stream(stream, NAME, view, error);
}

static int load(struct frt_view *view, const char *text, char error[FRT_LDIF_ERROR_MAX])
{
    return load_bytes(view, text, strlen(text), error);
}

#define P01        "dn: uid=p01,ou=people," SUFFIX "\nobjectClass: inetOrgPerson\nuid: p01\nuidNumber: 1\n"
#define P02        "dn: uid=p02,ou=people," SUFFIX "\nobjectClass: inetOrgPerson\nuid: p02\nuidNumber: 2\n"
#define CRLF(line) line "\r\n"

static const struct {
    const char *given, *text;
    size_t people;
} good[] = {
    {"nothing", "", 0},
    {"only a version", "version: 1\n", 0},
    {"a version and an entry", "version: 1\n" P01, 1},
    {"a version, a line, an entry", "version: 1\n\n" P01, 1},
    {"two entries", P01 "\n" P02, 2},
    {"many empty lines", "\n\n\n" P01 "\n\n\n\n" P02 "\n\n", 2},
    {"no line end at the end", "dn: uid=p01,ou=people," SUFFIX "\nobjectClass: person\nuid: p01", 1},
    {"comments everywhere", "# a\n# b\n c\n" P01 "# d\n e\n\n# f\n\n" P02 "# g", 2},
    {"a comment inside a folded value",
     "dn: uid=p01,ou=people," SUFFIX "\nobjectClass: person\n# x\nuid: p01\n", 1},
    {"folded values",
     "dn: uid=p01,ou=peo\n ple,dc=frt,d\n c=example\nobjectClass: per\n son\nuid:\n  p0\n 1\n", 1},
    {"base64", "dn:: dWlkPXAwMSxvdT1wZW9wbGUsZGM9ZnJ0LGRjPWV4YW1wbGU=\nobjectClass: person\nuid:: cDAx\n", 1},
    {"folded base64", "dn: uid=p01,ou=people," SUFFIX "\nobjectClass: person\nuid:: cD\n Ax\n", 1},
    {"line ends of another system",
     CRLF("version: 1") CRLF("dn: uid=p01,ou=people," SUFFIX) CRLF("objectClass: per") CRLF(" son")
         CRLF("uid: p01") CRLF("") CRLF("dn: uid=p02,ou=people," SUFFIX) CRLF("objectClass: person")
             CRLF("uid: p02"),
     2},
    {"operational attributes of slapcat",
     P01 "structuralObjectClass: inetOrgPerson\nentryUUID: 5b1d3a4c-0000-1040-8000-0123456789ab\n"
         "creatorsName: cn=admin\ncreateTimestamp: 20260101000000Z\n"
         "entryCSN: 20260101000000.000000Z#000000#000#000000\nmodifiersName: cn=admin\n",
     1},
    {"the root", "dn:\nobjectClass: top\n\n" P01, 1},
    {"the suffix", "dn: " SUFFIX "\nobjectClass: dcObject\ndc: frt\n\n" P01, 1},
};

START_TEST(reads_what_slapcat_and_people_write)
{
    struct frt_view *view = empty_view();
    char error[FRT_LDIF_ERROR_MAX];
    int r = load(view, good[_i].text, error);

    ck_assert_msg(r == 0, "%s: %s", good[_i].given, error);
    ck_assert_str_eq(error, "");
    ck_assert_msg(frt_view_entry_count(view) == good[_i].people, "%s", good[_i].given);
    ck_assert_msg((frt_view_person_by_uid(view, "p01") != NULL) == (good[_i].people > 0), "%s",
                  good[_i].given);
    ck_assert_msg((frt_view_person_by_uid(view, "p02") != NULL) == (good[_i].people > 1), "%s",
                  good[_i].given);
    frt_view_free(view);
}
END_TEST

static const struct {
    const char *given, *text, *error;
} bad[] = {
    {"a change record",
     P01 "\ndn: uid=p02,ou=people," SUFFIX "\nchangetype: modify\nreplace: uid\nuid: p03\n-\n",
     NAME ":6: expected entries, found a change record (changetype:)"},
    {"an added entry is a change record too", "dn: uid=p02,ou=people," SUFFIX "\nchangetype: add\nuid: p02\n",
     NAME ":1: expected entries, found a change record"},
    {"a control", "dn: uid=p02,ou=people," SUFFIX "\ncontrol: 1.2.3 true\nchangetype: delete\n",
     NAME ":1: expected entries, found a change record"},
    {"a value by URL", P01 "jpegPhoto:< file:///etc/passwd\n",
     NAME ":1: jpegPhoto: expected the value itself"},
    {"a DN by URL", "dn:< file:///etc/passwd\n", NAME ":1: dn: expected the value itself"},
    {"an included file", "include: file:///etc/passwd\n", NAME ":1: expected \"dn: ...\""},
    {"an included file after an entry", P01 "\ninclude: file:///etc/passwd\n",
     NAME ":6: expected \"dn: ...\""},
    {"an index before the DN", "0\n" P01, NAME ":1: expected \"dn: ...\""},
    {"ldapsearch's last words", P01 "\nsearch: 2\nresult: 0 Success\n", "ldapsearch wants -LLL"},
    {"another version", "version: 2\n\n" P01, NAME ":1: expected \"version: 1\""},
    {"a line that is none", P01 "what is this\n", NAME ":1: expected lines \"name: value\""},
    {"escapes in a line that is none", "dn: cn=x\n\033[2J\n", "found \"%1B[2J\""},
    {"no name", P01 ": p01\n", NAME ":1: expected lines"},
    {"bad base64", P01 "cn:: ***\n", NAME ":1: cn: expected base64 after"},
    {"empty base64", P01 "cn::\n", NAME ":1: cn: expected base64 after"},
    {"cut base64", P01 "cn:: cDA\n", NAME ":1: cn: expected base64 after"},
    {"two entries run together", P01 P02, NAME ":1: expected an empty line between entries"},
    {"a continued line that continues nothing", "\n\n uid: p01\n",
     NAME ":3: expected \"dn: ...\", not a continued"},
    {"a NUL in the DN", "dn:: dWlkPXAwMQAsb3U9cGVvcGxl\n", NAME ":1: dn: expected a name without NUL"},
    {"a carriage return in a value", P01 "cn: a\rb\n", NAME ":5: expected no carriage return"},
};

START_TEST(refuses_the_rest_with_file_and_line)
{
    struct frt_view *view = empty_view();
    char error[FRT_LDIF_ERROR_MAX];
    int r = load(view, bad[_i].text, error);

    ck_assert_msg(r < 0, "%s", bad[_i].given);
    ck_assert_msg(strstr(error, bad[_i].error) != NULL, "%s: %s", bad[_i].given, error);
    ck_assert_msg(strncmp(error, NAME ":", strlen(NAME ":")) == 0, "%s: %s", bad[_i].given, error);
    frt_view_free(view);
}
END_TEST

START_TEST(refuses_nul_bytes_wherever_they_stand)
{
    const char text[] = P01 "\n" P02;

    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        struct frt_view *view = empty_view();
        char error[FRT_LDIF_ERROR_MAX], copy[sizeof(text)];

        memcpy(copy, text, sizeof(text));
        copy[i] = '\0';
        ck_assert_int_lt(load_bytes(view, copy, sizeof(text) - 1, error), 0);
        ck_assert_ptr_nonnull(strstr(error, "without NUL bytes"));
        frt_view_free(view);
    }
}
END_TEST

START_TEST(a_value_in_base64_may_hold_anything_and_is_judged_where_it_matters)
{
    struct frt_view *view = empty_view();
    char error[FRT_LDIF_ERROR_MAX];

    ck_assert_int_eq(load(view, "dn: uid=p01,ou=people," SUFFIX "\nobjectClass: person\nuid:: cAAx\n", error),
                     0);
    ck_assert_uint_eq(frt_view_unreadable_count(view), 1);
    ck_assert_ptr_null(frt_view_person_by_uid(view, "p"));
    frt_view_free(view);
}
END_TEST

START_TEST(spaces_that_matter_are_kept)
{
    struct frt_view *view = empty_view();
    char error[FRT_LDIF_ERROR_MAX];

    ck_assert_int_eq(load(view,
                          "dn: frtToolId=T1,ou=tools," SUFFIX
                          "\nobjectClass: frtTool\nfrtToolId: T1\nfrtToolClass: not-frt\n"
                          "frtPath: /a  b\n  c\nfrtSource:: IGEg\nfrtVector:exec\n",
                          error),
                     0);
    ck_assert_str_eq(frt_entry_find(frt_view_tool(view, "T1")->entry, "frtPath")->values[0].bytes, "/a  b c");
    ck_assert_str_eq(frt_entry_find(frt_view_tool(view, "T1")->entry, "frtSource")->values[0].bytes, " a ");
    ck_assert_str_eq(frt_entry_find(frt_view_tool(view, "T1")->entry, "FRTVECTOR")->values[0].bytes, "exec");
    frt_view_free(view);
}
END_TEST

START_TEST(the_uuid_of_the_file_is_the_entrys_key)
{
    struct frt_view *view = empty_view();
    char error[FRT_LDIF_ERROR_MAX];
    uint8_t uuid[16];

    ck_assert_int_eq(load(view, P01 "entryUUID: 5b1d3a4c-0000-1040-8000-0123456789ab\n", error), 0);
    ck_assert_int_eq(frt_uuid_parse("5b1d3a4c-0000-1040-8000-0123456789aB", 36, uuid), 0);
    ck_assert_int_eq(frt_uuid_parse("5b1d3a4c-0000-1040-8000-0123456789a", 35, uuid), -EINVAL);
    ck_assert_int_eq(frt_uuid_parse("5b1d3a4c00000-1040-8000-0123456789ab", 36, uuid), -EINVAL);
    frt_view_remove(view, uuid);
    ck_assert_uint_eq(frt_view_entry_count(view), 0);
    frt_view_free(view);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
    struct frt_view *view = empty_view();
    char error[FRT_LDIF_ERROR_MAX];

    ck_assert_int_eq(frt_ldif_load("/nonexistent/city.ldif", view, error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error, "/nonexistent/city.ldif"));
    ck_assert_int_eq(frt_ldif_load("/", view, error), -EISDIR);
    ck_assert_int_eq(frt_ldif_load("/nonexistent/\033[2J", view, error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error, "%1B[2J"));
    frt_view_free(view);
}
END_TEST

/* Whoever can write the file can give roles. */
START_TEST(only_files_that_others_cannot_write_are_trusted)
{
    static const struct {
        mode_t mode;
        bool given_away;
        int expected;
    } files[] = {{0644, false, 0},      {0600, false, 0},     {0664, false, -EPERM},
                 {0646, false, -EPERM}, {0444, true, -EPERM}, {0400, false, 0}};
    char path[] = "/tmp/frt-ldif-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(dprintf(fd, "%s", P01), 0);
    for (size_t i = 0; i < FRT_ARRAY_LEN(files); i++) {
        struct frt_view *view;
        char error[FRT_LDIF_ERROR_MAX];

        if (files[i].given_away && geteuid() != 0)
            continue; /* only root can */
        view = empty_view();
        ck_assert_int_eq(fchown(fd, files[i].given_away ? 20001 : geteuid(), (gid_t)-1), 0);
        ck_assert_int_eq(fchmod(fd, files[i].mode), 0);
        ck_assert_int_eq(frt_ldif_load_trusted(path, view, error), files[i].expected);
        ck_assert(files[i].expected == 0 || strstr(error, "expected"));
        ck_assert_uint_eq(frt_view_entry_count(view), files[i].expected == 0);
        ck_assert_int_eq(frt_ldif_load(path, view, error), 0);
        frt_view_free(view);
    }
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    {
        struct frt_view *view = empty_view();
        char error[FRT_LDIF_ERROR_MAX];

        ck_assert_int_eq(frt_ldif_load_trusted(path, view, error), -EPERM);
        frt_view_free(view);
    }
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Every cut of a good file is read or refused; nothing else happens. */
START_TEST(a_file_cut_anywhere_is_read_or_refused)
{
    const char text[] = "version: 1\n\n# c\n" P01 "cn:: QWxkZXI=\nsn: a\n b\n\n" P02;

    for (size_t length = 0; length < sizeof(text); length++) {
        struct frt_view *view = empty_view();
        char error[FRT_LDIF_ERROR_MAX];
        int r = load_bytes(view, text, length, error);

        ck_assert((r == 0) == (*error == '\0'));
        frt_view_free(view);
    }
}
END_TEST

#define ADD_ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)FRT_ARRAY_LEN(rows))

int main(void)
{
    Suite *suite = suite_create("directory.ldif");
    TCase *tc = tcase_create("ldif");

    tcase_set_timeout(tc, 240);
    ADD_ROWS(tc, reads_what_slapcat_and_people_write, good);
    ADD_ROWS(tc, refuses_the_rest_with_file_and_line, bad);
    tcase_add_test(tc, refuses_nul_bytes_wherever_they_stand);
    tcase_add_test(tc, a_value_in_base64_may_hold_anything_and_is_judged_where_it_matters);
    tcase_add_test(tc, spaces_that_matter_are_kept);
    tcase_add_test(tc, the_uuid_of_the_file_is_the_entrys_key);
    tcase_add_test(tc, files_that_cannot_be_read_are_named);
    tcase_add_test(tc, only_files_that_others_cannot_write_are_trusted);
    tcase_add_test(tc, a_file_cut_anywhere_is_read_or_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
