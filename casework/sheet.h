/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table of an answer: columns, then cells row by row. Written as aligned text, CSV or JSON, each safe for where it goes.
 *
 *     static const char *const columns[] = {"department", "#denials", NULL};      '#' marks numbers
 *     struct frt_sheet *sheet = frt_sheet_new("departments", "Denials by department", columns);
 *     frt_sheet_text(sheet, "police");
 *     frt_sheet_number(sheet, 7);
 *
 * Cells are cleaned as they come in (safe_text.h). When memory runs out the sheet says so (frt_sheet_failed) and drops what
 * comes after: callers look once, at the end.
 */
#ifndef FRT_CASEWORK_SHEET_H
#define FRT_CASEWORK_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FRT_SHEET_COLUMNS_MAX 24

struct frt_sheet; /* opaque */

/* `name`, `title` and `columns` are borrowed and outlive it. NULL: out of memory. */
struct frt_sheet *frt_sheet_new(const char *name, const char *title, const char *const *columns);
/* An empty sheet with the columns of `from` and before them `first`. */
struct frt_sheet *frt_sheet_new_beside(const struct frt_sheet *from, const char *first);
/* Adds the rows of `from`, each with `first` before it. */
void frt_sheet_add_rows(struct frt_sheet *sheet, const char *first, const struct frt_sheet *from);
void frt_sheet_free(struct frt_sheet *sheet);

void frt_sheet_text(struct frt_sheet *sheet, const char *text); /* NULL is "" */
void frt_sheet_number(struct frt_sheet *sheet, int64_t number);
void frt_sheet_time(struct frt_sheet *sheet, int64_t time_us); /* "" for INT64_MIN and INT64_MAX */
void frt_sheet_format(struct frt_sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *frt_sheet_name(const struct frt_sheet *sheet);
size_t frt_sheet_rows(const struct frt_sheet *sheet);
bool frt_sheet_failed(const struct frt_sheet *sheet);

void frt_sheet_write_text(const struct frt_sheet *sheet, FILE *out);
void frt_sheet_write_csv(const struct frt_sheet *sheet, FILE *out);
/* A table element; at most `max` rows. `none` stands there when there is no row; `translate` gives the words of headings. */
void frt_sheet_write_html(const struct frt_sheet *sheet, size_t max, const char *none,
                          const char *(*translate)(const void *arg, const char *heading), const void *arg,
                          FILE *out);
/* {"name":..,"title":..,"columns":[..],"rows":[[..],..]} */
void frt_sheet_write_json(const struct frt_sheet *sheet, FILE *out);

#endif
