// links: frt_directory frt_decision frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Any bytes as an LDIF file. Either there is an error with file and line in plain text, or there is none and everything the
 * view says of itself is plain text.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/ldif.h"
#include "support/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_plain(const char *text)
{
    for (; *text; text++)
        require(*text >= 0x20 && *text <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct frt_view_layout layout = {.suffix = "dc=frt,dc=example"};
    frt_auto_free char *copy = malloc(size + !size);
    frt_auto_fclose FILE *stream = NULL;
    struct frt_view *view = NULL;
    char error[FRT_LDIF_ERROR_MAX];
    int r;

    if (size == 0) /* fmemopen(3) wants at least one byte */
        return 0;
    require(copy && frt_view_new(&layout, NULL, 0, &view) == 0);
    memcpy(copy, data, size);
    stream = fmemopen(copy, size, "r");
    require(stream != NULL);
    r = frt_ldif_load_stream(stream, "fuzz", view, error);
    require((r == 0) == (*error == '\0'));
    require(r == 0 || strncmp(error, "fuzz:", 5) == 0);
    require_plain(error);
    require_plain(frt_view_problem(view));
    for (size_t i = 0; frt_view_unreadable(view, i); i++)
        require_plain(frt_view_unreadable(view, i));
    frt_view_free(view);
    return 0;
}
