/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Searches that were allowed, and whether their result is on record: the law wants the number of matches and the database of
 * each (items c and d), and those are known only afterwards. Found again in the trail when frtd starts.
 */
#ifndef FRT_DAEMON_SEARCHES_H
#define FRT_DAEMON_SEARCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trail/record.h"

struct frt_searches; /* opaque */

struct frt_search {
    int64_t decision; /* record number of the allow that used the request */
    int64_t time_us;
    int64_t uid, auid; /* who acted, who logged in; -1: not known */
    const char *request, *tool, *user, *login;
    unsigned results;    /* on record, corrections included; "no search was made" counts */
    int64_t last_result; /* record number; -1: none */
};

int frt_searches_new(struct frt_searches **ret_searches);
void frt_searches_free(struct frt_searches *searches);

/* Takes one record of the trail into account; called for each when frtd starts. 0 or -ENOMEM. */
int frt_searches_replay(struct frt_searches *searches, const struct frt_record_view *record);

/* A search that is being allowed now: later than all before. Copied. 0 or -ENOMEM. */
int frt_searches_add(struct frt_searches *searches, const struct frt_search *search);
/* Forgets what this record number said: a search or a result that could not be sealed. */
void frt_searches_take_back(struct frt_searches *searches, int64_t record);

/* The search with this decision's number; NULL when that decision allowed none. */
const struct frt_search *frt_searches_find(const struct frt_searches *searches, int64_t decision);
/* A result of the search under `decision` is on record as number `record`. */
void frt_searches_note_result(struct frt_searches *searches, int64_t decision, int64_t record);

/* How many have no result on record. */
size_t frt_searches_open(const struct frt_searches *searches);
size_t frt_searches_count(const struct frt_searches *searches);
const struct frt_search *frt_searches_at(const struct frt_searches *searches, size_t i);

/* True when the person behind these numbers (the login's, else the account's) is the one who was allowed. */
bool frt_search_is_of(const struct frt_search *search, int64_t uid, int64_t login_uid);

#endif
