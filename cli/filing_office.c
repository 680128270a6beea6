/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/filing_office.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"
#include "trail/sha256.h"

#define PASSWORD_MAX 1024

int frt_office_enter(struct frt_office *office)
{
    const struct passwd *self = office->login ? NULL : getpwuid(getuid());
    const char *name = office->login ? office->login : self ? self->pw_name : NULL;

    office->conf = frt_cli_conf(office->conf_path);
    if (!office->conf)
        return FRT_EXIT_USAGE;
    if (!name || strlen(name) >= sizeof(office->name)) {
        fputs("frt: --login: expected your login name in the directory\n", stderr);
        return FRT_EXIT_USAGE;
    }
    strcpy(office->name, name);
    if (!office->documents)
        office->documents = FRT_DOCUMENTS_PATH;
    return 0;
}

int frt_office_may_file(const struct frt_office *office)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_DECIDE);
    struct frt_answer answer;
    int r, code = 0;

    ask.action = FRT_ACTION_FILE;
    if (!frt_cli_set(ask.user, sizeof(ask.user), "--login", office->name))
        return FRT_EXIT_USAGE;
    r = frt_client_ask_once(office->conf->socket, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer);
    if (r < 0) {
        fprintf(stderr, "frt: frtd does not answer at %s: %s. Nothing was filed.\n", office->conf->socket,
                strerror(-r));
        return FRT_EXIT_UNREACHABLE;
    }
    if (answer.verdict != FRT_VERDICT_ALLOW) {
        fprintf(stderr, "frt: refused; nothing was filed. %s\n", answer.message);
        if (answer.rule[0])
            fprintf(stderr, "Rule %s: %s\n", answer.rule, answer.citation);
        if (answer.decision >= 0)
            fprintf(stderr, "Decision %lld. Ask: %s\n", (long long)answer.decision, answer.contact);
        code = FRT_EXIT_NO;
    }
    frt_answer_clear(&answer);
    return code;
}

/* ---- password ---- */

static bool take_line(int fd, char buffer[PASSWORD_MAX])
{
    size_t used = 0;

    while (used + 1 < PASSWORD_MAX) {
        ssize_t n = read(fd, buffer + used, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || buffer[used] == '\n')
            break;
        used++;
    }
    buffer[used] = '\0';
    return used > 0 && used + 1 < PASSWORD_MAX;
}

static bool ask_password(const char *name, char buffer[PASSWORD_MAX])
{
    frt_auto_close int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    bool given;

    if (fd < 0 || tcgetattr(fd, &before) < 0) {
        fputs("frt: there is no terminal to ask for your password on; use --password-file FILE (mode 0600)\n",
              stderr);
        return false;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    tcsetattr(fd, TCSAFLUSH,
              &silent); /* first: what is typed ahead is dropped, an answer to the question is not */
    dprintf(fd, "Directory password of %s: ", name);
    given = take_line(fd, buffer);
    tcsetattr(fd, TCSAFLUSH, &before);
    dprintf(fd, "\n");
    if (!given)
        fputs("frt: no password was given\n", stderr);
    return given;
}

static bool read_password(const char *path, char buffer[PASSWORD_MAX])
{
    size_t length = 0;
    char *bytes = NULL;
    const char *what = "";
    int r = frt_file_read(path, FRT_FILE_SECRET, PASSWORD_MAX - 1, &bytes, &length, &what);
    bool good;

    if (r < 0) {
        fprintf(stderr, "frt: --password-file: %s (%s)\n", what, strerror(-r));
        return false;
    }
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    good = length > 0 && !memchr(bytes, '\0', length) && !memchr(bytes, '\n', length);
    if (good)
        memcpy(buffer, bytes, length);
    buffer[good ? length : 0] = '\0';
    explicit_bzero(bytes, length);
    free(bytes);
    if (!good)
        fputs("frt: --password-file: expected one line with the password\n", stderr);
    return good;
}

int frt_office_open(struct frt_office *office)
{
    char password[PASSWORD_MAX] = "";
    struct frt_trouble trouble = {0};
    int r;

    if (!office->external && !(office->password_file ? read_password(office->password_file, password)
                                                     : ask_password(office->name, password)))
        return FRT_EXIT_USAGE;
    r = frt_filing_open(office->conf, office->name, office->external ? NULL : password, &office->filing,
                        &trouble);
    explicit_bzero(password, sizeof(password));
    if (r == 0)
        return 0;
    fprintf(stderr, "frt: the directory: %s\n", trouble.text);
    return trouble.state == FRT_REPLICA_REFUSED ? FRT_EXIT_NO : FRT_EXIT_UNREACHABLE;
}

void frt_office_leave(struct frt_office *office)
{
    frt_filing_close(office->filing);
    frt_conf_free(office->conf);
    office->filing = NULL;
    office->conf = NULL;
}

int frt_office_explain(int result, const char *what, const struct frt_trouble *trouble)
{
    switch (result) {
    case 0:
        return FRT_EXIT_YES;
    case FRT_FILING_E_EXISTS:
        fprintf(stderr, "frt: %s: that is already there; nothing was written\n", what);
        return FRT_EXIT_NO;
    case FRT_FILING_E_ABSENT:
        fprintf(stderr, "frt: %s: there is none that you may see (you see what you filed yourself)\n", what);
        return FRT_EXIT_NO;
    case FRT_FILING_E_REFUSED:
        fprintf(stderr,
                "frt: %s: the directory refuses it: %s\nWho may file is listed in cn=request-office; a "
                "person with a role in the "
                "city files nothing.\n",
                what, trouble->text);
        return FRT_EXIT_NO;
    case -ENOTCONN:
        fprintf(stderr, "frt: %s: %s\n", what, trouble->text);
        return FRT_EXIT_UNREACHABLE;
    default:
        fprintf(stderr, "frt: %s: %s\n", what, result < 0 ? strerror(-result) : "failed");
        return FRT_EXIT_USAGE;
    }
}

/* ---- documents ---- */

int frt_office_read(const char *path, char **ret_bytes, size_t *ret_length)
{
    const char *what = "";
    int r = frt_file_read(path, FRT_FILE_ANY, FRT_DOCUMENT_MAX, ret_bytes, ret_length, &what);

    if (r == 0 && *ret_length > 0)
        return 0;
    if (r == 0) {
        free(*ret_bytes);
        what = "is empty; expected the written document";
    }
    fprintf(stderr, "frt: document: %s%s%s%s\n", what, r < 0 ? " (" : "", r < 0 ? strerror(-r) : "",
            r < 0 ? ")" : "");
    return -1;
}

bool frt_office_hash(const char *bytes, size_t length, char hex[65])
{
    uint8_t hash[FRT_HASH_SIZE];
    struct frt_sha256 hasher;
    bool good;

    if (frt_sha256_init(&hasher) < 0)
        return false;
    frt_sha256_digest(&hasher, bytes, length, hash);
    good = !hasher.failed;
    frt_sha256_clear(&hasher);
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    return good;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return fsync(fd) == 0;
}

static int cannot_keep(const char *documents)
{
    char shown[512];

    frt_percent_encode(documents, strlen(documents), shown, sizeof(shown));
    fprintf(stderr,
            "frt: document: cannot be kept in %s: %s. Name a folder you may write in: --documents DIR. "
            "Nothing was filed.\n",
            shown, strerror(errno));
    return -1;
}

int frt_office_keep(const struct frt_office *office, const char *bytes, size_t length, const char *hex,
                    bool *ret_is_new)
{
    char path[4200], fresh[4230];
    frt_auto_close int fd = -1;

    *ret_is_new = false;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", office->documents, hex) >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return cannot_keep(office->documents);
    }
    if (access(path, F_OK) == 0)
        return 0;
    snprintf(fresh, sizeof(fresh), "%s.%d.new", path, getpid());
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return cannot_keep(office->documents);
    if (!write_all(fd, bytes, length) || rename(fresh, path) < 0) {
        int r = cannot_keep(office->documents);

        unlink(fresh);
        return r;
    }
    *ret_is_new = true;
    return 0;
}

static bool compare_one(const char *what, const char *path, const char *filed_hex)
{
    frt_auto_free char *bytes = NULL;
    size_t length = 0;
    char hex[65];

    if (frt_office_read(path, &bytes, &length) < 0) {
        bytes = NULL;
        return false;
    }
    if (frt_office_hash(bytes, length, hex) && strcmp(hex, filed_hex) == 0) {
        printf("%s: is the document that was filed\n", what);
        return true;
    }
    printf("%s: IS NOT the document that was filed\n  filed  sha256 %s\n  this   sha256 %s\n", what,
           filed_hex, hex);
    return false;
}

bool frt_office_compare(const struct frt_office *office, const char *filed_hex, const char *file)
{
    bool same = true;
    char path[4200];

    if (strspn(filed_hex, "0123456789abcdef") != 64 || strlen(filed_hex) != 64) {
        puts("document: none was filed");
        return !file;
    }
    if (file)
        same = compare_one("document", file, filed_hex);
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", office->documents, filed_hex) < sizeof(path) &&
        access(path, F_OK) == 0)
        same &= compare_one("kept copy", path, filed_hex);
    return same;
}
