/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/time_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Reads exactly `digits` decimal digits; -1 when there is anything else. */
static int number(const char *text, int digits)
{
    int n = 0;

    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        n = n * 10 + (text[i] - '0');
    }
    return n;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static int to_seconds(int year, int month, int day, int hour, int minute, int second, int64_t *ret_s)
{
    struct tm tm = {0};

    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return -EINVAL;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return -EINVAL;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = second;
    *ret_s = timegm(&tm);
    return 0;
}

int frt_time_parse(const char *text, int64_t *ret_s)
{
    size_t length = strlen(text);
    bool seconds = length == 20;

    if (length != 20 && length != 17)
        return -EINVAL;
    if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[length - 1] != 'Z')
        return -EINVAL;
    if (seconds && text[16] != ':')
        return -EINVAL;
    return to_seconds(number(text, 4), number(text + 5, 2), number(text + 8, 2), number(text + 11, 2),
                      number(text + 14, 2), seconds ? number(text + 17, 2) : 0, ret_s);
}

int frt_generalized_time_parse(const char *text, size_t length, int64_t *ret_s)
{
    if (length != 15 || text[14] != 'Z')
        return -EINVAL;
    return to_seconds(number(text, 4), number(text + 4, 2), number(text + 6, 2), number(text + 8, 2),
                      number(text + 10, 2), number(text + 12, 2), ret_s);
}

static void split(int64_t s, struct tm *ret_tm)
{
    time_t t = (time_t)s;

    if (!gmtime_r(&t, ret_tm)) /* a year that does not fit an int */
        *ret_tm = (struct tm){.tm_mday = 1, .tm_year = 70};
}

void frt_time_format(int64_t s, char buffer[FRT_TIME_TEXT_MAX])
{
    struct tm tm;

    split(s, &tm);
    strftime(buffer, FRT_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void frt_generalized_time_format(int64_t s, char buffer[FRT_TIME_TEXT_MAX])
{
    struct tm tm;

    split(s, &tm);
    strftime(buffer, FRT_TIME_TEXT_MAX, "%Y%m%d%H%M%SZ", &tm);
}

void frt_time_format_us(int64_t us, char buffer[FRT_TIME_TEXT_MAX])
{
    int64_t rest = us % 1000000;

    if (rest < 0)
        rest += 1000000;
    frt_time_format((us - rest) / 1000000, buffer);
    snprintf(buffer + strlen(buffer) - 1, 10, ".%06dZ", (int)rest);
}
