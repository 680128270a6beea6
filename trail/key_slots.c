/* SPDX-License-Identifier: BSD-2-Clause */
#include "trail/key_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "support/cleanup.h"
#include "trail/sha256.h"

enum { AT_VERSION = 8, AT_INDEX = 16, AT_SEED = 24, AT_PUBLIC = 56, AT_HASH = 480 };

static const char magic[8] = "FRTKEY1";

static int hash_of(const uint8_t bytes[FRT_KEY_SLOT_SIZE], uint8_t hash[FRT_HASH_SIZE])
{
    struct frt_sha256 hasher;
    int r = frt_sha256_init(&hasher);

    if (r < 0)
        return r;
    frt_sha256_digest(&hasher, bytes, AT_HASH, hash);
    r = hasher.failed ? -EIO : 0;
    frt_sha256_clear(&hasher);
    return r;
}

int frt_key_slot_encode(const struct frt_key_slot *slot, uint8_t bytes[FRT_KEY_SLOT_SIZE])
{
    memset(bytes, 0, FRT_KEY_SLOT_SIZE);
    memcpy(bytes, magic, sizeof(magic));
    bytes[AT_VERSION] = 1;
    for (unsigned i = 0; i < 8; i++)
        bytes[AT_INDEX + i] = (uint8_t)(slot->index >> 8 * i);
    memcpy(bytes + AT_SEED, slot->pair.seed, FRT_KEY_SIZE);
    memcpy(bytes + AT_PUBLIC, slot->pair.public_key, FRT_KEY_SIZE);
    return hash_of(bytes, bytes + AT_HASH);
}

void frt_key_slot_decode(const uint8_t bytes[FRT_KEY_SLOT_SIZE], struct frt_key_slot *ret_slot)
{
    static const uint8_t version[8] = {1};
    uint8_t hash[FRT_HASH_SIZE];

    memset(ret_slot, 0, sizeof(*ret_slot));
    if (memcmp(bytes, magic, sizeof(magic)) != 0 || memcmp(bytes + AT_VERSION, version, 8) != 0)
        return;
    if (hash_of(bytes, hash) < 0 || memcmp(hash, bytes + AT_HASH, sizeof(hash)) != 0)
        return;
    for (unsigned i = 0; i < 8; i++)
        ret_slot->index |= (uint64_t)bytes[AT_INDEX + i] << 8 * i;
    ret_slot->used = frt_key_pair_from_seed(bytes + AT_SEED, &ret_slot->pair) == 0 &&
                     memcmp(ret_slot->pair.public_key, bytes + AT_PUBLIC, FRT_KEY_SIZE) == 0;
}

/* Blocks that were never written would be allocated at the first commit, which is when a full disk must not
 * matter. */
static int fill(const struct frt_trail_io *io, int dir_fd, int fd)
{
    static const uint8_t zeros[FRT_KEY_FILE_SIZE];
    int r = frt_trail_io_write(io, fd, zeros, sizeof(zeros), 0);

    if (r < 0)
        return r;
    if (io->fdatasync(io->arg, fd) < 0 || io->fsync(io->arg, dir_fd) < 0)
        return -errno;
    return 0;
}

int frt_key_slots_open(const struct frt_trail_io *io, int dir_fd, int *ret_fd)
{
    frt_auto_close int fd = openat(dir_fd, FRT_KEY_FILE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    int r;

    if (fd < 0 && errno == ENOENT)
        fd = io->create(io->arg, dir_fd, FRT_KEY_FILE_NAME, 0600);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        return -EPERM;
    if (st.st_size < FRT_KEY_FILE_SIZE) {
        r = fill(io, dir_fd, fd);
        if (r < 0)
            return r;
    }
    *ret_fd = frt_steal_fd(&fd);
    return 0;
}

int frt_key_slots_read(int fd, struct frt_key_slot slots[FRT_KEY_SLOTS])
{
    for (unsigned place = 0; place < FRT_KEY_SLOTS; place++) {
        uint8_t bytes[FRT_KEY_SLOT_SIZE] = {0};
        ssize_t n = pread(fd, bytes, sizeof(bytes), place * FRT_KEY_SLOT_STRIDE);

        if (n < 0)
            return -errno;
        frt_key_slot_decode(bytes, &slots[place]);
        OPENSSL_cleanse(bytes, sizeof(bytes));
    }
    return 0;
}

static int put(const struct frt_trail_io *io, int fd, unsigned place, const uint8_t bytes[FRT_KEY_SLOT_SIZE])
{
    int r = frt_trail_io_write(io, fd, bytes, FRT_KEY_SLOT_SIZE, place * FRT_KEY_SLOT_STRIDE);

    if (r < 0)
        return r;
    return io->fdatasync(io->arg, fd) < 0 ? -errno : 0;
}

int frt_key_slots_write(const struct frt_trail_io *io, int fd, const struct frt_key_slot *slot)
{
    uint8_t bytes[FRT_KEY_SLOT_SIZE];
    int r = frt_key_slot_encode(slot, bytes);

    if (r == 0)
        r = put(io, fd, slot->index & 1, bytes);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return r;
}

int frt_key_slots_erase(const struct frt_trail_io *io, int fd, unsigned place)
{
    static const uint8_t zeros[FRT_KEY_SLOT_SIZE];

    return put(io, fd, place, zeros);
}
