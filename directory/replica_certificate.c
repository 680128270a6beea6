/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_certificate.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

static bool names_host(X509 *certificate, const char *host)
{
    unsigned char address[16];

    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_check_ip_asc(certificate, host, 0) == 1;
    return X509_check_host(certificate, host, strlen(host),
                           X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           NULL) == 1;
}

static const char *objection(X509 *certificate, const char *host, int64_t now_s)
{
    time_t now = (time_t)now_s;

    if (X509_cmp_time(X509_get0_notBefore(certificate), &now) != -1)
        return "its certificate is not valid yet";
    if (X509_cmp_time(X509_get0_notAfter(certificate), &now) != 1)
        return "its certificate has expired";
    /* An extendedKeyUsage, when there is one, must allow serverAuth; keyUsage and CA bits must fit as well. */
    if (X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) != 1)
        return "its certificate is not for a TLS server (extendedKeyUsage without serverAuth)";
    if (X509_check_ca(certificate) == 1)
        return "its certificate is a CA's own, not a server's";
    if (!names_host(certificate, host))
        return "its certificate names another host (subjectAltName does not have the URI's host)";
    return NULL;
}

const char *frt_certificate_objection(const unsigned char *der, size_t length, const char *host,
                                      int64_t now_s)
{
    const unsigned char *p = der;
    const char *what;
    X509 *certificate;

    if (length == 0 || length > LONG_MAX)
        return "it showed no certificate";
    certificate = d2i_X509(NULL, &p, (long)length);
    if (!certificate)
        return "its certificate cannot be read";
    what = p == der + length ? objection(certificate, host, now_s) : "its certificate cannot be read";
    X509_free(certificate);
    return what;
}
