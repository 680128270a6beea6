/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The facts of one attempt: everything a decision may depend on, as small enumerations.
 *
 * A set of facts is an array of small numbers, one per enum frt_fact, so that a rule is an array of bit
 * masks and the whole space of facts can be walked (decision/prove.h). Not knowing is a fact too: value 0 of
 * every fact means "not known" or "not shown", and the shipped policies deny on it.
 *
 * Names of facts and values, as they stand in policy files and in the trail, are in frt_fact_table.
 */
#ifndef FRT_DECISION_FACTS_H
#define FRT_DECISION_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frt_fact {
    FRT_FACT_SUBJECT,       /* who asks, by the roles of the login person and the acting person */
    FRT_FACT_OFFICIAL_TYPE, /* how a city official holds office (ordinance c. 290, "city official") */
    FRT_FACT_AGENCY_KIND,   /* what the outside agency may do under state law */
    FRT_FACT_OPERATOR,      /* named operator (frtPerformer) of that agency */
    FRT_FACT_TOOL_CLASS,
    FRT_FACT_CAPABILITY, /* of the product as installed, not as used (O-409 III, exemption 2) */
    FRT_FACT_MATCH,      /* how the tool was recognised */
    FRT_FACT_HOST_OWNER,
    FRT_FACT_DEVICE, /* is the host assigned to this one person (exemption 1) */
    FRT_FACT_ACTION,
    FRT_FACT_REQUEST,   /* state of the written request that was presented */
    FRT_FACT_ROUTE,     /* purpose the request claims */
    FRT_FACT_AUTHORITY, /* state of what the route needs: order, declaration, emergency statement */
    FRT_FACT_SCOPE,     /* uses left of the request */
    FRT_FACT_EVIDENCE,  /* declaration for received evidence (exemption 3) */
    FRT_FACT_VIEW,      /* state of the replica of the directory */
    FRT_FACT_CLOCK,
    FRT_FACT_TRAIL,
    FRT_FACT_GATE, /* kernel gate of this host */
    FRT_FACT_COUNT
};

enum frt_subject {
    FRT_SUBJECT_UNKNOWN,          /* a person without a role in force, or that cannot be resolved */
    FRT_SUBJECT_NO_LOGIN,         /* a service: nobody logged in, no person acting */
    FRT_SUBJECT_OUTSIDE,          /* all roles in force are of outside agencies */
    FRT_SUBJECT_OFFICIAL,         /* a city role in force, no outside role */
    FRT_SUBJECT_DUAL,             /* one person with a city and an outside role in force */
    FRT_SUBJECT_OFFICIAL_BEHIND,  /* a city official logged in and acts through another account (sudo, su) */
    FRT_SUBJECT_OFFICIAL_ACCOUNT, /* somebody else acts through a city official's account */
};

enum frt_official_type {
    FRT_OFFICIAL_NONE,
    FRT_OFFICIAL_ELECTED,
    FRT_OFFICIAL_APPOINTED,
    FRT_OFFICIAL_EMPLOYEE,
    FRT_OFFICIAL_CONTRACTOR,
    FRT_OFFICIAL_VOLUNTEER,
    FRT_OFFICIAL_INTERN,
    FRT_OFFICIAL_AUXILIARY,
};

enum frt_agency_kind {
    FRT_AGENCY_NONE,
    FRT_AGENCY_REQUESTER,
    FRT_AGENCY_PERFORMER,
    FRT_AGENCY_PERFORMER_REQUESTER,
};

enum frt_operator {
    FRT_OPERATOR_NO,
    FRT_OPERATOR_YES,
};

enum frt_tool_class {
    FRT_TOOL_UNKNOWN,
    FRT_TOOL_FACE_SURVEILLANCE,
    FRT_TOOL_USER_AUTHENTICATION,
    FRT_TOOL_REDACTION_ONLY,
    FRT_TOOL_EVIDENCE_VIEWER,
    FRT_TOOL_COMPONENT, /* library of mixed use: recorded, not denied (domain A14) */
    FRT_TOOL_NOT_FRT,
};

enum frt_capability {
    FRT_CAPABILITY_UNSTATED,
    FRT_CAPABILITY_DETECTION,   /* finds, masks or shows faces, tells nobody from another */
    FRT_CAPABILITY_RECOGNITION, /* embed, verify, identify, cluster, track: can tell who */
};

enum frt_match {
    FRT_MATCH_NONE,    /* nothing in the catalogue */
    FRT_MATCH_NAMED,   /* the administrator named the tool (a PAM line, frt run, frt check) */
    FRT_MATCH_PATH,    /* a catalogued path, inode or pattern */
    FRT_MATCH_DIGEST,  /* content: a copy, a renamed file */
    FRT_MATCH_PACKAGE, /* arrives by a package manager, or found at rest */
};

enum frt_host_owner {
    FRT_HOST_UNKNOWN,
    FRT_HOST_CITY,
    FRT_HOST_OUTSIDE,
};

enum frt_device {
    FRT_DEVICE_SHARED,
    FRT_DEVICE_ASSIGNED,       /* to the one person who asks */
    FRT_DEVICE_ASSIGNED_OTHER, /* to somebody else */
};

enum frt_action {
    FRT_ACTION_UNKNOWN,
    FRT_ACTION_LOGIN, /* a PAM service that is, or unlocks with, a tool */
    FRT_ACTION_OPEN,  /* the ordinance's "access" */
    FRT_ACTION_EXEC,  /* the ordinance's "use" */
    FRT_ACTION_OBTAIN,
    FRT_ACTION_RETAIN,
    FRT_ACTION_FILE, /* file a written request */
};

enum frt_request_state {
    FRT_REQUEST_NONE, /* none presented */
    FRT_REQUEST_NOT_FOUND,
    FRT_REQUEST_NOT_YET, /* filed after the attempt */
    FRT_REQUEST_EXPIRED,
    FRT_REQUEST_WITHDRAWN,
    FRT_REQUEST_INCOMPLETE,      /* an item the law asks for is missing or unreadable */
    FRT_REQUEST_WRONG_RECIPIENT, /* not one of the three bodies */
    FRT_REQUEST_OTHER_AGENCY,    /* addressed to another body than the operator's */
    FRT_REQUEST_BY_OFFICIAL,     /* requester is a city official */
    FRT_REQUEST_UNFIT_REQUESTER, /* requester's agency may not request */
    FRT_REQUEST_OTHER_TOOL,      /* the request names other tools or databases */
    FRT_REQUEST_ON_FILE,
};

enum frt_route {
    FRT_ROUTE_NONE,
    FRT_ROUTE_SEVERAL, /* two routes claimed */
    FRT_ROUTE_ORDER,
    FRT_ROUTE_DECEASED,
    FRT_ROUTE_EMERGENCY,
};

enum frt_authority_state {
    FRT_AUTHORITY_MISSING,
    FRT_AUTHORITY_UNFIT_ISSUER, /* court may not issue warrants in criminal cases */
    FRT_AUTHORITY_NOT_IN_FORCE, /* before its beginning or after its end */
    FRT_AUTHORITY_OTHER_CASE,
    FRT_AUTHORITY_NO_LIMB,   /* neither investigation nor risk of harm stated */
    FRT_AUTHORITY_LIVING,    /* "deceased" route, subject not declared dead */
    FRT_AUTHORITY_NO_BASIS,  /* emergency without factual basis, harm or need for no delay */
    FRT_AUTHORITY_UNBOUNDED, /* emergency scope missing or unbounded */
    FRT_AUTHORITY_IN_FORCE,
};

enum frt_scope {
    FRT_SCOPE_UNKNOWN,
    FRT_SCOPE_EXHAUSTED,
    FRT_SCOPE_WITHIN,
};

enum frt_evidence {
    FRT_EVIDENCE_NONE, /* no flagged item presented */
    FRT_EVIDENCE_UNDECLARED,
    FRT_EVIDENCE_SOLICITED,
    FRT_EVIDENCE_UNSOLICITED,
};

enum frt_view_state {
    FRT_VIEW_NEVER_LOADED,
    FRT_VIEW_INCOMPLETE, /* an entry or a group could not be read, or the server went back in time */
    FRT_VIEW_STALE,
    FRT_VIEW_FRESH,
};

enum frt_clock_state {
    FRT_CLOCK_UNKNOWN,
    FRT_CLOCK_WENT_BACK,
    FRT_CLOCK_GOOD,
};

enum frt_trail_state {
    FRT_TRAIL_UNWRITABLE,
    FRT_TRAIL_READY,
};

enum frt_gate_state {
    FRT_GATE_ABSENT, /* this host runs no kernel gate */
    FRT_GATE_NOT_ENFORCING,
    FRT_GATE_ENFORCING,
};

/* One set of facts. All zero means nothing is known, which every shipped policy denies. */
struct frt_facts {
    uint8_t value[FRT_FACT_COUNT];
};

#define FRT_FACT_MAX_VALUES 12

struct frt_fact_info {
    const char *name; /* "official-type": the key in a policy's `when` (with '_') and the word in the trail */
    unsigned count;
    const char *values[FRT_FACT_MAX_VALUES];
};

/* Indexed by enum frt_fact. */
extern const struct frt_fact_info frt_fact_table[FRT_FACT_COUNT];

/* Name of the value a fact has; "?" for a number outside its enumeration. */
const char *frt_fact_value_name(enum frt_fact fact, unsigned value);

/* Number of the value called `name`; -1 when the fact has no such value. */
int frt_fact_value_find(enum frt_fact fact, const char *name);

/* Number of the fact called `name`; -1 when there is none. */
int frt_fact_find(const char *name);

/* Number of different sets of facts. */
uint64_t frt_fact_space_size(void);

#endif
