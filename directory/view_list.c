/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Listings for people who look at everything: auditors, registers. Decisions never list.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/view_internal.h"

static size_t list(const struct frt_view *view, enum frt_index index, const void **ret_things, size_t max)
{
    size_t count = 0;

    for (const struct frt_link *first = view->index[index]; first; first = first->hh.next)
        for (const struct frt_link *link = first; link; link = link->next, count++)
            if (count < max)
                ret_things[count] = link->item->any;
    return count;
}

static int by_request_id(const void *a, const void *b)
{
    return strcmp((*(const struct frt_request *const *)a)->id, (*(const struct frt_request *const *)b)->id);
}

static int by_authority_id(const void *a, const void *b)
{
    return strcmp((*(const struct frt_authority *const *)a)->id,
                  (*(const struct frt_authority *const *)b)->id);
}

static int by_uid(const void *a, const void *b)
{
    return strcmp((*(const struct frt_person *const *)a)->uid, (*(const struct frt_person *const *)b)->uid);
}

static int by_host_id(const void *a, const void *b)
{
    return strcmp((*(const struct frt_host *const *)a)->id, (*(const struct frt_host *const *)b)->id);
}

static size_t sorted(const struct frt_view *view, enum frt_index index, const void **ret_things, size_t max,
                     int (*compare)(const void *, const void *))
{
    size_t count = list(view, index, ret_things, max), stored = count < max ? count : max;

    if (stored > 0)
        qsort(ret_things, stored, sizeof(*ret_things), compare);
    return count;
}

size_t frt_view_requests(const struct frt_view *view, const struct frt_request **ret_requests, size_t max)
{
    return sorted(view, FRT_INDEX_REQUEST, (const void **)ret_requests, max, by_request_id);
}

size_t frt_view_authorities(const struct frt_view *view, const struct frt_authority **ret_authorities,
                            size_t max)
{
    return sorted(view, FRT_INDEX_AUTHORITY, (const void **)ret_authorities, max, by_authority_id);
}

size_t frt_view_people(const struct frt_view *view, const struct frt_person **ret_people, size_t max)
{
    return sorted(view, FRT_INDEX_PERSON, (const void **)ret_people, max, by_uid);
}

size_t frt_view_hosts(const struct frt_view *view, const struct frt_host **ret_hosts, size_t max)
{
    return sorted(view, FRT_INDEX_HOST_ID, (const void **)ret_hosts, max, by_host_id);
}
