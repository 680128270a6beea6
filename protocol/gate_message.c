/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol/gate_message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define HEADER       12
#define FIELD_HEADER 4

static const uint8_t magic[4] = {'F', 'R', 'T', 'G'};

enum field_kind { TEXT, RID, NUMBER, UID, FLAG, REASON, TREATMENT };

struct field {
    uint16_t type;
    enum field_kind kind;
    size_t offset;
    size_t limit;
    unsigned kinds;
    const char *name;
};

#define KIND(k) (1u << (k))
#define FIELD(type, member, kind, kinds)                                                                     \
    {                                                                                                        \
        type, kind, offsetof(struct frt_gate_message, member),                                               \
            sizeof(((struct frt_gate_message *)0)->member), kinds, #member                                   \
    }
#define NUMBERED                                                                                             \
    (KIND(FRT_GATE_CATALOGUE_BEGIN) | KIND(FRT_GATE_CATALOGUE_TOOL) | KIND(FRT_GATE_CATALOGUE_END))
#define COUNTED (KIND(FRT_GATE_CATALOGUE_BEGIN) | KIND(FRT_GATE_CATALOGUE_END) | KIND(FRT_GATE_REFUSED))

/* Ascending by type; every field of a message's kind always travels, so nothing can be left out. */
static const struct field fields[] = {
    FIELD(1, serial, NUMBER, NUMBERED),
    FIELD(2, count, NUMBER, COUNTED),
    FIELD(3, rid, RID, KIND(FRT_GATE_CONTEXT) | KIND(FRT_GATE_REFUSED) | KIND(FRT_GATE_ACK)),
    FIELD(4, tool, TEXT, KIND(FRT_GATE_CATALOGUE_TOOL) | KIND(FRT_GATE_REFUSED)),
    FIELD(5, treatment, TREATMENT, KIND(FRT_GATE_CATALOGUE_TOOL)),
    FIELD(6, login_uid, UID, KIND(FRT_GATE_REFUSED)),
    FIELD(7, user_uid, UID, KIND(FRT_GATE_REFUSED)),
    FIELD(8, reason, REASON, KIND(FRT_GATE_REFUSED)),
    FIELD(9, asked, FLAG, KIND(FRT_GATE_REFUSED)),
    FIELD(10, enforcing, FLAG, KIND(FRT_GATE_STATE)),
    FIELD(11, inodes, NUMBER, KIND(FRT_GATE_STATE)),
    FIELD(12, directories, NUMBER, KIND(FRT_GATE_STATE)),
    FIELD(13, filesystems, NUMBER, KIND(FRT_GATE_STATE)),
    FIELD(14, canaries, NUMBER, KIND(FRT_GATE_STATE)),
    FIELD(15, why, TEXT, KIND(FRT_GATE_STATE)),
    FIELD(16, tty, TEXT, KIND(FRT_GATE_CONTEXT)),
    FIELD(17, service, TEXT, KIND(FRT_GATE_CONTEXT)),
    FIELD(18, chain, TEXT, KIND(FRT_GATE_CONTEXT)),
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))
#define TYPE_TEXT   19 /* the rest of a STATE message */

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

void frt_gate_message_init(struct frt_gate_message *message, enum frt_gate_kind kind)
{
    memset(message, 0, sizeof(*message));
    message->kind = kind;
    message->login_uid = message->user_uid = -1;
}

bool frt_gate_message_is(const uint8_t *buffer, size_t size)
{
    return size >= sizeof(magic) && memcmp(buffer, magic, sizeof(magic)) == 0;
}

static bool is_printable(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E)
            return false;
    return true;
}

/* File names are bytes; only what no path of a catalogue has any business holding is refused. */
static bool is_path_bytes(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7F)
            return false;
    return length > 0 && length <= FRT_GATE_ITEM_MAX;
}

static bool is_digits(const char *bytes, size_t length, const char *digits)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] == '\0' || !strchr(digits, bytes[i]))
            return false;
    return length > 0;
}

/* A pattern that starts with a wildcard would have us walk the whole machine. */
static bool is_anchored(const char *text, size_t length)
{
    return length > 1 && text[0] == '/' && !strchr("*?[\\", text[1]);
}

static bool is_item(enum frt_gate_item_kind kind, const char *text, size_t length)
{
    if (!is_path_bytes(text, length))
        return false;
    switch (kind) {
    case FRT_GATE_ITEM_PATH:
        return text[0] == '/' && length > 1;
    case FRT_GATE_ITEM_PATTERN:
        return is_anchored(text, length);
    case FRT_GATE_ITEM_MODEL_FILE:
        return !memchr(text, '/', length);
    case FRT_GATE_ITEM_SHA256:
        return length == 64 && is_digits(text, length, "0123456789abcdef");
    case FRT_GATE_ITEM_SIZE:
        return length <= 18 && is_digits(text, length, "0123456789");
    case FRT_GATE_ITEM_PACKAGE:
        return true;
    }
    return false;
}

int frt_gate_item_put(uint8_t *buffer, size_t size, size_t *used, enum frt_gate_item_kind kind,
                      const char *text, size_t length)
{
    if (!is_item(kind, text, length))
        return -EINVAL;
    if (*used > size || size - *used < FIELD_HEADER + length)
        return -EMSGSIZE;
    put(buffer + *used, (uint64_t)kind, 2);
    put(buffer + *used + 2, length, 2);
    memcpy(buffer + *used + FIELD_HEADER, text, length);
    *used += FIELD_HEADER + length;
    return 0;
}

bool frt_gate_item_next(const struct frt_gate_message *message, size_t *cursor,
                        struct frt_gate_item *ret_item)
{
    const uint8_t *at = message->items + *cursor;

    if (*cursor >= message->items_length)
        return false;
    ret_item->kind = (enum frt_gate_item_kind)get(at, 2);
    ret_item->length = get(at + 2, 2);
    ret_item->text = (const char *)at + FIELD_HEADER;
    *cursor += FIELD_HEADER + ret_item->length;
    return true;
}

static size_t value_size(const struct field *field)
{
    switch (field->kind) {
    case NUMBER:
        return 8;
    case UID:
        return 4;
    case FLAG:
        return 1;
    case REASON:
    case TREATMENT:
        return 2;
    case RID:
        return 16;
    case TEXT:
        return 0;
    }
    return 0;
}

static uint64_t load(const struct field *field, const void *member)
{
    uint64_t number = 0;
    int64_t uid;
    unsigned small;

    switch (field->kind) {
    case NUMBER:
        memcpy(&number, member, sizeof(number));
        return number;
    case UID:
        memcpy(&uid, member, sizeof(uid));
        return (uint32_t)uid;
    case FLAG:
        return *(const bool *)member;
    case REASON:
    case TREATMENT:
        memcpy(&small, member, sizeof(small));
        return small;
    case RID:
    case TEXT:
        return 0;
    }
    return 0;
}

/* The same judgement for what is sent and what came. */
static bool is_allowed(const struct field *field, const char *bytes, size_t length, uint64_t number)
{
    switch (field->kind) {
    case NUMBER:
    case UID:
    case RID:
        return true;
    case FLAG:
        return number <= 1;
    case REASON:
        return number < FRT_REASON_COUNT;
    case TREATMENT:
        return number == FRT_GATE_TREAT_DECIDE || number == FRT_GATE_TREAT_RECORD;
    case TEXT:
        return length < field->limit && is_printable(bytes, length);
    }
    return false;
}

static void store(const struct field *field, void *member, const uint8_t *at, size_t length, uint64_t number)
{
    int64_t uid = number == UINT32_MAX ? -1 : (int64_t)number;
    unsigned small = (unsigned)number;

    switch (field->kind) {
    case NUMBER:
        memcpy(member, &number, sizeof(number));
        break;
    case UID:
        memcpy(member, &uid, sizeof(uid));
        break;
    case FLAG:
        *(bool *)member = number != 0;
        break;
    case REASON:
    case TREATMENT:
        memcpy(member, &small, sizeof(small));
        break;
    case RID:
        memcpy(member, at, 16);
        break;
    case TEXT:
        memcpy(member, at, length);
        ((char *)member)[length] = '\0';
        break;
    }
}

static int put_field(const struct field *field, const struct frt_gate_message *message, uint8_t *at,
                     size_t room)
{
    const char *member = (const char *)message + field->offset;
    size_t length = field->kind == TEXT ? strnlen(member, field->limit) : value_size(field);
    uint64_t number = load(field, member);

    if (!is_allowed(field, member, length, number))
        return -EINVAL;
    if (room < FIELD_HEADER + length)
        return -EMSGSIZE;
    put(at, field->type, 2);
    put(at + 2, length, 2);
    if (field->kind == TEXT || field->kind == RID)
        memcpy(at + FIELD_HEADER, member, length);
    else
        put(at + FIELD_HEADER, number, length);
    return (int)(FIELD_HEADER + length);
}

/* What stands behind the fields: a STATE's text or a tool's items. */
static int put_tail(const struct frt_gate_message *message, uint8_t *at, size_t room)
{
    if (message->kind == FRT_GATE_CATALOGUE_TOOL) {
        if (message->items_length > room)
            return -EMSGSIZE;
        if (message->items_length)
            memcpy(at, message->items, message->items_length);
        return (int)message->items_length;
    }
    if (message->kind != FRT_GATE_STATE || message->text_length == 0)
        return 0;
    if (message->text_length > FRT_GATE_STATE_TEXT_MAX || !is_printable(message->text, message->text_length))
        return -EINVAL;
    if (room < FIELD_HEADER + message->text_length)
        return -EMSGSIZE;
    put(at, TYPE_TEXT, 2);
    put(at + 2, message->text_length, 2);
    memcpy(at + FIELD_HEADER, message->text, message->text_length);
    return (int)(FIELD_HEADER + message->text_length);
}

int frt_gate_message_encode(const struct frt_gate_message *message, uint8_t *buffer, size_t size)
{
    size_t used = HEADER;
    int r;

    if (size > FRT_GATE_MESSAGE_MAX)
        size = FRT_GATE_MESSAGE_MAX;
    if (message->kind < FRT_GATE_HELLO || message->kind >= FRT_GATE_KIND_END)
        return -EINVAL;
    if (size < used)
        return -EMSGSIZE;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!(fields[i].kinds & KIND(message->kind)))
            continue;
        r = put_field(&fields[i], message, buffer + used, size - used);
        if (r < 0)
            return r;
        used += (size_t)r;
    }
    r = put_tail(message, buffer + used, size - used);
    if (r < 0)
        return r;
    used += (size_t)r;
    memcpy(buffer, magic, sizeof(magic));
    put(buffer + 4, FRT_GATE_PROTOCOL_VERSION, 2);
    put(buffer + 6, (uint64_t)message->kind, 2);
    put(buffer + 8, used, 4);
    return (int)used;
}

static int bad(const char *what, const char **ret_what)
{
    *ret_what = what;
    return -EBADMSG;
}

static int take_header(const uint8_t *buffer, size_t size, struct frt_gate_message *message,
                       const char **ret_what)
{
    if (size < HEADER || size > FRT_GATE_MESSAGE_MAX || !frt_gate_message_is(buffer, size))
        return bad("header", ret_what);
    if (get(buffer + 4, 2) != FRT_GATE_PROTOCOL_VERSION)
        return bad("version", ret_what);
    if (get(buffer + 8, 4) != size)
        return bad("length", ret_what);
    if (get(buffer + 6, 2) < FRT_GATE_HELLO || get(buffer + 6, 2) >= FRT_GATE_KIND_END)
        return bad("kind", ret_what);
    frt_gate_message_init(message, (enum frt_gate_kind)get(buffer + 6, 2));
    return 0;
}

/* Reads one field that must be there. Bytes taken, or -EBADMSG. */
static int take_field(const struct field *field, const uint8_t *at, size_t room,
                      struct frt_gate_message *message, const char **ret_what)
{
    size_t bytes = value_size(field), length;
    uint64_t number = 0;

    if (room < FIELD_HEADER || get(at, 2) != field->type)
        return bad(field->name, ret_what);
    length = get(at + 2, 2);
    if (length > room - FIELD_HEADER || (field->kind != TEXT && length != bytes))
        return bad(field->name, ret_what);
    if (field->kind != TEXT && field->kind != RID)
        number = get(at + FIELD_HEADER, bytes);
    if (!is_allowed(field, (const char *)at + FIELD_HEADER, length, number))
        return bad(field->name, ret_what);
    store(field, (char *)message + field->offset, at + FIELD_HEADER, length, number);
    return (int)(FIELD_HEADER + length);
}

static int take_items(const uint8_t *at, size_t room, struct frt_gate_message *message, const char **ret_what)
{
    for (size_t used = 0; used < room;) {
        size_t length;

        if (room - used < FIELD_HEADER)
            return bad("item", ret_what);
        length = get(at + used + 2, 2);
        if (length > room - used - FIELD_HEADER || !is_item((enum frt_gate_item_kind)get(at + used, 2),
                                                            (const char *)at + used + FIELD_HEADER, length))
            return bad("item", ret_what);
        used += FIELD_HEADER + length;
    }
    message->items = at;
    message->items_length = room;
    return 0;
}

static int take_tail(const uint8_t *at, size_t room, struct frt_gate_message *message, const char **ret_what)
{
    if (message->kind == FRT_GATE_CATALOGUE_TOOL)
        return take_items(at, room, message, ret_what);
    if (room == 0)
        return 0;
    if (message->kind != FRT_GATE_STATE || room < FIELD_HEADER || get(at, 2) != TYPE_TEXT)
        return bad("trailing bytes", ret_what);
    message->text_length = get(at + 2, 2);
    message->text = (const char *)at + FIELD_HEADER;
    if (message->text_length == 0 || message->text_length != room - FIELD_HEADER ||
        message->text_length > FRT_GATE_STATE_TEXT_MAX || !is_printable(message->text, message->text_length))
        return bad("text", ret_what);
    return 0;
}

int frt_gate_message_decode(const uint8_t *buffer, size_t size, struct frt_gate_message *ret_message,
                            const char **ret_what)
{
    struct frt_gate_message message;
    size_t at = HEADER;
    int r = take_header(buffer, size, &message, ret_what);

    if (r < 0)
        return r;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!(fields[i].kinds & KIND(message.kind)))
            continue;
        r = take_field(&fields[i], buffer + at, size - at, &message, ret_what);
        if (r < 0)
            return r;
        at += (size_t)r;
    }
    r = take_tail(buffer + at, size - at, &message, ret_what);
    if (r == 0)
        *ret_message = message;
    return r;
}
