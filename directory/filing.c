/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/filing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "support/cleanup.h"
#include "support/name.h"
#include "support/time_text.h"

#define DN_MAX        1024
#define ATTRIBUTE_MAX 48

struct frt_filing {
    LDAP *ld;
    char *uri;
    char login[FRT_LOGIN_NAME_MAX + 1];
    char person[DN_MAX], roles[DN_MAX], shelves[2][DN_MAX];
};

static const struct {
    const char *ou, *object_class, *id;
} shelves[] = {
    [FRT_FILING_REQUESTS] = {"requests", "frtRequest", "frtRequestId"},
    [FRT_FILING_AUTHORITIES] = {"authorities", "frtAuthorityEntry", "frtAuthorityId"},
};

/* Names are canonical and ids valid: neither has a character that means something in a DN or filter (RFC 4514, RFC 4515) but
 * '+', which is escaped. */
static bool name_entry(const char *attribute, const char *id, const char *base, char dn[DN_MAX])
{
    char escaped[3 * 64 + 1];
    size_t used = 0;

    for (; *id && used + 3 < sizeof(escaped); id++) {
        if (*id == '+')
            escaped[used++] = '\\';
        escaped[used++] = *id;
    }
    escaped[used] = '\0';
    return *id == '\0' && (size_t)snprintf(dn, DN_MAX, "%s=%s,%s", attribute, escaped, base) < DN_MAX;
}

static bool name_base(const char *configured, const char *ou, const char *suffix, char dn[DN_MAX])
{
    return (size_t)snprintf(dn, DN_MAX, configured ? "%s" : "ou=%s,%s", configured ? configured : ou,
                            suffix) < DN_MAX;
}

static bool name_everything(struct frt_filing *filing, const struct frt_conf *conf, const char *login)
{
    const struct frt_conf_layout *layout = &conf->layout;
    char people[DN_MAX];

    snprintf(filing->login, sizeof(filing->login), "%s", login);
    return name_base(layout->people, "people", layout->suffix, people) &&
           name_base(layout->roles, "roles", layout->suffix, filing->roles) &&
           name_base(layout->requests, "requests", layout->suffix, filing->shelves[FRT_FILING_REQUESTS]) &&
           name_base(layout->authorities, "authorities", layout->suffix,
                     filing->shelves[FRT_FILING_AUTHORITIES]) &&
           name_entry("uid", login, people, filing->person);
}

/* "dn:uid=p24,ou=people,..." (RFC 4532): EXTERNAL may have made us somebody else. */
static int check_who(struct frt_filing *filing, struct frt_trouble *trouble)
{
    struct berval *who = NULL;
    int result = ldap_whoami_s(filing->ld, &who, NULL, NULL);
    bool same = result == LDAP_SUCCESS && who && who->bv_len > 3 && strncasecmp(who->bv_val, "dn:", 3) == 0 &&
                strcasecmp(who->bv_val + 3, filing->person) == 0;

    ber_bvfree(who);
    if (same)
        return 0;
    return frt_trouble_set(
        trouble, FRT_REPLICA_REFUSED,
        "%s: the directory does not take you for %s; give your password, or have the administrator map "
        "your account to that entry (olcAuthzRegexp)",
        filing->uri, filing->person);
}

static int connect_to(struct frt_filing *filing, const struct frt_conf *conf, const char *password,
                      struct frt_trouble *trouble)
{
    const struct frt_replica_identity identity = {password ? filing->person : NULL, password};
    int r = -ENOTCONN;

    for (size_t i = 0; conf->directory.uris[i]; i++) {
        filing->uri = conf->directory.uris[i];
        r = frt_replica_connect_as(conf, filing->uri, &identity, &filing->ld, trouble);
        if (r == 0 || trouble->state == FRT_REPLICA_REFUSED)
            break;
    }
    return r < 0 ? r : check_who(filing, trouble);
}

int frt_filing_open(const struct frt_conf *conf, const char *login, const char *password,
                    struct frt_filing **ret_filing, struct frt_trouble *trouble)
{
    struct frt_filing *filing = calloc(1, sizeof(*filing));
    int r;

    if (!filing)
        return frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "out of memory");
    if (!frt_name_is_canonical(login, strlen(login)) || !name_everything(filing, conf, login))
        r = frt_trouble_set(trouble, FRT_REPLICA_REFUSED, "expected a login name: a-z, digits, _ . -");
    else if (!conf->directory.uris[0])
        r = frt_trouble_set(trouble, FRT_REPLICA_REFUSED,
                            "%s: directory: uris is empty: there is no directory server to file with",
                            conf->path);
    else
        r = connect_to(filing, conf, password, trouble);
    if (r < 0) {
        frt_filing_close(filing);
        return r;
    }
    *ret_filing = filing;
    return 0;
}

void frt_filing_close(struct frt_filing *filing)
{
    if (!filing)
        return;
    if (filing->ld)
        frt_replica_disconnect(filing->ld);
    free(filing);
}

/* ---- writing ---- */

static int translate(struct frt_filing *filing, int result, const char *doing, struct frt_trouble *trouble)
{
    if (result == LDAP_SUCCESS)
        return 0;
    (void)frt_trouble_ldap(trouble, filing->ld, result, filing->uri, doing, "nothing was written");
    switch (result) {
    case LDAP_ALREADY_EXISTS:
    case LDAP_TYPE_OR_VALUE_EXISTS:
        return FRT_FILING_E_EXISTS;
    case LDAP_NO_SUCH_OBJECT:
        return FRT_FILING_E_ABSENT;
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_OBJECT_CLASS_VIOLATION:
    case LDAP_INVALID_SYNTAX:
    case LDAP_UNDEFINED_TYPE:
        return FRT_FILING_E_REFUSED;
    default:
        return -ENOTCONN;
    }
}

struct modification {
    LDAPMod mod;
    struct berval *values; /* one more than there are, for the list of pointers below */
    struct berval **list;
};

static int fill_modification(struct modification *to, const char *name, const struct frt_value *values,
                             size_t count)
{
    to->values = calloc(count, sizeof(*to->values));
    to->list = calloc(count + 1, sizeof(*to->list));
    if (!to->values || !to->list)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        to->values[i] = (struct berval){values[i].length, values[i].bytes};
        to->list[i] = &to->values[i];
    }
    to->mod.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES;
    to->mod.mod_type = (char *)(uintptr_t)name;
    to->mod.mod_bvalues = to->list;
    return 0;
}

static int add_entry(struct frt_filing *filing, const char *dn, const struct frt_entry *entry,
                     struct frt_trouble *trouble)
{
    struct modification modifications[ATTRIBUTE_MAX] = {0};
    LDAPMod *list[ATTRIBUTE_MAX + 1] = {NULL};
    int r = entry->attribute_count <= ATTRIBUTE_MAX ? 0 : -E2BIG;

    for (size_t i = 0; r == 0 && i < entry->attribute_count; i++) {
        const struct frt_attribute *attribute = &entry->attributes[i];

        r = fill_modification(&modifications[i], attribute->name, attribute->values, attribute->value_count);
        list[i] = &modifications[i].mod;
    }
    if (r == 0)
        r = translate(filing, ldap_add_ext_s(filing->ld, dn, list, NULL, NULL), "filing", trouble);
    for (size_t i = 0; i < ATTRIBUTE_MAX; i++) {
        free(modifications[i].values);
        free(modifications[i].list);
    }
    return r;
}

static int copy_values(struct frt_entry *to, const struct frt_entry *from)
{
    int r = 0;

    for (size_t a = 0; r == 0 && a < from->attribute_count; a++)
        for (size_t v = 0; r == 0 && v < from->attributes[a].value_count; v++)
            r = frt_entry_add(to, from->attributes[a].name, from->attributes[a].values[v].bytes,
                              from->attributes[a].values[v].length);
    return r;
}

int frt_filing_add(struct frt_filing *filing, enum frt_filing_shelf shelf, const char *id,
                   const struct frt_entry *entry, struct frt_trouble *trouble)
{
    struct frt_entry *whole;
    char dn[DN_MAX];
    int r;

    if (!frt_identifier_is_valid(id) || !name_entry(shelves[shelf].id, id, filing->shelves[shelf], dn))
        return -EINVAL;
    whole = frt_entry_new(dn);
    if (!whole)
        return -ENOMEM;
    r = frt_entry_add(whole, "objectClass", shelves[shelf].object_class, strlen(shelves[shelf].object_class));
    if (r == 0)
        r = frt_entry_add(whole, shelves[shelf].id, id, strlen(id));
    if (r == 0)
        r = copy_values(whole, entry);
    if (r == 0)
        r = add_entry(filing, dn, whole, trouble);
    frt_entry_free(whole);
    return r;
}

int frt_filing_withdraw(struct frt_filing *filing, const char *id, int64_t at_s, struct frt_trouble *trouble)
{
    char time[FRT_TIME_TEXT_MAX], dn[DN_MAX];
    char *values[] = {time, NULL};
    LDAPMod mod = {
        .mod_op = LDAP_MOD_ADD, .mod_type = (char *)(uintptr_t) "frtWithdrawnAt", .mod_values = values};
    LDAPMod *mods[] = {&mod, NULL};

    if (!frt_identifier_is_valid(id) ||
        !name_entry("frtRequestId", id, filing->shelves[FRT_FILING_REQUESTS], dn))
        return -EINVAL;
    frt_generalized_time_format(at_s, time);
    return translate(filing, ldap_modify_ext_s(filing->ld, dn, mods, NULL, NULL), "withdrawing", trouble);
}

/* ---- reading ---- */

static int read_entry(LDAP *ld, LDAPMessage *message, struct frt_entry **ret_entry)
{
    BerElement *position = NULL;
    char *dn = ldap_get_dn(ld, message);
    struct frt_entry *entry = dn ? frt_entry_new(dn) : NULL;
    int r = entry ? 0 : -ENOMEM;

    ldap_memfree(dn);
    for (char *name = r == 0 ? ldap_first_attribute(ld, message, &position) : NULL; name;
         name = ldap_next_attribute(ld, message, position)) {
        struct berval **values = ldap_get_values_len(ld, message, name);

        for (size_t i = 0; r == 0 && values && values[i]; i++)
            r = frt_entry_add(entry, name, values[i]->bv_val, values[i]->bv_len);
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ber_free(position, 0);
    if (r < 0)
        frt_entry_free(entry);
    else
        *ret_entry = entry;
    return r;
}

static int search(struct frt_filing *filing, const char *base, int scope, const char *filter,
                  int (*callback)(void *arg, const struct frt_entry *entry), void *arg,
                  struct frt_trouble *trouble)
{
    LDAPMessage *answer = NULL;
    int result =
        ldap_search_ext_s(filing->ld, base, scope, filter, NULL, 0, NULL, NULL, NULL, LDAP_NO_LIMIT, &answer);
    int r = translate(filing, result, "reading", trouble);

    for (LDAPMessage *m = r == 0 ? ldap_first_entry(filing->ld, answer) : NULL; r == 0 && m;
         m = ldap_next_entry(filing->ld, m)) {
        struct frt_entry *entry = NULL;

        r = read_entry(filing->ld, m, &entry);
        if (r == 0)
            r = callback(arg, entry);
        frt_entry_free(entry);
    }
    ldap_msgfree(answer);
    return r;
}

static int keep(void *arg, const struct frt_entry *entry)
{
    struct frt_entry **kept = arg;

    if (*kept)
        return 0;
    *kept = frt_entry_new(entry->dn);
    return *kept ? copy_values(*kept, entry) : -ENOMEM;
}

int frt_filing_get(struct frt_filing *filing, enum frt_filing_shelf shelf, const char *id,
                   struct frt_entry **ret_entry, struct frt_trouble *trouble)
{
    struct frt_entry *entry = NULL;
    char dn[DN_MAX];
    int r;

    if (!frt_identifier_is_valid(id) || !name_entry(shelves[shelf].id, id, filing->shelves[shelf], dn))
        return FRT_FILING_E_ABSENT;
    r = search(filing, dn, LDAP_SCOPE_BASE, "(objectClass=*)", keep, &entry, trouble);
    if (r == 0 && !entry)
        return FRT_FILING_E_ABSENT;
    if (r != 0)
        frt_entry_free(entry);
    else
        *ret_entry = entry;
    return r;
}

int frt_filing_list(struct frt_filing *filing, enum frt_filing_shelf shelf,
                    int (*callback)(void *arg, const struct frt_entry *entry), void *arg,
                    struct frt_trouble *trouble)
{
    char filter[128];

    snprintf(filter, sizeof(filter), "(objectClass=%s)", shelves[shelf].object_class);
    return search(filing, filing->shelves[shelf], LDAP_SCOPE_ONELEVEL, filter, callback, arg, trouble);
}

struct wanted {
    const char *attribute;
    char *buffer;
    size_t size, found;
};

static int look(void *arg, const struct frt_entry *entry)
{
    struct wanted *wanted = arg;
    const struct frt_attribute *attribute = frt_entry_find(entry, wanted->attribute);
    const char *value = attribute && attribute->value_count > 0 ? attribute->values[0].bytes : NULL;

    if (!value || (wanted->found > 0 && strcmp(value, wanted->buffer) == 0))
        return 0;
    wanted->found += strlen(value) < wanted->size ? 1 : 2;
    snprintf(wanted->buffer, wanted->size, "%s", value);
    return 0;
}

bool frt_filing_own(struct frt_filing *filing, const char *attribute, char *buffer, size_t size)
{
    struct wanted wanted = {attribute, buffer, size, 0};
    struct frt_trouble trouble;
    char filter[128];

    buffer[0] = '\0';
    (void)search(filing, filing->person, LDAP_SCOPE_BASE, "(objectClass=*)", look, &wanted, &trouble);
    if (wanted.found == 0) {
        snprintf(filter, sizeof(filter), "(frtPerson=%s)", filing->login);
        (void)search(filing, filing->roles, LDAP_SCOPE_ONELEVEL, filter, look, &wanted, &trouble);
    }
    if (wanted.found != 1)
        buffer[0] = '\0';
    return wanted.found == 1;
}

void frt_filing_new_id(const char *prefix, int64_t now_s, char id[32])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32; without l, o, 0, 1 */
    char time[FRT_TIME_TEXT_MAX], random[9];
    uint8_t bytes[8];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        abort(); /* cannot happen for 8 bytes (getrandom(2)) */
    for (size_t i = 0; i < 8; i++)
        random[i] = letters[bytes[i] % 32];
    random[8] = '\0';
    frt_generalized_time_format(now_s, time);
    snprintf(id, 32, "%.4s-%.8s-%s", prefix, time, random);
}
