/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/policy_parts.h"
#include "support/cleanup.h"

static const char *const slot_names[] = {"deny", "allow", "exempt", "not-governed"};

struct outcome {
    const char *path;
    const struct frt_policy *policy;
    struct frt_policy_proof proof;
    const uint64_t *hits;
    double took_ms;
    bool holds;
    char refusal[FRT_POLICY_ERROR_MAX];
};

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t rule_count(const struct frt_policy *policy)
{
    size_t n = 0;

    for (size_t l = 0; l < policy->layer_count; l++)
        n += policy->layers[l].rule_count;
    return n;
}

static void print_text(const struct outcome *o)
{
    const struct frt_policy_proof *p = &o->proof;
    const uint64_t *hits = o->hits;
    size_t silent = 0;

    printf("%s, edition %s: %zu rules in %zu layers, %zu never statements\n", o->policy->id,
           o->policy->edition, rule_count(o->policy), o->policy->layer_count, o->policy->never_count);
    printf("sets of facts  %" PRIu64 "\naccounted for  %" PRIu64 " in %" PRIu64 " boxes, %.1f ms\n", p->space,
           p->covered, p->visited, o->took_ms);
    for (size_t i = 0; i < 4; i++)
        printf("  %-13s%" PRIu64 "\n", slot_names[i], p->by_verdict[i]);
    for (size_t l = 0; l < o->policy->layer_count; l++)
        for (size_t i = 0; i < o->policy->layers[l].rule_count; i++)
            if (*hits++ == 0 && ++silent)
                printf("warning: %s:%u: rule %s of layer %s can never speak\n", o->path,
                       o->policy->layers[l].rules[i].line, o->policy->layers[l].rules[i].id,
                       o->policy->layers[l].name);
    printf("rules that can never speak: %zu\n", silent);
    printf("%s\n", o->holds ? "proven: every never statement holds" : "REFUSED");
}

static json_t *json_of_rules(const struct outcome *o)
{
    const uint64_t *hits = o->hits;
    json_t *rules = json_array();

    for (size_t l = 0; l < o->policy->layer_count; l++)
        for (size_t i = 0; i < o->policy->layers[l].rule_count; i++)
            json_array_append_new(rules, json_pack("{s:s, s:s, s:i, s:I}", "layer", o->policy->layers[l].name,
                                                   "id", o->policy->layers[l].rules[i].id, "line",
                                                   (int)o->policy->layers[l].rules[i].line, "speaks_in",
                                                   (json_int_t)*hits++));
    return rules;
}

static json_t *json_of_facts(const struct frt_facts *facts)
{
    json_t *object = json_object();

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        json_object_set_new(object, frt_fact_table[f].name,
                            json_string(frt_fact_value_name((enum frt_fact)f, facts->value[f])));
    return object;
}

static void print_json(const struct outcome *o)
{
    const struct frt_policy_proof *p = &o->proof;
    json_t *counts = json_object(), *whole;

    for (size_t i = 0; i < 4; i++)
        json_object_set_new(counts, slot_names[i], json_integer((json_int_t)p->by_verdict[i]));
    whole = json_pack("{s:s, s:b, s:I, s:I, s:I, s:f, s:o, s:o}", "policy", o->policy->id, "proven", o->holds,
                      "space", (json_int_t)p->space, "covered", (json_int_t)p->covered, "boxes",
                      (json_int_t)p->visited, "milliseconds", o->took_ms, "by_verdict", counts, "rules",
                      json_of_rules(o));
    if (p->broken) {
        json_object_set_new(whole, "refusal", json_string(o->refusal));
        json_object_set_new(whole, "counter_example", json_of_facts(&p->counter_example));
    }
    json_dumpf(whole, stdout, JSON_INDENT(2));
    puts("");
    json_decref(whole);
}

int frt_policy_prove(const struct frt_policy_arguments *arguments)
{
    struct outcome o = {.path = arguments->policy};
    frt_auto_free uint64_t *hits = NULL;
    struct frt_policy *policy;
    double start;

    if (frt_policy_parse(arguments->policy, &policy, o.refusal) < 0) {
        fprintf(stderr, "frt policy: %s\n", o.refusal);
        return FRT_EXIT_USAGE;
    }
    hits = calloc(rule_count(policy) + 1, sizeof(*hits));
    if (!hits)
        abort();
    start = now_ms();
    o.holds = frt_prove(policy, hits, &o.proof);
    o.took_ms = now_ms() - start;
    o.policy = policy;
    o.hits = hits;
    if (o.proof.broken)
        frt_policy_proof_words(arguments->policy, policy, &o.proof, o.refusal);
    if (arguments->as_json)
        print_json(&o);
    else
        print_text(&o);
    if (o.proof.broken && !arguments->as_json)
        printf("%s\n", o.refusal);
    frt_policy_free(policy);
    return o.holds ? FRT_EXIT_YES : FRT_EXIT_NO;
}
