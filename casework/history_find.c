/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "casework/history_state.h"

const struct frt_history_counts *frt_history_counts(const struct frt_history *history)
{
    return &history->counts;
}

const struct frt_history_options *frt_history_period(const struct frt_history *history)
{
    return &history->options;
}

const char *frt_history_text(const struct frt_history *history, uint32_t id)
{
    return frt_strings_get(history->strings, id);
}

uint32_t frt_history_find_text(const struct frt_history *history, const char *text)
{
    return frt_strings_find(history->strings, text);
}

size_t frt_history_text_count(const struct frt_history *history)
{
    return frt_strings_count(history->strings);
}

size_t frt_history_decision_count(const struct frt_history *history)
{
    return history->decisions.count;
}

const struct frt_past_decision *frt_history_decision(const struct frt_history *history, size_t i)
{
    return frt_rows_at(&history->decisions, i);
}

uint32_t frt_history_text_of(const struct frt_history *history, const struct frt_past_decision *decision,
                             enum frt_past_text text)
{
    struct frt_text_place at = frt_text_places[text];

    if (at.group == FRT_PAST_GROUPS)
        return decision->own[at.place];
    return frt_tuples_get(history->groups[at.group], decision->group[at.group], at.place);
}

const char *frt_history_say(const struct frt_history *history, const struct frt_past_decision *decision,
                            enum frt_past_text text)
{
    return frt_strings_get(history->strings, frt_history_text_of(history, decision, text));
}

const struct frt_facts *frt_history_facts(const struct frt_history *history,
                                          const struct frt_past_decision *decision)
{
    uint32_t at = history->facts_of[frt_history_text_of(history, decision, FRT_PAST_FACTS)];

    return at == UINT32_MAX ? NULL : &history->facts[at - 1];
}

size_t frt_history_event_count(const struct frt_history *history)
{
    return history->events.count;
}

const struct frt_past_event *frt_history_event(const struct frt_history *history, size_t i)
{
    return frt_rows_at(&history->events, i);
}

bool frt_history_is_kind(const struct frt_history *history, const struct frt_past_event *event,
                         const char *kind)
{
    return strcmp(frt_strings_get(history->strings, event->kind), kind) == 0;
}

bool frt_history_in_period(const struct frt_history *history, int64_t time_us)
{
    const struct frt_history_options *options = &history->options;

    return options->is_single || (options->from_us == 0 && options->until_us == 0) ||
           (time_us >= options->from_us && time_us < options->until_us);
}

bool frt_history_field(const struct frt_past_event *event, const char *key, char *buffer, size_t size)
{
    struct frt_record_view view;
    struct frt_record_field field;
    const char *what;

    buffer[0] = '\0';
    if (frt_record_parse(event->line, event->length, &view, &what) < 0 ||
        !frt_record_find(&view, key, &field))
        return false;
    snprintf(buffer, size, "%.*s", (int)field.value_length, field.value);
    return true;
}

int64_t frt_history_number(const struct frt_past_event *event, const char *key, int64_t otherwise)
{
    struct frt_record_view view;
    int64_t number;
    const char *what;

    if (frt_record_parse(event->line, event->length, &view, &what) < 0 ||
        frt_record_get_number(&view, key, &number) < 0)
        return otherwise;
    /* of several trails each numbers its decisions for itself */
    if (strcmp(key, "decision") == 0 && number >= 0)
        number += (int64_t)(event->n - view.n);
    return number;
}

size_t frt_history_beat_count(const struct frt_history *history)
{
    return history->beats.count;
}

const struct frt_past_beat *frt_history_beat(const struct frt_history *history, size_t i)
{
    return frt_rows_at(&history->beats, i);
}

size_t frt_history_editions(const struct frt_history *history, const struct frt_past_edition **ret_editions)
{
    *ret_editions = history->editions;
    return history->edition_count;
}

size_t frt_history_holes(const struct frt_history *history, const struct frt_past_hole **ret_holes)
{
    *ret_holes = history->holes;
    return history->hole_count;
}

size_t frt_history_steps(const struct frt_history *history, const struct frt_past_step **ret_steps)
{
    *ret_steps = history->steps;
    return history->step_count;
}

/* A city role counts before an outside one, as it does in a decision. */
size_t frt_past_department(const char *roles, const char **ret_text)
{
    const char *role = strncmp(roles, "city/", 5) == 0 ? roles : strstr(roles, "; city/");
    const char *begin;

    if (!role)
        role = roles;
    else if (*role == ';')
        role += 2;
    begin = strchr(role, '/');
    *ret_text = begin ? begin + 1 : role;
    return begin ? strcspn(begin + 1, "/;") : 0;
}

bool frt_past_facts_parse(const char *text, struct frt_facts *ret_facts)
{
    struct frt_facts facts;
    char word[64];

    for (unsigned f = 0; f < FRT_FACT_COUNT; f++) {
        size_t length = strcspn(text, " ");
        int value;

        if (length == 0 || length >= sizeof(word))
            return false;
        memcpy(word, text, length);
        word[length] = '\0';
        value = frt_fact_value_find((enum frt_fact)f, word);
        if (value < 0)
            return false;
        facts.value[f] = (uint8_t)value;
        text += length + (text[length] == ' ');
    }
    if (*text)
        return false;
    *ret_facts = facts;
    return true;
}
