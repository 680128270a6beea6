/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/apt_lines.h"
#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/percent.h"

struct arrivals {
    const char *conf_path, *copy_path;
    json_t *tools;
    bool is_frtd_away;
    int refused, asked;
};

static void print_help(FILE *out)
{
    fputs("Usage: frt arrive --apt\n"
          "       frt arrive PACKAGE...\n\n"
          "Asks whether catalogued packages may be obtained, and has the attempt recorded. --apt reads what "
          "apt is about to\n"
          "unpack (DPkg::Pre-Install-Pkgs, version 3; config/apt/80frtgate); a PACKAGE is written as in the "
          "catalogue\n"
          "(deb:digikam, pypi:deepface, npm:@vladmandic/human). Packages that are not in the catalogue are "
          "nobody's business:\n"
          "nothing is asked and nothing recorded. Without frtd the last catalogue it gave stands, and what "
          "it names is refused.\n\n"
          "  --apt          as apt's hook\n"
          "  --copy FILE    where the last catalogue is kept (default " FRT_CATALOGUE_COPY ")\n"
          "  --config FILE  configuration (default " FRT_CONF_PATH ")\n\n"
          "Exit status: 0 nothing is refused, 1 something is, 4 wrong usage or input.\n",
          out);
}

/* The tool of a package, unless the catalogue says to ignore it. */
static const json_t *find_tool(const json_t *tools, const char *package)
{
    const json_t *tool, *mark;
    size_t i, k;

    json_array_foreach(tools, i, tool) if (strcmp(frt_cli_text(tool, "action"), "ignore") != 0)
        json_array_foreach(frt_cli_marks(tool, "package"), k,
                           mark) if (strcmp(json_string_value(mark), package) == 0) return tool;
    return NULL;
}

static void explain(const struct frt_answer *answer)
{
    fprintf(stderr, "  %s\n", answer->message);
    if (answer->rule[0])
        fprintf(stderr, "  Rule %s: %s\n", answer->rule, answer->citation);
    fprintf(stderr, "  Decision %lld. Ask: %s\n", (long long)answer->decision, answer->contact);
}

/* Who asks is the kernel's word; sudo's only adds a person where nobody logged in, and can only make it stricter. */
static void fill_ask(struct frt_ask *ask, const json_t *tool, const char *package, const char *version)
{
    const char *behind = getenv("SUDO_USER");

    *ask = frt_cli_question(FRT_ASK_DECIDE);
    ask->action = FRT_ACTION_OBTAIN;
    ask->match = FRT_MATCH_PACKAGE;
    snprintf(ask->tool, sizeof(ask->tool), "%s", frt_cli_text(tool, "id"));
    snprintf(ask->service, sizeof(ask->service), "frt-arrive");
    if (behind && strcmp(behind, "root") != 0 && geteuid() == 0)
        frt_percent_encode(behind, strlen(behind), ask->ruser, sizeof(ask->ruser));
    if (geteuid() == 0)
        snprintf(ask->path, sizeof(ask->path), "%.100s%s%.100s", package, version[0] ? " " : "", version);
}

static bool is_let_pass(struct arrivals *arrivals, const struct frt_conf *conf, const json_t *tool,
                        const char *package, const char *version)
{
    struct frt_answer answer;
    struct frt_ask ask;
    bool passes;

    fill_ask(&ask, tool, package, version);
    if (!conf || arrivals->is_frtd_away ||
        frt_client_ask_once(conf->socket, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer) < 0) {
        fprintf(stderr,
                "frt: %s is a catalogued facial recognition tool (%s) and frtd does not answer: refused\n",
                package, frt_cli_text(tool, "id"));
        return false;
    }
    passes = answer.verdict == FRT_VERDICT_ALLOW || answer.verdict == FRT_VERDICT_EXEMPT ||
             answer.verdict == FRT_VERDICT_NOT_GOVERNED;
    if (!passes) {
        fprintf(stderr, "frt: %s may not be obtained: it is a catalogued facial recognition tool (%s)\n",
                package, frt_cli_text(tool, "id"));
        explain(&answer);
    }
    frt_answer_clear(&answer);
    return passes;
}

static void take_package(struct arrivals *arrivals, const char *package, const char *version)
{
    const json_t *tool = find_tool(arrivals->tools, package);
    struct frt_conf *conf;

    if (!tool)
        return;
    arrivals->asked++;
    conf = frt_cli_conf(arrivals->conf_path);
    arrivals->refused += !is_let_pass(arrivals, conf, tool, package, version);
    frt_conf_free(conf);
}

/* Fresh from frtd, or the copy. NULL: neither; then nothing is known to be catalogued. */
static void find_catalogue(struct arrivals *arrivals)
{
    int code;

    arrivals->tools = frt_cli_catalogue(arrivals->conf_path, &code);
    arrivals->is_frtd_away = !arrivals->tools;
    if (arrivals->tools && geteuid() == 0)
        (void)frt_cli_catalogue_keep(arrivals->copy_path, arrivals->tools);
    if (!arrivals->tools)
        arrivals->tools = frt_cli_catalogue_kept(arrivals->copy_path);
}

static int take_apt(struct arrivals *arrivals)
{
    frt_auto_free char *line = NULL;
    bool is_list = false, is_steps = false;
    size_t size = 0;
    ssize_t n;

    while ((n = getline(&line, &size, stdin)) > 0) {
        struct frt_apt_step step;
        char package[FRT_APT_WORD_MAX + 4];

        line[strcspn(line, "\n")] = '\0';
        if (!is_list && !frt_apt_version_is_ours(line))
            break;
        is_list = true;
        is_steps = is_steps || line[0] == '\0';
        if (!is_steps || !frt_apt_line_parse(line, &step))
            continue;
        snprintf(package, sizeof(package), "deb:%s", step.package);
        take_package(arrivals, package, step.version);
    }
    if (is_list)
        return 0;
    fputs("frt: expected apt's list of packages, version 3 (DPkg::Tools::Options in config/apt/80frtgate)\n",
          stderr);
    return -1;
}

static int finish(const struct arrivals *arrivals, bool is_apt)
{
    if (arrivals->refused && is_apt)
        fputs("Nothing has been installed. Ask apt again without it; if it is already there and this is an "
              "upgrade:\n"
              "apt-mark hold PACKAGE, or better, remove it.\n",
              stderr);
    return arrivals->refused ? FRT_EXIT_NO : FRT_EXIT_YES;
}

int frt_arrive_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"copy", required_argument, NULL, 'y'},
        {"apt", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arrivals arrivals = {.copy_path = FRT_CATALOGUE_COPY};
    bool is_apt = false;
    int option, code;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'c')
            arrivals.conf_path = optarg;
        else if (option == 'y')
            arrivals.copy_path = optarg;
        else if (option == 'a')
            is_apt = true;
        else {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    }
    if (is_apt == (optind < argc)) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    find_catalogue(&arrivals);
    for (int i = optind; i < argc; i++)
        take_package(&arrivals, argv[i], "");
    code = is_apt && take_apt(&arrivals) < 0 ? FRT_EXIT_USAGE : finish(&arrivals, is_apt);
    json_decref(arrivals.tools);
    return code;
}
