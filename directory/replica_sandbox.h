/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the worker of frt-replica may still ask of the kernel once it talks to the network: sockets, reading files (the
 * CA, a certificate, the resolver's configuration), memory, time. Not: running anything, writing or creating files,
 * touching other processes.
 */
#ifndef FRT_DIRECTORY_REPLICA_SANDBOX_H
#define FRT_DIRECTORY_REPLICA_SANDBOX_H

/* Sets no_new_privs and a seccomp filter for the calling process, for good. What is not allowed fails with EPERM; running
 * a program or reaching into another process kills. 0 or a negative errno. */
int frt_sandbox_enter(void);

#endif
