/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/release.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "casework/package_parts.h"
#include "casework/safe_text.h"
#include "casework/tally.h"
#include "support/cleanup.h"
#include "support/time_text.h"
#include "trail/encoding.h"

#define KEY_SIZE   32
#define SMALL      3
#define HOUR_US    INT64_C(3600000000)
#define TAG_DIGITS 16

struct release {
    const struct frt_desk *desk;
    const struct frt_release_options *options;
    uint8_t key[KEY_SIZE];
    FILE *rows, *log;
    struct frt_tally *groups, *members; /* people of the release by department and type */
};

struct row {
    char tag[TAG_DIGITS + 1];
    int64_t hour;
    size_t at;
};

/* Keyed digest of one thing of one kind, hex. */
static void tag_of(const struct release *release, const char *kind, const char *text, char *hex,
                   size_t digits)
{
    char message[FRT_SAFE_MAX], full[65];
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int n = snprintf(message, sizeof(message), "%s:%s", kind, text);

    HMAC(EVP_sha256(), release->key, KEY_SIZE, (const unsigned char *)message,
         n < 0                         ? 0
         : (size_t)n < sizeof(message) ? (size_t)n
                                       : sizeof(message) - 1,
         hash, &size);
    frt_hex_format(hash, FRT_HASH_SIZE, full);
    snprintf(hex, digits + 1, "%.*s", (int)digits, full);
}

static const char *type_of(const struct release *release, const struct frt_past_decision *row)
{
    const struct frt_facts *facts = frt_history_facts(release->desk->history, row);

    return facts ? frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, facts->value[FRT_FACT_OFFICIAL_TYPE]) : "";
}

static const char *fact_of(const struct release *release, const struct frt_past_decision *row,
                           enum frt_fact fact)
{
    const struct frt_facts *facts = frt_history_facts(release->desk->history, row);

    return facts ? frt_fact_value_name(fact, facts->value[fact]) : "";
}

/* What happens to each field of a denial (domain 3.6). */
enum treatment { TO_HOUR, KEEP, PSEUDONYM, HOST_CLASS, TOOL_CLASS, WITHHOLD };

static const struct {
    const char *field;
    enum treatment treatment;
    const char *exemption;
} treatments[] = {
    {"time", TO_HOUR, "(f) minute-level time can identify an investigation"},
    {"person", PSEUDONYM, "(c) personnel, privacy"},
    {"host", HOST_CLASS, "(n) security"},
    {"tool", TOOL_CLASS, "(n) security"},
    {"path", WITHHOLD, "(n) security"},
    {"sha", WITHHOLD, "(n) security"},
    {"match", WITHHOLD, "(n) security"},
    {"pid", WITHHOLD, "(n) security"},
    {"exe", WITHHOLD, "(n) security"},
    {"tty", WITHHOLD, "(n) security"},
    {"rhost", WITHHOLD, "(n) security"},
    {"uid", WITHHOLD, "(c) personnel, privacy"},
    {"request", WITHHOLD, "(a), (f) investigatory"},
    {"evidence", WITHHOLD, "(a), (f) investigatory"},
};

static void log_line(struct release *release, const char *tag, const char *field, const char *exemption,
                     const char *before, const char *after)
{
    char hex_before[65], hex_after[65], kind[128];

    snprintf(kind, sizeof(kind), "%s of %s", field,
             tag); /* equal values of two rows must not show as equal */
    tag_of(release, kind, before, hex_before, 64);
    tag_of(release, kind, after, hex_after, 64);
    frt_csv_write(release->log, tag);
    fputc(',', release->log);
    frt_csv_write(release->log, field);
    fputc(',', release->log);
    frt_csv_write(release->log, exemption);
    fputc(',', release->log);
    frt_csv_write(release->log, release->options->who ? release->options->who : "unknown");
    fprintf(release->log, ",\"%s\",\"%s\"\r\n", hex_before, hex_after);
}

/* The value of a field before redaction. */
static const char *before_of(const struct release *release, const struct frt_past_decision *row,
                             const char *field, char buffer[64])
{
    const struct frt_history *h = release->desk->history;

    if (strcmp(field, "time") == 0) {
        frt_time_format_us(row->time_us, buffer);
        return buffer;
    }
    if (strcmp(field, "person") == 0)
        return frt_history_text(h, row->person);
    if (strcmp(field, "match") == 0)
        return fact_of(release, row, FRT_FACT_MATCH);
    if (strcmp(field, "pid") == 0 || strcmp(field, "uid") == 0) {
        snprintf(buffer, 64, "%d", strcmp(field, "pid") == 0 ? row->pid : row->uid);
        return buffer;
    }
    for (unsigned k = 0; k < FRT_PAST_TEXT_COUNT; k++)
        if (strcmp(frt_past_keys[k], field) == 0)
            return frt_history_say(h, row, (enum frt_past_text)k);
    return "";
}

/* What stands in its place; "" where the field is not in the release. */
static const char *after_of(const struct release *release, const struct frt_past_decision *row, size_t i,
                            const char *before, char buffer[64])
{
    const char *owner = frt_history_say(release->desk->history, row, FRT_PAST_OWNER);
    char hex[65];

    switch (treatments[i].treatment) {
    case TO_HOUR:
        frt_time_format(row->time_us / HOUR_US * 3600, buffer);
        buffer[13] = '\0';
        return buffer;
    case PSEUDONYM:
        if (!before[0])
            return "";
        tag_of(release, "pseudonym", before, hex, 10);
        snprintf(buffer, 64, "P-%.10s", hex);
        return buffer;
    case HOST_CLASS:
        return strcmp(owner, "city") == 0 ? "city host" : owner[0] ? "outside agency's host" : "unknown host";
    case TOOL_CLASS:
        return fact_of(release, row, FRT_FACT_TOOL_CLASS);
    case KEEP:
        return before;
    case WITHHOLD:
        break;
    }
    return "";
}

static const char *citation_of(const struct release *release, const struct frt_past_decision *row)
{
    const struct frt_policy *policy = release->options->policy;
    const char *id = frt_history_say(release->desk->history, row, FRT_PAST_RULE);

    if (!policy ||
        strcmp(policy->sha256, frt_history_say(release->desk->history, row, FRT_PAST_POLICY_SHA)) != 0)
        return "";
    for (size_t i = 0; i < policy->layer_count; i++)
        for (size_t k = 0; k < policy->layers[i].rule_count; k++)
            if (policy->layers[i].rules[k].line == row->line &&
                strcmp(policy->layers[i].rules[k].id, id) == 0)
                return policy->layers[i].rules[k].citation;
    return "";
}

static void group_key(const struct release *release, const struct frt_past_decision *row,
                      uint32_t key[FRT_TALLY_KEYS])
{
    const struct frt_facts *facts = frt_history_facts(release->desk->history, row);

    memset(key, 0, FRT_TALLY_KEYS * sizeof(*key));
    key[0] = row->department;
    key[1] = facts ? facts->value[FRT_FACT_OFFICIAL_TYPE] : 0;
}

static bool is_small_group(const struct release *release, const struct frt_past_decision *row)
{
    uint32_t key[FRT_TALLY_KEYS];
    const struct frt_tally_row *group;

    group_key(release, row, key);
    group = frt_tally_at(release->groups, key);
    return !group || group->count[0] < SMALL;
}

static void write_row(struct release *release, const struct row *entry)
{
    const struct frt_past_decision *row = frt_history_decision(release->desk->history, entry->at);
    const struct frt_history *h = release->desk->history;
    bool withhold = release->options->withhold_small_groups && is_small_group(release, row);
    const char *department = withhold ? "" : frt_history_text(h, row->department);
    const char *cells[10] = {entry->tag};
    char before[64], after[4][64];
    size_t count = 1;

    for (size_t i = 0; i < FRT_ARRAY_LEN(treatments); i++) {
        const char *old = before_of(release, row, treatments[i].field, before);
        const char *new = after_of(release, row, i, old, after[count <= 4 ? count - 1 : 3]);

        if (old[0])
            log_line(release, entry->tag, treatments[i].field, treatments[i].exemption, old, new);
        if (treatments[i].treatment != WITHHOLD)
            cells[count++] = new;
    }
    if (withhold) {
        log_line(release, entry->tag, "department", "(c) fewer than 3 people",
                 frt_history_text(h, row->department), "");
        log_line(release, entry->tag, "official_type", "(c) fewer than 3 people", type_of(release, row), "");
    }
    cells[count++] = department;
    cells[count++] = withhold ? "" : type_of(release, row);
    cells[count++] = frt_history_say(h, row, FRT_PAST_RULE);
    cells[count++] = citation_of(release, row);
    cells[count++] = frt_history_say(h, row, FRT_PAST_REASON);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", release->rows);
        frt_csv_write(release->rows, cells[i]);
    }
    fputs("\r\n", release->rows);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->hour != y->hour)
        return x->hour < y->hour ? -1 : 1;
    return strcmp(x->tag, y->tag);
}

/* Denials become rows; every other decision is withheld whole, and the log says so. */
static size_t gather(struct release *release, struct row *rows, size_t *ret_withheld)
{
    const struct frt_history *h = release->desk->history;
    size_t count = 0;

    for (size_t i = 0; i < frt_history_decision_count(h); i++) {
        const struct frt_past_decision *row = frt_history_decision(h, i);
        uint32_t key[FRT_TALLY_KEYS];
        struct frt_tally_row *group;
        char number[32];

        snprintf(number, sizeof(number), "%" PRIu64, row->n);
        if (row->verdict != FRT_VERDICT_DENY) {
            (*ret_withheld)++;
            continue;
        }
        rows[count] = (struct row){.hour = row->time_us / HOUR_US, .at = i};
        tag_of(release, "row", number, rows[count++].tag, TAG_DIGITS);
        group_key(release, row, key);
        group = frt_tally_at(release->groups, key);
        key[2] = row->person;
        if (group && frt_tally_at(release->members, key) &&
            frt_tally_at(release->members, key)->count[0]++ == 0)
            group->count[0]++;
    }
    qsort(rows, count, sizeof(*rows), compare_rows);
    return count;
}

static void write_counts(struct frt_package *package, const struct release *release)
{
    const struct frt_history *h = release->desk->history;
    struct frt_tally *tally = frt_tally_new();
    FILE *out = frt_package_open(package, "counts.csv");

    for (size_t i = 0; out && i < frt_history_decision_count(h); i++) {
        const struct frt_past_decision *row = frt_history_decision(h, i);
        time_t s = (time_t)(row->time_us / 1000000);
        struct tm utc;
        uint32_t key[FRT_TALLY_KEYS] = {0, row->department, frt_history_text_of(h, row, FRT_PAST_RULE)};
        struct frt_tally_row *count;

        gmtime_r(&s, &utc);
        key[0] = (uint32_t)((utc.tm_year + 1900) * 4 + utc.tm_mon / 3);
        if (row->verdict == FRT_VERDICT_DENY && (count = frt_tally_at(tally, key)))
            count->count[0]++;
    }
    frt_tally_sort(tally);
    if (out)
        fputs("\"quarter\",\"department\",\"rule\",\"denials\"\r\n", out);
    for (size_t i = 0; out && i < frt_tally_rows(tally); i++) {
        const struct frt_tally_row *row = frt_tally_row(tally, i);

        fprintf(out, "\"%uQ%u\",", row->key[0] / 4, row->key[0] % 4 + 1);
        frt_csv_write(out, frt_history_text(h, row->key[1]));
        fputc(',', out);
        frt_csv_write(out, frt_history_text(h, row->key[2]));
        if (row->count[0] < SMALL)
            fputs(",\"fewer than 3\"\r\n", out);
        else
            fprintf(out, ",\"%" PRId64 "\"\r\n", row->count[0]);
    }
    frt_package_close(package, out);
    frt_tally_free(tally);
}

static void write_readme(struct frt_package *package, const struct release *release, size_t rows,
                         size_t withheld)
{
    const struct frt_history_options *period = frt_history_period(release->desk->history);
    char from[FRT_TIME_TEXT_MAX], until[FRT_TIME_TEXT_MAX] = "the end of the trail";
    FILE *out = frt_package_open(package, "README.txt");

    if (!out)
        return;
    frt_time_format(period->from_us / 1000000, from);
    if (period->until_us != INT64_MAX)
        frt_time_format(period->until_us / 1000000, until);
    fprintf(out,
            "Public release: refused attempts to open facial recognition tools.\n\n"
            "  period     from %s to %s\n"
            "  rows       %zu refusals in denials.csv; %zu decisions that let pass are withheld whole:\n"
            "             exemption (a), M.G.L. c. 6 s. 220 (documentation of searches is no public record)\n"
            "  made by    %s, frt " FRT_VERSION "\n\n"
            "Persons are pseudonyms of this release alone; two releases cannot be joined. Times are given to "
            "the hour, hosts and\n"
            "tools by class. Each redaction, with the exemption claimed, is a line of redaction-log.csv; its "
            "digests are keyed,\n"
            "so that a name cannot be guessed from them. Counts below 3 are not given.\n"
            "%s",
            period->from_us ? from : "the beginning of the trail", until, rows, withheld,
            release->options->who ? release->options->who : "unknown",
            release->options->withhold_small_groups ? "Department and official type are withheld where fewer "
                                                      "than 3 people of the release have them.\n"
                                                    : "");
    frt_package_close(package, out);
}

static int keep_key(const struct release *release, char error[FRT_PACKAGE_ERROR_MAX])
{
    char hex[65];
    int fd;

    if (!release->options->key_out)
        return 0;
    fd = open(release->options->key_out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    frt_hex_format(release->key, KEY_SIZE, hex);
    if (fd < 0 || dprintf(fd, "%s\n", hex) != 65 || close(fd) < 0) {
        snprintf(error, FRT_PACKAGE_ERROR_MAX, "%s: %s", release->options->key_out, strerror(errno));
        return -EIO;
    }
    explicit_bzero(hex, sizeof(hex));
    return 0;
}

static int write_release(struct release *release, struct frt_package *package, char log_sha256[65],
                         char error[FRT_PACKAGE_ERROR_MAX])
{
    size_t withheld = 0, count;
    frt_auto_free struct row *rows =
        calloc(frt_history_decision_count(release->desk->history) + 1, sizeof(*rows));
    char path[4096];
    int r;

    release->rows = frt_package_open(package, "denials.csv");
    release->log = frt_package_open(package, "redaction-log.csv");
    if (rows && release->rows && release->log) {
        fputs("\"row\",\"hour\",\"person\",\"host\",\"tool\",\"department\",\"official_type\",\"rule\","
              "\"citation\",\"reason\"\r\n",
              release->rows);
        fputs("\"row\",\"field\",\"exemption\",\"by\",\"digest_before\",\"digest_after\"\r\n", release->log);
        count = gather(release, rows, &withheld);
        for (size_t i = 0; i < count; i++)
            write_row(release, &rows[i]);
        if (withheld > 0)
            log_line(release, "all others", "whole record", "(a) M.G.L. c. 6 s. 220", "", "");
        write_counts(package, release);
        write_readme(package, release, count, withheld);
    }
    frt_package_close(package, release->rows);
    frt_package_close(package, release->log);
    if (!rows)
        frt_package_fail(package, "memory", -ENOMEM);
    r = frt_package_finish(package, release->options->sign_key, error);
    snprintf(path, sizeof(path), "%s/redaction-log.csv", release->options->out);
    return r < 0 ? r : frt_file_digest(path, log_sha256);
}

int frt_release_export(const struct frt_desk *desk, const struct frt_release_options *options,
                       char log_sha256[65], char error[FRT_PACKAGE_ERROR_MAX])
{
    struct release release = {.desk = desk, .options = options};
    struct frt_package *package;
    int r;

    if (getrandom(release.key, KEY_SIZE, 0) != KEY_SIZE) {
        snprintf(error, FRT_PACKAGE_ERROR_MAX, "no random numbers: %s", strerror(errno));
        return -EIO;
    }
    r = keep_key(&release, error);
    if (r == 0)
        r = frt_package_begin(options->out, &package, error);
    if (r == 0) {
        release.groups = frt_tally_new();
        release.members = frt_tally_new();
        r = write_release(&release, package, log_sha256, error);
        frt_tally_free(release.groups);
        frt_tally_free(release.members);
        frt_package_free(package);
    }
    explicit_bzero(release.key, sizeof(release.key));
    return r;
}
