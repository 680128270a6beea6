/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt eopss: the quarter's documentation for each agency, and the year's counts for the public.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "casework/eopss.h"
#include "cli/commands.h"
#include "cli/desk_options.h"
#include "cli/filing_office.h"
#include "support/name.h"

#define DUE_DAYS_DEFAULT 30

struct arguments {
    struct frt_cli_desk cli;
    struct frt_eopss_options eopss;
    const char *out, *year;
    bool is_public;
};

static void print_help(FILE *out)
{
    fprintf(out,
            "Usage: frt eopss --quarter 2026Q1 --out DIR [--agency ID] [OPTION]...\n"
            "       frt eopss --public --year 2026 --out DIR [OPTION]...\n\n"
            "The first writes DIR/AGENCY for each agency that asked for or performed a search, and for the "
            "one that owns this\n"
            "host: items a to h of each search, what is missing and why, a nil return when there was no "
            "search. Non-public.\n"
            "The second counts the year's requests and searches by agency, recipient and ground, with small "
            "counts suppressed.\n\n"
            "  --quarter QUARTER       2026Q1; or another period by --from and --to\n"
            "  --out DIR               made; for --public it must not be there yet\n"
            "  --agency ID             this agency only\n"
            "  --due-days N            days after the quarter's end by which it is due (default %d)\n"
            "  --documents DIR         where the requests' documents are kept (default " FRT_DOCUMENTS_PATH
            ")\n"
            "  --public                counts for the public\n"
            "  --year YEAR             of the public counts\n"
            "  --sign-key FILE         PEM of an Ed25519 private key, signs the manifests\n%s\n"
            "Exit status: 0 written, 1 written but items are missing or the chain does not verify, 4 wrong "
            "usage or input.\n",
            DUE_DAYS_DEFAULT, frt_cli_desk_help);
}

static bool complain(const char *option, const char *expected)
{
    fprintf(stderr, "frt: --%s: expected %s\n", option, expected);
    return false;
}

static bool take_due_days(struct arguments *arguments, const char *value)
{
    char *end;
    unsigned long days = strtoul(value, &end, 10);

    if (*end || value[0] < '0' || value[0] > '9' || days > 3660)
        return complain("due-days", "a number of days");
    arguments->eopss.due_days = (unsigned)days;
    return true;
}

static bool take_period(struct arguments *arguments, const char *name, const char *value)
{
    size_t wanted = strcmp(name, "quarter") == 0 ? 6 : 4;
    int64_t from_s, until_s;

    if (strlen(value) != wanted || frt_period_parse(value, &from_s, &until_s) < 0)
        return complain(name, wanted == 6 ? "a quarter like 2026Q1" : "a year like 2026");
    if (wanted == 6)
        arguments->eopss.quarter = value;
    else
        arguments->year = value;
    return frt_cli_desk_option(&arguments->cli, "period", value);
}

static bool take_option(struct arguments *arguments, const char *name, const char *value)
{
    if (strcmp(name, "public") == 0)
        arguments->is_public = true;
    else if (strcmp(name, "out") == 0)
        arguments->out = value;
    else if (strcmp(name, "documents") == 0)
        arguments->eopss.documents = value;
    else if (strcmp(name, "sign-key") == 0)
        arguments->eopss.sign_key = value;
    else if (strcmp(name, "due-days") == 0)
        return take_due_days(arguments, value);
    else if (strcmp(name, "agency") == 0) {
        arguments->eopss.agency = value;
        return frt_identifier_is_valid(value) || complain("agency", "the id of an agency in the directory");
    } else
        return take_period(arguments, name, value);
    return true;
}

static int write_agency(const struct frt_eopss *eopss, const char *agency, const char *out)
{
    struct frt_eopss_totals totals;
    char error[FRT_EOPSS_ERROR_MAX];

    if (frt_eopss_write(eopss, agency, out, error) < 0) {
        fprintf(stderr, "frt: %s\n", error);
        return FRT_EXIT_USAGE;
    }
    frt_eopss_count(eopss, agency, &totals);
    printf("%s/%s: ", out, agency);
    if (totals.searches == 0)
        printf("nil return");
    else
        printf("%zu searches, %zu items missing", totals.searches, totals.missing);
    if (totals.days_late > 0)
        printf(", %lld days late", (long long)totals.days_late);
    puts("");
    return totals.missing ? FRT_EXIT_NO : FRT_EXIT_YES;
}

static int write_quarter(struct arguments *arguments, const struct frt_desk *desk)
{
    struct frt_eopss *eopss;
    const char *const *agencies;
    size_t count;
    int worst = FRT_EXIT_YES;

    if (arguments->eopss.agency && desk->view && !frt_view_agency(desk->view, arguments->eopss.agency)) {
        complain("agency", "the id of an agency in the directory");
        return FRT_EXIT_USAGE;
    }
    if (mkdir(arguments->out, 0700) < 0 && errno != EEXIST) {
        fprintf(stderr, "frt: --out: %s\n", strerror(errno));
        return FRT_EXIT_USAGE;
    }
    if (frt_eopss_gather(desk, &arguments->eopss, &eopss) < 0) {
        fputs("frt: out of memory\n", stderr);
        return FRT_EXIT_USAGE;
    }
    count = frt_eopss_agencies(eopss, &agencies);
    if (count == 0)
        fputs("frt: no search, and no agency to report for: give --directory, or --agency for a nil return\n",
              stderr);
    for (size_t i = 0; i < count; i++) {
        int code = write_agency(eopss, agencies[i], arguments->out);

        worst = code > worst ? code : worst;
    }
    frt_eopss_free(eopss);
    return count ? worst : FRT_EXIT_USAGE;
}

static int write_public(const struct arguments *arguments, const struct frt_desk *desk)
{
    char error[FRT_EOPSS_ERROR_MAX];

    if (frt_eopss_public(desk, arguments->year, arguments->out, arguments->eopss.sign_key, error) < 0) {
        fprintf(stderr, "frt: %s\n", error);
        return FRT_EXIT_USAGE;
    }
    printf("%s: counts of %s for the public\n", arguments->out, arguments->year);
    return FRT_EXIT_YES;
}

static int run(struct arguments *arguments, const char *query)
{
    const struct frt_history_options *period = &arguments->cli.options.period;
    struct frt_desk *desk;
    int code = frt_cli_desk_open(&arguments->cli, query + 4, &desk);

    if (code != FRT_EXIT_YES)
        return code;
    arguments->eopss.from_s = period->from_us / 1000000;
    arguments->eopss.until_s = period->until_us / 1000000;
    arguments->eopss.now_s = time(NULL);
    arguments->eopss.query = query;
    code = arguments->is_public ? write_public(arguments, desk) : write_quarter(arguments, desk);
    if (code == FRT_EXIT_YES && desk->is_chain_checked && desk->chain.status != FRT_VERIFY_OK &&
        desk->chain.status != FRT_VERIFY_UNSEALED) {
        fputs("frt: the chain does NOT verify; what was written says so\n", stderr);
        code = FRT_EXIT_NO;
    }
    frt_cli_desk_close(&arguments->cli, desk);
    return code;
}

/* A period of one's own has a title too (domain A17: the quarter is data). */
static bool is_whole(struct arguments *arguments)
{
    const struct frt_history_options *period = &arguments->cli.options.period;

    if (!arguments->out)
        return complain("out", "the folder to write");
    if (arguments->is_public)
        return (arguments->year && !arguments->eopss.agency) ||
               complain("year", "a year like 2026, and no --agency");
    if (period->until_us <= period->from_us)
        return complain("quarter", "a quarter like 2026Q1, or --from and --to");
    if (!arguments->eopss.quarter)
        arguments->eopss.quarter = "period of its own";
    return true;
}

int frt_eopss_command(int argc, char **argv)
{
    static const struct option options[] = {
        FRT_CLI_DESK_ROWS,
        {"quarter", required_argument, NULL, 'o'},
        {"out", required_argument, NULL, 'o'},
        {"agency", required_argument, NULL, 'o'},
        {"due-days", required_argument, NULL, 'o'},
        {"documents", required_argument, NULL, 'o'},
        {"public", no_argument, NULL, 'o'},
        {"year", required_argument, NULL, 'o'},
        {"sign-key", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.eopss = {.due_days = DUE_DAYS_DEFAULT, .documents = FRT_DOCUMENTS_PATH}};
    char query[512];
    int option, chosen;

    frt_cli_desk_query(argc, argv, query, sizeof(query));
    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1) {
        if (option == 'h' || option == '?') {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
        if (!(option == 'o' ? take_option(&arguments, options[chosen].name, optarg)
                            : frt_cli_desk_option(&arguments.cli, options[chosen].name, optarg)))
            return FRT_EXIT_USAGE;
    }
    if (optind < argc) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    return is_whole(&arguments) ? run(&arguments, query) : FRT_EXIT_USAGE;
}
