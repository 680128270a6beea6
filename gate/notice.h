/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one line a refused person sees: without it the gate's denial reads "Operation not permitted".
 */
#ifndef FRT_GATE_NOTICE_H
#define FRT_GATE_NOTICE_H

#include "gate/opener.h"
#include "protocol/message.h"

#define FRT_NOTICE_MAX      700
#define FRT_NOTICE_EVERY_MS 3000 /* per terminal */

/* The line, printable bytes only, ending in CR LF. `answer` NULL: frtd was not asked; then `reason` speaks. */
void frt_notice_format(const char *tool, enum frt_reason reason, const struct frt_answer *answer,
                       char buffer[FRT_NOTICE_MAX]);

/* Writes the line on the opener's own terminal, at most one each FRT_NOTICE_EVERY_MS on a terminal; never waits. */
void frt_notice_write(const struct frt_opener *opener, const char *tool, enum frt_reason reason,
                      const struct frt_answer *answer, int64_t now_ms);

#endif
