/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A trail in memory: one pass over its records into compact rows that questions, reports and packages are asked of.
 *
 *     struct frt_history *history;
 *     frt_history_read("/var/lib/frt/log", &options, &history);
 *     for (size_t i = 0; i < frt_history_decision_count(history); i++)
 *         ... frt_history_decision(history, i)
 *     frt_history_free(history);
 *
 * Decisions of the period become rows of fixed size, 72 bytes each; their texts are kept once each, and so are the combinations
 * of texts that come together (who, where, what was decided). All other records are few and keep their line (but beats, which
 * come every minute and keep four numbers). Records that no seal covers were never answered: they are counted and left out.
 *
 * Texts stay as they stand in the trail, with %XX: safe on a terminal, in a log, in JSON. Nothing here says whether the trail
 * is genuine; trail/verify.h does.
 */
#ifndef FRT_CASEWORK_HISTORY_H
#define FRT_CASEWORK_HISTORY_H

#include "casework/strings.h"
#include "decision/policy.h"
#include "trail/record.h"

/* Texts of a decision record; the key each is read from is in frt_past_keys. */
enum frt_past_text {
    FRT_PAST_SOURCE,
    FRT_PAST_SERVICE,
    FRT_PAST_HOST,
    FRT_PAST_USER,
    FRT_PAST_RUSER,
    FRT_PAST_EXE,
    FRT_PAST_LOGIN,
    FRT_PAST_TTY,
    FRT_PAST_RHOST,
    FRT_PAST_TOOL,
    FRT_PAST_PATH,
    FRT_PAST_SHA,
    FRT_PAST_ACTION,
    FRT_PAST_AGENCY,
    FRT_PAST_REQUEST,
    FRT_PAST_EVIDENCE,
    FRT_PAST_CSN,
    FRT_PAST_RULE,
    FRT_PAST_VERDICT,
    FRT_PAST_REASON,
    FRT_PAST_LAYERS,
    FRT_PAST_OBLIGATIONS,
    FRT_PAST_OWNER,
    FRT_PAST_LOGIN_ROLES,
    FRT_PAST_ROLES,
    FRT_PAST_FACTS,
    FRT_PAST_POLICY,
    FRT_PAST_EDITION,
    FRT_PAST_POLICY_SHA,
    FRT_PAST_TEXT_COUNT
};

extern const char *const frt_past_keys[FRT_PAST_TEXT_COUNT];

#define FRT_PAST_GROUPS  3
#define FRT_PAST_OWN_MAX 3

struct frt_past_decision {
    uint64_t n; /* record number: the decision's id */
    int64_t time_us;
    uint32_t group[FRT_PAST_GROUPS], own[FRT_PAST_OWN_MAX]; /* its texts: ask frt_history_text_of() */
    int32_t uid, auid, pid, age_ms;                         /* -1: not known */
    uint32_t line;                                          /* of the rule in the policy file */
    uint32_t department; /* of the city role that counted, or of the outside role; number of a text */
    uint32_t person;     /* login person, else who acted; number of a text */
    enum frt_verdict verdict : 16;
    uint8_t reason; /* enum frt_reason; FRT_REASON_NOT_EVALUATED for a word we do not know */
    bool is_use;    /* consumed one use of its request */
};

struct frt_past_beat {
    uint64_t n;
    int64_t time_us, boot_us;
    uint8_t view, gate; /* enum frt_view_state, enum frt_gate_state */
    bool same_boot;     /* as the beat before */
};

/* A record that is neither decision nor beat. */
struct frt_past_event {
    uint64_t n;
    int64_t time_us;
    uint32_t kind; /* number of a text */
    uint32_t length;
    const char *line; /* whole record, no LF, not NUL-terminated */
};

struct frt_past_edition { /* a policy that decisions of the period were made under */
    uint32_t policy, edition, sha;
    uint64_t decisions;
    int64_t first_us, last_us;
};

struct frt_past_hole { /* record numbers that are not there */
    uint64_t from, to; /* to: first that is there again */
};

/* The clock was stepped while nobody wrote: a writer that begins compares its two clocks with those of the last record. */
struct frt_past_step {
    uint64_t n; /* first record after it */
    int64_t time_us, step_us;
};

struct frt_history_options {
    int64_t from_us, until_us; /* from <= t < until; both 0: everything */
    uint64_t only;             /* with is_single: this decision alone, whatever its time */
    bool is_single;
};

struct frt_history_counts {
    uint64_t records, decisions; /* sealed, in the whole trail */
    uint64_t considered;         /* decisions of the period */
    uint64_t beats, events, unsealed, unreadable;
    uint64_t first_n, last_n; /* with records > 0 */
    int64_t first_us, last_us;
};

struct frt_history; /* opaque */

/* Reads a log directory, or a file of record lines (the records.jsonl of a package), which then counts as sealed. 0 or a
 * negative errno; a record that is none is counted, not an error. */
int frt_history_read(const char *path, const struct frt_history_options *options,
                     struct frt_history **ret_history);
/* The trails of several hosts as one: decisions and events in order of time, the numbers of the trail at index k raised by k *
 * FRT_HISTORY_STEP, and a change of the directory that several hosts recorded once. Gaps and beats belong to one host: read
 * that trail alone. `count` at most FRT_HISTORY_TRAILS_MAX. */
#define FRT_HISTORY_STEP       UINT64_C(1000000000)
#define FRT_HISTORY_TRAILS_MAX 16
int frt_history_read_all(const char *const *paths, size_t count, const struct frt_history_options *options,
                         struct frt_history **ret_history);
void frt_history_free(struct frt_history *history);

const struct frt_history_counts *frt_history_counts(const struct frt_history *history);
const struct frt_history_options *frt_history_period(const struct frt_history *history);

/* A text by its number; "" is number 0. */
const char *frt_history_text(const struct frt_history *history, uint32_t id);
/* Number of a text; UINT32_MAX when no record has it. */
uint32_t frt_history_find_text(const struct frt_history *history, const char *text);
size_t frt_history_text_count(const struct frt_history *history);

/* Decisions of the period, in order of their numbers. */
size_t frt_history_decision_count(const struct frt_history *history);
const struct frt_past_decision *frt_history_decision(const struct frt_history *history, size_t i);
/* A text of a decision: its number, and itself. */
uint32_t frt_history_text_of(const struct frt_history *history, const struct frt_past_decision *decision,
                             enum frt_past_text text);
const char *frt_history_say(const struct frt_history *history, const struct frt_past_decision *decision,
                            enum frt_past_text text);
/* The facts it was made from; NULL when they cannot be read (a record of a later version). */
const struct frt_facts *frt_history_facts(const struct frt_history *history,
                                          const struct frt_past_decision *decision);

/* All other records of the whole trail, and those of the period alone: what matters to a period often happened before. */
size_t frt_history_event_count(const struct frt_history *history);
const struct frt_past_event *frt_history_event(const struct frt_history *history, size_t i);
bool frt_history_is_kind(const struct frt_history *history, const struct frt_past_event *event,
                         const char *kind);
bool frt_history_in_period(const struct frt_history *history, int64_t time_us);
/* A field of an event, still escaped; returns false and "" when it has none. */
bool frt_history_field(const struct frt_past_event *event, const char *key, char *buffer, size_t size);
int64_t frt_history_number(const struct frt_past_event *event, const char *key, int64_t otherwise);

size_t frt_history_beat_count(const struct frt_history *history);
const struct frt_past_beat *frt_history_beat(const struct frt_history *history, size_t i);
size_t frt_history_editions(const struct frt_history *history, const struct frt_past_edition **ret_editions);
size_t frt_history_holes(const struct frt_history *history, const struct frt_past_hole **ret_holes);
size_t frt_history_steps(const struct frt_history *history, const struct frt_past_step **ret_steps);

/* "city" department or agency of the first role in a `roles` text: "city/police/employee sworn [R01]; ..." gives "police". */
size_t frt_past_department(const char *roles, const char **ret_text);

/* Facts from the words of a `facts` text; false when one is unknown. */
bool frt_past_facts_parse(const char *text, struct frt_facts *ret_facts);

#endif
