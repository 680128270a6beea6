/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commits as fast as it can and writes the number of each answered record to its standard output, until killed.
 *
 *     commit_storm LOG_DIR KEY_DIR RECORDS_PER_COMMIT
 *     commit_storm LOG_DIR KEY_DIR ack                  says an administrator's word about a break, and ends
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trail/writer.h"

static void storm(struct frt_trail *trail, int records)
{
    for (;;) {
        struct frt_record record;
        int64_t n = -1;

        for (int i = 0; i < records; i++) {
            frt_record_init(&record, "decision");
            frt_record_add_text(&record, "user", "p01");
            frt_record_add_text(&record, "dec", "deny");
            n = frt_trail_append(trail, &record);
        }
        if (n < 0 || frt_trail_commit(trail) < 0 || write(STDOUT_FILENO, &n, sizeof(n)) != sizeof(n))
            return;
        if (n % 3 == 0)
            (void)frt_trail_prepare(trail);
    }
}

int main(int argc, char **argv)
{
    struct frt_trail_options options = {.origin = "frt.example/host1", .segment_bytes = 20000};
    const struct frt_trail_word word = {.by = "p14", .reason = "test", .login_uid = -1};
    struct frt_trail *trail = NULL;
    char error[FRT_TRAIL_ERROR_MAX];
    int r;

    if (argc != 4)
        return 2;
    options.log_dir = argv[1];
    options.key_dir = argv[2];
    if (strcmp(argv[3], "ack") == 0)
        return frt_trail_acknowledge(&options, &word, error) == 0 ? 0 : 5;
    r = frt_trail_open(&options, &trail, error);
    if (r != 0) {
        fprintf(stderr, "%d %s\n", r, error);
        return 3;
    }
    storm(trail, atoi(argv[3]));
    return 4;
}
