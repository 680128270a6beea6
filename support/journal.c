/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* UTF-8 of our own texts may pass; control characters that could act on a terminal or forge a line may not: U+0080 to U+009F
 * (C2 80 to C2 9F) are such too. */
static void make_safe(char *text)
{
    for (unsigned char *u = (unsigned char *)text; *u; u++) {
        if (*u < 0x20 || *u == 0x7F)
            *u = '?';
        if (*u == 0xC2 && u[1] >= 0x80 && u[1] < 0xA0)
            u[0] = u[1] = '?';
    }
}

static char last_error[2048];

const char *frt_journal_last_error(void)
{
    return last_error;
}

void frt_journal_open(const char *program)
{
    openlog(program, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
}

void frt_journal(int priority, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    make_safe(text);
    if (priority <= LOG_ERR)
        memcpy(last_error, text, sizeof(last_error));
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "%s\n", text);
    else
        fprintf(stderr, "<%d>%s\n", priority, text);
    if (priority <= LOG_WARNING)
        syslog(priority, "%s", text);
}

void frt_journal_warning(void *unused, const char *text)
{
    (void)unused;
    frt_journal(LOG_WARNING, "%s", text);
}
