/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "directory/view_internal.h"
#include "support/name.h"

/* A role entry about this person that cannot be read: what the person is cannot be told. */
static bool has_unreadable_role(const struct frt_view *view, const char *uid)
{
    const struct frt_link *link = frt_index_find(view, FRT_INDEX_ROLE_PERSON, uid, strlen(uid));

    for (; link; link = link->next) {
        if (!link->item->readable)
            return true;
    }
    return false;
}

enum frt_found frt_view_find_person_by_uid(const struct frt_view *view, const char *uid,
                                           const struct frt_person **ret_person)
{
    struct frt_item *item;
    enum frt_found found;

    if (!uid || !frt_name_is_canonical(uid, strlen(uid)))
        return FRT_FOUND_ABSENT;
    found = frt_index_one(view, FRT_INDEX_PERSON, uid, strlen(uid), &item);
    if (has_unreadable_role(view, uid))
        found = FRT_FOUND_POISONED;
    if (found == FRT_FOUND_ONE)
        *ret_person = item->person;
    return found;
}

enum frt_found frt_view_find_person_by_number(const struct frt_view *view, int64_t uid_number,
                                              const struct frt_person **ret_person)
{
    struct frt_item *item;
    enum frt_found found =
        frt_index_one(view, FRT_INDEX_PERSON_NUMBER, &uid_number, sizeof(uid_number), &item);

    if (found != FRT_FOUND_ONE)
        return found;
    return frt_view_find_person_by_uid(view, item->person->uid, ret_person);
}

const struct frt_person *frt_view_person_by_uid(const struct frt_view *view, const char *uid)
{
    const struct frt_person *person = NULL;

    return frt_view_find_person_by_uid(view, uid, &person) == FRT_FOUND_ONE ? person : NULL;
}

const struct frt_person *frt_view_person_by_number(const struct frt_view *view, int64_t uid_number)
{
    const struct frt_person *person = NULL;

    return frt_view_find_person_by_number(view, uid_number, &person) == FRT_FOUND_ONE ? person : NULL;
}

/* The one item of that name that can be read. */
static const struct frt_item *readable(const struct frt_view *view, enum frt_index index, const char *key)
{
    struct frt_item *item;

    if (!key || frt_index_one(view, index, key, strlen(key), &item) != FRT_FOUND_ONE)
        return NULL;
    return item;
}

/* The one item of that name, read or not: its struct says what is missing. */
static const struct frt_item *single(const struct frt_view *view, enum frt_index index, const char *key)
{
    const struct frt_link *first = key ? frt_index_find(view, index, key, strlen(key)) : NULL;

    return first && !first->next ? first->item : NULL;
}

const struct frt_agency *frt_view_agency(const struct frt_view *view, const char *id)
{
    const struct frt_item *item = readable(view, FRT_INDEX_AGENCY, id);

    return item ? item->agency : NULL;
}

const struct frt_host *frt_view_host(const struct frt_view *view, const char *id_or_name)
{
    const struct frt_item *by_id = readable(view, FRT_INDEX_HOST_ID, id_or_name);
    const struct frt_item *by_name = readable(view, FRT_INDEX_HOST_NAME, id_or_name);

    if (!id_or_name)
        return NULL;
    /* An id that is taken is never read as a name, not even when its entry cannot be read. */
    if (frt_index_find(view, FRT_INDEX_HOST_ID, id_or_name, strlen(id_or_name)))
        return by_id ? by_id->host : NULL;
    return by_name ? by_name->host : NULL;
}

const struct frt_tool *frt_view_tool(const struct frt_view *view, const char *id)
{
    const struct frt_item *item;

    if (!id)
        return NULL;
    if (frt_index_find(view, FRT_INDEX_TOOL_ID, id, strlen(id)))
        item = single(view, FRT_INDEX_TOOL_ID, id);
    else
        item = single(view, FRT_INDEX_TOOL_SHORT, id);
    return item ? item->tool : NULL;
}

const struct frt_request *frt_view_request(const struct frt_view *view, const char *id)
{
    const struct frt_item *item = single(view, FRT_INDEX_REQUEST, id);

    return item ? item->request : NULL;
}

const struct frt_authority *frt_view_authority(const struct frt_view *view, const char *id)
{
    const struct frt_item *item = single(view, FRT_INDEX_AUTHORITY, id);

    return item ? item->authority : NULL;
}

size_t frt_view_tools(const struct frt_view *view, const struct frt_tool **ret_tools, size_t max)
{
    for (size_t i = 0; i < view->tool_count && i < max; i++)
        ret_tools[i] = view->tools[i]->tool;
    return view->tool_count;
}
