/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The two places on disk where seal keys live (trail format, section 2): 512 bytes each, at 0 and 4096 of one
 * file of 8192 bytes, so that writing the next key never endangers the present one. A slot whose hash is
 * wrong counts as empty.
 *
 * Key e lives in slot e & 1. Limit: overwriting reaches the same blocks on ext4 and xfs; flash translation
 * layers, copy-on-write file systems, snapshots and backups may keep old seeds.
 */
#ifndef FRT_TRAIL_KEY_SLOTS_H
#define FRT_TRAIL_KEY_SLOTS_H

#include <stdbool.h>

#include "trail/ed25519.h"
#include "trail/io.h"

#define FRT_KEY_SLOTS       2
#define FRT_KEY_SLOT_SIZE   512
#define FRT_KEY_SLOT_STRIDE 4096
#define FRT_KEY_FILE_SIZE   8192
#define FRT_KEY_FILE_NAME   "slots"

struct frt_key_slot {
    bool used;
    uint64_t index; /* e */
    struct frt_key_pair pair;
};

/* Pure: the 512 bytes, and back. Decoding derives the public key again; a slot that lies about it is empty.
 */
int frt_key_slot_encode(const struct frt_key_slot *slot, uint8_t bytes[FRT_KEY_SLOT_SIZE]);
void frt_key_slot_decode(const uint8_t bytes[FRT_KEY_SLOT_SIZE], struct frt_key_slot *ret_slot);

/* Opens or makes `slots` in the directory: 8192 bytes, mode 0600, fully written and synced. 0 or a negative
 * errno; -EPERM when others may read it. */
int frt_key_slots_open(const struct frt_trail_io *io, int dir_fd, int *ret_fd);
int frt_key_slots_read(int fd, struct frt_key_slot slots[FRT_KEY_SLOTS]);
/* Writes the slot to the place its index calls for and syncs. */
int frt_key_slots_write(const struct frt_trail_io *io, int fd, const struct frt_key_slot *slot);
/* Overwrites place 0 or 1 with zeros and syncs. */
int frt_key_slots_erase(const struct frt_trail_io *io, int fd, unsigned place);

#endif
