/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/policy_parts.h"

static void print_help(FILE *out)
{
    fputs(
        "Usage: frt policy show  [OPTION]... [POLICY]\n"
        "       frt policy prove [OPTION]... [POLICY]\n"
        "       frt policy test  [OPTION]... --directory LDIF [--directory LDIF]... CASES.tsv...\n\n"
        "show   prints the rules in force, layer by layer, and the switches that chose them\n"
        "prove  checks every combination of facts against the policy's `never` statements\n"
        "test   decides a table of cases from files alone; no server, no daemon\n\n"
        "  --policy FILE     the policy; default: the one the configuration names\n"
        "  --directory LDIF  people, roles, hosts, tools, requests: a file, or a folder of *.ldif\n"
        "  --suffix DN       where the directory's tree hangs (default dc=frt,dc=example)\n"
        "  --config FILE     configuration (default " FRT_CONF_PATH " when no --policy is given)\n"
        "  --verbose         test: print the rows that agree, too\n"
        "  --json            output for programs\n\n"
        "CASES.tsv is tab-separated with a header line. Columns, in any order: case login user action tool "
        "host\n"
        "request at verdict rule; if needed also evidence uses view trail clock gate match reason oblige "
        "and\n"
        "layer:NAME (\"allow S-ORD\", \"silent\"). An empty user is the login person; an empty verdict or "
        "rule\n"
        "is not checked; of several rules in a cell any will do. at is a time such as 2026-03-16T14:00:00Z; "
        "empty: now.\nSee frt-policy(5).\n\n"
        "Exit status: 0 all agree, proven; 1 a row differs, the policy is refused; 4 wrong usage or input.\n",
        out);
}

static const struct {
    const char *name;
    int (*run)(const struct frt_policy_arguments *arguments);
} parts[] = {
    {"show", frt_policy_show},
    {"prove", frt_policy_prove},
    {"test", frt_policy_test},
};

static bool take_option(int option, struct frt_policy_arguments *a)
{
    switch (option) {
    case 'p':
        a->policy = optarg;
        return true;
    case 'c':
        a->config = optarg;
        return true;
    case 's':
        a->suffix = optarg;
        return true;
    case 'd':
        if (a->directory_count == FRT_POLICY_MAX_FILES) {
            fprintf(stderr, "frt policy: expected at most %d --directory options\n", FRT_POLICY_MAX_FILES);
            return false;
        }
        a->directories[a->directory_count++] = optarg;
        return true;
    case 'j':
        a->as_json = true;
        return true;
    case 'v':
        a->verbose = true;
        return true;
    default:
        return false;
    }
}

/* What stands after the options: the policy for show and prove, tables of cases for test. */
static bool take_operands(const char *part, int count, char **operands, struct frt_policy_arguments *a)
{
    if (strcmp(part, "test") == 0) {
        if (count < 1 || count > FRT_POLICY_MAX_FILES) {
            fprintf(stderr, "frt policy test: expected at least one table of cases (CASES.tsv)\n");
            return false;
        }
        for (int i = 0; i < count; i++)
            a->cases[a->case_count++] = operands[i];
        return true;
    }
    if (count > 1 || (count == 1 && a->policy)) {
        fprintf(stderr, "frt policy %s: expected one policy file\n", part);
        return false;
    }
    if (count == 1)
        a->policy = operands[0];
    return true;
}

/* The configuration is read when it is named, or when it must say which policy is meant. */
static bool take_config(struct frt_policy_arguments *a)
{
    char error[FRT_CONF_ERROR_MAX];

    if (!a->config && a->policy)
        return true;
    if (frt_conf_load(a->config ? a->config : FRT_CONF_PATH, &a->conf, error) < 0) {
        fprintf(stderr, "frt policy: %s\n", error);
        return false;
    }
    if (!a->policy)
        a->policy = a->conf->policy;
    return true;
}

int frt_policy_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'}, {"directory", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'}, {"suffix", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},         {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct frt_policy_arguments a = {0};
    int option, status = FRT_EXIT_USAGE;
    size_t part = 0;

    optind = 0; /* glibc: start over, another command may have used getopt before */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help(stdout);
            return FRT_EXIT_YES;
        }
        if (!take_option(option, &a))
            return FRT_EXIT_USAGE;
    }
    while (optind < argc && part < sizeof(parts) / sizeof(parts[0]) &&
           strcmp(parts[part].name, argv[optind]) != 0)
        part++;
    if (optind >= argc || part == sizeof(parts) / sizeof(parts[0])) {
        fprintf(stderr, "frt policy: expected show, prove or test\n\n");
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (take_operands(parts[part].name, argc - optind - 1, argv + optind + 1, &a) && take_config(&a))
        status = parts[part].run(&a);
    frt_conf_free(a.conf);
    return status;
}
