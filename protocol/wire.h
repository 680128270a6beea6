/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The encoding under protocol/message.h: a table says which fields a struct has, these functions walk it.
 * Private to protocol/. One encoding per message: ascending types, no field twice, "not given" does not
 * travel.
 */
#ifndef FRT_PROTOCOL_WIRE_H
#define FRT_PROTOCOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_WIRE_HEADER 28
#define FRT_WIRE_ANSWER 0x80 /* the header's kind of every answer */

/* What a member of the struct is, and how it travels. */
enum frt_wire_kind {
    FRT_WIRE_TEXT,    /* char[limit]; 1..limit-1 bytes of 0x20-0x7E */
    FRT_WIRE_PROSE,   /* char[limit]; 1..limit-1 bytes, frt_prose_is_clean */
    FRT_WIRE_SHA256,  /* char[65]; 64 bytes, lower-case hex */
    FRT_WIRE_UID,     /* int64_t, -1 not given; u32, 0xFFFFFFFF ((uid_t)-1) refused */
    FRT_WIRE_ID,      /* int64_t, -1 not given; u64 below 2^63 */
    FRT_WIRE_NUMBER,  /* int64_t, 0 or -1 not given; u64, 1..2^63-1 */
    FRT_WIRE_U64,     /* uint64_t, 0 not given; u64 */
    FRT_WIRE_ENUM,    /* an enum, 0 not given; u8, 1..limit */
    FRT_WIRE_BITS,    /* unsigned, 0 not given; u32, only bits of limit */
    FRT_WIRE_FLAG,    /* bool, false not given; u8 1 */
    FRT_WIRE_VERDICT, /* enum frt_verdict; u16, always travels */
    FRT_WIRE_REASON,  /* enum frt_reason; u16, always travels */
    FRT_WIRE_LINES,   /* char * and right after it size_t; prose with '\n', allocated when decoded */
};

struct frt_wire_field {
    uint16_t type;
    enum frt_wire_kind kind;
    size_t offset;
    size_t limit;
    unsigned kinds; /* bit per kind of message that may carry it */
    const char *name;
};

/* Bytes written, -EMSGSIZE, -EINVAL. */
int frt_wire_encode(const struct frt_wire_field *fields, size_t count, unsigned kind_bit, uint8_t kind,
                    const uint8_t *rid, const void *object, uint8_t *buffer, size_t size);

/* Checks the header of a message of `size` bytes. 0 or -EBADMSG. */
int frt_wire_decode_header(const uint8_t *buffer, size_t size, size_t max, uint8_t *ret_kind,
                           uint8_t *ret_rid, const char **ret_what);

/* Reads the fields behind the header into `object`, which holds "not given" everywhere. 0, -EBADMSG, -ENOMEM;
 * what was allocated before a failure stays in `object`. */
int frt_wire_decode(const struct frt_wire_field *fields, size_t count, unsigned kind_bit,
                    const uint8_t *buffer, size_t size, void *object, const char **ret_what);

/* Little-endian numbers. */
void frt_wire_put(uint8_t *at, uint64_t value, size_t bytes);
uint64_t frt_wire_get(const uint8_t *at, size_t bytes);

#endif
