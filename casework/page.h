/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The report: one page of HTML that needs nothing else, no network, no file beside it. Verification first, then what one looks
 * at rather than reads, then every decision in a table that stays quick with a hundred thousand of them.
 *
 * A content security policy in the page allows our script by its hash and nothing else, so that a text that got through the
 * escaping would still not run.
 */
#ifndef FRT_CASEWORK_PAGE_H
#define FRT_CASEWORK_PAGE_H

#include "casework/desk.h"

enum frt_page_language { FRT_PAGE_EN, FRT_PAGE_ES, FRT_PAGE_LANGUAGES };

struct frt_page_options {
    enum frt_page_language language;
    const char *query;
    const struct frt_policy *policy; /* for citations and messages; NULL: none */
    size_t rows_max;                 /* decisions in the table, newest ones; counts are over all */
};

/* "en", "es"; -1 for another. */
int frt_page_language_find(const char *name);

/* 0, -ENOMEM or -EIO. */
int frt_page_write(const struct frt_desk *desk, const struct frt_page_options *options, FILE *out);

#endif
