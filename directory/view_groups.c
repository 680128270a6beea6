/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/view_dn.h"
#include "directory/view_internal.h"
#include "directory/view_read.h"
#include "support/cleanup.h"
#include "support/name.h"
#include "support/percent.h"

static struct frt_slot *find_slot(struct frt_slot *table, const char *key)
{
    struct frt_slot *slot = NULL;

    HASH_FIND_STR(table, key, slot);
    return slot;
}

static void drop_slot_if_empty(struct frt_slot *slot)
{
    if (slot->count > 0)
        return;
    HASH_DELETE(hh, *slot->table, slot);
    free(slot->seats);
    free(slot);
}

static struct frt_slot *get_slot(struct frt_slot **table, const char *key)
{
    struct frt_slot *slot = find_slot(*table, key);
    size_t length = strlen(key);

    if (slot)
        return slot;
    slot = calloc(1, sizeof(*slot) + length + 1);
    if (!slot)
        return NULL;
    slot->table = table;
    memcpy(slot->key, key, length);
    HASH_ADD_KEYPTR(hh, *table, slot->key, length, slot);
    if (!slot->hh.tbl) {
        free(slot);
        return NULL;
    }
    return slot;
}

static int sit(struct frt_slot *slot, struct frt_seat *seat)
{
    if (slot->count == slot->capacity) {
        size_t capacity = slot->capacity ? slot->capacity * 2 : 1;
        struct frt_seat **seats = reallocarray(slot->seats, capacity, sizeof(struct frt_seat *));

        if (!seats)
            return -ENOMEM;
        slot->seats = seats;
        slot->capacity = capacity;
    }
    slot->seats[slot->count++] = seat;
    return 0;
}

static void rise(struct frt_slot *slot, const struct frt_seat *seat)
{
    for (size_t i = slot->count; i-- > 0;) {
        if (slot->seats[i] != seat)
            continue;
        slot->seats[i] = slot->seats[--slot->count];
        break;
    }
    drop_slot_if_empty(slot);
}

/* A group taking the place of what it was. Members mostly come in the order they came before: those keep their slots. */
struct enlisting {
    struct frt_view *view;
    struct frt_group *group, *old;
    size_t cursor;   /* in the old slots */
    bool *kept;      /* per old slot: the new group has it */
    bool *inherited; /* per new slot: it was the old group's */
};

/* The old slot of that key, here or one further: somebody was added, or taken out. */
static struct frt_slot *inherit(struct enlisting *enlisting, struct frt_slot **table, const char *key)
{
    const struct frt_group *old = enlisting->old;

    for (size_t i = enlisting->cursor; old && i < old->slot_count && i < enlisting->cursor + 2; i++) {
        if (old->slots[i]->table != table || strcmp(old->slots[i]->key, key) != 0)
            continue;
        enlisting->kept[i] = true;
        enlisting->cursor = i + 1;
        return old->slots[i];
    }
    return NULL;
}

/* Lists the group under `key`; its array of slots has room. */
static int list_in(struct enlisting *enlisting, struct frt_slot **table, const char *key)
{
    struct frt_group *group = enlisting->group;
    struct frt_slot *slot = inherit(enlisting, table, key);
    int r;

    enlisting->inherited[group->slot_count] = slot != NULL;
    if (!slot) {
        slot = get_slot(table, key);
        if (!slot)
            return -ENOMEM;
        r = sit(slot, group->seat);
        if (r < 0) {
            drop_slot_if_empty(slot);
            return r;
        }
    }
    group->slots[group->slot_count++] = slot;
    return 0;
}

static void forget_slots(struct frt_group *group)
{
    group->seat = NULL;
    group->slot_count = 0;
    group->foreign_count = 0;
}

void frt_group_delist(struct frt_view *view, struct frt_group *group)
{
    for (size_t i = 0; i < group->slot_count; i++)
        rise(group->slots[i], group->seat);
    free(group->seat);
    forget_slots(group);
    view->scratch->groups_checked = false;
}

/* The old group leaves the slots that the new one does not have, and the seat to it. */
static void succeed(struct enlisting *enlisting)
{
    struct frt_group *old = enlisting->old;

    for (size_t i = 0; old && i < old->slot_count; i++) {
        if (!enlisting->kept[i])
            rise(old->slots[i], old->seat);
    }
    enlisting->group->seat->group = enlisting->group;
    if (old)
        forget_slots(old);
}

/* Back to what was. */
static void give_up(struct enlisting *enlisting)
{
    struct frt_group *group = enlisting->group;

    for (size_t i = 0; i < group->slot_count; i++) {
        if (!enlisting->inherited[i])
            rise(group->slots[i], group->seat);
    }
    if (!enlisting->old)
        free(group->seat);
    forget_slots(group);
}

/* A member directly below the base of people who is not in the view is nobody, and harmless: deleted accounts are often
 * left in groups. Anything else might be a group, whose members we would miss; so might a name that the server folds and
 * we do not. */
static bool is_foreign(const struct frt_view *view, const char *dn)
{
    return strcmp(frt_dn_parent(dn), view->base[FRT_KIND_PERSON]) != 0 || frt_dn_may_be_another(dn);
}

static int enlist_dn(struct enlisting *enlisting, const struct frt_value *value)
{
    struct frt_group *group = enlisting->group;
    frt_auto_free char *dn = NULL;
    int r = frt_dn_normalise(value->bytes, value->length, &dn);

    if (r == 0)
        r = list_in(enlisting, &enlisting->view->dn_slots, dn);
    if (r < 0)
        return r;
    if (is_foreign(enlisting->view, dn))
        group->foreign[group->foreign_count++] = group->slots[group->slot_count - 1];
    return 0;
}

static int enlist_uid(struct enlisting *enlisting, const struct frt_value *value)
{
    if (!frt_name_is_canonical(value->bytes, value->length))
        return -EINVAL;
    return list_in(enlisting, &enlisting->view->uid_slots, value->bytes);
}

static const struct {
    const char *attribute, *expected;
    bool is_dn;
} memberships[] = {
    {"member", "expected distinguished names", true},
    {"uniqueMember", "expected distinguished names", true},
    {"memberUid", "expected login names: a-z or _ first, then a-z 0-9 _ . -, 32 at most", false},
};

static size_t count_members(const struct frt_entry *entry, bool only_dns)
{
    size_t count = 0;

    for (size_t m = 0; m < FRT_ARRAY_LEN(memberships); m++) {
        const struct frt_attribute *attribute = frt_entry_find(entry, memberships[m].attribute);

        if (attribute && (memberships[m].is_dn || !only_dns))
            count += attribute->value_count;
    }
    return count;
}

static int enlist_values(struct enlisting *enlisting, size_t m, struct frt_reader *reader)
{
    for (size_t a = 0; a < reader->entry->attribute_count; a++) {
        const struct frt_attribute *attribute = &reader->entry->attributes[a];
        bool has_options;

        if (!frt_attribute_is(attribute, memberships[m].attribute, &has_options))
            continue;
        if (has_options) { /* "member;range=0-1499" is a part of a list */
            frt_read_fail(reader, attribute->name, "expected no options");
            continue;
        }
        for (size_t v = 0; v < attribute->value_count; v++) {
            int r = memberships[m].is_dn ? enlist_dn(enlisting, &attribute->values[v])
                                         : enlist_uid(enlisting, &attribute->values[v]);

            if (r == -ENOMEM)
                return r;
            if (r < 0)
                frt_read_fail(reader, memberships[m].attribute, memberships[m].expected);
        }
    }
    return reader->no_memory ? -ENOMEM : 0;
}

/* Everything but the slots themselves. Of what is allocated here the group keeps its own part, also on failure. */
static int begin_enlisting(struct enlisting *enlisting, const struct frt_entry *entry)
{
    struct frt_group *group = enlisting->group;
    const struct frt_group *old = enlisting->old;
    size_t all = count_members(entry, false);

    group->slots = reallocarray(NULL, all + 1, sizeof(struct frt_slot *));
    group->foreign = reallocarray(NULL, count_members(entry, true) + 1, sizeof(struct frt_slot *));
    enlisting->inherited = calloc(all + 1, sizeof(bool));
    enlisting->kept = calloc(old ? old->slot_count + 1 : 1, sizeof(bool));
    if (!group->slots || !group->foreign || !enlisting->inherited || !enlisting->kept)
        return -ENOMEM;
    group->seat = old ? old->seat : calloc(1, sizeof(*group->seat));
    return group->seat ? 0 : -ENOMEM;
}

int frt_group_enlist(struct frt_view *view, struct frt_group *group, const struct frt_entry *entry,
                     struct frt_group *old)
{
    struct frt_reader reader = {.entry = entry, .problem = group->item->problem};
    struct enlisting enlisting = {.view = view, .group = group, .old = old};
    int r = begin_enlisting(&enlisting, entry);

    for (size_t m = 0; r == 0 && m < FRT_ARRAY_LEN(memberships); m++)
        r = enlist_values(&enlisting, m, &reader);
    group->item->problem = reader.problem;
    group->item->readable = !reader.problem;
    if (r == 0)
        succeed(&enlisting);
    else
        give_up(&enlisting);
    free(enlisting.kept);
    free(enlisting.inherited);
    view->scratch->groups_checked = false;
    return r;
}

/* A walk from one or more places through groups: each is met once, by the number of the walk on it. */
struct walk {
    struct frt_scratch *scratch;
    struct frt_group *found; /* all of them, the newest first */
    struct frt_group *last;
};

static struct walk walk_begin(const struct frt_view *view)
{
    view->scratch->walk++;
    return (struct walk){.scratch = view->scratch};
}

/* Appends, so that following walk_next from the first visits what is added on the way. */
static void walk_meet(struct walk *walk, struct frt_group *group)
{
    if (group->walk == walk->scratch->walk)
        return;
    group->walk = walk->scratch->walk;
    group->walk_next = NULL;
    if (walk->last)
        walk->last->walk_next = group;
    else
        walk->found = group;
    walk->last = group;
}

static void meet_listing(struct walk *walk, const struct frt_slot *slot)
{
    for (size_t i = 0; slot && i < slot->count; i++)
        walk_meet(walk, slot->seats[i]->group);
}

struct frt_group *frt_groups_of(const struct frt_view *view, const char *uid)
{
    struct walk walk = walk_begin(view);
    size_t length = strlen(uid);
    const struct frt_link *link;

    if (!frt_name_is_canonical(uid, length))
        return NULL;
    meet_listing(&walk, find_slot(view->uid_slots, uid));
    for (link = frt_index_find(view, FRT_INDEX_PERSON, uid, length); link; link = link->next) {
        if (link->item->dn)
            meet_listing(&walk, find_slot(view->dn_slots, link->item->dn));
    }
    for (struct frt_group *group = walk.found; group; group = group->walk_next)
        meet_listing(&walk, find_slot(view->dn_slots, group->item->dn));
    return walk.found;
}

bool frt_view_group_lists(const struct frt_view *view, const char *group_dn, const char *uid)
{
    frt_auto_free char *dn = NULL;
    int r;

    r = frt_dn_normalise(group_dn, strlen(group_dn), &dn);
    if (r < 0)
        return r == -ENOMEM; /* not known: listed is the answer that restricts */
    for (const struct frt_group *group = frt_groups_of(view, uid); group; group = group->walk_next) {
        if (strcmp(group->item->dn, dn) == 0)
            return true;
    }
    return false;
}

static struct frt_group *find_group(const struct frt_view *view, const char *dn)
{
    const struct frt_link *link = frt_index_find(view, FRT_INDEX_DN, dn, strlen(dn));

    while (link && link->item->kind != FRT_KIND_GROUP)
        link = link->next;
    return link ? link->item->group : NULL;
}

bool frt_view_group_is_known(const struct frt_view *view, const char *group_dn)
{
    frt_auto_free char *dn = NULL;
    const struct frt_group *group;

    if (frt_dn_normalise(group_dn, strlen(group_dn), &dn) < 0)
        return false;
    group = find_group(view, dn);
    return group && group->item->readable;
}

#define SHOWN_DN_MAX 400

static const char *shown(const char *dn, char buffer[SHOWN_DN_MAX])
{
    frt_percent_encode(dn, strlen(dn), buffer, SHOWN_DN_MAX);
    return buffer;
}

static void say_unknown_member(const char *group, const char *member, char problem[FRT_PROBLEM_MAX])
{
    char a[SHOWN_DN_MAX], b[SHOWN_DN_MAX];

    snprintf(problem, FRT_PROBLEM_MAX,
             "The group %s carries a role and lists %s, which is neither a person nor a group known here; "
             "put that entry "
             "below the base of people or groups, or take it out of the group.",
             shown(group, a), shown(member, b));
}

/* Goes down from a group that carries a role. Every DN it lists must be understood. True: it is. */
static bool check_listed(const struct frt_view *view, struct walk *walk, const struct frt_group *group,
                         char *problem)
{
    for (size_t i = 0; i < group->foreign_count; i++) {
        const char *dn = group->foreign[i]->key;
        const struct frt_link *link = frt_index_find(view, FRT_INDEX_DN, dn, strlen(dn));

        if (!link) {
            say_unknown_member(group->item->dn, dn, problem);
            return false;
        }
        for (; link; link = link->next) {
            if (link->item->kind == FRT_KIND_GROUP)
                walk_meet(walk, link->item->group);
        }
    }
    return true;
}

static bool meet_configured(const struct frt_view *view, struct walk *walk, char *problem)
{
    char dn[SHOWN_DN_MAX];

    for (size_t i = 0; i < view->configured_count; i++) {
        struct frt_group *group = find_group(view, view->configured[i].dn);

        if (!group) {
            snprintf(problem, FRT_PROBLEM_MAX,
                     "The group %s, which frt.conf gives a role, is not in the directory.",
                     shown(view->configured[i].dn, dn));
            return false;
        }
        walk_meet(walk, group);
    }
    return true;
}

/* A group that stands among the people is not foreign to whoever lists it, so it is looked for from its own side. */
static void meet_strays(const struct frt_view *view, struct walk *walk, const struct frt_group *group)
{
    const struct frt_link *link = frt_index_find(view, FRT_INDEX_STRAY_GROUP, "", 0);

    for (; link; link = link->next) {
        const struct frt_slot *slot = find_slot(view->dn_slots, link->item->dn);

        for (size_t g = 0; slot && g < slot->count; g++) {
            if (slot->seats[g]->group == group)
                walk_meet(walk, link->item->group);
        }
    }
}

static void check(const struct frt_view *view, char problem[FRT_PROBLEM_MAX])
{
    struct walk walk = walk_begin(view);
    const struct frt_link *link = frt_index_find(view, FRT_INDEX_ROLE_GROUP, "", 0);

    *problem = '\0';
    if (!meet_configured(view, &walk, problem))
        return;
    for (; link; link = link->next)
        walk_meet(&walk, link->item->group);
    for (const struct frt_group *group = walk.found; group; group = group->walk_next) {
        if (!group->item->readable) {
            snprintf(problem, FRT_PROBLEM_MAX, "A group that carries a role cannot be read: %s.",
                     group->item->problem);
            return;
        }
        if (!check_listed(view, &walk, group, problem))
            return;
        meet_strays(view, &walk, group);
    }
}

const char *frt_groups_problem(const struct frt_view *view)
{
    struct frt_scratch *scratch = view->scratch;

    if (!scratch->groups_checked) {
        check(view, scratch->groups_problem);
        scratch->groups_checked = true;
    }
    return scratch->groups_problem;
}
