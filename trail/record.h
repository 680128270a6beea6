/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One record line of the trail (docs: trail format, section 3): built key by key, escaped, bounded.
 *
 *     struct frt_record r;
 *     frt_record_init(&r, "decision");
 *     frt_record_add_text(&r, "user", user);
 *     frt_record_add_number(&r, "uid", uid);
 *     n = frt_trail_append(trail, &r);        trail/writer.h stamps v, n, p, t, m, b, k in front
 */
#ifndef FRT_TRAIL_RECORD_H
#define FRT_TRAIL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_RECORD_MAX 4096 /* bytes of a line, LF included */

struct frt_record {
    char kind[16];
    char body[FRT_RECORD_MAX]; /* ,"key":value... */
    size_t length;
    bool truncated; /* a value did not fit and was cut; the record says so itself */
};

void frt_record_init(struct frt_record *record, const char *kind);
/* Adds a string; bytes outside 0x20-0x7E and " \ % become %XX. NULL is written as "". A value that does not fit is cut
 * on a character and the record gets ,"cut":1 at the end. */
void frt_record_add_text(struct frt_record *record, const char *key, const char *value);
void frt_record_add_number(struct frt_record *record, const char *key, int64_t value);

#endif
