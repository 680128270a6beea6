/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The canary: a helper process of another uid tries to open a marked file every few seconds and must be refused. The only
 * way to know that marks, kernel and worker still work together (threats G6).
 */
#ifndef FRT_GATE_CANARY_H
#define FRT_GATE_CANARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FRT_CANARY_LATE_MS 2000

struct frt_canary {
    const char *path;
    int64_t every_ms;
    int fd; /* to the helper; poll it, then frt_canary_read() */
    pid_t helper;
    bool is_out;      /* asked, not answered yet */
    int64_t asked_ms; /* 0: never */
    int64_t refused_ms;
    int missed; /* in a row */
};

/* Starts the helper: uid and gid 65534, nothing inherited but one socket, dies with us. 0 or a negative errno. */
int frt_canary_start(struct frt_canary *canary);
void frt_canary_stop(struct frt_canary *canary);

/* Asks when it is time; counts a miss when an answer is overdue. */
void frt_canary_tick(struct frt_canary *canary, int64_t now_ms);
/* Takes the helper's answers. True when one says that it was refused. */
bool frt_canary_read(struct frt_canary *canary, int64_t now_ms);

#endif
