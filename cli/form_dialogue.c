/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/form_dialogue.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"

#define LINE_MAX_BYTES 8192
#define JSON_MAX       (4u << 20)
#define TRIES          5

static bool set(struct frt_form *form, enum frt_form_field field, const char *bytes, size_t length)
{
    while (length > 0 && bytes[0] == ' ') {
        bytes++;
        length--;
    }
    while (length > 0 && bytes[length - 1] == ' ')
        length--;
    if (frt_form_set(form, field, bytes, length) == 0)
        return true;
    fputs("frt: out of memory\n", stderr);
    return false;
}

bool frt_form_take(struct frt_form *form, enum frt_form_field field, const char *text)
{
    return set(form, field, text, strlen(text));
}

/* ---- JSON ---- */

static bool complain(const char *member, const char *expected)
{
    char shown[128];

    frt_percent_encode(member, strlen(member), shown, sizeof(shown));
    fprintf(stderr, "frt: %s: %s. Nothing was filed.\n", shown, expected);
    return false;
}

static bool take_member(struct frt_form *form, const char *name, const json_t *value);

static bool take_list(struct frt_form *form, const char *name, const json_t *list)
{
    const json_t *value;
    size_t i;

    json_array_foreach(list, i, value) if (json_is_array(value) ||
                                           !take_member(form, name, value)) return json_is_array(value)
        ? complain(name, "expected a text, a number or a list of texts")
        : false;
    return true;
}

static bool take_member(struct frt_form *form, const char *name, const json_t *value)
{
    enum frt_form_field field = frt_field_find(name);
    char number[32];

    if (field == FRT_FIELD_COUNT)
        return complain(name, "there is no such field (frt request new --help lists them)");
    switch (json_typeof(value)) {
    case JSON_STRING:
        return set(form, field, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return frt_form_take(form, field, number);
    case JSON_TRUE:
        return frt_form_take(form, field, "yes");
    case JSON_FALSE:
        return frt_form_take(form, field, "no");
    case JSON_ARRAY:
        return take_list(form, name, value);
    case JSON_OBJECT:
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return complain(name, "expected a text, a whole number, true or false, or a list of texts");
}

static json_t *load(const char *path)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    frt_auto_free char *bytes = NULL;
    const char *what = "";
    json_error_t error;
    json_t *object;
    size_t length = 0;
    int r;

    if (strcmp(path, "-") == 0) {
        object = json_loadf(stdin, flags, &error);
    } else {
        r = frt_file_read(path, FRT_FILE_ANY, JSON_MAX, &bytes, &length, &what);
        if (r < 0) {
            bytes = NULL;
            fprintf(stderr, "frt: --form: %s (%s)\n", what, strerror(-r));
            return NULL;
        }
        object = json_loadb(bytes, length, flags, &error);
    }
    if (!object) {
        char shown[256];

        frt_percent_encode(error.text, strlen(error.text), shown, sizeof(shown));
        fprintf(stderr, "frt: --form: line %d, column %d: %s; expected a JSON object\n", error.line,
                error.column, shown);
    }
    return object;
}

bool frt_form_read_json(struct frt_form *form, const char *path)
{
    json_t *object = load(path), *value;
    const char *name;
    bool good = true;

    if (!object)
        return false;
    if (!json_is_object(object))
        good = complain("--form", "expected a JSON object with a member for each field");
    json_object_foreach(object, name, value) if (good) good = take_member(form, name, value);
    json_decref(object);
    return good;
}

/* ---- terminal ---- */

bool frt_ask_line(const char *question, char *buffer, size_t size)
{
    size_t length, begin;
    int c;

    fprintf(stderr, "%s: ", question);
    fflush(stderr);
    if (!fgets(buffer, (int)size, stdin))
        return false;
    length = strlen(buffer);
    if (length > 0 && buffer[length - 1] == '\n') {
        buffer[--length] = '\0';
    } else {
        while ((c = getc(stdin)) != '\n' && c != EOF) /* the rest of a line that is too long for any field */
            ;
    }
    while (length > 0 && buffer[length - 1] == ' ')
        buffer[--length] = '\0';
    begin = strspn(buffer, " ");
    memmove(buffer, buffer + begin, length - begin + 1);
    return true;
}

static void drop(struct frt_form *form, enum frt_form_field field)
{
    size_t last = --form->fields[field].count;

    free(form->fields[field].values[last]);
    form->fields[field].values[last] = NULL;
}

/* Takes an answer if it is one; says what was expected otherwise. */
static bool accept_answer(struct frt_form *form, enum frt_form_field field, const char *answer)
{
    const char *what;

    if (!frt_form_take(form, field, answer))
        return false;
    what = frt_field_objection(form, field, form->fields[field].count - 1);
    if (!what)
        return true;
    fprintf(stderr, "  %s\n", what);
    drop(form, field);
    return false;
}

enum answered { GIVEN_UP, SKIPPED, TAKEN };

static enum answered ask_field(struct frt_form *form, enum frt_form_field field, const char *offered,
                               bool may_skip)
{
    const struct frt_field_row *row = &frt_field_rows[field];
    char question[320], answer[LINE_MAX_BYTES];

    snprintf(question, sizeof(question), "%s%s%s%s", row->question, offered[0] ? " [" : "", offered,
             offered[0] ? "]" : "");
    for (unsigned try = 0; try < TRIES; try++) {
        if (!frt_ask_line(question, answer, sizeof(answer)))
            break;
        if (answer[0] == '\0' && may_skip)
            return SKIPPED;
        if (accept_answer(form, field, answer[0] ? answer : offered))
            return TAKEN;
    }
    fprintf(stderr, "frt: %s: no answer that could be taken. Nothing was filed.\n", row->name);
    return GIVEN_UP;
}

static bool is_trait(enum frt_form_field field)
{
    return field >= FRT_FIELD_TRAIT_SEX && field <= FRT_FIELD_TRAITS;
}

static bool has_trait(const struct frt_form *form)
{
    for (unsigned f = FRT_FIELD_TRAIT_SEX; f <= FRT_FIELD_TRAITS; f++)
        if (frt_form_has(form, (enum frt_form_field)f))
            return true;
    return false;
}

/* In an emergency nothing that may be left out, or has a safe default, is asked for. */
static bool is_asked(const struct frt_form *form, enum frt_form_field field)
{
    bool hurry = form->kind == FRT_FORM_REQUEST_EMERGENCY;

    if (frt_form_has(form, field) || !frt_form_may(form, field))
        return false;
    if (!hurry)
        return true;
    if (field == FRT_FIELD_TRAITS)
        return !has_trait(form);
    return frt_form_must(form, field) && field != FRT_FIELD_PROBES && field != FRT_FIELD_MAX_SEARCHES &&
           field != FRT_FIELD_FROM && field != FRT_FIELD_UNTIL && field != FRT_FIELD_DOCUMENT_DATE;
}

static bool may_skip(const struct frt_form *form, enum frt_form_field field)
{
    if (field == FRT_FIELD_TRAITS)
        return has_trait(form);
    return is_trait(field) || field == FRT_FIELD_FROM || !frt_form_must(form, field);
}

static bool ask_more(struct frt_form *form, enum frt_form_field field)
{
    char answer[LINE_MAX_BYTES];

    while (form->fields[field].count < FRT_FORM_VALUES_MAX) {
        if (!frt_ask_line("  another one (empty: no more)", answer, sizeof(answer)) || answer[0] == '\0')
            return true;
        (void)accept_answer(form, field, answer);
    }
    return true;
}

bool frt_form_ask(struct frt_form *form, const char *agency)
{
    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++) {
        enum frt_form_field field = (enum frt_form_field)f;
        enum answered answered;

        if (!is_asked(form, field))
            continue;
        answered = ask_field(form, field, field == FRT_FIELD_AGENCY ? agency : "", may_skip(form, field));
        if (answered == GIVEN_UP)
            return false;
        if (answered == TAKEN && frt_field_rows[field].many && form->kind != FRT_FORM_REQUEST_EMERGENCY)
            ask_more(form, field);
    }
    return true;
}

void frt_form_print_problems(const struct frt_form *form, const struct frt_form_problem *problems,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum frt_form_field field = problems[i].field;
        char shown[80] = "";

        if (frt_form_has(form, field))
            frt_percent_encode(form->fields[field].values[0], form->fields[field].lengths[0], shown, 61);
        fprintf(stderr, "frt: %s%s%s%s: %s\n", frt_field_rows[field].name, shown[0] ? ": \"" : "", shown,
                shown[0] ? (form->fields[field].lengths[0] > 60 ? "...\"" : "\"") : "", problems[i].expected);
    }
}
