/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What enforcement points and people say to frtd, and what it answers: one SOCK_SEQPACKET message each way,
 * encoded as type-length-value. A question fits FRT_ASK_MAX bytes. Who asks is never in a message: frtd reads
 * it from the kernel (SO_PEERCRED, /proc/PID/loginuid). Neither is the host: that is frtd's own
 * configuration.
 *
 * On the wire, all numbers little-endian:
 *
 *     "FRT1"  version u8  kind u8  zero u16  length u32 (of everything)  rid 16 bytes
 *     then fields: type u16  length u16  value
 *
 * Fields stand in ascending order of type, none twice, and a field that has its "not given" value does not
 * travel; so a message has exactly one encoding, and what decodes encodes to the same bytes again. Names are
 * 0x20-0x7E: who has other bytes percent-escapes them first (support/percent.h), and no canonical name
 * contains a '%'. Prose (citation, message, contact) comes from the policy file and may be any UTF-8 without
 * control or direction-changing characters.
 */
#ifndef FRT_PROTOCOL_MESSAGE_H
#define FRT_PROTOCOL_MESSAGE_H

#include "decision/policy.h"

#define FRT_PROTOCOL_VERSION 1
#define FRT_ASK_MAX          1024
#define FRT_ANSWER_MAX       65536 /* text of people's questions */
#define FRT_ANSWER_SHORT_MAX 2048  /* a decision */
#define FRT_RID_SIZE         16

enum frt_ask_kind {
    FRT_ASK_DECIDE = 1, /* an attempt: decide, record, answer */
    FRT_ASK_CHECK,      /* the same without an attempt: explain in JSON, nothing recorded but the asking */
    FRT_ASK_GRANT,      /* FRT_ASK_DECIDE whose connection, while open, is the grant (frt run) */
    FRT_ASK_SESSION_OPEN,
    FRT_ASK_SESSION_CLOSE,
    FRT_ASK_TOOL_NEEDS_REQUEST, /* pam auth: would this tool need a written request from this person? */
    FRT_ASK_STATUS,             /* JSON */
    FRT_ASK_WHY,                /* a person's own last denials, JSON */
    FRT_ASK_GATE,               /* the kernel gate's messages: reserved for gate/ */
    FRT_ASK_AUDIT,              /* somebody reads, asks of or exports the trail: `path` says what; recorded */
    FRT_ASK_RESULT,             /* what a search returned: `decision`, `matches`, `database`; recorded */
    FRT_ASK_OPEN, /* allowed searches whose result is not on record: one's own; root and auditors: all; JSON */
    FRT_ASK_CATALOGUE, /* the tools and their marks, a page at a time, JSON; `path`: where the page begins */
    FRT_ASK_REVIEW,    /* the human review of a search: `decision`, `reason` the finding; recorded */
    FRT_ASK_RETAIN, /* `act` hold, release, destroy: recorded; list: JSON. `request` or `sha256`, `reason` */
    FRT_ASK_KIND_END,
};

#define FRT_NAME_MAX      64 /* user, tool, request, service names */
#define FRT_PATH_TEXT_MAX 256

struct frt_ask {
    enum frt_ask_kind kind;
    uint8_t rid[FRT_RID_SIZE]; /* request id chosen by the client, random */
    char user[FRT_NAME_MAX];   /* who acts: PAM_USER */
    char ruser[FRT_NAME_MAX];  /* who asked for it: PAM_RUSER; "" not given */
    int64_t user_uid;          /* -1: not given */
    int64_t login_uid;         /* gate (DECIDE by root) and check: login uid of the opener; -1: unset */
    char service[FRT_NAME_MAX];
    char tty[FRT_NAME_MAX];
    char rhost[FRT_NAME_MAX];
    char tool[FRT_NAME_MAX];
    char request[FRT_NAME_MAX];
    char evidence[FRT_NAME_MAX];
    enum frt_action action;
    enum frt_match match;
    int64_t
        decision; /* sessions: the decision that let them begin; results: that allowed; 0 or -1: not given */
    char matches[16];   /* results: digits, "0" is an answer and "" is none; "none": no search was made */
    char database[160]; /* results: the database searched, percent-escaped; for "none" the reason */
    char act[16];
    char reason[FRT_PATH_TEXT_MAX]; /* percent-escaped */
    /* gate (DECIDE by root) only; digest and path for checks too */
    int64_t pid, tid; /* 0: not given */
    uint64_t dev, ino;
    char sha256[65];
    char path[FRT_PATH_TEXT_MAX];
};

struct frt_answer {
    uint8_t rid[FRT_RID_SIZE];
    enum frt_verdict verdict;
    enum frt_reason reason;
    unsigned obligations;
    int64_t decision;   /* record number in the trail: the decision's id; -1: not recorded */
    bool needs_request; /* answer to FRT_ASK_TOOL_NEEDS_REQUEST */
    char rule[32];
    char citation[160];
    char message[320];
    char contact[160];
    char *text; /* JSON for people's questions; owned, NULL when absent */
    size_t text_length;
};

/* An empty question: nothing given. The rid is the caller's to choose (frt_client_ask_init does both). */
void frt_ask_init(struct frt_ask *ask, enum frt_ask_kind kind);

/* Bytes written, or -EMSGSIZE (`size` too small), or -EINVAL: a field this kind may not carry, a value
 * outside its range, a byte its text may not have. */
int frt_ask_encode(const struct frt_ask *ask, uint8_t *buffer, size_t size);

/* 0, or -EBADMSG with `*ret_what` naming the field at fault: unknown type, twice, out of order, wrong length,
 * outside its enumeration, not allowed for this kind, control characters, trailing bytes. Never reads past
 * `size`. */
int frt_ask_decode(const uint8_t *buffer, size_t size, struct frt_ask *ret_ask, const char **ret_what);

/* An answer that refuses: deny, not evaluated, not recorded. */
void frt_answer_init(struct frt_answer *answer);

/* As for questions. Decoding allocates `text` only when there is one (-ENOMEM); frt_answer_clear frees it. */
int frt_answer_encode(const struct frt_answer *answer, uint8_t *buffer, size_t size);
int frt_answer_decode(const uint8_t *buffer, size_t size, struct frt_answer *ret_answer,
                      const char **ret_what);
void frt_answer_clear(struct frt_answer *answer);

/* True for text that may travel as prose: UTF-8 (RFC 3629) without control characters, U+2028/9 and the
 * characters that turn a terminal's writing direction. `lines` permits '\n'. */
bool frt_prose_is_clean(const char *bytes, size_t length, bool lines);

#endif
