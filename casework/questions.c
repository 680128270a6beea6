/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/questions.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "casework/questions_parts.h"
#include "casework/safe_text.h"

#define EXCEPTIONS true

const struct frt_question frt_questions[FRT_QUESTION_COUNT] = {
    {1, "city-denials", "All denials of city officials, by department and official type",
     frt_ask_city_denials, 0},
    {2, "allowed-without-request",
     "Was any allow made without a request on file at that instant? (must be zero)", frt_ask_without_request,
     EXCEPTIONS},
    {3, "other-recipient", "Any allow whose request named a recipient outside the three bodies?",
     frt_ask_other_recipient, EXCEPTIONS},
    {4, "order-out-of-force", "Any allow after the order expired, before it began, or for another docket?",
     frt_ask_order_out_of_force, EXCEPTIONS},
    {5, "emergency-allows",
     "All emergency allows, with factual basis, hours until human review, and whether a court order followed",
     frt_ask_emergencies, 0},
    {6, "emergency-refused", "Emergency requests refused for missing scope or facts",
     frt_ask_emergencies_refused, 0},
    {7, "deceased-exceptions",
     "\"Deceased\" allows where the subject was later recorded living, or the declaration is missing",
     frt_ask_deceased, EXCEPTIONS},
    {8, "role-before-allow", "Role changed within N days before an allow (--days, default 7)",
     frt_ask_role_before_allow, 0},
    {9, "role-after-denial",
     "Role changed within N days after a denial and followed by an allow for the same tool (--days)",
     frt_ask_role_after_denial, 0},
    {10, "separation",
     "Who administers roles, policy and catalogue, and did any of them also receive an allow or read the "
     "trail",
     frt_ask_separation, 0},
    {11, "gaps", "Gaps in the trail: missing numbers, broken digests, missing anchors", frt_ask_gaps, 0},
    {12, "not-enforcing", "Periods when the gate was not enforcing (stopped, permissive, degraded, boot gap)",
     frt_ask_not_enforcing, 0},
    {13, "clock", "Clock: unsynchronised or stepped during the period", frt_ask_clock, 0},
    {14, "retained", "Retained tools: catalogued objects found at rest on city hosts", frt_ask_retained, 0},
    {15, "obtained", "Obtained: installs, pulls, downloads attempted and blocked", frt_ask_obtained, 0},
    {16, "exemptions", "Exemptions used, by tool, device and person", frt_ask_exemptions, 0},
    {17, "redaction-digests", "Redaction tools whose digest changed since the capability review",
     frt_ask_redaction_digests, EXCEPTIONS},
    {18, "evidence",
     "Evidence items flagged as derived from face recognition: declarations present, solicited",
     frt_ask_evidence, 0},
    {19, "proxy", "Requests by outside agencies that match a city case or official", frt_ask_proxy, 0},
    {20, "over-scope", "Searches beyond the stated maximum; requests reused across days or performers",
     frt_ask_over_scope, EXCEPTIONS},
    {21, "outliers", "Volume outliers: allows or denials per person against peers and own history",
     frt_ask_outliers, 0},
    {22, "odd-hours", "Off-hours, remote, service-account and shared-account attempts", frt_ask_odd_hours, 0},
    {23, "other-account", "Attempts where login and acting account differ (sudo, su, setuid)",
     frt_ask_other_account, 0},
    {24, "repeated", "N denials in M days by one person (--count, --days); first denial after training",
     frt_ask_repeated, 0},
    {25, "vectors", "Denied by which match vector, and which vectors never fire", frt_ask_vectors, 0},
    {26, "fallback", "Unknown subjects, expired roles, directory unreachable: decisions made on fallback",
     frt_ask_fallback, 0},
    {27, "dual-roles", "Dual-role people, with every decision while both roles were in force",
     frt_ask_dual_roles, 0},
    {28, "leavers", "Leavers: days between end of service and removal of the role; attempts in between",
     frt_ask_leavers, 0},
    {29, "editions", "Policy edition history, and which past verdicts would differ (--policy)",
     frt_ask_editions, 0},
    {30, "documentation", "Documentation of searches: items a-h present or missing, by quarter",
     frt_ask_documentation, 0},
    {31, "yearly-counts", "Yearly publishable counts: requests and searches by agency, recipient and route",
     frt_ask_yearly_counts, 0},
    {32, "readers", "Who read or exported audit data, and every redacted release", frt_ask_readers, 0},
};

const struct frt_question *frt_question_find(const char *name)
{
    const char *digits = name + (name[0] == 'Q' || name[0] == 'q');
    char *end;
    long number = strtol(digits, &end, 10);

    if (end != digits && *end == '\0')
        return number >= 1 && number <= FRT_QUESTION_COUNT ? &frt_questions[number - 1] : NULL;
    for (size_t i = 0; i < FRT_QUESTION_COUNT; i++)
        if (strcmp(frt_questions[i].name, name) == 0)
            return &frt_questions[i];
    return NULL;
}

/* Takes over into `reply` what one host's trail answered. */
static void add_host(struct frt_reply *reply, const char *host, const struct frt_reply *of_host)
{
    for (size_t i = 0; i < of_host->sheet_count; i++) {
        const struct frt_sheet *from = of_host->sheets[i];
        struct frt_sheet *sheet = NULL;

        for (size_t k = 0; k < reply->sheet_count && !sheet; k++)
            if (strcmp(frt_sheet_name(reply->sheets[k]), frt_sheet_name(from)) == 0)
                sheet = reply->sheets[k];
        if (!sheet && reply->sheet_count < FRT_REPLY_SHEETS_MAX &&
            (sheet = frt_sheet_new_beside(from, "host")))
            reply->sheets[reply->sheet_count++] = sheet;
        if (sheet)
            frt_sheet_add_rows(sheet, host, from);
        else
            reply->failed = true;
    }
    for (size_t i = 0; i < of_host->note_count; i++)
        frt_reply_note(reply, "%s: %s", host, of_host->notes[i]);
    if (of_host->state > reply->state)
        frt_reply_state(reply, of_host->state, "%s: %s", host, of_host->words);
    reply->failed |= of_host->failed;
}

/* Gaps, beats and clocks belong to one host: each is asked by itself. */
static void ask_each_host(const struct frt_desk *desk, const struct frt_question *question,
                          struct frt_reply *reply)
{
    frt_reply_filters(reply, "each of %zu hosts by itself", desk->trail_count);
    for (size_t i = 0; i < desk->trail_count; i++) {
        struct frt_reply of_host;

        frt_question_ask(desk->trails[i], question, &of_host);
        add_host(reply, desk->trails[i]->host, &of_host);
        frt_reply_clear(&of_host);
    }
}

void frt_question_ask(const struct frt_desk *desk, const struct frt_question *question,
                      struct frt_reply *ret_reply)
{
    memset(ret_reply, 0, sizeof(*ret_reply));
    ret_reply->question = question;
    if (desk->trail_count > 0 && question->number >= 11 && question->number <= 13)
        ask_each_host(desk, question, ret_reply);
    else
        question->ask(desk, ret_reply);
    for (size_t i = 0; i < ret_reply->sheet_count; i++)
        ret_reply->failed |= frt_sheet_failed(ret_reply->sheets[i]);
    if (ret_reply->failed && ret_reply->state != FRT_REPLY_FAILED)
        frt_reply_state(ret_reply, FRT_REPLY_FAILED, "out of memory");
}

void frt_reply_clear(struct frt_reply *reply)
{
    for (size_t i = 0; i < reply->sheet_count; i++)
        frt_sheet_free(reply->sheets[i]);
    reply->sheet_count = 0;
}

const char *frt_reply_state_name(enum frt_reply_state state)
{
    switch (state) {
    case FRT_REPLY_ANSWERED:
        return "answered";
    case FRT_REPLY_PARTLY:
        return "partly";
    case FRT_REPLY_NO_RECORDS:
        return "no-records";
    case FRT_REPLY_NEEDS_DIRECTORY:
        return "needs-directory";
    case FRT_REPLY_FAILED:
        return "failed";
    }
    return "failed";
}

struct frt_sheet *frt_reply_sheet(struct frt_reply *reply, const char *name, const char *title,
                                  const char *const *columns)
{
    struct frt_sheet *sheet =
        reply->sheet_count < FRT_REPLY_SHEETS_MAX ? frt_sheet_new(name, title, columns) : NULL;

    if (sheet)
        reply->sheets[reply->sheet_count++] = sheet;
    else
        reply->failed = true;
    return sheet;
}

void frt_reply_note(struct frt_reply *reply, const char *format, ...)
{
    va_list list;

    if (reply->note_count == FRT_REPLY_NOTES_MAX)
        return;
    va_start(list, format);
    vsnprintf(reply->notes[reply->note_count++], sizeof(reply->notes[0]), format, list);
    va_end(list);
}

void frt_reply_state(struct frt_reply *reply, enum frt_reply_state state, const char *format, ...)
{
    va_list list;

    reply->state = state;
    va_start(list, format);
    vsnprintf(reply->words, sizeof(reply->words), format, list);
    va_end(list);
}

void frt_reply_filters(struct frt_reply *reply, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(reply->filters, sizeof(reply->filters), format, list);
    va_end(list);
}

static void outcome(const struct frt_reply *reply, char *buffer, size_t size)
{
    size_t rows = reply->sheet_count > 0 ? frt_sheet_rows(reply->sheets[0]) : 0;

    if (reply->state != FRT_REPLY_ANSWERED)
        snprintf(buffer, size, "%s: %s", frt_reply_state_name(reply->state), reply->words);
    else if (reply->question->is_exception_list)
        snprintf(buffer, size, rows ? "answered: %zu exceptions" : "answered: no exceptions", rows);
    else
        snprintf(buffer, size, "answered");
}

void frt_reply_write_text(const struct frt_reply *reply, const struct frt_statement *statement, FILE *out)
{
    char words[1024], buffer[FRT_SAFE_MAX];

    outcome(reply, words, sizeof(words));
    fprintf(out, "Q%u %s: %s\n", reply->question->number, reply->question->name, reply->question->text);
    fprintf(out, "  %-11s %s\n", "answer", frt_safe_text(words, buffer));
    for (size_t i = 0; i < reply->note_count; i++)
        fprintf(out, "  %-11s %s\n", "note", frt_safe_text(reply->notes[i], buffer));
    frt_statement_write_text(statement, out);
    for (size_t i = 0; i < reply->sheet_count; i++) {
        fputc('\n', out);
        frt_sheet_write_text(reply->sheets[i], out);
    }
}

void frt_reply_write_json(const struct frt_reply *reply, const struct frt_statement *statement, FILE *out)
{
    char buffer[FRT_SAFE_MAX];

    fprintf(out, "{\"question\":%u,\"name\":\"%s\",\"text\":", reply->question->number,
            reply->question->name);
    frt_json_write(out, reply->question->text);
    fprintf(out, ",\"state\":\"%s\",\"words\":", frt_reply_state_name(reply->state));
    frt_json_write(out, frt_safe_text(reply->words, buffer));
    fprintf(out, ",\"is_exception_list\":%s,\"notes\":[",
            reply->question->is_exception_list ? "true" : "false");
    for (size_t i = 0; i < reply->note_count; i++) {
        fputs(i ? "," : "", out);
        frt_json_write(out, frt_safe_text(reply->notes[i], buffer));
    }
    fputs("],\"statement\":", out);
    frt_statement_write_json(statement, out);
    fputs(",\"tables\":[", out);
    for (size_t i = 0; i < reply->sheet_count; i++) {
        fputs(i ? "," : "", out);
        frt_sheet_write_json(reply->sheets[i], out);
    }
    fputs("]}\n", out);
}
