/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads /dev/ptp0 and compares it with the system's clock: a program of a stock Linux, without a C
 * library, so that any compiler for arm64 builds it.
 *
 * Prints, in ns: how far the clock's cross timestamp (device and system at one moment) is from the
 * system's time, how much that changes until half a second later, how often of 1000 reads one was
 * before the last, and how often one was not between two looks at the system's clock, set off by
 * the first difference. Status 0: it could be read.
 */
#include <stddef.h>
#include <stdint.h>

#define SYS_ioctl         29
#define SYS_openat        56
#define SYS_write         64
#define SYS_exit_group    94
#define SYS_nanosleep     101
#define SYS_clock_gettime 113

#define AT_FDCWD          (-100)
#define O_RDWR            2
#define CLOCK_REALTIME    0
/* The clock behind a file (Linux: Documentation/driver-api/ptp.rst). */
#define CLOCK_OF(fd)      ((~(long)(fd) << 3) | 3)

#define NS_PER_SECOND     INT64_C(1000000000)
#define READS             1000
/* How far apart two looks may be set off: the division of counter ticks into ns. */
#define SLACK             1000

struct timespec {
	int64_t seconds, nanoseconds;
};

struct ptp_time {
	int64_t seconds;
	uint32_t nanoseconds, padding;
};

struct ptp_offset {
	struct ptp_time device, system, raw;
	uint32_t padding[4];
};
#define PTP_OFFSET_PRECISE \
	(UINT32_C(3) << 30 | (uint32_t)sizeof(struct ptp_offset) << 16 | (uint32_t)'=' << 8 | 8)

static long call(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

void *memset(void *to, int value, size_t size)
{
	for (volatile uint8_t *at = to; size; size--)
		*at++ = (uint8_t)value;
	return to;
}

static void say(const char *text, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char line[96], digits[24];
	size_t length = 0, count = 0;

	while (*text && length < 64)
		line[length++] = *text++;
	if (number < 0)
		line[length++] = '-';
	do
		digits[count++] = (char)('0' + rest % 10);
	while (rest /= 10);
	while (count)
		line[length++] = digits[--count];
	line[length++] = '\n';
	call(SYS_write, 1, (long)line, (long)length, 0);
}

static void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		call(SYS_exit_group, status, 0, 0, 0);
}

static int64_t now(long clock)
{
	struct timespec at = { 0, 0 };

	if (call(SYS_clock_gettime, clock, (long)&at, 0, 0) != 0) {
		say("ptp: can't read clock ", clock);
		leave(1);
	}
	return at.seconds * NS_PER_SECOND + at.nanoseconds;
}

static int64_t precise_offset(int fd)
{
	struct ptp_offset offset;
	long error;

	memset(&offset, 0, sizeof(offset));
	error = call(SYS_ioctl, fd, PTP_OFFSET_PRECISE, (long)&offset, 0);
	if (error) {
		say("ptp: no cross timestamp: ", error);
		leave(1);
	}
	return (offset.device.seconds - offset.system.seconds) * NS_PER_SECOND +
		(int64_t)offset.device.nanoseconds - (int64_t)offset.system.nanoseconds;
}

void _start(void);
void _start(void)
{
	struct timespec half = { 0, NS_PER_SECOND / 2 };
	int fd = (int)call(SYS_openat, AT_FDCWD, (long)"/dev/ptp0", O_RDWR, 0);
	int64_t first, last = 0, backwards = 0, outside = 0;

	if (fd < 0) {
		say("ptp: can't open it: ", fd);
		leave(1);
	}
	first = precise_offset(fd);
	say("ptp: offset ", first);
	for (unsigned i = 0; i < READS; i++) {
		int64_t before = now(CLOCK_REALTIME), at = now(CLOCK_OF(fd));
		int64_t after = now(CLOCK_REALTIME);

		backwards += at < last;
		outside += at < before + first - SLACK || at > after + first + SLACK;
		last = at;
	}
	call(SYS_nanosleep, (long)&half, 0, 0, 0);
	say("ptp: change ", precise_offset(fd) - first);
	say("ptp: backwards ", backwards);
	say("ptp: outside ", outside);
	leave(0);
}
