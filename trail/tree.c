/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/tree.h"

#include <string.h>

void frt_tree_init(struct frt_tree *tree)
{
    memset(tree, 0, sizeof(*tree));
}

void frt_tree_append(struct frt_tree *tree, struct frt_sha256 *hasher, const uint8_t leaf[FRT_HASH_SIZE])
{
    uint8_t node[FRT_HASH_SIZE];
    unsigned level = 0;

    memcpy(node, leaf, FRT_HASH_SIZE);
    for (uint64_t size = tree->size; size & 1; size >>= 1)
        frt_sha256_node(hasher, tree->nodes[level++], node, node);
    memcpy(tree->nodes[level], node, FRT_HASH_SIZE);
    tree->size++;
}

void frt_tree_root(const struct frt_tree *tree, struct frt_sha256 *hasher, uint8_t ret_root[FRT_HASH_SIZE])
{
    bool first = true;

    if (tree->size == 0) {
        frt_sha256_digest(hasher, "", 0, ret_root);
        return;
    }
    for (unsigned level = 0; level < 64; level++) {
        if (!(tree->size >> level & 1))
            continue;
        if (first)
            memcpy(ret_root, tree->nodes[level], FRT_HASH_SIZE);
        else
            frt_sha256_node(hasher, tree->nodes[level], ret_root, ret_root);
        first = false;
    }
}

static void root_of(const uint8_t (*leaves)[FRT_HASH_SIZE], uint64_t size, struct frt_sha256 *hasher,
                    uint8_t ret_root[FRT_HASH_SIZE])
{
    struct frt_tree tree;

    frt_tree_init(&tree);
    for (uint64_t i = 0; i < size; i++)
        frt_tree_append(&tree, hasher, leaves[i]);
    frt_tree_root(&tree, hasher, ret_root);
}

/* The largest power of two below size; size > 1. */
static uint64_t split_of(uint64_t size)
{
    return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* The recursions of the RFC walk from the root down and list hashes from the leaf up: gathered downwards,
 * then turned. */
static void turn(struct frt_proof *proof)
{
    for (size_t i = 0, j = proof->length; i + 1 < j; i++) {
        uint8_t held[FRT_HASH_SIZE];

        j--;
        memcpy(held, proof->path[i], FRT_HASH_SIZE);
        memcpy(proof->path[i], proof->path[j], FRT_HASH_SIZE);
        memcpy(proof->path[j], held, FRT_HASH_SIZE);
    }
}

void frt_tree_prove_inclusion(const uint8_t (*leaves)[FRT_HASH_SIZE], uint64_t size, uint64_t index,
                              struct frt_sha256 *hasher, struct frt_proof *ret_proof)
{
    ret_proof->length = 0;
    while (size > 1) {
        uint64_t split = split_of(size);

        if (index < split) {
            root_of(leaves + split, size - split, hasher, ret_proof->path[ret_proof->length++]);
            size = split;
        } else {
            root_of(leaves, split, hasher, ret_proof->path[ret_proof->length++]);
            leaves += split;
            index -= split;
            size -= split;
        }
    }
    turn(ret_proof);
}

void frt_tree_prove_consistency(const uint8_t (*leaves)[FRT_HASH_SIZE], uint64_t size, uint64_t old_size,
                                struct frt_sha256 *hasher, struct frt_proof *ret_proof)
{
    bool whole = true; /* the subtree at hand is a subtree of the old tree whose root the reader knows */

    ret_proof->length = 0;
    while (old_size < size) {
        uint64_t split = split_of(size);

        if (old_size <= split) {
            root_of(leaves + split, size - split, hasher, ret_proof->path[ret_proof->length++]);
            size = split;
        } else {
            root_of(leaves, split, hasher, ret_proof->path[ret_proof->length++]);
            leaves += split;
            old_size -= split;
            size -= split;
            whole = false;
        }
    }
    if (!whole)
        root_of(leaves, size, hasher, ret_proof->path[ret_proof->length++]);
    turn(ret_proof);
}

bool frt_tree_is_included(const struct frt_proof *proof, uint64_t index, uint64_t size,
                          const uint8_t leaf[FRT_HASH_SIZE], const uint8_t root[FRT_HASH_SIZE],
                          struct frt_sha256 *hasher)
{
    uint64_t fn = index, sn = size - 1;
    uint8_t hash[FRT_HASH_SIZE];

    if (index >= size)
        return false;
    memcpy(hash, leaf, FRT_HASH_SIZE);
    for (size_t i = 0; i < proof->length; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            frt_sha256_node(hasher, proof->path[i], hash, hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            frt_sha256_node(hasher, hash, proof->path[i], hash);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && !hasher->failed && memcmp(hash, root, FRT_HASH_SIZE) == 0;
}

bool frt_tree_is_consistent(const struct frt_proof *proof, uint64_t old_size, uint64_t size,
                            const uint8_t old_root[FRT_HASH_SIZE], const uint8_t root[FRT_HASH_SIZE],
                            struct frt_sha256 *hasher)
{
    uint64_t fn = old_size - 1, sn = size - 1;
    uint8_t old_hash[FRT_HASH_SIZE], hash[FRT_HASH_SIZE];
    size_t i = 0;

    if (old_size == 0 || old_size > size)
        return false;
    if (old_size == size)
        return proof->length == 0 && memcmp(old_root, root, FRT_HASH_SIZE) == 0;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    if (fn != 0 && proof->length == 0)
        return false;
    memcpy(hash, fn != 0 ? proof->path[i++] : old_root, FRT_HASH_SIZE);
    memcpy(old_hash, hash, FRT_HASH_SIZE);
    for (; i < proof->length; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            frt_sha256_node(hasher, proof->path[i], old_hash, old_hash);
            frt_sha256_node(hasher, proof->path[i], hash, hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            frt_sha256_node(hasher, hash, proof->path[i], hash);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && !hasher->failed && memcmp(old_hash, old_root, FRT_HASH_SIZE) == 0 &&
           memcmp(hash, root, FRT_HASH_SIZE) == 0;
}
