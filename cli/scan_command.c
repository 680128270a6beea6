/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <linux/ioprio.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/dpkg.h"
#include "cli/findings.h"
#include "cli/scan_record.h"
#include "protocol/client.h"
#include "scan/walk.h"
#include "support/cleanup.h"
#include "support/percent.h"

#define STATE_PATH "/var/lib/frt/scan.state"

struct scan {
    const char *conf_path, *state_path, *findings_path, *catalogue;
    char *root; /* "" for this system */
    bool cross_mounts, as_json, no_record, is_terminal;
    struct frt_findings findings;
    struct frt_scan walk;
    json_t *started; /* directories, in full */
    int64_t shown_ms;
    size_t unrecorded;
};

static volatile sig_atomic_t was_interrupted;

static void interrupt(int number)
{
    (void)number;
    was_interrupted = 1;
}

static void print_help(FILE *out)
{
    fputs("Usage: frt scan [OPTION]... DIRECTORY...\n\n"
          "Looks for catalogued things at rest: by path, pattern, model file name, package (dpkg, pip, npm), "
          "and by size and\n"
          "SHA-256. Says what it finds, since when and whose it is, and has frtd record what is new as an "
          "attempt to retain\n"
          "it. Runs at idle priority; files that have not changed since the last scan are not read again.\n\n"
          "  --cross-mounts     enter other file systems below DIRECTORY, too (never /proc and its like)\n"
          "  --json             output for programs\n"
          "  --no-record        do not tell frtd what was found\n"
          "  --root DIR         another system's root; paths are matched below it\n"
          "  --catalogue FILE   the catalogue from a file ('frt tools list --json') instead of from frtd\n"
          "  --state FILE       digests of the files read so far (default " STATE_PATH ")\n"
          "  --findings FILE    what was found so far (default " FRT_FINDINGS_PATH ")\n"
          "  --config FILE      configuration (default " FRT_CONF_PATH ")\n\n"
          "Exit status: 0 nothing found, 1 something found, 4 wrong usage or input, 5 what was found could "
          "not be recorded.\n",
          out);
}

/* ---- what to look for ---- */

static const struct {
    const char *key;
    enum frt_scan_kind kind;
} kinds[] = {
    {"path", FRT_SCAN_PATH},     {"pattern", FRT_SCAN_PATTERN}, {"model", FRT_SCAN_MODEL},
    {"sha256", FRT_SCAN_DIGEST}, {"size", FRT_SCAN_SIZE},       {"package", FRT_SCAN_PACKAGE},
};

static void add_marks(struct frt_scan_marks *marks, const json_t *tool, const char *key,
                      enum frt_scan_kind kind)
{
    const json_t *value;
    size_t i;

    json_array_foreach(frt_cli_marks(tool, key), i,
                       value) if (frt_scan_marks_add(marks, kind, frt_cli_text(tool, "id"),
                                                     json_string_value(value)) == -EINVAL)
        fprintf(stderr, "frt: catalogue: %s: a mark of kind %s that cannot be used was left out\n",
                frt_cli_text(tool, "id"), key);
}

/* Only what is decided on: a component that is everywhere, and what the catalogue ignores, are no findings. */
static struct frt_scan_marks *marks_of(const json_t *tools)
{
    struct frt_scan_marks *marks;
    const json_t *tool;
    size_t i;

    if (frt_scan_marks_new(&marks) < 0)
        return NULL;
    json_array_foreach(tools, i, tool) for (size_t k = 0;
                                            strcmp(frt_cli_text(tool, "action"), "decide") == 0 &&
                                            k < FRT_ARRAY_LEN(kinds);
                                            k++) add_marks(marks, tool, kinds[k].key, kinds[k].kind);
    frt_scan_marks_finish(marks);
    return marks;
}

/* From the file given, from frtd, or, when that is away, from the copy of the last time. */
static json_t *find_catalogue(const struct scan *scan, int *ret_exit)
{
    json_t *tools;

    *ret_exit = FRT_EXIT_USAGE;
    if (scan->catalogue) {
        tools = frt_cli_catalogue_kept(scan->catalogue);
        if (!tools)
            fprintf(stderr, "frt: %s: expected the output of 'frt tools list --json', owned by root\n",
                    scan->catalogue);
        return tools;
    }
    tools = frt_cli_catalogue(scan->conf_path, ret_exit);
    if (tools) {
        if (geteuid() == 0)
            (void)frt_cli_catalogue_keep(FRT_CATALOGUE_COPY, tools);
        return tools;
    }
    tools = frt_cli_catalogue_kept(FRT_CATALOGUE_COPY);
    if (tools)
        fputs("frt: using the catalogue of the last time frtd answered (" FRT_CATALOGUE_COPY ")\n", stderr);
    return tools;
}

/* ---- what is found ---- */

static void clear_line(const struct scan *scan)
{
    if (scan->is_terminal)
        fputs("\r\033[K", stderr);
}

static void owner_name(const json_t *finding, char *buffer, size_t size)
{
    const json_t *uid = json_object_get(finding, "uid");
    const struct passwd *owner = json_is_integer(uid) ? getpwuid((uid_t)json_integer_value(uid)) : NULL;

    if (owner)
        snprintf(buffer, size, "%s", owner->pw_name);
    else if (json_is_integer(uid))
        snprintf(buffer, size, "#%lld", (long long)json_integer_value(uid));
    else
        snprintf(buffer, size, "-");
}

static void print_finding(const struct scan *scan, const json_t *finding, const char *word)
{
    char owner[64];

    if (scan->as_json)
        return;
    owner_name(finding, owner, sizeof(owner));
    clear_line(scan);
    printf("%-6s %-26s %s\n       by %s %s, owner %s, first seen %s\n", word, frt_cli_text(finding, "tool"),
           frt_cli_text(finding, "path"), frt_cli_text(finding, "how"), frt_cli_text(finding, "mark"), owner,
           frt_cli_text(finding, "first_seen"));
    fflush(stdout);
}

static void note(struct scan *scan, const struct frt_scan_match *match, const char *path,
                 const struct stat *st, const uint8_t *sha256)
{
    const json_t *finding = frt_findings_note(&scan->findings, match, path, st, sha256);

    if (finding)
        print_finding(scan, finding, json_is_true(json_object_get(finding, "new")) ? "NEW" : "found");
    else
        fprintf(stderr, "frt: no memory to note what was found at %s\n", match->tool);
}

static void on_found(const char *path, const struct stat *st, const struct frt_scan_match *match,
                     const uint8_t *sha256, void *arg)
{
    note(arg, match, path, st, sha256);
}

static void on_unreadable(const char *path, int error, void *arg)
{
    char shown[1024];

    clear_line(arg);
    frt_percent_encode(path, strlen(path), shown, sizeof(shown));
    fprintf(stderr, "frt: not looked at: %s: %s\n", shown, strerror(-error));
}

static bool on_directory(const char *path, const struct frt_scan_counts *counts, void *arg)
{
    struct scan *scan = arg;
    char shown[64];

    if (scan->is_terminal && frt_mono_ms() - scan->shown_ms > 200) {
        scan->shown_ms = frt_mono_ms();
        frt_percent_encode(path, strlen(path), shown, sizeof(shown));
        fprintf(stderr, "\r\033[K%llu files, %llu MB read, %zu found  %s", (unsigned long long)counts->files,
                (unsigned long long)(counts->bytes >> 20), scan->findings.found, shown);
    }
    return !was_interrupted;
}

static void on_deb(const struct frt_scan_match *match, const char *name, void *arg)
{
    struct scan *scan = arg;
    frt_auto_free char *version = frt_dpkg_version(scan->root, name), *path = NULL;

    if (version && asprintf(&path, "%s/var/lib/dpkg", scan->root) >= 0)
        note(scan, match, path, NULL, NULL);
}

/* ---- what was found before and is not there now ---- */

static bool is_below(const char *path, const json_t *directories)
{
    const json_t *directory;
    size_t i;

    json_array_foreach(directories, i, directory)
    {
        const char *text = json_string_value(directory);
        size_t length = strcmp(text, "/") == 0 ? 0 : strlen(text);

        if (strncmp(path, text, length) == 0 && (path[length] == '/' || path[length] == '\0'))
            return true;
    }
    return false;
}

/* Gone is what lstat(2) does not find; what could not be read this time stays. */
static bool is_gone(const json_t *finding)
{
    frt_auto_free char *path = strdup(frt_cli_text(finding, "path"));
    struct stat st;

    if (strcmp(frt_cli_text(finding, "how"), "package") == 0 && !json_object_get(finding, "ino"))
        return true;
    return path && frt_percent_decode(path) >= 0 && lstat(path, &st) < 0 &&
           (errno == ENOENT || errno == ENOTDIR);
}

static json_t *take_gone(struct scan *scan)
{
    json_t *gone = json_array(), *finding;
    const char *key;
    void *next;

    json_object_foreach_safe(scan->findings.list, next, key, finding)
    {
        const char *how = frt_cli_text(finding, "how");
        bool is_package = strcmp(how, "package") == 0 && !json_object_get(finding, "ino");

        if (json_object_get(finding, "seen") ||
            (!is_package && !is_below(frt_cli_text(finding, "path"), scan->started)) || !is_gone(finding))
            continue;
        print_finding(scan, finding, "gone");
        json_array_append(gone, finding);
        json_object_del(scan->findings.list, key);
    }
    return gone;
}

/* ---- the scan ---- */

/* Whoever works on this machine comes first. */
static void step_back(void)
{
    struct rlimit limit;

    (void)setpriority(PRIO_PROCESS, 0, 19);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int walk(struct scan *scan, char **directories)
{
    struct sigaction action = {.sa_handler = interrupt};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (; *directories; directories++) {
        frt_auto_free char *full = realpath(*directories, NULL);
        size_t length = strlen(scan->root);
        int r = full ? 0 : -errno;

        if (full &&
            (strncmp(full, scan->root, length) != 0 || (length && full[length] && full[length] != '/')))
            r = -EXDEV;
        if (r == 0) {
            json_array_append_new(scan->started, json_string(full));
            r = frt_scan_walk(&scan->walk, full);
        }
        clear_line(scan);
        if (r < 0) {
            fprintf(stderr, "frt: %s: %s\n", *directories,
                    r == -ECANCELED ? "interrupted" : (r == -EXDEV ? "is not below --root" : strerror(-r)));
            return r;
        }
    }
    return 0;
}

static void print_result(const struct scan *scan, const json_t *gone)
{
    const struct frt_scan_counts *c = &scan->walk.counts;
    json_t *list, *finding, *object;
    const char *key;

    if (!scan->as_json) {
        printf("%llu files in %llu directories; %llu read (%llu MB), %llu remembered, %llu not readable, "
               "%llu other mounts left "
               "out\n%zu found, %zu of them new, %zu gone since the last scan\n",
               (unsigned long long)c->files, (unsigned long long)c->directories, (unsigned long long)c->read,
               (unsigned long long)(c->bytes >> 20), (unsigned long long)c->remembered,
               (unsigned long long)c->unreadable, (unsigned long long)c->mounts, scan->findings.found,
               scan->findings.fresh, json_array_size(gone));
        return;
    }
    list = json_array();
    json_object_foreach(scan->findings.list, key, finding) if (json_object_get(finding, "seen"))
        json_array_append(list, finding);
    object = json_pack("{s:O, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:o, s:O}", "scanned", scan->started,
                       "counts", "files", (json_int_t)c->files, "directories", (json_int_t)c->directories,
                       "read", (json_int_t)c->read, "bytes", (json_int_t)c->bytes, "remembered",
                       (json_int_t)c->remembered, "unreadable", (json_int_t)c->unreadable, "mounts",
                       (json_int_t)c->mounts, "findings", list, "gone", gone);
    frt_cli_print_json(object);
    json_decref(object);
}

/* For the record: one line. */
static void summarise(const struct scan *scan, const json_t *gone, char *buffer, size_t size)
{
    const char *first = json_string_value(json_array_get(scan->started, 0));
    char shown[120];

    frt_percent_encode(first ? first : "", first ? strlen(first) : 0, shown, sizeof(shown));
    snprintf(buffer, size, "scan of %s%s: %llu files, %zu found, %zu new, %zu gone", shown,
             json_array_size(scan->started) > 1 ? " and others" : "",
             (unsigned long long)scan->walk.counts.files, scan->findings.found, scan->findings.fresh,
             json_array_size(gone));
}

static void keep(const struct scan *scan)
{
    int r = frt_scan_seen_save(scan->walk.seen, scan->state_path);

    if (r < 0)
        fprintf(stderr, "frt: %s: %s; the next scan reads everything again\n", scan->state_path,
                strerror(-r));
    r = frt_findings_save(&scan->findings, scan->findings_path);
    if (r < 0)
        fprintf(stderr, "frt: %s: %s; what was found is not remembered\n", scan->findings_path, strerror(-r));
}

static int run(struct scan *scan, char **directories)
{
    const struct frt_scan_package_visitor debs = {on_deb, scan};
    char summary[FRT_PATH_TEXT_MAX];
    json_t *gone;
    int r;

    step_back();
    frt_scan_each_package(scan->walk.marks, "deb", &debs);
    r = walk(scan, directories);
    if (r < 0 && r != -ECANCELED)
        return FRT_EXIT_USAGE;
    gone = r == 0 ? take_gone(scan) : json_array();
    summarise(scan, gone, summary, sizeof(summary));
    if (!scan->no_record)
        scan->unrecorded = frt_scan_record(scan->conf_path, scan->findings.list, gone, summary);
    keep(scan);
    print_result(scan, gone);
    json_decref(gone);
    if (scan->unrecorded)
        return FRT_EXIT_UNREACHABLE;
    return scan->findings.found ? FRT_EXIT_NO : FRT_EXIT_YES;
}

static int prepare_and_run(struct scan *scan, char **directories)
{
    struct frt_scan_marks *marks;
    struct frt_scan_seen *seen = NULL;
    int code;
    json_t *tools = find_catalogue(scan, &code);

    if (!tools)
        return code;
    marks = marks_of(tools);
    scan->started = json_array();
    code = FRT_EXIT_USAGE;
    if (marks && frt_scan_seen_load(scan->state_path, &seen) == 0 &&
        frt_findings_load(&scan->findings, scan->findings_path) == 0) {
        scan->walk = (struct frt_scan){.marks = marks,
                                       .seen = seen,
                                       .root_length = strlen(scan->root),
                                       .cross_mounts = scan->cross_mounts,
                                       .arg = scan,
                                       .found = on_found,
                                       .unreadable = on_unreadable,
                                       .progress = on_directory};
        code = run(scan, directories);
    }
    frt_findings_clear(&scan->findings);
    frt_scan_seen_free(seen);
    frt_scan_marks_free(marks);
    json_decref(scan->started);
    json_decref(tools);
    return code;
}

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},   {"state", required_argument, NULL, 's'},
    {"findings", required_argument, NULL, 'f'}, {"catalogue", required_argument, NULL, 'k'},
    {"root", required_argument, NULL, 'r'},     {"cross-mounts", no_argument, NULL, 'm'},
    {"no-record", no_argument, NULL, 'n'},      {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
};

static bool take_option(struct scan *scan, int option, const char **root)
{
    switch (option) {
    case 'c':
        scan->conf_path = optarg;
        return true;
    case 's':
        scan->state_path = optarg;
        return true;
    case 'f':
        scan->findings_path = optarg;
        return true;
    case 'k':
        scan->catalogue = optarg;
        return true;
    case 'r':
        *root = optarg;
        return true;
    case 'm':
        scan->cross_mounts = true;
        return true;
    case 'n':
        scan->no_record = true;
        return true;
    case 'j':
        scan->as_json = true;
        return true;
    default:
        return false;
    }
}

int frt_scan_command(int argc, char **argv)
{
    struct scan scan = {.state_path = STATE_PATH, .findings_path = FRT_FINDINGS_PATH};
    const char *root = "/";
    int option, code;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (!take_option(&scan, option, &root)) {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    if (optind == argc) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (geteuid() != 0 && !scan.no_record) {
        fputs("frt: only root can have findings recorded; give --no-record, --state and --findings to look "
              "without\n",
              stderr);
        return FRT_EXIT_USAGE;
    }
    scan.root = realpath(root, NULL);
    if (!scan.root) {
        fprintf(stderr, "frt: --root %s: %s\n", root, strerror(errno));
        return FRT_EXIT_USAGE;
    }
    if (strcmp(scan.root, "/") == 0)
        scan.root[0] = '\0';
    scan.is_terminal = isatty(STDERR_FILENO) && !scan.as_json;
    code = prepare_and_run(&scan, argv + optind);
    free(scan.root);
    return code;
}
