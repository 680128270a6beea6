/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The controls of pam_frt_faulty.so, found by dlsym(3).
 */
#ifndef FRT_TESTS_PAM_FAULTS_H
#define FRT_TESTS_PAM_FAULTS_H

/* From now on the nth wrapped call fails (0: none by number), and one in `odds` at random (0: none). */
void frt_faults_plan(unsigned nth, unsigned odds, unsigned seed);

/* Wrapped calls since the plan was made. */
unsigned frt_faults_calls(void);

#endif
