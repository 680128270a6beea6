/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "casework/package.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/desk_options.h"
#include "cli/reading.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"
#include "support/time_text.h"
#include "trail/verify.h"

#define KEPT_MAX (64U << 20) /* bytes of kept checkpoints: years of one a minute */

struct arguments {
    const char *conf_path, *log_dir, *origin, *first_key, *live_key, *checkpoint_file, *checkpoint_key;
    long long proof; /* -1: none */
    unsigned threads;
    bool as_json;
    char typed[512];            /* the command line */
    struct frt_reading reading; /* of the trail itself; words "" for a copy in a package */
};

static void print_help(FILE *out)
{
    fputs(
        "Usage: frt verify [OPTION]... [LOG_DIR]\n\n"
        "Proves that the trail is whole: every record chained to the one before, every commit sealed with a "
        "key that was\n"
        "used once and destroyed. Without LOG_DIR the configured trail, and the running frtd is asked for "
        "its live key.\n\n"
        "  --first-key HEX       the public key printed when the trail began, from where you keep it (pk0)\n"
        "  --origin NAME         the trail's origin, likewise\n"
        "  --live-key HEX        the running frtd's next key: shows that the end was not cut off\n"
        "  --checkpoint FILE     checkpoints kept elsewhere, all of which the trail must contain;\n"
        "                        with --checkpoint-key VKEY (log_dir/host.vkey when the trail began)\n"
        "  --proof N             print the inclusion proof of record N\n"
        "  --threads N           0: one per core (default)\n"
        "  --json                the result for programs\n"
        "  --config FILE         configuration (default " FRT_CONF_PATH ")\n\n"
        "Exit status: 0 whole, 1 altered, 2 cut short, 3 ends with bytes no seal covers, 4 could not be "
        "done,\n"
        "6 broken, and gone on by an administrator's word (frt ack).\n",
        out);
}

struct progress {
    int64_t begun_ms, shown_ms;
};

/* Only when somebody watches, and only when it takes long enough to wonder. */
static void show_progress(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
    struct progress *progress = arg;
    int64_t now_ms = frt_mono_ms();

    if (!isatty(STDERR_FILENO) || now_ms - progress->begun_ms < 500 || now_ms - progress->shown_ms < 200)
        return;
    progress->shown_ms = now_ms;
    fprintf(stderr, "\r%3.0f %% of %.1f MiB ",
            total_bytes ? 100.0 * (double)done_bytes / (double)total_bytes : 100.0,
            (double)total_bytes / 1048576);
}

static void print_proof(const struct frt_verify_result *result, uint64_t n)
{
    struct frt_proof proof;
    int r = frt_verify_prove_record(result, n, &proof);

    if (r < 0) {
        fprintf(stderr, "frt: there is no sealed record %" PRIu64 "\n", n);
        return;
    }
    printf("inclusion proof of record %" PRIu64 " in %" PRIu64 " (RFC 6962, 2.1.1), root %s\n", n,
           result->records, result->root);
    for (size_t i = 0; i < proof.length; i++) {
        for (size_t k = 0; k < FRT_HASH_SIZE; k++)
            printf("%02x", proof.path[i][k]);
        putchar('\n');
    }
}

static const char *verdict(const struct frt_verify_result *result)
{
    switch (result->status) {
    case FRT_VERIFY_OK:
        return "whole";
    case FRT_VERIFY_ALTERED:
        return "ALTERED";
    case FRT_VERIFY_CUT:
        return "CUT SHORT";
    case FRT_VERIFY_UNSEALED:
        return "whole up to the last seal; behind it are bytes that no seal covers (an interrupted commit)";
    case FRT_VERIFY_ACKNOWLEDGED:
        return "BROKEN, and gone on by an administrator's word";
    case FRT_VERIFY_FAILED:
        return "not verified";
    }
    return "not verified";
}

/* What an administrator wrote is his own: escaped before it reaches a terminal. */
static void print_acks(const struct frt_verify_result *result)
{
    for (uint64_t i = 0; i < result->ack_count && i < FRT_TRAIL_ACKS_MAX; i++) {
        const struct frt_trail_ack *ack = &result->acks[i];
        char time[FRT_TIME_TEXT_MAX], by[200], found[800], reason[800];

        frt_time_format(ack->time_us / 1000000, time);
        frt_percent_encode(ack->by, strlen(ack->by), by, sizeof(by));
        frt_percent_encode(ack->found, strlen(ack->found), found, sizeof(found));
        frt_percent_encode(ack->reason, strlen(ack->reason), reason, sizeof(reason));
        printf("  BREAK before record %" PRIu64 ", acknowledged %s by %s: \"%s\"\n    found: %s\n",
               ack->record, time, by, reason, found);
        if (ack->key[0])
            printf("    from there on under the key %s, by that word alone\n", ack->key);
    }
    if (result->ack_count > FRT_TRAIL_ACKS_MAX)
        printf("  and %" PRIu64 " more breaks: frt log --kind ack\n", result->ack_count - FRT_TRAIL_ACKS_MAX);
}

static json_t *describe_acks(const struct frt_verify_result *result)
{
    json_t *list = json_array();

    for (uint64_t i = 0; i < result->ack_count && i < FRT_TRAIL_ACKS_MAX; i++) {
        const struct frt_trail_ack *ack = &result->acks[i];
        char by[200], reason[800];

        frt_percent_encode(ack->by, strlen(ack->by), by, sizeof(by));
        frt_percent_encode(ack->reason, strlen(ack->reason), reason, sizeof(reason));
        json_array_append_new(list,
                              json_pack("{s:I, s:s, s:s, s:s, s:s}", "record", (json_int_t)ack->record,
                                        "what", ack->what, "by", by, "reason", reason, "key", ack->key));
    }
    return list;
}

static void print_result(const struct frt_verify_result *result, bool end_is_known, const char *reading)
{
    char first[FRT_TIME_TEXT_MAX] = "", last[FRT_TIME_TEXT_MAX] = "";

    printf("trail %s: %s\n", result->origin, verdict(result));
    printf("  reading %s\n", reading);
    if (result->what[0])
        printf("  %s%s%s", result->file, result->file[0] ? ": " : "", result->what);
    if (result->what[0] && result->line > 0)
        printf(" (line %" PRIu64 ", byte %" PRIu64 ")", result->line, result->offset);
    if (result->what[0])
        putchar('\n');
    if (result->status == FRT_VERIFY_FAILED)
        return;
    if (result->records > 0) {
        frt_time_format(result->first_us / 1000000, first);
        frt_time_format(result->last_us / 1000000, last);
    }
    printf("  %" PRIu64 " records under %" PRIu64 " seals in %" PRIu64 " segments, %s to %s\n",
           result->records, result->seals, result->segments, first, last);
    printf("  tree root %s\n", result->root);
    if (result->void_ranges > 0)
        printf("  %" PRIu64 " declared void ranges (interrupted commits, never answered), %" PRIu64
               " bytes\n",
               result->void_ranges, result->void_bytes);
    print_acks(result);
    if (result->is_key_from_log)
        puts("  The first key was read beside the log itself: give --first-key from where you keep it for a "
             "proof that\n"
             "  holds against somebody who could rewrite this folder.");
    if (!end_is_known)
        puts("  Without a live key or checkpoint it cannot be seen whether the end was cut off at a seal.");
}

static void print_json(const struct frt_verify_result *result, const char *reading)
{
    json_t *object = json_object();

    json_object_set_new(object, "status", json_integer(result->status));
    json_object_set_new(object, "verdict", json_string(verdict(result)));
    json_object_set_new(object, "file", json_string(result->file));
    json_object_set_new(object, "line", json_integer((json_int_t)result->line));
    json_object_set_new(object, "what", json_string(result->what));
    json_object_set_new(object, "origin", json_string(result->origin));
    json_object_set_new(object, "records", json_integer((json_int_t)result->records));
    json_object_set_new(object, "seals", json_integer((json_int_t)result->seals));
    json_object_set_new(object, "segments", json_integer((json_int_t)result->segments));
    json_object_set_new(object, "bytes", json_integer((json_int_t)result->bytes));
    json_object_set_new(object, "root", json_string(result->root));
    json_object_set_new(object, "first_key", json_string(result->first_key));
    json_object_set_new(object, "next_key", json_string(result->next_key));
    json_object_set_new(object, "tail_bytes", json_integer((json_int_t)result->tail_bytes));
    json_object_set_new(object, "breaks", describe_acks(result));
    json_object_set_new(object, "key_from_log", json_boolean(result->is_key_from_log));
    json_object_set_new(object, "reading", json_string(reading));
    frt_cli_print_json(object);
    json_decref(object);
}

static void run_verification(const struct arguments *arguments, const char *log_dir, const char *live_key,
                             const char *checkpoint, struct frt_verify_result *ret_result)
{
    struct progress progress = {.begun_ms = frt_mono_ms()};
    const struct frt_verify_options options = {
        .log_dir = log_dir,
        .origin = arguments->origin,
        .first_key = arguments->first_key,
        .live_key = live_key,
        .checkpoint = checkpoint,
        .checkpoint_key = arguments->checkpoint_key,
        .threads = arguments->threads,
        .keep_leaves = arguments->proof >= 0,
        .progress = show_progress,
        .progress_arg = &progress,
    };

    frt_trail_verify(&options, ret_result);
    if (progress.shown_ms)
        fputs("\r                              \r", stderr);
}

/* Prints the result and clears it; returns the exit status. */
static int report(const struct arguments *arguments, const char *live_key, struct frt_verify_result *result)
{
    int status = (int)result->status;

    if (arguments->as_json)
        print_json(result, arguments->reading.words);
    else
        print_result(result, live_key || arguments->checkpoint_file, arguments->reading.words);
    if (arguments->proof >= 0 &&
        (status == FRT_VERIFY_OK || status == FRT_VERIFY_UNSEALED || status == FRT_VERIFY_ACKNOWLEDGED))
        print_proof(result, (uint64_t)arguments->proof);
    frt_verify_result_clear(result);
    return status;
}

/* The live key of the running frtd; false when it does not run, and the trail is verified without. */
static bool ask_live_key(const struct frt_conf *conf, char key[65])
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_STATUS);
    struct frt_answer answer;
    json_t *status;

    key[0] = '\0';
    if (frt_client_ask_once(conf->socket, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer) < 0)
        return false;
    status = answer.text ? json_loadb(answer.text, answer.text_length, 0, NULL) : NULL;
    snprintf(key, 65, "%s", frt_cli_text(json_object_get(status, "trail"), "live_public_key"));
    json_decref(status);
    frt_answer_clear(&answer);
    return key[0] != '\0';
}

#define ROUNDS_MAX 5

/* A running frtd seals on while the files are read. Only when its key did not change during a round does a round that does
 * not end in it say anything about a missing end. */
static void verify_running(const struct arguments *arguments, const struct frt_conf *conf,
                           const char *checkpoint, char key[65], struct frt_verify_result *ret_result)
{
    char before[65];

    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        strcpy(before, key);
        run_verification(arguments, conf->log_dir, before, checkpoint, ret_result);
        if ((ret_result->status != FRT_VERIFY_CUT && ret_result->status != FRT_VERIFY_UNSEALED) ||
            !ask_live_key(conf, key) || strcmp(before, key) == 0)
            return;
        frt_verify_result_clear(ret_result);
    }
    key[0] = '\0';
    run_verification(arguments, conf->log_dir, NULL, checkpoint, ret_result);
}

static int verify_configured(struct arguments *arguments, const char *checkpoint)
{
    struct frt_conf *conf = frt_cli_conf(arguments->conf_path);
    struct frt_verify_result result;
    char key[65] = "";
    int status;

    if (!conf)
        return FRT_EXIT_USAGE;
    frt_reading_note(conf, conf->log_dir, arguments->typed + 4, &arguments->reading);
    if (arguments->live_key || !ask_live_key(conf, key))
        run_verification(arguments, conf->log_dir, arguments->live_key, checkpoint, &result);
    else
        verify_running(arguments, conf, checkpoint, key, &result);
    status = report(arguments, arguments->live_key ? arguments->live_key : key[0] ? key : NULL, &result);
    frt_conf_free(conf);
    return status;
}

/* What a package holds beside its chain. False: something in it is not what the manifest says. */
static bool check_package(const char *path, bool as_json)
{
    struct frt_package_check check;
    FILE *out = as_json ? stderr : stdout;

    if (frt_package_verify(path, &check) < 0 || !check.is_package) {
        fprintf(stderr, "frt: %s: expected a package with a MANIFEST.sha256\n", path);
        return false;
    }
    fprintf(out, "package %s: %zu files, %s\n", path, check.files,
            check.bad ? "ALTERED" : "as the manifest says");
    if (check.bad)
        fprintf(out, "  %s%s\n", check.what, check.bad > 1 ? " (and more)" : "");
    if (check.has_records)
        fprintf(out, "  records.jsonl: %" PRIu64 " records, %" PRIu64 " of them not in the chain\n",
                check.records, check.foreign);
    if (check.is_signed)
        fprintf(out, "  signed by %s: %s; compare that key with the one you were given\n", check.signer,
                check.is_signature_good ? "good" : "BAD");
    return check.bad == 0;
}

static int verify_directory(struct arguments *arguments, const char *log_dir, const char *checkpoint);

static int verify_package(struct arguments *arguments, const char *path, const char *checkpoint)
{
    bool whole = check_package(path, arguments->as_json);
    char log_dir[4096];
    int status;

    snprintf(log_dir, sizeof(log_dir), "%s/chain/log", path);
    if (access(log_dir, F_OK) < 0) /* a public release has no chain */
        return whole ? FRT_EXIT_YES : FRT_EXIT_NO;
    status = verify_directory(arguments, log_dir, checkpoint);
    return whole || status == FRT_VERIFY_ALTERED ? status : FRT_EXIT_NO;
}

static bool is_package(const char *path)
{
    char manifest[4096];

    snprintf(manifest, sizeof(manifest), "%s/MANIFEST.sha256", path);
    return access(manifest, F_OK) == 0;
}

static int verify_directory(struct arguments *arguments, const char *log_dir, const char *checkpoint)
{
    bool failed; /* a configuration that is wrong is no reason not to verify */
    struct frt_conf *conf = frt_reading_conf(arguments->conf_path, &failed);
    struct frt_verify_result result;

    frt_reading_note(conf, log_dir, arguments->typed + 4, &arguments->reading);
    frt_conf_free(conf);
    run_verification(arguments, log_dir, arguments->live_key, checkpoint, &result);
    return report(arguments, arguments->live_key, &result);
}

static bool take_number(const char *value, long long most, long long *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoll(value, &end, 10);
    if (errno == 0 && end != value && *end == '\0' && value[0] >= '0' && value[0] <= '9' &&
        *ret_number <= most)
        return true;
    fprintf(stderr, "frt: %s: expected a whole number from 0 to %lld\n", value, most);
    return false;
}

static bool take_option(int option, struct arguments *arguments)
{
    long long number;

    switch (option) {
    case 'c':
        arguments->conf_path = optarg;
        return true;
    case 'k':
        arguments->first_key = optarg;
        return true;
    case 'o':
        arguments->origin = optarg;
        return true;
    case 'l':
        arguments->live_key = optarg;
        return true;
    case 'p':
        arguments->checkpoint_file = optarg;
        return true;
    case 'v':
        arguments->checkpoint_key = optarg;
        return true;
    case 'j':
        arguments->as_json = true;
        return true;
    case 'n':
        return take_number(optarg, INT64_C(1) << 53, &arguments->proof);
    case 't':
        if (!take_number(optarg, 1024, &number))
            return false;
        arguments->threads = (unsigned)number;
        return true;
    default:
        print_help(option == 'h' ? stdout : stderr);
        return false;
    }
}

int frt_verify_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"first-key", required_argument, NULL, 'k'},
        {"origin", required_argument, NULL, 'o'},
        {"live-key", required_argument, NULL, 'l'},
        {"checkpoint", required_argument, NULL, 'p'},
        {"checkpoint-key", required_argument, NULL, 'v'},
        {"proof", required_argument, NULL, 'n'},
        {"threads", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.proof = -1};
    frt_auto_free char *checkpoint = NULL;
    const char *what;
    size_t length;
    int option;

    frt_cli_desk_query(argc, argv, arguments.typed, sizeof(arguments.typed));
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(option, &arguments))
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
    if (argc - optind > 1) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (arguments.checkpoint_file &&
        frt_file_read(arguments.checkpoint_file, FRT_FILE_ANY, KEPT_MAX, &checkpoint, &length, &what) < 0) {
        fprintf(stderr, "frt: %s: %s\n", arguments.checkpoint_file, what);
        return FRT_EXIT_USAGE;
    }
    if (optind == argc)
        return verify_configured(&arguments, checkpoint);
    if (is_package(argv[optind]))
        return verify_package(&arguments, argv[optind], checkpoint);
    return verify_directory(&arguments, argv[optind], checkpoint);
}
