/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "settings/policy_reader.h"
#include "support/cleanup.h"
#include "support/name.h"

#define MAX_RULES 512 /* of one layer, and statements of "never" */

static unsigned line_of(const config_setting_t *setting)
{
    return config_setting_source_line(setting);
}

static void known_facts(char *buffer, size_t size)
{
    size_t used = 0;

    for (unsigned f = 0; f < FRT_FACT_COUNT && used < size; f++)
        used += (size_t)snprintf(buffer + used, size - used, " %s", frt_fact_table[f].name);
    for (char *p = buffer; *p; p++)
        *p = *p == '-' ? '_' : *p;
}

/* "host_owner" or "not_host_owner" -> the fact; -1 when there is none. Files write '_' because that is how
 * the law's words read as keys; the trail and the table write '-'. */
static int find_fact(const char *key, bool *ret_negated)
{
    char name[32];

    *ret_negated = strncmp(key, "not_", 4) == 0;
    key += *ret_negated ? 4 : 0;
    if (strlen(key) >= sizeof(name) || strchr(key, '-'))
        return -1;
    strcpy(name, key);
    for (char *p = name; *p; p++)
        *p = *p == '_' ? '-' : *p;
    return frt_fact_find(name);
}

static int unknown_value(const struct frt_policy_reader *reader, const config_setting_t *setting,
                         enum frt_fact fact, const char *word)
{
    char known[256] = "";
    size_t used = 0;

    for (unsigned v = 0; v < frt_fact_table[fact].count && used < sizeof(known); v++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, " %s", frt_fact_value_name(fact, v));
    return frt_policy_complain(reader, setting, word, "expected one or more of:%s", known);
}

static int take_values(const struct frt_policy_reader *reader, const config_setting_t *setting,
                       enum frt_fact fact, uint32_t *ret_mask)
{
    uint32_t mask = 0;
    const char *word;

    for (unsigned i = 0; (word = frt_policy_word(setting, i)); i++) {
        int v = frt_fact_value_find(fact, word);

        if (v < 0)
            return unknown_value(reader, setting, fact, word);
        if (mask & (UINT32_C(1) << v))
            return frt_policy_complain(reader, setting, word, "the value stands here twice");
        mask |= UINT32_C(1) << v;
    }
    if (mask == 0)
        return unknown_value(reader, setting, fact, NULL);
    *ret_mask = mask;
    return 0;
}

static int take_condition(const struct frt_policy_reader *reader, const config_setting_t *setting,
                          struct frt_when *when)
{
    bool negated;
    int fact = find_fact(config_setting_name(setting), &negated);
    uint32_t all, mask = 0;
    char known[512];
    int r;

    if (fact < 0) {
        known_facts(known, sizeof(known));
        return frt_policy_complain(reader, setting, NULL, "unknown fact; known facts (also as not_FACT):%s",
                                   known);
    }
    all = (UINT32_C(1) << frt_fact_table[fact].count) - 1;
    r = take_values(reader, setting, (enum frt_fact)fact, &mask);
    if (r < 0)
        return r;
    if (when->mask[fact] != all)
        return frt_policy_complain(reader, setting, NULL, "this fact stands in the same `when` already");
    if (negated && mask == all)
        return frt_policy_complain(reader, setting, NULL, "excludes every value the fact can have");
    when->mask[fact] = negated ? all & ~mask : mask;
    return 0;
}

static int take_when(const struct frt_policy_reader *reader, const config_setting_t *owner,
                     struct frt_when *when)
{
    const config_setting_t *group = config_setting_get_member(owner, "when");
    int r = 0;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        when->mask[f] = (UINT32_C(1) << frt_fact_table[f].count) - 1;
    if (group && !config_setting_is_group(group))
        return frt_policy_complain(reader, group, NULL, "expected a group: when = { fact = \"value\"; }");
    if (!group || config_setting_length(group) == 0)
        frt_policy_warn(reader, line_of(group ? group : owner),
                        "when: is empty, so this speaks for every attempt");
    for (int i = 0; group && i < config_setting_length(group) && r == 0; i++)
        r = take_condition(reader, config_setting_get_elem(group, (unsigned)i), when);
    return r;
}

static int take_verdict(const struct frt_policy_reader *reader, const config_setting_t *owner,
                        enum frt_verdict *ret_verdict)
{
    const config_setting_t *setting = config_setting_get_member(owner, "verdict");
    const char *word = setting ? config_setting_get_string(setting) : NULL;

    if (word && frt_verdict_find(word, ret_verdict) == 0)
        return 0;
    return frt_policy_complain(reader, setting ? setting : owner, word,
                               "verdict: expected \"deny\", \"allow\", \"exempt\" or \"not-governed\"");
}

/* Reasons a rule may give: the ones that fit its verdict, and none that only frtd or an enforcement point can
 * know. */
static bool reason_fits(enum frt_reason reason, enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_ALLOW:
        return reason == FRT_REASON_REQUEST_ON_FILE;
    case FRT_VERDICT_EXEMPT:
        return reason == FRT_REASON_EXEMPTION;
    case FRT_VERDICT_NOT_GOVERNED:
        return reason == FRT_REASON_NOT_FRT;
    case FRT_VERDICT_DENY:
        break;
    }
    return reason >= FRT_REASON_CITY_OFFICIAL && reason <= FRT_REASON_GATE_NOT_ENFORCING;
}

static int take_reason(const struct frt_policy_reader *reader, const config_setting_t *owner,
                       struct frt_rule *rule)
{
    const config_setting_t *setting = config_setting_get_member(owner, "reason");
    const char *word = setting ? config_setting_get_string(setting) : NULL;
    int reason = word ? frt_reason_find(word) : -1;
    char known[768] = "";
    size_t used = 0;

    if (reason >= 0 && reason_fits((enum frt_reason)reason, rule->verdict)) {
        rule->reason = (enum frt_reason)reason;
        return 0;
    }
    for (unsigned i = 0; i < FRT_REASON_COUNT && used < sizeof(known); i++)
        if (reason_fits((enum frt_reason)i, rule->verdict))
            used += (size_t)snprintf(known + used, sizeof(known) - used, " %s", frt_reason_table[i].name);
    return frt_policy_complain(reader, setting ? setting : owner, word,
                               "reason: with verdict \"%s\" expected one of:%s",
                               frt_verdict_name(rule->verdict), known);
}

static int take_obligations(const struct frt_policy_reader *reader, const config_setting_t *owner,
                            unsigned *ret_obligations)
{
    const config_setting_t *setting = config_setting_get_member(owner, "oblige");
    const char *word;

    for (unsigned i = 0; setting && (word = frt_policy_word(setting, i)); i++) {
        unsigned bit = frt_obligation_find(word);

        if (!bit)
            return frt_policy_complain(reader, setting, word,
                                       "expected one or more of: document review flag-proxy retain-finding");
        *ret_obligations |= bit;
    }
    if (setting && *ret_obligations == 0)
        return frt_policy_complain(reader, setting, NULL,
                                   "expected an array of: document review flag-proxy retain-finding");
    return 0;
}

static int take_rule(const struct frt_policy_reader *reader, const config_setting_t *group,
                     struct frt_rule *rule)
{
    const struct frt_policy_text texts[] = {
        {"id", &rule->id, FRT_RULE_ID_MAX, false},
        {"citation", &rule->citation, FRT_CITATION_MAX, false},
        {"message", &rule->message, FRT_MESSAGE_MAX, false},
    };
    int r = frt_policy_take_texts(reader, group, texts, FRT_ARRAY_LEN(texts));

    rule->line = line_of(group);
    if (r == 0 && !frt_identifier_is_valid(rule->id))
        r = frt_policy_complain(reader, config_setting_get_member(group, "id"), rule->id,
                                "expected an identifier such as \"N-USE\"");
    if (r == 0)
        r = take_when(reader, group, &rule->when);
    if (r == 0)
        r = take_verdict(reader, group, &rule->verdict);
    if (r == 0)
        r = take_reason(reader, group, rule);
    return r == 0 ? take_obligations(reader, group, &rule->obligations) : r;
}

static void clear_rule(struct frt_rule *rule)
{
    free(rule->id);
    free(rule->citation);
    free(rule->message);
    memset(rule, 0, sizeof(*rule));
}

static const char *const rule_keys[] = {"id",       "when",    "only_if", "verdict", "reason",
                                        "citation", "message", "oblige",  NULL};

/* Every rule is read and checked; one whose only_if does not hold is then left out. */
static int take_rules(const struct frt_policy_reader *reader, const config_setting_t *list,
                      struct frt_layer *layer)
{
    int n = config_setting_length(list), r = 0;

    if (n > MAX_RULES)
        return frt_policy_complain(reader, list, NULL, "expected at most %d rules", MAX_RULES);
    layer->rules = calloc(n > 0 ? (size_t)n : 1, sizeof(*layer->rules));
    if (!layer->rules)
        return -ENOMEM;
    for (int i = 0; i < n && r == 0; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        struct frt_rule *rule = &layer->rules[layer->rule_count++];
        bool holds = true;

        r = frt_policy_check_keys(reader, group, rule_keys);
        if (r == 0)
            r = take_rule(reader, group, rule);
        if (r == 0)
            r = frt_policy_only_if(reader, config_setting_get_member(group, "only_if"), &holds);
        if (r == 0 && !holds) {
            clear_rule(rule);
            layer->rule_count--;
            reader->policy->rules_left_out++;
        }
    }
    return r;
}

static int take_layer(const struct frt_policy_reader *reader, const config_setting_t *group,
                      struct frt_layer *layer)
{
    static const char *const keys[] = {"name", "rules", NULL};
    const struct frt_policy_text texts[] = {{"name", &layer->name, FRT_RULE_ID_MAX, false}};
    const config_setting_t *rules;
    int r = frt_policy_check_keys(reader, group, keys);

    if (r == 0)
        r = frt_policy_take_texts(reader, group, texts, FRT_ARRAY_LEN(texts));
    if (r < 0)
        return r;
    if (!frt_identifier_is_valid(layer->name))
        return frt_policy_complain(reader, config_setting_get_member(group, "name"), layer->name,
                                   "expected an identifier such as \"city\"");
    for (const struct frt_layer *other = reader->policy->layers; other < layer; other++)
        if (strcmp(other->name, layer->name) == 0)
            return frt_policy_complain(reader, config_setting_get_member(group, "name"), layer->name,
                                       "there is a layer of this name already");
    rules = config_setting_get_member(group, "rules");
    if (!rules || !config_setting_is_list(rules))
        return frt_policy_complain(reader, rules ? rules : group, NULL,
                                   "rules: expected a list: rules = ( { id = ...; }, ... )");
    return take_rules(reader, rules, layer);
}

int frt_policy_take_layers(const struct frt_policy_reader *reader, const config_setting_t *list)
{
    int n = config_setting_is_list(list) ? config_setting_length(list) : 0, r = 0;

    if (n < 1 || n > FRT_POLICY_MAX_LAYERS)
        return frt_policy_complain(reader, list, NULL,
                                   "expected a list of 1 to %d layers: ( { name = ...; rules = (...); } )",
                                   FRT_POLICY_MAX_LAYERS);
    for (int i = 0; i < n && r == 0; i++)
        r = take_layer(reader, config_setting_get_elem(list, (unsigned)i),
                       &reader->policy->layers[reader->policy->layer_count++]);
    return r;
}

static int take_forbidden(const struct frt_policy_reader *reader, const config_setting_t *owner,
                          struct frt_never *never)
{
    const config_setting_t *setting = config_setting_get_member(owner, "verdicts");
    const char *word;
    unsigned i = 0;

    for (; setting && (word = frt_policy_word(setting, i)); i++) {
        enum frt_verdict verdict = FRT_VERDICT_DENY;

        if (frt_verdict_find(word, &verdict) < 0 || verdict == FRT_VERDICT_DENY)
            return frt_policy_complain(reader, setting, word,
                                       "expected one or more of: allow exempt not-governed");
        never->allow |= verdict == FRT_VERDICT_ALLOW;
        never->exempt |= verdict == FRT_VERDICT_EXEMPT;
        never->not_governed |= verdict == FRT_VERDICT_NOT_GOVERNED;
    }
    if (i == 0)
        return frt_policy_complain(reader, setting ? setting : owner, NULL,
                                   "verdicts: expected an array of: allow exempt not-governed");
    return 0;
}

static int take_never(const struct frt_policy_reader *reader, const config_setting_t *group,
                      struct frt_never *never)
{
    static const char *const keys[] = {"verdicts", "when", "only_if", "why", NULL};
    const struct frt_policy_text texts[] = {{"why", &never->why, FRT_MESSAGE_MAX, false}};
    int r = frt_policy_check_keys(reader, group, keys);

    never->line = line_of(group);
    if (r == 0)
        r = frt_policy_take_texts(reader, group, texts, FRT_ARRAY_LEN(texts));
    if (r == 0)
        r = take_forbidden(reader, group, never);
    return r == 0 ? take_when(reader, group, &never->when) : r;
}

int frt_policy_take_nevers(const struct frt_policy_reader *reader, const config_setting_t *list)
{
    struct frt_policy *policy = reader->policy;
    int n = config_setting_is_list(list) ? config_setting_length(list) : -1, r = 0;

    if (n < 0 || n > MAX_RULES)
        return frt_policy_complain(
            reader, list, NULL,
            "expected a list of at most %d: ( { verdicts = [...]; when = {...}; why = ...; } )", MAX_RULES);
    policy->nevers = calloc(n > 0 ? (size_t)n : 1, sizeof(*policy->nevers));
    if (!policy->nevers)
        return -ENOMEM;
    for (int i = 0; i < n && r == 0; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        struct frt_never *never = &policy->nevers[policy->never_count++];
        bool holds = true;

        r = take_never(reader, group, never);
        if (r == 0)
            r = frt_policy_only_if(reader, config_setting_get_member(group, "only_if"), &holds);
        if (r == 0 && !holds) {
            free(never->why);
            memset(never, 0, sizeof(*never));
            policy->never_count--;
        }
    }
    return r;
}
