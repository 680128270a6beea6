/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Answers to the kernel. fanotify(7) permission events are answered by descriptor number alone, so an answer
 * may only be written while its descriptor is still open here (close afterwards), and what a dead reader owed
 * can be denied by number (threats F1, F2).
 */
#ifndef FRT_GATE_ANSWER_H
#define FRT_GATE_ANSWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_ANSWER_NOT_OWED                                                                                  \
    1 /* nobody waits for this number: the opener was killed, or was answered already */

/* Lets the opener behind event descriptor `fd` pass, or refuses it. 0, FRT_ANSWER_NOT_OWED, or a negative
 * errno (the opener still waits). With `audit` the kernel also writes an audit record; the group must have
 * been made for it. */
int frt_answer_allow(int group, int fd);
int frt_answer_deny(int group, int fd, bool audit);

/* Denies every number below `max_files`, again and again until a whole pass finds nobody waiting: several
 * events may be owed under one number. Returns how many openers were refused. The caller makes sure that
 * nobody reads `group`. */
size_t frt_answer_sweep(int group, unsigned max_files);

/* Reads what is queued on the non-blocking `group` and denies it, counting in `*denied` as it goes. May wait for another reader: an
 * event about a file on an overlay can need the file below opened, which is an event of its own (gate/rescue.h). */
void frt_answer_drain(int group, _Atomic uint64_t *denied);

#endif
