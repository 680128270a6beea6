/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "casework/package_parts.h"
#include "casework/questions.h"
#include "casework/safe_text.h"
#include "support/cleanup.h"
#include "support/time_text.h"
#include "trail/encoding.h"
#include "trail/segments.h"

#define PROOFS_MAX 1000

/* Bytes of a segment that a commit under way may have left: what follows the last seal is not copied. */
static long length_to_last_seal(FILE *file)
{
    frt_auto_free char *line = NULL;
    size_t room = 0;
    long end = 0, at = 0;
    ssize_t n;

    while ((n = getline(&line, &room, file)) > 0) {
        at += n;
        if (strncmp(line, "!seal ", 6) == 0 && line[n - 1] == '\n')
            end = at;
    }
    rewind(file);
    return end;
}

static void copy_bytes(FILE *in, FILE *out, long length)
{
    char buffer[65536];

    while (length > 0) {
        size_t wanted = length < (long)sizeof(buffer) ? (size_t)length : sizeof(buffer);
        size_t n = fread(buffer, 1, wanted, in);

        if (n == 0 || fwrite(buffer, 1, n, out) != n)
            return;
        length -= (long)n;
    }
}

static void copy_file(struct frt_package *package, const char *from, const char *to, long length)
{
    frt_auto_fclose FILE *in = fopen(from, "re");
    FILE *out;

    if (!in) {
        frt_package_fail(package, from, -errno);
        return;
    }
    out = frt_package_open(package, to);
    if (out)
        copy_bytes(in, out, length);
    frt_package_close(package, out);
}

/* Returns the bytes left out behind the last seal. */
static uint64_t copy_segments(struct frt_package *package, const char *log_dir)
{
    struct frt_segments segments;
    char what[256], from[4096], to[128];
    uint64_t left_out = 0;
    int r = frt_segments_open(log_dir, &segments, what);

    if (r < 0) {
        frt_package_fail(package, log_dir, r);
        return 0;
    }
    for (size_t i = 0; i < segments.count; i++) {
        const struct frt_segment *segment = &segments.list[i];
        long length = (long)segment->size;

        snprintf(from, sizeof(from), "%s/%s", log_dir, segment->name);
        snprintf(to, sizeof(to), "chain/log/%s", segment->name);
        if (i + 1 == segments.count) {
            frt_auto_fclose FILE *in = fopen(from, "re");

            length = in ? length_to_last_seal(in) : 0;
            left_out = segment->size > (uint64_t)length ? segment->size - (uint64_t)length : 0;
        }
        if (length > 0)
            copy_file(package, from, to, length);
    }
    frt_segments_close(&segments);
    snprintf(from, sizeof(from), "%s/pk0", log_dir);
    copy_file(package, from, "chain/log/pk0", 4096);
    snprintf(from, sizeof(from), "%s/checkpoint", log_dir);
    if (access(from, R_OK) == 0)
        copy_file(package, from, "chain/checkpoint", 65536);
    return left_out;
}

struct line_writer {
    const struct frt_desk *desk;
    FILE *out;
    uint64_t count;
};

static int write_line(void *arg, const struct frt_trail_entry *entry)
{
    struct line_writer *writer = arg;

    if (!entry->is_sealed || !frt_history_in_period(writer->desk->history, entry->record->time_us))
        return 0;
    writer->count++;
    fwrite(entry->record->line, 1, entry->record->length, writer->out);
    fputc('\n', writer->out);
    return 0;
}

static uint64_t write_records(struct frt_package *package, const struct frt_desk *desk, const char *log_dir)
{
    struct line_writer writer = {.desk = desk, .out = frt_package_open(package, "records.jsonl")};
    int r;

    if (!writer.out)
        return 0;
    r = frt_trail_read(log_dir, 0, write_line, &writer, NULL);
    frt_package_close(package, writer.out);
    if (r < 0)
        frt_package_fail(package, log_dir, r);
    return writer.count;
}

static void write_records_csv(struct frt_package *package, const struct frt_desk *desk)
{
    FILE *out = frt_package_open(package, "records.csv");
    char text[FRT_TIME_TEXT_MAX];

    if (!out)
        return;
    fputs("\"decision\",\"time\",\"person\",\"department\",\"uid\",\"auid\",\"pid\",\"line\"", out);
    for (unsigned k = 0; k < FRT_PAST_TEXT_COUNT; k++)
        fprintf(out, ",\"%s\"", frt_past_keys[k]);
    fputs("\r\n", out);
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        frt_time_format_us(row->time_us, text);
        fprintf(out, "\"%" PRIu64 "\",\"%s\",", row->n, text);
        frt_csv_write(out, frt_history_text(desk->history, row->person));
        fputc(',', out);
        frt_csv_write(out, frt_history_text(desk->history, row->department));
        fprintf(out, ",\"%d\",\"%d\",\"%d\",\"%u\"", row->uid, row->auid, row->pid, row->line);
        for (unsigned k = 0; k < FRT_PAST_TEXT_COUNT; k++) {
            fputc(',', out);
            frt_csv_write(out, frt_history_say(desk->history, row, (enum frt_past_text)k));
        }
        fputs("\r\n", out);
    }
    frt_package_close(package, out);
}

/* One proof per decision, as long as they are few: the whole chain is beside them anyway. */
static void write_proofs(struct frt_package *package, const struct frt_desk *desk)
{
    size_t count = frt_history_decision_count(desk->history);
    struct frt_proof proof;
    char hex[65];
    FILE *out;

    if (!desk->is_chain_checked || !desk->chain.leaves || count > PROOFS_MAX ||
        !(out = frt_package_open(package, "chain/proofs.txt")))
        return;
    fprintf(out, "# RFC 6962 inclusion proofs; root %s over %" PRIu64 " records\n# record leaf path...\n",
            desk->chain.root, desk->chain.records);
    for (size_t i = 0; i < count; i++) {
        uint64_t n = frt_history_decision(desk->history, i)->n;

        if (frt_verify_prove_record(&desk->chain, n, &proof) < 0)
            continue;
        frt_hex_format(desk->chain.leaves[n], FRT_HASH_SIZE, hex);
        fprintf(out, "%" PRIu64 " %s", n, hex);
        for (size_t k = 0; k < proof.length; k++) {
            frt_hex_format(proof.path[k], FRT_HASH_SIZE, hex);
            fprintf(out, " %s", hex);
        }
        fputc('\n', out);
    }
    frt_package_close(package, out);
}

static void write_reply(struct frt_package *package, const struct frt_desk *desk,
                        const struct frt_question *question)
{
    struct frt_statement statement;
    struct frt_reply reply;
    char path[128];
    FILE *out;

    frt_question_ask(desk, question, &reply);
    frt_desk_state(desk, question->name, reply.filters, &statement);
    snprintf(path, sizeof(path), "queries/Q%02u-%s.txt", question->number, question->name);
    if ((out = frt_package_open(package, path)))
        frt_reply_write_text(&reply, &statement, out);
    frt_package_close(package, out);
    snprintf(path, sizeof(path), "queries/Q%02u-%s.json", question->number, question->name);
    if ((out = frt_package_open(package, path)))
        frt_reply_write_json(&reply, &statement, out);
    frt_package_close(package, out);
    if (question->number == 11 && (out = frt_package_open(package, "gaps.txt"))) {
        frt_reply_write_text(&reply, &statement, out);
        frt_package_close(package, out);
    }
    if (reply.state == FRT_REPLY_FAILED)
        frt_package_fail(package, reply.words, -ENOMEM);
    frt_reply_clear(&reply);
}

/* What the trail says of changes in the directory, a row each. `class` NULL: of any. */
static void write_changes(struct frt_package *package, const struct frt_desk *desk, const char *path,
                          const char *kind, const char *class, const char *const *keys)
{
    FILE *out = frt_package_open(package, path);
    char text[4096];

    if (!out)
        return;
    fputs("\"record\",\"time\"", out);
    for (size_t k = 0; keys[k]; k++)
        fprintf(out, ",\"%s\"", keys[k]);
    fputs("\r\n", out);
    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, kind))
            continue;
        if (class && (!frt_history_field(event, "class", text, sizeof(text)) || strcmp(text, class) != 0))
            continue;
        frt_time_format_us(event->time_us, text);
        fprintf(out, "\"%" PRIu64 "\",\"%s\"", event->n, text);
        for (size_t k = 0; keys[k]; k++) {
            frt_history_field(event, keys[k], text, sizeof(text));
            fputc(',', out);
            frt_csv_write(out, text);
        }
        fputs("\r\n", out);
    }
    frt_package_close(package, out);
}

/* Of a tool's entry the trail says that it changed, when and by whom; its text is the directory's. */
static void write_directory_changes(struct frt_package *package, const struct frt_desk *desk)
{
    static const char *const role_keys[] = {"what", "dn", "by", "csn", "before", "after", NULL};
    static const char *const tool_keys[] = {"what", "dn", "by", "csn", NULL};

    write_changes(package, desk, "directory/role-changes.csv", "role", NULL, role_keys);
    write_changes(package, desk, "catalogue/changes.csv", "entry", "frtTool", tool_keys);
}

static void copy_named(struct frt_package *package, const char *folder, const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char to[512];

    snprintf(to, sizeof(to), "%s/%.400s", folder, name[0] && name[0] != '.' ? name : "file");
    copy_file(package, path, to, 1L << 40);
}

static int is_ldif(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".ldif") == 0 && entry->d_name[0] != '.';
}

static void copy_directory(struct frt_package *package, const char *const *ldif)
{
    struct dirent **entries;
    struct stat status;
    char path[4096];

    for (; ldif && *ldif; ldif++) {
        int n;

        if (stat(*ldif, &status) == 0 && !S_ISDIR(status.st_mode)) {
            copy_named(package, "directory", *ldif);
            continue;
        }
        n = scandir(*ldif, &entries, is_ldif, alphasort);
        for (int i = 0; i < n; i++) {
            snprintf(path, sizeof(path), "%s/%s", *ldif, entries[i]->d_name);
            copy_named(package, "directory", path);
            free(entries[i]);
        }
        if (n >= 0)
            free(entries);
    }
}

static void write_verification(struct frt_package *package, const struct frt_desk *desk, uint64_t left_out)
{
    FILE *out = frt_package_open(package, "verification.txt");
    char words[512];

    if (!out)
        return;
    frt_desk_chain_words(desk, words, sizeof(words));
    fprintf(out, "trail %s\n%s\n", desk->origin, words);
    if (desk->is_chain_checked) {
        fprintf(out, "first key %s\nnext key  %s\nbytes     %" PRIu64 " in %" PRIu64 " segments\n",
                desk->chain.first_key, desk->chain.next_key, desk->chain.bytes, desk->chain.segments);
        if (desk->chain.is_key_from_log)
            fputs("The first key was read beside the log: compare it with the one you were given when the "
                  "trail began.\n",
                  out);
    }
    if (left_out > 0)
        fprintf(out,
                "%" PRIu64
                " bytes behind the last seal were not copied: a commit under way, or an interrupted one.\n",
                left_out);
    fputs("This file is what the exporter saw. Verify for yourself: README.txt says how.\n", out);
    frt_package_close(package, out);
}

static void write_readme(struct frt_package *package, const struct frt_desk *desk,
                         const struct frt_package_options *options, uint64_t records)
{
    FILE *out = frt_package_open(package, "README.txt");
    struct frt_statement statement;

    if (!out)
        return;
    frt_desk_state(desk, options->query, NULL, &statement);
    fprintf(out,
            "Evidence package of frtgate: decisions about facial recognition tools on one host.\n"
            "NOT A PUBLIC RECORD: requests, names and case numbers are in it. Releases are made with frt "
            "export --public.\n\n"
            "exported by %s; %" PRIu64 " records of the period in records.jsonl\n\n",
            options->who ? options->who : "unknown", records);
    frt_statement_write_text(&statement, out);
    fputs(
        "\nVerify it, without us and without a network:\n"
        "  frt verify THIS-FOLDER --first-key HEX      (or the independent Python verifier on chain/log)\n"
        "  sha256sum -c MANIFEST.sha256\n"
        "  openssl pkeyutl -verify -pubin -inkey chain/signer.pem -rawin -in MANIFEST.sha256 -sigfile "
        "MANIFEST.sha256.sig\n"
        "The first public key is the one printed when the trail began; whoever keeps it need not trust "
        "this folder.\n\n"
        "What is here:\n"
        "  records.jsonl     the records of the period, byte for byte as in the chain\n"
        "  records.csv       its decisions, for a spreadsheet\n"
        "  chain/            the whole chain, so that the period can be proven; inclusion proofs where "
        "they are few\n"
        "  queries/          the thirty-two questions, answered\n"
        "  requests/         written requests of the period with their authorities and documents\n"
        "  directory/        the directory as given; out of the trail: role changes, and roles on file when "
        "the period\n"
        "                    began and ended\n"
        "  catalogue/        the catalogue as given; its changes out of the trail\n"
        "  policy/           the policy, when it is the edition decisions were made under\n"
        "  gaps.txt, verification.txt\n",
        out);
    frt_package_close(package, out);
}

int frt_package_export(const struct frt_desk *desk, const struct frt_package_options *options,
                       char error[FRT_PACKAGE_ERROR_MAX])
{
    struct frt_package *package;
    uint64_t left_out, records;
    int r = frt_package_begin(options->out, &package, error);

    if (r < 0)
        return r;
    left_out = copy_segments(package, options->log_dir);
    records = write_records(package, desk, options->log_dir);
    write_records_csv(package, desk);
    write_proofs(package, desk);
    for (size_t i = 0; i < FRT_QUESTION_COUNT; i++)
        write_reply(package, desk, &frt_questions[i]);
    write_directory_changes(package, desk);
    frt_package_write_papers(package, desk, options->documents);
    copy_directory(package, options->ldif);
    if (options->policy)
        copy_named(package, "policy", options->policy);
    write_verification(package, desk, left_out);
    write_readme(package, desk, options, records);
    r = frt_package_finish(package, options->sign_key, error);
    frt_package_free(package);
    return r;
}
