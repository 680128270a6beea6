/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings/policy_file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decision/words.h"
#include "settings/policy_reader.h"
#include "support/cleanup.h"
#include "support/name.h"
#include "support/percent.h"
#include "support/time_text.h"

int frt_policy_complain(const struct frt_policy_reader *reader, const config_setting_t *setting,
                        const char *quoted, const char *format, ...)
{
    char where[512], shown[96] = "", expected[1200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expected, sizeof(expected), format, arguments);
    va_end(arguments);
    frt_config_where(reader->path, setting, where, sizeof(where));
    if (quoted)
        frt_percent_encode(quoted, strlen(quoted), shown, sizeof(shown));
    snprintf(reader->error, FRT_POLICY_ERROR_MAX, "%s: %s%s%s%s", where, quoted ? "\"" : "", shown,
             quoted ? "\": " : "", expected);
    return -EINVAL;
}

void frt_policy_warn(const struct frt_policy_reader *reader, unsigned line, const char *format, ...)
{
    char text[1024], whole[1536];
    va_list arguments;

    if (!reader->warn)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    snprintf(whole, sizeof(whole), "%.400s:%u: %s", reader->path, line, text);
    reader->warn(reader->warn_arg, whole);
}

int frt_policy_check_keys(const struct frt_policy_reader *reader, const config_setting_t *group,
                          const char *const *keys)
{
    char known[256] = "";
    size_t used = 0;

    if (!config_setting_is_group(group))
        return frt_policy_complain(reader, group, NULL, "expected a group: { key = value; }");
    for (size_t k = 0; keys[k] && used < sizeof(known); k++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, " %s", keys[k]);
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        bool found = false;

        for (size_t k = 0; keys[k] && !found; k++)
            found = strcmp(keys[k], config_setting_name(setting)) == 0;
        if (!found)
            return frt_policy_complain(reader, setting, NULL, "unknown key; known here:%s", known);
    }
    return 0;
}

static int take_text(const struct frt_policy_reader *reader, const config_setting_t *group,
                     const struct frt_policy_text *row)
{
    const config_setting_t *setting = config_setting_get_member(group, row->key);
    const char *text = setting ? config_setting_get_string(setting) : NULL;

    if (!setting && row->optional)
        return 0;
    if (!setting)
        return frt_policy_complain(reader, group, NULL, "%s: missing; expected a text in double quotes",
                                   row->key);
    if (!text || text[0] == '\0')
        return frt_policy_complain(reader, setting, NULL,
                                   "expected a text in double quotes that is not empty");
    if (!frt_config_text_is_clean(text))
        return frt_policy_complain(reader, setting, NULL, "expected UTF-8 without control characters");
    if (strlen(text) > row->max)
        return frt_policy_complain(reader, setting, NULL, "expected at most %zu bytes, not %zu", row->max,
                                   strlen(text));
    *row->slot = strdup(text);
    return *row->slot ? 0 : -ENOMEM;
}

int frt_policy_take_texts(const struct frt_policy_reader *reader, const config_setting_t *group,
                          const struct frt_policy_text *texts, size_t count)
{
    int r = 0;

    for (size_t i = 0; i < count && r == 0; i++)
        r = take_text(reader, group, &texts[i]);
    return r;
}

const char *frt_policy_word(const config_setting_t *setting, unsigned i)
{
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return i == 0 ? config_setting_get_string(setting) : NULL;
    if (!config_setting_is_array(setting))
        return NULL;
    return config_setting_get_string_elem(setting, (int)i);
}

static int take_date(const struct frt_policy_reader *reader, const config_setting_t *root, const char *key,
                     int64_t *ret_s)
{
    const config_setting_t *setting = config_setting_get_member(root, key);
    const char *text = setting ? config_setting_get_string(setting) : NULL;
    char stamp[32];

    if (!setting)
        return frt_policy_complain(reader, root, NULL, "%s: missing; expected a date: \"2026-12-31\"", key);
    if (text && strlen(text) == strlen("2026-12-31")) {
        snprintf(stamp, sizeof(stamp), "%sT00:00:00Z", text);
        if (frt_time_parse(stamp, ret_s) == 0)
            return 0;
    }
    return frt_policy_complain(reader, setting, text, "expected a date that exists: \"2026-12-31\"");
}

static int take_head(const struct frt_policy_reader *reader, const config_setting_t *root)
{
    static const char *const keys[] = {"id",        "title",   "edition", "effective",
                                       "review_by", "contact", "source",  "approved_by",
                                       "switches",  "layers",  "never",   NULL};
    struct frt_policy *p = reader->policy;
    const struct frt_policy_text texts[] = {
        {"id", &p->id, FRT_RULE_ID_MAX, false}, {"title", &p->title, FRT_MESSAGE_MAX, false},
        {"edition", &p->edition, 31, false},    {"contact", &p->contact, FRT_CONTACT_MAX, false},
        {"source", &p->source, 1000, false},    {"approved_by", &p->approved_by, FRT_CONTACT_MAX, true},
    };
    int r = frt_policy_check_keys(reader, root, keys);

    if (r == 0)
        r = frt_policy_take_texts(reader, root, texts, FRT_ARRAY_LEN(texts));
    if (r == 0 && !frt_identifier_is_valid(p->id))
        r = frt_policy_complain(reader, config_setting_get_member(root, "id"), p->id,
                                "expected an identifier such as \"northampton-ma\"");
    if (r == 0)
        r = take_date(reader, root, "effective", &p->effective_s);
    if (r == 0)
        r = take_date(reader, root, "review_by", &p->review_by_s);
    if (r == 0 && p->review_by_s <= p->effective_s)
        r = frt_policy_complain(reader, config_setting_get_member(root, "review_by"), NULL,
                                "expected a date after `effective`");
    return r;
}

static int take_policy(const struct frt_policy_reader *reader, const config_t *config)
{
    const config_setting_t *root = config_root_setting(config);
    const config_setting_t *layers = config_setting_get_member(root, "layers");
    const config_setting_t *never = config_setting_get_member(root, "never");
    int r = take_head(reader, root);

    if (r == 0)
        r = frt_policy_take_switches(reader, config_setting_get_member(root, "switches"));
    if (r == 0 && !layers)
        r = frt_policy_complain(reader, root, NULL, "layers: missing; expected a list of layers");
    if (r == 0)
        r = frt_policy_take_layers(reader, layers);
    if (r == 0 && never)
        r = frt_policy_take_nevers(reader, never);
    if (r == 0 && reader->policy->never_count == 0)
        frt_policy_warn(reader, config_setting_source_line(root),
                        "never: missing or empty, so nothing is proven about this policy");
    return r;
}

static int digest(const char *text, size_t length, char ret_hex[65])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(text, length, sum, &size, EVP_sha256(), NULL) != 1 || size != 32)
        return -EIO;
    for (unsigned i = 0; i < size; i++)
        snprintf(ret_hex + 2 * (size_t)i, 3, "%02x", sum[i]);
    return 0;
}

static int parse(const char *path, enum frt_file_trust trust, void (*warn)(void *arg, const char *text),
                 void *warn_arg, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX])
{
    struct frt_policy_reader reader = {path, calloc(1, sizeof(struct frt_policy)), error, warn, warn_arg};
    frt_auto_free char *text = NULL;
    size_t length = 0;
    config_t config;
    int r = reader.policy ? 0 : -ENOMEM;

    snprintf(error, FRT_POLICY_ERROR_MAX, "%.400s: out of memory", path);
    config_init(&config);
    if (r == 0)
        r = frt_config_read(path, trust, &config, &text, &length, error, FRT_POLICY_ERROR_MAX);
    if (r == 0)
        r = take_policy(&reader, &config);
    if (r == 0)
        r = digest(text, length, reader.policy->sha256);
    config_destroy(&config);
    if (r < 0)
        frt_policy_free(reader.policy);
    else
        *ret_policy = reader.policy;
    return r;
}

int frt_policy_parse(const char *path, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX])
{
    return parse(path, FRT_FILE_ANY, NULL, NULL, ret_policy, error);
}

static const char *layer_of(const struct frt_policy *policy, const struct frt_rule *rule)
{
    for (size_t l = 0; l < policy->layer_count; l++) {
        const struct frt_layer *layer = &policy->layers[l];

        if (rule >= layer->rules && rule < layer->rules + layer->rule_count)
            return layer->name;
    }
    return "?";
}

void frt_policy_proof_words(const char *path, const struct frt_policy *policy,
                            const struct frt_policy_proof *proof, char buffer[FRT_POLICY_ERROR_MAX])
{
    const struct frt_decision *d = &proof->counter_decision;
    char words[FRT_FACTS_WORDS_MAX];
    const char *verdict = d->verdict == FRT_VERDICT_ALLOW    ? "allowed"
                          : d->verdict == FRT_VERDICT_EXEMPT ? "exempt"
                                                             : "not governed";

    frt_facts_describe(&proof->counter_example, words);
    snprintf(buffer, FRT_POLICY_ERROR_MAX,
             "%.300s:%u: never: \"%s\" does not hold: %s: would be %s by rule %s of layer %s (line %u)", path,
             proof->broken->line, proof->broken->why, words, verdict, d->rule ? d->rule->id : "?",
             d->rule ? layer_of(policy, d->rule) : "?", d->rule ? d->rule->line : 0);
}

static bool covers(const struct frt_when *outer, const struct frt_when *inner)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        if (inner->mask[f] & ~outer->mask[f])
            return false;
    return true;
}

static void warn_shadowed(const struct frt_policy_reader *reader, const struct frt_layer *layer, size_t i)
{
    const struct frt_rule *rule = &layer->rules[i];

    for (size_t k = 0; k < i; k++) {
        if (!covers(&layer->rules[k].when, &rule->when))
            continue;
        frt_policy_warn(reader, rule->line,
                        "rule %s of layer %s can never speak: rule %s (line %u) always speaks first",
                        rule->id, layer->name, layer->rules[k].id, layer->rules[k].line);
        return;
    }
    frt_policy_warn(reader, rule->line,
                    "rule %s of layer %s can never speak: the rules before it leave nothing over", rule->id,
                    layer->name);
}

static void warn_all(const struct frt_policy_reader *reader, const uint64_t *hits, int64_t now_s)
{
    const struct frt_policy *policy = reader->policy;
    char date[FRT_TIME_TEXT_MAX];

    for (size_t l = 0; l < policy->layer_count; l++)
        for (size_t i = 0; i < policy->layers[l].rule_count; i++)
            if (*hits++ == 0)
                warn_shadowed(reader, &policy->layers[l], i);
    if (now_s >= policy->review_by_s) {
        frt_time_format(policy->review_by_s, date);
        frt_policy_warn(reader, 1,
                        "review_by: the review was due on %.10s; the policy stays in force until changed",
                        date);
    }
    if (now_s < policy->effective_s) {
        frt_time_format(policy->effective_s, date);
        frt_policy_warn(reader, 1,
                        "effective: the policy says it takes effect on %.10s; it is applied all the same",
                        date);
    }
}

static size_t rule_count(const struct frt_policy *policy)
{
    size_t n = 0;

    for (size_t l = 0; l < policy->layer_count; l++)
        n += policy->layers[l].rule_count;
    return n;
}

static int load(const char *path, enum frt_file_trust trust, int64_t now_s,
                void (*warn)(void *arg, const char *text), void *warn_arg, struct frt_policy **ret_policy,
                char error[FRT_POLICY_ERROR_MAX])
{
    struct frt_policy_reader reader = {path, NULL, error, warn, warn_arg};
    frt_auto_free uint64_t *hits = NULL;
    struct frt_policy_proof proof;
    int r = parse(path, trust, warn, warn_arg, &reader.policy, error);

    if (r < 0)
        return r;
    hits = calloc(rule_count(reader.policy) + 1, sizeof(*hits));
    if (!hits) {
        frt_policy_free(reader.policy);
        return -ENOMEM;
    }
    if (!frt_prove(reader.policy, hits, &proof)) {
        if (proof.broken)
            frt_policy_proof_words(path, reader.policy, &proof, error);
        else
            snprintf(error, FRT_POLICY_ERROR_MAX, "%.400s: the proof did not account for every set of facts",
                     path);
        frt_policy_free(reader.policy);
        return -EINVAL;
    }
    warn_all(&reader, hits, now_s);
    *ret_policy = reader.policy;
    return 0;
}

int frt_policy_load(const char *path, int64_t now_s, void (*warn)(void *arg, const char *text),
                    void *warn_arg, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX])
{
    return load(path, FRT_FILE_NOT_WRITABLE, now_s, warn, warn_arg, ret_policy, error);
}

int frt_policy_load_any(const char *path, int64_t now_s, void (*warn)(void *arg, const char *text),
                        void *warn_arg, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX])
{
    return load(path, FRT_FILE_ANY, now_s, warn, warn_arg, ret_policy, error);
}

static void free_layer(struct frt_layer *layer)
{
    for (size_t i = 0; i < layer->rule_count; i++) {
        free(layer->rules[i].id);
        free(layer->rules[i].citation);
        free(layer->rules[i].message);
    }
    free(layer->rules);
    free(layer->name);
}

void frt_policy_free(struct frt_policy *policy)
{
    if (!policy)
        return;
    for (size_t l = 0; l < policy->layer_count; l++)
        free_layer(&policy->layers[l]);
    for (size_t i = 0; i < policy->never_count; i++)
        free(policy->nevers[i].why);
    for (size_t i = 0; i < policy->switch_count; i++)
        free(policy->switches[i].value);
    free(policy->nevers);
    free(policy->switches);
    free(policy->id);
    free(policy->title);
    free(policy->edition);
    free(policy->source);
    free(policy->contact);
    free(policy->approved_by);
    free(policy);
}
