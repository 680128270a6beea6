/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/case_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/percent.h"

static int complain(const char *name, unsigned line, const char *quoted, const char *expected,
                    char error[FRT_CASES_ERROR_MAX])
{
    char shown[96] = "";

    if (quoted)
        frt_percent_encode(quoted, strlen(quoted), shown, sizeof(shown));
    snprintf(error, FRT_CASES_ERROR_MAX, "%.250s:%u: %s%s%s%s", name, line, quoted ? "\"" : "", shown,
             quoted ? "\": " : "", expected);
    return -EINVAL;
}

/* A table is text for people: tabs and line ends apart, control characters have no business in it. */
static int check_bytes(const char *name, const char *text, size_t length, char error[FRT_CASES_ERROR_MAX])
{
    unsigned line = 1;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n')
            line++;
        else if ((c < 0x20 && c != '\t' && !(c == '\r' && text[i + 1] == '\n')) || c == 0x7f)
            return complain(name, line, NULL, "holds a control character: expected tab-separated text",
                            error);
    }
    return 0;
}

/* Cuts one line into at most `max` cells; returns how many there are, -1 when there are more. */
static int cut_line(char *line, const char **cells, size_t max)
{
    size_t n = 0;

    for (char *cell = line; cell; n++) {
        char *tab = strchr(cell, '\t');

        if (n == max)
            return -1;
        if (tab)
            *tab++ = '\0';
        cells[n] = cell;
        cell = tab;
    }
    return (int)n;
}

/* Spreadsheets end their tables with rows of empty cells. */
static bool is_blank(const char *line)
{
    return line[strspn(line, "\t ")] == '\0';
}

/* The next line that is not a comment, NUL-terminated; NULL at the end. */
static char *next_line(char **rest, unsigned *line_number)
{
    while (*rest && **rest) {
        char *line = *rest, *end = strchr(line, '\n');

        (*line_number)++;
        *rest = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        line[strcspn(line, "\r")] = '\0';
        if (!is_blank(line) && line[0] != '#')
            return line;
    }
    return NULL;
}

static int take_header(const char *name, char *line, unsigned line_number, struct frt_case_table *table,
                       char error[FRT_CASES_ERROR_MAX])
{
    int n = cut_line(line, table->columns, FRT_CASES_MAX_COLUMNS);

    if (n < 0)
        return complain(name, line_number, NULL, "has too many columns", error);
    table->column_count = (size_t)n;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i][0] == '\0')
            return complain(name, line_number, NULL, "the header has a column without a name", error);
        for (size_t k = 0; k < i; k++)
            if (strcmp(table->columns[i], table->columns[k]) == 0)
                return complain(name, line_number, table->columns[i], "the column stands here twice", error);
    }
    return 0;
}

static int add_row(struct frt_case_table *table, struct frt_case_row **ret_row)
{
    /* Grows by doubling, at powers of two. */
    if ((table->row_count & (table->row_count - 1)) == 0) {
        size_t room = table->row_count ? table->row_count * 2 : 1;
        struct frt_case_row *rows = realloc(table->rows, room * sizeof(*rows));

        if (!rows)
            return -ENOMEM;
        table->rows = rows;
    }
    *ret_row = &table->rows[table->row_count++];
    return 0;
}

static int take_row(const char *name, char *line, unsigned line_number, struct frt_case_table *table,
                    char error[FRT_CASES_ERROR_MAX])
{
    struct frt_case_row *row = NULL;
    int n, r = add_row(table, &row);

    if (r < 0)
        return r;
    row->line = line_number;
    n = cut_line(line, row->cells, table->column_count);
    if (n < 0)
        return complain(name, line_number, NULL, "has more cells than the header has columns", error);
    for (size_t i = (size_t)n; i < FRT_CASES_MAX_COLUMNS; i++)
        row->cells[i] = "";
    return 0;
}

static int parse(const char *name, size_t length, struct frt_case_table *table,
                 char error[FRT_CASES_ERROR_MAX])
{
    char *rest = table->text, *line;
    unsigned line_number = 0;
    int r = check_bytes(name, table->text, length, error);

    if (r < 0)
        return r;
    if (strncmp(rest, "\xEF\xBB\xBF", 3) == 0) /* the mark of byte order */
        rest += 3;
    line = next_line(&rest, &line_number);
    if (!line)
        return complain(name, 1, NULL, "is empty: expected a header line that names the columns", error);
    r = take_header(name, line, line_number, table, error);
    while (r == 0 && (line = next_line(&rest, &line_number)))
        r = take_row(name, line, line_number, table, error);
    return r;
}

int frt_case_table_parse(const char *name, char *text, size_t length, struct frt_case_table *ret_table,
                         char error[FRT_CASES_ERROR_MAX])
{
    struct frt_case_table table = {.text = text};
    int r;

    snprintf(error, FRT_CASES_ERROR_MAX, "%.250s: out of memory", name);
    r = parse(name, length, &table, error);
    if (r < 0)
        frt_case_table_clear(&table);
    else
        *ret_table = table;
    return r;
}

void frt_case_table_clear(struct frt_case_table *table)
{
    free(table->rows);
    free(table->text);
    memset(table, 0, sizeof(*table));
}

int frt_case_table_column(const struct frt_case_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i], name) == 0)
            return (int)i;
    return -1;
}

const char *frt_case_cell(const struct frt_case_table *table, const struct frt_case_row *row,
                          const char *name)
{
    int i = frt_case_table_column(table, name);

    return i < 0 ? "" : row->cells[i];
}
