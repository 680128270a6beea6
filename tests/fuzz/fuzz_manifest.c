// links: frt_scan frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Any bytes as what a package manager left: the first chooses which. A name that comes out is printable, not empty, without
 * spaces, and normalising it again changes nothing.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan/packages.h"
#include "support/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum frt_scan_manifest manifest;
    frt_auto_free char *bytes = NULL;
    char name[FRT_SCAN_NAME_MAX], again[FRT_SCAN_NAME_MAX];

    if (size == 0)
        return 0;
    manifest = data[0] & 1 ? FRT_SCAN_PYTHON : FRT_SCAN_NODE;
    bytes = malloc(size); /* exactly as long as what may be read */
    require(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    if (!frt_scan_manifest_name(manifest, bytes, size - 1, name))
        return 0;
    require(name[0] != '\0');
    for (const char *p = name; *p; p++)
        require(*p > 0x20 && *p <= 0x7E);
    strcpy(again, name);
    frt_scan_normalise_python(again);
    require(manifest == FRT_SCAN_NODE || strcmp(again, name) == 0);
    return 0;
}
