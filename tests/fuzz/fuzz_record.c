// links: frt_trail
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One line of a trail: as a record, then as a seal. What is accepted must be found again and say the same.
 */
#include <stdlib.h>
#include <string.h>

#include "trail/record.h"
#include "trail/seal.h"

static void walk(const struct frt_record_view *view)
{
    struct frt_record_field field, found;
    struct frt_record_void voids[4];
    char text[FRT_RECORD_MAX], key[FRT_RECORD_KEY_MAX + 1];
    size_t at = view->body;

    while (frt_record_next_field(view, &at, &field)) {
        memcpy(key, field.key, field.key_length);
        key[field.key_length] = '\0';
        if (!frt_record_find(view, key, &found) || found.value != field.value)
            abort();
        if (field.type == FRT_FIELD_TEXT && frt_record_get_text(view, key, text, sizeof(text)) < 0)
            abort();
    }
    if (at + 1 != view->length || !frt_record_find(view, "p", &found) || !frt_record_find(view, "k", &found))
        abort();
    frt_record_get_voids(view, voids, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* A copy of the exact size, so that reading on past the end is noticed. */
    char *line = malloc(size ? size : 1), again[FRT_SEAL_MAX];
    struct frt_record_view view;
    struct frt_seal seal;
    const char *what = NULL;

    if (!line)
        return 0;
    if (size)
        memcpy(line, bytes, size);
    if (frt_record_parse(line, size, &view, &what) == 0)
        walk(&view);
    else if (!what)
        abort();
    if (frt_seal_parse(line, size, &seal) &&
        (frt_seal_format(&seal, again) != size + 1 || memcmp(line, again, size) != 0))
        abort(); /* two spellings of one seal */
    free(line);
    return 0;
}
