/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt.conf: the one configuration file every program reads with --config FILE (libconfig syntax,
 * frt.conf(5)). Parsed into a new struct, complete or not at all; unknown keys, wrong types and values out of
 * range are errors that name file, line, key and what was expected. A key is one row of the table in
 * frt_conf.c.
 */
#ifndef FRT_SETTINGS_FRT_CONF_H
#define FRT_SETTINGS_FRT_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "directory/view.h"

/* Behind the socket's path: a file that says why frtd did not start. */
#define FRT_PROBLEM_SUFFIX ".problem"

#define FRT_CONF_PATH      "/etc/frt/frt.conf"
#define FRT_CONF_ERROR_MAX 1024
#define FRT_CONF_MAX_LIST  16 /* entries of a list; the last one stays NULL */

/* Settings of frt-replica, which speaks LDAP. Without `uris` the directory is the LDIF files alone. */
struct frt_conf_directory {
    char *uris[FRT_CONF_MAX_LIST + 1]; /* ldaps://, ldap:// (StartTLS demanded), ldapi:// */
    char *ldif[FRT_CONF_MAX_LIST + 1]; /* read at start and on reload when there are no uris */
    char *user;                        /* account frt-replica runs as; default: frtd's */
    char *bind_dn, *secret_file;       /* simple bind */
    bool sasl_external;                /* ldapi, or a client certificate */
    char *ca_file, *cert_file, *key_file;
    bool content_sync; /* false: paged polling */
    unsigned poll_interval_s, network_timeout_s, page_size;
    char *replica_program; /* default: frt-replica beside frtd */
};

/* Settings of frt-gate. */
struct frt_conf_gate {
    bool required;                     /* no gate counts as one that does not enforce */
    char *only[FRT_CONF_MAX_LIST + 1]; /* mount points; none: every local file system */
    bool exec_marks, audit;
    unsigned canary_interval_s;
};

struct frt_conf_layout { /* struct frt_view_layout, owning */
    char *suffix, *people, *roles, *agencies, *hosts, *tools, *requests, *authorities, *groups;
};

struct frt_conf_role_group {
    char *group, *affiliation, *agency, *department, *official_type;
};

struct frt_conf {
    char *path;           /* of this file */
    char *host;           /* frtHostId or name of this host's entry */
    char *origin;         /* trail origin, default "frt/<host>" */
    char *user;           /* account frtd runs as; "#1234" is a number; NULL: as started */
    char *policy;         /* policy file */
    char *socket;         /* default /run/frt/frtd.sock */
    char *auditors_group; /* may ask about anyone; a name or "#gid" */
    char *log_dir, *key_dir;
    unsigned max_view_age_s; /* default 60 */
    struct frt_conf_directory directory;
    struct frt_conf_layout layout;
    struct frt_conf_gate gate;
    struct frt_conf_role_group role_groups[FRT_CONF_MAX_LIST];
    size_t role_group_count;
};

/* 0 or a negative errno with `error` ("FILE:LINE: key: what was expected"). */
int frt_conf_load(const char *path, struct frt_conf **ret_conf, char error[FRT_CONF_ERROR_MAX]);
void frt_conf_free(struct frt_conf *conf);

/* An empty view with the layout and role groups of `conf`. -ENOMEM. */
int frt_conf_new_view(const struct frt_conf *conf, struct frt_view **ret_view);

#endif
