/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Number 1 of guest/mailbox as a program of a stock Linux, with what its kernel has built in:
 * shared memory by /dev/mem, the wires by /dev/gpiochip*. Without a C library, so that any compiler
 * for arm64 builds it.
 *
 *   mailbox-linux /proc/device-tree/reserved-memory/mailbox@10000000/reg PEER
 *
 * Finds the lines mailbox-from-PEER and mailbox-to-PEER by name; sends each number back until PEER
 * says that it is done; waits until PEER is off. Status 0: all came, in their order.
 */
#include <stddef.h>
#include <stdint.h>

#define SYS_ioctl      29
#define SYS_openat     56
#define SYS_close      57
#define SYS_read       63
#define SYS_write      64
#define SYS_ppoll      73
#define SYS_exit_group 94
#define SYS_mmap       222

#define AT_FDCWD       (-100)
#define O_RDWR         2
#define O_SYNC         04010000
#define O_CLOEXEC      02000000
#define PROT_RW        3
#define MAP_SHARED     1
#define POLLIN         1

/* The kernel's interface to GPIO lines, its second version (Documentation/userspace-api/gpio). */
#define GPIO_NAME_SIZE 32
#define GPIO_LINES_MAX 64
#define GPIO_ATTRS     10
#define LINE_INPUT     (UINT64_C(1) << 2)
#define LINE_OUTPUT    (UINT64_C(1) << 3)
#define LINE_EDGES     (UINT64_C(3) << 4)

struct line_values {
	uint64_t bits, mask;
};

struct line_attribute {
	uint32_t id, padding;
	uint64_t value;
};

struct line_config {
	uint64_t flags;
	uint32_t nr_attributes, padding[5];
	struct {
		struct line_attribute attribute;
		uint64_t mask;
	} attributes[GPIO_ATTRS];
};

struct line_request {
	uint32_t offsets[GPIO_LINES_MAX];
	char consumer[GPIO_NAME_SIZE];
	struct line_config config;
	uint32_t nr_lines, buffer_size, padding[5];
	int32_t fd;
};

struct line_info {
	char name[GPIO_NAME_SIZE], consumer[GPIO_NAME_SIZE];
	uint32_t offset, nr_attributes;
	uint64_t flags;
	struct line_attribute attributes[GPIO_ATTRS];
	uint32_t padding[4];
};

struct line_event {
	uint64_t time;
	uint32_t id, offset, number, line_number, padding[6];
};

#define IOCTL(number, type) \
	(UINT32_C(3) << 30 | (uint32_t)sizeof(type) << 16 | UINT32_C(0xb4) << 8 | (number))
#define GET_LINE_INFO IOCTL(0x05, struct line_info)
#define GET_LINE      IOCTL(0x07, struct line_request)
#define GET_VALUES    IOCTL(0x0e, struct line_values)
#define SET_VALUES    IOCTL(0x0f, struct line_values)

/* As guest/mailbox/main.c has them. */
enum word { FROM_0, FROM_1, READY_OF, BOOTS_OF_1 = READY_OF + 3, TAKEN_BY_1, WRONG_IN_1, DONE };
#define READY      UINT64_C(0x7265616479)
#define TIMEOUT_MS 60000
#define CHIPS      16
#define CHIP_LINES 8

struct timespec {
	int64_t seconds, nanoseconds;
};

struct pollfd {
	int32_t fd;
	int16_t events, revents;
};

static volatile uint64_t *memory;
static int in, out;
static uint64_t rings, events;

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

void *memset(void *to, int value, size_t size)
{
	for (volatile uint8_t *at = to; size; size--)
		*at++ = (uint8_t)value;
	return to;
}

static void barrier(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

static void say(const char *text, uint64_t number)
{
	char line[128];
	size_t length = 0, digits = 1;

	for (uint64_t n = number; n >= 10; n /= 10)
		digits++;
	while (text[length] && length < sizeof(line) - 32) {
		line[length] = text[length];
		length++;
	}
	line[length++] = ' ';
	for (size_t i = digits; i-- > 0; number /= 10)
		line[length + i] = (char)('0' + number % 10);
	length += digits;
	line[length++] = '\n';
	(void)call(SYS_write, 1, (long)line, (long)length, 0, 0, 0);
}

static void __attribute__((noreturn)) end(int status)
{
	for (;;)
		(void)call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static long must(long result, const char *what)
{
	if (result >= 0)
		return result;
	say(what, (uint64_t)-result);
	end(1);
}

static long open_file(const char *path, long flags)
{
	return call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0, 0, 0);
}

/* `text` is `before`, then `after`, as far as the kernel keeps names. */
static int is_name(const char *text, const char *before, const char *after)
{
	for (size_t i = 0; i < GPIO_NAME_SIZE - 1; i++) {
		char expected = *before ? *before++ : *after ? *after++ : '\0';

		if (text[i] != expected)
			return 0;
		if (!expected)
			return 1;
	}
	return 1;
}

/* The line of that name on any chip: the chip's descriptor, and the line's number in *offset. */
static long find_line(const char *direction, const char *peer, uint32_t *offset)
{
	char path[] = "/dev/gpiochip00";

	for (unsigned chip = 0; chip < CHIPS; chip++) {
		long fd;

		path[13] = (char)('0' + (chip < 10 ? chip : chip / 10));
		path[14] = (char)(chip < 10 ? '\0' : '0' + chip % 10);
		fd = open_file(path, O_RDWR);
		for (uint32_t i = 0; fd >= 0 && i < CHIP_LINES; i++) {
			struct line_info info = { .offset = i };

			*offset = i;
			if (call(SYS_ioctl, fd, GET_LINE_INFO, (long)&info, 0, 0, 0) >= 0 &&
				is_name(info.name, direction, peer))
				return fd;
		}
	}
	return -1;
}

static int request(long chip, uint32_t line, uint64_t flags)
{
	struct line_request ask = { .offsets = { line },
		.consumer = "mailbox",
		.config = { .flags = flags },
		.nr_lines = 1 };

	(void)must(call(SYS_ioctl, chip, GET_LINE, (long)&ask, 0, 0, 0), "no line: error");
	return ask.fd;
}

static int level(int line)
{
	struct line_values values = { .mask = 1 };

	(void)must(call(SYS_ioctl, line, GET_VALUES, (long)&values, 0, 0, 0), "no level: error");
	return values.bits & 1;
}

static void ring(void)
{
	struct line_values values = { .bits = ++rings & 1, .mask = 1 };

	barrier();
	(void)must(call(SYS_ioctl, out, SET_VALUES, (long)&values, 0, 0, 0), "no ring: error");
}

/* Sleeps until an edge of the line was taken. */
static void wait_edge(int line)
{
	struct timespec limit = { TIMEOUT_MS / 1000, 0 };
	struct pollfd poll = { line, POLLIN, 0 };
	struct line_event event[16];
	long size;

	if (must(call(SYS_ppoll, (long)&poll, 1, (long)&limit, 0, 0, 0), "poll: error") == 0) {
		say("no ring in milliseconds:", TIMEOUT_MS);
		end(1);
	}
	size = must(call(SYS_read, line, (long)event, sizeof(event), 0, 0, 0), "no event: error");
	events += (uint64_t)size / sizeof(event[0]);
}

static void map_memory(const char *reg)
{
	uint64_t place[2];
	long fd = must(open_file(reg, 0), "no shared memory in the devicetree: error");

	(void)must(call(SYS_read, fd, (long)place, sizeof(place), 0, 0, 0), "reg: error");
	fd = must(open_file("/dev/mem", O_RDWR | O_SYNC), "no /dev/mem: error");
	memory = (volatile uint64_t *)must(
		call(SYS_mmap, 0, (long)__builtin_bswap64(place[1]), PROT_RW, MAP_SHARED, fd,
			(long)__builtin_bswap64(place[0])),
		"shared memory can't be mapped: error");
}

static uint64_t answer(void)
{
	uint64_t taken = 0, wrong = 0;

	for (;;) {
		uint64_t number = memory[FROM_0];

		if (number == taken) {
			if (memory[DONE] == 2)
				break;
			wait_edge(in);
			continue;
		}
		wrong += number != taken + 1;
		taken = number;
		memory[TAKEN_BY_1] = taken;
		memory[FROM_1] = taken;
		ring();
	}
	say("numbers taken:", taken);
	say("out of their order:", wrong);
	return wrong;
}

static void __attribute__((used, noreturn)) program(long *stack)
{
	const char *const *arguments = (const char *const *)(stack + 1);
	uint32_t in_line, out_line;
	long in_chip, out_chip;
	uint64_t wrong;

	if (stack[0] != 3)
		end(2);
	map_memory(arguments[1]);
	in_chip = must(find_line("mailbox-from-", arguments[2], &in_line), "no line from the peer");
	out_chip = must(find_line("mailbox-to-", arguments[2], &out_line), "no line to the peer");
	out = request(out_chip, out_line, LINE_INPUT);
	say("the peer runs:", (uint64_t)level(out));
	(void)call(SYS_close, out, 0, 0, 0, 0, 0);
	in = request(in_chip, in_line, LINE_INPUT | LINE_EDGES);
	out = request(out_chip, out_line, LINE_OUTPUT);
	memory[BOOTS_OF_1] = 1;
	memory[READY_OF + 1] = READY;
	ring();
	wrong = answer();
	say("rings sent:", rings);
	say("edges taken:", events);
	(void)call(SYS_close, out, 0, 0, 0, 0, 0);
	out = request(out_chip, out_line, LINE_INPUT | LINE_EDGES);
	while (level(out))
		wait_edge(out);
	say("the peer runs:", 0);
	end(wrong || events == 0);
}

__asm__(".global _start\n"
	"_start:\n"
	"	mov	x0, sp\n"
	"	bl	program\n");
