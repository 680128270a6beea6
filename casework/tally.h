/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Counting by several keys at once: rows of a history grouped by numbers of texts, or by any small numbers.
 */
#ifndef FRT_CASEWORK_TALLY_H
#define FRT_CASEWORK_TALLY_H

#include <stddef.h>
#include <stdint.h>

#define FRT_TALLY_KEYS   5
#define FRT_TALLY_COUNTS 4

struct frt_tally; /* opaque */

struct frt_tally_row {
    uint32_t key[FRT_TALLY_KEYS];
    int64_t count[FRT_TALLY_COUNTS];
};

struct frt_tally *frt_tally_new(void); /* NULL: out of memory */
void frt_tally_free(struct frt_tally *tally);

/* The row of these keys, made with zero counts when it is new; NULL: out of memory. Unused keys are 0. Valid until the next
 * call. */
struct frt_tally_row *frt_tally_at(struct frt_tally *tally, const uint32_t key[FRT_TALLY_KEYS]);

size_t frt_tally_rows(const struct frt_tally *tally);
const struct frt_tally_row *frt_tally_row(const struct frt_tally *tally, size_t i);

/* Orders rows by count[0], largest first; equal ones as they came. */
void frt_tally_sort(struct frt_tally *tally);

#endif
