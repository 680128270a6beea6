/* SPDX-License-Identifier: BSD-2-Clause
 *
 * No memory, at every allocation in turn: a put either happens whole or not at all, and what was there stays. The linker
 * wraps the allocating functions (see CMakeLists.txt); the sanitizer watches for what is lost.
 */
#include <errno.h>

#include "directory/ldif.h"
#include "tests/directory/builders.h"

static long left = -1; /* allocations until one fails; -1: none does */

static bool fails(void)
{
    if (left < 0)
        return false;
    return left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    return fails() ? NULL : __real_strndup(text, length);
}

static struct frt_entry *person_entry(int version)
{
    return a_person("p01", version);
}

static struct frt_entry *role_entry(int version)
{
    struct frt_entry *entry = a_city_role("p01");

    attributes(entry,
               "frtRoleGroup: cn=a\\, b,ou=groups," SUFFIX "\nentryCSN: x\nmodifiersName: y\nfrtTicket: z");
    attribute(entry, "frtRoleEnd", version == 1 ? "20300101000000Z" : "20310101000000Z");
    return entry;
}

static struct frt_entry *unreadable_role_entry(int version)
{
    struct frt_entry *entry = role_entry(version);

    replace(entry, version == 1 ? "frtSworn" : "frtPerformer", "maybe");
    return entry;
}

/* The second keeps two members of the first, leaves one out and lists one more. */
static struct frt_entry *group_entry(int version)
{
    return a_role_group("police", version == 1 ? "member: cn=x\\,y,ou=groups," SUFFIX
                                                 "\nmemberUid: p01\nmemberUid: p02"
                                               : "member: cn=x\\,y,ou=groups," SUFFIX
                                                 "\nmemberUid: p02\nmemberUid: p03\nmemberUid: P");
}

static struct frt_entry *tool_entry(int version)
{
    struct frt_entry *entry = a_tool("T03-digikam");

    replace(entry, "cn", version == 1 ? "one" : "two");
    return entry;
}

static struct frt_entry *request_entry(int version)
{
    struct frt_entry *entry = a_request("Q1");

    replace(entry, "frtCaseNumber", version == 1 ? "C-1" : "C-2");
    return entry;
}

static struct frt_entry *authority_entry(int version)
{
    struct frt_entry *entry = an_emergency("S1");

    replace(entry, "frtMaxSearches", version == 1 ? "1" : "2");
    return entry;
}

static struct frt_entry *host_entry(int version)
{
    return a_host("h1", version == 1 ? "one" : "two", "city");
}

static struct frt_entry *agency_entry(int version)
{
    return an_agency("msp", version == 1 ? "performer" : "requester", "msp");
}

static struct frt_entry *(*const makers[])(int version) = {
    person_entry,    role_entry, unreadable_role_entry, group_entry, tool_entry, request_entry,
    authority_entry, host_entry, agency_entry,
};

/* Everything a caller could see of the nine entries. */
static void describe(const struct frt_view *view, char *text, size_t size)
{
    const struct frt_role *roles[4] = {NULL};
    size_t count = frt_view_roles_of(view, "p01", roles, 4);
    const struct frt_tool *tool = frt_view_tool(view, "T03");
    const struct frt_request *request = frt_view_request(view, "Q1");
    const struct frt_authority *authority = frt_view_authority(view, "S1");
    const struct frt_agency *agency = frt_view_agency(view, "msp");
    const struct frt_person *person = frt_view_person_by_uid(view, "p01");

    snprintf(text, size, "%zu %zu %zu %s %d %lld | %zu %zu %zu %zu %lld | %s %s %u | %d %d %d | %s",
             frt_view_entry_count(view), frt_view_unreadable_count(view), frt_view_tools(view, NULL, 0),
             frt_view_unreadable_count(view) ? frt_view_unreadable(view, 0) : "", person != NULL,
             person ? (long long)person->uid_number : -1, count, frt_view_roles_of(view, "p00", NULL, 0),
             frt_view_roles_of(view, "p02", NULL, 0), frt_view_roles_of(view, "p03", NULL, 0),
             count ? (long long)roles[0]->end_s : -1, tool ? tool->name : "",
             request ? request->case_number : "", authority ? authority->max_searches : 0,
             agency ? (int)agency->kind : -1, frt_view_host(view, "one") != NULL,
             frt_view_host(view, "two") != NULL, frt_view_problem(view));
}

/* The put of `entry` with the n-th allocation failing; true when none failed any more. */
static bool put_failing(struct frt_view *view, struct frt_entry *entry, long n)
{
    int r;

    left = n;
    r = frt_view_put(view, entry, NULL);
    if (left >= 0) {
        left = -1;
        ck_assert_int_eq(r, 0);
        return true;
    }
    ck_assert(r == -ENOMEM || r == 0); /* libc may get by without some of it */
    return r == 0;
}

static void check_put(struct frt_view *view, int maker, int version)
{
    for (long n = 0;; n++) {
        char before[8192], after[8192];

        describe(view, before, sizeof(before));
        if (put_failing(view, makers[maker](version), n)) {
            describe(view, after, sizeof(after));
            ck_assert_str_ne(before, after);
            ck_assert_int_gt(n, 3);
            return;
        }
        describe(view, after, sizeof(after));
        ck_assert_str_eq(before, after);
        ck_assert_int_lt(n, 1000);
    }
}

START_TEST(a_put_happens_whole_or_not_at_all)
{
    struct frt_view *view = empty_view();

    check_put(view, _i, 1);
    check_put(view, _i, 2);
    check_put(view, _i, 1);
    frt_view_free(view);
}
END_TEST

START_TEST(a_put_beside_others_happens_whole_or_not_at_all)
{
    struct frt_view *view = empty_view();

    for (size_t i = 0; i < FRT_ARRAY_LEN(makers); i++) {
        if (i != (size_t)_i && makers[i] != unreadable_role_entry)
            put(view, makers[i](1));
    }
    check_put(view, _i, 1);
    check_put(view, _i, 2);
    frt_view_free(view);
}
END_TEST

/* The unreadable list, the list of tools and the tables grow while many are put. */
START_TEST(growing_tables_may_fail_at_any_time)
{
    struct frt_view *view = empty_view();
    size_t in = 0;

    for (int i = 0; i < 3000; i++) {
        char id[16];
        struct frt_entry *entry;

        snprintf(id, sizeof(id), "T%d-x", i);
        entry = a_tool(id);
        replace(entry, "frtAction", i % 2 ? "decide" : "bogus");
        left = i % 40;
        in += frt_view_put(view, entry, NULL) == 0;
        left = -1;
        ck_assert_uint_eq(frt_view_entry_count(view), in);
        ck_assert_uint_eq(frt_view_tools(view, NULL, 0), in);
    }
    ck_assert_uint_gt(in, 200);
    ck_assert_uint_lt(in, 2900);
    frt_view_free(view);
}
END_TEST

START_TEST(a_view_is_made_whole_or_not_at_all)
{
    const struct frt_role_group row = {
        .dn = "cn=a\\,b," SUFFIX, .affiliation = "city", .department = "police"};
    struct frt_view_layout layout = {.suffix = SUFFIX, .people = "ou=folk," SUFFIX};
    struct frt_view *view = NULL;
    long n = 0;
    int r;

    do {
        left = n++;
        r = frt_view_new(&layout, &row, 1, &view);
        ck_assert(r == 0 || (r == -ENOMEM && !view));
    } while (r < 0);
    left = -1;
    ck_assert_int_gt(n, 10);
    frt_view_free(view);
}
END_TEST

START_TEST(a_file_is_read_or_refused_without_memory)
{
    static const char text[] = "dn: uid=p01,ou=people," SUFFIX "\nobjectClass: person\nuid:: cDAx\n\n"
                               "dn: cn=g,ou=groups," SUFFIX "\nobjectClass: posixGroup\nmemberUid: p01\n";
    int r = -1;

    for (long n = 0; r != 0; n++) {
        struct frt_view *view = empty_view();
        frt_auto_fclose FILE *stream = tmpfile();
        char error[FRT_LDIF_ERROR_MAX];

        fputs(text, stream);
        rewind(stream);
        left = n;
        r = frt_ldif_load_stream(stream, "city.ldif", view, error);
        left = -1;
        ck_assert(r == 0 || r == -ENOMEM);
        ck_assert((r == 0) == (*error == '\0'));
        frt_view_free(view);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directory.memory");
    TCase *tc = tcase_create("memory");

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, a_put_happens_whole_or_not_at_all, 0, (int)FRT_ARRAY_LEN(makers));
    tcase_add_loop_test(tc, a_put_beside_others_happens_whole_or_not_at_all, 0, (int)FRT_ARRAY_LEN(makers));
    tcase_add_test(tc, growing_tables_may_fail_at_any_time);
    tcase_add_test(tc, a_view_is_made_whole_or_not_at_all);
    tcase_add_test(tc, a_file_is_read_or_refused_without_memory);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
