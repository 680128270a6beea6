/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/cleanup.h"
#include "support/file.h"

#define HEADER   "frt-scan 1\n"
#define FILE_MAX (512u << 20)

struct row {
    uint64_t dev, ino, size;
    int64_t ctime_s;
    uint32_t ctime_ns;
    bool is_used;
    uint8_t sha256[32];
};

struct frt_scan_seen {
    struct row *rows; /* the first `sorted` by device and inode, new ones behind */
    size_t count, sorted, room;
};

static int by_inode(const void *a, const void *b)
{
    const struct row *one = a, *other = b;

    if (one->dev != other->dev)
        return one->dev < other->dev ? -1 : 1;
    return one->ino < other->ino ? -1 : one->ino > other->ino;
}

static struct row row_of(const struct stat *st)
{
    return (struct row){.dev = st->st_dev,
                        .ino = st->st_ino,
                        .size = (uint64_t)st->st_size,
                        .ctime_s = st->st_ctim.tv_sec,
                        .ctime_ns = (uint32_t)st->st_ctim.tv_nsec,
                        .is_used = true};
}

static int add(struct frt_scan_seen *seen, const struct row *row)
{
    if (seen->count == seen->room) {
        size_t room = seen->room ? 2 * seen->room : 64;
        struct row *more = realloc(seen->rows, room * sizeof(*more));

        if (!more)
            return -ENOMEM;
        seen->rows = more;
        seen->room = room;
    }
    seen->rows[seen->count++] = *row;
    return 0;
}

static bool parse_line(const char *line, struct row *ret_row)
{
    struct row row = {0};
    char hex[65] = "";
    int end = 0;

    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNu32 " %64[0-9a-f]%n", &row.dev,
               &row.ino, &row.size, &row.ctime_s, &row.ctime_ns, hex, &end) != 6 ||
        line[end] || strlen(hex) != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        row.sha256[i] = (uint8_t)byte;
    }
    *ret_row = row;
    return true;
}

static int take_lines(struct frt_scan_seen *seen, char *text)
{
    char *rest = text + strlen(HEADER), *line;

    while ((line = strsep(&rest, "\n"))) {
        struct row row;

        if (line[0] && !parse_line(line, &row)) {
            seen->count = 0; /* damaged: everything is read again */
            return 0;
        }
        if (line[0] && add(seen, &row) < 0)
            return -ENOMEM;
    }
    return 0;
}

int frt_scan_seen_load(const char *path, struct frt_scan_seen **ret_seen)
{
    struct frt_scan_seen *seen = calloc(1, sizeof(*seen));
    frt_auto_free char *text = NULL;
    const char *what;
    size_t length;

    if (!seen)
        return -ENOMEM;
    if (frt_file_read(path, FRT_FILE_NOT_WRITABLE, FILE_MAX, &text, &length, &what) == 0 &&
        strncmp(text, HEADER, strlen(HEADER)) == 0 && take_lines(seen, text) < 0) {
        frt_scan_seen_free(seen);
        return -ENOMEM;
    }
    if (seen->count)
        qsort(seen->rows, seen->count, sizeof(*seen->rows), by_inode);
    seen->sorted = seen->count;
    *ret_seen = seen;
    return 0;
}

void frt_scan_seen_free(struct frt_scan_seen *seen)
{
    if (seen)
        free(seen->rows);
    free(seen);
}

bool frt_scan_seen_find(struct frt_scan_seen *seen, const struct stat *st, uint8_t ret_sha256[32])
{
    const struct row wanted = row_of(st);
    struct row *row =
        seen->sorted ? bsearch(&wanted, seen->rows, seen->sorted, sizeof(wanted), by_inode) : NULL;

    if (!row || row->size != wanted.size || row->ctime_s != wanted.ctime_s ||
        row->ctime_ns != wanted.ctime_ns)
        return false;
    row->is_used = true;
    memcpy(ret_sha256, row->sha256, 32);
    return true;
}

int frt_scan_seen_put(struct frt_scan_seen *seen, const struct stat *st, const uint8_t sha256[32])
{
    struct row row = row_of(st);

    memcpy(row.sha256, sha256, 32);
    return add(seen, &row);
}

#define DEVICES_MAX 256

/* Devices that were looked at. Returns how many. */
static size_t find_devices(const struct frt_scan_seen *seen, uint64_t devices[DEVICES_MAX])
{
    size_t count = 0, k;

    for (size_t i = 0; i < seen->count && count < DEVICES_MAX; i++) {
        for (k = 0; seen->rows[i].is_used && k < count && devices[k] != seen->rows[i].dev; k++)
            ;
        if (seen->rows[i].is_used && k == count)
            devices[count++] = seen->rows[i].dev;
    }
    return count;
}

/* An old row goes when its device was looked at and the row was not met: that file is gone or has changed. */
static bool is_kept(const struct row *row, const uint64_t *devices, size_t device_count)
{
    for (size_t i = 0; i < device_count && !row->is_used; i++)
        if (devices[i] == row->dev)
            return false;
    return true;
}

static void write_row(FILE *out, const struct row *row)
{
    fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu32 " ", row->dev, row->ino,
            row->size, row->ctime_s, row->ctime_ns);
    for (size_t i = 0; i < 32; i++)
        fprintf(out, "%02x", row->sha256[i]);
    fputc('\n', out);
}

int frt_scan_seen_save(const struct frt_scan_seen *seen, const char *path)
{
    frt_auto_free char *fresh = NULL;
    frt_auto_close int fd = -1;
    uint64_t devices[DEVICES_MAX];
    size_t device_count;
    FILE *out;
    bool good;

    if (asprintf(&fresh, "%s.new", path) < 0)
        return -ENOMEM;
    unlink(fresh); /* of a scan that was cut short */
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out)
        return -errno;
    frt_steal_fd(&fd);
    fputs(HEADER, out);
    device_count = find_devices(seen, devices);
    for (size_t i = 0; i < seen->count; i++)
        if (is_kept(&seen->rows[i], devices, device_count))
            write_row(out, &seen->rows[i]);
    good = !ferror(out);
    good = fclose(out) == 0 && good;
    if (good && rename(fresh, path) == 0)
        return 0;
    unlink(fresh);
    return errno ? -errno : -EIO;
}
