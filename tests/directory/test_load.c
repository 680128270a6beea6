/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A large directory: 100,000 people with a role each, a group of them all and 1,000 small groups. Time and memory are
 * printed, not judged: machines differ. Numbers mean something on a release build; with sanitizers, which are slow and hide
 * the heap, there are 20,000.
 */
#include <malloc.h>
#include <time.h>

#include "tests/directory/builders.h"

#if defined(__SANITIZE_ADDRESS__)
#define PEOPLE 20000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PEOPLE 20000
#endif
#endif
#ifndef PEOPLE
#define PEOPLE 100000
#endif
#define GROUPS 1000

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double heap_kib(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)(info.uordblks + info.hblkhd) / 1024;
}

/* Says how long and how much since the last time it was called. */
static void report(const char *what, unsigned long count)
{
    static double last_ms, last_kib;
    double ms = now_ms(), kib = heap_kib();

    if (what)
        printf("%-46s %9.1f ms %9.2f us each %10.0f KiB %7.3f KiB each\n", what, ms - last_ms,
               (ms - last_ms) * 1000 / (double)count, kib - last_kib, (kib - last_kib) / (double)count);
    last_ms = now_ms();
    last_kib = heap_kib();
}

static void uid_of(int i, char uid[16])
{
    snprintf(uid, 16, "user%06d", i);
}

static struct frt_entry *large_group(int from, int count, bool by_dn)
{
    struct frt_entry *entry = a_role_group("everybody", "");

    for (int i = from; i < from + count; i++) {
        char uid[16], dn[64];

        uid_of(i, uid);
        snprintf(dn, sizeof(dn), "uid=%s,ou=people," SUFFIX, uid);
        attribute(entry, by_dn ? "member" : "memberUid", by_dn ? dn : uid);
    }
    return entry;
}

static void put_small_group(struct frt_view *view, int i)
{
    char cn[32], uid[16];
    struct frt_entry *entry;

    uid_of(i, uid);
    snprintf(cn, sizeof(cn), "small%d", i);
    entry = a_group(cn, "");
    attribute(entry, "memberUid", uid);
    put(view, entry);
}

static size_t find_everybody(const struct frt_view *view)
{
    const struct frt_role *roles[4];
    size_t count = 0;

    for (int i = 0; i < PEOPLE; i++) {
        char uid[16];

        uid_of(i, uid);
        if (frt_view_person_by_uid(view, uid))
            count += frt_view_roles_of(view, uid, roles, 4);
    }
    return count;
}

static void put_everybody(struct frt_view *view)
{
    char uid[16];

    for (int i = 0; i < PEOPLE; i++) {
        uid_of(i, uid);
        put(view, a_person(uid, i));
    }
    report("people", PEOPLE);
    for (int i = 0; i < PEOPLE; i++) {
        uid_of(i, uid);
        put(view, i % 2 ? a_city_role(uid) : an_outside_role(uid, "msp"));
    }
    report("a role each", PEOPLE);
}

START_TEST(a_large_directory_is_read_and_changed)
{
    struct frt_view *view = empty_view();

    report(NULL, 0);
    put_everybody(view);
    ck_assert_uint_eq(find_everybody(view), PEOPLE);
    report("everybody looked up with roles", PEOPLE);
    put(view, large_group(0, PEOPLE, false));
    report("a group of all by login name", PEOPLE);
    ck_assert_uint_eq(find_everybody(view), 2 * PEOPLE);
    report("everybody looked up again", PEOPLE);
    put(view, large_group(1, PEOPLE, false));
    report("the group changed by one", 1);
    put(view, large_group(0, PEOPLE, true));
    report("the group by DN instead", PEOPLE);
    for (int i = 0; i < GROUPS; i++)
        put_small_group(view, i);
    report("1,000 small groups", GROUPS);
    ck_assert_str_eq(frt_view_problem(view), "");
    report("groups checked", 1);
    for (int i = 0; i < 1000; i++) {
        put(view, a_city_role("user000500"));
        ck_assert_uint_eq(frt_view_roles_of(view, "user000500", NULL, 0), 3);
        ck_assert_str_eq(frt_view_problem(view), "");
    }
    report("one role changed and seen", 1000);
    for (int i = 0; i < 1000; i++) {
        put_small_group(view, 7);
        ck_assert_str_eq(frt_view_problem(view), "");
    }
    report("one small group changed and seen", 1000);
    frt_view_free(view);
    report("freed", 2 * PEOPLE);
}
END_TEST

START_TEST(a_hundred_thousand_groups_of_one_person_are_bearable)
{
    struct frt_view *view = empty_view();
    char cn[32];

    report(NULL, 0);
    put(view, a_person("p01", 1));
    for (int i = 0; i < PEOPLE; i++) {
        snprintf(cn, sizeof(cn), "g%d", i);
        put(view, a_group(cn, "memberUid: p01"));
    }
    report("as many groups of one person", PEOPLE);
    put(view, a_role_group("g77", "memberUid: p01"));
    ck_assert_uint_eq(frt_view_roles_of(view, "p01", NULL, 0), 1);
    ck_assert_str_eq(frt_view_problem(view), "");
    report("one changed and seen", 1);
    frt_view_free(view);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directory.load");
    TCase *tc = tcase_create("load");

    tcase_set_timeout(tc, 280);
    tcase_add_test(tc, a_large_directory_is_read_and_changed);
    tcase_add_test(tc, a_hundred_thousand_groups_of_one_person_are_bearable);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
