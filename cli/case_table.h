/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tables of cases for `frt policy test`: tab-separated text with a header line that names the columns. Lines that are
 * empty or begin with # are comments. Cells are text; what they mean is the caller's business.
 */
#ifndef FRT_CLI_CASE_TABLE_H
#define FRT_CLI_CASE_TABLE_H

#include <stddef.h>

#define FRT_CASES_ERROR_MAX   512
#define FRT_CASES_MAX_COLUMNS 32
#define FRT_CASES_MAX_BYTES   (16 * 1024 * 1024)

struct frt_case_row {
    unsigned line;
    const char
        *cells[FRT_CASES_MAX_COLUMNS]; /* "" where the line has no such cell; borrowed from the table */
};

struct frt_case_table {
    char *text; /* the file's bytes, cut into cells */
    const char *columns[FRT_CASES_MAX_COLUMNS];
    size_t column_count;
    struct frt_case_row *rows;
    size_t row_count;
};

/* Takes `text` (malloc'd, `length` bytes, NUL-terminated) over, on failure too. 0, or a negative errno with `error`
 * "NAME:LINE: what was expected". */
int frt_case_table_parse(const char *name, char *text, size_t length, struct frt_case_table *ret_table,
                         char error[FRT_CASES_ERROR_MAX]);
void frt_case_table_clear(struct frt_case_table *table);

/* Number of the column called `name`; -1 when there is none. */
int frt_case_table_column(const struct frt_case_table *table, const char *name);

/* The cell of `row` under `name`; "" when there is no such column. */
const char *frt_case_cell(const struct frt_case_table *table, const struct frt_case_row *row,
                          const char *name);

#endif
