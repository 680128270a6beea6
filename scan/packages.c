/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/packages.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "support/cleanup.h"

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);

    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

enum frt_scan_manifest frt_scan_manifest_of(const char *path)
{
    if (ends_with(path, ".dist-info/METADATA") || ends_with(path, ".egg-info/PKG-INFO") ||
        ends_with(path, ".egg-info"))
        return FRT_SCAN_PYTHON;
    return ends_with(path, "/package.json") ? FRT_SCAN_NODE : FRT_SCAN_NO_MANIFEST;
}

const char *frt_scan_manifest_system(enum frt_scan_manifest manifest)
{
    return manifest == FRT_SCAN_PYTHON ? "pypi" : "npm";
}

void frt_scan_normalise_python(char *name)
{
    char *to = name;

    for (const char *from = name; *from; from++) {
        if (!strchr("-_.", *from))
            *to++ = (char)tolower((unsigned char)*from);
        else if (to == name || to[-1] != '-')
            *to++ = '-';
    }
    *to = '\0';
}

static bool take_name(const char *bytes, size_t length, char ret_name[FRT_SCAN_NAME_MAX])
{
    while (length > 0 && (bytes[length - 1] == '\r' || bytes[length - 1] == ' ' || bytes[length - 1] == '\t'))
        length--;
    if (length == 0 || length >= FRT_SCAN_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= 0x20 || bytes[i] > 0x7E)
            return false;
    memcpy(ret_name, bytes, length);
    ret_name[length] = '\0';
    return true;
}

/* The header "Name:" before the first empty line (RFC 822 style, PEP 566); header names in any case. */
static bool python_name(const char *bytes, size_t length, char ret_name[FRT_SCAN_NAME_MAX])
{
    const char *end = bytes + length;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes)), *stop = newline ? newline : end;

        if (stop == bytes || (stop == bytes + 1 && bytes[0] == '\r'))
            return false;
        if (stop - bytes > 5 && strncasecmp(bytes, "Name:", 5) == 0) {
            for (bytes += 5; bytes < stop && (*bytes == ' ' || *bytes == '\t');)
                bytes++;
            if (!take_name(bytes, (size_t)(stop - bytes), ret_name))
                return false;
            frt_scan_normalise_python(ret_name);
            return true;
        }
        bytes = stop + 1;
    }
    return false;
}

static bool node_name(const char *bytes, size_t length, char ret_name[FRT_SCAN_NAME_MAX])
{
    json_t *object = json_loadb(bytes, length, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    const json_t *name = json_object_get(object, "name");
    bool found =
        json_is_string(name) && take_name(json_string_value(name), json_string_length(name), ret_name);

    json_decref(object);
    return found;
}

bool frt_scan_manifest_name(enum frt_scan_manifest manifest, const char *bytes, size_t length,
                            char ret_name[FRT_SCAN_NAME_MAX])
{
    switch (manifest) {
    case FRT_SCAN_PYTHON:
        return python_name(bytes, length, ret_name);
    case FRT_SCAN_NODE:
        return node_name(bytes, length, ret_name);
    case FRT_SCAN_NO_MANIFEST:
        return false;
    }
    return false;
}
