/* SPDX-License-Identifier: BSD-2-Clause */
#include "decision/facts.h"

#include <string.h>

#define FACT(n, ...)                                                                                         \
    {                                                                                                        \
        .name = (n), .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *), .values = {      \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

const struct frt_fact_info frt_fact_table[FRT_FACT_COUNT] = {
    [FRT_FACT_SUBJECT] = FACT("subject", "unknown", "no-login", "outside", "official", "dual",
                              "official-behind", "official-account"),
    [FRT_FACT_OFFICIAL_TYPE] = FACT("official-type", "none", "elected", "appointed", "employee", "contractor",
                                    "volunteer", "intern", "auxiliary"),
    [FRT_FACT_AGENCY_KIND] = FACT("agency-kind", "none", "requester", "performer", "performer-requester"),
    [FRT_FACT_OPERATOR] = FACT("operator", "no", "yes"),
    [FRT_FACT_TOOL_CLASS] = FACT("tool-class", "unknown", "face-surveillance", "user-authentication",
                                 "redaction-only", "evidence-viewer", "frt-component", "not-frt"),
    [FRT_FACT_CAPABILITY] = FACT("capability", "unstated", "detection", "recognition"),
    [FRT_FACT_MATCH] = FACT("match", "none", "named", "path", "digest", "package"),
    [FRT_FACT_HOST_OWNER] = FACT("host-owner", "unknown", "city", "outside"),
    [FRT_FACT_DEVICE] = FACT("device", "shared", "assigned", "assigned-other"),
    [FRT_FACT_ACTION] = FACT("action", "unknown", "login", "open", "exec", "obtain", "retain", "file"),
    [FRT_FACT_REQUEST] =
        FACT("request", "none", "not-found", "not-yet", "expired", "withdrawn", "incomplete",
             "wrong-recipient", "other-agency", "by-official", "unfit-requester", "other-tool", "on-file"),
    [FRT_FACT_ROUTE] = FACT("route", "none", "several", "order", "deceased", "emergency"),
    [FRT_FACT_AUTHORITY] = FACT("authority", "missing", "unfit-issuer", "not-in-force", "other-case",
                                "no-limb", "living", "no-basis", "unbounded", "in-force"),
    [FRT_FACT_SCOPE] = FACT("scope", "unknown", "exhausted", "within"),
    [FRT_FACT_EVIDENCE] = FACT("evidence", "none", "undeclared", "solicited", "unsolicited"),
    [FRT_FACT_VIEW] = FACT("view", "never-loaded", "incomplete", "stale", "fresh"),
    [FRT_FACT_CLOCK] = FACT("clock", "unknown", "went-back", "good"),
    [FRT_FACT_TRAIL] = FACT("trail", "unwritable", "ready"),
    [FRT_FACT_GATE] = FACT("gate", "absent", "not-enforcing", "enforcing"),
};

const char *frt_fact_value_name(enum frt_fact fact, unsigned value)
{
    if ((unsigned)fact >= FRT_FACT_COUNT || value >= frt_fact_table[fact].count)
        return "?";
    return frt_fact_table[fact].values[value];
}

int frt_fact_value_find(enum frt_fact fact, const char *name)
{
    if ((unsigned)fact >= FRT_FACT_COUNT)
        return -1;
    for (unsigned v = 0; v < frt_fact_table[fact].count; v++)
        if (strcmp(frt_fact_table[fact].values[v], name) == 0)
            return (int)v;
    return -1;
}

int frt_fact_find(const char *name)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (strcmp(frt_fact_table[f].name, name) == 0)
            return (int)f;
    return -1;
}

uint64_t frt_fact_space_size(void)
{
    uint64_t size = 1;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        size *= frt_fact_table[f].count;
    return size;
}
