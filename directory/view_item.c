/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory/view_dn.h"
#include "directory/view_parse.h"
#include "support/cleanup.h"
#include "support/name.h"

static const struct {
    const char *classes[7];
    size_t size; /* of the struct */
    void (*parse)(struct frt_parse *parse);
} kinds[FRT_KIND_OTHER] = {
    [FRT_KIND_PERSON] = {{"inetOrgPerson", "posixAccount", "person", "organizationalPerson", "account",
                          "frtServiceAccount"},
                         sizeof(struct frt_person),
                         frt_parse_person},
    [FRT_KIND_ROLE] = {{"frtRole"}, sizeof(struct frt_role), frt_parse_role},
    [FRT_KIND_AGENCY] = {{"frtAgencyEntry"}, sizeof(struct frt_agency), frt_parse_agency},
    [FRT_KIND_HOST] = {{"frtHost"}, sizeof(struct frt_host), frt_parse_host},
    [FRT_KIND_TOOL] = {{"frtTool"}, sizeof(struct frt_tool), frt_parse_tool},
    [FRT_KIND_REQUEST] = {{"frtRequest"}, sizeof(struct frt_request), frt_parse_request},
    [FRT_KIND_AUTHORITY] = {{"frtAuthorityEntry"}, sizeof(struct frt_authority), frt_parse_authority},
    [FRT_KIND_GROUP] = {{"groupOfNames", "groupOfUniqueNames", "posixGroup", "groupOfMembers", "groupOfURLs",
                         "frtRoleGroup"},
                        sizeof(struct frt_group),
                        frt_parse_group},
};

static bool has_class_of(const struct frt_entry *entry, enum frt_kind kind)
{
    for (size_t i = 0; kinds[kind].classes[i]; i++) {
        if (frt_entry_has_class(entry, kinds[kind].classes[i]))
            return true;
    }
    return false;
}

static bool is_configured_group(const struct frt_view *view, const char *dn)
{
    for (size_t i = 0; i < view->configured_count; i++) {
        if (strcmp(view->configured[i].dn, dn) == 0)
            return true;
    }
    return false;
}

enum frt_kind frt_view_classify(const struct frt_view *view, const struct frt_entry *entry, const char *dn)
{
    const char *parent = frt_dn_parent(dn);
    enum frt_kind only_base = FRT_KIND_OTHER;

    for (unsigned kind = 0; kind < FRT_KIND_OTHER; kind++) {
        if (strcmp(parent, view->base[kind]) != 0)
            continue;
        if (has_class_of(entry, (enum frt_kind)kind))
            return (enum frt_kind)kind;
        if (kind == FRT_KIND_PERSON && frt_entry_find(entry, "uid"))
            return FRT_KIND_PERSON;
        only_base = (enum frt_kind)kind;
    }
    /* A nested group may stand among the people; a configured one anywhere. They are groups, and only by being named. */
    if (has_class_of(entry, FRT_KIND_GROUP) &&
        (is_configured_group(view, dn) || strcmp(parent, view->base[FRT_KIND_PERSON]) == 0))
        return FRT_KIND_GROUP;
    /* What has no class cannot be told from what belongs here: read it, fail, and poison. */
    return frt_entry_find(entry, "objectClass") ? FRT_KIND_OTHER : only_base;
}

void frt_parse_key(struct frt_parse *parse, enum frt_index index, const void *bytes, size_t length)
{
    if (parse->key_count == parse->key_capacity) {
        size_t capacity = parse->key_capacity ? parse->key_capacity * 2 : 8;
        struct frt_key *keys = reallocarray(parse->keys, capacity, sizeof(*keys));

        if (!keys) {
            parse->reader.no_memory = true;
            return;
        }
        parse->keys = keys;
        parse->key_capacity = capacity;
    }
    if (parse->byte_capacity - parse->byte_count < length + 1) {
        size_t capacity = (parse->byte_capacity + length + 1) * 2;
        char *grown = realloc(parse->bytes, capacity);

        if (!grown) {
            parse->reader.no_memory = true;
            return;
        }
        parse->bytes = grown;
        parse->byte_capacity = capacity;
    }
    memcpy(parse->bytes + parse->byte_count, bytes, length);
    parse->bytes[parse->byte_count + length] = '\0';
    parse->keys[parse->key_count++] =
        (struct frt_key){.index = index, .offset = parse->byte_count, .length = length};
    parse->byte_count += length + 1;
}

void frt_parse_text_key(struct frt_parse *parse, enum frt_index index, const char *text)
{
    if (text)
        frt_parse_key(parse, index, text, strlen(text));
}

bool frt_parse_folded_keys(struct frt_parse *parse, enum frt_index index, const char *attribute)
{
    const struct frt_entry *entry = parse->reader.entry;
    size_t values = 0, keys = 0;
    bool has_options;

    for (size_t a = 0; a < entry->attribute_count; a++) {
        if (!frt_attribute_is(&entry->attributes[a], attribute, &has_options))
            continue;
        for (size_t v = 0; v < entry->attributes[a].value_count; v++) {
            const struct frt_value *value = &entry->attributes[a].values[v];
            char folded[FRT_LOGIN_NAME_MAX + 2];

            values++;
            frt_name_fold(value->bytes, value->length, folded, sizeof(folded));
            if (!frt_name_is_canonical(folded, strlen(folded)))
                continue;
            frt_parse_text_key(parse, index, folded);
            keys++;
        }
    }
    return values > 0 && keys == values;
}

/* Moves the keys into one block with the links in front of them. */
static int make_links(struct frt_parse *parse)
{
    size_t links_size = parse->key_count * sizeof(struct frt_link);
    struct frt_link *links = calloc(1, links_size + parse->byte_count);
    char *bytes;

    if (!links)
        return -ENOMEM;
    bytes = (char *)links + links_size;
    memcpy(bytes, parse->bytes, parse->byte_count);
    for (size_t i = 0; i < parse->key_count; i++) {
        links[i].item = parse->item;
        links[i].index = parse->keys[i].index;
        links[i].hh.key = bytes + parse->keys[i].offset;
        links[i].hh.keylen = (unsigned)parse->keys[i].length;
        if (links[i].index == FRT_INDEX_DN)
            parse->item->dn = links[i].hh.key;
    }
    parse->item->links = links;
    parse->item->link_count = parse->key_count;
    return 0;
}

static uint64_t mix(uint64_t digest, const void *bytes, size_t length)
{
    const unsigned char *u = bytes;

    for (size_t i = 0; i < length; i++)
        digest = (digest ^ u[i]) * 0x100000001b3;
    return (digest ^ length) * 0x100000001b3;
}

/* Tells a change from a repetition, for reports only: every put replaces what was there. */
static uint64_t digest_of(const struct frt_entry *entry)
{
    uint64_t digest = mix(0xcbf29ce484222325, entry->dn, strlen(entry->dn));

    for (size_t a = 0; a < entry->attribute_count; a++) {
        const struct frt_attribute *attribute = &entry->attributes[a];

        digest = mix(digest, attribute->name, strlen(attribute->name));
        for (size_t v = 0; v < attribute->value_count; v++)
            digest = mix(digest, attribute->values[v].bytes, attribute->values[v].length);
    }
    return digest;
}

static void parse_nameless(struct frt_parse *parse)
{
    frt_read_fail(&parse->reader, "dn", "expected a distinguished name");
    frt_parse_text_key(parse, FRT_INDEX_NAMELESS, "");
}

static void run(struct frt_parse *parse)
{
    struct frt_item *item = parse->item;

    frt_parse_key(parse, FRT_INDEX_UUID, parse->reader.entry->uuid, sizeof(parse->reader.entry->uuid));
    if (item->kind == FRT_KIND_OTHER) {
        parse_nameless(parse);
    } else {
        item->any = calloc(1, kinds[item->kind].size);
        if (item->any)
            kinds[item->kind].parse(parse);
        else
            parse->reader.no_memory = true;
    }
    item->readable = !parse->reader.problem;
    item->problem = frt_steal(&parse->reader.problem);
}

int frt_item_new(const struct frt_view *view, const struct frt_entry *entry, enum frt_kind kind,
                 const char *dn, struct frt_item **ret_item)
{
    struct frt_parse parse = {.view = view, .reader.entry = entry, .dn = dn};
    bool failed;

    parse.item = calloc(1, sizeof(*parse.item));
    if (!parse.item)
        return -ENOMEM;
    parse.item->kind = kind;
    parse.item->digest = digest_of(entry);
    run(&parse);
    failed = parse.reader.no_memory || make_links(&parse) < 0;
    free(parse.keys);
    free(parse.bytes);
    if (failed) {
        frt_item_free(parse.item);
        return -ENOMEM;
    }
    *ret_item = parse.item;
    return 0;
}

void frt_item_keep_entry(struct frt_item *item, struct frt_entry *entry)
{
    if (item->kind == FRT_KIND_TOOL)
        item->tool->entry = entry;
    else if (item->kind == FRT_KIND_REQUEST)
        item->request->entry = entry;
    else if (item->kind == FRT_KIND_AUTHORITY)
        item->authority->entry = entry;
    else
        goto drop;
    item->entry = entry;
    return;
drop:
    frt_entry_free(entry);
}

void frt_role_clear(struct frt_role *role)
{
    free(role->id);
    free(role->person);
    free(role->agency);
    free(role->department);
    free(role->approved_by);
    free(role->ticket);
    free(role->group_dn);
    free(role->changed_by);
    free(role->csn);
}

static void clear_person(struct frt_person *person)
{
    free(person->uid);
    free(person->name);
}

static void clear_agency(struct frt_agency *agency)
{
    free(agency->id);
    free(agency->name);
    free(agency->recipient);
}

static void clear_host(struct frt_host *host)
{
    free(host->id);
    free(host->name);
    free(host->owner);
    free(host->assigned_to);
}

static void clear_tool(struct frt_tool *tool)
{
    free(tool->id);
    free(tool->name);
}

static void clear_request(struct frt_request *request)
{
    free(request->id);
    free(request->requester);
    free(request->requester_agency);
    free(request->recipient);
    free(request->authority);
    free(request->case_number);
}

static void clear_authority(struct frt_authority *authority)
{
    free(authority->id);
    free(authority->kind);
    free(authority->case_number);
}

static void clear_group(struct frt_group *group)
{
    if (group->role) {
        frt_role_clear(group->role);
        free(group->role);
    }
    free(group->slots);
    free(group->foreign);
}

static void clear_any(struct frt_item *item)
{
    switch (item->kind) {
    case FRT_KIND_PERSON:
        clear_person(item->person);
        break;
    case FRT_KIND_ROLE:
        frt_role_clear(item->role);
        break;
    case FRT_KIND_AGENCY:
        clear_agency(item->agency);
        break;
    case FRT_KIND_HOST:
        clear_host(item->host);
        break;
    case FRT_KIND_TOOL:
        clear_tool(item->tool);
        break;
    case FRT_KIND_REQUEST:
        clear_request(item->request);
        break;
    case FRT_KIND_AUTHORITY:
        clear_authority(item->authority);
        break;
    case FRT_KIND_GROUP:
        clear_group(item->group);
        break;
    case FRT_KIND_OTHER:
        break;
    }
}

void frt_item_free(struct frt_item *item)
{
    if (!item)
        return;
    if (item->any) {
        clear_any(item);
        free(item->any);
    }
    frt_entry_free(item->entry);
    free(item->problem);
    free(item->links);
    free(item);
}
