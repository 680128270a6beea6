/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/journal.h"
#include "trail/checkpoint.h"

#define HOST_KEY_NAME "host"
#define NEW_NAME      "checkpoint.new"

static int read_key(const char *path, struct frt_key_pair *ret_key)
{
    frt_auto_free char *seed = NULL;
    const char *what;
    size_t length;
    int r = frt_file_read(path, FRT_FILE_SECRET, FRT_KEY_SIZE, &seed, &length, &what);

    if (r < 0)
        return r;
    r = length == FRT_KEY_SIZE ? frt_key_pair_from_seed((const uint8_t *)seed, ret_key) : -EBADMSG;
    explicit_bzero(seed, length);
    return r;
}

static int make_key(const char *path, struct frt_key_pair *ret_key)
{
    frt_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : frt_key_pair_make(ret_key);

    if (r < 0)
        return r;
    return write(fd, ret_key->seed, FRT_KEY_SIZE) == FRT_KEY_SIZE && fsync(fd) == 0 ? 0 : -EIO;
}

/* Written beside and renamed over: whoever fetches it sees an old one or a new one. */
static int replace(const char *log_dir, const char *name, const char *text, size_t length)
{
    frt_auto_close int dir = open(log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;

    if (dir < 0 || (unlinkat(dir, NEW_NAME, 0) < 0 && errno != ENOENT))
        return -errno;
    fd = openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    if (write(fd, text, length) != (ssize_t)length)
        return -ENOSPC;
    return fsync(fd) < 0 || renameat(dir, NEW_NAME, dir, name) < 0 || fsync(dir) < 0 ? -errno : 0;
}

int frt_publish_open(struct frt_daemon *daemon)
{
    frt_auto_free char *path = NULL;
    char line[FRT_VKEY_MAX + 2];
    int r;

    if (asprintf(&path, "%s/" HOST_KEY_NAME, daemon->conf->key_dir) < 0)
        return -ENOMEM;
    r = read_key(path, &daemon->host_key);
    if (r == -ENOENT)
        r = make_key(path, &daemon->host_key);
    if (r == 0)
        r = frt_vkey_format(daemon->conf->origin, FRT_VKEY_ED25519, daemon->host_key.public_key,
                            daemon->host_vkey);
    if (r == 0)
        r = replace(daemon->conf->log_dir, "host.vkey", line,
                    (size_t)snprintf(line, sizeof(line), "%s\n", daemon->host_vkey));
    if (r < 0)
        frt_journal(
            LOG_ERR,
            "%s: the key that signs checkpoints cannot be used: %s. It must be 32 bytes, mode 0600, frtd's "
            "own; removed, it is made anew, and whoever keeps checkpoints needs the new host.vkey",
            path, strerror(-r));
    return r;
}

void frt_publish_checkpoint(struct frt_daemon *daemon)
{
    struct frt_checkpoint checkpoint = {.size = frt_trail_record_count(daemon->trail)};
    char note[FRT_ORIGIN_MAX * 2 + 512];
    long length;
    int r;

    daemon->published_ms = frt_mono_ms();
    if (checkpoint.size == daemon->published || !frt_trail_is_writable(daemon->trail))
        return;
    snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s", daemon->conf->origin);
    r = frt_trail_root(daemon->trail, checkpoint.root);
    length = r < 0 ? r : frt_checkpoint_sign(&checkpoint, &daemon->host_key, note, sizeof(note));
    r = length < 0 ? (int)length : replace(daemon->conf->log_dir, "checkpoint", note, (size_t)length);
    if (r < 0)
        frt_journal(LOG_WARNING, "%s/checkpoint cannot be written: %s", daemon->conf->log_dir, strerror(-r));
    else
        daemon->published = checkpoint.size;
}
