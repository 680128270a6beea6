/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/contents.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/cleanup.h"

#define SLICE (1u << 20) /* about 0.6 ms */
#define PIECE (128u << 10)

struct frt_contents {
    EVP_MD_CTX *digest;
    int fd; /* borrowed */
    off_t offset;
};

static EVP_MD *sha256;

int frt_contents_prepare(void)
{
    /* No configuration file: a gate reads no file that could be behind its own marks. */
    if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
        return -ENOSYS;
    if (!sha256)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return sha256 ? 0 : -ENOSYS;
}

int frt_contents_begin(int fd, struct frt_contents **ret_contents)
{
    struct frt_contents *contents = calloc(1, sizeof(*contents));

    if (!contents)
        return -ENOMEM;
    contents->fd = fd;
    contents->digest = EVP_MD_CTX_new();
    if (!contents->digest || EVP_DigestInit_ex2(contents->digest, sha256, NULL) != 1) {
        frt_contents_free(contents);
        return -ENOMEM;
    }
    *ret_contents = contents;
    return 0;
}

int frt_contents_step(struct frt_contents *contents, uint8_t ret_sha256[32])
{
    static uint8_t piece[PIECE];

    for (size_t done = 0; done < SLICE;) {
        ssize_t n = pread(contents->fd, piece, sizeof(piece), contents->offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return EVP_DigestFinal_ex(contents->digest, ret_sha256, NULL) == 1 ? 0 : -EIO;
        if (EVP_DigestUpdate(contents->digest, piece, (size_t)n) != 1)
            return -EIO;
        contents->offset += n;
        done += (size_t)n;
    }
    return FRT_CONTENTS_MORE;
}

void frt_contents_free(struct frt_contents *contents)
{
    if (!contents)
        return;
    EVP_MD_CTX_free(contents->digest);
    free(contents);
}
