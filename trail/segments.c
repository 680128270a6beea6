/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "trail/encoding.h"

void frt_segment_name_format(uint64_t first, unsigned attempt, char name[FRT_SEGMENT_NAME_MAX])
{
    if (attempt == 0)
        snprintf(name, FRT_SEGMENT_NAME_MAX, "%012" PRIu64 ".seg", first);
    else
        snprintf(name, FRT_SEGMENT_NAME_MAX, "%012" PRIu64 ".%u.seg", first, attempt);
}

/* Only names that frt_segment_name_format() writes. */
bool frt_segment_name_parse(const char *name, uint64_t *ret_first, unsigned *ret_attempt)
{
    char again[FRT_SEGMENT_NAME_MAX];
    uint64_t first = 0, attempt = 0;
    size_t i = 0;

    for (; name[i] >= '0' && name[i] <= '9' && i < 16; i++)
        first = first * 10 + (uint64_t)(name[i] - '0');
    if (i < 12 || name[i] != '.')
        return false;
    if (name[i + 1] >= '0' && name[i + 1] <= '9' &&
        frt_decimal_parse(name + i + 1, strlen(name + i + 1), 999999, &attempt) == 0)
        return false;
    frt_segment_name_format(first, (unsigned)attempt, again);
    if (strcmp(again, name) != 0)
        return false;
    *ret_first = first;
    *ret_attempt = (unsigned)attempt;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct frt_segment *left = a, *right = b;

    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    return (left->attempt > right->attempt) - (left->attempt < right->attempt);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static int add(struct frt_segments *segments, size_t *room, const char *name, char what[256])
{
    struct frt_segment *segment;
    struct stat st;

    if (segments->count == *room) {
        size_t wanted = *room ? *room * 2 : 16;
        struct frt_segment *grown = reallocarray(segments->list, wanted, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        segments->list = grown;
        *room = wanted;
    }
    segment = &segments->list[segments->count];
    memset(segment, 0, sizeof(*segment));
    if (!frt_segment_name_parse(name, &segment->first, &segment->attempt)) {
        snprintf(what, 256, "expected segments to be named <12 digits>.seg");
        return -EBADMSG;
    }
    snprintf(segment->name, sizeof(segment->name), "%s", name);
    if (fstatat(segments->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode)) {
        snprintf(what, 256, "expected segment %s to be a regular file", segment->name);
        return -EBADMSG;
    }
    segment->size = (uint64_t)st.st_size;
    segments->count++;
    return 0;
}

static int list(struct frt_segments *segments, DIR *dir, char what[256])
{
    size_t room = 0;
    struct dirent *entry;

    while ((errno = 0, entry = readdir(dir))) {
        int r = ends_with(entry->d_name, ".seg") ? add(segments, &room, entry->d_name, what) : 0;

        if (r < 0)
            return r;
    }
    if (errno != 0)
        return -errno;
    if (segments->count > 0)
        qsort(segments->list, segments->count, sizeof(*segments->list), by_name);
    return 0;
}

int frt_segments_open(const char *log_dir, struct frt_segments *ret_segments, char what[256])
{
    DIR *dir = opendir(log_dir);
    int r;

    memset(ret_segments, 0, sizeof(*ret_segments));
    ret_segments->dir_fd = -1;
    what[0] = '\0';
    if (!dir)
        return -errno;
    ret_segments->dir_fd = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 3);
    r = ret_segments->dir_fd < 0 ? -errno : list(ret_segments, dir, what);
    closedir(dir);
    if (r < 0)
        frt_segments_close(ret_segments);
    return r;
}

void frt_segments_close(struct frt_segments *segments)
{
    if (segments->dir_fd >= 0)
        close(segments->dir_fd);
    free(segments->list);
    memset(segments, 0, sizeof(*segments));
    segments->dir_fd = -1;
}

int frt_segment_open(const struct frt_segments *segments, size_t index)
{
    frt_auto_close int fd = openat(segments->dir_fd, segments->list[index].name,
                                   O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EPERM;
    return frt_steal_fd(&fd);
}

int frt_segment_digest(int fd, uint64_t offset, uint64_t length, struct frt_sha256 *hasher,
                       uint8_t ret_hash[FRT_HASH_SIZE])
{
    enum { CHUNK = 65536 };
    frt_auto_free uint8_t *bytes = malloc(CHUNK);

    if (!bytes)
        return -ENOMEM;
    frt_sha256_begin(hasher);
    while (length > 0) {
        ssize_t n = pread(fd, bytes, length < CHUNK ? (size_t)length : CHUNK, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EBADMSG;
        frt_sha256_add(hasher, bytes, (size_t)n);
        offset += (uint64_t)n;
        length -= (uint64_t)n;
    }
    frt_sha256_end(hasher, ret_hash);
    return hasher->failed ? -EIO : 0;
}

/* Reads what the segment declares void in its first line; none when that is no `seg` record. */
static int read_claims(struct frt_segments *segments, size_t index, struct frt_record_void *voids,
                       size_t *ret_count)
{
    frt_auto_close int fd = frt_segment_open(segments, index);
    char head[FRT_RECORD_MAX];
    struct frt_record_view view;
    const char *end, *what;
    ssize_t n;

    *ret_count = 0;
    if (fd < 0)
        return fd;
    n = pread(fd, head, sizeof(head), 0);
    if (n < 0)
        return -errno;
    end = memchr(head, '\n', (size_t)n);
    if (!end || frt_record_parse(head, (size_t)(end - head), &view, &what) < 0 ||
        !frt_record_is_kind(&view, "seg"))
        return 0;
    segments->list[index].has_seg = true;
    *ret_count = frt_record_get_voids(&view, voids, FRT_VOIDS_MAX + 1);
    return 0;
}

static bool is_whole(const struct frt_segment *segment, const struct frt_record_void *claim)
{
    return claim->offset == 0 && claim->length == segment->size;
}

/* Applies the claims of segment j to those before it, nearest first. Returns the index of the live one before, or SIZE_MAX;
 * `left` claims describe nothing that is there. */
static size_t apply_claims(struct frt_segments *segments, size_t j, const struct frt_record_void *claims,
                           size_t *left)
{
    for (size_t i = j; i-- > 0;) {
        struct frt_segment *segment = &segments->list[i];
        const struct frt_record_void *claim = *left > 0 ? &claims[*left - 1] : NULL;

        segment->is_live = true;
        segment->live_length = segment->size;
        if (!claim || strcmp(claim->file, segment->name) != 0)
            return i;
        if (claim->offset > segment->size || claim->length != segment->size - claim->offset)
            return i;
        --*left;
        segment->live_length = claim->offset;
        memcpy(segment->void_sha256, claim->sha256, sizeof(segment->void_sha256));
        if (!is_whole(segment, claim))
            return i;
        segment->is_live = false;
    }
    return SIZE_MAX;
}

int frt_segments_resolve(struct frt_segments *segments, size_t last, size_t *ret_index, char what[256])
{
    size_t j = last;

    for (size_t i = 0; i < segments->count; i++) { /* nothing is left of an earlier belief */
        segments->list[i].is_live = false;
        segments->list[i].void_sha256[0] = '\0';
    }
    segments->list[last].is_live = true;
    segments->list[last].live_length = segments->list[last].size;
    while (j != SIZE_MAX) {
        struct frt_record_void claims[FRT_VOIDS_MAX + 1];
        struct frt_segment *segment = &segments->list[j];
        size_t left;
        int r = read_claims(segments, j, claims, &left);

        *ret_index = j;
        if (r < 0)
            return r;
        if (left <= FRT_VOIDS_MAX)
            segment->previous = apply_claims(segments, j, claims, &left);
        if (left > 0) {
            snprintf(what, 256, "expected the void list to describe %s from %" PRIu64 ", %" PRIu64 " bytes",
                     claims[left - 1].file, claims[left - 1].offset, claims[left - 1].length);
            return -EBADMSG;
        }
        j = segment->previous;
        segment->previous_length = j == SIZE_MAX ? 0 : segments->list[j].live_length;
    }
    return 0;
}
