/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMs that ring each other: `self=0` rings doorbells, by which `self=1` gets interrupts and is
 * woken; what number 1 ends comes back to number 0 as an interrupt, or as the end of its WFI. Each
 * counts, and nothing may be lost or come twice. `count=`: how often; `wait=`: at most so many
 * milliseconds for each answer.
 *
 * A bundle has, in the order of the enums below (guest/bundle.dts):
 *   doorbells of number 0 at BELLS + 16 * n, of number 1 at BELLS;
 *   lines of number 1 from SPI 100 on, of number 0 SPI 101.
 */
#include "gic.h"
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define COUNT   1500
#define WAIT_MS 180000
#define BELLS   UINT64_C(0x0b000000)
#define SEVERAL 3 /* doorbells at the address of BELL_MATCH */

/* Doorbells of number 0. */
enum {
	BELL_LEVEL, /* any width: LINE_LEVEL */
	BELL_COUNT, /* 4 bytes: is only counted */
	BELL_MATCH, /* 4 bytes, 1: LINE_LEVEL; 4 bytes, 2: LINE_EDGE; 8 bytes, MATCH_LONG: LINE_EDGE
		     */
	BELL_EDGE,  /* 4 bytes: LINE_EDGE */
	BELL_SIGNAL, /* 4 bytes: wakes number 1 */
	BELL_WAKE,   /* 2 bytes: LINE_WAKE */
};
#define MATCH_LONG UINT64_C(0x8000000000000002)

/* SPIs. */
enum {
	LINE_LEVEL = 100, /* of number 1; its end raises LINE_BACK */
	LINE_BACK,        /* of number 0 */
	LINE_EDGE,        /* of number 1 */
	LINE_WAKE,        /* of number 1; its end wakes number 0 */
};
#define INTID(line) (SPI_BASE + (line))

/* What is in the shared memory, at its start. */
enum word {
	PHASE, /* number 0's wish */
	SEEN,  /* number 1's answer */
	SENT,  /* by number 0: what this ring is */
	TAKEN, /* by number 1: LINE_LEVEL */
	WRONG, /* of these, how often it was not SENT */
	EDGES, /* LINE_EDGE */
	WAKES, /* LINE_WAKE */
	PING,
	PONG,
	HOLD,    /* number 1's handler of LINE_LEVEL: HOLD_*, one more: it waits */
	BOOTS,   /* of number 1 */
	PENDING, /* LINE_LEVEL was pending at its second boot */
	STRAY,   /* interrupts of number 1 that are none of these */
};

#define HOLD_FIRST  1
#define HOLD_SECOND 3

enum phase {
	PHASE_INTERRUPTS = 1,
	PHASE_EOIMODE_1,
	PHASE_SIGNALS,
	PHASE_RESET,
	PHASE_AGAIN,
	PHASE_END,
};

static u64 wait_ms;
static u32 backs, strays;

static u64 get(enum word word)
{
	return mmio_read64(machine.shared_base + word * sizeof(u64));
}

static void put(enum word word, u64 value)
{
	mmio_write64(machine.shared_base + word * sizeof(u64), value);
	dsb(sy);
}

static u64 bell(u32 n)
{
	return BELLS + 16 * n;
}

/* ---- waiting ---- */

/*
 * Sleeps until an interrupt or a signal, either of which may come between the look at a condition
 * and the WFI: IRQs are masked here, and taken inside; a signal ends the next WFI. The timer is for
 * what never comes.
 */
#define wait_until(condition)                                \
	({                                                   \
		u64 until_ = counter() + ms_ticks(wait_ms);  \
		irq_disable();                               \
		timer_set_cval(TIMER_VIRT, until_);          \
		timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);     \
		while (!(condition) && counter() < until_) { \
			wfi();                               \
			irq_enable();                        \
			isb();                               \
			irq_disable();                       \
		}                                            \
		timer_set_ctl(TIMER_VIRT, 0);                \
		irq_enable();                                \
		(condition);                                 \
	})

static void start(gic_handler handler)
{
	gic_init();
	gic_init_cpu();
	gic_set_handler(handler);
	gic_enable(TIMER_VIRT_INTID);
	irq_enable();
}

static void set_eoimode_1(void)
{
	msr(ICC_CTLR_EL1, mrs(ICC_CTLR_EL1) | ICC_CTLR_EOIMODE);
	isb();
}

/* ---- number 0 ---- */

static void take_back(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID)
		timer_set_ctl(TIMER_VIRT, 0);
	else if (intid == INTID(LINE_BACK))
		backs++;
	else
		strays++;
}

static void ring(u32 n, u32 width, u64 value)
{
	switch (width) {
	case 1:
		mmio_write8(bell(n), (u8)value);
		break;
	case 2:
		mmio_write16(bell(n), (u16)value);
		break;
	case 4:
		mmio_write32(bell(n), (u32)value);
		break;
	default:
		mmio_write64(bell(n), value);
		break;
	}
}

static bool begin(enum phase phase)
{
	put(PHASE, phase);
	ring(BELL_SIGNAL, 4, 0);
	return tap_ok(wait_until(get(SEEN) == phase), "number 1 is woken for phase %u", phase);
}

static bool is_nothing(u64 address, u64 value, u32 bytes)
{
	struct probe p;

	probe_store(&p, address, value, bytes);
	return p.count == 1 && p.esr >> 26 == EC_DABORT && (p.esr & ESR_FSC) == FSC_SEA;
}

static void test_misses(void)
{
	struct probe p;

	mmio_write32(bell(BELL_COUNT), 0x12345678);
	tap_ok(true, "a doorbell that is only counted");
	tap_ok(is_nothing(bell(BELL_COUNT), 0, 1) && is_nothing(bell(BELL_COUNT), 0, 2) &&
			is_nothing(bell(BELL_COUNT), 0, 8),
		"nothing is there for other widths");
	tap_ok(is_nothing(bell(BELL_COUNT) + 2, 0, 2) && is_nothing(bell(BELL_COUNT) + 4, 0, 4),
		"nor inside it, nor behind it");
	probe_load(&p, bell(BELL_COUNT), 4);
	tap_ok(p.count == 1 && (p.esr & ESR_FSC) == FSC_SEA, "nor for a load");
	tap_ok(is_nothing(bell(BELL_MATCH), 0, 4) && is_nothing(bell(BELL_MATCH), 3, 4) &&
			is_nothing(bell(BELL_MATCH), 2, 8) &&
			is_nothing(bell(BELL_MATCH), MATCH_LONG ^ BIT(63), 8) &&
			is_nothing(bell(BELL_MATCH), 1, 2),
		"nor for values that nobody waits for");
}

/* Each is taken once, and comes back once. */
static void test_level(u64 count, const char *how)
{
	u64 taken = get(TAKEN), before = backs, i = 0;
	bool good = true;

	while (good && i < count) {
		put(SENT, taken + ++i);
		ring(BELL_LEVEL, 1U << i % 4, i);
		good = wait_until(backs == before + i);
	}
	tap_is(get(TAKEN) - taken, count, "%lu rings, each an interrupt of number 1 (%s)", count,
		how);
	tap_is(backs - before, count, "each of which came back when it was ended");
	tap_is(get(WRONG), 0, "in their order");
}

static void test_match(void)
{
	u64 taken = get(TAKEN), edges = get(EDGES), before = backs;

	put(SENT, taken + 1);
	ring(BELL_MATCH, 4, 1);
	tap_ok(wait_until(backs == before + 1), "the doorbell of one value rings a line");
	tap_is(get(EDGES), edges, "and that alone");
	ring(BELL_MATCH, 4, 2);
	tap_ok(wait_until(get(EDGES) == edges + 1), "that of another value rings another");
	ring(BELL_MATCH, 8, MATCH_LONG);
	tap_ok(wait_until(get(EDGES) == edges + 2), "as does that of a longer one");
	tap_is(get(TAKEN), taken + 1, "and they alone");
}

/* The answer ends a WFI, without an interrupt. */
static void test_edge(u64 count)
{
	u64 edges = get(EDGES), i = 0;
	bool good = true;

	while (good && i < count) {
		ring(BELL_EDGE, 4, 0);
		i++;
		good = wait_until(get(EDGES) >= edges + i);
	}
	tap_is(get(EDGES) - edges, count, "%lu edges, each an interrupt of number 1", count);
}

static void test_end_wakes(u64 count)
{
	u64 wakes = get(WAKES), i = 0;
	bool good = true;

	while (good && i < count) {
		ring(BELL_WAKE, 2, 0);
		i++;
		good = wait_until(get(WAKES) >= wakes + i);
	}
	tap_is(get(WAKES) - wakes, count, "%lu times the end of an interrupt ended a WFI", count);
}

/* Number 1 is in its handler when the line is raised once more. */
static void test_raised_while_active(void)
{
	u64 taken = get(TAKEN), before = backs;

	put(HOLD, HOLD_FIRST);
	put(SENT, taken + 1);
	ring(BELL_LEVEL, 4, 0);
	tap_ok(wait_until(get(HOLD) == HOLD_FIRST + 1), "number 1 is in its handler");
	ring(BELL_LEVEL, 4, 0);
	ring(BELL_LEVEL, 4, 0);
	tap_is(backs, before, "nothing has come back yet");
	put(SENT, taken + 2);
	put(HOLD, HOLD_SECOND);
	tap_ok(wait_until(get(HOLD) == HOLD_SECOND + 1 && backs == before + 1),
		"it is interrupted once more");
	put(HOLD, 0);
	tap_ok(wait_until(backs == before + 2), "which comes back, too");
	tap_is(get(TAKEN), taken + 2, "and not more often");
}

static void test_signals(u64 count)
{
	u32 before = backs + strays;
	u64 i = 0;
	bool good = true;

	begin(PHASE_SIGNALS);
	while (good && i < count) {
		put(PING, ++i);
		ring(BELL_SIGNAL, 4, i);
		good = wait_until(get(PONG) == i);
	}
	tap_is(i, count, "%lu signals there and back, none lost", count);
	tap_is(backs + strays, before, "and no interrupt");
}

/* Number 1 restarts itself in its handler: the line falls, and nobody is told. */
static void test_reset(u64 count)
{
	u64 before = backs;

	begin(PHASE_RESET);
	ring(BELL_LEVEL, 4, 0);
	tap_ok(wait_until(get(BOOTS) == 2), "number 1 restarts while its line is high");
	tap_is(backs, before, "which is no end of the interrupt");
	begin(PHASE_AGAIN);
	tap_is(get(PENDING), 0, "and its line is low");
	test_level(count, "after the restart");
}

static void number_0(u64 count)
{
	start(take_back);
	gic_enable(INTID(LINE_BACK));
	test_misses();
	tap_ok(wait_until(get(BOOTS) == 1), "number 1 is there");
	begin(PHASE_INTERRUPTS);
	test_level(count, "EOImode 0");
	test_match();
	test_edge(count / 2);
	test_end_wakes(count / 2);
	test_raised_while_active();
	begin(PHASE_EOIMODE_1);
	set_eoimode_1();
	test_level(count, "EOImode 1");
	test_raised_while_active();
	test_signals(count);
	test_reset(count / 5);
	begin(PHASE_END);
	tap_is(strays, 0, "no other interrupt came");
}

/* ---- number 1 ---- */

static void wake_number_0(void)
{
	mmio_write64(BELLS, 0);
}

static void count_in(enum word word)
{
	put(word, get(word) + 1);
}

static void take_level(void)
{
	u64 hold = get(HOLD);

	if (get(PHASE) == PHASE_RESET)
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	if (get(SENT) != get(TAKEN) + 1)
		count_in(WRONG);
	count_in(TAKEN);
	if (hold != HOLD_FIRST && hold != HOLD_SECOND)
		return;
	put(HOLD, hold + 1);
	wake_number_0();
	(void)wait_for(wait_ms, get(HOLD) != hold + 1);
}

static void take(u32 intid, struct regs *regs)
{
	(void)regs;
	switch (intid) {
	case TIMER_VIRT_INTID:
		timer_set_ctl(TIMER_VIRT, 0);
		break;
	case INTID(LINE_LEVEL):
		take_level();
		break;
	case INTID(LINE_EDGE):
		count_in(EDGES);
		wake_number_0();
		break;
	case INTID(LINE_WAKE):
		/* Its end wakes number 0. */
		count_in(WAKES);
		break;
	default:
		count_in(STRAY);
	}
}

static void answer_signals(void)
{
	u64 number = get(PONG);

	while (wait_until(get(PING) != number || get(PHASE) != PHASE_SIGNALS) &&
		get(PHASE) == PHASE_SIGNALS) {
		number = get(PING);
		put(PONG, number);
		wake_number_0();
	}
}

static void number_1(u64 count)
{
	u64 seen = get(SEEN);

	start(take);
	if (get(BOOTS) == 1) {
		put(PENDING, gic_is_pending(INTID(LINE_LEVEL)) || gic_is_active(INTID(LINE_LEVEL)));
		set_eoimode_1();
	}
	gic_set_edge(INTID(LINE_EDGE), true);
	gic_enable(INTID(LINE_LEVEL));
	gic_enable(INTID(LINE_EDGE));
	gic_enable(INTID(LINE_WAKE));
	count_in(BOOTS);
	wake_number_0();
	while (seen != PHASE_END && wait_until(get(PHASE) != seen)) {
		seen = get(PHASE);
		if (seen == PHASE_EOIMODE_1)
			set_eoimode_1();
		put(SEEN, seen);
		wake_number_0();
		if (seen == PHASE_SIGNALS)
			answer_signals();
	}
	tap_is(get(BOOTS), 2, "it has restarted once");
	tap_is(get(TAKEN), 2 * count + count / 5 + 5, "interrupts of a level line");
	tap_is(get(WRONG), 0, "each when it was sent");
	tap_is(get(EDGES), count / 2 + 2, "edges");
	tap_is(get(WAKES), count / 2, "interrupts whose end was a signal");
	tap_is(get(PONG), count, "signals");
	tap_is(get(STRAY), 0, "no other interrupt");
}

void payload_main(void)
{
	u64 count = arg_number("count", COUNT);

	wait_ms = arg_number("wait", WAIT_MS);
	if (!machine.shared_size)
		return tap_skip("doorbells", "this machine has none");
	if (arg_number("self", 0) == 1)
		number_1(count);
	else
		number_0(count);
}
