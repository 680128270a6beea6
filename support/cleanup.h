/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Cleanup attributes: a resource is released when its variable goes out of scope, on every path.
 *
 *     frt_auto_free char *line = NULL;        freed at the end of the block
 *     frt_auto_close int fd = -1;             closed at the end of the block
 *     *ret_line = frt_steal(&line);       ownership handed over, visibly
 */
#ifndef FRT_SUPPORT_CLEANUP_H
#define FRT_SUPPORT_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void frt_cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void frt_cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void frt_cleanup_fclose(FILE **f)
{
    if (*f)
        fclose(*f);
}

#define frt_auto_free   __attribute__((cleanup(frt_cleanup_free)))
#define frt_auto_close  __attribute__((cleanup(frt_cleanup_close)))
#define frt_auto_fclose __attribute__((cleanup(frt_cleanup_fclose)))

/* Hands the descriptor over: the variable no longer closes it. */
static inline int frt_steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

/* Hands the pointer over: the variable no longer frees it. */
#define frt_steal(p)                                                                                         \
    __extension__({                                                                                          \
        __typeof__(*(p)) frt_stolen = *(p);                                                                  \
        *(p) = NULL;                                                                                         \
        frt_stolen;                                                                                          \
    })

#define FRT_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
