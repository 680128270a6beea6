/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/documents.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "support/file.h"
#include "trail/encoding.h"
#include "trail/sha256.h"

#define DOCUMENT_MAX (32u << 20)

int frt_document_read(const char *folder, const char *hex, char **ret_bytes, size_t *ret_length)
{
    frt_auto_free char *bytes = NULL;
    char path[4200], found[2 * FRT_HASH_SIZE + 1];
    uint8_t hash[FRT_HASH_SIZE];
    struct frt_sha256 hasher;
    size_t length = 0;
    const char *what = "";

    if (!folder || strlen(hex) != 2 * FRT_HASH_SIZE || strspn(hex, "0123456789abcdef") != 2 * FRT_HASH_SIZE ||
        (size_t)snprintf(path, sizeof(path), "%s/%s", folder, hex) >= sizeof(path))
        return -ENOENT;
    if (frt_file_read(path, FRT_FILE_ANY, DOCUMENT_MAX, &bytes, &length, &what) < 0) {
        bytes = NULL;
        return -ENOENT;
    }
    if (frt_sha256_init(&hasher) < 0)
        return -ENOMEM;
    frt_sha256_digest(&hasher, bytes, length, hash);
    frt_sha256_clear(&hasher);
    frt_hex_format(hash, sizeof(hash), found);
    if (strcmp(found, hex) != 0)
        return -EBADMSG;
    *ret_bytes = frt_steal(&bytes);
    *ret_length = length;
    return 0;
}
