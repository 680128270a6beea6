/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_csn.h"

#include <stddef.h>
#include <string.h>

/* One CSN of a list. */
struct csn {
    const char *text;
    size_t length;
    const char *server; /* three hexadecimal digits; NULL: this is no CSN */
};

static const char *find_server(const char *text, size_t length)
{
    const char *first = memchr(text, '#', length), *second;

    if (!first)
        return NULL;
    second = memchr(first + 1, '#', length - (size_t)(first + 1 - text));
    if (!second || (size_t)(second - text) + 5 > length || second[4] != '#')
        return NULL;
    return second + 1;
}

/* Takes the next CSN off the list; false at its end. */
static bool next_csn(const char **list, struct csn *ret_csn)
{
    size_t length = strcspn(*list, ";,");

    if (length == 0)
        return false;
    *ret_csn = (struct csn){*list, length, find_server(*list, length)};
    *list += length;
    *list += **list == ';';
    return true;
}

static int compare(const struct csn *a, const struct csn *b)
{
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);

    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* The CSN of the same server; of several, which nobody should send, the oldest. */
static bool find_same_server(const char *list, const struct csn *wanted, struct csn *ret_csn)
{
    struct csn csn;
    bool found = false;

    while (wanted->server && next_csn(&list, &csn)) {
        if (!csn.server || memcmp(csn.server, wanted->server, 3) != 0)
            continue;
        if (!found || compare(&csn, ret_csn) < 0)
            *ret_csn = csn;
        found = true;
    }
    return found;
}

const char *frt_csn_of_cookie(const char *cookie)
{
    const char *list = strncmp(cookie, "csn=", 4) == 0 ? cookie : strstr(cookie, ",csn=");

    return list ? strchr(list, '=') + 1 : "";
}

bool frt_csn_covers(const char *sent, const char *wanted)
{
    struct csn csn, found;
    bool any = false;

    while (next_csn(&wanted, &csn)) {
        if (!find_same_server(sent, &csn, &found) || compare(&found, &csn) < 0)
            return false;
        any = true;
    }
    return any;
}

bool frt_csn_went_back(const char *earlier, const char *later)
{
    struct csn csn, before;

    while (next_csn(&later, &csn)) {
        if (find_same_server(earlier, &csn, &before) && compare(&csn, &before) < 0)
            return true;
    }
    return false;
}
