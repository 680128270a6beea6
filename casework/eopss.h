/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Documentation for the Executive Office of Public Safety and Security: for each search that was allowed, items a to h of the
 * law (R21-R32), from the trail (what was decided, what it returned) and the directory (what was requested). What is missing is
 * listed with its reason; a quarter without a search is a nil return.
 *
 * A search belongs to the agency that asked for it and to the one that performed it; each gets a package of its own:
 *
 *     OUT/AGENCY/README.txt searches.csv searches.json searches.html completeness.csv documents/SHA256 MANIFEST.sha256
 *
 * All of it is non-public (R32). Yearly counts for the public are eopss_public.c's, which never sees a case.
 */
#ifndef FRT_CASEWORK_EOPSS_H
#define FRT_CASEWORK_EOPSS_H

#include "casework/desk.h"
#include "casework/results.h"
#include "casework/sheet.h"

#define FRT_EOPSS_ERROR_MAX 1024
#define FRT_EOPSS_CLASS     "NON-PUBLIC: not a public record (M.G.L. c. 6 s. 220)"
#define FRT_EOPSS_ITEMS     8 /* a to h */
#define FRT_EOPSS_TEXT_MAX  4608

/* One search and one database: a line of the return. */
struct frt_eopss_row {
    const struct frt_past_decision *decision;
    const struct frt_request *request;  /* NULL: not in the directory */
    const struct frt_result *result;    /* NULL: none on record; matches -1: no search was made */
    bool has_copy;                      /* the document's bytes are there and are the ones that were filed */
    char missing[FRT_EOPSS_ITEMS][160]; /* why item a..h is missing; "" when it is there */
};

struct frt_eopss_options {
    const char *quarter; /* "2026Q1", for titles */
    int64_t from_s, until_s;
    int64_t now_s;
    unsigned due_days;     /* after the quarter's end */
    const char *documents; /* folder of kept documents; NULL: none */
    const char *agency;    /* this one only; NULL: every agency there is something to say about */
    const char *sign_key;  /* PEM; NULL: manifest without signature */
    const char *query;
};

struct frt_eopss; /* opaque: the quarter's rows */

struct frt_eopss_totals {
    size_t searches, rows, not_made;
    size_t missing;         /* items */
    size_t awaiting_review; /* emergencies nobody has reviewed */
    size_t incomplete;      /* searches with at least one missing item */
    int64_t due_s;
    int64_t days_late; /* 0: in time */
};

/* 0 or a negative errno. */
int frt_eopss_gather(const struct frt_desk *desk, const struct frt_eopss_options *options,
                     struct frt_eopss **ret_eopss);
void frt_eopss_free(struct frt_eopss *eopss);

/* Agencies to report for, in the order they turned up. */
size_t frt_eopss_agencies(const struct frt_eopss *eopss, const char *const **ret_agencies);
/* Rows of an agency; `i` counts over all rows. NULL: that row is not this agency's. */
size_t frt_eopss_row_count(const struct frt_eopss *eopss);
const struct frt_eopss_row *frt_eopss_row(const struct frt_eopss *eopss, size_t i, const char *agency);
void frt_eopss_count(const struct frt_eopss *eopss, const char *agency, struct frt_eopss_totals *ret_totals);

/* Items as texts: what stands in the return. Multi-valued ones are joined with "; ". */
void frt_eopss_item(const struct frt_eopss *eopss, const struct frt_eopss_row *row, char item,
                    char buffer[FRT_EOPSS_TEXT_MAX]);

const struct frt_desk *frt_eopss_desk(const struct frt_eopss *eopss);
const struct frt_eopss_options *frt_eopss_given(const struct frt_eopss *eopss);

/* Writes OUT/AGENCY. 0 or a negative errno with `error`. */
int frt_eopss_write(const struct frt_eopss *eopss, const char *agency, const char *out,
                    char error[FRT_EOPSS_ERROR_MAX]);

/* Yearly counts by agency, recipient and route, small ones suppressed: OUT/counts.csv .json .html. 0 or a negative errno. */
int frt_eopss_public(const struct frt_desk *desk, const char *year, const char *out, const char *sign_key,
                     char error[FRT_EOPSS_ERROR_MAX]);

/* The same counts in a sheet with these columns, for the period of the desk, which needs a directory. 0 or -ENOMEM. */
extern const char *const frt_public_columns[];
int frt_public_count(const struct frt_desk *desk, struct frt_sheet *sheet);

/* One count of a public table. */
struct frt_public_cell {
    int64_t count;
    bool suppressed;
};
/* Marks what must not be published: counts of 1 and 2, and as many larger ones as keep the hidden ones from being worked
 * out from the total. False: the total must not be published either. */
bool frt_public_suppress(struct frt_public_cell *cells, size_t count);

#endif
