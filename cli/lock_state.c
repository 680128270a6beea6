/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/lock_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/lock_file.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/time_text.h"

#define STATE_MAX (16u << 20)

json_t *frt_lock_state_load(const char *path)
{
    frt_auto_free char *text = NULL;
    const char *what;
    size_t length;
    json_t *state;
    int r = frt_file_read(path, FRT_FILE_NOT_WRITABLE, STATE_MAX, &text, &length, &what);

    if (r == -ENOENT)
        return json_pack("{s:{}}", "locks");
    state = r == 0 ? json_loadb(text, length, 0, NULL) : NULL;
    if (json_is_object(json_object_get(state, "locks")))
        return state;
    json_decref(state);
    fprintf(stderr, "frt: %s: %s%s%s\n", path,
            r == 0 ? "expected what 'frt tools lock' once wrote there" : what, r == 0 ? "" : ": ",
            r == 0 ? "" : strerror(-r));
    return NULL;
}

int frt_lock_state_save(const char *path, const json_t *state)
{
    int r = frt_cli_write_json(path, state, 0644);

    if (r < 0)
        fprintf(stderr, "frt: %s: %s; nothing further is changed\n", path, strerror(-r));
    return r;
}

json_t *frt_lock_state_entries(const json_t *state)
{
    return json_object_get(state, "locks");
}

json_t *frt_lock_entry_new(const char *tool, const struct stat *st, gid_t group)
{
    char mode[8], locked[8], since[FRT_TIME_TEXT_MAX];

    snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777);
    snprintf(locked, sizeof(locked), "%04o", frt_lock_mode(st->st_mode));
    frt_time_format(time(NULL), since);
    return json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:s}", "tool", tool, "uid", (json_int_t)st->st_uid,
                     "gid", (json_int_t)st->st_gid, "mode", mode, "group", (json_int_t)group, "locked_mode",
                     locked, "since", since);
}

static bool read_mode(const json_t *object, const char *key, mode_t *ret_mode)
{
    const char *text = frt_cli_text(object, key);
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    *ret_mode = (mode_t)mode;
    return text[0] && *end == '\0' && mode <= 01777;
}

static bool read_id(const json_t *object, const char *key, unsigned *ret_id)
{
    const json_t *number = json_object_get(object, key);
    json_int_t value = json_integer_value(number);

    *ret_id = (unsigned)value;
    return json_is_integer(number) && value >= 0 && value < UINT32_MAX;
}

int frt_lock_entry_read(const json_t *object, struct frt_lock_entry *ret_entry)
{
    struct frt_lock_entry entry;

    if (!read_id(object, "uid", &entry.uid) || !read_id(object, "gid", &entry.gid) ||
        !read_id(object, "group", &entry.group) || !read_mode(object, "mode", &entry.mode) ||
        !read_mode(object, "locked_mode", &entry.locked_mode) || entry.uid != 0)
        return -EBADMSG; /* never locked: what was not root's, or set-user-ID */
    *ret_entry = entry;
    return 0;
}
