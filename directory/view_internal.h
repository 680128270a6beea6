/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Inside the view; nobody but directory/view_*.c includes this.
 *
 * An entry that counts becomes an item: what it says as one typed struct, the raw entry where callers need it, and the
 * keys under which it is found. A key may belong to several items: look-ups that must be unambiguous take the chain of
 * a key only when it is one readable item. That is how collisions and unreadable entries poison.
 */
#ifndef FRT_DIRECTORY_VIEW_INTERNAL_H
#define FRT_DIRECTORY_VIEW_INTERNAL_H

/* Without memory an element is left out of its table, and we see that; the default is exit(). */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "directory/view.h"

enum frt_kind {
    FRT_KIND_PERSON,
    FRT_KIND_ROLE,
    FRT_KIND_AGENCY,
    FRT_KIND_HOST,
    FRT_KIND_TOOL,
    FRT_KIND_REQUEST,
    FRT_KIND_AUTHORITY,
    FRT_KIND_GROUP,
    FRT_KIND_OTHER, /* below no base, or not of its class: left out */
};

enum frt_index {
    FRT_INDEX_UUID,
    FRT_INDEX_DN,     /* people and groups, normalised */
    FRT_INDEX_PERSON, /* uid, folded */
    FRT_INDEX_PERSON_NUMBER,
    FRT_INDEX_ROLE_PERSON, /* uid, folded */
    FRT_INDEX_NAMELESS,    /* unreadable entries about nobody knows whom; one key, "" */
    FRT_INDEX_AGENCY,
    FRT_INDEX_HOST_ID,
    FRT_INDEX_HOST_NAME,
    FRT_INDEX_TOOL_ID,
    FRT_INDEX_TOOL_SHORT, /* "T03" of "T03-digikam" */
    FRT_INDEX_REQUEST,
    FRT_INDEX_AUTHORITY,
    FRT_INDEX_ROLE_GROUP,  /* groups that say their own role; one key, "" */
    FRT_INDEX_STRAY_GROUP, /* groups among the people; one key, "" */
    FRT_INDEX_COUNT
};

/* One key of one item. Items with the same key form a chain whose first is in the table. */
struct frt_link {
    UT_hash_handle hh;
    struct frt_link *next;
    struct frt_item *item;
    enum frt_index index;
};

/* A name that groups list, a memberUid or a normalised DN, with the groups that list it. */
struct frt_slot {
    UT_hash_handle hh;
    struct frt_slot **table;
    struct frt_seat **seats;
    size_t count, capacity;
    char key[];
};

/* A group's place in the slots. It stays while the group's entry changes, so that a group of 100,000 that loses one member
 * is not listed 100,000 times anew. */
struct frt_seat {
    struct frt_group *group;
};

struct frt_group {
    struct frt_item *item;
    struct frt_seat *seat;
    struct frt_slot **slots;
    size_t slot_count;
    struct frt_slot **foreign; /* the DNs that are not plain people: must be known groups */
    size_t foreign_count;
    struct frt_role *role; /* of class frtRoleGroup; NULL: none */
    struct frt_group *walk_next;
    uint64_t walk; /* number of the last walk that came here */
};

struct frt_item {
    enum frt_kind kind;
    bool readable;
    uint8_t missed; /* refreshes in a row that did not bring it */
    uint32_t generation;
    uint64_t digest;
    char *problem; /* NULL when readable */
    size_t unreadable_at;
    struct frt_entry *entry; /* kept for tools, requests, authorities */
    struct frt_link *links;  /* one block with the keys behind it */
    size_t link_count;
    const char *dn; /* normalised; inside the block; NULL where it is no key */
    union {
        void *any;
        struct frt_person *person;
        struct frt_role *role;
        struct frt_agency *agency;
        struct frt_host *host;
        struct frt_tool *tool;
        struct frt_request *request;
        struct frt_authority *authority;
        struct frt_group *group;
    };
};

/* A role_groups row of frt.conf. */
struct frt_configured_group {
    char *dn; /* normalised */
    struct frt_role role;
};

#define FRT_PROBLEM_MAX 1024
#define FRT_MAX_SIDS    64

/* What look-ups need to write. */
struct frt_scratch {
    uint64_t walk;
    bool groups_checked;
    char groups_problem[FRT_PROBLEM_MAX];
    char problem[FRT_PROBLEM_MAX];
};

struct frt_seen_csn {
    char sid[8];
    char csn[48];
};

struct frt_view {
    char *base[FRT_KIND_OTHER]; /* normalised, by kind */
    struct frt_configured_group *configured;
    size_t configured_count;
    struct frt_link *index[FRT_INDEX_COUNT];
    struct frt_slot *uid_slots, *dn_slots;
    struct frt_item **tools; /* by id */
    size_t tool_count, tool_capacity;
    struct frt_item **unreadable;
    size_t unreadable_count, unreadable_capacity;
    size_t count;
    uint32_t generation;
    bool refreshing, shrunk, went_back;
    struct frt_seen_csn seen[FRT_MAX_SIDS];
    size_t seen_count;
    char *csn;
    bool confirmed;
    int64_t confirmed_ms;
    struct frt_scratch *scratch;
};

/* view_index.c */
struct frt_link *frt_index_find(const struct frt_view *view, enum frt_index index, const void *key,
                                size_t length);
int frt_index_add(struct frt_view *view, struct frt_link *link); /* -ENOMEM */
void frt_index_remove(struct frt_view *view, struct frt_link *link);
/* The only item under the key, when there is just one and it can be read. */
enum frt_found frt_index_one(const struct frt_view *view, enum frt_index index, const void *key,
                             size_t length, struct frt_item **ret_item);

/* view_parse.c: entry -> item. */
enum frt_kind frt_view_classify(const struct frt_view *view, const struct frt_entry *entry, const char *dn);
/* Takes nothing over. The item is in no index yet; `item->entry` is NULL. -ENOMEM. */
int frt_item_new(const struct frt_view *view, const struct frt_entry *entry, enum frt_kind kind,
                 const char *dn, struct frt_item **ret_item);
/* Takes `entry` over: kept with the kinds whose raw attributes callers read, freed otherwise. */
void frt_item_keep_entry(struct frt_item *item, struct frt_entry *entry);
void frt_item_free(struct frt_item *item); /* not in any index */
void frt_role_clear(struct frt_role *role);

/* view_groups.c */
/* Lists the group under everything its entry names, in the place of `old` (NULL: it is new), which is then listed
 * nowhere. -ENOMEM; then `old` is listed as before and `group` nowhere. */
int frt_group_enlist(struct frt_view *view, struct frt_group *group, const struct frt_entry *entry,
                     struct frt_group *old);
void frt_group_delist(struct frt_view *view, struct frt_group *group);
/* Every group that lists the person, directly or nested: a list through walk_next. */
struct frt_group *frt_groups_of(const struct frt_view *view, const char *uid);
/* One sentence about a group that carries a role, or is nested in one, and cannot be read; "" when there is none. */
const char *frt_groups_problem(const struct frt_view *view);

#endif
