/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A policy as data: layers of ordered rules, and what must never happen. settings/policy_file.h reads one
 * from a file; decision/decide.h applies it; decision/prove.h checks it against the whole space of facts.
 *
 * A rule speaks when every fact has one of the values its mask allows. Inside a layer the first rule that
 * matches speaks. Across layers: deny overrides exempt overrides allow overrides not-governed; nobody
 * speaking is a denial.
 */
#ifndef FRT_DECISION_POLICY_H
#define FRT_DECISION_POLICY_H

#include "decision/facts.h"

/* Far-apart values: a flipped bit or a forgotten field does not grant. Zero denies. */
enum frt_verdict {
    FRT_VERDICT_DENY = 0,
    FRT_VERDICT_ALLOW = 0x52a5,        /* obligation: document items a-h */
    FRT_VERDICT_EXEMPT = 0x1d6a,       /* allowed under an exemption, recorded */
    FRT_VERDICT_NOT_GOVERNED = 0x6b39, /* not facial recognition; recorded where asked */
};

/* Reason codes: stable words for reports; frt_reason_table has name, meaning and what to do. */
enum frt_reason {
    FRT_REASON_NOT_EVALUATED = 0,
    FRT_REASON_NO_RULE, /* no rule spoke; nothing governed is allowed by silence */
    /* denied */
    FRT_REASON_CITY_OFFICIAL,
    FRT_REASON_LOCAL_OVERRIDES,
    FRT_REASON_DUAL_ROLE,
    FRT_REASON_PROXY,
    FRT_REASON_CITY_HOST,
    FRT_REASON_NOT_OPERATOR,
    FRT_REASON_NO_REQUEST,
    FRT_REASON_REQUEST_NOT_YET,
    FRT_REASON_REQUEST_REFUSED, /* withdrawn, expired, incomplete, wrong recipient, other agency, unfit
                                   requester */
    FRT_REASON_ORDER_INVALID,
    FRT_REASON_DECLARATION_INVALID,
    FRT_REASON_EMERGENCY_INVALID,
    FRT_REASON_SCOPE_EXHAUSTED,
    FRT_REASON_EVIDENCE_UNDECLARED,
    FRT_REASON_EXEMPTION_FAILS, /* the condition of exemption 1, 2 or 3 is not met */
    FRT_REASON_SITE_RULE,
    /* could not decide, therefore denied */
    FRT_REASON_SUBJECT_UNKNOWN,
    FRT_REASON_TOOL_UNKNOWN,
    FRT_REASON_ACTION_UNKNOWN,
    FRT_REASON_HOST_UNKNOWN,
    FRT_REASON_VIEW_NEVER_LOADED,
    FRT_REASON_VIEW_INCOMPLETE,
    FRT_REASON_VIEW_STALE,
    FRT_REASON_CLOCK_WENT_BACK,
    FRT_REASON_TRAIL_UNWRITABLE,
    FRT_REASON_GATE_NOT_ENFORCING,
    FRT_REASON_FRTD_UNREACHABLE, /* said by the enforcement point */
    FRT_REASON_LATE,             /* an answer that came after its deadline */
    FRT_REASON_SPOOF,            /* a caller asked in another's name */
    /* let pass */
    FRT_REASON_REQUEST_ON_FILE,
    FRT_REASON_EXEMPTION,
    FRT_REASON_NOT_FRT,
    FRT_REASON_COUNT
};

/* Obligations a rule puts on the decision; ORed over the layers whose answer is the final verdict, so that a
 * denial never opens a documentation case because another layer would have permitted. */
enum frt_obligation {
    FRT_OBLIGE_DOCUMENT = 1u << 0, /* a documentation case a-h is opened */
    FRT_OBLIGE_REVIEW = 1u << 1,   /* a person reviews this after the fact */
    FRT_OBLIGE_FLAG_PROXY = 1u << 2,
    FRT_OBLIGE_RETAIN_FINDING = 1u << 3, /* a tool is kept on a city host */
};

/* Bytes without the NUL; what an answer on the socket can carry (protocol/message.h). */
#define FRT_RULE_ID_MAX  31
#define FRT_CITATION_MAX 159
#define FRT_MESSAGE_MAX  319
#define FRT_CONTACT_MAX  159

struct frt_when {
    uint32_t mask[FRT_FACT_COUNT]; /* bit v: value v of the fact is in the set */
};

struct frt_rule {
    char *id; /* "N-USE"; several rules of a layer may share an id and citation */
    struct frt_when when;
    enum frt_verdict verdict;
    enum frt_reason reason;
    unsigned obligations; /* enum frt_obligation */
    char *citation;       /* the law */
    char *message;        /* plain words for the person refused; one sentence */
    unsigned line;        /* in the policy file */
};

#define FRT_POLICY_MAX_LAYERS 6

struct frt_layer {
    char *name; /* "ground", "city", "state", "site" */
    struct frt_rule *rules;
    size_t rule_count;
};

/* "Never": no set of facts inside `when` may get one of `verdicts`. */
struct frt_never {
    struct frt_when when;
    bool allow, exempt, not_governed; /* the verdicts that must not be reached */
    char *why;
    unsigned line;
};

/* Switches of the ambiguities (domain 1.4) that steer how facts are gathered. Switches that only choose
 * between rules are settled while the file is loaded and are not here. */
struct frt_policy_values {
    uint32_t city_includes;        /* bit per enum frt_official_type that counts as a city official (A5) */
    bool stale_member_counts;      /* A4: a role past its end still counts while its group lists the person */
    unsigned emergency_max_hours;  /* A10 */
    unsigned retro_filing_minutes; /* A10, broad reading; 0 = a request must be on file before */
    bool requester_may_open;       /* A2: operator is anybody of a requester or performer agency */
    bool role_of_session;          /* A4, broad reading: the acting account's role counts alone */
};

/* A switch as the file sets it, or its default; for `frt policy show` and for reports. */
struct frt_policy_switch {
    const char *name; /* static */
    char *value;      /* as text; sets joined with ", " */
    bool is_default;  /* the file does not mention it */
    bool is_safest;   /* has the safest value (domain 1.4) */
};

struct frt_policy {
    char *id; /* "northampton-ma" */
    char *title;
    char *edition;
    char *source;                     /* where its text comes from */
    int64_t effective_s, review_by_s; /* UNIX time */
    char *contact;                    /* where a refused person may ask */
    char *approved_by;                /* who approved this edition; NULL: the file does not say */
    struct frt_layer layers[FRT_POLICY_MAX_LAYERS];
    size_t layer_count;
    struct frt_never *nevers;
    size_t never_count;
    struct frt_policy_values values;
    struct frt_policy_switch *switches;
    size_t switch_count;
    size_t rules_left_out; /* rules whose only_if does not hold for these switches */
    char sha256[65];       /* hex, of the file's bytes */
};

struct frt_reason_info {
    const char *name;      /* "view-stale" */
    bool could_not_decide; /* true: not a denial by law; PAM_AUTHINFO_UNAVAIL */
    const char *meaning;   /* one plain sentence */
    const char *advice;    /* what to do next */
};

extern const struct frt_reason_info frt_reason_table[FRT_REASON_COUNT];

int frt_reason_find(const char *name);                  /* -1 when there is none */
const char *frt_verdict_name(enum frt_verdict verdict); /* "deny", "allow", "exempt", "not-governed" */
int frt_verdict_find(const char *name, enum frt_verdict *ret_verdict); /* 0 or -1 */

/* "document", "review", "flag-proxy", "retain-finding" and their bits; 0 for an unknown name. */
unsigned frt_obligation_find(const char *name);
/* Name of the lowest bit of `obligations`; NULL when none is set. */
const char *frt_obligation_name(unsigned obligations);

#endif
