/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void frt_clock_init(struct frt_clock *clock, int64_t recorded_us)
{
    clock->high_water_us = recorded_us;
    clock->last_real_us = read_us(CLOCK_REALTIME);
    clock->last_boot_us = read_us(CLOCK_BOOTTIME);
    frt_clock_tick(clock);
}

int64_t frt_clock_tick(struct frt_clock *clock)
{
    int64_t real = read_us(CLOCK_REALTIME), boot = read_us(CLOCK_BOOTTIME);
    int64_t step = (real - clock->last_real_us) - (boot - clock->last_boot_us);

    clock->last_real_us = real;
    clock->last_boot_us = boot;
    if (real > clock->high_water_us)
        clock->high_water_us = real;
    return step > FRT_CLOCK_STEP_S * 1000000 || step < -FRT_CLOCK_STEP_S * 1000000 ? step : 0;
}

int64_t frt_boot_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t frt_clock_now_s(const struct frt_clock *clock)
{
    int64_t us = clock->last_real_us > clock->high_water_us ? clock->last_real_us : clock->high_water_us;

    return us / 1000000;
}

enum frt_clock_state frt_clock_state(const struct frt_clock *clock)
{
    bool back = clock->last_real_us < clock->high_water_us - (int64_t)FRT_CLOCK_BACK_MAX_S * 1000000;

    return back ? FRT_CLOCK_WENT_BACK : FRT_CLOCK_GOOD;
}
