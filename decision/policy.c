/* SPDX-License-Identifier: BSD-2-Clause */
#include "decision/policy.h"

#include <string.h>

#define DENIED(n, meaning, advice)                                                                           \
    {                                                                                                        \
        n, false, meaning, advice                                                                            \
    }
#define UNDECIDED(n, meaning, advice)                                                                        \
    {                                                                                                        \
        n, true, meaning, advice                                                                             \
    }
#define PASSED(n, meaning, advice)                                                                           \
    {                                                                                                        \
        n, false, meaning, advice                                                                            \
    }

const struct frt_reason_info frt_reason_table[FRT_REASON_COUNT] = {
    [FRT_REASON_NOT_EVALUATED] = UNDECIDED("not-evaluated", "The attempt was not evaluated.",
                                           "Try again; if it stays so, tell the administrator."),
    [FRT_REASON_NO_RULE] = DENIED("no-rule",
                                  "No rule of the policy permits this; what is governed is never allowed by "
                                  "silence.",
                                  "Ask the policy's contact whether a rule is missing."),
    [FRT_REASON_CITY_OFFICIAL] =
        DENIED("city-official", "City officials may not obtain, keep, access or use face surveillance.",
               "Do the work without the tool; ask the policy's contact about the rule."),
    [FRT_REASON_LOCAL_OVERRIDES] =
        DENIED("local-overrides", "State law would permit it; the city's ordinance does not.",
               "An order or a request does not change the answer for a city official."),
    [FRT_REASON_DUAL_ROLE] =
        DENIED("dual-role", "A city role is in force beside an outside role; the city role counts.",
               "If the city role has ended, have the role office end it in the directory."),
    [FRT_REASON_PROXY] = DENIED("proxy", "A city official stands behind this request or this evidence.",
                                "Do not ask others to search for the city; ask the policy's contact."),
    [FRT_REASON_CITY_HOST] =
        DENIED("city-host", "The machine belongs to the city.", "Use a machine of your own agency."),
    [FRT_REASON_NOT_OPERATOR] = DENIED(
        "not-operator", "Only named operators of the Registrar, the State Police or the FBI may search.",
        "Submit a written request to one of the three bodies."),
    [FRT_REASON_NO_REQUEST] = DENIED("no-request", "No written request was presented.",
                                     "Present the id of a request on file (frt run --request ID)."),
    [FRT_REASON_REQUEST_NOT_YET] =
        DENIED("request-not-yet", "The written request was not on file at the time.",
               "File the request first; an emergency request takes a minute."),
    [FRT_REASON_REQUEST_REFUSED] =
        DENIED("request-refused", "The written request does not carry this search.",
               "Have the requester file a complete request to the right body."),
    [FRT_REASON_ORDER_INVALID] =
        DENIED("order-invalid", "The court order does not carry this search.",
               "Check issuer, dates, case and limb of the order with the request office."),
    [FRT_REASON_DECLARATION_INVALID] = DENIED("declaration-invalid", "Nobody has declared the person dead.",
                                              "A living person needs an order or a real emergency."),
    [FRT_REASON_EMERGENCY_INVALID] =
        DENIED("emergency-invalid", "The emergency statement lacks facts, harm, urgency or bounds.",
               "Complete the emergency statement; it takes a minute."),
    [FRT_REASON_SCOPE_EXHAUSTED] =
        DENIED("scope-exhausted", "The request's searches are used up or not stated.",
               "A further search needs a further request."),
    [FRT_REASON_EVIDENCE_UNDECLARED] =
        DENIED("evidence-undeclared", "The evidence item has no declaration of how it was received.",
               "Record who received it, and that nobody asked for it."),
    [FRT_REASON_EXEMPTION_FAILS] = DENIED("exemption-fails", "The condition of the exemption is not met.",
                                          "Use a tool or a device that meets the exemption's condition."),
    [FRT_REASON_SITE_RULE] =
        DENIED("site-rule", "A rule of this site refuses it.", "Ask the policy's contact."),
    [FRT_REASON_SUBJECT_UNKNOWN] = UNDECIDED("subject-unknown", "Who asks could not be found out.",
                                             "Have the role office check your entry in the directory."),
    [FRT_REASON_TOOL_UNKNOWN] = UNDECIDED("tool-unknown", "The tool named here is not in the catalogue.",
                                          "Have the catalogue office add it, or correct the name."),
    [FRT_REASON_ACTION_UNKNOWN] =
        UNDECIDED("action-unknown", "What was attempted could not be told.",
                  "Tell the administrator; an enforcement point sent an unknown action."),
    [FRT_REASON_HOST_UNKNOWN] = UNDECIDED("host-unknown", "Whose machine this is could not be found out.",
                                          "Have the machine entered in the directory with its owner."),
    [FRT_REASON_VIEW_NEVER_LOADED] = UNDECIDED("view-never-loaded", "The directory has never been read.",
                                               "Tell the administrator: frtd has no directory yet."),
    [FRT_REASON_VIEW_INCOMPLETE] = UNDECIDED("view-incomplete", "Part of the directory could not be read.",
                                             "Tell the administrator; frt status names the entry."),
    [FRT_REASON_VIEW_STALE] = UNDECIDED("view-stale", "The directory has been silent for too long.",
                                        "Try again when the directory answers; frt status shows its age."),
    [FRT_REASON_CLOCK_WENT_BACK] = UNDECIDED("clock-went-back", "The clock cannot be trusted.",
                                             "Tell the administrator to check the time service."),
    [FRT_REASON_TRAIL_UNWRITABLE] =
        UNDECIDED("trail-unwritable", "The decision could not have been recorded.",
                  "Tell the administrator: the trail's disk needs attention now."),
    [FRT_REASON_GATE_NOT_ENFORCING] =
        UNDECIDED("gate-not-enforcing", "The kernel gate of this host does not enforce.",
                  "Tell the administrator to start frt-gate."),
    [FRT_REASON_FRTD_UNREACHABLE] = UNDECIDED("frtd-unreachable", "The decision service did not answer.",
                                              "Tell the administrator to check frtd."),
    [FRT_REASON_LATE] = UNDECIDED("late", "The answer came after its deadline.", "Try again."),
    [FRT_REASON_SPOOF] = DENIED("spoof", "A caller asked in somebody else's name.",
                                "Ask for yourself; root and enforcement points may ask for others."),
    [FRT_REASON_REQUEST_ON_FILE] = PASSED("request-on-file", "A written request on file carries this.",
                                          "Record matches and database afterwards (items a-h)."),
    [FRT_REASON_EXEMPTION] =
        PASSED("exemption", "An exemption covers this; it is recorded.", "Nothing to do."),
    [FRT_REASON_NOT_FRT] = PASSED("not-frt", "This is not facial recognition.", "Nothing to do."),
};

static const struct {
    const char *name;
    enum frt_verdict verdict;
} verdicts[] = {
    {"deny", FRT_VERDICT_DENY},
    {"allow", FRT_VERDICT_ALLOW},
    {"exempt", FRT_VERDICT_EXEMPT},
    {"not-governed", FRT_VERDICT_NOT_GOVERNED},
};

static const struct {
    const char *name;
    unsigned bit;
} obligations_table[] = {
    {"document", FRT_OBLIGE_DOCUMENT},
    {"review", FRT_OBLIGE_REVIEW},
    {"flag-proxy", FRT_OBLIGE_FLAG_PROXY},
    {"retain-finding", FRT_OBLIGE_RETAIN_FINDING},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int frt_reason_find(const char *name)
{
    for (int r = 0; r < FRT_REASON_COUNT; r++)
        if (strcmp(frt_reason_table[r].name, name) == 0)
            return r;
    return -1;
}

const char *frt_verdict_name(enum frt_verdict verdict)
{
    for (size_t i = 0; i < COUNT(verdicts); i++)
        if (verdicts[i].verdict == verdict)
            return verdicts[i].name;
    /* A number that is no verdict is treated as a denial everywhere; say so. */
    return "deny";
}

int frt_verdict_find(const char *name, enum frt_verdict *ret_verdict)
{
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        if (strcmp(verdicts[i].name, name) != 0)
            continue;
        *ret_verdict = verdicts[i].verdict;
        return 0;
    }
    return -1;
}

unsigned frt_obligation_find(const char *name)
{
    for (size_t i = 0; i < COUNT(obligations_table); i++)
        if (strcmp(obligations_table[i].name, name) == 0)
            return obligations_table[i].bit;
    return 0;
}

const char *frt_obligation_name(unsigned obligations)
{
    for (size_t i = 0; i < COUNT(obligations_table); i++)
        if (obligations & obligations_table[i].bit)
            return obligations_table[i].name;
    return NULL;
}
