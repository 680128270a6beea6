/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_known.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/cleanup.h"
#include "support/percent.h"

#define VALUE_MAX    128
#define VALUES_SHOWN 8

void frt_known_clear(struct frt_known *known)
{
    struct frt_known_entry *entry, *next;

    HASH_ITER(hh, known->entries, entry, next)
    {
        HASH_DEL(known->entries, entry);
        free(entry);
    }
}

static struct frt_known_entry *find(const struct frt_known *known, const uint8_t uuid[16])
{
    struct frt_known_entry *entry;

    HASH_FIND(hh, known->entries, uuid, 16, entry);
    return entry;
}

int frt_known_put(struct frt_known *known, const uint8_t uuid[16], const char *object_class, const char *dn,
                  const char *csn, const char *text)
{
    const size_t dn_size = strlen(dn) + 1, csn_size = strlen(csn) + 1, text_size = strlen(text) + 1;
    struct frt_known_entry *entry = calloc(1, sizeof(*entry) + dn_size + csn_size + text_size);
    char *strings;

    if (!entry)
        return -ENOMEM;
    memcpy(entry->uuid, uuid, 16);
    entry->generation = known->generation;
    entry->object_class = object_class;
    strings = (char *)(entry + 1);
    entry->dn = memcpy(strings, dn, dn_size);
    entry->csn = memcpy(strings + dn_size, csn, csn_size);
    entry->text = memcpy(strings + dn_size + csn_size, text, text_size);
    HASH_ADD(hh, known->entries, uuid, 16, entry);
    if (!find(known, uuid)) { /* the table could not grow */
        free(entry);
        return -ENOMEM;
    }
    return 0;
}

struct frt_known_entry *frt_known_take(struct frt_known *known, const uint8_t uuid[16])
{
    struct frt_known_entry *entry = find(known, uuid);

    if (entry)
        HASH_DEL(known->entries, entry);
    return entry;
}

void frt_known_begin(struct frt_known *known)
{
    known->generation++;
}

void frt_known_touch(struct frt_known *known, const uint8_t uuid[16])
{
    struct frt_known_entry *entry = find(known, uuid);

    if (entry)
        entry->generation = known->generation;
}

void frt_known_end(struct frt_known *known, void (*gone)(void *arg, const struct frt_known_entry *entry),
                   void *arg)
{
    struct frt_known_entry *entry, *next;

    HASH_ITER(hh, known->entries, entry, next)
    {
        if (entry->generation == known->generation)
            continue;
        HASH_DEL(known->entries, entry);
        gone(arg, entry);
        free(entry);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct frt_attribute *const *left = a, *const *right = b;

    return strcasecmp((*left)->name, (*right)->name);
}

/* percent.h leaves blanks alone; here they separate. */
static void print_value(FILE *out, const struct frt_value *value)
{
    char text[3 * VALUE_MAX + 1];
    size_t length = value->length < VALUE_MAX ? value->length : VALUE_MAX;

    frt_percent_encode(value->bytes, length, text, sizeof(text));
    for (const char *p = text; *p; p++) {
        if (*p == ' ')
            fputs("%20", out);
        else
            fputc(*p, out);
    }
    if (length < value->length)
        fputs("...", out);
}

static void print_attribute(FILE *out, const struct frt_attribute *attribute, const char *blank)
{
    for (size_t v = 0; v < attribute->value_count && v < VALUES_SHOWN; v++) {
        fprintf(out, "%s%s=", blank, attribute->name);
        print_value(out, &attribute->values[v]);
        blank = " ";
    }
    if (attribute->value_count > VALUES_SHOWN)
        fputs(" ...", out);
}

char *frt_known_describe(const struct frt_entry *entry)
{
    const struct frt_attribute *ours[FRT_ENTRY_MAX_ATTRIBUTES];
    size_t count = 0, size = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (size_t i = 0; i < entry->attribute_count && count < FRT_ARRAY_LEN(ours); i++) {
        if (strncasecmp(entry->attributes[i].name, "frt", 3) == 0)
            ours[count++] = &entry->attributes[i];
    }
    qsort(ours, count, sizeof(*ours), by_name);
    for (size_t i = 0; i < count; i++)
        print_attribute(out, ours[i], i ? " " : "");
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
