/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/message.h"
#include "protocol/wire.h"
#include "support/cleanup.h"

static struct frt_ask full_decision(void)
{
    struct frt_ask ask;

    frt_ask_init(&ask, FRT_ASK_DECIDE);
    for (size_t i = 0; i < sizeof(ask.rid); i++)
        ask.rid[i] = (uint8_t)(i + 1);
    strcpy(ask.user, "p22");
    strcpy(ask.ruser, "p01");
    strcpy(ask.service, "frt");
    strcpy(ask.tty, "pts/3");
    strcpy(ask.rhost, "192.0.2.7");
    strcpy(ask.tool, "T04-facedetect");
    strcpy(ask.request, "Q201");
    strcpy(ask.evidence, "EV301");
    ask.user_uid = 20022;
    ask.action = FRT_ACTION_EXEC;
    ask.match = FRT_MATCH_NAMED;
    return ask;
}

static struct frt_ask full_gate(void)
{
    struct frt_ask ask;

    frt_ask_init(&ask, FRT_ASK_GATE);
    strcpy(ask.user, "p01");
    strcpy(ask.tool, "T03-digikam");
    ask.user_uid = 0;
    ask.login_uid = 4294967294;
    ask.action = FRT_ACTION_OPEN;
    ask.match = FRT_MATCH_DIGEST;
    ask.pid = 1;
    ask.tid = INT64_MAX;
    ask.dev = UINT64_MAX;
    ask.ino = 1;
    memset(ask.sha256, 'a', 64);
    strcpy(ask.path, "/opt/a%20b/face%0Adetect");
    return ask;
}

static struct frt_answer full_answer(void)
{
    struct frt_answer answer;

    frt_answer_init(&answer);
    answer.rid[15] = 9;
    answer.verdict = FRT_VERDICT_ALLOW;
    answer.reason = FRT_REASON_REQUEST_ON_FILE;
    answer.obligations = FRT_OBLIGE_DOCUMENT | FRT_OBLIGE_REVIEW;
    answer.decision = 1234;
    answer.needs_request = true;
    strcpy(answer.rule, "S-REQ");
    strcpy(answer.citation, "c. 6 \xc2\xa7"
                            "220");
    strcpy(answer.message, "A request on file carries this.");
    strcpy(answer.contact, "clerk@city.example");
    answer.text = strdup("{\n}\n");
    answer.text_length = 4;
    return answer;
}

static int encode_ask(const struct frt_ask *ask, uint8_t *buffer)
{
    int n = frt_ask_encode(ask, buffer, FRT_ASK_MAX);

    ck_assert_int_gt(n, 0);
    return n;
}

START_TEST(questions_come_back_as_they_went)
{
    struct frt_ask asks[2] = {full_decision(), full_gate()}, back;
    uint8_t buffer[FRT_ASK_MAX];
    const char *what = NULL;

    for (size_t i = 0; i < FRT_ARRAY_LEN(asks); i++) {
        int n = encode_ask(&asks[i], buffer);

        memset(&back, 0xAA, sizeof(back));
        ck_assert_int_eq(frt_ask_decode(buffer, (size_t)n, &back, &what), 0);
        ck_assert_mem_eq(&back, &asks[i], sizeof(back));
    }
}
END_TEST

START_TEST(answers_come_back_as_they_went)
{
    struct frt_answer answer = full_answer(), back;
    uint8_t buffer[FRT_ANSWER_SHORT_MAX], again[FRT_ANSWER_SHORT_MAX];
    const char *what = NULL;
    int n = frt_answer_encode(&answer, buffer, sizeof(buffer));

    ck_assert_int_gt(n, 0);
    ck_assert_int_eq(frt_answer_decode(buffer, (size_t)n, &back, &what), 0);
    ck_assert_str_eq(back.text, answer.text);
    ck_assert_uint_eq(back.text_length, 4);
    ck_assert_str_eq(back.citation, answer.citation);
    ck_assert_int_eq(back.verdict, FRT_VERDICT_ALLOW);
    ck_assert_int_eq(back.decision, 1234);
    ck_assert_int_eq(frt_answer_encode(&back, again, sizeof(again)), n);
    ck_assert_mem_eq(buffer, again, (size_t)n);
    frt_answer_clear(&back);
    frt_answer_clear(&answer);
}
END_TEST

START_TEST(the_longest_question_and_decision_fit_their_limits)
{
    struct frt_ask ask = full_decision();
    struct frt_answer answer = full_answer();
    char *const names[] = {ask.user,  ask.ruser, ask.service, ask.tty,
                           ask.rhost, ask.tool,  ask.request, ask.evidence};
    uint8_t buffer[FRT_ANSWER_SHORT_MAX];

    for (size_t i = 0; i < FRT_ARRAY_LEN(names); i++)
        memset(names[i], 'x', FRT_NAME_MAX - 1);
    ck_assert_int_gt(frt_ask_encode(&ask, buffer, FRT_ASK_MAX), 0);
    ask.kind = FRT_ASK_CHECK;
    memset(ask.path, 'p', FRT_PATH_TEXT_MAX - 1);
    memset(ask.sha256, '0', 64);
    ask.login_uid = 20001;
    ck_assert_int_gt(frt_ask_encode(&ask, buffer, FRT_ASK_MAX), 0);
    frt_answer_clear(&answer);
    memset(answer.rule, 'r', sizeof(answer.rule) - 1);
    memset(answer.citation, 'c', sizeof(answer.citation) - 1);
    memset(answer.message, 'm', sizeof(answer.message) - 1);
    memset(answer.contact, 'k', sizeof(answer.contact) - 1);
    ck_assert_int_gt(frt_answer_encode(&answer, buffer, FRT_ANSWER_SHORT_MAX), 0);
}
END_TEST

START_TEST(a_message_cut_at_any_byte_is_refused)
{
    struct frt_ask asks[2] = {full_decision(), full_gate()}, back;
    struct frt_answer answer = full_answer(), back_answer;
    uint8_t buffer[FRT_ANSWER_SHORT_MAX];
    const char *what;
    int n;

    for (size_t a = 0; a < FRT_ARRAY_LEN(asks); a++) {
        n = encode_ask(&asks[a], buffer);
        for (int cut = 0; cut < n; cut++) {
            /* A buffer of exactly that size: ASan sees every byte read past it. */
            frt_auto_free uint8_t *exact = malloc((size_t)cut + !cut);

            memcpy(exact, buffer, (size_t)cut);
            what = NULL;
            ck_assert_int_eq(frt_ask_decode(exact, (size_t)cut, &back, &what), -EBADMSG);
            ck_assert_ptr_nonnull(what);
            if (cut < FRT_WIRE_HEADER)
                continue;
            frt_wire_put(exact + 8, (uint64_t)cut, 4); /* the length agrees: fields must still be whole */
            if (frt_ask_decode(exact, (size_t)cut, &back, &what) == 0)
                ck_assert_int_eq(frt_ask_encode(&back, buffer + FRT_ASK_MAX, FRT_ASK_MAX), cut);
        }
    }
    n = frt_answer_encode(&answer, buffer, sizeof(buffer));
    for (int cut = 0; cut < n; cut++)
        ck_assert_int_eq(frt_answer_decode(buffer, (size_t)cut, &back_answer, &what), -EBADMSG);
    frt_answer_clear(&answer);
}
END_TEST

START_TEST(an_encoder_without_room_says_so)
{
    struct frt_ask ask = full_decision();
    uint8_t buffer[FRT_ASK_MAX];
    int n = encode_ask(&ask, buffer);

    for (int size = 0; size < n; size++) {
        frt_auto_free uint8_t *exact = malloc((size_t)size + !size);

        ck_assert_int_eq(frt_ask_encode(&ask, exact, (size_t)size), -EMSGSIZE);
    }
}
END_TEST

/* A message made by hand: the header of `kind`, then these bytes as fields. */
struct hand_made {
    const char *given;
    const char *what; /* the field at fault; NULL: good */
    uint8_t kind;
    size_t length;
    uint8_t fields[96];
};

#define BYTES(...)                                                                                           \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                                  \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define ANSWER_BASE 1, 0, 2, 0, 0xa5, 0x52, 2, 0, 2, 0, 0, 0

static const struct hand_made hand_made[] = {
    {"no fields", NULL, FRT_ASK_STATUS, 0, {0}},
    {"a user", NULL, FRT_ASK_DECIDE, BYTES(1, 0, 1, 0, 'a')},
    {"kind 0", "kind", 0, 0, {0}},
    {"a kind after the last", "kind", FRT_ASK_KIND_END, 0, {0}},
    {"an answer's kind in a question", "kind", FRT_WIRE_ANSWER, 0, {0}},
    {"unknown type 0", "unknown type", FRT_ASK_DECIDE, BYTES(0, 0, 0, 0)},
    {"unknown type 31", "unknown type", FRT_ASK_DECIDE, BYTES(31, 0, 1, 0, 'a')},
    {"a type that wraps to a known one", "unknown type", FRT_ASK_DECIDE, BYTES(1, 1, 1, 0, 'a')},
    {"a host (P15)", "unknown type", FRT_ASK_DECIDE, BYTES(1, 0, 1, 0, 'a', 64, 0, 2, 0, 'h', '1')},
    {"the user twice", "user", FRT_ASK_DECIDE, BYTES(1, 0, 1, 0, 'a', 1, 0, 1, 0, 'a')},
    {"user after tool", "user", FRT_ASK_DECIDE, BYTES(8, 0, 1, 0, 'a', 1, 0, 1, 0, 'a')},
    {"an empty user", "user", FRT_ASK_DECIDE, BYTES(1, 0, 0, 0)},
    {"a user longer than the message", "user", FRT_ASK_DECIDE, BYTES(1, 0, 2, 0, 'a')},
    {"a user of 65535 bytes, they say", "user", FRT_ASK_DECIDE, BYTES(1, 0, 0xff, 0xff, 'a')},
    {"NUL in a user", "user", FRT_ASK_DECIDE, BYTES(1, 0, 3, 0, 'a', 0, 'b')},
    {"newline in a user", "user", FRT_ASK_DECIDE, BYTES(1, 0, 2, 0, 'a', '\n')},
    {"DEL in a user", "user", FRT_ASK_DECIDE, BYTES(1, 0, 2, 0, 'a', 0x7f)},
    {"UTF-8 in a user", "user", FRT_ASK_DECIDE, BYTES(1, 0, 2, 0, 0xc3, 0xa9)},
    {"three trailing bytes", "trailing bytes", FRT_ASK_DECIDE, BYTES(1, 0, 1, 0, 'a', 2, 0, 1)},
    {"one trailing byte", "trailing bytes", FRT_ASK_DECIDE, BYTES(0)},
    {"uid 4294967294", NULL, FRT_ASK_DECIDE, BYTES(3, 0, 4, 0, 0xfe, 0xff, 0xff, 0xff)},
    {"uid 4294967295 (P8)", "user_uid", FRT_ASK_DECIDE, BYTES(3, 0, 4, 0, 0xff, 0xff, 0xff, 0xff)},
    {"a uid of 8 bytes", "user_uid", FRT_ASK_DECIDE, BYTES(3, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0)},
    {"a uid of 3 bytes", "user_uid", FRT_ASK_DECIDE, BYTES(3, 0, 3, 0, 0, 0, 0)},
    {"a login uid from a launcher", "login_uid", FRT_ASK_GRANT, BYTES(4, 0, 4, 0, 1, 0, 0, 0)},
    {"a login uid in a check", NULL, FRT_ASK_CHECK, BYTES(4, 0, 4, 0, 1, 0, 0, 0)},
    {"an inode from a launcher", "ino", FRT_ASK_GRANT, BYTES(35, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0)},
    {"an inode of 0", "ino", FRT_ASK_GATE, BYTES(35, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
    {"a pid past 2^63", "pid", FRT_ASK_GATE, BYTES(32, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x80)},
    {"a user in a status question", "user", FRT_ASK_STATUS, BYTES(1, 0, 1, 0, 'a')},
    {"a tool in a why question", "tool", FRT_ASK_WHY, BYTES(8, 0, 1, 0, 'a')},
    {"action 0", "action", FRT_ASK_DECIDE, BYTES(11, 0, 1, 0, 0)},
    {"the last action", NULL, FRT_ASK_DECIDE, BYTES(11, 0, 1, 0, FRT_ACTION_FILE)},
    {"an action after the last", "action", FRT_ASK_DECIDE, BYTES(11, 0, 1, 0, FRT_ACTION_FILE + 1)},
    {"the last match", NULL, FRT_ASK_DECIDE, BYTES(12, 0, 1, 0, FRT_MATCH_PACKAGE)},
    {"a match after the last", "match", FRT_ASK_DECIDE, BYTES(12, 0, 1, 0, FRT_MATCH_PACKAGE + 1)},
    {"a decision's number in a session", NULL, FRT_ASK_SESSION_OPEN,
     BYTES(13, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0)},
    {"a decision's number in an attempt", "decision", FRT_ASK_DECIDE,
     BYTES(13, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0)},
    {"a decision's number in a result", NULL, FRT_ASK_RESULT, BYTES(13, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0)},
    {"no matches, which is an answer", NULL, FRT_ASK_RESULT, BYTES(14, 0, 1, 0, '0')},
    {"matches in an attempt", "matches", FRT_ASK_DECIDE, BYTES(14, 0, 1, 0, '0')},
    {"16 digits of matches", "matches", FRT_ASK_RESULT,
     BYTES(14, 0, 16, 0, '1', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1')},
    {"a database in a session", "database", FRT_ASK_SESSION_OPEN, BYTES(15, 0, 1, 0, 'x')},
    {"a user in a result", "user", FRT_ASK_RESULT, BYTES(1, 0, 1, 0, 'a')},
    {"a request in a result", NULL, FRT_ASK_RESULT, BYTES(9, 0, 1, 0, 'Q')},
    {"a user in a question for open searches", "user", FRT_ASK_OPEN, BYTES(1, 0, 1, 0, 'a')},
    {"a pid of 0", "pid", FRT_ASK_GATE, BYTES(32, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
    {"a digest of three bytes", "sha256", FRT_ASK_GATE, BYTES(36, 0, 3, 0, 'a', 'b', 'c')},
    {"a digest in capitals", "sha256", FRT_ASK_GATE,
     BYTES(36, 0, 64, 0, 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
           'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
           'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
           'A', 'A', 'A')},
    {"an answer", NULL, FRT_WIRE_ANSWER, BYTES(ANSWER_BASE)},
    {"an answer without a verdict", "verdict", FRT_WIRE_ANSWER, BYTES(2, 0, 2, 0, 0, 0)},
    {"an answer without a reason", "reason", FRT_WIRE_ANSWER, BYTES(1, 0, 2, 0, 0, 0)},
    {"an empty answer", "verdict", FRT_WIRE_ANSWER, 0, {0}},
    {"verdict 1", "verdict", FRT_WIRE_ANSWER, BYTES(1, 0, 2, 0, 1, 0, 2, 0, 2, 0, 0, 0)},
    {"an allow with one bit flipped", "verdict", FRT_WIRE_ANSWER,
     BYTES(1, 0, 2, 0, 0xa4, 0x52, 2, 0, 2, 0, 0, 0)},
    {"the last reason", NULL, FRT_WIRE_ANSWER, BYTES(1, 0, 2, 0, 0, 0, 2, 0, 2, 0, FRT_REASON_COUNT - 1, 0)},
    {"a reason after the last", "reason", FRT_WIRE_ANSWER,
     BYTES(1, 0, 2, 0, 0, 0, 2, 0, 2, 0, FRT_REASON_COUNT, 0)},
    {"an unknown obligation", "obligations", FRT_WIRE_ANSWER, BYTES(ANSWER_BASE, 3, 0, 4, 0, 0x10, 0, 0, 0)},
    {"a flag of 2", "needs_request", FRT_WIRE_ANSWER, BYTES(ANSWER_BASE, 5, 0, 1, 0, 2)},
    {"a flag of 0", "needs_request", FRT_WIRE_ANSWER, BYTES(ANSWER_BASE, 5, 0, 1, 0, 0)},
    {"an escape sequence in a message", "message", FRT_WIRE_ANSWER,
     BYTES(ANSWER_BASE, 8, 0, 3, 0, 0x1b, '[', 'm')},
    {"newline in a citation", "citation", FRT_WIRE_ANSWER, BYTES(ANSWER_BASE, 7, 0, 2, 0, 'a', '\n')},
    {"newline in the text", NULL, FRT_WIRE_ANSWER, BYTES(ANSWER_BASE, 10, 0, 2, 0, 'a', '\n')},
    {"NUL in the text", "text", FRT_WIRE_ANSWER, BYTES(ANSWER_BASE, 10, 0, 2, 0, 'a', 0)},
    {"a text allocated, then a bad field", "unknown type", FRT_WIRE_ANSWER,
     BYTES(ANSWER_BASE, 10, 0, 1, 0, 'a', 11, 0, 1, 0, 'a')},
};

static size_t make(const struct hand_made *row, uint8_t *buffer)
{
    size_t length = FRT_WIRE_HEADER + row->length;

    memset(buffer, 0, FRT_WIRE_HEADER);
    memcpy(buffer, "FRT1\001", 5);
    buffer[5] = row->kind;
    frt_wire_put(buffer + 8, length, 4);
    memcpy(buffer + FRT_WIRE_HEADER, row->fields, row->length);
    return length;
}

START_TEST(messages_made_by_hand_are_taken_or_the_field_is_named)
{
    const struct hand_made *row = &hand_made[_i];
    bool is_answer =
        row->kind == FRT_WIRE_ANSWER && strcmp(row->given, "an answer's kind in a question") != 0;
    uint8_t buffer[256];
    size_t length = make(row, buffer);
    const char *what = NULL;
    struct frt_ask ask;
    struct frt_answer answer = {0};
    int r = is_answer ? frt_answer_decode(buffer, length, &answer, &what)
                      : frt_ask_decode(buffer, length, &ask, &what);

    ck_assert_msg(r == (row->what ? -EBADMSG : 0), "%s: %d", row->given, r);
    if (row->what)
        ck_assert_msg(strcmp(what, row->what) == 0, "%s: said %s, expected %s", row->given, what, row->what);
    frt_answer_clear(&answer);
}
END_TEST

static const struct {
    const char *given;
    size_t at;
    uint8_t value;
    const char *what;
} headers[] = {
    {"other magic", 0, 'f', "header"},      {"another format", 3, '2', "header"},
    {"version 0", 4, 0, "version"},         {"version 2", 4, 2, "version"},
    {"a reserved byte", 6, 1, "header"},    {"a reserved byte", 7, 1, "header"},
    {"a length too small", 8, 1, "length"}, {"a length of 2^31", 11, 0x80, "length"},
};

START_TEST(headers_that_differ_are_refused)
{
    struct frt_ask ask = full_decision(), back;
    uint8_t buffer[FRT_ASK_MAX];
    const char *what = NULL;
    int n = encode_ask(&ask, buffer);

    buffer[headers[_i].at] = headers[_i].value;
    ck_assert_int_eq(frt_ask_decode(buffer, (size_t)n, &back, &what), -EBADMSG);
    ck_assert_msg(strcmp(what, headers[_i].what) == 0, "%s: %s", headers[_i].given, what);
}
END_TEST

static void set_ruser_to_newline(struct frt_ask *ask)
{
    strcpy(ask->ruser, "a\nb");
}

static void set_path_in_attempt(struct frt_ask *ask)
{
    ask->kind = FRT_ASK_GRANT;
    strcpy(ask->path, "/bin/x");
}

static void set_uid_to_minus_two(struct frt_ask *ask)
{
    ask->user_uid = -2;
}

static void set_uid_to_sentinel(struct frt_ask *ask)
{
    ask->user_uid = 4294967295;
}

static void set_action_to_99(struct frt_ask *ask)
{
    ask->action = (enum frt_action)99;
}

static void set_kind_to_zero(struct frt_ask *ask)
{
    ask->kind = (enum frt_ask_kind)0;
}

static void fill_user_without_end(struct frt_ask *ask)
{
    memset(ask->user, 'u', sizeof(ask->user));
}

static void (*const spoil[])(struct frt_ask *) = {
    set_ruser_to_newline, set_path_in_attempt, set_uid_to_minus_two,  set_uid_to_sentinel,
    set_action_to_99,     set_kind_to_zero,    fill_user_without_end,
};

START_TEST(what_would_be_refused_is_not_sent)
{
    struct frt_ask ask = full_decision();
    uint8_t buffer[FRT_ASK_MAX];

    spoil[_i](&ask);
    ck_assert_int_eq(frt_ask_encode(&ask, buffer, sizeof(buffer)), -EINVAL);
}
END_TEST

static const struct {
    const char *text;
    bool clean;
} prose[] = {
    {"c. 290 \xc2\xa7"
     "1 \xe2\x80\x9cuse\xe2\x80\x9d",
     true},
    {"\xf0\x9f\x94\x92", true},
    {"tab\there", false},
    {"\x1b[2J", false},
    {"\xc2\x9b"
     "2J",
     false}, /* CSI in C1 */
    {"\x7f", false},
    {"\xc0\x9b", false}, /* overlong */
    {"\xe0\x80\x9b", false},
    {"\xe0\x81\x81", false}, /* an overlong A */
    {"\xf0\x80\x81\x81", false},
    {"\xed\xa0\x80", false},     /* surrogate */
    {"\xf4\x90\x80\x80", false}, /* past U+10FFFF */
    {"\xe2\x80\xae"
     "evil",
     false},                 /* right-to-left override */
    {"\xe2\x81\xa6", false}, /* isolate */
    {"\xe2\x80\xa8", false}, /* line separator */
    {"cut \xc3", false},
    {"\xff", false},
};

START_TEST(prose_is_text_that_cannot_steer_a_terminal)
{
    ck_assert_msg(frt_prose_is_clean(prose[_i].text, strlen(prose[_i].text), false) == prose[_i].clean,
                  "row %d", _i);
}
END_TEST

START_TEST(what_decodes_has_one_encoding)
{
    struct frt_ask ask = full_gate(), back;
    uint8_t good[FRT_ASK_MAX], bytes[FRT_ASK_MAX], again[FRT_ASK_MAX];
    int n = encode_ask(&ask, good);
    const char *what;
    unsigned taken = 0;

    for (int bit = 0; bit < n * 8; bit++) {
        memcpy(bytes, good, (size_t)n);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (frt_ask_decode(bytes, (size_t)n, &back, &what) < 0)
            continue;
        taken++;
        ck_assert_int_eq(frt_ask_encode(&back, again, sizeof(again)), n);
        ck_assert_mem_eq(again, bytes, (size_t)n);
    }
    ck_assert_uint_gt(taken, 100);
}
END_TEST

START_TEST(the_tables_follow_the_enumerations_of_the_facts)
{
    ck_assert_uint_eq(frt_fact_table[FRT_FACT_ACTION].count, FRT_ACTION_FILE + 1u);
    ck_assert_uint_eq(frt_fact_table[FRT_FACT_MATCH].count, FRT_MATCH_PACKAGE + 1u);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("protocol.message");
    TCase *tc = tcase_create("message");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, questions_come_back_as_they_went);
    tcase_add_test(tc, answers_come_back_as_they_went);
    tcase_add_test(tc, the_longest_question_and_decision_fit_their_limits);
    tcase_add_test(tc, a_message_cut_at_any_byte_is_refused);
    tcase_add_test(tc, an_encoder_without_room_says_so);
    tcase_add_loop_test(tc, messages_made_by_hand_are_taken_or_the_field_is_named, 0,
                        (int)FRT_ARRAY_LEN(hand_made));
    tcase_add_loop_test(tc, headers_that_differ_are_refused, 0, (int)FRT_ARRAY_LEN(headers));
    tcase_add_loop_test(tc, what_would_be_refused_is_not_sent, 0, (int)FRT_ARRAY_LEN(spoil));
    tcase_add_loop_test(tc, prose_is_text_that_cannot_steer_a_terminal, 0, (int)FRT_ARRAY_LEN(prose));
    tcase_add_test(tc, what_decodes_has_one_encoding);
    tcase_add_test(tc, the_tables_follow_the_enumerations_of_the_facts);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
