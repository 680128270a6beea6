/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What another machine can hold the trail to: every minute a checkpoint (trail/checkpoint.h) under the host's own key lies in
 * log_dir, to be fetched and kept elsewhere. The key stays the same for good and proves only who published; that nothing before
 * a kept checkpoint was changed is proven by the checkpoint itself, whoever holds which key.
 */
#ifndef FRT_DAEMON_PUBLISH_H
#define FRT_DAEMON_PUBLISH_H

#include "daemon/daemon.h"

/* Reads or makes key_dir/host and writes log_dir/host.vkey. 0 or a negative errno, which has been told. */
int frt_publish_open(struct frt_daemon *daemon);
/* Writes log_dir/checkpoint, if anything was sealed since. */
void frt_publish_checkpoint(struct frt_daemon *daemon);

#endif
