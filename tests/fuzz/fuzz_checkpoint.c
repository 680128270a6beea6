// links: frt_trail
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A checkpoint note. A key that signed nothing must never be found to have signed.
 */
#include <stdlib.h>
#include <string.h>

#include "trail/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    char *note = malloc(size + 1);
    struct frt_checkpoint checkpoint;
    struct frt_key_pair key;
    uint8_t seed[FRT_KEY_SIZE] = {1};
    char signed_note[4096];

    if (!note)
        return 0;
    if (size)
        memcpy(note, bytes, size);
    note[size] = '\0';
    if (frt_checkpoint_is_signed_by(note, size, vkey))
        abort();
    (void)frt_checkpoint_is_signed_by(signed_note, 0, note); /* as a key */
    if (frt_checkpoint_parse(note, size, &checkpoint) == 0 && frt_key_pair_from_seed(seed, &key) == 0) {
        long length = frt_checkpoint_sign(&checkpoint, &key, signed_note, sizeof(signed_note));

        /* What was parsed says the same when written again. */
        if (length < 0 || memcmp(signed_note, note, checkpoint.body_length) != 0)
            abort();
    }
    if (frt_checkpoint_length(note, size) > size)
        abort();
    if (frt_checkpoint_parse(note, size, &checkpoint) == 0 && frt_checkpoint_length(note, size) != size)
        abort(); /* a note alone is all of its text */
    free(note);
    return 0;
}
