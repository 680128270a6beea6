/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory/replica_controls.h"
#include "directory/replica_csn.h"
#include "directory/replica_feed.h"
#include "directory/replica_known.h"
#include "directory/replica_process.h"
#include "directory/replica_sandbox.h"
#include "directory/replica_seen.h"
#include "directory/replica_session.h"
#include "support/cleanup.h"

static const uint8_t uuid_a[16] = {0xa}, uuid_b[16] = {0xb}, uuid_c[16] = {0xc};

/* ---- builders ---- */

static struct frt_entry *role_entry(const uint8_t uuid[16], const char *id, const char *person)
{
    char dn[128];
    struct frt_entry *entry;

    snprintf(dn, sizeof(dn), "frtRoleId=%s,ou=roles,dc=frt,dc=example", id);
    entry = frt_entry_new(dn);
    ck_assert_ptr_nonnull(entry);
    memcpy(entry->uuid, uuid, 16);
    ck_assert_int_eq(frt_entry_add(entry, "objectClass", "frtRole", 7), 0);
    ck_assert_int_eq(frt_entry_add(entry, "frtRoleId", id, strlen(id)), 0);
    ck_assert_int_eq(frt_entry_add(entry, "frtPerson", person, strlen(person)), 0);
    ck_assert_int_eq(frt_entry_add(entry, "frtAffiliation", "city", 4), 0);
    ck_assert_int_eq(frt_entry_add(entry, "modifiersName", "cn=admin", 8), 0);
    ck_assert_int_eq(frt_entry_add(entry, "entryCSN", "20260101000000.000000Z#000000#000#000000", 40), 0);
    return entry;
}

static void put_role(struct frt_frame_buffer *out, const uint8_t uuid[16], const char *id, const char *person)
{
    struct frt_entry *entry = role_entry(uuid, id, person);

    ck_assert_int_eq(frt_replica_put_entry(out, entry), 0);
    frt_entry_free(entry);
}

static struct frt_view *a_view(void)
{
    const struct frt_view_layout layout = {.suffix = "dc=frt,dc=example"};
    struct frt_view *view = NULL;

    ck_assert_int_eq(frt_view_new(&layout, NULL, 0, &view), 0);
    return view;
}

/* Everything a listener hears, as text. */
struct heard {
    char text[4096];
    size_t used;
};

static void hear(struct heard *heard, const char *what, const char *more)
{
    heard->used +=
        (size_t)snprintf(heard->text + heard->used, sizeof(heard->text) - heard->used, "%s(%s) ", what, more);
}

static void hear_changed(void *arg, const struct frt_replica_change *change)
{
    static const char *const kinds[] = {"?", "added", "changed", "removed"};
    char more[1024];

    snprintf(more, sizeof(more), "%s %s %s|%s%s", kinds[change->kind], change->object_class, change->before,
             change->after, change->by_refresh ? " refresh" : "");
    hear(arg, "change", more);
}

static void hear_state(void *arg, enum frt_replica_state state, const char *text)
{
    hear(arg, frt_replica_state_name(state), text);
}

static void hear_refreshed(void *arg, const struct frt_replica_counts *counts)
{
    char more[128];

    snprintf(more, sizeof(more), "%zu -%zu =%zu%s", counts->received, counts->removed, counts->total,
             counts->first ? " first" : "");
    hear(arg, "refreshed", more);
}

static void hear_confirmed(void *arg, const char *csn, int64_t age_ms)
{
    (void)age_ms;
    hear(arg, "confirmed", csn);
}

struct fixture {
    struct frt_view *view;
    struct frt_replica_feed *feed;
    struct frt_frame_buffer out;
    struct heard heard;
    struct frt_replica_listener listener;
};

static void setup(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->view = a_view();
    ck_assert_int_eq(frt_replica_feed_new(&f->feed), 0);
    f->listener =
        (struct frt_replica_listener){&f->heard, hear_changed, hear_state, hear_refreshed, hear_confirmed};
}

static void teardown(struct fixture *f)
{
    frt_frame_buffer_clear(&f->out);
    frt_replica_feed_free(f->feed);
    frt_view_free(f->view);
}

/* Feeds what is in `out`, empties it, and forgets what was heard before. */
static int feed(struct fixture *f)
{
    int r;

    f->heard = (struct heard){0};
    r = frt_replica_feed_take(f->feed, f->out.bytes, f->out.length, f->view, frt_replica_clock_ms(),
                              &f->listener);
    frt_frame_buffer_clear(&f->out);
    return r;
}

static void put_content(struct fixture *f, const char *csn)
{
    ck_assert_int_eq(frt_replica_put_begin(&f->out, csn), 0);
    put_role(&f->out, uuid_a, "r1", "p01");
    put_role(&f->out, uuid_b, "r2", "p02");
    ck_assert_int_eq(frt_replica_put_end(&f->out, 2), 0);
    ck_assert_int_eq(frt_replica_put_confirm(&f->out, csn, frt_replica_clock_ms()), 0);
}

/* ---- frames ---- */

START_TEST(an_entry_comes_out_as_it_went_in)
{
    struct frt_frame_buffer out = {0};
    struct frt_replica_message message;
    struct frt_entry *entry = role_entry(uuid_a, "r1", "p01");

    ck_assert_int_eq(frt_entry_add(entry, "frtTicket;lang-en", "a\0b", 3), 0);
    ck_assert_int_eq(frt_entry_add(entry, "frtTicket;lang-en", "", 0), 0);
    ck_assert_int_eq(frt_replica_put_entry(&out, entry), 0);
    ck_assert_int_eq(frt_replica_message_decode(out.bytes, out.length, &message), 0);
    ck_assert_int_eq(message.type, FRT_REPLICA_ENTRY);
    ck_assert_str_eq(message.entry->dn, entry->dn);
    ck_assert_mem_eq(message.entry->uuid, entry->uuid, 16);
    ck_assert_uint_eq(message.entry->attribute_count, entry->attribute_count);
    for (size_t a = 0; a < entry->attribute_count; a++) {
        ck_assert_str_eq(message.entry->attributes[a].name, entry->attributes[a].name);
        ck_assert_uint_eq(message.entry->attributes[a].value_count, entry->attributes[a].value_count);
        for (size_t v = 0; v < entry->attributes[a].value_count; v++) {
            ck_assert_uint_eq(message.entry->attributes[a].values[v].length,
                              entry->attributes[a].values[v].length);
            ck_assert_mem_eq(message.entry->attributes[a].values[v].bytes,
                             entry->attributes[a].values[v].bytes, entry->attributes[a].values[v].length);
        }
    }
    frt_replica_message_clear(&message);
    frt_entry_free(entry);
    frt_frame_buffer_clear(&out);
}
END_TEST

START_TEST(every_other_message_comes_out_as_it_went_in)
{
    struct frt_frame_buffer out = {0};
    struct frt_replica_message m;
    size_t at = 0, size;

    frt_replica_put_begin(&out, "C#1");
    frt_replica_put_remove(&out, uuid_b, "cn=x");
    frt_replica_put_end(&out, 70000);
    frt_replica_put_confirm(&out, "C#2;C#3", 1234567890123);
    frt_replica_put_state(&out, FRT_REPLICA_REFUSED, "no");
    frt_replica_put_reset(&out);
    for (int type = 0; at < out.length; at += size, type++) {
        ck_assert_int_eq(frt_replica_frame_size(out.bytes + at, out.length - at, &size), 0);
        ck_assert_int_eq(frt_replica_message_decode(out.bytes + at, size, &m), 0);
        switch (type) {
        case 0:
            ck_assert(m.type == FRT_REPLICA_BEGIN && strcmp(m.text, "C#1") == 0);
            break;
        case 1:
            ck_assert(m.type == FRT_REPLICA_REMOVE && strcmp(m.text, "cn=x") == 0 &&
                      memcmp(m.uuid, uuid_b, 16) == 0);
            break;
        case 2:
            ck_assert(m.type == FRT_REPLICA_END && m.count == 70000);
            break;
        case 3:
            ck_assert(m.type == FRT_REPLICA_CONFIRM && m.asked_ms == 1234567890123 &&
                      strcmp(m.text, "C#2;C#3") == 0);
            break;
        case 4:
            ck_assert(m.type == FRT_REPLICA_STATE && m.state == FRT_REPLICA_REFUSED &&
                      strcmp(m.text, "no") == 0);
            break;
        default:
            ck_assert_int_eq(m.type, FRT_REPLICA_RESET);
        }
        frt_replica_message_clear(&m);
    }
    frt_frame_buffer_clear(&out);
}
END_TEST

START_TEST(a_frame_cut_anywhere_is_not_yet_a_frame)
{
    struct frt_frame_buffer out = {0};
    struct frt_replica_message message;
    size_t size;

    put_role(&out, uuid_a, "r1", "p01");
    for (size_t cut = 0; cut < out.length; cut++) {
        ck_assert_int_eq(frt_replica_frame_size(out.bytes, cut, &size), 0);
        ck_assert_uint_eq(size, 0);
        ck_assert_int_eq(frt_replica_message_decode(out.bytes, cut, &message), -EBADMSG);
    }
    frt_frame_buffer_clear(&out);
}
END_TEST

/* A payload that ends early while the frame's own length agrees: every field is checked, not only the frame. */
START_TEST(a_payload_cut_anywhere_is_refused)
{
    struct frt_frame_buffer out = {0};
    struct frt_replica_message message;

    put_role(&out, uuid_a, "r1", "p01");
    for (size_t cut = FRT_REPLICA_FRAME_HEADER; cut < out.length; cut++) {
        unsigned char *copy = malloc(cut);

        memcpy(copy, out.bytes, cut);
        copy[0] = copy[1] = 0;
        copy[2] = (unsigned char)((cut - 4) >> 8);
        copy[3] = (unsigned char)(cut - 4);
        ck_assert_int_eq(frt_replica_message_decode(copy, cut, &message), -EBADMSG);
        free(copy);
    }
    frt_frame_buffer_clear(&out);
}
END_TEST

static const struct {
    const char *given;
    unsigned char bytes[64];
    size_t size;
} bad_frames[] = {
    {"no type", {0, 0, 0, 0}, 4},
    {"type 0", {0, 0, 0, 1, 0}, 5},
    {"type 8", {0, 0, 0, 1, 8}, 5},
    {"a frame one byte over 16 MiB", {1, 0, 0, 1, FRT_REPLICA_STATE}, 5},
    {"a reset with something in it", {0, 0, 0, 2, FRT_REPLICA_RESET, 0}, 6},
    {"an end with five bytes", {0, 0, 0, 6, FRT_REPLICA_END, 0, 0, 0, 0, 0}, 10},
    {"a state that is none", {0, 0, 0, 4, FRT_REPLICA_STATE, 3, 0, 0}, 8},
    {"a text with a NUL", {0, 0, 0, 5, FRT_REPLICA_STATE, 0, 0, 1, 0}, 9},
    {"a text longer than the frame", {0, 0, 0, 5, FRT_REPLICA_STATE, 0, 0, 9, 'x'}, 9},
    {"a CSN with a blank", {0, 0, 0, 4, FRT_REPLICA_BEGIN, 0, 1, ' '}, 8},
    {"a confirmation before time", {0, 0, 0, 11, FRT_REPLICA_CONFIRM, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}, 15},
    {"an entry without a name", {0, 0, 0, 21, FRT_REPLICA_ENTRY, [21] = 0, [24] = 0}, 25},
    {"an entry with 257 attributes", {0, 0, 0, 22, FRT_REPLICA_ENTRY, [22] = 1, 'd', 1, 1}, 26},
    {"an attribute without a name",
     {0, 0, 0, 28, FRT_REPLICA_ENTRY, [22] = 1, 'd', 0, 1, 0, 0, 0, 0, 0, 1},
     32},
    {"an attribute name with a blank",
     {0, 0, 0, 33, FRT_REPLICA_ENTRY, [22] = 1, 'd', 0, 1, 0, 1, ' ', 0, 0, 0, 1, 0, 0, 0, 0},
     37},
    {"an attribute without a value",
     {0, 0, 0, 29, FRT_REPLICA_ENTRY, [22] = 1, 'd', 0, 1, 0, 1, 'c', 0, 0, 0, 0},
     33},
    {"more values than bytes",
     {0, 0, 0, 33, FRT_REPLICA_ENTRY, [22] = 1, 'd', 0, 1, 0, 1, 'c', 0, 0, 0, 2, 0, 0, 0, 0},
     37},
    {"a value longer than the frame",
     {0, 0, 0, 33, FRT_REPLICA_ENTRY, [22] = 1, 'd', 0, 1, 0, 1, 'c', 0, 0, 0, 1, 0, 0, 0, 1},
     37},
    {"one attribute twice",
     {0,        0,   0,   44, FRT_REPLICA_ENTRY,
      [22] = 1, 'd', 0,   2,  0,
      1,        'c', 0,   0,  0,
      1,        0,   0,   0,  0,
      0,        1,   'C', 0,  0,
      0,        1,   0,   0,  0,
      0},
     48},
};

START_TEST(a_bad_frame_is_refused)
{
    struct frt_replica_message message;
    size_t size = 0;
    int r = frt_replica_frame_size(bad_frames[_i].bytes, bad_frames[_i].size, &size);

    if (r == 0) {
        ck_assert_msg(size == bad_frames[_i].size, "%s: the row itself is wrong", bad_frames[_i].given);
        r = frt_replica_message_decode(bad_frames[_i].bytes, size, &message);
    }
    ck_assert_msg(r == -EBADMSG, "%s: %d", bad_frames[_i].given, r);
}
END_TEST

START_TEST(the_row_of_a_good_entry_is_taken)
{
    static const unsigned char good[] = {
        0, 0, 0, 33, FRT_REPLICA_ENTRY, [22] = 1, 'd', 0, 1, 0, 1, 'c', 0, 0, 0, 1, 0, 0, 0, 0};
    struct frt_replica_message message;

    ck_assert_int_eq(frt_replica_message_decode(good, sizeof(good), &message), 0);
    frt_replica_message_clear(&message);
}
END_TEST

START_TEST(what_does_not_fit_a_frame_leaves_the_buffer_as_it_was)
{
    struct frt_frame_buffer out = {0};
    char *dn = malloc(FRT_REPLICA_MAX_DN + 2);

    memset(dn, 'x', FRT_REPLICA_MAX_DN + 1);
    dn[FRT_REPLICA_MAX_DN + 1] = '\0';
    ck_assert_int_eq(frt_replica_put_end(&out, 1), 0);
    ck_assert_int_eq(frt_replica_put_remove(&out, uuid_a, dn), -EMSGSIZE);
    ck_assert_uint_eq(out.length, 9);
    dn[FRT_REPLICA_MAX_DN] = '\0';
    ck_assert_int_eq(frt_replica_put_remove(&out, uuid_a, dn), 0);
    ck_assert_uint_eq(out.length, 9 + 5 + 16 + 2 + FRT_REPLICA_MAX_DN);
    free(dn);
    frt_frame_buffer_clear(&out);
}
END_TEST

/* ---- the feed ---- */

START_TEST(a_content_and_its_confirmation_make_the_view_fresh)
{
    struct fixture f;

    setup(&f);
    put_content(&f, "20260102000000.000000Z#000000#000#000000");
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_str_eq(f.heard.text,
                     "refreshed(2 -0 =2 first) confirmed(20260102000000.000000Z#000000#000#000000) ");
    ck_assert_int_eq(frt_view_state(f.view, frt_replica_clock_ms(), 60000), FRT_VIEW_FRESH);
    teardown(&f);
}
END_TEST

START_TEST(bytes_may_come_one_at_a_time)
{
    struct fixture f;
    int r = 0;

    setup(&f);
    put_content(&f, "C");
    for (size_t i = 0; i < f.out.length && r == 0; i++)
        r = frt_replica_feed_take(f.feed, f.out.bytes + i, 1, f.view, frt_replica_clock_ms(), &f.listener);
    ck_assert_int_eq(r, 0);
    ck_assert_str_eq(f.heard.text, "refreshed(2 -0 =2 first) confirmed(C) ");
    teardown(&f);
}
END_TEST

START_TEST(a_changed_role_is_told_with_what_it_said_before)
{
    struct fixture f;

    setup(&f);
    put_content(&f, "C");
    ck_assert_int_eq(feed(&f), 0);
    put_role(&f.out, uuid_a, "r1", "p09");
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_str_eq(f.heard.text, "change(changed frtRole frtAffiliation=city frtPerson=p01 frtRoleId=r1|"
                                   "frtAffiliation=city frtPerson=p09 frtRoleId=r1) ");
    put_role(&f.out, uuid_c, "r3", "p0 3");
    frt_replica_put_remove(&f.out, uuid_b, "gone");
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_str_eq(f.heard.text,
                     "change(added frtRole |frtAffiliation=city frtPerson=p0%203 frtRoleId=r3) "
                     "change(removed frtRole frtAffiliation=city frtPerson=p02 frtRoleId=r2|) ");
    teardown(&f);
}
END_TEST

START_TEST(what_a_new_content_lacks_is_told_as_removed)
{
    struct fixture f;

    setup(&f);
    put_content(&f, "C");
    ck_assert_int_eq(feed(&f), 0);
    frt_replica_put_reset(&f.out);
    frt_replica_put_begin(&f.out, "D");
    put_role(&f.out, uuid_b, "r2", "p02");
    frt_replica_put_end(&f.out, 1);
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_str_eq(f.heard.text,
                     "change(removed frtRole frtAffiliation=city frtPerson=p01 frtRoleId=r1| refresh) "
                     "refreshed(1 -1 =1) ");
    teardown(&f);
}
END_TEST

START_TEST(a_content_broken_off_removes_nothing)
{
    struct fixture f;

    setup(&f);
    put_content(&f, "C");
    ck_assert_int_eq(feed(&f), 0);
    frt_replica_put_begin(&f.out, "D");
    put_role(&f.out, uuid_b, "r2", "p02");
    frt_replica_put_reset(&f.out);
    put_content(&f, "D");
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_str_eq(f.heard.text, "refreshed(2 -0 =2) confirmed(D) ");
    teardown(&f);
}
END_TEST

START_TEST(a_server_that_went_back_is_not_believed_even_before_its_content_ends)
{
    struct fixture f;

    setup(&f);
    put_content(&f, "20260102000000.000000Z#000000#000#000000");
    ck_assert_int_eq(feed(&f), 0);
    frt_replica_put_begin(&f.out, "20260101000000.000000Z#000000#000#000000");
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_int_eq(frt_view_state(f.view, frt_replica_clock_ms(), 60000), FRT_VIEW_INCOMPLETE);
    teardown(&f);
}
END_TEST

START_TEST(a_content_that_is_newer_renews_nothing_before_it_is_there)
{
    struct fixture f;
    int64_t age_ms, now_ms;

    setup(&f);
    put_content(&f, "20260102000000.000000Z#000000#000#000000");
    ck_assert_int_eq(feed(&f), 0);
    now_ms = frt_replica_clock_ms() + 50000;
    age_ms = frt_view_age_ms(f.view, now_ms);
    frt_replica_put_begin(&f.out, "20260103000000.000000Z#000000#000#000000");
    ck_assert_int_eq(feed(&f), 0);
    ck_assert_int_eq(frt_view_age_ms(f.view, now_ms), age_ms);
    teardown(&f);
}
END_TEST

enum step { BEGIN, ENTRY, REMOVE, END_0, END_1, CONFIRM, CONFIRM_FUTURE, RESET, STATE, STOP };

static const struct {
    const char *given;
    enum step steps[8];
    int expected;
} orders[] = {
    {"a state alone", {STATE, STOP}, 0},
    {"a reset alone", {RESET, STOP}, 0},
    {"begin, entry, end", {BEGIN, ENTRY, END_1, STOP}, 0},
    {"begin twice", {BEGIN, ENTRY, BEGIN, ENTRY, END_1, STOP}, 0},
    {"an entry before any content", {ENTRY, STOP}, -EBADMSG},
    {"a removal before any content", {REMOVE, STOP}, -EBADMSG},
    {"a confirmation before any content", {CONFIRM, STOP}, -EBADMSG},
    {"an end before any content", {END_0, STOP}, -EBADMSG},
    {"an end that counts one too few", {BEGIN, ENTRY, END_0, STOP}, -EBADMSG},
    {"an end that counts one too many", {BEGIN, END_1, STOP}, -EBADMSG},
    {"a confirmation inside a content", {BEGIN, ENTRY, CONFIRM, STOP}, -EBADMSG},
    {"two ends", {BEGIN, END_0, END_0, STOP}, -EBADMSG},
    {"a confirmation from the future", {BEGIN, END_0, CONFIRM_FUTURE, STOP}, -EBADMSG},
    {"changes after a content", {BEGIN, END_0, ENTRY, REMOVE, CONFIRM, STOP}, 0},
    {"an entry after a reset", {BEGIN, END_0, RESET, ENTRY, STOP}, -EBADMSG},
    {"a confirmation after a reset", {BEGIN, END_0, RESET, CONFIRM, STOP}, -EBADMSG},
    {"an end after a reset", {BEGIN, RESET, END_0, STOP}, -EBADMSG},
};

static void put_step(struct frt_frame_buffer *out, enum step step)
{
    switch (step) {
    case BEGIN:
        frt_replica_put_begin(out, "C");
        break;
    case ENTRY:
        put_role(out, uuid_a, "r1", "p01");
        break;
    case REMOVE:
        frt_replica_put_remove(out, uuid_a, "");
        break;
    case END_0:
    case END_1:
        frt_replica_put_end(out, step == END_1);
        break;
    case CONFIRM:
    case CONFIRM_FUTURE:
        frt_replica_put_confirm(out, "C", frt_replica_clock_ms() + (step == CONFIRM ? 0 : 3600000));
        break;
    case RESET:
        frt_replica_put_reset(out);
        break;
    case STATE:
        frt_replica_put_state(out, FRT_REPLICA_CONNECTED, "");
        break;
    case STOP:
        break;
    }
}

START_TEST(messages_out_of_order_break_the_feed_for_good)
{
    struct fixture f;
    int r;

    setup(&f);
    for (size_t i = 0; orders[_i].steps[i] != STOP; i++)
        put_step(&f.out, orders[_i].steps[i]);
    r = feed(&f);
    ck_assert_msg(r == orders[_i].expected, "%s: %d", orders[_i].given, r);
    put_step(&f.out, STATE);
    ck_assert_int_eq(feed(&f), orders[_i].expected);
    teardown(&f);
}
END_TEST

START_TEST(the_end_of_the_socket_is_told)
{
    struct fixture f;
    int pair[2];

    setup(&f);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(frt_replica_feed_read(f.feed, pair[0], f.view, 0, NULL), 0);
    put_content(&f, "C");
    ck_assert_int_eq(send(pair[1], f.out.bytes, f.out.length, 0), (ssize_t)f.out.length);
    ck_assert_int_eq(frt_replica_feed_read(f.feed, pair[0], f.view, 0, &f.listener), 0);
    ck_assert_str_eq(f.heard.text, "refreshed(2 -0 =2 first) confirmed(C) ");
    close(pair[1]);
    ck_assert_int_eq(frt_replica_feed_read(f.feed, pair[0], f.view, 0, NULL), -EPIPE);
    close(pair[0]);
    teardown(&f);
}
END_TEST

/* ---- content synchronisation's values ---- */

#define UUID "0123456789abcdef"

static const struct {
    const char *given, *bytes;
    size_t length;
    int expected;
} states[] = {
    {"add", "\x30\x15\x0a\x01\x01\x04\x10" UUID, 23, 0},
    {"add with a cookie",
     "\x30\x18\x0a\x01\x01\x04\x10" UUID "\x04\x01"
     "c",
     26, 0},
    {"a long form of length", "\x30\x81\x15\x0a\x01\x01\x04\x10" UUID, 24, 0},
    {"delete, the last state", "\x30\x15\x0a\x01\x03\x04\x10" UUID, 23, 0},
    {"state 4", "\x30\x15\x0a\x01\x04\x04\x10" UUID, 23, -EBADMSG},
    {"nothing", "", 0, -EBADMSG},
    {"one byte", "\x30", 1, -EBADMSG},
    {"an indefinite length", "\x30\x80\x0a\x01\x01\x04\x10" UUID, 23, -EBADMSG},
    {"a length of five octets", "\x30\x85\0\0\0\0\x15\x0a\x01\x01\x04\x10" UUID, 28, -EBADMSG},
    {"a length past the end", "\x30\x16\x0a\x01\x01\x04\x10" UUID, 23, -EBADMSG},
    {"a huge length", "\x30\x84\xff\xff\xff\xff\x0a\x01\x01", 9, -EBADMSG},
    {"something after it", "\x30\x15\x0a\x01\x01\x04\x10" UUID "x", 24, -EBADMSG},
    {"something inside after it", "\x30\x16\x0a\x01\x01\x04\x10" UUID "x", 24, -EBADMSG},
    {"a uuid of 15 bytes",
     "\x30\x14\x0a\x01\x01\x04\x0f"
     "0123456789abcde",
     22, -EBADMSG},
    {"an empty uuid", "\x30\x05\x0a\x01\x01\x04\x00", 7, -EBADMSG},
    {"a state of two bytes", "\x30\x16\x0a\x02\x00\x01\x04\x10" UUID, 24, -EBADMSG},
};

START_TEST(a_sync_state_is_read_strictly)
{
    char *copy = malloc(states[_i].length + 1); /* so that ASan sees a read past the end */
    struct berval value = {states[_i].length, copy};
    struct frt_sync_state state;
    int r;

    memcpy(copy, states[_i].bytes, states[_i].length);
    r = frt_sync_state_parse(&value, &state);
    ck_assert_msg(r == states[_i].expected, "%s: %d", states[_i].given, r);
    if (r == 0)
        ck_assert_mem_eq(state.uuid, UUID, 16);
    free(copy);
}
END_TEST

static const struct {
    const char *given, *bytes;
    size_t length;
    int expected;
    enum frt_sync_info_kind kind;
    bool done, deletes;
    size_t uuids;
} infos[] = {
    {"a new cookie",
     "\x80\x01"
     "c",
     3, 0, FRT_SYNC_INFO_COOKIE, false, false, 0},
    {"refreshDelete, done by default", "\xa1\x00", 2, 0, FRT_SYNC_INFO_DELETE, true, false, 0},
    {"refreshPresent, done", "\xa2\x03\x01\x01\xff", 5, 0, FRT_SYNC_INFO_PRESENT, true, false, 0},
    {"refreshPresent, not done", "\xa2\x03\x01\x01\x00", 5, 0, FRT_SYNC_INFO_PRESENT, false, false, 0},
    {"refreshPresent with a cookie",
     "\xa2\x06\x04\x01"
     "c\x01\x01\xff",
     8, 0, FRT_SYNC_INFO_PRESENT, true, false, 0},
    {"an empty set", "\xa3\x02\x31\x00", 4, 0, FRT_SYNC_INFO_ID_SET, false, false, 0},
    {"a set of one to delete", "\xa3\x17\x01\x01\xff\x31\x12\x04\x10" UUID, 25, 0, FRT_SYNC_INFO_ID_SET,
     false, true, 1},
    {"a set of a short uuid",
     "\xa3\x14\x31\x12\x04\x0f"
     "0123456789abcde\0",
     22, -EBADMSG, 0, false, false, 0},
    {"a set with a rest", "\xa3\x04\x31\x02\x04\x00", 6, -EBADMSG, 0, false, false, 0},
    {"no set", "\xa3\x00", 2, -EBADMSG, 0, false, false, 0},
    {"an unknown tag", "\xa4\x00", 2, -EBADMSG, 0, false, false, 0},
    {"something after it", "\xa1\x00\x00", 3, -EBADMSG, 0, false, false, 0},
    {"a boolean of two bytes", "\xa2\x04\x01\x02\xff\xff", 6, -EBADMSG, 0, false, false, 0},
    {"nothing", "", 0, -EBADMSG, 0, false, false, 0},
};

START_TEST(a_sync_info_is_read_strictly)
{
    char *copy = malloc(infos[_i].length + 1);
    struct berval value = {infos[_i].length, copy};
    struct frt_sync_info info = {0};
    int r;

    memcpy(copy, infos[_i].bytes, infos[_i].length);
    r = frt_sync_info_parse(&value, &info);
    ck_assert_msg(r == infos[_i].expected, "%s: %d", infos[_i].given, r);
    if (r == 0) {
        ck_assert_int_eq(info.kind, infos[_i].kind);
        ck_assert_int_eq(info.refresh_done, infos[_i].done);
        ck_assert_int_eq(info.refresh_deletes, infos[_i].deletes);
        ck_assert_uint_eq(info.uuid_count, infos[_i].uuids);
        frt_sync_info_clear(&info);
    }
    free(copy);
}
END_TEST

#define CSN(time, server) time "#000000#" server "#000000"

static const struct {
    const char *given, *sent, *wanted;
    bool covers, went_back;
} csns[] = {
    {"the same", CSN("1Z", "000"), CSN("1Z", "000"), true, false},
    {"a later one was sent", CSN("2Z", "000"), CSN("1Z", "000"), true, true},
    {"an earlier one was sent", CSN("1Z", "000"), CSN("2Z", "000"), false, false},
    {"another server's was sent", CSN("2Z", "001"), CSN("1Z", "000"), false, false},
    {"both servers'", CSN("1Z", "000") ";" CSN("2Z", "001"), CSN("1Z", "000") ";" CSN("2Z", "001"), true,
     false},
    {"one of two is behind", CSN("1Z", "000") ";" CSN("1Z", "001"), CSN("1Z", "000") ";" CSN("2Z", "001"),
     false, false},
    {"one of two went back", CSN("1Z", "000") ";" CSN("2Z", "001"), CSN("1Z", "000") ";" CSN("1Z", "001"),
     true, true},
    {"one server twice", CSN("2Z", "000") ";" CSN("1Z", "000"), CSN("2Z", "000"), false, false},
    {"nothing was sent", "", CSN("1Z", "000"), false, false},
    {"nothing is wanted", CSN("1Z", "000"), "", false, false},
    {"no CSN at all", "abc", "abc", false, false},
    {"a CSN cut short", "1Z#000000#00", "1Z#000000#00", false, false},
};

START_TEST(csns_are_compared_server_by_server)
{
    ck_assert_msg(frt_csn_covers(csns[_i].sent, csns[_i].wanted) == csns[_i].covers, "%s: covers",
                  csns[_i].given);
    ck_assert_msg(frt_csn_went_back(csns[_i].sent, csns[_i].wanted) == csns[_i].went_back, "%s: went back",
                  csns[_i].given);
}
END_TEST

START_TEST(the_csns_of_a_cookie_are_found)
{
    ck_assert_str_eq(frt_csn_of_cookie("rid=000,csn=A;B"), "A;B");
    ck_assert_str_eq(frt_csn_of_cookie("csn=A"), "A");
    ck_assert_str_eq(frt_csn_of_cookie("ldap.example:389#cn=x#12"), "");
    ck_assert(frt_csn_covers(frt_csn_of_cookie("rid=1,csn=" CSN("1Z", "000") ",delcsn=x"), CSN("1Z", "000")));
}
END_TEST

/* ---- small things ---- */

START_TEST(ten_thousand_identities_are_remembered_and_forgotten)
{
    struct frt_seen seen = {0};
    uint8_t uuid[16] = {0};

    for (unsigned i = 0; i < 10000; i++) {
        memcpy(uuid, &i, sizeof(i));
        frt_seen_add(&seen, uuid)->dn_hash = i + 1;
    }
    for (unsigned i = 0; i < 10000; i += 2) {
        memcpy(uuid, &i, sizeof(i));
        frt_seen_remove(&seen, uuid);
    }
    ck_assert_uint_eq(seen.used, 5000);
    for (unsigned i = 0; i < 10000; i++) {
        const struct frt_seen_entry *entry;

        memcpy(uuid, &i, sizeof(i));
        entry = frt_seen_find(&seen, uuid);
        ck_assert(i % 2 ? entry && entry->dn_hash == i + 1 : !entry);
    }
    frt_seen_clear(&seen);
}
END_TEST

/* Every attribute of the schema is asked for: one that is not would look absent. */
START_TEST(every_attribute_of_the_schema_is_asked_for)
{
    frt_auto_fclose FILE *schema = fopen(FRT_SOURCE_DIR "/ldap_schema/frt.schema", "r");
    char line[1024], name[128];
    size_t seen = 0;

    ck_assert_ptr_nonnull(schema);
    while (fgets(line, sizeof(line), schema)) {
        bool asked = false;

        if (sscanf(line, "attributetype ( %*s NAME '%127[^']'", name) != 1)
            continue;
        seen++;
        for (size_t i = 0; frt_session_attributes[i]; i++)
            asked = asked || strcmp(frt_session_attributes[i], name) == 0;
        ck_assert_msg(asked, "%s is in frt.schema and not in frt_session_attributes", name);
    }
    ck_assert_uint_gt(seen, 50);
}
END_TEST

/* ---- the filter of system calls, each in a child of its own ---- */

static int run_in_sandbox(void (*act)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (frt_sandbox_enter() < 0)
            _exit(99);
        act();
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void act_exec(void)
{
    char name[] = "/bin/true";
    char *argv[] = {name, NULL};

    execve(name, argv, NULL);
}

static void act_kill(void)
{
    kill(getpid(), 0);
}

static void act_write_file(void)
{
    FILE *file = fopen("/dev/null", "w");

    _exit(file || errno != EPERM ? 1 : 0);
}

static void act_fork(void)
{
    _exit(fork() >= 0 || errno != EPERM ? 1 : 0);
}

static void act_read_and_connect(void)
{
    FILE *file = fopen("/dev/null", "r");
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    _exit(file && fd >= 0 ? 0 : 1);
}

START_TEST(the_worker_cannot_run_programs_nor_reach_processes_nor_write_files)
{
    int status = run_in_sandbox(act_exec);

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    status = run_in_sandbox(act_kill);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    ck_assert_int_eq(run_in_sandbox(act_write_file), 0);
    ck_assert_int_eq(run_in_sandbox(act_fork), 0);
    ck_assert_int_eq(run_in_sandbox(act_read_and_connect), 0);
}
END_TEST

/* ---- starting ---- */

/* A program that is not frt-replica: tells what it was given. */
static void write_script(char path[64], const char *body)
{
    FILE *out;
    int fd;

    strcpy(path, "/tmp/frt-replica-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    fchmod(fd, 0755);
    out = fdopen(fd, "w");
    fputs(body, out);
    fclose(out);
}

static void read_all(int fd, char *buffer, size_t size)
{
    size_t used = 0;

    for (;;) {
        ssize_t n = recv(fd, buffer + used, size - used - 1, 0);

        if (n < 0 && errno == EAGAIN) {
            usleep(1000);
            continue;
        }
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    buffer[used] = '\0';
}

START_TEST(the_child_gets_one_socket_an_empty_environment_and_its_own_account)
{
    char path[64], error[FRT_REPLICA_ERROR_MAX], conf_path[] = "/tmp/some.conf", user[] = "#64321",
                                                 told[4096];
    struct frt_conf conf = {.path = conf_path, .directory = {.replica_program = path, .user = user}};
    int fd = -1, r, leak;
    pid_t pid;

    setenv("LDAPTLS_REQCERT", "never", 1);
    leak = open("/proc/self/limits", O_RDONLY); /* a file that is easy to recognise; inheritable */
    ck_assert_int_ge(leak, 0);
    write_script(path, "#!/bin/sh\n{ echo args $*; ls -l /proc/$$/fd; tr '\\0' '\\n' </proc/$$/environ;"
                       "grep -E '^(Uid|Gid|Groups|NoNewPrivs|SigIgn|SigBlk)' /proc/$$/status; } >&3\n");
    signal(SIGPIPE, SIG_IGN);
    r = frt_replica_spawn(&conf, &fd, &pid, error);
    ck_assert_msg(r == 0, "%s", error);
    read_all(fd, told, sizeof(told));
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_msg(strstr(told, "args --config /tmp/some.conf --fd 3\n"), "%s", told);
    ck_assert_msg(strstr(told, "LDAPNOINIT=1\n") && !strstr(told, "REQCERT"), "%s", told);
    ck_assert_msg(strstr(told, "NoNewPrivs:\t1"), "%s", told);
    ck_assert_msg(strstr(told, "SigIgn:\t0000000000000000"), "%s", told);
    if (geteuid() == 0)
        ck_assert_msg(strstr(told, "Uid:\t64321\t64321\t64321\t64321") && strstr(told, "Groups:\t \n"), "%s",
                      told);
    ck_assert_msg(!strstr(told, "/limits"), "%s", told);
    close(leak);
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told_at_once)
{
    char error[FRT_REPLICA_ERROR_MAX], program[] = "/nonexistent/frt-replica", conf_path[] = "/tmp/some.conf";
    struct frt_conf conf = {.path = conf_path, .directory = {.replica_program = program}};
    int fd = -1;
    pid_t pid;

    ck_assert_int_eq(frt_replica_spawn(&conf, &fd, &pid, error), -ENOENT);
    ck_assert_msg(strstr(error, "/nonexistent/frt-replica"), "%s", error);
}
END_TEST

START_TEST(an_account_that_cannot_be_its_own_is_refused)
{
    static char users[][16] = {"no-such-user", "root", "#0", "#", "#-1", "#4294967295", "#12x"};
    char error[FRT_REPLICA_ERROR_MAX], program[] = "/bin/true", conf_path[] = "/tmp/some.conf";
    struct frt_conf conf = {.path = conf_path, .directory = {.replica_program = program, .user = users[_i]}};
    int fd = -1;
    pid_t pid;

    if (geteuid() != 0)
        return;
    ck_assert_int_lt(frt_replica_spawn(&conf, &fd, &pid, error), 0);
    ck_assert_msg(strstr(error, users[_i]), "%s", error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directory.replica_wire");
    TCase *tcase = tcase_create("all");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, an_entry_comes_out_as_it_went_in);
    tcase_add_test(tcase, every_other_message_comes_out_as_it_went_in);
    tcase_add_test(tcase, a_frame_cut_anywhere_is_not_yet_a_frame);
    tcase_add_test(tcase, a_payload_cut_anywhere_is_refused);
    tcase_add_loop_test(tcase, a_bad_frame_is_refused, 0, FRT_ARRAY_LEN(bad_frames));
    tcase_add_test(tcase, the_row_of_a_good_entry_is_taken);
    tcase_add_test(tcase, what_does_not_fit_a_frame_leaves_the_buffer_as_it_was);
    tcase_add_test(tcase, a_content_and_its_confirmation_make_the_view_fresh);
    tcase_add_test(tcase, bytes_may_come_one_at_a_time);
    tcase_add_test(tcase, a_changed_role_is_told_with_what_it_said_before);
    tcase_add_test(tcase, what_a_new_content_lacks_is_told_as_removed);
    tcase_add_test(tcase, a_content_broken_off_removes_nothing);
    tcase_add_test(tcase, a_server_that_went_back_is_not_believed_even_before_its_content_ends);
    tcase_add_test(tcase, a_content_that_is_newer_renews_nothing_before_it_is_there);
    tcase_add_loop_test(tcase, messages_out_of_order_break_the_feed_for_good, 0, FRT_ARRAY_LEN(orders));
    tcase_add_test(tcase, the_end_of_the_socket_is_told);
    tcase_add_loop_test(tcase, a_sync_state_is_read_strictly, 0, FRT_ARRAY_LEN(states));
    tcase_add_loop_test(tcase, a_sync_info_is_read_strictly, 0, FRT_ARRAY_LEN(infos));
    tcase_add_loop_test(tcase, csns_are_compared_server_by_server, 0, FRT_ARRAY_LEN(csns));
    tcase_add_test(tcase, the_csns_of_a_cookie_are_found);
    tcase_add_test(tcase, ten_thousand_identities_are_remembered_and_forgotten);
    tcase_add_test(tcase, every_attribute_of_the_schema_is_asked_for);
    tcase_add_test(tcase, the_worker_cannot_run_programs_nor_reach_processes_nor_write_files);
    tcase_add_test(tcase, the_child_gets_one_socket_an_empty_environment_and_its_own_account);
    tcase_add_test(tcase, a_program_that_is_not_there_is_told_at_once);
    tcase_add_loop_test(tcase, an_account_that_cannot_be_its_own_is_refused, 0, 7);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
