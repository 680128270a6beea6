/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The trail beside its floors, measured in one run.
 *
 *     trail_bench commit DIR [ROUNDS]    commits of 1, 8, 64, 256 records; floor: three fdatasyncs after the same writes
 *     trail_bench fill DIR RECORDS [PER_COMMIT]    writes a trail for verification
 *     trail_bench verify DIR             verification; floor: one Ed25519 verification per seal (sha256sum: trail.sh)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/verify.h"
#include "trail/writer.h"

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void append(struct frt_trail *trail, unsigned i)
{
    static const char sha[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    struct frt_record record;

    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "rid", "0123456789abcdef0123456789abcdef");
    frt_record_add_text(&record, "src", "pam");
    frt_record_add_text(&record, "svc", "frt");
    frt_record_add_text(&record, "host", "npd-ws-07");
    frt_record_add_text(&record, "user", "p01");
    frt_record_add_number(&record, "uid", 20000 + i % 100);
    frt_record_add_number(&record, "auid", 20000 + i % 100);
    frt_record_add_number(&record, "pid", i % 30000);
    frt_record_add_text(&record, "exe", "/usr/bin/digikam");
    frt_record_add_text(&record, "tool", "T03-digikam");
    frt_record_add_text(&record, "path", "/usr/lib/x86_64-linux-gnu/digikam/recognition/facesengine.so");
    frt_record_add_text(&record, "sha", sha);
    frt_record_add_text(&record, "csn", "20261122060000.123456Z#000000#000#000000");
    frt_record_add_number(&record, "age", i % 60000);
    frt_record_add_text(&record, "rule", "C-2");
    frt_record_add_text(&record, "dec", "deny");
    frt_record_add_text(&record, "why", "city-official");
    if (frt_trail_append(trail, &record) < 0)
        abort();
}

static struct frt_trail *open_at(const char *dir)
{
    char log[512], key[512], error[FRT_TRAIL_ERROR_MAX];
    struct frt_trail_options options = {.log_dir = log, .key_dir = key, .origin = "frt.example/bench"};
    struct frt_trail *trail = NULL;

    snprintf(log, sizeof(log), "%s/log", dir);
    snprintf(key, sizeof(key), "%s/key", dir);
    mkdir(log, 0700);
    mkdir(key, 0700);
    if (frt_trail_open(&options, &trail, error) != 0) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    return trail;
}

struct floor {
    int log, key;
    off_t at;
    char bytes[256 * 1024];
};

static void floor_open(struct floor *floor, const char *dir)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/floor.log", dir);
    floor->log = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    snprintf(path, sizeof(path), "%s/floor.key", dir);
    floor->key = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    memset(floor->bytes, 'x', sizeof(floor->bytes));
    if (floor->log < 0 || floor->key < 0 || pwrite(floor->key, floor->bytes, 8192, 0) != 8192)
        abort();
    fsync(floor->key);
    if (fallocate(floor->log, FALLOC_FL_KEEP_SIZE, 0, 512 << 20) < 0)
        perror("fallocate");
}

/* What no writer with this order of writes can go below. */
static double floor_once(struct floor *floor, size_t length)
{
    double begin = now_s();

    if (pwrite(floor->key, floor->bytes, 512, 4096) != 512 || fdatasync(floor->key) < 0 ||
        pwrite(floor->log, floor->bytes, length, floor->at) != (ssize_t)length || fdatasync(floor->log) < 0 ||
        pwrite(floor->key, floor->bytes, 512, 0) != 512 || fdatasync(floor->key) < 0)
        abort();
    floor->at += (off_t)length;
    return now_s() - begin;
}

static double commit_once(struct frt_trail *trail, unsigned records)
{
    double begin = now_s();

    for (unsigned i = 0; i < records; i++)
        append(trail, i);
    if (frt_trail_commit(trail) < 0)
        abort();
    return now_s() - begin;
}

static void print_row(const char *what, double *times, unsigned count, unsigned records)
{
    double total = 0;

    for (unsigned i = 0; i < count; i++)
        total += times[i];
    qsort(times, count, sizeof(*times), by_value);
    printf("  %-22s p50 %7.0f us   p99 %7.0f us", what, times[count / 2] * 1e6,
           times[count * 99 / 100] * 1e6);
    if (records)
        printf("   %9.0f decisions/s", (double)records * count / total);
    printf("\n");
}

/* Interleaved: floor, commit, commit with the key made in time. */
static void bench_commit(const char *dir, unsigned rounds)
{
    static const unsigned sizes[] = {1, 8, 64, 256};
    struct frt_trail *trail = open_at(dir);
    frt_auto_free struct floor *floor = calloc(1, sizeof(*floor));
    frt_auto_free double *times = calloc(3 * rounds, sizeof(*times));

    floor_open(floor, dir);
    for (unsigned s = 0; s < FRT_ARRAY_LEN(sizes); s++) {
        double *floors = times, *plain = times + rounds, *prepared = times + 2 * rounds;

        for (unsigned i = 0; i < rounds; i++) {
            floors[i] = floor_once(floor, sizes[s] * 640 + 200);
            plain[i] = commit_once(trail, sizes[s]);
            frt_trail_prepare(trail);
            prepared[i] = commit_once(trail, sizes[s]);
        }
        printf("commit of %u record%s\n", sizes[s], sizes[s] == 1 ? "" : "s");
        print_row("floor, 3 fdatasyncs", floors, rounds, 0);
        print_row("commit", plain, rounds, sizes[s]);
        print_row("commit, key prepared", prepared, rounds, sizes[s]);
        printf("  commit / floor: %.2f   prepared / floor: %.2f\n", plain[rounds / 2] / floors[rounds / 2],
               prepared[rounds / 2] / floors[rounds / 2]);
    }
    frt_trail_close(trail);
}

static void fill(const char *dir, unsigned long records, unsigned per_commit)
{
    struct frt_trail *trail = open_at(dir);

    for (unsigned long i = 0; i < records;) {
        for (unsigned j = 0; j < per_commit && i < records; j++, i++)
            append(trail, (unsigned)i);
        if (frt_trail_commit(trail) < 0)
            abort();
    }
    frt_trail_close(trail);
}

static double ed25519_once_s(void)
{
    struct frt_seal seal = {.index = 1, .records = 2};
    struct frt_key_pair key;
    double begin;

    if (frt_key_pair_make(&key) < 0 || frt_seal_sign(&seal, "frt.example/bench", &key) < 0)
        abort();
    begin = now_s();
    for (unsigned i = 0; i < 2000; i++)
        if (!frt_seal_is_signed_by(&seal, "frt.example/bench", key.public_key))
            abort();
    return (now_s() - begin) / 2000;
}

static void bench_verify(const char *dir)
{
    char log[512];
    struct frt_verify_options options = {.log_dir = log};
    struct frt_verify_result result;
    double begin = now_s(), took, each;

    snprintf(log, sizeof(log), "%s/log", dir);
    if (frt_trail_verify(&options, &result) != FRT_VERIFY_OK) {
        fprintf(stderr, "%s:%" PRIu64 " %s\n", result.file, result.line, result.what);
        exit(1);
    }
    took = now_s() - begin;
    each = ed25519_once_s();
    /* For trail.sh: seconds, floor of the signatures, records, seals, bytes. */
    printf("%.4f %.4f %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", took, each * (double)result.seals,
           result.records, result.seals, result.bytes);
    frt_verify_result_clear(&result);
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "commit") == 0)
        bench_commit(argv[2], argc > 3 ? (unsigned)atoi(argv[3]) : 500);
    else if (argc >= 4 && strcmp(argv[1], "fill") == 0)
        fill(argv[2], strtoul(argv[3], NULL, 10), argc > 4 ? (unsigned)atoi(argv[4]) : 8);
    else if (argc == 3 && strcmp(argv[1], "verify") == 0)
        bench_verify(argv[2]);
    else
        return fprintf(stderr, "usage: trail_bench commit|fill|verify DIR ...\n"), 2;
    return 0;
}
