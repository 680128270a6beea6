/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail_fixture.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/checkpoint.h"
#include "trail/segments.h"

static void make_at(struct scratch *scratch, const char *base)
{
    snprintf(scratch->root, sizeof(scratch->root), "%s/frt_trail_XXXXXX", base);
    ck_assert_ptr_nonnull(mkdtemp(scratch->root));
    snprintf(scratch->log, sizeof(scratch->log), "%s/log", scratch->root);
    snprintf(scratch->key, sizeof(scratch->key), "%s/key", scratch->root);
    ck_assert_int_eq(mkdir(scratch->log, 0700), 0);
    ck_assert_int_eq(mkdir(scratch->key, 0700), 0);
}

void scratch_make(struct scratch *scratch)
{
    make_at(scratch, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

void scratch_make_on_disk(struct scratch *scratch)
{
    make_at(scratch, "/var/tmp");
}

void scratch_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

void scratch_remove(struct scratch *scratch)
{
    scratch_empty(scratch->log);
    scratch_empty(scratch->key);
    rmdir(scratch->log);
    rmdir(scratch->key);
    scratch_empty(scratch->root);
    rmdir(scratch->root);
}

struct bytes file_read(const char *dir, const char *name)
{
    char path[256];
    struct bytes bytes;
    struct stat st;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_msg(fd >= 0 && fstat(fd, &st) == 0, "%s", path);
    bytes.length = (size_t)st.st_size;
    bytes.at = malloc(bytes.length + 1);
    ck_assert_int_eq(read(fd, bytes.at, bytes.length), (ssize_t)bytes.length);
    bytes.at[bytes.length] = '\0';
    close(fd);
    return bytes;
}

void file_write(const char *dir, const char *name, const void *bytes, size_t length)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "%s", path);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

struct frt_trail *trail_open(const struct scratch *scratch, const struct frt_trail_io *io)
{
    struct frt_trail_options options = {
        .log_dir = scratch->log, .key_dir = scratch->key, .origin = ORIGIN, .io = io};
    struct frt_trail *trail = NULL;
    char error[FRT_TRAIL_ERROR_MAX];
    int r = frt_trail_open(&options, &trail, error);

    ck_assert_msg(r == 0, "%d %s", r, error);
    return trail;
}

int64_t trail_append(struct frt_trail *trail, const char *user, size_t size)
{
    frt_auto_free char *text = malloc(size + 1);
    struct frt_record record;

    memset(text, 'x', size);
    text[size] = '\0';
    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "user", user);
    frt_record_add_number(&record, "uid", 20001);
    frt_record_add_text(&record, "path", text);
    frt_record_add_text(&record, "dec", "deny");
    return frt_trail_append(trail, &record);
}

void trail_fill(const struct scratch *scratch, unsigned commits, char live_key[65])
{
    struct frt_trail *trail = trail_open(scratch, NULL);

    for (unsigned i = 0; i < commits; i++) {
        for (unsigned j = 0; j <= i % 3; j++)
            ck_assert_int_ge(trail_append(trail, "p01", 8 + i), 0);
        ck_assert_int_eq(frt_trail_commit(trail), 0);
    }
    frt_trail_close(trail);
    if (live_key) {
        struct frt_verify_options options = {.log_dir = scratch->log};
        struct frt_verify_result result;

        ck_assert_int_eq(frt_trail_verify(&options, &result), FRT_VERIFY_OK);
        strcpy(live_key, result.next_key);
        frt_verify_result_clear(&result);
    }
}

void newest_segment(const struct scratch *scratch, char name[32])
{
    struct frt_segments segments;
    char what[256];

    ck_assert_int_eq(frt_segments_open(scratch->log, &segments, what), 0);
    ck_assert_uint_gt(segments.count, 0);
    strcpy(name, segments.list[segments.count - 1].name);
    frt_segments_close(&segments);
}

enum frt_verify_status verify(const struct scratch *scratch, const char *first_key, const char *live_key)
{
    struct frt_verify_options options = {
        .log_dir = scratch->log, .first_key = first_key, .live_key = live_key, .origin = ORIGIN};
    struct frt_verify_result result;
    enum frt_verify_status status = frt_trail_verify(&options, &result);

    frt_verify_result_clear(&result);
    return status;
}

void checkpoint_make(uint64_t size, const uint8_t root[32], const struct frt_key_pair *host, char note[2048],
                     char vkey[512])
{
    struct frt_checkpoint checkpoint = {.origin = ORIGIN, .size = size};

    memcpy(checkpoint.root, root, 32);
    ck_assert_int_gt(frt_checkpoint_sign(&checkpoint, host, note, 2048), 0);
    ck_assert_int_eq(frt_vkey_format(ORIGIN, FRT_VKEY_ED25519, host->public_key, vkey), 0);
}

const char vector_first_key[] = "adf09027b8fd3c266133d628c5044a3e2627a80031d94528041d653f3dd52b73";

const char vector_text[] =
    "{\"v\":1,\"n\":0,\"p\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"t\":"
    "\"2026-11-22T06:00:00.000000Z\",\"k\":\"decision\",\"u\":\"official0\",\"tool\":\"facefind\",\"dec\":"
    "\"deny\"}\n"
    "{\"v\":1,\"n\":1,\"p\":\"d8bfbb3208ecb5ae6189a9fff1a8dce4b12025a468a90f12f0d36b4c2acd2941\",\"t\":"
    "\"2026-11-22T06:00:01.000000Z\",\"k\":\"decision\",\"u\":\"official1\",\"tool\":\"facefind\",\"dec\":"
    "\"deny\"}\n"
    "!seal 0 2 Q9c172CrRDUN0Gms4wQ6DZ/6ivBVdBkeAvOdUWJy5vE= WvlE3NAEorpztNKTJTuyYAsLxKTIsECyj5qgZg5yb58= "
    "7kL6DLONdSmvNK8Q+b0uwZF0+4EO6ZntoC4lwzZAqebK18G5zD0b6C08pctfGCxpfSYKlZ1wcd6vc0UnEDSABw==\n"
    "{\"v\":1,\"n\":2,\"p\":\"2d196d27d142e7beb8e966d639ad553959ec486fcb130d97f53809fac2623d47\",\"t\":"
    "\"2026-11-22T06:01:00.000000Z\",\"k\":\"decision\",\"u\":\"official0\",\"tool\":\"facefind\",\"dec\":"
    "\"deny\"}\n"
    "{\"v\":1,\"n\":3,\"p\":\"1d027c69bd17e5e30246f07f291a15be389b9f7b4d60300dfc7e768ff5701a2c\",\"t\":"
    "\"2026-11-22T06:01:01.000000Z\",\"k\":\"decision\",\"u\":\"official1\",\"tool\":\"facefind\",\"dec\":"
    "\"deny\"}\n"
    "!seal 1 4 ZW5FMtykOKq/BnT/IMUhUjhA693o+qH45P8YxU56Dh8= QuKWZWkSW+MwuAFewi5KsW4boxaWnTtE7gSjS+wOD7c= "
    "A/E7xUOrF7THnGdCLcDwV5JUanl7ShiHXSkuZ6EmRoFze64VjMtO7nDNCtijGrY7s7fQQXS/qFK+EURIcMnzBw==\n";

void vector_key(unsigned i, struct frt_key_pair *pair)
{
    uint8_t seed[FRT_HASH_SIZE];
    struct frt_sha256 hasher;
    char text[32];

    snprintf(text, sizeof(text), "test-vector-seed%u", i);
    ck_assert_int_eq(frt_sha256_init(&hasher), 0);
    frt_sha256_digest(&hasher, text, strlen(text), seed);
    frt_sha256_clear(&hasher);
    ck_assert_int_eq(frt_key_pair_from_seed(seed, pair), 0);
}
