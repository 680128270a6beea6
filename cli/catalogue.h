/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The catalogue of tools, asked of frtd page by page and put together again; and a copy on disk for the moments when frtd is away.
 */
#ifndef FRT_CLI_CATALOGUE_H
#define FRT_CLI_CATALOGUE_H

#include <jansson.h>

#define FRT_CATALOGUE_COPY "/var/lib/frt/catalogue.json"

/* An array of tools as daemon/describe_catalogue.h describes them, each once. NULL after a message on stderr; `ret_exit` says how
 * to exit. The caller decrefs. */
json_t *frt_cli_catalogue(const char *conf_path, int *ret_exit);

/* The copy: written whole, then renamed; read only when root wrote it and nobody else can. Writing is best effort (0 or a
 * negative errno); reading gives NULL when there is none to be trusted. */
int frt_cli_catalogue_keep(const char *path, const json_t *tools);
json_t *frt_cli_catalogue_kept(const char *path);

/* Tool called `name`: its whole id, or the part before the first '-'. NULL: none. Borrowed. */
const json_t *frt_cli_catalogue_find(const json_t *tools, const char *name);

/* The values of one kind of mark ("path", "package", ...); NULL or empty: none. Borrowed. */
const json_t *frt_cli_marks(const json_t *tool, const char *kind);

/* Writes `object` to `path` by way of a fresh file beside it that is synced and renamed. 0 or a negative errno. */
int frt_cli_write_json(const char *path, const json_t *object, unsigned mode);

#endif
