/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/paper_print.h"

#include <stdio.h>
#include <string.h>

#include "casework/safe_text.h"
#include "support/cleanup.h"
#include "support/time_text.h"

/* In the order people ask; attributes that are not here come behind, by their names. */
static const struct {
    const char *attribute, *item, *words;
} rows[] = {
    {"frtRequestId", "", "request"},
    {"frtAuthorityId", "", "authority"},
    {"frtAuthorityKind", "", "kind"},
    {"frtDocumentSha256", "a", "document, SHA-256"},
    {"frtFiledAt", "b", "filed"},
    {"frtDatabase", "d", "database"},
    {"frtRequester", "e", "requester"},
    {"frtRequesterPosition", "e", "position"},
    {"frtRequesterAgency", "e", "agency"},
    {"frtReason", "f", "reason"},
    {"frtOffence", "f", "suspected crime"},
    {"frtRecipient", "g", "submitted to"},
    {"frtTraits", "h", "characteristics"},
    {"frtRoute", "", "ground"},
    {"frtAuthority", "", "under authority"},
    {"frtCaseNumber", "", "case"},
    {"frtIssuer", "", "issued by"},
    {"frtIssuerCriminalWarrants", "", "may issue criminal warrants"},
    {"frtLimb", "", "serves"},
    {"frtSubjectStatus", "", "person is"},
    {"frtDeclaredBy", "", "declared by"},
    {"frtDeclaredOn", "", "declared on"},
    {"frtSource", "", "received from"},
    {"frtSolicited", "", "solicited"},
    {"frtFactualBasis", "", "facts"},
    {"frtHarm", "", "harm feared"},
    {"frtNoDelay", "", "why no delay"},
    {"frtSubject", "", "searched for"},
    {"frtProbeCount", "", "pictures"},
    {"frtMaxSearches", "", "searches at most"},
    {"frtValidFrom", "", "valid from"},
    {"frtValidUntil", "", "valid until"},
    {"frtAuthorityStart", "", "in force from"},
    {"frtAuthorityEnd", "", "in force until"},
    {"frtToolRef", "", "only with tool"},
    {"description", "", "note"},
    {"frtWithdrawnAt", "", "WITHDRAWN"},
};

const char *frt_paper_value(const struct frt_entry *entry, const char *attribute)
{
    const struct frt_attribute *found = frt_entry_find(entry, attribute);

    return found && found->value_count > 0 ? found->values[0].bytes : "";
}

/* GeneralizedTime reads better with its dashes. */
static const char *readable(const char *value, char buffer[FRT_SAFE_MAX])
{
    int64_t s;

    if (strlen(value) == 15 && frt_generalized_time_parse(value, 15, &s) == 0) {
        frt_time_format(s, buffer);
        return buffer;
    }
    return frt_safe_text(value, buffer);
}

void frt_paper_print(const struct frt_entry *entry)
{
    char buffer[FRT_SAFE_MAX];

    for (size_t i = 0; i < FRT_ARRAY_LEN(rows); i++) {
        const struct frt_attribute *attribute = frt_entry_find(entry, rows[i].attribute);

        for (size_t v = 0; attribute && v < attribute->value_count; v++)
            printf("%s%s %-27s %s\n", rows[i].item, rows[i].item[0] ? ")" : "  ", v ? "" : rows[i].words,
                   readable(attribute->values[v].bytes, buffer));
    }
}

void frt_paper_print_json(const struct frt_entry *entry)
{
    char buffer[FRT_SAFE_MAX];
    bool first = true;

    putchar('{');
    for (size_t i = 0; i < FRT_ARRAY_LEN(rows); i++) {
        const struct frt_attribute *attribute = frt_entry_find(entry, rows[i].attribute);

        if (!attribute)
            continue;
        printf("%s\n  \"%s\": [", first ? "" : ",", rows[i].attribute);
        first = false;
        for (size_t v = 0; v < attribute->value_count; v++) {
            fputs(v ? ", " : "", stdout);
            frt_json_write(stdout, readable(attribute->values[v].bytes, buffer));
        }
        putchar(']');
    }
    puts("\n}");
}

static int64_t time_of(const struct frt_entry *entry, const char *attribute, int64_t otherwise)
{
    const char *value = frt_paper_value(entry, attribute);
    int64_t s;

    return value[0] && frt_generalized_time_parse(value, strlen(value), &s) == 0 ? s : otherwise;
}

const char *frt_paper_state(const struct frt_entry *entry, int64_t now_s)
{
    const char *state = frt_paper_value(entry, "frtRequestState");

    if (frt_entry_find(entry, "frtWithdrawnAt"))
        return "withdrawn";
    if (state[0] && strcmp(state, "filed") != 0)
        return strcmp(state, "refused") == 0 ? "refused" : "closed";
    if (time_of(entry, "frtValidUntil", INT64_MAX) <= now_s)
        return "expired";
    return time_of(entry, "frtValidFrom", INT64_MIN) > now_s ? "not yet" : "valid";
}

void frt_paper_print_sheet(const struct frt_sheet *sheet, enum frt_paper_output output)
{
    switch (output) {
    case FRT_PAPER_TEXT:
        frt_sheet_write_text(sheet, stdout);
        return;
    case FRT_PAPER_JSON:
        frt_sheet_write_json(sheet, stdout);
        putchar('\n');
        return;
    case FRT_PAPER_CSV:
        frt_sheet_write_csv(sheet, stdout);
        return;
    }
}
