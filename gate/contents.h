/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SHA-256 of files in a thread of its own, so that openers are answered meanwhile. A second thread also because reading a
 * file on an overlay opens and reads the file below it, which may be marked: that makes an event the worker has to answer
 * while the reader waits (threats G4). frt_contents_is_reader() tells such events.
 */
#ifndef FRT_GATE_CONTENTS_H
#define FRT_GATE_CONTENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct frt_contents; /* opaque: the thread and its queue */

struct frt_contents_result {
    uint32_t question, sequence; /* as given to frt_contents_add */
    int error;                   /* 0: sha256 is good; else a negative errno */
    uint8_t sha256[32];
};

/* Loads what libcrypto needs; once, before the first fork. 0 or -ENOSYS. */
int frt_contents_prepare(void);

/* Starts the thread. `*ret_fd`: poll it, then frt_contents_take(). It lives as long as the process. */
int frt_contents_start(struct frt_contents **ret_contents, int *ret_fd);

/* Queues the file behind `fd`, which stays the caller's. 0, -EAGAIN: the queue is full; a negative errno. */
int frt_contents_add(struct frt_contents *contents, int fd, uint32_t question, uint32_t sequence);

/* Nobody wants this one any more. */
void frt_contents_cancel(struct frt_contents *contents, uint32_t question, uint32_t sequence);

/* True when there is a result. */
bool frt_contents_take(struct frt_contents *contents, struct frt_contents_result *ret_result);

bool frt_contents_is_reader(const struct frt_contents *contents, pid_t tid);

#endif
