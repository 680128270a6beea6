/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/sha256.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

static EVP_MD *algorithm;

static void fetch(void)
{
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int frt_sha256_init(struct frt_sha256 *hasher)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch);
    hasher->failed = false;
    hasher->context = EVP_MD_CTX_new();
    if (algorithm && hasher->context && EVP_DigestInit_ex2(hasher->context, algorithm, NULL) == 1)
        return 0;
    frt_sha256_clear(hasher);
    return -ENOMEM;
}

void frt_sha256_clear(struct frt_sha256 *hasher)
{
    EVP_MD_CTX_free(hasher->context);
    hasher->context = NULL;
}

void frt_sha256_begin(struct frt_sha256 *hasher)
{
    if (EVP_DigestInit_ex2(hasher->context, NULL, NULL) != 1)
        hasher->failed = true;
}

void frt_sha256_add(struct frt_sha256 *hasher, const void *bytes, size_t length)
{
    if (EVP_DigestUpdate(hasher->context, bytes, length) != 1)
        hasher->failed = true;
}

void frt_sha256_end(struct frt_sha256 *hasher, uint8_t ret_hash[FRT_HASH_SIZE])
{
    if (EVP_DigestFinal_ex(hasher->context, ret_hash, NULL) != 1)
        hasher->failed = true;
}

void frt_sha256_digest(struct frt_sha256 *hasher, const void *bytes, size_t length,
                       uint8_t ret_hash[FRT_HASH_SIZE])
{
    frt_sha256_begin(hasher);
    frt_sha256_add(hasher, bytes, length);
    frt_sha256_end(hasher, ret_hash);
}

void frt_sha256_leaf(struct frt_sha256 *hasher, const void *line, size_t length,
                     uint8_t ret_hash[FRT_HASH_SIZE])
{
    frt_sha256_begin(hasher);
    frt_sha256_add(hasher, "\0", 1);
    frt_sha256_add(hasher, line, length);
    frt_sha256_end(hasher, ret_hash);
}

void frt_sha256_node(struct frt_sha256 *hasher, const uint8_t left[FRT_HASH_SIZE],
                     const uint8_t right[FRT_HASH_SIZE], uint8_t ret_hash[FRT_HASH_SIZE])
{
    uint8_t bytes[1 + 2 * FRT_HASH_SIZE];

    bytes[0] = 1;
    memcpy(bytes + 1, left, FRT_HASH_SIZE);
    memcpy(bytes + 1 + FRT_HASH_SIZE, right, FRT_HASH_SIZE);
    frt_sha256_digest(hasher, bytes, sizeof(bytes), ret_hash);
}
