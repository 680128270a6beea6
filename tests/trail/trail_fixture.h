/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scratch trails for tests: directories that go away, records, the published test vector, file surgery.
 */
#ifndef FRT_TESTS_TRAIL_FIXTURE_H
#define FRT_TESTS_TRAIL_FIXTURE_H

#include "trail/verify.h"
#include "trail/writer.h"

#define ORIGIN "frt.example/host1"

struct scratch {
    char root[64], log[80], key[80];
};

/* In memory (/dev/shm) where there is such a place: thousands of states are written. */
void scratch_make(struct scratch *scratch);
void scratch_make_on_disk(struct scratch *scratch);
void scratch_remove(struct scratch *scratch);
void scratch_empty(const char *dir);

struct bytes {
    char *at;
    size_t length;
};

struct bytes file_read(const char *dir, const char *name);
void file_write(const char *dir, const char *name, const void *bytes, size_t length);

/* Opens, or fails the test. */
struct frt_trail *trail_open(const struct scratch *scratch, const struct frt_trail_io *io);
/* One decision record with a text of `size` bytes; returns its number. */
int64_t trail_append(struct frt_trail *trail, const char *user, size_t size);
/* Opens a trail, commits `commits` batches of 1 to 3 records, closes; returns the live key. */
void trail_fill(const struct scratch *scratch, unsigned commits, char live_key[65]);

/* The newest segment's name. */
void newest_segment(const struct scratch *scratch, char name[32]);

enum frt_verify_status verify(const struct scratch *scratch, const char *first_key, const char *live_key);

/* A checkpoint note over size and root, signed by `host`, and the key to check it with. */
void checkpoint_make(uint64_t size, const uint8_t root[32], const struct frt_key_pair *host, char note[2048],
                     char vkey[512]);

/* The published test vector, written from its seeds. */
extern const char vector_text[];
extern const char vector_first_key[];
void vector_key(unsigned i, struct frt_key_pair *pair);

#endif
