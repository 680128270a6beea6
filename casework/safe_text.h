/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Texts that strangers chose, written where they could do harm: spreadsheets, JSON inside a page, HTML, terminals.
 *
 * Texts of the trail are printable ASCII already (%XX). Texts of the directory are UTF-8: kept when they are clean prose,
 * percent-escaped as a whole when they hold control characters, turn the writing direction or are no UTF-8 at all.
 */
#ifndef FRT_CASEWORK_SAFE_TEXT_H
#define FRT_CASEWORK_SAFE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FRT_SAFE_MAX 4096

/* `text` itself when it is clean, else `buffer` with its escaped form, cut at its size. */
const char *frt_safe_text(const char *text, char buffer[FRT_SAFE_MAX]);

/* One cell (RFC 4180), quoted. What a spreadsheet would run as a formula gets a ' in front (OWASP, CSV injection); full-width
 * forms of = + - @ too, which Excel takes for the same in some locales. Plain numbers stay as they are. */
void frt_csv_write(FILE *out, const char *text);

/* A JSON string with quotes. '<', '>' and '&' are written as \u00XX, so that no text can end the script element it stands in. */
void frt_json_write(FILE *out, const char *text);

/* Text content or a quoted attribute of HTML. */
void frt_html_write(FILE *out, const char *text);

/* Columns a terminal shows: code points of UTF-8, near enough for what the directory holds. */
size_t frt_text_width(const char *text);

#endif
