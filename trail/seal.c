/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trail/encoding.h"

#define MESSAGE_MAX (FRT_ORIGIN_MAX + 192)
#define NUMBER_MAX  (UINT64_C(1) << 53)

bool frt_origin_is_valid(const char *origin)
{
    size_t length = strnlen(origin, FRT_ORIGIN_MAX + 1);

    for (size_t i = 0; i < length; i++)
        if (origin[i] <= 0x20 || origin[i] > 0x7E)
            return false;
    return length > 0 && length <= FRT_ORIGIN_MAX;
}

static size_t message_of(const struct frt_seal *seal, const char *origin, char message[MESSAGE_MAX])
{
    char root[FRT_BASE64_LENGTH(FRT_HASH_SIZE) + 1], next[FRT_BASE64_LENGTH(FRT_KEY_SIZE) + 1];

    frt_base64_format(seal->root, FRT_HASH_SIZE, root);
    frt_base64_format(seal->next_key, FRT_KEY_SIZE, next);
    return (size_t)snprintf(message, MESSAGE_MAX, "frt-seal/v1\n%.*s\n%" PRIu64 "\n%" PRIu64 "\n%s\n%s\n",
                            FRT_ORIGIN_MAX, origin, seal->index, seal->records, root, next);
}

int frt_seal_sign(struct frt_seal *seal, const char *origin, const struct frt_key_pair *key)
{
    char message[MESSAGE_MAX];

    return frt_ed25519_sign(key, message, message_of(seal, origin, message), seal->signature);
}

bool frt_seal_is_signed_by(const struct frt_seal *seal, const char *origin, const uint8_t key[FRT_KEY_SIZE])
{
    char message[MESSAGE_MAX];

    return frt_ed25519_is_valid(key, message, message_of(seal, origin, message), seal->signature);
}

size_t frt_seal_format(const struct frt_seal *seal, char line[FRT_SEAL_MAX])
{
    char root[FRT_BASE64_LENGTH(FRT_HASH_SIZE) + 1], next[FRT_BASE64_LENGTH(FRT_KEY_SIZE) + 1];
    char signature[FRT_BASE64_LENGTH(FRT_SIGNATURE_SIZE) + 1];

    frt_base64_format(seal->root, FRT_HASH_SIZE, root);
    frt_base64_format(seal->next_key, FRT_KEY_SIZE, next);
    frt_base64_format(seal->signature, FRT_SIGNATURE_SIZE, signature);
    return (size_t)snprintf(line, FRT_SEAL_MAX, "!seal %" PRIu64 " %" PRIu64 " %s %s %s\n", seal->index,
                            seal->records, root, next, signature);
}

struct cursor {
    const char *at;
    size_t left;
};

static bool take_number(struct cursor *cursor, uint64_t *ret_value)
{
    size_t used = frt_decimal_parse(cursor->at, cursor->left, NUMBER_MAX, ret_value);

    if (used == 0 || used >= cursor->left || cursor->at[used] != ' ')
        return false;
    cursor->at += used + 1;
    cursor->left -= used + 1;
    return true;
}

static bool take_bytes(struct cursor *cursor, uint8_t *bytes, size_t length, bool last)
{
    size_t text = FRT_BASE64_LENGTH(length);

    if (last ? cursor->left != text : cursor->left <= text || cursor->at[text] != ' ')
        return false;
    if (!frt_base64_parse(cursor->at, text, bytes, length))
        return false;
    cursor->at += text + !last;
    cursor->left -= text + !last;
    return true;
}

bool frt_seal_parse(const char *line, size_t length, struct frt_seal *ret_seal)
{
    static const char tag[] = "!seal ";
    struct cursor cursor = {line + sizeof(tag) - 1, length - (sizeof(tag) - 1)};

    if (length < sizeof(tag) || memcmp(line, tag, sizeof(tag) - 1) != 0)
        return false;
    return take_number(&cursor, &ret_seal->index) && take_number(&cursor, &ret_seal->records) &&
           take_bytes(&cursor, ret_seal->root, FRT_HASH_SIZE, false) &&
           take_bytes(&cursor, ret_seal->next_key, FRT_KEY_SIZE, false) &&
           take_bytes(&cursor, ret_seal->signature, FRT_SIGNATURE_SIZE, true);
}
