/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What enforcement points and people say to frtd, and what it answers: one SOCK_SEQPACKET message each way, encoded as
 * type-length-value. A question fits FRT_ASK_MAX bytes. Who asks is never in a message: frtd reads it from the kernel
 * (SO_PEERCRED, /proc/PID/loginuid). Neither is the host: that is frtd's own configuration.
 */
#ifndef FRT_PROTOCOL_MESSAGE_H
#define FRT_PROTOCOL_MESSAGE_H

#include "decision/policy.h"

#define FRT_PROTOCOL_VERSION 1
#define FRT_ASK_MAX          1024
#define FRT_ANSWER_MAX       65536 /* text of people's questions; a decision fits 2048 */

enum frt_ask_kind {
    FRT_ASK_DECIDE = 1,  /* an attempt: decide, record, answer */
    FRT_ASK_CHECK,       /* the same without an attempt: explain in JSON, nothing recorded but the asking */
    FRT_ASK_GRANT,       /* FRT_ASK_DECIDE whose connection, while open, is the grant (frt run) */
    FRT_ASK_SESSION_OPEN,
    FRT_ASK_SESSION_CLOSE,
    FRT_ASK_TOOL_NEEDS_REQUEST, /* pam auth: would this tool need a written request from this person? */
    FRT_ASK_STATUS,      /* JSON */
    FRT_ASK_WHY,         /* a person's own last denials, JSON */
    FRT_ASK_GATE,        /* the kernel gate's messages: reserved for gate/ */
};

#define FRT_NAME_MAX 64   /* user, tool, request, service names */
#define FRT_PATH_TEXT_MAX 256

struct frt_ask {
    enum frt_ask_kind kind;
    uint8_t rid[16]; /* request id chosen by the client, random */
    char user[FRT_NAME_MAX];  /* who acts: PAM_USER */
    char ruser[FRT_NAME_MAX]; /* who asked for it: PAM_RUSER; "" not given */
    int64_t user_uid;         /* -1: not given */
    int64_t login_uid;        /* gate only (root): login uid of the opener; -1: unset */
    char service[FRT_NAME_MAX];
    char tty[FRT_NAME_MAX];
    char rhost[FRT_NAME_MAX];
    char tool[FRT_NAME_MAX];
    char request[FRT_NAME_MAX];
    char evidence[FRT_NAME_MAX];
    enum frt_action action;
    enum frt_match match;
    /* gate only */
    int64_t pid, tid;
    uint64_t dev, ino;
    char sha256[65];
    char path[FRT_PATH_TEXT_MAX];
};

struct frt_answer {
    uint8_t rid[16];
    enum frt_verdict verdict;
    enum frt_reason reason;
    unsigned obligations;
    int64_t decision; /* record number in the trail: the decision's id; -1: not recorded */
    bool needs_request; /* answer to FRT_ASK_TOOL_NEEDS_REQUEST */
    char rule[32];
    char citation[160];
    char message[320];
    char contact[160];
    char *text; /* JSON for people's questions; owned, NULL when absent */
    size_t text_length;
};

/* Bytes written, or -EMSGSIZE / -EINVAL (a field the kind may not carry). */
int frt_ask_encode(const struct frt_ask *ask, uint8_t *buffer, size_t size);
/* 0, or -EBADMSG with `*ret_what` naming the offset's field: unknown type, twice, too long, outside its enumeration,
 * control characters, trailing bytes. Never reads past `size`. */
int frt_ask_decode(const uint8_t *buffer, size_t size, struct frt_ask *ret_ask, const char **ret_what);
int frt_answer_encode(const struct frt_answer *answer, uint8_t *buffer, size_t size);
int frt_answer_decode(const uint8_t *buffer, size_t size, struct frt_answer *ret_answer, const char **ret_what);
void frt_answer_clear(struct frt_answer *answer); /* frees text */

#endif
