/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Without libFuzzer: gives every file of the corpus folders named on the command line to the target, and
 * every file cut short at each of its first bytes.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cleanup.h"

#define FILE_MAX_BYTES (1 << 20)
#define CUTS           512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a buffer of exactly that size, so that ASan sees every byte read past it. */
static void run(const uint8_t *bytes, size_t size)
{
    frt_auto_free uint8_t *exact = malloc(size + !size);

    if (!exact)
        abort();
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
}

static int replay_file(const char *path)
{
    frt_auto_fclose FILE *file = fopen(path, "rb");
    frt_auto_free uint8_t *bytes = malloc(FILE_MAX_BYTES);
    size_t size;

    if (!file || !bytes)
        return -1;
    size = fread(bytes, 1, FILE_MAX_BYTES, file);
    run(bytes, size);
    for (size_t cut = 0; cut < size && cut < CUTS; cut++)
        run(bytes, cut);
    return 0;
}

static int replay_folder(const char *path, unsigned *files)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int r = folder ? 0 : -1;

    while (folder && r == 0 && (entry = readdir(folder))) {
        char name[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        r = replay_file(name);
        (*files)++;
    }
    if (folder)
        closedir(folder);
    return r;
}

int main(int argc, char **argv)
{
    unsigned files = 0;

    for (int i = 1; i < argc; i++) {
        if (replay_folder(argv[i], &files) == 0)
            continue;
        perror(argv[i]);
        return EXIT_FAILURE;
    }
    printf("%u files replayed\n", files);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
