/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/gate_message.h"

static uint8_t buffer[FRT_GATE_MESSAGE_MAX];

/* One message of every kind with every field it has. */
static void fill(struct frt_gate_message *m, enum frt_gate_kind kind, uint8_t *items, size_t size)
{
    size_t used = 0;

    frt_gate_message_init(m, kind);
    if (kind == FRT_GATE_STATE) {
        m->enforcing = true;
        m->inodes = 3;
        m->directories = 2;
        m->filesystems = 1;
        m->canaries = 7;
        m->text = "{\"enforcing\":true}";
        m->text_length = strlen(m->text);
    } else if (kind == FRT_GATE_CONTEXT) {
        memset(m->rid, 0x5a, sizeof(m->rid));
        strcpy(m->tty, "/dev/pts/3");
        strcpy(m->chain, "sh 812 < sshd 790");
    } else if (kind == FRT_GATE_REFUSED || kind == FRT_GATE_ACK) {
        memset(m->rid, 0xa5, sizeof(m->rid));
    } else if (kind != FRT_GATE_HELLO && kind != FRT_GATE_FORGET) {
        m->serial = 42;
    }
    if (kind == FRT_GATE_CATALOGUE_BEGIN || kind == FRT_GATE_CATALOGUE_END || kind == FRT_GATE_REFUSED)
        m->count = 9;
    if (kind == FRT_GATE_REFUSED) {
        strcpy(m->tool, "T03-digikam");
        m->login_uid = 20001;
        m->reason = FRT_REASON_FRTD_UNREACHABLE;
        m->asked = true;
    }
    if (kind == FRT_GATE_CATALOGUE_TOOL) {
        strcpy(m->tool, "T03-digikam");
        m->treatment = FRT_GATE_TREAT_DECIDE;
        ck_assert_int_eq(frt_gate_item_put(items, size, &used, FRT_GATE_ITEM_PATH, "/usr/bin/digikam", 16),
                         0);
        ck_assert_int_eq(frt_gate_item_put(items, size, &used, FRT_GATE_ITEM_SIZE, "4711", 4), 0);
        m->items = items;
        m->items_length = used;
    }
}

START_TEST(every_kind_of_message_comes_back_as_it_was_sent)
{
    enum frt_gate_kind kind = (enum frt_gate_kind)_i;
    struct frt_gate_message sent, got;
    uint8_t items[256], again[1024];
    const char *what = "";
    int n;

    fill(&sent, kind, items, sizeof(items));
    n = frt_gate_message_encode(&sent, buffer, sizeof(buffer));
    ck_assert_int_gt(n, 0);
    ck_assert(frt_gate_message_is(buffer, (size_t)n));
    ck_assert_msg(frt_gate_message_decode(buffer, (size_t)n, &got, &what) == 0, "%s", what);
    ck_assert_int_eq(frt_gate_message_encode(&got, again, sizeof(again)), n);
    ck_assert_mem_eq(again, buffer, (size_t)n);
    /* and no part of it is a message */
    for (int cut = 0; cut < n; cut++)
        ck_assert_int_eq(frt_gate_message_decode(buffer, (size_t)cut, &got, &what), -EBADMSG);
    buffer[n] = 0;
    ck_assert_int_eq(frt_gate_message_decode(buffer, (size_t)n + 1, &got, &what), -EBADMSG);
}
END_TEST

static const struct {
    const char *given;
    enum frt_gate_item_kind kind;
    const char *text;
    int expected;
} items[] = {
    {"an absolute path", FRT_GATE_ITEM_PATH, "/usr/bin/digikam", 0},
    {"a path with spaces and UTF-8", FRT_GATE_ITEM_PATH, "/opt/Gesicht \303\244", 0},
    {"a relative path", FRT_GATE_ITEM_PATH, "usr/bin/digikam", -EINVAL},
    {"the root", FRT_GATE_ITEM_PATH, "/", -EINVAL},
    {"nothing", FRT_GATE_ITEM_PATH, "", -EINVAL},
    {"an escape sequence", FRT_GATE_ITEM_PATH, "/opt/\033[2J", -EINVAL},
    {"a pattern with a literal beginning", FRT_GATE_ITEM_PATTERN, "/home/*/.deepface/weights/*.h5", 0},
    {"a pattern that begins anywhere", FRT_GATE_ITEM_PATTERN, "/*/weights", -EINVAL},
    {"a model file", FRT_GATE_ITEM_MODEL_FILE, "arcface.onnx", 0},
    {"a model file with a directory", FRT_GATE_ITEM_MODEL_FILE, "models/arcface.onnx", -EINVAL},
    {"63 hex digits", FRT_GATE_ITEM_SHA256, "233442a12387849668e04308685063bdfb2596be475c690b8c83725492e54f8",
     -EINVAL},
    {"64 hex digits in full", FRT_GATE_ITEM_SHA256,
     "475045e68f7c906d8524c791cdbde30ced5ecb666a9bef8db21d86c317c69192", 0},
    {"upper-case hex", FRT_GATE_ITEM_SHA256,
     "475045E68F7C906D8524C791CDBDE30CED5ECB666A9BEF8DB21D86C317C69192", -EINVAL},
    {"a size", FRT_GATE_ITEM_SIZE, "762296", 0},
    {"a negative size", FRT_GATE_ITEM_SIZE, "-1", -EINVAL},
    {"a package", FRT_GATE_ITEM_PACKAGE, "deb:digikam", 0},
};

START_TEST(items_are_judged_before_they_are_sent)
{
    uint8_t bytes[512];
    size_t used = 0;

    ck_assert_msg(frt_gate_item_put(bytes, sizeof(bytes), &used, items[_i].kind, items[_i].text,
                                    strlen(items[_i].text)) == items[_i].expected,
                  "%s", items[_i].given);
    ck_assert_uint_eq(used != 0, items[_i].expected == 0);
}
END_TEST

START_TEST(items_of_a_tool_are_read_in_order)
{
    struct frt_gate_message sent, got;
    struct frt_gate_item item;
    uint8_t bytes[256];
    const char *what;
    size_t cursor = 0;
    int n;

    fill(&sent, FRT_GATE_CATALOGUE_TOOL, bytes, sizeof(bytes));
    n = frt_gate_message_encode(&sent, buffer, sizeof(buffer));
    ck_assert_int_eq(frt_gate_message_decode(buffer, (size_t)n, &got, &what), 0);
    ck_assert(frt_gate_item_next(&got, &cursor, &item));
    ck_assert_int_eq(item.kind, FRT_GATE_ITEM_PATH);
    ck_assert_mem_eq(item.text, "/usr/bin/digikam", 16);
    ck_assert(frt_gate_item_next(&got, &cursor, &item));
    ck_assert_int_eq(item.kind, FRT_GATE_ITEM_SIZE);
    ck_assert(!frt_gate_item_next(&got, &cursor, &item));
}
END_TEST

START_TEST(a_flipped_bit_is_refused_or_means_another_message_that_encodes_the_same)
{
    struct frt_gate_message sent, got;
    uint8_t items_bytes[256], again[1024];
    const char *what;
    int n;

    fill(&sent, (enum frt_gate_kind)_i, items_bytes, sizeof(items_bytes));
    n = frt_gate_message_encode(&sent, buffer, sizeof(buffer));
    for (int bit = 0; bit < n * 8; bit++) {
        buffer[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        if (frt_gate_message_decode(buffer, (size_t)n, &got, &what) == 0) {
            ck_assert_int_eq(frt_gate_message_encode(&got, again, sizeof(again)), n);
            ck_assert_mem_eq(again, buffer, (size_t)n);
        }
        buffer[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate_message");
    TCase *tcase = tcase_create("messages");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, every_kind_of_message_comes_back_as_it_was_sent, FRT_GATE_HELLO,
                        FRT_GATE_KIND_END);
    tcase_add_loop_test(tcase, items_are_judged_before_they_are_sent, 0,
                        (int)(sizeof(items) / sizeof(items[0])));
    tcase_add_test(tcase, items_of_a_tool_are_read_in_order);
    tcase_add_loop_test(tcase, a_flipped_bit_is_refused_or_means_another_message_that_encodes_the_same,
                        FRT_GATE_HELLO, FRT_GATE_KIND_END);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
