/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate's one connection to frtd: never waits longer than a connect may take, sends or fails at once, and hands over what
 * comes in one message at a time.
 */
#ifndef FRT_GATE_POINT_H
#define FRT_GATE_POINT_H

#include "protocol/gate_message.h"

#define FRT_POINT_CONNECT_MS 50
#define FRT_POINT_RETRY_MS   200

struct frt_point {
    const char *path; /* of frtd's socket; borrowed */
    int fd;           /* -1: not connected */
    int64_t next_try_ms;
    uint8_t buffer[FRT_GATE_MESSAGE_MAX];
};

void frt_point_init(struct frt_point *point, const char *path);

/* Connects when it is time to try again and says HELLO. True when there is a new connection. */
bool frt_point_connect(struct frt_point *point);
void frt_point_close(struct frt_point *point);

/* 0 or a negative errno; any error but -EINVAL and -EMSGSIZE also closes the connection: half of a conversation is none. */
int frt_point_send(struct frt_point *point, const struct frt_gate_message *message);
int frt_point_ask(struct frt_point *point, const struct frt_ask *ask);

/* Bytes of the next message in point->buffer; 0: nothing more for now; a negative errno: the connection is closed. */
int frt_point_receive(struct frt_point *point);

#endif
