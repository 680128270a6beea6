/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt.conf: the one configuration file every program reads with --config FILE (libconfig syntax, frt.conf(5)).
 * Parsed into a new struct, complete or not at all; unknown keys, wrong types and values out of range are errors that
 * name file, line, key and what was expected.
 */
#ifndef FRT_SETTINGS_FRT_CONF_H
#define FRT_SETTINGS_FRT_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "directory/view.h"

#define FRT_CONF_PATH      "/etc/frt/frt.conf"
#define FRT_CONF_ERROR_MAX 512
#define FRT_CONF_MAX_LIST  16

enum frt_directory_source { FRT_DIRECTORY_LDAP, FRT_DIRECTORY_LDIF };

struct frt_conf {
    char *host;        /* frtHostId or name of this host's entry */
    char *origin;      /* trail origin, default "frt/<host>" */
    char *user;        /* account frtd runs as; "#1234" is a number; "" stays as started */
    char *policy;      /* policy file */
    char *socket;      /* default /run/frt/frtd.sock */
    char *auditors_group; /* may ask about anyone; "" none */
    char *log_dir, *key_dir;
    unsigned max_view_age_s; /* default 60 */
    struct {
        enum frt_directory_source source;
        char *uris[FRT_CONF_MAX_LIST]; /* ldaps://, ldap:// (StartTLS demanded), ldapi:// */
        char *ldif[FRT_CONF_MAX_LIST]; /* source = "ldif", and the offline copy read at start */
        char *offline_copy;            /* file the replica keeps; "" none */
        char *user;                    /* account frt-replica runs as */
        char *bind_dn, *secret_file;   /* simple bind; secret read from a 0600 file */
        bool sasl_external;            /* ldapi or client certificate */
        char *ca_file, *cert_file, *key_file;
        bool content_sync;             /* false: paged polling */
        unsigned poll_interval_s, network_timeout_s, page_size;
        char *replica_program;         /* default: frt-replica beside frtd */
        struct frt_view_layout layout; /* strings owned here */
    } directory;
    struct frt_role_group role_groups[FRT_CONF_MAX_LIST]; /* strings owned here */
    size_t role_group_count;
};

/* 0 or a negative errno with `error` ("FILE:LINE: key: what was expected"). */
int frt_conf_load(const char *path, struct frt_conf **ret_conf, char error[FRT_CONF_ERROR_MAX]);
void frt_conf_free(struct frt_conf *conf);

#endif
