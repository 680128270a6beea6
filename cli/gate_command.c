/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"

#define STATE_PATH "/run/frt-gate/state.json"
#define STATE_MAX  (1u << 20)

static void print_help(FILE *out)
{
    fputs("Usage: frt gate status [--json] [--state FILE] [--config FILE] [TOOL...]\n\n"
          "What the kernel gate of this host says of itself: whether it enforces, and for each tool where it "
          "was found and\n"
          "marked, since when, under how many names (hard links), how many copies were recognised by their "
          "contents, and which\n"
          "catalogued files are there without a mark. Without frtd the gate's own file is read.\n\n"
          "  --json         output for programs\n"
          "  --state FILE   the gate's own account (default " STATE_PATH ")\n"
          "  --config FILE  configuration (default " FRT_CONF_PATH ")\n\n"
          "Exit status: 0 enforcing and nothing catalogued without a mark, 1 not, 5 neither frtd nor a gate "
          "can be heard.\n",
          out);
}

static json_t *read_own_account(const char *path)
{
    frt_auto_free char *text = NULL;
    const char *what;
    size_t length;

    if (frt_file_read(path, FRT_FILE_NOT_WRITABLE, STATE_MAX, &text, &length, &what) < 0)
        return NULL;
    return json_loadb(text, length, 0, NULL);
}

/* The gate's account of itself by way of frtd; `ret_word` is what frtd makes of it. */
static json_t *ask_frtd(const char *conf_path, char *ret_word, size_t size, int *ret_exit)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_STATUS);
    json_t *status = frt_cli_ask(conf_path, &ask, ret_exit), *detail = NULL;

    snprintf(ret_word, size, "frtd does not answer");
    if (status) {
        snprintf(ret_word, size, "%s", frt_cli_text(status, "gate"));
        detail = json_incref(json_object_get(status, "gate_detail"));
    }
    json_decref(status);
    return detail;
}

static bool is_named(char **names, const char *id)
{
    for (size_t i = 0; names[i]; i++) {
        size_t length = strlen(names[i]);

        if (strncmp(id, names[i], length) == 0 && (id[length] == '\0' || id[length] == '-'))
            return true;
    }
    return !names[0];
}

static bool is_found(const json_t *found, const char *path)
{
    const json_t *place;
    size_t i;

    json_array_foreach(found, i, place) if (strcmp(frt_cli_text(place, "path"), path) == 0) return true;
    return false;
}

/* Catalogued files that are there and not among those marked. The gate names only some of many: then nothing can be said. */
static unsigned print_unmarked(const json_t *tool, const json_t *catalogued)
{
    const json_t *found = json_object_get(tool, "found"), *path;
    unsigned unmarked = 0;
    size_t i;

    if (frt_cli_number(tool, "count") > (long long)json_array_size(found))
        return 0;
    json_array_foreach(frt_cli_marks(catalogued, "path"), i, path)
    {
        const char *text = json_string_value(path);
        char shown[4096];
        struct stat st;

        frt_percent_encode(text, strlen(text), shown, sizeof(shown));
        if (lstat(text, &st) < 0 || !S_ISREG(st.st_mode) || is_found(found, shown))
            continue;
        printf("    NOT MARKED %s\n", shown);
        unmarked++;
    }
    return unmarked;
}

static unsigned print_tool(const json_t *tool, const json_t *tools)
{
    const json_t *place, *found = json_object_get(tool, "found");
    const char *id = frt_cli_text(tool, "id");
    size_t i;

    printf("%-28s %-7s %lld marked, %lld copies recognised\n", id, frt_cli_text(tool, "treatment"),
           frt_cli_number(tool, "count"), frt_cli_number(tool, "copies"));
    json_array_foreach(found, i, place)
    {
        printf("    %s  since %s", frt_cli_text(place, "path"), frt_cli_text(place, "since"));
        if (frt_cli_number(place, "links") > 1)
            printf(", %lld names (hard links)", frt_cli_number(place, "links"));
        puts("");
    }
    if (frt_cli_number(tool, "count") > (long long)json_array_size(found))
        printf("    and %lld more\n", frt_cli_number(tool, "count") - (long long)json_array_size(found));
    return print_unmarked(tool, frt_cli_catalogue_find(tools, id));
}

static bool print_gate(const json_t *detail, const char *word, const json_t *tools, char **names)
{
    bool enforcing = json_is_true(json_object_get(detail, "enforcing"));
    const json_t *tool;
    unsigned unmarked = 0;
    size_t i;

    printf("gate       %s%s%s (frtd: %s)\n", enforcing ? "enforcing" : "NOT ENFORCING", enforcing ? "" : ": ",
           frt_cli_text(detail, "why"), word);
    printf("marks      %lld files, %lld directories, %lld file systems; catalogue %lld\n",
           frt_cli_number(detail, "inodes"), frt_cli_number(detail, "directories"),
           frt_cli_number(detail, "filesystems"), frt_cli_number(detail, "catalogue"));
    printf("so far     %lld refused, %lld let pass, %lld copies recognised, %lld canaries refused\n",
           frt_cli_number(detail, "denied"), frt_cli_number(detail, "allowed"),
           frt_cli_number(detail, "copies"), frt_cli_number(detail, "canaries"));
    printf("workers    %lld started, %lld hung, %lld openers refused for a dead one\n\n",
           frt_cli_number(detail, "workers"), frt_cli_number(detail, "hangs"),
           frt_cli_number(detail, "swept"));
    json_array_foreach(json_object_get(detail, "tools"), i,
                       tool) if (is_named(names, frt_cli_text(tool, "id")) &&
                                 (names[0] || frt_cli_number(tool, "count") > 0 ||
                                  frt_cli_number(tool, "copies") > 0 || tools)) unmarked +=
        print_tool(tool, tools);
    return enforcing && unmarked == 0 && strcmp(word, "enforcing") == 0;
}

static int show(const char *conf_path, const char *state_path, bool as_json, char **names)
{
    char word[64];
    int code;
    json_t *detail = ask_frtd(conf_path, word, sizeof(word), &code), *tools = NULL;
    bool is_well;

    if (!detail)
        detail = read_own_account(state_path);
    if (!detail) {
        printf("gate       there is none (frtd: %s)\n", word);
        return code == FRT_EXIT_UNREACHABLE ? code : FRT_EXIT_NO;
    }
    if (code != FRT_EXIT_UNREACHABLE)
        tools = frt_cli_catalogue(conf_path, &code);
    if (as_json)
        frt_cli_print_json(detail);
    is_well =
        as_json ? json_is_true(json_object_get(detail, "enforcing")) : print_gate(detail, word, tools, names);
    json_decref(tools);
    json_decref(detail);
    return is_well ? FRT_EXIT_YES : FRT_EXIT_NO;
}

int frt_gate_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *conf_path = NULL, *state_path = STATE_PATH;
    bool as_json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'c')
            conf_path = optarg;
        else if (option == 's')
            state_path = optarg;
        else if (option == 'j')
            as_json = true;
        else {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    }
    if (optind == argc || strcmp(argv[optind], "status") != 0) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    return show(conf_path, state_path, as_json, argv + optind + 1);
}
