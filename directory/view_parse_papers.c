/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "directory/view_parse.h"
#include "support/cleanup.h"

#define MAX_SEARCHES 1000000

static const struct frt_word routes[] = {{"order", FRT_ROUTE_ORDER},
                                         {"deceased", FRT_ROUTE_DECEASED},
                                         {"emergency", FRT_ROUTE_EMERGENCY},
                                         {NULL, 0}};

static const struct frt_word request_states[] = {
    {"filed", 0}, {"refused", 1}, {"withdrawn", 1}, {"closed", 1}, {NULL, 0}};

static void read_max_searches(struct frt_reader *reader, unsigned *ret_max, bool *ret_none)
{
    int64_t max_searches = -1;

    frt_read_number(reader, "frtMaxSearches", FRT_OPTIONAL, MAX_SEARCHES, &max_searches);
    *ret_max = max_searches > 0 ? (unsigned)max_searches : 0;
    *ret_none = max_searches == 0;
}

/* Two routes claimed are a fact of their own, not an entry that cannot be read. */
static enum frt_route read_route(struct frt_reader *reader)
{
    const struct frt_attribute *claimed = frt_entry_find(reader->entry, "frtRoute");
    int route = FRT_ROUTE_NONE;

    if (claimed && claimed->value_count > 1)
        return FRT_ROUTE_SEVERAL;
    frt_read_word(reader, "frtRoute", FRT_OPTIONAL, routes, "expected order, deceased or emergency", &route);
    return (enum frt_route)route;
}

static void read_withdrawal(struct frt_reader *reader, struct frt_request *request)
{
    int64_t withdrawn_s = INT64_MAX;
    int closed = 0;

    frt_read_time(reader, "frtWithdrawnAt", FRT_OPTIONAL, &withdrawn_s);
    frt_read_word(reader, "frtRequestState", FRT_OPTIONAL, request_states,
                  "expected filed, refused, withdrawn or closed", &closed);
    request->withdrawn = closed || withdrawn_s != INT64_MAX;
}

void frt_parse_request(struct frt_parse *parse)
{
    struct frt_request *request = parse->item->request;
    struct frt_reader *reader = &parse->reader;
    bool items;

    request->filed_s = request->valid_from_s = INT64_MIN;
    request->valid_until_s = INT64_MAX;
    memcpy(request->uuid, reader->entry->uuid, sizeof(request->uuid));
    frt_read_identifier(reader, "frtRequestId", FRT_REQUIRED, &request->id);
    frt_read_login(reader, "frtRequester", FRT_OPTIONAL, &request->requester);
    frt_read_identifier(reader, "frtRequesterAgency", FRT_OPTIONAL, &request->requester_agency);
    frt_read_text(reader, "frtRecipient", FRT_OPTIONAL, &request->recipient);
    frt_read_time(reader, "frtFiledAt", FRT_OPTIONAL, &request->filed_s);
    frt_read_time(reader, "frtValidFrom", FRT_OPTIONAL, &request->valid_from_s);
    frt_read_time(reader, "frtValidUntil", FRT_OPTIONAL, &request->valid_until_s);
    frt_read_identifier(reader, "frtAuthority", FRT_OPTIONAL, &request->authority);
    frt_read_text(reader, "frtCaseNumber", FRT_OPTIONAL, &request->case_number);
    read_max_searches(reader, &request->max_searches, &request->no_searches);
    request->route = read_route(reader);
    read_withdrawal(reader, request);
    items = frt_read_some(reader, "frtRequesterPosition");
    items &= frt_read_some(reader, "frtReason");
    items &= frt_read_some(reader, "frtDatabase");
    items &= frt_read_some(reader, "frtTraits");
    items &= frt_read_some(reader, "frtDocumentSha256");
    (void)frt_read_some(reader, "frtToolRef"); /* may be absent, not unreadable */
    request->complete = items && !reader->problem && request->requester && request->requester_agency &&
                        request->recipient && request->filed_s != INT64_MIN &&
                        request->valid_until_s != INT64_MAX && request->route > FRT_ROUTE_SEVERAL;
    frt_parse_text_key(parse, FRT_INDEX_REQUEST, request->id);
}

static const struct frt_word authority_kinds[] = {
    {"order", 1}, {"deceased", 2}, {"emergency", 3}, {"evidence", 4}, {NULL, 0}};
static const struct frt_word limbs[] = {{"investigation", 1}, {"risk-of-harm", 1}, {NULL, 0}};
static const struct frt_word subject_states[] = {{"deceased", 1}, {"living", 0}, {NULL, 0}};

static void read_order(struct frt_reader *reader, struct frt_authority *authority)
{
    const struct frt_attribute *stated = frt_entry_find(reader->entry, "frtLimb");
    int limb = 0;

    frt_read_bool(reader, "frtIssuerCriminalWarrants", FRT_OPTIONAL, &authority->issuer_fit);
    if (!frt_read_some(reader, "frtIssuer"))
        authority->issuer_fit = false;
    if (stated && stated->value_count > 1) /* both limbs may hold */
        limb = frt_read_some(reader, "frtLimb");
    else
        frt_read_word(reader, "frtLimb", FRT_OPTIONAL, limbs, "expected investigation or risk-of-harm",
                      &limb);
    authority->limb_stated = limb == 1;
}

static void read_declared_on(struct frt_reader *reader, struct frt_authority *authority)
{
    int64_t declared_s = INT64_MIN;

    frt_read_time(reader, "frtDeclaredOn", FRT_OPTIONAL, &declared_s);
    if (declared_s > authority->start_s)
        authority->start_s = declared_s;
}

static void read_deceased(struct frt_reader *reader, struct frt_authority *authority)
{
    int dead = 0;

    frt_read_word(reader, "frtSubjectStatus", FRT_OPTIONAL, subject_states, "expected deceased or living",
                  &dead);
    authority->declared_dead = frt_read_some(reader, "frtDeclaredBy") && dead == 1;
    read_declared_on(reader, authority);
}

static void read_emergency(struct frt_reader *reader, struct frt_authority *authority)
{
    int64_t probes = 0, searches = 0;
    bool bounded;

    authority->basis_stated = frt_read_some(reader, "frtFactualBasis");
    authority->basis_stated &= frt_read_some(reader, "frtHarm");
    authority->basis_stated &= frt_read_some(reader, "frtNoDelay");
    frt_read_number(reader, "frtProbeCount", FRT_OPTIONAL, MAX_SEARCHES, &probes);
    frt_read_number(reader, "frtMaxSearches", FRT_OPTIONAL, MAX_SEARCHES, &searches);
    bounded = frt_read_some(reader, "frtDatabase");
    bounded &= frt_read_some(reader, "frtSubject");
    authority->scope_bounded = bounded && probes > 0 && searches > 0 && authority->start_s != INT64_MIN &&
                               authority->end_s != INT64_MAX;
}

static void read_evidence(struct frt_reader *reader, struct frt_authority *authority)
{
    bool stated = frt_entry_find(reader->entry, "frtSolicited") != NULL;

    authority->solicited = true;
    frt_read_bool(reader, "frtSolicited", FRT_OPTIONAL, &authority->solicited);
    frt_read_time(reader, "frtDeclaredOn", FRT_OPTIONAL, &authority->start_s);
    authority->declared = frt_read_some(reader, "frtDeclaredBy") && stated && authority->start_s != INT64_MIN;
}

/* What cannot be read supports nothing. */
static void distrust(struct frt_authority *authority)
{
    authority->issuer_fit = authority->limb_stated = authority->declared_dead = false;
    authority->basis_stated = authority->scope_bounded = authority->declared = false;
}

void frt_parse_authority(struct frt_parse *parse)
{
    static void (*const readers[])(struct frt_reader *, struct frt_authority *) = {
        NULL, read_order, read_deceased, read_emergency, read_evidence};
    struct frt_authority *authority = parse->item->authority;
    struct frt_reader *reader = &parse->reader;
    int kind = 0;

    authority->start_s = INT64_MIN;
    authority->end_s = INT64_MAX;
    frt_read_identifier(reader, "frtAuthorityId", FRT_REQUIRED, &authority->id);
    frt_read_word(reader, "frtAuthorityKind", FRT_REQUIRED, authority_kinds,
                  "expected order, deceased, emergency or evidence", &kind);
    frt_read_text(reader, "frtCaseNumber", FRT_OPTIONAL, &authority->case_number);
    frt_read_time(reader, "frtAuthorityStart", FRT_OPTIONAL, &authority->start_s);
    frt_read_time(reader, "frtAuthorityEnd", FRT_OPTIONAL, &authority->end_s);
    read_max_searches(reader, &authority->max_searches, &authority->no_searches);
    if (kind) {
        frt_read_text(reader, "frtAuthorityKind", FRT_REQUIRED, &authority->kind);
        readers[kind](reader, authority);
    }
    if (reader->problem)
        distrust(authority);
    frt_parse_text_key(parse, FRT_INDEX_AUTHORITY, authority->id);
}
