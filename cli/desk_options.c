/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/desk_options.h"

#include <string.h>
#include <sys/stat.h>

#include "casework/past_policy.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "support/percent.h"

const char frt_cli_desk_help[] =
    "  --from TIME --to TIME   2026-03-16, 2026-03, 2026Q1, 2026 or 2026-03-16T14:00Z; what --to names is "
    "included,\n"
    "                          an exact time is the end itself\n"
    "  --period PERIOD         both at once: 2026Q1\n"
    "  --trail DIR             a log directory or an evidence package, instead of the configured trail\n"
    "  --directory LDIF        roles, requests and catalogue: a file or a folder of *.ldif; repeatable\n"
    "  --first-key HEX         the trail's first public key, from where you keep it; --origin, --live-key "
    "likewise\n"
    "  --no-verify             do not verify the chain (the answer then says so)\n"
    "  --config FILE           configuration (default " FRT_CONF_PATH ")\n";

static bool take_time(struct frt_cli_desk *cli, const char *name, const char *value)
{
    struct frt_history_options *period = &cli->options.period;
    int64_t from_s, until_s;

    if (frt_period_parse(value, &from_s, &until_s) < 0 || from_s < 0) {
        fprintf(
            stderr,
            "frt: --%s %s: expected a day, month, quarter, year or time like 2026-03-16, 2026-03, 2026Q1, "
            "2026, 2026-03-16T14:00Z\n",
            name, value);
        return false;
    }
    if (strcmp(name, "to") != 0)
        period->from_us = from_s * 1000000;
    if (strcmp(name, "from") != 0)
        period->until_us = (strlen(value) > 10 ? from_s : until_s) * 1000000;
    return true;
}

bool frt_cli_desk_option(struct frt_cli_desk *cli, const char *name, const char *value)
{
    if (strcmp(name, "config") == 0)
        cli->conf_path = value;
    else if (strcmp(name, "trail") == 0)
        cli->trail = value;
    else if (strcmp(name, "first-key") == 0)
        cli->options.first_key = value;
    else if (strcmp(name, "origin") == 0)
        cli->options.origin = value;
    else if (strcmp(name, "live-key") == 0)
        cli->options.live_key = value;
    else if (strcmp(name, "no-verify") == 0)
        cli->options.skip_verify = true;
    else if (strcmp(name, "directory") != 0 && strcmp(name, "requests-ldif") != 0)
        return take_time(cli, name, value);
    else if (cli->ldif_count == FRT_DESK_LDIF_MAX)
        return false;
    else
        cli->ldif[cli->ldif_count++] = value;
    return true;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A package keeps its segments in chain/log and its directory in directory/. */
static void find_trail(struct frt_cli_desk *cli, char directory[4096])
{
    const char *trail = cli->trail ? cli->trail : cli->conf->log_dir;
    int n = snprintf(cli->log_dir, sizeof(cli->log_dir), "%s/chain/log", trail);

    if (n < 0 || (size_t)n >= sizeof(cli->log_dir) || !is_folder(cli->log_dir)) {
        snprintf(cli->log_dir, sizeof(cli->log_dir), "%s", trail);
        return;
    }
    n = snprintf(directory, 4096, "%s/directory", trail);
    if (n > 0 && n < 4096 && is_folder(directory) && cli->ldif_count == 0)
        cli->ldif[cli->ldif_count++] = directory;
}

/* The files frtd decides from, where it decides from files. */
static void use_configured_directory(struct frt_cli_desk *cli)
{
    for (size_t i = 0; cli->conf->directory.ldif[i]; i++)
        cli->ldif[cli->ldif_count++] = cli->conf->directory.ldif[i];
}

void frt_cli_desk_record(const struct frt_cli_desk *cli, const char *what)
{
    struct frt_reading reading;

    frt_reading_note(cli->conf, cli->log_dir, what, &reading);
}

int frt_cli_desk_open(struct frt_cli_desk *cli, const char *what, struct frt_desk **ret_desk)
{
    char error[FRT_DESK_ERROR_MAX], directory[4096] = "";
    struct frt_reading reading;
    bool failed;

    cli->conf = cli->trail ? frt_reading_conf(cli->conf_path, &failed) : frt_cli_conf(cli->conf_path);
    if (!cli->conf && (!cli->trail || failed))
        return FRT_EXIT_USAGE;
    find_trail(cli, directory);
    if (cli->ldif_count == 0 && cli->conf && !cli->trail)
        use_configured_directory(cli);
    frt_reading_note(cli->conf, cli->log_dir, what, &reading);
    cli->options.reading = reading.words;
    cli->options.log_dir = cli->log_dir;
    cli->options.ldif = cli->ldif;
    cli->options.conf = cli->conf;
    if (frt_desk_open(&cli->options, ret_desk, error) < 0) {
        fprintf(stderr, "frt: %s\n", error);
        frt_conf_free(cli->conf);
        cli->conf = NULL;
        return FRT_EXIT_USAGE;
    }
    return FRT_EXIT_YES;
}

void frt_cli_desk_close(struct frt_cli_desk *cli, struct frt_desk *desk)
{
    frt_desk_close(desk);
    frt_conf_free(cli->conf);
    cli->conf = NULL;
}

struct frt_policy *frt_cli_desk_policy(const struct frt_cli_desk *cli, const char *path)
{
    const char *file = path ? path : cli->conf ? cli->conf->policy : NULL;
    char error[FRT_DESK_ERROR_MAX];
    struct frt_policy *policy = NULL;

    if (file && frt_past_policy_read(file, &policy, error, sizeof(error)) < 0) {
        if (path)
            fprintf(stderr, "frt: %s\n", error);
        return NULL;
    }
    return policy;
}

void frt_cli_desk_query(int argc, char **argv, char *buffer, size_t size)
{
    size_t used = (size_t)snprintf(buffer, size, "frt");

    for (int i = 0; i < argc && used + 2 < size; i++) {
        buffer[used++] = ' ';
        frt_percent_encode(argv[i], strlen(argv[i]), buffer + used, size - used);
        used += strlen(buffer + used);
    }
}
