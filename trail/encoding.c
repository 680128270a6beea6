/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/encoding.h"

#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void frt_hex_format(const uint8_t *bytes, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool frt_hex_parse(const char *text, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void frt_base64_format(const uint8_t *bytes, size_t length, char *text)
{
    for (size_t i = 0; i < length; i += 3) {
        uint32_t word = (uint32_t)bytes[i] << 16;

        word |= i + 1 < length ? (uint32_t)bytes[i + 1] << 8 : 0;
        word |= i + 2 < length ? bytes[i + 2] : 0;
        *text++ = base64_digits[word >> 18];
        *text++ = base64_digits[word >> 12 & 63];
        *text++ = i + 1 < length ? base64_digits[word >> 6 & 63] : '=';
        *text++ = i + 2 < length ? base64_digits[word & 63] : '=';
    }
    *text = '\0';
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool frt_base64_parse(const char *text, size_t text_length, uint8_t *bytes, size_t length)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t used = 0, i;

    if (text_length != FRT_BASE64_LENGTH(length))
        return false;
    for (i = 0; used < length; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[used++] = (uint8_t)(bits >> held);
            bits &= (1U << held) - 1;
        }
    }
    if (bits != 0)
        return false;
    for (; i < text_length; i++)
        if (text[i] != '=')
            return false;
    return true;
}

size_t frt_decimal_parse(const char *text, size_t length, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0;

    for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
        unsigned digit = (unsigned)(text[i] - '0');

        if ((i == 1 && value == 0) || value > (max - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    if (i > 0)
        *ret_value = value;
    return i;
}
