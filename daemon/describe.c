/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/describe.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "daemon/describe_catalogue.h"
#include "protocol/client.h"
#include "support/percent.h"
#include "support/time_text.h"

/* What came from outside (names, DNs, what a server said) must not move anybody's cursor. */
#define GATE_DETAIL_MAX                                                                                      \
    48000 /* beside the rest of a status in FRT_ANSWER_MAX; frt gate status reads the gate's own file else */

static json_t *text(const char *value)
{
    char escaped[1024];

    if (!value)
        value = "";
    if (frt_prose_is_clean(value, strlen(value), false))
        return json_string(value);
    frt_percent_encode(value, strlen(value), escaped, sizeof(escaped));
    return json_string(escaped);
}

static void set_time(json_t *object, const char *key, int64_t s)
{
    char buffer[FRT_TIME_TEXT_MAX];

    frt_time_format(s, buffer);
    json_object_set_new(object, key, text(buffer));
}

static const char *view_state_name(const struct frt_daemon *daemon)
{
    return frt_fact_value_name(FRT_FACT_VIEW, frt_directory_state(daemon));
}

static json_t *describe_view(const struct frt_daemon *daemon)
{
    json_t *object = json_object(), *unreadable = json_array();
    int64_t age_ms = frt_view_age_ms(daemon->view, frt_boot_ms());
    const char *line;

    json_object_set_new(object, "state", text(view_state_name(daemon)));
    json_object_set_new(object, "source", text(daemon->feed ? "ldap" : "ldif"));
    json_object_set_new(object, "replica", text(daemon->replica_state));
    json_object_set_new(object, "age_ms", json_integer(daemon->feed && age_ms != INT64_MAX ? age_ms : -1));
    json_object_set_new(object, "csn", text(frt_view_csn(daemon->view)));
    json_object_set_new(object, "entries", json_integer((json_int_t)frt_view_entry_count(daemon->view)));
    json_object_set_new(object, "problem", text(frt_view_problem(daemon->view)));
    for (size_t i = 0; i < 20 && (line = frt_view_unreadable(daemon->view, i)); i++)
        json_array_append_new(unreadable, text(line));
    json_object_set_new(object, "unreadable_count",
                        json_integer((json_int_t)frt_view_unreadable_count(daemon->view)));
    json_object_set_new(object, "unreadable", unreadable);
    return object;
}

static json_t *describe_policy(const struct frt_daemon *daemon)
{
    const struct frt_policy *policy = daemon->policy;
    json_t *object = json_object();

    json_object_set_new(object, "id", text(policy->id));
    json_object_set_new(object, "title", text(policy->title));
    json_object_set_new(object, "edition", text(policy->edition));
    json_object_set_new(object, "sha256", text(policy->sha256));
    set_time(object, "effective", policy->effective_s);
    set_time(object, "review_by", policy->review_by_s);
    json_object_set_new(object, "review_overdue",
                        json_boolean(frt_clock_now_s(&daemon->clock) > policy->review_by_s));
    return object;
}

static json_t *describe_trail(const struct frt_daemon *daemon)
{
    json_t *object = json_object();

    json_object_set_new(object, "writable", json_boolean(frt_trail_is_writable(daemon->trail)));
    json_object_set_new(object, "problem", text(frt_trail_problem(daemon->trail)));
    json_object_set_new(object, "records", json_integer((json_int_t)frt_trail_record_count(daemon->trail)));
    json_object_set_new(object, "seals", json_integer((json_int_t)frt_trail_seal_count(daemon->trail)));
    json_object_set_new(object, "first_public_key", text(frt_trail_first_public_key(daemon->trail)));
    json_object_set_new(object, "live_public_key", text(frt_trail_live_public_key(daemon->trail)));
    json_object_set_new(object, "checkpoint_key", text(daemon->host_vkey));
    json_object_set_new(object, "log_dir", text(daemon->conf->log_dir));
    return object;
}

static json_t *describe_counts(const struct frt_counts *counts)
{
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {
        {"deny", counts->deny},
        {"undecided", counts->undecided},
        {"allow", counts->allow},
        {"exempt", counts->exempt},
        {"not_governed", counts->not_governed},
        {"counted_only", counts->counted},
        {"malformed_messages", counts->malformed},
    };
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        json_object_set_new(object, rows[i].key, json_integer((json_int_t)rows[i].value));
    return object;
}

static json_t *describe_status(struct frt_daemon *daemon)
{
    json_t *object = json_object();

    json_object_set_new(object, "version", text(FRT_VERSION));
    json_object_set_new(object, "host", text(daemon->conf->host));
    json_object_set_new(object, "origin", text(daemon->conf->origin));
    set_time(object, "started", daemon->started_s);
    set_time(object, "now", frt_clock_now_s(&daemon->clock));
    json_object_set_new(object, "clock",
                        text(frt_fact_value_name(FRT_FACT_CLOCK, frt_clock_state(&daemon->clock))));
    json_object_set_new(object, "gate", text(frt_fact_value_name(FRT_FACT_GATE, daemon->gate)));
    if (daemon->gate_port.text && strlen(daemon->gate_port.text) < GATE_DETAIL_MAX)
        json_object_set_new(object, "gate_detail", json_loads(daemon->gate_port.text, 0, NULL));
    json_object_set_new(object, "policy", describe_policy(daemon));
    json_object_set_new(object, "view", describe_view(daemon));
    json_object_set_new(object, "trail", describe_trail(daemon));
    json_object_set_new(object, "decisions", describe_counts(&daemon->counts));
    json_object_set_new(object, "open_results",
                        json_integer((json_int_t)frt_searches_open(daemon->searches)));
    json_object_set_new(object, "connections", json_integer((json_int_t)daemon->connection_count));
    return object;
}

/* The rule of the policy now in force that a denial cited: the very one, or after an edit the first that says the same. */
static const struct frt_rule *find_rule(const struct frt_policy *policy, const struct frt_denial *denial)
{
    const struct frt_rule *alike = NULL;

    for (size_t l = 0; l < policy->layer_count; l++)
        for (size_t i = 0; i < policy->layers[l].rule_count; i++) {
            const struct frt_rule *rule = &policy->layers[l].rules[i];

            if (strcmp(rule->id, denial->rule) != 0 ||
                strcmp(frt_reason_table[rule->reason].name, denial->reason) != 0)
                continue;
            if (rule->line == denial->line)
                return rule;
            if (!alike)
                alike = rule;
        }
    return alike;
}

static json_t *describe_denial(const struct frt_daemon *daemon, const struct frt_denial *denial)
{
    const struct frt_rule *rule = find_rule(daemon->policy, denial);
    int reason = frt_reason_find(denial->reason);
    json_t *object = json_object();

    json_object_set_new(object, "decision", json_integer(denial->decision));
    set_time(object, "time", denial->at_us / 1000000);
    json_object_set_new(object, "login", text(denial->login));
    json_object_set_new(object, "user", text(denial->user));
    json_object_set_new(object, "action", text(denial->action));
    json_object_set_new(object, "tool", text(denial->tool));
    json_object_set_new(object, "rule", text(denial->rule));
    json_object_set_new(object, "reason", text(denial->reason));
    json_object_set_new(object, "message",
                        text(rule ? rule->message : (reason >= 0 ? frt_reason_table[reason].meaning : "")));
    json_object_set_new(object, "citation", text(rule ? rule->citation : ""));
    json_object_set_new(object, "advice", text(reason >= 0 ? frt_reason_table[reason].advice : ""));
    return object;
}

static json_t *describe_why(const struct frt_daemon *daemon, const char *name)
{
    const struct frt_denial *denials[20];
    size_t count = name && name[0] == '\0' ? 0 : frt_ledger_denials(daemon->ledger, name, denials, 20);
    json_t *object = json_object(), *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, describe_denial(daemon, denials[i]));
    json_object_set_new(object, "user", text(name));
    json_object_set_new(object, "contact", text(daemon->policy->contact));
    json_object_set_new(object, "denials", list);
    return object;
}

static json_t *describe_roles(const struct frt_role *const *roles, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct frt_role *role = roles[i];
        json_t *object = json_object();

        json_object_set_new(object, "id", text(role->id));
        json_object_set_new(object, "affiliation", text(role->city ? "city" : "outside"));
        json_object_set_new(object, "agency", text(role->agency));
        json_object_set_new(object, "department", text(role->department));
        if (role->city)
            json_object_set_new(object, "official_type",
                                text(frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, role->official_type)));
        json_object_set_new(object, "sworn", json_boolean(role->sworn));
        json_object_set_new(object, "performer", json_boolean(role->performer));
        json_object_set_new(object, "changed_by", text(role->changed_by));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *describe_person(const struct frt_person *person, const struct frt_role *const *roles,
                               size_t count)
{
    json_t *object = json_object();

    json_object_set_new(object, "found", json_boolean(person != NULL));
    json_object_set_new(object, "uid", text(person ? person->uid : ""));
    json_object_set_new(object, "name", text(person ? person->name : ""));
    json_object_set_new(object, "roles_in_force", describe_roles(roles, count));
    return object;
}

static json_t *describe_facts(const struct frt_facts *facts)
{
    json_t *object = json_object();

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        json_object_set_new(object, frt_fact_table[f].name,
                            text(frt_fact_value_name((enum frt_fact)f, facts->value[f])));
    return object;
}

/* "on-file", or "requester, performer": what a rule wants of one fact. */
static json_t *describe_wanted(const struct frt_rule *rule, enum frt_fact fact)
{
    json_t *list = json_array();

    for (unsigned v = 0; v < frt_fact_table[fact].count; v++)
        if (rule->when.mask[fact] & (1u << v))
            json_array_append_new(list, text(frt_fact_value_name(fact, v)));
    return list;
}

/* Why one rule spoke, or was passed over: the first fact it wanted otherwise. */
static json_t *describe_rule(const struct frt_rule *rule, const struct frt_facts *facts, bool speaks)
{
    enum frt_fact miss = frt_rule_first_miss(rule, facts);
    json_t *object = json_object();

    json_object_set_new(object, "id", text(rule->id));
    json_object_set_new(object, "line", json_integer(rule->line));
    json_object_set_new(object, "verdict", text(frt_verdict_name(rule->verdict)));
    json_object_set_new(object, "matches", json_boolean(miss == FRT_FACT_COUNT));
    json_object_set_new(object, "speaks", json_boolean(speaks));
    if (miss != FRT_FACT_COUNT) {
        json_object_set_new(object, "fact", text(frt_fact_table[miss].name));
        json_object_set_new(object, "is", text(frt_fact_value_name(miss, facts->value[miss])));
        json_object_set_new(object, "wants", describe_wanted(rule, miss));
    }
    return object;
}

static json_t *describe_layers(const struct frt_policy *policy, const struct frt_facts *facts,
                               const struct frt_decision *decision)
{
    json_t *list = json_array();

    for (size_t l = 0; l < policy->layer_count; l++) {
        const struct frt_rule *spoke = decision->layers[l].rule;
        json_t *object = json_object(), *rules = json_array();

        for (size_t i = 0; i < policy->layers[l].rule_count; i++) {
            const struct frt_rule *rule = &policy->layers[l].rules[i];

            json_array_append_new(rules, describe_rule(rule, facts, rule == spoke));
        }
        json_object_set_new(object, "layer", text(policy->layers[l].name));
        json_object_set_new(object, "verdict", spoke ? text(frt_verdict_name(spoke->verdict)) : json_null());
        json_object_set_new(object, "rule", spoke ? text(spoke->id) : json_null());
        json_object_set_new(object, "message", text(spoke ? spoke->message : ""));
        json_object_set_new(object, "rules", rules);
        json_array_append_new(list, object);
    }
    return list;
}

/* Facts as `rule` wants them, each changed as little as possible. Returns how many had to change. */
static unsigned towards(const struct frt_rule *rule, const struct frt_facts *facts,
                        struct frt_facts *ret_facts)
{
    unsigned changed = 0;

    *ret_facts = *facts;
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        if (rule->when.mask[f] & (1u << facts->value[f]))
            continue;
        for (unsigned v = 0; v < frt_fact_table[f].count; v++)
            if (rule->when.mask[f] & (1u << v)) {
                ret_facts->value[f] = (uint8_t)v;
                break;
            }
        changed++;
    }
    return changed;
}

static json_t *describe_difference(const struct frt_facts *from, const struct frt_facts *to,
                                   const struct frt_decision *decision)
{
    json_t *object = json_object(), *changes = json_array();

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (from->value[f] != to->value[f]) {
            json_t *change = json_object();

            json_object_set_new(change, "fact", text(frt_fact_table[f].name));
            json_object_set_new(change, "is", text(frt_fact_value_name((enum frt_fact)f, from->value[f])));
            json_object_set_new(change, "would_be",
                                text(frt_fact_value_name((enum frt_fact)f, to->value[f])));
            json_array_append_new(changes, change);
        }
    json_object_set_new(object, "verdict", text(frt_verdict_name(decision->verdict)));
    json_object_set_new(object, "rule", text(decision->rule ? decision->rule->id : ""));
    json_object_set_new(object, "changes", changes);
    return object;
}

/* For a denial: the nearest sets of facts under which a rule that lets pass would prevail. What no fact of a
 * person can change (the tool itself) stays as it is. */
static json_t *describe_alternatives(const struct frt_policy *policy, const struct frt_facts *facts,
                                     const struct frt_decision *now)
{
    json_t *list = json_array();
    unsigned best = FRT_FACT_COUNT;

    if (now->verdict != FRT_VERDICT_DENY)
        return list;
    for (size_t l = 0; l < policy->layer_count; l++)
        for (size_t i = 0; i < policy->layers[l].rule_count; i++) {
            const struct frt_rule *rule = &policy->layers[l].rules[i];
            struct frt_decision decision;
            struct frt_facts other;
            unsigned changed;

            if (rule->verdict == FRT_VERDICT_DENY)
                continue;
            changed = towards(rule, facts, &other);
            if (other.value[FRT_FACT_TOOL_CLASS] != facts->value[FRT_FACT_TOOL_CLASS] ||
                other.value[FRT_FACT_ACTION] != facts->value[FRT_FACT_ACTION] || changed > best)
                continue;
            frt_decide(policy, &other, &decision);
            if (decision.verdict == FRT_VERDICT_DENY)
                continue;
            if (changed < best)
                json_array_clear(list);
            best = changed;
            json_array_append_new(list, describe_difference(facts, &other, &decision));
        }
    return list;
}

static json_t *describe_check(struct frt_daemon *daemon, const struct frt_ask *ask,
                              const struct frt_peer *peer)
{
    struct frt_judgement j;
    json_t *object = json_object();
    const struct frt_rule *rule;

    frt_attempt_judge(daemon, ask, peer, NULL, &j);
    rule = j.decision.rule;
    json_object_set_new(object, "verdict", text(frt_verdict_name(j.decision.verdict)));
    json_object_set_new(object, "reason", text(frt_reason_table[j.decision.reason].name));
    json_object_set_new(object, "rule", text(rule ? rule->id : ""));
    json_object_set_new(object, "citation", text(rule ? rule->citation : ""));
    json_object_set_new(object, "message",
                        text(rule ? rule->message : frt_reason_table[j.decision.reason].meaning));
    json_object_set_new(object, "advice", text(frt_reason_table[j.decision.reason].advice));
    json_object_set_new(object, "contact", text(daemon->policy->contact));
    json_object_set_new(object, "host", text(daemon->conf->host));
    json_object_set_new(object, "tool", text(j.resolution.tool ? j.resolution.tool->id : ask->tool));
    json_object_set_new(object, "tool_name", text(j.resolution.tool ? j.resolution.tool->name : ""));
    json_object_set_new(
        object, "login",
        describe_person(j.resolution.login, j.resolution.login_roles, j.resolution.login_role_count));
    json_object_set_new(
        object, "user",
        describe_person(j.resolution.user, j.resolution.user_roles, j.resolution.user_role_count));
    json_object_set_new(object, "facts", describe_facts(&j.resolution.facts));
    json_object_set_new(object, "layers", describe_layers(daemon->policy, &j.resolution.facts, &j.decision));
    json_object_set_new(object, "would_change",
                        describe_alternatives(daemon->policy, &j.resolution.facts, &j.decision));
    json_object_set_new(object, "view", describe_view(daemon));
    json_object_set_new(object, "policy", describe_policy(daemon));
    return object;
}

/* The peer's own name in the directory, "" when there is none. */
static const char *own_name(const struct frt_daemon *daemon, const struct frt_peer *peer)
{
    int64_t uid = peer->login_uid >= 0 ? peer->login_uid : (int64_t)peer->uid;
    const struct frt_person *person = frt_view_person_by_number(daemon->view, uid);

    return person ? person->uid : "";
}

static bool may_ask_about(const struct frt_daemon *daemon, const struct frt_ask *ask,
                          const struct frt_peer *peer)
{
    if (peer->auditor)
        return true;
    if (ask->ruser[0] || (ask->user_uid != FRT_UID_UNSET && ask->user_uid != (int64_t)peer->uid))
        return false;
    return ask->user[0] == '\0' || strcmp(ask->user, own_name(daemon, peer)) == 0;
}

static json_t *describe(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer)
{
    struct frt_ask own = *ask;
    struct frt_peer nobody = *peer;

    if (ask->kind == FRT_ASK_STATUS)
        return describe_status(daemon);
    if (ask->kind == FRT_ASK_CATALOGUE)
        return frt_describe_catalogue(daemon, ask->path);
    if (own.user[0] == '\0')
        snprintf(own.user, sizeof(own.user), "%s", own_name(daemon, peer));
    if (ask->kind == FRT_ASK_WHY)
        return describe_why(daemon, own.user[0] || !peer->auditor ? own.user : NULL);
    if (peer->auditor) { /* a question about somebody, not an attempt of the one who asks */
        nobody.uid = 0;
        nobody.login_uid = FRT_UID_UNSET;
    }
    return describe_check(daemon, &own, &nobody);
}

void frt_describe(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                  struct frt_answer *ret_answer)
{
    json_t *object;

    if (!may_ask_about(daemon, ask, peer)) {
        ret_answer->reason = FRT_REASON_SPOOF;
        snprintf(ret_answer->message, sizeof(ret_answer->message),
                 "Only root and the auditors' group may ask about other people.");
        return;
    }
    object = describe(daemon, ask, peer);
    ret_answer->verdict = FRT_VERDICT_NOT_GOVERNED;
    ret_answer->reason = FRT_REASON_NOT_FRT;
    ret_answer->text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    ret_answer->text_length = ret_answer->text ? strlen(ret_answer->text) : 0;
    json_decref(object);
}

void frt_describe_paths(const struct frt_daemon *daemon, const char *tool_id, struct frt_answer *answer)
{
    const struct frt_tool *tool = frt_view_tool(daemon->view, tool_id);
    const struct frt_attribute *paths = tool ? frt_entry_find(tool->entry, "frtPath") : NULL;
    json_t *object = json_object(), *list = json_array();

    for (size_t i = 0; paths && i < paths->value_count; i++)
        json_array_append_new(list, text(paths->values[i].bytes));
    json_object_set_new(object, "paths", list);
    answer->text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    answer->text_length = answer->text ? strlen(answer->text) : 0;
    json_decref(object);
}
