/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a form to entries in the directory: asked, checked, the document kept, filed. An emergency's statement and request are
 * filed together.
 */
#ifndef FRT_CLI_FILE_FORM_H
#define FRT_CLI_FILE_FORM_H

#include "cli/filing_office.h"

/* `json`: a file with more fields, "-" the standard input, NULL none. On a terminal what is missing is asked for. Exit status. */
int frt_file_form(struct frt_office *office, struct frt_form *form, const char *json);

/* Rows for option tables: who files, and where documents are kept. */
#define FRT_OFFICE_OPTION 0x2000
#define FRT_FIELD_OPTION  0x2001
#define FRT_OFFICE_HELP                                                                                      \
    "  --login NAME            your login name in the directory (default: this account's)\n"                 \
    "  --password-file FILE    your directory password (mode 0600); otherwise it is asked for\n"             \
    "  --external              no password: the ldapi socket knows this account\n"                           \
    "  --documents DIR         where documents are kept (default " FRT_DOCUMENTS_PATH ")\n"                  \
    "  --config FILE           configuration (default " FRT_CONF_PATH ")\n"

/* Takes an option of that kind. */
void frt_office_option(struct frt_office *office, const char *name, const char *value);

#endif
