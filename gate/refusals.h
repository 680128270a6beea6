/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Denials frtd was not asked about, or did not answer in time: counted per person, tool and reason in shared memory, told
 * to frtd when it can be reached, forgotten when it has acknowledged them. So a dead frtd or worker loses no count.
 */
#ifndef FRT_GATE_REFUSALS_H
#define FRT_GATE_REFUSALS_H

#include "gate/point.h"
#include "gate/shared.h"

void frt_refusals_add(struct frt_gate_shared *shared, const char *tool, int64_t login_uid, int64_t user_uid,
                      enum frt_reason reason, bool asked);

/* Adds what the keeper denied for dead workers since the last time. */
void frt_refusals_add_swept(struct frt_gate_shared *shared);

/* Sends what has not been sent yet; with `again` also what was sent and not acknowledged (a new connection). */
void frt_refusals_send(struct frt_gate_shared *shared, struct frt_point *point, bool again);
void frt_refusals_acknowledge(struct frt_gate_shared *shared, uint64_t number);

#endif
