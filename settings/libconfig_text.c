/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings/libconfig_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/cleanup.h"
#include "support/file.h"

/* Line of the first @include directive; 0 when there is none. */
static unsigned find_include(const char *text)
{
    unsigned line = 1;

    while (text) {
        if (strncmp(text + strspn(text, " \t"), "@include", 8) == 0)
            return line;
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
        line++;
    }
    return 0;
}

/* Line of the first NUL byte; 0 when there is none. */
static unsigned find_nul(const char *text, size_t length)
{
    unsigned line = 1;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0')
            return line;
        line += text[i] == '\n';
    }
    return 0;
}

/* Bytes of a comment that begins at `text`; 0 when none does. */
static size_t comment_length(const char *text)
{
    const char *end;

    if (text[0] == '#' || strncmp(text, "//", 2) == 0)
        return strcspn(text, "\n");
    if (strncmp(text, "/*", 2) != 0)
        return 0;
    end = strstr(text + 2, "*/");
    return end ? (size_t)(end + 2 - text) : strlen(text);
}

static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '*' ||
           c == '-';
}

/* "4294967297", "0x100000001": libconfig 1.5 keeps 32 bits of it and says nothing. */
static bool is_long_number(const char *word, size_t length)
{
    bool hex = length > 2 && word[0] == '0' && (word[1] | 0x20) == 'x';
    size_t digits = 0;

    for (size_t i = hex ? 2 : word[0] == '-'; i < length && word[i] != 'L'; i++)
        digits += digits > 0 || word[i] != '0';
    return word[word[0] == '-'] >= '0' && word[word[0] == '-'] <= '9' && digits > (hex ? 7 : 9);
}

struct trouble {
    unsigned line; /* 0: none */
    const char *what;
};

/* Inside quotes, \x00 ends a text silently. Returns the bytes up to and with the closing quote. */
static size_t look_at_string(const char *text, unsigned line, struct trouble *ret_trouble)
{
    size_t i = 1;

    for (; text[i] && text[i] != '"'; i++) {
        line += text[i] == '\n';
        if (strncmp(text + i, "\\x00", 4) == 0)
            *ret_trouble = (struct trouble){line, "\\x00 in a text: expected a text without NUL bytes"};
        i += text[i] == '\\' && text[i + 1];
    }
    return text[i] ? i + 1 : i;
}

/* What libconfig would take for something else without a word. */
static struct trouble find_silent_change(const char *text)
{
    struct trouble trouble = {0, NULL};
    unsigned line = 1;

    while (*text && trouble.line == 0) {
        size_t length = comment_length(text);

        if (length == 0 && *text == '"')
            length = look_at_string(text, line, &trouble);
        if (length == 0) {
            while (is_name_byte(text[length]))
                length++;
            if (is_long_number(text, length))
                trouble = (struct trouble){line, "expected a whole number of at most nine digits"};
            length += length == 0;
        }
        for (; length > 0; length--, text++)
            line += *text == '\n';
    }
    return trouble;
}

int frt_config_read(const char *path, enum frt_file_trust trust, config_t *config, char **ret_text,
                    size_t *ret_length, char *error, size_t error_size)
{
    frt_auto_free char *text = NULL;
    struct trouble trouble;
    const char *what;
    size_t length;
    unsigned line;
    int r = frt_file_read(path, trust, FRT_CONFIG_TEXT_MAX, &text, &length, &what);

    if (r < 0) {
        snprintf(error, error_size, "%s: %s (%s)", path, what, strerror(-r));
        return r;
    }
    line = find_nul(text, length);
    if (line > 0) {
        snprintf(error, error_size, "%s:%u: holds a NUL byte: expected a text file", path, line);
        return -EINVAL;
    }
    line = find_include(text);
    if (line > 0) {
        snprintf(error, error_size, "%s:%u: @include is not supported: expected everything in one file", path,
                 line);
        return -EINVAL;
    }
    trouble = find_silent_change(text);
    if (trouble.line > 0) {
        snprintf(error, error_size, "%s:%u: %s", path, trouble.line, trouble.what);
        return -EINVAL;
    }
    if (config_read_string(config, text) != CONFIG_TRUE) {
        snprintf(error, error_size, "%s:%d: %s: expected libconfig syntax (key = value;)", path,
                 config_error_line(config), config_error_text(config));
        return -EINVAL;
    }
    if (ret_text) {
        *ret_text = frt_steal(&text);
        *ret_length = length;
    }
    return 0;
}

void frt_config_where(const char *path, const config_setting_t *setting, char *buffer, size_t size)
{
    const config_setting_t *parent = config_setting_parent(setting);
    const char *name = config_setting_name(setting);
    unsigned line = config_setting_source_line(setting);

    if (name || !parent)
        snprintf(buffer, size, "%s:%u: %s", path, line ? line : 1, name ? name : "(the file)");
    else
        snprintf(buffer, size, "%s:%u: %s[%d]", path, line,
                 config_setting_name(parent) ? config_setting_name(parent) : "",
                 config_setting_index(setting));
}

/* Length of the UTF-8 sequence at `u`, 0 when it is none (overlong forms, surrogates and beyond U+10FFFF
 * too). */
static size_t sequence_length(const unsigned char *u)
{
    size_t n = u[0] < 0x80                   ? 1
               : u[0] >= 0xC2 && u[0] < 0xE0 ? 2
               : (u[0] & 0xF0) == 0xE0       ? 3
               : u[0] >= 0xF0 && u[0] < 0xF5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++)
        if ((u[i] & 0xC0) != 0x80)
            return 0;
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F) || (u[0] == 0xF0 && u[1] < 0x90) ||
        (u[0] == 0xF4 && u[1] > 0x8F))
        return 0;
    return n;
}

/* U+061C, U+200E/F, U+2028 to U+202E, U+2066 to U+2069 make text read as something else; no answer may carry them
 * (protocol/message.h), so a text with one could never be told to anybody. */
static bool turns_direction(const unsigned char *u)
{
    if (u[0] == 0xD8 && u[1] == 0x9C)
        return true;
    if (u[0] != 0xE2)
        return false;
    return (u[1] == 0x80 && (u[2] == 0x8E || u[2] == 0x8F || (u[2] >= 0xA8 && u[2] <= 0xAE))) ||
           (u[1] == 0x81 && u[2] >= 0xA6 && u[2] <= 0xA9);
}

bool frt_config_text_is_clean(const char *text)
{
    const unsigned char *u = (const unsigned char *)text;

    while (*u) {
        size_t n = sequence_length(u);

        if (n == 0 || *u < 0x20 || *u == 0x7F || (u[0] == 0xC2 && u[1] < 0xA0) || turns_direction(u))
            return false;
        u += n;
    }
    return true;
}
