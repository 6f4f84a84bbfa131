/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/mmio.h"
#include "hyp/base/log.h"

#define RTCDR         0x00
#define RTCCR         0x0c

#define CR_START      BIT(0)

#define NS_PER_SECOND UINT64_C(1000000000)

/* The counter was at start_counter when the time was start_seconds. */
static uint64_t start_seconds, start_counter;

/* One that nobody has started yet is started: it then counts from where it stands. */
static uint32_t read_clock(volatile void *registers)
{
	volatile uint8_t *base = registers;

	if (!(mmio_read32(base + RTCCR) & CR_START))
		mmio_write32(base + RTCCR, CR_START);
	return mmio_read32(base + RTCDR);
}

void rtc_init(volatile void *registers, uint64_t given)
{
	const char *from = "lintel.time";

	start_seconds = given;
	if (!given && registers) {
		from = "the machine's clock";
		start_seconds = read_clock(registers);
	}
	start_counter = timer_now();
	if (given || registers)
		log_info("time of day: %llu s since 1970, by %s", (unsigned long long)start_seconds,
			from);
	else
		log_info("time of day: the machine has no clock (expected \"arm,pl031\"), so it "
			 "begins in 1970: lintel.time=SECONDS says what time it is");
}

uint64_t rtc_now(void)
{
	return start_seconds + (timer_now() - start_counter) / timer_hz();
}

uint64_t rtc_ns_at(uint64_t counter)
{
	uint64_t ticks = counter - start_counter, hz = timer_hz();

	return (start_seconds + ticks / hz) * NS_PER_SECOND + ticks % hz * NS_PER_SECOND / hz;
}

uint64_t rtc_counter_at(uint64_t seconds)
{
	uint64_t ticks;

	if (seconds <= start_seconds)
		return start_counter;
	if (__builtin_mul_overflow(seconds - start_seconds, timer_hz(), &ticks) ||
		__builtin_add_overflow(ticks, start_counter, &ticks))
		return UINT64_MAX;
	return ticks;
}
