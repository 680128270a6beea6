// links: frt_apt_lines frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Any bytes as a line of apt's list. What comes out are two words of the line.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/apt_lines.h"
#include "support/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    frt_auto_free char *line = strndup((const char *)data, size), *copy = strndup((const char *)data, size);
    struct frt_apt_step step;

    require(line && copy);
    if (!frt_apt_line_parse(line, &step))
        return 0;
    require(step.package[0] && !strchr(step.package, ' ') &&
            strncmp(copy, step.package, strlen(step.package)) == 0);
    require(step.version[0] && !strchr(step.version, ' ') && strstr(copy, step.version));
    return 0;
}
