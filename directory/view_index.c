/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "directory/view_internal.h"

struct frt_link *frt_index_find(const struct frt_view *view, enum frt_index index, const void *key,
                                size_t length)
{
    struct frt_link *found = NULL;

    HASH_FIND(hh, view->index[index], key, length, found);
    return found;
}

int frt_index_add(struct frt_view *view, struct frt_link *link)
{
    const void *key = link->hh.key;
    unsigned length = link->hh.keylen;
    struct frt_link *first = frt_index_find(view, link->index, key, length);

    if (first) {
        link->next = first->next;
        first->next = link;
        return 0;
    }
    link->next = NULL;
    HASH_ADD_KEYPTR(hh, view->index[link->index], key, length, link);
    return link->hh.tbl ? 0 : -ENOMEM;
}

/* Puts the second of a chain in the table where the first was. The table exists and may not grow now, so this needs
 * no memory: removing must not fail. */
static void promote(struct frt_view *view, struct frt_link *first)
{
    struct frt_link *second = first->next;
    UT_hash_table *table = first->hh.tbl;
    unsigned noexpand = table->noexpand;
    const void *key = second->hh.key;
    unsigned length = second->hh.keylen;

    table->noexpand = 1;
    HASH_ADD_KEYPTR(hh, view->index[first->index], key, length, second);
    table->noexpand = noexpand;
}

void frt_index_remove(struct frt_view *view, struct frt_link *link)
{
    struct frt_link *first = frt_index_find(view, link->index, link->hh.key, link->hh.keylen);

    if (first == link) {
        if (link->next)
            promote(view, link);
        HASH_DELETE(hh, view->index[link->index], link);
        return;
    }
    while (first && first->next != link)
        first = first->next;
    if (first)
        first->next = link->next;
}

enum frt_found frt_index_one(const struct frt_view *view, enum frt_index index, const void *key,
                             size_t length, struct frt_item **ret_item)
{
    struct frt_link *first = frt_index_find(view, index, key, length);

    if (!first)
        return FRT_FOUND_ABSENT;
    if (first->next || !first->item->readable)
        return FRT_FOUND_POISONED;
    *ret_item = first->item;
    return FRT_FOUND_ONE;
}
