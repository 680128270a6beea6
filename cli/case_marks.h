/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What auditors say about a case, recorded by frtd: that a human has reviewed a search; that papers are held, released or
 * destroyed; and which are marked. Exit statuses; messages name the field at fault.
 */
#ifndef FRT_CLI_CASE_MARKS_H
#define FRT_CLI_CASE_MARKS_H

#include "cli/paper_print.h"

int frt_mark_review(const char *conf_path, const char *request, long long decision, const char *finding);

/* `act` is hold or release; `object` a request's id, or the SHA-256 of a document or package. */
int frt_mark_hold(const char *conf_path, const char *act, const char *object, const char *reason);

/* The first person proposes; a second one does, and then the kept bytes go from the folder `documents`. */
int frt_mark_destroy(const char *conf_path, const char *object, const char *permission,
                     const char *documents);

int frt_mark_list(const char *conf_path, enum frt_paper_output output);

#endif
