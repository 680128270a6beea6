/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt-replica's parent process. It runs one worker at a time, reads the worker's frames from a pipe of that worker's
 * own and hands frtd whole ones only: what a dying worker leaves half-written goes with its pipe. After every worker it
 * sends RESET. It parses nothing of a frame but its length and type, and holds no secret.
 *
 * frtd talks back with single bytes: FRT_SUPERVISOR_RESTART replaces the worker. When frtd's end closes, all ends.
 */
#ifndef FRT_DIRECTORY_REPLICA_SUPERVISOR_H
#define FRT_DIRECTORY_REPLICA_SUPERVISOR_H

#define FRT_SUPERVISOR_RESTART 'R'

/* Returns an exit status when frtd is gone. */
int frt_supervisor_run(const char *conf_path, int frtd_fd);

#endif
