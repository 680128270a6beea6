/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `frt request` and `frt authority` share: who files, by which password, where documents are kept, and that frtd is asked
 * first, so that a refused filing is on record.
 */
#ifndef FRT_CLI_FILING_OFFICE_H
#define FRT_CLI_FILING_OFFICE_H

#include "casework/request_form.h"
#include "directory/filing.h"

#define FRT_DOCUMENTS_PATH "/var/lib/frt/documents"
#define FRT_DOCUMENT_MAX   (32u << 20)

struct frt_office {
    const char *conf_path;
    const char *login;         /* NULL: the account's own name */
    const char *password_file; /* NULL: asked for on the terminal */
    bool external;             /* the socket says who we are */
    const char *documents;     /* folder */
    struct frt_conf *conf;
    struct frt_filing *filing;
    char name[64]; /* login, once known */
};

/* Reads the configuration and finds out the login name. 0 or an exit status after a message. */
int frt_office_enter(struct frt_office *office);

/* Asks frtd whether this person may file; recorded there. 0 or an exit status after a message. */
int frt_office_may_file(const struct frt_office *office);

/* Connects to the directory as this person. 0 or an exit status after a message. */
int frt_office_open(struct frt_office *office);
void frt_office_leave(struct frt_office *office);

/* Says what the directory refused, or why nothing could be written; the exit status. */
int frt_office_explain(int result, const char *what, const struct frt_trouble *trouble);

/* Reads a document. 0 or -1 after a message that names the field. */
int frt_office_read(const char *path, char **ret_bytes, size_t *ret_length);
/* Its SHA-256 in hex. False when libcrypto fails. */
bool frt_office_hash(const char *bytes, size_t length, char hex[65]);
/* Keeps the bytes under their hash. 0 or -1 after a message. `*ret_is_new` tells whether there was no such document before. */
int frt_office_keep(const struct frt_office *office, const char *bytes, size_t length, const char *hex,
                    bool *ret_is_new);
/* Compares a file, and the kept copy, with the hash that was filed; prints a line for each. False: one of them differs. */
bool frt_office_compare(const struct frt_office *office, const char *filed_hex, const char *file);

#endif
