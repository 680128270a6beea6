/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What frtd remembers between decisions and finds again in the trail when it starts: how often each written
 * request was used, the last denials (for `frt why`), and floods of identical denials (counted instead of
 * recorded one by one).
 */
#ifndef FRT_DAEMON_LEDGER_H
#define FRT_DAEMON_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trail/record.h"

#define FRT_LEDGER_DENIALS          512
#define FRT_LEDGER_PER_PERSON       20 /* of one login and user: nobody pushes out what others may ask about */
#define FRT_FLOOD_PER_MINUTE        50  /* identical denials by one person recorded singly */
#define FRT_FLOOD_PERSON_PER_MINUTE 200 /* of any kind; beyond it only the first of each kind */
#define FRT_FLOOD_PERSON_MAX        224
#define FRT_FLOOD_WHAT_MAX          192

struct frt_ledger; /* opaque */

struct frt_denial {
    int64_t decision; /* record number */
    int64_t at_us;
    int64_t line; /* of the rule in the policy file */
    char login[64], user[64], tool[64], rule[32], reason[32], action[16];
};

int frt_ledger_new(struct frt_ledger **ret_ledger);
void frt_ledger_free(struct frt_ledger *ledger);

/* Takes one record of the trail into account; called for each when frtd starts. 0 or -ENOMEM. */
int frt_ledger_replay(struct frt_ledger *ledger, const struct frt_record_view *record);

unsigned frt_ledger_uses(const struct frt_ledger *ledger, const char *request);
int frt_ledger_count_use(struct frt_ledger *ledger, const char *request);
void frt_ledger_take_back_use(struct frt_ledger *ledger,
                              const char *request); /* its record could not be sealed */

void frt_ledger_note_denial(struct frt_ledger *ledger, const struct frt_denial *denial);
/* Newest first; those whose login or user is `name` (NULL: all). Returns how many were stored. */
size_t frt_ledger_denials(const struct frt_ledger *ledger, const char *name,
                          const struct frt_denial **ret_denials, size_t max);

/* The batch with this denial in it could not be sealed: its number is another record's now. */
void frt_ledger_unrecorded(struct frt_ledger *ledger, int64_t decision);

/* True when `what` is one of a flood by `person`: more than FRT_FLOOD_PER_MINUTE of the same within a minute, or of a person
 * beyond FRT_FLOOD_PERSON_PER_MINUTE one that has been recorded in this minute. It is then counted, and must not be recorded
 * singly. The first of its kind in a minute never is: a flood hides nothing else. */
bool frt_ledger_is_flood(struct frt_ledger *ledger, const char *person, const char *what, int64_t mono_ms);
/* The same, but whoever asks counts it himself (the kernel gate, which keeps its count when frtd dies). */
bool frt_ledger_is_counted_elsewhere(struct frt_ledger *ledger, const char *person, const char *what,
                                     int64_t mono_ms);

/* One `gap` record per flood with uncounted denials since the last call; `emit` appends it. */
void frt_ledger_flush_floods(struct frt_ledger *ledger, int64_t mono_ms,
                             void (*emit)(void *arg, const struct frt_record *record), void *arg);

#endif
