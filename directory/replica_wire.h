/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The bytes between frt-replica and frtd: frames on a stream socket. A frame is a length (32 bits, big-endian, of what
 * follows), a type byte and a payload. frt-replica is the one that parses what comes from the network, so frtd treats its
 * frames as foreign bytes: every length is checked, nothing may be left over, and anything odd breaks the stream for good.
 *
 *     BEGIN    csn16            the content follows, whole; `csn` is the server's contextCSN before it ("" unknown)
 *     ENTRY    uuid, dn16, n16, n * (name16, m32, m * value32)      one entry as it is now
 *     REMOVE   uuid, dn16       the entry is gone; dn may be ""
 *     END      count32          the content is complete: `count` ENTRY frames since BEGIN
 *     CONFIRM  csn16, asked64   everything up to `csn` has been sent; asked at CLOCK_BOOTTIME `asked` ms
 *     STATE    state8, text16   what the replica is doing, for people
 *     RESET    -                a worker died or was replaced: an unfinished content is void (the supervisor's only frame)
 *
 * Numbers after a name are the bits of its length field. Encoding never fails half-way: frt_frame_end() tells.
 */
#ifndef FRT_DIRECTORY_REPLICA_WIRE_H
#define FRT_DIRECTORY_REPLICA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory/entry.h"

#define FRT_REPLICA_FRAME_HEADER 5 /* length and type */
#define FRT_REPLICA_FRAME_MAX    (16 * 1024 * 1024)
#define FRT_REPLICA_MAX_DN       8192
#define FRT_REPLICA_MAX_NAME     255
#define FRT_REPLICA_MAX_CSN      4096 /* a list, one of 40 bytes for each server that takes writes */
#define FRT_REPLICA_MAX_TEXT     1024
#define FRT_REPLICA_UUID         16

enum frt_replica_type {
    FRT_REPLICA_BEGIN = 1,
    FRT_REPLICA_ENTRY,
    FRT_REPLICA_REMOVE,
    FRT_REPLICA_END,
    FRT_REPLICA_CONFIRM,
    FRT_REPLICA_STATE,
    FRT_REPLICA_RESET,
};

enum frt_replica_state {
    FRT_REPLICA_DISCONNECTED, /* trying; nothing for an administrator to do yet */
    FRT_REPLICA_REFUSED, /* trying, but somebody has to change something: certificate, password, limits, referral */
    FRT_REPLICA_CONNECTED,
};

const char *frt_replica_state_name(enum frt_replica_state state);

/* Milliseconds of CLOCK_BOOTTIME, the clock CONFIRM speaks: it goes on while the machine sleeps. */
int64_t frt_replica_clock_ms(void);

/* ---- writing ---- */

/* Frames one after the other in memory that grows; zero-initialise. A failed allocation or a field over its limit is
 * remembered and spoils the frame under way, which frt_frame_end() then takes back. */
struct frt_frame_buffer {
    unsigned char *bytes;
    size_t length, capacity;
    size_t start; /* of the frame under way */
    int error;
};

void frt_frame_buffer_clear(struct frt_frame_buffer *buffer);
/* Drops the first `count` bytes. */
void frt_frame_buffer_consume(struct frt_frame_buffer *buffer, size_t count);

void frt_frame_begin(struct frt_frame_buffer *buffer, enum frt_replica_type type);
void frt_frame_put_u8(struct frt_frame_buffer *buffer, unsigned value);
void frt_frame_put_u16(struct frt_frame_buffer *buffer, size_t value);
void frt_frame_put_u32(struct frt_frame_buffer *buffer, size_t value);
void frt_frame_put_u64(struct frt_frame_buffer *buffer, uint64_t value);
void frt_frame_put_bytes(struct frt_frame_buffer *buffer, const void *bytes, size_t length);
void frt_frame_put_text16(struct frt_frame_buffer *buffer, const char *text, size_t max);
/* 0, or -EMSGSIZE, -ENOMEM: then the buffer is as it was before frt_frame_begin(). */
int frt_frame_end(struct frt_frame_buffer *buffer);

int frt_replica_put_begin(struct frt_frame_buffer *buffer, const char *csn);
int frt_replica_put_entry(struct frt_frame_buffer *buffer, const struct frt_entry *entry);
int frt_replica_put_remove(struct frt_frame_buffer *buffer, const uint8_t uuid[FRT_REPLICA_UUID],
                           const char *dn);
int frt_replica_put_end(struct frt_frame_buffer *buffer, uint32_t count);
int frt_replica_put_confirm(struct frt_frame_buffer *buffer, const char *csn, int64_t asked_ms);
int frt_replica_put_state(struct frt_frame_buffer *buffer, enum frt_replica_state state, const char *text);
int frt_replica_put_reset(struct frt_frame_buffer *buffer);

/* ---- reading ---- */

struct frt_replica_message {
    enum frt_replica_type type;
    struct frt_entry *entry;        /* ENTRY; owned */
    uint8_t uuid[FRT_REPLICA_UUID]; /* REMOVE */
    char *text;                     /* REMOVE: dn; BEGIN, CONFIRM: csn; STATE: text. Owned, no NUL inside */
    enum frt_replica_state state;   /* STATE */
    uint32_t count;                 /* END */
    int64_t asked_ms;               /* CONFIRM */
};

void frt_replica_message_clear(struct frt_replica_message *message);

/* How long the frame that starts at `bytes` is, header included: 0 with `*ret_size` 0 while too little has come to know
 * or to hold it whole. -EBADMSG: no frame of ours starts so. */
int frt_replica_frame_size(const unsigned char *bytes, size_t length, size_t *ret_size);

/* What ENTRY takes as the name of an attribute (RFC 4512 section 2.5, loosely). */
bool frt_replica_is_attribute_name(const char *name, size_t length);

/* Decodes one whole frame of exactly `size` bytes. -EBADMSG, -ENOMEM; `ret_message` is set on success only. */
int frt_replica_message_decode(const unsigned char *bytes, size_t size,
                               struct frt_replica_message *ret_message);

#endif
