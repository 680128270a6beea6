/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a records officer fills in before anything is filed: a written request (items a to h of the law's documentation and the
 * scope) or what it relies on (order, declaration, emergency statement, declaration about received evidence).
 *
 *     struct frt_form form = {.kind = FRT_FORM_REQUEST_ORDER};
 *     frt_form_set(&form, FRT_FIELD_RECIPIENT, "msp", 3);      from flags, a dialogue or JSON: all end here
 *     frt_form_complete(&form, &context);                      defaults
 *     frt_form_check(&form, &context, problems, max);          every missing or bad field by name, with what is expected
 *     frt_form_value(&form, field, i, buffer);                 as the directory wants it
 *
 * Nothing is filed before the check finds nothing. It looks at form alone and reaches no directory: whether a requester may
 * file is the directory's and the policy's to say. Sources: c. 6 s. 220 as quoted in O-409 III; domain.md R7-R32, A10, A18.
 */
#ifndef FRT_CASEWORK_REQUEST_FORM_H
#define FRT_CASEWORK_REQUEST_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_FORM_VALUES_MAX 10
#define FRT_FORM_WINDOW_MAX_S                                                                                \
    ((int64_t)92 * 86400) /* of an order's or a deceased person's request: a quarter */
#define FRT_FORM_FUTURE_MAX_S   ((int64_t)92 * 86400)
#define FRT_FORM_EXPECTED_MAX   256
#define FRT_FORM_NORMALIZED_MAX 4608

/* How the notes (description) of a request begin that the law's items need and the schema has no attribute for. */
#define FRT_FORM_DATED_NOTE     "document dated "
#define FRT_FORM_REQUESTER_NOTE "requester: "

enum frt_form_kind {
    FRT_FORM_REQUEST_UNROUTED, /* no route given yet, or none that is one */
    FRT_FORM_REQUEST_ORDER,
    FRT_FORM_REQUEST_DECEASED,
    FRT_FORM_REQUEST_EMERGENCY, /* request and statement in one */
    FRT_FORM_AUTHORITY_UNKNOWN,
    FRT_FORM_AUTHORITY_ORDER,
    FRT_FORM_AUTHORITY_DECEASED,
    FRT_FORM_AUTHORITY_EVIDENCE,
    FRT_FORM_KIND_COUNT
};

enum frt_form_field {
    FRT_FIELD_ROUTE,
    FRT_FIELD_KIND,
    FRT_FIELD_RECIPIENT,
    FRT_FIELD_AGENCY,
    FRT_FIELD_POSITION,
    FRT_FIELD_CASE,
    FRT_FIELD_REASON,
    FRT_FIELD_OFFENCE,
    FRT_FIELD_BASIS,
    FRT_FIELD_HARM,
    FRT_FIELD_NO_DELAY,
    FRT_FIELD_SUBJECT,
    FRT_FIELD_DATABASE,
    FRT_FIELD_TRAIT_SEX,
    FRT_FIELD_TRAIT_AGE,
    FRT_FIELD_TRAIT_RACE,
    FRT_FIELD_TRAIT_HAIR,
    FRT_FIELD_TRAIT_MARKS,
    FRT_FIELD_TRAITS,
    FRT_FIELD_PROBES,
    FRT_FIELD_MAX_SEARCHES,
    FRT_FIELD_FROM,
    FRT_FIELD_UNTIL,
    FRT_FIELD_AUTHORITY,
    FRT_FIELD_TOOL,
    FRT_FIELD_APPROVER,
    FRT_FIELD_ISSUER,
    FRT_FIELD_CRIMINAL_WARRANTS,
    FRT_FIELD_LIMB,
    FRT_FIELD_STATUS,
    FRT_FIELD_DECLARED_BY,
    FRT_FIELD_DECLARED_ON,
    FRT_FIELD_SOURCE,
    FRT_FIELD_SOLICITED,
    FRT_FIELD_START,
    FRT_FIELD_END,
    FRT_FIELD_DOCUMENT,
    FRT_FIELD_DOCUMENT_DATE,
    FRT_FIELD_COUNT
};

enum frt_field_type {
    FRT_ENTRY_TEXT,
    FRT_ENTRY_WORD,   /* one of a closed list */
    FRT_ENTRY_ID,     /* support/name.h */
    FRT_ENTRY_LOGIN,  /* support/name.h */
    FRT_ENTRY_NUMBER, /* min to max */
    FRT_ENTRY_TIME,   /* "2026-03-16" or "2026-03-16T14:00Z" */
    FRT_ENTRY_YES_NO,
    FRT_ENTRY_PATH,
};

struct frt_field_row {
    const char *name; /* of flag and JSON member */
    enum frt_field_type type;
    unsigned may, must;       /* bit per enum frt_form_kind */
    const char *attribute;    /* NULL: kept elsewhere */
    const char *prefix;       /* in front of the value; NULL: none */
    const char *const *words; /* of FRT_ENTRY_WORD; NULL-terminated */
    unsigned min, max;        /* bytes of a text, or the number itself */
    bool many;
    bool to_the_end; /* a day without a time means its end */
    const char *question;
    const char *expected;
};

extern const struct frt_field_row frt_field_rows[FRT_FIELD_COUNT];

struct frt_form {
    enum frt_form_kind kind;
    struct {
        char *values[FRT_FORM_VALUES_MAX]; /* owned, NUL-terminated */
        size_t lengths[FRT_FORM_VALUES_MAX];
        size_t count; /* given; may be more than are kept */
    } fields[FRT_FIELD_COUNT];
};

struct frt_form_context {
    int64_t now_s;
    const char *requester; /* login name of who files */
    unsigned emergency_max_hours;
};

struct frt_form_problem {
    enum frt_form_field field;
    char expected[FRT_FORM_EXPECTED_MAX];
};

/* Field of a name; FRT_FIELD_COUNT when there is none. */
enum frt_form_field frt_field_find(const char *name);

/* Adds a value, whatever it is; frt_form_check() says what is wrong with it. ROUTE and KIND also set form->kind. 0 or -ENOMEM. */
int frt_form_set(struct frt_form *form, enum frt_form_field field, const char *bytes, size_t length);
bool frt_form_has(const struct frt_form *form, enum frt_form_field field);
const char *frt_form_get(const struct frt_form *form, enum frt_form_field field); /* first value; "" */
void frt_form_clear(struct frt_form *form);

/* True when this kind of form may, or must, have the field. */
bool frt_form_may(const struct frt_form *form, enum frt_form_field field);
bool frt_form_must(const struct frt_form *form, enum frt_form_field field);

/* Fills what has a safe default: from now on; an emergency for 24 hours, one probe, one search, dated today. -ENOMEM. */
int frt_form_complete(struct frt_form *form, const struct frt_form_context *context);

/* Every missing or bad field, at most `max` stored, in the order of the fields. Returns how many there are. */
size_t frt_form_check(const struct frt_form *form, const struct frt_form_context *context,
                      struct frt_form_problem *problems, size_t max);

/* What is wrong with value `i` of one field alone; NULL when nothing is. For dialogues. */
const char *frt_field_objection(const struct frt_form *form, enum frt_form_field field, size_t i);

/* Value `i` as the directory holds it: GeneralizedTime, TRUE/FALSE, prefix. Only after a check without problems. */
void frt_form_value(const struct frt_form *form, enum frt_form_field field, size_t i,
                    char buffer[FRT_FORM_NORMALIZED_MAX]);
/* The time a field names; INT64_MIN when it is none. */
int64_t frt_form_time(const struct frt_form *form, enum frt_form_field field);

#endif
