/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frt_results {
    struct frt_result *rows; /* by decision, then record */
    size_t count;
};

static bool read_row(const struct frt_history *history, const struct frt_past_event *event,
                     struct frt_result *row)
{
    if (!frt_history_is_kind(history, event, "result"))
        return false;
    *row = (struct frt_result){.n = event->n, .time_us = event->time_us};
    row->decision = frt_history_number(event, "decision", -1);
    row->matches = frt_history_number(event, "matches", -1);
    if (row->decision < 0)
        return false;
    frt_history_field(event, row->matches < 0 ? "reason" : "database", row->database, sizeof(row->database));
    frt_history_field(event, "by", row->by, sizeof(row->by));
    return true;
}

static int by_decision(const void *a, const void *b)
{
    const struct frt_result *x = a, *y = b;

    if (x->decision != y->decision)
        return x->decision < y->decision ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

/* Records of one decision, oldest first: the last word about each database, or that there was no search. */
static size_t settle(struct frt_result *rows, size_t count, struct frt_result *kept)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t corrections = 0;
        size_t at = 0, left = 0;

        for (; at < used; at++) {
            bool replaced = rows[i].matches < 0 || kept[at].matches < 0 ||
                            strcmp(kept[at].database, rows[i].database) == 0;

            if (replaced)
                corrections += kept[at].corrections + 1;
            else
                kept[left++] = kept[at];
        }
        used = left;
        kept[used] = rows[i];
        kept[used++].corrections = corrections;
    }
    return used;
}

static void settle_all(struct frt_results *results)
{
    size_t written = 0;

    for (size_t i = 0, end; i < results->count; i = end) {
        for (end = i + 1; end < results->count && results->rows[end].decision == results->rows[i].decision;
             end++)
            ;
        /* In place: what is kept never overtakes what is read. */
        written += settle(results->rows + i, end - i, results->rows + written);
    }
    results->count = written;
}

int frt_results_read(const struct frt_history *history, struct frt_results **ret_results)
{
    struct frt_results *results = calloc(1, sizeof(*results));
    size_t room = frt_history_event_count(history);
    struct frt_result row;

    if (!results)
        return -ENOMEM;
    for (size_t i = 0; i < room; i++)
        results->count += read_row(history, frt_history_event(history, i), &row);
    results->rows = calloc(results->count + 1, sizeof(*results->rows));
    if (!results->rows) {
        free(results);
        return -ENOMEM;
    }
    results->count = 0;
    for (size_t i = 0; i < room; i++)
        if (read_row(history, frt_history_event(history, i), &row))
            results->rows[results->count++] = row;
    qsort(results->rows, results->count, sizeof(*results->rows), by_decision);
    settle_all(results);
    *ret_results = results;
    return 0;
}

void frt_results_free(struct frt_results *results)
{
    if (!results)
        return;
    free(results->rows);
    free(results);
}

size_t frt_results_of(const struct frt_results *results, int64_t decision,
                      const struct frt_result **ret_first)
{
    size_t low = 0, high = results->count, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (results->rows[middle].decision < decision)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < results->count && results->rows[end].decision == decision; end++)
        ;
    *ret_first = results->rows + low;
    return end - low;
}

const struct frt_past_event *frt_review_of(const struct frt_history *history,
                                           const struct frt_past_decision *decision)
{
    for (size_t i = 0; i < frt_history_event_count(history); i++) {
        const struct frt_past_event *event = frt_history_event(history, i);

        if (frt_history_is_kind(history, event, "review") &&
            frt_history_number(event, "decision", -1) == (int64_t)decision->n)
            return event;
    }
    return NULL;
}
