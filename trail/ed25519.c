/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/ed25519.h"

#include <errno.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

int frt_key_pair_from_seed(const uint8_t seed[FRT_KEY_SIZE], struct frt_key_pair *ret_pair)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, FRT_KEY_SIZE);
    size_t length = FRT_KEY_SIZE;
    int ok = key && EVP_PKEY_get_raw_public_key(key, ret_pair->public_key, &length) == 1;

    EVP_PKEY_free(key);
    for (size_t i = 0; i < FRT_KEY_SIZE; i++)
        ret_pair->seed[i] = seed[i];
    return ok ? 0 : -EIO;
}

int frt_key_pair_make(struct frt_key_pair *ret_pair)
{
    uint8_t seed[FRT_KEY_SIZE];
    int r;

    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        return -EIO;
    r = frt_key_pair_from_seed(seed, ret_pair);
    OPENSSL_cleanse(seed, sizeof(seed));
    return r;
}

void frt_key_pair_wipe(struct frt_key_pair *pair)
{
    OPENSSL_cleanse(pair, sizeof(*pair));
}

/* Both halves given: from the seed alone libcrypto would compute the public key again, which takes as long as signing. */
static EVP_PKEY *load(const struct frt_key_pair *pair)
{
    struct frt_key_pair copy = *pair; /* parameters are not const */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, copy.seed, FRT_KEY_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.public_key, FRT_KEY_SIZE),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "ED25519", NULL);
    EVP_PKEY *key = NULL;

    if (context && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params);
    EVP_PKEY_CTX_free(context);
    frt_key_pair_wipe(&copy);
    return key;
}

int frt_ed25519_sign(const struct frt_key_pair *pair, const void *message, size_t length,
                     uint8_t ret_signature[FRT_SIGNATURE_SIZE])
{
    EVP_PKEY *key = load(pair);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_length = FRT_SIGNATURE_SIZE;
    int ok = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(context, ret_signature, &signature_length, message, length) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok ? 0 : -EIO;
}

bool frt_ed25519_is_valid(const uint8_t public_key[FRT_KEY_SIZE], const void *message, size_t length,
                          const uint8_t signature[FRT_SIGNATURE_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, FRT_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(context, signature, FRT_SIGNATURE_SIZE, message, length) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}
