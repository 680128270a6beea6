/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Several trails as one. Every host's frtd records the same changes of the same directory: each counts once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/history_state.h"
#include "support/cleanup.h"

static int by_time(int64_t a_us, uint64_t a, int64_t b_us, uint64_t b)
{
    if (a_us != b_us)
        return a_us < b_us ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int by_decision(const void *a, const void *b)
{
    const struct frt_past_decision *x = a, *y = b;

    return by_time(x->time_us, x->n, y->time_us, y->n);
}

static int by_event(const void *a, const void *b)
{
    const struct frt_past_event *x = a, *y = b;

    return by_time(x->time_us, x->n, y->time_us, y->n);
}

static int sort(struct frt_rows *rows, int (*compare)(const void *a, const void *b))
{
    struct frt_rows sorted = {.size = rows->size};
    frt_auto_free char *all = malloc(rows->count ? rows->count * rows->size : 1);
    int r = 0;

    if (!all)
        return -ENOMEM;
    for (size_t i = 0; i < rows->count; i++)
        memcpy(all + i * rows->size, frt_rows_at(rows, i), rows->size);
    qsort(all, rows->count, rows->size, compare);
    for (size_t i = 0; r == 0 && i < rows->count; i++)
        r = frt_rows_add(&sorted, all + i * rows->size);
    if (r < 0) {
        frt_rows_clear(&sorted);
        return r;
    }
    frt_rows_clear(rows);
    *rows = sorted;
    return 0;
}

/* What a change is known by on every host: the server's own stamp, the entry, what happened. "" for other records. */
static void identify(const struct frt_history *history, const struct frt_past_event *event, char *key,
                     size_t size)
{
    char csn[64], dn[512], what[16];

    key[0] = '\0';
    if ((!frt_history_is_kind(history, event, "role") && !frt_history_is_kind(history, event, "entry")) ||
        !frt_history_field(event, "csn", csn, sizeof(csn)) || csn[0] == '\0')
        return;
    frt_history_field(event, "dn", dn, sizeof(dn));
    frt_history_field(event, "what", what, sizeof(what));
    snprintf(key, size, "%s %s %s", csn, what, dn);
}

static int drop_repeated(struct frt_history *history)
{
    struct frt_rows kept = {.size = history->events.size};
    frt_auto_free bool *seen = NULL;
    uint32_t room = 0, id;
    char key[640];
    int r = 0;

    for (size_t i = 0; r == 0 && i < history->events.count; i++) {
        const struct frt_past_event *event = frt_rows_at(&history->events, i);

        identify(history, event, key, sizeof(key));
        if (key[0]) {
            r = frt_strings_add(history->strings, key, strlen(key), &id);
            if (r == 0 && id >= room) {
                uint32_t wanted = id * 2 + 64;
                bool *grown = realloc(seen, wanted);

                if (!grown)
                    r = -ENOMEM;
                else {
                    memset(grown + room, 0, wanted - room);
                    seen = grown;
                    room = wanted;
                }
            }
            if (r < 0 || seen[id])
                continue;
            seen[id] = true;
        }
        r = frt_rows_add(&kept, event);
    }
    if (r < 0) {
        frt_rows_clear(&kept);
        return r;
    }
    frt_rows_clear(&history->events);
    history->events = kept;
    return 0;
}

int frt_history_merge(struct frt_history *history)
{
    int r = sort(&history->decisions, by_decision);

    if (r == 0)
        r = sort(&history->events, by_event);
    return r < 0 ? r : drop_repeated(history);
}
