/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SHA-256 through libcrypto with the algorithm fetched once per process and the context made once: fetching by name for
 * each record would cost as much as the hashing. One struct per thread.
 *
 * Hashing itself returns nothing; should libcrypto ever fail, `failed` stays set and whoever draws a
 * conclusion from the hashes looks at it first.
 */
#ifndef FRT_TRAIL_SHA256_H
#define FRT_TRAIL_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_HASH_SIZE 32

struct evp_md_ctx_st;

struct frt_sha256 {
    struct evp_md_ctx_st *context;
    bool failed;
};

int frt_sha256_init(struct frt_sha256 *hasher); /* 0 or -ENOMEM */
void frt_sha256_clear(struct frt_sha256 *hasher);

void frt_sha256_digest(struct frt_sha256 *hasher, const void *bytes, size_t length,
                       uint8_t ret_hash[FRT_HASH_SIZE]);
/* RFC 6962 section 2.1: a leaf is hashed behind 0x00, two nodes behind 0x01. */
void frt_sha256_leaf(struct frt_sha256 *hasher, const void *line, size_t length,
                     uint8_t ret_hash[FRT_HASH_SIZE]);
void frt_sha256_node(struct frt_sha256 *hasher, const uint8_t left[FRT_HASH_SIZE],
                     const uint8_t right[FRT_HASH_SIZE], uint8_t ret_hash[FRT_HASH_SIZE]);

/* For bytes that come in pieces. */
void frt_sha256_begin(struct frt_sha256 *hasher);
void frt_sha256_add(struct frt_sha256 *hasher, const void *bytes, size_t length);
void frt_sha256_end(struct frt_sha256 *hasher, uint8_t ret_hash[FRT_HASH_SIZE]);

#endif
