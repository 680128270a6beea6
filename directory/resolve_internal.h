/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Shared by directory/resolve*.c.
 */
#ifndef FRT_DIRECTORY_RESOLVE_INTERNAL_H
#define FRT_DIRECTORY_RESOLVE_INTERNAL_H

#include "directory/resolve.h"

/* What somebody is at one time, by the roles that count then. */
struct frt_standing {
    const struct frt_role *roles[FRT_RESOLVE_MAX_ROLES]; /* in force; the first ones */
    size_t role_count;
    bool unknown; /* so many roles that not all were looked at */
    bool city, outside;
    enum frt_official_type official_type; /* of the city role; the least number when there are several */
};

/* An account of the attempt. */
struct frt_party {
    bool given;
    enum frt_found found; /* FRT_FOUND_POISONED: somebody, but who cannot be told */
    const struct frt_person *person;
    struct frt_standing standing; /* empty unless a person was found */
};

struct frt_resolving {
    const struct frt_view *view;
    const struct frt_policy_values *values;
    const struct frt_attempt *attempt;
    struct frt_resolution *resolution;
    /* Those whose standing counts: the login person, the acting person, once when they are one. */
    const struct frt_party *parties[2];
    size_t party_count;
};

void frt_standing_at(const struct frt_view *view, const struct frt_policy_values *values, const char *uid,
                     int64_t now_s, struct frt_standing *ret_standing);

/* The role with which somebody acts for an outside agency: the best of those in force, given the request. NULL: none. */
const struct frt_role *frt_acting_role(const struct frt_resolving *resolving, const struct frt_party *party);

/* True when `role` acts for the body the request is addressed to. */
bool frt_role_is_addressed(const struct frt_resolving *resolving, const struct frt_role *role);

/* resolve_request.c: request, route, authority, scope, evidence. The facts about the subject are already there. */
void frt_resolve_request(const struct frt_resolving *resolving);

static inline void frt_set_fact(const struct frt_resolving *resolving, enum frt_fact fact, unsigned value)
{
    resolving->resolution->facts.value[fact] = (uint8_t)value;
}

#endif
