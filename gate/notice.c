/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/notice.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "support/percent.h"

#define REMEMBERED 64

/* Law texts hold section signs and quotes; a terminal gets printable ASCII without escapes that could be mistaken. */
static void plain(const char *text, char *buffer, size_t size)
{
    size_t n = 0;

    for (; *text && n + 1 < size; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c & 0xC0) == 0x80) /* the rest of a character that was shown as one '?' */
            continue;
        buffer[n++] = c < 0x20 || c > 0x7E ? '?' : (char)c;
    }
    buffer[n] = '\0';
}

void frt_notice_format(const char *tool, enum frt_reason reason, const struct frt_answer *answer,
                       char buffer[FRT_NOTICE_MAX])
{
    char message[320], citation[160], id[3 * 64 + 1], record[48] = "";

    frt_percent_encode(tool, strlen(tool), id, sizeof(id));
    plain(answer && answer->message[0] ? answer->message : frt_reason_table[reason].meaning, message,
          sizeof(message));
    plain(answer ? answer->citation : "", citation, sizeof(citation));
    if (answer && answer->decision >= 0)
        snprintf(record, sizeof(record), " Record %lld.", (long long)answer->decision);
    snprintf(buffer, FRT_NOTICE_MAX, "\r\nfrt: %.64s refused: %s%s%s%s%s `frt why` tells more.\r\n", id,
             message, citation[0] ? " (" : "", citation, citation[0] ? ")" : "", record);
}

/* True when this terminal has had none lately; remembers that it has one now. */
static bool is_due(const char *tty, int64_t now_ms)
{
    static struct {
        char tty[24];
        int64_t ms;
    } last[REMEMBERED];
    size_t oldest = 0;

    for (size_t i = 0; i < REMEMBERED; i++) {
        if (strcmp(last[i].tty, tty) == 0) {
            if (now_ms - last[i].ms < FRT_NOTICE_EVERY_MS)
                return false;
            oldest = i;
            break;
        }
        if (last[i].ms < last[oldest].ms)
            oldest = i;
    }
    snprintf(last[oldest].tty, sizeof(last[oldest].tty), "%s", tty);
    last[oldest].ms = now_ms;
    return true;
}

void frt_notice_write(const struct frt_opener *opener, const char *tool, enum frt_reason reason,
                      const struct frt_answer *answer, int64_t now_ms)
{
    frt_auto_close int fd = -1;
    char line[FRT_NOTICE_MAX], tty[24];
    ssize_t n;

    frt_opener_tty(opener, tty, sizeof(tty));
    if (tty[0] == '\0' || !is_due(tty, now_ms))
        return;
    fd = open(tty, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    frt_notice_format(tool, reason, answer, line);
    n = write(fd, line, strlen(line));
    (void)n; /* a terminal that does not take it goes without */
}
