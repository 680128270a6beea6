/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "casework/desk.h"
#include "support/time_text.h"

static int at(unsigned year, unsigned month, unsigned day, int64_t *ret_s)
{
    char text[64];

    snprintf(text, sizeof(text), "%04u-%02u-%02uT00:00Z", year, month, day);
    return frt_time_parse(text, ret_s);
}

static int months(unsigned year, unsigned month, unsigned count, int64_t *ret_from_s, int64_t *ret_until_s)
{
    unsigned next = month - 1 + count;
    int r = at(year, month, 1, ret_from_s);

    return r < 0 ? r : at(year + next / 12, next % 12 + 1, 1, ret_until_s);
}

static bool digits(const char *text, size_t count, unsigned *ret_number)
{
    *ret_number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret_number = *ret_number * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

int frt_period_parse(const char *text, int64_t *ret_from_s, int64_t *ret_until_s)
{
    size_t length = strlen(text);
    unsigned year, month, day;

    if (length > 10) {
        if (frt_time_parse(text, ret_from_s) < 0)
            return -EINVAL;
        *ret_until_s = *ret_from_s + 1;
        return 0;
    }
    if (length < 4 || !digits(text, 4, &year))
        return -EINVAL;
    if (length == 4)
        return months(year, 1, 12, ret_from_s, ret_until_s);
    if (length == 6 && text[4] == 'Q' && text[5] >= '1' && text[5] <= '4')
        return months(year, (unsigned)(text[5] - '1') * 3 + 1, 3, ret_from_s, ret_until_s);
    if (length < 7 || text[4] != '-' || !digits(text + 5, 2, &month) || month < 1 || month > 12)
        return -EINVAL;
    if (length == 7)
        return months(year, month, 1, ret_from_s, ret_until_s);
    if (length != 10 || text[7] != '-' || !digits(text + 8, 2, &day) || at(year, month, day, ret_from_s) < 0)
        return -EINVAL;
    *ret_until_s = *ret_from_s + 86400;
    return 0;
}
