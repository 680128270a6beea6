/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The view: what frtd knows of the directory, kept in memory and indexed for decisions.
 *
 * Entries come in by frt_view_put() (first load and every later change) and go by frt_view_remove(), keyed by
 * entryUUID so that moves and re-creations cannot be confused (RFC 4533 section 1.3). A refresh marks: begin,
 * put what the server still has, end; what was not put again is removed at the end.
 *
 * An entry that cannot be read poisons what it is about (its person, tool, request), never the whole service, and
 * is counted and described; a group that cannot be read makes the whole view incomplete, because any person might be
 * in it.
 *
 * Entries count only directly below their class's base (threats L2); names are canonical bytes (threats F13):
 * two people whose names fold together poison each other. Values of a controlled vocabulary are compared byte for byte.
 *
 * Groups are read from member, uniqueMember and memberUid. A person's primary group (gidNumber) is not membership here.
 *
 * Order of calls: new; refresh_begin, put..., refresh_end, confirm (first load and every refresh); put, remove and
 * confirm in between; free. One thread at a time: look-ups walk groups with marks kept in the view.
 */
#ifndef FRT_DIRECTORY_VIEW_H
#define FRT_DIRECTORY_VIEW_H

#include "decision/facts.h"
#include "directory/entry.h"

struct frt_view; /* opaque */

/* Where each class of entries lives. NULL members default to "ou=<thing>,<suffix>". Copied. */
struct frt_view_layout {
    const char *suffix;
    const char *people, *roles, *agencies, *departments, *hosts, *tools, *requests, *authorities, *groups;
};

/* A group whose members hold a role (frt.conf role_groups; also groups of class frtRoleGroup). Copied. */
struct frt_role_group {
    const char *dn;
    const char *affiliation;                         /* "city" or "outside" */
    const char *agency, *department, *official_type; /* may be NULL */
};

struct frt_person {
    char *uid;            /* canonical login name */
    int64_t uid_number;   /* -1: none stated */
    char *name;           /* cn */
    bool service_account; /* objectClass frtServiceAccount: not a person */
};

struct frt_role {
    char *id;     /* frtRoleId; the DN of the group for a role that comes from a group */
    char *person; /* uid the role is about; NULL for a role that comes from a group */
    bool from_group;
    bool city;    /* affiliation city; false: outside */
    char *agency; /* frtAgencyId; "city" for city roles without one; NULL for outside roles without one */
    char *department;
    enum frt_official_type official_type;
    bool sworn, performer;
    int64_t start_s, end_s; /* UNIX time; INT64_MIN, INT64_MAX when open */
    char *approved_by, *ticket;
    char *
        group_dn; /* group that carries this role elsewhere: a past end counts only when membership ended too */
    char *changed_by; /* modifiersName */
    char *csn;        /* entryCSN */
};

struct frt_agency {
    char *id, *name;
    enum frt_agency_kind kind;
    bool city;
    char *recipient; /* "rmv", "msp", "fbi" when this agency is one of the three bodies; else NULL */
};

struct frt_host {
    char *id;          /* "h1" */
    char *name;        /* "npd-ws-07" */
    char *owner;       /* agency id */
    char *assigned_to; /* uid; NULL: shared */
};

struct frt_tool {
    char *id; /* "T03-digikam"; also found as "T03" */
    char *name;
    enum frt_tool_class tool_class;
    enum frt_capability capability;
    bool readable;                 /* false: class unknown because the entry cannot be read */
    bool record_only;              /* frtAction record */
    bool ignore;                   /* frtAction ignore */
    const struct frt_entry *entry; /* all other attributes: paths, patterns, digests, packages; borrowed */
};

struct frt_request {
    char *id; /* "Q201" */
    uint8_t uuid[16];
    char *requester; /* uid */
    char *requester_agency;
    char *recipient;
    /* UNIX time; INT64_MIN, INT64_MIN and INT64_MAX when absent or unreadable, which is also incomplete */
    int64_t filed_s, valid_from_s, valid_until_s;
    enum frt_route route;
    char *authority; /* authority id; NULL */
    char *case_number;
    unsigned max_searches;         /* 0: not stated */
    bool no_searches;              /* stated as 0 */
    bool withdrawn;                /* withdrawn, refused or closed: not to be used any more */
    bool complete;                 /* every item the law asks for is there and readable */
    const struct frt_entry *entry; /* borrowed; frtToolRef and all other attributes */
};

struct frt_authority {
    char *id;   /* "O77", "D12" */
    char *kind; /* "order", "deceased", "emergency", "evidence" */
    bool issuer_fit;
    bool limb_stated;
    bool declared_dead;
    bool basis_stated, scope_bounded;
    bool declared, solicited; /* evidence */
    unsigned max_searches;    /* 0: not stated */
    bool no_searches;         /* stated as 0 */
    char *case_number;
    /* UNIX time; INT64_MIN, INT64_MAX when open; for evidence start_s is when it was declared */
    int64_t start_s, end_s;
    const struct frt_entry *entry; /* borrowed */
};

enum frt_view_change { FRT_VIEW_UNCHANGED, FRT_VIEW_ADDED, FRT_VIEW_CHANGED, FRT_VIEW_REMOVED };

int frt_view_new(const struct frt_view_layout *layout, const struct frt_role_group *role_groups,
                 size_t role_group_count, struct frt_view **ret_view);
void frt_view_free(struct frt_view *view);

/* Takes `entry` over, also when it fails. An entryUUID of zeros is derived from the DN. Never fails for what the entry
 * holds: that is counted and described (frt_view_unreadable, frt_view_problem). Entries below no base are left out.
 * `ret_change` may be NULL. -ENOMEM only; the view is then as it was before. */
int frt_view_put(struct frt_view *view, struct frt_entry *entry, enum frt_view_change *ret_change);
void frt_view_remove(struct frt_view *view, const uint8_t uuid[16]);

void frt_view_refresh_begin(struct frt_view *view);
/* Removes what was not put since the beginning; returns how many went. When more than a fifth of at least 50 entries
 * would go, nothing that restricts is forgotten: the view becomes incomplete until a second refresh agrees. */
size_t frt_view_refresh_end(struct frt_view *view);

/* The server confirmed that the view is what it holds: `csn` its contextCSN ("" when it has none; several values are
 * separated by ';', ',' or spaces, a sync cookie is understood too), `mono_ms` the monotonic time of asking. Values are
 * compared per server id (the "#001#" in them). One older than seen before, or missing, makes the view incomplete
 * ("server-went-back") and does not renew the lease, until the server has caught up. */
void frt_view_confirm(struct frt_view *view, const char *csn, int64_t mono_ms);

enum frt_view_state frt_view_state(const struct frt_view *view, int64_t mono_ms, int64_t max_age_ms);
int64_t frt_view_age_ms(const struct frt_view *view, int64_t mono_ms); /* INT64_MAX: never loaded */
const char *frt_view_csn(const struct frt_view *view);
/* One sentence that says what makes the view incomplete; "" when it is complete. */
const char *frt_view_problem(const struct frt_view *view);
size_t frt_view_entry_count(const struct frt_view *view);
size_t frt_view_unreadable_count(const struct frt_view *view);
/* Describes unreadable entry number `i`: DN, attribute and what was expected. NULL past the last. */
const char *frt_view_unreadable(const struct frt_view *view, size_t i);

/* Whether a person is there: for those to whom "no such person" and "cannot tell" are different facts. */
enum frt_found { FRT_FOUND_ABSENT, FRT_FOUND_POISONED, FRT_FOUND_ONE };
enum frt_found frt_view_find_person_by_uid(const struct frt_view *view, const char *uid,
                                           const struct frt_person **ret_person);
enum frt_found frt_view_find_person_by_number(const struct frt_view *view, int64_t uid_number,
                                              const struct frt_person **ret_person);

/* Look-ups: NULL when absent, poisoned or ambiguous. Pointers live until the next put, remove or refresh_end. */
const struct frt_person *frt_view_person_by_uid(const struct frt_view *view, const char *uid);
const struct frt_person *frt_view_person_by_number(const struct frt_view *view, int64_t uid_number);
const struct frt_agency *frt_view_agency(const struct frt_view *view, const char *id);
const struct frt_host *frt_view_host(const struct frt_view *view, const char *id_or_name);
const struct frt_tool *frt_view_tool(const struct frt_view *view, const char *id);
const struct frt_request *frt_view_request(const struct frt_view *view, const char *id);
const struct frt_authority *frt_view_authority(const struct frt_view *view, const char *id);

/* Every tool of the catalogue, in id order; for the gate, scans and listings. Returns how many there are; at most `max`
 * are stored. */
size_t frt_view_tools(const struct frt_view *view, const struct frt_tool **ret_tools, size_t max);

/* Everything of a kind, in id order, entries that cannot be read included (their structs say what is missing): for
 * auditors and registers. Each returns how many there are; at most `max` are stored. */
size_t frt_view_requests(const struct frt_view *view, const struct frt_request **ret_requests, size_t max);
size_t frt_view_authorities(const struct frt_view *view, const struct frt_authority **ret_authorities,
                            size_t max);
size_t frt_view_people(const struct frt_view *view, const struct frt_person **ret_people, size_t max);
size_t frt_view_hosts(const struct frt_view *view, const struct frt_host **ret_hosts, size_t max);

/* Roles of a person: role entries and group memberships, in force or not. Returns how many there are; at most `max`
 * are stored. */
size_t frt_view_roles_of(const struct frt_view *view, const char *uid, const struct frt_role **ret_roles,
                         size_t max);

/* True when a readable group of this DN is in the view. */
bool frt_view_group_is_known(const struct frt_view *view, const char *group_dn);

/* True when the group, directly or nested (loops are safe), lists the person. */
bool frt_view_group_lists(const struct frt_view *view, const char *group_dn, const char *uid);

#endif
