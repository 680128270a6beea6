/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/searches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frt_searches {
    struct frt_search **rows; /* ascending by decision; each one allocation with its texts behind it */
    size_t count, room;
};

int frt_searches_new(struct frt_searches **ret_searches)
{
    *ret_searches = calloc(1, sizeof(**ret_searches));
    return *ret_searches ? 0 : -ENOMEM;
}

void frt_searches_free(struct frt_searches *searches)
{
    if (!searches)
        return;
    for (size_t i = 0; i < searches->count; i++)
        free(searches->rows[i]);
    free(searches->rows);
    free(searches);
}

static const char *put(char **at, const char *text)
{
    const char *begin = *at;

    *at = stpcpy(*at, text) + 1;
    return begin;
}

static struct frt_search *copy(const struct frt_search *search)
{
    size_t texts =
        strlen(search->request) + strlen(search->tool) + strlen(search->user) + strlen(search->login) + 4;
    struct frt_search *row = malloc(sizeof(*row) + texts);
    char *at = (char *)(row + 1);

    if (!row)
        return NULL;
    *row = *search;
    row->results = 0;
    row->last_result = -1;
    row->request = put(&at, search->request);
    row->tool = put(&at, search->tool);
    row->user = put(&at, search->user);
    row->login = put(&at, search->login);
    return row;
}

int frt_searches_add(struct frt_searches *searches, const struct frt_search *search)
{
    struct frt_search **rows = searches->rows;

    if (searches->count == searches->room) {
        size_t room = searches->room ? searches->room * 2 : 64;

        rows = realloc(rows, room * sizeof(*rows));
        if (!rows)
            return -ENOMEM;
        searches->rows = rows;
        searches->room = room;
    }
    rows[searches->count] = copy(search);
    if (!rows[searches->count])
        return -ENOMEM;
    searches->count++;
    return 0;
}

/* Index of the first row not before `decision`. */
static size_t lower_bound(const struct frt_searches *searches, int64_t decision)
{
    size_t low = 0, high = searches->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (searches->rows[middle]->decision < decision)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct frt_search *find(const struct frt_searches *searches, int64_t decision)
{
    size_t i = lower_bound(searches, decision);

    return i < searches->count && searches->rows[i]->decision == decision ? searches->rows[i] : NULL;
}

const struct frt_search *frt_searches_find(const struct frt_searches *searches, int64_t decision)
{
    return find(searches, decision);
}

static void remove_row(struct frt_searches *searches, size_t i)
{
    free(searches->rows[i]);
    searches->count--;
    memmove(searches->rows + i, searches->rows + i + 1, (searches->count - i) * sizeof(*searches->rows));
}

void frt_searches_take_back(struct frt_searches *searches, int64_t record)
{
    size_t i = lower_bound(searches, record);

    if (i < searches->count && searches->rows[i]->decision == record) {
        remove_row(searches, i);
        return;
    }
    for (i = 0; i < searches->count; i++)
        if (searches->rows[i]->last_result == record) {
            searches->rows[i]->results--;
            searches->rows[i]->last_result = -1;
        }
}

void frt_searches_note_result(struct frt_searches *searches, int64_t decision, int64_t record)
{
    struct frt_search *search = find(searches, decision);

    if (!search)
        return;
    search->results++;
    search->last_result = record;
}

size_t frt_searches_open(const struct frt_searches *searches)
{
    size_t open = 0;

    for (size_t i = 0; i < searches->count; i++)
        open += searches->rows[i]->results == 0;
    return open;
}

size_t frt_searches_count(const struct frt_searches *searches)
{
    return searches->count;
}

const struct frt_search *frt_searches_at(const struct frt_searches *searches, size_t i)
{
    return searches->rows[i];
}

bool frt_search_is_of(const struct frt_search *search, int64_t uid, int64_t login_uid)
{
    int64_t person = search->auid >= 0 ? search->auid : search->uid;

    return person >= 0 && person == (login_uid >= 0 ? login_uid : uid);
}

static int replay_allow(struct frt_searches *searches, const struct frt_record_view *record)
{
    char verdict[32], request[256], tool[256], user[256] = "", login[256] = "";
    struct frt_search search = {.decision = (int64_t)record->n,
                                .time_us = record->time_us,
                                .uid = -1,
                                .auid = -1,
                                .request = request,
                                .tool = tool,
                                .user = user,
                                .login = login};
    int64_t use = 0;

    if (frt_record_get_number(record, "use", &use) < 0 || use < 1 ||
        frt_record_get_text(record, "dec", verdict, sizeof(verdict)) < 0 || strcmp(verdict, "allow") != 0 ||
        frt_record_get_text(record, "request", request, sizeof(request)) < 0 ||
        frt_record_get_text(record, "tool", tool, sizeof(tool)) < 0)
        return 0;
    (void)frt_record_get_text(record, "user", user, sizeof(user));
    (void)frt_record_get_text(record, "login", login, sizeof(login));
    (void)frt_record_get_number(record, "uid", &search.uid);
    (void)frt_record_get_number(record, "auid", &search.auid);
    return frt_searches_add(searches, &search);
}

int frt_searches_replay(struct frt_searches *searches, const struct frt_record_view *record)
{
    int64_t decision;

    if (frt_record_is_kind(record, "decision"))
        return replay_allow(searches, record);
    if (frt_record_is_kind(record, "result") && frt_record_get_number(record, "decision", &decision) == 0)
        frt_searches_note_result(searches, decision, (int64_t)record->n);
    return 0;
}
