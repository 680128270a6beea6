/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decision/decide.h"
#include "support/cleanup.h"
#include "trail/encoding.h"
#include "trail/segments.h"

static int on_entry(void *arg, const struct frt_trail_entry *entry)
{
    struct frt_explanation *explanation = arg;

    if (entry->record->n != explanation->n)
        return 1;
    explanation->line = strndup(entry->record->line, entry->record->length);
    if (!explanation->line)
        return -ENOMEM;
    explanation->length = entry->record->length;
    explanation->is_sealed = entry->is_sealed;
    snprintf(explanation->file, sizeof(explanation->file), "%s", entry->file);
    return 1;
}

static bool seal_in(const struct frt_segments *segments, size_t index, struct frt_explanation *explanation)
{
    frt_auto_close int fd = frt_segment_open(segments, index);
    frt_auto_fclose FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    frt_auto_free char *line = NULL;
    struct frt_seal seal;
    size_t room = 0;
    ssize_t n;

    if (!stream)
        return false;
    fd = -1;
    while ((n = getline(&line, &room, stream)) > 0)
        if (line[0] == '!' && frt_seal_parse(line, (size_t)n - 1, &seal) && seal.records > explanation->n) {
            explanation->seal = seal.index;
            explanation->seal_size = seal.records;
            return true;
        }
    return false;
}

/* The first seal over more records than its number covers it. */
static void find_seal(const char *log_dir, struct frt_explanation *explanation)
{
    struct frt_segments segments;
    char what[256];

    if (frt_segments_open(log_dir, &segments, what) < 0)
        return;
    for (size_t i = 0; i < segments.count; i++) {
        if (i + 1 < segments.count && segments.list[i + 1].first <= explanation->n)
            continue;
        if (seal_in(&segments, i, explanation))
            break;
    }
    frt_segments_close(&segments);
}

static int prove(const struct frt_desk *desk, struct frt_explanation *explanation)
{
    struct frt_sha256 hasher;
    uint8_t leaf[FRT_HASH_SIZE];
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return r;
    frt_sha256_leaf(&hasher, explanation->line, explanation->length, leaf);
    frt_hex_format(leaf, sizeof(leaf), explanation->leaf);
    if (desk->is_chain_checked && desk->chain.leaves &&
        frt_verify_prove_record(&desk->chain, explanation->n, &explanation->proof) == 0) {
        explanation->has_proof = true;
        explanation->is_included =
            frt_tree_is_included(&explanation->proof, explanation->n, desk->chain.records, leaf,
                                 desk->chain.root_hash, &hasher) &&
            !hasher.failed;
    }
    frt_sha256_clear(&hasher);
    return 0;
}

static const struct frt_rule *rule_at(const struct frt_policy *policy, const char *id, unsigned line)
{
    for (size_t i = 0; i < policy->layer_count; i++)
        for (size_t k = 0; k < policy->layers[i].rule_count; k++)
            if (policy->layers[i].rules[k].line == line && strcmp(policy->layers[i].rules[k].id, id) == 0)
                return &policy->layers[i].rules[k];
    return NULL;
}

static void consult_policy(const struct frt_desk *desk, const struct frt_past_decision *row,
                           const struct frt_policy *policy, struct frt_explanation *explanation)
{
    const struct frt_facts *facts = frt_history_facts(desk->history, row);
    struct frt_decision decision;

    explanation->policy = policy;
    if (!policy || strcmp(policy->sha256, frt_history_say(desk->history, row, FRT_PAST_POLICY_SHA)) != 0)
        return;
    explanation->is_same_policy = true;
    explanation->rule = rule_at(policy, frt_history_say(desk->history, row, FRT_PAST_RULE), row->line);
    if (!facts)
        return;
    frt_decide(policy, facts, &decision);
    explanation->is_same_again = decision.verdict == row->verdict && decision.reason == row->reason;
}

int frt_explain(const struct frt_desk *desk, const char *log_dir, const struct frt_policy *policy,
                struct frt_explanation *ret_explanation)
{
    int r;

    memset(ret_explanation, 0, sizeof(*ret_explanation));
    if (frt_history_decision_count(desk->history) == 0)
        return -ENOENT;
    ret_explanation->n = frt_history_decision(desk->history, 0)->n;
    r = frt_trail_read(log_dir, ret_explanation->n, on_entry, ret_explanation, NULL);
    if (r < 0 || !ret_explanation->line)
        return r < 0 ? r : -ENOENT;
    find_seal(log_dir, ret_explanation);
    r = prove(desk, ret_explanation);
    consult_policy(desk, frt_history_decision(desk->history, 0), policy, ret_explanation);
    return r;
}

void frt_explanation_clear(struct frt_explanation *explanation)
{
    free(explanation->line);
    explanation->line = NULL;
}
