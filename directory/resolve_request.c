/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "directory/resolve_internal.h"

/* The latest filing time that still counts (domain A10: before the attempt, by seconds if need be). */
static int64_t filing_limit_s(const struct frt_resolving *resolving)
{
    return resolving->attempt->now_s + (int64_t)resolving->values->retro_filing_minutes * 60;
}

/* An official asks through somebody else's agency (domain A25): by the roles at filing, or now. */
static bool is_by_official(const struct frt_resolving *resolving, const struct frt_request *request)
{
    int64_t times[] = {resolving->attempt->now_s, request->filed_s};
    struct frt_standing standing;

    for (size_t i = 0; request->requester && i < 2; i++) {
        frt_standing_at(resolving->view, resolving->values, request->requester, times[i], &standing);
        if (standing.city || standing.unknown)
            return true;
    }
    return false;
}

/* A window that begins after the filing is what was asked for; one that begins with it moves with the filing. */
static bool is_not_yet(const struct frt_resolving *resolving, const struct frt_request *request)
{
    if (request->filed_s > filing_limit_s(resolving))
        return true;
    return request->valid_from_s > request->filed_s && request->valid_from_s > resolving->attempt->now_s;
}

static bool is_incomplete(const struct frt_resolving *resolving, const struct frt_request *request)
{
    const struct frt_person *requester;

    return !request->complete ||
           frt_view_find_person_by_uid(resolving->view, request->requester, &requester) == FRT_FOUND_POISONED;
}

static bool is_one_of_the_bodies(const char *recipient)
{
    static const char *const bodies[] = {"rmv", "msp", "fbi"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (strcmp(recipient, bodies[i]) == 0)
            return true;
    }
    return false;
}

static bool is_of_agency(const struct frt_resolving *resolving, const struct frt_request *request,
                         int64_t at_s)
{
    struct frt_standing standing;

    frt_standing_at(resolving->view, resolving->values, request->requester, at_s, &standing);
    for (size_t i = 0; i < standing.role_count; i++) {
        const struct frt_role *role = standing.roles[i];

        if (!role->city && role->agency && strcmp(role->agency, request->requester_agency) == 0)
            return true;
    }
    return false;
}

/* The agency on the paper is the requester's word. It counts when the role office says so too: of that agency when the
 * request was filed, and still. */
static bool is_unfit_requester(const struct frt_resolving *resolving, const struct frt_request *request)
{
    const struct frt_agency *agency = frt_view_agency(resolving->view, request->requester_agency);

    if (!agency || (agency->kind != FRT_AGENCY_REQUESTER && agency->kind != FRT_AGENCY_PERFORMER_REQUESTER))
        return true;
    return !is_of_agency(resolving, request, request->filed_s) ||
           !is_of_agency(resolving, request, resolving->attempt->now_s);
}

/* A request that names tools is for those. */
static bool is_other_tool(const struct frt_resolving *resolving, const struct frt_request *request)
{
    const struct frt_attribute *named = frt_entry_find(request->entry, "frtToolRef");
    const struct frt_tool *tool = resolving->resolution->tool;

    for (size_t v = 0; named && v < named->value_count; v++) {
        if (tool && frt_view_tool(resolving->view, named->values[v].bytes) == tool)
            return false;
    }
    return named != NULL;
}

static bool is_other_agency(const struct frt_resolving *resolving)
{
    if (resolving->resolution->facts.value[FRT_FACT_SUBJECT] != FRT_SUBJECT_OUTSIDE)
        return false;
    for (size_t i = 0; i < resolving->party_count; i++) {
        if (!frt_role_is_addressed(resolving, frt_acting_role(resolving, resolving->parties[i])))
            return true;
    }
    return false;
}

/* The first that fails. */
static enum frt_request_state request_state(const struct frt_resolving *resolving)
{
    const struct frt_request *request = resolving->resolution->request;

    if (!resolving->attempt->request || !*resolving->attempt->request)
        return FRT_REQUEST_NONE;
    if (!request)
        return FRT_REQUEST_NOT_FOUND;
    if (is_by_official(resolving, request))
        return FRT_REQUEST_BY_OFFICIAL;
    if (is_not_yet(resolving, request))
        return FRT_REQUEST_NOT_YET;
    if (request->withdrawn)
        return FRT_REQUEST_WITHDRAWN;
    if (request->valid_until_s <= resolving->attempt->now_s)
        return FRT_REQUEST_EXPIRED;
    if (is_incomplete(resolving, request))
        return FRT_REQUEST_INCOMPLETE;
    if (!is_one_of_the_bodies(request->recipient))
        return FRT_REQUEST_WRONG_RECIPIENT;
    if (is_unfit_requester(resolving, request))
        return FRT_REQUEST_UNFIT_REQUESTER;
    if (is_other_tool(resolving, request))
        return FRT_REQUEST_OTHER_TOOL;
    return is_other_agency(resolving) ? FRT_REQUEST_OTHER_AGENCY : FRT_REQUEST_ON_FILE;
}

static bool is_other_case(const struct frt_resolving *resolving, const struct frt_authority *authority)
{
    const struct frt_request *request = resolving->resolution->request;

    return request->case_number && authority->case_number &&
           strcmp(request->case_number, authority->case_number) != 0;
}

/* An order without both dates is in force at no time: when it begins or ends cannot be told. */
static bool is_dated(const struct frt_authority *order)
{
    return order->start_s != INT64_MIN && order->end_s != INT64_MAX;
}

static enum frt_authority_state order_state(const struct frt_resolving *resolving,
                                            const struct frt_authority *order)
{
    int64_t now_s = resolving->attempt->now_s;

    if (!order->issuer_fit)
        return FRT_AUTHORITY_UNFIT_ISSUER;
    if (!is_dated(order) || now_s < order->start_s || now_s >= order->end_s)
        return FRT_AUTHORITY_NOT_IN_FORCE;
    if (is_other_case(resolving, order))
        return FRT_AUTHORITY_OTHER_CASE;
    return order->limb_stated ? FRT_AUTHORITY_IN_FORCE : FRT_AUTHORITY_NO_LIMB;
}

static enum frt_authority_state deceased_state(const struct frt_resolving *resolving,
                                               const struct frt_authority *declaration)
{
    int64_t now_s = resolving->attempt->now_s;

    if (!declaration->declared_dead)
        return FRT_AUTHORITY_LIVING;
    if (now_s < declaration->start_s || now_s >= declaration->end_s)
        return FRT_AUTHORITY_NOT_IN_FORCE;
    return is_other_case(resolving, declaration) ? FRT_AUTHORITY_OTHER_CASE : FRT_AUTHORITY_IN_FORCE;
}

/* scope_bounded promises that both ends are stated. */
static enum frt_authority_state emergency_state(const struct frt_resolving *resolving,
                                                const struct frt_authority *statement)
{
    int64_t max_s = (int64_t)resolving->values->emergency_max_hours * 3600;

    if (!statement->basis_stated)
        return FRT_AUTHORITY_NO_BASIS;
    if (!statement->scope_bounded || statement->end_s > statement->start_s + max_s)
        return FRT_AUTHORITY_UNBOUNDED;
    if (statement->start_s > filing_limit_s(resolving) || resolving->attempt->now_s >= statement->end_s)
        return FRT_AUTHORITY_NOT_IN_FORCE;
    return is_other_case(resolving, statement) ? FRT_AUTHORITY_OTHER_CASE : FRT_AUTHORITY_IN_FORCE;
}

static enum frt_authority_state authority_state(const struct frt_resolving *resolving)
{
    static const struct {
        enum frt_route route;
        const char *kind;
        enum frt_authority_state (*state)(const struct frt_resolving *, const struct frt_authority *);
    } routes[] = {
        {FRT_ROUTE_ORDER, "order", order_state},
        {FRT_ROUTE_DECEASED, "deceased", deceased_state},
        {FRT_ROUTE_EMERGENCY, "emergency", emergency_state},
    };
    const struct frt_request *request = resolving->resolution->request;
    const struct frt_authority *authority = resolving->resolution->authority;

    for (size_t i = 0; authority && i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (routes[i].route == request->route && authority->kind &&
            strcmp(authority->kind, routes[i].kind) == 0)
            return routes[i].state(resolving, authority);
    }
    return FRT_AUTHORITY_MISSING;
}

/* The smaller of what the request and its authority allow. Not stated: one for an order or a deceased person; none for
 * an emergency, whose scope must be stated. */
static enum frt_scope scope(const struct frt_resolving *resolving)
{
    const struct frt_request *request = resolving->resolution->request;
    const struct frt_authority *authority = resolving->resolution->authority;
    unsigned max = request->max_searches;

    if (request->no_searches || (authority && authority->no_searches))
        return FRT_SCOPE_EXHAUSTED;
    if (authority && authority->max_searches > 0 && (max == 0 || authority->max_searches < max))
        max = authority->max_searches;
    if (max == 0 && (request->route == FRT_ROUTE_ORDER || request->route == FRT_ROUTE_DECEASED))
        max = 1;
    return resolving->attempt->request_uses < max ? FRT_SCOPE_WITHIN : FRT_SCOPE_EXHAUSTED;
}

static enum frt_evidence evidence(const struct frt_resolving *resolving)
{
    const struct frt_authority *item = resolving->resolution->evidence;

    if (!resolving->attempt->evidence || !*resolving->attempt->evidence)
        return FRT_EVIDENCE_NONE;
    if (!item || !item->kind || strcmp(item->kind, "evidence") != 0)
        return FRT_EVIDENCE_UNDECLARED;
    if (!item->declared || item->start_s > resolving->attempt->now_s)
        return FRT_EVIDENCE_UNDECLARED;
    return item->solicited ? FRT_EVIDENCE_SOLICITED : FRT_EVIDENCE_UNSOLICITED;
}

void frt_resolve_request(const struct frt_resolving *resolving)
{
    struct frt_resolution *resolution = resolving->resolution;

    frt_set_fact(resolving, FRT_FACT_REQUEST, request_state(resolving));
    if (resolution->request) {
        resolution->authority = frt_view_authority(resolving->view, resolution->request->authority);
        frt_set_fact(resolving, FRT_FACT_ROUTE, resolution->request->route);
        frt_set_fact(resolving, FRT_FACT_AUTHORITY, authority_state(resolving));
        frt_set_fact(resolving, FRT_FACT_SCOPE, scope(resolving));
    }
    resolution->evidence = frt_view_authority(resolving->view, resolving->attempt->evidence);
    frt_set_fact(resolving, FRT_FACT_EVIDENCE, evidence(resolving));
}
