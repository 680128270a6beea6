/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the server has told us so far, one small record an entry: 32 bytes each, so that a hundred thousand people cost
 * a few megabytes. Notices duplicate identities, moved entries and entries that stopped being of interest.
 */
#ifndef FRT_DIRECTORY_REPLICA_SEEN_H
#define FRT_DIRECTORY_REPLICA_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frt_seen_entry {
    uint8_t uuid[16];
    uint64_t dn_hash;
    bool used, forwarded; /* forwarded: frtd knows it */
};

struct frt_seen {
    struct frt_seen_entry *slots; /* open addressing */
    size_t slot_count, used;
};

void frt_seen_clear(struct frt_seen *seen);
/* The record of `uuid`, or NULL. Lives until the next add or remove. */
struct frt_seen_entry *frt_seen_find(const struct frt_seen *seen, const uint8_t uuid[16]);
/* The record of `uuid`, made when absent (dn_hash 0). NULL: out of memory. */
struct frt_seen_entry *frt_seen_add(struct frt_seen *seen, const uint8_t uuid[16]);
void frt_seen_remove(struct frt_seen *seen, const uint8_t uuid[16]);

uint64_t frt_seen_hash_dn(const char *dn); /* never 0 */

#endif
