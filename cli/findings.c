/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/findings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/catalogue.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"
#include "support/time_text.h"

#define FILE_MAX (64u << 20)

const char *frt_findings_how(enum frt_scan_kind kind)
{
    switch (kind) {
    case FRT_SCAN_PATH:
        return "path";
    case FRT_SCAN_PATTERN:
        return "pattern";
    case FRT_SCAN_MODEL:
        return "model";
    case FRT_SCAN_DIGEST:
        return "digest";
    case FRT_SCAN_SIZE:
        return "size";
    case FRT_SCAN_PACKAGE:
        return "package";
    case FRT_SCAN_KIND_END:
        break;
    }
    return "";
}

int frt_findings_load(struct frt_findings *findings, const char *path)
{
    frt_auto_free char *text = NULL;
    const char *what;
    size_t length;
    json_t *object = NULL;
    int r = frt_file_read(path, FRT_FILE_NOT_WRITABLE, FILE_MAX, &text, &length, &what);

    *findings = (struct frt_findings){0};
    frt_time_format(time(NULL), findings->now);
    if (r == 0)
        object = json_loadb(text, length, 0, NULL);
    if (r != -ENOENT && !json_is_object(json_object_get(object, "findings")))
        fprintf(stderr, "frt: %s: %s; everything found counts as new\n", path,
                r < 0 ? what : "expected what an earlier scan wrote");
    findings->list = json_is_object(json_object_get(object, "findings"))
                         ? json_incref(json_object_get(object, "findings"))
                         : json_object();
    json_decref(object);
    return findings->list ? 0 : -ENOMEM;
}

int frt_findings_save(const struct frt_findings *findings, const char *path)
{
    json_t *object = json_object(), *list = json_deep_copy(findings->list), *finding;
    const char *key;
    int r;

    json_object_foreach(list, key, finding)
    {
        json_object_del(finding, "new");
        json_object_del(finding, "seen");
    }
    json_object_set_new(object, "findings", list);
    r = frt_cli_write_json(path, object, 0644);
    json_decref(object);
    return r;
}

void frt_findings_clear(struct frt_findings *findings)
{
    json_decref(findings->list);
    findings->list = NULL;
}

static void describe(json_t *finding, const struct frt_scan_match *match, const char *path,
                     const struct stat *st, const uint8_t *sha256)
{
    char hex[65];

    json_object_set_new(finding, "tool", json_string(match->tool));
    json_object_set_new(finding, "how", json_string(frt_findings_how(match->kind)));
    json_object_set_new(finding, "mark", json_string(match->mark));
    json_object_set_new(finding, "path", json_string(path));
    if (st) {
        json_object_set_new(finding, "uid", json_integer(st->st_uid));
        json_object_set_new(finding, "dev", json_integer((json_int_t)st->st_dev));
        json_object_set_new(finding, "ino", json_integer((json_int_t)st->st_ino));
    }
    for (size_t i = 0; sha256 && i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
    if (sha256)
        json_object_set_new(finding, "sha256", json_string(hex));
}

json_t *frt_findings_note(struct frt_findings *findings, const struct frt_scan_match *match, const char *path,
                          const struct stat *st, const uint8_t *sha256)
{
    frt_auto_free char *shown = malloc(3 * strlen(path) + 1), *key = NULL;
    json_t *finding;

    if (!shown)
        return NULL;
    frt_percent_encode(path, strlen(path), shown, 3 * strlen(path) + 1);
    if (asprintf(&key, "%s %s %s", match->tool, frt_findings_how(match->kind), shown) < 0)
        return NULL;
    finding = json_object_get(findings->list, key);
    if (!finding) {
        finding = json_object();
        if (json_object_set_new(findings->list, key, finding) < 0)
            return NULL;
        json_object_set_new(finding, "first_seen", json_string(findings->now));
        json_object_set_new(finding, "new", json_true());
        findings->fresh++;
    }
    if (!json_object_get(finding, "seen"))
        findings->found++;
    json_object_set_new(finding, "seen", json_true());
    json_object_set_new(finding, "last_seen", json_string(findings->now));
    describe(finding, match, shown, st, sha256);
    return finding;
}
