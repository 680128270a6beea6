/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the questions share; included by casework/questions*.c only.
 */
#ifndef FRT_CASEWORK_QUESTIONS_PARTS_H
#define FRT_CASEWORK_QUESTIONS_PARTS_H

#include <inttypes.h>

#include "casework/questions.h"
#include "casework/tally.h"

#define FRT_DAY_US INT64_C(86400000000)

struct frt_sheet *frt_reply_sheet(struct frt_reply *reply, const char *name, const char *title,
                                  const char *const *columns);
void frt_reply_note(struct frt_reply *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));
void frt_reply_state(struct frt_reply *reply, enum frt_reply_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void frt_reply_filters(struct frt_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* First columns of every list of decisions, and their cells. */
#define FRT_DECISION_COLUMNS                                                                                 \
    "#decision", "time", "person", "department", "tool", "action", "request", "verdict", "rule", "reason"
void frt_decision_cells(struct frt_sheet *sheet, const struct frt_desk *desk,
                        const struct frt_past_decision *row);

/* Value of a fact; the fact's value 0 ("not known") when the facts cannot be read. */
unsigned frt_past_fact(const struct frt_desk *desk, const struct frt_past_decision *row, enum frt_fact fact);
bool frt_past_is_city(const struct frt_desk *desk, const struct frt_past_decision *row);
/* An allow to file a request: there is none yet, and nothing is searched. */
bool frt_past_is_filing(const struct frt_desk *desk, const struct frt_past_decision *row);
/* One search leaves several allows: PAM's, which uses up one of the request's searches, then the grant's and the gate's. True for
 * those that follow. */
bool frt_past_is_repeat(const struct frt_desk *desk, const struct frt_past_decision *row);

/* The request and its authority as the directory has them now; NULL without a directory or entry. */
const struct frt_request *frt_past_request(const struct frt_desk *desk, const struct frt_past_decision *row);
const struct frt_authority *frt_request_authority(const struct frt_desk *desk,
                                                  const struct frt_request *request);
/* First value of an attribute; "" when there is none. */
const char *frt_entry_text(const struct frt_entry *entry, const char *name);

/* Everything of a kind in the directory, malloc'd; none without a directory. */
const struct frt_person **frt_list_people(const struct frt_desk *desk, size_t *ret_count);
const struct frt_authority **frt_list_authorities(const struct frt_desk *desk, size_t *ret_count);
const struct frt_request **frt_list_requests(const struct frt_desk *desk, size_t *ret_count);
const struct frt_tool **frt_list_tools(const struct frt_desk *desk, size_t *ret_count);

/* Events of a kind in the period, or ever. */
size_t frt_count_events(const struct frt_desk *desk, const char *kind);

/* True for an audit note of frt scan, which reads disks and not the trail; `what` is its text. */
bool frt_audit_is_scan(const struct frt_desk *desk, const struct frt_past_event *event, char *what,
                       size_t size);

/* A change of somebody's role, out of the trail. */
struct frt_role_change {
    uint64_t n;
    int64_t time_us, end_s; /* end_s: frtRoleEnd; INT64_MAX: open */
    char person[64], role[64], what[16], by[64], ticket[192], affiliation[16];
    char values[512]; /* "frtPerformer FALSE to TRUE; ..." */
    bool before_city, after_city;
    uint32_t person_text; /* number of that text in the history; UINT32_MAX: no decision about this person */
    uint32_t next;        /* of the same person, index + 1; 0: last */
};
struct frt_role_changes {
    struct frt_role_change *list;
    size_t count;
    uint32_t *first; /* by number of text: index + 1 */
};
/* In order of time. False: out of memory. */
bool frt_role_changes_read(const struct frt_desk *desk, struct frt_role_changes *ret_changes);
void frt_role_changes_clear(struct frt_role_changes *changes);
/* The value of `name` in what a record says of a role, "frtPerson=p02 frtAffiliation=city ..."; "" when it has none. */
void frt_past_role_value(const char *says, const char *name, char *buffer, size_t size);
/* "uid=p19,ou=people,..." gives "p19"; another DN is cut to the buffer. */
void frt_dn_person(const char *dn, char *buffer, size_t size);
/* First change of this person; walk with `next`. NULL: none. */
const struct frt_role_change *frt_role_changes_of(const struct frt_role_changes *changes, uint32_t text);
const struct frt_role_change *frt_role_changes_next(const struct frt_role_changes *changes,
                                                    const struct frt_role_change *change);

/* The questions. */
void frt_ask_city_denials(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_without_request(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_other_recipient(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_order_out_of_force(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_emergencies(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_emergencies_refused(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_deceased(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_role_before_allow(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_role_after_denial(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_separation(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_gaps(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_not_enforcing(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_clock(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_retained(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_obtained(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_exemptions(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_redaction_digests(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_evidence(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_proxy(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_over_scope(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_outliers(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_odd_hours(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_other_account(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_repeated(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_vectors(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_fallback(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_dual_roles(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_leavers(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_editions(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_documentation(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_yearly_counts(const struct frt_desk *desk, struct frt_reply *reply);
void frt_ask_readers(const struct frt_desk *desk, struct frt_reply *reply);

#endif
