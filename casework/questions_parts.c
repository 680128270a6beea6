/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/questions_parts.h"

#include <stdlib.h>
#include <string.h>

#include "support/time_text.h"

void frt_decision_cells(struct frt_sheet *sheet, const struct frt_desk *desk,
                        const struct frt_past_decision *row)
{
    const struct frt_history *h = desk->history;

    frt_sheet_number(sheet, (int64_t)row->n);
    frt_sheet_time(sheet, row->time_us);
    frt_sheet_text(sheet, frt_history_text(h, row->person));
    frt_sheet_text(sheet, frt_history_text(h, row->department));
    frt_sheet_text(sheet, frt_history_say(h, row, FRT_PAST_TOOL));
    frt_sheet_text(sheet, frt_history_say(h, row, FRT_PAST_ACTION));
    frt_sheet_text(sheet, frt_history_say(h, row, FRT_PAST_REQUEST));
    frt_sheet_text(sheet, frt_history_say(h, row, FRT_PAST_VERDICT));
    frt_sheet_text(sheet, frt_history_say(h, row, FRT_PAST_RULE));
    frt_sheet_text(sheet, frt_history_say(h, row, FRT_PAST_REASON));
}

unsigned frt_past_fact(const struct frt_desk *desk, const struct frt_past_decision *row, enum frt_fact fact)
{
    const struct frt_facts *facts = frt_history_facts(desk->history, row);

    return facts ? facts->value[fact] : 0;
}

bool frt_past_is_city(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    unsigned subject = frt_past_fact(desk, row, FRT_FACT_SUBJECT);

    return subject == FRT_SUBJECT_OFFICIAL || subject == FRT_SUBJECT_DUAL ||
           subject == FRT_SUBJECT_OFFICIAL_BEHIND || subject == FRT_SUBJECT_OFFICIAL_ACCOUNT;
}

bool frt_past_is_filing(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    return frt_past_fact(desk, row, FRT_FACT_ACTION) == FRT_ACTION_FILE;
}

bool frt_past_is_repeat(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    return row->verdict == FRT_VERDICT_ALLOW && !row->is_use &&
           frt_history_text_of(desk->history, row, FRT_PAST_REQUEST) != 0;
}

const struct frt_request *frt_past_request(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    return desk->view && frt_history_text_of(desk->history, row, FRT_PAST_REQUEST)
               ? frt_view_request(desk->view, frt_history_say(desk->history, row, FRT_PAST_REQUEST))
               : NULL;
}

const struct frt_authority *frt_request_authority(const struct frt_desk *desk,
                                                  const struct frt_request *request)
{
    return request && request->authority ? frt_view_authority(desk->view, request->authority) : NULL;
}

const char *frt_entry_text(const struct frt_entry *entry, const char *name)
{
    const struct frt_attribute *attribute = entry ? frt_entry_find(entry, name) : NULL;

    return attribute && attribute->value_count > 0 ? attribute->values[0].bytes : "";
}

const struct frt_person **frt_list_people(const struct frt_desk *desk, size_t *ret_count)
{
    size_t count = desk->view ? frt_view_people(desk->view, NULL, 0) : 0;
    const struct frt_person **list = calloc(count + 1, sizeof(*list));

    *ret_count = list ? count : 0;
    if (list && count > 0)
        frt_view_people(desk->view, list, count);
    return list;
}

const struct frt_authority **frt_list_authorities(const struct frt_desk *desk, size_t *ret_count)
{
    size_t count = desk->view ? frt_view_authorities(desk->view, NULL, 0) : 0;
    const struct frt_authority **list = calloc(count + 1, sizeof(*list));

    *ret_count = list ? count : 0;
    if (list && count > 0)
        frt_view_authorities(desk->view, list, count);
    return list;
}

const struct frt_request **frt_list_requests(const struct frt_desk *desk, size_t *ret_count)
{
    size_t count = desk->view ? frt_view_requests(desk->view, NULL, 0) : 0;
    const struct frt_request **list = calloc(count + 1, sizeof(*list));

    *ret_count = list ? count : 0;
    if (list && count > 0)
        frt_view_requests(desk->view, list, count);
    return list;
}

const struct frt_tool **frt_list_tools(const struct frt_desk *desk, size_t *ret_count)
{
    size_t count = desk->view ? frt_view_tools(desk->view, NULL, 0) : 0;
    const struct frt_tool **list = calloc(count + 1, sizeof(*list));

    *ret_count = list ? count : 0;
    if (list && count > 0)
        frt_view_tools(desk->view, list, count);
    return list;
}

size_t frt_count_events(const struct frt_desk *desk, const char *kind)
{
    size_t count = 0;

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++)
        count += frt_history_is_kind(desk->history, frt_history_event(desk->history, i), kind);
    return count;
}

bool frt_audit_is_scan(const struct frt_desk *desk, const struct frt_past_event *event, char *what,
                       size_t size)
{
    return frt_history_is_kind(desk->history, event, "audit") &&
           frt_history_field(event, "what", what, size) && strncmp(what, "scan", 4) == 0;
}

void frt_dn_person(const char *dn, char *buffer, size_t size)
{
    const char *begin = strncmp(dn, "uid=", 4) == 0 ? dn + 4 : dn;

    snprintf(buffer, size, "%.*s", begin == dn ? (int)strlen(dn) : (int)strcspn(begin, ","), begin);
}

/* Values are escaped twice, in the text of the role and with it in the record. What is ordinary text is shown as such, except the
 * semicolon, which separates; the rest stays escaped once. */
static void show_value(const char *value, size_t length, char *buffer, size_t size)
{
    size_t used = 0;
    unsigned byte;
    char rest;

    for (size_t i = 0; i < length && used + 2 < size; i++) {
        char digits[3] = "";

        if (length - i >= 5 && strncmp(value + i, "%25", 3) == 0) {
            memcpy(digits, value + i + 3, 2);
            i += 2;
            if (sscanf(digits, "%2x%c", &byte, &rest) == 1 && byte >= 0x20 && byte <= 0x7e) {
                buffer[used++] = (char)byte;
                i += 2;
                continue;
            }
            buffer[used++] = '%';
            continue;
        }
        used += (size_t)snprintf(buffer + used, size - used, value[i] == ';' ? "%%3B" : "%c", value[i]);
    }
    buffer[used < size ? used : size - 1] = '\0';
}

/* The value of `name` in "frtPerson=p02 frtAffiliation=city ...", as the replica tells a role; NULL when it has none. */
static const char *find_value(const char *text, const char *name, size_t name_length, size_t *ret_length)
{
    for (const char *at = text; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            *ret_length = strcspn(at + name_length + 1, " ");
            return at + name_length + 1;
        }
    }
    return NULL;
}

void frt_past_role_value(const char *says, const char *name, char *buffer, size_t size)
{
    size_t length = 0;
    const char *value = find_value(says, name, strlen(name), &length);

    buffer[0] = '\0';
    if (value)
        show_value(value, length, buffer, size);
}

static void note_difference(const char *name, size_t name_length, const char *old, const char *new,
                            struct frt_role_change *change)
{
    size_t used = strlen(change->values);

    if (strcmp(old, new) != 0)
        snprintf(change->values + used, sizeof(change->values) - used, "%s%.*s %s to %s", used ? "; " : "",
                 (int)name_length, name, old[0] ? old : "nothing", new[0] ? new : "nothing");
}

/* From what to what, of a role that was changed; what it had and has no more comes last. */
static void compare_values(const char *before, const char *after, struct frt_role_change *change)
{
    char old[192], new[192];
    const char *texts[2] = {after, before};

    if (!before[0] || !after[0])
        return;
    for (int k = 0; k < 2; k++)
        for (const char *at = texts[k]; at; at = strchr(at, ' ')) {
            size_t name_length, old_length = 0, new_length = 0;
            const char *had, *has;

            at += *at == ' ';
            name_length = strcspn(at, "= ");
            had = find_value(before, at, name_length, &old_length);
            has = find_value(after, at, name_length, &new_length);
            if (k == 1 && has)
                continue;
            show_value(had ? had : "", old_length, old, sizeof(old));
            show_value(has ? has : "", new_length, new, sizeof(new));
            note_difference(at, name_length, old, new, change);
        }
}

static void read_change(const struct frt_desk *desk, const struct frt_past_event *event,
                        struct frt_role_change *change)
{
    char before[2048], after[2048], text[256];
    const char *says;

    memset(change, 0, sizeof(*change));
    change->n = event->n;
    change->time_us = event->time_us;
    change->end_s = INT64_MAX;
    frt_history_field(event, "before", before, sizeof(before));
    frt_history_field(event, "after", after, sizeof(after));
    frt_history_field(event, "what", change->what, sizeof(change->what));
    frt_history_field(event, "by", text, sizeof(text));
    frt_dn_person(text, change->by, sizeof(change->by));
    says = after[0] ? after : before;
    frt_past_role_value(says, "frtPerson", change->person, sizeof(change->person));
    frt_past_role_value(says, "frtRoleId", change->role, sizeof(change->role));
    frt_past_role_value(says, "frtTicket", change->ticket, sizeof(change->ticket));
    compare_values(before, after, change);
    frt_past_role_value(says, "frtAffiliation", change->affiliation, sizeof(change->affiliation));
    change->after_city = after[0] && strcmp(change->affiliation, "city") == 0;
    frt_past_role_value(before, "frtAffiliation", text, sizeof(text));
    change->before_city = strcmp(text, "city") == 0;
    frt_past_role_value(says, "frtRoleEnd", text, sizeof(text));
    if (frt_generalized_time_parse(text, strlen(text), &change->end_s) < 0)
        change->end_s = INT64_MAX;
    change->person_text = frt_history_find_text(desk->history, change->person);
}

bool frt_role_changes_read(const struct frt_desk *desk, struct frt_role_changes *ret_changes)
{
    size_t count = frt_count_events(desk, "role"), texts = frt_history_text_count(desk->history);

    *ret_changes = (struct frt_role_changes){.list = calloc(count + 1, sizeof(struct frt_role_change)),
                                             .first = calloc(texts + 1, sizeof(uint32_t))};
    if (!ret_changes->list || !ret_changes->first) {
        frt_role_changes_clear(ret_changes);
        return false;
    }
    for (size_t i = 0; i < frt_history_event_count(desk->history); i++)
        if (frt_history_is_kind(desk->history, frt_history_event(desk->history, i), "role"))
            read_change(desk, frt_history_event(desk->history, i), &ret_changes->list[ret_changes->count++]);
    for (size_t i = ret_changes->count; i > 0; i--) {
        struct frt_role_change *change = &ret_changes->list[i - 1];

        if (change->person_text >= texts || !change->person[0])
            continue;
        change->next = ret_changes->first[change->person_text];
        ret_changes->first[change->person_text] = (uint32_t)i;
    }
    return true;
}

void frt_role_changes_clear(struct frt_role_changes *changes)
{
    free(changes->list);
    free(changes->first);
    changes->list = NULL;
    changes->first = NULL;
}

const struct frt_role_change *frt_role_changes_of(const struct frt_role_changes *changes, uint32_t text)
{
    return changes->first[text] ? &changes->list[changes->first[text] - 1] : NULL;
}

const struct frt_role_change *frt_role_changes_next(const struct frt_role_changes *changes,
                                                    const struct frt_role_change *change)
{
    return change->next ? &changes->list[change->next - 1] : NULL;
}
