/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/request_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/time_text.h"

static enum frt_form_kind kind_of(enum frt_form_field field, const char *word)
{
    static const struct {
        enum frt_form_field field;
        const char *word;
        enum frt_form_kind kind;
    } rows[] = {
        {FRT_FIELD_ROUTE, "order", FRT_FORM_REQUEST_ORDER},
        {FRT_FIELD_ROUTE, "deceased", FRT_FORM_REQUEST_DECEASED},
        {FRT_FIELD_ROUTE, "emergency", FRT_FORM_REQUEST_EMERGENCY},
        {FRT_FIELD_KIND, "order", FRT_FORM_AUTHORITY_ORDER},
        {FRT_FIELD_KIND, "deceased", FRT_FORM_AUTHORITY_DECEASED},
        {FRT_FIELD_KIND, "evidence", FRT_FORM_AUTHORITY_EVIDENCE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].field == field && strcmp(rows[i].word, word) == 0)
            return rows[i].kind;
    return field == FRT_FIELD_ROUTE ? FRT_FORM_REQUEST_UNROUTED : FRT_FORM_AUTHORITY_UNKNOWN;
}

int frt_form_set(struct frt_form *form, enum frt_form_field field, const char *bytes, size_t length)
{
    size_t at = form->fields[field].count;
    char *copy;

    if (at >= FRT_FORM_VALUES_MAX) {
        form->fields[field].count++;
        return 0;
    }
    copy = malloc(length + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    form->fields[field].values[at] = copy;
    form->fields[field].lengths[at] = length;
    form->fields[field].count++;
    if (at == 0 && (field == FRT_FIELD_ROUTE || field == FRT_FIELD_KIND))
        form->kind = kind_of(field, copy);
    return 0;
}

bool frt_form_has(const struct frt_form *form, enum frt_form_field field)
{
    return form->fields[field].count > 0;
}

const char *frt_form_get(const struct frt_form *form, enum frt_form_field field)
{
    return form->fields[field].count > 0 ? form->fields[field].values[0] : "";
}

void frt_form_clear(struct frt_form *form)
{
    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++)
        for (size_t i = 0; i < FRT_FORM_VALUES_MAX; i++)
            free(form->fields[f].values[i]);
    memset(form, 0, sizeof(*form));
}

bool frt_form_may(const struct frt_form *form, enum frt_form_field field)
{
    return (frt_field_rows[field].may & (1u << form->kind)) != 0;
}

bool frt_form_must(const struct frt_form *form, enum frt_form_field field)
{
    return (frt_field_rows[field].must & (1u << form->kind)) != 0;
}

static int set_default(struct frt_form *form, enum frt_form_field field, const char *text)
{
    if (frt_form_has(form, field) || !frt_form_may(form, field))
        return 0;
    return frt_form_set(form, field, text, strlen(text));
}

int frt_form_complete(struct frt_form *form, const struct frt_form_context *context)
{
    char now[FRT_TIME_TEXT_MAX], end[FRT_TIME_TEXT_MAX];
    int r;

    frt_time_format(context->now_s, now);
    frt_time_format(context->now_s + (int64_t)context->emergency_max_hours * 3600, end);
    r = set_default(form, FRT_FIELD_FROM, now);
    if (r == 0 && form->kind == FRT_FORM_AUTHORITY_EVIDENCE)
        r = set_default(form, FRT_FIELD_DECLARED_BY, context->requester);
    if (r == 0 && form->kind == FRT_FORM_AUTHORITY_EVIDENCE)
        r = set_default(form, FRT_FIELD_DECLARED_ON, now);
    if (r < 0 || form->kind != FRT_FORM_REQUEST_EMERGENCY)
        return r;
    r = set_default(form, FRT_FIELD_UNTIL, end);
    if (r == 0)
        r = set_default(form, FRT_FIELD_PROBES, "1");
    if (r == 0)
        r = set_default(form, FRT_FIELD_MAX_SEARCHES, "1");
    if (r == 0)
        r = set_default(form, FRT_FIELD_DOCUMENT_DATE, now);
    return r;
}

void frt_form_value(const struct frt_form *form, enum frt_form_field field, size_t i,
                    char buffer[FRT_FORM_NORMALIZED_MAX])
{
    const struct frt_field_row *row = &frt_field_rows[field];
    const char *value = form->fields[field].values[i];

    if (row->type == FRT_ENTRY_TIME && !row->prefix)
        frt_generalized_time_format(frt_form_time(form, field), buffer);
    else if (row->type == FRT_ENTRY_YES_NO)
        strcpy(buffer, strcmp(value, "yes") == 0 ? "TRUE" : "FALSE");
    else
        snprintf(buffer, FRT_FORM_NORMALIZED_MAX, "%s%s", row->prefix ? row->prefix : "", value);
}
