/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/percent.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c <= 0x7E && c != '"' && c != '\\' && c != '%';
}

size_t frt_percent_encode(const char *bytes, size_t length, char *buffer, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0, i;

    if (size == 0)
        return 0;
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        size_t need = is_plain(c) ? 1 : 3;

        if (used + need + 1 > size)
            break;
        if (need == 1) {
            buffer[used++] = (char)c;
        } else {
            buffer[used++] = '%';
            buffer[used++] = hex[c >> 4];
            buffer[used++] = hex[c & 15];
        }
    }
    buffer[used] = '\0';
    return i;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

long frt_percent_decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in; in++) {
        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        int high = digit(in[1]), low = high < 0 ? -1 : digit(in[2]);

        if (high < 0 || low < 0)
            return -1;
        *out++ = (char)(high << 4 | low);
        in += 2;
    }
    *out = '\0';
    return out - text;
}
