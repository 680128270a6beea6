/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The time decisions are made at. Validity is judged by the later of the real time and the latest time
 * already recorded, so that setting the clock back cannot revive what has ended (sudo CVE-2013-1775). More
 * than two minutes back is a fact (FRT_CLOCK_WENT_BACK) that denies what depends on time.
 */
#ifndef FRT_DAEMON_CLOCK_H
#define FRT_DAEMON_CLOCK_H

#include "decision/facts.h"

#define FRT_CLOCK_BACK_MAX_S 120
#define FRT_CLOCK_STEP_S     2

struct frt_clock {
    int64_t high_water_us; /* latest recorded UTC time */
    int64_t last_real_us, last_boot_us;
};

void frt_clock_init(struct frt_clock *clock, int64_t recorded_us);

/* Reads both clocks. Returns by how many microseconds the real time stepped against CLOCK_BOOTTIME since the
 * last call; 0 when it did not step by more than FRT_CLOCK_STEP_S. */
int64_t frt_clock_tick(struct frt_clock *clock);

/* Milliseconds since the machine started, time asleep included (CLOCK_BOOTTIME): what a view's age is reckoned in, so that a
 * laptop that slept a night does not wake with a fresh one. */
int64_t frt_boot_ms(void);

int64_t frt_clock_now_s(const struct frt_clock *clock); /* for validity */
enum frt_clock_state frt_clock_state(const struct frt_clock *clock);

#endif
