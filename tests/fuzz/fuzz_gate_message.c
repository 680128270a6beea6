// links: frt_gate_message frt_protocol
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whatever frtd's socket carries to the gate and back: what decodes encodes to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/gate_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[FRT_GATE_MESSAGE_MAX];
    struct frt_gate_message message;
    struct frt_gate_item item;
    const char *what = NULL;
    size_t cursor = 0;

    if (frt_gate_message_decode(data, size, &message, &what) < 0)
        return what ? 0 : (abort(), 0);
    while (message.kind == FRT_GATE_CATALOGUE_TOOL && frt_gate_item_next(&message, &cursor, &item))
        if (item.length == 0 || memchr(item.text, 0, item.length))
            abort();
    if (frt_gate_message_encode(&message, again, sizeof(again)) != (int)size ||
        memcmp(again, data, size) != 0)
        abort();
    return 0;
}
