/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/case_table.h"
#include "cli/commands.h"
#include "cli/policy_parts.h"
#include "directory/ldif.h"
#include "directory/resolve.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"
#include "support/time_text.h"

/* One run: the policy, the directory and what has been found so far. */
struct run {
    const struct frt_policy_arguments *arguments;
    struct frt_policy *policy;
    struct frt_view *view;
    size_t cases, differ;
    json_t *rows; /* NULL: text output */
};

/* One case as the table states it and as it came out. */
struct outcome {
    const char *file;
    const struct frt_case_table *table;
    const struct frt_case_row *row;
    struct frt_attempt attempt;
    struct frt_decision decision;
    json_t *differences; /* [ { "column", "expected", "got" } ] */
};

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

static bool check_columns(const char *file, const struct frt_case_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool known = strncmp(table->columns[i], "layer:", 6) == 0;

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
static const char *cell_or_null(const struct outcome *o, const char *column)
{
    const char *cell = frt_case_cell(o->table, o->row, column);

    return cell[0] == '\0' || strcmp(cell, "-") == 0 ? NULL : cell;
}

/* The value of a fact given as a word in `column`; `preset` when the cell is empty. -1 after complaining. */
static int take_word(const struct outcome *o, const char *column, enum frt_fact fact, int preset)
{
    const char *cell = cell_or_null(o, column);
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
    complain(o->file, o->row->line, column, cell, expected);
    return -1;
}

static bool take_uses(struct outcome *o)
{
    const char *cell = cell_or_null(o, "uses");
    char *end = NULL;
    unsigned long uses;

    if (!cell)
        return true;
    errno = 0;
    uses = strtoul(cell, &end, 10);
    if (cell[0] < '0' || cell[0] > '9' || *end || errno || uses > 1000000)
        return complain(o->file, o->row->line, "uses", cell, "a number of earlier uses of the request");
    o->attempt.request_uses = (unsigned)uses;
    return true;
}

static bool take_states(const struct run *run, struct outcome *o)
{
    bool whole = frt_view_problem(run->view)[0] == '\0';
    int view = take_word(o, "view", FRT_FACT_VIEW, whole ? FRT_VIEW_FRESH : FRT_VIEW_INCOMPLETE);
    int trail = take_word(o, "trail", FRT_FACT_TRAIL, FRT_TRAIL_READY);
    int clock = take_word(o, "clock", FRT_FACT_CLOCK, FRT_CLOCK_GOOD);
    int gate = take_word(o, "gate", FRT_FACT_GATE, FRT_GATE_ABSENT);

    if (view < 0 || trail < 0 || clock < 0 || gate < 0)
        return false;
    o->attempt.view = (enum frt_view_state)view;
    o->attempt.trail = (enum frt_trail_state)trail;
    o->attempt.clock = (enum frt_clock_state)clock;
    o->attempt.gate = (enum frt_gate_state)gate;
    return true;
}

static bool take_tool(const struct run *run, struct outcome *o)
{
    const char *tool = cell_or_null(o, "tool");
    bool known = tool && frt_view_tool(run->view, tool);
    int match = take_word(o, "match", FRT_FACT_MATCH, known ? FRT_MATCH_PATH : FRT_MATCH_NONE);

    o->attempt.tool = tool;
    o->attempt.match = match < 0 ? FRT_MATCH_NONE : (enum frt_match)match;
    return match >= 0;
}

static bool take_attempt(const struct run *run, struct outcome *o)
{
    const char *at = frt_case_cell(o->table, o->row, "at");
    int action = take_word(o, "action", FRT_FACT_ACTION, -1);

    o->attempt = (struct frt_attempt){
        .login = cell_or_null(o, "login"),
        .login_uid = FRT_UID_UNSET,
        .user = cell_or_null(o, "user"),
        .user_uid = FRT_UID_UNSET,
        .host = cell_or_null(o, "host"),
        .request = cell_or_null(o, "request"),
        .evidence = cell_or_null(o, "evidence"),
    };
    if (frt_time_parse(at, &o->attempt.now_s) < 0)
        return complain(o->file, o->row->line, "at", at, "a time such as 2026-03-16T14:00:00Z");
    if (action < 0 && !cell_or_null(o, "action"))
        return complain(o->file, o->row->line, "action", "",
                        "login, open, exec, obtain, retain, file, access or use");
    o->attempt.action = action < 0 ? FRT_ACTION_UNKNOWN : (enum frt_action)action;
    return action >= 0 && take_tool(run, o) && take_states(run, o) && take_uses(o);
}

/* Expected cells are checked to be words of the policy, so that a typing error is not taken for a difference. */
static bool check_expectations(const struct run *run, const struct outcome *o)
{
    const char *verdict = frt_case_cell(o->table, o->row, "verdict"),
               *reason = frt_case_cell(o->table, o->row, "reason");
    enum frt_verdict unused;

    (void)run;
    if (verdict[0] && frt_verdict_find(verdict, &unused) < 0)
        return complain(o->file, o->row->line, "verdict", verdict, "deny, allow, exempt or not-governed");
    if (reason[0] && frt_reason_find(reason) < 0)
        return complain(o->file, o->row->line, "reason", reason, "a reason such as city-official");
    for (size_t i = 0; i < o->table->column_count; i++) {
        bool found = strncmp(o->table->columns[i], "layer:", 6) != 0;

        for (size_t l = 0; l < run->policy->layer_count && !found; l++)
            found = strcmp(o->table->columns[i] + 6, run->policy->layers[l].name) == 0;
        if (!found)
            return complain(o->file, 1, "header", o->table->columns[i], "the name of a layer of the policy");
    }
    return true;
}

static void compare(struct outcome *o, const char *column, const char *got)
{
    const char *expected = frt_case_cell(o->table, o->row, column);
    char shown[128];

    if (expected[0] == '\0' || strcmp(expected, got) == 0)
        return;
    frt_percent_encode(expected, strlen(expected), shown, sizeof(shown));
    json_array_append_new(o->differences,
                          json_pack("{s:s, s:s, s:s}", "column", column, "expected", shown, "got", got));
}

static void format_obligations(unsigned obligations, char *buffer, size_t size)
{
    const char *name;
    size_t used = (size_t)snprintf(buffer, size, "%s", obligations ? "" : "none");

    for (; (name = frt_obligation_name(obligations)); obligations &= ~frt_obligation_find(name))
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? "," : "", name);
}

static void compare_all(const struct run *run, struct outcome *o)
{
    const struct frt_decision *d = &o->decision;
    char text[128];

    compare(o, "verdict", frt_verdict_name(d->verdict));
    compare(o, "rule", d->rule ? d->rule->id : "none");
    compare(o, "reason", frt_reason_table[d->reason].name);
    format_obligations(d->obligations, text, sizeof(text));
    compare(o, "oblige", text);
    for (size_t l = 0; l < run->policy->layer_count; l++) {
        const struct frt_rule *rule = d->layers[l].rule;
        char column[64];

        snprintf(column, sizeof(column), "layer:%s", run->policy->layers[l].name);
        snprintf(text, sizeof(text), "%s%s%s", rule ? frt_verdict_name(rule->verdict) : "silent",
                 rule ? " " : "", rule ? rule->id : "");
        compare(o, column, text);
    }
}

static void print_layers(const struct run *run, const struct frt_decision *d)
{
    for (size_t l = 0; l < run->policy->layer_count; l++) {
        const struct frt_rule *rule = d->layers[l].rule;

        printf("%s%s: %s%s%s", l ? "; " : "    ", run->policy->layers[l].name,
               rule ? frt_verdict_name(rule->verdict) : "silent", rule ? " " : "", rule ? rule->id : "");
    }
    puts("");
}

static void print_text(const struct run *run, const struct outcome *o)
{
    const json_t *difference;
    char name[96];
    const char *cell = frt_case_cell(o->table, o->row, "case");
    size_t i, n = json_array_size(o->differences);

    if (n == 0 && !run->arguments->verbose)
        return;
    frt_percent_encode(cell, strlen(cell), name, sizeof(name));
    printf("%s:%u: case %s: %s %s\n", o->file, o->row->line, name, frt_verdict_name(o->decision.verdict),
           o->decision.rule ? o->decision.rule->id : "(no rule)");
    json_array_foreach(o->differences, i, difference)
    {
        printf("    %s: expected %s, got %s\n", json_string_value(json_object_get(difference, "column")),
               json_string_value(json_object_get(difference, "expected")),
               json_string_value(json_object_get(difference, "got")));
    }
    if (n > 0) {
        print_layers(run, &o->decision);
        printf("    %s\n", o->decision.rule ? o->decision.rule->message : "no rule spoke");
    }
}

static void add_json(const struct run *run, const struct outcome *o)
{
    char obligations[128], name[96], file[512];
    const char *cell = frt_case_cell(o->table, o->row, "case");

    frt_percent_encode(cell, strlen(cell), name, sizeof(name));
    frt_percent_encode(o->file, strlen(o->file), file, sizeof(file));
    format_obligations(o->decision.obligations, obligations, sizeof(obligations));
    json_array_append_new(run->rows, json_pack("{s:s, s:s, s:i, s:s, s:s?, s:s, s:s, s:O}", "case", name,
                                               "file", o->file, "line", (int)o->row->line, "verdict",
                                               frt_verdict_name(o->decision.verdict), "rule",
                                               o->decision.rule ? o->decision.rule->id : NULL, "reason",
                                               frt_reason_table[o->decision.reason].name, "oblige",
                                               obligations, "differences", o->differences));
}

static bool run_case(struct run *run, const char *file, const struct frt_case_table *table,
                     const struct frt_case_row *row)
{
    struct outcome o = {.file = file, .table = table, .row = row};
    struct frt_resolution resolution;

    if (!take_attempt(run, &o) || !check_expectations(run, &o))
        return false;
    frt_resolve(run->view, &run->policy->values, &o.attempt, &resolution);
    frt_decide(run->policy, &resolution.facts, &o.decision);
    o.differences = json_array();
    compare_all(run, &o);
    run->cases++;
    run->differ += json_array_size(o.differences) > 0;
    if (run->rows)
        add_json(run, &o);
    else
        print_text(run, &o);
    json_decref(o.differences);
    return true;
}

static bool run_file(struct run *run, const char *file)
{
    char error[FRT_CASES_ERROR_MAX], *text = NULL;
    struct frt_case_table table;
    const char *what = "";
    size_t length = 0;
    bool good;
    int r = frt_file_read(file, FRT_FILE_ANY, FRT_CASES_MAX_BYTES, &text, &length, &what);

    if (r < 0) {
        fprintf(stderr, "frt policy test: %s: %s (%s)\n", file, what, strerror(-r));
        return false;
    }
    if (frt_case_table_parse(file, text, length, &table, error) < 0) {
        fprintf(stderr, "frt policy test: %s\n", error);
        return false;
    }
    good = check_columns(file, &table);
    for (size_t i = 0; i < table.row_count && good; i++)
        good = run_case(run, file, &table, &table.rows[i]);
    frt_case_table_clear(&table);
    return good;
}

static bool load_file(struct run *run, const char *path)
{
    char error[FRT_LDIF_ERROR_MAX];

    if (frt_ldif_load(path, run->view, error) == 0)
        return true;
    fprintf(stderr, "frt policy test: %s\n", error);
    return false;
}

static int is_ldif(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".ldif") == 0;
}

/* A file, or the *.ldif files of a folder in the order of their names. */
static bool load_path(struct run *run, const char *path)
{
    struct dirent **entries;
    struct stat st;
    bool good = true;
    int n;

    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return load_file(run, path);
    n = scandir(path, &entries, is_ldif, alphasort);
    if (n <= 0)
        fprintf(stderr, "frt policy test: %s: expected *.ldif files in this folder\n", path);
    for (int i = 0; i < n; i++) {
        frt_auto_free char *file = NULL;

        good = good && asprintf(&file, "%s/%s", path, entries[i]->d_name) > 0 && load_file(run, file);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return good && n > 0;
}

static bool load_directory(struct run *run)
{
    const struct frt_policy_arguments *a = run->arguments;
    const struct frt_view_layout layout = {.suffix = a->suffix ? a->suffix : "dc=frt,dc=example"};
    bool good = true;
    int r = a->conf && !a->suffix ? frt_conf_new_view(a->conf, &run->view)
                                  : frt_view_new(&layout, NULL, 0, &run->view);

    if (r < 0) {
        fprintf(stderr, "frt policy test: the directory cannot be set up: %s\n", strerror(-r));
        return false;
    }
    for (size_t i = 0; i < a->directory_count && good; i++)
        good = load_path(run, a->directories[i]);
    for (size_t i = 0; a->directory_count == 0 && a->conf && a->conf->directory.ldif[i] && good; i++)
        good = load_path(run, a->conf->directory.ldif[i]);
    if (good && frt_view_entry_count(run->view) == 0) {
        fprintf(stderr,
                "frt policy test: no directory: expected --directory LDIF with entries below the suffix\n");
        return false;
    }
    for (size_t i = 0; good && i < frt_view_unreadable_count(run->view); i++)
        fprintf(stderr, "warning: %s\n", frt_view_unreadable(run->view, i));
    return good;
}

static void warn(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "warning: %s\n", text);
}

static bool load_policy(struct run *run)
{
    char error[FRT_POLICY_ERROR_MAX];

    if (frt_policy_load(run->arguments->policy, (int64_t)time(NULL), warn, NULL, &run->policy, error) == 0)
        return true;
    fprintf(stderr, "frt policy test: %s\n", error);
    return false;
}

static void print_summary(struct run *run)
{
    json_t *whole;

    if (!run->rows) {
        printf("%zu cases, %zu differ\n", run->cases, run->differ);
        return;
    }
    whole = json_pack("{s:I, s:I, s:O}", "cases", (json_int_t)run->cases, "differ", (json_int_t)run->differ,
                      "rows", run->rows);
    json_dumpf(whole, stdout, JSON_INDENT(2));
    puts("");
    json_decref(whole);
}

int frt_policy_test(const struct frt_policy_arguments *arguments)
{
    struct run run = {.arguments = arguments};
    bool good;

    run.rows = arguments->as_json ? json_array() : NULL;
    good = load_policy(&run) && load_directory(&run);
    for (size_t i = 0; i < arguments->case_count && good; i++)
        good = run_file(&run, arguments->cases[i]);
    if (good)
        print_summary(&run);
    json_decref(run.rows);
    frt_view_free(run.view);
    frt_policy_free(run.policy);
    if (!good)
        return FRT_EXIT_USAGE;
    return run.differ ? FRT_EXIT_NO : FRT_EXIT_YES;
}
