/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/commands.h"

static void print_help(FILE *out)
{
    fputs("Usage: frt check [OPTION]... USER TOOL\n\n"
          "What would be decided now on this host, by the daemon's own data. Nothing is opened.\n\n"
          "  --login USER     the person who logged in, when USER is only the account that acts (sudo, su)\n"
          "  --action ACTION  login, open, exec, obtain, retain or file (default exec)\n"
          "  --request ID     the written request that would be presented\n"
          "  --evidence ID    the evidence item that would be opened\n"
          "  --explain        roles found, every layer, rules passed over and why, what would change it\n"
          "  --json           the same for programs\n"
          "  --config FILE    configuration (default " FRT_CONF_PATH ")\n\n"
          "Exit status: 0 would be let pass (allow, exempt, not governed), 1 would be denied.\n",
          out);
}

static void print_list(const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item) printf("%s%s", i ? " or " : "", json_string_value(item));
}

static void print_person(const char *label, const json_t *person)
{
    const json_t *role, *roles = json_object_get(person, "roles_in_force");
    size_t i;

    if (!json_is_true(json_object_get(person, "found"))) {
        printf("%-9s nobody the directory knows\n", label);
        return;
    }
    printf("%-9s %s (%s)\n", label, frt_cli_text(person, "uid"), frt_cli_text(person, "name"));
    if (json_array_size(roles) == 0)
        puts("            no role in force");
    json_array_foreach(roles, i, role)
    {
        printf("            %s %s %s %s", frt_cli_text(role, "affiliation"), frt_cli_text(role, "agency"),
               frt_cli_text(role, "department"), frt_cli_text(role, "official_type"));
        printf("%s%s", json_is_true(json_object_get(role, "sworn")) ? " sworn" : "",
               json_is_true(json_object_get(role, "performer")) ? " performer" : "");
        printf("  [%s%s%s]\n", frt_cli_text(role, "id"),
               frt_cli_text(role, "changed_by")[0] ? ", last changed by " : "",
               frt_cli_text(role, "changed_by"));
    }
}

static void print_rule(const json_t *rule)
{
    printf("    %-8s line %-4lld %-12s ", frt_cli_text(rule, "id"), frt_cli_number(rule, "line"),
           frt_cli_text(rule, "verdict"));
    if (json_is_true(json_object_get(rule, "speaks")))
        fputs("<- this rule speaks", stdout);
    else if (json_is_true(json_object_get(rule, "matches")))
        fputs("would also match, an earlier rule spoke", stdout);
    else {
        printf("passed over: %s is %s, wants ", frt_cli_text(rule, "fact"), frt_cli_text(rule, "is"));
        print_list(json_object_get(rule, "wants"));
    }
    puts("");
}

static void print_layers(const json_t *layers)
{
    const json_t *layer, *rule;
    size_t i, k;

    json_array_foreach(layers, i, layer)
    {
        const char *verdict = frt_cli_text(layer, "verdict");

        printf("layer %s: %s%s%s\n", frt_cli_text(layer, "layer"), verdict[0] ? verdict : "silent",
               verdict[0] ? " by " : "", frt_cli_text(layer, "rule"));
        json_array_foreach(json_object_get(layer, "rules"), k, rule) print_rule(rule);
    }
}

static void print_alternatives(const json_t *alternatives)
{
    const json_t *alternative, *change;
    size_t i, k;

    if (json_array_size(alternatives) == 0)
        puts("\nNothing about the person, host or request would change this.");
    json_array_foreach(alternatives, i, alternative)
    {
        printf("\nIt would be %s (%s) if:\n", frt_cli_text(alternative, "verdict"),
               frt_cli_text(alternative, "rule"));
        json_array_foreach(json_object_get(alternative, "changes"), k, change)
            printf("    %s were %s (it is %s)\n", frt_cli_text(change, "fact"),
                   frt_cli_text(change, "would_be"), frt_cli_text(change, "is"));
    }
}

static void print_explanation(const json_t *check)
{
    const json_t *facts = json_object_get(check, "facts"), *value;
    const char *key;

    puts("");
    if (frt_cli_text(json_object_get(check, "login"), "uid")[0])
        print_person("login", json_object_get(check, "login"));
    print_person("acting", json_object_get(check, "user"));
    printf("%-9s %s (%s)\n%-9s %s\n\nfacts\n", "tool", frt_cli_text(check, "tool"),
           frt_cli_text(check, "tool_name"), "host", frt_cli_text(check, "host"));
    json_object_foreach((json_t *)(uintptr_t)facts, key, value)
        printf("    %-14s %s\n", key, json_string_value(value));
    puts("");
    print_layers(json_object_get(check, "layers"));
    if (strcmp(frt_cli_text(check, "verdict"), "deny") == 0)
        print_alternatives(json_object_get(check, "would_change"));
}

static void print_check(const json_t *check, bool explain)
{
    printf("%s", frt_cli_text(check, "verdict"));
    if (frt_cli_text(check, "rule")[0])
        printf(" by rule %s", frt_cli_text(check, "rule"));
    printf(" (%s)\n%s\n", frt_cli_text(check, "reason"), frt_cli_text(check, "message"));
    if (frt_cli_text(check, "citation")[0])
        printf("%s\n", frt_cli_text(check, "citation"));
    if (explain)
        print_explanation(check);
}

struct arguments {
    const char *conf_path;
    bool explain, as_json;
};

static bool set_action(struct frt_ask *ask, const char *name)
{
    int action = frt_fact_value_find(FRT_FACT_ACTION, name);

    if (action > 0) {
        ask->action = (enum frt_action)action;
        return true;
    }
    fprintf(stderr, "frt: there is no action '%s': expected login, open, exec, obtain, retain or file\n",
            name);
    return false;
}

static bool take_option(int option, struct arguments *arguments, struct frt_ask *ask)
{
    switch (option) {
    case 'c':
        arguments->conf_path = optarg;
        return true;
    case 'e':
        arguments->explain = true;
        return true;
    case 'j':
        arguments->as_json = true;
        return true;
    case 'l':
        return frt_cli_set(ask->ruser, sizeof(ask->ruser), "--login", optarg);
    case 'a':
        return set_action(ask, optarg);
    case 'r':
        return frt_cli_set(ask->request, sizeof(ask->request), "--request", optarg);
    case 'v':
        return frt_cli_set(ask->evidence, sizeof(ask->evidence), "--evidence", optarg);
    default:
        print_help(stderr);
        return false;
    }
}

static int report(struct arguments *arguments, struct frt_ask *ask)
{
    int code;
    json_t *check = frt_cli_ask(arguments->conf_path, ask, &code);

    if (!check)
        return code;
    if (arguments->as_json)
        frt_cli_print_json(check);
    else
        print_check(check, arguments->explain);
    code = strcmp(frt_cli_text(check, "verdict"), "deny") == 0 ? FRT_EXIT_NO : FRT_EXIT_YES;
    json_decref(check);
    return code;
}

int frt_check_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"explain", no_argument, NULL, 'e'},
        {"json", no_argument, NULL, 'j'},
        {"login", required_argument, NULL, 'l'},
        {"action", required_argument, NULL, 'a'},
        {"request", required_argument, NULL, 'r'},
        {"evidence", required_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct frt_ask ask = frt_cli_question(FRT_ASK_CHECK);
    struct arguments arguments = {0};
    int option;

    ask.action = FRT_ACTION_EXEC;
    ask.match = FRT_MATCH_NAMED;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            print_help(stdout);
            return 0;
        }
        if (!take_option(option, &arguments, &ask))
            return FRT_EXIT_USAGE;
    }
    if (argc - optind != 2) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (!frt_cli_set(ask.user, sizeof(ask.user), "USER", argv[optind]) ||
        !frt_cli_set(ask.tool, sizeof(ask.tool), "TOOL", argv[optind + 1]))
        return FRT_EXIT_USAGE;
    return report(&arguments, &ask);
}
