/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One case of `frt policy test`: from the cells of its row to an attempt, and from the decision back to the cells that say
 * otherwise. Complaints about cells go to stderr with file and line.
 */
#ifndef FRT_CLI_POLICY_CASE_H
#define FRT_CLI_POLICY_CASE_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/case_table.h"
#include "directory/resolve.h"

/* One case as the table states it and as it came out. */
struct frt_policy_case {
    const char *file;
    const struct frt_case_table *table;
    const struct frt_case_row *row;
    struct frt_attempt attempt;
    struct frt_decision decision;
    json_t *differences; /* [ { "column", "expected", "got" } ]; owned by whoever made the case */
};

/* Whether the header has known columns, those that are needed, and something to check. */
bool frt_policy_case_check_columns(const char *file, const struct frt_case_table *table,
                                   const struct frt_policy *policy);

/* Fills `attempt` from the row; false after complaining. */
bool frt_policy_case_take(const struct frt_view *view, struct frt_policy_case *c);

/* Fills `differences` (a JSON array) from the decision and the row's expectations. */
void frt_policy_case_compare(const struct frt_policy *policy, struct frt_policy_case *c);

/* "document,review"; "none". */
void frt_policy_case_obligations(unsigned obligations, char *buffer, size_t size);

#endif
