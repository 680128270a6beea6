/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/cleanup.h"

const char *frt_replica_state_name(enum frt_replica_state state)
{
    switch (state) {
    case FRT_REPLICA_DISCONNECTED:
        return "disconnected";
    case FRT_REPLICA_REFUSED:
        return "refused";
    case FRT_REPLICA_CONNECTED:
        return "connected";
    }
    return "unknown";
}

int64_t frt_replica_clock_ms(void)
{
    struct timespec now = {0};

    /* Not through the C library: frtd and frt-replica must read one clock, also where a test preloads another. */
    syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- writing ---- */

void frt_frame_buffer_clear(struct frt_frame_buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof(*buffer));
}

void frt_frame_buffer_consume(struct frt_frame_buffer *buffer, size_t count)
{
    if (count < buffer->length)
        memmove(buffer->bytes, buffer->bytes + count, buffer->length - count);
    buffer->length -= count;
}

static bool reserve(struct frt_frame_buffer *buffer, size_t count)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    unsigned char *grown;

    if (buffer->error)
        return false;
    while (capacity - buffer->length < count)
        capacity *= 2;
    if (capacity == buffer->capacity)
        return true;
    grown = realloc(buffer->bytes, capacity);
    if (!grown) {
        buffer->error = -ENOMEM;
        return false;
    }
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return true;
}

void frt_frame_put_bytes(struct frt_frame_buffer *buffer, const void *bytes, size_t length)
{
    if (length > FRT_REPLICA_FRAME_MAX && !buffer->error)
        buffer->error = -EMSGSIZE;
    if (!length || !reserve(buffer, length))
        return;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

static void put_number(struct frt_frame_buffer *buffer, uint64_t value, unsigned bytes)
{
    unsigned char text[8];

    if (bytes < 8 && value >> (8 * bytes) && !buffer->error)
        buffer->error = -EMSGSIZE;
    for (unsigned i = 0; i < bytes; i++)
        text[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    frt_frame_put_bytes(buffer, text, bytes);
}

void frt_frame_put_u8(struct frt_frame_buffer *buffer, unsigned value)
{
    put_number(buffer, value, 1);
}

void frt_frame_put_u16(struct frt_frame_buffer *buffer, size_t value)
{
    put_number(buffer, value, 2);
}

void frt_frame_put_u32(struct frt_frame_buffer *buffer, size_t value)
{
    put_number(buffer, value, 4);
}

void frt_frame_put_u64(struct frt_frame_buffer *buffer, uint64_t value)
{
    put_number(buffer, value, 8);
}

void frt_frame_put_text16(struct frt_frame_buffer *buffer, const char *text, size_t max)
{
    size_t length = strlen(text);

    if (length > max && !buffer->error)
        buffer->error = -EMSGSIZE;
    frt_frame_put_u16(buffer, length);
    frt_frame_put_bytes(buffer, text, length);
}

void frt_frame_begin(struct frt_frame_buffer *buffer, enum frt_replica_type type)
{
    buffer->error = 0;
    buffer->start = buffer->length;
    frt_frame_put_u32(buffer, 0);
    frt_frame_put_u8(buffer, type);
}

int frt_frame_end(struct frt_frame_buffer *buffer)
{
    size_t size = buffer->length - buffer->start;

    if (!buffer->error && size - 4 > FRT_REPLICA_FRAME_MAX)
        buffer->error = -EMSGSIZE;
    if (buffer->error) {
        buffer->length = buffer->start;
        return buffer->error;
    }
    for (unsigned i = 0; i < 4; i++)
        buffer->bytes[buffer->start + i] = (unsigned char)((size - 4) >> (8 * (3 - i)));
    return 0;
}

int frt_replica_put_begin(struct frt_frame_buffer *buffer, const char *csn)
{
    frt_frame_begin(buffer, FRT_REPLICA_BEGIN);
    frt_frame_put_text16(buffer, csn, FRT_REPLICA_MAX_CSN);
    return frt_frame_end(buffer);
}

int frt_replica_put_entry(struct frt_frame_buffer *buffer, const struct frt_entry *entry)
{
    frt_frame_begin(buffer, FRT_REPLICA_ENTRY);
    frt_frame_put_bytes(buffer, entry->uuid, FRT_REPLICA_UUID);
    frt_frame_put_text16(buffer, entry->dn, FRT_REPLICA_MAX_DN);
    frt_frame_put_u16(buffer, entry->attribute_count);
    for (size_t a = 0; a < entry->attribute_count; a++) {
        const struct frt_attribute *attribute = &entry->attributes[a];

        frt_frame_put_text16(buffer, attribute->name, FRT_REPLICA_MAX_NAME);
        frt_frame_put_u32(buffer, attribute->value_count);
        for (size_t v = 0; v < attribute->value_count; v++) {
            frt_frame_put_u32(buffer, attribute->values[v].length);
            frt_frame_put_bytes(buffer, attribute->values[v].bytes, attribute->values[v].length);
        }
    }
    return frt_frame_end(buffer);
}

int frt_replica_put_remove(struct frt_frame_buffer *buffer, const uint8_t uuid[FRT_REPLICA_UUID],
                           const char *dn)
{
    frt_frame_begin(buffer, FRT_REPLICA_REMOVE);
    frt_frame_put_bytes(buffer, uuid, FRT_REPLICA_UUID);
    frt_frame_put_text16(buffer, dn, FRT_REPLICA_MAX_DN);
    return frt_frame_end(buffer);
}

int frt_replica_put_end(struct frt_frame_buffer *buffer, uint32_t count)
{
    frt_frame_begin(buffer, FRT_REPLICA_END);
    frt_frame_put_u32(buffer, count);
    return frt_frame_end(buffer);
}

int frt_replica_put_confirm(struct frt_frame_buffer *buffer, const char *csn, int64_t asked_ms)
{
    frt_frame_begin(buffer, FRT_REPLICA_CONFIRM);
    frt_frame_put_text16(buffer, csn, FRT_REPLICA_MAX_CSN);
    frt_frame_put_u64(buffer, (uint64_t)asked_ms);
    return frt_frame_end(buffer);
}

int frt_replica_put_state(struct frt_frame_buffer *buffer, enum frt_replica_state state, const char *text)
{
    size_t length = strnlen(text, FRT_REPLICA_MAX_TEXT);

    frt_frame_begin(buffer, FRT_REPLICA_STATE);
    frt_frame_put_u8(buffer, state);
    frt_frame_put_u16(buffer, length);
    frt_frame_put_bytes(buffer, text, length);
    return frt_frame_end(buffer);
}

int frt_replica_put_reset(struct frt_frame_buffer *buffer)
{
    frt_frame_begin(buffer, FRT_REPLICA_RESET);
    return frt_frame_end(buffer);
}

/* ---- reading ---- */

void frt_replica_message_clear(struct frt_replica_message *message)
{
    if (message->entry)
        frt_entry_free(message->entry);
    free(message->text);
    memset(message, 0, sizeof(*message));
}

int frt_replica_frame_size(const unsigned char *bytes, size_t length, size_t *ret_size)
{
    size_t size;

    *ret_size = 0;
    if (length < 4)
        return 0;
    size = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (size < 1 || size > FRT_REPLICA_FRAME_MAX)
        return -EBADMSG;
    if (length >= 4 + size)
        *ret_size = 4 + size;
    return 0;
}

/* What is left of a frame. Reading past the end yields zeros and is remembered. */
struct cursor {
    const unsigned char *bytes;
    size_t left;
    bool bad;
};

static const unsigned char *take(struct cursor *cursor, size_t count)
{
    const unsigned char *taken = cursor->bytes;

    if (cursor->bad || cursor->left < count) {
        cursor->bad = true;
        return NULL;
    }
    cursor->bytes += count;
    cursor->left -= count;
    return taken;
}

static uint64_t take_number(struct cursor *cursor, unsigned bytes)
{
    const unsigned char *taken = take(cursor, bytes);
    uint64_t value = 0;

    for (unsigned i = 0; taken && i < bytes; i++)
        value = value << 8 | taken[i];
    return value;
}

/* A text16: at most `max` bytes, none of them NUL. NULL: bad, or out of memory with `*ret_r` set. */
static char *take_text(struct cursor *cursor, size_t max, int *ret_r)
{
    size_t length = (size_t)take_number(cursor, 2);
    const unsigned char *taken = take(cursor, length);
    char *text;

    if (!taken || length > max || memchr(taken, '\0', length)) {
        cursor->bad = true;
        return NULL;
    }
    text = malloc(length + 1);
    if (!text) {
        *ret_r = -ENOMEM;
        return NULL;
    }
    memcpy(text, taken, length);
    text[length] = '\0';
    return text;
}

bool frt_replica_is_attribute_name(const char *name, size_t length)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.;-";

    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\0' || !strchr(allowed, name[i]))
            return false;
    }
    return length > 0 && length <= FRT_REPLICA_MAX_NAME && name[0] != ';';
}

static bool has_attribute(const struct frt_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->attribute_count; i++) {
        if (strcasecmp(entry->attributes[i].name, name) == 0)
            return true;
    }
    return false;
}

static int decode_attribute(struct cursor *cursor, struct frt_entry *entry)
{
    frt_auto_free char *name = NULL;
    int r = 0;
    size_t count;

    name = take_text(cursor, FRT_REPLICA_MAX_NAME, &r);
    count = (size_t)take_number(cursor, 4);
    if (r < 0)
        return r;
    if (cursor->bad || !frt_replica_is_attribute_name(name, strlen(name)) || has_attribute(entry, name))
        return -EBADMSG;
    /* Each value takes four bytes at least: a count that cannot be true is refused before anything is allocated. */
    if (count < 1 || count > FRT_ENTRY_MAX_VALUES || count > cursor->left / 4)
        return -EBADMSG;
    for (size_t i = 0; i < count; i++) {
        size_t length = (size_t)take_number(cursor, 4);
        const unsigned char *value = take(cursor, length);

        if (!value || length > FRT_ENTRY_MAX_VALUE)
            return -EBADMSG;
        r = frt_entry_add(entry, name, value, length);
        if (r < 0)
            return r == -ENOMEM ? r : -EBADMSG;
    }
    return 0;
}

static int decode_entry(struct cursor *cursor, struct frt_entry **ret_entry)
{
    const unsigned char *uuid = take(cursor, FRT_REPLICA_UUID);
    frt_auto_free char *dn = NULL;
    struct frt_entry *entry;
    int r = 0;
    size_t count;

    dn = take_text(cursor, FRT_REPLICA_MAX_DN, &r);
    count = (size_t)take_number(cursor, 2);
    if (r < 0)
        return r;
    if (cursor->bad || dn[0] == '\0' || count > FRT_ENTRY_MAX_ATTRIBUTES)
        return -EBADMSG;
    entry = frt_entry_new(dn);
    if (!entry)
        return -ENOMEM;
    memcpy(entry->uuid, uuid, FRT_REPLICA_UUID);
    for (size_t i = 0; i < count && r == 0; i++)
        r = decode_attribute(cursor, entry);
    if (r < 0) {
        frt_entry_free(entry);
        return r;
    }
    *ret_entry = entry;
    return 0;
}

/* contextCSN values are IA5 (draft-chu-ldap-csn): a blank or a control character in one means this is none. */
static bool is_csn(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p < '!' || *p > '~')
            return false;
    }
    return true;
}

static int decode_csn(struct cursor *cursor, struct frt_replica_message *message)
{
    int r = 0;

    message->text = take_text(cursor, FRT_REPLICA_MAX_CSN, &r);
    if (message->text && !is_csn(message->text))
        cursor->bad = true;
    return r;
}

static int decode_payload(struct cursor *cursor, struct frt_replica_message *message)
{
    const unsigned char *uuid;
    int r = 0;

    switch (message->type) {
    case FRT_REPLICA_BEGIN:
        return decode_csn(cursor, message);
    case FRT_REPLICA_ENTRY:
        return decode_entry(cursor, &message->entry);
    case FRT_REPLICA_REMOVE:
        uuid = take(cursor, FRT_REPLICA_UUID);
        if (uuid)
            memcpy(message->uuid, uuid, FRT_REPLICA_UUID);
        message->text = take_text(cursor, FRT_REPLICA_MAX_DN, &r);
        return r;
    case FRT_REPLICA_END:
        message->count = (uint32_t)take_number(cursor, 4);
        return 0;
    case FRT_REPLICA_CONFIRM:
        r = decode_csn(cursor, message);
        message->asked_ms = (int64_t)take_number(cursor, 8);
        return message->asked_ms < 0 ? -EBADMSG : r;
    case FRT_REPLICA_STATE:
        message->state = (enum frt_replica_state)take_number(cursor, 1);
        message->text = take_text(cursor, FRT_REPLICA_MAX_TEXT, &r);
        return message->state > FRT_REPLICA_CONNECTED ? -EBADMSG : r;
    case FRT_REPLICA_RESET:
        return 0;
    }
    return -EBADMSG;
}

int frt_replica_message_decode(const unsigned char *bytes, size_t size,
                               struct frt_replica_message *ret_message)
{
    struct frt_replica_message message = {0};
    struct cursor cursor;
    size_t framed;
    int r;

    r = frt_replica_frame_size(bytes, size, &framed);
    if (r < 0 || framed == 0 || framed != size)
        return -EBADMSG;
    message.type = (enum frt_replica_type)bytes[4];
    cursor = (struct cursor){bytes + FRT_REPLICA_FRAME_HEADER, size - FRT_REPLICA_FRAME_HEADER, false};
    r = decode_payload(&cursor, &message);
    if (r == 0 && (cursor.bad || cursor.left > 0))
        r = -EBADMSG;
    if (r < 0) {
        frt_replica_message_clear(&message);
        return r;
    }
    *ret_message = message;
    return 0;
}
