/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/resolve.h"

#include <string.h>

#include "directory/resolve_internal.h"

/* More roles than this in one person, ended ones included, and nobody can be told what that person is. */
#define MAX_ROLES_LOOKED_AT 256

static bool is_given(const char *text)
{
    return text && *text;
}

/* (uid_t)-1 is the kernel's "unset". */
static bool is_number(int64_t uid)
{
    return uid != FRT_UID_UNSET && uid != UINT32_MAX;
}

/* A city role whose end has passed counts as long as its group lists the person: then one of the two is wrong, and
 * nobody is let in on a guess (domain A4). An outside role ends when it ends. */
static bool outlives_its_end(const struct frt_view *view, const struct frt_policy_values *values,
                             const struct frt_role *role, const char *uid)
{
    if (!role->city || !values->stale_member_counts || !role->group_dn)
        return false;
    return !frt_view_group_is_known(view, role->group_dn) || frt_view_group_lists(view, role->group_dn, uid);
}

static bool is_within(const struct frt_role *role, int64_t now_s)
{
    return role->start_s <= now_s && now_s < role->end_s;
}

/* Where end dates alone count, a role entry that names a group speaks for what the group gives this person. */
static bool is_ended_by_entry(const struct frt_role *group_role, const struct frt_role *const *roles,
                              size_t count, int64_t now_s)
{
    bool named = false;

    for (size_t i = 0; i < count; i++) {
        if (roles[i]->from_group || !roles[i]->group_dn ||
            strcmp(roles[i]->group_dn, group_role->group_dn) != 0)
            continue;
        if (is_within(roles[i], now_s))
            return false;
        named = true;
    }
    return named;
}

static bool is_in_force(const struct frt_view *view, const struct frt_policy_values *values,
                        const struct frt_role *const *roles, size_t count, size_t i, const char *uid,
                        int64_t now_s)
{
    const struct frt_role *role = roles[i];

    if (role->from_group)
        return values->stale_member_counts || !is_ended_by_entry(role, roles, count, now_s);
    if (is_within(role, now_s))
        return true;
    return role->start_s <= now_s && outlives_its_end(view, values, role, uid);
}

/* Only the official types the policy lists make a city official (domain A5); one that states none always does. */
static bool is_left_out(const struct frt_policy_values *values, const struct frt_role *role)
{
    return role->city && role->official_type != FRT_OFFICIAL_NONE &&
           !(values->city_includes & (1u << role->official_type));
}

static void add_role(struct frt_standing *standing, const struct frt_role *role)
{
    if (role->city) {
        if (!standing->city || role->official_type < standing->official_type)
            standing->official_type = role->official_type;
        standing->city = true;
    } else {
        standing->outside = true;
    }
    if (standing->role_count < FRT_RESOLVE_MAX_ROLES)
        standing->roles[standing->role_count++] = role;
}

void frt_standing_at(const struct frt_view *view, const struct frt_policy_values *values, const char *uid,
                     int64_t now_s, struct frt_standing *ret_standing)
{
    const struct frt_role *roles[MAX_ROLES_LOOKED_AT];
    size_t count = frt_view_roles_of(view, uid, roles, MAX_ROLES_LOOKED_AT);

    *ret_standing = (struct frt_standing){.unknown = count > MAX_ROLES_LOOKED_AT};
    if (ret_standing->unknown)
        return;
    for (size_t i = 0; i < count; i++) {
        if (is_in_force(view, values, roles, count, i, uid, now_s) && !is_left_out(values, roles[i]))
            add_role(ret_standing, roles[i]);
    }
}

/* By name and number both, they must be one person. */
static enum frt_found find_both(const struct frt_view *view, const char *name, int64_t number,
                                const struct frt_person **ret_person)
{
    const struct frt_person *by_name = NULL, *by_number = NULL;
    enum frt_found found_name = frt_view_find_person_by_uid(view, name, &by_name);
    enum frt_found found_number = frt_view_find_person_by_number(view, number, &by_number);

    if (found_name == FRT_FOUND_ABSENT)
        return found_number == FRT_FOUND_ABSENT ? FRT_FOUND_ABSENT : FRT_FOUND_POISONED;
    if (found_name == FRT_FOUND_POISONED)
        return found_name;
    if (by_name->uid_number != number && (by_name->uid_number >= 0 || found_number != FRT_FOUND_ABSENT))
        return FRT_FOUND_POISONED;
    *ret_person = by_name;
    return FRT_FOUND_ONE;
}

static enum frt_found find_person(const struct frt_view *view, const char *name, int64_t number,
                                  const struct frt_person **ret_person)
{
    enum frt_found found;

    if (!is_given(name))
        return frt_view_find_person_by_number(view, number, ret_person);
    if (is_number(number))
        found = find_both(view, name, number, ret_person);
    else
        found = frt_view_find_person_by_uid(view, name, ret_person);
    /* Roles without the person they are about: somebody was taken away halfway. */
    if (found == FRT_FOUND_ABSENT && frt_view_roles_of(view, name, NULL, 0) > 0)
        found = FRT_FOUND_POISONED;
    return found;
}

static struct frt_party find_party(const struct frt_resolving *resolving, const char *name, int64_t number)
{
    struct frt_party party = {.given = is_given(name) || is_number(number)};

    if (!party.given)
        return party;
    party.found = find_person(resolving->view, name, number, &party.person);
    if (party.found != FRT_FOUND_ONE || party.person->service_account)
        return party;
    frt_standing_at(resolving->view, resolving->values, party.person->uid, resolving->attempt->now_s,
                    &party.standing);
    if (party.standing.unknown)
        party.found = FRT_FOUND_POISONED;
    return party;
}

/* No person at all: an account the directory does not have, or one that is marked as nobody's. */
static bool is_nobody(const struct frt_party *party)
{
    return party->found == FRT_FOUND_ABSENT ||
           (party->found == FRT_FOUND_ONE && party->person->service_account);
}

static bool is_service(const struct frt_party *party)
{
    return party->given && party->found == FRT_FOUND_ONE && party->person->service_account;
}

static enum frt_subject subject_of_one(const struct frt_party *party)
{
    if (party->found != FRT_FOUND_ONE)
        return FRT_SUBJECT_UNKNOWN;
    if (party->standing.city)
        return party->standing.outside ? FRT_SUBJECT_DUAL : FRT_SUBJECT_OFFICIAL;
    return party->standing.outside ? FRT_SUBJECT_OUTSIDE : FRT_SUBJECT_UNKNOWN;
}

static enum frt_subject subject_of_two(const struct frt_party *login, const struct frt_party *user)
{
    if (login->standing.city)
        return FRT_SUBJECT_OFFICIAL_BEHIND;
    if (user->standing.city)
        return FRT_SUBJECT_OFFICIAL_ACCOUNT;
    return login->standing.outside && user->standing.outside ? FRT_SUBJECT_OUTSIDE : FRT_SUBJECT_UNKNOWN;
}

static const struct frt_host *host_of(const struct frt_resolving *resolving)
{
    return resolving->resolution->host;
}

/* The broad reading of A4: on a host of the outside agency, somebody with two hats wears that agency's. */
static bool wears_outside_hat(const struct frt_resolving *resolving, const struct frt_party *party)
{
    const struct frt_host *host = host_of(resolving);

    for (size_t i = 0; host && i < party->standing.role_count; i++) {
        const struct frt_role *role = party->standing.roles[i];

        if (!role->city && role->agency && strcmp(role->agency, host->owner) == 0)
            return true;
    }
    return false;
}

static enum frt_subject subject_of(struct frt_resolving *resolving, const struct frt_party *login,
                                   const struct frt_party *user)
{
    bool session = resolving->values->role_of_session && user->given;
    bool nobody_logged_in = !login->given || is_service(login);
    const struct frt_party *acting = user->given ? user : login;
    enum frt_subject subject;

    if (!acting->given)
        return FRT_SUBJECT_UNKNOWN;
    if (nobody_logged_in && is_nobody(acting))
        return FRT_SUBJECT_NO_LOGIN;
    if (login->given && user->given && login->person != user->person && !session) {
        resolving->parties[resolving->party_count++] = login;
        resolving->parties[resolving->party_count++] = user;
        return subject_of_two(login, user);
    }
    resolving->parties[resolving->party_count++] = acting;
    subject = subject_of_one(acting);
    if (subject == FRT_SUBJECT_DUAL && resolving->values->role_of_session &&
        wears_outside_hat(resolving, acting))
        subject = FRT_SUBJECT_OUTSIDE;
    return subject;
}

static enum frt_official_type official_type_of(const struct frt_resolving *resolving)
{
    for (size_t i = 0; i < resolving->party_count; i++) {
        if (resolving->parties[i]->standing.city)
            return resolving->parties[i]->standing.official_type;
    }
    return FRT_OFFICIAL_NONE;
}

static enum frt_agency_kind kind_of(const struct frt_resolving *resolving, const struct frt_role *role)
{
    const struct frt_agency *agency = role ? frt_view_agency(resolving->view, role->agency) : NULL;

    return agency ? agency->kind : FRT_AGENCY_NONE;
}

static bool is_operator(const struct frt_resolving *resolving, const struct frt_role *role)
{
    if (!role)
        return false;
    return role->performer ||
           (resolving->values->requester_may_open && kind_of(resolving, role) != FRT_AGENCY_NONE);
}

bool frt_role_is_addressed(const struct frt_resolving *resolving, const struct frt_role *role)
{
    const struct frt_request *request = resolving->resolution->request;
    const struct frt_agency *agency = role ? frt_view_agency(resolving->view, role->agency) : NULL;

    if (!request || !agency)
        return false;
    if (agency->recipient && request->recipient && strcmp(agency->recipient, request->recipient) == 0)
        return true;
    /* The broad reading of A2: whoever asked may also search. */
    return resolving->values->requester_may_open && request->requester_agency &&
           strcmp(agency->id, request->requester_agency) == 0;
}

static unsigned fitness(const struct frt_resolving *resolving, const struct frt_role *role)
{
    enum frt_agency_kind kind = kind_of(resolving, role);
    bool performs = kind == FRT_AGENCY_PERFORMER || kind == FRT_AGENCY_PERFORMER_REQUESTER;

    return (role->performer && performs ? 100u : 0) + (frt_role_is_addressed(resolving, role) ? 10u : 0) +
           (unsigned)kind;
}

const struct frt_role *frt_acting_role(const struct frt_resolving *resolving, const struct frt_party *party)
{
    const struct frt_role *best = NULL;

    for (size_t i = 0; i < party->standing.role_count; i++) {
        const struct frt_role *role = party->standing.roles[i];

        if (!role->city && (!best || fitness(resolving, role) > fitness(resolving, best)))
            best = role;
    }
    return best;
}

/* The weakest over everybody involved. */
static void resolve_agency(const struct frt_resolving *resolving)
{
    enum frt_agency_kind weakest = FRT_AGENCY_PERFORMER_REQUESTER;
    bool operators = true;

    if (resolving->party_count == 0)
        return;
    for (size_t i = 0; i < resolving->party_count; i++) {
        const struct frt_role *role = frt_acting_role(resolving, resolving->parties[i]);
        enum frt_agency_kind kind = kind_of(resolving, role);

        if (kind < weakest)
            weakest = kind;
        if (!is_operator(resolving, role))
            operators = false;
    }
    frt_set_fact(resolving, FRT_FACT_AGENCY_KIND, weakest);
    frt_set_fact(resolving, FRT_FACT_OPERATOR, operators ? FRT_OPERATOR_YES : FRT_OPERATOR_NO);
}

static void resolve_tool(const struct frt_resolving *resolving)
{
    const struct frt_tool *tool = frt_view_tool(resolving->view, resolving->attempt->tool);

    resolving->resolution->tool = tool;
    if (!tool)
        return;
    frt_set_fact(resolving, FRT_FACT_TOOL_CLASS, tool->tool_class);
    frt_set_fact(resolving, FRT_FACT_CAPABILITY, tool->capability);
}

static enum frt_host_owner owner_of(const struct frt_resolving *resolving, const struct frt_host *host)
{
    if (strcmp(host->owner, "city") == 0)
        return FRT_HOST_CITY;
    return frt_view_agency(resolving->view, host->owner) ? FRT_HOST_OUTSIDE : FRT_HOST_UNKNOWN;
}

static enum frt_device device_of(const struct frt_resolving *resolving, const struct frt_host *host)
{
    if (!host->assigned_to)
        return FRT_DEVICE_SHARED;
    for (size_t i = 0; i < resolving->party_count; i++) {
        const struct frt_person *person = resolving->parties[i]->person;

        if (!person || strcmp(person->uid, host->assigned_to) != 0)
            return FRT_DEVICE_ASSIGNED_OTHER;
    }
    return resolving->party_count > 0 ? FRT_DEVICE_ASSIGNED : FRT_DEVICE_ASSIGNED_OTHER;
}

static void resolve_host(const struct frt_resolving *resolving)
{
    const struct frt_host *host = host_of(resolving);

    if (!host)
        return;
    frt_set_fact(resolving, FRT_FACT_HOST_OWNER, owner_of(resolving, host));
    frt_set_fact(resolving, FRT_FACT_DEVICE, device_of(resolving, host));
}

/* What callers know themselves; a number outside its enumeration is "not known". */
static void resolve_given(const struct frt_resolving *resolving)
{
    const struct frt_attempt *attempt = resolving->attempt;
    const struct {
        enum frt_fact fact;
        unsigned value, last;
    } given[] = {
        {FRT_FACT_MATCH, attempt->match, FRT_MATCH_PACKAGE},
        {FRT_FACT_ACTION, attempt->action, FRT_ACTION_FILE},
        {FRT_FACT_VIEW, attempt->view, FRT_VIEW_FRESH},
        {FRT_FACT_CLOCK, attempt->clock, FRT_CLOCK_GOOD},
        {FRT_FACT_TRAIL, attempt->trail, FRT_TRAIL_READY},
        {FRT_FACT_GATE, attempt->gate, FRT_GATE_ENFORCING},
    };

    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        frt_set_fact(resolving, given[i].fact, given[i].value <= given[i].last ? given[i].value : 0);
}

static void show_party(const struct frt_party *party, const struct frt_person **ret_person,
                       const struct frt_role *ret_roles[FRT_RESOLVE_MAX_ROLES], size_t *ret_count)
{
    *ret_person = party->found == FRT_FOUND_ONE ? party->person : NULL;
    *ret_count = party->standing.role_count;
    memcpy(ret_roles, party->standing.roles, sizeof(party->standing.roles));
}

void frt_resolve(const struct frt_view *view, const struct frt_policy_values *values,
                 const struct frt_attempt *attempt, struct frt_resolution *ret_resolution)
{
    struct frt_resolving resolving = {
        .view = view, .values = values, .attempt = attempt, .resolution = ret_resolution};
    struct frt_party login, user;

    memset(ret_resolution, 0, sizeof(*ret_resolution));
    ret_resolution->host = frt_view_host(view, attempt->host);
    ret_resolution->request = is_given(attempt->request) ? frt_view_request(view, attempt->request) : NULL;
    resolve_given(&resolving);
    login = find_party(&resolving, attempt->login, attempt->login_uid);
    user = find_party(&resolving, attempt->user, attempt->user_uid);
    frt_set_fact(&resolving, FRT_FACT_SUBJECT, subject_of(&resolving, &login, &user));
    frt_set_fact(&resolving, FRT_FACT_OFFICIAL_TYPE, official_type_of(&resolving));
    resolve_agency(&resolving);
    resolve_tool(&resolving);
    resolve_host(&resolving);
    frt_resolve_request(&resolving);
    show_party(&login, &ret_resolution->login, ret_resolution->login_roles,
               &ret_resolution->login_role_count);
    show_party(user.given ? &user : &login, &ret_resolution->user, ret_resolution->user_roles,
               &ret_resolution->user_role_count);
}
