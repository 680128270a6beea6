/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names of packages, read from what package managers leave on disk. The bytes are anybody's. Pure.
 */
#ifndef FRT_SCAN_PACKAGES_H
#define FRT_SCAN_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

#define FRT_SCAN_NAME_MAX      256
#define FRT_SCAN_PACKAGE_BYTES (1u << 20) /* a larger METADATA or package.json is read this far */

enum frt_scan_manifest {
    FRT_SCAN_NO_MANIFEST,
    FRT_SCAN_PYTHON, /* *.dist-info/METADATA, *.egg-info/PKG-INFO, *.egg-info (PEP 376, 566) */
    FRT_SCAN_NODE,   /* package.json */
};

/* Which kind of manifest a file is, by its path. */
enum frt_scan_manifest frt_scan_manifest_of(const char *path);

/* The name a manifest gives, normalised for frt_scan_match_package. False: it gives none that could be one. */
bool frt_scan_manifest_name(enum frt_scan_manifest manifest, const char *bytes, size_t length,
                            char ret_name[FRT_SCAN_NAME_MAX]);

/* "pypi" or "npm". */
const char *frt_scan_manifest_system(enum frt_scan_manifest manifest);

/* PEP 503: lower case, runs of - _ . become one -. In place. */
void frt_scan_normalise_python(char *name);

#endif
