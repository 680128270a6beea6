/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One past decision on one page: what was known, what each layer of rules said, the rule and its citation, and the proof that
 * its record is in the chain.
 */
#ifndef FRT_CASEWORK_EXPLAIN_H
#define FRT_CASEWORK_EXPLAIN_H

#include "casework/desk.h"

struct frt_explanation {
    uint64_t n;
    char *line; /* the record as it stands in the trail; owned */
    size_t length;
    char file[64];
    char leaf[65]; /* hex */
    bool is_sealed;
    uint64_t seal, seal_size; /* number of the seal that covers it, records under that seal */
    bool has_proof, is_included;
    struct frt_proof proof;
    const struct frt_policy *policy; /* borrowed; NULL: none given */
    bool is_same_policy;             /* its bytes are those the decision was made under */
    const struct frt_rule *rule;     /* of the same policy; NULL */
    bool is_same_again;              /* deciding again from the frozen facts gives the same */
};

/* `desk` was opened for this decision alone, with leaves. 0, -ENOENT when the trail has no such decision, or a negative
 * errno. */
int frt_explain(const struct frt_desk *desk, const char *log_dir, const struct frt_policy *policy,
                struct frt_explanation *ret_explanation);
void frt_explanation_clear(struct frt_explanation *explanation);

void frt_explanation_write_text(const struct frt_desk *desk, const struct frt_explanation *explanation,
                                FILE *out);
void frt_explanation_write_json(const struct frt_desk *desk, const struct frt_explanation *explanation,
                                FILE *out);

#endif
