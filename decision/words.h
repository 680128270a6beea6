/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Facts in plain words, for counter-examples and explanations.
 */
#ifndef FRT_DECISION_WORDS_H
#define FRT_DECISION_WORDS_H

#include "decision/facts.h"

#define FRT_FACTS_WORDS_MAX 1024

/* "an elected city official, agency kind none, not a named operator; exec of a face-surveillance tool
 * (recognition, matched by path) on a city host (shared); no written request; ...". Always NUL-terminated. */
void frt_facts_describe(const struct frt_facts *facts, char buffer[FRT_FACTS_WORDS_MAX]);

#endif
