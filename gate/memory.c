/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/memory.h"

#include <string.h>

#define MINUTE_MS 60000
#define FRESH_MS  1000 /* a denial; a change that frtd knows of makes us forget at once */

void frt_memory_key(enum frt_memory_kind kind, const struct frt_opener *who, uint64_t dev, uint64_t ino,
                    struct frt_memory_key *ret_key)
{
    memset(ret_key, 0, sizeof(*ret_key)); /* compared as bytes */
    ret_key->kind = kind;
    ret_key->tid = kind == FRT_MEMORY_SECOND_HALF ? who->tid : 0;
    ret_key->dev = dev;
    ret_key->ino = ino;
    ret_key->login_uid = who->login_uid;
    ret_key->uid_count = who->uid_count;
    memcpy(ret_key->uids, who->uids, who->uid_count * sizeof(ret_key->uids[0]));
}

static struct frt_remembered *set_of(struct frt_memory *memory, const struct frt_memory_key *key)
{
    uint64_t h = (key->ino ^ key->dev << 32) * 0x9e3779b97f4a7c15u;

    h ^= ((uint64_t)key->login_uid << 32 | key->uids[0]) * 0xc2b2ae3d27d4eb4fu;
    h ^= ((uint64_t)key->kind << 32 | (uint32_t)key->tid) * 0x165667b19e3779f9u;
    return memory->rows[(h ^ h >> 31) & (FRT_MEMORY_SETS - 1)];
}

struct frt_remembered *frt_memory_recall(struct frt_memory *memory, const struct frt_memory_key *key,
                                         int64_t now_ms)
{
    struct frt_remembered *set = set_of(memory, key);

    for (size_t i = 0; i < FRT_MEMORY_WAYS; i++)
        if (set[i].until_ms > now_ms && memcmp(&set[i].key, key, sizeof(*key)) == 0)
            return &set[i];
    return NULL;
}

/* Its own row, or the one that would be over first. */
static struct frt_remembered *take_row(struct frt_memory *memory, const struct frt_memory_key *key,
                                       int64_t now_ms)
{
    struct frt_remembered *set = set_of(memory, key), *row = frt_memory_recall(memory, key, now_ms);

    if (row)
        return row;
    row = &set[0];
    for (size_t i = 1; i < FRT_MEMORY_WAYS; i++)
        if (set[i].until_ms < row->until_ms)
            row = &set[i];
    memset(row, 0, sizeof(*row));
    row->key = *key;
    return row;
}

void frt_memory_put(struct frt_memory *memory, const struct frt_memory_key *key, bool allow,
                    enum frt_reason reason, int64_t now_ms, int64_t for_ms)
{
    struct frt_remembered *row = take_row(memory, key, now_ms);

    row->until_ms = now_ms + for_ms;
    row->allow = allow;
    row->reason = reason;
}

void frt_memory_note_denial(struct frt_memory *memory, const struct frt_memory_key *key,
                            enum frt_reason reason, int64_t now_ms)
{
    struct frt_remembered *row = take_row(memory, key, now_ms);

    if (row->count++ == 0)
        row->until_ms = now_ms + MINUTE_MS;
    row->allow = false;
    row->reason = reason;
    row->fresh_ms = now_ms + FRESH_MS;
}

const struct frt_remembered *frt_memory_flood(struct frt_memory *memory, const struct frt_memory_key *key,
                                              int64_t now_ms)
{
    const struct frt_remembered *row = frt_memory_recall(memory, key, now_ms);

    return row && row->count >= FRT_MEMORY_SINGLY && row->fresh_ms > now_ms ? row : NULL;
}

void frt_memory_forget(struct frt_memory *memory)
{
    memset(memory, 0, sizeof(*memory));
}
