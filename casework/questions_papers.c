/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Papers: editions of the policy, documentation a-h, yearly counts, and who read all this.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "casework/eopss.h"
#include "casework/past_policy.h"
#include "casework/questions_parts.h"
#include "casework/replay.h"
#include "support/cleanup.h"

static void list_configurations(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"#record", "time",   "event",       "policy",
                                          "edition", "sha256", "approved_by", NULL};
    static const char *const keys[] = {"policy", "edition", "psha", "approved"};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "configurations", "Configurations frtd started with or loaded", columns);
    char text[256];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, "cfg") ||
            !frt_history_in_period(desk->history, event->time_us))
            continue;
        frt_sheet_number(sheet, (int64_t)event->n);
        frt_sheet_time(sheet, event->time_us);
        if (frt_history_field(event, "reload", text, sizeof(text)))
            frt_sheet_format(sheet, "reload %s", text);
        else
            frt_sheet_text(sheet, "start");
        for (size_t k = 0; k < FRT_ARRAY_LEN(keys); k++) {
            frt_history_field(event, keys[k], text, sizeof(text));
            frt_sheet_text(sheet, text);
        }
    }
}

static void replay_with(const struct frt_desk *desk, struct frt_reply *reply)
{
    struct frt_replay_counts counts;
    struct frt_policy *policy;
    char error[512];

    if (frt_past_policy_read(desk->knobs.policy, &policy, error, sizeof(error)) < 0) {
        frt_reply_state(reply, FRT_REPLY_FAILED, "%s", error);
        return;
    }
    reply->sheets[reply->sheet_count] = frt_replay(desk->history, policy, &counts);
    if (reply->sheets[reply->sheet_count])
        reply->sheet_count++;
    else
        reply->failed = true;
    frt_reply_note(reply,
                   "under %s %s: %" PRIu64 " the same, %" PRIu64 " another verdict, %" PRIu64 " another rule",
                   policy->id, policy->edition, counts.same, counts.verdict_differs, counts.rule_differs);
    frt_reply_note(
        reply, "replayed are the facts frozen then; dual_role, stale_member_counts, city_includes, "
               "requester_may_open, retro_filing_minutes and emergency_max_hours shape facts, and what they "
               "would have changed is not seen: frt policy test asks about that");
    frt_past_policy_free(policy);
}

void frt_ask_editions(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"policy", "edition", "sha256", "#decisions", "first", "last", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "editions", "Editions decisions were made under", columns);
    const struct frt_past_edition *editions;
    size_t count = frt_history_editions(desk->history, &editions);

    for (size_t i = 0; i < count; i++) {
        frt_sheet_text(sheet, frt_history_text(desk->history, editions[i].policy));
        frt_sheet_text(sheet, frt_history_text(desk->history, editions[i].edition));
        frt_sheet_text(sheet, frt_history_text(desk->history, editions[i].sha));
        frt_sheet_number(sheet, (int64_t)editions[i].decisions);
        frt_sheet_time(sheet, editions[i].first_us);
        frt_sheet_time(sheet, editions[i].last_us);
    }
    list_configurations(desk, reply);
    if (desk->knobs.policy)
        replay_with(desk, reply);
    else
        frt_reply_note(reply, "give --policy FILE to see which past verdicts would differ under it");
    frt_reply_note(reply,
                   "who approved an edition is what its policy file says (approved_by); changes of the "
                   "catalogue are `entry` records where the directory is a server (Q10)");
}

/* "2026Q1" of a time. */
static void quarter_of(int64_t time_us, char text[32])
{
    time_t s = (time_t)(time_us / 1000000);
    struct tm utc;

    gmtime_r(&s, &utc);
    snprintf(text, 32, "%04dQ%d", utc.tm_year + 1900, utc.tm_mon / 3 + 1);
}

/* "yes", "MISSING", or that nothing was searched: then there is nothing to count either. */
static const char *result_word(const struct frt_results *results, const struct frt_past_decision *row)
{
    const struct frt_result *first;

    if (frt_results_of(results, (int64_t)row->n, &first) == 0)
        return "MISSING";
    return first->matches < 0 ? "no search was made" : "yes";
}

/* Items a, b, e to h of the law, as the request has them; c and d come after the search. */
static void item_cells(const struct frt_desk *desk, const struct frt_results *results,
                       const struct frt_past_decision *row, struct frt_sheet *sheet)
{
    static const char *const attributes[][2] = {{"frtDocumentSha256", NULL},
                                                {"frtFiledAt", NULL},
                                                {NULL, NULL},
                                                {NULL, NULL},
                                                {"frtRequester", "frtRequesterPosition"},
                                                {"frtReason", NULL},
                                                {"frtRecipient", NULL},
                                                {"frtTraits", NULL}};
    const struct frt_request *request = frt_past_request(desk, row);
    char missing[64] = "";

    for (size_t i = 0; i < FRT_ARRAY_LEN(attributes); i++) {
        bool present = request && attributes[i][0] && frt_entry_text(request->entry, attributes[i][0])[0] &&
                       (!attributes[i][1] || frt_entry_text(request->entry, attributes[i][1])[0]);
        const char *word = attributes[i][0] ? (present ? "yes" : "MISSING") : result_word(results, row);

        frt_sheet_text(sheet, word);
        if (strcmp(word, "MISSING") == 0)
            snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%c",
                     missing[0] ? " " : "", (char)('a' + (int)i));
    }
    frt_sheet_text(sheet, missing);
}

void frt_ask_documentation(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"quarter",    "#decision",   "time",     "person",
                                          "request",    "a_request",   "b_filed",  "c_matches",
                                          "d_database", "e_requester", "f_reason", "g_recipient",
                                          "h_traits",   "missing",     NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "cases", "Searches to be documented", columns);
    struct frt_results *results = NULL;
    char quarter[32];

    if (frt_results_read(desk->history, &results) < 0) {
        reply->failed = true;
        return;
    }
    frt_reply_filters(reply, "searches that were allowed and oblige to document");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (row->verdict != FRT_VERDICT_ALLOW || frt_past_is_filing(desk, row) ||
            frt_past_is_repeat(desk, row) ||
            !strstr(frt_history_say(desk->history, row, FRT_PAST_OBLIGATIONS), "document"))
            continue;
        quarter_of(row->time_us, quarter);
        frt_sheet_text(sheet, quarter);
        frt_sheet_number(sheet, (int64_t)row->n);
        frt_sheet_time(sheet, row->time_us);
        frt_sheet_text(sheet, frt_history_text(desk->history, row->person));
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_REQUEST));
        item_cells(desk, results, row, sheet);
    }
    frt_results_free(results);
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_NEEDS_DIRECTORY,
                        "items a, b, e to h stand in the directory's requests: give --directory");
    else if (frt_count_events(desk, "result") == 0 && frt_sheet_rows(sheet) > 0)
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "there are no result records in this trail: items c and d (matches returned, "
                        "database searched) are "
                        "missing everywhere");
    if (frt_sheet_rows(sheet) == 0)
        frt_reply_note(reply, "no search was allowed in the period: a nil return is due");
    frt_reply_note(reply, "the law quoted gives no due date; days late are counted by frt eopss with the "
                          "date configured there");
}

void frt_ask_yearly_counts(const struct frt_desk *desk, struct frt_reply *reply)
{
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "counts", "Requests filed and searches made", frt_public_columns);

    frt_reply_filters(reply, "no case data; counts below 3, and what would give them away, are not given");
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_NEEDS_DIRECTORY,
                        "agencies, recipients and requests stand in the directory: give --directory");
    else if (frt_public_count(desk, sheet) < 0)
        reply->failed = true;
    frt_reply_note(reply, "the same counts as frt eopss --public, which writes them as a page");
}

void frt_ask_readers(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"#record",    "time", "what",    "login", "user",
                                          "#login_uid", "#uid", "program", NULL};
    static const char *const keys[] = {"what", "login", "user"};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "readings", "Readings, questions, exports, releases", columns);
    char text[512];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, "audit") ||
            frt_audit_is_scan(desk, event, text, sizeof(text)) ||
            !frt_history_in_period(desk->history, event->time_us))
            continue;
        frt_sheet_number(sheet, (int64_t)event->n);
        frt_sheet_time(sheet, event->time_us);
        for (size_t k = 0; k < FRT_ARRAY_LEN(keys); k++) {
            frt_history_field(event, keys[k], text, sizeof(text));
            frt_sheet_text(sheet, text);
        }
        frt_sheet_number(sheet, frt_history_number(event, "auid", -1));
        frt_sheet_number(sheet, frt_history_number(event, "uid", -1));
        frt_history_field(event, "exe", text, sizeof(text));
        frt_sheet_text(sheet, text);
    }
    frt_reply_note(
        reply,
        "each release names the digest of its redaction log, which lists the exemption claimed per field; "
        "copies read elsewhere leave no record here");
}
