/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/describe_catalogue.h"

#include <stdio.h>
#include <string.h>

#include "support/cleanup.h"

#define VALUE_BYTES 16000 /* longer is no path */
#define NAME_BYTES  1000
#define TOOLS_MAX   4096
#define PAGE_BYTES  40000 /* of values; the rest of FRT_ANSWER_MAX is for keys and names */

/* Attributes of an entry by which a thing can be recognised, and what a page calls them. */
static const struct {
    const char *attribute, *key;
} marks[] = {
    {"frtPath", "path"},     {"frtPathPattern", "pattern"}, {"frtModelFile", "model"},
    {"frtSha256", "sha256"}, {"frtSize", "size"},           {"frtPackage", "package"},
};

struct page {
    json_t *tools;
    size_t bytes;
    char next[FRT_NAME_MAX + 24]; /* "": this is the last page */
};

/* How many bytes a value takes once JSON has escaped it, at most. */
static size_t cost(const char *text)
{
    size_t bytes = 4;

    for (; *text; text++)
        bytes += *text < 0x20 || *text > 0x7E || *text == '"' || *text == '\\' ? 6 : 1;
    return bytes;
}

static const char *action_of(const struct frt_tool *tool)
{
    if (tool->ignore)
        return "ignore";
    return tool->record_only ? "record" : "decide";
}

static json_t *describe_tool(const struct frt_tool *tool)
{
    const char *name = tool->name && cost(tool->name) <= NAME_BYTES ? tool->name : "";
    json_t *text = json_string(name);

    return json_pack("{s:s, s:o, s:s, s:s, s:s}", "id", tool->id, "name", text ? text : json_string(""),
                     "class", frt_fact_value_name(FRT_FACT_TOOL_CLASS, tool->tool_class), "capability",
                     frt_fact_value_name(FRT_FACT_CAPABILITY, tool->capability), "action", action_of(tool));
}

/* Adds one value; false when the page is full. A value that is no text is left out. */
static bool add_value(struct page *page, json_t *lists, const char *key, const struct frt_value *value)
{
    json_t *text = json_stringn(value->bytes, strlen(value->bytes)), *list;
    size_t bytes = cost(value->bytes);

    if (!text || strlen(value->bytes) != value->length || bytes > VALUE_BYTES) {
        json_decref(text);
        return true;
    }
    if (page->bytes + bytes > PAGE_BYTES) {
        json_decref(text);
        return false;
    }
    page->bytes += bytes;
    list = json_object_get(lists, key);
    if (!list) {
        list = json_array();
        json_object_set_new(lists, key, list);
    }
    json_array_append_new(list, text);
    return true;
}

/* Adds the tool's marks from number `skip` on; false when the page is full, with its cursor set. */
static bool add_marks(struct page *page, json_t *lists, const struct frt_tool *tool, size_t skip)
{
    size_t number = 0;

    for (size_t m = 0; tool->entry && m < FRT_ARRAY_LEN(marks); m++) {
        const struct frt_attribute *attribute = frt_entry_find(tool->entry, marks[m].attribute);

        for (size_t v = 0; attribute && v < attribute->value_count; v++, number++) {
            if (number < skip || add_value(page, lists, marks[m].key, &attribute->values[v]))
                continue;
            snprintf(page->next, sizeof(page->next), "%s %zu", tool->id, number);
            return false;
        }
    }
    return true;
}

/* Adds the tool and its marks from number `skip` on; false when the page is full, with its cursor set. */
static bool add_tool(struct page *page, const struct frt_tool *tool, size_t skip)
{
    json_t *object, *lists;

    if (page->bytes > 0 && page->bytes + NAME_BYTES > PAGE_BYTES) {
        snprintf(page->next, sizeof(page->next), "%s %zu", tool->id, skip);
        return false;
    }
    object = describe_tool(tool);
    if (!object)
        return true;
    page->bytes += NAME_BYTES;
    lists = json_object();
    json_object_set_new(object, "marks", lists);
    json_array_append_new(page->tools, object);
    return add_marks(page, lists, tool, skip);
}

json_t *frt_describe_catalogue(const struct frt_daemon *daemon, const char *cursor)
{
    static const struct frt_tool *tools[TOOLS_MAX];
    size_t count = frt_view_tools(daemon->view, tools, TOOLS_MAX), skip = 0;
    char first[FRT_NAME_MAX] = "";
    struct page page = {.tools = json_array()};
    json_t *object;

    if (sscanf(cursor, "%63s %zu", first, &skip) < 1)
        first[0] = '\0';
    for (size_t i = 0; i < count && i < TOOLS_MAX; i++) {
        int order = strcmp(tools[i]->id, first);

        if (strlen(tools[i]->id) < FRT_NAME_MAX && order >= 0 &&
            !add_tool(&page, tools[i], order == 0 ? skip : 0))
            break;
    }
    object = json_pack("{s:o}", "tools", page.tools);
    if (object && page.next[0])
        json_object_set_new(object, "next", json_string(page.next));
    return object;
}
