/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/inodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t device_of(const struct statx *st)
{
    return (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
}

static uint64_t birth_of(const struct statx *st)
{
    if (!(st->stx_mask & STATX_BTIME))
        return 0;
    return (uint64_t)st->stx_btime.tv_sec * 1000000000u + st->stx_btime.tv_nsec;
}

static size_t place_of(uint64_t dev, uint64_t ino)
{
    uint64_t h = (dev * 0x9e3779b97f4a7c15u) ^ (ino * 0xc2b2ae3d27d4eb4fu);

    return (h ^ h >> 29) & (FRT_SHARED_INDEX - 1);
}

/* The inode's index entry, or the first free one behind it. The table is never more than half full. */
static uint32_t *find_index(const struct frt_gate_shared *shared, const struct statx *st)
{
    uint64_t dev = device_of(st);
    size_t i = place_of(dev, st->stx_ino);

    for (;; i = (i + 1) & (FRT_SHARED_INDEX - 1)) {
        uint32_t position = shared->inode_index[i];
        const struct frt_shared_inode *inode = position ? &shared->inodes[position - 1] : NULL;

        if (!inode || (inode->ino == st->stx_ino && inode->dev == dev))
            return &shared->inode_index[i];
    }
}

const struct frt_shared_inode *frt_inodes_find(const struct frt_gate_shared *shared, const struct statx *st)
{
    uint32_t position = *find_index(shared, st);
    const struct frt_shared_inode *inode = position ? &shared->inodes[position - 1] : NULL;
    uint64_t born = birth_of(st);

    if (!inode)
        return NULL;
    return inode->born_ns == 0 || born == 0 || inode->born_ns == born ? inode : NULL;
}

static void fill(struct frt_shared_inode *inode, const struct statx *st, uint64_t tool, const char *path)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    inode->dev = device_of(st);
    inode->ino = st->stx_ino;
    inode->born_ns = birth_of(st);
    inode->tool = tool;
    inode->since_s = now.tv_sec;
    inode->links = st->stx_nlink;
    snprintf(inode->path, sizeof(inode->path), "%s", path);
}

int frt_inodes_put(struct frt_gate_shared *shared, const struct statx *st, uint64_t tool, const char *path)
{
    uint32_t *index = find_index(shared, st), count = atomic_load(&shared->inode_count);
    struct frt_shared_inode *inode = *index ? &shared->inodes[*index - 1] : NULL;

    if (inode && inode->born_ns == birth_of(st) && inode->tool == tool) {
        inode->links = st->stx_nlink;
        snprintf(inode->path, sizeof(inode->path), "%s", path);
        return 0;
    }
    if (inode) {
        if (inode->born_ns != birth_of(st)) /* another file, with its number */
            inode->asks_reads = 0;
        fill(inode, st, tool, path);
        return 0;
    }
    if (count == FRT_SHARED_INODES)
        return -ENOSPC;
    fill(&shared->inodes[count], st, tool, path);
    atomic_store(&shared->inode_count, count + 1);
    *index = count + 1;
    return 0;
}

bool frt_inodes_asks_reads(const struct frt_gate_shared *shared, const struct statx *st)
{
    const struct frt_shared_inode *inode = frt_inodes_find(shared, st);

    return inode && inode->asks_reads;
}

void frt_inodes_ask_reads(struct frt_gate_shared *shared, const struct statx *st)
{
    uint32_t position = *find_index(shared, st);

    if (position)
        shared->inodes[position - 1].asks_reads = 1;
}

void frt_inodes_remove(struct frt_gate_shared *shared, const struct statx *st)
{
    uint32_t position = *find_index(shared, st);

    /* Its index entry stays, so that look-ups of others pass over it. */
    if (position)
        shared->inodes[position - 1].ino = 0;
}
