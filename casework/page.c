/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "casework/coverage.h"
#include "casework/page_parts.h"
#include "casework/questions.h"
#include "casework/safe_text.h"
#include "casework/tally.h"
#include "support/cleanup.h"
#include "support/time_text.h"
#include "trail/encoding.h"

#define LIST_MAX 20
#define ROWS_MAX 200

static void put(const struct frt_page *page, const char *html)
{
    fputs(html, page->out);
}

static void put_text(const struct frt_page *page, const char *text)
{
    char buffer[FRT_SAFE_MAX];

    frt_html_write(page->out, frt_safe_text(text, buffer));
}

static void begin_section(const struct frt_page *page, const char *id, const char *title)
{
    fprintf(page->out, "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">", id, id, id);
    frt_page_say(page, title);
    put(page, "</h2>\n");
}

/* The script runs because the policy in the page names its hash; nothing else does. */
static int script_hash(char text[FRT_BASE64_LENGTH(FRT_HASH_SIZE) + 1])
{
    struct frt_sha256 hasher;
    uint8_t hash[FRT_HASH_SIZE];
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return r;
    frt_sha256_digest(&hasher, frt_page_js, strlen(frt_page_js), hash);
    frt_sha256_clear(&hasher);
    frt_base64_format(hash, sizeof(hash), text);
    return 0;
}

static void write_head(struct frt_page *page)
{
    static const char *const names[FRT_PAGE_LANGUAGES] = {"en", "es"};
    char hash[FRT_BASE64_LENGTH(FRT_HASH_SIZE) + 1];

    if (script_hash(hash) < 0)
        page->failed = true;
    fprintf(page->out,
            "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "'unsafe-inline'; "
            "script-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
            names[page->options->language], page->failed ? "" : hash);
    frt_page_say(page, "title");
    put(page, "</title>\n<style>");
    put(page, frt_page_css);
    put(page, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#view\">");
    frt_page_say(page, "skip");
    put(page, "</a>\n<header><h1>");
    frt_page_say(page, "title");
    put(page, "</h1>\n<p class=\"sub\">");
    frt_page_say(page, "host");
    fputs(" ", page->out);
    put_text(page, page->desk->host[0] ? page->desk->host : "?");
    fputs(" &middot; ", page->out);
    put_text(page, page->desk->origin);
    put(page, "</p></header>\n<main>\n");
}

static const char *chain_word(const struct frt_desk *desk, const char **ret_class)
{
    *ret_class = " bad";
    if (!desk->is_chain_checked) {
        *ret_class = " warn";
        return "chain_unchecked";
    }
    if (desk->chain.status == FRT_VERIFY_OK) {
        *ret_class = "";
        return "chain_ok";
    }
    if (desk->chain.status == FRT_VERIFY_UNSEALED) {
        *ret_class = " warn";
        return "chain_unsealed";
    }
    return "chain_bad";
}

/* What was typed and when stays as it is; the rest is said in the page's language. */
static void put_value(const struct frt_page *page, const char *name, const char *value)
{
    char spanish[2048];

    if (page->options->language != FRT_PAGE_ES || strcmp(name, "query") == 0) {
        put_text(page, value);
        return;
    }
    frt_page_sentence(value, spanish, sizeof(spanish));
    put_text(page, spanish);
}

static void write_verification(struct frt_page *page)
{
    struct frt_statement statement;
    const char *class, *word = chain_word(page->desk, &class);
    char words[512], key[32];

    begin_section(page, "verification", "verification");
    fprintf(page->out, "<div class=\"verdict%s\" role=\"status\"><b>", class);
    frt_page_say(page, word);
    put(page, "</b><p>");
    frt_desk_chain_words(page->desk, words, sizeof(words));
    put_value(page, "chain", words);
    put(page, "</p></div>\n<details open><summary>");
    frt_page_say(page, "statement");
    put(page, "</summary><dl class=\"facts\">");
    frt_desk_state(page->desk, page->options->query, NULL, &statement);
    for (size_t i = 0; i < statement.count; i++) {
        const char *name = statement.rows[i].name, *number = strchr(name, ' '); /* "trail 2" */

        snprintf(key, sizeof(key), "s_%.*s", (int)strcspn(name, " "), name);
        put(page, "<dt>");
        frt_page_say(page, key);
        put(page, number ? number : "");
        put(page, "</dt><dd>");
        put_value(page, name, statement.rows[i].value);
        put(page, "</dd>\n");
    }
    put(page, "</dl></details></section>\n");
}

static void write_tile(const struct frt_page *page, const char *class, const char *word, uint64_t count)
{
    fprintf(page->out, "<div class=\"tile %s\" id=\"tile-%s\"><b>%" PRIu64 "</b>", class, word, count);
    frt_page_say(page, word);
    put(page, "</div>\n");
}

static size_t count_people(const struct frt_history *history)
{
    frt_auto_free bool *seen = calloc(frt_history_text_count(history) + 1, sizeof(*seen));
    size_t count = 0;

    for (size_t i = 0; seen && i < frt_history_decision_count(history); i++) {
        uint32_t person = frt_history_decision(history, i)->person;

        count += person && !seen[person];
        seen[person] = true;
    }
    return count;
}

static void write_tiles(struct frt_page *page)
{
    const struct frt_history *history = page->desk->history;
    uint64_t deny = 0, allow = 0, exempt = 0;
    size_t count = frt_history_decision_count(history);

    for (size_t i = 0; i < count; i++) {
        enum frt_verdict verdict = frt_history_decision(history, i)->verdict;

        deny += verdict == FRT_VERDICT_DENY;
        allow += verdict == FRT_VERDICT_ALLOW;
        exempt += verdict == FRT_VERDICT_EXEMPT;
    }
    begin_section(page, "over-time", "over_time");
    put(page, "<div class=\"tiles\">\n");
    write_tile(page, "", "decisions", count);
    write_tile(page, "deny", "verdict_deny", deny);
    write_tile(page, "allow", "verdict_allow", allow);
    write_tile(page, "exempt", "verdict_exempt", exempt);
    write_tile(page, "", "verdict_not-governed", count - deny - allow - exempt);
    write_tile(page, "", "people", count_people(history));
    put(page, "</div>\n");
    frt_page_chart(page);
    put(page, "</section>\n");
}

/* A table whose last column draws the count as a bar. */
struct bars {
    const char *id, *title, *heads[2]; /* the second head may be NULL */
    const char *count_head;
    bool neutral;
};

static const char *second_key(const struct frt_page *page, const struct bars *bars, uint32_t key)
{
    const char *word = bars->heads[1] ? frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, key) : "";
    const char *spanish = page->options->language == FRT_PAGE_ES ? frt_page_fact_word(word) : NULL;

    return spanish ? spanish : word;
}

static void write_bar_row(const struct frt_page *page, const struct bars *bars,
                          const struct frt_tally_row *row, int64_t most)
{
    const char *name = frt_history_text(page->desk->history, row->key[0]);
    char road[64];

    put(page, "<tr><th scope=\"row\">");
    snprintf(road, sizeof(road), "road_%.32s", name);
    if (strcmp(bars->id, "roads") == 0 && strcmp(frt_page_word(page, road), road) != 0)
        frt_page_say(page, road);
    else
        put_text(page, name[0] ? name : frt_page_word(page, "none"));
    put(page, "</th>");
    if (bars->heads[1]) {
        put(page, "<td>");
        put_text(page, second_key(page, bars, row->key[1]));
        put(page, "</td>");
    }
    fprintf(page->out,
            "<td class=\"number\">%" PRId64 "</td><td class=\"bars\" aria-hidden=\"true\">"
            "<i class=\"bar%s\" style=\"width:%.1f%%\"></i></td></tr>\n",
            row->count[0], bars->neutral ? " neutral" : "", 100.0 * (double)row->count[0] / (double)most);
}

static void write_bars(const struct frt_page *page, const struct bars *bars, struct frt_tally *tally)
{
    int64_t rest = 0;

    frt_tally_sort(tally);
    begin_section(page, bars->id, bars->title);
    put(page, "<table><thead><tr>");
    for (size_t i = 0; i < 2 && bars->heads[i]; i++) {
        put(page, "<th scope=\"col\">");
        frt_page_say(page, bars->heads[i]);
        put(page, "</th>");
    }
    put(page, "<th scope=\"col\" class=\"number\">");
    frt_page_say(page, bars->count_head);
    put(page, "</th><td></td></tr></thead><tbody>\n");
    for (size_t i = 0; i < frt_tally_rows(tally); i++) {
        if (i < LIST_MAX)
            write_bar_row(page, bars, frt_tally_row(tally, i), frt_tally_row(tally, 0)->count[0]);
        else
            rest += frt_tally_row(tally, i)->count[0];
    }
    if (rest > 0)
        fprintf(page->out,
                "<tr><th scope=\"row\">&hellip; +%zu</th>%s<td class=\"number\">%" PRId64
                "</td><td></td></tr>\n",
                frt_tally_rows(tally) - LIST_MAX, bars->heads[1] ? "<td></td>" : "", rest);
    put(page, "</tbody></table></section>\n");
}

static bool is_city(const struct frt_page *page, const struct frt_past_decision *row)
{
    const struct frt_facts *facts = frt_history_facts(page->desk->history, row);
    unsigned subject = facts ? facts->value[FRT_FACT_SUBJECT] : FRT_SUBJECT_UNKNOWN;

    return subject == FRT_SUBJECT_OFFICIAL || subject == FRT_SUBJECT_DUAL ||
           subject == FRT_SUBJECT_OFFICIAL_BEHIND || subject == FRT_SUBJECT_OFFICIAL_ACCOUNT;
}

static void count(struct frt_page *page, struct frt_tally *tally, uint32_t first, uint32_t second)
{
    const uint32_t key[FRT_TALLY_KEYS] = {first, second};
    struct frt_tally_row *row = frt_tally_at(tally, key);

    if (row)
        row->count[0]++;
    else
        page->failed = true;
}

static void write_groups(struct frt_page *page)
{
    static const struct bars kinds[] = {
        {"departments", "by_department", {"department", "official_type"}, "denials", false},
        {"tools", "by_tool", {"tool", NULL}, "denials", false},
        {"rules", "by_rule", {"rule", NULL}, "denials", false},
        {"roads", "roads", {"road", NULL}, "attempts", true},
    };
    struct frt_tally *tallies[FRT_ARRAY_LEN(kinds)];

    for (size_t k = 0; k < FRT_ARRAY_LEN(kinds); k++)
        tallies[k] = frt_tally_new();
    for (size_t i = 0; i < frt_history_decision_count(page->desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(page->desk->history, i);
        const struct frt_facts *facts = frt_history_facts(page->desk->history, row);

        count(page, tallies[3], frt_history_text_of(page->desk->history, row, FRT_PAST_SOURCE), 0);
        if (row->verdict != FRT_VERDICT_DENY)
            continue;
        if (is_city(page, row))
            count(page, tallies[0], row->department, facts ? facts->value[FRT_FACT_OFFICIAL_TYPE] : 0);
        count(page, tallies[1], frt_history_text_of(page->desk->history, row, FRT_PAST_TOOL), 0);
        count(page, tallies[2], frt_history_text_of(page->desk->history, row, FRT_PAST_RULE), 0);
    }
    for (size_t k = 0; k < FRT_ARRAY_LEN(kinds); k++) {
        put(page, k % 2 ? "" : "<div class=\"pair\">\n");
        write_bars(page, &kinds[k], tallies[k]);
        put(page, k % 2 ? "</div>\n" : "");
        frt_tally_free(tallies[k]);
    }
}

static void write_stretches(const struct frt_page *page, const struct frt_coverage *coverage)
{
    char text[FRT_TIME_TEXT_MAX];
    static const char *const heads[] = {"from", "until", "state"};

    put(page, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
    for (size_t i = 0; i < FRT_ARRAY_LEN(heads); i++) {
        put(page, "<th scope=\"col\">");
        frt_page_say(page, heads[i]);
        put(page, "</th>");
    }
    put(page, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < coverage->count && i < ROWS_MAX; i++) {
        frt_time_format(coverage->list[i].from_us / 1000000, text);
        fprintf(page->out, "<tr><td>%s</td><td>", text);
        if (coverage->list[i].until_us != INT64_MAX) {
            frt_time_format(coverage->list[i].until_us / 1000000, text);
            put(page, text);
        }
        put(page, "</td><td>");
        frt_page_say(page, coverage->list[i].state);
        put(page, "</td></tr>\n");
    }
    put(page, "</tbody></table></div>\n");
}

static void write_timeline(const struct frt_page *page, const struct frt_coverage *coverage)
{
    const struct frt_history_counts *counts = frt_history_counts(page->desk->history);
    const struct frt_history_options *period = frt_history_period(page->desk->history);
    int64_t from_us = period->from_us ? period->from_us : counts->first_us;
    int64_t until_us = period->until_us != INT64_MAX ? period->until_us : counts->last_us + 1;
    double span = (double)(until_us > from_us ? until_us - from_us : 1);
    char text[FRT_TIME_TEXT_MAX];

    fputs("<div class=\"timeline\" aria-hidden=\"true\">", page->out);
    for (size_t i = 0; i < coverage->count; i++) {
        const struct frt_stretch *s = &coverage->list[i];
        double left = 100 * (double)(s->from_us - from_us) / span;
        double width = 100 * (double)((s->until_us < until_us ? s->until_us : until_us) - s->from_us) / span;

        if (width > 0 && left < 100)
            fprintf(page->out, "<i class=\"%s\" style=\"left:%.3f%%;width:%.3f%%\"></i>",
                    strcmp(s->state, "frtd not running") == 0 || strcmp(s->state, "no sign of life") == 0
                        ? "gone"
                        : "part",
                    left < 0 ? 0.0 : left, width);
    }
    frt_time_format(from_us / 1000000, text);
    fprintf(page->out, "</div><p class=\"ends\"><span>%s</span>", text);
    frt_time_format(until_us / 1000000, text);
    fprintf(page->out, "<span>%s</span></p>\n", text);
}

static void write_coverage_of(struct frt_page *page)
{
    struct frt_coverage coverage;

    frt_coverage_find(page->desk, &coverage);
    page->failed |= coverage.failed;
    write_timeline(page, &coverage);
    if (coverage.count > 0)
        write_stretches(page, &coverage);
    if (frt_history_beat_count(page->desk->history) == 0) {
        put(page, "<p class=\"notok\">");
        frt_page_say(page, "coverage_unknown");
        put(page, "</p>\n");
    } else if (coverage.count == 0) {
        put(page, "<p class=\"ok\">");
        frt_page_say(page, "coverage_none");
        put(page, "</p>\n");
    }
    frt_coverage_clear(&coverage);
}

static void write_coverage(struct frt_page *page)
{
    const struct frt_desk *all = page->desk;

    begin_section(page, "coverage", "coverage");
    if (all->trail_count == 0)
        write_coverage_of(page);
    for (size_t i = 0; i < all->trail_count; i++) {
        page->desk = all->trails[i];
        put(page, "<h3>");
        frt_page_say(page, "host");
        put(page, " ");
        put_text(page, page->desk->host);
        put(page, "</h3>\n");
        write_coverage_of(page);
    }
    page->desk = all;
    put(page, "</section>\n");
}

static void write_note(const struct frt_page *page, const struct frt_reply *reply)
{
    if (!reply->words[0])
        return;
    put(page, "<p class=\"soft\">");
    put_text(page, reply->words);
    put(page, "</p>\n");
}

static const char *translate(const void *arg, const char *heading)
{
    return frt_page_word(arg, heading);
}

static void write_emergencies(struct frt_page *page)
{
    size_t waiting = frt_emergencies_waiting(page->desk);
    struct frt_reply reply;

    frt_question_ask(page->desk, frt_question_find("emergency-allows"), &reply);
    begin_section(page, "emergencies", "emergencies");
    if (waiting > 0) {
        fprintf(page->out, "<p class=\"notok\"><b>%zu</b> ", waiting);
        frt_page_say(page, "emergencies_waiting");
        put(page, "</p>\n");
    }
    if (reply.sheet_count > 0)
        frt_sheet_write_html(reply.sheets[0], ROWS_MAX, frt_page_word(page, "emergencies_none"), translate,
                             page, page->out);
    write_note(page, &reply);
    put(page, "</section>\n");
    page->failed |= reply.failed;
    frt_reply_clear(&reply);
}

static void write_exception(struct frt_page *page, const struct frt_question *question)
{
    struct frt_reply reply;
    char key[16];
    size_t rows;

    frt_question_ask(page->desk, question, &reply);
    rows = reply.sheet_count > 0 ? frt_sheet_rows(reply.sheets[0]) : 0;
    fprintf(page->out, "<tr id=\"q%u\"><th scope=\"row\">Q%u</th><td>", question->number, question->number);
    snprintf(key, sizeof(key), "q%u", question->number);
    put_text(page, page->options->language == FRT_PAGE_EN ? question->text : frt_page_word(page, key));
    if (rows > 0) {
        put(page, "<details><summary>");
        frt_page_say(page, "show");
        put(page, "</summary>");
        frt_sheet_write_html(reply.sheets[0], ROWS_MAX, "", translate, page, page->out);
        put(page, "</details>");
    }
    write_note(page, &reply);
    put(page, "</td><td class=\"number\">");
    if (rows > 0)
        fprintf(page->out, "<span class=\"notok\">%zu ", rows);
    else if (reply.state == FRT_REPLY_NO_RECORDS || reply.state == FRT_REPLY_NEEDS_DIRECTORY)
        put(page, "<span class=\"soft\">");
    else
        put(page, "<span class=\"ok\">");
    frt_page_say(page, rows > 0 ? "found"
                       : reply.state == FRT_REPLY_NO_RECORDS || reply.state == FRT_REPLY_NEEDS_DIRECTORY
                           ? "not_answered"
                           : "none_found");
    put(page, "</span></td></tr>\n");
    page->failed |= reply.failed;
    frt_reply_clear(&reply);
}

static void write_exceptions(struct frt_page *page)
{
    begin_section(page, "exceptions", "exceptions");
    put(page, "<table><thead><tr><td></td><th scope=\"col\">");
    frt_page_say(page, "question");
    put(page, "</th><th scope=\"col\" class=\"number\">");
    frt_page_say(page, "result");
    put(page, "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < FRT_QUESTION_COUNT; i++)
        if (frt_questions[i].is_exception_list)
            write_exception(page, &frt_questions[i]);
    put(page, "</tbody></table></section>\n");
}

static void write_filters(const struct frt_page *page)
{
    static const char *const selects[] = {"verdict", "department", "tool", "rule"};

    put(page, "<div class=\"filters\"><div><label for=\"q\">");
    frt_page_say(page, "search");
    put(page, "</label><input id=\"q\" type=\"search\" autocomplete=\"off\"></div>\n");
    for (size_t i = 0; i < FRT_ARRAY_LEN(selects); i++) {
        fprintf(page->out, "<div><label for=\"f-%s\">", selects[i]);
        frt_page_say(page, selects[i]);
        fprintf(page->out, "</label><select id=\"f-%s\"><option value=\"\">", selects[i]);
        frt_page_say(page, "any");
        put(page, "</option></select></div>\n");
    }
    put(page, "<button id=\"clear\" type=\"button\">");
    frt_page_say(page, "clear");
    put(page, "</button></div>\n");
}

static const struct {
    const char *column, *word;
} heads[] = {
    {"n", "number"},        {"t", "time"},        {"person", "person"},   {"department", "department"},
    {"tool", "tool"},       {"action", "action"}, {"verdict", "verdict"}, {"rule", "rule"},
    {"request", "request"}, {"reason", "reason"}};

static void write_grid(const struct frt_page *page)
{
    put(page, "<p id=\"count\" role=\"status\" aria-live=\"polite\"></p>\n"
              "<div class=\"grid\" id=\"grid\" role=\"grid\" aria-labelledby=\"h-decisions\" "
              "aria-describedby=\"keys\">\n"
              "<div class=\"head cells\" role=\"row\">");
    for (size_t i = 0; i < FRT_ARRAY_LEN(heads); i++) {
        fprintf(page->out,
                "<div role=\"columnheader\" data-sort=\"%s\" aria-sort=\"%s\"><button type=\"button\">",
                heads[i].column, i == 0 ? "ascending" : "none");
        frt_page_say(page, heads[i].word);
        fprintf(page->out, "<i aria-hidden=\"true\">%s</i></button></div>", i == 0 ? " \xe2\x96\xb2" : "");
    }
    put(page, "</div>\n<div class=\"view\" id=\"view\" tabindex=\"0\" role=\"rowgroup\"><div id=\"space\" "
              "role=\"presentation\">"
              "</div></div></div>\n<p class=\"soft\" id=\"keys\">");
    frt_page_say(page, "keys");
    put(page, "</p>\n<table class=\"printrows\"><thead><tr>");
    for (size_t i = 0; i < FRT_ARRAY_LEN(heads); i++) {
        put(page, "<th>");
        frt_page_say(page, heads[i].word);
        put(page, "</th>");
    }
    put(page, "</tr></thead><tbody id=\"printbody\"></tbody></table><p id=\"printnote\"></p>\n");
}

static void write_decisions(struct frt_page *page)
{
    begin_section(page, "decisions", "all_decisions");
    put(page, "<noscript><p>");
    frt_page_say(page, "noscript");
    put(page, "</p></noscript>\n");
    if (frt_history_decision_count(page->desk->history) > page->options->rows_max) {
        put(page, "<p>");
        frt_page_say(page, "newest");
        put(page, "</p>\n");
    }
    write_filters(page);
    write_grid(page);
    put(page, "</section>\n</main>\n<footer><p>");
    frt_page_say(page, "footer");
    put(page,
        "</p></footer>\n<dialog id=\"one\" aria-labelledby=\"one-title\"><h2><span id=\"one-title\"></span>"
        "<button id=\"one-close\" type=\"button\">");
    frt_page_say(page, "close");
    put(page, "</button></h2><div id=\"one-body\"></div></dialog>\n");
}

int frt_page_write(const struct frt_desk *desk, const struct frt_page_options *options, FILE *out)
{
    struct frt_page page = {.desk = desk, .options = options, .out = out};

    write_head(&page);
    write_verification(&page);
    write_tiles(&page);
    write_groups(&page);
    write_coverage(&page);
    write_emergencies(&page);
    write_exceptions(&page);
    write_decisions(&page);
    frt_page_data(&page);
    put(&page, "<script>");
    put(&page, frt_page_js);
    put(&page, "</script>\n</body>\n</html>\n");
    if (page.failed)
        return -ENOMEM;
    return fflush(out) != 0 || ferror(out) ? -EIO : 0;
}
