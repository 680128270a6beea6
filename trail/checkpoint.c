/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trail/encoding.h"

#define DASH        "\xe2\x80\x94 " /* em dash, space: begins each signature line */
#define KEY_ID_SIZE 4
#define TIME_SIZE   8

struct vkey {
    char name[FRT_ORIGIN_MAX + 1];
    uint8_t id[KEY_ID_SIZE];
    uint8_t type;
    uint8_t key[FRT_KEY_SIZE];
};

/* Signed-note key names: no spaces, no plus sign. */
static bool is_name(const char *name)
{
    return frt_origin_is_valid(name) && !strchr(name, '+');
}

static int id_of(const char *name, uint8_t type, const uint8_t key[FRT_KEY_SIZE], uint8_t id[KEY_ID_SIZE])
{
    uint8_t hash[FRT_HASH_SIZE];
    struct frt_sha256 hasher;
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return r;
    frt_sha256_begin(&hasher);
    frt_sha256_add(&hasher, name, strlen(name));
    frt_sha256_add(&hasher, "\n", 1);
    frt_sha256_add(&hasher, &type, 1);
    frt_sha256_add(&hasher, key, FRT_KEY_SIZE);
    frt_sha256_end(&hasher, hash);
    memcpy(id, hash, KEY_ID_SIZE);
    r = hasher.failed ? -EIO : 0;
    frt_sha256_clear(&hasher);
    return r;
}

int frt_vkey_format(const char *name, enum frt_vkey_type type, const uint8_t key[FRT_KEY_SIZE],
                    char vkey[FRT_VKEY_MAX])
{
    uint8_t bytes[1 + FRT_KEY_SIZE], id[KEY_ID_SIZE];
    char hex[2 * KEY_ID_SIZE + 1], text[FRT_BASE64_LENGTH(sizeof(bytes)) + 1];
    int r;

    if (!is_name(name))
        return -EINVAL;
    bytes[0] = (uint8_t)type;
    memcpy(bytes + 1, key, FRT_KEY_SIZE);
    r = id_of(name, bytes[0], key, id);
    if (r < 0)
        return r;
    frt_hex_format(id, sizeof(id), hex);
    frt_base64_format(bytes, sizeof(bytes), text);
    snprintf(vkey, FRT_VKEY_MAX, "%s+%s+%s", name, hex, text);
    return 0;
}

static bool parse_vkey(const char *text, struct vkey *ret_vkey)
{
    const char *plus = strchr(text, '+');
    uint8_t bytes[1 + FRT_KEY_SIZE], id[KEY_ID_SIZE];
    size_t length = plus ? (size_t)(plus - text) : 0;

    if (length == 0 || length > FRT_ORIGIN_MAX)
        return false;
    memcpy(ret_vkey->name, text, length);
    ret_vkey->name[length] = '\0';
    if (!is_name(ret_vkey->name) ||
        strlen(plus) != 1 + 2 * KEY_ID_SIZE + 1 + FRT_BASE64_LENGTH(sizeof(bytes)))
        return false;
    if (!frt_hex_parse(plus + 1, ret_vkey->id, KEY_ID_SIZE) || plus[1 + 2 * KEY_ID_SIZE] != '+' ||
        !frt_base64_parse(plus + 2 + 2 * KEY_ID_SIZE, FRT_BASE64_LENGTH(sizeof(bytes)), bytes, sizeof(bytes)))
        return false;
    ret_vkey->type = bytes[0];
    memcpy(ret_vkey->key, bytes + 1, FRT_KEY_SIZE);
    return (ret_vkey->type == FRT_VKEY_ED25519 || ret_vkey->type == FRT_VKEY_COSIGNATURE) &&
           id_of(ret_vkey->name, ret_vkey->type, ret_vkey->key, id) == 0 &&
           memcmp(id, ret_vkey->id, KEY_ID_SIZE) == 0;
}

/* Cuts the next line off; false without a line feed. */
static bool next_line(const char **at, const char *end, const char **ret_line, size_t *ret_length)
{
    const char *feed = memchr(*at, '\n', (size_t)(end - *at));

    if (!feed)
        return false;
    *ret_line = *at;
    *ret_length = (size_t)(feed - *at);
    *at = feed + 1;
    return true;
}

static bool parse_body(const char **at, const char *end, struct frt_checkpoint *checkpoint)
{
    const char *line;
    size_t length;

    if (!next_line(at, end, &line, &length) || length == 0 || length > FRT_ORIGIN_MAX)
        return false;
    memcpy(checkpoint->origin, line, length);
    checkpoint->origin[length] = '\0';
    if (strlen(checkpoint->origin) != length || !is_name(checkpoint->origin))
        return false;
    if (!next_line(at, end, &line, &length) ||
        frt_decimal_parse(line, length, UINT64_C(1) << 53, &checkpoint->size) != length || length == 0)
        return false;
    return next_line(at, end, &line, &length) &&
           frt_base64_parse(line, length, checkpoint->root, sizeof(checkpoint->root));
}

/* A signature line: dash, name without spaces, base64. Its bytes are not looked at. */
static bool is_signature_line(const char *line, size_t length)
{
    const char *name = line + sizeof(DASH) - 1, *space;
    size_t left;

    if (length < sizeof(DASH) || memcmp(line, DASH, sizeof(DASH) - 1) != 0)
        return false;
    left = length - (sizeof(DASH) - 1);
    space = memchr(name, ' ', left);
    return space && space > name && space + 1 < line + length;
}

size_t frt_checkpoint_length(const char *text, size_t length)
{
    const char *gap = memmem(text, length, "\n\n", 2), *at = gap ? gap + 2 : NULL, *end = text + length,
               *line;
    size_t note = 0, line_length;

    while (at && next_line(&at, end, &line, &line_length) && is_signature_line(line, line_length))
        note = (size_t)(at - text);
    return note;
}

int frt_checkpoint_parse(const char *note, size_t length, struct frt_checkpoint *ret_checkpoint)
{
    const char *at = note, *end = note + length, *line;
    size_t line_length, signatures = 0;

    if (length > FRT_CHECKPOINT_MAX || memchr(note, '\0', length))
        return -EBADMSG;
    memset(ret_checkpoint, 0, sizeof(*ret_checkpoint));
    if (!parse_body(&at, end, ret_checkpoint))
        return -EBADMSG;
    ret_checkpoint->body_length = (size_t)(at - note);
    if (!next_line(&at, end, &line, &line_length) || line_length != 0)
        return -EBADMSG;
    for (; at < end; signatures++)
        if (!next_line(&at, end, &line, &line_length) || !is_signature_line(line, line_length))
            return -EBADMSG;
    return signatures > 0 ? 0 : -EBADMSG;
}

static size_t cosigned_message(const char *body, size_t length, int64_t time_s, char *message, size_t size)
{
    int n = snprintf(message, size, "cosignature/v1\ntime %" PRId64 "\n", time_s);

    if (n < 0 || (size_t)n + length > size)
        return 0;
    memcpy(message + n, body, length);
    return (size_t)n + length;
}

static bool is_valid_cosignature(const char *body, size_t length, const uint8_t *bytes,
                                 const struct vkey *vkey)
{
    char message[FRT_ORIGIN_MAX + 192];
    uint64_t time_s = 0;
    size_t used;

    for (unsigned i = 0; i < TIME_SIZE; i++)
        time_s = time_s << 8 | bytes[i];
    if (time_s > INT64_MAX)
        return false;
    used = cosigned_message(body, length, (int64_t)time_s, message, sizeof(message));
    return used > 0 && frt_ed25519_is_valid(vkey->key, message, used, bytes + TIME_SIZE);
}

/* `line` is a signature line; false for another's, too. */
static bool is_valid_line(const char *body, size_t body_length, const char *line, size_t length,
                          const struct vkey *vkey)
{
    uint8_t bytes[KEY_ID_SIZE + TIME_SIZE + FRT_SIGNATURE_SIZE];
    const char *name = line + sizeof(DASH) - 1;
    size_t name_length = strlen(vkey->name), head = sizeof(DASH) - 1 + name_length + 1;
    size_t size = KEY_ID_SIZE + FRT_SIGNATURE_SIZE + (vkey->type == FRT_VKEY_COSIGNATURE ? TIME_SIZE : 0);

    if (length <= head || memcmp(name, vkey->name, name_length) != 0 || name[name_length] != ' ')
        return false;
    if (!frt_base64_parse(line + head, length - head, bytes, size) ||
        memcmp(bytes, vkey->id, KEY_ID_SIZE) != 0)
        return false;
    if (vkey->type == FRT_VKEY_COSIGNATURE)
        return is_valid_cosignature(body, body_length, bytes + KEY_ID_SIZE, vkey);
    return frt_ed25519_is_valid(vkey->key, body, body_length, bytes + KEY_ID_SIZE);
}

bool frt_checkpoint_is_signed_by(const char *note, size_t length, const char *vkey)
{
    struct frt_checkpoint checkpoint;
    struct vkey key;
    const char *at, *line;
    size_t line_length;

    if (frt_checkpoint_parse(note, length, &checkpoint) < 0 || !parse_vkey(vkey, &key))
        return false;
    at = note + checkpoint.body_length + 1;
    while (next_line(&at, note + length, &line, &line_length))
        if (is_valid_line(note, checkpoint.body_length, line, line_length, &key))
            return true;
    return false;
}

long frt_checkpoint_sign(const struct frt_checkpoint *checkpoint, const struct frt_key_pair *key, char *note,
                         size_t size)
{
    uint8_t bytes[KEY_ID_SIZE + FRT_SIGNATURE_SIZE];
    char root[FRT_BASE64_LENGTH(FRT_HASH_SIZE) + 1], text[FRT_BASE64_LENGTH(sizeof(bytes)) + 1];
    int body, tail, r;

    if (!is_name(checkpoint->origin))
        return -EINVAL;
    frt_base64_format(checkpoint->root, FRT_HASH_SIZE, root);
    body = snprintf(note, size, "%s\n%" PRIu64 "\n%s\n", checkpoint->origin, checkpoint->size, root);
    if (body < 0 || (size_t)body >= size)
        return -ENOSPC;
    r = id_of(checkpoint->origin, FRT_VKEY_ED25519, key->public_key, bytes);
    if (r == 0)
        r = frt_ed25519_sign(key, note, (size_t)body, bytes + KEY_ID_SIZE);
    if (r < 0)
        return r;
    frt_base64_format(bytes, sizeof(bytes), text);
    tail = snprintf(note + body, size - (size_t)body, "\n" DASH "%s %s\n", checkpoint->origin, text);
    return tail < 0 || (size_t)(body + tail) >= size ? -ENOSPC : body + tail;
}

long frt_checkpoint_cosign(const char *note, size_t length, const char *witness,
                           const struct frt_key_pair *key, int64_t time_s, char *line, size_t size)
{
    uint8_t bytes[KEY_ID_SIZE + TIME_SIZE + FRT_SIGNATURE_SIZE];
    char text[FRT_BASE64_LENGTH(sizeof(bytes)) + 1], message[FRT_ORIGIN_MAX + 192];
    struct frt_checkpoint checkpoint;
    size_t used;
    int r = frt_checkpoint_parse(note, length, &checkpoint), n;

    if (r < 0)
        return r;
    if (!is_name(witness) || time_s < 0)
        return -EINVAL;
    used = cosigned_message(note, checkpoint.body_length, time_s, message, sizeof(message));
    for (unsigned i = 0; i < TIME_SIZE; i++)
        bytes[KEY_ID_SIZE + i] = (uint8_t)(time_s >> (56 - 8 * i));
    r = id_of(witness, FRT_VKEY_COSIGNATURE, key->public_key, bytes);
    if (r == 0)
        r = frt_ed25519_sign(key, message, used, bytes + KEY_ID_SIZE + TIME_SIZE);
    if (r < 0)
        return r;
    frt_base64_format(bytes, sizeof(bytes), text);
    n = snprintf(line, size, DASH "%s %s\n", witness, text);
    return n < 0 || (size_t)n >= size ? -ENOSPC : n;
}
