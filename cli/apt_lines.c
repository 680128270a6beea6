/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/apt_lines.h"

#include <stddef.h>
#include <string.h>

#define WORDS 9

bool frt_apt_version_is_ours(const char *line)
{
    return strcmp(line, "VERSION 3") == 0;
}

static bool copy(char to[FRT_APT_WORD_MAX], const char *from)
{
    size_t length = strlen(from);

    if (length == 0 || length >= FRT_APT_WORD_MAX)
        return false;
    memcpy(to, from, length + 1);
    return true;
}

bool frt_apt_line_parse(char *line, struct frt_apt_step *ret_step)
{
    char *words[WORDS];
    char *rest = line;

    for (size_t i = 0; i < WORDS; i++) {
        words[i] = i + 1 < WORDS ? strsep(&rest, " ") : rest; /* a path may have spaces */
        if (!words[i])
            return false;
    }
    /* Not "**CONFIGURE**", "**REMOVE**" or "**ERROR**". */
    return words[WORDS - 1][0] == '/' && copy(ret_step->package, words[0]) &&
           copy(ret_step->version, words[5]);
}
