// links: frt_protocol frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bytes from the socket, as questions and as answers. What is taken must encode to the very bytes it came
 * from: a message has one encoding, so nothing can be read in two ways by two readers.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[FRT_ANSWER_MAX];

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frt_answer answer;
    struct frt_ask ask;
    const char *what = NULL;
    int n;

    if (frt_ask_decode(data, size, &ask, &what) == 0) {
        n = frt_ask_encode(&ask, again, sizeof(again));
        require(n >= 0 && (size_t)n == size && memcmp(again, data, size) == 0);
    } else {
        require(what != NULL);
    }
    if (frt_answer_decode(data, size, &answer, &what) == 0) {
        n = frt_answer_encode(&answer, again, sizeof(again));
        require(n >= 0 && (size_t)n == size && memcmp(again, data, size) == 0);
        frt_answer_clear(&answer);
    }
    return 0;
}
