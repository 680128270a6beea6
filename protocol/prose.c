/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol/message.h"

/* Length of the UTF-8 sequence at `s` (RFC 3629 section 4), 0 when it is not one; `*ret_c` is the character.
 */
static size_t next_character(const unsigned char *s, size_t length, uint32_t *ret_c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));

    if (n == 0 || n > length)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *ret_c = c;
    return n;
}

/* Controls move a terminal's cursor; marks and overrides of writing direction make text read as something
 * else. */
static bool is_harmless(uint32_t c, bool lines)
{
    if (c == '\n')
        return lines;
    if (c < 0x20 || (c >= 0x7F && c < 0xA0))
        return false;
    return !(c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
             (c >= 0x2066 && c <= 0x2069));
}

bool frt_prose_is_clean(const char *bytes, size_t length, bool lines)
{
    const unsigned char *s = (const unsigned char *)bytes;

    while (length > 0) {
        uint32_t c = 0;
        size_t n = next_character(s, length, &c);

        if (n == 0 || !is_harmless(c, lines))
            return false;
        s += n;
        length -= n;
    }
    return true;
}
