/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One record line of the trail (trail format, section 3).
 *
 * Built key by key, escaped, bounded:
 *
 *     struct frt_record r;
 *     frt_record_init(&r, "decision");
 *     frt_record_add_text(&r, "user", user);
 *     frt_record_add_number(&r, "uid", uid);
 *     n = frt_trail_append(trail, &r);        trail/writer.h stamps v, n, p, t, m, b, k in front
 *
 * Read strictly: the hash covers the bytes, so there must be one spelling only of any record. No JSON library
 * is used for that, because those forgive what matters here (duplicate keys, key order, numbers past 2^53,
 * other escapes).
 */
#ifndef FRT_TRAIL_RECORD_H
#define FRT_TRAIL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_RECORD_MAX        4096 /* bytes of a line, LF included */
#define FRT_RECORD_PREFIX_MAX 288  /* v to k, as the writer stamps them */
#define FRT_RECORD_KEYS_MAX   64
#define FRT_RECORD_KEY_MAX    32
#define FRT_RECORD_NUMBER_MAX (INT64_C(1) << 53)

struct frt_record {
    char kind[16];
    char body[FRT_RECORD_MAX]; /* ,"key":value... */
    size_t length;
    bool truncated; /* a value did not fit and was cut; the record says so itself */
};

void frt_record_init(struct frt_record *record, const char *kind);
/* Adds a string; bytes outside 0x20-0x7E and " \ % become %XX. NULL is written as "". A value that does not
 * fit is cut between characters and the record gets ,"cut":1 at the end. */
void frt_record_add_text(struct frt_record *record, const char *key, const char *value);
/* Beyond +-2^53 the nearest of the two is written and the record counts as cut. */
void frt_record_add_number(struct frt_record *record, const char *key, int64_t value);

/* One void range of a `seg` record: bytes that were written and never answered. */
struct frt_record_void {
    char file[32];
    uint64_t offset, length;
    char sha256[65]; /* hex */
};
/* Adds ,"void":[...]. -ENOSPC when they do not fit. */
int frt_record_add_voids(struct frt_record *record, const struct frt_record_void *voids, size_t count);

struct frt_record_field {
    const char *key;
    size_t key_length;
    const char *value; /* without quotes, still escaped; a number's digits; the whole list of `void` */
    size_t value_length;
    enum { FRT_FIELD_TEXT, FRT_FIELD_NUMBER, FRT_FIELD_VOIDS } type;
};

/* A line that was checked. Pointers lead into the line. */
struct frt_record_view {
    const char *line;
    size_t length; /* without LF */
    uint64_t n;
    uint8_t previous[32]; /* p */
    int64_t time_us;      /* t */
    bool has_boot;        /* m and b are there */
    int64_t boot_us;      /* m */
    const char *boot_id;  /* b, 32 digits */
    const char *kind;     /* k */
    size_t kind_length;
    size_t body; /* where the fields after k begin: at a comma or at the closing brace */
};

/* `length` without LF. 0, or -EBADMSG with what was expected in words. */
int frt_record_parse(const char *line, size_t length, struct frt_record_view *ret_view,
                     const char **ret_what);

/* Walks the fields after k of a view: start with *at = view->body. False at the end. */
bool frt_record_next_field(const struct frt_record_view *view, size_t *at,
                           struct frt_record_field *ret_field);
/* Any field by its key, v n p t m b k included. */
bool frt_record_find(const struct frt_record_view *view, const char *key, struct frt_record_field *ret_field);
/* The value with %XX undone, NUL-terminated. The bytes are the attempt's own: escape them again before
 * showing them. Returns the length, -ENOENT when there is no such text, -ENOSPC. */
long frt_record_get_text(const struct frt_record_view *view, const char *key, char *buffer, size_t size);
/* 0 or -ENOENT. */
int frt_record_get_number(const struct frt_record_view *view, const char *key, int64_t *ret_value);
bool frt_record_is_kind(const struct frt_record_view *view, const char *kind);
/* The ranges of the `void` list of a `seg` record; returns how many, at most `max`. */
size_t frt_record_get_voids(const struct frt_record_view *view, struct frt_record_void *voids, size_t max);

#endif
