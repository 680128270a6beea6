/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every state a crash can leave behind. Four commits are recorded call by call; for each point between two calls, for every
 * byte prefix and zero-filled form of the write under way, and for old, torn and new key slots, the directory is built, the
 * trail opened, and three things must hold: it opens (exactly one usable key), no answered record is lost, it verifies.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/key_slots.h"
#include "trail_fixture.h"

enum what { CREATE, WRITE, SYNC, RENAME, ANSWERED };

struct event {
    enum what what;
    bool is_key;
    char name[32], to[32];
    char *bytes;
    size_t length;
    off_t offset;
    unsigned records; /* answered so far */
};

static struct event events[256];
static size_t event_count;
static struct scratch scratch;
static char pk0[512];

static void make(void)
{
    scratch_make(&scratch);
    event_count = 0;
}

static void drop(void)
{
    for (size_t i = 0; i < event_count; i++)
        free(events[i].bytes);
    scratch_remove(&scratch);
}

/* ---- recording ---- */

static void name_of(int fd, struct event *event)
{
    char link[64], path[256] = "";
    const char *base;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ck_assert_int_gt(readlink(link, path, sizeof(path) - 1), 0);
    base = strrchr(path, '/') + 1;
    snprintf(event->name, sizeof(event->name), "%.31s", base);
    event->is_key = strcmp(base, FRT_KEY_FILE_NAME) == 0;
}

static int record_create(void *arg, int dir_fd, const char *name, mode_t mode)
{
    struct event *event = &events[event_count++];

    (void)arg;
    *event = (struct event){.what = CREATE};
    snprintf(event->name, sizeof(event->name), "%s", name);
    return frt_trail_io_real()->create(NULL, dir_fd, name, mode);
}

static ssize_t record_pwrite(void *arg, int fd, const void *bytes, size_t length, off_t offset)
{
    struct event *event = &events[event_count++];

    (void)arg;
    *event = (struct event){.what = WRITE, .bytes = malloc(length), .length = length, .offset = offset};
    memcpy(event->bytes, bytes, length);
    name_of(fd, event);
    return pwrite(fd, bytes, length, offset);
}

static int record_sync(void *arg, int fd)
{
    struct event *event = &events[event_count++];

    (void)arg;
    *event = (struct event){.what = SYNC};
    name_of(fd, event);
    return 0;
}

static int record_rename(void *arg, int dir_fd, const char *from, const char *to)
{
    struct event *event = &events[event_count++];

    (void)arg;
    *event = (struct event){.what = RENAME};
    snprintf(event->name, sizeof(event->name), "%s", from);
    snprintf(event->to, sizeof(event->to), "%s", to);
    return frt_trail_io_real()->rename(NULL, dir_fd, from, to);
}

static void answered(unsigned records)
{
    events[event_count++] = (struct event){.what = ANSWERED, .records = records};
}

/* Four commits in a segment of its own each two, so that a change of segment is among them. */
static void record_session(bool prepare)
{
    struct frt_trail_io io = *frt_trail_io_real();
    struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .segment_bytes = 1600, .io = &io};
    struct frt_trail *trail;
    char error[FRT_TRAIL_ERROR_MAX];
    struct bytes bytes;

    io.create = record_create;
    io.pwrite = record_pwrite;
    io.fdatasync = io.fsync = record_sync;
    io.rename = record_rename;
    bytes = file_read(scratch.log, "pk0");
    memcpy(pk0, bytes.at, bytes.length + 1);
    free(bytes.at);
    answered(3); /* seg, start, stop: what was there before */
    ck_assert_msg(frt_trail_open(&options, &trail, error) == 0, "%s", error);
    answered(5);
    for (unsigned i = 0; i < 4; i++) {
        if (prepare)
            ck_assert_int_eq(frt_trail_prepare(trail), 0);
        ck_assert_int_ge(trail_append(trail, "p01", 20), 0);
        ck_assert_int_eq(frt_trail_commit(trail), 0);
        answered((unsigned)frt_trail_record_count(trail));
    }
    frt_trail_abandon(trail);
}

/* ---- a disk ---- */

struct file {
    char name[32];
    char bytes[16384];
    size_t length;
};

struct disk {
    struct file files[8];
    size_t count;
};

static struct file *find(struct disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->count; i++)
        if (strcmp(disk->files[i].name, name) == 0)
            return &disk->files[i];
    snprintf(disk->files[disk->count].name, sizeof(disk->files[0].name), "%s", name);
    disk->files[disk->count].length = 0;
    return &disk->files[disk->count++];
}

static void apply(struct disk *disk, const struct event *event, size_t length)
{
    struct file *file;

    if (event->what == SYNC || event->what == ANSWERED)
        return;
    file = find(disk, event->name);
    if (event->what == CREATE)
        file->length = 0;
    if (event->what == RENAME)
        snprintf(file->name, sizeof(file->name), "%s", event->to);
    if (event->what != WRITE)
        return;
    ck_assert_uint_le((size_t)event->offset + length, sizeof(file->bytes));
    if ((size_t)event->offset > file->length)
        memset(file->bytes + file->length, 0, (size_t)event->offset - file->length);
    memcpy(file->bytes + event->offset, event->bytes, length);
    if ((size_t)event->offset + length > file->length)
        file->length = (size_t)event->offset + length;
}

static void zero_fill(struct disk *disk, const struct event *event, size_t from)
{
    struct file *file = find(disk, event->name);

    memset(file->bytes + event->offset + from, 0, event->length - from);
    file->length = (size_t)event->offset + event->length;
}

static void put_disk(const struct disk *disk)
{
    scratch_empty(scratch.log);
    scratch_empty(scratch.key);
    file_write(scratch.log, "pk0", pk0, strlen(pk0));
    for (size_t i = 0; i < disk->count; i++)
        file_write(strcmp(disk->files[i].name, FRT_KEY_FILE_NAME) == 0 ? scratch.key : scratch.log,
                   disk->files[i].name, disk->files[i].bytes, disk->files[i].length);
}

static ssize_t plain_pwrite(void *arg, int fd, const void *bytes, size_t length, off_t offset)
{
    (void)arg;
    return pwrite(fd, bytes, length, offset);
}

static int no_sync(void *arg, int fd)
{
    (void)arg;
    (void)fd;
    return 0;
}

struct count {
    unsigned sealed, total;
};

static int count_one(void *arg, const struct frt_trail_entry *entry)
{
    struct count *count = arg;

    count->total++;
    count->sealed += entry->is_sealed;
    return 0;
}

static unsigned states, with_void;

static void check_state(const struct disk *disk, unsigned must_hold, size_t event, const char *form,
                        size_t byte)
{
    struct frt_trail_io io = *frt_trail_io_real();
    struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .io = &io};
    struct frt_verify_options wanted = {.log_dir = scratch.log};
    struct frt_verify_result before, after;
    struct frt_trail *trail = NULL;
    struct count count = {0, 0};
    char error[FRT_TRAIL_ERROR_MAX];
    int r;

    io.pwrite = plain_pwrite;
    io.fdatasync = io.fsync = no_sync;
    put_disk(disk);
    frt_trail_verify(&wanted, &before);
    ck_assert_msg(before.status == FRT_VERIFY_OK || before.status == FRT_VERIFY_UNSEALED,
                  "event %zu %s %zu: a crash is taken for manipulation: %s", event, form, byte, before.what);
    ck_assert_msg(before.records >= must_hold, "event %zu %s %zu: %lu of %u records", event, form, byte,
                  (unsigned long)before.records, must_hold);
    r = frt_trail_open(&options, &trail, error);
    ck_assert_msg(r == 0, "event %zu %s %zu: %s", event, form, byte, error);
    wanted.live_key = frt_trail_live_public_key(trail);
    frt_trail_verify(&wanted, &after);
    ck_assert_msg(after.status == FRT_VERIFY_OK, "event %zu %s %zu: %s", event, form, byte, after.what);
    ck_assert_uint_eq(after.records, before.records + 2);
    ck_assert_uint_eq(after.void_bytes, before.tail_bytes);
    ck_assert_int_eq(frt_trail_read(scratch.log, 0, count_one, &count, NULL), 0);
    ck_assert_uint_eq(count.sealed, after.records);
    ck_assert_uint_eq(count.total, after.records);
    with_void += after.void_ranges > 0;
    frt_trail_abandon(trail);
    states++;
}

/* The write under way: each prefix of it, each prefix with the rest as zeros, and the rest without the beginning. */
static void check_write(const struct disk *disk, const struct event *event, unsigned must_hold, size_t at)
{
    static struct disk torn;
    size_t step = event->is_key ? 32 : 1;

    for (size_t length = 0; length <= event->length; length += step) {
        torn = *disk;
        apply(&torn, event, length);
        check_state(&torn, must_hold, at, "prefix", length);
        if (length < event->length && !event->is_key && length % 8 == 0) {
            zero_fill(&torn, event, length);
            check_state(&torn, must_hold, at, "zeros from", length);
        }
    }
    if (event->is_key)
        return;
    torn = *disk;
    apply(&torn, event, event->length);
    memset(find(&torn, event->name)->bytes + event->offset, 0, event->length / 2);
    check_state(&torn, must_hold, at, "a hole until", event->length / 2);
}

static void enumerate(void)
{
    static struct disk disk;
    unsigned must_hold = 0;

    disk.count = 0;
    for (size_t i = 0; i < event_count; i++) {
        const struct event *event = &events[i];

        if (event->what == ANSWERED)
            must_hold = event->records;
        if (disk.count > 0 && must_hold > 0) {
            if (event->what == WRITE)
                check_write(&disk, event, must_hold, i);
            else
                check_state(&disk, must_hold, i, "before", 0);
        }
        apply(&disk, event, event->length);
    }
    check_state(&disk, must_hold, event_count, "end", 0);
}

/* What was there before recording began is the first content of the disk. */
static void begin_disk(void)
{
    struct bytes log = file_read(scratch.log, "000000000000.seg"), slots = file_read(scratch.key, "slots");

    events[0] = (struct event){.what = CREATE, .name = "000000000000.seg"};
    events[1] =
        (struct event){.what = WRITE, .name = "000000000000.seg", .bytes = log.at, .length = log.length};
    events[2] = (struct event){.what = CREATE, .name = "slots"};
    events[3] = (struct event){
        .what = WRITE, .name = "slots", .is_key = true, .bytes = slots.at, .length = slots.length};
    event_count = 4;
}

/* With the next key made in time, and made in the commit itself. */
START_TEST(no_crash_loses_an_answered_record_or_the_key)
{
    states = with_void = 0;
    trail_fill(&scratch, 0, NULL);
    begin_disk();
    record_session(_i == 1);
    enumerate();
    printf("%u crash states, %u with a void tail\n", states, with_void);
    ck_assert_uint_ge(states, 1700);
    ck_assert_uint_ge(with_void, 1000);
}
END_TEST

/* The single-slot design loses the key in the same enumeration: the states are able to show a fault. */
START_TEST(the_enumeration_notices_a_lost_key)
{
    struct frt_trail_options options = {.log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN};
    struct frt_trail *trail = NULL;
    char error[FRT_TRAIL_ERROR_MAX];
    struct bytes slots;

    trail_fill(&scratch, 2, NULL);
    slots = file_read(scratch.key, "slots");
    memset(slots.at, 0, slots.length);
    file_write(scratch.key, "slots", slots.at, slots.length);
    free(slots.at);
    ck_assert_int_eq(frt_trail_open(&options, &trail, error), FRT_TRAIL_E_KEY_BREAK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.crash");
    TCase *tc = tcase_create("crash");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, make, drop);
    tcase_add_loop_test(tc, no_crash_loses_an_answered_record_or_the_key, 0, 2);
    tcase_add_test(tc, the_enumeration_notices_a_lost_key);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
