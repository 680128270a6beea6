/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/view_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/cleanup.h"
#include "support/name.h"
#include "support/percent.h"
#include "support/time_text.h"

#define SHOWN_DN_MAX 400

void frt_read_fail(struct frt_reader *reader, const char *attribute, const char *expected)
{
    char dn[SHOWN_DN_MAX], name[80];
    size_t size;

    if (reader->problem || reader->no_memory)
        return;
    frt_percent_encode(reader->entry->dn, strlen(reader->entry->dn), dn, sizeof(dn));
    frt_percent_encode(attribute, strlen(attribute), name, sizeof(name));
    size = strlen(dn) + strlen(name) + strlen(expected) + 5;
    reader->problem = malloc(size);
    if (!reader->problem) {
        reader->no_memory = true;
        return;
    }
    snprintf(reader->problem, size, "%s: %s: %s", dn, name, expected);
}

bool frt_attribute_is(const struct frt_attribute *attribute, const char *name, bool *ret_has_options)
{
    size_t length = strlen(name);

    if (strncasecmp(attribute->name, name, length) != 0)
        return false;
    *ret_has_options = attribute->name[length] == ';';
    return *ret_has_options || attribute->name[length] == '\0';
}

/* Length of the UTF-8 sequence at `u`, 0 when it is none: overlong, surrogate, past U+10FFFF, cut. */
static size_t utf8_sequence(const unsigned char *u, size_t left)
{
    size_t length = u[0] < 0x80   ? 1
                    : u[0] < 0xC2 ? 0
                    : u[0] < 0xE0 ? 2
                    : u[0] < 0xF0 ? 3
                    : u[0] < 0xF5 ? 4
                                  : 0;

    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F))
        return 0;
    if ((u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F))
        return 0;
    return length;
}

bool frt_text_is_clean(const char *bytes, size_t length)
{
    const unsigned char *u = (const unsigned char *)bytes;
    bool blank = true;
    size_t step;

    for (size_t i = 0; i < length; i += step) {
        step = utf8_sequence(u + i, length - i);
        if (step == 0 || u[i] < 0x20 || u[i] == 0x7F || (u[i] == 0xC2 && u[i + 1] < 0xA0))
            return false;
        if (u[i] != ' ')
            blank = false;
    }
    return !blank;
}

int64_t frt_read_decimal(const char *bytes, size_t length, int64_t max)
{
    int64_t number = 0;

    if (length == 0 || length > 18 || (length > 1 && bytes[0] == '0'))
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < '0' || bytes[i] > '9')
            return -1;
        number = number * 10 + (bytes[i] - '0');
    }
    return number <= max ? number : -1;
}

/* The attribute without options. Options on it are a problem; so is its absence when it is needed. */
static const struct frt_attribute *get(struct frt_reader *reader, const char *name, enum frt_need need)
{
    const struct frt_attribute *found = NULL;
    bool has_options = false;

    for (size_t a = 0; a < reader->entry->attribute_count; a++) {
        const struct frt_attribute *attribute = &reader->entry->attributes[a];

        if (!frt_attribute_is(attribute, name, &has_options))
            continue;
        if (has_options) {
            frt_read_fail(reader, attribute->name, "expected no options");
            return NULL;
        }
        found = attribute;
    }
    if (!found && need == FRT_REQUIRED)
        frt_read_fail(reader, name, "expected to be there");
    if (found && found->value_count == 0) {
        frt_read_fail(reader, name, "expected a value");
        return NULL;
    }
    return found;
}

const struct frt_value *frt_read_single(struct frt_reader *reader, const char *name, enum frt_need need)
{
    const struct frt_attribute *attribute = get(reader, name, need);

    if (!attribute)
        return NULL;
    if (attribute->value_count != 1) {
        frt_read_fail(reader, name, "expected one value, not several");
        return NULL;
    }
    if (!frt_text_is_clean(attribute->values[0].bytes, attribute->values[0].length)) {
        frt_read_fail(reader, name, "expected UTF-8 text without control characters");
        return NULL;
    }
    return &attribute->values[0];
}

static void copy(struct frt_reader *reader, const struct frt_value *value, char **ret_text)
{
    char *text = strdup(value->bytes);

    if (!text) {
        reader->no_memory = true;
        return;
    }
    free(*ret_text);
    *ret_text = text;
}

void frt_read_text(struct frt_reader *reader, const char *name, enum frt_need need, char **ret_text)
{
    const struct frt_value *value = frt_read_single(reader, name, need);

    if (value)
        copy(reader, value, ret_text);
}

void frt_read_identifier(struct frt_reader *reader, const char *name, enum frt_need need, char **ret_id)
{
    const struct frt_value *value = frt_read_single(reader, name, need);

    if (value && frt_identifier_is_valid(value->bytes))
        copy(reader, value, ret_id);
    else if (value)
        frt_read_fail(reader, name, "expected 1 to 63 of A-Z a-z 0-9 _ . : + -, the first a letter or digit");
}

void frt_read_login(struct frt_reader *reader, const char *name, enum frt_need need, char **ret_uid)
{
    const struct frt_value *value = frt_read_single(reader, name, need);

    if (value && frt_name_is_canonical(value->bytes, value->length))
        copy(reader, value, ret_uid);
    else if (value)
        frt_read_fail(reader, name, "expected a login name: a-z or _ first, then a-z 0-9 _ . -, 32 at most");
}

void frt_read_time(struct frt_reader *reader, const char *name, enum frt_need need, int64_t *ret_s)
{
    const struct frt_value *value = frt_read_single(reader, name, need);

    if (value && frt_generalized_time_parse(value->bytes, value->length, ret_s) < 0)
        frt_read_fail(reader, name, "expected a UTC time YYYYMMDDHHMMSSZ");
}

void frt_read_bool(struct frt_reader *reader, const char *name, enum frt_need need, bool *ret_flag)
{
    const struct frt_value *value = frt_read_single(reader, name, need);

    if (!value)
        return;
    if (strcmp(value->bytes, "TRUE") == 0)
        *ret_flag = true;
    else if (strcmp(value->bytes, "FALSE") == 0)
        *ret_flag = false;
    else
        frt_read_fail(reader, name, "expected TRUE or FALSE");
}

void frt_read_number(struct frt_reader *reader, const char *name, enum frt_need need, int64_t max,
                     int64_t *ret_number)
{
    const struct frt_value *value = frt_read_single(reader, name, need);
    int64_t number = value ? frt_read_decimal(value->bytes, value->length, max) : -1;

    if (number >= 0)
        *ret_number = number;
    else if (value)
        frt_read_fail(reader, name, "expected a decimal number in range");
}

void frt_read_word(struct frt_reader *reader, const char *name, enum frt_need need,
                   const struct frt_word *words, const char *expected, int *ret_number)
{
    const struct frt_value *value = frt_read_single(reader, name, need);

    if (!value)
        return;
    for (const struct frt_word *word = words; word->text; word++) {
        if (strcmp(word->text, value->bytes) == 0) {
            *ret_number = word->number;
            return;
        }
    }
    frt_read_fail(reader, name, expected);
}

bool frt_read_some(struct frt_reader *reader, const char *name)
{
    const struct frt_attribute *attribute = get(reader, name, FRT_OPTIONAL);

    for (size_t v = 0; attribute && v < attribute->value_count; v++) {
        if (!frt_text_is_clean(attribute->values[v].bytes, attribute->values[v].length)) {
            frt_read_fail(reader, name, "expected UTF-8 text without control characters");
            return false;
        }
    }
    return attribute != NULL;
}

void frt_read_display(struct frt_reader *reader, const char *name, char **ret_text)
{
    const struct frt_attribute *attribute = frt_entry_find(reader->entry, name);
    const struct frt_value *value = attribute && attribute->value_count ? &attribute->values[0] : NULL;
    frt_auto_free char *text = NULL;
    size_t size;

    if (!value)
        return;
    if (frt_text_is_clean(value->bytes, value->length)) {
        copy(reader, value, ret_text);
        return;
    }
    size = (value->length < 256 ? value->length : 256) * 3 + 1;
    text = malloc(size);
    if (!text) {
        reader->no_memory = true;
        return;
    }
    frt_percent_encode(value->bytes, value->length, text, size);
    *ret_text = frt_steal(&text);
}
