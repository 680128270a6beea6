/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The segment files of a log directory, and which of their bytes count.
 *
 *     000000000000.seg    named after its first record
 *     000000004711.seg
 *     000000004711.1.seg  a second try at the same first record: the one before it is declared void
 *
 * Bytes that were written but never answered (a crash, an I/O error) stay where they are; the `seg` record of the segment
 * that follows names them with offset, length and SHA-256. Such a declaration counts because it is sealed by the very key
 * that would have sealed the void bytes, and that key is gone once anything was answered.
 */
#ifndef FRT_TRAIL_SEGMENTS_H
#define FRT_TRAIL_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trail/record.h"
#include "trail/sha256.h"

#define FRT_SEGMENT_NAME_MAX 32
#define FRT_VOIDS_MAX        24 /* what one seg record can hold */

struct frt_segment {
    char name[FRT_SEGMENT_NAME_MAX];
    uint64_t first;   /* record number in the name */
    unsigned attempt; /* 0, or the second number in the name */
    uint64_t size;
    bool has_seg;         /* begins with a whole `seg` record */
    bool is_live;         /* counts, up to live_length */
    uint64_t live_length; /* what follows is declared void */
    char void_sha256[65];
    size_t previous;          /* index of the live segment before this one, or SIZE_MAX */
    uint64_t previous_length; /* that one's live_length */
};

struct frt_segments {
    int dir_fd;
    struct frt_segment *list;
    size_t count;
};

/* Opens the directory and lists its segments in order. 0, a negative errno; -EBADMSG: `what` names a file that does not
 * belong there. */
int frt_segments_open(const char *log_dir, struct frt_segments *ret_segments, char what[256]);
void frt_segments_close(struct frt_segments *segments);

/* Opens one for reading; it must be a regular file. Descriptor or negative errno. */
int frt_segment_open(const struct frt_segments *segments, size_t index);

/* Decides which bytes count, believing the segment `last` and leaving out those after it. 0, a negative errno, or -EBADMSG
 * when a void list does not describe what is there: `ret_index` and `what` say where. */
int frt_segments_resolve(struct frt_segments *segments, size_t last, size_t *ret_index, char what[256]);

/* Hashes a range of a file. 0, a negative errno, -EBADMSG when the file is shorter. */
int frt_segment_digest(int fd, uint64_t offset, uint64_t length, struct frt_sha256 *hasher,
                       uint8_t ret_hash[FRT_HASH_SIZE]);

void frt_segment_name_format(uint64_t first, unsigned attempt, char name[FRT_SEGMENT_NAME_MAX]);
bool frt_segment_name_parse(const char *name, uint64_t *ret_first, unsigned *ret_attempt);

#endif
