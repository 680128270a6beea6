/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/commands.h"

static void print_help(FILE *out)
{
    fputs("Usage: frt why [--config FILE] [--json] [USER]\n\n"
          "Your last refusals in plain words: what was refused, under which rule, and where to ask. Root and "
          "the\n"
          "auditors' group may name a user, or no one for everybody's.\n",
          out);
}

static void print_denial(const json_t *denial)
{
    printf("%s  ", frt_cli_text(denial, "time"));
    if (frt_cli_number(denial, "decision") >= 0)
        printf("decision %lld: ", frt_cli_number(denial, "decision"));
    else
        fputs("not recorded (the trail could not be written): ", stdout);
    printf("%s %s, refused\n", frt_cli_text(denial, "action"), frt_cli_text(denial, "tool"));
    if (strcmp(frt_cli_text(denial, "login"), frt_cli_text(denial, "user")) != 0 &&
        frt_cli_text(denial, "login")[0])
        printf("  %s, acting as %s\n", frt_cli_text(denial, "login"), frt_cli_text(denial, "user"));
    else
        printf("  %s\n", frt_cli_text(denial, "user"));
    printf("  %s\n", frt_cli_text(denial, "message"));
    if (frt_cli_text(denial, "rule")[0])
        printf("  Rule %s: %s\n", frt_cli_text(denial, "rule"), frt_cli_text(denial, "citation"));
    if (frt_cli_text(denial, "advice")[0])
        printf("  %s\n", frt_cli_text(denial, "advice"));
    puts("");
}

static void print_why(const json_t *why)
{
    const json_t *denials = json_object_get(why, "denials"), *denial;
    size_t i;

    if (json_array_size(denials) == 0)
        puts("Nothing was refused lately.");
    json_array_foreach(denials, i, denial) print_denial(denial);
    if (json_array_size(denials) > 0)
        printf("Questions? %s\n", frt_cli_text(why, "contact"));
}

int frt_why_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct frt_ask ask = frt_cli_question(FRT_ASK_WHY);
    const char *conf_path = NULL;
    bool as_json = false;
    json_t *why;
    int option, code;

    while ((option = getopt_long(argc, argv, "c:jh", options, NULL)) != -1) {
        if (option == 'c')
            conf_path = optarg;
        else if (option == 'j')
            as_json = true;
        else {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        }
    }
    if (argc - optind > 1 ||
        (optind < argc && !frt_cli_set(ask.user, sizeof(ask.user), "USER", argv[optind]))) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    why = frt_cli_ask(conf_path, &ask, &code);
    if (!why)
        return code;
    if (as_json)
        frt_cli_print_json(why);
    else
        print_why(why);
    json_decref(why);
    return FRT_EXIT_YES;
}
