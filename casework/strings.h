/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Texts kept once each and named by a number. A trail repeats its texts: a million decisions hold some thousand different
 * names, roles and sets of facts.
 */
#ifndef FRT_CASEWORK_STRINGS_H
#define FRT_CASEWORK_STRINGS_H

#include <stddef.h>
#include <stdint.h>

struct frt_strings; /* opaque */

int frt_strings_new(struct frt_strings **ret_strings); /* -ENOMEM */
void frt_strings_free(struct frt_strings *strings);

/* The number of a text, given when it is new. Number 0 is "". 0, or -ENOMEM. */
int frt_strings_add(struct frt_strings *strings, const char *bytes, size_t length, uint32_t *ret_id);
/* The same without adding; UINT32_MAX when it is not there. */
uint32_t frt_strings_find(const struct frt_strings *strings, const char *text);
/* NUL-terminated, valid as long as `strings`. */
const char *frt_strings_get(const struct frt_strings *strings, uint32_t id);
size_t frt_strings_count(const struct frt_strings *strings);

#endif
