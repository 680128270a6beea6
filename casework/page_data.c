/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The decisions as the page's script reads them: texts once, rows as numbers.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "casework/page_parts.h"
#include "casework/safe_text.h"
#include "support/cleanup.h"

static const struct {
    const char *name;
    enum frt_past_text text;
} columns[] = {
    {"user", FRT_PAST_USER},
    {"tool", FRT_PAST_TOOL},
    {"action", FRT_PAST_ACTION},
    {"verdict", FRT_PAST_VERDICT},
    {"rule", FRT_PAST_RULE},
    {"request", FRT_PAST_REQUEST},
    {"reason", FRT_PAST_REASON},
    {"host", FRT_PAST_HOST},
    {"src", FRT_PAST_SOURCE},
    {"layers", FRT_PAST_LAYERS},
    {"facts", FRT_PAST_FACTS},
    {"obligations", FRT_PAST_OBLIGATIONS},
    {"path", FRT_PAST_PATH},
    {"evidence", FRT_PAST_EVIDENCE},
    {"policy", FRT_PAST_POLICY},
    {"edition", FRT_PAST_EDITION},
    {"policy_sha", FRT_PAST_POLICY_SHA},
};

struct strings {
    uint32_t *place; /* by number of text: place in the page + 1 */
    uint32_t count;
    FILE *out;
    const struct frt_history *history;
};

static uint32_t place_of(struct strings *strings, uint32_t id)
{
    if (strings->place[id] == 0) {
        fputs(strings->count ? "," : "", strings->out);
        frt_json_write(strings->out, frt_history_text(strings->history, id));
        strings->place[id] = ++strings->count;
    }
    return strings->place[id] - 1;
}

static uint32_t roles_of(const struct strings *strings, const struct frt_past_decision *row)
{
    uint32_t roles = frt_history_text_of(strings->history, row, FRT_PAST_LOGIN_ROLES);

    return roles ? roles : frt_history_text_of(strings->history, row, FRT_PAST_ROLES);
}

static void write_strings(struct strings *strings, const struct frt_history *history, size_t from)
{
    for (size_t i = from; i < frt_history_decision_count(history); i++) {
        const struct frt_past_decision *row = frt_history_decision(history, i);

        place_of(strings, row->person);
        place_of(strings, row->department);
        place_of(strings, roles_of(strings, row));
        for (size_t k = 0; k < FRT_ARRAY_LEN(columns); k++)
            place_of(strings, frt_history_text_of(strings->history, row, columns[k].text));
    }
}

static void write_rows(struct strings *strings, const struct frt_history *history, size_t from)
{
    for (size_t i = from; i < frt_history_decision_count(history); i++) {
        const struct frt_past_decision *row = frt_history_decision(history, i);

        fprintf(strings->out, "%s[%" PRIu64 ",%" PRId64 ",%u,%u,%u,%u", i > from ? ",\n" : "", row->n,
                row->time_us / 1000, place_of(strings, row->person), place_of(strings, row->department),
                place_of(strings, roles_of(strings, row)), row->line);
        for (size_t k = 0; k < FRT_ARRAY_LEN(columns); k++)
            fprintf(strings->out, ",%u",
                    place_of(strings, frt_history_text_of(strings->history, row, columns[k].text)));
        fputc(']', strings->out);
    }
}

static void write_words(const struct frt_page *page)
{
    const char *key, *words[FRT_PAGE_LANGUAGES];

    for (size_t i = 0; frt_page_word_at(i, &key, words); i++) {
        fputs(i ? "," : "", page->out);
        frt_json_write(page->out, key);
        fputc(':', page->out);
        frt_json_write(page->out, words[page->options->language]);
    }
}

/* Facts stand in the data in the words of the trail. */
static void write_fact_words(const struct frt_page *page)
{
    const char *word, *spanish;

    for (size_t i = 0; page->options->language == FRT_PAGE_ES && frt_page_fact_word_at(i, &word, &spanish);
         i++) {
        fputs(i ? "," : "", page->out);
        frt_json_write(page->out, word);
        fputc(':', page->out);
        frt_json_write(page->out, spanish);
    }
}

static void write_rules(const struct frt_page *page)
{
    const struct frt_policy *policy = page->options->policy;
    char key[160], buffer[FRT_SAFE_MAX];
    bool first = true;

    for (size_t i = 0; policy && i < policy->layer_count; i++)
        for (size_t k = 0; k < policy->layers[i].rule_count; k++) {
            const struct frt_rule *rule = &policy->layers[i].rules[k];

            snprintf(key, sizeof(key), "%s %s %u", policy->sha256, rule->id, rule->line);
            fputs(first ? "" : ",", page->out);
            frt_json_write(page->out, key);
            fputs(":[", page->out);
            frt_json_write(page->out, frt_safe_text(rule->citation, buffer));
            fputc(',', page->out);
            frt_json_write(page->out, frt_safe_text(rule->message, buffer));
            fputc(']', page->out);
            first = false;
        }
}

void frt_page_data(struct frt_page *page)
{
    const struct frt_history *history = page->desk->history;
    size_t count = frt_history_decision_count(history);
    size_t from = count > page->options->rows_max ? count - page->options->rows_max : 0;
    frt_auto_free uint32_t *place = calloc(frt_history_text_count(history) + 1, sizeof(*place));
    struct strings strings = {.place = place, .out = page->out, .history = history};

    if (!place) {
        page->failed = true;
        return;
    }
    fputs("<script type=\"application/json\" "
          "id=\"data\">{\"columns\":[\"n\",\"t\",\"person\",\"department\",\"roles\",\"line\"",
          page->out);
    for (size_t k = 0; k < FRT_ARRAY_LEN(columns); k++)
        fprintf(page->out, ",\"%s\"", columns[k].name);
    fputs("],\n\"facts\":[", page->out);
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        fprintf(page->out, "%s\"%s\"", f ? "," : "", frt_fact_table[f].name);
    fputs("],\n\"fact_words\":{", page->out);
    write_fact_words(page);
    fputs("},\n\"reasons\":{", page->out);
    for (unsigned r = 0; r < FRT_REASON_COUNT; r++) {
        fprintf(page->out, "%s\"%s\":", r ? "," : "", frt_reason_table[r].name);
        frt_json_write(page->out, frt_reason_table[r].meaning);
    }
    fputs("},\n\"rules\":{", page->out);
    write_rules(page);
    fputs("},\n\"words\":{", page->out);
    write_words(page);
    fputs("},\n\"strings\":[", page->out);
    write_strings(&strings, history, from);
    fputs("],\n\"rows\":[", page->out);
    write_rows(&strings, history, from);
    fputs("]}</script>\n", page->out);
}
