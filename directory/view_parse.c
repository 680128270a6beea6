/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory/view_dn.h"
#include "directory/view_parse.h"
#include "support/name.h"

/* (uid_t)-1 means "no change" and "unset" to the kernel: never anybody's number. */
#define MAX_UID_NUMBER 4294967294

static void number_keys(struct frt_parse *parse)
{
    const struct frt_entry *entry = parse->reader.entry;
    bool has_options;

    for (size_t a = 0; a < entry->attribute_count; a++) {
        if (!frt_attribute_is(&entry->attributes[a], "uidNumber", &has_options))
            continue;
        for (size_t v = 0; v < entry->attributes[a].value_count; v++) {
            const struct frt_value *value = &entry->attributes[a].values[v];
            int64_t number = frt_read_decimal(value->bytes, value->length, MAX_UID_NUMBER);

            if (number >= 0)
                frt_parse_key(parse, FRT_INDEX_PERSON_NUMBER, &number, sizeof(number));
        }
    }
}

void frt_parse_person(struct frt_parse *parse)
{
    struct frt_person *person = parse->item->person;
    const struct frt_entry *entry = parse->reader.entry;

    person->uid_number = -1;
    frt_read_login(&parse->reader, "uid", FRT_REQUIRED, &person->uid);
    frt_read_number(&parse->reader, "uidNumber", FRT_OPTIONAL, MAX_UID_NUMBER, &person->uid_number);
    frt_read_display(&parse->reader, "cn", &person->name);
    person->service_account = frt_entry_has_class(entry, "frtServiceAccount");
    frt_parse_text_key(parse, FRT_INDEX_DN, parse->dn);
    frt_parse_folded_keys(parse, FRT_INDEX_PERSON, "uid");
    number_keys(parse);
}

static const struct frt_word affiliations[] = {{"city", 1}, {"outside", 0}, {NULL, 0}};

static const struct frt_word official_types[] = {
    {"elected", FRT_OFFICIAL_ELECTED},     {"appointed", FRT_OFFICIAL_APPOINTED},
    {"employee", FRT_OFFICIAL_EMPLOYEE},   {"contractor", FRT_OFFICIAL_CONTRACTOR},
    {"volunteer", FRT_OFFICIAL_VOLUNTEER}, {"intern", FRT_OFFICIAL_INTERN},
    {"auxiliary", FRT_OFFICIAL_AUXILIARY}, {NULL, 0},
};

/* What role entries and groups that carry a role have in common. */
static void read_affiliation(struct frt_reader *reader, struct frt_role *role)
{
    int city = 0, type = FRT_OFFICIAL_NONE;

    frt_read_word(reader, "frtAffiliation", FRT_REQUIRED, affiliations, "expected city or outside", &city);
    role->city = city == 1;
    frt_read_identifier(reader, "frtAgency", FRT_OPTIONAL, &role->agency);
    frt_read_identifier(reader, "frtDepartment", FRT_OPTIONAL, &role->department);
    /* A city role that does not say how would fall through every list of official types. */
    frt_read_word(reader, "frtOfficialType", role->city ? FRT_REQUIRED : FRT_OPTIONAL, official_types,
                  "expected elected, appointed, employee, contractor, volunteer, intern or auxiliary", &type);
    role->official_type = (enum frt_official_type)type;
    if (role->city && !role->agency) {
        role->agency = strdup("city");
        if (!role->agency)
            reader->no_memory = true;
    }
    if (!role->city && role->agency && strcmp(role->agency, "city") == 0)
        frt_read_fail(reader, "frtAgency", "expected another agency than the city for an outside role");
    frt_read_display(reader, "modifiersName", &role->changed_by);
    frt_read_display(reader, "entryCSN", &role->csn);
}

static void read_role_group(struct frt_reader *reader, struct frt_role *role)
{
    const struct frt_value *value = frt_read_single(reader, "frtRoleGroup", FRT_OPTIONAL);
    int r = value ? frt_dn_normalise(value->bytes, value->length, &role->group_dn) : 0;

    if (r == -ENOMEM)
        reader->no_memory = true;
    else if (r < 0)
        frt_read_fail(reader, "frtRoleGroup", "expected a distinguished name");
}

void frt_parse_role(struct frt_parse *parse)
{
    struct frt_role *role = parse->item->role;
    struct frt_reader *reader = &parse->reader;

    role->start_s = INT64_MIN;
    role->end_s = INT64_MAX;
    frt_read_login(reader, "frtPerson", FRT_REQUIRED, &role->person);
    frt_read_identifier(reader, "frtRoleId", FRT_REQUIRED, &role->id);
    read_affiliation(reader, role);
    frt_read_bool(reader, "frtSworn", FRT_OPTIONAL, &role->sworn);
    frt_read_bool(reader, "frtPerformer", FRT_OPTIONAL, &role->performer);
    frt_read_time(reader, "frtRoleStart", FRT_OPTIONAL, &role->start_s);
    frt_read_time(reader, "frtRoleEnd", FRT_OPTIONAL, &role->end_s);
    read_role_group(reader, role);
    frt_read_display(reader, "frtApprovedBy", &role->approved_by);
    frt_read_display(reader, "frtTicket", &role->ticket);
    if (!frt_parse_folded_keys(parse, FRT_INDEX_ROLE_PERSON, "frtPerson"))
        frt_parse_text_key(parse, FRT_INDEX_NAMELESS,
                           ""); /* anybody's role: nobody can be told to have none */
}

/* Only below the base of groups: elsewhere others may write. */
static bool may_say_its_role(const struct frt_parse *parse)
{
    return frt_entry_has_class(parse->reader.entry, "frtRoleGroup") &&
           strcmp(frt_dn_parent(parse->dn), parse->view->base[FRT_KIND_GROUP]) == 0;
}

void frt_parse_group(struct frt_parse *parse)
{
    struct frt_group *group = parse->item->group;
    struct frt_reader *reader = &parse->reader;

    group->item = parse->item;
    frt_parse_text_key(parse, FRT_INDEX_DN, parse->dn);
    if (strcmp(frt_dn_parent(parse->dn), parse->view->base[FRT_KIND_PERSON]) == 0)
        frt_parse_text_key(parse, FRT_INDEX_STRAY_GROUP, "");
    if (frt_entry_has_class(reader->entry, "groupOfURLs"))
        frt_read_fail(reader, "memberURL", "expected members listed one by one, not by search");
    if (!may_say_its_role(parse))
        return;
    frt_parse_text_key(parse, FRT_INDEX_ROLE_GROUP, "");
    group->role = calloc(1, sizeof(*group->role));
    if (!group->role) {
        reader->no_memory = true;
        return;
    }
    group->role->from_group = true;
    group->role->start_s = INT64_MIN;
    group->role->end_s = INT64_MAX;
    group->role->id = strdup(parse->dn);
    group->role->group_dn = strdup(parse->dn);
    if (!group->role->id || !group->role->group_dn)
        reader->no_memory = true;
    read_affiliation(reader, group->role);
}
