/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "directory/view_parse.h"
#include "support/cleanup.h"

static const struct frt_word agency_kinds[] = {
    {"none", FRT_AGENCY_NONE},
    {"requester", FRT_AGENCY_REQUESTER},
    {"performer", FRT_AGENCY_PERFORMER},
    {"performer-requester", FRT_AGENCY_PERFORMER_REQUESTER},
    {NULL, 0},
};

static const struct frt_word bodies[] = {{"rmv", 1}, {"msp", 2}, {"fbi", 3}, {NULL, 0}};

void frt_parse_agency(struct frt_parse *parse)
{
    struct frt_agency *agency = parse->item->agency;
    struct frt_reader *reader = &parse->reader;
    int kind = FRT_AGENCY_NONE, body = 0;

    frt_read_identifier(reader, "frtAgencyId", FRT_REQUIRED, &agency->id);
    frt_read_word(reader, "frtAgencyKind", FRT_REQUIRED, agency_kinds,
                  "expected none, requester, performer or performer-requester", &kind);
    agency->kind = (enum frt_agency_kind)kind;
    frt_read_word(reader, "frtRecipient", FRT_OPTIONAL, bodies, "expected rmv, msp or fbi", &body);
    if (body)
        frt_read_text(reader, "frtRecipient", FRT_OPTIONAL, &agency->recipient);
    frt_read_display(reader, "cn", &agency->name);
    agency->city = agency->id && strcmp(agency->id, "city") == 0;
    frt_parse_text_key(parse, FRT_INDEX_AGENCY, agency->id);
}

void frt_parse_host(struct frt_parse *parse)
{
    struct frt_host *host = parse->item->host;
    struct frt_reader *reader = &parse->reader;
    const struct frt_attribute *names = frt_entry_find(reader->entry, "cn");

    frt_read_identifier(reader, "frtHostId", FRT_REQUIRED, &host->id);
    frt_read_display(reader, "cn", &host->name);
    frt_read_identifier(reader, "frtOwner", FRT_REQUIRED, &host->owner);
    frt_read_login(reader, "frtAssignedTo", FRT_OPTIONAL, &host->assigned_to);
    frt_parse_text_key(parse, FRT_INDEX_HOST_ID, host->id);
    for (size_t v = 0; names && v < names->value_count; v++)
        frt_parse_key(parse, FRT_INDEX_HOST_NAME, names->values[v].bytes, names->values[v].length);
}

static const struct frt_word tool_classes[] = {
    {"face-surveillance", FRT_TOOL_FACE_SURVEILLANCE},
    {"user-authentication", FRT_TOOL_USER_AUTHENTICATION},
    {"redaction-only", FRT_TOOL_REDACTION_ONLY},
    {"evidence-viewer", FRT_TOOL_EVIDENCE_VIEWER},
    {"frt-component", FRT_TOOL_COMPONENT},
    {"not-frt", FRT_TOOL_NOT_FRT},
    {NULL, 0},
};

enum { ACTION_DECIDE, ACTION_RECORD, ACTION_IGNORE };

static const struct frt_word tool_actions[] = {
    {"decide", ACTION_DECIDE}, {"record", ACTION_RECORD}, {"ignore", ACTION_IGNORE}, {NULL, 0}};

static const char *const recognises[] = {"embed", "verify-1to1", "identify-1toN", "cluster",
                                         "track", "verify",      "identify",      "attributes"};
static const char *const detects[] = {"detect", "landmark", "redact", "view", "cloud-client"};

static bool is_one_of(const char *const *words, size_t count, const struct frt_value *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == value->length && strcmp(words[i], value->bytes) == 0)
            return true;
    }
    return false;
}

/* One recognising capability settles it; one unknown word leaves it open. */
static enum frt_capability read_capability(struct frt_reader *reader)
{
    const struct frt_attribute *list = frt_entry_find(reader->entry, "frtCapability");
    bool only_detects = true;

    if (!frt_read_some(reader, "frtCapability"))
        return FRT_CAPABILITY_UNSTATED;
    for (size_t v = 0; v < list->value_count; v++) {
        if (is_one_of(recognises, FRT_ARRAY_LEN(recognises), &list->values[v]))
            return FRT_CAPABILITY_RECOGNITION;
        if (!is_one_of(detects, FRT_ARRAY_LEN(detects), &list->values[v]))
            only_detects = false;
    }
    return only_detects ? FRT_CAPABILITY_DETECTION : FRT_CAPABILITY_UNSTATED;
}

void frt_parse_tool(struct frt_parse *parse)
{
    struct frt_tool *tool = parse->item->tool;
    struct frt_reader *reader = &parse->reader;
    int tool_class = FRT_TOOL_UNKNOWN, action = ACTION_DECIDE;
    const char *dash;

    frt_read_identifier(reader, "frtToolId", FRT_REQUIRED, &tool->id);
    frt_read_word(
        reader, "frtToolClass", FRT_REQUIRED, tool_classes,
        "expected face-surveillance, user-authentication, redaction-only, evidence-viewer, frt-component "
        "or not-frt",
        &tool_class);
    frt_read_word(reader, "frtAction", FRT_OPTIONAL, tool_actions, "expected decide, record or ignore",
                  &action);
    tool->capability = read_capability(reader);
    frt_read_display(reader, "cn", &tool->name);
    tool->readable = !reader->problem;
    if (tool->readable) {
        tool->tool_class = (enum frt_tool_class)tool_class;
        tool->record_only = action == ACTION_RECORD;
        tool->ignore = action == ACTION_IGNORE;
    } else {
        tool->capability = FRT_CAPABILITY_UNSTATED;
    }
    frt_parse_text_key(parse, FRT_INDEX_TOOL_ID, tool->id);
    dash = tool->id ? strchr(tool->id, '-') : NULL;
    if (dash)
        frt_parse_key(parse, FRT_INDEX_TOOL_SHORT, tool->id, (size_t)(dash - tool->id));
}
