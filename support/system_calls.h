/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which system calls are left to a process of ours that has started (seccomp(2)). A library of its own: whoever links support/ for
 * texts and files does not need libseccomp.
 */
#ifndef FRT_SUPPORT_SYSTEM_CALLS_H
#define FRT_SUPPORT_SYSTEM_CALLS_H

#include <seccomp.h>
#include <stddef.h>

/* Leaves the `count` calls of `allowed` (SCMP_SYS numbers) and socket(AF_UNIX), for good and for all children; every other fails
 * with EPERM. 0 or a negative errno. The sanitizers' runtime makes calls of its own: there it does nothing. */
int frt_system_calls_allow(const int *allowed, size_t count);

#endif
