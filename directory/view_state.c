/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/view_internal.h"
#include "support/cleanup.h"

/* "20260316140000.123456Z#000000#001#000000": fixed width, so that text order is time order (OpenLDAP's CSN). */
#define CSN_LENGTH 40
#define CSN_SID_AT 30

static const char csn_form[CSN_LENGTH + 1] = "dddddddddddddd.ddddddZ#xxxxxx#xxx#xxxxxx";

static bool is_csn(const char *text, size_t length)
{
    if (length != CSN_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        bool hex = digit || (text[i] >= 'a' && text[i] <= 'f');

        if (csn_form[i] == 'd' ? !digit : csn_form[i] == 'x' ? !hex : text[i] != csn_form[i])
            return false;
    }
    return true;
}

struct csn_list {
    struct frt_seen_csn values[FRT_MAX_SIDS];
    size_t count;
};

static struct frt_seen_csn *find_sid(struct frt_seen_csn *values, size_t count, const char *sid)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(values[i].sid, sid) == 0)
            return &values[i];
    }
    return NULL;
}

static bool add_csn(struct csn_list *list, const char *text, size_t length)
{
    struct frt_seen_csn *value;
    char sid[4];

    if (!is_csn(text, length))
        return false;
    memcpy(sid, text + CSN_SID_AT, 3);
    sid[3] = '\0';
    value = find_sid(list->values, list->count, sid);
    if (!value) {
        if (list->count == FRT_MAX_SIDS)
            return false;
        value = &list->values[list->count++];
        memcpy(value->sid, sid, sizeof(sid));
    }
    memcpy(value->csn, text, length);
    value->csn[length] = '\0';
    return true;
}

static bool is_other_field(const char *text, size_t length)
{
    return length >= 4 && (memcmp(text, "rid=", 4) == 0 || memcmp(text, "sid=", 4) == 0);
}

/* False when there is something that is no CSN. */
static bool parse_csns(const char *text, struct csn_list *ret_list)
{
    static const char separators[] = ";, \t\r\n";

    ret_list->count = 0;
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        size_t skip = length >= 4 && memcmp(text, "csn=", 4) == 0 ? 4 : 0;

        if (!is_other_field(text, length) && !add_csn(ret_list, text + skip, length - skip))
            return false;
        text += length;
    }
    return true;
}

static bool went_back(struct frt_view *view, struct csn_list *list)
{
    for (size_t i = 0; i < view->seen_count; i++) {
        const struct frt_seen_csn *now = find_sid(list->values, list->count, view->seen[i].sid);

        if (!now || strcmp(now->csn, view->seen[i].csn) < 0)
            return true;
    }
    return false;
}

void frt_view_confirm(struct frt_view *view, const char *csn, int64_t mono_ms)
{
    struct csn_list list;
    char *copy;

    if (!parse_csns(csn, &list) || went_back(view, &list)) {
        view->went_back = true;
        view->confirmed = true; /* loaded it is, but not to be relied on */
        return;
    }
    copy = strdup(csn);
    if (copy) {
        free(view->csn);
        view->csn = copy;
    }
    memcpy(view->seen, list.values, sizeof(list.values));
    view->seen_count = list.count;
    view->went_back = false;
    view->confirmed = true;
    view->confirmed_ms = mono_ms;
}

enum frt_view_state frt_view_state(const struct frt_view *view, int64_t mono_ms, int64_t max_age_ms)
{
    if (!view->confirmed)
        return FRT_VIEW_NEVER_LOADED;
    if (*frt_view_problem(view))
        return FRT_VIEW_INCOMPLETE;
    return frt_view_age_ms(view, mono_ms) > max_age_ms ? FRT_VIEW_STALE : FRT_VIEW_FRESH;
}

int64_t frt_view_age_ms(const struct frt_view *view, int64_t mono_ms)
{
    if (!view->confirmed)
        return INT64_MAX;
    return mono_ms > view->confirmed_ms ? mono_ms - view->confirmed_ms : 0;
}

const char *frt_view_csn(const struct frt_view *view)
{
    return view->csn;
}

const char *frt_view_problem(const struct frt_view *view)
{
    const struct frt_link *nameless = frt_index_find(view, FRT_INDEX_NAMELESS, "", 0);

    if (nameless) {
        snprintf(view->scratch->problem, FRT_PROBLEM_MAX,
                 "An entry cannot be read and does not show whom it is about: %s.", nameless->item->problem);
        return view->scratch->problem;
    }
    if (*frt_groups_problem(view))
        return frt_groups_problem(view);
    if (view->shrunk)
        return "The last refresh would have removed more than a fifth of all entries; nothing was removed "
               "and nothing "
               "is allowed until a second refresh agrees or the entries come back.";
    if (view->went_back)
        return "server-went-back: the directory server is older than it was (its contextCSN went back or is "
               "gone), as "
               "after a restored backup; nothing is allowed until it has caught up.";
    return "";
}
