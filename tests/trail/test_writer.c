/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The writer with working and with failing system calls.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/key_slots.h"
#include "trail/segments.h"
#include "trail_fixture.h"

static struct scratch scratch;

static void make(void)
{
    scratch_make(&scratch);
}

static void drop(void)
{
    scratch_remove(&scratch);
}

/* ---- what is on record ---- */

struct census {
    unsigned records, decisions, gaps, unsealed;
    int64_t gap_count;
    char kinds[4096];
};

static int count(void *arg, const struct frt_trail_entry *entry)
{
    struct census *census = arg;
    int64_t lost = 0;

    ck_assert_uint_eq(entry->record->n, census->records);
    census->records++;
    census->unsealed += !entry->is_sealed;
    census->decisions += frt_record_is_kind(entry->record, "decision");
    if (frt_record_is_kind(entry->record, "gap")) {
        census->gaps++;
        ck_assert_int_eq(frt_record_get_number(entry->record, "count", &lost), 0);
        census->gap_count += lost;
    }
    if (strlen(census->kinds) + 20 < sizeof(census->kinds))
        snprintf(census->kinds + strlen(census->kinds), 20, "%.*s ", (int)entry->record->kind_length,
                 entry->record->kind);
    return 0;
}

static struct census take_census(void)
{
    struct census census = {0};
    uint64_t unreadable;

    ck_assert_int_eq(frt_trail_read(scratch.log, 0, count, &census, &unreadable), 0);
    ck_assert_uint_eq(unreadable, 0);
    return census;
}

START_TEST(what_was_committed_is_read_back_and_verifies)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct census census;
    char live[65], first[65];

    ck_assert_int_eq(trail_append(trail, "p01", 10), 2); /* after seg and start */
    ck_assert_int_eq(trail_append(trail, "p02", 10), 3);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    ck_assert_uint_eq(frt_trail_record_count(trail), 4);
    ck_assert_uint_eq(frt_trail_seal_count(trail), 2);
    strcpy(live, frt_trail_live_public_key(trail));
    strcpy(first, frt_trail_first_public_key(trail));
    ck_assert_int_eq(verify(&scratch, first, live), FRT_VERIFY_OK);
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, first, live), FRT_VERIFY_CUT); /* a `stop` record later, another key */
    ck_assert_int_eq(verify(&scratch, first, NULL), FRT_VERIFY_OK);
    census = take_census();
    ck_assert_str_eq(census.kinds, "seg start decision decision stop ");
    ck_assert_uint_eq(census.unsealed, 0);
}
END_TEST

START_TEST(an_open_batch_is_not_on_disk)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);

    trail_append(trail, "p01", 10);
    frt_trail_abandon(trail);
    ck_assert_uint_eq(take_census().records, 2);
    frt_trail_close(trail_open(&scratch, NULL));
    ck_assert_str_eq(take_census().kinds, "seg start seg start stop ");
}
END_TEST

START_TEST(a_batch_holds_256_records_and_no_more)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);

    for (unsigned i = 0; i < FRT_TRAIL_BATCH_MAX; i++)
        ck_assert_int_ge(trail_append(trail, "p01", 3000), 0);
    ck_assert_int_eq(trail_append(trail, "p01", 10), -ENOBUFS);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    ck_assert_int_ge(trail_append(trail, "p01", 10), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
}
END_TEST

START_TEST(segments_change_by_size_and_the_trail_goes_on)
{
    struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .segment_bytes = 3000};
    struct frt_trail *trail;
    struct frt_verify_options wanted = {.log_dir = scratch.log};
    struct frt_verify_result result;
    char error[FRT_TRAIL_ERROR_MAX];

    ck_assert_int_eq(frt_trail_open(&options, &trail, error), 0);
    for (unsigned i = 0; i < 50; i++) {
        trail_append(trail, "p01", 200);
        ck_assert_int_eq(frt_trail_commit(trail), 0);
    }
    frt_trail_close(trail);
    ck_assert_msg(frt_trail_verify(&wanted, &result) == FRT_VERIFY_OK, "%s:%lu %s", result.file, result.line,
                  result.what);
    ck_assert_uint_ge(result.segments, 8);
    ck_assert_uint_eq(take_census().decisions, 50);
}
END_TEST

static int64_t fake_now_us;

static int64_t fake_clock(void *arg)
{
    (void)arg;
    return fake_now_us;
}

static struct frt_trail *open_with_clock(void)
{
    struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .clock_us = fake_clock};
    struct frt_trail *trail = NULL;
    char error[FRT_TRAIL_ERROR_MAX];

    ck_assert_msg(frt_trail_open(&options, &trail, error) == 0, "%s", error);
    return trail;
}

START_TEST(a_new_day_begins_a_new_segment)
{
    struct frt_trail *trail;
    char name[32];

    fake_now_us = INT64_C(1795391999000000); /* one second before midnight */
    trail = open_with_clock();
    trail_append(trail, "p01", 10);
    frt_trail_commit(trail);
    fake_now_us += 2000000;
    trail_append(trail, "p01", 10);
    frt_trail_commit(trail);
    newest_segment(&scratch, name);
    ck_assert_str_eq(name, "000000000003.seg");
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
}
END_TEST

/* One row each side of what the verifier accepts. */
static const struct {
    int64_t step_us;
    const char *kinds;
} clock_rows[] = {
    {1000000, "seg start decision decision stop "},
    {-1000000, "seg start decision decision stop "},
    {-119999999, "seg start decision decision stop "},
    {-120000000, "seg start decision decision stop "},
    {-120000001, "seg start decision clock decision stop "},
    {-3600000000, "seg start decision clock decision stop "},
    {INT64_C(-1795392000000000), "seg start decision clock decision stop "}, /* 1970 */
    {INT64_C(315360000000000), "seg start decision seg decision stop "},     /* ten years on */
    {INT64_C(2500000000000000), "seg start decision seg decision stop "},    /* 2106 */
};

START_TEST(a_clock_set_back_is_told_and_the_trail_still_verifies)
{
    struct frt_trail *trail;

    fake_now_us = INT64_C(1795392000000000);
    trail = open_with_clock();
    trail_append(trail, "p01", 10);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    fake_now_us += clock_rows[_i].step_us;
    ck_assert_int_ge(trail_append(trail, "p01", 10), 0);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
    ck_assert_str_eq(take_census().kinds, clock_rows[_i].kinds);
}
END_TEST

START_TEST(a_second_writer_is_turned_away_without_writing)
{
    struct frt_trail *trail = trail_open(&scratch, NULL), *other = NULL;
    struct frt_trail_options options = {.log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN};
    char error[FRT_TRAIL_ERROR_MAX];
    struct bytes before = file_read(scratch.log, "000000000000.seg"), after;

    ck_assert_int_eq(frt_trail_open(&options, &other, error), FRT_TRAIL_E_LOCKED);
    after = file_read(scratch.log, "000000000000.seg");
    ck_assert_uint_eq(before.length, after.length);
    ck_assert_int_eq(memcmp(before.at, after.at, before.length), 0);
    free(before.at);
    free(after.at);
    frt_trail_close(trail);
}
END_TEST

START_TEST(old_keys_are_nowhere_on_disk)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct frt_key_slot slots[2];
    uint8_t seeds[6][32];
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/slots", scratch.key);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    for (unsigned i = 0; i < 6; i++) {
        struct bytes file;

        ck_assert_int_eq(frt_key_slots_read(fd, slots), 0);
        ck_assert_msg(slots[0].used != slots[1].used, "exactly one key on disk");
        memcpy(seeds[i], slots[slots[0].used ? 0 : 1].pair.seed, 32);
        ck_assert_uint_eq(slots[slots[0].used ? 0 : 1].index, i + 1);
        trail_append(trail, "p01", 10);
        ck_assert_int_eq(frt_trail_commit(trail), 0);
        file = file_read(scratch.key, "slots");
        ck_assert_uint_eq(file.length, 8192);
        for (unsigned j = 0; j <= i; j++)
            ck_assert_ptr_null(memmem(file.at, file.length, seeds[j], 32));
        free(file.at);
    }
    close(fd);
    frt_trail_close(trail);
}
END_TEST

START_TEST(a_prepared_key_changes_nothing_that_is_sealed)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);

    for (unsigned i = 0; i < 5; i++) {
        ck_assert_int_eq(frt_trail_prepare(trail), 0);
        ck_assert_int_eq(frt_trail_prepare(trail), 0);
        trail_append(trail, "p01", 10);
        ck_assert_int_eq(frt_trail_commit(trail), 0);
    }
    ck_assert_int_eq(frt_trail_prepare(trail), 0);
    ck_assert_int_eq(verify(&scratch, NULL, frt_trail_live_public_key(trail)), FRT_VERIFY_OK);
    frt_trail_abandon(trail); /* two keys on disk now */
    frt_trail_close(trail_open(&scratch, NULL));
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
}
END_TEST

START_TEST(an_impossible_record_is_refused_before_it_is_written)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct frt_record record;

    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "user", "a");
    frt_record_add_text(&record, "user", "b");
    ck_assert_int_eq(frt_trail_append(trail, &record), -EINVAL);
    frt_record_init(&record, "Not-a-kind");
    ck_assert_int_eq(frt_trail_append(trail, &record), -EINVAL);
    frt_record_init(&record, "decision");
    frt_record_add_text(&record, "bad key", "b");
    ck_assert_int_eq(frt_trail_append(trail, &record), -EINVAL);
    ck_assert_int_ge(trail_append(trail, "p01", 5), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
    ck_assert_uint_eq(take_census().decisions, 1);
}
END_TEST

START_TEST(denials_without_a_record_are_counted)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct census census;

    for (unsigned i = 0; i < 7; i++)
        frt_trail_drop(trail, "flood");
    frt_trail_drop(trail, "late");
    trail_append(trail, "p01", 5);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    census = take_census();
    ck_assert_int_eq(census.gap_count, 8);
    ck_assert_str_eq(census.kinds, "seg start gap decision stop ");
}
END_TEST

/* A void tail is declared by a segment that is itself cut before its first seal: what it declared is forgotten with it. */
START_TEST(a_cut_in_the_first_commit_behind_a_void_tail_is_an_unsealed_tail)
{
    struct bytes log;
    char name[32];
    size_t sealed;

    trail_fill(&scratch, 1, NULL);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    log.at = realloc(log.at, log.length + 16);
    memcpy(log.at + log.length, "{\"v\":1,\"n\":\0\0\0\0", 16);
    file_write(scratch.log, name, log.at, log.length + 16);
    free(log.at);
    trail_fill(&scratch, 1, NULL);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    sealed = (size_t)(strchr(strstr(log.at, "\n!seal ") + 1, '\n') - log.at);
    for (size_t length = 0; length <= sealed; length++) {
        enum frt_verify_status status;

        file_write(scratch.log, name, log.at, length);
        status = verify(&scratch, NULL, NULL);
        ck_assert_msg(status == FRT_VERIFY_UNSEALED, "cut at %zu: %d", length, status);
    }
    free(log.at);
}
END_TEST

/* ---- key slots and log that disagree ---- */

static int reopen(char error[FRT_TRAIL_ERROR_MAX])
{
    struct frt_trail_options options = {.log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN};
    struct frt_trail *trail = NULL;
    int r = frt_trail_open(&options, &trail, error);

    frt_trail_close(trail);
    return r;
}

START_TEST(a_rolled_back_key_file_denies)
{
    char error[FRT_TRAIL_ERROR_MAX];
    struct bytes old;

    trail_fill(&scratch, 3, NULL);
    old = file_read(scratch.key, "slots");
    trail_fill(&scratch, 3, NULL);
    file_write(scratch.key, "slots", old.at, old.length);
    free(old.at);
    ck_assert_int_eq(reopen(error), FRT_TRAIL_E_KEY_BREAK);
    ck_assert_ptr_nonnull(strstr(error, "rolled back"));
}
END_TEST

START_TEST(a_log_that_lost_sealed_records_denies)
{
    char error[FRT_TRAIL_ERROR_MAX], name[32];
    struct bytes log;

    trail_fill(&scratch, 3, NULL);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    trail_fill(&scratch, 3, NULL);
    scratch_empty(scratch.log);
    ck_assert_int_eq(reopen(error), FRT_TRAIL_E_KEY_BREAK); /* all of it */
    file_write(scratch.log, name, log.at, log.length);
    ck_assert_int_eq(reopen(error), FRT_TRAIL_E_ALTERED); /* pk0 missing, and to be put back */
    ck_assert_ptr_nonnull(strstr(error, "put back"));
    free(log.at);
}
END_TEST

START_TEST(a_cut_log_denies_at_every_byte)
{
    char error[FRT_TRAIL_ERROR_MAX], name[32], path[128];
    struct bytes log, key;
    unsigned opened = 0;

    trail_fill(&scratch, 3, NULL);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    key = file_read(scratch.key, "slots");
    snprintf(path, sizeof(path), "%s/%s", scratch.log, name);
    for (size_t length = 0; length < log.length; length += 7) {
        ck_assert_int_eq(truncate(path, (off_t)length), 0);
        opened += reopen(error) == 0;
        file_write(scratch.log, name, log.at, log.length);
        file_write(scratch.key, "slots", key.at, key.length);
    }
    ck_assert_uint_eq(opened, 0);
    ck_assert_int_eq(reopen(error), 0);
    free(log.at);
    free(key.at);
}
END_TEST

START_TEST(a_flipped_bit_in_what_was_answered_denies)
{
    char error[FRT_TRAIL_ERROR_MAX], name[32];
    struct bytes log, key;
    unsigned opened = 0;

    trail_fill(&scratch, 3, NULL);
    newest_segment(&scratch, name);
    log = file_read(scratch.log, name);
    key = file_read(scratch.key, "slots");
    for (size_t i = 0; i < log.length; i += 5) {
        log.at[i] ^= 1;
        file_write(scratch.log, name, log.at, log.length);
        opened += reopen(error) == 0;
        log.at[i] ^= 1;
        file_write(scratch.key, "slots", key.at, key.length);
    }
    ck_assert_uint_eq(opened, 0);
    free(log.at);
    free(key.at);
}
END_TEST

START_TEST(a_key_file_others_can_read_is_refused)
{
    char error[FRT_TRAIL_ERROR_MAX], path[128];

    trail_fill(&scratch, 1, NULL);
    snprintf(path, sizeof(path), "%s/slots", scratch.key);
    chmod(path, 0640);
    ck_assert_int_eq(reopen(error), -EPERM);
}
END_TEST

/* ---- failing calls ---- */

enum call { CREATE, PWRITE, FALLOCATE, FDATASYNC, FSYNC, RENAME, UNLINK, CALLS };

struct faults {
    unsigned seen, at; /* the call number `at` fails, and with `lasting` every later one */
    bool lasting;
    int error; /* 0: a short write */
    bool (*spares)(enum call call);
};

static bool fails(void *arg, enum call call)
{
    struct faults *faults = arg;
    unsigned number;

    if (faults->spares && faults->spares(call))
        return false;
    number = faults->seen++;
    if (number != faults->at && !(faults->lasting && number > faults->at))
        return false;
    if (faults->error)
        errno = faults->error;
    return true;
}

static int faulty_create(void *arg, int dir_fd, const char *name, mode_t mode)
{
    return fails(arg, CREATE) ? -1 : frt_trail_io_real()->create(NULL, dir_fd, name, mode);
}

static ssize_t faulty_pwrite(void *arg, int fd, const void *bytes, size_t length, off_t offset)
{
    struct faults *faults = arg;

    if (!fails(arg, PWRITE))
        return pwrite(fd, bytes, length, offset);
    return faults->error ? -1 : pwrite(fd, bytes, length / 2, offset);
}

static int faulty_fallocate(void *arg, int fd, off_t offset, off_t length)
{
    return fails(arg, FALLOCATE) ? -1 : frt_trail_io_real()->fallocate(NULL, fd, offset, length);
}

static int faulty_fdatasync(void *arg, int fd)
{
    return fails(arg, FDATASYNC) ? -1 : fdatasync(fd);
}

static int faulty_fsync(void *arg, int fd)
{
    return fails(arg, FSYNC) ? -1 : fsync(fd);
}

static int faulty_rename(void *arg, int dir_fd, const char *from, const char *to)
{
    return fails(arg, RENAME) ? -1 : frt_trail_io_real()->rename(NULL, dir_fd, from, to);
}

static int faulty_unlink(void *arg, int dir_fd, const char *name)
{
    return fails(arg, UNLINK) ? -1 : frt_trail_io_real()->unlink(NULL, dir_fd, name);
}

static struct frt_trail_io faulty_io(struct faults *faults)
{
    return (struct frt_trail_io){.create = faulty_create,
                                 .pwrite = faulty_pwrite,
                                 .fallocate = faulty_fallocate,
                                 .fdatasync = faulty_fdatasync,
                                 .fsync = faulty_fsync,
                                 .rename = faulty_rename,
                                 .unlink = faulty_unlink,
                                 .arg = faults};
}

static const struct {
    const char *given;
    int error;
    bool lasting;
} fault_rows[] = {
    {"EIO once", EIO, false},
    {"ENOSPC once", ENOSPC, false},
    {"a short write once", 0, false},
    {"EIO from then on", EIO, true},
    {"ENOSPC from then on", ENOSPC, true},
    {"a short write from then on", 0, true},
};

/* The session: open, six commits with a change of segment, retries as frtd does them, close. Whatever was answered (commit
 * returned 0) must be in the trail, sealed, afterwards; the trail must verify and open again. */
static unsigned run_session(const struct frt_trail_io *io, uint64_t answered[8])
{
    struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .segment_bytes = 1500, .io = io};
    struct frt_trail *trail = NULL;
    char error[FRT_TRAIL_ERROR_MAX];
    unsigned count_answered = 0;

    if (frt_trail_open(&options, &trail, error) != 0)
        return 0;
    for (unsigned i = 0; i < 6; i++) {
        int64_t n;

        if (!frt_trail_is_writable(trail))
            frt_trail_retry(trail);
        if (i == 3)
            frt_trail_prepare(trail);
        n = trail_append(trail, "p01", 100);
        if (n >= 0 && frt_trail_commit(trail) == 0)
            answered[count_answered++] = (uint64_t)n;
        else
            ck_assert(!frt_trail_is_writable(trail));
    }
    if (!frt_trail_is_writable(trail))
        frt_trail_retry(trail);
    frt_trail_close(trail);
    return count_answered;
}

struct sought {
    const uint64_t *numbers;
    unsigned count, found;
};

static int seek(void *arg, const struct frt_trail_entry *entry)
{
    struct sought *sought = arg;

    for (unsigned i = 0; i < sought->count; i++)
        if (sought->numbers[i] == entry->record->n) {
            ck_assert(frt_record_is_kind(entry->record, "decision"));
            ck_assert(entry->is_sealed);
            sought->found++;
        }
    return 0;
}

START_TEST(every_failing_call_denies_and_loses_nothing_answered)
{
    unsigned calls, cases = 0;
    struct faults faults = {.at = UINT32_MAX};
    struct frt_trail_io io = faulty_io(&faults);
    uint64_t answered[8];

    ck_assert_uint_eq(run_session(&io, answered), 6);
    calls = faults.seen;
    ck_assert_uint_gt(calls, 40);
    for (unsigned at = 0; at < calls; at++, cases++) {
        struct sought sought = {.numbers = answered};
        char error[FRT_TRAIL_ERROR_MAX];
        int status;

        scratch_empty(scratch.log);
        scratch_empty(scratch.key);
        faults = (struct faults){.at = at, .error = fault_rows[_i].error, .lasting = fault_rows[_i].lasting};
        sought.count = run_session(&io, answered);
        ck_assert_msg(!fault_rows[_i].lasting || sought.count < 6 || at + 8 >= calls,
                      "call %u did not matter", at);
        if (access(scratch.log, F_OK) == 0 && sought.count > 0) {
            status = (int)verify(&scratch, NULL, NULL);
            ck_assert_msg(status == FRT_VERIFY_OK || status == FRT_VERIFY_UNSEALED, "%s at call %u: %d",
                          fault_rows[_i].given, at, status);
        }
        ck_assert_msg(reopen(error) == 0, "%s at call %u: %s", fault_rows[_i].given, at, error);
        ck_assert_msg(verify(&scratch, NULL, NULL) == FRT_VERIFY_OK, "%s at call %u", fault_rows[_i].given,
                      at);
        ck_assert_int_eq(frt_trail_read(scratch.log, 0, seek, &sought, NULL), 0);
        ck_assert_msg(sought.found == sought.count, "%s at call %u: %u of %u", fault_rows[_i].given, at,
                      sought.found, sought.count);
    }
    ck_assert_uint_gt(cases, 40);
}
END_TEST

static bool all_but_log_sync(enum call call)
{
    return call != FDATASYNC;
}

START_TEST(after_one_eio_the_lost_batch_is_void_and_counted)
{
    struct faults faults = {.at = UINT32_MAX, .error = EIO, .spares = all_but_log_sync};
    struct frt_trail_io io = faulty_io(&faults);
    struct frt_trail *trail = trail_open(&scratch, &io);
    struct census census;
    struct frt_verify_options options = {.log_dir = scratch.log};
    struct frt_verify_result result;

    trail_append(trail, "p01", 10);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    trail_append(trail, "p02", 10);
    trail_append(trail, "p03", 10);
    faults.at = faults.seen + 1; /* key, then log */
    ck_assert_int_eq(frt_trail_commit(trail), -EIO);
    ck_assert_int_eq(trail_append(trail, "p04", 10), -EIO);
    ck_assert(!frt_trail_is_writable(trail));
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    ck_assert_int_eq(trail_append(trail, "p05", 10), 5);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    ck_assert_int_eq(verify(&scratch, NULL, frt_trail_live_public_key(trail)), FRT_VERIFY_OK);
    frt_trail_close(trail);
    census = take_census();
    ck_assert_str_eq(census.kinds, "seg start decision seg gap decision stop ");
    ck_assert_int_eq(census.gap_count, 3);
    ck_assert_int_eq(frt_trail_verify(&options, &result), FRT_VERIFY_OK);
    ck_assert_uint_eq(result.void_ranges, 1);
}
END_TEST

static bool all_but_write(enum call call)
{
    return call != PWRITE;
}

START_TEST(half_a_write_stays_and_is_declared_void)
{
    struct faults faults = {.at = UINT32_MAX, .error = 0, .spares = all_but_write};
    struct frt_trail_io io = faulty_io(&faults);
    struct frt_trail *trail = trail_open(&scratch, &io);
    struct frt_verify_options options = {.log_dir = scratch.log};
    struct frt_verify_result result;

    trail_append(trail, "p02", 10);
    faults.at = faults.seen + 1; /* key, then log */
    ck_assert_int_eq(frt_trail_commit(trail), -ENOSPC);
    ck_assert_int_eq(verify(&scratch, NULL, frt_trail_live_public_key(trail)), FRT_VERIFY_UNSEALED);
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(frt_trail_verify(&options, &result), FRT_VERIFY_OK);
    ck_assert_uint_eq(result.void_ranges, 1);
    ck_assert_uint_gt(result.void_bytes, 100);
}
END_TEST

static bool all_but_create(enum call call)
{
    return call != CREATE;
}

START_TEST(opening_wipes_the_key_that_is_not_needed_before_anything_else)
{
    struct faults faults = {.at = 0, .lasting = true, .error = EMFILE, .spares = all_but_create};
    struct frt_trail_io io = faulty_io(&faults);
    struct frt_trail_options options = {
        .log_dir = scratch.log, .key_dir = scratch.key, .origin = ORIGIN, .io = &io};
    struct frt_trail *trail = trail_open(&scratch, NULL);
    char error[FRT_TRAIL_ERROR_MAX];
    uint8_t prepared[32];
    struct bytes file;

    frt_trail_prepare(trail);
    frt_trail_abandon(trail);
    file = file_read(scratch.key, "slots"); /* key 1 at 4096, the prepared key 2 at 0 */
    memcpy(prepared, file.at + 24, 32);
    free(file.at);
    ck_assert_int_eq(frt_trail_open(&options, &trail, error), -EMFILE);
    file = file_read(scratch.key, "slots");
    ck_assert_ptr_null(memmem(file.at, file.length, prepared, 32));
    free(file.at);
}
END_TEST

/* The batch that met EIO carries a valid seal. Taking the segment after it away must not bring it back as the end. */
START_TEST(a_void_batch_cannot_stand_in_for_what_followed)
{
    struct faults faults = {.at = UINT32_MAX, .error = EIO, .spares = all_but_log_sync};
    struct frt_trail_io io = faulty_io(&faults);
    struct frt_trail *trail = trail_open(&scratch, &io);
    char name[32], path[128];

    trail_append(trail, "p02", 10);
    faults.at = faults.seen + 1;
    ck_assert_int_eq(frt_trail_commit(trail), -EIO);
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    newest_segment(&scratch, name);
    snprintf(path, sizeof(path), "%s/%s", scratch.log, name);
    unlink(path);
    ck_assert_int_eq(verify(&scratch, NULL, NULL),
                     FRT_VERIFY_OK); /* from the files alone: the honest limit */
    ck_assert_int_eq(verify(&scratch, NULL, frt_trail_live_public_key(trail)), FRT_VERIFY_CUT);
    frt_trail_abandon(trail);
}
END_TEST

START_TEST(a_second_eio_in_a_row_denies_until_restart)
{
    struct faults faults = {.at = UINT32_MAX, .error = EIO};
    struct frt_trail_io io = faulty_io(&faults);
    struct frt_trail *trail = trail_open(&scratch, &io);

    trail_append(trail, "p02", 10);
    faults.at = faults.seen;
    faults.lasting = true;
    ck_assert_int_eq(frt_trail_commit(trail), -EIO);
    ck_assert_int_eq(frt_trail_retry(trail), -EIO);
    faults.at = UINT32_MAX;
    ck_assert_int_eq(frt_trail_retry(trail), -EIO);
    ck_assert(!frt_trail_is_writable(trail));
    frt_trail_close(trail);
    frt_trail_close(trail_open(&scratch, NULL));
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
}
END_TEST

/* ---- a disk that is really full ---- */

START_TEST(a_full_file_system_denies_tears_nothing_and_heals)
{
    struct frt_trail *trail;
    frt_auto_free char *filler = calloc(1, 8 << 20);
    char path[128];
    unsigned committed = 0;
    struct census census;

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return; /* not root: the injected ENOSPC rows above stand for it */
    ck_assert_int_eq(mount("tmpfs", scratch.log, "tmpfs", 0, "size=8m"), 0);
    trail = trail_open(&scratch, NULL);
    snprintf(path, sizeof(path), "%s/ballast", scratch.log);
    {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        ck_assert_int_gt(write(fd, filler, 8 << 20), 0); /* takes all that is left */
        close(fd);
    }
    for (; committed < 5000; committed++) {
        if (trail_append(trail, "p01", 2000) < 0 || frt_trail_commit(trail) < 0)
            break;
    }
    ck_assert_uint_gt(committed, 100);
    ck_assert_uint_lt(committed, 5000);
    ck_assert_int_eq(trail_append(trail, "p01", 10), -ENOSPC);
    ck_assert_int_eq(frt_trail_retry(trail), -ENOSPC);
    ck_assert_int_eq(verify(&scratch, NULL, frt_trail_live_public_key(trail)), FRT_VERIFY_OK);
    ck_assert_uint_eq(take_census().gaps, 1); /* the reserve told of it already */
    unlink(path);
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    ck_assert_int_ge(trail_append(trail, "p01", 10), 0);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
    census = take_census();
    ck_assert_uint_eq(census.decisions, committed + 1);
    ck_assert_int_eq(census.gap_count, 2);
    umount2(scratch.log, MNT_DETACH);
}
END_TEST

START_TEST(a_file_size_limit_denies_and_heals_in_a_new_segment)
{
    struct frt_trail *trail = trail_open(&scratch, NULL);
    struct rlimit limit = {.rlim_cur = 6 << 20, .rlim_max = RLIM_INFINITY};
    unsigned committed = 0;
    struct census census;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (; committed < 10000; committed++)
        if (trail_append(trail, "p01", 3500) < 0 || frt_trail_commit(trail) < 0)
            break;
    ck_assert_uint_gt(committed, 100);
    ck_assert_uint_lt(committed, 2000);
    ck_assert_int_eq(frt_trail_retry(trail), 0);
    ck_assert_int_ge(trail_append(trail, "p01", 500), 0);
    ck_assert_int_eq(frt_trail_commit(trail), 0);
    frt_trail_close(trail);
    ck_assert_int_eq(verify(&scratch, NULL, NULL), FRT_VERIFY_OK);
    census = take_census();
    ck_assert_uint_eq(census.decisions, committed + 1);
    ck_assert_int_eq(census.gap_count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail.writer");
    TCase *tc = tcase_create("writer");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, make, drop);
    tcase_add_test(tc, what_was_committed_is_read_back_and_verifies);
    tcase_add_test(tc, an_open_batch_is_not_on_disk);
    tcase_add_test(tc, a_batch_holds_256_records_and_no_more);
    tcase_add_test(tc, segments_change_by_size_and_the_trail_goes_on);
    tcase_add_test(tc, a_new_day_begins_a_new_segment);
    tcase_add_loop_test(tc, a_clock_set_back_is_told_and_the_trail_still_verifies, 0,
                        (int)FRT_ARRAY_LEN(clock_rows));
    tcase_add_test(tc, a_second_writer_is_turned_away_without_writing);
    tcase_add_test(tc, old_keys_are_nowhere_on_disk);
    tcase_add_test(tc, a_prepared_key_changes_nothing_that_is_sealed);
    tcase_add_test(tc, an_impossible_record_is_refused_before_it_is_written);
    tcase_add_test(tc, denials_without_a_record_are_counted);
    tcase_add_test(tc, a_cut_in_the_first_commit_behind_a_void_tail_is_an_unsealed_tail);
    tcase_add_test(tc, a_rolled_back_key_file_denies);
    tcase_add_test(tc, a_log_that_lost_sealed_records_denies);
    tcase_add_test(tc, a_cut_log_denies_at_every_byte);
    tcase_add_test(tc, a_flipped_bit_in_what_was_answered_denies);
    tcase_add_test(tc, a_key_file_others_can_read_is_refused);
    tcase_add_loop_test(tc, every_failing_call_denies_and_loses_nothing_answered, 0,
                        (int)FRT_ARRAY_LEN(fault_rows));
    tcase_add_test(tc, after_one_eio_the_lost_batch_is_void_and_counted);
    tcase_add_test(tc, half_a_write_stays_and_is_declared_void);
    tcase_add_test(tc, opening_wipes_the_key_that_is_not_needed_before_anything_else);
    tcase_add_test(tc, a_void_batch_cannot_stand_in_for_what_followed);
    tcase_add_test(tc, a_second_eio_in_a_row_denies_until_restart);
    tcase_add_test(tc, a_full_file_system_denies_tears_nothing_and_heals);
    tcase_add_test(tc, a_file_size_limit_denies_and_heals_in_a_new_segment);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
