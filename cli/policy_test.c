/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/policy_case.h"
#include "cli/policy_parts.h"
#include "directory/ldif.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"

/* One run: the policy, the directory and what has been found so far. */
struct run {
    const struct frt_policy_arguments *arguments;
    struct frt_policy *policy;
    struct frt_view *view;
    size_t cases, differ;
    json_t *rows; /* NULL: text output */
};

static void print_layers(const struct run *run, const struct frt_decision *d)
{
    for (size_t l = 0; l < run->policy->layer_count; l++) {
        const struct frt_rule *rule = d->layers[l].rule;

        printf("%s%s: %s%s%s", l ? "; " : "    ", run->policy->layers[l].name,
               rule ? frt_verdict_name(rule->verdict) : "silent", rule ? " " : "", rule ? rule->id : "");
    }
    puts("");
}

static void print_text(const struct run *run, const struct frt_policy_case *o)
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

static void add_json(const struct run *run, const struct frt_policy_case *o)
{
    char obligations[128], name[96], file[512];
    const char *cell = frt_case_cell(o->table, o->row, "case");

    frt_percent_encode(cell, strlen(cell), name, sizeof(name));
    frt_percent_encode(o->file, strlen(o->file), file, sizeof(file));
    frt_policy_case_obligations(o->decision.obligations, obligations, sizeof(obligations));
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
    struct frt_policy_case o = {.file = file, .table = table, .row = row};
    struct frt_resolution resolution;

    if (!frt_policy_case_take(run->view, &o))
        return false;
    frt_resolve(run->view, &run->policy->values, &o.attempt, &resolution);
    frt_decide(run->policy, &resolution.facts, &o.decision);
    o.differences = json_array();
    frt_policy_case_compare(run->policy, &o);
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
    good = frt_policy_case_check_columns(file, &table, run->policy);
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

    if (frt_policy_load_any(run->arguments->policy, (int64_t)time(NULL), warn, NULL, &run->policy, error) ==
        0)
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
