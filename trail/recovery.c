/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opening a trail (trail format, section 7): what is on disk is checked, the key that the last seal names is looked for, what
 * was written and never answered is declared void, and a new segment begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "support/file.h"
#include "trail/checkpoint.h"
#include "trail/encoding.h"
#include "trail/opening.h"

int frt_opening_say(struct frt_opening *opening, int result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(opening->error, FRT_TRAIL_ERROR_MAX, format, args);
    va_end(args);
    return result;
}

static int64_t real_clock_us(void *arg)
{
    struct timespec now;

    (void)arg;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* 32 digits without the dashes; zeros where there is no /proc. */
static void read_boot_id(char boot_id[33])
{
    frt_auto_fclose FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    char text[64] = "", *out = boot_id;

    memset(boot_id, '0', 32);
    boot_id[32] = '\0';
    if (!file || !fgets(text, sizeof(text), file))
        return;
    for (const char *p = text; *p && out < boot_id + 32; p++)
        if (*p != '-' && *p != '\n')
            *out++ = *p;
}

static int open_places(struct frt_opening *opening)
{
    const struct frt_trail_options *options = opening->options;
    struct frt_trail *trail = opening->trail;
    frt_auto_close int key_dir = -1;
    int r;

    trail->log_fd = open(options->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (trail->log_fd < 0)
        return frt_opening_say(opening, -errno, "%s: cannot open the log directory: %s", options->log_dir,
                               strerror(errno));
    if (flock(trail->log_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? frt_opening_say(opening, FRT_TRAIL_E_LOCKED,
                                                      "%s: another writer holds this trail", options->log_dir)
                                    : frt_opening_say(opening, -errno, "%s: cannot lock: %s",
                                                      options->log_dir, strerror(errno));
    key_dir = open(options->key_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (key_dir < 0)
        return frt_opening_say(opening, -errno, "%s: cannot open the key directory: %s", options->key_dir,
                               strerror(errno));
    r = frt_key_slots_open(trail->io, key_dir, &trail->key_fd);
    if (r == -EPERM)
        return frt_opening_say(opening, r, "%s/%s: expected a regular file of mode 0600", options->key_dir,
                               FRT_KEY_FILE_NAME);
    if (r == 0)
        r = frt_key_slots_read(trail->key_fd, opening->slots);
    return r < 0 ? frt_opening_say(opening, r, "%s/%s: %s", options->key_dir, FRT_KEY_FILE_NAME, strerror(-r))
                 : 0;
}

static bool has_segments(const struct frt_opening *opening)
{
    struct frt_segments segments;
    char what[256];
    int r = frt_segments_open(opening->options->log_dir, &segments, what);
    bool has = r < 0 || segments.count > 0;

    frt_segments_close(&segments);
    return has;
}

/* The first start: key 0 is stored, then its public half is published. A crash between leaves neither log nor pk0. */
static int found_trail(struct frt_opening *opening)
{
    struct frt_trail *trail = opening->trail;
    struct frt_key_slot first = {.used = true};
    char text[FRT_ORIGIN_MAX + 80], hex[65];
    int r;

    if (has_segments(opening))
        return frt_opening_say(
            opening, FRT_TRAIL_E_ALTERED,
            "%s/pk0 is missing: put back the line \"%s <first public key>\", which the auditor has",
            opening->options->log_dir, trail->origin);
    for (unsigned i = 0; i < FRT_KEY_SLOTS && !opening->has_no_trail; i++)
        if (opening->slots[i].used && opening->slots[i].index > 0) {
            opening->has_no_trail = true;
            return frt_opening_say(opening, FRT_TRAIL_E_KEY_BREAK,
                                   "%s: no trail here, but %s/%s holds key %" PRIu64
                                   ": the log was removed or replaced",
                                   opening->options->log_dir, opening->options->key_dir, FRT_KEY_FILE_NAME,
                                   opening->slots[i].index);
        }
    r = frt_key_pair_make(&first.pair);
    if (r == 0)
        r = frt_key_slots_write(trail->io, trail->key_fd, &first);
    if (r == 0) {
        frt_hex_format(first.pair.public_key, FRT_KEY_SIZE, hex);
        snprintf(text, sizeof(text), "%s %s\n", trail->origin, hex);
        r = frt_trail_io_publish(trail->io, trail->log_fd, "pk0", text, strlen(text));
    }
    opening->slots[0] = first;
    frt_key_pair_wipe(&first.pair);
    return r < 0 ? frt_opening_say(opening, r, "%s: cannot begin a trail: %s", opening->options->log_dir,
                                   strerror(-r))
                 : 0;
}

int frt_opening_take_identity(struct frt_opening *opening)
{
    const char *log_dir = opening->options->log_dir;
    struct frt_trail *trail = opening->trail;
    char origin[FRT_ORIGIN_MAX + 1];
    int r = frt_trail_read_first_key(log_dir, origin, trail->first_key);

    if (r == -ENOENT) {
        r = found_trail(opening);
        if (r != 0)
            return r;
        r = frt_trail_read_first_key(log_dir, origin, trail->first_key);
    }
    if (r == -EBADMSG)
        return frt_opening_say(opening, FRT_TRAIL_E_ALTERED, "%s/pk0: expected \"<origin> <64 hex digits>\"",
                               log_dir);
    if (r < 0)
        return frt_opening_say(opening, r, "%s/pk0: %s", log_dir, strerror(-r));
    if (strcmp(origin, trail->origin) != 0)
        return frt_opening_say(
            opening, FRT_TRAIL_E_ALTERED,
            "%s/pk0: expected the origin %s, found %s: set origin = \"%s\" in frt.conf, as it was", log_dir,
            trail->origin, origin, origin);
    return 0;
}

const struct frt_key_slot *frt_opening_find_key(const struct frt_opening *opening,
                                                const struct frt_trail_head *state)
{
    for (unsigned i = 0; i < FRT_KEY_SLOTS; i++)
        if (opening->slots[i].used && opening->slots[i].index == state->seals &&
            memcmp(opening->slots[i].pair.public_key, state->next_key, FRT_KEY_SIZE) == 0)
            return &opening->slots[i];
    return NULL;
}

static int key_break(struct frt_opening *opening, uint64_t wanted)
{
    uint64_t newest = 0;
    bool any = false;

    for (unsigned i = 0; i < FRT_KEY_SLOTS; i++) {
        if (opening->slots[i].used && (!any || opening->slots[i].index > newest))
            newest = opening->slots[i].index;
        any |= opening->slots[i].used;
    }
    if (!any)
        return frt_opening_say(opening, FRT_TRAIL_E_KEY_BREAK,
                               "%s/%s holds no key; the log ends where key %" PRIu64 " goes on",
                               opening->options->key_dir, FRT_KEY_FILE_NAME, wanted);
    return frt_opening_say(opening, FRT_TRAIL_E_KEY_BREAK,
                           "%s/%s holds key %" PRIu64 "; the log ends where key %" PRIu64 " goes on: %s",
                           opening->options->key_dir, FRT_KEY_FILE_NAME, newest, wanted,
                           newest > wanted
                               ? "the log lost sealed records (cut, rolled back, or a disk that lies)"
                               : "the key file was rolled back or belongs to another trail");
}

static int read_checkpoint(struct frt_opening *opening, char **ret_note)
{
    frt_auto_free char *path = NULL;
    const char *what;
    size_t length;
    int r;

    if (asprintf(&path, "%s/checkpoint", opening->options->log_dir) < 0)
        return -ENOMEM;
    r = frt_file_read(path, FRT_FILE_ANY, FRT_CHECKPOINT_MAX, ret_note, &length, &what);
    if (r == -ENOENT)
        return 0;
    return r < 0 ? frt_opening_say(opening, r, "%s %s: %s", path, what, strerror(-r)) : 0;
}

/* No segment yet: nothing is sealed, the first key goes on. */
void frt_opening_set_fresh(struct frt_opening *opening)
{
    struct frt_trail_head *state = &opening->trail->sealed;

    memset(state, 0, sizeof(*state));
    state->segment = SIZE_MAX;
    frt_hex_parse(opening->trail->first_key, state->next_key, FRT_KEY_SIZE);
}

/* A place for people: the file and line are there unless the log as a whole is meant. */
static int say_altered(struct frt_opening *opening, int result, const struct frt_verify_result *found)
{
    if (found->file[0] == '\0')
        return frt_opening_say(opening, result, "%s: %s", opening->options->log_dir, found->what);
    return frt_opening_say(opening, result, "%s/%s:%" PRIu64 ": %s", opening->options->log_dir, found->file,
                           found->line, found->what);
}

/* Checks the log and finds its sealed end. What follows that end may look like anything (a disk may leave garbage after a
 * crash): whether it was ever answered is not told by its looks but by the key slots, which hold the successor of the last
 * answered seal and nothing older. */
int frt_opening_examine(struct frt_opening *opening)
{
    frt_auto_free char *note = NULL;
    struct frt_trail *trail = opening->trail;
    struct frt_verify_options options = {
        .log_dir = opening->options->log_dir, .origin = trail->origin, .first_key = trail->first_key};
    struct frt_verify_result result;
    enum frt_verify_status status;
    bool is_early = false;
    int r = opening->has_no_end ? 0 : read_checkpoint(opening, &note);

    if (r < 0)
        return r;
    if (!has_segments(opening) && !note) {
        frt_opening_set_fresh(opening);
        return 0;
    }
    options.checkpoint = note;
    status =
        frt_verify_for_writer(&options, SIZE_MAX, 0, &result, &trail->sealed, &is_early, &opening->segments);
    frt_verify_result_clear(&result);
    if (status == FRT_VERIFY_ALTERED && is_early) {
        struct frt_trail_head early = trail->sealed;

        frt_segments_close(&opening->segments);
        if (early.segment != SIZE_MAX)
            frt_verify_for_writer(&options, early.segment, early.offset, &result, &trail->sealed, &is_early,
                                  &opening->segments);
        frt_verify_result_clear(&result);
    }
    if (status == FRT_VERIFY_OK || status == FRT_VERIFY_UNSEALED || status == FRT_VERIFY_ACKNOWLEDGED ||
        (status == FRT_VERIFY_ALTERED && !is_early && frt_opening_find_key(opening, &trail->sealed)))
        return 0;
    opening->has_no_end = status == FRT_VERIFY_CUT;
    return say_altered(opening,
                       status == FRT_VERIFY_FAILED ? -EIO
                       : status == FRT_VERIFY_CUT  ? FRT_TRAIL_E_KEY_BREAK
                                                   : FRT_TRAIL_E_ALTERED,
                       &result);
}

int frt_opening_take_key(struct frt_opening *opening)
{
    struct frt_trail *trail = opening->trail;
    const struct frt_key_slot *slot = frt_opening_find_key(opening, &trail->sealed);
    int r;

    if (!slot)
        return key_break(opening, trail->sealed.seals);
    trail->key = *slot;
    frt_hex_format(trail->key.pair.public_key, FRT_KEY_SIZE, trail->live_key);
    r = frt_key_slots_erase(trail->io, trail->key_fd, (trail->key.index & 1) ^ 1);
    return r < 0 ? frt_opening_say(opening, r, "%s/%s: %s", opening->options->key_dir, FRT_KEY_FILE_NAME,
                                   strerror(-r))
                 : 0;
}

static int note_void(struct frt_opening *opening, size_t index, uint64_t offset)
{
    struct frt_trail *trail = opening->trail;
    const struct frt_segment *segment = &opening->segments.list[index];

    if (segment->size == offset && offset > 0)
        return 0;
    if (trail->void_count == FRT_VOIDS_MAX)
        return frt_opening_say(opening, -E2BIG, "%s: more than %d interrupted segments behind the last seal",
                               opening->options->log_dir, FRT_VOIDS_MAX);
    memcpy(trail->voids[trail->void_count].name, segment->name, sizeof(segment->name));
    trail->voids[trail->void_count++].offset = offset;
    return 0;
}

static int note_voids(struct frt_opening *opening)
{
    struct frt_trail *trail = opening->trail;
    size_t last = trail->sealed.segment;
    int r = 0;

    trail->wants_segment = true;
    if (last != SIZE_MAX) {
        frt_auto_close int fd = openat(trail->log_fd, opening->segments.list[last].name, O_RDWR | O_CLOEXEC);

        memcpy(trail->name, opening->segments.list[last].name, sizeof(trail->name));
        trail->offset = trail->sealed.offset;
        if (fd >= 0)
            frt_trail_release(fd, opening->segments.list[last].size);
        r = note_void(opening, last, trail->offset);
    }
    for (size_t i = last == SIZE_MAX ? 0 : last + 1; r == 0 && i < opening->segments.count; i++)
        r = note_void(opening, i, 0);
    return r;
}

static int begin_segment(struct frt_opening *opening)
{
    struct frt_trail *trail = opening->trail;
    struct frt_record record;
    int r;

    frt_record_init(&record, "start");
    frt_record_add_text(&record, "version", FRT_VERSION);
    frt_record_add_number(&record, "pid", getpid());
    r = frt_trail_add(trail, &record);
    if (r == 0)
        r = frt_trail_commit(trail);
    return r < 0 ? frt_opening_say(opening, r, "%s: cannot begin a segment: %s", opening->options->log_dir,
                                   strerror(-r))
                 : 0;
}

static struct frt_trail *make(const struct frt_trail_options *options)
{
    struct frt_trail *trail = calloc(1, sizeof(*trail));

    if (!trail)
        return NULL;
    trail->log_fd = trail->key_fd = trail->fd = -1;
    trail->batch = malloc(FRT_TRAIL_BATCH_BYTES);
    if (!trail->batch || frt_sha256_init(&trail->hasher) < 0) {
        frt_trail_abandon(trail);
        return NULL;
    }
    trail->log_dir = strdup(options->log_dir);
    if (!trail->log_dir) {
        frt_trail_abandon(trail);
        return NULL;
    }
    snprintf(trail->origin, sizeof(trail->origin), "%s", options->origin);
    trail->segment_bytes = options->segment_bytes ? options->segment_bytes : UINT64_C(64) << 20;
    trail->clock_us = options->clock_us ? options->clock_us : real_clock_us;
    trail->clock_arg = options->clock_arg;
    trail->io = options->io ? options->io : frt_trail_io_real();
    trail->can_allocate = true;
    read_boot_id(trail->boot_id);
    return trail;
}

/* The trail as it lies there: whose it is, how far it is good, and the key that goes on. */
static int take_trail(struct frt_opening *opening)
{
    int r = frt_opening_take_identity(opening);

    if (r == 0)
        r = frt_opening_examine(opening);
    return r == 0 ? frt_opening_take_key(opening) : r;
}

static int recover(struct frt_opening *opening)
{
    int r = open_places(opening);

    if (r != 0)
        return r;
    r = take_trail(opening);
    if (opening->word)
        r = frt_opening_mend(opening, r);
    if (r == 0)
        r = note_voids(opening);
    if (r != 0)
        return r;
    return opening->word ? frt_opening_write_word(opening) : begin_segment(opening);
}

static int open_trail(const struct frt_trail_options *options, const struct frt_trail_word *word,
                      struct frt_trail **ret_trail, char error[FRT_TRAIL_ERROR_MAX])
{
    struct frt_opening opening = {
        .options = options, .error = error, .segments = {.dir_fd = -1}, .word = word};
    int r;

    error[0] = '\0';
    if (!frt_origin_is_valid(options->origin) || strchr(options->origin, '+'))
        return frt_opening_say(&opening, -EINVAL,
                               "origin: expected 1 to 255 printable characters without space or plus sign");
    opening.trail = make(options);
    if (!opening.trail)
        return frt_opening_say(&opening, -ENOMEM, "out of memory");
    r = recover(&opening);
    frt_segments_close(&opening.segments);
    for (unsigned i = 0; i < FRT_KEY_SLOTS; i++)
        frt_key_pair_wipe(&opening.slots[i].pair);
    if (r != 0) {
        frt_trail_abandon(opening.trail);
        return r;
    }
    *ret_trail = opening.trail;
    return 0;
}

int frt_trail_open(const struct frt_trail_options *options, struct frt_trail **ret_trail,
                   char error[FRT_TRAIL_ERROR_MAX])
{
    return open_trail(options, NULL, ret_trail, error);
}

int frt_trail_acknowledge(const struct frt_trail_options *options, const struct frt_trail_word *word,
                          char text[FRT_TRAIL_ERROR_MAX])
{
    struct frt_trail *trail;
    int r = open_trail(options, word, &trail, text);

    if (r == 0)
        frt_trail_abandon(trail);
    return r;
}
