/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A trail while it is being opened, shared by recovery.c (what lies there) and acknowledge.c (going on although it is broken).
 * Internal to trail/.
 */
#ifndef FRT_TRAIL_OPENING_H
#define FRT_TRAIL_OPENING_H

#include "trail/writer_state.h"

struct frt_opening {
    const struct frt_trail_options *options;
    struct frt_trail *trail;
    struct frt_key_slot slots[FRT_KEY_SLOTS];
    struct frt_segments segments;
    char *error;                       /* FRT_TRAIL_ERROR_MAX bytes */
    const struct frt_trail_word *word; /* NULL: what is broken is refused */
    bool has_no_trail, has_no_end;     /* the kinds of break */
    bool has_new_key;
    const char *what; /* of the word's record, with: */
    char found[FRT_TRAIL_ERROR_MAX];
};

/* Writes what is wrong into `error` and returns `result`. */
int frt_opening_say(struct frt_opening *opening, int result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whose trail it is; begins one where there is none. */
int frt_opening_take_identity(struct frt_opening *opening);
/* How far the log is good: trail->sealed. With has_no_end, whatever the local checkpoint says. */
int frt_opening_examine(struct frt_opening *opening);
/* As in a trail that has nothing sealed yet. */
void frt_opening_set_fresh(struct frt_opening *opening);
/* The key that may go on after `state`; NULL when no slot holds it. */
const struct frt_key_slot *frt_opening_find_key(const struct frt_opening *opening,
                                                const struct frt_trail_head *state);
int frt_opening_take_key(struct frt_opening *opening);

/* Makes it possible to go on after `broken` (0, a FRT_TRAIL_E_*, a negative errno). */
int frt_opening_mend(struct frt_opening *opening, int broken);
/* Begins the segment with the word in it, and seals. */
int frt_opening_write_word(struct frt_opening *opening);

#endif
