/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Forms of requests with any bytes as their values: what passes the check is what the directory may hold: clean prose, valid
 * names, times that are times.
 */
// links: frt_casework
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "casework/request_form.h"
#include "protocol/message.h"
#include "support/name.h"
#include "support/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_clean(const struct frt_form *form)
{
    char value[FRT_FORM_NORMALIZED_MAX];

    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++)
        for (size_t i = 0; i < form->fields[f].count; i++) {
            const struct frt_field_row *row = &frt_field_rows[f];
            int64_t s;

            require(strlen(form->fields[f].values[i]) == form->fields[f].lengths[i]);
            if (row->type == FRT_ENTRY_PATH)
                continue;
            frt_form_value(form, (enum frt_form_field)f, i, value);
            require(value[0] && frt_prose_is_clean(value, strlen(value), false));
            if (row->type == FRT_ENTRY_TIME && !row->prefix)
                require(frt_generalized_time_parse(value, strlen(value), &s) == 0);
            if (row->type == FRT_ENTRY_ID)
                require(frt_identifier_is_valid(value));
        }
    require(frt_form_has(form, FRT_FIELD_ROUTE) != frt_form_has(form, FRT_FIELD_KIND));
    require(frt_form_time(form, FRT_FIELD_UNTIL) > frt_form_time(form, FRT_FIELD_FROM) ||
            !frt_form_has(form, FRT_FIELD_ROUTE));
}

/* Values one after the other: number of the field, length (0xff: the rest), bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct frt_form_context context = {1773669600, "p24", 24};
    struct frt_form_problem problems[FRT_FIELD_COUNT];
    struct frt_form form = {.kind = FRT_FORM_REQUEST_UNROUTED};
    size_t count;

    while (size >= 2) {
        size_t length = data[1] == 0xff || data[1] > size - 2 ? size - 2 : data[1];

        if (frt_form_set(&form, (enum frt_form_field)(data[0] % FRT_FIELD_COUNT), (const char *)data + 2,
                         length) < 0)
            break;
        data += 2 + length;
        size -= 2 + length;
    }
    if (frt_form_complete(&form, &context) == 0) {
        count = frt_form_check(&form, &context, problems, FRT_FIELD_COUNT);
        for (size_t i = 0; i < count; i++)
            require(problems[i].expected[0] != '\0');
        if (count == 0)
            require_clean(&form);
    }
    frt_form_clear(&form);
    return 0;
}
