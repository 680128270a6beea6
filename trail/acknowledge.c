/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way out of a broken trail: an administrator's word, written where every verification finds it (trail format, section 6).
 */
#include <dirent.h>
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
#include "trail/encoding.h"
#include "trail/opening.h"

/* Moves everything that belongs to the trail, as it is, into a folder inside the log directory. */
static int set_aside(struct frt_opening *opening, char folder[32])
{
    frt_auto_free struct dirent **names = NULL;
    int log_fd = opening->trail->log_fd, count, r = 0;
    frt_auto_close int fd = -1;

    snprintf(folder, 32, "aside-%lld", (long long)(time(NULL)));
    if (mkdirat(log_fd, folder, 0750) < 0)
        return frt_opening_say(opening, -errno, "%s/%s: %s", opening->options->log_dir, folder,
                               strerror(errno));
    fd = openat(log_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    count = scandirat(log_fd, ".", &names, NULL, NULL);
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        size_t length = strlen(name);
        bool is_ours = strcmp(name, "pk0") == 0 || strcmp(name, "checkpoint") == 0 ||
                       (length > 4 && strcmp(name + length - 4, ".seg") == 0);

        if (r == 0 && is_ours && renameat(log_fd, name, fd, name) < 0)
            r = frt_opening_say(opening, -errno, "%s/%s: %s", opening->options->log_dir, name,
                                strerror(errno));
        free(names[i]);
    }
    if (r == 0 && (count < 0 || fd < 0 || fsync(fd) < 0 || fsync(log_fd) < 0))
        r = frt_opening_say(opening, -EIO, "%s/%s: cannot be written", opening->options->log_dir, folder);
    return r;
}

/* Nobody announced this key: it counts by the administrator's word alone. It is used for one seal and never stored. */
static int make_key(struct frt_opening *opening)
{
    struct frt_trail *trail = opening->trail;
    int r = frt_key_pair_make(&trail->key.pair);

    if (r < 0)
        return frt_opening_say(opening, r, "cannot make a key: %s", strerror(-r));
    trail->key.index = trail->sealed.seals;
    trail->key.used = true;
    frt_hex_format(trail->key.pair.public_key, FRT_KEY_SIZE, trail->live_key);
    opening->has_new_key = true;
    return 0;
}

static int begin_anew(struct frt_opening *opening)
{
    int r;

    opening->has_no_trail = true;
    frt_segments_close(&opening->segments);
    r = frt_opening_take_identity(opening);
    if (r == 0)
        frt_opening_set_fresh(opening);
    return r == 0 ? frt_opening_take_key(opening) : r;
}

static bool is_clock_behind(const struct frt_trail *trail)
{
    return trail->sealed.tree.size > 0 &&
           trail->clock_us(trail->clock_arg) < trail->sealed.time_us - FRT_TIME_BACK_MAX_US;
}

int frt_opening_mend(struct frt_opening *opening, int broken)
{
    char folder[32], *found = opening->found;
    int r;

    snprintf(found, FRT_TRAIL_ERROR_MAX, "%s", opening->error);
    if (broken == 0) {
        opening->what = "clock-back";
        if (!is_clock_behind(opening->trail))
            return frt_opening_say(opening, FRT_TRAIL_E_IN_ORDER,
                                   "%s: log, keys and clock fit together: nothing to acknowledge",
                                   opening->options->log_dir);
        snprintf(found, FRT_TRAIL_ERROR_MAX, "the clock stands before what is sealed");
        return 0;
    }
    if (broken == FRT_TRAIL_E_ALTERED && opening->word->sets_aside) {
        r = set_aside(opening, folder);
        if (r < 0)
            return r;
        snprintf(found + strlen(found), FRT_TRAIL_ERROR_MAX - strlen(found), " (now in %s)", folder);
        opening->what = "set-aside";
        return begin_anew(opening);
    }
    if (broken != FRT_TRAIL_E_KEY_BREAK)
        return broken;
    if (opening->has_no_trail) {
        opening->what = "log-removed";
        return begin_anew(opening);
    }
    opening->what = opening->has_no_end ? "end-missing" : "key-break";
    if (opening->has_no_end) {
        frt_segments_close(&opening->segments);
        r = frt_opening_examine(opening); /* this time without the checkpoint that it lags behind */
        if (r != 0)
            return r;
    }
    return frt_opening_find_key(opening, &opening->trail->sealed) ? frt_opening_take_key(opening)
                                                                  : make_key(opening);
}

int frt_opening_write_word(struct frt_opening *opening)
{
    const struct frt_trail_word *word = opening->word;
    struct frt_trail *trail = opening->trail;
    struct frt_record record;
    int r;

    frt_record_init(&record, "ack");
    frt_record_add_text(&record, "what", opening->what);
    frt_record_add_text(&record, "found", opening->found);
    frt_record_add_text(&record, "reason", word->reason);
    frt_record_add_text(&record, "by", word->by);
    frt_record_add_number(&record, "auid", word->login_uid);
    if (opening->has_new_key)
        frt_record_add_text(&record, "pub", trail->live_key);
    r = frt_trail_add_word(trail, &record);
    if (r == 0)
        r = frt_trail_commit(trail);
    if (r < 0)
        return frt_opening_say(opening, r, "%s: cannot begin a segment: %s", opening->options->log_dir,
                               strerror(-r));
    if (opening->has_no_end && unlinkat(trail->log_fd, "checkpoint", 0) < 0 && errno != ENOENT)
        return frt_opening_say(opening, -errno, "%s/checkpoint: %s", opening->options->log_dir,
                               strerror(errno));
    frt_trail_release(trail->fd, trail->offset);
    frt_opening_say(opening, 0, "%s: %s; the trail goes on at record %" PRIu64, opening->what, opening->found,
                    trail->sealed.tree.size - 2);
    return 0;
}
