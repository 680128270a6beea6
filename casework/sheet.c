/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/sheet.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "casework/safe_text.h"
#include "support/time_text.h"

#define WIDTH_MAX 60

struct frt_sheet {
    const char *name, *title;
    const char *const *columns;
    const char *own_columns[FRT_SHEET_COLUMNS_MAX + 1]; /* of a sheet made beside another */
    size_t column_count;
    size_t widths[FRT_SHEET_COLUMNS_MAX];
    size_t cell_count;
    char *cells; /* one after the other, each with its NUL */
    size_t used, room;
    bool failed;
};

static const char *heading(const struct frt_sheet *sheet, size_t column)
{
    return sheet->columns[column] + (sheet->columns[column][0] == '#');
}

static bool is_number(const struct frt_sheet *sheet, size_t column)
{
    return sheet->columns[column][0] == '#';
}

struct frt_sheet *frt_sheet_new(const char *name, const char *title, const char *const *columns)
{
    struct frt_sheet *sheet = calloc(1, sizeof(*sheet));

    if (!sheet)
        return NULL;
    sheet->name = name;
    sheet->title = title;
    sheet->columns = columns;
    while (columns[sheet->column_count] && sheet->column_count < FRT_SHEET_COLUMNS_MAX) {
        sheet->widths[sheet->column_count] = strlen(heading(sheet, sheet->column_count));
        sheet->column_count++;
    }
    return sheet;
}

struct frt_sheet *frt_sheet_new_beside(const struct frt_sheet *from, const char *first)
{
    static const char *const none[] = {NULL};
    struct frt_sheet *sheet = frt_sheet_new(from->name, from->title, none);

    if (!sheet)
        return NULL;
    sheet->own_columns[0] = first;
    for (size_t i = 0; i < from->column_count && i + 1 < FRT_SHEET_COLUMNS_MAX; i++)
        sheet->own_columns[i + 1] = from->columns[i];
    sheet->columns = sheet->own_columns;
    for (; sheet->columns[sheet->column_count]; sheet->column_count++)
        sheet->widths[sheet->column_count] = strlen(heading(sheet, sheet->column_count));
    return sheet;
}

void frt_sheet_add_rows(struct frt_sheet *sheet, const char *first, const struct frt_sheet *from)
{
    const char *cell = from->cells;

    for (size_t i = 0; i < from->cell_count; i++, cell += strlen(cell) + 1) {
        if (i % from->column_count == 0)
            frt_sheet_text(sheet, first);
        frt_sheet_text(sheet, cell);
    }
}

void frt_sheet_free(struct frt_sheet *sheet)
{
    if (!sheet)
        return;
    free(sheet->cells);
    free(sheet);
}

void frt_sheet_text(struct frt_sheet *sheet, const char *text)
{
    char buffer[FRT_SAFE_MAX];
    size_t length, width, column;

    if (!sheet || sheet->failed)
        return;
    text = frt_safe_text(text, buffer);
    length = strlen(text) + 1;
    if (sheet->room - sheet->used < length) {
        size_t room = (sheet->room + length) * 2;
        char *cells = realloc(sheet->cells, room);

        if (!cells) {
            sheet->failed = true;
            return;
        }
        sheet->cells = cells;
        sheet->room = room;
    }
    memcpy(sheet->cells + sheet->used, text, length);
    sheet->used += length;
    column = sheet->cell_count++ % sheet->column_count;
    width = frt_text_width(text);
    if (width > WIDTH_MAX)
        width = WIDTH_MAX;
    if (width > sheet->widths[column])
        sheet->widths[column] = width;
}

void frt_sheet_number(struct frt_sheet *sheet, int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64, number);
    frt_sheet_text(sheet, text);
}

void frt_sheet_time(struct frt_sheet *sheet, int64_t time_us)
{
    char text[FRT_TIME_TEXT_MAX] = "";

    if (time_us != INT64_MIN && time_us != INT64_MAX)
        frt_time_format_us(time_us, text);
    frt_sheet_text(sheet, text);
}

void frt_sheet_format(struct frt_sheet *sheet, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    frt_sheet_text(sheet, text);
}

const char *frt_sheet_name(const struct frt_sheet *sheet)
{
    return sheet->name;
}

size_t frt_sheet_rows(const struct frt_sheet *sheet)
{
    return sheet ? sheet->cell_count / sheet->column_count : 0;
}

bool frt_sheet_failed(const struct frt_sheet *sheet)
{
    return !sheet || sheet->failed;
}

static void pad(FILE *out, size_t width, size_t wanted)
{
    while (width++ < wanted)
        fputc(' ', out);
}

void frt_sheet_write_text(const struct frt_sheet *sheet, FILE *out)
{
    const char *cell = sheet->cells;
    size_t rows = frt_sheet_rows(sheet);

    fprintf(out, "%s (%zu)\n", sheet->title, rows);
    for (size_t i = 0; rows > 0 && i < sheet->column_count; i++) {
        fprintf(out, "  %s", heading(sheet, i));
        if (i + 1 < sheet->column_count)
            pad(out, strlen(heading(sheet, i)), sheet->widths[i]);
    }
    if (rows > 0)
        fputc('\n', out);
    for (size_t i = 0; i < rows * sheet->column_count; i++) {
        size_t column = i % sheet->column_count;

        fputs("  ", out);
        if (is_number(sheet, column))
            pad(out, frt_text_width(cell), sheet->widths[column]);
        fputs(cell, out);
        if (column + 1 == sheet->column_count)
            fputc('\n', out);
        else if (!is_number(sheet, column))
            pad(out, frt_text_width(cell), sheet->widths[column]);
        cell += strlen(cell) + 1;
    }
}

void frt_sheet_write_csv(const struct frt_sheet *sheet, FILE *out)
{
    const char *cell = sheet->cells;
    size_t rows = frt_sheet_rows(sheet);

    for (size_t i = 0; i < sheet->column_count; i++) {
        if (i > 0)
            fputc(',', out);
        frt_csv_write(out, heading(sheet, i));
    }
    fputs("\r\n", out);
    for (size_t i = 0; i < rows * sheet->column_count; i++) {
        frt_csv_write(out, cell);
        fputs((i + 1) % sheet->column_count ? "," : "\r\n", out);
        cell += strlen(cell) + 1;
    }
}

static void write_json_cell(FILE *out, const char *cell, bool number)
{
    char *end;

    if (number && *cell) {
        (void)strtoll(cell, &end, 10);
        if (*end == '\0') {
            fputs(cell, out);
            return;
        }
    }
    frt_json_write(out, cell);
}

void frt_sheet_write_json(const struct frt_sheet *sheet, FILE *out)
{
    const char *cell = sheet->cells;
    size_t rows = frt_sheet_rows(sheet);

    fputs("{\"name\":", out);
    frt_json_write(out, sheet->name);
    fputs(",\"title\":", out);
    frt_json_write(out, sheet->title);
    fputs(",\"columns\":[", out);
    for (size_t i = 0; i < sheet->column_count; i++) {
        fputs(i ? "," : "", out);
        frt_json_write(out, heading(sheet, i));
    }
    fputs("],\"rows\":[", out);
    for (size_t i = 0; i < rows * sheet->column_count; i++) {
        size_t column = i % sheet->column_count;

        if (column == 0)
            fputs(i ? ",\n[" : "\n[", out);
        else
            fputc(',', out);
        write_json_cell(out, cell, is_number(sheet, column));
        if (column + 1 == sheet->column_count)
            fputc(']', out);
        cell += strlen(cell) + 1;
    }
    fputs("]}", out);
}

void frt_sheet_write_html(const struct frt_sheet *sheet, size_t max, const char *none,
                          const char *(*translate)(const void *arg, const char *heading), const void *arg,
                          FILE *out)
{
    const char *cell = sheet->cells;
    size_t rows = frt_sheet_rows(sheet);

    if (rows == 0) {
        fputs("<p class=\"soft\">", out);
        frt_html_write(out, none);
        fputs("</p>\n", out);
        return;
    }
    fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>", out);
    for (size_t i = 0; i < sheet->column_count; i++) {
        fprintf(out, "<th scope=\"col\"%s>", is_number(sheet, i) ? " class=\"number\"" : "");
        frt_html_write(out, translate(arg, heading(sheet, i)));
        fputs("</th>", out);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < (rows < max ? rows : max) * sheet->column_count; i++) {
        size_t column = i % sheet->column_count;

        fprintf(out, "%s<td%s>", column == 0 ? "<tr>" : "",
                is_number(sheet, column) ? " class=\"number\"" : "");
        frt_html_write(out, cell);
        fputs(column + 1 == sheet->column_count ? "</td></tr>\n" : "</td>", out);
        cell += strlen(cell) + 1;
    }
    fputs("</tbody></table></div>\n", out);
    if (rows > max)
        fprintf(out, "<p class=\"soft\">%zu / %zu</p>\n", max, rows);
}
