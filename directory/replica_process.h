/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Starting frt-replica from frtd, as an account of its own, with nothing of frtd's: no descriptor but its socket, no
 * environment, no new privileges ever. Without threads, and while frtd still may: before it gives up root and before its
 * seccomp filter. Afterwards frt-replica replaces its workers itself (replica_supervisor.h).
 */
#ifndef FRT_DIRECTORY_REPLICA_PROCESS_H
#define FRT_DIRECTORY_REPLICA_PROCESS_H

#include <sys/types.h>

#include "settings/frt_conf.h"

#define FRT_REPLICA_ERROR_MAX 256

/* Starts conf->directory.replica_program (none: frt-replica beside the calling program) with conf->path, as
 * conf->directory.user when we are root and it is given ("#1234": a number). `*ret_fd` is non-blocking and close-on-exec;
 * closing it ends frt-replica, whose process the caller waits for. 0, or a negative errno with `error` in words; an
 * exec that fails is told here too. */
int frt_replica_spawn(const struct frt_conf *conf, int *ret_fd, pid_t *ret_pid,
                      char error[FRT_REPLICA_ERROR_MAX]);

#endif
