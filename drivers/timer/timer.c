/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/* So that both 32.32 multipliers fit 64 bits and keep at least 20 significant bits. */
#define HZ_MIN        UINT64_C(1000000)
#define HZ_MAX        UINT64_C(4000000000)

struct timer_scale timer_scale;

static uint32_t intids[TIMER_PPI_COUNT];

enum status timer_init(const struct machine_timer *from)
{
	uint64_t hz = read_sysreg(CNTFRQ_EL0) & UINT32_MAX;

	if (hz == 0)
		hz = from->clock_hz;
	if (hz < HZ_MIN || hz > HZ_MAX) {
		log_error(
			"timer: frequency %llu Hz, expected %llu to %llu: CNTFRQ_EL0 or the timer "
			"node's clock-frequency must say it",
			(unsigned long long)hz, (unsigned long long)HZ_MIN,
			(unsigned long long)HZ_MAX);
		return ERR_NOT_FOUND;
	}
	timer_scale = (struct timer_scale){
		.ns_per_tick = (NS_PER_SECOND << 32) / hz,
		.ticks_per_ns = (hz << 32) / NS_PER_SECOND,
		.hz = hz,
	};
	for (unsigned i = 0; i < TIMER_PPI_COUNT; i++)
		intids[i] = from->intid[i];
	timer_cpu_init();
	return OK;
}

void timer_cpu_init(void)
{
	timer_clear_deadline();
	isb();
}

uint32_t timer_intid(enum machine_timer_ppi which)
{
	return intids[which];
}

void timer_delay_us(uint64_t us)
{
	uint64_t start = timer_now(), ticks = timer_us_to_ticks(us);

	while (timer_now() - start < ticks)
		cpu_relax();
}
