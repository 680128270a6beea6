/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Linked into a build of the module in which these calls can fail (-Wl,--wrap), as pam-u2f's fuzz/wrap.c does: the n-th of
 * all of them, or one in `odds` at random. Only this build exports frt_faults_*.
 */
#include "tests/pam/faults.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static unsigned calls, fail_at, random_odds, random_seed;

SHOWN void frt_faults_plan(unsigned nth, unsigned odds, unsigned seed)
{
    calls = 0;
    fail_at = nth;
    random_odds = odds;
    random_seed = seed;
}

SHOWN unsigned frt_faults_calls(void)
{
    return calls;
}

static const int errors[] = {EINTR, EAGAIN, EIO, ENOMEM, EMFILE, EPERM};

/* Whether this call fails; errno is then one of several. */
static int fails(void)
{
    calls++;
    if (calls != fail_at && !(random_odds && rand_r(&random_seed) % (int)random_odds == 0))
        return 0;
    errno = errors[(unsigned)rand_r(&random_seed) % (sizeof(errors) / sizeof(errors[0]))];
    return 1;
}

#define WRAP(type, name, parameters, values, failure)                                                        \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return fails() ? failure : __real_##name values;                                                     \
    }

WRAP(void *, malloc, (size_t n), (n), NULL)
WRAP(void *, calloc, (size_t n, size_t m), (n, m), NULL)
WRAP(int, socket, (int a, int b, int c), (a, b, c), -1)
WRAP(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1)
WRAP(int, getsockopt, (int fd, int a, int b, void *v, socklen_t *n), (fd, a, b, v, n), -1)
WRAP(int, stat, (const char *path, struct stat *st), (path, st), -1)
WRAP(ssize_t, send, (int fd, const void *b, size_t n, int f), (fd, b, n, f), -1)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *m, int f), (fd, m, f), -1)
WRAP(int, poll, (struct pollfd * p, nfds_t n, int t), (p, n, t), -1)
WRAP(int, clock_gettime, (clockid_t c, struct timespec *t), (c, t), -1)
WRAP(ssize_t, getrandom, (void *b, size_t n, unsigned f), (b, n, f), -1)
WRAP(int, getgroups, (int n, gid_t *g), (n, g), -1)
WRAP(int, setgroups, (size_t n, const gid_t *g), (n, g), -1)
WRAP(int, pam_get_item, (const pam_handle_t *h, int i, const void **v), (h, i, v), PAM_BUF_ERR)
WRAP(int, pam_get_data, (const pam_handle_t *h, const char *n, const void **d), (h, n, d), PAM_NO_MODULE_DATA)
WRAP(const char *, pam_getenv, (pam_handle_t * h, const char *n), (h, n), NULL)
WRAP(int, pam_putenv, (pam_handle_t * h, const char *n), (h, n), PAM_BUF_ERR)

int __real_pam_set_data(pam_handle_t *h, const char *n, void *d, void (*c)(pam_handle_t *, void *, int));
int __wrap_pam_set_data(pam_handle_t *h, const char *n, void *d, void (*c)(pam_handle_t *, void *, int));
int __wrap_pam_set_data(pam_handle_t *h, const char *n, void *d, void (*c)(pam_handle_t *, void *, int))
{
    return fails() ? PAM_BUF_ERR : __real_pam_set_data(h, n, d, c);
}

/* Closes all the same: what leaks must be ours. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    int r = __real_close(fd);

    return fails() ? -1 : r;
}

int __wrap_pam_prompt(pam_handle_t *h, int style, char **response, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int __wrap_pam_prompt(pam_handle_t *h, int style, char **response, const char *format, ...)
{
    va_list arguments;
    int r;

    if (fails())
        return PAM_CONV_ERR;
    va_start(arguments, format);
    r = pam_vprompt(h, style, response, format, arguments);
    va_end(arguments);
    return r;
}
