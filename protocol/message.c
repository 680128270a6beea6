/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire.h"

#define KIND(k) (1u << (k))
#define ATTEMPTS                                                                                             \
    (KIND(FRT_ASK_DECIDE) | KIND(FRT_ASK_CHECK) | KIND(FRT_ASK_GRANT) | KIND(FRT_ASK_SESSION_OPEN) |         \
     KIND(FRT_ASK_SESSION_CLOSE) | KIND(FRT_ASK_TOOL_NEEDS_REQUEST))
#define SESSIONS (KIND(FRT_ASK_SESSION_OPEN) | KIND(FRT_ASK_SESSION_CLOSE))
#define GATE     (KIND(FRT_ASK_GATE) | KIND(FRT_ASK_DECIDE)) /* frtd takes these from root only */
#define CHECK    KIND(FRT_ASK_CHECK)
#define AUDIT    KIND(FRT_ASK_AUDIT)
#define RESULT   KIND(FRT_ASK_RESULT)
#define REVIEW   KIND(FRT_ASK_REVIEW)
#define RETAIN   KIND(FRT_ASK_RETAIN)
#define ANSWER   1u
#define ALL_BITS (FRT_OBLIGE_DOCUMENT | FRT_OBLIGE_REVIEW | FRT_OBLIGE_FLAG_PROXY | FRT_OBLIGE_RETAIN_FINDING)

#define ASK(type, member, kind, limit, kinds)                                                                \
    {                                                                                                        \
        type, kind, offsetof(struct frt_ask, member), limit, kinds, #member                                  \
    }
#define ASK_TEXT(type, member, kinds)                                                                        \
    ASK(type, member, FRT_WIRE_TEXT, sizeof(((struct frt_ask *)0)->member), kinds)

/* Ascending by type. A new field is a new row; types are never reused. */
static const struct frt_wire_field ask_fields[] = {
    ASK_TEXT(1, user, ATTEMPTS | GATE | KIND(FRT_ASK_WHY)),
    ASK_TEXT(2, ruser, ATTEMPTS),
    ASK(3, user_uid, FRT_WIRE_UID, 0, ATTEMPTS | GATE),
    ASK(4, login_uid, FRT_WIRE_UID, 0, GATE | CHECK),
    ASK_TEXT(5, service, ATTEMPTS),
    ASK_TEXT(6, tty, ATTEMPTS),
    ASK_TEXT(7, rhost, ATTEMPTS),
    ASK_TEXT(8, tool, ATTEMPTS | GATE),
    ASK_TEXT(9, request, ATTEMPTS | RESULT | REVIEW | RETAIN),
    ASK_TEXT(10, evidence, ATTEMPTS),
    ASK(11, action, FRT_WIRE_ENUM, FRT_ACTION_FILE, ATTEMPTS | GATE),
    ASK(12, match, FRT_WIRE_ENUM, FRT_MATCH_PACKAGE, ATTEMPTS | GATE),
    ASK(13, decision, FRT_WIRE_NUMBER, 0, SESSIONS | RESULT | REVIEW),
    ASK_TEXT(14, matches, RESULT),
    ASK_TEXT(15, database, RESULT),
    ASK_TEXT(16, act, RETAIN),
    ASK_TEXT(17, reason, REVIEW | RETAIN),
    ASK(32, pid, FRT_WIRE_NUMBER, 0, GATE),
    ASK(33, tid, FRT_WIRE_NUMBER, 0, GATE),
    ASK(34, dev, FRT_WIRE_U64, 0, GATE),
    ASK(35, ino, FRT_WIRE_U64, 0, GATE),
    ASK(36, sha256, FRT_WIRE_SHA256, 65, GATE | CHECK | RETAIN),
    ASK_TEXT(37, path, GATE | CHECK | AUDIT | KIND(FRT_ASK_CATALOGUE)),
};

#define REPLY(type, member, kind, limit)                                                                     \
    {                                                                                                        \
        type, kind, offsetof(struct frt_answer, member), limit, ANSWER, #member                              \
    }
#define REPLY_PROSE(type, member)                                                                            \
    REPLY(type, member, FRT_WIRE_PROSE, sizeof(((struct frt_answer *)0)->member))

static const struct frt_wire_field answer_fields[] = {
    REPLY(1, verdict, FRT_WIRE_VERDICT, 0),
    REPLY(2, reason, FRT_WIRE_REASON, 0),
    REPLY(3, obligations, FRT_WIRE_BITS, ALL_BITS),
    REPLY(4, decision, FRT_WIRE_ID, 0),
    REPLY(5, needs_request, FRT_WIRE_FLAG, 0),
    REPLY(6, rule, FRT_WIRE_TEXT, sizeof(((struct frt_answer *)0)->rule)),
    REPLY_PROSE(7, citation),
    REPLY_PROSE(8, message),
    REPLY_PROSE(9, contact),
    {10, FRT_WIRE_LINES, offsetof(struct frt_answer, text), FRT_ANSWER_MAX, ANSWER, "text"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_ask_kind(unsigned kind)
{
    return kind >= FRT_ASK_DECIDE && kind < FRT_ASK_KIND_END;
}

void frt_ask_init(struct frt_ask *ask, enum frt_ask_kind kind)
{
    memset(ask, 0, sizeof(*ask));
    ask->kind = kind;
    ask->user_uid = ask->login_uid = -1;
}

int frt_ask_encode(const struct frt_ask *ask, uint8_t *buffer, size_t size)
{
    if (!is_ask_kind(ask->kind))
        return -EINVAL;
    return frt_wire_encode(ask_fields, COUNT(ask_fields), KIND(ask->kind), (uint8_t)ask->kind, ask->rid, ask,
                           buffer, size);
}

int frt_ask_decode(const uint8_t *buffer, size_t size, struct frt_ask *ret_ask, const char **ret_what)
{
    struct frt_ask ask;
    uint8_t kind;
    int r;

    frt_ask_init(&ask, FRT_ASK_DECIDE);
    r = frt_wire_decode_header(buffer, size, FRT_ASK_MAX, &kind, ask.rid, ret_what);
    if (r < 0)
        return r;
    if (!is_ask_kind(kind)) {
        *ret_what = "kind";
        return -EBADMSG;
    }
    ask.kind = (enum frt_ask_kind)kind;
    r = frt_wire_decode(ask_fields, COUNT(ask_fields), KIND(kind), buffer, size, &ask, ret_what);
    if (r == 0)
        *ret_ask = ask;
    return r;
}

void frt_answer_init(struct frt_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->verdict = FRT_VERDICT_DENY;
    answer->decision = -1;
}

int frt_answer_encode(const struct frt_answer *answer, uint8_t *buffer, size_t size)
{
    return frt_wire_encode(answer_fields, COUNT(answer_fields), ANSWER, FRT_WIRE_ANSWER, answer->rid, answer,
                           buffer, size);
}

int frt_answer_decode(const uint8_t *buffer, size_t size, struct frt_answer *ret_answer,
                      const char **ret_what)
{
    struct frt_answer answer;
    uint8_t kind;
    int r;

    frt_answer_init(&answer);
    r = frt_wire_decode_header(buffer, size, FRT_ANSWER_MAX, &kind, answer.rid, ret_what);
    if (r < 0)
        return r;
    if (kind != FRT_WIRE_ANSWER) {
        *ret_what = "kind";
        return -EBADMSG;
    }
    r = frt_wire_decode(answer_fields, COUNT(answer_fields), ANSWER, buffer, size, &answer, ret_what);
    if (r < 0) {
        frt_answer_clear(&answer);
        return r;
    }
    *ret_answer = answer;
    return 0;
}

void frt_answer_clear(struct frt_answer *answer)
{
    free(answer->text);
    answer->text = NULL;
    answer->text_length = 0;
}
