/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Requests and authorities as people read them: every attribute in plain words with the item of the law it answers, and lists.
 */
#ifndef FRT_CLI_PAPER_PRINT_H
#define FRT_CLI_PAPER_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "casework/sheet.h"
#include "directory/entry.h"

void frt_paper_print(const struct frt_entry *entry);
void frt_paper_print_json(const struct frt_entry *entry);

/* First value of an attribute; "". */
const char *frt_paper_value(const struct frt_entry *entry, const char *attribute);

/* "valid", "withdrawn", "expired", "not yet": by dates alone; whether it opens a tool is frtd's to say. */
const char *frt_paper_state(const struct frt_entry *entry, int64_t now_s);

enum frt_paper_output { FRT_PAPER_TEXT, FRT_PAPER_JSON, FRT_PAPER_CSV };
void frt_paper_print_sheet(const struct frt_sheet *sheet, enum frt_paper_output output);

#endif
