/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Change sequence numbers of OpenLDAP (draft-chu-ldap-csn), "20261122084908.123456Z#000000#001#000000", in lists
 * "A;B": one for each server that takes writes, which the third field tells. contextCSN gives such a list, and a sync
 * cookie ("rid=000,csn=A;B") holds one. Two lists are compared server by server.
 */
#ifndef FRT_DIRECTORY_REPLICA_CSN_H
#define FRT_DIRECTORY_REPLICA_CSN_H

#include <stdbool.h>

/* The list inside an OpenLDAP sync cookie, up to the comma or the end. Cookies are opaque in RFC 4533: "" for others. */
const char *frt_csn_of_cookie(const char *cookie);

/* Everything in `wanted` is in `sent`, the same or later, and `wanted` names something. */
bool frt_csn_covers(const char *sent, const char *wanted);

/* `later` has an older CSN than `earlier` of some server. */
bool frt_csn_went_back(const char *earlier, const char *later);

#endif
