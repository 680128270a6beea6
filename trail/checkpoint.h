/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checkpoints: what the trail's head was, in the form that transparency-log witnesses exchange (C2SP signed-note and
 * tlog-checkpoint, v1.0.0).
 *
 *     frt.example/host1
 *     4711
 *     <base64 root>
 *
 *     — frt.example/host1 <base64: 4-byte key id, signature>
 *
 * Signed with the host's stable Ed25519 key (type 0x01, named after the origin) and, by witnesses, with cosignature/v1 (type
 * 0x04, which carries its time). Lines by unknown keys or of unknown kind are skipped, as the standard demands: ML-DSA
 * cosignatures (0x06) will come.
 */
#ifndef FRT_TRAIL_CHECKPOINT_H
#define FRT_TRAIL_CHECKPOINT_H

#include "trail/ed25519.h"
#include "trail/seal.h"
#include "trail/sha256.h"

#define FRT_CHECKPOINT_MAX 16384
#define FRT_VKEY_MAX       (FRT_ORIGIN_MAX + 64)

enum frt_vkey_type { FRT_VKEY_ED25519 = 0x01, FRT_VKEY_COSIGNATURE = 0x04 };

struct frt_checkpoint {
    char origin[FRT_ORIGIN_MAX + 1];
    uint64_t size;
    uint8_t root[FRT_HASH_SIZE];
    size_t body_length; /* bytes that are signed: the three lines */
};

/* Reads the three lines and checks the form of the signature block, no signature. 0 or -EBADMSG. */
int frt_checkpoint_parse(const char *note, size_t length, struct frt_checkpoint *ret_checkpoint);

/* Length of the first note of a text that holds several, one behind the other; 0 when no note begins it. The note itself is
 * not looked at. */
size_t frt_checkpoint_length(const char *text, size_t length);

/* Writes a note with one signature by `key`, whose name is the origin; NUL-terminated. Returns its length or a negative
 * errno. */
long frt_checkpoint_sign(const struct frt_checkpoint *checkpoint, const struct frt_key_pair *key, char *note,
                         size_t size);
/* Writes a witness's signature line for a note whose body was checked; NUL-terminated. Length or a negative errno. */
long frt_checkpoint_cosign(const char *note, size_t length, const char *witness,
                           const struct frt_key_pair *key, int64_t time_s, char *line, size_t size);

/* Whether one of the signatures is a valid one by this key: "<name>+<8 hex digits>+<base64 of type and key>". */
bool frt_checkpoint_is_signed_by(const char *note, size_t length, const char *vkey);

/* Writes the verifier's form of a key, NUL-terminated. */
int frt_vkey_format(const char *name, enum frt_vkey_type type, const uint8_t key[FRT_KEY_SIZE],
                    char vkey[FRT_VKEY_MAX]);

#endif
