/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading attributes strictly. A reader goes over one entry; what is missing, tagged with options ("uid;lang-en"),
 * doubled, or not text of the expected form is a problem. The first problem is kept as "DN: attribute: what was
 * expected", percent-escaped; reading goes on, so that the rest is known.
 */
#ifndef FRT_DIRECTORY_VIEW_READ_H
#define FRT_DIRECTORY_VIEW_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory/entry.h"

struct frt_reader {
    const struct frt_entry *entry;
    char *problem; /* NULL: none so far; owned by the reader until stolen */
    bool no_memory;
};

enum frt_need { FRT_OPTIONAL, FRT_REQUIRED };

struct frt_word {
    const char *text;
    int number;
};

void frt_read_fail(struct frt_reader *reader, const char *attribute, const char *expected);

/* The single value, when it is UTF-8 (RFC 3629) without control characters and not blank. NULL: absent, or a problem. */
const struct frt_value *frt_read_single(struct frt_reader *reader, const char *name, enum frt_need need);

/* Each fills *ret only on success and leaves it as it was otherwise. Strings are fresh. */
void frt_read_text(struct frt_reader *reader, const char *name, enum frt_need need, char **ret_text);
void frt_read_identifier(struct frt_reader *reader, const char *name, enum frt_need need, char **ret_id);
void frt_read_login(struct frt_reader *reader, const char *name, enum frt_need need, char **ret_uid);
void frt_read_time(struct frt_reader *reader, const char *name, enum frt_need need, int64_t *ret_s);
void frt_read_bool(struct frt_reader *reader, const char *name, enum frt_need need, bool *ret_flag);
/* Decimal digits alone, at most `max`. */
void frt_read_number(struct frt_reader *reader, const char *name, enum frt_need need, int64_t max,
                     int64_t *ret_number);
/* A word of a controlled vocabulary, byte for byte; `words` ends with a NULL text. */
void frt_read_word(struct frt_reader *reader, const char *name, enum frt_need need,
                   const struct frt_word *words, const char *expected, int *ret_number);

/* True when there is at least one value and every one is readable text (several are allowed). */
bool frt_read_some(struct frt_reader *reader, const char *name);

/* The first value for display, percent-escaped when it is not clean; never a problem. NULL when absent. */
void frt_read_display(struct frt_reader *reader, const char *name, char **ret_text);

/* True when `attribute` is `name` or `name` with options. */
bool frt_attribute_is(const struct frt_attribute *attribute, const char *name, bool *ret_has_options);

bool frt_text_is_clean(const char *bytes, size_t length);

/* All decimal digits, no sign, no leading zero, at most `max`: the number; else -1. */
int64_t frt_read_decimal(const char *bytes, size_t length, int64_t max);

#endif
