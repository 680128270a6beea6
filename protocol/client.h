/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking frtd: connect, one question, one answer, close, inside one monotonic deadline. Safe inside any process: no
 * signals, no globals, no environment, every descriptor close-on-exec, poll() only.
 */
#ifndef FRT_PROTOCOL_CLIENT_H
#define FRT_PROTOCOL_CLIENT_H

#include "protocol/message.h"

#define FRT_SOCKET_PATH "/run/frt/frtd.sock"

/* Connects to frtd at `path` (AF_UNIX, SOCK_SEQPACKET) and checks who listens: the peer must be root or the owner of the
 * socket's directory, and nobody else may write in that directory. A descriptor, or a negative errno: -ENOENT,
 * -ECONNREFUSED, -EACCES, -EPERM (a stranger listens), -ETIMEDOUT. */
int frt_client_connect(const char *path, int64_t deadline_mono_ms);

/* One question and its answer on a connected descriptor. 0 or a negative errno (-ETIMEDOUT, -EBADMSG, -EPIPE; -EBADMSG also
 * when the answer's rid is not the question's). On success the caller clears `*ret_answer`. */
int frt_client_ask(int fd, const struct frt_ask *ask, int64_t deadline_mono_ms, struct frt_answer *ret_answer);

/* Both of the above and close. */
int frt_client_ask_once(const char *path, const struct frt_ask *ask, int64_t deadline_mono_ms,
                        struct frt_answer *ret_answer);

int64_t frt_mono_ms(void);

#endif
