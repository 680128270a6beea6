/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Yearly counts for the public: by agency, recipient and route, and nothing else. Agencies and recipients are named only when
 * they stand in the directory or in the law's list; what somebody typed becomes "other", so that no free text gets out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/eopss.h"
#include "casework/package.h"
#include "casework/safe_text.h"
#include "casework/sheet.h"
#include "casework/strings.h"
#include "casework/tally.h"

#define SMALL 3 /* counts below this are not published (domain 3.6) */

struct counting {
    const struct frt_desk *desk;
    struct frt_strings *names;
    struct frt_tally *tally; /* agency, recipient, route */
    struct frt_sheet *sheet;
};

/* ---- what may be published ---- */

/* True when what is hidden is one and the same count everywhere: then its sum, total minus what is shown, gives it away. */
static bool is_betrayed(const struct frt_public_cell *cells, size_t count)
{
    int64_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        if (!cells[i].suppressed)
            continue;
        if (seen != 0 && cells[i].count != seen)
            return false;
        seen = cells[i].count;
    }
    return seen != 0;
}

/* The smallest count that is still shown; 0 when there is none. */
static int64_t smallest_shown(const struct frt_public_cell *cells, size_t count)
{
    int64_t smallest = 0;

    for (size_t i = 0; i < count; i++)
        if (!cells[i].suppressed && cells[i].count > 0 && (smallest == 0 || cells[i].count < smallest))
            smallest = cells[i].count;
    return smallest;
}

/* What is hidden is always everything up to some size, so that any exchange of hidden counts publishes the same: with two
 * different ones among them nobody can tell which is whose, not even who knows this rule. One of two equal counts hidden and
 * the other shown would tell (tests/casework/test_eopss.c tries every table). */
bool frt_public_suppress(struct frt_public_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cells[i].suppressed = cells[i].count > 0 && cells[i].count < SMALL;
    while (is_betrayed(cells, count)) {
        int64_t next = smallest_shown(cells, count);

        if (next == 0)
            return false;
        for (size_t i = 0; i < count; i++)
            cells[i].suppressed |= cells[i].count == next;
    }
    return true;
}

/* ---- counting ---- */

static const char *public_agency(const struct frt_desk *desk, const char *id)
{
    const struct frt_agency *agency = id && id[0] ? frt_view_agency(desk->view, id) : NULL;

    return agency && agency->name ? agency->name : "other";
}

static const char *public_recipient(const char *recipient)
{
    static const char *const bodies[] = {"msp", "rmv", "fbi"};

    for (size_t i = 0; recipient && i < sizeof(bodies) / sizeof(bodies[0]); i++)
        if (strcmp(recipient, bodies[i]) == 0)
            return bodies[i];
    return "other";
}

static int count_one(struct counting *counting, const struct frt_request *request)
{
    const char *words[] = {
        public_agency(counting->desk, request ? request->requester_agency : NULL),
        public_recipient(request ? request->recipient : NULL),
        frt_fact_value_name(FRT_FACT_ROUTE, request ? (unsigned)request->route : FRT_ROUTE_NONE)};
    uint32_t key[FRT_TALLY_KEYS] = {0};
    struct frt_tally_row *row;

    for (size_t i = 0; i < 3; i++)
        if (frt_strings_add(counting->names, words[i], strlen(words[i]), &key[i]) < 0)
            return -ENOMEM;
    row = frt_tally_at(counting->tally, key);
    if (!row)
        return -ENOMEM;
    row->count[0]++;
    return 0;
}

static int count_searches(struct counting *counting)
{
    const struct frt_history *history = counting->desk->history;
    struct frt_results *results = NULL;
    int r = frt_results_read(history, &results);

    for (size_t i = 0; r == 0 && i < frt_history_decision_count(history); i++) {
        const struct frt_past_decision *decision = frt_history_decision(history, i);
        const struct frt_result *first;

        if (!decision->is_use || decision->verdict != FRT_VERDICT_ALLOW)
            continue;
        if (frt_results_of(results, (int64_t)decision->n, &first) > 0 && first->matches < 0)
            continue; /* allowed, and no search was made */
        r = count_one(counting, frt_view_request(counting->desk->view,
                                                 frt_history_say(history, decision, FRT_PAST_REQUEST)));
    }
    frt_results_free(results);
    return r;
}

static int count_requests(struct counting *counting)
{
    size_t count = frt_view_requests(counting->desk->view, NULL, 0);
    const struct frt_request **list = calloc(count + 1, sizeof(*list));
    int r = list ? 0 : -ENOMEM;

    if (list)
        frt_view_requests(counting->desk->view, list, count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (list[i]->filed_s != INT64_MIN &&
            frt_history_in_period(counting->desk->history, list[i]->filed_s * 1000000))
            r = count_one(counting, list[i]);
    free(list);
    return r;
}

/* ---- writing ---- */

static void cell(struct frt_sheet *sheet, const struct frt_public_cell *cell)
{
    if (cell->suppressed)
        frt_sheet_text(sheet, "suppressed");
    else
        frt_sheet_number(sheet, cell->count);
}

/* One line of a table before it is written: words and their count. */
struct line {
    const char *words[3]; /* agency, recipient, route */
    int64_t count;
};

/* By their words: the order in which cases came, or their number, would say something about them. */
static int by_words(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int r = 0;

    for (size_t k = 0; r == 0 && k < 3; k++)
        r = strcmp(x->words[k], y->words[k]);
    return r;
}

static void take_lines(const struct counting *counting, struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct frt_tally_row *row = frt_tally_row(counting->tally, i);

        for (size_t k = 0; k < 3; k++)
            lines[i].words[k] = frt_strings_get(counting->names, row->key[k]);
        lines[i].count = row->count[0];
    }
    qsort(lines, count, sizeof(*lines), by_words);
}

static void write_line(struct counting *counting, const char *what, const char *const words[3],
                       const struct frt_public_cell *number)
{
    frt_sheet_text(counting->sheet, what);
    for (size_t k = 0; k < 3; k++)
        frt_sheet_text(counting->sheet, words[k]);
    cell(counting->sheet, number);
}

static int fill(struct counting *counting, const char *what)
{
    static const char *const all[3] = {"all", "all", "all"};
    size_t count = frt_tally_rows(counting->tally);
    struct frt_public_cell *cells = calloc(count + 1, sizeof(*cells)), total = {0};
    struct line *lines = calloc(count + 1, sizeof(*lines));
    int r = cells && lines ? 0 : -ENOMEM;

    if (r == 0)
        take_lines(counting, lines, count);
    for (size_t i = 0; r == 0 && i < count; i++) {
        cells[i].count = lines[i].count;
        total.count += lines[i].count;
    }
    if (r == 0)
        total.suppressed = !frt_public_suppress(cells, count);
    for (size_t i = 0; r == 0 && i < count; i++)
        write_line(counting, what, lines[i].words, &cells[i]);
    if (r == 0)
        write_line(counting, what, all, &total);
    free(cells);
    free(lines);
    return r;
}

static int count_and_fill(struct counting *counting, const char *what, int (*count)(struct counting *))
{
    int r = frt_strings_new(&counting->names);

    counting->tally = frt_tally_new();
    if (r == 0)
        r = counting->tally ? count(counting) : -ENOMEM;
    if (r == 0)
        r = fill(counting, what);
    frt_tally_free(counting->tally);
    frt_strings_free(counting->names);
    counting->names = NULL;
    return r;
}

static const char explanation[] =
    "Counts below 3 are suppressed, and so are larger ones where the total would give the small ones away.";

static void write_html(const struct frt_sheet *sheet, const char *year, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);

    if (memory) {
        frt_sheet_write_text(sheet, memory);
        fclose(memory);
    }
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
            "http-equiv=\"Content-Security-Policy\" "
            "content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>Facial recognition searches "
            "%s</title>"
            "<style>body{font:12pt/1.5 sans-serif;margin:2em}pre{font-size:11pt}</style></head><body>"
            "<h1>Facial recognition requests and searches, %s</h1><p>PUBLIC. %s</p><pre>",
            year, year, explanation);
    frt_html_write(out, text ? text : "");
    fputs("</pre></body></html>\n", out);
    free(text);
}

static int write_files(const struct frt_sheet *sheet, const char *year, const char *out, const char *sign_key,
                       char error[FRT_EOPSS_ERROR_MAX])
{
    struct frt_package *package;
    FILE *file;
    int r = frt_package_begin(out, &package, error);

    if (r < 0)
        return r;
    if ((file = frt_package_open(package, "counts.csv"))) {
        frt_sheet_write_csv(sheet, file);
        frt_package_close(package, file);
    }
    if ((file = frt_package_open(package, "counts.json"))) {
        fprintf(file, "{\"class\":\"PUBLIC\",\"year\":\"%s\",\"note\":\"%s\",\"table\":", year, explanation);
        frt_sheet_write_json(sheet, file);
        fputs("}\n", file);
        frt_package_close(package, file);
    }
    if ((file = frt_package_open(package, "counts.html"))) {
        write_html(sheet, year, file);
        frt_package_close(package, file);
    }
    r = frt_package_finish(package, sign_key, error);
    frt_package_free(package);
    return r;
}

const char *const frt_public_columns[] = {"what", "agency", "recipient", "route", "#count", NULL};

int frt_public_count(const struct frt_desk *desk, struct frt_sheet *sheet)
{
    struct counting counting = {.desk = desk, .sheet = sheet};
    int r = count_and_fill(&counting, "requests", count_requests);

    if (r == 0)
        r = count_and_fill(&counting, "searches", count_searches);
    return r == 0 && frt_sheet_failed(sheet) ? -ENOMEM : r;
}

int frt_eopss_public(const struct frt_desk *desk, const char *year, const char *out, const char *sign_key,
                     char error[FRT_EOPSS_ERROR_MAX])
{
    struct frt_sheet *sheet;
    int r;

    if (!desk->view) {
        snprintf(error, FRT_EOPSS_ERROR_MAX,
                 "agencies and recipients stand in the directory: give --directory");
        return -EINVAL;
    }
    sheet = frt_sheet_new("counts", "Requests filed and searches made", frt_public_columns);
    r = frt_public_count(desk, sheet);
    if (r < 0)
        snprintf(error, FRT_EOPSS_ERROR_MAX, "%s", strerror(-r));
    else
        r = write_files(sheet, year, out, sign_key, error);
    frt_sheet_free(sheet);
    return r;
}
