/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/scan_block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void frt_block_clear(struct frt_block *block)
{
    free(block->bytes);
    free(block->lines);
    free(block->seals);
    memset(block, 0, sizeof(*block));
}

static bool grow(void **list, size_t *room, size_t count, size_t size)
{
    size_t wanted = *room ? *room * 2 : 32;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*list, wanted, size);
    if (!grown)
        return false;
    *list = grown;
    *room = wanted;
    return true;
}

static int parse_seal(struct frt_block *block, struct frt_scan_line *line)
{
    struct frt_scan_seal *seal;
    void *list = block->seals;
    bool ok = grow(&list, &block->seal_room, block->seal_count, sizeof(*block->seals));

    block->seals = list;
    if (!ok)
        return -ENOMEM;
    seal = &block->seals[block->seal_count];
    if (!frt_seal_parse(block->bytes + line->offset, line->length, &seal->seal)) {
        line->what = "expected a seal: !seal <e> <n> <root> <next key> <signature>";
        return 0;
    }
    seal->line = block->line_count;
    line->type = FRT_LINE_SEAL;
    line->seal = block->seal_count++;
    return 0;
}

static void parse_record(struct frt_block *block, struct frt_scan_line *line, struct frt_sha256 *hasher)
{
    struct frt_record_view view;
    const char *bytes = block->bytes + line->offset;

    if (frt_record_parse(bytes, line->length, &view, &line->what) < 0)
        return;
    line->type = FRT_LINE_RECORD;
    line->n = view.n;
    line->time_us = view.time_us;
    line->has_boot = view.has_boot;
    line->is_seg = frt_record_is_kind(&view, "seg");
    line->is_ack = frt_record_is_kind(&view, "ack");
    memcpy(line->previous, view.previous, FRT_HASH_SIZE);
    frt_sha256_leaf(hasher, bytes, line->length, line->leaf);
}

static int parse_line(struct frt_block *block, size_t offset, size_t length, bool has_lf,
                      struct frt_sha256 *hasher)
{
    struct frt_scan_line *line;
    void *list = block->lines;
    bool ok = grow(&list, &block->line_room, block->line_count, sizeof(*block->lines));
    int r = 0;

    block->lines = list;
    if (!ok)
        return -ENOMEM;
    line = &block->lines[block->line_count];
    line->offset = (uint32_t)offset;
    line->length = (uint32_t)length;
    line->type = FRT_LINE_BAD;
    line->has_lf = has_lf;
    line->is_seg = line->is_ack = line->has_boot = false;
    if (!has_lf)
        line->what = "expected a line feed within 4096 bytes";
    else if (length > 0 && block->bytes[offset] == '!')
        r = parse_seal(block, line);
    else
        parse_record(block, line, hasher);
    block->line_count++;
    return r;
}

void frt_block_parse(struct frt_block *block, struct frt_sha256 *hasher)
{
    size_t at = 0;

    block->line_count = block->seal_count = 0;
    block->error = 0;
    while (at < block->length && block->error == 0) {
        const char *start = block->bytes + at, *end = memchr(start, '\n', block->length - at);
        size_t length = end ? (size_t)(end - start) : block->length - at;

        block->error = parse_line(block, at, length, end != NULL, hasher);
        at += length + 1;
        if (block->line_count > 0 && block->lines[block->line_count - 1].type == FRT_LINE_BAD)
            break;
    }
    if (hasher->failed)
        block->error = -EIO;
}

static void check_signatures(struct frt_block *block, const char *origin)
{
    block->bad_seal = SIZE_MAX;
    for (size_t i = 0; i < block->seals_wanted; i++) {
        if (frt_seal_is_signed_by(&block->seals[i].seal, origin, block->seals[i].key))
            continue;
        block->bad_seal = i;
        return;
    }
}

static void do_task(struct frt_pool *pool, struct frt_block *block, struct frt_sha256 *hasher)
{
    if (block->wants_signatures)
        check_signatures(block, pool->origin);
    else
        frt_block_parse(block, hasher);
}

/* Under the lock, which is released meanwhile. */
static void take_task(struct frt_pool *pool, struct frt_sha256 *hasher)
{
    struct frt_block *block = pool->first_task;

    pool->first_task = block->next_task;
    pthread_mutex_unlock(&pool->lock);
    do_task(pool, block, hasher);
    pthread_mutex_lock(&pool->lock);
    block->stage = block->wants_signatures ? FRT_BLOCK_CHECKED : FRT_BLOCK_PARSED;
    pthread_cond_signal(&pool->wake_main);
}

static void *work(void *arg)
{
    struct frt_pool *pool = arg;
    struct frt_sha256 hasher;

    if (frt_sha256_init(&hasher) < 0)
        return NULL; /* the calling thread does what no worker takes */
    pthread_mutex_lock(&pool->lock);
    while (!pool->stop) {
        if (pool->first_task)
            take_task(pool, &hasher);
        else
            pthread_cond_wait(&pool->wake_worker, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    frt_sha256_clear(&hasher);
    return NULL;
}

int frt_pool_init(struct frt_pool *pool, unsigned threads, const char *origin)
{
    int r;

    memset(pool, 0, sizeof(*pool));
    pool->origin = origin;
    r = frt_sha256_init(&pool->hasher);
    if (r < 0)
        return r;
    pool->threads = calloc(threads, sizeof(*pool->threads));
    if (!pool->threads) {
        frt_sha256_clear(&pool->hasher);
        return -ENOMEM;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake_worker, NULL);
    pthread_cond_init(&pool->wake_main, NULL);
    while (pool->thread_count + 1 < threads &&
           pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) == 0)
        pool->thread_count++;
    return 0;
}

void frt_pool_clear(struct frt_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pool->first_task = NULL;
    pthread_cond_broadcast(&pool->wake_worker);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake_main);
    pthread_cond_destroy(&pool->wake_worker);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    frt_sha256_clear(&pool->hasher);
}

void frt_pool_submit(struct frt_pool *pool, struct frt_block *block, bool signatures)
{
    pthread_mutex_lock(&pool->lock);
    block->stage = FRT_BLOCK_BUSY;
    block->wants_signatures = signatures;
    block->next_task = NULL;
    if (pool->first_task)
        pool->last_task->next_task = block;
    else
        pool->first_task = block;
    pool->last_task = block;
    pthread_cond_signal(&pool->wake_worker);
    pthread_mutex_unlock(&pool->lock);
}

void frt_pool_wait(struct frt_pool *pool, const struct frt_block *block, enum frt_block_stage stage)
{
    pthread_mutex_lock(&pool->lock);
    while (block->stage < stage) {
        if (pool->first_task)
            take_task(pool, &pool->hasher);
        else
            pthread_cond_wait(&pool->wake_main, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

bool frt_pool_has(struct frt_pool *pool, const struct frt_block *block, enum frt_block_stage stage)
{
    bool has;

    pthread_mutex_lock(&pool->lock);
    has = block->stage >= stage;
    pthread_mutex_unlock(&pool->lock);
    return has;
}
