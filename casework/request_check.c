/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/desk.h"
#include "casework/request_form.h"
#include "protocol/message.h"
#include "support/name.h"
#include "support/time_text.h"

#define CLOCK_SLACK_S 300  /* two clocks never agree */
#define SAME_MAX      1100 /* bytes that are compared; more than any field with several values may have */

struct checking {
    const struct frt_form *form;
    const struct frt_form_context *context;
    struct frt_form_problem *problems;
    size_t max, count;
    bool is_bad[FRT_FIELD_COUNT]; /* one problem for each field, the first */
};

static void __attribute__((format(printf, 3, 4)))
object(struct checking *checking, enum frt_form_field field, const char *format, ...)
{
    va_list list;

    if (checking->is_bad[field])
        return;
    checking->is_bad[field] = true;
    if (checking->count < checking->max) {
        struct frt_form_problem *problem = &checking->problems[checking->count];

        problem->field = field;
        va_start(list, format);
        vsnprintf(problem->expected, sizeof(problem->expected), format, list);
        va_end(list);
    }
    checking->count++;
}

/* ---- one value ---- */

/* Bytes of the space at `text`; 0 when it is none. */
static size_t space_length(const char *text)
{
    static const char *const spaces[] = {
        " ", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (strncmp(text, spaces[i], strlen(spaces[i])) == 0)
            return strlen(spaces[i]);
    if (strncmp(text, "\xe2\x80", 2) == 0 && (unsigned char)text[2] >= 0x80 && (unsigned char)text[2] <= 0x8a)
        return 3; /* U+2000 to U+200A */
    return 0;
}

/* A letter, a digit, or anything beyond ASCII that is no space. */
static bool has_content(const char *text)
{
    size_t space;

    for (; *text; text += space ? space : 1) {
        space = space_length(text);
        if (space == 0 && ((unsigned char)*text >= 0x80 || (*text >= '0' && *text <= '9') ||
                           (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z')))
            return true;
    }
    return false;
}

/* Code points that show nothing: a text of them alone is blank, and inside a text they make two look alike. */
static bool hides(const char *text, size_t length)
{
    static const char *const invisible[] = {
        "\xe2\x80\x8b", "\xe2\x81\xa0", "\xef\xbb\xbf", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xd8\x9c",
        "\xc2\xad",     "\xe1\xa0\x8e", "\xe3\x85\xa4", "\xf3\xa0\x80", "\xf3\xa0\x81",
    };

    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
        if (memmem(text, length, invisible[i], strlen(invisible[i])))
            return true;
    return false;
}

static bool is_text(const struct frt_field_row *row, const char *value, size_t length)
{
    return length >= row->min && length <= row->max && has_content(value) &&
           frt_prose_is_clean(value, length, false) && !hides(value, length) && value[0] != ' ' &&
           value[length - 1] != ' ';
}

static bool is_word(const struct frt_field_row *row, const char *value)
{
    for (size_t i = 0; row->words[i]; i++)
        if (strcmp(row->words[i], value) == 0)
            return true;
    return false;
}

static bool is_number(const struct frt_field_row *row, const char *value, size_t length)
{
    long number;

    if (length == 0 || length > 6 || strspn(value, "0123456789") != length || value[0] == '0')
        return false;
    number = strtol(value, NULL, 10);
    return number >= (long)row->min && number <= (long)row->max;
}

static bool parse_time(const char *value, bool to_the_end, int64_t *ret_s)
{
    int64_t from_s, until_s;

    if (strlen(value) < 10 || frt_period_parse(value, &from_s, &until_s) < 0 || from_s < 0)
        return false;
    *ret_s = to_the_end && strlen(value) == 10 ? until_s : from_s;
    return true;
}

int64_t frt_form_time(const struct frt_form *form, enum frt_form_field field)
{
    int64_t s;

    return parse_time(frt_form_get(form, field), frt_field_rows[field].to_the_end, &s) ? s : INT64_MIN;
}

static bool is_good(const struct frt_field_row *row, const char *value, size_t length)
{
    int64_t s;

    if (strlen(value) != length)
        return false;
    switch (row->type) {
    case FRT_ENTRY_TEXT:
        return is_text(row, value, length);
    case FRT_ENTRY_WORD:
        return is_word(row, value);
    case FRT_ENTRY_ID:
        return frt_identifier_is_valid(value);
    case FRT_ENTRY_LOGIN:
        return frt_name_is_canonical(value, length);
    case FRT_ENTRY_NUMBER:
        return is_number(row, value, length);
    case FRT_ENTRY_TIME:
        return parse_time(value, row->to_the_end, &s);
    case FRT_ENTRY_YES_NO:
        return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
    case FRT_ENTRY_PATH:
        return length >= row->min && length <= row->max;
    }
    return false;
}

const char *frt_field_objection(const struct frt_form *form, enum frt_form_field field, size_t i)
{
    const struct frt_field_row *row = &frt_field_rows[field];

    return is_good(row, form->fields[field].values[i], form->fields[field].lengths[i]) ? NULL : row->expected;
}

/* ---- each field by itself ---- */

static void check_field(struct checking *checking, enum frt_form_field field)
{
    const struct frt_field_row *row = &frt_field_rows[field];
    const struct frt_form *form = checking->form;
    size_t count = form->fields[field].count;

    if (count == 0 && frt_form_must(form, field))
        object(checking, field, "missing; %s", row->expected);
    if (count > 0 && !frt_form_may(form, field))
        object(checking, field, "expected not to be given here: %s",
               form->kind == FRT_FORM_REQUEST_UNROUTED || form->kind == FRT_FORM_AUTHORITY_UNKNOWN
                   ? "it depends on the route or kind, which is missing"
                   : "it belongs to another route or kind");
    if (count > (row->many ? FRT_FORM_VALUES_MAX : 1))
        object(checking, field, "%zu values; expected %s", count, row->many ? "at most 10" : "one");
    for (size_t i = 0; i < count && i < FRT_FORM_VALUES_MAX; i++) {
        const char *what = frt_field_objection(form, field, i);

        if (what)
            object(checking, field, "%s", what);
    }
}

static bool is_same_text(const char *a, const char *b)
{
    char folded_a[SAME_MAX], folded_b[SAME_MAX];

    frt_name_fold(a, strlen(a), folded_a, sizeof(folded_a));
    frt_name_fold(b, strlen(b), folded_b, sizeof(folded_b));
    return strcmp(folded_a, folded_b) == 0;
}

/* The directory would refuse two values that it takes for one, with a message nobody understands. */
static void check_twice(struct checking *checking, enum frt_form_field field)
{
    const struct frt_form *form = checking->form;
    size_t count = form->fields[field].count;

    for (size_t i = 0; i < count && i < FRT_FORM_VALUES_MAX; i++)
        for (size_t j = 0; j < i; j++)
            if (is_same_text(form->fields[field].values[i], form->fields[field].values[j]))
                object(checking, field, "the same value twice; expected each once");
}

/* ---- fields beside each other ---- */

static void check_traits(struct checking *checking)
{
    for (unsigned f = FRT_FIELD_TRAIT_SEX; f <= FRT_FIELD_TRAITS; f++)
        if (frt_form_has(checking->form, (enum frt_form_field)f))
            return;
    object(checking, FRT_FIELD_TRAITS, "missing; %s", frt_field_rows[FRT_FIELD_TRAITS].expected);
}

static void check_window(struct checking *checking)
{
    const struct frt_form_context *context = checking->context;
    int64_t from_s = frt_form_time(checking->form, FRT_FIELD_FROM);
    int64_t until_s = frt_form_time(checking->form, FRT_FIELD_UNTIL);
    int64_t max_s = FRT_FORM_WINDOW_MAX_S;

    if (from_s == INT64_MIN || until_s == INT64_MIN)
        return;
    if (checking->form->kind == FRT_FORM_REQUEST_EMERGENCY)
        max_s = (int64_t)context->emergency_max_hours * 3600;
    if (from_s < context->now_s - CLOCK_SLACK_S)
        object(checking, FRT_FIELD_FROM,
               "lies in the past; expected now or later: nothing is filed after the fact");
    if (from_s > context->now_s + FRT_FORM_FUTURE_MAX_S)
        object(checking, FRT_FIELD_FROM, "lies more than 92 days ahead; expected a time within them");
    if (until_s <= from_s)
        object(checking, FRT_FIELD_UNTIL, "is not after from; expected a later time");
    else if (until_s <= context->now_s)
        object(checking, FRT_FIELD_UNTIL, "has passed; expected a later time");
    else if (until_s - from_s > max_s)
        object(checking, FRT_FIELD_UNTIL, "is %lld hours after from; expected at most %lld",
               (long long)((until_s - from_s) / 3600), (long long)(max_s / 3600));
}

static void check_emergency(struct checking *checking)
{
    const struct frt_form *form = checking->form;

    if (form->fields[FRT_FIELD_DATABASE].count > 1)
        object(checking, FRT_FIELD_DATABASE,
               "%zu values; expected one: an emergency request is narrowly tailored",
               form->fields[FRT_FIELD_DATABASE].count);
    if (strtol(frt_form_get(form, FRT_FIELD_PROBES), NULL, 10) > 5)
        object(checking, FRT_FIELD_PROBES, "expected at most 5: an emergency request is narrowly tailored");
    if (strtol(frt_form_get(form, FRT_FIELD_MAX_SEARCHES), NULL, 10) > 5)
        object(checking, FRT_FIELD_MAX_SEARCHES,
               "expected at most 5: an emergency request is narrowly tailored");
}

static void check_request(struct checking *checking)
{
    const struct frt_form *form = checking->form;
    int64_t dated_s = frt_form_time(form, FRT_FIELD_DOCUMENT_DATE);

    check_traits(checking);
    check_window(checking);
    if (form->kind == FRT_FORM_REQUEST_EMERGENCY)
        check_emergency(checking);
    if (dated_s != INT64_MIN && dated_s > checking->context->now_s + CLOCK_SLACK_S)
        object(checking, FRT_FIELD_DOCUMENT_DATE,
               "lies in the future; expected the date that stands on the document");
    if (frt_form_has(form, FRT_FIELD_APPROVER) &&
        strcmp(frt_form_get(form, FRT_FIELD_APPROVER), checking->context->requester) == 0)
        object(checking, FRT_FIELD_APPROVER, "is the requester; expected somebody else");
}

static void check_order(struct checking *checking)
{
    const struct frt_form *form = checking->form;
    int64_t start_s = frt_form_time(form, FRT_FIELD_START), end_s = frt_form_time(form, FRT_FIELD_END);

    if (strcmp(frt_form_get(form, FRT_FIELD_CRIMINAL_WARRANTS), "no") == 0)
        object(checking, FRT_FIELD_CRIMINAL_WARRANTS,
               "expected yes: the law asks for an order of a court or justice that may issue warrants in "
               "criminal cases");
    if (start_s == INT64_MIN || end_s == INT64_MIN)
        return;
    if (end_s <= start_s)
        object(checking, FRT_FIELD_END, "is not after start; expected a later time");
    else if (end_s <= checking->context->now_s)
        object(checking, FRT_FIELD_END, "has passed; expected an order that is in force or will be");
    else if (end_s - start_s > (int64_t)366 * 86400)
        object(checking, FRT_FIELD_END, "is more than a year after start; expected the end the order states");
}

static void check_authority(struct checking *checking)
{
    const struct frt_form *form = checking->form;
    int64_t declared_s = frt_form_time(form, FRT_FIELD_DECLARED_ON);

    if (form->kind == FRT_FORM_AUTHORITY_ORDER)
        check_order(checking);
    if (strcmp(frt_form_get(form, FRT_FIELD_STATUS), "living") == 0)
        object(checking, FRT_FIELD_STATUS,
               "expected deceased: who lives and cannot say his name needs an order, or a real emergency");
    if (form->kind == FRT_FORM_AUTHORITY_EVIDENCE && frt_form_has(form, FRT_FIELD_DECLARED_BY) &&
        strcmp(frt_form_get(form, FRT_FIELD_DECLARED_BY), checking->context->requester) != 0)
        object(checking, FRT_FIELD_DECLARED_BY, "expected your own login name: each declares for himself");
    if (declared_s != INT64_MIN && declared_s > checking->context->now_s + CLOCK_SLACK_S)
        object(checking, FRT_FIELD_DECLARED_ON, "lies in the future; expected when it was declared");
}

size_t frt_form_check(const struct frt_form *form, const struct frt_form_context *context,
                      struct frt_form_problem *problems, size_t max)
{
    struct checking checking = {.form = form, .context = context, .problems = problems, .max = max};

    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++) {
        check_field(&checking, (enum frt_form_field)f);
        check_twice(&checking, (enum frt_form_field)f);
    }
    if (form->kind <= FRT_FORM_REQUEST_EMERGENCY)
        check_request(&checking);
    else
        check_authority(&checking);
    return checking.count;
}
