/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking frtd: connect, one question, one answer, close, inside one monotonic deadline. Safe inside any
 * process: no signals, no globals, no environment, every descriptor close-on-exec, poll() only, no heap for a
 * decision.
 *
 *     struct frt_ask ask;
 *     frt_client_ask_init(&ask, FRT_ASK_DECIDE);
 *     ... fill in ...
 *     r = frt_client_ask_once(FRT_SOCKET_PATH, &ask, frt_mono_ms() + 2000, &answer);
 */
#ifndef FRT_PROTOCOL_CLIENT_H
#define FRT_PROTOCOL_CLIENT_H

#include "protocol/message.h"

#define FRT_SOCKET_PATH "/run/frt/frtd.sock"

/* An empty question with a fresh random rid (getrandom(2)). 0 or a negative errno. */
int frt_client_ask_init(struct frt_ask *ask, enum frt_ask_kind kind);

/* Connects to frtd at `path` (AF_UNIX, SOCK_SEQPACKET) and checks who listens: the peer (SO_PEERCRED, as of
 * its listen()) must be root or the owner of the socket's directory, and nobody else may write in that
 * directory. A full backlog is waited for. A non-blocking descriptor, or a negative errno: -ENOENT,
 * -ECONNREFUSED, -EACCES, -EPERM (a stranger listens, or strangers could), -ENAMETOOLONG, -EINVAL (not an
 * absolute path), -ETIMEDOUT. */
int frt_client_connect(const char *path, int64_t deadline_mono_ms);

/* One question and its answer on a connected descriptor. 0 or a negative errno (-ETIMEDOUT, -EBADMSG, -EPIPE;
 * -EBADMSG also when the answer's rid is not the question's). On success the caller clears `*ret_answer`; on
 * failure it is the answer of frt_answer_init, which refuses. */
int frt_client_ask(int fd, const struct frt_ask *ask, int64_t deadline_mono_ms,
                   struct frt_answer *ret_answer);

/* Both of the above and close. */
int frt_client_ask_once(const char *path, const struct frt_ask *ask, int64_t deadline_mono_ms,
                        struct frt_answer *ret_answer);

int64_t frt_mono_ms(void);

#endif
