/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/name.h"

#include <string.h>

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool frt_name_is_canonical(const char *bytes, size_t length)
{
    if (length == 0 || length > FRT_LOGIN_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];

        if (is_lower(c) || c == '_')
            continue;
        if (i > 0 && (is_digit(c) || c == '.' || c == '-'))
            continue;
        return false;
    }
    return true;
}

/* U+FF01..U+FF5E, the full-width forms of 0x21..0x7E, are EF BC 81..BF and EF BD 80..9E in UTF-8. */
static bool narrow_full_width(const unsigned char *u, size_t left, char *ret_c)
{
    if (left < 3 || u[0] != 0xEF)
        return false;
    if (u[1] == 0xBC && u[2] >= 0x81 && u[2] <= 0xBF)
        *ret_c = (char)(u[2] - 0x81 + 0x21);
    else if (u[1] == 0xBD && u[2] >= 0x80 && u[2] <= 0x9E)
        *ret_c = (char)(u[2] - 0x80 + 0x60);
    else
        return false;
    return true;
}

void frt_name_fold(const char *bytes, size_t length, char *buffer, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < size; i++) {
        const unsigned char *u = (const unsigned char *)bytes + i;
        char c = bytes[i];

        if (narrow_full_width(u, length - i, &c))
            i += 2;
        else if (c == ' ' || c == '\t')
            continue;
        else if (u[0] == 0xC2 && i + 1 < length && u[1] == 0xA0) { /* no-break space */
            i++;
            continue;
        }
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        buffer[used++] = c;
    }
    if (size > 0)
        buffer[used] = '\0';
}

bool frt_identifier_is_valid(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > 63)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'))
            continue;
        if (i > 0 && strchr("_.:+-", c))
            continue;
        return false;
    }
    return true;
}
