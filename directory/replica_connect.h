/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection to a directory server that may be believed: TLS demanded on every URI but ldapi://, the certificate
 * checked by libldap and once more here, nothing taken from environment or ldap.conf, referrals never followed, every
 * wait bounded, and an identity of our own (never anonymous, never an empty password: RFC 4513 section 5.1.2).
 *
 * What is set on the handle is read back; a library that does not know an option is refused rather than trusted.
 */
#ifndef FRT_DIRECTORY_REPLICA_CONNECT_H
#define FRT_DIRECTORY_REPLICA_CONNECT_H

#include <ldap.h>

#include "directory/replica_wire.h"
#include "settings/frt_conf.h"

/* Why something did not work, for the STATE that tells people: what happened and what to do next. */
struct frt_trouble {
    enum frt_replica_state state;
    char text[FRT_REPLICA_MAX_TEXT];
};

/* Foreign text among the arguments must be escaped already. Returns -ENOTCONN, what every caller returns then. */
int frt_trouble_set(struct frt_trouble *trouble, enum frt_replica_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for an LDAP result: its number, its name and the server's own words, escaped. `advice` ends the sentence. */
int frt_trouble_ldap(struct frt_trouble *trouble, LDAP *ld, int result, const char *uri, const char *doing,
                     const char *advice);

/* Who binds: a DN with its password, or, without a DN, whom the socket or the certificate says we are (SASL EXTERNAL). */
struct frt_replica_identity {
    const char *bind_dn;
    const char *password; /* the caller's, who wipes it */
};

/* Connects, secures and binds. 0 with `*ret_ld`, to be closed with frt_replica_disconnect(); else -ENOTCONN and
 * `trouble`. Takes at most about four network timeouts. */
int frt_replica_connect(const struct frt_conf *conf, const char *uri, LDAP **ret_ld,
                        struct frt_trouble *trouble);
/* The same for somebody else than the replica: a person, in his own name. */
int frt_replica_connect_as(const struct frt_conf *conf, const char *uri,
                           const struct frt_replica_identity *identity, LDAP **ret_ld,
                           struct frt_trouble *trouble);
void frt_replica_disconnect(LDAP *ld);

#endif
