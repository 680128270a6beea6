/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A second opinion on the Northampton policy with its shipped switches, written from the evaluation order of the domain
 * notes (section 5.5) as plain tests in sequence, without rules, masks or layers. It shares only the fact numbers.
 */
#ifndef FRT_TESTS_DECISION_ORACLE_H
#define FRT_TESTS_DECISION_ORACLE_H

#include "decision/policy.h"

struct oracle_answer {
    enum frt_verdict verdict;
    const char *rule;
    bool document, review, flag_proxy, retain_finding;
};

struct oracle_answer oracle_decide(const struct frt_facts *facts);

#endif
