/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/cleanup.h"

struct frt_entry *frt_entry_new(const char *dn)
{
    struct frt_entry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return NULL;
    entry->dn = strdup(dn);
    if (!entry->dn) {
        free(entry);
        return NULL;
    }
    return entry;
}

void frt_entry_free(struct frt_entry *entry)
{
    if (!entry)
        return;
    for (size_t a = 0; a < entry->attribute_count; a++) {
        struct frt_attribute *attribute = &entry->attributes[a];

        for (size_t v = 0; v < attribute->value_count; v++)
            free(attribute->values[v].bytes);
        free(attribute->values);
        free(attribute->name);
    }
    free(entry->attributes);
    free(entry->dn);
    free(entry);
}

/* Makes room for one more element. Arrays grow when their count is a power of two, so that no capacity is kept. */
static void *grown(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    return reallocarray(array, count ? count * 2 : 1, size);
}

static struct frt_attribute *find(const struct frt_entry *entry, const char *name)
{
    for (size_t a = 0; a < entry->attribute_count; a++) {
        if (strcasecmp(entry->attributes[a].name, name) == 0)
            return &entry->attributes[a];
    }
    return NULL;
}

static int add_attribute(struct frt_entry *entry, const char *name, struct frt_attribute **ret_attribute)
{
    frt_auto_free char *copy = NULL;
    struct frt_attribute *attributes;

    if (entry->attribute_count >= FRT_ENTRY_MAX_ATTRIBUTES)
        return -E2BIG;
    copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    attributes = grown(entry->attributes, entry->attribute_count, sizeof(*attributes));
    if (!attributes)
        return -ENOMEM;
    entry->attributes = attributes;
    *ret_attribute = &attributes[entry->attribute_count++];
    **ret_attribute = (struct frt_attribute){.name = frt_steal(&copy)};
    return 0;
}

int frt_entry_add(struct frt_entry *entry, const char *name, const void *bytes, size_t length)
{
    struct frt_attribute *attribute = find(entry, name);
    frt_auto_free char *copy = NULL;
    struct frt_value *values;
    int r;

    if (length > FRT_ENTRY_MAX_VALUE || (attribute && attribute->value_count >= FRT_ENTRY_MAX_VALUES))
        return -E2BIG;
    copy = malloc(length + 1);
    if (!copy)
        return -ENOMEM;
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    if (!attribute) {
        r = add_attribute(entry, name, &attribute);
        if (r < 0)
            return r;
    }
    values = grown(attribute->values, attribute->value_count, sizeof(*values));
    if (!values)
        return -ENOMEM;
    attribute->values = values;
    values[attribute->value_count++] = (struct frt_value){.bytes = frt_steal(&copy), .length = length};
    return 0;
}

const struct frt_attribute *frt_entry_find(const struct frt_entry *entry, const char *name)
{
    return find(entry, name);
}

bool frt_entry_has_class(const struct frt_entry *entry, const char *object_class)
{
    const struct frt_attribute *classes = find(entry, "objectClass");

    for (size_t v = 0; classes && v < classes->value_count; v++) {
        const struct frt_value *value = &classes->values[v];

        if (value->length == strlen(object_class) && strcasecmp(value->bytes, object_class) == 0)
            return true;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int frt_uuid_parse(const char *text, size_t length, uint8_t ret_uuid[16])
{
    uint8_t uuid[16];
    size_t used = 0;

    if (length != 36)
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        int high, low;

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-')
                return -EINVAL;
            continue;
        }
        high = hex_digit(text[i]);
        low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return -EINVAL;
        uuid[used++] = (uint8_t)(high << 4 | low);
        i++;
    }
    memcpy(ret_uuid, uuid, sizeof(uuid));
    return 0;
}
