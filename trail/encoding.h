/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bytes as text and back, in one spelling only: lower-case hex, and base64 (RFC 4648 section 4) with padding
 * whose unused bits are zero. Two spellings of one value would let a sealed line be changed without the
 * change showing.
 */
#ifndef FRT_TRAIL_ENCODING_H
#define FRT_TRAIL_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_BASE64_LENGTH(bytes) (((bytes) + 2) / 3 * 4)

/* Writes 2 * length digits and a NUL. */
void frt_hex_format(const uint8_t *bytes, size_t length, char *text);
/* Reads exactly 2 * length lower-case digits. */
bool frt_hex_parse(const char *text, uint8_t *bytes, size_t length);

/* Writes FRT_BASE64_LENGTH(length) characters and a NUL. */
void frt_base64_format(const uint8_t *bytes, size_t length, char *text);
/* Decodes the canonical spelling of exactly `length` bytes; `text_length` must be FRT_BASE64_LENGTH(length).
 */
bool frt_base64_parse(const char *text, size_t text_length, uint8_t *bytes, size_t length);

/* A decimal without sign or leading zeros, at most `max`. Returns the digits used, 0 when it is none. */
size_t frt_decimal_parse(const char *text, size_t length, uint64_t max, uint64_t *ret_value);

#endif
