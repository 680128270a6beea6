/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Texts that strangers chose, on their way into spreadsheets, JSON, HTML; periods; tables; the words of the page.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/desk.h"
#include "casework/page_parts.h"
#include "casework/questions.h"
#include "casework/safe_text.h"
#include "casework/sheet.h"
#include "casework/tally.h"
#include "support/time_text.h"

static char *written(void (*write)(FILE *out, const char *text), const char *text)
{
    char *buffer = NULL;
    size_t length;
    FILE *out = open_memstream(&buffer, &length);

    write(out, text);
    fclose(out);
    return buffer;
}

static const struct {
    const char *given, *text, *csv, *json, *html;
} texts[] = {
    {"a plain name", "p01", "\"p01\"", "\"p01\"", "p01"},
    {"a formula", "=cmd|'/c calc'!A1", "\"'=cmd|'/c calc'!A1\"", "\"=cmd|'/c calc'!A1\"",
     "=cmd|&#39;/c calc&#39;!A1"},
    {"a formula behind spaces", "  +1+1", "\"'  +1+1\"", "\"  +1+1\"", "  +1+1"},
    {"an at sign", "@SUM(A1)", "\"'@SUM(A1)\"", "\"@SUM(A1)\"", "@SUM(A1)"},
    {"a minus that is no number", "-2+3", "\"'-2+3\"", "\"-2+3\"", "-2+3"},
    {"a negative number", "-12.5", "\"-12.5\"", "\"-12.5\"", "-12.5"},
    {"a full-width equals sign",
     "\xef\xbc\x9d"
     "1",
     "\"'\xef\xbc\x9d"
     "1\"",
     "\"\xef\xbc\x9d"
     "1\"",
     "\xef\xbc\x9d"
     "1"},
    {"quotes", "say \"no\"", "\"say \"\"no\"\"\"", "\"say \\\"no\\\"\"", "say &quot;no&quot;"},
    {"the end of a script", "</script><b>&", "\"</script><b>&\"",
     "\"\\u003c/script\\u003e\\u003cb\\u003e\\u0026\"", "&lt;/script&gt;&lt;b&gt;&amp;"},
    {"a backslash", "a\\b", "\"a\\b\"", "\"a\\\\b\"", "a\\b"},
};

START_TEST(a_text_is_safe_where_it_goes)
{
    char *csv = written(frt_csv_write, texts[_i].text), *json = written(frt_json_write, texts[_i].text),
         *html = written(frt_html_write, texts[_i].text);

    ck_assert_msg(strcmp(csv, texts[_i].csv) == 0, "%s: csv %s", texts[_i].given, csv);
    ck_assert_msg(strcmp(json, texts[_i].json) == 0, "%s: json %s", texts[_i].given, json);
    ck_assert_msg(strcmp(html, texts[_i].html) == 0, "%s: html %s", texts[_i].given, html);
    free(csv);
    free(json);
    free(html);
}
END_TEST

static const struct {
    const char *given, *text, *safe;
} foreign[] = {
    {"accents",
     "Jos\xc3\xa9 N\xc3\xba\xc3\xb1"
     "ez",
     "Jos\xc3\xa9 N\xc3\xba\xc3\xb1"
     "ez"},
    {"a terminal escape", "\x1b[31mred", "%1B[31mred"},
    {"a line break", "two\nlines", "two%0Alines"},
    {"a right-to-left override",
     "a\xe2\x80\xae"
     "b",
     "a%E2%80%AEb"},
    {"no UTF-8", "\xff", "%FF"},
};

START_TEST(a_text_of_the_directory_is_kept_or_escaped_whole)
{
    char buffer[FRT_SAFE_MAX];

    ck_assert_str_eq(frt_safe_text(foreign[_i].text, buffer), foreign[_i].safe);
}
END_TEST

static const struct {
    const char *text, *from, *until; /* from NULL: refused */
} periods[] = {
    {"2026", "2026-01-01T00:00Z", "2027-01-01T00:00Z"},
    {"2026Q1", "2026-01-01T00:00Z", "2026-04-01T00:00Z"},
    {"2026Q4", "2026-10-01T00:00Z", "2027-01-01T00:00Z"},
    {"2024-02", "2024-02-01T00:00Z", "2024-03-01T00:00Z"},
    {"2026-12", "2026-12-01T00:00Z", "2027-01-01T00:00Z"},
    {"2026-12-31", "2026-12-31T00:00Z", "2027-01-01T00:00Z"},
    {"2026-03-16T14:00Z", "2026-03-16T14:00Z", "2026-03-16T14:00:01Z"},
    {"2026Q5", NULL, NULL},
    {"2026-13", NULL, NULL},
    {"2026-02-30", NULL, NULL},
    {"2026-3-1", NULL, NULL},
    {"", NULL, NULL},
    {"yesterday", NULL, NULL},
};

START_TEST(a_period_is_what_it_names)
{
    int64_t from_s, until_s, wanted_s;

    if (!periods[_i].from) {
        ck_assert_int_lt(frt_period_parse(periods[_i].text, &from_s, &until_s), 0);
        return;
    }
    ck_assert_int_eq(frt_period_parse(periods[_i].text, &from_s, &until_s), 0);
    ck_assert_int_eq(frt_time_parse(periods[_i].from, &wanted_s), 0);
    ck_assert_int_eq((long)from_s, (long)wanted_s);
    ck_assert_int_eq(frt_time_parse(periods[_i].until, &wanted_s), 0);
    ck_assert_int_eq((long)until_s, (long)wanted_s);
}
END_TEST

START_TEST(a_sheet_is_json_that_a_parser_reads_back)
{
    static const char *const columns[] = {"name", "#count", NULL};
    struct frt_sheet *sheet = frt_sheet_new("people", "People", columns);
    char *buffer = NULL;
    size_t length;
    FILE *out = open_memstream(&buffer, &length);
    json_t *object, *row;

    frt_sheet_text(sheet, "</script>\"\x1b");
    frt_sheet_number(sheet, 7);
    frt_sheet_text(sheet, "p02");
    frt_sheet_text(sheet, "none");
    frt_sheet_write_json(sheet, out);
    fclose(out);
    object = json_loadb(buffer, length, 0, NULL);
    ck_assert_ptr_nonnull(object);
    row = json_array_get(json_object_get(object, "rows"), 0);
    ck_assert_str_eq(json_string_value(json_array_get(row, 0)), "</script>%22%1B");
    ck_assert_int_eq((int)json_integer_value(json_array_get(row, 1)), 7);
    row = json_array_get(json_object_get(object, "rows"), 1);
    ck_assert_str_eq(json_string_value(json_array_get(row, 1)), "none");
    ck_assert_ptr_null(strstr(buffer, "</script"));
    ck_assert_uint_eq(frt_sheet_rows(sheet), 2);
    json_decref(object);
    free(buffer);
    frt_sheet_free(sheet);
}
END_TEST

START_TEST(a_tally_counts_and_sorts)
{
    struct frt_tally *tally = frt_tally_new();

    for (uint32_t i = 0; i < 30000; i++) {
        const uint32_t key[FRT_TALLY_KEYS] = {i % 1000, i % 3};

        frt_tally_at(tally, key)->count[0] += i % 1000 == 500 ? 10 : 1;
    }
    ck_assert_uint_eq(frt_tally_rows(tally), 3000);
    frt_tally_sort(tally);
    ck_assert_uint_eq(frt_tally_row(tally, 0)->key[0], 500);
    ck_assert_int_eq((int)frt_tally_row(tally, 0)->count[0], 100);
    ck_assert_int_eq((int)frt_tally_row(tally, 2999)->count[0], 10);
    frt_tally_free(tally);
}
END_TEST

START_TEST(every_question_has_its_number_and_a_name_of_its_own)
{
    for (unsigned i = 0; i < FRT_QUESTION_COUNT; i++) {
        char number[8];

        snprintf(number, sizeof(number), "Q%u", i + 1);
        ck_assert_uint_eq(frt_questions[i].number, i + 1);
        ck_assert_ptr_eq(frt_question_find(number), &frt_questions[i]);
        ck_assert_ptr_eq(frt_question_find(frt_questions[i].name), &frt_questions[i]);
    }
    ck_assert_ptr_null(frt_question_find("Q0"));
    ck_assert_ptr_null(frt_question_find("Q33"));
    ck_assert_ptr_null(frt_question_find("Q1x"));
    ck_assert_ptr_null(frt_question_find(""));
}
END_TEST

START_TEST(every_word_of_the_page_is_there_in_both_languages)
{
    const char *key, *words[FRT_PAGE_LANGUAGES];
    size_t count = 0;

    for (; frt_page_word_at(count, &key, words); count++)
        for (size_t k = 0; k < FRT_PAGE_LANGUAGES; k++)
            ck_assert_msg(words[k] && words[k][0], "%s", key);
    ck_assert_uint_gt(count, 90);
}
END_TEST

/* A new fact, or a new value of one, wants its Spanish word. */
START_TEST(every_fact_and_each_of_its_values_has_a_spanish_word)
{
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        ck_assert_msg(frt_page_fact_word(frt_fact_table[f].name), "%s", frt_fact_table[f].name);
        for (unsigned v = 0; v < frt_fact_table[f].count; v++)
            ck_assert_msg(frt_page_fact_word(frt_fact_value_name((enum frt_fact)f, v)), "%s: %s",
                          frt_fact_table[f].name, frt_fact_value_name((enum frt_fact)f, v));
    }
}
END_TEST

static const struct {
    const char *english, *spanish;
} sentences[] = {
    {"everything in the trail", "todo el registro"},
    {"from 2026-01-01T00:00:00Z until before 2026-04-01T00:00:00Z",
     "desde 2026-01-01T00:00:00Z hasta antes de 2026-04-01T00:00:00Z"},
    {"none", "ninguno"},
    {"northampton-ma 2023-10 (sha256 8e985e99c2f4, 42 decisions)",
     "northampton-ma 2023-10 (sha256 8e985e99c2f4, 42 decisiones)"},
    {"9 decisions of the period; the trail holds 9 decisions in 60 sealed records, all of them read",
     "9 decisiones del período; el registro contiene 9 decisiones en 60 anotaciones selladas, todas leídas"},
    {"frt/h1, host h1", "frt/h1, equipo h1"},
    {"whole: 22 records under 21 seals, tree root tzj7=; the first key was read beside the log",
     "íntegra: 22 anotaciones bajo 21 sellos, raíz del árbol tzj7=; la primera clave se leyó junto al "
     "registro"},
    {"recorded as 12", "anotada como 12"},
    {"2026-11-22T12:31:05Z", "2026-11-22T12:31:05Z"},
};

START_TEST(what_a_statement_says_is_said_in_spanish)
{
    char text[512];

    frt_page_sentence(sentences[_i].english, text, sizeof(text));
    ck_assert_str_eq(text, sentences[_i].spanish);
    frt_page_sentence(sentences[_i].english, text, 10); /* cut, never past its room */
    ck_assert_uint_lt(strlen(text), 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("casework.output");
    TCase *rows = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(rows, a_text_is_safe_where_it_goes, 0, sizeof(texts) / sizeof(texts[0]));
    tcase_add_loop_test(rows, a_text_of_the_directory_is_kept_or_escaped_whole, 0,
                        sizeof(foreign) / sizeof(foreign[0]));
    tcase_add_loop_test(rows, a_period_is_what_it_names, 0, sizeof(periods) / sizeof(periods[0]));
    tcase_add_test(rows, a_sheet_is_json_that_a_parser_reads_back);
    tcase_add_test(rows, a_tally_counts_and_sorts);
    tcase_add_test(rows, every_question_has_its_number_and_a_name_of_its_own);
    tcase_add_test(rows, every_word_of_the_page_is_there_in_both_languages);
    tcase_add_test(rows, every_fact_and_each_of_its_values_has_a_spanish_word);
    tcase_add_loop_test(rows, what_a_statement_says_is_said_in_spanish, 0,
                        sizeof(sentences) / sizeof(sentences[0]));
    suite_add_tcase(suite, rows);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
