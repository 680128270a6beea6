/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/decision/oracle.h"

#define IS(fact, what) (f->value[FRT_FACT_##fact] == FRT_##what)

static struct oracle_answer deny(const char *rule)
{
    return (struct oracle_answer){.verdict = FRT_VERDICT_DENY, .rule = rule};
}

static struct oracle_answer exempt(const char *rule)
{
    return (struct oracle_answer){.verdict = FRT_VERDICT_EXEMPT, .rule = rule};
}

static struct oracle_answer allow(const char *rule, bool review)
{
    return (struct oracle_answer){
        .verdict = FRT_VERDICT_ALLOW, .rule = rule, .document = true, .review = review};
}

static bool filing(const struct frt_facts *f)
{
    return IS(ACTION, ACTION_FILE);
}

static bool city_role(const struct frt_facts *f)
{
    return IS(SUBJECT, SUBJECT_OFFICIAL) || IS(SUBJECT, SUBJECT_DUAL) ||
           IS(SUBJECT, SUBJECT_OFFICIAL_BEHIND) || IS(SUBJECT, SUBJECT_OFFICIAL_ACCOUNT);
}

/* Step 1: no decision is due. */
static bool outside_the_subject(const struct frt_facts *f)
{
    if (filing(f))
        return false;
    if (IS(TOOL_CLASS, TOOL_NOT_FRT) || IS(TOOL_CLASS, TOOL_COMPONENT))
        return true;
    return IS(TOOL_CLASS, TOOL_UNKNOWN) && IS(MATCH, MATCH_NONE);
}

/* Step 2: something that must be known is not. */
static bool in_the_dark(const struct frt_facts *f)
{
    if (!IS(VIEW, VIEW_FRESH) || !IS(CLOCK, CLOCK_GOOD) || !IS(TRAIL, TRAIL_READY) ||
        IS(GATE, GATE_NOT_ENFORCING))
        return true;
    if (IS(ACTION, ACTION_UNKNOWN))
        return true;
    /* A city official may use face surveillance, and have it requested, on no machine: whose it is changes nothing. */
    if (IS(HOST_OWNER, HOST_UNKNOWN) &&
        !(city_role(f) && (IS(TOOL_CLASS, TOOL_FACE_SURVEILLANCE) || filing(f))))
        return true;
    if (IS(TOOL_CLASS, TOOL_UNKNOWN) && !filing(f))
        return true;
    return IS(SUBJECT, SUBJECT_UNKNOWN) || IS(SUBJECT, SUBJECT_NO_LOGIN);
}

static bool papers_in_order(const struct frt_facts *f)
{
    return (IS(ROUTE, ROUTE_ORDER) || IS(ROUTE, ROUTE_DECEASED) || IS(ROUTE, ROUTE_EMERGENCY)) &&
           IS(AUTHORITY, AUTHORITY_IN_FORCE) && IS(SCOPE, SCOPE_WITHIN);
}

/* Step 3: ordinance. */
static struct oracle_answer city_official(const struct frt_facts *f)
{
    bool himself = IS(SUBJECT, SUBJECT_OFFICIAL) || IS(SUBJECT, SUBJECT_DUAL);
    bool touches = IS(ACTION, ACTION_LOGIN) || IS(ACTION, ACTION_OPEN) || IS(ACTION, ACTION_EXEC);
    struct oracle_answer answer = deny("N-USE");

    if (IS(TOOL_CLASS, TOOL_USER_AUTHENTICATION) && IS(DEVICE, DEVICE_ASSIGNED) && himself)
        return exempt("X-AUTH");
    if (IS(TOOL_CLASS, TOOL_REDACTION_ONLY) && IS(CAPABILITY, CAPABILITY_DETECTION))
        return exempt("X-RED");
    if (IS(TOOL_CLASS, TOOL_EVIDENCE_VIEWER) && IS(EVIDENCE, EVIDENCE_SOLICITED)) {
        answer = deny("N-PROXY");
        answer.flag_proxy = true;
        return answer;
    }
    if (IS(TOOL_CLASS, TOOL_EVIDENCE_VIEWER) && IS(EVIDENCE, EVIDENCE_UNDECLARED))
        return deny("X-EVID");
    if (IS(TOOL_CLASS, TOOL_EVIDENCE_VIEWER) && IS(CAPABILITY, CAPABILITY_DETECTION))
        return exempt("X-EVID");
    if (IS(SUBJECT, SUBJECT_DUAL))
        return deny("N-DUAL");
    if (IS(SUBJECT, SUBJECT_OFFICIAL) && IS(TOOL_CLASS, TOOL_FACE_SURVEILLANCE) && touches &&
        papers_in_order(f) && (IS(REQUEST, REQUEST_BY_OFFICIAL) || IS(REQUEST, REQUEST_ON_FILE)))
        return deny("N-OVER");
    answer.retain_finding =
        IS(ACTION, ACTION_RETAIN) && IS(HOST_OWNER, HOST_CITY) && !IS(TOOL_CLASS, TOOL_EVIDENCE_VIEWER);
    return answer;
}

static struct oracle_answer file_request(const struct frt_facts *f)
{
    struct oracle_answer answer = deny("N-PROXY");

    if (city_role(f)) {
        answer.flag_proxy = true;
        return answer;
    }
    if (IS(HOST_OWNER, HOST_CITY))
        return deny("H-CITY");
    if (IS(AGENCY_KIND, AGENCY_REQUESTER) || IS(AGENCY_KIND, AGENCY_PERFORMER_REQUESTER))
        return allow("S-REQ", false);
    return deny("S-REQ");
}

/* Step 5 for what is not a face search: exemptions and where they end. */
static struct oracle_answer exemption_or_not(const struct frt_facts *f)
{
    struct oracle_answer answer = deny("X-EVID");

    if (IS(TOOL_CLASS, TOOL_USER_AUTHENTICATION))
        return IS(DEVICE, DEVICE_ASSIGNED) ? exempt("X-AUTH") : deny("X-AUTH");
    if (IS(TOOL_CLASS, TOOL_REDACTION_ONLY))
        return IS(CAPABILITY, CAPABILITY_DETECTION) ? exempt("X-RED") : deny("X-RED");
    answer.flag_proxy = IS(EVIDENCE, EVIDENCE_SOLICITED);
    if (IS(EVIDENCE, EVIDENCE_SOLICITED) || IS(EVIDENCE, EVIDENCE_UNDECLARED) ||
        !IS(CAPABILITY, CAPABILITY_DETECTION))
        return answer;
    return exempt("X-EVID");
}

/* Step 5: the state law's funnel. */
static struct oracle_answer search(const struct frt_facts *f)
{
    const char *route = IS(ROUTE, ROUTE_ORDER) ? "S-ORD" : IS(ROUTE, ROUTE_DECEASED) ? "S-DEC" : "S-EMG";
    struct oracle_answer proxy = deny("N-PROXY");

    if (IS(REQUEST, REQUEST_BY_OFFICIAL)) {
        proxy.flag_proxy = true;
        return proxy;
    }
    if (IS(AGENCY_KIND, AGENCY_NONE) || IS(AGENCY_KIND, AGENCY_REQUESTER) || !IS(OPERATOR, OPERATOR_YES))
        return deny("S-PERF");
    if (!IS(REQUEST, REQUEST_ON_FILE) || IS(ROUTE, ROUTE_NONE) || IS(ROUTE, ROUTE_SEVERAL))
        return deny("S-REQ");
    if (!IS(AUTHORITY, AUTHORITY_IN_FORCE))
        return deny(route);
    if (!IS(SCOPE, SCOPE_WITHIN))
        return deny("S-REQ");
    return allow(route, IS(ROUTE, ROUTE_EMERGENCY));
}

/* Step 4: does the city keep face surveillance on its machine for somebody else? Masking and viewing are none. */
static bool kept_on_city_host(const struct frt_facts *f)
{
    if (!IS(HOST_OWNER, HOST_CITY) || IS(TOOL_CLASS, TOOL_EVIDENCE_VIEWER))
        return false;
    return !(IS(TOOL_CLASS, TOOL_REDACTION_ONLY) && IS(CAPABILITY, CAPABILITY_DETECTION));
}

struct oracle_answer oracle_decide(const struct frt_facts *f)
{
    struct oracle_answer answer;

    if (outside_the_subject(f))
        return (struct oracle_answer){.verdict = FRT_VERDICT_NOT_GOVERNED, .rule = "NF"};
    if (in_the_dark(f))
        return deny("F-CLOSED");
    if (filing(f))
        return file_request(f);
    if (city_role(f))
        return city_official(f);
    if (kept_on_city_host(f)) {
        answer = deny("H-CITY");
        answer.retain_finding = true;
        answer.flag_proxy = IS(REQUEST, REQUEST_BY_OFFICIAL) && IS(TOOL_CLASS, TOOL_FACE_SURVEILLANCE);
        return answer;
    }
    return IS(TOOL_CLASS, TOOL_FACE_SURVEILLANCE) ? search(f) : exemption_or_not(f);
}
