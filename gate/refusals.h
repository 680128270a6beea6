/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Denials that are not on record: frtd was not asked, did not answer in time, or answered that there are too many to record
 * singly. Kept in shared memory, told to frtd when it can be reached, forgotten when it has acknowledged them. So a dead frtd
 * or worker loses none, and frtd, which knows the rids it has recorded, records none twice (protocol/gate_message.h).
 */
#ifndef FRT_GATE_REFUSALS_H
#define FRT_GATE_REFUSALS_H

#include "gate/point.h"
#include "gate/shared.h"

/* `rid`: the question that frtd did not answer; NULL: there was none, and the denial is counted with others like it. */
void frt_refusals_add(struct frt_gate_shared *shared, const char *tool, int64_t login_uid, int64_t user_uid,
                      enum frt_reason reason, bool asked, const uint8_t rid[16]);

/* Adds what the keeper denied for dead workers since the last time. */
void frt_refusals_add_swept(struct frt_gate_shared *shared);

/* Sends what has not been sent yet; with `again` (a new connection), and every few seconds, also what was not acknowledged. */
void frt_refusals_send(struct frt_gate_shared *shared, struct frt_point *point, bool again);
void frt_refusals_acknowledge(struct frt_gate_shared *shared, const uint8_t rid[16]);

#endif
