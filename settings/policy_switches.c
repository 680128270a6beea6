/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "settings/policy_reader.h"
#include "support/cleanup.h"

enum kind { CHOICE, FLAG, NUMBER, OFFICIALS };

struct row {
    const char *name;
    enum kind kind;
    const char *safest; /* also the default: a switch the file leaves out cannot widen anything */
    const char *choices[4];
    long min, max;
    size_t
        offset; /* into struct frt_policy_values; NOWHERE: it only chooses between rules, or is for reports */
};

#define NOWHERE   ((size_t)-1)
#define AT(field) offsetof(struct frt_policy_values, field)

/* The open points of the law (A1, A2, ... in docs), each a switch so that counsel can change it without code.
 */
static const struct row rows[] = {
    /* A1: what of a search may be published */
    {.name = "publish_items",
     .kind = CHOICE,
     .safest = "none",
     .choices = {"none", "database"},
     .offset = NOWHERE},
    {.name = "publish_aggregate",
     .kind = CHOICE,
     .safest = "yearly_counts",
     .choices = {"yearly_counts", "none"},
     .offset = NOWHERE},
    /* A2: may an agency that may request a search run a tool itself */
    {.name = "requester_may_open", .kind = FLAG, .safest = "false", .offset = AT(requester_may_open)},
    /* A3: outside people on the city's machines */
    {.name = "outside_on_city_host",
     .kind = CHOICE,
     .safest = "deny",
     .choices = {"deny", "allow"},
     .offset = NOWHERE},
    /* A4: a person with a city role and an outside role */
    {.name = "dual_role",
     .kind = CHOICE,
     .safest = "city_wins",
     .choices = {"city_wins", "role_of_session"},
     .offset = AT(role_of_session)},
    {.name = "stale_member_counts", .kind = FLAG, .safest = "true", .offset = AT(stale_member_counts)},
    /* A5: who is a city official */
    {.name = "city_includes",
     .kind = OFFICIALS,
     .safest = "elected, appointed, employee, contractor, volunteer, intern, auxiliary",
     .offset = AT(city_includes)},
    /* A6: does the ordinance know the exemptions of the state law, and face login in particular */
    {.name = "ordinance_exemptions",
     .kind = CHOICE,
     .safest = "as_state_law",
     .choices = {"as_state_law", "none"},
     .offset = NOWHERE},
    {.name = "user_auth_city",
     .kind = CHOICE,
     .safest = "assigned_device_only",
     .choices = {"assigned_device_only", "any_device", "none"},
     .offset = NOWHERE},
    /* A7: "personal electronic device"; a directory cannot show what a person owns, so "owned" exempts
       nothing */
    {.name = "personal_means",
     .kind = CHOICE,
     .safest = "assigned",
     .choices = {"assigned", "owned"},
     .offset = NOWHERE},
    /* A8: capability of redaction software */
    {.name = "redaction_test",
     .kind = CHOICE,
     .safest = "installed_capability",
     .choices = {"installed_capability", "as_used"},
     .offset = NOWHERE},
    /* A9, A25: received evidence somebody of the city asked for */
    {.name = "solicited_evidence",
     .kind = CHOICE,
     .safest = "deny",
     .choices = {"deny", "flag"},
     .offset = NOWHERE},
    /* A10: emergencies */
    {.name = "emergency_max_hours",
     .kind = NUMBER,
     .safest = "24",
     .min = 1,
     .max = 168,
     .offset = AT(emergency_max_hours)},
    {.name = "retro_filing_minutes",
     .kind = NUMBER,
     .safest = "0",
     .min = 0,
     .max = 2880,
     .offset = AT(retro_filing_minutes)},
    /* what exemptions do while the directory is silent */
    {.name = "stale_exemptions",
     .kind = CHOICE,
     .safest = "deny",
     .choices = {"deny", "keep"},
     .offset = NOWHERE},
};

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static int unknown_switch(const struct frt_policy_reader *reader, const config_setting_t *setting)
{
    char known[768] = "";
    size_t used = 0;

    for (size_t i = 0; i < FRT_ARRAY_LEN(rows) && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, " %s", rows[i].name);
    return frt_policy_complain(reader, setting, NULL, "unknown switch; known switches:%s", known);
}

static int take_choice(const struct frt_policy_reader *reader, const config_setting_t *setting,
                       const struct row *row, const char *word, char **ret_text)
{
    char known[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < FRT_ARRAY_LEN(row->choices) && row->choices[i]; i++) {
        if (word && strcmp(row->choices[i], word) == 0) {
            *ret_text = strdup(word);
            return *ret_text ? 0 : -ENOMEM;
        }
        used += (size_t)snprintf(known + used, sizeof(known) - used, " \"%s\"", row->choices[i]);
    }
    return frt_policy_complain(reader, setting, word, "expected one of%s", known);
}

static int take_number(const struct frt_policy_reader *reader, const config_setting_t *setting,
                       const struct row *row, char **ret_text)
{
    int type = config_setting_type(setting);
    long long value =
        type == CONFIG_TYPE_INT64 ? config_setting_get_int64(setting) : config_setting_get_int(setting);

    if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || value < row->min || value > row->max)
        return frt_policy_complain(reader, setting, NULL, "expected a whole number from %ld to %ld", row->min,
                                   row->max);
    return asprintf(ret_text, "%lld", value) < 0 ? -ENOMEM : 0;
}

/* The set in the order of the enumeration, whatever order the file has, so that equal sets are equal texts.
 */
static int officials_text(uint32_t set, char **ret_text)
{
    char text[256] = "";
    size_t used = 0;

    for (unsigned v = 0; v < frt_fact_table[FRT_FACT_OFFICIAL_TYPE].count; v++)
        if (set & (UINT32_C(1) << v))
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "",
                                     frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, v));
    *ret_text = strdup(text);
    return *ret_text ? 0 : -ENOMEM;
}

static int take_officials(const struct frt_policy_reader *reader, const config_setting_t *setting,
                          char **ret_text)
{
    uint32_t set = 0;
    const char *word;

    for (unsigned i = 0; (word = frt_policy_word(setting, i)); i++) {
        int v = frt_fact_value_find(FRT_FACT_OFFICIAL_TYPE, word);

        if (v <= FRT_OFFICIAL_NONE)
            return frt_policy_complain(
                reader, setting, word,
                "expected official types: elected appointed employee contractor volunteer "
                "intern auxiliary");
        set |= UINT32_C(1) << v;
    }
    /* The ordinance names these three itself; without them nobody would be bound. */
    if (!(set & (1u << FRT_OFFICIAL_ELECTED)) || !(set & (1u << FRT_OFFICIAL_APPOINTED)) ||
        !(set & (1u << FRT_OFFICIAL_EMPLOYEE)))
        return frt_policy_complain(
            reader, setting, NULL,
            "expected an array with at least \"elected\", \"appointed\" and \"employee\"");
    return officials_text(set, ret_text);
}

static int take_value(const struct frt_policy_reader *reader, const config_setting_t *setting,
                      const struct row *row, char **ret_text)
{
    switch (row->kind) {
    case CHOICE:
        return take_choice(reader, setting, row, config_setting_get_string(setting), ret_text);
    case FLAG:
        if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
            return frt_policy_complain(reader, setting, NULL, "expected true or false");
        *ret_text = strdup(config_setting_get_bool(setting) ? "true" : "false");
        return *ret_text ? 0 : -ENOMEM;
    case NUMBER:
        return take_number(reader, setting, row, ret_text);
    case OFFICIALS:
        return take_officials(reader, setting, ret_text);
    }
    return -EINVAL;
}

static uint32_t officials_of(const char *text)
{
    uint32_t set = 0;

    for (unsigned v = 1; v < frt_fact_table[FRT_FACT_OFFICIAL_TYPE].count; v++)
        if (strstr(text, frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, v)))
            set |= UINT32_C(1) << v;
    return set;
}

static void apply(const struct row *row, const char *text, struct frt_policy_values *values)
{
    void *slot;

    if (row->offset == NOWHERE)
        return;
    slot = (char *)values + row->offset;
    switch (row->kind) {
    case CHOICE:
        /* The only choice that steers the facts is dual_role. */
        *(bool *)slot = strcmp(text, row->safest) != 0;
        break;
    case FLAG:
        *(bool *)slot = strcmp(text, "true") == 0;
        break;
    case NUMBER:
        *(unsigned *)slot = (unsigned)strtoul(text, NULL, 10);
        break;
    case OFFICIALS:
        *(uint32_t *)slot = officials_of(text);
        break;
    }
}

static int take_switch(const struct frt_policy_reader *reader, const config_setting_t *setting,
                       const struct row *row, struct frt_policy_switch *s)
{
    int r = 0;

    s->name = row->name;
    s->is_default = !setting;
    if (setting)
        r = take_value(reader, setting, row, &s->value);
    else if (!(s->value = strdup(row->safest)))
        r = -ENOMEM;
    if (r < 0)
        return r;
    s->is_safest = strcmp(s->value, row->safest) == 0;
    apply(row, s->value, &reader->policy->values);
    return 0;
}

int frt_policy_take_switches(const struct frt_policy_reader *reader, const config_setting_t *group)
{
    struct frt_policy *policy = reader->policy;

    if (group && !config_setting_is_group(group))
        return frt_policy_complain(reader, group, NULL, "expected a group: switches = { name = value; }");
    for (int i = 0; group && i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);

        if (!find_row(config_setting_name(setting)))
            return unknown_switch(reader, setting);
    }
    policy->switches = calloc(FRT_ARRAY_LEN(rows), sizeof(*policy->switches));
    if (!policy->switches)
        return -ENOMEM;
    for (size_t i = 0; i < FRT_ARRAY_LEN(rows); i++) {
        config_setting_t *setting = group ? config_setting_get_member(group, rows[i].name) : NULL;
        int r;

        policy->switch_count++;
        r = take_switch(reader, setting, &rows[i], &policy->switches[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool has_value(const struct frt_policy_reader *reader, const struct row *row, const char *text)
{
    return strcmp(reader->policy->switches[row - rows].value, text) == 0;
}

/* One condition: NAME = value, or an array of choices of which one must hold. */
static int condition(const struct frt_policy_reader *reader, const config_setting_t *setting, bool *ret_holds)
{
    const struct row *row = find_row(config_setting_name(setting));
    bool several = config_setting_is_array(setting) == CONFIG_TRUE;
    unsigned n = several ? (unsigned)config_setting_length(setting) : 1;

    if (!row)
        return unknown_switch(reader, setting);
    if (row->kind == OFFICIALS || (several && (row->kind != CHOICE || n == 0)))
        return frt_policy_complain(reader, setting, NULL,
                                   "cannot stand in only_if; expected a switch with one value");
    *ret_holds = false;
    for (unsigned i = 0; i < n; i++) {
        frt_auto_free char *text = NULL;
        int r = several ? take_choice(reader, setting, row, frt_policy_word(setting, i), &text)
                        : take_value(reader, setting, row, &text);

        if (r < 0)
            return r;
        *ret_holds = *ret_holds || has_value(reader, row, text);
    }
    return 0;
}

int frt_policy_only_if(const struct frt_policy_reader *reader, const config_setting_t *group, bool *ret_holds)
{
    bool all = true;

    if (group && (!config_setting_is_group(group) || config_setting_length(group) == 0))
        return frt_policy_complain(reader, group, NULL, "expected a group: only_if = { switch = value; }");
    for (int i = 0; group && i < config_setting_length(group); i++) {
        bool holds = false;
        int r = condition(reader, config_setting_get_elem(group, (unsigned)i), &holds);

        if (r < 0)
            return r;
        all = all && holds;
    }
    *ret_holds = all;
    return 0;
}
