/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "casework/past_policy.h"
#include "casework/replay.h"
#include "cli/commands.h"
#include "cli/desk_options.h"

enum output { TEXT, JSON, CSV };

static void print_help(FILE *out)
{
    fprintf(out,
            "Usage: frt replay [OPTION]... --policy FILE [N]\n\n"
            "Makes past decisions again, from the facts frozen in their records, under another policy, and "
            "lists those that\n"
            "would differ. N: that decision alone; else those of the period.\n\n"
            "What a policy's switches change in how facts are gathered (who counts as an official, who may "
            "open) is not\n"
            "replayed: the facts are those of then.\n\n"
            "  --policy FILE           the policy to decide with\n"
            "  --json --csv            for programs\n%s\n"
            "Exit status: 0 nothing would differ, 1 something would, 4 wrong usage or input.\n",
            frt_cli_desk_help);
}

static void print_summary(const struct frt_policy *policy, const struct frt_replay_counts *counts, FILE *out)
{
    fprintf(out,
            "Under %s %s (sha256 %.12s): %" PRIu64 " the same, %" PRIu64 " another verdict, %" PRIu64
            " the same verdict by another rule",
            policy->id, policy->edition, policy->sha256, counts->same, counts->verdict_differs,
            counts->rule_differs);
    if (counts->no_policy > 0)
        fprintf(out, "; %" PRIu64 " not decided by any policy", counts->no_policy);
    if (counts->unreadable > 0)
        fprintf(out, "; %" PRIu64 " WITH FACTS THIS VERSION CANNOT READ", counts->unreadable);
    fputs("\n", out);
}

static void print_json(const struct frt_statement *statement, const struct frt_policy *policy,
                       const struct frt_replay_counts *counts, const struct frt_sheet *sheet)
{
    fputs("{\"statement\":", stdout);
    frt_statement_write_json(statement, stdout);
    printf(",\"policy_sha256\":\"%s\",\"same\":%" PRIu64 ",\"verdict_differs\":%" PRIu64
           ",\"rule_differs\":%" PRIu64 ",\"no_policy\":%" PRIu64 ",\"unreadable\":%" PRIu64 ",\"table\":",
           policy->sha256, counts->same, counts->verdict_differs, counts->rule_differs, counts->no_policy,
           counts->unreadable);
    frt_sheet_write_json(sheet, stdout);
    puts("}");
}

static int replay(const struct frt_desk *desk, const struct frt_policy *policy, const char *query,
                  enum output output)
{
    struct frt_replay_counts counts;
    struct frt_statement statement;
    struct frt_sheet *sheet = frt_replay(desk->history, policy, &counts);
    int code = counts.verdict_differs + counts.rule_differs > 0 ? FRT_EXIT_NO : FRT_EXIT_YES;

    if (frt_sheet_failed(sheet) || counts.unreadable > 0)
        code = FRT_EXIT_USAGE;
    frt_desk_state(desk, query, NULL, &statement);
    if (output == JSON && sheet) {
        print_json(&statement, policy, &counts, sheet);
    } else if (sheet) {
        FILE *out = output == CSV ? stderr : stdout;

        print_summary(policy, &counts, out);
        frt_statement_write_text(&statement, out);
        (output == CSV ? frt_sheet_write_csv : frt_sheet_write_text)(sheet, stdout);
    }
    frt_sheet_free(sheet);
    return code;
}

static bool take_number(struct frt_cli_desk *cli, const char *text)
{
    char *end;

    errno = 0;
    cli->options.period.is_single = true;
    cli->options.period.only = strtoull(text, &end, 10);
    if (errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9')
        return true;
    fprintf(stderr, "frt: %s: expected a decision's number\n", text);
    return false;
}

static int run(struct frt_cli_desk *cli, const char *policy_path, const char *query, enum output output)
{
    struct frt_policy *policy;
    struct frt_desk *desk;
    int code = frt_cli_desk_open(cli, query + 4, &desk);

    if (code != FRT_EXIT_YES)
        return code;
    policy = frt_cli_desk_policy(cli, policy_path);
    code = policy ? replay(desk, policy, query, output) : FRT_EXIT_USAGE;
    if (policy && cli->options.period.is_single && frt_history_decision_count(desk->history) == 0) {
        fprintf(stderr, "frt: record %" PRIu64 " is no sealed decision of this trail\n",
                cli->options.period.only);
        code = FRT_EXIT_USAGE;
    }
    frt_past_policy_free(policy);
    frt_cli_desk_close(cli, desk);
    return code;
}

int frt_replay_command(int argc, char **argv)
{
    static const struct option options[] = {
        FRT_CLI_DESK_ROWS,
        {"policy", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"csv", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct frt_cli_desk cli = {.conf = NULL};
    const char *policy = NULL;
    enum output output = TEXT;
    char query[512];
    int option, chosen;

    frt_cli_desk_query(argc, argv, query, sizeof(query));
    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1) {
        if (option == 'p')
            policy = optarg;
        else if (option == 'j' || option == 'v')
            output = option == 'j' ? JSON : CSV;
        else if (option != FRT_CLI_DESK_OPTION) {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        } else if (!frt_cli_desk_option(&cli, options[chosen].name, optarg))
            return FRT_EXIT_USAGE;
    }
    if (!policy || argc - optind > 1) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (optind < argc && !take_number(&cli, argv[optind]))
        return FRT_EXIT_USAGE;
    return run(&cli, policy, query, output);
}
