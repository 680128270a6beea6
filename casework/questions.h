/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The thirty-two questions an auditor asks (domain 3.3), each over a desk. An answer says of itself whether it could be given:
 * a question whose records a trail does not hold is answered with "no such records", never with an empty table that looks like
 * "nothing happened".
 */
#ifndef FRT_CASEWORK_QUESTIONS_H
#define FRT_CASEWORK_QUESTIONS_H

#include "casework/desk.h"
#include "casework/sheet.h"

#define FRT_QUESTION_COUNT   32
#define FRT_REPLY_SHEETS_MAX 4
#define FRT_REPLY_NOTES_MAX  40 /* of many hosts together */

enum frt_reply_state {
    FRT_REPLY_ANSWERED,
    FRT_REPLY_PARTLY,          /* some of what was asked for needs what is not there; notes say what */
    FRT_REPLY_NO_RECORDS,      /* the trail holds no records of the kind this needs */
    FRT_REPLY_NEEDS_DIRECTORY, /* give --directory */
    FRT_REPLY_FAILED,          /* out of memory, or a file given with an option cannot be read */
};

struct frt_question;

struct frt_reply {
    const struct frt_question *question;
    enum frt_reply_state state;
    char words[512]; /* the state in one sentence; "" for answered */
    char filters[256];
    char notes[FRT_REPLY_NOTES_MAX][512];
    size_t note_count;
    struct frt_sheet *sheets[FRT_REPLY_SHEETS_MAX]; /* the first is the answer proper, and what CSV gives */
    size_t sheet_count;
    bool failed;
};

struct frt_question {
    unsigned number;
    const char *name; /* "city-denials" */
    const char *text;
    void (*ask)(const struct frt_desk *desk, struct frt_reply *reply);
    bool is_exception_list; /* every row of the first sheet is one thing too many */
};

extern const struct frt_question frt_questions[FRT_QUESTION_COUNT];

/* By "Q7", "7" or the name; NULL when there is none. */
const struct frt_question *frt_question_find(const char *name);

/* Fills `ret_reply`, which must be cleared. */
void frt_question_ask(const struct frt_desk *desk, const struct frt_question *question,
                      struct frt_reply *ret_reply);
void frt_reply_clear(struct frt_reply *reply);

const char *frt_reply_state_name(enum frt_reply_state state); /* "answered", "partly", "no-records", ... */
void frt_reply_write_text(const struct frt_reply *reply, const struct frt_statement *statement, FILE *out);
void frt_reply_write_json(const struct frt_reply *reply, const struct frt_statement *statement, FILE *out);

/* Searches of the period on the emergency route that nobody has reviewed yet (Q5). */
size_t frt_emergencies_waiting(const struct frt_desk *desk);

#endif
