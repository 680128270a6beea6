/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of small numbers kept once each and named by a number, as casework/strings.h does for texts: the roles, agency and names
 * of one person come again with each of his decisions.
 */
#ifndef FRT_CASEWORK_TUPLES_H
#define FRT_CASEWORK_TUPLES_H

#include <stddef.h>
#include <stdint.h>

struct frt_tuples; /* opaque */

/* `width` numbers each. -ENOMEM. */
int frt_tuples_new(size_t width, struct frt_tuples **ret_tuples);
void frt_tuples_free(struct frt_tuples *tuples);

/* The number of these values, given when they are new. 0, or -ENOMEM. */
int frt_tuples_add(struct frt_tuples *tuples, const uint32_t *values, uint32_t *ret_id);
/* The value at a place. */
uint32_t frt_tuples_get(const struct frt_tuples *tuples, uint32_t id, size_t place);

#endif
