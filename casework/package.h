/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Evidence packages (domain 3.4): a folder that stands on its own. The chain is copied whole, so that frt verify, or the
 * independent verifier, proves it on a machine that has never seen us; MANIFEST.sha256 names every file (sha256sum -c reads
 * it) and may carry a detached Ed25519 signature.
 *
 *     README.txt verification.txt gaps.txt records.jsonl records.csv MANIFEST.sha256 [MANIFEST.sha256.sig]
 *     chain/log/ (segments, pk0)  chain/proofs.txt  [chain/signer.pem]
 *     queries/Q01-... .txt .json  policy/  catalogue/ (tools.ldif, changes.csv)
 *     directory/ (as given, role-changes.csv, roles-at-start.csv, roles-at-end.csv)
 *     requests/ (ID.ldif with its authority, documents.csv, documents/SHA256): of the period, or named by its decisions
 *
 * Public releases (domain 3.6) are made by casework/release.h and share the writing below.
 */
#ifndef FRT_CASEWORK_PACKAGE_H
#define FRT_CASEWORK_PACKAGE_H

#include "casework/desk.h"

#define FRT_PACKAGE_ERROR_MAX 1024

struct frt_package; /* opaque: the folder being written, and the files in it so far */

struct frt_package_options {
    const char *out;     /* made; must not be there yet, or be empty */
    const char *log_dir; /* the desk's */
    const char *const *ldif;
    const char *policy;    /* file to put beside, NULL: none */
    const char *documents; /* folder of kept documents, NULL: none */
    const char *sign_key;  /* PEM of an Ed25519 private key, NULL: no signature */
    const char *query;     /* as typed */
    const char *who;       /* who exports, for README.txt */
};

/* Makes the folder (mode 0700). 0 or a negative errno with `error`. */
int frt_package_begin(const char *out, struct frt_package **ret_package, char error[FRT_PACKAGE_ERROR_MAX]);
/* Opens a file in it for writing (mode 0600), folders included; NULL after noting the failure. Give it back to _close. */
FILE *frt_package_open(struct frt_package *package, const char *path);
void frt_package_close(struct frt_package *package, FILE *file);
/* Writes MANIFEST.sha256 over all files and signs it. 0 or a negative errno with `error`: then the package is not complete. */
int frt_package_finish(struct frt_package *package, const char *sign_key, char error[FRT_PACKAGE_ERROR_MAX]);
void frt_package_free(struct frt_package *package);

/* Writes a whole evidence package. 0 or a negative errno with `error`. */
int frt_package_export(const struct frt_desk *desk, const struct frt_package_options *options,
                       char error[FRT_PACKAGE_ERROR_MAX]);

struct frt_package_check {
    bool is_package; /* there is a MANIFEST.sha256 */
    size_t files, bad;
    char what[512]; /* the first thing that is wrong */
    bool is_signed, is_signature_good;
    char signer[65]; /* public key, hex */
    bool has_records;
    uint64_t records, foreign; /* lines of records.jsonl; those that are not in the chain byte for byte */
};

/* Checks everything about a package but its chain (trail/verify.h on chain/log does that): each file against the manifest, no
 * file beside it, the signature, records.jsonl against the chain. 0 when it could be looked at; `bad` counts what is wrong. */
int frt_package_verify(const char *path, struct frt_package_check *ret_check);

#endif
