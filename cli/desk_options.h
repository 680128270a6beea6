/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What explain, replay, ask, report and export have in common: which trail, which period, which directory, and that reading is
 * itself recorded.
 */
#ifndef FRT_CLI_DESK_OPTIONS_H
#define FRT_CLI_DESK_OPTIONS_H

#include <getopt.h>

#include "casework/desk.h"

struct frt_cli_desk {
    const char *conf_path;
    const char *trails[FRT_HISTORY_TRAILS_MAX]; /* as given: log directories, packages, folders of them */
    size_t trail_count;                         /* 0: the configured one */
    bool is_single;                             /* this command is about one trail */
    struct frt_desk_options options;
    const char *ldif[FRT_DESK_LDIF_MAX + 1];
    size_t ldif_count;
    struct frt_conf *conf;
    char log_dir[4096];                         /* the first */
    char *log_dirs[FRT_HISTORY_TRAILS_MAX + 1]; /* all of them, NULL-terminated; owned */
    size_t log_dir_count;
    char live_key[65];
};

/* Rows for a command's option table; their values are FRT_CLI_DESK_OPTION. */
#define FRT_CLI_DESK_OPTION 0x1000
#define FRT_CLI_DESK_ROWS                                                                                    \
    {"config", required_argument, NULL, FRT_CLI_DESK_OPTION},                                                \
        {"trail", required_argument, NULL, FRT_CLI_DESK_OPTION},                                             \
        {"directory", required_argument, NULL, FRT_CLI_DESK_OPTION},                                         \
        {"requests-ldif", required_argument, NULL, FRT_CLI_DESK_OPTION},                                     \
        {"from", required_argument, NULL, FRT_CLI_DESK_OPTION},                                              \
        {"to", required_argument, NULL, FRT_CLI_DESK_OPTION},                                                \
        {"period", required_argument, NULL, FRT_CLI_DESK_OPTION},                                            \
        {"first-key", required_argument, NULL, FRT_CLI_DESK_OPTION},                                         \
        {"origin", required_argument, NULL, FRT_CLI_DESK_OPTION},                                            \
        {"live-key", required_argument, NULL, FRT_CLI_DESK_OPTION},                                          \
    {                                                                                                        \
        "no-verify", no_argument, NULL, FRT_CLI_DESK_OPTION                                                  \
    }
extern const char frt_cli_desk_help[];

/* Takes one of the rows above; false after a message. */
bool frt_cli_desk_option(struct frt_cli_desk *cli, const char *name, const char *value);

/* Reads the configuration where there is one, has frtd record `what` ("ask Q1") and opens the desk. 0 or an exit status after a
 * message. Reading goes on when the recording fails, and stderr says so. */
int frt_cli_desk_open(struct frt_cli_desk *cli, const char *what, struct frt_desk **ret_desk);
/* Has frtd record one more thing. */
void frt_cli_desk_record(const struct frt_cli_desk *cli, const char *what);
void frt_cli_desk_close(struct frt_cli_desk *cli, struct frt_desk *desk);

/* The policy file `path`, else the configured one; NULL (and no message) when there is none to be had, or after a message when
 * `path` was given. The caller frees it. */
struct frt_policy *frt_cli_desk_policy(const struct frt_cli_desk *cli, const char *path);

/* The command line as typed, for the statement of an answer. */
void frt_cli_desk_query(int argc, char **argv, char *buffer, size_t size);

#endif
