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

void frt_record_add_text(struct frt_record *record, const char *key, const char *value)
{
    size_t at = record->length, room, used, length;
    int n;

    if (record->truncated)
        return;
    n = snprintf(record->body + at, BODY_MAX - at, ",\"%s\":\"", key);
    if (n < 0 || at + (size_t)n + 2 > BODY_MAX) {
        record->body[at] = '\0';
        mark_cut(record);
        return;
    }
    at += (size_t)n;
    room = BODY_MAX - at - 1;
    length = value ? strlen(value) : 0;
    used = frt_percent_encode(value ? value : "", length, record->body + at, room);
    at += strlen(record->body + at);
    record->body[at++] = '"';
    record->body[at] = '\0';
    record->length = at;
    if (used < length)
        mark_cut(record);
}

void frt_record_add_number(struct frt_record *record, const char *key, int64_t value)
{
    int64_t kept = value > FRT_RECORD_NUMBER_MAX    ? FRT_RECORD_NUMBER_MAX
                   : value < -FRT_RECORD_NUMBER_MAX ? -FRT_RECORD_NUMBER_MAX
                                                    : value;
    size_t at = record->length;
    int n;

    if (record->truncated)
        return;
    n = snprintf(record->body + at, BODY_MAX - at, ",\"%s\":%" PRId64, key, kept);
    if (n < 0 || at + (size_t)n >= BODY_MAX) {
        record->body[at] = '\0';
        mark_cut(record);
        return;
    }
    record->length += (size_t)n;
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
