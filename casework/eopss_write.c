/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/documents.h"
#include "casework/eopss.h"
#include "casework/package.h"
#include "casework/safe_text.h"
#include "casework/sheet.h"
#include "support/cleanup.h"
#include "support/time_text.h"

static const char *const item_names[FRT_EOPSS_ITEMS] = {
    "copy of the written request (SHA-256)",
    "date and time of the request",
    "matches returned",
    "database searched",
    "requesting individual: name, position, agency",
    "reason and suspected crime",
    "entity to which it was submitted",
    "individual characteristics in the request",
};

struct writing {
    const struct frt_eopss *eopss;
    const char *agency;
    struct frt_eopss_totals totals;
    struct frt_package *package;
    struct frt_sheet *searches, *completeness, *not_made;
};

/* ---- tables ---- */

static void time_cell(struct frt_sheet *sheet, int64_t time_us)
{
    char text[FRT_TIME_TEXT_MAX];

    frt_time_format(time_us / 1000000, text);
    frt_sheet_text(sheet, text);
}

static bool is_made(const struct frt_eopss_row *row)
{
    return !row->result || row->result->matches >= 0;
}

static void fill_search(struct writing *writing, const struct frt_eopss_row *row)
{
    const struct frt_history *history = frt_eopss_desk(writing->eopss)->history;
    char text[FRT_EOPSS_TEXT_MAX];
    char missing[2 * FRT_EOPSS_ITEMS + 1] = "";

    frt_sheet_text(writing->searches, FRT_EOPSS_CLASS);
    frt_sheet_number(writing->searches, (int64_t)row->decision->n);
    time_cell(writing->searches, row->decision->time_us);
    frt_sheet_text(writing->searches, frt_history_say(history, row->decision, FRT_PAST_REQUEST));
    frt_sheet_text(writing->searches, frt_history_say(history, row->decision, FRT_PAST_AGENCY));
    frt_sheet_text(writing->searches, frt_history_text(history, row->decision->person));
    for (char item = 'a'; item < 'a' + FRT_EOPSS_ITEMS; item++) {
        size_t i = (size_t)(item - 'a');

        frt_eopss_item(writing->eopss, row, item, text);
        frt_sheet_text(writing->searches, text);
        if (row->missing[i][0])
            snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%c",
                     missing[0] ? " " : "", item);
    }
    frt_sheet_text(writing->searches, missing);
}

static void fill_completeness(struct writing *writing, const struct frt_eopss_row *row)
{
    for (size_t i = 0; i < FRT_EOPSS_ITEMS; i++) {
        char item[2] = {(char)('a' + (int)i), '\0'};

        frt_sheet_text(writing->completeness, FRT_EOPSS_CLASS);
        frt_sheet_number(writing->completeness, (int64_t)row->decision->n);
        frt_sheet_text(writing->completeness, item);
        frt_sheet_text(writing->completeness, item_names[i]);
        frt_sheet_text(writing->completeness, row->missing[i][0] ? "missing" : "present");
        frt_sheet_text(writing->completeness, row->missing[i]);
    }
}

static void fill_not_made(struct writing *writing, const struct frt_eopss_row *row)
{
    frt_sheet_text(writing->not_made, FRT_EOPSS_CLASS);
    frt_sheet_number(writing->not_made, (int64_t)row->decision->n);
    time_cell(writing->not_made, row->decision->time_us);
    frt_sheet_text(writing->not_made,
                   frt_history_say(frt_eopss_desk(writing->eopss)->history, row->decision, FRT_PAST_REQUEST));
    frt_sheet_text(writing->not_made, row->result->database);
}

static bool fill(struct writing *writing)
{
    static const char *const searches[] = {
        "class",       "#decision",   "searched_at", "request",    "performed_by_agency", "performed_by",
        "a_request",   "b_requested", "c_matches",   "d_database", "e_requester",         "f_reason",
        "g_recipient", "h_traits",    "missing",     NULL};
    static const char *const completeness[] = {"class",  "#decision", "item", "what",
                                               "status", "reason",    NULL};
    static const char *const not_made[] = {
        "class", "#decision", "allowed_at", "request", "why_no_search_was_made", NULL};

    writing->searches = frt_sheet_new("searches", "Searches, one row for each database", searches);
    writing->completeness =
        frt_sheet_new("completeness", "Items a to h, and why one is missing", completeness);
    writing->not_made = frt_sheet_new("not_made", "Allowed, but no search was made", not_made);
    for (size_t i = 0; i < frt_eopss_row_count(writing->eopss); i++) {
        const struct frt_eopss_row *row = frt_eopss_row(writing->eopss, i, writing->agency);

        if (!row)
            continue;
        if (!is_made(row)) {
            fill_not_made(writing, row);
            continue;
        }
        fill_search(writing, row);
        fill_completeness(writing, row);
    }
    return !frt_sheet_failed(writing->searches) && !frt_sheet_failed(writing->completeness) &&
           !frt_sheet_failed(writing->not_made);
}

/* ---- files ---- */

static void write_sheet(struct writing *writing, const char *path, const struct frt_sheet *sheet)
{
    FILE *out = frt_package_open(writing->package, path);

    if (!out)
        return;
    frt_sheet_write_csv(sheet, out);
    frt_package_close(writing->package, out);
}

static void day(int64_t s, char buffer[FRT_TIME_TEXT_MAX])
{
    frt_time_format(s, buffer);
    buffer[10] = '\0';
}

static const char *outcome(const struct writing *writing)
{
    if (writing->totals.searches == 0)
        return "NIL RETURN: no search was performed in this quarter";
    return writing->totals.missing ? "INCOMPLETE: items are missing, each with its reason" : "complete";
}

static void write_json(struct writing *writing, const struct frt_statement *statement)
{
    FILE *out = frt_package_open(writing->package, "searches.json");
    const struct frt_eopss_totals *totals = &writing->totals;
    char due[FRT_TIME_TEXT_MAX];

    if (!out)
        return;
    day(totals->due_s, due);
    fputs("{\"class\":", out);
    frt_json_write(out, FRT_EOPSS_CLASS);
    fputs(",\"agency\":", out);
    frt_json_write(out, writing->agency);
    fputs(",\"quarter\":", out);
    frt_json_write(out, frt_eopss_given(writing->eopss)->quarter);
    fputs(",\"outcome\":", out);
    frt_json_write(out, outcome(writing));
    fprintf(out,
            ",\"nil_return\":%s,\"searches\":%zu,\"incomplete_searches\":%zu,\"missing_items\":%zu,\"no_"
            "search_made\":%zu,"
            "\"awaiting_review\":%zu,"
            "\"due\":\"%s\",\"days_late\":%" PRId64 ",\"statement\":",
            totals->searches ? "false" : "true", totals->searches, totals->incomplete, totals->missing,
            totals->not_made, totals->awaiting_review, due, totals->days_late);
    frt_statement_write_json(statement, out);
    fputs(",\"tables\":[", out);
    frt_sheet_write_json(writing->searches, out);
    fputc(',', out);
    frt_sheet_write_json(writing->completeness, out);
    fputc(',', out);
    frt_sheet_write_json(writing->not_made, out);
    fputs("]}\n", out);
    frt_package_close(writing->package, out);
}

static const char style[] =
    "body{font:11pt/1.4 Georgia,serif;max-width:52em;margin:2em auto;padding:0 "
    "1em;color:#111;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.1em;margin-top:2em}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #777;padding:.25em "
    ".5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{width:16em;font-weight:normal}.class{border:2px solid #900;color:#900;padding:.3em "
    ".6em;font-weight:bold}"
    ".missing{color:#900;font-weight:bold}section{break-inside:avoid}"
    "@media print{body{margin:0;max-width:none}}";

static void html_pair(FILE *out, const char *name, const char *value, const char *missing)
{
    fputs("<tr><th scope=\"row\">", out);
    frt_html_write(out, name);
    fputs("</th><td>", out);
    frt_html_write(out, value);
    if (missing[0]) {
        fputs(value[0] ? "<br>" : "", out);
        fputs("<span class=\"missing\">missing: ", out);
        frt_html_write(out, missing);
        fputs("</span>", out);
    }
    fputs("</td></tr>\n", out);
}

static void html_search(const struct writing *writing, const struct frt_eopss_row *row, FILE *out)
{
    const struct frt_history *history = frt_eopss_desk(writing->eopss)->history;
    char text[FRT_EOPSS_TEXT_MAX], safe[FRT_SAFE_MAX], name[128], time[FRT_TIME_TEXT_MAX];

    frt_time_format(row->decision->time_us / 1000000, time);
    fprintf(out, "<section><h2>Decision %" PRIu64 ", %s, request ", row->decision->n, time);
    frt_html_write(out, frt_history_say(history, row->decision, FRT_PAST_REQUEST));
    fputs("</h2>\n<p class=\"class\">" FRT_EOPSS_CLASS "</p>\n<table>\n",
          out); /* each stays labelled on a page of its own */
    for (char item = 'a'; item < 'a' + FRT_EOPSS_ITEMS; item++) {
        frt_eopss_item(writing->eopss, row, item, text);
        snprintf(name, sizeof(name), "%c) %s", item, item_names[item - 'a']);
        html_pair(out, name, frt_safe_text(text, safe), row->missing[item - 'a']);
    }
    html_pair(out, "performed by",
              frt_safe_text(frt_history_say(history, row->decision, FRT_PAST_AGENCY), safe), "");
    fputs("</table></section>\n", out);
}

static void write_html(struct writing *writing, const struct frt_statement *statement)
{
    FILE *out = frt_package_open(writing->package, "searches.html");
    const struct frt_eopss_totals *totals = &writing->totals;
    char due[FRT_TIME_TEXT_MAX], text[160];

    if (!out)
        return;
    day(totals->due_s, due);
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
            "http-equiv=\"Content-Security-Policy\" "
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Facial recognition "
            "searches</title>\n"
            "<style>%s</style></head>\n<body>\n<p class=\"class\">%s</p>\n<main><h1>Facial recognition "
            "searches, ",
            style, FRT_EOPSS_CLASS);
    frt_html_write(out, frt_eopss_given(writing->eopss)->quarter);
    fputs(", agency ", out);
    frt_html_write(out, writing->agency);
    fprintf(out, "</h1>\n<p><strong>%s</strong></p>\n<table>\n", outcome(writing));
    snprintf(text, sizeof(text), "%zu, of which %zu with something missing", totals->searches,
             totals->incomplete);
    html_pair(out, "searches", text, "");
    snprintf(text, sizeof(text), "%zu", totals->not_made);
    html_pair(out, "allowed, but no search was made", text, "");
    snprintf(text, sizeof(text), "%zu", totals->awaiting_review);
    html_pair(out, "emergencies waiting for their review", text, "");
    snprintf(text, sizeof(text), "%s%s", due, totals->days_late ? "" : ", in time");
    if (totals->days_late)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %" PRId64 " days late",
                 totals->days_late);
    html_pair(out, "due", text, "");
    for (size_t i = 0; i < statement->count; i++)
        html_pair(out, statement->rows[i].name, statement->rows[i].value, "");
    fputs("</table>\n", out);
    for (size_t i = 0; i < frt_eopss_row_count(writing->eopss); i++) {
        const struct frt_eopss_row *row = frt_eopss_row(writing->eopss, i, writing->agency);

        if (row && is_made(row))
            html_search(writing, row, out);
    }
    fputs("</main></body></html>\n", out);
    frt_package_close(writing->package, out);
}

static void write_readme(struct writing *writing, const struct frt_statement *statement)
{
    FILE *out = frt_package_open(writing->package, "README.txt");
    const struct frt_eopss_totals *totals = &writing->totals;
    char due[FRT_TIME_TEXT_MAX], safe[FRT_SAFE_MAX];

    if (!out)
        return;
    day(totals->due_s, due);
    fprintf(out,
            "%s\n\nDocumentation of facial recognition searches for the Executive Office of Public Safety "
            "and Security\n"
            "agency %s, quarter %s\n\n%s\n"
            "searches %zu, with something missing %zu, missing items %zu, allowed but not made %zu\n"
            "emergencies waiting for their review %zu\n"
            "due %s, days late %" PRId64 "\n\n",
            FRT_EOPSS_CLASS, frt_safe_text(writing->agency, safe), frt_eopss_given(writing->eopss)->quarter,
            outcome(writing), totals->searches, totals->incomplete, totals->missing, totals->not_made,
            totals->awaiting_review, due, totals->days_late);
    frt_statement_write_text(statement, out);
    fputs("\nsearches.csv       items a to h, one row for each search and database\n"
          "completeness.csv   every item: present, or missing and why\n"
          "not_made.csv       allowed, but no search was made\n"
          "searches.json      all of that for programs\n"
          "searches.html      the same to print\n"
          "documents/         item a: the written requests, each named by its SHA-256\n"
          "MANIFEST.sha256    check it: sha256sum -c MANIFEST.sha256\n",
          out);
    frt_package_close(writing->package, out);
}

static void copy_document(struct writing *writing, const char *hex)
{
    frt_auto_free char *bytes = NULL;
    size_t length;
    char to[128];
    FILE *out;

    snprintf(to, sizeof(to), "documents/%.64s", hex);
    if (frt_document_read(frt_eopss_given(writing->eopss)->documents, hex, &bytes, &length) < 0)
        return;
    out = frt_package_open(writing->package, to);
    if (!out)
        return;
    fwrite(bytes, 1, length, out); /* frt_package_close looks for errors */
    frt_package_close(writing->package, out);
}

/* Each document once, however many searches rest on it. */
static void copy_documents(struct writing *writing)
{
    char hex[FRT_EOPSS_TEXT_MAX], other[FRT_EOPSS_TEXT_MAX];

    for (size_t i = 0; i < frt_eopss_row_count(writing->eopss); i++) {
        const struct frt_eopss_row *row = frt_eopss_row(writing->eopss, i, writing->agency);
        bool copied = false;

        if (!row || !row->has_copy)
            continue;
        frt_eopss_item(writing->eopss, row, 'a', hex);
        for (size_t j = 0; j < i && !copied; j++) {
            const struct frt_eopss_row *before = frt_eopss_row(writing->eopss, j, writing->agency);

            if (before && before->has_copy) {
                frt_eopss_item(writing->eopss, before, 'a', other);
                copied = strcmp(hex, other) == 0;
            }
        }
        if (!copied)
            copy_document(writing, hex);
    }
}

static int write_files(struct writing *writing, char error[FRT_EOPSS_ERROR_MAX])
{
    const struct frt_eopss_options *options = frt_eopss_given(writing->eopss);
    struct frt_statement statement;

    if (!fill(writing)) {
        snprintf(error, FRT_EOPSS_ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    frt_desk_state(frt_eopss_desk(writing->eopss), options->query, NULL, &statement);
    write_readme(writing, &statement);
    write_sheet(writing, "searches.csv", writing->searches);
    write_sheet(writing, "completeness.csv", writing->completeness);
    write_sheet(writing, "not_made.csv", writing->not_made);
    write_json(writing, &statement);
    write_html(writing, &statement);
    copy_documents(writing);
    return frt_package_finish(writing->package, options->sign_key, error);
}

int frt_eopss_write(const struct frt_eopss *eopss, const char *agency, const char *out,
                    char error[FRT_EOPSS_ERROR_MAX])
{
    struct writing writing = {.eopss = eopss, .agency = agency};
    char path[4096];
    int r;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", out, agency) >= sizeof(path)) {
        snprintf(error, FRT_EOPSS_ERROR_MAX, "--out: the path is too long");
        return -ENAMETOOLONG;
    }
    frt_eopss_count(eopss, agency, &writing.totals);
    r = frt_package_begin(path, &writing.package, error);
    if (r == 0)
        r = write_files(&writing, error);
    frt_sheet_free(writing.searches);
    frt_sheet_free(writing.completeness);
    frt_sheet_free(writing.not_made);
    frt_package_free(writing.package);
    return r;
}
