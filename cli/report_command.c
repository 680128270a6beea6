/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "casework/page.h"
#include "casework/past_policy.h"
#include "cli/commands.h"
#include "cli/desk_options.h"

#define ROWS_DEFAULT 200000

struct arguments {
    struct frt_cli_desk cli;
    struct frt_page_options page;
    const char *html, *policy;
};

static void print_help(FILE *out)
{
    fprintf(out,
            "Usage: frt report [OPTION]... --html FILE\n\n"
            "Writes one page of HTML that needs nothing else: is the trail genuine, what was decided and "
            "about whom, was anybody\n"
            "watching, emergencies, exceptions, and every decision in a table that can be searched and "
            "sorted.\n\n"
            "  --html FILE             the page; - is standard output\n"
            "  --lang en|es            its language (default en)\n"
            "  --rows N                decisions in the table, the newest (default %d); counts are over all\n"
            "  --policy FILE           where citations and messages are looked up (default: the configured "
            "policy)\n%s\n"
            "Exit status: 0 written, 1 written but the chain does not verify, 4 wrong usage or input.\n",
            ROWS_DEFAULT, frt_cli_desk_help);
}

static bool take_option(struct arguments *arguments, const char *name, const char *value)
{
    int language;
    char *end;

    if (strcmp(name, "html") == 0) {
        arguments->html = value;
    } else if (strcmp(name, "policy") == 0) {
        arguments->policy = value;
    } else if (strcmp(name, "rows") == 0) {
        arguments->page.rows_max = strtoul(value, &end, 10);
        if (*end || value[0] < '0' || value[0] > '9') {
            fprintf(stderr, "frt: --rows %s: expected a whole number\n", value);
            return false;
        }
    } else {
        language = frt_page_language_find(value);
        if (language < 0) {
            fprintf(stderr, "frt: --lang %s: expected en or es\n", value);
            return false;
        }
        arguments->page.language = (enum frt_page_language)language;
    }
    return true;
}

/* The page names people and cases: nobody but its owner reads the file. */
static int write_page(const struct arguments *arguments, const struct frt_desk *desk)
{
    bool to_stdout = strcmp(arguments->html, "-") == 0;
    mode_t mask = umask(0077);
    FILE *out = to_stdout ? stdout : fopen(arguments->html, "we");
    int r = out ? frt_page_write(desk, &arguments->page, out) : -errno;

    umask(mask);
    if (out && !to_stdout && fclose(out) != 0 && r == 0)
        r = -errno;
    if (r < 0)
        fprintf(stderr, "frt: %s: %s\n", arguments->html, strerror(-r));
    return r;
}

static int run(struct arguments *arguments, const char *query)
{
    struct frt_policy *policy;
    struct frt_desk *desk;
    int code = frt_cli_desk_open(&arguments->cli, query + 4, &desk);

    if (code != FRT_EXIT_YES)
        return code;
    policy = frt_cli_desk_policy(&arguments->cli, arguments->policy);
    arguments->page.policy = policy;
    arguments->page.query = query;
    if ((arguments->policy && !policy) || write_page(arguments, desk) < 0)
        code = FRT_EXIT_USAGE;
    else if (desk->is_chain_checked && desk->chain.status != FRT_VERIFY_OK &&
             desk->chain.status != FRT_VERIFY_UNSEALED)
        code = FRT_EXIT_NO;
    frt_past_policy_free(policy);
    frt_cli_desk_close(&arguments->cli, desk);
    return code;
}

int frt_report_command(int argc, char **argv)
{
    static const struct option options[] = {
        FRT_CLI_DESK_ROWS,
        {"html", required_argument, NULL, 'o'},
        {"lang", required_argument, NULL, 'o'},
        {"rows", required_argument, NULL, 'o'},
        {"policy", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.page = {.rows_max = ROWS_DEFAULT}};
    char query[512];
    int option, chosen;

    frt_cli_desk_query(argc, argv, query, sizeof(query));
    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1) {
        if (option != 'o' && option != FRT_CLI_DESK_OPTION) {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        }
        if (option == 'o' ? !take_option(&arguments, options[chosen].name, optarg)
                          : !frt_cli_desk_option(&arguments.cli, options[chosen].name, optarg))
            return FRT_EXIT_USAGE;
    }
    if (!arguments.html || optind < argc) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    return run(&arguments, query);
}
