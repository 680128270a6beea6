/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Filling a form: from a JSON object, and on a terminal, where what is missing is asked for in plain words.
 */
#ifndef FRT_CLI_FORM_DIALOGUE_H
#define FRT_CLI_FORM_DIALOGUE_H

#include "casework/request_form.h"

/* A value from the command line or the terminal; blanks at both ends are dropped. False: out of memory, after a message. */
bool frt_form_take(struct frt_form *form, enum frt_form_field field, const char *text);

/* Members of a JSON object by the fields' names: texts, numbers, true and false, lists of texts. `path` "-" is the standard
 * input. False after a message that names the member and what was expected. */
bool frt_form_read_json(struct frt_form *form, const char *path);

/* Asks on the terminal for everything that is missing, `agency` being offered for that field. An emergency is asked for the least
 * that counts. False: given up, after a message. */
bool frt_form_ask(struct frt_form *form, const char *agency);

/* One question; the answer in `buffer`, without its line feed and blanks at the ends. False at the end of the input. */
bool frt_ask_line(const char *question, char *buffer, size_t size);

/* Prints every problem, one a line. */
void frt_form_print_problems(const struct frt_form *form, const struct frt_form_problem *problems,
                             size_t count);

#endif
