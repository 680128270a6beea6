// links: frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table of cases for `frt policy test`. Every cell of an accepted table must be readable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cli/ is a program, not a library: the parser is taken in whole. */
#include "cli/case_table.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[FRT_CASES_ERROR_MAX], *text = malloc(size + 1);
    struct frt_case_table table;
    size_t read = 0;

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (frt_case_table_parse("cases.tsv", text, size, &table, error) < 0)
        return error[0] == '\0';
    for (size_t i = 0; i < table.row_count; i++)
        for (size_t c = 0; c < table.column_count; c++)
            read += strlen(frt_case_cell(&table, &table.rows[i], table.columns[c]));
    if (read > size)
        abort();
    frt_case_table_clear(&table);
    return 0;
}
