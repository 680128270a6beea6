/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The RFC 6962 Merkle tree over the records' leaf hashes.
 *
 * A growing trail needs only its compact range (the roots of the perfect subtrees on its right edge, one per
 * set bit of the size). Proofs need the leaf hashes themselves, 32 bytes a record (frt_trail_verify()
 * collects them on request).
 */
#ifndef FRT_TRAIL_TREE_H
#define FRT_TRAIL_TREE_H

#include "trail/sha256.h"

#define FRT_PROOF_MAX 64 /* hashes */

struct frt_tree {
    uint64_t size;
    uint8_t nodes[64][FRT_HASH_SIZE]; /* nodes[i]: root of a perfect subtree of 2^i leaves, where bit i of
                                         size is set */
};

void frt_tree_init(struct frt_tree *tree);
void frt_tree_append(struct frt_tree *tree, struct frt_sha256 *hasher, const uint8_t leaf[FRT_HASH_SIZE]);
/* The empty tree's root is SHA-256 of nothing. */
void frt_tree_root(const struct frt_tree *tree, struct frt_sha256 *hasher, uint8_t ret_root[FRT_HASH_SIZE]);

struct frt_proof {
    size_t length;
    uint8_t path[FRT_PROOF_MAX][FRT_HASH_SIZE];
};

/* RFC 6962 sections 2.1.1 and 2.1.2, over all `size` leaves. Wanted: index < size, 0 < old_size <= size. */
void frt_tree_prove_inclusion(const uint8_t (*leaves)[FRT_HASH_SIZE], uint64_t size, uint64_t index,
                              struct frt_sha256 *hasher, struct frt_proof *ret_proof);
void frt_tree_prove_consistency(const uint8_t (*leaves)[FRT_HASH_SIZE], uint64_t size, uint64_t old_size,
                                struct frt_sha256 *hasher, struct frt_proof *ret_proof);

/* RFC 9162 sections 2.1.3.2 and 2.1.4.2. For anyone who holds a root and nothing else of the trail. */
bool frt_tree_is_included(const struct frt_proof *proof, uint64_t index, uint64_t size,
                          const uint8_t leaf[FRT_HASH_SIZE], const uint8_t root[FRT_HASH_SIZE],
                          struct frt_sha256 *hasher);
bool frt_tree_is_consistent(const struct frt_proof *proof, uint64_t old_size, uint64_t size,
                            const uint8_t old_root[FRT_HASH_SIZE], const uint8_t root[FRT_HASH_SIZE],
                            struct frt_sha256 *hasher);

#endif
