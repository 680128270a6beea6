/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Decisions through PAM by several processes at once. Prints "p50_us p99_us per_second failures". What is timed:
 *
 *     decision      pam_acct_mgmt() on one handle, again and again
 *     transaction   pam_start, pam_acct_mgmt, pam_end
 *     fork          the same in a fresh child, as services that fork per login do
 */
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 200000

struct lane { /* of one client, shared memory */
    uint32_t count, failures;
    uint32_t ns[SAMPLES_MAX];
};

struct job {
    const char *confdir, *service, *user, *mode;
};

static int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *arg)
{
    (void)messages;
    (void)arg;
    *responses = calloc((size_t)count, sizeof(**responses));
    return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static const struct pam_conv conversation = {converse, NULL};

static pam_handle_t *begin(const struct job *job)
{
    pam_handle_t *pamh = NULL;

    if (pam_start_confdir(job->service, job->user, &conversation, job->confdir, &pamh) != PAM_SUCCESS)
        return NULL;
    pam_set_item(pamh, PAM_RHOST,
                 "192.0.2.1"); /* an address: libpam resolves names (performance notes, A2) */
    pam_set_item(pamh, PAM_TTY, "bench");
    return pamh;
}

static bool transaction(const struct job *job)
{
    pam_handle_t *pamh = begin(job);
    int r = pamh ? pam_acct_mgmt(pamh, PAM_SILENT) : PAM_ABORT;

    if (pamh)
        pam_end(pamh, r);
    return r == PAM_SUCCESS;
}

static bool in_child(const struct job *job)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(transaction(job) ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void work(const struct job *job, int64_t until_ns, struct lane *lane)
{
    bool alone = strcmp(job->mode, "decision") == 0, forks = strcmp(job->mode, "fork") == 0;
    pam_handle_t *pamh = alone ? begin(job) : NULL;

    while (now_ns() < until_ns && lane->count < SAMPLES_MAX) {
        int64_t start = now_ns();
        bool ok = alone   ? pam_acct_mgmt(pamh, PAM_SILENT) == PAM_SUCCESS
                  : forks ? in_child(job)
                          : transaction(job);

        lane->ns[lane->count++] = (uint32_t)(now_ns() - start);
        lane->failures += !ok;
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void report(const struct lane *lanes, unsigned clients, double seconds)
{
    uint32_t *all = malloc(sizeof(*all) * SAMPLES_MAX * clients);
    size_t count = 0, failures = 0;

    for (unsigned i = 0; all && i < clients; i++) {
        memcpy(all + count, lanes[i].ns, lanes[i].count * sizeof(*all));
        count += lanes[i].count;
        failures += lanes[i].failures;
    }
    if (!all || count == 0)
        exit(1);
    qsort(all, count, sizeof(*all), compare);
    printf("%.1f %.1f %.0f %zu\n", all[count / 2] / 1e3, all[count * 99 / 100] / 1e3, (double)count / seconds,
           failures);
    free(all);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs("Usage: pam-clients CONFDIR SERVICE USER decision|transaction|fork CLIENTS SECONDS\n", stderr);
        return 64;
    }
    const struct job job = {argv[1], argv[2], argv[3], argv[4]};
    unsigned clients = (unsigned)strtoul(argv[5], NULL, 10);
    double seconds = strtod(argv[6], NULL);
    struct lane *lanes =
        mmap(NULL, sizeof(*lanes) * clients, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int64_t until_ns = now_ns() + (int64_t)(seconds * 1e9);

    if (lanes == MAP_FAILED || !transaction(&job)) {
        fprintf(stderr, "pam-clients: %s does not let %s in\n", job.service, job.user);
        return 1;
    }
    for (unsigned i = 0; i < clients; i++)
        if (fork() == 0) {
            work(&job, until_ns, &lanes[i]);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    report(lanes, clients, seconds);
    return 0;
}
