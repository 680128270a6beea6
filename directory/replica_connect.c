/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_connect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "directory/replica_certificate.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"

#define SECRET_MAX 4096

int frt_trouble_set(struct frt_trouble *trouble, enum frt_replica_state state, const char *format, ...)
{
    va_list arguments;

    trouble->state = state;
    va_start(arguments, format);
    vsnprintf(trouble->text, sizeof(trouble->text), format, arguments);
    va_end(arguments);
    return -ENOTCONN;
}

int frt_trouble_ldap(struct frt_trouble *trouble, LDAP *ld, int result, const char *uri, const char *doing,
                     const char *advice)
{
    enum frt_replica_state state = FRT_REPLICA_REFUSED;
    char words[256] = "", *diagnostic = NULL;

    if (result == LDAP_SERVER_DOWN || result == LDAP_TIMEOUT || result == LDAP_CONNECT_ERROR ||
        result == LDAP_BUSY || result == LDAP_UNAVAILABLE)
        state = FRT_REPLICA_DISCONNECTED;
    if (ld)
        ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
    if (diagnostic) {
        frt_percent_encode(diagnostic, strnlen(diagnostic, sizeof(words)), words, sizeof(words));
        ldap_memfree(diagnostic);
    }
    return frt_trouble_set(trouble, state, "%s: %s: %s (%d)%s%s%s; %s", uri, doing, ldap_err2string(result),
                           result, words[0] ? " [" : "", words, words[0] ? "]" : "", advice);
}

/* ---- options: set, then read back ---- */

struct number_option {
    int option, value;
    const char *name;
};

static int set_numbers(LDAP *ld, const struct number_option *rows, size_t count, const char *uri,
                       struct frt_trouble *trouble)
{
    for (size_t i = 0; i < count; i++) {
        int value = rows[i].value;

        if (ldap_set_option(ld, rows[i].option, &value) != LDAP_OPT_SUCCESS)
            return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                                   "%s: this libldap does not know %s; OpenLDAP 2.5 or later is needed", uri,
                                   rows[i].name);
    }
    return 0;
}

static int check_numbers(LDAP *ld, const struct number_option *rows, size_t count, const char *uri,
                         struct frt_trouble *trouble)
{
    for (size_t i = 0; i < count; i++) {
        int value = -1;

        if (ldap_get_option(ld, rows[i].option, &value) != LDAP_OPT_SUCCESS || value != rows[i].value)
            return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                                   "%s: %s was set to %d and reads %d; nothing is done with such a library",
                                   uri, rows[i].name, rows[i].value, value);
    }
    return 0;
}

static int set_flag(LDAP *ld, int option, const void *value, bool expected)
{
    int read = -1;

    if (ldap_set_option(ld, option, value) != LDAP_OPT_SUCCESS ||
        ldap_get_option(ld, option, &read) != LDAP_OPT_SUCCESS)
        return -1;
    return (read != 0) == expected ? 0 : -1;
}

static int set_text(LDAP *ld, int option, const char *value)
{
    char *read = NULL;
    bool same;

    if (ldap_set_option(ld, option, value) != LDAP_OPT_SUCCESS ||
        ldap_get_option(ld, option, &read) != LDAP_OPT_SUCCESS)
        return -1;
    same = read && strcmp(read, value) == 0;
    ldap_memfree(read);
    return same ? 0 : -1;
}

static int set_timeout(LDAP *ld, int option, unsigned seconds)
{
    struct timeval wanted = {(time_t)seconds, 0}, *read = NULL;
    bool same;

    if (ldap_set_option(ld, option, &wanted) != LDAP_OPT_SUCCESS ||
        ldap_get_option(ld, option, &read) != LDAP_OPT_SUCCESS)
        return -1;
    same = read && read->tv_sec == wanted.tv_sec;
    ldap_memfree(read);
    return same ? 0 : -1;
}

static int set_common(LDAP *ld, const struct frt_conf *conf, const char *uri, struct frt_trouble *trouble)
{
    const unsigned timeout_s = conf->directory.network_timeout_s;
    const struct number_option rows[] = {
        {LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3, "LDAP_OPT_PROTOCOL_VERSION"},
        {LDAP_OPT_DEREF, LDAP_DEREF_NEVER, "LDAP_OPT_DEREF"},
        {LDAP_OPT_SIZELIMIT, LDAP_NO_LIMIT, "LDAP_OPT_SIZELIMIT"},
        {LDAP_OPT_TIMELIMIT, LDAP_NO_LIMIT, "LDAP_OPT_TIMELIMIT"},
        {LDAP_OPT_TCP_USER_TIMEOUT, (int)(timeout_s * 1000), "LDAP_OPT_TCP_USER_TIMEOUT"},
        {LDAP_OPT_X_KEEPALIVE_IDLE, (int)timeout_s, "LDAP_OPT_X_KEEPALIVE_IDLE"},
        {LDAP_OPT_X_KEEPALIVE_PROBES, 3, "LDAP_OPT_X_KEEPALIVE_PROBES"},
        {LDAP_OPT_X_KEEPALIVE_INTERVAL, (int)timeout_s, "LDAP_OPT_X_KEEPALIVE_INTERVAL"},
    };
    int r = set_numbers(ld, rows, FRT_ARRAY_LEN(rows), uri, trouble);

    if (r == 0)
        r = check_numbers(ld, rows, FRT_ARRAY_LEN(rows), uri, trouble);
    if (r < 0)
        return r;
    if (set_flag(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF, false) < 0 ||
        set_timeout(ld, LDAP_OPT_NETWORK_TIMEOUT, timeout_s) < 0 ||
        set_timeout(ld, LDAP_OPT_TIMEOUT, timeout_s) < 0)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                               "%s: libldap did not take referrals off or the timeouts", uri);
    return 0;
}

static int set_tls(LDAP *ld, const struct frt_conf *conf, const char *uri, struct frt_trouble *trouble)
{
    const struct frt_conf_directory *d = &conf->directory;
    const struct number_option rows[] = {
        {LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND, "LDAP_OPT_X_TLS_REQUIRE_CERT"},
        {LDAP_OPT_X_TLS_REQUIRE_SAN, LDAP_OPT_X_TLS_DEMAND, "LDAP_OPT_X_TLS_REQUIRE_SAN"},
        {LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, "LDAP_OPT_X_TLS_PROTOCOL_MIN"},
    };
    int client = 0, r;

    if (!d->ca_file)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: ca_file is missing; TLS is always demanded",
                               uri);
    r = set_numbers(ld, rows, FRT_ARRAY_LEN(rows), uri, trouble);
    if (r < 0)
        return r;
    if (set_text(ld, LDAP_OPT_X_TLS_CACERTFILE, d->ca_file) < 0)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: libldap did not take ca_file", uri);
    if (d->cert_file && (set_text(ld, LDAP_OPT_X_TLS_CERTFILE, d->cert_file) < 0 ||
                         set_text(ld, LDAP_OPT_X_TLS_KEYFILE, d->key_file) < 0))
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: libldap did not take cert_file, key_file",
                               uri);
    /* The context is built from what was set before: this comes last (ldap_set_option(3)). */
    if (ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_OPT_SUCCESS)
        return frt_trouble_set(
            trouble, FRT_REPLICA_REFUSED,
            "%s: no TLS with these files; check that ca_file, cert_file and key_file are PEM files "
            "that the replica's account may read",
            uri);
    return check_numbers(ld, rows, FRT_ARRAY_LEN(rows), uri, trouble);
}

/* ---- TLS ---- */

static const char tls_advice[] = "check the server's certificate against ca_file and the URI's host name";

/* The library's word is not enough: what runs on the wire is read back from the session before anything secret goes. */
static int check_session(LDAP *ld, const char *uri, const char *host, struct frt_trouble *trouble)
{
    struct berval certificate = {0};
    char *version = NULL;
    const char *what;
    bool recent;

    if (!ldap_tls_inplace(ld))
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: the connection is not encrypted; %s", uri,
                               tls_advice);
    ldap_get_option(ld, LDAP_OPT_X_TLS_VERSION, &version);
    recent = version && (strcmp(version, "TLS1.2") == 0 || strcmp(version, "TLSv1.2") == 0 ||
                         strcmp(version, "TLS1.3") == 0 || strcmp(version, "TLSv1.3") == 0);
    ldap_memfree(version);
    if (!recent)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                               "%s: the server offers no TLS 1.2 or later; update it", uri);
    ldap_get_option(ld, LDAP_OPT_X_TLS_PEERCERT, &certificate);
    what = frt_certificate_objection((const unsigned char *)certificate.bv_val, certificate.bv_len, host,
                                     time(NULL));
    ldap_memfree(certificate.bv_val);
    if (what)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: %s; %s", uri, what, tls_advice);
    return 0;
}

static int secure(LDAP *ld, const char *uri, const LDAPURLDesc *url, struct frt_trouble *trouble)
{
    bool start_tls = strcmp(url->lud_scheme, "ldap") == 0;
    int result = start_tls ? ldap_start_tls_s(ld, NULL, NULL) : ldap_connect(ld);

    if (result != LDAP_SUCCESS && start_tls && result != LDAP_SERVER_DOWN && result != LDAP_TIMEOUT)
        return frt_trouble_ldap(trouble, ld, result, uri, "StartTLS, which is demanded, failed", tls_advice);
    if (result != LDAP_SUCCESS)
        return frt_trouble_ldap(
            trouble, ld, result, uri, "no TLS connection",
            "is the server up, and does its certificate fit ca_file and the URI's host name?");
    return check_session(ld, uri, url->lud_host, trouble);
}

/* ---- who we are ---- */

static int read_secret(const char *path, char **ret_secret, size_t *ret_length, struct frt_trouble *trouble)
{
    const char *what = "";
    size_t length = 0;
    char *secret = NULL;
    int r = frt_file_read(path, FRT_FILE_SECRET, SECRET_MAX, &secret, &length, &what);

    if (r < 0)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "secret_file %s: %s (%s)", path, what,
                               strerror(-r));
    if (length > 0 && secret[length - 1] == '\n')
        length--;
    if (length == 0 || memchr(secret, '\0', length) || memchr(secret, '\n', length)) {
        explicit_bzero(secret, length);
        free(secret);
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                               "secret_file %s: expected one line with the password, not empty", path);
    }
    *ret_secret = secret;
    *ret_length = length;
    return 0;
}

static int bind_with(LDAP *ld, const char *bind_dn, struct berval *credential, const char *uri,
                     const char *advice, struct frt_trouble *trouble)
{
    int result = ldap_sasl_bind_s(ld, bind_dn, LDAP_SASL_SIMPLE, credential, NULL, NULL, NULL);

    return result == LDAP_SUCCESS ? 0 : frt_trouble_ldap(trouble, ld, result, uri, "bind refused", advice);
}

static int bind_simple(LDAP *ld, const struct frt_conf *conf, const char *uri, struct frt_trouble *trouble)
{
    struct berval credential = {0};
    int r = read_secret(conf->directory.secret_file, &credential.bv_val, &credential.bv_len, trouble);

    if (r < 0)
        return r;
    r = bind_with(ld, conf->directory.bind_dn, &credential, uri, "check bind_dn and secret_file", trouble);
    explicit_bzero(credential.bv_val, credential.bv_len);
    free(credential.bv_val);
    return r;
}

static int bind_person(LDAP *ld, const struct frt_replica_identity *identity, const char *uri,
                       struct frt_trouble *trouble)
{
    struct berval credential = {strlen(identity->password), (char *)(uintptr_t)identity->password};

    if (credential.bv_len == 0) /* would be an anonymous bind that succeeds (RFC 4513 section 5.1.2) */
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: an empty password is none", uri);
    return bind_with(ld, identity->bind_dn, &credential, uri, "check login name and password", trouble);
}

static int bind_external(LDAP *ld, const char *uri, struct frt_trouble *trouble)
{
    char nobody[] = ""; /* as whom the TLS layer or the socket says we are (RFC 4422 appendix A) */
    struct berval authorization = {0, nobody};
    int result = ldap_sasl_bind_s(ld, NULL, "EXTERNAL", &authorization, NULL, NULL, NULL);

    if (result != LDAP_SUCCESS)
        return frt_trouble_ldap(trouble, ld, result, uri, "SASL EXTERNAL bind refused",
                                "check cert_file, or the account of the replica on ldapi");
    return 0;
}

static int authenticate(LDAP *ld, const struct frt_conf *conf, const char *uri,
                        const struct frt_replica_identity *identity, struct frt_trouble *trouble)
{
    if (identity)
        return identity->bind_dn ? bind_person(ld, identity, uri, trouble) : bind_external(ld, uri, trouble);
    if (conf->directory.sasl_external)
        return bind_external(ld, uri, trouble);
    if (conf->directory.bind_dn && conf->directory.secret_file)
        return bind_simple(ld, conf, uri, trouble);
    return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                           "%s: no identity; set bind_dn and secret_file, or sasl_external = true", uri);
}

/* ---- together ---- */

/* A message larger than a frame could not be forwarded anyway; without this libldap would allocate what it is told. */
static int bound_messages(LDAP *ld, const char *uri, struct frt_trouble *trouble)
{
    ber_len_t max = FRT_REPLICA_FRAME_MAX + 65536;
    Sockbuf *socket = NULL;

    if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket) != LDAP_OPT_SUCCESS || !socket ||
        ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &max) != 1)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: libldap did not take a limit on messages",
                               uri);
    return 0;
}

static bool is_tls_scheme(const LDAPURLDesc *url)
{
    return strcmp(url->lud_scheme, "ldaps") == 0 || strcmp(url->lud_scheme, "ldap") == 0;
}

static int check_url(const LDAPURLDesc *url, const char *uri, struct frt_trouble *trouble)
{
    if ((!is_tls_scheme(url) && strcmp(url->lud_scheme, "ldapi") != 0) || url->lud_next ||
        (url->lud_dn && url->lud_dn[0]) || url->lud_filter || url->lud_attrs || url->lud_exts ||
        (is_tls_scheme(url) && (!url->lud_host || !url->lud_host[0]))) /* ldapi:/// is slapd's usual socket */
        return frt_trouble_set(
            trouble, FRT_REPLICA_REFUSED,
            "%s: expected ldaps://HOST[:PORT], ldap://HOST[:PORT] or ldapi://PATH, no more", uri);
    return 0;
}

static int open_handle(const struct frt_conf *conf, const char *uri, const LDAPURLDesc *url, LDAP **ret_ld,
                       struct frt_trouble *trouble)
{
    int result = ldap_initialize(ret_ld, uri), r;

    if (result != LDAP_SUCCESS) {
        *ret_ld = NULL;
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "%s: %s", uri, ldap_err2string(result));
    }
    r = set_common(*ret_ld, conf, uri, trouble);
    if (r == 0 && is_tls_scheme(url)) {
        r = set_tls(*ret_ld, conf, uri, trouble);
        if (r == 0)
            r = secure(*ret_ld, uri, url, trouble);
    } else if (r == 0) {
        result = ldap_connect(*ret_ld);
        if (result != LDAP_SUCCESS)
            r = frt_trouble_ldap(trouble, *ret_ld, result, uri, "no connection", "is the server up?");
    }
    return r;
}

static int connect_and_bind(const struct frt_conf *conf, const char *uri,
                            const struct frt_replica_identity *identity, LDAP **ret_ld,
                            struct frt_trouble *trouble)
{
    LDAPURLDesc *url = NULL;
    LDAP *ld = NULL;
    int r;

    if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                               "uris: a URI that is none; expected ldaps://HOST[:PORT]");
    r = check_url(url, uri, trouble);
    if (r == 0)
        r = open_handle(conf, uri, url, &ld, trouble);
    if (r == 0)
        r = bound_messages(ld, uri, trouble);
    if (r == 0)
        r = authenticate(ld, conf, uri, identity, trouble);
    ldap_free_urldesc(url);
    if (r < 0) {
        if (ld)
            frt_replica_disconnect(ld);
        return r;
    }
    *ret_ld = ld;
    return 0;
}

int frt_replica_connect(const struct frt_conf *conf, const char *uri, LDAP **ret_ld,
                        struct frt_trouble *trouble)
{
    return connect_and_bind(conf, uri, NULL, ret_ld, trouble);
}

int frt_replica_connect_as(const struct frt_conf *conf, const char *uri,
                           const struct frt_replica_identity *identity, LDAP **ret_ld,
                           struct frt_trouble *trouble)
{
    return connect_and_bind(conf, uri, identity, ret_ld, trouble);
}

void frt_replica_disconnect(LDAP *ld)
{
    ldap_unbind_ext(ld, NULL, NULL);
}
