/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the feed remembers of entries other than people, by entryUUID, so that it can tell what a role said before it
 * changed or went. Some 250 bytes a role.
 */
#ifndef FRT_DIRECTORY_REPLICA_KNOWN_H
#define FRT_DIRECTORY_REPLICA_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "directory/entry.h"

struct frt_known_entry {
    UT_hash_handle hh;
    uint8_t uuid[16];
    uint32_t generation;
    const char *object_class;    /* a constant */
    const char *dn, *csn, *text; /* inside the allocation */
};

struct frt_known {
    struct frt_known_entry *entries;
    uint32_t generation;
};

void frt_known_clear(struct frt_known *known);

/* `object_class` must be a constant; the rest is copied. Nothing of that uuid may be there. -ENOMEM. */
int frt_known_put(struct frt_known *known, const uint8_t uuid[16], const char *object_class, const char *dn,
                  const char *csn, const char *text);
/* Takes the entry out; the caller frees it with free(). NULL: unknown. */
struct frt_known_entry *frt_known_take(struct frt_known *known, const uint8_t uuid[16]);

/* A refresh: begin, put or touch what is still there, end. End calls `gone` for what was not and forgets it. */
void frt_known_begin(struct frt_known *known);
void frt_known_touch(struct frt_known *known, const uint8_t uuid[16]);
void frt_known_end(struct frt_known *known, void (*gone)(void *arg, const struct frt_known_entry *entry),
                   void *arg);

/* "frtPerson=p02 frtAffiliation=city ...": the attributes of ours, sorted by name, values percent-escaped (a blank is
 * %20) and cut after 128 bytes each. To be freed; NULL: out of memory. */
char *frt_known_describe(const struct frt_entry *entry);

#endif
