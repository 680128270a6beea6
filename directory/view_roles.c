/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "directory/view_internal.h"

/* Where found roles go: all are counted, those that fit are stored. */
struct found {
    const struct frt_role **roles;
    size_t max, count;
};

static void take(struct found *found, const struct frt_role *role)
{
    if (found->count < found->max)
        found->roles[found->count] = role;
    found->count++;
}

static void take_group_roles(const struct frt_view *view, struct found *found, const struct frt_group *group)
{
    if (group->role)
        take(found, group->role);
    for (size_t i = 0; i < view->configured_count; i++) {
        if (strcmp(view->configured[i].dn, group->item->dn) == 0)
            take(found, &view->configured[i].role);
    }
}

size_t frt_view_roles_of(const struct frt_view *view, const char *uid, const struct frt_role **ret_roles,
                         size_t max)
{
    struct found found = {.roles = ret_roles, .max = max};
    const struct frt_link *link = frt_index_find(view, FRT_INDEX_ROLE_PERSON, uid, strlen(uid));
    const struct frt_group *group = frt_groups_of(view, uid);

    for (; link; link = link->next) {
        if (link->item->readable)
            take(&found, link->item->role);
    }
    for (; group; group = group->walk_next)
        take_group_roles(view, &found, group);
    return found.count;
}
