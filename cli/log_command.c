/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/desk_options.h"
#include "cli/reading.h"
#include "support/percent.h"
#include "support/time_text.h"
#include "trail/verify.h"

/* Filters that compare one field of a record; adding one is a row here and a line of the help. */
static const struct {
    const char *option, *key;
} text_filters[] = {
    {"user", "user"},  {"login", "login"},   {"tool", "tool"},       {"verdict", "dec"}, {"rule", "rule"},
    {"reason", "why"}, {"action", "action"}, {"request", "request"}, {"source", "src"},
};

#define TEXT_FILTERS (sizeof(text_filters) / sizeof(text_filters[0]))

enum output { TEXT, JSON, CSV };

struct query {
    const char *wanted[TEXT_FILTERS]; /* NULL: any */
    const char *kind;
    int64_t since_s, until_s;
    uint64_t from, until, last; /* until: the record of this very reading; last: 0 all, else only that many */
    uint64_t shown, matched;
    enum output output;
};

static const char *const columns[] = {"n",    "t",     "k",      "src",    "svc",    "host",    "login",
                                      "user", "ruser", "tool",   "path",   "action", "request", "rule",
                                      "dec",  "why",   "layers", "oblige", "roles",  "lroles",  "auid",
                                      "uid",  "pid",   "tty",    "rhost",  "owner",  "edition"};

static void print_help(FILE *out)
{
    fputs("Usage: frt log [OPTION]... [LOG_DIR]\n\n"
          "Lists the records of the trail, oldest first. Says nothing about whether they are genuine: frt "
          "verify does.\n\n"
          "  --user --login --tool --verdict --rule --reason --action --request --source VALUE\n"
          "                    only records with this value (verdicts: deny, allow, exempt, not-governed)\n"
          "  --kind KIND       only records of this kind (decision, session, sync, role, beat, clock, cfg, "
          "...)\n"
          "  --since TIME      from this time on (2026-03-16T14:00Z)\n"
          "  --until TIME      before this time\n"
          "  --from N          from record N on\n"
          "  --last N          only the last N that match\n"
          "  --json            JSON lines, as they stand in the trail\n"
          "  --csv             RFC 4180, header row; cells that a spreadsheet would run are quoted with '\n"
          "  --config FILE     where the trail is (default " FRT_CONF_PATH ")\n",
          out);
}

static void get(const struct frt_record_view *record, const char *key, char *buffer, size_t size)
{
    struct frt_record_field field;

    buffer[0] = '\0';
    if (frt_record_find(record, key, &field))
        snprintf(buffer, size, "%.*s", (int)field.value_length,
                 field.value); /* still escaped: safe anywhere */
}

static bool matches(const struct query *query, const struct frt_record_view *record)
{
    char value[1024], wanted[1024];

    if (record->n >= query->until || (query->kind && !frt_record_is_kind(record, query->kind)))
        return false;
    if (record->time_us < query->since_s * 1000000 || record->time_us / 1000000 >= query->until_s)
        return false;
    for (size_t i = 0; i < TEXT_FILTERS; i++) {
        if (!query->wanted[i])
            continue;
        get(record, text_filters[i].key, value, sizeof(value));
        frt_percent_encode(query->wanted[i], strlen(query->wanted[i]), wanted, sizeof(wanted));
        if (strcmp(value, wanted) != 0)
            return false;
    }
    return true;
}

/* One line: number, time, kind, then key=value as far as they say something; values are still escaped. */
static void print_fields(const struct frt_record_view *record, const char *time)
{
    struct frt_record_field field;

    printf("%6" PRIu64 " %s %-8.*s", record->n, time, (int)record->kind_length, record->kind);
    for (size_t at = record->body; frt_record_next_field(record, &at, &field);) {
        bool has_space = memchr(field.value, ' ', field.value_length) != NULL;

        if (field.value_length > 0)
            printf(has_space ? " %.*s=\"%.*s\"" : " %.*s=%.*s", (int)field.key_length, field.key,
                   (int)field.value_length, field.value);
    }
    putchar('\n');
}

static void print_text(const struct frt_record_view *record)
{
    char time[48], login[128], user[128], tool[128], verdict[32], rule[32], reason[64], action[32],
        source[32];

    get(record, "t", time, sizeof(time));
    time[19] = '\0';
    if (!frt_record_is_kind(record, "decision")) {
        print_fields(record, time);
        return;
    }
    get(record, "login", login, sizeof(login));
    get(record, "user", user, sizeof(user));
    get(record, "tool", tool, sizeof(tool));
    get(record, "dec", verdict, sizeof(verdict));
    get(record, "rule", rule, sizeof(rule));
    get(record, "why", reason, sizeof(reason));
    get(record, "action", action, sizeof(action));
    get(record, "src", source, sizeof(source));
    printf("%6" PRIu64 " %s %-12s %-8s %s%s%s %s %s by %s (%s)\n", record->n, time, verdict, rule,
           login[0] && strcmp(login, user) != 0 ? login : "",
           login[0] && strcmp(login, user) != 0 ? " as " : "", user[0] ? user : "(nobody)", action,
           tool[0] ? tool : "(uncatalogued)", source, reason);
}

/* RFC 4180; a first character that spreadsheets take for a formula is disarmed (OWASP "CSV injection"). */
static void print_cell(const char *value)
{
    bool formula =
        value[0] != '\0' && strchr("=+-@\t\r", value[0]) && strspn(value, "-0123456789") != strlen(value);

    printf("\"%s", formula ? "'" : "");
    for (; *value; value++) {
        if (*value == '"')
            putchar('"');
        putchar(*value);
    }
    putchar('"');
}

static void print_csv(const struct frt_record_view *record)
{
    char value[4096];

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        get(record, columns[i], value, sizeof(value));
        if (i > 0)
            putchar(',');
        print_cell(value);
    }
    fputs("\r\n", stdout);
}

static int count_entry(void *arg, const struct frt_trail_entry *entry)
{
    struct query *query = arg;

    query->matched += matches(query, entry->record);
    return 0;
}

static int print_entry(void *arg, const struct frt_trail_entry *entry)
{
    struct query *query = arg;

    if (!matches(query, entry->record))
        return 0;
    if (query->shown++ < query->matched - (query->last ? query->last : query->matched))
        return 0;
    if (query->output == JSON)
        printf("%.*s\n", (int)entry->record->length, entry->record->line);
    else if (query->output == CSV)
        print_csv(entry->record);
    else
        print_text(entry->record);
    return 0;
}

static void print_header(void)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        printf("%s%s", i ? "," : "", columns[i]);
    fputs("\r\n", stdout);
}

static int list(struct query *query, const char *log_dir)
{
    uint64_t unreadable = 0;
    int r = 0;

    if (query->last > 0) {
        r = frt_trail_read(log_dir, query->from, count_entry, query, &unreadable);
        if (query->matched < query->last)
            query->last = query->matched;
    }
    if (query->output == CSV)
        print_header();
    if (r == 0)
        r = frt_trail_read(log_dir, query->from, print_entry, query, &unreadable);
    if (r < 0) {
        fprintf(stderr, "frt: %s: %s%s\n", log_dir, strerror(-r),
                r == -EACCES ? " (root and the auditors' group may read the trail)" : "");
        return FRT_EXIT_USAGE;
    }
    if (unreadable > 0)
        fprintf(stderr, "frt: %" PRIu64 " lines are no records and were left out: run frt verify\n",
                unreadable);
    return FRT_EXIT_YES;
}

static bool take_time(const char *name, const char *value, int64_t *ret_s)
{
    if (frt_time_parse(value, ret_s) == 0)
        return true;
    fprintf(stderr, "frt: --%s %s: expected a time like 2026-03-16T14:00Z\n", name, value);
    return false;
}

static bool take_count(const char *name, const char *value, uint64_t least, uint64_t *ret_count)
{
    char *end;

    errno = 0;
    *ret_count = strtoull(value, &end, 10);
    if (errno == 0 && end != value && *end == '\0' && value[0] >= '0' && value[0] <= '9' &&
        *ret_count >= least)
        return true;
    fprintf(stderr, "frt: --%s %s: expected a whole number from %d on\n", name, value, (int)least);
    return false;
}

static bool take_option(struct query *query, const char *name, const char *value, const char **conf_path)
{
    for (size_t i = 0; i < TEXT_FILTERS; i++)
        if (strcmp(name, text_filters[i].option) == 0) {
            query->wanted[i] = value;
            return true;
        }
    if (strcmp(name, "kind") == 0)
        query->kind = value;
    else if (strcmp(name, "config") == 0)
        *conf_path = value;
    else if (strcmp(name, "json") == 0)
        query->output = JSON;
    else if (strcmp(name, "csv") == 0)
        query->output = CSV;
    else if (strcmp(name, "since") == 0)
        return take_time(name, value, &query->since_s);
    else if (strcmp(name, "until") == 0)
        return take_time(name, value, &query->until_s);
    else if (strcmp(name, "from") == 0)
        return take_count(name, value, 0, &query->from);
    else if (strcmp(name, "last") == 0)
        return take_count(name, value, 1, &query->last);
    return true;
}

/* `log_dir` NULL: the configured trail. */
static int read_trail(struct query *query, const char *conf_path, const char *log_dir, const char *what)
{
    bool failed = true;
    struct frt_conf *conf = log_dir ? frt_reading_conf(conf_path, &failed) : frt_cli_conf(conf_path);
    struct frt_reading reading;
    int code = FRT_EXIT_USAGE;

    if (conf || !failed) {
        log_dir = log_dir ? log_dir : conf->log_dir;
        frt_reading_note(conf, log_dir, what, &reading);
        if (reading.record >= 0)
            query->until = (uint64_t)reading.record;
        code = list(query, log_dir);
    }
    frt_conf_free(conf);
    return code;
}

int frt_log_command(int argc, char **argv)
{
    static const char *const with_value[] = {"kind", "since", "until", "from", "last", "config"};
    static const char *const without[] = {"json", "csv", "help"};
    struct option options[TEXT_FILTERS + sizeof(with_value) / sizeof(with_value[0]) + 4] = {
        {NULL, 0, NULL, 0}};
    struct query query = {.until_s = INT64_MAX / 1000001, .until = UINT64_MAX};
    const char *conf_path = NULL;
    char typed[512];
    size_t n = 0;
    int chosen;

    frt_cli_desk_query(argc, argv, typed, sizeof(typed));
    for (size_t i = 0; i < TEXT_FILTERS; i++)
        options[n++] = (struct option){text_filters[i].option, required_argument, NULL, 'o'};
    for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++)
        options[n++] = (struct option){with_value[i], required_argument, NULL, 'o'};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        options[n++] = (struct option){without[i], no_argument, NULL, without[i][0] == 'h' ? 'h' : 'o'};
    for (;;) {
        int option = getopt_long(argc, argv, "", options, &chosen);

        if (option == -1)
            break;
        if (option != 'o') {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        }
        if (!take_option(&query, options[chosen].name, optarg, &conf_path))
            return FRT_EXIT_USAGE;
    }
    if (argc - optind > 1) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    return read_trail(&query, conf_path, optind < argc ? argv[optind] : NULL, typed + 4);
}
