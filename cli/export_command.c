/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "casework/past_policy.h"
#include "casework/release.h"
#include "cli/commands.h"
#include "cli/desk_options.h"
#include "cli/filing_office.h"

struct arguments {
    struct frt_cli_desk cli;
    const char *out, *sign_key, *key_out, *who, *policy, *documents;
    bool is_public, small_groups;
};

static void print_help(FILE *out)
{
    fprintf(
        out,
        "Usage: frt export [OPTION]... --out DIR\n\n"
        "Writes an evidence package that stands on its own: the records of the period, the whole chain, the "
        "thirty-two\n"
        "answers, requests, roles, catalogue and policy, a manifest. frt verify DIR proves it on any "
        "machine.\n\n"
        "  --out DIR               a folder that does not exist yet, or is empty\n"
        "  --public                instead: a release with the fields redacted that must be; each redaction "
        "is logged\n"
        "  --small-groups          with --public: department and type too, where they fit fewer than 3 "
        "people\n"
        "  --release-key FILE      with --public: keep the key of its pseudonyms; else it is thrown away\n"
        "  --sign-key FILE         PEM of an Ed25519 private key, signs the manifest\n"
        "  --who TEXT              who exports (default: the account)\n"
        "  --policy FILE           policy to put beside (default: the configured one)\n"
        "  --documents DIR         where the requests' documents are kept (default " FRT_DOCUMENTS_PATH
        ")\n%s\n"
        "Exit status: 0 written, 1 written but the chain does not verify, 4 wrong usage or input.\n",
        frt_cli_desk_help);
}

static bool take_option(struct arguments *arguments, const char *name, const char *value)
{
    if (strcmp(name, "out") == 0)
        arguments->out = value;
    else if (strcmp(name, "sign-key") == 0)
        arguments->sign_key = value;
    else if (strcmp(name, "release-key") == 0)
        arguments->key_out = value;
    else if (strcmp(name, "who") == 0)
        arguments->who = value;
    else if (strcmp(name, "policy") == 0)
        arguments->policy = value;
    else if (strcmp(name, "documents") == 0)
        arguments->documents = value;
    else if (strcmp(name, "small-groups") == 0)
        arguments->small_groups = true;
    else
        arguments->is_public = true;
    return true;
}

static int export_package(const struct arguments *arguments, const struct frt_desk *desk, const char *query)
{
    const struct frt_package_options options = {
        .out = arguments->out,
        .log_dir = arguments->cli.log_dir,
        .ldif = arguments->cli.ldif,
        .policy = arguments->policy     ? arguments->policy
                  : arguments->cli.conf ? arguments->cli.conf->policy
                                        : NULL,
        .documents = arguments->documents,
        .sign_key = arguments->sign_key,
        .query = query,
        .who = arguments->who,
    };
    char error[FRT_PACKAGE_ERROR_MAX];

    if (frt_package_export(desk, &options, error) < 0) {
        fprintf(stderr, "frt: %s\n", error);
        return FRT_EXIT_USAGE;
    }
    printf("%s: evidence package, %" PRIu64 " decisions. Check it: frt verify %s\n", arguments->out,
           frt_history_counts(desk->history)->considered, arguments->out);
    return FRT_EXIT_YES;
}

static int export_release(struct arguments *arguments, const struct frt_desk *desk)
{
    struct frt_policy *policy = frt_cli_desk_policy(&arguments->cli, arguments->policy);
    const struct frt_release_options options = {
        .out = arguments->out,
        .key_out = arguments->key_out,
        .sign_key = arguments->sign_key,
        .who = arguments->who,
        .policy = policy,
        .withhold_small_groups = arguments->small_groups,
    };
    char error[FRT_PACKAGE_ERROR_MAX], digest[65], what[128];
    int r = frt_release_export(desk, &options, digest, error);

    frt_past_policy_free(policy);
    if (r < 0) {
        fprintf(stderr, "frt: %s\n", error);
        return FRT_EXIT_USAGE;
    }
    snprintf(what, sizeof(what), "release, redaction log sha256 %s", digest);
    frt_cli_desk_record(&arguments->cli, what);
    printf("%s: public release; its redaction log has sha256 %s\n", arguments->out, digest);
    return FRT_EXIT_YES;
}

static int run(struct arguments *arguments, const char *query)
{
    struct frt_desk *desk;
    char who[64];
    int code = frt_cli_desk_open(&arguments->cli, query + 4, &desk);

    if (code != FRT_EXIT_YES)
        return code;
    snprintf(who, sizeof(who), "uid %u", getuid());
    if (!arguments->who)
        arguments->who = who;
    code = arguments->is_public ? export_release(arguments, desk) : export_package(arguments, desk, query);
    if (code == FRT_EXIT_YES && desk->is_chain_checked && desk->chain.status != FRT_VERIFY_OK &&
        desk->chain.status != FRT_VERIFY_UNSEALED) {
        fputs("frt: the chain does NOT verify; what was exported shows it, and is no proof\n", stderr);
        code = FRT_EXIT_NO;
    }
    frt_cli_desk_close(&arguments->cli, desk);
    return code;
}

int frt_export_command(int argc, char **argv)
{
    static const struct option options[] = {
        FRT_CLI_DESK_ROWS,
        {"out", required_argument, NULL, 'o'},
        {"public", no_argument, NULL, 'o'},
        {"small-groups", no_argument, NULL, 'o'},
        {"release-key", required_argument, NULL, 'o'},
        {"sign-key", required_argument, NULL, 'o'},
        {"who", required_argument, NULL, 'o'},
        {"policy", required_argument, NULL, 'o'},
        {"documents", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.cli = {.is_single = true, .options = {.keep_leaves = true}},
                                  .documents = FRT_DOCUMENTS_PATH};
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
    if (!arguments.out || optind < argc) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    return run(&arguments, query);
}
