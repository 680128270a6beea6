/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What subcommands that talk to frtd share: finding its socket, asking, and saying what to do when it does
 * not answer.
 */
#ifndef FRT_CLI_ASK_H
#define FRT_CLI_ASK_H

#include <jansson.h>

#include "protocol/message.h"
#include "settings/frt_conf.h"

#define FRT_CLI_TIMEOUT_MS 10000

/* Configuration from `path`, or the default file when NULL. NULL after a message on stderr. */
struct frt_conf *frt_cli_conf(const char *path);

/* Asks frtd and gives its JSON. NULL after a message on stderr; `ret_exit` says how to exit. The caller
 * decrefs. */
json_t *frt_cli_ask(const char *conf_path, struct frt_ask *ask, int *ret_exit);

/* An empty question of this kind with a random request id. */
struct frt_ask frt_cli_question(enum frt_ask_kind kind);

/* Copies a command line argument into a field; false and a message when it is too long. */
bool frt_cli_set(char *field, size_t size, const char *what, const char *value);

/* Member texts and numbers of a JSON object; "" and 0 when absent. */
const char *frt_cli_text(const json_t *object, const char *key);
long long frt_cli_number(const json_t *object, const char *key);

void frt_cli_print_json(const json_t *object);

#endif
