/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A second look at the server's certificate, by OpenSSL. libldap has checked the chain already (here mostly with GnuTLS);
 * it does not look at the extended key usage, and older ones took the subject's CN when the subjectAltName named somebody
 * else (CVE-2020-15719). Pure: bytes, host and time in, verdict out.
 */
#ifndef FRT_DIRECTORY_REPLICA_CERTIFICATE_H
#define FRT_DIRECTORY_REPLICA_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

/* NULL when the certificate may serve `host` (a DNS name or an IP address, found in subjectAltName only) as a TLS server
 * at `now_s`; else what is wrong with it, in words. */
const char *frt_certificate_objection(const unsigned char *der, size_t length, const char *host,
                                      int64_t now_s);

#endif
