/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Setting the clock back revives nothing, and every step is noticed. Both clocks of the machine are replaced (--wrap).
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/clock.h"
#include "support/cleanup.h"

#define S         INT64_C(1000000)
#define MARCH     (INT64_C(1773669600) * S) /* 2026-03-16T14:00:00Z */
#define MINUTE    (60 * S)
#define HOUR      (60 * MINUTE)
#define YEAR      (8766 * HOUR)
#define RECORDED  MARCH
#define GOOD      FRT_CLOCK_GOOD
#define WENT_BACK FRT_CLOCK_WENT_BACK

static int64_t real_us, boot_us;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret_ts);
int __real_clock_gettime(clockid_t id, struct timespec *ret_ts);

int __wrap_clock_gettime(clockid_t id, struct timespec *ret_ts)
{
    int64_t us = id == CLOCK_REALTIME ? real_us : boot_us;

    if (id != CLOCK_REALTIME && id != CLOCK_BOOTTIME)
        return __real_clock_gettime(id, ret_ts);
    *ret_ts = (struct timespec){.tv_sec = us / S, .tv_nsec = us % S * 1000};
    return 0;
}

static struct frt_clock started_at(int64_t real, int64_t recorded)
{
    struct frt_clock clock;

    real_us = real;
    boot_us = 1000 * S;
    frt_clock_init(&clock, recorded);
    return clock;
}

static void pass(int64_t real, int64_t boot)
{
    real_us += real;
    boot_us += boot;
}

/* What frtd finds when it starts: the machine's time against the latest record. */
static const struct {
    const char *given;
    int64_t real, recorded;
    enum frt_clock_state state;
    int64_t now_s;
} starts[] = {
    {"no record yet", MARCH, 0, GOOD, MARCH / S},
    {"a record of a minute ago", MARCH, MARCH - MINUTE, GOOD, MARCH / S},
    {"a record of this instant", MARCH, MARCH, GOOD, MARCH / S},
    {"a second back", MARCH - S, RECORDED, GOOD, RECORDED / S},
    {"120 seconds back", MARCH - 120 * S, RECORDED, GOOD, RECORDED / S},
    {"a microsecond more", MARCH - 120 * S - 1, RECORDED, WENT_BACK, RECORDED / S},
    {"an hour back", MARCH - HOUR, RECORDED, WENT_BACK, RECORDED / S},
    {"1970: no battery", 5 * S, RECORDED, WENT_BACK, RECORDED / S},
    {"ten years on", MARCH + 10 * YEAR, RECORDED, GOOD, (MARCH + 10 * YEAR) / S},
    {"past 2038", INT64_C(2147483648) * S, RECORDED, GOOD, INT64_C(2147483648)},
    {"past 2106", INT64_C(4294967296) * S, RECORDED, GOOD, INT64_C(4294967296)},
};

START_TEST(judges_by_the_later_of_machine_and_trail)
{
    struct frt_clock clock = started_at(starts[_i].real, starts[_i].recorded);

    ck_assert_msg(frt_clock_state(&clock) == starts[_i].state, "%s", starts[_i].given);
    ck_assert_msg(frt_clock_now_s(&clock) == starts[_i].now_s, "%s: %" PRId64, starts[_i].given,
                  frt_clock_now_s(&clock));
}
END_TEST

/* One second of CLOCK_BOOTTIME, during which the real time moves as given. */
static const struct {
    const char *given;
    int64_t real, boot, step;
    enum frt_clock_state state;
} ticks[] = {
    {"an ordinary second", S, S, 0, GOOD},
    {"slewed by ntpd", S + 500, S, 0, GOOD},
    {"two seconds on", 3 * S, S, 0, GOOD},
    {"a microsecond more", 3 * S + 1, S, 2 * S + 1, GOOD},
    {"two seconds back", -S, S, 0, GOOD},
    {"a microsecond more, back", -S - 1, S, -2 * S - 1, GOOD},
    {"an hour on", HOUR, S, HOUR - S, GOOD},
    {"an hour back", -HOUR, S, -HOUR - S, WENT_BACK},
    {"120 seconds back", -120 * S, S, -121 * S, GOOD},
    {"121 seconds back", -121 * S, S, -122 * S, WENT_BACK},
    {"asleep for a night: no step", 8 * HOUR, 8 * HOUR, 0, GOOD},
    {"a clock that stands still for a minute", 0, MINUTE, -MINUTE, GOOD},
};

START_TEST(tells_steps_from_the_passing_of_time)
{
    struct frt_clock clock = started_at(MARCH, MARCH - HOUR);
    int64_t step;

    pass(ticks[_i].real, ticks[_i].boot);
    step = frt_clock_tick(&clock);
    ck_assert_msg(step == ticks[_i].step, "%s: %" PRId64, ticks[_i].given, step);
    ck_assert_msg(frt_clock_state(&clock) == ticks[_i].state, "%s", ticks[_i].given);
}
END_TEST

START_TEST(tells_a_step_once)
{
    struct frt_clock clock = started_at(MARCH, 0);

    pass(HOUR, S);
    ck_assert_int_eq(frt_clock_tick(&clock), HOUR - S);
    pass(S, S);
    ck_assert_int_eq(frt_clock_tick(&clock), 0);
}
END_TEST

/* sudo CVE-2013-1775: what had ended must not be in force again. */
START_TEST(validity_never_runs_backwards)
{
    struct frt_clock clock = started_at(MARCH, 0);
    int64_t before = frt_clock_now_s(&clock);

    srandom(1);
    for (int i = 0; i < 20000; i++) {
        pass((random() % 2000 - 1000) * S, S);
        frt_clock_tick(&clock);
        ck_assert_int_ge(frt_clock_now_s(&clock), before);
        before = frt_clock_now_s(&clock);
    }
}
END_TEST

START_TEST(is_good_again_when_the_time_has_come_back)
{
    struct frt_clock clock = started_at(MARCH - HOUR, RECORDED);

    ck_assert_int_eq(frt_clock_state(&clock), WENT_BACK);
    pass(HOUR - 120 * S - 1, S);
    frt_clock_tick(&clock);
    ck_assert_int_eq(frt_clock_state(&clock), WENT_BACK);
    pass(1, 1);
    frt_clock_tick(&clock);
    ck_assert_int_eq(frt_clock_state(&clock), GOOD);
    ck_assert_int_eq(frt_clock_now_s(&clock), RECORDED / S);
}
END_TEST

START_TEST(a_views_age_counts_the_time_asleep)
{
    boot_us = 1000 * S;
    ck_assert_int_eq(frt_boot_ms(), 1000000);
    pass(0, 8 * HOUR);
    ck_assert_int_eq(frt_boot_ms(), 1000000 + 8 * 3600000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon.clock");
    TCase *tests = tcase_create("clock");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_views_age_counts_the_time_asleep);
    tcase_add_loop_test(tests, judges_by_the_later_of_machine_and_trail, 0, FRT_ARRAY_LEN(starts));
    tcase_add_loop_test(tests, tells_steps_from_the_passing_of_time, 0, FRT_ARRAY_LEN(ticks));
    tcase_add_test(tests, tells_a_step_once);
    tcase_add_test(tests, validity_never_runs_backwards);
    tcase_add_test(tests, is_good_again_when_the_time_has_come_back);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
