/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parts of the report; included by casework/page*.c only.
 */
#ifndef FRT_CASEWORK_PAGE_PARTS_H
#define FRT_CASEWORK_PAGE_PARTS_H

#include "casework/page.h"

extern const char frt_page_css[], frt_page_js[];

struct frt_page {
    const struct frt_desk *desk;
    const struct frt_page_options *options;
    FILE *out;
    bool failed;
};

/* A text of the page in its language, by its key; the key itself when there is none (a test looks for that). */
const char *frt_page_word(const struct frt_page *page, const char *key);
/* For walking all of them: false past the last. */
bool frt_page_word_at(size_t i, const char **ret_key, const char *ret_words[FRT_PAGE_LANGUAGES]);
/* The word, escaped. */
void frt_page_say(const struct frt_page *page, const char *key);

/* Spanish of a fact's name or value; NULL when there is none (a test looks for that). */
const char *frt_page_fact_word(const char *word);
bool frt_page_fact_word_at(size_t i, const char **ret_word, const char **ret_spanish);
/* Spanish of what a statement says; what is no phrase of ours stays. */
void frt_page_sentence(const char *english, char *buffer, size_t size);

/* Decisions over time as a chart and, for those who do not see it, a table. */
void frt_page_chart(struct frt_page *page);
/* The JSON the script reads. */
void frt_page_data(struct frt_page *page);

#endif
