/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Small directories for tests: a usual entry in one line, and changes to it by name. Only for tests: memory is assumed.
 */
#ifndef FRT_TESTS_DIRECTORY_BUILDERS_H
#define FRT_TESTS_DIRECTORY_BUILDERS_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/resolve.h"
#include "support/cleanup.h"
#include "support/time_text.h"

#define SUFFIX "dc=frt,dc=example"

static inline struct frt_view *view_with_groups(const struct frt_role_group *groups, size_t count)
{
    struct frt_view_layout layout = {.suffix = SUFFIX};
    struct frt_view *view = NULL;

    ck_assert_int_eq(frt_view_new(&layout, groups, count, &view), 0);
    return view;
}

static inline struct frt_view *empty_view(void)
{
    return view_with_groups(NULL, 0);
}

static inline void attribute(struct frt_entry *entry, const char *name, const char *value)
{
    if (frt_entry_add(entry, name, value, strlen(value)) <
        0) /* an assertion that holds is a write to a pipe */
        ck_abort_msg("%s: no room", name);
}

/* "name: value" lines, separated by newlines. */
static inline void attributes(struct frt_entry *entry, const char *lines)
{
    frt_auto_free char *copy = strdup(lines);
    char *rest = copy;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *colon = strstr(line, ": ");

        if (!colon)
            continue;
        *colon = '\0';
        attribute(entry, line, colon + 2);
    }
}

/* Takes away every value of the attribute. */
static inline void without(struct frt_entry *entry, const char *name)
{
    for (size_t a = 0; a < entry->attribute_count; a++) {
        struct frt_attribute *found = &entry->attributes[a];

        if (strcmp(found->name, name) != 0)
            continue;
        for (size_t v = 0; v < found->value_count; v++)
            free(found->values[v].bytes);
        free(found->values);
        free(found->name);
        *found = (struct frt_attribute){.name = strdup("x-gone")};
    }
}

static inline void replace(struct frt_entry *entry, const char *name, const char *value)
{
    without(entry, name);
    attribute(entry, name, value);
}

__attribute__((format(printf, 2, 3))) static inline struct frt_entry *entry_of(const char *lines,
                                                                               const char *format, ...)
{
    char dn[512];
    struct frt_entry *entry;
    va_list args;

    va_start(args, format);
    vsnprintf(dn, sizeof(dn), format, args);
    va_end(args);
    entry = frt_entry_new(dn);
    if (!entry)
        ck_abort_msg("no room");
    attributes(entry, lines);
    return entry;
}

static inline enum frt_view_change put(struct frt_view *view, struct frt_entry *entry)
{
    enum frt_view_change change = FRT_VIEW_REMOVED;

    if (frt_view_put(view, entry, &change) < 0)
        ck_abort_msg("no room");
    return change;
}

static inline struct frt_entry *a_person(const char *uid, int number)
{
    struct frt_entry *entry =
        entry_of("objectClass: inetOrgPerson\nobjectClass: posixAccount\ncn: Somebody\ngidNumber: 20000",
                 "uid=%s,ou=people," SUFFIX, uid);
    char text[16];

    snprintf(text, sizeof(text), "%d", number);
    attribute(entry, "uid", uid);
    attribute(entry, "uidNumber", text);
    return entry;
}

static inline struct frt_entry *a_service(const char *uid, int number)
{
    struct frt_entry *entry = a_person(uid, number);

    replace(entry, "objectClass", "account");
    attribute(entry, "objectClass", "frtServiceAccount");
    return entry;
}

static inline struct frt_entry *a_role(const char *uid, const char *kind)
{
    struct frt_entry *entry = entry_of("objectClass: frtRole", "frtRoleId=%s-%s,ou=roles," SUFFIX, uid, kind);
    char id[128];

    snprintf(id, sizeof(id), "%s-%s", uid, kind);
    attribute(entry, "frtRoleId", id);
    attribute(entry, "frtPerson", uid);
    attribute(entry, "frtRoleStart", "20200101000000Z");
    return entry;
}

static inline struct frt_entry *a_city_role(const char *uid)
{
    struct frt_entry *entry = a_role(uid, "city");

    attributes(entry,
               "frtAffiliation: city\nfrtAgency: city\nfrtDepartment: police\nfrtOfficialType: employee");
    return entry;
}

static inline struct frt_entry *an_outside_role(const char *uid, const char *agency)
{
    struct frt_entry *entry = a_role(uid, agency);

    attribute(entry, "frtAffiliation", "outside");
    attribute(entry, "frtAgency", agency);
    return entry;
}

static inline struct frt_entry *a_performer_role(const char *uid, const char *agency)
{
    struct frt_entry *entry = an_outside_role(uid, agency);

    attribute(entry, "frtPerformer", "TRUE");
    return entry;
}

static inline struct frt_entry *an_agency(const char *id, const char *kind, const char *recipient)
{
    struct frt_entry *entry =
        entry_of("objectClass: frtAgencyEntry", "frtAgencyId=%s,ou=agencies," SUFFIX, id);

    attribute(entry, "frtAgencyId", id);
    attribute(entry, "frtAgencyKind", kind);
    if (recipient)
        attribute(entry, "frtRecipient", recipient);
    return entry;
}

static inline struct frt_entry *a_host(const char *id, const char *name, const char *owner)
{
    struct frt_entry *entry = entry_of("objectClass: frtHost", "frtHostId=%s,ou=hosts," SUFFIX, id);

    attribute(entry, "frtHostId", id);
    attribute(entry, "cn", name);
    attribute(entry, "frtOwner", owner);
    return entry;
}

static inline struct frt_entry *a_tool(const char *id)
{
    struct frt_entry *entry = entry_of("objectClass: frtTool\ncn: tool\nfrtToolClass: face-surveillance\n"
                                       "frtCapability: identify-1toN\nfrtAction: decide",
                                       "frtToolId=%s,ou=tools," SUFFIX, id);

    attribute(entry, "frtToolId", id);
    return entry;
}

static inline struct frt_entry *a_group(const char *cn, const char *lines)
{
    struct frt_entry *entry = entry_of("objectClass: groupOfNames", "cn=%s,ou=groups," SUFFIX, cn);

    attribute(entry, "cn", cn);
    attributes(entry, lines);
    return entry;
}

static inline struct frt_entry *a_role_group(const char *cn, const char *lines)
{
    struct frt_entry *entry = a_group(cn, lines);

    attributes(entry, "objectClass: frtRoleGroup\nfrtAffiliation: city\nfrtOfficialType: employee\n"
                      "frtDepartment: police");
    return entry;
}

static inline struct frt_entry *a_request(const char *id)
{
    struct frt_entry *entry =
        entry_of("objectClass: frtRequest\nfrtRequester: p24\nfrtRequesterAgency: "
                 "ebpd\nfrtRequesterPosition: detective\n"
                 "frtRecipient: msp\nfrtFiledAt: 20260310090000Z\nfrtValidFrom: 20260310090000Z\n"
                 "frtValidUntil: 20260331000000Z\nfrtRoute: order\nfrtAuthority: O77\nfrtCaseNumber: C-1\n"
                 "frtMaxSearches: 3\nfrtDatabase: RMV image file\nfrtReason: robbery\nfrtTraits: dark hair\n"
                 "frtDocumentSha256: a7866fe9f8467e069018c1773c565c581d380f19f9a19a6be4656fabf521b475\n"
                 "frtRequestState: filed",
                 "frtRequestId=%s,ou=requests," SUFFIX, id);

    attribute(entry, "frtRequestId", id);
    return entry;
}

static inline struct frt_entry *an_authority(const char *id, const char *lines)
{
    struct frt_entry *entry =
        entry_of("objectClass: frtAuthorityEntry", "frtAuthorityId=%s,ou=authorities," SUFFIX, id);

    attribute(entry, "frtAuthorityId", id);
    attributes(entry, lines);
    return entry;
}

static inline struct frt_entry *an_order(const char *id)
{
    return an_authority(id,
                        "frtAuthorityKind: order\nfrtCaseNumber: C-1\nfrtAuthorityStart: 20260301000000Z\n"
                        "frtAuthorityEnd: 20260331000000Z\nfrtIssuer: a justice\n"
                        "frtIssuerCriminalWarrants: TRUE\nfrtLimb: investigation\nfrtMaxSearches: 3");
}

static inline struct frt_entry *an_emergency(const char *id)
{
    return an_authority(id, "frtAuthorityKind: emergency\nfrtAuthorityStart: 20260316130000Z\n"
                            "frtAuthorityEnd: 20260317130000Z\nfrtFactualBasis: seen\nfrtHarm: a child\n"
                            "frtNoDelay: hours count\nfrtSubject: one man\nfrtProbeCount: 1\n"
                            "frtDatabase: RMV image file\nfrtMaxSearches: 1");
}

static inline int64_t at(const char *text)
{
    int64_t s = 0;

    ck_assert_int_eq(frt_time_parse(text, &s), 0);
    return s;
}

/* Runs one test case made of the rows given; for main(). */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
