/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate as a service: what systemd is told (sd_notify(3), without libsystemd in a process that every exec waits for), and the
 * system calls that are left.
 */
#ifndef FRT_GATE_SERVICE_H
#define FRT_GATE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct frt_service {
    struct sockaddr_un manager;
    socklen_t length; /* 0: nobody wants to know */
};

/* Reads NOTIFY_SOCKET: before the environment is cleared. */
void frt_service_init(struct frt_service *service);

/* One word on how things are, every second or two, from whoever answers the kernel: ready as soon as it enforces (then every
 * catalogued object that is there has been marked), why not else, and that it is alive. Never waits. */
void frt_service_tell(const struct frt_service *service, bool enforcing, const char *why);

/* Leaves the calls that the gate makes and no other, for good and for all its processes; nothing can be executed any more. 0 or a
 * negative errno. The sanitizers' runtime makes calls of its own: there it does nothing. */
int frt_service_confine(void);

#endif
