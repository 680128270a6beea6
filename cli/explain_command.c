/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "casework/explain.h"
#include "casework/past_policy.h"
#include "cli/commands.h"
#include "cli/desk_options.h"

static void print_help(FILE *out)
{
    fprintf(out,
            "Usage: frt explain [OPTION]... N\n\n"
            "Shows decision N (its record number) on one page: the facts as they were, what every layer of "
            "rules said, the\n"
            "rule, its citation and message, and the proof that the record is in the chain.\n\n"
            "  --policy FILE           where the citation and message are looked up (default: the configured "
            "policy);\n"
            "                          used only when it is the very edition the decision was made under\n"
            "  --json                  for programs\n%s\n"
            "Exit status: 0 shown, 1 there is no such decision, or its record is not proven, 4 wrong usage "
            "or input.\n",
            frt_cli_desk_help);
}

static int show(struct frt_cli_desk *cli, const struct frt_desk *desk, const char *policy_path, bool as_json)
{
    struct frt_policy *policy = frt_cli_desk_policy(cli, policy_path);
    struct frt_explanation explanation;
    int code = FRT_EXIT_YES, r;

    if (policy_path && !policy)
        return FRT_EXIT_USAGE;
    r = frt_explain(desk, cli->log_dir, policy, &explanation);
    if (r == -ENOENT) {
        fprintf(stderr, "frt: record %" PRIu64 " is no sealed decision of this trail (frt log lists them)\n",
                cli->options.period.only);
        code = FRT_EXIT_NO;
    } else if (r < 0) {
        fprintf(stderr, "frt: %s: %s\n", cli->log_dir, strerror(-r));
        code = FRT_EXIT_USAGE;
    } else {
        (as_json ? frt_explanation_write_json : frt_explanation_write_text)(desk, &explanation, stdout);
        if (desk->is_chain_checked && !explanation.is_included)
            code = FRT_EXIT_NO;
    }
    frt_explanation_clear(&explanation);
    frt_past_policy_free(policy);
    return code;
}

int frt_explain_command(int argc, char **argv)
{
    static const struct option options[] = {
        FRT_CLI_DESK_ROWS,
        {"policy", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct frt_cli_desk cli = {.is_single = true,
                               .options = {.keep_leaves = true, .period = {.is_single = true}}};
    const char *policy = NULL;
    struct frt_desk *desk;
    bool as_json = false;
    int option, chosen, code;
    char *end, what[64];

    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1) {
        if (option == 'p')
            policy = optarg;
        else if (option == 'j')
            as_json = true;
        else if (option != FRT_CLI_DESK_OPTION) {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        } else if (!frt_cli_desk_option(&cli, options[chosen].name, optarg))
            return FRT_EXIT_USAGE;
    }
    if (argc - optind != 1 || argv[optind][0] < '0' || argv[optind][0] > '9') {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    errno = 0;
    cli.options.period.only = strtoull(argv[optind], &end, 10);
    if (errno || *end) {
        fprintf(stderr, "frt: %s: expected a decision's number\n", argv[optind]);
        return FRT_EXIT_USAGE;
    }
    snprintf(what, sizeof(what), "explain %" PRIu64, cli.options.period.only);
    code = frt_cli_desk_open(&cli, what, &desk);
    if (code != FRT_EXIT_YES)
        return code;
    code = show(&cli, desk, policy, as_json);
    frt_cli_desk_close(&cli, desk);
    return code;
}
