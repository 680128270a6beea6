/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The worker's way out of waiting for itself. To hand over an event about a file on an overlay, the kernel opens that file inside
 * our read(2), and with it (from Linux 6.5 on) the file below. When that is marked as well, the open is an event for the very
 * reader that waits for it. Threads of the same process then read on: they share its descriptor numbers, so no answer can hit
 * another's event (threats F2). They let through what we open ourselves, and leave everything else to the worker.
 *
 * One thread looks every few milliseconds whether the worker is stuck; before it reads it passes the watch to the next, because it
 * may get stuck in the same way. When all are, the keeper ends the worker and whoever waits is refused.
 */
#ifndef FRT_GATE_RESCUE_H
#define FRT_GATE_RESCUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gate/shared.h"

struct frt_rescue; /* opaque; NULL: there are no overlays, and nothing to do */

struct frt_rescued {
    int fd;
    uint64_t mask;
    pid_t tid;
};

/* Called by the thread that reads `group`. It lives as long as the process. 0 or a negative errno. */
int frt_rescue_start(struct frt_gate_shared *shared, int group, struct frt_rescue **ret_rescue);

/* The worker is about to read, or has read. */
void frt_rescue_begin(struct frt_rescue *rescue);
void frt_rescue_end(struct frt_rescue *rescue);

/* True when there is an event that was read meanwhile; it counts as owed. */
bool frt_rescue_take(struct frt_rescue *rescue, struct frt_rescued *ret_event);

/* True while a thread may still come back with one. */
bool frt_rescue_is_busy(const struct frt_rescue *rescue);

/* An open of ours. */
bool frt_rescue_is_ours(const struct frt_rescue *rescue, pid_t tid);

#endif
