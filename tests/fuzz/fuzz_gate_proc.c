// links: frt_gate_parts
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * /proc/PID/status and mountinfo: names in them are chosen by anybody.
 */
#include <stdlib.h>
#include <string.h>

#include "gate/opener.h"
#include "gate/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frt_opener_status status;
    struct frt_mount mount;
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (frt_opener_status_parse(text, size, &status) == 0 &&
        (status.tgid <= 0 || !memchr(status.comm, 0, 20)))
        abort();
    if (frt_mount_parse(text, size, &mount) == 0 &&
        (!memchr(mount.path, 0, sizeof(mount.path)) || !mount.path[0]))
        abort();
    free(text);
    return 0;
}
