/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_seen.h"

#include <stdlib.h>
#include <string.h>

void frt_seen_clear(struct frt_seen *seen)
{
    free(seen->slots);
    memset(seen, 0, sizeof(*seen));
}

static uint64_t hash_bytes(const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ p[i]) * 1099511628211u;
    return hash;
}

uint64_t frt_seen_hash_dn(const char *dn)
{
    uint64_t hash = hash_bytes(dn, strlen(dn));

    return hash ? hash : 1;
}

/* The slot of `uuid`, or the free one where it would go. There is always a free one. */
static size_t slot_of(const struct frt_seen *seen, const uint8_t uuid[16])
{
    size_t i = (size_t)hash_bytes(uuid, 16) & (seen->slot_count - 1);

    while (seen->slots[i].used && memcmp(seen->slots[i].uuid, uuid, 16) != 0)
        i = (i + 1) & (seen->slot_count - 1);
    return i;
}

struct frt_seen_entry *frt_seen_find(const struct frt_seen *seen, const uint8_t uuid[16])
{
    struct frt_seen_entry *slot;

    if (!seen->slot_count)
        return NULL;
    slot = &seen->slots[slot_of(seen, uuid)];
    return slot->used ? slot : NULL;
}

static bool grow(struct frt_seen *seen)
{
    struct frt_seen grown = {.slot_count = seen->slot_count ? seen->slot_count * 2 : 256};

    grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < seen->slot_count; i++) {
        if (seen->slots[i].used)
            grown.slots[slot_of(&grown, seen->slots[i].uuid)] = seen->slots[i];
    }
    free(seen->slots);
    seen->slots = grown.slots;
    seen->slot_count = grown.slot_count;
    return true;
}

struct frt_seen_entry *frt_seen_add(struct frt_seen *seen, const uint8_t uuid[16])
{
    struct frt_seen_entry *slot;

    if (seen->used >= seen->slot_count / 2 && !grow(seen))
        return NULL;
    slot = &seen->slots[slot_of(seen, uuid)];
    if (!slot->used) {
        memcpy(slot->uuid, uuid, 16);
        slot->dn_hash = 0;
        slot->forwarded = false;
        slot->used = true;
        seen->used++;
    }
    return slot;
}

/* Linear probing has no tombstones here: what follows the hole is put in again. */
void frt_seen_remove(struct frt_seen *seen, const uint8_t uuid[16])
{
    struct frt_seen_entry *slot = frt_seen_find(seen, uuid);
    size_t hole;

    if (!slot)
        return;
    hole = (size_t)(slot - seen->slots);
    slot->used = false;
    seen->used--;
    for (size_t i = (hole + 1) & (seen->slot_count - 1); seen->slots[i].used;
         i = (i + 1) & (seen->slot_count - 1)) {
        struct frt_seen_entry moved = seen->slots[i];

        seen->slots[i].used = false;
        seen->slots[slot_of(seen, moved.uuid)] = moved;
    }
}
