/* SPDX-License-Identifier: BSD-2-Clause
 *
 * That somebody reads the trail is itself recorded (NIST SP 800-53 AU-9, question Q32), by frtd, before the first record is
 * shown. Reading goes on when that fails, and says so; a copy of a trail has no frtd that could record anything.
 */
#ifndef FRT_CLI_READING_H
#define FRT_CLI_READING_H

#include "settings/frt_conf.h"

struct frt_reading {
    int64_t record;  /* number of the audit record; -1: none */
    char words[256]; /* for the statement of an answer: "recorded as 12", or why not */
};

/* The configuration where there is one: `path`, else the default file when it can be read. NULL without, `ret_failed` then
 * says whether there was one that is wrong (after a message). */
struct frt_conf *frt_reading_conf(const char *path, bool *ret_failed);

/* Has frtd record `what` ("ask Q1 --period 2026Q1", already percent-escaped) when `log_dir` is the trail `conf` names. A live
 * trail whose reading could not be recorded is told on stderr, too. `conf` may be NULL. */
void frt_reading_note(const struct frt_conf *conf, const char *log_dir, const char *what,
                      struct frt_reading *ret_reading);

#endif
