// links: frt_replica
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values of content synchronisation's controls and messages, and a certificate, as a server might send them.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/replica_certificate.h"
#include "directory/replica_controls.h"
#include "directory/replica_csn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(const struct berval *part, const char *bytes, size_t size)
{
    return !part->bv_val || (part->bv_val >= bytes && part->bv_val + part->bv_len <= bytes + size);
}

static void try_cookies(const char *text)
{
    const char *half = text + strlen(text) / 2;

    if (frt_csn_covers(frt_csn_of_cookie(text), half) && frt_csn_went_back(half, frt_csn_of_cookie(text)))
        abort(); /* the same or later, and earlier */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    struct berval value = {size, copy};
    struct frt_sync_state state;
    struct frt_sync_info info;

    memcpy(copy, data, size);
    copy[size] = '\0';
    if (frt_sync_state_parse(&value, &state) == 0 && !inside(&state.cookie, copy, size))
        abort();
    if (frt_sync_info_parse(&value, &info) == 0) {
        if (!inside(&info.cookie, copy, size) || info.uuid_count * 18 > size)
            abort();
        frt_sync_info_clear(&info);
    }
    try_cookies(copy);
    frt_certificate_objection(data, size, "127.0.0.1", 1700000000);
    free(copy);
    return 0;
}
