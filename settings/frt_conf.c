/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings/frt_conf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "decision/facts.h"
#include "directory/view_dn.h"
#include "settings/libconfig_text.h"
#include "support/cleanup.h"

enum type { TEXT, PATH, DN, NUMBER, FLAG, TEXTS, PATHS };

struct row {
    const char *key;
    enum type type;
    size_t offset;
    const char *preset; /* TEXT, PATH, NUMBER, FLAG */
    unsigned min, max;  /* NUMBER: the range; others: at most `max` bytes, 0 any */
    bool required;
};

/* What a record, an answer or a socket address can hold. */
#define NAME_BYTES   63
#define ORIGIN_BYTES 255
#define SOCKET_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

#define ROOT(member)      offsetof(struct frt_conf, member)
#define DIRECTORY(member) offsetof(struct frt_conf, directory.member)
#define GATE(member)      offsetof(struct frt_conf, gate.member)
#define LAYOUT(member)    offsetof(struct frt_conf, layout.member)

static const struct row root_rows[] = {
    {.key = "host", .type = TEXT, .offset = ROOT(host), .max = NAME_BYTES, .required = true},
    {.key = "origin", .type = TEXT, .offset = ROOT(origin), .max = ORIGIN_BYTES},
    {.key = "user", .type = TEXT, .offset = ROOT(user)},
    {.key = "policy", .type = PATH, .offset = ROOT(policy), .required = true},
    {.key = "socket",
     .type = PATH,
     .offset = ROOT(socket),
     .preset = "/run/frt/frtd.sock",
     .max = SOCKET_BYTES},
    {.key = "auditors_group", .type = TEXT, .offset = ROOT(auditors_group)},
    {.key = "log_dir", .type = PATH, .offset = ROOT(log_dir), .preset = "/var/lib/frt/log"},
    {.key = "key_dir", .type = PATH, .offset = ROOT(key_dir), .preset = "/var/lib/frt/key"},
    {.key = "max_view_age",
     .type = NUMBER,
     .offset = ROOT(max_view_age_s),
     .preset = "60",
     .min = 1,
     .max = 86400},
};

static const struct row directory_rows[] = {
    {.key = "uris", .type = TEXTS, .offset = DIRECTORY(uris)},
    {.key = "ldif", .type = PATHS, .offset = DIRECTORY(ldif)},
    {.key = "user", .type = TEXT, .offset = DIRECTORY(user)},
    {.key = "bind_dn", .type = DN, .offset = DIRECTORY(bind_dn)},
    {.key = "secret_file", .type = PATH, .offset = DIRECTORY(secret_file)},
    {.key = "sasl_external", .type = FLAG, .offset = DIRECTORY(sasl_external), .preset = "false"},
    {.key = "ca_file", .type = PATH, .offset = DIRECTORY(ca_file)},
    {.key = "cert_file", .type = PATH, .offset = DIRECTORY(cert_file)},
    {.key = "key_file", .type = PATH, .offset = DIRECTORY(key_file)},
    {.key = "content_sync", .type = FLAG, .offset = DIRECTORY(content_sync), .preset = "true"},
    {.key = "poll_interval",
     .type = NUMBER,
     .offset = DIRECTORY(poll_interval_s),
     .preset = "15",
     .min = 1,
     .max = 3600},
    {.key = "network_timeout",
     .type = NUMBER,
     .offset = DIRECTORY(network_timeout_s),
     .preset = "5",
     .min = 1,
     .max = 300},
    {.key = "page_size",
     .type = NUMBER,
     .offset = DIRECTORY(page_size),
     .preset = "500",
     .min = 1,
     .max = 100000},
    {.key = "replica_program", .type = PATH, .offset = DIRECTORY(replica_program)},
    {.key = "suffix", .type = DN, .offset = LAYOUT(suffix), .required = true},
    {.key = "people", .type = DN, .offset = LAYOUT(people)},
    {.key = "roles", .type = DN, .offset = LAYOUT(roles)},
    {.key = "agencies", .type = DN, .offset = LAYOUT(agencies)},
    {.key = "hosts", .type = DN, .offset = LAYOUT(hosts)},
    {.key = "tools", .type = DN, .offset = LAYOUT(tools)},
    {.key = "requests", .type = DN, .offset = LAYOUT(requests)},
    {.key = "authorities", .type = DN, .offset = LAYOUT(authorities)},
    {.key = "groups", .type = DN, .offset = LAYOUT(groups)},
};

static const struct row gate_rows[] = {
    {.key = "required", .type = FLAG, .offset = GATE(required), .preset = "false"},
    {.key = "only", .type = PATHS, .offset = GATE(only)},
    {.key = "exec_marks", .type = FLAG, .offset = GATE(exec_marks), .preset = "true"},
    {.key = "kernel_audit", .type = FLAG, .offset = GATE(audit), .preset = "true"},
    {.key = "canary_interval",
     .type = NUMBER,
     .offset = GATE(canary_interval_s),
     .preset = "5",
     .min = 1,
     .max = 60},
};

static const struct row role_group_rows[] = {
    {.key = "group", .type = DN, .offset = offsetof(struct frt_conf_role_group, group), .required = true},
    {.key = "affiliation",
     .type = TEXT,
     .offset = offsetof(struct frt_conf_role_group, affiliation),
     .required = true},
    {.key = "agency", .type = TEXT, .offset = offsetof(struct frt_conf_role_group, agency)},
    {.key = "department", .type = TEXT, .offset = offsetof(struct frt_conf_role_group, department)},
    {.key = "official_type", .type = TEXT, .offset = offsetof(struct frt_conf_role_group, official_type)},
};

struct reader {
    const char *path;
    char *error; /* FRT_CONF_ERROR_MAX bytes */
};

static int complain(const struct reader *reader, const config_setting_t *setting, const char *expected)
{
    char where[512];

    frt_config_where(reader->path, setting, where, sizeof(where));
    snprintf(reader->error, FRT_CONF_ERROR_MAX, "%.*s: %s", 500, where, expected);
    return -EINVAL;
}

static int check_dn(const struct reader *reader, const config_setting_t *setting, const char *text)
{
    frt_auto_free char *normalised = NULL;
    int r = frt_dn_normalise(text, strlen(text), &normalised);

    if (r == -EINVAL)
        return complain(reader, setting, "expected a distinguished name such as \"dc=example,dc=org\"");
    return r;
}

static int take_text(const struct reader *reader, const config_setting_t *setting, const struct row *row,
                     char **slot)
{
    const char *text = config_setting_get_string(setting);
    char expected[64];
    int r = 0;

    if (!text)
        return complain(reader, setting, "expected a text in double quotes");
    if (!frt_config_text_is_clean(text))
        return complain(reader, setting, "expected UTF-8 without control characters");
    if ((row->type == PATH || row->type == PATHS) && text[0] != '/')
        return complain(reader, setting, "expected an absolute path (beginning with /)");
    if (text[0] == '\0')
        return complain(reader, setting, "expected a text that is not empty (leave the key out for none)");
    snprintf(expected, sizeof(expected), "expected at most %u bytes", row->max);
    if (row->max > 0 && strlen(text) > row->max)
        return complain(reader, setting, expected);
    if (row->type == DN)
        r = check_dn(reader, setting, text);
    if (r < 0)
        return r;
    free(*slot);
    *slot = strdup(text);
    return *slot ? 0 : -ENOMEM;
}

static int take_texts(const struct reader *reader, const config_setting_t *setting, const struct row *row,
                      char **slots)
{
    int n = config_setting_length(setting);

    if (!config_setting_is_array(setting) && !config_setting_is_list(setting))
        return complain(reader, setting, "expected a list of texts: [ \"one\", \"two\" ]");
    if (n > FRT_CONF_MAX_LIST)
        return complain(reader, setting, "expected at most 16 elements");
    for (int i = 0; i < n; i++) {
        int r = take_text(reader, config_setting_get_elem(setting, (unsigned)i), row, &slots[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

static int take_number(const struct reader *reader, const config_setting_t *setting, const struct row *row,
                       unsigned *slot)
{
    char expected[80];
    long long value = config_setting_get_int64(setting);

    snprintf(expected, sizeof(expected), "expected a whole number from %u to %u", row->min, row->max);
    if (config_setting_type(setting) != CONFIG_TYPE_INT && config_setting_type(setting) != CONFIG_TYPE_INT64)
        return complain(reader, setting, expected);
    if (value < row->min || value > row->max)
        return complain(reader, setting, expected);
    *slot = (unsigned)value;
    return 0;
}

static int take(const struct reader *reader, const config_setting_t *setting, const struct row *row,
                void *target)
{
    void *slot = (char *)target + row->offset;

    switch (row->type) {
    case TEXT:
    case PATH:
    case DN:
        return take_text(reader, setting, row, slot);
    case NUMBER:
        return take_number(reader, setting, row, slot);
    case FLAG:
        if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
            return complain(reader, setting, "expected true or false");
        *(bool *)slot = config_setting_get_bool(setting) == CONFIG_TRUE;
        return 0;
    case TEXTS:
    case PATHS:
        return take_texts(reader, setting, row, slot);
    }
    return -EINVAL;
}

static int preset(const struct row *row, void *target)
{
    void *slot = (char *)target + row->offset;

    if (!row->preset)
        return 0;
    if (row->type == NUMBER)
        *(unsigned *)slot = (unsigned)strtoul(row->preset, NULL, 10);
    else if (row->type == FLAG)
        *(bool *)slot = strcmp(row->preset, "true") == 0;
    else if (!(*(char **)slot = strdup(row->preset)))
        return -ENOMEM;
    return 0;
}

/* Rows of a group, and the members of it that are groups or lists themselves, read elsewhere. */
struct table {
    const struct row *rows;
    size_t row_count;
    const char *nested[4];
};

static const struct table root_table = {
    root_rows, FRT_ARRAY_LEN(root_rows), {"directory", "gate", "role_groups"}};
static const struct table directory_table = {directory_rows, FRT_ARRAY_LEN(directory_rows), {NULL}};
static const struct table gate_table = {gate_rows, FRT_ARRAY_LEN(gate_rows), {NULL}};
static const struct table role_group_table = {role_group_rows, FRT_ARRAY_LEN(role_group_rows), {NULL}};

static int unknown_key(const struct reader *reader, const config_setting_t *setting,
                       const struct table *table)
{
    char expected[FRT_CONF_ERROR_MAX / 2] = "unknown key; known here:";
    size_t used = strlen(expected);

    for (size_t i = 0; i < table->row_count && used < sizeof(expected); i++)
        used += (size_t)snprintf(expected + used, sizeof(expected) - used, " %s", table->rows[i].key);
    for (size_t i = 0; table->nested[i] && used < sizeof(expected); i++)
        used += (size_t)snprintf(expected + used, sizeof(expected) - used, " %s", table->nested[i]);
    return complain(reader, setting, expected);
}

static int take_member(const struct reader *reader, const config_setting_t *setting,
                       const struct table *table, void *target)
{
    const char *name = config_setting_name(setting);

    for (size_t i = 0; i < table->row_count; i++)
        if (strcmp(table->rows[i].key, name) == 0)
            return take(reader, setting, &table->rows[i], target);
    for (size_t i = 0; table->nested[i]; i++)
        if (strcmp(table->nested[i], name) == 0)
            return 0;
    return unknown_key(reader, setting, table);
}

/* The file as a whole has line 0. */
static unsigned line_of(const config_setting_t *group)
{
    unsigned line = group ? config_setting_source_line(group) : 0;

    return line ? line : 1;
}

/* Reads the members of `group` (NULL: absent, presets only) by the rows of `table`. */
static int take_group(const struct reader *reader, const config_setting_t *group, const struct table *table,
                      void *target)
{
    int n = group ? config_setting_length(group) : 0, r = 0;

    if (group && !config_setting_is_group(group))
        return complain(reader, group, "expected a group: { key = value; }");
    for (size_t i = 0; i < table->row_count && r == 0; i++)
        r = preset(&table->rows[i], target);
    for (int i = 0; i < n && r == 0; i++)
        r = take_member(reader, config_setting_get_elem(group, (unsigned)i), table, target);
    for (size_t i = 0; i < table->row_count && r == 0; i++)
        if (table->rows[i].required && !*(char **)(void *)((char *)target + table->rows[i].offset)) {
            snprintf(reader->error, FRT_CONF_ERROR_MAX, "%s:%u: %s: missing, and there is no default",
                     reader->path, line_of(group), table->rows[i].key);
            r = -EINVAL;
        }
    return r;
}

/* A word that is no official type would be a role that binds nobody. */
static int check_role_group(const struct reader *reader, const config_setting_t *setting,
                            const struct frt_conf_role_group *row)
{
    if (strcmp(row->affiliation, "city") != 0 && strcmp(row->affiliation, "outside") != 0)
        return complain(reader, setting, "affiliation: expected \"city\" or \"outside\"");
    if (row->official_type && frt_fact_value_find(FRT_FACT_OFFICIAL_TYPE, row->official_type) <= 0)
        return complain(reader, setting,
                        "official_type: expected elected, appointed, employee, contractor, volunteer, intern "
                        "or auxiliary");
    return 0;
}

static int take_role_groups(const struct reader *reader, const config_setting_t *list, struct frt_conf *conf)
{
    int n = list ? config_setting_length(list) : 0, r = 0;

    if (list && !config_setting_is_list(list))
        return complain(reader, list,
                        "expected a list of groups: ( { group = \"DN\"; affiliation = \"city\"; } )");
    if (n > FRT_CONF_MAX_LIST)
        return complain(reader, list, "expected at most 16 elements");
    for (int i = 0; i < n && r == 0; i++) {
        struct frt_conf_role_group *row = &conf->role_groups[conf->role_group_count++];
        const config_setting_t *setting = config_setting_get_elem(list, (unsigned)i);

        r = take_group(reader, setting, &role_group_table, row);
        if (r == 0)
            r = check_role_group(reader, setting, row);
    }
    return r;
}

static bool is_scheme(const char *uri, const char *scheme)
{
    return strncmp(uri, scheme, strlen(scheme)) == 0;
}

/* What the rows cannot say: keys that need each other. */
static int check_directory(const struct reader *reader, const config_setting_t *group,
                           const struct frt_conf *conf)
{
    const struct frt_conf_directory *d = &conf->directory;
    bool tls = false;

    if (!d->uris[0] && !d->ldif[0])
        return complain(reader, group, "expected uris = [ \"ldaps://...\" ] or ldif = [ \"/file.ldif\" ]");
    if (d->uris[0] && d->ldif[0])
        return complain(reader, group, "expected uris or ldif, not both");
    for (size_t i = 0; d->uris[i]; i++) {
        if (!is_scheme(d->uris[i], "ldaps://") && !is_scheme(d->uris[i], "ldap://") &&
            !is_scheme(d->uris[i], "ldapi://"))
            return complain(reader, group, "uris: expected ldaps://, ldap:// (with StartTLS) or ldapi://");
        tls = tls || !is_scheme(d->uris[i], "ldapi://");
    }
    if (tls && !d->ca_file)
        return complain(reader, group,
                        "ca_file: missing; TLS is always demanded, name the CA that signed the server");
    if (d->uris[0] && !d->sasl_external && !(d->bind_dn && d->secret_file))
        return complain(reader, group, "expected bind_dn and secret_file, or sasl_external = true");
    if (d->sasl_external && d->bind_dn)
        return complain(reader, group, "expected bind_dn or sasl_external, not both");
    if (!d->cert_file != !d->key_file)
        return complain(reader, group, "expected cert_file and key_file together");
    return 0;
}

/* As the trail's format wants it, for it can never be changed once the trail has begun. */
static bool is_origin(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~' || *text == '+')
            return false;
    return true;
}

static int fill_in(const struct reader *reader, const config_t *config, struct frt_conf *conf)
{
    const config_setting_t *setting = config_lookup(config, conf->origin ? "origin" : "host");

    if (!conf->origin && asprintf(&conf->origin, "frt/%s", conf->host) < 0) {
        conf->origin = NULL;
        return -ENOMEM;
    }
    if (!is_origin(conf->origin))
        return complain(reader, setting,
                        "the trail's origin (default frt/HOST): expected printable ASCII without space or +");
    if (!conf->directory.user && conf->user && !(conf->directory.user = strdup(conf->user)))
        return -ENOMEM;
    return 0;
}

static int take_all(const struct reader *reader, const config_t *config, struct frt_conf *conf)
{
    const config_setting_t *directory = config_lookup(config, "directory");
    int r = take_group(reader, config_root_setting(config), &root_table, conf);

    if (r == 0 && !directory) {
        snprintf(reader->error, FRT_CONF_ERROR_MAX, "%s:1: directory: missing; expected directory = { ... }",
                 reader->path);
        r = -EINVAL;
    }
    if (r == 0)
        r = take_group(reader, directory, &directory_table, conf);
    if (r == 0)
        r = take_group(reader, config_lookup(config, "gate"), &gate_table, conf);
    if (r == 0)
        r = take_role_groups(reader, config_lookup(config, "role_groups"), conf);
    if (r == 0)
        r = check_directory(reader, directory, conf);
    return r == 0 ? fill_in(reader, config, conf) : r;
}

int frt_conf_load(const char *path, struct frt_conf **ret_conf, char error[FRT_CONF_ERROR_MAX])
{
    const struct reader reader = {path, error};
    struct frt_conf *conf = calloc(1, sizeof(*conf));
    config_t config;
    int r = conf && (conf->path = strdup(path)) ? 0 : -ENOMEM;

    snprintf(error, FRT_CONF_ERROR_MAX, "%s: out of memory", path);
    config_init(&config);
    if (r == 0)
        r = frt_config_read(path, FRT_FILE_NOT_WRITABLE, &config, NULL, NULL, error, FRT_CONF_ERROR_MAX);
    if (r == 0)
        r = take_all(&reader, &config, conf);
    config_destroy(&config);
    if (r < 0)
        frt_conf_free(conf);
    else
        *ret_conf = conf;
    return r;
}

static void free_texts(const struct table *table, void *target)
{
    for (size_t i = 0; i < table->row_count; i++) {
        char **slot = (char **)(void *)((char *)target + table->rows[i].offset);
        enum type type = table->rows[i].type;

        if (type == TEXT || type == PATH || type == DN)
            free(*slot);
        for (size_t k = 0; (type == TEXTS || type == PATHS) && slot[k]; k++)
            free(slot[k]);
    }
}

void frt_conf_free(struct frt_conf *conf)
{
    if (!conf)
        return;
    free_texts(&root_table, conf);
    free_texts(&directory_table, conf);
    free_texts(&gate_table, conf);
    for (size_t i = 0; i < conf->role_group_count; i++)
        free_texts(&role_group_table, &conf->role_groups[i]);
    free(conf->path);
    free(conf);
}

int frt_conf_new_view(const struct frt_conf *conf, struct frt_view **ret_view)
{
    const struct frt_conf_layout *l = &conf->layout;
    const struct frt_view_layout layout = {
        .suffix = l->suffix,
        .people = l->people,
        .roles = l->roles,
        .agencies = l->agencies,
        .hosts = l->hosts,
        .tools = l->tools,
        .requests = l->requests,
        .authorities = l->authorities,
        .groups = l->groups,
    };
    struct frt_role_group groups[FRT_CONF_MAX_LIST];

    for (size_t i = 0; i < conf->role_group_count; i++) {
        const struct frt_conf_role_group *row = &conf->role_groups[i];

        groups[i] = (struct frt_role_group){row->group, row->affiliation, row->agency, row->department,
                                            row->official_type};
    }
    return frt_view_new(&layout, groups, conf->role_group_count, ret_view);
}
