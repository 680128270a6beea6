/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/attempt_record.h"

#include <stdio.h>
#include <string.h>

#include "daemon/gate_port.h"
#include "protocol/client.h"
#include "support/percent.h"
#include "trail/encoding.h"

static void add_hex(struct frt_record *record, const char *key, const uint8_t *bytes, size_t length)
{
    char hex[65];

    frt_hex_format(bytes, length, hex);
    frt_record_add_text(record, key, hex);
}

/* Bytes that travelled percent-encoded; a record encodes by itself. */
static void add_encoded(struct frt_record *record, const char *key, const char *encoded)
{
    char text[FRT_GATE_CHAIN_MAX];

    snprintf(text, sizeof(text), "%s", encoded);
    frt_record_add_text(record, key, frt_percent_decode(text) < 0 ? encoded : text);
}

static const char *source_of(const struct frt_ask *ask)
{
    if (ask->kind == FRT_ASK_GATE)
        return "guard";
    return ask->service[0] ? "pam" : "cli";
}

/* "city/police/employee sworn [R01]; outside/msp performer [R20]" */
static void add_roles(struct frt_record *record, const char *key, const struct frt_role *const *roles,
                      size_t count)
{
    char text[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof(text); i++) {
        const struct frt_role *role = roles[i];

        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s/%s/%s%s%s [%s]", used ? "; " : "",
                                 role->city ? "city" : "outside",
                                 role->department ? role->department : (role->agency ? role->agency : "-"),
                                 role->city ? frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, role->official_type)
                                            : (role->agency ? role->agency : "-"),
                                 role->sworn ? " sworn" : "", role->performer ? " performer" : "",
                                 role->id ? role->id : "group");
    }
    frt_record_add_text(record, key, text);
}

/* Value names in the order of enum frt_fact: enough to decide again. */
static void add_facts(struct frt_record *record, const struct frt_facts *facts)
{
    char text[512], *end = text;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        const char *name = frt_fact_value_name((enum frt_fact)f, facts->value[f]);
        size_t length = strlen(name);

        if (length + 2 > (size_t)(text + sizeof(text) - end))
            break;
        if (f > 0)
            *end++ = ' ';
        memcpy(end, name, length);
        end += length;
    }
    *end = '\0';
    frt_record_add_text(record, "facts", text);
}

/* "ground:- city:deny N-OVER state:allow S-ORD site:-" */
static void add_layers(struct frt_record *record, const struct frt_policy *policy,
                       const struct frt_decision *decision)
{
    char text[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < policy->layer_count && used < sizeof(text); i++) {
        const struct frt_rule *rule = decision->layers[i].rule;

        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%s%s%s", i ? " " : "",
                                 policy->layers[i].name, rule ? frt_verdict_name(rule->verdict) : "-",
                                 rule ? " " : "", rule ? rule->id : "");
    }
    frt_record_add_text(record, "layers", text);
}

static void add_obligations(struct frt_record *record, unsigned obligations)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {FRT_OBLIGE_DOCUMENT, "document"},
        {FRT_OBLIGE_REVIEW, "review"},
        {FRT_OBLIGE_FLAG_PROXY, "flag-proxy"},
        {FRT_OBLIGE_RETAIN_FINDING, "retain-finding"},
    };
    char text[64] = "";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (obligations & names[i].bit) {
            if (text[0])
                strcat(text, " ");
            strcat(text, names[i].name);
        }
    frt_record_add_text(record, "oblige", text);
}

static void add_people(struct frt_record *record, const struct frt_ask *ask, const struct frt_peer *peer,
                       const struct frt_judgement *judgement, const struct frt_gate_context *context)
{
    const struct frt_attempt *a = &judgement->attempt;
    const struct frt_resolution *r = &judgement->resolution;

    frt_record_add_text(record, "user", r->user ? r->user->uid : ask->user);
    frt_record_add_number(record, "uid", r->user ? r->user->uid_number : ask->user_uid);
    frt_record_add_number(record, "auid", a->login_uid);
    frt_record_add_text(record, "ruser", ask->ruser);
    frt_record_add_number(record, "pid", ask->pid ? ask->pid : peer->pid);
    frt_record_add_number(record, "tid", ask->tid);
    frt_record_add_text(record, "exe", peer->program);
    frt_record_add_text(record, "login", r->login ? r->login->uid : a->login);
    frt_record_add_text(record, "tty", context ? context->tty : ask->tty);
    frt_record_add_text(record, "rhost", ask->rhost);
}

/* What the gate saw around the opener. "bypass": an exec or open that no grant covers, so no PAM decision preceded it. */
static void add_gate_context(struct frt_record *record, const struct frt_judgement *judgement,
                             const struct frt_gate_context *context)
{
    frt_record_add_number(record, "bypass", !judgement->granted);
    frt_record_add_number(record, "held", frt_gate_port_holds(judgement->resolution.tool));
    add_encoded(record, "chain", context ? context->chain : "");
}

static void add_object(struct frt_record *record, const struct frt_ask *ask,
                       const struct frt_judgement *judgement)
{
    const struct frt_resolution *r = &judgement->resolution;

    frt_record_add_text(record, "tool", r->tool ? r->tool->id : ask->tool);
    if (ask->kind == FRT_ASK_GATE)
        add_encoded(record, "path", ask->path);
    else
        frt_record_add_text(record, "path", ask->path);
    frt_record_add_number(record, "dev", (int64_t)ask->dev);
    frt_record_add_number(record, "ino", (int64_t)ask->ino);
    frt_record_add_text(record, "sha", ask->sha256);
    frt_record_add_text(record, "action", frt_fact_value_name(FRT_FACT_ACTION, ask->action));
}

static void add_request(struct frt_record *record, const struct frt_judgement *judgement, bool use)
{
    const struct frt_resolution *r = &judgement->resolution;
    const struct frt_role *role = r->user_role_count    ? r->user_roles[0]
                                  : r->login_role_count ? r->login_roles[0]
                                                        : NULL;

    frt_record_add_text(record, "agency",
                        role && role->agency ? role->agency : (role && role->city ? "city" : ""));
    add_hex(record, "req", r->request ? r->request->uuid : NULL, r->request ? 16 : 0);
    frt_record_add_text(record, "request", r->request ? r->request->id : judgement->attempt.request);
    frt_record_add_text(record, "evidence", judgement->attempt.evidence);
    frt_record_add_number(record, "use", use);
}

void frt_attempt_record(const struct frt_daemon *daemon, const struct frt_ask *ask,
                        const struct frt_peer *peer, const struct frt_judgement *judgement, bool use,
                        struct frt_record *ret_record)
{
    const struct frt_resolution *r = &judgement->resolution;
    const struct frt_decision *decision = &judgement->decision;
    int64_t age = frt_view_age_ms(daemon->view, frt_boot_ms());
    const struct frt_gate_context *context =
        ask->kind == FRT_ASK_GATE ? frt_gate_port_context(daemon, ask->rid) : NULL;

    frt_record_init(ret_record, "decision");
    add_hex(ret_record, "rid", ask->rid, sizeof(ask->rid));
    frt_record_add_text(ret_record, "src", source_of(ask));
    frt_record_add_text(ret_record, "svc", ask->service);
    frt_record_add_text(ret_record, "host", daemon->conf->host);
    add_people(ret_record, ask, peer, judgement, context);
    add_object(ret_record, ask, judgement);
    add_request(ret_record, judgement, use);
    if (ask->kind == FRT_ASK_GATE)
        add_gate_context(ret_record, judgement, context);
    frt_record_add_text(ret_record, "csn", frt_view_csn(daemon->view));
    frt_record_add_number(ret_record, "age", age > INT32_MAX ? -1 : age);
    frt_record_add_text(ret_record, "rule", decision->rule ? decision->rule->id : "");
    frt_record_add_number(ret_record, "line", decision->rule ? decision->rule->line : 0);
    frt_record_add_text(ret_record, "dec", frt_verdict_name(decision->verdict));
    frt_record_add_text(ret_record, "why", frt_reason_table[decision->reason].name);
    add_layers(ret_record, daemon->policy, decision);
    add_obligations(ret_record, decision->obligations);
    frt_record_add_text(ret_record, "owner", r->host ? r->host->owner : "");
    add_roles(ret_record, "lroles", r->login_roles, r->login_role_count);
    add_roles(ret_record, "roles", r->user_roles, r->user_role_count);
    add_facts(ret_record, &r->facts);
    frt_record_add_text(ret_record, "policy", daemon->policy->id);
    frt_record_add_text(ret_record, "edition", daemon->policy->edition);
    frt_record_add_text(ret_record, "psha", daemon->policy->sha256);
}
