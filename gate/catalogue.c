/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"

/* Larger files are hashed only when their size is stated. */
#define UNSIZED_MAX (64u << 20)

static int append(struct frt_shared_catalogue *shared, int slot, const uint8_t *bytes, size_t size)
{
    uint32_t length = (uint32_t)size;

    if (FRT_SHARED_CATALOGUE_MAX - shared->length[slot] < size + sizeof(length))
        return -EFBIG;
    memcpy(shared->bytes[slot] + shared->length[slot], &length, sizeof(length));
    memcpy(shared->bytes[slot] + shared->length[slot] + sizeof(length), bytes, size);
    shared->length[slot] += (uint32_t)(size + sizeof(length));
    return 0;
}

static void drop(struct frt_catalogue *catalogue);
static int build(const struct frt_shared_catalogue *shared, int slot, struct frt_catalogue *catalogue);

int frt_catalogue_take(struct frt_gate_shared *shared, const struct frt_gate_message *message,
                       const uint8_t *bytes, size_t size)
{
    struct frt_shared_catalogue *store = &shared->catalogue;
    int slot = atomic_load(&store->live) == 1 ? 1 : 0, r;
    struct frt_catalogue trial = {0};

    if (message->kind == FRT_GATE_CATALOGUE_BEGIN)
        store->length[slot] = 0;
    else if (store->length[slot] == 0)
        return -EBADMSG;
    r = append(store, slot, bytes, size);
    if (r == 0 && message->kind == FRT_GATE_CATALOGUE_END) {
        r = build(store, slot, &trial);
        drop(&trial);
    }
    if (r < 0) {
        store->length[slot] = 0;
        return r;
    }
    if (message->kind != FRT_GATE_CATALOGUE_END)
        return 0;
    atomic_store(&store->live, (uint32_t)slot + 1);
    return 1;
}

uint64_t frt_catalogue_key(const char *tool)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (; *tool; tool++)
        hash = (hash ^ (unsigned char)*tool) * 0x100000001b3;
    return hash;
}

/* Room for one more element; growth by doubling. */
static int grow(void **array, size_t count, size_t element)
{
    void *more;

    if (count & (count - 1) || (count && count < 8))
        return 0;
    more = realloc(*array, (count < 8 ? 8 : count * 2) * element);
    if (!more)
        return -ENOMEM;
    *array = more;
    return 0;
}

static int add_tool(struct frt_catalogue *c, const struct frt_gate_message *message)
{
    struct frt_gate_tool *last = c->tool_count ? &c->tools[c->tool_count - 1] : NULL;
    int r;

    if (message->tool[0] == '\0')
        return -EBADMSG;
    if (last && strcmp(last->id, message->tool) == 0)
        return last->treatment == message->treatment ? 0 : -EBADMSG;
    r = grow((void **)&c->tools, c->tool_count, sizeof(*c->tools));
    if (r < 0)
        return r;
    last = &c->tools[c->tool_count++];
    memset(last, 0, sizeof(*last));
    memcpy(last->id, message->tool, sizeof(last->id));
    last->key = frt_catalogue_key(last->id);
    last->treatment = message->treatment;
    return 0;
}

static int add_place(struct frt_catalogue *c, unsigned tool, const struct frt_gate_item *item)
{
    char *text = strndup(item->text, item->length);
    int r = text ? grow((void **)&c->places, c->place_count, sizeof(*c->places)) : -ENOMEM;
    size_t n = item->length;

    if (r < 0) {
        free(text);
        return r;
    }
    while (n > 1 && text[n - 1] == '/')
        text[--n] = '\0';
    c->places[c->place_count++] = (struct frt_gate_place){item->kind, tool, text};
    return 0;
}

static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static int add_digest(struct frt_catalogue *c, const struct frt_gate_item *item)
{
    struct frt_gate_digest digest = {.tool = (unsigned)c->tool_count - 1};
    int r = grow((void **)&c->digests, c->digest_count, sizeof(*c->digests));

    if (r < 0)
        return r;
    for (size_t i = 0; i < 32; i++)
        digest.sha256[i] = (uint8_t)(hex_value(item->text[2 * i]) << 4 | hex_value(item->text[2 * i + 1]));
    c->digests[c->digest_count++] = digest;
    return 0;
}

static int add_size(struct frt_catalogue *c, const struct frt_gate_item *item)
{
    int r = grow((void **)&c->sizes, c->size_count, sizeof(*c->sizes));
    uint64_t size = 0;

    if (r < 0)
        return r;
    for (size_t i = 0; i < item->length; i++)
        size = size * 10 + (uint64_t)(item->text[i] - '0');
    c->sizes[c->size_count++] = size;
    return 0;
}

static int add_item(struct frt_catalogue *c, const struct frt_gate_item *item)
{
    switch (item->kind) {
    case FRT_GATE_ITEM_PATH:
    case FRT_GATE_ITEM_PATTERN:
    case FRT_GATE_ITEM_MODEL_FILE:
        return add_place(c, (unsigned)c->tool_count - 1, item);
    case FRT_GATE_ITEM_SHA256:
        return add_digest(c, item);
    case FRT_GATE_ITEM_SIZE:
        return add_size(c, item);
    case FRT_GATE_ITEM_PACKAGE:
        return 0;
    }
    return -EBADMSG;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* A tool's message: its items, and whether its digests come with sizes. */
static int take_tool(struct frt_catalogue *c, const struct frt_gate_message *message)
{
    size_t cursor = 0, digests, sizes;
    struct frt_gate_item item;
    int r = add_tool(c, message);

    digests = c->digest_count;
    sizes = c->size_count;
    while (r == 0 && frt_gate_item_next(message, &cursor, &item))
        r = add_item(c, &item);
    if (c->digest_count > digests && c->size_count == sizes)
        c->has_unsized_digest = true;
    return r;
}

static int take_one(struct frt_catalogue *c, const uint8_t *bytes, size_t length, uint64_t *count,
                    bool *ended)
{
    struct frt_gate_message message;
    const char *what;

    if (*ended || frt_gate_message_decode(bytes, length, &message, &what) < 0)
        return -EBADMSG;
    if (message.kind == FRT_GATE_CATALOGUE_BEGIN) {
        c->serial = message.serial;
        *count = message.count;
        return c->tool_count ? -EBADMSG : 0;
    }
    if (message.serial != c->serial)
        return -EBADMSG;
    if (message.kind == FRT_GATE_CATALOGUE_TOOL)
        return take_tool(c, &message);
    *ended = true;
    return message.kind == FRT_GATE_CATALOGUE_END && message.count == *count && c->tool_count == *count
               ? 0
               : -EBADMSG;
}

static int build(const struct frt_shared_catalogue *shared, int slot, struct frt_catalogue *c)
{
    const uint8_t *at = shared->bytes[slot], *end = at + shared->length[slot];
    uint64_t count = 0;
    bool ended = false;

    while (at < end) {
        uint32_t length;
        int r;

        memcpy(&length, at, sizeof(length));
        r = take_one(c, at + sizeof(length), length, &count, &ended);
        if (r < 0)
            return r;
        at += sizeof(length) + length;
    }
    if (!ended)
        return -EBADMSG;
    if (c->digest_count)
        qsort(c->digests, c->digest_count, sizeof(*c->digests), by_digest);
    if (c->size_count)
        qsort(c->sizes, c->size_count, sizeof(*c->sizes), by_size);
    return 0;
}

static void drop(struct frt_catalogue *c)
{
    for (size_t i = 0; i < c->place_count; i++)
        free(c->places[i].text);
    free(c->places);
    free(c->tools);
    free(c->digests);
    free(c->sizes);
}

int frt_catalogue_load(const struct frt_gate_shared *shared, struct frt_catalogue **ret_catalogue)
{
    uint32_t live = atomic_load(&shared->catalogue.live);
    struct frt_catalogue *catalogue;
    int r;

    if (live == 0)
        return -ENODATA;
    catalogue = calloc(1, sizeof(*catalogue));
    r = catalogue ? build(&shared->catalogue, (int)live - 1, catalogue) : -ENOMEM;
    if (r < 0) {
        frt_catalogue_free(catalogue);
        return r;
    }
    *ret_catalogue = catalogue;
    return 0;
}

void frt_catalogue_free(struct frt_catalogue *catalogue)
{
    if (catalogue)
        drop(catalogue);
    free(catalogue);
}

int frt_catalogue_add_path(struct frt_catalogue *c, unsigned tool, const char *path)
{
    struct frt_gate_item item = {FRT_GATE_ITEM_PATH, path, strlen(path)};

    for (size_t i = 0; i < c->place_count; i++)
        if (c->places[i].tool == tool && strcmp(c->places[i].text, path) == 0)
            return 0;
    return add_place(c, tool, &item);
}

int frt_catalogue_find(const struct frt_catalogue *catalogue, uint64_t key)
{
    for (size_t i = 0; i < catalogue->tool_count; i++)
        if (catalogue->tools[i].key == key)
            return (int)i;
    return -1;
}

bool frt_catalogue_has_size(const struct frt_catalogue *c, uint64_t size)
{
    if (c->has_unsized_digest && size <= UNSIZED_MAX)
        return true;
    return c->size_count && bsearch(&size, c->sizes, c->size_count, sizeof(size), by_size) != NULL;
}

int frt_catalogue_find_digest(const struct frt_catalogue *c, const uint8_t sha256[32])
{
    const struct frt_gate_digest *found =
        c->digest_count ? bsearch(sha256, c->digests, c->digest_count, sizeof(*found), by_digest) : NULL;

    return found ? (int)found->tool : -1;
}
