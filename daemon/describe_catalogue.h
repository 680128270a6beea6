/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The catalogue as this frtd holds it, for people, scans and locks: everybody may know what is catalogued (the law is
 * public, and `frt check` tells as much).
 *
 * It goes out in pages, since an answer is bounded. A page begins at `cursor` ("" at first) and its "next" is the cursor of
 * the one after it, absent on the last; a tool with many marks stands on several pages, each with its part of them.
 */
#ifndef FRT_DAEMON_DESCRIBE_CATALOGUE_H
#define FRT_DAEMON_DESCRIBE_CATALOGUE_H

#include <jansson.h>

#include "daemon/daemon.h"

/* {"tools": [{"id", "name", "class", "capability", "action", "marks": {"path": [...], ...}}, ...], "next": cursor}. The
 * caller decrefs; NULL: out of memory. */
json_t *frt_describe_catalogue(const struct frt_daemon *daemon, const char *cursor);

#endif
