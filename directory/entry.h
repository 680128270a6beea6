/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One entry as a directory or an LDIF file gives it: a name and attributes with values, nothing interpreted.
 * Made by directory/ldif.h and by the replica's wire (directory/replica_wire.h), consumed by directory/view.h.
 */
#ifndef FRT_DIRECTORY_ENTRY_H
#define FRT_DIRECTORY_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frt_value {
    char *bytes; /* NUL-terminated for convenience; may contain NUL itself, length says */
    size_t length;
};

struct frt_attribute {
    char *name; /* as sent, options included ("uid;lang-en") */
    struct frt_value *values;
    size_t value_count;
};

struct frt_entry {
    char *dn;
    uint8_t uuid[16]; /* entryUUID; all zero: the view derives one from the DN (only for files) */
    struct frt_attribute *attributes;
    size_t attribute_count;
};

#define FRT_ENTRY_MAX_VALUE      (1024 * 1024)
#define FRT_ENTRY_MAX_VALUES     500000
#define FRT_ENTRY_MAX_ATTRIBUTES 256

struct frt_entry *frt_entry_new(const char *dn); /* NULL: out of memory */
void frt_entry_free(struct frt_entry *entry);

/* Appends a value; creates the attribute when it is the first. Attribute names compare without case.
 * -ENOMEM, -E2BIG (one of the maxima above). */
int frt_entry_add(struct frt_entry *entry, const char *name, const void *bytes, size_t length);

/* The attribute called `name` without options; NULL when absent. */
const struct frt_attribute *frt_entry_find(const struct frt_entry *entry, const char *name);

/* True when objectClass has this value; without case, as LDAP compares it. */
bool frt_entry_has_class(const struct frt_entry *entry, const char *object_class);

/* Reads the text form "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" (RFC 4530). 0, or -EINVAL. */
int frt_uuid_parse(const char *text, size_t length, uint8_t ret_uuid[16]);

#endif
