/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "support/cleanup.h"

#define BLOCK_BYTES (1U << 20)
#define FIRST_SLOTS 4096U

struct block {
    struct block *next;
    size_t used, room;
    char bytes[];
};

struct frt_strings {
    struct block *blocks;
    const char **texts;
    uint32_t *hashes;
    size_t count, room;
    uint32_t *slots; /* id + 1; 0 is free */
    size_t slot_count;
    uint64_t seed; /* names in a trail are strangers' choice: nobody shall choose collisions */
};

static uint32_t hash_of(const struct frt_strings *strings, const char *bytes, size_t length)
{
    uint64_t hash = strings->seed ^ (length * UINT64_C(0x9e3779b97f4a7c15));

    for (size_t at = 0; at < length; at += 8) {
        uint64_t word = 0;

        memcpy(&word, bytes + at, length - at < 8 ? length - at : 8);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd) + (hash >> 29);
    }
    hash ^= hash >> 32;
    return (uint32_t)hash;
}

int frt_strings_new(struct frt_strings **ret_strings)
{
    struct frt_strings *strings = calloc(1, sizeof(*strings));
    uint32_t empty;

    if (!strings)
        return -ENOMEM;
    strings->slot_count = FIRST_SLOTS;
    strings->slots = calloc(FIRST_SLOTS, sizeof(*strings->slots));
    if (!strings->slots ||
        getrandom(&strings->seed, sizeof(strings->seed), 0) != (ssize_t)sizeof(strings->seed) ||
        frt_strings_add(strings, "", 0, &empty) < 0) {
        frt_strings_free(strings);
        return -ENOMEM;
    }
    *ret_strings = strings;
    return 0;
}

void frt_strings_free(struct frt_strings *strings)
{
    struct block *next;

    if (!strings)
        return;
    for (struct block *block = strings->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    free(strings->texts);
    free(strings->hashes);
    free(strings->slots);
    free(strings);
}

static char *store(struct frt_strings *strings, const char *bytes, size_t length)
{
    struct block *block = strings->blocks;
    char *text;

    if (!block || block->room - block->used < length + 1) {
        size_t room = length + 1 > BLOCK_BYTES ? length + 1 : BLOCK_BYTES;

        block = malloc(sizeof(*block) + room);
        if (!block)
            return NULL;
        block->next = strings->blocks;
        block->used = 0;
        block->room = room;
        strings->blocks = block;
    }
    text = block->bytes + block->used;
    memcpy(text, bytes, length);
    text[length] = '\0';
    block->used += length + 1;
    return text;
}

static int grow_texts(struct frt_strings *strings)
{
    size_t room = strings->room ? strings->room * 2 : 1024;
    const char **texts = realloc(strings->texts, room * sizeof(*texts));
    uint32_t *hashes;

    if (!texts)
        return -ENOMEM;
    strings->texts = texts;
    hashes = realloc(strings->hashes, room * sizeof(*hashes));
    if (!hashes)
        return -ENOMEM;
    strings->hashes = hashes;
    strings->room = room;
    return 0;
}

static int grow_slots(struct frt_strings *strings)
{
    size_t slot_count = strings->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));

    if (!slots)
        return -ENOMEM;
    for (size_t id = 0; id < strings->count; id++) {
        size_t at = strings->hashes[id] & (slot_count - 1);

        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = (uint32_t)id + 1;
    }
    free(strings->slots);
    strings->slots = slots;
    strings->slot_count = slot_count;
    return 0;
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t find_slot(const struct frt_strings *strings, const char *bytes, size_t length, uint32_t hash)
{
    size_t at = hash & (strings->slot_count - 1);

    for (; strings->slots[at]; at = (at + 1) & (strings->slot_count - 1)) {
        uint32_t id = strings->slots[at] - 1;

        if (strings->hashes[id] == hash && strncmp(strings->texts[id], bytes, length) == 0 &&
            strings->texts[id][length] == '\0')
            break;
    }
    return at;
}

int frt_strings_add(struct frt_strings *strings, const char *bytes, size_t length, uint32_t *ret_id)
{
    uint32_t hash = hash_of(strings, bytes, length);
    size_t at = find_slot(strings, bytes, length, hash);
    const char *text;

    if (strings->slots[at]) {
        *ret_id = strings->slots[at] - 1;
        return 0;
    }
    if (strings->count >= UINT32_MAX - 1 || (strings->count == strings->room && grow_texts(strings) < 0))
        return -ENOMEM;
    if (strings->count * 4 >= strings->slot_count * 3) {
        if (grow_slots(strings) < 0)
            return -ENOMEM;
        at = find_slot(strings, bytes, length, hash);
    }
    text = store(strings, bytes, length);
    if (!text)
        return -ENOMEM;
    strings->texts[strings->count] = text;
    strings->hashes[strings->count] = hash;
    *ret_id = (uint32_t)strings->count++;
    strings->slots[at] = *ret_id + 1;
    return 0;
}

uint32_t frt_strings_find(const struct frt_strings *strings, const char *text)
{
    size_t length = strlen(text);
    size_t at = find_slot(strings, text, length, hash_of(strings, text, length));

    return strings->slots[at] ? strings->slots[at] - 1 : UINT32_MAX;
}

const char *frt_strings_get(const struct frt_strings *strings, uint32_t id)
{
    return id < strings->count ? strings->texts[id] : "";
}

size_t frt_strings_count(const struct frt_strings *strings)
{
    return strings->count;
}
