/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "casework/package_parts.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "trail/encoding.h"

#define MANIFEST_MAX (16 * 1024 * 1024)

static void bad(struct frt_package_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void bad(struct frt_package_check *check, const char *format, ...)
{
    va_list list;

    if (check->bad++ > 0)
        return;
    va_start(list, format);
    vsnprintf(check->what, sizeof(check->what), format, list);
    va_end(list);
}

/* No way out of the folder, no empty steps. */
static bool is_plain(const char *path)
{
    return path[0] != '\0' && path[0] != '/' && !strstr(path, "..") && !strstr(path, "//");
}

static void check_line(const char *root, const char *line, struct frt_package_check *check)
{
    char full[4096], hex[65];

    if (strlen(line) < 67 || line[64] != ' ' || line[65] != ' ' || !is_plain(line + 66)) {
        bad(check, "MANIFEST.sha256: a line that is no \"SHA-256  path\"");
        return;
    }
    check->files++;
    snprintf(full, sizeof(full), "%s/%s", root, line + 66);
    if (frt_file_digest(full, hex) < 0)
        bad(check, "%s is missing", line + 66);
    else if (strncmp(hex, line, 64) != 0)
        bad(check, "%s is not the file the manifest names", line + 66);
}

/* nftw(3) takes no argument along. */
static _Thread_local size_t files_found;

static int count_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)path;
    (void)where;
    files_found += type != FTW_D || !S_ISDIR(status->st_mode);
    return 0;
}

static size_t count_files(const char *root)
{
    files_found = 0;
    return nftw(root, count_file, 16, FTW_PHYS) < 0 ? 0 : files_found;
}

/* An Ed25519 key as RFC 8410 writes it: fixed bytes, then the key. */
static bool read_signer(const char *root, uint8_t ret_key[FRT_KEY_SIZE])
{
    static const uint8_t algorithm[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0};
    char path[4096], *name = NULL, *header = NULL;
    uint8_t *bytes = NULL;
    long length = 0;
    bool ok;
    FILE *file;

    snprintf(path, sizeof(path), "%s/chain/signer.pem", root);
    file = fopen(path, "re");
    if (!file)
        return false;
    ok = PEM_read(file, &name, &header, &bytes, &length) == 1 && strcmp(name, PEM_STRING_PUBLIC) == 0 &&
         length == sizeof(algorithm) + FRT_KEY_SIZE && memcmp(bytes, algorithm, sizeof(algorithm)) == 0;
    if (ok)
        memcpy(ret_key, bytes + sizeof(algorithm), FRT_KEY_SIZE);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    fclose(file);
    return ok;
}

static void check_signature(const char *root, const char *manifest, size_t length,
                            struct frt_package_check *check)
{
    char path[4096];
    frt_auto_free char *signature = NULL;
    const char *what;
    size_t size = 0;
    uint8_t key[FRT_KEY_SIZE];

    snprintf(path, sizeof(path), "%s/MANIFEST.sha256.sig", root);
    check->is_signed = frt_file_read(path, FRT_FILE_ANY, 4096, &signature, &size, &what) != -ENOENT;
    snprintf(path, sizeof(path), "%s/chain/signer.pem", root);
    if (!check->is_signed) {
        if (access(path, F_OK) == 0)
            bad(check, "MANIFEST.sha256.sig is missing, though chain/signer.pem says it was signed");
        return;
    }
    if (read_signer(root, key)) {
        frt_hex_format(key, FRT_KEY_SIZE, check->signer);
        check->is_signature_good = size == FRT_SIGNATURE_SIZE && signature &&
                                   frt_ed25519_is_valid(key, manifest, length, (const uint8_t *)signature);
    }
    if (!check->is_signature_good)
        bad(check, "MANIFEST.sha256.sig is no signature of the manifest by chain/signer.pem");
}

struct comparison {
    FILE *lines;
    char *line;
    size_t room;
    ssize_t length; /* of the line that waits; 0: none left */
    uint64_t matched;
};

static void next_line(struct comparison *comparison)
{
    comparison->length = getline(&comparison->line, &comparison->room, comparison->lines);
    if (comparison->length < 0)
        comparison->length = 0;
}

/* Lines stand in the order of the chain, so one pass over both is enough. */
static int compare(void *arg, const struct frt_trail_entry *entry)
{
    struct comparison *comparison = arg;

    if (comparison->length == 0)
        return 1;
    if ((size_t)comparison->length == entry->record->length + 1 && entry->is_sealed &&
        memcmp(comparison->line, entry->record->line, entry->record->length) == 0) {
        comparison->matched++;
        next_line(comparison);
    }
    return 0;
}

static void check_records(const char *root, struct frt_package_check *check)
{
    struct comparison comparison = {.line = NULL};
    char path[4096];

    snprintf(path, sizeof(path), "%s/records.jsonl", root);
    comparison.lines = fopen(path, "re");
    if (!comparison.lines)
        return;
    check->has_records = true;
    snprintf(path, sizeof(path), "%s/chain/log", root);
    next_line(&comparison);
    if (frt_trail_read(path, 0, compare, &comparison, NULL) < 0)
        bad(check, "chain/log cannot be read");
    for (; comparison.length > 0; next_line(&comparison))
        check->foreign++;
    check->records = comparison.matched + check->foreign;
    if (check->foreign > 0)
        bad(check, "records.jsonl: %" PRIu64 " lines from line %" PRIu64 " on are not in the chain",
            check->foreign, comparison.matched + 1);
    free(comparison.line);
    fclose(comparison.lines);
}

int frt_package_verify(const char *root, struct frt_package_check *ret_check)
{
    frt_auto_free char *manifest = NULL, *copy = NULL;
    const char *what;
    char path[4096], *rest, *line;
    size_t length, beside = 1;
    int r;

    memset(ret_check, 0, sizeof(*ret_check));
    snprintf(path, sizeof(path), "%s/MANIFEST.sha256", root);
    r = frt_file_read(path, FRT_FILE_ANY, MANIFEST_MAX, &manifest, &length, &what);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    ret_check->is_package = true;
    rest = copy = strdup(manifest);
    if (!copy)
        return -ENOMEM;
    if (length == 0 || strlen(manifest) != length || manifest[length - 1] != '\n')
        bad(ret_check, "MANIFEST.sha256 does not end as it must");
    while ((line = strsep(&rest, "\n")) && (*line || rest))
        check_line(root, line, ret_check);
    check_signature(root, manifest, length, ret_check);
    beside += ret_check->is_signed;
    if (count_files(root) != ret_check->files + beside)
        bad(ret_check, "there are files the manifest does not name");
    check_records(root, ret_check);
    return 0;
}
