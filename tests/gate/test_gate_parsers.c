/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the gate reads from the kernel as text, and what it writes on people's terminals.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "gate/catalogue.h"
#include "gate/notice.h"
#include "gate/opener.h"
#include "gate/refusals.h"
#include "gate/scope.h"

#define REST "Tgid:\t77\nPid:\t78\nPPid:\t1\nUid:\t1\t2\t3\t4\nThreads:\t5\n"

static const struct {
    const char *given, *text;
    int expected;
    const char *comm;
} statuses[] = {
    {"an ordinary status", "Name:\tsh\n" REST, 0, "sh"},
    {"a name with a bracket and spaces", "Name:\ta) R 1\n" REST, 0, "a) R 1"},
    {"a name that looks like a line", "Name:\tUid:\t0\t0\t0\t0\n" REST, 0, "Uid:\t0\t0\t0\t0"},
    {"a name with an escaped newline", "Name:\tx\\nUid:\n" REST, 0, "x\\nUid:"},
    {"a longer name than there are", "Name:\taaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" REST, 0,
     "aaaaaaaaaaaaaaaaaaa"},
    {"no name first", REST "Name:\tsh\n", -EBADMSG, NULL},
    {"no uids", "Name:\tsh\nTgid:\t7\nPPid:\t1\nThreads:\t1\n", -EBADMSG, NULL},
    {"three uids", "Name:\tsh\nTgid:\t7\nPPid:\t1\nUid:\t1\t2\t3\nThreads:\t1\n", -EBADMSG, NULL},
    {"a uid past 32 bits", "Name:\tsh\nTgid:\t7\nPPid:\t1\nUid:\t1\t2\t3\t4294967296\nThreads:\t1\n",
     -EBADMSG, NULL},
    {"tgid zero", "Name:\tsh\nTgid:\t0\nPPid:\t1\nUid:\t1\t2\t3\t4\nThreads:\t1\n", -EBADMSG, NULL},
    {"cut in the middle of the uids", "Name:\tsh\nTgid:\t7\nPPid:\t1\nUid:\t1\t2", -EBADMSG, NULL},
    {"nothing", "", -EBADMSG, NULL},
};

START_TEST(a_status_is_read_by_its_labels)
{
    struct frt_opener_status status;
    int r = frt_opener_status_parse(statuses[_i].text, strlen(statuses[_i].text), &status);

    ck_assert_msg(r == statuses[_i].expected, "%s", statuses[_i].given);
    if (r < 0)
        return;
    ck_assert_str_eq(status.comm, statuses[_i].comm);
    ck_assert_int_eq(status.tgid, 77);
    ck_assert_uint_eq(status.uids[0], 1);
    ck_assert_uint_eq(status.uids[3], 4);
    ck_assert_uint_eq(status.threads, 5);
}
END_TEST

START_TEST(nobody_is_found_behind_pid_zero)
{
    struct frt_opener opener;

    ck_assert_int_lt(frt_opener_find(0, NULL, 0, &opener), 0);
    ck_assert_int_lt(frt_opener_find(-1, NULL, 0, &opener), 0);
}
END_TEST

static const struct {
    const char *given, *line;
    int expected;
    const char *path, *type;
    unsigned high, low;
} mounts[] = {
    {"the manual's example", "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
     0, "/mnt2", "ext3", 98, 0},
    {"no optional fields", "36 35 0:31 / /tmp rw - tmpfs none rw", 0, "/tmp", "tmpfs", 0, 31},
    {"a space in the path", "36 35 0:31 / /a\\040b rw - tmpfs none rw", 0, "/a b", "tmpfs", 0, 31},
    {"an escape cut short", "36 35 0:31 / /a\\04", -EBADMSG, NULL, NULL, 0, 0},
    {"an escape that is a NUL", "36 35 0:31 / /a\\000b rw - tmpfs none rw", -EBADMSG, NULL, NULL, 0, 0},
    {"no dash", "36 35 0:31 / /tmp rw tmpfs none rw", -EBADMSG, NULL, NULL, 0, 0},
    {"no device", "36 35 x / /tmp rw - tmpfs none rw", -EBADMSG, NULL, NULL, 0, 0},
    {"nothing", "", -EBADMSG, NULL, NULL, 0, 0},
};

START_TEST(a_line_of_mountinfo_is_read_or_refused)
{
    struct frt_mount mount;
    int r = frt_mount_parse(mounts[_i].line, strlen(mounts[_i].line), &mount);

    ck_assert_msg(r == mounts[_i].expected, "%s: %d", mounts[_i].given, r);
    if (r < 0)
        return;
    ck_assert_str_eq(mount.path, mounts[_i].path);
    ck_assert_str_eq(mount.type, mounts[_i].type);
    ck_assert_uint_eq(mount.dev, makedev(mounts[_i].high, mounts[_i].low));
}
END_TEST

START_TEST(a_notice_holds_nothing_a_terminal_obeys)
{
    struct frt_answer answer;
    char line[FRT_NOTICE_MAX];

    frt_answer_init(&answer);
    answer.decision = 17;
    strcpy(answer.message, "No \033[2J \xc2\xa7 290\r\nYou are root now");
    strcpy(answer.citation, "c. 290 \x9b");
    frt_notice_format("T\033]0;x\a", FRT_REASON_CITY_OFFICIAL, &answer, line);
    ck_assert(strncmp(line, "\r\n", 2) == 0);
    ck_assert(strcmp(line + strlen(line) - 2, "\r\n") == 0);
    for (const char *p = line + 2; p < line + strlen(line) - 2; p++)
        ck_assert_msg(*p >= 0x20 && *p <= 0x7E, "byte %02x", (unsigned char)*p);
    ck_assert_ptr_nonnull(strstr(line, "Record 17."));
    frt_notice_format("T03", FRT_REASON_FRTD_UNREACHABLE, NULL, line);
    ck_assert_ptr_nonnull(strstr(line, "T03"));
}
END_TEST

/* Sends BEGIN, one tool, END with these numbers; the result of the last. */
static int take(struct frt_gate_shared *shared, uint64_t serial, uint64_t end_serial, uint64_t count,
                const char *path)
{
    static uint8_t bytes[4096], items[1024];
    struct frt_gate_message m;
    size_t used = 0;
    int r = 0;

    for (int step = 0; step < 3 && r == 0; step++) {
        int n;

        frt_gate_message_init(&m, step == 0   ? FRT_GATE_CATALOGUE_BEGIN
                                  : step == 1 ? FRT_GATE_CATALOGUE_TOOL
                                              : FRT_GATE_CATALOGUE_END);
        m.serial = step == 2 ? end_serial : serial;
        m.count = count;
        if (step == 1) {
            strcpy(m.tool, "T1");
            m.treatment = FRT_GATE_TREAT_DECIDE;
            frt_gate_item_put(items, sizeof(items), &used, FRT_GATE_ITEM_PATH, path, strlen(path));
            m.items = items;
            m.items_length = used;
        }
        n = frt_gate_message_encode(&m, bytes, sizeof(bytes));
        r = frt_catalogue_take(shared, &m, bytes, (size_t)n);
    }
    return r;
}

START_TEST(a_catalogue_is_taken_whole_or_not_at_all)
{
    struct frt_gate_shared *shared = frt_gate_shared_new();
    struct frt_catalogue *c;

    ck_assert_int_eq(frt_catalogue_load(shared, &c), -ENODATA);
    ck_assert_int_eq(take(shared, 1, 1, 1, "/opt/one"), 1);
    ck_assert_int_eq(take(shared, 2, 3, 1, "/opt/two"), -EBADMSG); /* another edition's end */
    ck_assert_int_eq(take(shared, 2, 2, 2, "/opt/two"), -EBADMSG); /* a tool is missing */
    ck_assert_int_eq(frt_catalogue_load(shared, &c), 0);
    ck_assert_uint_eq(c->serial, 1);
    ck_assert_str_eq(c->places[0].text, "/opt/one");
    frt_catalogue_free(c);
    ck_assert_int_eq(take(shared, 4, 4, 1, "/opt/four/"), 1);
    ck_assert_int_eq(frt_catalogue_load(shared, &c), 0);
    ck_assert_str_eq(c->places[0].text, "/opt/four");
    frt_catalogue_free(c);
    frt_gate_shared_free(shared);
}
END_TEST

static const uint8_t a_rid[16] = {1, 2, 3}, another_rid[16] = {9};

START_TEST(refusals_are_counted_until_they_are_acknowledged)
{
    struct frt_gate_shared *shared = frt_gate_shared_new();
    struct frt_point point;
    uint8_t rid[16];

    frt_point_init(&point, "/nowhere");
    for (int i = 0; i < 5; i++)
        frt_refusals_add(shared, "T1", 1, 2, FRT_REASON_LATE, true, NULL);
    frt_refusals_add(shared, "T1", 1, 3, FRT_REASON_LATE, true, NULL);
    ck_assert_uint_eq(shared->refusals[0].count, 5);
    frt_refusals_send(shared, &point, false); /* nobody there: it has its rid, and is kept */
    memcpy(rid, shared->refusals[0].rid, sizeof(rid));
    ck_assert_mem_eq(rid, shared->instance, 8);
    /* What comes after the report has its rid is another report: nothing is told twice. */
    frt_refusals_add(shared, "T1", 1, 2, FRT_REASON_LATE, true, NULL);
    ck_assert_uint_eq(shared->refusals[0].count, 5);
    frt_refusals_acknowledge(shared, another_rid);
    ck_assert_uint_eq(shared->refusals[0].count, 5);
    frt_refusals_acknowledge(shared, rid);
    ck_assert_uint_eq(shared->refusals[0].count, 0);
    frt_gate_shared_free(shared);
}
END_TEST

START_TEST(a_question_without_an_answer_is_told_by_its_own_rid)
{
    struct frt_gate_shared *shared = frt_gate_shared_new();
    struct frt_point point;

    frt_refusals_add(shared, "T1", 1, 2, FRT_REASON_LATE, true, a_rid);
    frt_refusals_add(shared, "T1", 1, 2, FRT_REASON_LATE, true, another_rid);
    frt_refusals_add(shared, "T1", 1, 2, FRT_REASON_LATE, true, NULL);
    ck_assert_mem_eq(shared->refusals[0].rid, a_rid, 16);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(shared->refusals[i].count, 1);
    frt_refusals_acknowledge(shared, a_rid); /* not told yet: nothing that can be acknowledged */
    ck_assert_uint_eq(shared->refusals[0].count, 1);
    frt_point_init(&point, "/nowhere");
    frt_refusals_send(shared, &point, false);
    frt_refusals_acknowledge(shared, a_rid);
    ck_assert_uint_eq(shared->refusals[0].count, 0);
    ck_assert_uint_eq(shared->refusals[1].count, 1);
    frt_gate_shared_free(shared);
}
END_TEST

START_TEST(refusals_that_find_no_row_wait_for_one)
{
    struct frt_gate_shared *shared = frt_gate_shared_new();
    struct frt_point point;
    uint8_t rid[16];
    uint64_t told = 0;

    frt_point_init(&point, "/nowhere");
    for (int i = 0; i < FRT_SHARED_REFUSALS + 7; i++)
        frt_refusals_add(shared, "T1", 1, i, FRT_REASON_LATE, false, NULL);
    ck_assert_uint_eq(shared->unplaced, 7);
    frt_refusals_send(shared, &point, false);
    ck_assert_uint_eq(shared->unplaced, 7);
    memcpy(rid, shared->refusals[0].rid, sizeof(rid));
    frt_refusals_acknowledge(shared, rid);
    frt_refusals_send(shared, &point, false);
    ck_assert_uint_eq(shared->unplaced, 0);
    for (int i = 0; i < FRT_SHARED_REFUSALS; i++)
        told += shared->refusals[i].count;
    ck_assert_uint_eq(told, FRT_SHARED_REFUSALS - 1 + 7);
    frt_gate_shared_free(shared);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate");
    TCase *tcase = tcase_create("parsers");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, a_status_is_read_by_its_labels, 0,
                        (int)(sizeof(statuses) / sizeof(statuses[0])));
    tcase_add_test(tcase, nobody_is_found_behind_pid_zero);
    tcase_add_loop_test(tcase, a_line_of_mountinfo_is_read_or_refused, 0,
                        (int)(sizeof(mounts) / sizeof(mounts[0])));
    tcase_add_test(tcase, a_notice_holds_nothing_a_terminal_obeys);
    tcase_add_test(tcase, a_catalogue_is_taken_whole_or_not_at_all);
    tcase_add_test(tcase, refusals_are_counted_until_they_are_acknowledged);
    tcase_add_test(tcase, a_question_without_an_answer_is_told_by_its_own_rid);
    tcase_add_test(tcase, refusals_that_find_no_row_wait_for_one);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
