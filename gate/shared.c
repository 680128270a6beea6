/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/shared.h"

#include <sys/mman.h>
#include <sys/random.h>

static void *map_shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

struct frt_gate_shared *frt_gate_shared_new(void)
{
    struct frt_gate_shared *shared = map_shared(sizeof(*shared));

    if (!shared)
        return NULL;
    if (getrandom(shared->instance, sizeof(shared->instance), 0) != (ssize_t)sizeof(shared->instance)) {
        munmap(shared, sizeof(*shared));
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        shared->catalogue.bytes[i] = map_shared(FRT_SHARED_CATALOGUE_MAX);
    shared->inodes = map_shared(FRT_SHARED_INODES * sizeof(*shared->inodes));
    shared->inode_index = map_shared(FRT_SHARED_INDEX * sizeof(*shared->inode_index));
    if (!shared->inodes || !shared->inode_index || !shared->catalogue.bytes[0] ||
        !shared->catalogue.bytes[1]) {
        frt_gate_shared_free(shared);
        return NULL;
    }
    return shared;
}

void frt_gate_shared_free(struct frt_gate_shared *shared)
{
    for (int i = 0; i < 2; i++)
        if (shared->catalogue.bytes[i])
            munmap(shared->catalogue.bytes[i], FRT_SHARED_CATALOGUE_MAX);
    if (shared->inodes)
        munmap(shared->inodes, FRT_SHARED_INODES * sizeof(*shared->inodes));
    if (shared->inode_index)
        munmap(shared->inode_index, FRT_SHARED_INDEX * sizeof(*shared->inode_index));
    munmap(shared, sizeof(*shared));
}
