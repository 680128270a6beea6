/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/replay.h"

#include <stdlib.h>
#include <string.h>

#include "decision/decide.h"

static const char *const columns[] = {
    "#decision", "time",       "person",   "tool",          "action",          "differs", "was",
    "was_rule",  "was_reason", "would_be", "would_be_rule", "would_be_reason", NULL};

/* Decided before or beside the policy: no edition of it would change these. */
static bool is_outside_policy(unsigned reason)
{
    return reason == FRT_REASON_SPOOF || reason == FRT_REASON_LATE || reason == FRT_REASON_FRTD_UNREACHABLE;
}

static void add_row(struct frt_sheet *sheet, const struct frt_history *history,
                    const struct frt_past_decision *row, const struct frt_decision *now)
{
    frt_sheet_number(sheet, (int64_t)row->n);
    frt_sheet_time(sheet, row->time_us);
    frt_sheet_text(sheet, frt_history_text(history, row->person));
    frt_sheet_text(sheet, frt_history_say(history, row, FRT_PAST_TOOL));
    frt_sheet_text(sheet, frt_history_say(history, row, FRT_PAST_ACTION));
    frt_sheet_text(sheet, now->verdict == row->verdict ? "rule" : "verdict");
    frt_sheet_text(sheet, frt_history_say(history, row, FRT_PAST_VERDICT));
    frt_sheet_text(sheet, frt_history_say(history, row, FRT_PAST_RULE));
    frt_sheet_text(sheet, frt_history_say(history, row, FRT_PAST_REASON));
    frt_sheet_text(sheet, frt_verdict_name(now->verdict));
    frt_sheet_text(sheet, now->rule ? now->rule->id : "");
    frt_sheet_text(sheet, frt_reason_table[now->reason].name);
}

static void replay_one(struct frt_sheet *sheet, const struct frt_history *history,
                       const struct frt_past_decision *row, const struct frt_policy *policy,
                       struct frt_replay_counts *counts)
{
    const struct frt_facts *facts = frt_history_facts(history, row);
    struct frt_decision now;
    bool same_rule;

    if (is_outside_policy(row->reason) || !facts) {
        counts->no_policy += is_outside_policy(row->reason);
        counts->unreadable += !is_outside_policy(row->reason);
        return;
    }
    frt_decide(policy, facts, &now);
    same_rule = strcmp(now.rule ? now.rule->id : "", frt_history_say(history, row, FRT_PAST_RULE)) == 0 &&
                now.reason == row->reason;
    if (now.verdict == row->verdict && same_rule) {
        counts->same++;
        return;
    }
    counts->verdict_differs += now.verdict != row->verdict;
    counts->rule_differs += now.verdict == row->verdict;
    add_row(sheet, history, row, &now);
}

struct frt_sheet *frt_replay(const struct frt_history *history, const struct frt_policy *policy,
                             struct frt_replay_counts *ret_counts)
{
    struct frt_sheet *sheet = frt_sheet_new("differences", "Decisions that would differ", columns);

    memset(ret_counts, 0, sizeof(*ret_counts));
    for (size_t i = 0; sheet && i < frt_history_decision_count(history); i++)
        replay_one(sheet, history, frt_history_decision(history, i), policy, ret_counts);
    return sheet;
}
