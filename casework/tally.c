/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/tally.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct frt_tally_row row;
    size_t came; /* order */
};

struct frt_tally {
    struct entry *entries;
    size_t count, room;
    uint32_t *slots; /* index + 1 */
    size_t slot_count;
};

struct frt_tally *frt_tally_new(void)
{
    return calloc(1, sizeof(struct frt_tally));
}

void frt_tally_free(struct frt_tally *tally)
{
    if (!tally)
        return;
    free(tally->entries);
    free(tally->slots);
    free(tally);
}

static size_t slot_of(const struct frt_tally *tally, const uint32_t key[FRT_TALLY_KEYS])
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    size_t at;

    for (size_t i = 0; i < FRT_TALLY_KEYS; i++)
        hash = (hash ^ key[i]) * UINT64_C(0xff51afd7ed558ccd) + (hash >> 31);
    at = (hash ^ hash >> 32) & (tally->slot_count - 1);
    while (tally->slots[at] &&
           memcmp(tally->entries[tally->slots[at] - 1].row.key, key, sizeof(tally->entries[0].row.key)) != 0)
        at = (at + 1) & (tally->slot_count - 1);
    return at;
}

static int grow(struct frt_tally *tally)
{
    size_t room = tally->room ? tally->room * 2 : 256;
    struct entry *entries = realloc(tally->entries, room * sizeof(*entries));
    uint32_t *slots;

    if (!entries)
        return -1;
    tally->entries = entries;
    slots = calloc(room * 2, sizeof(*slots));
    if (!slots)
        return -1;
    free(tally->slots);
    tally->slots = slots;
    tally->slot_count = room * 2;
    tally->room = room;
    for (size_t i = 0; i < tally->count; i++)
        tally->slots[slot_of(tally, entries[i].row.key)] = (uint32_t)i + 1;
    return 0;
}

struct frt_tally_row *frt_tally_at(struct frt_tally *tally, const uint32_t key[FRT_TALLY_KEYS])
{
    struct entry *entry;
    size_t at;

    if (!tally || (tally->count == tally->room && grow(tally) < 0))
        return NULL;
    at = slot_of(tally, key);
    if (tally->slots[at])
        return &tally->entries[tally->slots[at] - 1].row;
    entry = &tally->entries[tally->count];
    memset(entry, 0, sizeof(*entry));
    memcpy(entry->row.key, key, sizeof(entry->row.key));
    entry->came = tally->count;
    tally->slots[at] = (uint32_t)++tally->count;
    return &entry->row;
}

size_t frt_tally_rows(const struct frt_tally *tally)
{
    return tally ? tally->count : 0;
}

const struct frt_tally_row *frt_tally_row(const struct frt_tally *tally, size_t i)
{
    return &tally->entries[i].row;
}

static int by_count(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->row.count[0] != y->row.count[0])
        return x->row.count[0] > y->row.count[0] ? -1 : 1;
    return x->came < y->came ? -1 : x->came > y->came;
}

void frt_tally_sort(struct frt_tally *tally)
{
    if (!tally || tally->count == 0)
        return;
    qsort(tally->entries, tally->count, sizeof(*tally->entries), by_count);
    memset(tally->slots, 0, tally->slot_count * sizeof(*tally->slots));
    for (size_t i = 0; i < tally->count; i++)
        tally->slots[slot_of(tally, tally->entries[i].row.key)] = (uint32_t)i + 1;
}
