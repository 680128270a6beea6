/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "support/cleanup.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"status", frt_status_command, "is everything working on this host?"},
    {"check", frt_check_command, "what would be decided for USER and TOOL, and why"},
    {"why", frt_why_command, "my last refusals, in plain words"},
    {"run", frt_run_command, "run a tool under a written request"},
    {"request", frt_request_command, "file, show, withdraw and document written requests"},
    {"authority", frt_authority_command, "orders, declarations: what requests rely on"},
    {"eopss", frt_eopss_command, "the quarter's documentation, and yearly public counts"},
    {"log", frt_log_command, "list the trail, filtered"},
    {"verify", frt_verify_command, "prove that the trail is whole"},
    {"ack", frt_ack_command, "go on after a broken trail: root says why"},
    {"explain", frt_explain_command, "one past decision on one page, with its proof"},
    {"ask", frt_ask_command, "the auditor's questions: --list shows all 32"},
    {"report", frt_report_command, "one page of HTML about the trail"},
    {"export", frt_export_command, "an evidence package, or a public release"},
    {"replay", frt_replay_command, "past decisions again, under another policy"},
    {"tools", frt_tools_command, "the catalogue; lock tools by group permission"},
    {"scan", frt_scan_command, "find catalogued things at rest"},
    {"arrive", frt_arrive_command, "may a catalogued package be installed?"},
    {"gate", frt_gate_command, "what the kernel gate has marked"},
    {"policy", frt_policy_command, "show, test or prove a policy file"},
};

static void print_help(FILE *out)
{
    fputs("Usage: frt [--config FILE] COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < FRT_ARRAY_LEN(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'frt COMMAND --help' says more about each; the manual is frt(1).\n"
          "Exit status: 0 yes, 1 no (denied, differs, altered), 2 trail cut short, 3 unsealed tail,\n"
          "4 wrong usage or input, 5 frtd does not answer, 6 trail broken and acknowledged.\n",
          out);
}

/* `frt --config FILE status` is `frt status --config FILE`. */
static char **move_config(int *argc, char **argv)
{
    char **moved = argv;

    if (*argc < 4 || strcmp(argv[1], "--config") != 0)
        return argv + 1;
    moved = calloc((size_t)*argc + 1, sizeof(*moved));
    if (!moved)
        return NULL;
    moved[0] = argv[3];
    moved[1] = argv[1];
    moved[2] = argv[2];
    memcpy(moved + 3, argv + 4, (size_t)(*argc - 4) * sizeof(*moved));
    return moved;
}

int main(int argc, char **argv)
{
    char **rest;

    if (argc < 2) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("frt " FRT_VERSION);
        return 0;
    }
    rest = move_config(&argc, argv);
    for (size_t i = 0; rest && i < FRT_ARRAY_LEN(commands); i++)
        if (strcmp(rest[0], commands[i].name) == 0)
            return commands[i].run(argc - 1, rest);
    fprintf(stderr, "frt: there is no command '%s'\n\n", rest ? rest[0] : "");
    print_help(stderr);
    return FRT_EXIT_USAGE;
}
