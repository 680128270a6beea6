/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Distinguished names (RFC 4514) in one spelling, so that equal names are equal bytes: attribute types and ASCII letters in
 * lower case, spaces at the ends dropped and runs of them made one, everything unusual as \xx. A ',' in the result
 * always separates two RDNs.
 */
#ifndef FRT_DIRECTORY_VIEW_DN_H
#define FRT_DIRECTORY_VIEW_DN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fresh string. -EINVAL: not a DN (an empty one neither). -ENOMEM. */
int frt_dn_normalise(const char *dn, size_t length, char **ret_dn);

/* Of a normalised DN: what follows the first RDN; "" at the top. */
const char *frt_dn_parent(const char *normalised);

/* True when the first RDN of a normalised DN may be an entry's whose DN differs here: bytes outside ASCII, which servers fold,
 * a type by its number or by the other name of uid, a value as BER bytes. */
bool frt_dn_may_be_another(const char *normalised);

/* 128-bit FNV-1a of a normalised DN: the key of entries that came without entryUUID. Only for files: whoever can write
 * entries could make two of them meet. */
void frt_dn_uuid(const char *normalised, uint8_t ret_uuid[16]);

#endif
