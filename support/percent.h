/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text that is safe on any terminal, in any log and in JSON: bytes outside 0x20-0x7E and " \ % become %XX.
 */
#ifndef FRT_SUPPORT_PERCENT_H
#define FRT_SUPPORT_PERCENT_H

#include <stddef.h>

/* Encodes `length` bytes into `buffer` of `size` bytes, NUL-terminated, never splitting a %XX. Returns the number of input
 * bytes consumed: `length` when everything fitted. */
size_t frt_percent_encode(const char *bytes, size_t length, char *buffer, size_t size);

/* Decodes in place; returns the decoded length, or -1 for a bad escape. */
long frt_percent_decode(char *text);

#endif
