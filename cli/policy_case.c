/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/policy_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/cleanup.h"
#include "support/percent.h"
#include "support/time_text.h"

static const char *const known_columns[] = {
    "case",     "login", "user", "action", "tool",  "host", "request", "at",     "verdict", "rule",
    "evidence", "uses",  "view", "trail",  "clock", "gate", "match",   "reason", "oblige",  "note"};
static const char *const needed_columns[] = {"case", "login", "action", "tool", "host", "at"};

static bool complain(const char *file, unsigned line, const char *column, const char *value,
                     const char *expected)
{
    char shown[96] = "";

    frt_percent_encode(value, strlen(value), shown, sizeof(shown));
    fprintf(stderr, "frt policy test: %s:%u: %s: \"%s\": expected %s\n", file, line, column, shown, expected);
    return false;
}

static bool has_layer(const struct frt_policy *policy, const char *name)
{
    for (size_t l = 0; l < policy->layer_count; l++)
        if (strcmp(policy->layers[l].name, name) == 0)
            return true;
    return false;
}

bool frt_policy_case_check_columns(const char *file, const struct frt_case_table *table,
                                   const struct frt_policy *policy)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool known = false;

        if (strncmp(table->columns[i], "layer:", 6) == 0) {
            if (!has_layer(policy, table->columns[i] + 6))
                return complain(file, 1, "header", table->columns[i], "the name of a layer of the policy");
            continue;
        }
        for (size_t k = 0; k < FRT_ARRAY_LEN(known_columns) && !known; k++)
            known = strcmp(known_columns[k], table->columns[i]) == 0;
        if (!known)
            return complain(
                file, 1, "header", table->columns[i],
                "case login user action tool host request at verdict rule, or evidence uses view trail "
                "clock gate match reason oblige note layer:NAME");
    }
    for (size_t k = 0; k < FRT_ARRAY_LEN(needed_columns); k++)
        if (frt_case_table_column(table, needed_columns[k]) < 0)
            return complain(file, 1, "header", needed_columns[k], "a column of this name");
    if (frt_case_table_column(table, "verdict") < 0 && frt_case_table_column(table, "rule") < 0)
        return complain(file, 1, "header", "", "a column verdict or rule; without one nothing is checked");
    return true;
}

/* Empty and "-" both say: nothing here. */
static const char *cell_or_null(const struct frt_policy_case *c, const char *column)
{
    const char *cell = frt_case_cell(c->table, c->row, column);

    return cell[0] == '\0' || strcmp(cell, "-") == 0 ? NULL : cell;
}

/* The value of a fact given as a word in `column`; `preset` when the cell is empty. -1 after complaining. */
static int take_word(const struct frt_policy_case *c, const char *column, enum frt_fact fact, int preset)
{
    const char *cell = cell_or_null(c, column);
    char expected[256] = "one of";
    size_t used = strlen(expected);
    int value;

    if (!cell)
        return preset;
    /* The ordinance's own words. */
    if (fact == FRT_FACT_ACTION && strcmp(cell, "access") == 0)
        return FRT_ACTION_OPEN;
    if (fact == FRT_FACT_ACTION && strcmp(cell, "use") == 0)
        return FRT_ACTION_EXEC;
    value = frt_fact_value_find(fact, cell);
    if (value >= 0)
        return value;
    for (unsigned v = 0; v < frt_fact_table[fact].count && used < sizeof(expected); v++)
        used +=
            (size_t)snprintf(expected + used, sizeof(expected) - used, " %s", frt_fact_value_name(fact, v));
    complain(c->file, c->row->line, column, cell, expected);
    return -1;
}

static bool take_uses(struct frt_policy_case *c)
{
    const char *cell = cell_or_null(c, "uses");
    char *end = NULL;
    unsigned long uses;

    if (!cell)
        return true;
    errno = 0;
    uses = strtoul(cell, &end, 10);
    if (cell[0] < '0' || cell[0] > '9' || *end || errno || uses > 1000000)
        return complain(c->file, c->row->line, "uses", cell, "a number of earlier uses of the request");
    c->attempt.request_uses = (unsigned)uses;
    return true;
}

static bool take_states(const struct frt_view *view, struct frt_policy_case *c)
{
    bool whole = frt_view_problem(view)[0] == '\0';
    int state = take_word(c, "view", FRT_FACT_VIEW, whole ? FRT_VIEW_FRESH : FRT_VIEW_INCOMPLETE);
    int trail = take_word(c, "trail", FRT_FACT_TRAIL, FRT_TRAIL_READY);
    int clock = take_word(c, "clock", FRT_FACT_CLOCK, FRT_CLOCK_GOOD);
    int gate = take_word(c, "gate", FRT_FACT_GATE, FRT_GATE_ABSENT);

    if (state < 0 || trail < 0 || clock < 0 || gate < 0)
        return false;
    c->attempt.view = (enum frt_view_state)state;
    c->attempt.trail = (enum frt_trail_state)trail;
    c->attempt.clock = (enum frt_clock_state)clock;
    c->attempt.gate = (enum frt_gate_state)gate;
    return true;
}

static bool take_tool(const struct frt_view *view, struct frt_policy_case *c)
{
    const char *tool = cell_or_null(c, "tool");
    bool known = tool && frt_view_tool(view, tool);
    int match = take_word(c, "match", FRT_FACT_MATCH, known ? FRT_MATCH_PATH : FRT_MATCH_NONE);

    c->attempt.tool = tool;
    c->attempt.match = match < 0 ? FRT_MATCH_NONE : (enum frt_match)match;
    return match >= 0;
}

/* Expected words are checked to be words, so that a typing error is not taken for a difference. */
static bool check_expectations(const struct frt_policy_case *c)
{
    const char *verdict = frt_case_cell(c->table, c->row, "verdict");
    const char *reason = frt_case_cell(c->table, c->row, "reason");
    enum frt_verdict unused;

    if (verdict[0] && frt_verdict_find(verdict, &unused) < 0)
        return complain(c->file, c->row->line, "verdict", verdict, "deny, allow, exempt or not-governed");
    if (reason[0] && frt_reason_find(reason) < 0)
        return complain(c->file, c->row->line, "reason", reason, "a reason such as city-official");
    return true;
}

bool frt_policy_case_take(const struct frt_view *view, struct frt_policy_case *c)
{
    const char *at = frt_case_cell(c->table, c->row, "at");
    int action = take_word(c, "action", FRT_FACT_ACTION, -1);

    c->attempt = (struct frt_attempt){
        .login = cell_or_null(c, "login"),
        .login_uid = FRT_UID_UNSET,
        .user = cell_or_null(c, "user"),
        .user_uid = FRT_UID_UNSET,
        .host = cell_or_null(c, "host"),
        .request = cell_or_null(c, "request"),
        .evidence = cell_or_null(c, "evidence"),
    };
    if (!cell_or_null(c, "at"))
        c->attempt.now_s = (int64_t)time(NULL);
    else if (frt_time_parse(at, &c->attempt.now_s) < 0)
        return complain(c->file, c->row->line, "at", at, "a time such as 2026-03-16T14:00:00Z");
    if (action < 0 && !cell_or_null(c, "action"))
        return complain(c->file, c->row->line, "action", "",
                        "login, open, exec, obtain, retain, file, access or use");
    c->attempt.action = action < 0 ? FRT_ACTION_UNKNOWN : (enum frt_action)action;
    return action >= 0 && take_tool(view, c) && take_states(view, c) && take_uses(c) && check_expectations(c);
}

static void compare(struct frt_policy_case *c, const char *column, const char *got)
{
    const char *expected = frt_case_cell(c->table, c->row, column);
    char shown[128];

    if (expected[0] == '\0' || strcmp(expected, got) == 0)
        return;
    frt_percent_encode(expected, strlen(expected), shown, sizeof(shown));
    json_array_append_new(c->differences,
                          json_pack("{s:s, s:s, s:s}", "column", column, "expected", shown, "got", got));
}

/* One rule, or several of which any will do: "S-REQ, S-ORD". */
static void compare_rule(struct frt_policy_case *c, const char *got)
{
    static const char between[] = ", ";
    const char *rest = frt_case_cell(c->table, c->row, "rule");
    size_t length;

    for (; *(rest += strspn(rest, between)); rest += length) {
        length = strcspn(rest, between);
        if (length == strlen(got) && strncmp(rest, got, length) == 0)
            return;
    }
    compare(c, "rule", got);
}

void frt_policy_case_obligations(unsigned obligations, char *buffer, size_t size)
{
    const char *name;
    size_t used = (size_t)snprintf(buffer, size, "%s", obligations ? "" : "none");

    for (; (name = frt_obligation_name(obligations)); obligations &= ~frt_obligation_find(name))
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? "," : "", name);
}

void frt_policy_case_compare(const struct frt_policy *policy, struct frt_policy_case *c)
{
    const struct frt_decision *d = &c->decision;
    char text[128];

    compare(c, "verdict", frt_verdict_name(d->verdict));
    compare_rule(c, d->rule ? d->rule->id : "none");
    compare(c, "reason", frt_reason_table[d->reason].name);
    frt_policy_case_obligations(d->obligations, text, sizeof(text));
    compare(c, "oblige", text);
    for (size_t l = 0; l < policy->layer_count; l++) {
        const struct frt_rule *rule = d->layers[l].rule;
        char column[64];

        snprintf(column, sizeof(column), "layer:%s", policy->layers[l].name);
        snprintf(text, sizeof(text), "%s%s%s", rule ? frt_verdict_name(rule->verdict) : "silent",
                 rule ? " " : "", rule ? rule->id : "");
        compare(c, column, text);
    }
}
