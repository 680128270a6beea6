// links: frt_trail
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A log directory of one to three segments (split at bytes 0xFF) with bytes of any kind: verified, then read. The key is that
 * of the published test vector, so that some inputs verify.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trail/verify.h"

static char dir[64];

static int look(void *arg, const struct frt_trail_entry *entry)
{
    *(uint64_t *)arg += entry->record->length;
    return 0;
}

static void put(const char *name, const uint8_t *bytes, size_t size)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
    if (!bytes)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void clean_up(void)
{
    put("000000000000.seg", NULL, 0);
    put("000000000002.seg", NULL, 0);
    put("000000000004.seg", NULL, 0);
    rmdir(dir);
}

static void set_up(void)
{
    if (dir[0])
        return;
    snprintf(dir, sizeof(dir), "%s/frt_fuzz_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir))
        abort();
    atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"000000000000.seg", "000000000002.seg", "000000000004.seg"};
    struct frt_verify_options options = {
        .log_dir = dir,
        .origin = "frt.example/host1",
        .first_key = "adf09027b8fd3c266133d628c5044a3e2627a80031d94528041d653f3dd52b73",
        .keep_leaves = true,
    };
    struct frt_verify_result result;
    struct frt_proof proof;
    uint64_t total = 0, unreadable;

    set_up();
    for (unsigned i = 0; i < 3; i++) {
        const uint8_t *mark = bytes && i < 2 ? memchr(bytes, 0xFF, size) : NULL;
        size_t length = mark ? (size_t)(mark - bytes) : size;

        put(names[i], bytes, length);
        bytes = mark ? mark + 1 : NULL;
        size = mark ? size - length - 1 : 0;
    }
    if (frt_trail_verify(&options, &result) == FRT_VERIFY_OK && result.records > 0 &&
        frt_verify_prove_record(&result, result.records - 1, &proof) < 0)
        abort();
    frt_verify_result_clear(&result);
    (void)frt_trail_read(dir, 0, look, &total, &unreadable);
    return 0;
}
