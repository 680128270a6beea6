/* SPDX-License-Identifier: BSD-2-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "support/percent.h"
#include "trail/encoding.h"
#include "trail/record.h"

struct scan {
    const char *at;
    const char *end;
    const char *what;
};

static bool fail(struct scan *scan, const char *what)
{
    scan->what = what;
    return false;
}

static bool take(struct scan *scan, const char *text, size_t length)
{
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, text, length) != 0)
        return false;
    scan->at += length;
    return true;
}

#define TAKE(scan, literal) take(scan, literal, sizeof(literal) - 1)

static bool take_natural(struct scan *scan, uint64_t *ret_value)
{
    size_t used = frt_decimal_parse(scan->at, (size_t)(scan->end - scan->at), (uint64_t)FRT_RECORD_NUMBER_MAX,
                                    ret_value);

    if (used == 0)
        return fail(scan, "expected an integer without leading zeros within 2^53");
    scan->at += used;
    return true;
}

static bool take_integer(struct scan *scan, int64_t *ret_value)
{
    bool negative = TAKE(scan, "-");
    uint64_t value;

    if (!take_natural(scan, &value))
        return false;
    if (negative && value == 0)
        return fail(scan, "expected 0, not -0");
    *ret_value = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

enum byte_kind { PLAIN, QUOTE, PERCENT, FORBIDDEN };

static enum byte_kind kind_of(uint8_t c)
{
    if (c < 0x20 || c > 0x7E || c == '\\')
        return FORBIDDEN;
    return c == '"' ? QUOTE : c == '%' ? PERCENT : PLAIN;
}

/* Which of eight bytes are zero: their top bits. May also mark a byte above one that is. */
static uint64_t zeros_in(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* Eight at once: most of a record is plain text. How many of them are plain before the first that is not. */
static size_t plain_bytes(const char *bytes)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t word, others;

    memcpy(&word, bytes, sizeof(word));
    word = le64toh(word); /* the first byte lowest: what zeros_in() marks too much lies behind */
    others = (((word & (each << 7)) | ((word - each * 0x20) & ~word & (each << 7))) |
              zeros_in(word ^ each * 0x7F) | zeros_in(word ^ each * '"') | zeros_in(word ^ each * '%') |
              zeros_in(word ^ each * '\\'));
    return others ? (size_t)__builtin_ctzll(others) / 8 : sizeof(word);
}

static int upper_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* After %: two upper-case digits that name a byte which has to be escaped. */
static bool is_escape(const char *digits, const char *end)
{
    int high, low, byte;

    if (end - digits < 2)
        return false;
    high = upper_hex(digits[0]);
    low = upper_hex(digits[1]);
    if (high < 0 || low < 0)
        return false;
    byte = high << 4 | low;
    return kind_of((uint8_t)byte) != PLAIN;
}

/* Behind the opening quote; ends behind the closing one. */
static bool take_string(struct scan *scan, size_t *ret_length)
{
    const char *start = scan->at, *p = start;

    for (; p < scan->end; p++) {
        enum byte_kind kind;
        size_t plain = 8;

        while (plain == 8 && scan->end - p > 8)
            p += plain = plain_bytes(p);
        kind = kind_of((uint8_t)*p);
        if (kind == PLAIN)
            continue;
        if (kind == QUOTE) {
            *ret_length = (size_t)(p - start);
            scan->at = p + 1;
            return true;
        }
        if (kind == FORBIDDEN)
            return fail(scan, "expected bytes 0x20 to 0x7E and no backslash");
        if (!is_escape(p + 1, scan->end))
            return fail(scan, "expected %XX, upper case, only for bytes that need it");
        p += 2;
    }
    return fail(scan, "expected a closing quote");
}

static bool take_hex(struct scan *scan, uint8_t *bytes, size_t length)
{
    if ((size_t)(scan->end - scan->at) < 2 * length || !frt_hex_parse(scan->at, bytes, length))
        return fail(scan, "expected lower-case hex digits of the right number");
    scan->at += 2 * length;
    return true;
}

static int digits(const char *text, unsigned count)
{
    int value = 0;

    for (unsigned i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Days since 1970-01-01 of a day that may lie in 1970 or later; -1 when there is no such day. timegm() would do, but takes
 * the time zone's lock, and verification parses on all cores. */
static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t past = year - 1;

    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > before[month] - before[month - 1] + (leap && month == 2))
        return -1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] +
           (leap && month > 2) + day - 1;
}

/* "YYYY-MM-DDTHH:MM:SS.uuuuuuZ" */
static bool take_time(struct scan *scan, int64_t *ret_us)
{
    const char *text = scan->at;
    int hour, minute, second, us;
    int64_t days;

    if (scan->end - text < 27 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[19] != '.' || text[26] != 'Z')
        return fail(scan, "expected a time YYYY-MM-DDTHH:MM:SS.uuuuuuZ");
    days = days_of(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2));
    hour = digits(text + 11, 2);
    minute = digits(text + 14, 2);
    second = digits(text + 17, 2);
    us = digits(text + 20, 6);
    if (days < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || us < 0)
        return fail(scan, "expected a time of the calendar, from 1970 on, without leap seconds");
    *ret_us = (((days * 24 + hour) * 60 + minute) * 60 + second) * INT64_C(1000000) + us;
    scan->at += 27;
    return true;
}

static bool take_boot(struct scan *scan, struct frt_record_view *view)
{
    uint8_t ignored[16];

    view->has_boot = TAKE(scan, "\"m\":");
    if (!view->has_boot)
        return true;
    if (!take_integer(scan, &view->boot_us))
        return false;
    if (view->boot_us < 0 || !TAKE(scan, ",\"b\":\""))
        return fail(scan, "expected \"m\" (not negative) and then \"b\"");
    view->boot_id = scan->at;
    if (!take_hex(scan, ignored, sizeof(ignored)))
        return false;
    return TAKE(scan, "\",") || fail(scan, "expected \"k\" after \"b\"");
}

static bool take_kind(struct scan *scan, struct frt_record_view *view)
{
    if (!TAKE(scan, "\"k\":\""))
        return fail(scan, "expected \"k\"");
    view->kind = scan->at;
    while (scan->at < scan->end && *scan->at >= 'a' && *scan->at <= 'z')
        scan->at++;
    view->kind_length = (size_t)(scan->at - view->kind);
    if (view->kind_length == 0 || view->kind_length > 15 || !TAKE(scan, "\""))
        return fail(scan, "expected a kind of 1 to 15 lower-case letters");
    return true;
}

static bool take_prefix(struct scan *scan, struct frt_record_view *view)
{
    if (!TAKE(scan, "{\"v\":1,\"n\":"))
        return fail(scan, "expected a record to begin with {\"v\":1,\"n\":");
    if (!take_natural(scan, &view->n))
        return false;
    if (!TAKE(scan, ",\"p\":\""))
        return fail(scan, "expected \"p\" after \"n\"");
    if (!take_hex(scan, view->previous, sizeof(view->previous)))
        return false;
    if (!TAKE(scan, "\",\"t\":\""))
        return fail(scan, "expected \"t\" after \"p\"");
    if (!take_time(scan, &view->time_us))
        return false;
    if (!TAKE(scan, "\","))
        return fail(scan, "expected \"m\" or \"k\" after \"t\"");
    return take_boot(scan, view) && take_kind(scan, view);
}

static bool take_void(struct scan *scan, struct frt_record_void *range)
{
    uint8_t hash[32];
    size_t length;

    if (!TAKE(scan, "{\"f\":\""))
        return fail(scan, "expected {\"f\": in the void list");
    if (!take_string(scan, &length))
        return false;
    if (length == 0 || length >= sizeof(range->file))
        return fail(scan, "expected a segment's name in the void list");
    memcpy(range->file, scan->at - 1 - length, length);
    range->file[length] = '\0';
    if (!TAKE(scan, ",\"off\":") || !take_natural(scan, &range->offset))
        return fail(scan, "expected \"off\" in the void list");
    if (!TAKE(scan, ",\"len\":") || !take_natural(scan, &range->length))
        return fail(scan, "expected \"len\" in the void list");
    if (!TAKE(scan, ",\"sha256\":\"") || !take_hex(scan, hash, sizeof(hash)) || !TAKE(scan, "\"}"))
        return fail(scan, "expected \"sha256\" in the void list");
    frt_hex_format(hash, sizeof(hash), range->sha256);
    return true;
}

/* At the bracket. */
static bool take_voids(struct scan *scan, struct frt_record_void *voids, size_t max, size_t *ret_count)
{
    *ret_count = 0;
    if (!TAKE(scan, "["))
        return fail(scan, "expected a list");
    if (TAKE(scan, "]"))
        return true;
    do {
        struct frt_record_void range;

        if (!take_void(scan, &range))
            return false;
        if (*ret_count < max)
            voids[*ret_count] = range;
        ++*ret_count;
    } while (TAKE(scan, ","));
    return TAKE(scan, "]") || fail(scan, "expected ] at the end of the void list");
}

static bool take_value(struct scan *scan, struct frt_record_field *field, bool may_be_list)
{
    struct frt_record_void none;
    int64_t number;
    size_t count;

    if (TAKE(scan, "\"")) {
        field->type = FRT_FIELD_TEXT;
        field->value = scan->at;
        return take_string(scan, &field->value_length);
    }
    field->value = scan->at;
    if (may_be_list && scan->at < scan->end && *scan->at == '[') {
        field->type = FRT_FIELD_VOIDS;
        if (!take_voids(scan, &none, 0, &count))
            return false;
    } else {
        field->type = FRT_FIELD_NUMBER;
        if (!take_integer(scan, &number))
            return false;
    }
    field->value_length = (size_t)(scan->at - field->value);
    return true;
}

static bool take_key(struct scan *scan, struct frt_record_field *field)
{
    if (!TAKE(scan, ",\""))
        return fail(scan, "expected a comma and a quoted key");
    field->key = scan->at;
    while (scan->at < scan->end && ((*scan->at >= 'a' && *scan->at <= 'z') || *scan->at == '_' ||
                                    (*scan->at >= '0' && *scan->at <= '9' && scan->at > field->key)))
        scan->at++;
    field->key_length = (size_t)(scan->at - field->key);
    if (field->key_length == 0 || field->key_length > FRT_RECORD_KEY_MAX || !TAKE(scan, "\":"))
        return fail(scan, "expected a key of 1 to 32 of a-z, 0-9 and _");
    return true;
}

static bool take_field(struct scan *scan, struct frt_record_field *field, const struct frt_record_view *view)
{
    bool is_void;

    if (!take_key(scan, field))
        return false;
    is_void = field->key_length == 4 && memcmp(field->key, "void", 4) == 0;
    if (is_void && !frt_record_is_kind(view, "seg"))
        return fail(scan, "expected \"void\" only in a seg record");
    return take_value(scan, field, is_void);
}

/* Keys of a record by their hash, for finding a second one of a name. */
#define SEEN_SLOTS 128U

struct seen {
    uint8_t slots[SEEN_SLOTS]; /* index + 1; 0 is free */
    struct {
        const char *key;
        size_t length;
    } keys[FRT_RECORD_KEYS_MAX];
    size_t count;
};

static bool note(struct seen *seen, const char *key, size_t length)
{
    unsigned at = ((unsigned)key[0] * 31 + (unsigned)key[length - 1] * 7 + (unsigned)key[length / 2] +
                   (unsigned)length * 13) %
                  SEEN_SLOTS;

    if (seen->count == FRT_RECORD_KEYS_MAX)
        return false;
    for (; seen->slots[at]; at = (at + 1) % SEEN_SLOTS) {
        size_t other = seen->slots[at] - 1U;

        if (seen->keys[other].length == length && memcmp(seen->keys[other].key, key, length) == 0)
            return false;
    }
    seen->keys[seen->count].key = key;
    seen->keys[seen->count++].length = length;
    seen->slots[at] = (uint8_t)seen->count;
    return true;
}

static bool take_body(struct scan *scan, struct frt_record_view *view)
{
    static const char fixed[] = "vnptmbk";
    struct frt_record_field field;
    struct seen seen;

    memset(seen.slots, 0, sizeof(seen.slots));
    seen.count = 0;
    for (size_t i = 0; i < sizeof(fixed) - 1; i++)
        note(&seen, &fixed[i], 1);
    view->body = (size_t)(scan->at - view->line);
    while (scan->at < scan->end && *scan->at == ',') {
        if (!take_field(scan, &field, view))
            return false;
        if (!note(&seen, field.key, field.key_length))
            return fail(scan, "expected each key once, and at most 57 after \"k\"");
    }
    if (scan->end - scan->at != 1 || *scan->at != '}')
        return fail(scan, "expected a comma or the closing brace");
    return true;
}

int frt_record_parse(const char *line, size_t length, struct frt_record_view *ret_view, const char **ret_what)
{
    struct scan scan = {line, line + length, NULL};

    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->line = line;
    ret_view->length = length;
    if (length + 1 > FRT_RECORD_MAX) {
        *ret_what = "expected a line of at most 4096 bytes";
        return -EBADMSG;
    }
    if (take_prefix(&scan, ret_view) && take_body(&scan, ret_view))
        return 0;
    *ret_what = scan.what;
    return -EBADMSG;
}

bool frt_record_is_kind(const struct frt_record_view *view, const char *kind)
{
    return strlen(kind) == view->kind_length && memcmp(view->kind, kind, view->kind_length) == 0;
}

/* The line was checked when the view was made: a quote ends a string, wherever it stands. */
bool frt_record_next_field(const struct frt_record_view *view, size_t *at, struct frt_record_field *ret_field)
{
    const char *p = view->line + *at, *end = view->line + view->length;
    struct scan scan = {NULL, end, NULL};
    size_t count;

    if (end - p < 3 || p[0] != ',')
        return false;
    ret_field->key = p + 2;
    p = memchr(p + 2, '"', (size_t)(end - p - 2));
    if (!p || end - p < 3)
        return false;
    ret_field->key_length = (size_t)(p - ret_field->key);
    p += 2;
    ret_field->value = *p == '"' ? p + 1 : p;
    if (*p == '"') {
        ret_field->type = FRT_FIELD_TEXT;
        p = memchr(p + 1, '"', (size_t)(end - p - 1));
    } else if (*p == '[') {
        ret_field->type = FRT_FIELD_VOIDS;
        scan.at = p;
        p = take_voids(&scan, NULL, 0, &count) ? scan.at : NULL;
    } else {
        ret_field->type = FRT_FIELD_NUMBER;
        while (p < end && *p != ',' && *p != '}')
            p++;
    }
    if (!p)
        return false;
    ret_field->value_length = (size_t)(p - ret_field->value);
    *at = (size_t)(p - view->line) + (ret_field->type == FRT_FIELD_TEXT);
    return true;
}

/* One of v n p t m b k: their order and spelling were checked, so the line is walked as if it were all body.
 */
static bool find_fixed(const struct frt_record_view *view, char key, struct frt_record_field *ret_field)
{
    struct frt_record_view whole = *view;
    char line[FRT_RECORD_PREFIX_MAX + 64];
    size_t at = 0;

    if (view->body > sizeof(line) - 1)
        return false;
    memcpy(line, view->line, view->body);
    line[0] = ',';
    whole.line = line;
    whole.length = view->body;
    while (frt_record_next_field(&whole, &at, ret_field)) {
        if (ret_field->key_length != 1 || ret_field->key[0] != key)
            continue;
        ret_field->key = view->line + (ret_field->key - line);
        ret_field->value = view->line + (ret_field->value - line);
        return true;
    }
    return false;
}

bool frt_record_find(const struct frt_record_view *view, const char *key, struct frt_record_field *ret_field)
{
    size_t length = strlen(key), at = view->body;

    if (length == 1 && strchr("vnptmbk", key[0]))
        return find_fixed(view, key[0], ret_field);
    while (frt_record_next_field(view, &at, ret_field))
        if (ret_field->key_length == length && memcmp(ret_field->key, key, length) == 0)
            return true;
    return false;
}

long frt_record_get_text(const struct frt_record_view *view, const char *key, char *buffer, size_t size)
{
    struct frt_record_field field;

    if (!frt_record_find(view, key, &field) || field.type != FRT_FIELD_TEXT)
        return -ENOENT;
    if (field.value_length >= size)
        return -ENOSPC;
    memcpy(buffer, field.value, field.value_length);
    buffer[field.value_length] = '\0';
    return frt_percent_decode(buffer);
}

int frt_record_get_number(const struct frt_record_view *view, const char *key, int64_t *ret_value)
{
    struct frt_record_field field;
    struct scan scan;

    if (!frt_record_find(view, key, &field) || field.type != FRT_FIELD_NUMBER)
        return -ENOENT;
    scan = (struct scan){field.value, field.value + field.value_length, NULL};
    return take_integer(&scan, ret_value) ? 0 : -ENOENT;
}

size_t frt_record_get_voids(const struct frt_record_view *view, struct frt_record_void *voids, size_t max)
{
    struct frt_record_field field;
    struct scan scan;
    size_t count = 0;

    if (!frt_record_find(view, "void", &field) || field.type != FRT_FIELD_VOIDS)
        return 0;
    scan = (struct scan){field.value, field.value + field.value_length, NULL};
    take_voids(&scan, voids, max, &count);
    return count < max ? count : max;
}
