/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the kernel gate and frtd say to each other besides questions and answers (protocol/message.h), on the
 * gate's one persistent SOCK_SEQPACKET connection. Questions are struct frt_ask of kind FRT_ASK_GATE, several
 * outstanding at a time, matched by rid, answered in any order. Everything here starts with "FRTG", so the
 * first four bytes tell the two apart.
 *
 *     gate                                    frtd
 *     HELLO ------------------------------->  (SO_PEERCRED must be root)
 *           <------------------------------   CATALOGUE_BEGIN, CATALOGUE_TOOL ..., CATALOGUE_END
 *     STATE (every 2 s and on change) ----->  FRT_FACT_GATE; none for 6 s: not enforcing
 *     CONTEXT rid, frt_ask rid ------------>  who stands behind question rid
 *           <------------------------------   frt_answer rid
 *     REFUSED rid ------------------------->  denials that no record of frtd's stands for yet: to be recorded, then
 *           <------------------------------   ACK rid
 *           <------------------------------   FORGET: a grant ended, the view or the policy changed
 *
 * One denial is recorded once. An answer with a decision's number is on record. An answer without one (a flood), and no
 * answer at all, leave the denial to the gate: it keeps it until the ACK, through a restart of frtd, and may tell it again.
 * The rid of a report is that of the question which was not answered (then frtd may have recorded it, and knows), or a
 * number of the gate's own.
 *
 * A catalogue is complete or not taken: BEGIN and END carry the same serial and the number of tools; a tool
 * with many marks travels in several CATALOGUE_TOOL messages with the same id, one after the other.
 *
 * Encoding and decoding are pure; texts and items of a decoded message are borrowed from the caller's buffer.
 */
#ifndef FRT_PROTOCOL_GATE_MESSAGE_H
#define FRT_PROTOCOL_GATE_MESSAGE_H

#include "protocol/message.h"

#define FRT_GATE_PROTOCOL_VERSION 1
#define FRT_GATE_MESSAGE_MAX      65536
#define FRT_GATE_ITEM_MAX         4095 /* bytes of one path, pattern, name */
#define FRT_GATE_WHY_MAX          256
#define FRT_GATE_CHAIN_MAX        512
#define FRT_GATE_STATE_TEXT_MAX   60000
#define FRT_GATE_STATE_EVERY_MS   2000

enum frt_gate_kind {
    FRT_GATE_HELLO = 1,       /* gate: I am this host's kernel gate, send the catalogue */
    FRT_GATE_STATE,           /* gate: enforcing or why not, marks, canary, text */
    FRT_GATE_CONTEXT,         /* gate: rid, tty, service, chain */
    FRT_GATE_REFUSED,         /* gate: rid, count, tool, login_uid, user_uid, reason, asked */
    FRT_GATE_CATALOGUE_BEGIN, /* frtd: serial, count */
    FRT_GATE_CATALOGUE_TOOL,  /* frtd: serial, tool, treatment, items */
    FRT_GATE_CATALOGUE_END,   /* frtd: serial, count */
    FRT_GATE_FORGET,          /* frtd: answers remembered for reads are void */
    FRT_GATE_ACK,             /* frtd: rid */
    FRT_GATE_KIND_END
};

enum frt_gate_treatment {
    FRT_GATE_TREAT_DECIDE = 1, /* held until frtd has answered */
    FRT_GATE_TREAT_RECORD,     /* let pass at once, told to frtd (components, viewers) */
};

enum frt_gate_item_kind {
    FRT_GATE_ITEM_PATH = 64,  /* absolute; a directory stands for everything below it */
    FRT_GATE_ITEM_PATTERN,    /* absolute, fnmatch(3) with FNM_PATHNAME, first component literal */
    FRT_GATE_ITEM_MODEL_FILE, /* a base name, or a pattern of one */
    FRT_GATE_ITEM_SHA256,     /* 64 lower-case hex digits */
    FRT_GATE_ITEM_SIZE,       /* decimal: length of a file with one of the digests */
    FRT_GATE_ITEM_PACKAGE,
};

struct frt_gate_item {
    enum frt_gate_item_kind kind;
    const char *text; /* borrowed, not NUL-terminated */
    size_t length;
};

struct frt_gate_message {
    enum frt_gate_kind kind;
    uint64_t serial; /* edition of the catalogue */
    uint64_t count;  /* BEGIN, END: tools; REFUSED: refusals */
    uint8_t rid[16];
    char tool[FRT_NAME_MAX];
    enum frt_gate_treatment treatment;
    int64_t login_uid, user_uid; /* -1: unset */
    enum frt_reason reason;
    bool
        asked; /* REFUSED: frtd had been asked; its answer did not come in time, or said that the gate counts */
    bool enforcing;
    uint64_t inodes, directories, filesystems; /* STATE: marks held */
    uint64_t canaries;                         /* STATE: canaries refused since the start */
    char why[FRT_GATE_WHY_MAX];                /* STATE: why not enforcing */
    char tty[FRT_NAME_MAX], service[FRT_NAME_MAX];
    char chain[FRT_GATE_CHAIN_MAX]; /* CONTEXT: "sh 812 < sshd 790 < ..." */
    const char *text;               /* STATE: JSON; borrowed */
    size_t text_length;
    const uint8_t *items; /* CATALOGUE_TOOL; borrowed */
    size_t items_length;
};

void frt_gate_message_init(struct frt_gate_message *message, enum frt_gate_kind kind);

/* True when `buffer` holds one of these messages, not a question or an answer. */
bool frt_gate_message_is(const uint8_t *buffer, size_t size);

/* Bytes written, -EMSGSIZE, -EINVAL. `items` is written as it is: fill it with frt_gate_item_put. */
int frt_gate_message_encode(const struct frt_gate_message *message, uint8_t *buffer, size_t size);

/* 0, or -EBADMSG with `*ret_what` naming the field: unknown, twice, out of order, of another kind of message,
 * missing, out of bounds. Every item has been checked. */
int frt_gate_message_decode(const uint8_t *buffer, size_t size, struct frt_gate_message *ret_message,
                            const char **ret_what);

/* Appends an item at `buffer + *used`. 0, -EMSGSIZE, -EINVAL. */
int frt_gate_item_put(uint8_t *buffer, size_t size, size_t *used, enum frt_gate_item_kind kind,
                      const char *text, size_t length);

/* The item at `*cursor` (0 at first) of a decoded message. False at the end. */
bool frt_gate_item_next(const struct frt_gate_message *message, size_t *cursor,
                        struct frt_gate_item *ret_item);

#endif
