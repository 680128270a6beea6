/* SPDX-License-Identifier: BSD-2-Clause
 *
 * For comparing verifiers: reads "<log dir> <first key> <live key or -> <origin>" lines, answers each with its exit code.
 */
#include <stdio.h>
#include <string.h>

#include "trail/verify.h"

int main(void)
{
    char dir[512], key[80], live[80], origin[256];

    while (scanf("%511s %79s %79s %255s", dir, key, live, origin) == 4) {
        struct frt_verify_options options = {.log_dir = dir,
                                             .first_key = key,
                                             .origin = origin,
                                             .live_key = strcmp(live, "-") == 0 ? NULL : live};
        struct frt_verify_result result;

        printf("%d %s:%lu %s\n", (int)frt_trail_verify(&options, &result), result.file,
               (unsigned long)result.line, result.what);
        fflush(stdout);
        frt_verify_result_clear(&result);
    }
    return 0;
}
