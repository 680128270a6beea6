/* SPDX-License-Identifier: BSD-2-Clause
 *
 * When was nobody watching: periods in which frtd did not run, gave no sign of life, had no kernel gate that enforces, or no
 * fresh view of the directory.
 */
#ifndef FRT_CASEWORK_COVERAGE_H
#define FRT_CASEWORK_COVERAGE_H

#include "casework/desk.h"

struct frt_stretch {
    int64_t from_us, until_us; /* until_us INT64_MAX: to this day, as far as the trail tells */
    const char *state, *why;   /* static */
};

struct frt_coverage {
    struct frt_stretch *list;
    size_t count, room;
    bool failed; /* out of memory: some are missing */
};

/* Those of the desk's period, in order of time; to be cleared. */
void frt_coverage_find(const struct frt_desk *desk, struct frt_coverage *ret_coverage);
void frt_coverage_clear(struct frt_coverage *coverage);

#endif
