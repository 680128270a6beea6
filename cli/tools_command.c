/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/tools_parts.h"
#include "support/cleanup.h"
#include "support/percent.h"

static void print_help(FILE *out)
{
    fputs("Usage: frt tools list [--json] [TOOL...]\n"
          "       frt tools lock|unlock|status [OPTION]... [TOOL...]\n\n"
          "list shows the catalogue as frtd holds it. lock puts group permission on catalogued face "
          "surveillance tools that\n"
          "are on this machine (0755 becomes 0750, root:frt-tools), so that they stay shut even when no "
          "process of ours runs;\n"
          "unlock gives each file its former owner and mode back; status shows what is locked and what has "
          "changed since.\n"
          "Where a Debian package owns the file, dpkg-statoverride keeps the lock through upgrades. Needs "
          "root.\n\n"
          "  --group NAME      the group that may use the tools, or #NUMBER (default " FRT_LOCK_GROUP ")\n"
          "  --dry-run         say what would be done, change nothing\n"
          "  --state FILE      what was locked and how it was before (default " FRT_LOCK_STATE ")\n"
          "  --root DIR        another system's root directory\n"
          "  --catalogue FILE  the catalogue from a file ('frt tools list --json') instead of from frtd\n"
          "  --json            list: output for programs\n"
          "  --config FILE     configuration (default " FRT_CONF_PATH ")\n\n"
          "Exit status: 0 done, all locked; 1 something is not locked, could not be or has changed.\n",
          out);
}

static const struct {
    const char *name;
    int (*run)(const struct frt_tools_arguments *arguments);
} parts[] = {
    {"list", frt_tools_list},
    {"lock", frt_tools_lock},
    {"unlock", frt_tools_unlock},
    {"status", frt_tools_lock_status},
};

bool frt_tools_is_named(const struct frt_tools_arguments *arguments, const char *id)
{
    for (int i = 0; i < arguments->name_count; i++) {
        size_t length = strlen(arguments->names[i]);

        if (strncmp(id, arguments->names[i], length) == 0 && (id[length] == '\0' || id[length] == '-'))
            return true;
    }
    return arguments->name_count == 0;
}

static bool is_every_name_known(const struct frt_tools_arguments *arguments, const json_t *tools)
{
    for (int i = 0; i < arguments->name_count; i++)
        if (!frt_cli_catalogue_find(tools, arguments->names[i])) {
            fprintf(stderr, "frt: the catalogue has no tool '%s'; frt tools list shows what it has\n",
                    arguments->names[i]);
            return false;
        }
    return true;
}

json_t *frt_tools_catalogue(const struct frt_tools_arguments *arguments, int *ret_exit)
{
    json_t *tools;

    *ret_exit = FRT_EXIT_USAGE;
    tools = arguments->catalogue ? frt_cli_catalogue_kept(arguments->catalogue)
                                 : frt_cli_catalogue(arguments->conf_path, ret_exit);
    if (!tools && arguments->catalogue)
        fprintf(stderr,
                "frt: %s: expected the output of 'frt tools list --json', owned by root, not writable by "
                "others\n",
                arguments->catalogue);
    if (tools && !is_every_name_known(arguments, tools)) {
        json_decref(tools);
        *ret_exit = FRT_EXIT_USAGE;
        return NULL;
    }
    return tools;
}

static void print_values(const char *label, const json_t *values)
{
    const json_t *value;
    size_t i;

    json_array_foreach(values, i, value)
    {
        char shown[1024];
        const char *text = json_string_value(value);

        frt_percent_encode(text, strlen(text), shown, sizeof(shown));
        printf("    %-8s %s\n", label, shown);
    }
}

static void print_tool(const json_t *tool, bool with_marks)
{
    static const char *const kinds[] = {"path", "pattern", "model", "package", "sha256", "size"};
    const char *name = frt_cli_text(tool, "name");
    char shown[160];

    frt_percent_encode(name, strlen(name), shown, sizeof(shown));
    printf("%-28s %-19s %-11s %-6s %s\n", frt_cli_text(tool, "id"), frt_cli_text(tool, "class"),
           frt_cli_text(tool, "capability"), frt_cli_text(tool, "action"), shown);
    for (size_t i = 0; with_marks && i < FRT_ARRAY_LEN(kinds); i++)
        print_values(kinds[i], frt_cli_marks(tool, kinds[i]));
}

int frt_tools_list(const struct frt_tools_arguments *arguments)
{
    int code;
    json_t *tools = frt_tools_catalogue(arguments, &code), *shown = json_array(), *tool;
    size_t i;

    json_array_foreach(tools, i, tool) if (frt_tools_is_named(arguments, frt_cli_text(tool, "id")))
        json_array_append(shown, tool);
    if (tools && arguments->as_json) {
        json_t *object = json_pack("{s:O}", "tools", shown);

        frt_cli_print_json(object);
        json_decref(object);
    } else if (tools) {
        printf("%-28s %-19s %-11s %-6s %s\n", "tool", "class", "capability", "action", "name");
        json_array_foreach(shown, i, tool) print_tool(tool, arguments->name_count > 0);
        printf("%zu tools. frt tools list TOOL shows by which marks it is recognised.\n",
               json_array_size(shown));
    }
    json_decref(shown);
    if (!tools)
        return code;
    json_decref(tools);
    return FRT_EXIT_YES;
}

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"state", required_argument, NULL, 's'},
    {"group", required_argument, NULL, 'g'},
    {"root", required_argument, NULL, 'r'},
    {"catalogue", required_argument, NULL, 'k'},
    {"dry-run", no_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct frt_tools_arguments *arguments, int option)
{
    switch (option) {
    case 'c':
        arguments->conf_path = optarg;
        return true;
    case 's':
        arguments->state_path = optarg;
        return true;
    case 'g':
        arguments->group = optarg;
        return true;
    case 'r':
        arguments->root = strcmp(optarg, "/") == 0 ? "" : optarg;
        return true;
    case 'k':
        arguments->catalogue = optarg;
        return true;
    case 'n':
        arguments->dry_run = true;
        return true;
    case 'j':
        arguments->as_json = true;
        return true;
    default:
        return false;
    }
}

int frt_tools_command(int argc, char **argv)
{
    struct frt_tools_arguments arguments = {
        .state_path = FRT_LOCK_STATE, .group = FRT_LOCK_GROUP, .root = ""};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (!take_option(&arguments, option)) {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    arguments.names = argv + optind + 1;
    arguments.name_count = optind < argc ? argc - optind - 1 : 0;
    for (size_t i = 0; optind < argc && i < FRT_ARRAY_LEN(parts); i++)
        if (strcmp(argv[optind], parts[i].name) == 0)
            return parts[i].run(&arguments);
    print_help(stderr);
    return FRT_EXIT_USAGE;
}
