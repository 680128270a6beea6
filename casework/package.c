/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "casework/package_parts.h"
#include "support/cleanup.h"
#include "trail/encoding.h"

#define PATH_MAX_HERE 4096

struct frt_package {
    char *root;
    char **paths;
    size_t count, room;
    int failure;
    char failed[512];
};

int frt_package_begin(const char *out, struct frt_package **ret_package, char error[FRT_PACKAGE_ERROR_MAX])
{
    struct frt_package *package = calloc(1, sizeof(*package));

    if (!package || !(package->root = strdup(out))) {
        free(package);
        snprintf(error, FRT_PACKAGE_ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    if (mkdir(out, 0700) < 0 && (errno != EEXIST || rmdir(out) < 0 || mkdir(out, 0700) < 0)) {
        int r = -errno;

        snprintf(error, FRT_PACKAGE_ERROR_MAX,
                 "%s: %s: expected a folder that does not exist yet, or an empty one", out, strerror(errno));
        frt_package_free(package);
        return r;
    }
    *ret_package = package;
    return 0;
}

void frt_package_free(struct frt_package *package)
{
    if (!package)
        return;
    for (size_t i = 0; i < package->count; i++)
        free(package->paths[i]);
    free(package->paths);
    free(package->root);
    free(package);
}

static void fail(struct frt_package *package, const char *path, int error)
{
    if (package->failure)
        return;
    package->failure = error;
    snprintf(package->failed, sizeof(package->failed), "%s/%s: %s", package->root, path, strerror(-error));
}

static int full_path(const struct frt_package *package, const char *path, char full[PATH_MAX_HERE])
{
    int n = snprintf(full, PATH_MAX_HERE, "%s/%s", package->root, path);

    return n < 0 || n >= PATH_MAX_HERE ? -ENAMETOOLONG : 0;
}

/* Makes the folders above a file. */
static int make_folders(char *full, size_t from)
{
    for (char *slash = strchr(full + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(full, 0700) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int remember(struct frt_package *package, const char *path)
{
    if (package->count == package->room) {
        size_t room = package->room ? package->room * 2 : 64;
        char **paths = realloc(package->paths, room * sizeof(*paths));

        if (!paths)
            return -ENOMEM;
        package->paths = paths;
        package->room = room;
    }
    package->paths[package->count] = strdup(path);
    return package->paths[package->count++] ? 0 : -ENOMEM;
}

FILE *frt_package_open(struct frt_package *package, const char *path)
{
    char full[PATH_MAX_HERE];
    FILE *file = NULL;
    int fd, r = full_path(package, path, full);

    if (r == 0)
        r = make_folders(full, strlen(package->root) + 1);
    if (r == 0) {
        fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        file = fd < 0 ? NULL : fdopen(fd, "w");
        r = file ? remember(package, path) : -errno;
    }
    if (r < 0)
        fail(package, path, r);
    return file;
}

void frt_package_close(struct frt_package *package, FILE *file)
{
    bool bad;

    if (!file)
        return;
    bad = ferror(file);
    errno = 0;
    if (fclose(file) != 0 || bad)
        fail(package, "(writing)", errno ? -errno : -EIO);
}

void frt_package_fail(struct frt_package *package, const char *what, int error)
{
    fail(package, what, error);
}

int frt_file_digest(const char *path, char hex[65])
{
    frt_auto_fclose FILE *file = fopen(path, "re");
    struct frt_sha256 hasher;
    uint8_t hash[FRT_HASH_SIZE];
    char buffer[65536];
    size_t n;
    int r;

    if (!file)
        return -errno;
    r = frt_sha256_init(&hasher);
    if (r < 0)
        return r;
    frt_sha256_begin(&hasher);
    while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
        frt_sha256_add(&hasher, buffer, n);
    frt_sha256_end(&hasher, hash);
    r = ferror(file) || hasher.failed ? -EIO : 0;
    frt_sha256_clear(&hasher);
    frt_hex_format(hash, sizeof(hash), hex);
    return r;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int write_manifest(struct frt_package *package, char **ret_text, size_t *ret_length)
{
    FILE *memory = open_memstream(ret_text, ret_length);
    char full[PATH_MAX_HERE], hex[65];
    int r = memory ? 0 : -ENOMEM;

    qsort(package->paths, package->count, sizeof(*package->paths), compare_paths);
    for (size_t i = 0; r == 0 && i < package->count; i++) {
        r = full_path(package, package->paths[i], full);
        if (r == 0)
            r = frt_file_digest(full, hex);
        if (r == 0)
            fprintf(memory, "%s  %s\n", hex, package->paths[i]);
        else
            fail(package, package->paths[i], r);
    }
    if (memory && fclose(memory) != 0 && r == 0)
        r = -ENOMEM;
    return r;
}

static EVP_PKEY *read_sign_key(const char *path)
{
    frt_auto_fclose FILE *file = fopen(path, "re");
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

    if (key && EVP_PKEY_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static int sign_manifest(struct frt_package *package, EVP_PKEY *key, const char *text, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[FRT_SIGNATURE_SIZE];
    size_t size = sizeof(signature);
    char full[PATH_MAX_HERE];
    FILE *file = NULL;
    int r = -EIO;

    if (context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestSign(context, signature, &size, (const unsigned char *)text, length) == 1 &&
        size == sizeof(signature) && full_path(package, "MANIFEST.sha256.sig", full) == 0 &&
        (file = fopen(full, "wxe")) && fwrite(signature, 1, size, file) == size)
        r = 0;
    if (file && fclose(file) != 0)
        r = -EIO;
    EVP_MD_CTX_free(context);
    return r;
}

/* The signer's public key goes in as a file like any other, so it is made before the manifest. */
static void add_signer(struct frt_package *package, EVP_PKEY *key)
{
    FILE *file = frt_package_open(package, "chain/signer.pem");

    if (file && PEM_write_PUBKEY(file, key) != 1)
        fail(package, "chain/signer.pem", -EIO);
    frt_package_close(package, file);
}

int frt_package_finish(struct frt_package *package, const char *sign_key, char error[FRT_PACKAGE_ERROR_MAX])
{
    EVP_PKEY *key = sign_key ? read_sign_key(sign_key) : NULL;
    frt_auto_free char *text = NULL;
    size_t length = 0;
    FILE *file;

    if (sign_key && !key) {
        snprintf(error, FRT_PACKAGE_ERROR_MAX,
                 "%s: expected the PEM of an Ed25519 private key (openssl genpkey -algorithm ed25519)",
                 sign_key);
        return -EINVAL;
    }
    if (key)
        add_signer(package, key);
    if (!package->failure && write_manifest(package, &text, &length) == 0) {
        file = frt_package_open(package, "MANIFEST.sha256");
        if (file)
            fwrite(text, 1, length, file);
        frt_package_close(package, file);
        if (key && sign_manifest(package, key, text, length) < 0)
            fail(package, "MANIFEST.sha256.sig", -EIO);
    }
    EVP_PKEY_free(key);
    if (package->failure)
        snprintf(error, FRT_PACKAGE_ERROR_MAX, "%s", package->failed);
    return package->failure;
}
