/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/message.h"

#define FIELD_HEADER 4
#define FIELD_MAX    0xFFFF

static const uint8_t magic[4] = {'F', 'R', 'T', '1'};

/* A value on its way: small ones stand in `number`, texts are pointed to. */
struct value {
    const char *bytes;
    size_t length;
    uint64_t number;
};

struct text_member {
    char *bytes;
    size_t length;
};

_Static_assert(offsetof(struct frt_answer, text_length) == offsetof(struct frt_answer, text) + sizeof(char *),
               "FRT_WIRE_LINES reads a pointer and the length behind it");
_Static_assert(sizeof(enum frt_action) == sizeof(unsigned) && sizeof(enum frt_verdict) == sizeof(unsigned),
               "enumerations are read and written as unsigned");

void frt_wire_put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

uint64_t frt_wire_get(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* Bytes a number of this kind takes; 0 for texts. */
static size_t number_size(enum frt_wire_kind kind)
{
    switch (kind) {
    case FRT_WIRE_ENUM:
    case FRT_WIRE_FLAG:
        return 1;
    case FRT_WIRE_VERDICT:
    case FRT_WIRE_REASON:
        return 2;
    case FRT_WIRE_UID:
    case FRT_WIRE_BITS:
        return 4;
    case FRT_WIRE_ID:
    case FRT_WIRE_NUMBER:
    case FRT_WIRE_U64:
        return 8;
    case FRT_WIRE_TEXT:
    case FRT_WIRE_PROSE:
    case FRT_WIRE_SHA256:
    case FRT_WIRE_LINES:
        return 0;
    }
    return 0;
}

static bool is_printable(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E)
            return false;
    return true;
}

static bool is_sha256(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!((bytes[i] >= '0' && bytes[i] <= '9') || (bytes[i] >= 'a' && bytes[i] <= 'f')))
            return false;
    return length == 64;
}

static bool is_verdict(uint64_t number)
{
    return number == FRT_VERDICT_DENY || number == FRT_VERDICT_ALLOW || number == FRT_VERDICT_EXEMPT ||
           number == FRT_VERDICT_NOT_GOVERNED;
}

/* The one place that knows what each kind may hold; used for what we send as for what we get. */
static bool is_allowed(const struct frt_wire_field *field, const struct value *value)
{
    switch (field->kind) {
    case FRT_WIRE_TEXT:
        return value->length > 0 && value->length < field->limit && is_printable(value->bytes, value->length);
    case FRT_WIRE_PROSE:
        return value->length > 0 && value->length < field->limit &&
               frt_prose_is_clean(value->bytes, value->length, false);
    case FRT_WIRE_LINES:
        return value->length > 0 && value->length <= FIELD_MAX &&
               frt_prose_is_clean(value->bytes, value->length, true);
    case FRT_WIRE_SHA256:
        return is_sha256(value->bytes, value->length);
    case FRT_WIRE_UID:
        return value->number < UINT32_MAX;
    case FRT_WIRE_ID:
        return value->number <= INT64_MAX;
    case FRT_WIRE_NUMBER:
        return value->number > 0 && value->number <= INT64_MAX;
    case FRT_WIRE_U64:
        return value->number > 0;
    case FRT_WIRE_ENUM:
        return value->number > 0 && value->number <= field->limit;
    case FRT_WIRE_BITS:
        return value->number > 0 && (value->number & ~(uint64_t)field->limit) == 0;
    case FRT_WIRE_FLAG:
        return value->number == 1;
    case FRT_WIRE_VERDICT:
        return is_verdict(value->number);
    case FRT_WIRE_REASON:
        return value->number < FRT_REASON_COUNT;
    }
    return false;
}

static bool always_travels(enum frt_wire_kind kind)
{
    return kind == FRT_WIRE_VERDICT || kind == FRT_WIRE_REASON;
}

/* Takes the member's value; false when it is "not given". */
static bool load(const struct frt_wire_field *field, const void *object, struct value *ret)
{
    const void *member = (const char *)object + field->offset;
    const struct text_member *text = member;
    int64_t number;
    unsigned small;

    memset(ret, 0, sizeof(*ret));
    switch (field->kind) {
    case FRT_WIRE_TEXT:
    case FRT_WIRE_PROSE:
    case FRT_WIRE_SHA256:
        ret->bytes = member;
        ret->length = strnlen(ret->bytes, field->limit);
        return ret->length > 0;
    case FRT_WIRE_LINES:
        ret->bytes = text->bytes;
        ret->length = text->bytes ? text->length : 0;
        return ret->length > 0;
    case FRT_WIRE_UID:
    case FRT_WIRE_ID:
        memcpy(&number, member, sizeof(number));
        ret->number = (uint64_t)number;
        return number != -1;
    case FRT_WIRE_NUMBER:
        memcpy(&number, member, sizeof(number));
        ret->number = (uint64_t)number;
        return number != 0 && number != -1;
    case FRT_WIRE_U64:
        memcpy(&ret->number, member, sizeof(ret->number));
        return ret->number != 0;
    case FRT_WIRE_FLAG:
        ret->number = *(const bool *)member;
        return ret->number != 0;
    case FRT_WIRE_ENUM:
    case FRT_WIRE_BITS:
    case FRT_WIRE_VERDICT:
    case FRT_WIRE_REASON:
        memcpy(&small, member, sizeof(small));
        ret->number = small;
        return small != 0 || always_travels(field->kind);
    }
    return false;
}

static int store(const struct frt_wire_field *field, const struct value *value, void *object)
{
    void *member = (char *)object + field->offset;
    struct text_member *text = member;
    unsigned small = (unsigned)value->number;

    switch (field->kind) {
    case FRT_WIRE_TEXT:
    case FRT_WIRE_PROSE:
    case FRT_WIRE_SHA256:
        memcpy(member, value->bytes, value->length);
        ((char *)member)[value->length] = '\0';
        return 0;
    case FRT_WIRE_LINES:
        text->bytes = strndup(value->bytes, value->length);
        text->length = text->bytes ? value->length : 0;
        return text->bytes ? 0 : -ENOMEM;
    case FRT_WIRE_UID:
    case FRT_WIRE_ID:
    case FRT_WIRE_NUMBER:
    case FRT_WIRE_U64:
        memcpy(member, &value->number, sizeof(value->number));
        return 0;
    case FRT_WIRE_FLAG:
        *(bool *)member = true;
        return 0;
    case FRT_WIRE_ENUM:
    case FRT_WIRE_BITS:
    case FRT_WIRE_VERDICT:
    case FRT_WIRE_REASON:
        memcpy(member, &small, sizeof(small));
        return 0;
    }
    return -EBADMSG;
}

static void put_header(uint8_t *buffer, uint8_t kind, const uint8_t *rid, size_t length)
{
    memcpy(buffer, magic, sizeof(magic));
    buffer[4] = FRT_PROTOCOL_VERSION;
    buffer[5] = kind;
    frt_wire_put(buffer + 6, 0, 2);
    frt_wire_put(buffer + 8, length, 4);
    memcpy(buffer + 12, rid, FRT_RID_SIZE);
}

/* Writes one field at `at`; the bytes it took, or -EMSGSIZE. */
static int put_field(const struct frt_wire_field *field, const struct value *value, uint8_t *at, size_t room)
{
    size_t bytes = number_size(field->kind), length = bytes ? bytes : value->length;

    if (room < FIELD_HEADER + length)
        return -EMSGSIZE;
    frt_wire_put(at, field->type, 2);
    frt_wire_put(at + 2, length, 2);
    if (bytes)
        frt_wire_put(at + FIELD_HEADER, value->number, bytes);
    else
        memcpy(at + FIELD_HEADER, value->bytes, length);
    return (int)(FIELD_HEADER + length);
}

int frt_wire_encode(const struct frt_wire_field *fields, size_t count, unsigned kind_bit, uint8_t kind,
                    const uint8_t *rid, const void *object, uint8_t *buffer, size_t size)
{
    size_t used = FRT_WIRE_HEADER;

    if (size > FRT_ANSWER_MAX)
        size = FRT_ANSWER_MAX;
    if (size < used)
        return -EMSGSIZE;
    for (size_t i = 0; i < count; i++) {
        struct value value;
        int r;

        if (!load(&fields[i], object, &value))
            continue;
        if (!(fields[i].kinds & kind_bit) || !is_allowed(&fields[i], &value))
            return -EINVAL;
        r = put_field(&fields[i], &value, buffer + used, size - used);
        if (r < 0)
            return r;
        used += (size_t)r;
    }
    put_header(buffer, kind, rid, used);
    return (int)used;
}

static int bad(const char *what, const char **ret_what)
{
    *ret_what = what;
    return -EBADMSG;
}

int frt_wire_decode_header(const uint8_t *buffer, size_t size, size_t max, uint8_t *ret_kind,
                           uint8_t *ret_rid, const char **ret_what)
{
    if (size < FRT_WIRE_HEADER || memcmp(buffer, magic, sizeof(magic)) != 0)
        return bad("header", ret_what);
    if (buffer[4] != FRT_PROTOCOL_VERSION)
        return bad("version", ret_what);
    if (frt_wire_get(buffer + 6, 2) != 0)
        return bad("header", ret_what);
    if (frt_wire_get(buffer + 8, 4) != size || size > max)
        return bad("length", ret_what);
    *ret_kind = buffer[5];
    memcpy(ret_rid, buffer + 12, FRT_RID_SIZE);
    return 0;
}

static const struct frt_wire_field *find_field(const struct frt_wire_field *fields, size_t count,
                                               uint64_t type)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].type == type)
            return &fields[i];
    return NULL;
}

/* Every field that always travels was seen. */
static const char *find_missing(const struct frt_wire_field *fields, size_t count, uint64_t seen)
{
    for (size_t i = 0; i < count; i++)
        if (always_travels(fields[i].kind) && !(seen & (UINT64_C(1) << fields[i].type)))
            return fields[i].name;
    return NULL;
}

static int take_field(const struct frt_wire_field *field, unsigned kind_bit, const uint8_t *at, size_t length,
                      void *object, const char **ret_what)
{
    struct value value = {.bytes = (const char *)at, .length = length};
    size_t bytes = number_size(field->kind);

    *ret_what = field->name;
    if (bytes && bytes != length)
        return -EBADMSG;
    if (bytes)
        value.number = frt_wire_get(at, bytes);
    if (!(field->kinds & kind_bit) || !is_allowed(field, &value))
        return -EBADMSG;
    return store(field, &value, object);
}

int frt_wire_decode(const struct frt_wire_field *fields, size_t count, unsigned kind_bit,
                    const uint8_t *buffer, size_t size, void *object, const char **ret_what)
{
    uint64_t last = 0, seen = 0;
    const char *missing;

    for (size_t at = FRT_WIRE_HEADER; at < size;) {
        const struct frt_wire_field *field;
        uint64_t type, length;
        int r;

        if (size - at < FIELD_HEADER)
            return bad("trailing bytes", ret_what);
        type = frt_wire_get(buffer + at, 2);
        length = frt_wire_get(buffer + at + 2, 2);
        at += FIELD_HEADER;
        field = find_field(fields, count, type);
        if (!field)
            return bad("unknown type", ret_what);
        if (type <= last || length > size - at)
            return bad(field->name, ret_what);
        r = take_field(field, kind_bit, buffer + at, length, object, ret_what);
        if (r < 0)
            return r;
        seen |= UINT64_C(1) << type;
        last = type;
        at += length;
    }
    missing = find_missing(fields, count, seen);
    return missing ? bad(missing, ret_what) : 0;
}
