/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/view_dn.h"

#include <errno.h>
#include <ldap.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"

#define MAX_AVAS 16

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/* Stands for itself in a value. */
static bool is_plain(char c)
{
    return is_alnum(c) || (c && strchr(" ._@:/-", c));
}

/* Appends a type as it is compared; false when it is none. */
static bool put_type(char **out, const char *type, size_t length)
{
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_alnum(type[i]) && !strchr(".-", type[i]))
            return false;
        *(*out)++ = lower(type[i]);
    }
    *(*out)++ = '=';
    return true;
}

/* Appends a value as it is compared; false when nothing is left of it. */
static bool put_value(char **out, const char *value, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    char *start = *out;

    for (size_t i = 0; i < length; i++) {
        if (value[i] == ' ' && (*out == start || (*out)[-1] == ' '))
            continue;
        if (is_plain(value[i])) {
            *(*out)++ = lower(value[i]);
            continue;
        }
        *(*out)++ = '\\';
        *(*out)++ = hex[(unsigned char)value[i] >> 4];
        *(*out)++ = hex[(unsigned char)value[i] & 15];
    }
    if (*out > start && (*out)[-1] == ' ')
        (*out)--;
    return *out > start;
}

static size_t skip_spaces(const char *bytes, size_t length, size_t i)
{
    while (i < length && bytes[i] == ' ')
        i++;
    return i;
}

/* The usual DN, without any escape: many times faster than building libldap's tree, which groups of 100,000 members
 * would feel. False when the DN is not of that kind. */
static bool normalise_simple(const char *dn, size_t length, char *out)
{
    size_t i = 0;

    for (;;) {
        size_t start;

        i = start = skip_spaces(dn, length, i);
        while (i < length && dn[i] != '=' && dn[i] != ' ')
            i++;
        if (!put_type(&out, dn + start, i - start))
            return false;
        if (i >= length || dn[i] != '=')
            return false;
        start = ++i;
        while (i < length && dn[i] != ',') {
            if (!is_plain(dn[i]))
                return false;
            i++;
        }
        if (!put_value(&out, dn + start, i - start))
            return false;
        if (i >= length)
            break;
        *out++ = ',';
        i++;
    }
    *out = '\0';
    return true;
}

static int compare_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

/* One AVA as fresh text. */
static int ava_text(const LDAPAVA *ava, char **ret_text)
{
    char *text = malloc(ava->la_attr.bv_len + 1 + ava->la_value.bv_len * 3 + 2), *out = text;

    if (!text)
        return -ENOMEM;
    if (!put_type(&out, ava->la_attr.bv_val, ava->la_attr.bv_len)) {
        free(text);
        return -EINVAL;
    }
    if (ava->la_flags & LDAP_AVA_BINARY)
        *out++ = '#';
    (void)put_value(&out, ava->la_value.bv_val, ava->la_value.bv_len); /* may be empty */
    *out = '\0';
    *ret_text = text;
    return 0;
}

/* Appends one RDN, its AVAs in order of their text. */
static int put_rdn(char **out, LDAPRDN rdn)
{
    char *texts[MAX_AVAS];
    size_t count = 0;
    int r = 0;

    while (rdn[count] && r == 0) {
        if (count == MAX_AVAS)
            r = -EINVAL;
        else if ((r = ava_text(rdn[count], &texts[count])) == 0)
            count++;
    }
    if (r == 0 && count == 0)
        r = -EINVAL;
    if (r == 0)
        qsort(texts, count, sizeof(texts[0]), compare_text);
    for (size_t i = 0; i < count; i++) {
        if (r == 0) {
            if (i > 0)
                *(*out)++ = '+';
            *out = stpcpy(*out, texts[i]);
        }
        free(texts[i]);
    }
    return r;
}

static int normalise_any(const char *dn, size_t length, char *out)
{
    struct berval bv = {.bv_len = length};
    LDAPDN tree = NULL;
    int r;

    bv.bv_val = strndup(dn, length);
    if (!bv.bv_val)
        return -ENOMEM;
    r = ldap_bv2dn(&bv, &tree, LDAP_DN_FORMAT_LDAPV3);
    free(bv.bv_val);
    if (r != LDAP_SUCCESS)
        return r == LDAP_NO_MEMORY ? -ENOMEM : -EINVAL;
    r = tree && tree[0] ? 0 : -EINVAL;
    for (size_t i = 0; r == 0 && tree[i]; i++) {
        if (i > 0)
            *out++ = ',';
        r = put_rdn(&out, tree[i]);
    }
    *out = '\0';
    ldap_dnfree(tree);
    return r;
}

int frt_dn_normalise(const char *dn, size_t length, char **ret_dn)
{
    frt_auto_free char *text = NULL;
    int r;

    if (length == 0 || memchr(dn, '\0', length))
        return -EINVAL;
    /* Each byte of a value becomes three at most, and each separator stays one. */
    text = malloc(length * 3 + 3);
    if (!text)
        return -ENOMEM;
    if (!normalise_simple(dn, length, text)) {
        r = normalise_any(dn, length, text);
        if (r < 0)
            return r;
    }
    *ret_dn = frt_steal(&text);
    return 0;
}

const char *frt_dn_parent(const char *normalised)
{
    const char *comma = strchr(normalised, ',');

    return comma ? comma + 1 : "";
}

static bool has_wide_bytes(const char *normalised)
{
    for (const char *p = strchr(normalised, '\\'); p; p = strchr(p + 1, '\\')) {
        if (p[1] >= '8')
            return true;
    }
    return false;
}

bool frt_dn_may_be_another(const char *normalised)
{
    const char *value = strchr(normalised, '=');

    if (!value || value[1] == '#' || (normalised[0] >= '0' && normalised[0] <= '9'))
        return true;
    return strncmp(normalised, "userid=", 7) == 0 || has_wide_bytes(normalised);
}

void frt_dn_uuid(const char *normalised, uint8_t ret_uuid[16])
{
    /* FNV-1a, 128 bits: offset basis 0x6c62272e07bb014262b821756295c58d, prime 2^88 + 0x13b. */
    __extension__ unsigned __int128 hash = ((unsigned __int128)0x6c62272e07bb0142 << 64) | 0x62b821756295c58d;
    __extension__ unsigned __int128 prime = ((unsigned __int128)1 << 88) | 0x13b;

    for (const char *p = normalised; *p; p++) {
        hash ^= (unsigned char)*p;
        hash *= prime;
    }
    for (int i = 15; i >= 0; i--) {
        ret_uuid[i] = (uint8_t)hash;
        hash >>= 8;
    }
}
