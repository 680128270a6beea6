// links: frt_directory frt_decision frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Entries of any bytes into a view, changed, refreshed and taken away again, with attempts resolved in between. Whatever they
 * hold: facts stay inside their enumerations, what the view says is plain text, and nothing is left at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/resolve.h"
#include "support/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUFFIX  ",dc=frt,dc=example"
#define ENTRIES 16

struct input {
    const uint8_t *data;
    size_t left;
};

static const char *const places[] = {
    "uid=p01,ou=people" SUFFIX,
    "uid=p02,ou=people" SUFFIX,
    "frtRoleId=r1,ou=roles" SUFFIX,
    "frtRoleId=r2,ou=roles" SUFFIX,
    "frtAgencyId=msp,ou=agencies" SUFFIX,
    "frtHostId=h1,ou=hosts" SUFFIX,
    "frtToolId=T1,ou=tools" SUFFIX,
    "frtRequestId=Q1,ou=requests" SUFFIX,
    "frtAuthorityId=O1,ou=authorities" SUFFIX,
    "cn=g1,ou=groups" SUFFIX,
    "cn=g2,ou=groups" SUFFIX,
    "cn=g3,ou=people" SUFFIX,
    "",
};

static const char *const classes[] = {"inetOrgPerson", "account",    "frtRole",     "frtAgencyEntry",
                                      "frtHost",       "frtTool",    "frtRequest",  "frtRoleGroup",
                                      "groupOfNames",  "posixGroup", "groupOfURLs", "frtAuthorityEntry"};

static const char *const names[] = {
    "objectClass",
    "uid",
    "uidNumber",
    "cn",
    "frtRoleId",
    "frtPerson",
    "frtAffiliation",
    "frtAgency",
    "frtDepartment",
    "frtOfficialType",
    "frtSworn",
    "frtPerformer",
    "frtRoleStart",
    "frtRoleEnd",
    "frtRoleGroup",
    "frtAgencyId",
    "frtAgencyKind",
    "frtRecipient",
    "frtHostId",
    "frtOwner",
    "frtAssignedTo",
    "frtToolId",
    "frtToolClass",
    "frtCapability",
    "frtAction",
    "frtRequestId",
    "frtRequester",
    "frtRequesterAgency",
    "frtRequesterPosition",
    "frtFiledAt",
    "frtValidFrom",
    "frtValidUntil",
    "frtRoute",
    "frtAuthority",
    "frtCaseNumber",
    "frtMaxSearches",
    "frtDatabase",
    "frtReason",
    "frtTraits",
    "frtDocumentSha256",
    "frtRequestState",
    "frtWithdrawnAt",
    "frtToolRef",
    "frtAuthorityId",
    "frtAuthorityKind",
    "frtAuthorityStart",
    "frtAuthorityEnd",
    "frtIssuer",
    "frtIssuerCriminalWarrants",
    "frtLimb",
    "frtSubjectStatus",
    "frtDeclaredBy",
    "frtDeclaredOn",
    "frtFactualBasis",
    "frtHarm",
    "frtNoDelay",
    "frtSubject",
    "frtProbeCount",
    "frtSolicited",
    "member",
    "memberUid",
    "uniqueMember",
    "member;range=0-1",
    "uid;x-a",
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t take(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->data++;
}

static size_t take_bytes(struct input *input, const uint8_t **ret_bytes)
{
    size_t length = take(input);

    if (length > input->left)
        length = input->left;
    *ret_bytes = input->data;
    input->data += length;
    input->left -= length;
    return length;
}

/* A known place, or any bytes. */
static struct frt_entry *take_dn(struct input *input)
{
    uint8_t place = take(input);
    char dn[256] = "";
    const uint8_t *bytes;
    size_t length;

    if (place < FRT_ARRAY_LEN(places))
        return frt_entry_new(places[place]);
    length = take_bytes(input, &bytes);
    memcpy(dn, bytes, length);
    return frt_entry_new(dn);
}

static void take_value(struct input *input, struct frt_entry *entry)
{
    const char *name = names[take(input) % FRT_ARRAY_LEN(names)];
    const uint8_t *bytes;
    size_t length;

    if (strcmp(name, "objectClass") == 0) {
        const char *class = classes[take(input) % FRT_ARRAY_LEN(classes)];

        (void)frt_entry_add(entry, name, class, strlen(class));
        return;
    }
    length = take_bytes(input, &bytes);
    (void)frt_entry_add(entry, name, bytes, length);
}

static void put(struct input *input, struct frt_view *view)
{
    struct frt_entry *entry = take_dn(input);
    uint8_t values = take(input);

    require(entry != NULL);
    entry->uuid[0] = (uint8_t)(1 + take(input) % ENTRIES);
    for (unsigned i = 0; i < values && input->left > 0; i++)
        take_value(input, entry);
    require(frt_view_put(view, entry, NULL) == 0);
}

static void require_plain(const char *text)
{
    for (; *text; text++)
        require(*text >= 0x20 && *text <= 0x7e);
}

static void take_text(struct input *input, char text[256])
{
    const uint8_t *bytes;
    size_t length = take_bytes(input, &bytes);

    memcpy(text, bytes, length);
    text[length] = '\0';
}

static void resolve(struct input *input, const struct frt_view *view)
{
    struct frt_policy_values values = {.city_includes = take(input),
                                       .stale_member_counts = take(input) & 1,
                                       .emergency_max_hours = take(input),
                                       .retro_filing_minutes = take(input),
                                       .requester_may_open = take(input) & 1,
                                       .role_of_session = take(input) & 1};
    char login[256], user[256];
    struct frt_attempt attempt = {.login = login,
                                  .login_uid = (int8_t)take(input),
                                  .user = user,
                                  .user_uid = (int8_t)take(input),
                                  .tool = "T1",
                                  .match = (enum frt_match)take(input),
                                  .host = "h1",
                                  .request = "Q1",
                                  .evidence = "O1",
                                  .now_s = 1773669600};
    struct frt_resolution resolution;

    take_text(input, login);
    take_text(input, user);
    frt_resolve(view, &values, &attempt, &resolution);
    for (unsigned fact = 0; fact < FRT_FACT_COUNT; fact++)
        require(resolution.facts.value[fact] < frt_fact_table[fact].count);
    require(resolution.login_role_count <= FRT_RESOLVE_MAX_ROLES);
}

static void step(struct input *input, struct frt_view *view)
{
    uint8_t uuid[16] = {0};

    switch (take(input) % 6) {
    case 0:
        frt_view_refresh_begin(view);
        break;
    case 1:
        (void)frt_view_refresh_end(view);
        break;
    case 2:
        uuid[0] = (uint8_t)(1 + take(input) % ENTRIES);
        frt_view_remove(view, uuid);
        break;
    case 3:
        resolve(input, view);
        break;
    default:
        put(input, view);
        break;
    }
    require_plain(frt_view_problem(view));
    for (size_t i = 0; frt_view_unreadable(view, i); i++)
        require_plain(frt_view_unreadable(view, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct frt_view_layout layout = {.suffix = "dc=frt,dc=example"};
    const struct frt_role_group row = {
        .dn = "cn=g2,ou=groups" SUFFIX, .affiliation = "city", .official_type = "employee"};
    struct input input = {data, size};
    struct frt_view *view = NULL;
    uint8_t uuid[16] = {0};

    require(frt_view_new(&layout, &row, 1, &view) == 0);
    while (input.left > 0)
        step(&input, view);
    for (unsigned i = 1; i <= ENTRIES; i++) {
        uuid[0] = (uint8_t)i;
        frt_view_remove(view, uuid);
    }
    require(frt_view_entry_count(view) == 0 && frt_view_unreadable_count(view) == 0);
    require(frt_view_roles_of(view, "p01", NULL, 0) == 0);
    frt_view_free(view);
    return 0;
}
