/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing into the directory, in the name of whoever files: requests, authorities, withdrawals. The person's own password or
 * socket opens the connection, and the directory's access rules decide (ldap_schema/access.ldif); nothing here has rights of
 * its own. The connection is the replica's: TLS demanded, nothing believed unchecked (replica_connect.h).
 *
 *     frt_filing_open(conf, "p24", password, &filing, &trouble);
 *     frt_filing_add(filing, FRT_FILING_REQUESTS, "Q-20260316-7f3k2m9d", entry attributes..., &trouble);
 *     frt_filing_close(filing);
 */
#ifndef FRT_DIRECTORY_FILING_H
#define FRT_DIRECTORY_FILING_H

#include "directory/entry.h"
#include "directory/replica_connect.h"

struct frt_filing; /* opaque */

enum frt_filing_shelf { FRT_FILING_REQUESTS, FRT_FILING_AUTHORITIES };

#define FRT_FILING_E_EXISTS  1 /* that id is taken */
#define FRT_FILING_E_REFUSED 2 /* the directory's access rules, schema or constraints say no */
#define FRT_FILING_E_ABSENT  3 /* no such entry, or none this person may see */

/* Binds as uid=LOGIN below people; `password` NULL: SASL EXTERNAL, and whom the server then takes us for must be that entry. Tries
 * the configured servers in turn. 0, or -ENOTCONN with `trouble`. */
int frt_filing_open(const struct frt_conf *conf, const char *login, const char *password,
                    struct frt_filing **ret_filing, struct frt_trouble *trouble);
void frt_filing_close(struct frt_filing *filing); /* NULL is allowed */

/* Adds an entry: `entry` holds its attributes but for objectClass and id, which are added; its dn is not used. 0, a
 * FRT_FILING_E_*, -ENOTCONN or -ENOMEM; `trouble` says what the server said. */
int frt_filing_add(struct frt_filing *filing, enum frt_filing_shelf shelf, const char *id,
                   const struct frt_entry *entry, struct frt_trouble *trouble);

/* Adds frtWithdrawnAt to a request of one's own. Once; results as above, FRT_FILING_E_EXISTS when it was withdrawn before. */
int frt_filing_withdraw(struct frt_filing *filing, const char *id, int64_t at_s, struct frt_trouble *trouble);

/* One entry; the caller frees it. 0 or as above. */
int frt_filing_get(struct frt_filing *filing, enum frt_filing_shelf shelf, const char *id,
                   struct frt_entry **ret_entry, struct frt_trouble *trouble);

/* Everything on that shelf this person may see. A callback that returns non-zero stops, and that is returned. */
int frt_filing_list(struct frt_filing *filing, enum frt_filing_shelf shelf,
                    int (*callback)(void *arg, const struct frt_entry *entry), void *arg,
                    struct frt_trouble *trouble);

/* The first value of an attribute of one's own entry or of one's own roles: "cn", "frtAgency". False: none, or several that
 * differ. */
bool frt_filing_own(struct frt_filing *filing, const char *attribute, char *buffer, size_t size);

/* A fresh id: PREFIX-20260316-xxxxxxxx, 40 random bits in letters that are not mistaken for each other. */
void frt_filing_new_id(const char *prefix, int64_t now_s, char id[32]);

#endif
