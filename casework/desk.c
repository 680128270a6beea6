/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/desk.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "casework/safe_text.h"
#include "directory/ldif.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/time_text.h"

#define LDIF_BYTES_MAX (256 * 1024 * 1024)

struct ldif_files {
    char *paths[FRT_DESK_LDIF_MAX];
    size_t count;
};

static int add_file(struct ldif_files *files, const char *path)
{
    if (files->count == FRT_DESK_LDIF_MAX)
        return -E2BIG;
    files->paths[files->count] = strdup(path);
    return files->paths[files->count++] ? 0 : -ENOMEM;
}

static int is_ldif(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".ldif") == 0;
}

static int add_folder(struct ldif_files *files, const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_ldif, alphasort), r = 0;

    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        frt_auto_free char *file = NULL;

        if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
            file = NULL;
            r = -ENOMEM;
        }
        if (r == 0)
            r = add_file(files, file);
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int find_files(const char *const *ldif, struct ldif_files *files, char error[FRT_DESK_ERROR_MAX])
{
    struct stat status;
    int r = 0;

    for (; r == 0 && *ldif; ldif++) {
        r = stat(*ldif, &status) < 0  ? -errno
            : S_ISDIR(status.st_mode) ? add_folder(files, *ldif)
                                      : add_file(files, *ldif);
        if (r < 0)
            snprintf(error, FRT_DESK_ERROR_MAX, "%s: %s", *ldif, strerror(-r));
    }
    return r;
}

/* "dn: ou=people,dc=frt,dc=example" names the suffix when nobody else does. */
static void guess_suffix(const char *bytes, char suffix[256])
{
    const char *dn = strstr(bytes, "\ndn: "), *dc;
    size_t length;

    dn = strncmp(bytes, "dn: ", 4) == 0 ? bytes + 4 : dn ? dn + 5 : NULL;
    if (!dn || suffix[0])
        return;
    length = strcspn(dn, "\r\n");
    dc = strstr(dn, "dc=");
    if (dc && dc < dn + length)
        snprintf(suffix, 256, "%.*s", (int)(length - (size_t)(dc - dn)), dc);
}

static int digest_files(const struct ldif_files *files, struct frt_desk *desk, size_t *ret_bytes,
                        char hex[65], char error[FRT_DESK_ERROR_MAX])
{
    struct frt_sha256 hasher;
    uint8_t hash[FRT_HASH_SIZE];
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return r;
    frt_sha256_begin(&hasher);
    for (size_t i = 0; r == 0 && i < files->count; i++) {
        frt_auto_free char *bytes = NULL;
        const char *what = "cannot be read";
        size_t length;

        r = frt_file_read(files->paths[i], FRT_FILE_ANY, LDIF_BYTES_MAX, &bytes, &length, &what);
        if (r < 0) {
            snprintf(error, FRT_DESK_ERROR_MAX, "%s: %s", files->paths[i], what);
            break;
        }
        frt_sha256_add(&hasher, bytes, length);
        guess_suffix(bytes, desk->suffix);
        *ret_bytes += length;
    }
    frt_sha256_end(&hasher, hash);
    for (size_t i = 0; i < FRT_HASH_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    frt_sha256_clear(&hasher);
    return r;
}

static int load_into(struct frt_view *view, const struct ldif_files *files, char error[FRT_DESK_ERROR_MAX])
{
    char ldif_error[FRT_LDIF_ERROR_MAX] = "out of memory";
    int r = 0;

    frt_view_refresh_begin(view);
    for (size_t i = 0; r == 0 && i < files->count; i++)
        r = frt_ldif_load(files->paths[i], view, ldif_error);
    if (r < 0)
        snprintf(error, FRT_DESK_ERROR_MAX, "%s", ldif_error);
    frt_view_refresh_end(view);
    frt_view_confirm(view, "", 0);
    return r;
}

static int load_views(const struct frt_desk_options *options, const struct ldif_files *files,
                      struct frt_desk *desk, char error[FRT_DESK_ERROR_MAX])
{
    char admins[300];
    struct frt_view_layout layout = {.suffix = desk->suffix};
    int r;

    r = options->conf && options->conf->layout.suffix ? frt_conf_new_view(options->conf, &desk->view)
                                                      : frt_view_new(&layout, NULL, 0, &desk->view);
    if (r == 0)
        r = load_into(desk->view, files, error);
    if (r < 0)
        return r;
    snprintf(admins, sizeof(admins), "ou=admins,%s", desk->suffix);
    layout.groups = admins;
    r = frt_view_new(&layout, NULL, 0, &desk->offices);
    return r < 0 ? r : load_into(desk->offices, files, error);
}

static int load_directory(const struct frt_desk_options *options, struct frt_desk *desk,
                          char error[FRT_DESK_ERROR_MAX])
{
    struct ldif_files files = {.count = 0};
    size_t bytes = 0;
    char hex[65] = "";
    int r;

    if (!options->ldif || !options->ldif[0])
        return 0;
    if (options->conf && options->conf->layout.suffix)
        snprintf(desk->suffix, sizeof(desk->suffix), "%s", options->conf->layout.suffix);
    r = find_files(options->ldif, &files, error);
    if (r == 0)
        r = digest_files(&files, desk, &bytes, hex, error);
    if (r == 0)
        r = load_views(options, &files, desk, error);
    if (r == 0)
        snprintf(desk->directory_words, sizeof(desk->directory_words),
                 "%zu entries of %zu LDIF files (sha256 %s)%s", frt_view_entry_count(desk->view), files.count,
                 hex, frt_view_unreadable_count(desk->view) ? ", some of them not readable" : "");
    for (size_t i = 0; i < files.count; i++)
        free(files.paths[i]);
    return r;
}

static void verify(const struct frt_desk_options *options, struct frt_desk *desk)
{
    const struct frt_verify_options verify_options = {
        .log_dir = options->log_dir,
        .origin = options->origin,
        .first_key = options->first_key,
        .live_key = options->live_key,
        .keep_leaves = options->keep_leaves,
    };

    frt_trail_verify(&verify_options, &desk->chain);
    desk->is_chain_checked = true;
}

/* The configuration records say which host a trail is about; the decisions do when they say nothing. */
static void find_host(struct frt_desk *desk)
{
    char text[64];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (frt_history_is_kind(desk->history, event, "cfg") &&
            frt_history_field(event, "host", text, sizeof(text)))
            snprintf(desk->host, sizeof(desk->host), "%s", text);
    }
    if (!desk->host[0] && frt_history_decision_count(desk->history) > 0)
        snprintf(desk->host, sizeof(desk->host), "%s",
                 frt_history_say(desk->history, frt_history_decision(desk->history, 0), FRT_PAST_HOST));
}

static int open_trail(const struct frt_desk_options *options, struct frt_desk *desk,
                      char error[FRT_DESK_ERROR_MAX])
{
    char key[65];
    int r = frt_history_read(options->log_dir, &options->period, &desk->history);

    if (r < 0) {
        snprintf(error, FRT_DESK_ERROR_MAX, "%s: %s%s", options->log_dir, strerror(-r),
                 r == -EACCES ? " (root and the auditors' group may read the trail)" : "");
        return r;
    }
    if (frt_trail_read_first_key(options->log_dir, desk->origin, key) < 0)
        desk->origin[0] = '\0';
    if (!options->skip_verify)
        verify(options, desk);
    find_host(desk);
    return 0;
}

/* The whole is as genuine as the worst of its trails. */
static void take_chain(struct frt_desk *desk, const struct frt_desk *trail)
{
    static const unsigned rank[] = {
        [FRT_VERIFY_OK] = 0,     [FRT_VERIFY_ACKNOWLEDGED] = 1, [FRT_VERIFY_UNSEALED] = 2,
        [FRT_VERIFY_FAILED] = 3, [FRT_VERIFY_CUT] = 4,          [FRT_VERIFY_ALTERED] = 5};

    if (desk->trail_count == 0)
        desk->is_chain_checked = trail->is_chain_checked;
    desk->is_chain_checked &= trail->is_chain_checked;
    if (desk->trail_count == 0 || rank[trail->chain.status] > rank[desk->chain.status])
        desk->chain.status = trail->chain.status;
    desk->chain.is_key_from_log |= trail->chain.is_key_from_log;
}

static int open_trails(const struct frt_desk_options *options, struct frt_desk *desk,
                       char error[FRT_DESK_ERROR_MAX])
{
    struct frt_desk_options one = *options;
    const char *paths[FRT_HISTORY_TRAILS_MAX];
    size_t count = 1;
    int r = 0;

    paths[0] = options->log_dir;
    for (; options->more_dirs[count - 1] && count < FRT_HISTORY_TRAILS_MAX; count++)
        paths[count] = options->more_dirs[count - 1];
    desk->trails = calloc(count, sizeof(struct frt_desk *));
    if (!desk->trails)
        return -ENOMEM;
    one.ldif = NULL;
    one.more_dirs = NULL;
    for (size_t i = 0; r == 0 && i < count; i++) {
        one.log_dir = paths[i];
        r = frt_desk_open(&one, &desk->trails[i], error);
        if (r < 0)
            return r;
        take_chain(desk, desk->trails[i]);
        desk->trail_count++;
    }
    snprintf(desk->host, sizeof(desk->host), "%zu hosts", count);
    r = frt_history_read_all(paths, count, &options->period, &desk->history);
    if (r < 0)
        snprintf(error, FRT_DESK_ERROR_MAX, "%s", strerror(-r));
    return r;
}

int frt_desk_open(const struct frt_desk_options *options, struct frt_desk **ret_desk,
                  char error[FRT_DESK_ERROR_MAX])
{
    struct frt_desk *desk = calloc(1, sizeof(*desk));
    int r;

    snprintf(error, FRT_DESK_ERROR_MAX, "out of memory");
    if (!desk)
        return -ENOMEM;
    snprintf(desk->reading, sizeof(desk->reading), "%s", options->reading ? options->reading : "");
    desk->knobs = (struct frt_desk_knobs){.days = 7, .count = 3, .office_from = 7, .office_to = 19};
    r = options->more_dirs && options->more_dirs[0] ? open_trails(options, desk, error)
                                                    : open_trail(options, desk, error);
    if (r == 0)
        r = load_directory(options, desk, error);
    if (r < 0) {
        frt_desk_close(desk);
        return r;
    }
    *ret_desk = desk;
    return 0;
}

void frt_desk_close(struct frt_desk *desk)
{
    if (!desk)
        return;
    for (size_t i = 0; i < desk->trail_count; i++)
        frt_desk_close(desk->trails[i]);
    free(desk->trails);
    frt_history_free(desk->history);
    frt_view_free(desk->view);
    frt_view_free(desk->offices);
    if (desk->is_chain_checked)
        frt_verify_result_clear(&desk->chain);
    free(desk);
}

bool frt_desk_is_member(const struct frt_desk *desk, const char *office, const char *uid)
{
    char dn[384];

    if (!desk->offices)
        return false;
    snprintf(dn, sizeof(dn), "cn=%s,ou=admins,%s", office, desk->suffix);
    return frt_view_group_lists(desk->offices, dn, uid);
}

static const char *chain_verdict(enum frt_verify_status status)
{
    switch (status) {
    case FRT_VERIFY_OK:
        return "whole";
    case FRT_VERIFY_ALTERED:
        return "ALTERED";
    case FRT_VERIFY_CUT:
        return "CUT SHORT";
    case FRT_VERIFY_UNSEALED:
        return "whole up to the last seal, unsealed bytes behind it";
    case FRT_VERIFY_ACKNOWLEDGED:
        return "BROKEN, and gone on by an administrator's word (frt verify shows where)";
    case FRT_VERIFY_FAILED:
        return "not verified";
    }
    return "not verified";
}

void frt_desk_chain_words(const struct frt_desk *desk, char *buffer, size_t size)
{
    const struct frt_verify_result *chain = &desk->chain;

    if (desk->is_chain_checked && desk->trail_count > 0) {
        snprintf(buffer, size, "%s (the worst of %zu trails; each is stated by itself)",
                 chain_verdict(chain->status), desk->trail_count);
        return;
    }
    if (!desk->is_chain_checked) {
        snprintf(buffer, size, "not checked in this run (--no-verify)");
        return;
    }
    if (chain->what[0] && !chain->file[0])
        snprintf(buffer, size, "%s: %.255s", chain_verdict(chain->status), chain->what);
    else if (chain->what[0])
        snprintf(buffer, size, "%s: %.64s line %" PRIu64 ": %.255s", chain_verdict(chain->status),
                 chain->file, chain->line, chain->what);
    else
        snprintf(buffer, size, "%s: %" PRIu64 " records under %" PRIu64 " seals, tree root %s; %s",
                 chain_verdict(chain->status), chain->records, chain->seals, chain->root,
                 chain->is_key_from_log ? "the first key was read beside the log"
                                        : "against the first key given");
}

static const char *add(struct frt_statement *statement, const char *name, const char *value)
{
    if (statement->count == FRT_STATEMENT_MAX)
        return "";
    statement->rows[statement->count].name = name;
    snprintf(statement->rows[statement->count].value, sizeof(statement->rows[0].value), "%s", value);
    return statement->rows[statement->count++].value;
}

static void state_period(const struct frt_desk *desk, struct frt_statement *statement)
{
    const struct frt_history_options *period = frt_history_period(desk->history);
    char from[FRT_TIME_TEXT_MAX], until[FRT_TIME_TEXT_MAX], text[128];

    frt_time_format(period->from_us / 1000000, from);
    if (period->until_us != INT64_MAX)
        frt_time_format(period->until_us / 1000000, until);
    if (period->is_single)
        snprintf(text, sizeof(text), "decision %" PRIu64 " alone", period->only);
    else if (period->from_us == 0 && period->until_us == INT64_MAX)
        snprintf(text, sizeof(text), "everything in the trail");
    else if (period->until_us == INT64_MAX)
        snprintf(text, sizeof(text), "from %s on", from);
    else
        snprintf(text, sizeof(text), "from %s until before %s", from, until);
    add(statement, "period", text);
}

static void state_editions(const struct frt_desk *desk, struct frt_statement *statement)
{
    const struct frt_past_edition *editions;
    size_t count = frt_history_editions(desk->history, &editions), used = 0;
    char text[1024] = "none: no decision in the period";

    for (size_t i = 0; i < count && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "%s%s %s (sha256 %.12s, %" PRIu64 " decisions)", i ? "; " : "",
                                 frt_history_text(desk->history, editions[i].policy),
                                 frt_history_text(desk->history, editions[i].edition),
                                 frt_history_text(desk->history, editions[i].sha), editions[i].decisions);
    add(statement, "policy", text);
}

/* One trail: "trail" and "chain". Several: those two about all of them, then "trail 1", "chain 1" and so on. */
static void state_trails(const struct frt_desk *desk, struct frt_statement *statement)
{
#define NAMES(n)                                                                                             \
    {                                                                                                        \
        "trail " #n, "chain " #n                                                                             \
    }
    static const char *const names[FRT_HISTORY_TRAILS_MAX][2] = {
        NAMES(1), NAMES(2),  NAMES(3),  NAMES(4),  NAMES(5),  NAMES(6),  NAMES(7),  NAMES(8),
        NAMES(9), NAMES(10), NAMES(11), NAMES(12), NAMES(13), NAMES(14), NAMES(15), NAMES(16)};
#undef NAMES
    char text[1024];

    if (desk->trail_count == 0)
        snprintf(text, sizeof(text), "%s%s%s", desk->origin[0] ? desk->origin : "unknown origin",
                 desk->host[0] ? ", host " : "", desk->host);
    else
        snprintf(text, sizeof(text), "%zu trails asked as one; a person counts once on however many hosts",
                 desk->trail_count);
    add(statement, "trail", text);
    frt_desk_chain_words(desk, text, sizeof(text));
    add(statement, "chain", text);
    for (size_t i = 0; i < desk->trail_count; i++) {
        const struct frt_desk *trail = desk->trails[i];

        snprintf(text, sizeof(text), "%s, host %s; its record n is %" PRIu64 " + n here", trail->origin,
                 trail->host, i * FRT_HISTORY_STEP);
        add(statement, names[i][0], text);
        frt_desk_chain_words(trail, text, sizeof(text));
        add(statement, names[i][1], text);
    }
}

void frt_desk_state(const struct frt_desk *desk, const char *query, const char *filters,
                    struct frt_statement *ret_statement)
{
    const struct frt_history_counts *counts = frt_history_counts(desk->history);
    char text[1024], now[FRT_TIME_TEXT_MAX];

    ret_statement->count = 0;
    state_period(desk, ret_statement);
    add(ret_statement, "filters", filters && filters[0] ? filters : "none");
    state_editions(desk, ret_statement);
    add(ret_statement, "directory", desk->directory_words[0] ? desk->directory_words : "none given");
    snprintf(text, sizeof(text),
             "%" PRIu64 " decisions of the period; the trail holds %" PRIu64 " decisions in %" PRIu64
             " sealed records%s",
             counts->considered, counts->decisions, counts->records,
             counts->unsealed + counts->unreadable ? "" : ", all of them read");
    if (counts->unsealed + counts->unreadable > 0)
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "; %" PRIu64 " without a seal and %" PRIu64 " unreadable lines left out", counts->unsealed,
                 counts->unreadable);
    add(ret_statement, "considered", text);
    state_trails(desk, ret_statement);
    if (desk->reading[0])
        add(ret_statement, "reading", desk->reading);
    add(ret_statement, "times", "UTC (ISO 8601)");
    frt_time_format(time(NULL), now);
    add(ret_statement, "made", now);
    add(ret_statement, "by", "frt " FRT_VERSION);
    if (query)
        add(ret_statement, "query", query);
}

void frt_statement_write_text(const struct frt_statement *statement, FILE *out)
{
    char buffer[FRT_SAFE_MAX];

    for (size_t i = 0; i < statement->count; i++)
        fprintf(out, "  %-11s %s\n", statement->rows[i].name,
                frt_safe_text(statement->rows[i].value, buffer));
}

void frt_statement_write_json(const struct frt_statement *statement, FILE *out)
{
    char buffer[FRT_SAFE_MAX];

    fputc('{', out);
    for (size_t i = 0; i < statement->count; i++) {
        fputs(i ? "," : "", out);
        frt_json_write(out, statement->rows[i].name);
        fputc(':', out);
        frt_json_write(out, frt_safe_text(statement->rows[i].value, buffer));
    }
    fputc('}', out);
}
