/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/desk_options.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    "  --trail DIR             a log directory or an evidence package, instead of the configured trail; "
    "several,\n"
    "                          or a folder of them, are asked as one (ask, report, eopss, replay)\n"
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

static bool take_trail(struct frt_cli_desk *cli, const char *value)
{
    if (cli->trail_count < FRT_HISTORY_TRAILS_MAX && !(cli->is_single && cli->trail_count > 0)) {
        cli->trails[cli->trail_count++] = value;
        return true;
    }
    fprintf(stderr, "frt: --trail %s: expected at most %d\n", value,
            cli->is_single ? 1 : FRT_HISTORY_TRAILS_MAX);
    return false;
}

bool frt_cli_desk_option(struct frt_cli_desk *cli, const char *name, const char *value)
{
    if (strcmp(name, "config") == 0)
        cli->conf_path = value;
    else if (strcmp(name, "trail") == 0)
        return take_trail(cli, value);
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

static int add_log_dir(struct frt_cli_desk *cli, const char *path)
{
    if (cli->log_dir_count == FRT_HISTORY_TRAILS_MAX) {
        fprintf(stderr, "frt: --trail: expected at most %d trails\n", FRT_HISTORY_TRAILS_MAX);
        return -E2BIG;
    }
    cli->log_dirs[cli->log_dir_count] = strdup(path);
    return cli->log_dirs[cli->log_dir_count++] ? 0 : -ENOMEM;
}

/* A log directory has the key its trail began with. */
static bool is_log_dir(const char *path)
{
    char key[4200];

    return (size_t)snprintf(key, sizeof(key), "%s/pk0", path) < sizeof(key) && access(key, F_OK) == 0;
}

/* A package keeps its segments in chain/log and its directory in directory/. */
static int add_trail(struct frt_cli_desk *cli, const char *trail, char directory[4096], bool *ret_found)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/chain/log", trail);

    *ret_found = n > 0 && (size_t)n < sizeof(path) && is_folder(path);
    if (*ret_found) {
        n = snprintf(directory, 4096, "%s/directory", trail);
        if (n > 0 && n < 4096 && is_folder(directory) && cli->ldif_count == 0)
            cli->ldif[cli->ldif_count++] = directory;
        return add_log_dir(cli, path);
    }
    *ret_found = is_log_dir(trail);
    if (*ret_found)
        return add_log_dir(cli, trail);
    n = snprintf(path, sizeof(path), "%s/log", trail);
    *ret_found = n > 0 && (size_t)n < sizeof(path) && is_log_dir(path);
    return *ret_found ? add_log_dir(cli, path) : 0;
}

static int is_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A folder with a folder for each host. */
static int add_hosts(struct frt_cli_desk *cli, const char *folder, char directory[4096])
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_entry, alphasort), r = 0;
    size_t before = cli->log_dir_count;

    for (int i = 0; i < n; i++) {
        char path[4096];
        bool found;

        if (r == 0 &&
            (size_t)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < sizeof(path))
            r = add_trail(cli, path, directory, &found);
        free(entries[i]);
    }
    free(entries);
    /* a folder that is no trail at all, or may not be looked into: reading it says what is wrong */
    return r == 0 && cli->log_dir_count == before ? add_log_dir(cli, folder) : r;
}

static int find_trails(struct frt_cli_desk *cli, char directory[4096])
{
    int r = cli->trail_count ? 0 : add_log_dir(cli, cli->conf->log_dir);
    bool found;

    for (size_t i = 0; r == 0 && i < cli->trail_count; i++) {
        r = add_trail(cli, cli->trails[i], directory, &found);
        if (r == 0 && !found)
            r = cli->is_single ? add_log_dir(cli, cli->trails[i]) : add_hosts(cli, cli->trails[i], directory);
    }
    if (r == 0)
        snprintf(cli->log_dir, sizeof(cli->log_dir), "%s", cli->log_dirs[0]);
    return r;
}

static bool has_one_trails_keys(const struct frt_cli_desk *cli)
{
    const char *name = cli->options.first_key  ? "first-key"
                       : cli->options.origin   ? "origin"
                       : cli->options.live_key ? "live-key"
                                               : NULL;

    if (name && cli->log_dir_count > 1)
        fprintf(stderr, "frt: --%s: expected with one trail; verify each by itself: frt verify\n", name);
    return name && cli->log_dir_count > 1;
}

/* The first that is the live one says how the reading was recorded. */
static void note_reading(const struct frt_cli_desk *cli, const char *what, struct frt_reading *ret_reading)
{
    for (size_t i = 0; i < cli->log_dir_count; i++) {
        frt_reading_note(cli->conf, cli->log_dirs[i], what, ret_reading);
        if (ret_reading->record >= 0)
            return;
    }
}

static void forget_trails(struct frt_cli_desk *cli)
{
    for (size_t i = 0; i < cli->log_dir_count; i++)
        free(cli->log_dirs[i]);
    cli->log_dir_count = 0;
    frt_conf_free(cli->conf);
    cli->conf = NULL;
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

    cli->conf = cli->trail_count ? frt_reading_conf(cli->conf_path, &failed) : frt_cli_conf(cli->conf_path);
    if (!cli->conf && (!cli->trail_count || failed))
        return FRT_EXIT_USAGE;
    if (find_trails(cli, directory) < 0 || has_one_trails_keys(cli)) {
        forget_trails(cli);
        return FRT_EXIT_USAGE;
    }
    if (cli->ldif_count == 0 && cli->conf && !cli->trail_count)
        use_configured_directory(cli);
    note_reading(cli, what, &reading);
    cli->options.more_dirs = (const char *const *)(cli->log_dirs + 1);
    cli->options.reading = reading.words;
    cli->options.log_dir = cli->log_dir;
    cli->options.ldif = cli->ldif;
    cli->options.conf = cli->conf;
    if (frt_desk_open(&cli->options, ret_desk, error) < 0) {
        fprintf(stderr, "frt: %s\n", error);
        forget_trails(cli);
        return FRT_EXIT_USAGE;
    }
    return FRT_EXIT_YES;
}

void frt_cli_desk_close(struct frt_cli_desk *cli, struct frt_desk *desk)
{
    frt_desk_close(desk);
    forget_trails(cli);
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
