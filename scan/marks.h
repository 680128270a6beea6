/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a scan looks for: the catalogue's marks, sorted for looking up. Pure: nothing here touches a file.
 *
 *     frt_scan_marks_new(&marks);
 *     frt_scan_marks_add(marks, FRT_SCAN_DIGEST, "T04-facedetect", "2334...") ...
 *     frt_scan_marks_finish(marks);
 *     frt_scan_match_name(marks, "/usr/bin/x", false, &match)
 */
#ifndef FRT_SCAN_MARKS_H
#define FRT_SCAN_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum frt_scan_kind {
    FRT_SCAN_PATH,    /* absolute; a directory stands for everything below it */
    FRT_SCAN_PATTERN, /* absolute, fnmatch(3) with FNM_PATHNAME */
    FRT_SCAN_MODEL,   /* base name of a data file, or a pattern of one */
    FRT_SCAN_DIGEST,  /* SHA-256, 64 hex digits */
    FRT_SCAN_SIZE,    /* length of a file with one of the tool's digests */
    FRT_SCAN_PACKAGE, /* "deb:digikam", "pypi:deepface", "npm:@vladmandic/human" */
    FRT_SCAN_KIND_END,
};

struct frt_scan_marks; /* opaque */

struct frt_scan_match {
    enum frt_scan_kind kind;
    const char *tool; /* id; borrowed from the marks, like `mark` */
    const char *mark; /* the value that matched */
};

int frt_scan_marks_new(struct frt_scan_marks **ret_marks);
void frt_scan_marks_free(struct frt_scan_marks *marks);

/* 0, -EINVAL (not what this kind looks like; left out), -ENOMEM. Both texts are copied. */
int frt_scan_marks_add(struct frt_scan_marks *marks, enum frt_scan_kind kind, const char *tool,
                       const char *text);
void frt_scan_marks_finish(struct frt_scan_marks *marks); /* sorts; after the last add, before any match */

/* By path, pattern, or (files only) model file name, in this order. */
bool frt_scan_match_name(const struct frt_scan_marks *marks, const char *path, bool is_directory,
                         struct frt_scan_match *ret_match);

/* True when the contents of such a file might be catalogued: its size is one of the catalogue's. Tools that state digests and
 * no sizes are looked for among programs (any execute bit), libraries (.so in the name) and files that are called like a
 * catalogued one; to look into every file for them would be to read every disk whole. */
bool frt_scan_wants_contents(const struct frt_scan_marks *marks, const char *path, mode_t mode,
                             uint64_t size);

bool frt_scan_match_digest(const struct frt_scan_marks *marks, const uint8_t sha256[32],
                           struct frt_scan_match *ret_match);

/* `system` is "pypi", "npm", ...; `name` as that system writes it, normalised (scan/packages.h). */
bool frt_scan_match_package(const struct frt_scan_marks *marks, const char *system, const char *name,
                            struct frt_scan_match *ret_match);

/* Every package of one system, for databases that are asked by name: calls `visit` with the mark. */
struct frt_scan_package_visitor {
    void (*visit)(const struct frt_scan_match *match, const char *name, void *arg);
    void *arg;
};
void frt_scan_each_package(const struct frt_scan_marks *marks, const char *system,
                           const struct frt_scan_package_visitor *visitor);

#endif
