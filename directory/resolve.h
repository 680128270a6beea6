/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From an attempt and a view to facts: who these people are, what this tool and this host are, what the presented
 * request is worth. Reads the view and nothing else; the time is given.
 */
#ifndef FRT_DIRECTORY_RESOLVE_H
#define FRT_DIRECTORY_RESOLVE_H

#include "decision/decide.h"
#include "directory/view.h"

#define FRT_UID_UNSET (-1)

/* One attempt, as enforcement points tell it and frtd completes it from the kernel. Strings are borrowed; NULL or ""
 * means not given. */
struct frt_attempt {
    /* The login person: name or login uid. Both unset: nobody logged in. Both set: they must be one person. */
    const char *login;
    int64_t login_uid;
    /* The acting person; not given: the login person acts. */
    const char *user;
    int64_t user_uid;
    const char *tool;
    enum frt_match match;
    const char *host;
    enum frt_action action;
    const char *request;
    const char *evidence; /* authority id of kind evidence */
    int64_t now_s;
    unsigned request_uses; /* uses of the request so far, from the trail */
    enum frt_view_state view;
    enum frt_clock_state clock;
    enum frt_trail_state trail;
    enum frt_gate_state gate;
};

#define FRT_RESOLVE_MAX_ROLES 16

struct frt_resolution {
    struct frt_facts facts;
    const struct frt_person *login, *user; /* NULL: not resolved; borrowed from the view */
    const struct frt_role *login_roles[FRT_RESOLVE_MAX_ROLES],
        *user_roles[FRT_RESOLVE_MAX_ROLES]; /* in force */
    size_t login_role_count, user_role_count;
    const struct frt_tool *tool;
    const struct frt_host *host;
    const struct frt_request *request;
    const struct frt_authority *authority; /* what the request's route rests on */
    const struct frt_authority *evidence;
};

/* Cannot fail: what cannot be found out is a fact. */
void frt_resolve(const struct frt_view *view, const struct frt_policy_values *values,
                 const struct frt_attempt *attempt, struct frt_resolution *ret_resolution);

#endif
