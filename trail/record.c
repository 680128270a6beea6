/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/percent.h"

/* Room for the prefix, for ,"cut":1 and for the closing brace and LF is kept free from the start. */
#define BODY_MAX (FRT_RECORD_MAX - FRT_RECORD_PREFIX_MAX - 16)

void frt_record_init(struct frt_record *record, const char *kind)
{
    snprintf(record->kind, sizeof(record->kind), "%s", kind);
    record->length = 0;
    record->truncated = false;
    record->body[0] = '\0';
}

static void mark_cut(struct frt_record *record)
{
    static const char mark[] = ",\"cut\":1";

    if (record->truncated)
        return;
    record->truncated = true;
    memcpy(record->body + record->length, mark, sizeof(mark));
    record->length += sizeof(mark) - 1;
}

/* Writes ,"key": when it and `more` bytes fit; returns how far that goes, 0 when they do not. */
static size_t put_key(struct frt_record *record, const char *key, size_t more)
{
    size_t length = strlen(key), at = record->length;

    if (at + length + 4 + more > BODY_MAX) {
        mark_cut(record);
        return 0;
    }
    record->body[at++] = ',';
    record->body[at++] = '"';
    memcpy(record->body + at, key, length);
    at += length;
    record->body[at++] = '"';
    record->body[at++] = ':';
    return at;
}

void frt_record_add_text(struct frt_record *record, const char *key, const char *value)
{
    size_t at, used, length;

    at = record->truncated ? 0 : put_key(record, key, 3);
    if (at == 0)
        return;
    record->body[at++] = '"';
    length = value ? strlen(value) : 0;
    used = frt_percent_encode(value ? value : "", length, record->body + at, BODY_MAX - at - 1);
    at += strlen(record->body + at);
    record->body[at++] = '"';
    record->body[at] = '\0';
    record->length = at;
    if (used < length)
        mark_cut(record);
}

/* At most 17 characters and a NUL: numbers keep within 2^53. */
static size_t put_digits(char *text, int64_t value)
{
    char digits[24];
    size_t count = 0, length = 0;
    uint64_t rest = value < 0 ? (uint64_t)-value : (uint64_t)value;

    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        text[length++] = '-';
    while (count > 0)
        text[length++] = digits[--count];
    text[length] = '\0';
    return length;
}

void frt_record_add_number(struct frt_record *record, const char *key, int64_t value)
{
    int64_t kept = value > FRT_RECORD_NUMBER_MAX    ? FRT_RECORD_NUMBER_MAX
                   : value < -FRT_RECORD_NUMBER_MAX ? -FRT_RECORD_NUMBER_MAX
                                                    : value;
    size_t at = record->truncated ? 0 : put_key(record, key, 24);

    if (at == 0)
        return;
    at += put_digits(record->body + at, kept);
    record->length = at;
    if (kept != value)
        mark_cut(record);
}

int frt_record_add_voids(struct frt_record *record, const struct frt_record_void *voids, size_t count)
{
    static const char open[] = ",\"void\":[";
    size_t at = record->length;

    if (record->truncated || at + sizeof(open) + 2 > BODY_MAX)
        return -ENOSPC;
    memcpy(record->body + at, open, sizeof(open));
    at += sizeof(open) - 1;
    for (size_t i = 0; i < count; i++) {
        int n = snprintf(record->body + at, BODY_MAX - at,
                         "%s{\"f\":\"%s\",\"off\":%" PRIu64 ",\"len\":%" PRIu64 ",\"sha256\":\"%s\"}",
                         i ? "," : "", voids[i].file, voids[i].offset, voids[i].length, voids[i].sha256);

        if (n < 0 || at + (size_t)n + 2 > BODY_MAX) {
            record->body[record->length] = '\0';
            return -ENOSPC;
        }
        at += (size_t)n;
    }
    record->body[at++] = ']';
    record->body[at] = '\0';
    record->length = at;
    return 0;
}
