/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ed25519 (RFC 8032) through libcrypto: fresh key pairs, signing, checking. A key pair that is no longer
 * needed is wiped with frt_key_pair_wipe(): seals stay trustworthy only because their keys are gone.
 */
#ifndef FRT_TRAIL_ED25519_H
#define FRT_TRAIL_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRT_KEY_SIZE       32
#define FRT_SIGNATURE_SIZE 64

struct frt_key_pair {
    uint8_t seed[FRT_KEY_SIZE];
    uint8_t public_key[FRT_KEY_SIZE];
};

/* From the kernel's random source. 0 or a negative errno. */
int frt_key_pair_make(struct frt_key_pair *ret_pair);
/* 0 or -EIO when libcrypto fails. */
int frt_key_pair_from_seed(const uint8_t seed[FRT_KEY_SIZE], struct frt_key_pair *ret_pair);
void frt_key_pair_wipe(struct frt_key_pair *pair);

/* 0 or -EIO. */
int frt_ed25519_sign(const struct frt_key_pair *pair, const void *message, size_t length,
                     uint8_t ret_signature[FRT_SIGNATURE_SIZE]);
bool frt_ed25519_is_valid(const uint8_t public_key[FRT_KEY_SIZE], const void *message, size_t length,
                          const uint8_t signature[FRT_SIGNATURE_SIZE]);

#endif
