/* SPDX-License-Identifier: BSD-2-Clause
 *
 * After a search: matches and database, told to frtd (items c and d).
 */
#ifndef FRT_CLI_RESULT_RECORD_H
#define FRT_CLI_RESULT_RECORD_H

#include <jansson.h>

/* Searches without a result on record, as frtd tells this person. NULL after a message, `*ret_exit` then says how to exit. */
json_t *frt_open_searches(const char *conf_path, int *ret_exit);
/* Those under one request, a line each; says so when frtd does not answer. */
void frt_result_print_open(const char *conf_path, const char *request);

/* Tells one result; `matches` digits, or "none" with the reason as `database`. `request` may be NULL. Exit status. */
int frt_result_tell(const char *conf_path, long long decision, const char *request, const char *matches,
                    const char *database);

/* On a terminal: asks for matches, database by database, and tells each. Exit status. */
int frt_result_ask(const char *conf_path, long long decision, const char *request);

/* When a tool run under `request` has ended: asks on a terminal, else says how to record it later. */
void frt_result_after_run(const char *conf_path, const char *user, const char *tool, const char *request);

#endif
