/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The seal line that closes each commit (trail format, section 4):
 *
 *     !seal <e> <n> <base64 root of n leaves> <base64 next public key> <base64 signature>
 *
 * signed by key e, used once, over "frt-seal/v1\n<origin>\n<e>\n<n>\n<root>\n<next>\n".
 */
#ifndef FRT_TRAIL_SEAL_H
#define FRT_TRAIL_SEAL_H

#include "trail/ed25519.h"
#include "trail/sha256.h"

#define FRT_SEAL_MAX   256 /* bytes of a line, LF included */
#define FRT_ORIGIN_MAX 255

struct frt_seal {
    uint64_t index;   /* e */
    uint64_t records; /* n */
    uint8_t root[FRT_HASH_SIZE];
    uint8_t next_key[FRT_KEY_SIZE];
    uint8_t signature[FRT_SIGNATURE_SIZE];
};

/* 1 to 255 bytes of 0x21-0x7E: the name stands alone on a line of what is signed. */
bool frt_origin_is_valid(const char *origin);

/* Fills in the signature. 0 or -EIO. */
int frt_seal_sign(struct frt_seal *seal, const char *origin, const struct frt_key_pair *key);
bool frt_seal_is_signed_by(const struct frt_seal *seal, const char *origin, const uint8_t key[FRT_KEY_SIZE]);

/* Writes the line with its LF; returns its length. */
size_t frt_seal_format(const struct frt_seal *seal, char line[FRT_SEAL_MAX]);
/* `length` without LF. False unless formatting the result gives the very same bytes. */
bool frt_seal_parse(const char *line, size_t length, struct frt_seal *ret_seal);

#endif
