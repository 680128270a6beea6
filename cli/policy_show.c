/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/policy_parts.h"
#include "support/time_text.h"

/* Rules of the text output are wrapped at this column. */
#define WIDTH 100

static void warn(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "warning: %s\n", text);
}

/* The values a mask names; as "not X" when that is the shorter way to say it. */
static void format_mask(enum frt_fact fact, uint32_t mask, char *buffer, size_t size)
{
    uint32_t all = (UINT32_C(1) << frt_fact_table[fact].count) - 1;
    bool negated = __builtin_popcount(mask) > 1 && __builtin_popcount(all & ~mask) == 1;
    size_t used = (size_t)snprintf(buffer, size, "%s", negated ? "not " : "");
    const char *between = "";

    for (unsigned v = 0; v < frt_fact_table[fact].count && used < size; v++) {
        if (!((negated ? all & ~mask : mask) & (UINT32_C(1) << v)))
            continue;
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", between, frt_fact_value_name(fact, v));
        between = " or ";
    }
}

static void print_when(const struct frt_when *when)
{
    int column = printf("      when");
    bool any = false;

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        char values[256], condition[320];

        if (when->mask[f] == (UINT32_C(1) << frt_fact_table[f].count) - 1)
            continue;
        format_mask((enum frt_fact)f, when->mask[f], values, sizeof(values));
        snprintf(condition, sizeof(condition), "%s %s is %s", any ? "," : "", frt_fact_table[f].name, values);
        if (column + (int)strlen(condition) > WIDTH)
            column = printf("\n          ") - 1;
        column += printf("%s", condition);
        any = true;
    }
    puts(any ? "" : " anything");
}

static void print_obligations(unsigned obligations)
{
    const char *name;

    for (; (name = frt_obligation_name(obligations)); obligations &= ~frt_obligation_find(name))
        printf(" + %s", name);
}

static void print_layers(const struct frt_policy *policy)
{
    for (size_t l = 0; l < policy->layer_count; l++) {
        const struct frt_layer *layer = &policy->layers[l];

        printf("\nlayer %s: %zu rule%s, the first that fits speaks\n", layer->name, layer->rule_count,
               layer->rule_count == 1 ? "" : "s");
        for (size_t i = 0; i < layer->rule_count; i++) {
            const struct frt_rule *rule = &layer->rules[i];

            printf("\n  %s: %s (%s)", rule->id, frt_verdict_name(rule->verdict),
                   frt_reason_table[rule->reason].name);
            print_obligations(rule->obligations);
            printf("   [line %u]\n", rule->line);
            print_when(&rule->when);
            printf("      %s\n      %s\n", rule->message, rule->citation);
        }
    }
}

static void print_switches(const struct frt_policy *policy)
{
    puts("\nswitches (* not the safest reading)");
    for (size_t i = 0; i < policy->switch_count; i++) {
        const struct frt_policy_switch *s = &policy->switches[i];

        printf("  %c %-22s %s%s\n", s->is_safest ? ' ' : '*', s->name, s->value,
               s->is_default ? "  (default)" : "");
    }
    if (policy->rules_left_out)
        printf("  %zu rule%s for other positions of the switches not in force\n", policy->rules_left_out,
               policy->rules_left_out == 1 ? " is" : "s are");
}

static void print_nevers(const struct frt_policy *policy)
{
    puts("\nnever, whatever the rules say (proven over every combination of facts)");
    for (size_t i = 0; i < policy->never_count; i++) {
        const struct frt_never *never = &policy->nevers[i];

        printf("\n  %s   [line %u]\n      not%s%s%s\n", never->why, never->line, never->allow ? " allow" : "",
               never->exempt ? " exempt" : "", never->not_governed ? " not-governed" : "");
        print_when(&never->when);
    }
}

static void print_policy(const struct frt_policy *policy)
{
    char effective[FRT_TIME_TEXT_MAX], review_by[FRT_TIME_TEXT_MAX];

    frt_time_format(policy->effective_s, effective);
    frt_time_format(policy->review_by_s, review_by);
    printf("%s, edition %s\n%s\n", policy->id, policy->edition, policy->title);
    printf("effective %.10s, review by %.10s\nask: %s\nsource: %s\nsha256 %s\n", effective, review_by,
           policy->contact, policy->source, policy->sha256);
    print_switches(policy);
    print_layers(policy);
    print_nevers(policy);
}

static json_t *json_of_when(const struct frt_when *when)
{
    json_t *object = json_object();

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        json_t *values;

        if (when->mask[f] == (UINT32_C(1) << frt_fact_table[f].count) - 1)
            continue;
        values = json_array();
        for (unsigned v = 0; v < frt_fact_table[f].count; v++)
            if (when->mask[f] & (UINT32_C(1) << v))
                json_array_append_new(values, json_string(frt_fact_value_name((enum frt_fact)f, v)));
        json_object_set_new(object, frt_fact_table[f].name, values);
    }
    return object;
}

static json_t *json_of_rule(const struct frt_rule *rule)
{
    json_t *obligations = json_array();
    unsigned left = rule->obligations;
    const char *name;

    for (; (name = frt_obligation_name(left)); left &= ~frt_obligation_find(name))
        json_array_append_new(obligations, json_string(name));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:i}", "id", rule->id, "verdict",
                     frt_verdict_name(rule->verdict), "reason", frt_reason_table[rule->reason].name, "when",
                     json_of_when(&rule->when), "citation", rule->citation, "message", rule->message,
                     "oblige", obligations, "line", (int)rule->line);
}

static json_t *json_of_layers(const struct frt_policy *policy)
{
    json_t *layers = json_array();

    for (size_t l = 0; l < policy->layer_count; l++) {
        json_t *rules = json_array();

        for (size_t i = 0; i < policy->layers[l].rule_count; i++)
            json_array_append_new(rules, json_of_rule(&policy->layers[l].rules[i]));
        json_array_append_new(layers,
                              json_pack("{s:s, s:o}", "name", policy->layers[l].name, "rules", rules));
    }
    return layers;
}

static void print_json(const struct frt_policy *policy)
{
    char effective[FRT_TIME_TEXT_MAX], review_by[FRT_TIME_TEXT_MAX];
    json_t *switches = json_object(), *nevers = json_array(), *whole;

    frt_time_format(policy->effective_s, effective);
    frt_time_format(policy->review_by_s, review_by);
    for (size_t i = 0; i < policy->switch_count; i++)
        json_object_set_new(switches, policy->switches[i].name,
                            json_pack("{s:s, s:b, s:b}", "value", policy->switches[i].value, "default",
                                      policy->switches[i].is_default, "safest",
                                      policy->switches[i].is_safest));
    for (size_t i = 0; i < policy->never_count; i++)
        json_array_append_new(
            nevers, json_pack("{s:s, s:b, s:b, s:b, s:o, s:i}", "why", policy->nevers[i].why, "allow",
                              policy->nevers[i].allow, "exempt", policy->nevers[i].exempt, "not-governed",
                              policy->nevers[i].not_governed, "when", json_of_when(&policy->nevers[i].when),
                              "line", (int)policy->nevers[i].line));
    whole =
        json_pack("{s:s, s:s, s:s, s:s%, s:s%, s:s, s:s, s:s, s:o, s:o, s:o}", "id", policy->id, "title",
                  policy->title, "edition", policy->edition, "effective", effective, (size_t)10, "review_by",
                  review_by, (size_t)10, "contact", policy->contact, "source", policy->source, "sha256",
                  policy->sha256, "switches", switches, "layers", json_of_layers(policy), "never", nevers);
    json_dumpf(whole, stdout, JSON_INDENT(2));
    puts("");
    json_decref(whole);
}

int frt_policy_show(const struct frt_policy_arguments *arguments)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *policy;

    if (frt_policy_load_any(arguments->policy, (int64_t)time(NULL), warn, NULL, &policy, error) < 0) {
        fprintf(stderr, "frt policy: %s\n", error);
        return FRT_EXIT_USAGE;
    }
    if (arguments->as_json)
        print_json(policy);
    else
        print_policy(policy);
    frt_policy_free(policy);
    return FRT_EXIT_YES;
}
