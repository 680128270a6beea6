/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The machinery: is the trail whole, was the gate up, what fired and what never did.
 */
#include <stdlib.h>
#include <string.h>

#include "casework/coverage.h"
#include "casework/questions_parts.h"
#include "support/cleanup.h"

static void gap_row(struct frt_sheet *sheet, const char *what, int64_t record, int64_t time_us, int64_t count,
                    const char *details)
{
    frt_sheet_text(sheet, what);
    if (record >= 0)
        frt_sheet_number(sheet, record);
    else
        frt_sheet_text(sheet, "");
    frt_sheet_time(sheet, time_us);
    frt_sheet_number(sheet, count);
    frt_sheet_text(sheet, details);
}

static void chain_rows(const struct frt_desk *desk, struct frt_sheet *sheet)
{
    const struct frt_history_counts *counts = frt_history_counts(desk->history);
    const struct frt_verify_result *chain = &desk->chain;
    const struct frt_past_hole *holes;
    size_t count = frt_history_holes(desk->history, &holes);
    char words[512];

    for (size_t i = 0; i < count; i++)
        gap_row(sheet, "missing record numbers", (int64_t)holes[i].from, INT64_MIN,
                (int64_t)(holes[i].to - holes[i].from), "");
    if (counts->unreadable > 0)
        gap_row(sheet, "unreadable lines", -1, INT64_MIN, (int64_t)counts->unreadable, "");
    if (counts->unsealed > 0)
        gap_row(sheet, "records without a seal", -1, INT64_MIN, (int64_t)counts->unsealed,
                "never answered, or being written just now");
    if (!desk->is_chain_checked)
        return;
    if (chain->void_ranges > 0)
        gap_row(sheet, "declared void ranges", -1, INT64_MIN, (int64_t)chain->void_ranges,
                "interrupted commits: bytes that were never answered");
    if (chain->status != FRT_VERIFY_OK && chain->status != FRT_VERIFY_UNSEALED) {
        frt_desk_chain_words(desk, words, sizeof(words));
        gap_row(sheet, "chain", -1, INT64_MIN, 1, words);
    }
}

void frt_ask_gaps(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"gap", "#record", "time", "#count", "details", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "gaps", "Gaps", columns);
    char words[512], of[128], reasons[256];

    chain_rows(desk, sheet);
    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, "gap") ||
            !frt_history_in_period(desk->history, event->time_us))
            continue;
        if (!frt_history_field(event, "of", of, sizeof(of)))
            snprintf(of, sizeof(of), "decisions not recorded singly");
        if (!frt_history_field(event, "reasons", reasons, sizeof(reasons)))
            frt_history_field(event, "key", reasons, sizeof(reasons));
        gap_row(sheet, of, (int64_t)event->n, event->time_us, frt_history_number(event, "count", 0), reasons);
    }
    frt_desk_chain_words(desk, words, sizeof(words));
    frt_reply_note(reply, "chain: %s", words);
    if (!desk->is_chain_checked)
        frt_reply_state(reply, FRT_REPLY_PARTLY, "the chain was not verified in this run");
    else if (desk->chain.is_key_from_log)
        frt_reply_note(
            reply, "the first key was read beside the log: give --first-key from where you keep it; anchors "
                   "elsewhere (witnessed checkpoints) are checked by frt verify --checkpoint");
}

static void gate_changes(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"#record", "time", "gate", "reason", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "changes", "What the gate reported", columns);
    char text[256];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, "guard") ||
            !frt_history_in_period(desk->history, event->time_us))
            continue;
        frt_sheet_number(sheet, (int64_t)event->n);
        frt_sheet_time(sheet, event->time_us);
        frt_history_field(event, "gate", text, sizeof(text));
        frt_sheet_text(sheet, text);
        frt_history_field(event, "reason", text, sizeof(text));
        frt_sheet_text(sheet, text);
    }
}

void frt_ask_not_enforcing(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"from", "until", "#seconds", "state", "why", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "periods", "Periods without full coverage", columns);
    struct frt_coverage line;

    frt_coverage_find(desk, &line);
    frt_reply_filters(reply, "host %s", desk->host[0] ? desk->host : "unknown");
    for (size_t i = 0; i < line.count; i++) {
        const struct frt_stretch *s = &line.list[i];

        frt_sheet_time(sheet, s->from_us);
        frt_sheet_time(sheet, s->until_us);
        if (s->until_us == INT64_MAX)
            frt_sheet_text(sheet, "");
        else
            frt_sheet_number(sheet, (s->until_us - s->from_us) / 1000000);
        frt_sheet_text(sheet, s->state);
        frt_sheet_text(sheet, s->why);
    }
    gate_changes(desk, reply);
    if (line.failed)
        reply->failed = true;
    if (frt_history_beat_count(desk->history) == 0)
        frt_reply_note(reply, "the trail holds no heartbeat: frtd ran less than a minute at a time");
    if (frt_count_events(desk, "guard") == 0)
        frt_reply_note(
            reply,
            "no gate ever reported to this frtd: attempts that ask nobody (a program started by its path) "
            "were not seen on this host");
    frt_coverage_clear(&line);
}

void frt_ask_clock(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"#record", "time", "step_s", "state", "now", "sealed", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "clock", "Steps of the clock", columns);
    const struct frt_past_step *steps;
    size_t count;
    char text[64];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, "clock") ||
            !frt_history_in_period(desk->history, event->time_us))
            continue;
        frt_sheet_number(sheet, (int64_t)event->n);
        frt_sheet_time(sheet, event->time_us);
        frt_sheet_format(sheet, "%.3f", (double)frt_history_number(event, "step_us", 0) / 1e6);
        frt_history_field(event, "state", text, sizeof(text));
        frt_sheet_text(sheet, text);
        frt_history_field(event, "now", text, sizeof(text));
        frt_sheet_text(sheet, text);
        frt_history_field(event, "sealed", text, sizeof(text));
        frt_sheet_text(sheet, text);
    }
    count = frt_history_steps(desk->history, &steps);
    for (size_t i = 0; i < count; i++) {
        if (!frt_history_in_period(desk->history, steps[i].time_us))
            continue;
        frt_sheet_number(sheet, (int64_t)steps[i].n);
        frt_sheet_time(sheet, steps[i].time_us);
        frt_sheet_format(sheet, "%.3f", (double)steps[i].step_us / 1e6);
        frt_sheet_text(sheet, "stepped while frtd did not run");
        frt_sheet_text(sheet, "");
        frt_sheet_text(sheet, "");
    }
    frt_reply_note(reply, "host %s; whether a clock is synchronised is not recorded, steps are", desk->host);
}

/* Decisions of one action or obligation, as a list. */
static size_t list_actions(const struct frt_desk *desk, struct frt_sheet *sheet, unsigned action,
                           const char *obligation)
{
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (frt_past_fact(desk, row, FRT_FACT_ACTION) != action &&
            !(obligation && strstr(frt_history_say(desk->history, row, FRT_PAST_OBLIGATIONS), obligation)))
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_HOST));
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_OWNER));
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_PATH));
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_SHA));
    }
    return frt_sheet_rows(sheet);
}

/* frt scan has what it did recorded as an audit note; what it found new is a decision of action retain. */
static size_t list_scans(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"#record", "time", "scan", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "scans", "Scans at rest", columns);
    char what[512];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_audit_is_scan(desk, event, what, sizeof(what)) ||
            !frt_history_in_period(desk->history, event->time_us))
            continue;
        frt_sheet_number(sheet, (int64_t)event->n);
        frt_sheet_time(sheet, event->time_us);
        frt_sheet_text(sheet, what);
    }
    return frt_sheet_rows(sheet);
}

static const char *const object_columns[] = {FRT_DECISION_COLUMNS, "host", "owner", "path", "sha256", NULL};

void frt_ask_retained(const struct frt_desk *desk, struct frt_reply *reply)
{
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "retained", "Decisions that found a tool retained", object_columns);
    size_t decisions, scans;

    frt_reply_filters(reply, "action retain, or a retain finding on a city host");
    decisions = list_actions(desk, sheet, FRT_ACTION_RETAIN, "retain-finding");
    scans = list_scans(desk, reply);
    if (scans > 0)
        frt_reply_note(
            reply,
            "a scan has each thing recorded once, when it first finds it: give an earlier --from for the "
            "rest");
    else if (decisions == 0)
        frt_reply_state(
            reply, FRT_REPLY_NO_RECORDS,
            "no retained tool was met in this period and no scan at rest is recorded in it: that nothing is "
            "kept on this host has not been looked for (frt scan)");
    else
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "no scan at rest is recorded in this period: listed is what attempts showed");
}

void frt_ask_obtained(const struct frt_desk *desk, struct frt_reply *reply)
{
    struct frt_sheet *sheet = frt_reply_sheet(reply, "obtained", "Attempts to obtain a tool", object_columns);

    frt_reply_filters(reply, "action obtain");
    if (list_actions(desk, sheet, FRT_ACTION_OBTAIN, NULL) == 0)
        frt_reply_state(reply, FRT_REPLY_NO_RECORDS,
                        "no attempt to obtain is recorded in this period: hooks of package managers record "
                        "them where they "
                        "are installed");
}

/* The digest the catalogue reviewed: one of its frtSha256 values. */
static bool is_reviewed(const struct frt_tool *tool, const char *sha)
{
    const struct frt_attribute *digests = frt_entry_find(tool->entry, "frtSha256");

    for (size_t i = 0; digests && i < digests->value_count; i++)
        if (strcasecmp(digests->values[i].bytes, sha) == 0)
            return true;
    return false;
}

void frt_ask_redaction_digests(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "sha256", "reviewed_on", "exception", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "exceptions", "Redaction tools other than the reviewed build", columns);
    size_t seen = 0, with_digest = 0;

    frt_reply_filters(reply, "tool class redaction-only");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        const char *sha = frt_history_say(desk->history, row, FRT_PAST_SHA);
        const struct frt_tool *tool;

        if (frt_past_fact(desk, row, FRT_FACT_TOOL_CLASS) != FRT_TOOL_REDACTION_ONLY)
            continue;
        seen++;
        with_digest += sha[0] != '\0';
        tool = desk->view && sha[0]
                   ? frt_view_tool(desk->view, frt_history_say(desk->history, row, FRT_PAST_TOOL))
                   : NULL;
        if (!tool || is_reviewed(tool, sha))
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, sha);
        frt_sheet_text(sheet, frt_entry_text(tool->entry, "frtReviewedOn"));
        frt_sheet_text(sheet, frt_entry_find(tool->entry, "frtSha256") ? "another build than the reviewed one"
                                                                       : "the review names no digest");
    }
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_NEEDS_DIRECTORY,
                        "reviewed digests stand in the catalogue: give --directory");
    else if (with_digest == 0)
        frt_reply_state(
            reply, FRT_REPLY_NO_RECORDS,
            "%zu decisions on redaction tools, none with a digest: what stands where the catalogue says "
            "is not read, and PAM reads nothing; compare sha256sum with frtSha256 by hand",
            seen);
    else if (with_digest < seen)
        frt_reply_note(reply, "%zu of %zu decisions on redaction tools carry a digest", with_digest, seen);
}

static void list_silent_tools(const struct frt_desk *desk, struct frt_tally *tools, struct frt_reply *reply)
{
    static const char *const columns[] = {"tool", "class", "vectors", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "silent", "Catalogued tools that no decision was about", columns);
    size_t count;
    frt_auto_free const struct frt_tool **list = frt_list_tools(desk, &count);

    for (size_t i = 0; i < count; i++) {
        uint32_t key[FRT_TALLY_KEYS] = {frt_history_find_text(desk->history, list[i]->id)};
        const struct frt_attribute *vectors = frt_entry_find(list[i]->entry, "frtVector");
        struct frt_tally_row *row = key[0] == UINT32_MAX ? NULL : frt_tally_at(tools, key);
        char text[256] = "";

        if (row && row->count[0] > 0)
            continue;
        for (size_t k = 0; vectors && k < vectors->value_count; k++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", k ? " " : "",
                     vectors->values[k].bytes);
        frt_sheet_text(sheet, list[i]->id);
        frt_sheet_text(sheet, frt_fact_value_name(FRT_FACT_TOOL_CLASS, list[i]->tool_class));
        frt_sheet_text(sheet, text);
    }
}

void frt_ask_vectors(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"match", "#denials", "#others", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "vectors", "Decisions by how the tool was recognised", columns);
    struct frt_tally *tools = frt_tally_new();
    int64_t denials[FRT_FACT_MAX_VALUES] = {0}, others[FRT_FACT_MAX_VALUES] = {0};

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        const uint32_t key[FRT_TALLY_KEYS] = {frt_history_text_of(desk->history, row, FRT_PAST_TOOL)};
        struct frt_tally_row *tool = frt_tally_at(tools, key);

        (row->verdict == FRT_VERDICT_DENY ? denials : others)[frt_past_fact(desk, row, FRT_FACT_MATCH)]++;
        if (tool)
            tool->count[0]++;
    }
    for (unsigned i = 0; i < frt_fact_table[FRT_FACT_MATCH].count; i++) {
        frt_sheet_text(sheet, frt_fact_value_name(FRT_FACT_MATCH, i));
        frt_sheet_number(sheet, denials[i]);
        frt_sheet_number(sheet, others[i]);
    }
    if (desk->view)
        list_silent_tools(desk, tools, reply);
    else
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "tools that never fire stand in the catalogue: give --directory");
    frt_reply_note(
        reply,
        "a record says how the tool was recognised (named, path, digest, package), not which of several "
        "catalogued paths it was, unless the gate recorded its path");
    frt_tally_free(tools);
}

void frt_ask_fallback(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"reason", "#decisions", "#people", "meaning", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "reasons", "Denied because it could not be decided", columns);
    struct frt_tally *reasons = frt_tally_new(), *people = frt_tally_new();

    frt_reply_filters(reply, "reasons that mean \"could not decide\"");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        uint32_t key[FRT_TALLY_KEYS] = {row->reason};
        struct frt_tally_row *counts;

        if (!frt_reason_table[row->reason].could_not_decide || !(counts = frt_tally_at(reasons, key)))
            continue;
        counts->count[0]++;
        key[1] = row->person + 1;
        if ((counts = frt_tally_at(people, key)) && counts->count[0]++ == 0) {
            key[1] = 0;
            if ((counts = frt_tally_at(reasons, key)))
                counts->count[1]++;
        }
    }
    frt_tally_sort(reasons);
    for (size_t i = 0; i < frt_tally_rows(reasons); i++) {
        const struct frt_tally_row *row = frt_tally_row(reasons, i);

        frt_sheet_text(sheet, frt_reason_table[row->key[0]].name);
        frt_sheet_number(sheet, row->count[0]);
        frt_sheet_number(sheet, row->count[1]);
        frt_sheet_text(sheet, frt_reason_table[row->key[0]].meaning);
    }
    frt_tally_free(reasons);
    frt_tally_free(people);
}
