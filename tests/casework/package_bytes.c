/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Changes every byte of an evidence package, cuts every file at every length, takes each file away and puts one beside each, and
 * asks each time what frt verify asks: is this package what it says? Too many for a process each.
 *
 * usage: package_bytes PACKAGE FIRST_KEY [PART PARTS]     the package, which is changed and restored; every PARTS-th place, from
 *                                                         PART on. Prints how many changes were caught; exit 1 at the first that was not.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "casework/package.h"
#include "trail/verify.h"

#define FILES_MAX 256

static char *files[FILES_MAX];
static size_t file_count;
static const char *package, *first_key;
static size_t part, parts = 1, changes;

static int add_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)where;
    if (type == FTW_F && file_count < FILES_MAX)
        files[file_count++] = strdup(path);
    return file_count == FILES_MAX;
}

/* What frt verify PACKAGE does. */
static bool is_proven(void)
{
    struct frt_package_check check;
    struct frt_verify_options options = {.first_key = first_key, .threads = 1};
    struct frt_verify_result result;
    char log_dir[4096];
    bool ok;

    if (frt_package_verify(package, &check) < 0 || !check.is_package || check.bad > 0)
        return false;
    snprintf(log_dir, sizeof(log_dir), "%s/chain/log", package);
    options.log_dir = log_dir;
    frt_trail_verify(&options, &result);
    ok = result.status == FRT_VERIFY_OK;
    frt_verify_result_clear(&result);
    return ok;
}

static void must(bool ok, const char *what, const char *path)
{
    if (ok)
        return;
    fprintf(stderr, "package_bytes: %s %s: %s\n", what, path, strerror(errno));
    exit(2);
}

static void expect_caught(const char *path, const char *what, size_t at)
{
    changes++;
    if (!is_proven())
        return;
    printf("NOT CAUGHT: %s: %s %zu\n", path, what, at);
    exit(1);
}

static bool is_mine(size_t at)
{
    return at % parts == part;
}

/* Each byte once: another bit of it each time, bit 5 (the case of a letter) among them. */
static void change_bytes(const char *path, int fd, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        char other = bytes[at] ^ (char)(1 << (at % 8));

        if (!is_mine(at))
            continue;
        must(pwrite(fd, &other, 1, (off_t)at) == 1, "writing", path);
        expect_caught(path, "byte", at);
        must(pwrite(fd, &bytes[at], 1, (off_t)at) == 1, "writing", path);
    }
}

/* From the end to the front, then whole again. */
static void cut(const char *path, int fd, const char *bytes, size_t size)
{
    for (size_t length = size; length-- > 0;) {
        if (!is_mine(length))
            continue;
        must(ftruncate(fd, (off_t)length) == 0, "cutting", path);
        expect_caught(path, "cut to", length);
    }
    must(pwrite(fd, bytes, size, 0) == (ssize_t)size, "restoring", path);
}

static void remove_and_add(const char *path)
{
    char other[4096];
    int fd;

    snprintf(other, sizeof(other), "%s.beside", package);
    must(rename(path, other) == 0, "moving away", path);
    expect_caught(path, "taken away", 0);
    must(rename(other, path) == 0, "moving back", path);
    snprintf(other, sizeof(other), "%s.x", path);
    fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0, "making", other);
    close(fd);
    expect_caught(other, "put beside", 0);
    must(unlink(other) == 0, "removing", other);
}

static void attack(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat status;
    char *bytes;

    must(fd >= 0 && fstat(fd, &status) == 0, "opening", path);
    bytes = malloc((size_t)status.st_size + 1);
    must(bytes && pread(fd, bytes, (size_t)status.st_size, 0) == status.st_size, "reading", path);
    change_bytes(path, fd, bytes, (size_t)status.st_size);
    cut(path, fd, bytes, (size_t)status.st_size);
    if (part == 0)
        remove_and_add(path);
    free(bytes);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5)
        return 64;
    package = argv[1];
    first_key = argv[2];
    if (argc == 5) {
        part = strtoul(argv[3], NULL, 10);
        parts = strtoul(argv[4], NULL, 10);
    }
    must(nftw(package, add_file, 16, FTW_PHYS) == 0 && file_count > 0, "listing", package);
    if (!is_proven()) {
        puts("the package does not verify to begin with");
        return 2;
    }
    for (size_t i = 0; i < file_count; i++) {
        attack(files[i]);
        free(files[i]);
    }
    if (!is_proven()) {
        puts("the package was not restored");
        return 2;
    }
    printf("%zu\n", changes);
    return 0;
}
