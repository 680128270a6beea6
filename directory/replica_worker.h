/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The worker of frt-replica: the process that speaks LDAP. It is started by the supervisor (replica_supervisor.h),
 * writes frames to it and lives until it is killed; everything it meets from the network can at worst end it.
 */
#ifndef FRT_DIRECTORY_REPLICA_WORKER_H
#define FRT_DIRECTORY_REPLICA_WORKER_H

/* `attempt` counts the workers before this one, so that a server that kills its workers does not keep its turn. */
_Noreturn void frt_worker_run(const char *conf_path, int out_fd, unsigned attempt);

#endif
