/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/view_dn.h"
#include "directory/view_internal.h"
#include "support/cleanup.h"

static int set_base(struct frt_view *view, enum frt_kind kind, const char *given, const char *container,
                    const char *suffix)
{
    frt_auto_free char *text = NULL;
    const char *base = given && *given ? given : NULL;

    if (!base && (!suffix || asprintf(&text, "ou=%s,%s", container, suffix) < 0)) {
        text = NULL;
        return suffix ? -ENOMEM : -EINVAL;
    }
    if (!base)
        base = text;
    return frt_dn_normalise(base, strlen(base), &view->base[kind]);
}

static int set_bases(struct frt_view *view, const struct frt_view_layout *layout)
{
    const struct {
        enum frt_kind kind;
        const char *given, *container;
    } bases[] = {
        {FRT_KIND_PERSON, layout->people, "people"},
        {FRT_KIND_ROLE, layout->roles, "roles"},
        {FRT_KIND_AGENCY, layout->agencies, "agencies"},
        {FRT_KIND_HOST, layout->hosts, "hosts"},
        {FRT_KIND_TOOL, layout->tools, "tools"},
        {FRT_KIND_REQUEST, layout->requests, "requests"},
        {FRT_KIND_AUTHORITY, layout->authorities, "authorities"},
        {FRT_KIND_GROUP, layout->groups, "groups"},
    };

    for (size_t i = 0; i < FRT_ARRAY_LEN(bases); i++) {
        int r = set_base(view, bases[i].kind, bases[i].given, bases[i].container, layout->suffix);

        if (r < 0)
            return r;
    }
    return 0;
}

static int copy_text(const char *from, char **ret_to)
{
    if (!from || !*from)
        return 0;
    *ret_to = strdup(from);
    return *ret_to ? 0 : -ENOMEM;
}

static int official_type(const char *name, enum frt_official_type *ret_type)
{
    static const char *const names[] = {"",           "elected",   "appointed", "employee",
                                        "contractor", "volunteer", "intern",    "auxiliary"};

    for (unsigned i = 0; i < FRT_ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name ? name : "") == 0) {
            *ret_type = (enum frt_official_type)i;
            return 0;
        }
    }
    return -EINVAL;
}

static int configure_group(struct frt_configured_group *configured, const struct frt_role_group *given)
{
    struct frt_role *role = &configured->role;
    int r;

    if (!given->dn || !given->affiliation)
        return -EINVAL;
    if (strcmp(given->affiliation, "city") != 0 && strcmp(given->affiliation, "outside") != 0)
        return -EINVAL;
    r = frt_dn_normalise(given->dn, strlen(given->dn), &configured->dn);
    if (r == 0)
        r = official_type(given->official_type, &role->official_type);
    if (r < 0)
        return r;
    role->city = strcmp(given->affiliation, "city") == 0;
    role->from_group = true;
    role->start_s = INT64_MIN;
    role->end_s = INT64_MAX;
    r = copy_text(configured->dn, &role->id);
    if (r == 0)
        r = copy_text(configured->dn, &role->group_dn);
    if (r == 0)
        r = copy_text(given->agency && *given->agency ? given->agency
                      : role->city                    ? "city"
                                                      : NULL,
                      &role->agency);
    if (r == 0)
        r = copy_text(given->department, &role->department);
    return r;
}

static int configure(struct frt_view *view, const struct frt_role_group *groups, size_t count)
{
    view->configured = calloc(count ? count : 1, sizeof(*view->configured));
    if (!view->configured)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int r;

        view->configured_count++;
        r = configure_group(&view->configured[i], &groups[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

int frt_view_new(const struct frt_view_layout *layout, const struct frt_role_group *role_groups,
                 size_t role_group_count, struct frt_view **ret_view)
{
    struct frt_view *view = calloc(1, sizeof(*view));
    int r;

    if (!view)
        return -ENOMEM;
    view->scratch = calloc(1, sizeof(*view->scratch));
    view->csn = strdup("");
    r = view->scratch && view->csn ? set_bases(view, layout) : -ENOMEM;
    if (r == 0)
        r = configure(view, role_groups, role_group_count);
    if (r < 0) {
        frt_view_free(view);
        return r;
    }
    *ret_view = view;
    return 0;
}

static struct frt_item *find_uuid(const struct frt_view *view, const uint8_t uuid[16])
{
    const struct frt_link *link = frt_index_find(view, FRT_INDEX_UUID, uuid, 16);

    return link ? link->item : NULL;
}

static void unlink_keys(struct frt_view *view, struct frt_item *item, size_t count)
{
    for (size_t i = 0; i < count; i++)
        frt_index_remove(view, &item->links[i]);
}

static int link_keys(struct frt_view *view, struct frt_item *item)
{
    for (size_t i = 0; i < item->link_count; i++) {
        int r = frt_index_add(view, &item->links[i]);

        if (r < 0) {
            unlink_keys(view, item, i);
            return r;
        }
    }
    return 0;
}

static void forget_unreadable(struct frt_view *view, struct frt_item *item)
{
    struct frt_item *last = view->unreadable[--view->unreadable_count];

    view->unreadable[item->unreadable_at] = last;
    last->unreadable_at = item->unreadable_at;
}

static void forget_tool(struct frt_view *view, const struct frt_item *item)
{
    size_t i = 0;

    while (view->tools[i] != item)
        i++;
    view->tool_count--;
    memmove(&view->tools[i], &view->tools[i + 1], (view->tool_count - i) * sizeof(struct frt_item *));
}

/* Cannot fail: what is taken away must go, whatever the state of memory. */
static void take_out(struct frt_view *view, struct frt_item *item)
{
    if (item->kind == FRT_KIND_GROUP)
        frt_group_delist(view, item->group);
    if (item->kind == FRT_KIND_TOOL)
        forget_tool(view, item);
    if (!item->readable)
        forget_unreadable(view, item);
    unlink_keys(view, item, item->link_count);
    view->count--;
    frt_item_free(item);
}

static int make_room(struct frt_item ***array, size_t count, size_t *capacity)
{
    size_t wanted = *capacity ? *capacity * 2 : 16;
    struct frt_item **grown;

    if (count < *capacity)
        return 0;
    grown = reallocarray(*array, wanted, sizeof(struct frt_item *));
    if (!grown)
        return -ENOMEM;
    *array = grown;
    *capacity = wanted;
    return 0;
}

static const char *tool_id(const struct frt_item *item)
{
    return item->tool->id ? item->tool->id : "";
}

static void remember_tool(struct frt_view *view, struct frt_item *item)
{
    size_t i = view->tool_count++;

    for (; i > 0 && strcmp(tool_id(view->tools[i - 1]), tool_id(item)) > 0; i--)
        view->tools[i] = view->tools[i - 1];
    view->tools[i] = item;
}

static struct frt_group *group_of(const struct frt_item *item)
{
    return item && item->kind == FRT_KIND_GROUP ? item->group : NULL;
}

/* All that can fail comes first; then the item is in, beside the one it replaces. */
static int take_in(struct frt_view *view, struct frt_item *item, const struct frt_entry *entry,
                   const struct frt_item *old)
{
    int r = make_room(&view->tools, view->tool_count, &view->tool_capacity);

    if (r == 0)
        r = make_room(&view->unreadable, view->unreadable_count, &view->unreadable_capacity);
    if (r == 0)
        r = link_keys(view, item);
    if (r < 0)
        return r;
    if (item->kind == FRT_KIND_GROUP) {
        r = frt_group_enlist(view, item->group, entry, group_of(old));
        if (r < 0) {
            unlink_keys(view, item, item->link_count);
            return r;
        }
    }
    if (item->kind == FRT_KIND_TOOL)
        remember_tool(view, item);
    if (!item->readable) {
        item->unreadable_at = view->unreadable_count;
        view->unreadable[view->unreadable_count++] = item;
    }
    item->generation = view->generation;
    view->count++;
    return 0;
}

static bool is_zero(const uint8_t uuid[16])
{
    static const uint8_t zero[16];

    return memcmp(uuid, zero, sizeof(zero)) == 0;
}

/* The normalised DN, NULL when it is none; and a key for entries that came without. */
static int identify(struct frt_entry *entry, char **ret_dn)
{
    int r = frt_dn_normalise(entry->dn, strlen(entry->dn), ret_dn);

    if (r == -ENOMEM)
        return r;
    if (is_zero(entry->uuid))
        frt_dn_uuid(*ret_dn ? *ret_dn : entry->dn, entry->uuid);
    return 0;
}

static enum frt_view_change change_of(const struct frt_item *old, const struct frt_item *item)
{
    if (!item)
        return old ? FRT_VIEW_REMOVED : FRT_VIEW_UNCHANGED;
    if (!old)
        return FRT_VIEW_ADDED;
    return old->digest == item->digest ? FRT_VIEW_UNCHANGED : FRT_VIEW_CHANGED;
}

static int put(struct frt_view *view, struct frt_entry *entry, struct frt_item **ret_item,
               enum frt_view_change *ret_change)
{
    frt_auto_free char *dn = NULL;
    struct frt_item *old, *item = NULL;
    enum frt_kind kind;
    int r = identify(entry, &dn);

    if (r < 0)
        return r;
    old = find_uuid(view, entry->uuid);
    kind = dn ? frt_view_classify(view, entry, dn) : FRT_KIND_OTHER;
    /* Of what is left out nothing is kept; of what has no readable name, that it is there. */
    if (kind != FRT_KIND_OTHER || (!dn && *entry->dn)) {
        r = frt_item_new(view, entry, kind, dn, &item);
        if (r == 0 && (r = take_in(view, item, entry, old)) < 0)
            frt_item_free(item);
        if (r < 0)
            return r;
    }
    *ret_change = change_of(old, item);
    if (old)
        take_out(view, old);
    *ret_item = item;
    return 0;
}

int frt_view_put(struct frt_view *view, struct frt_entry *entry, enum frt_view_change *ret_change)
{
    enum frt_view_change change;
    struct frt_item *item;
    int r = put(view, entry, &item, &change);

    if (r < 0 || !item)
        frt_entry_free(entry);
    else
        frt_item_keep_entry(item, entry);
    if (r == 0 && ret_change)
        *ret_change = change;
    return r;
}

void frt_view_remove(struct frt_view *view, const uint8_t uuid[16])
{
    struct frt_item *item = find_uuid(view, uuid);

    if (item)
        take_out(view, item);
}

static void clear_configured(struct frt_view *view)
{
    for (size_t i = 0; i < view->configured_count; i++) {
        free(view->configured[i].dn);
        frt_role_clear(&view->configured[i].role);
    }
    free(view->configured);
}

void frt_view_free(struct frt_view *view)
{
    struct frt_link *link, *next;

    if (!view)
        return;
    HASH_ITER(hh, view->index[FRT_INDEX_UUID], link, next)
    {
        take_out(view, link->item);
    }
    for (unsigned kind = 0; kind < FRT_KIND_OTHER; kind++)
        free(view->base[kind]);
    clear_configured(view);
    free(view->tools);
    free(view->unreadable);
    free(view->csn);
    free(view->scratch);
    free(view);
}

static bool is_gone(const struct frt_view *view, const struct frt_item *item)
{
    return item->generation != view->generation;
}

void frt_view_refresh_begin(struct frt_view *view)
{
    view->generation++;
    view->refreshing = true;
}

/* More than a fifth of at least 50, not counting what was already missing the last time. */
static bool is_suspicious(const struct frt_view *view)
{
    struct frt_link *link, *next;
    size_t newly_gone = 0;

    HASH_ITER(hh, view->index[FRT_INDEX_UUID], link, next)
    {
        if (is_gone(view, link->item) && link->item->missed == 0)
            newly_gone++;
    }
    return view->count >= 50 && newly_gone > view->count / 5;
}

size_t frt_view_refresh_end(struct frt_view *view)
{
    struct frt_link *link, *next;
    size_t removed = 0;

    if (!view->refreshing)
        return 0;
    view->refreshing = false;
    view->shrunk = is_suspicious(view);
    HASH_ITER(hh, view->index[FRT_INDEX_UUID], link, next)
    {
        if (!is_gone(view, link->item))
            continue;
        if (view->shrunk) {
            link->item->missed = 1;
            continue;
        }
        take_out(view, link->item);
        removed++;
    }
    return removed;
}

size_t frt_view_entry_count(const struct frt_view *view)
{
    return view->count;
}

size_t frt_view_unreadable_count(const struct frt_view *view)
{
    return view->unreadable_count;
}

const char *frt_view_unreadable(const struct frt_view *view, size_t i)
{
    return i < view->unreadable_count ? view->unreadable[i]->problem : NULL;
}
