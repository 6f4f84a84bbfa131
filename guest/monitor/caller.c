/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Those whose calls the monitor answers.
 */
#include "monitor.h"
#include "exception.h"
#include "gic.h"
#include "regs.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define WAIT_MS    60000
#define SLOW_MS    30
#define SHORT_MS   20 /* of CALL_SHORT */
#define TRIES      50
#define EACH       200
#define HVC(imm)   (0xd4000002u | (imm) << 5)
#define SMC(imm)   (0xd4000003u | (imm) << 5)
#define PATTERN(n) (UINT64_C(0x0101010100000001) * (n) + 0x1000)

typedef void (*caller)(u64 *x);

static const struct way {
	const char *name;
	caller call;
	u32 insn;
	u64 conduit, immediate, ec;
} ways[] = {
	{ "HVC", call_hvc, HVC(0), 1, 0, 0x16 },
	{ "SMC", call_smc, SMC(0), 0, 0, 0x17 },
	{ "HVC #0x100", call_hvc_immediate, HVC(0x100), 1, 0x100, 0x16 },
	{ "SMC #0x1ff", call_smc_immediate, SMC(0x1ff), 0, 0x1ff, 0x17 },
};

static void fill(u64 *x, u64 function)
{
	for (u32 i = 0; i < 31; i++)
		x[i] = PATTERN(i);
	x[0] = function;
}

/* How many of x[first..30] are not as fill() left them. */
static u32 changed(const u64 *x, u32 first)
{
	u32 count = 0;

	for (u32 i = first; i < 31; i++)
		count += x[i] != PATTERN(i);
	return count;
}

static u64 call(u64 function, u64 x1)
{
	return smccc_call(CONDUIT_HVC, function, x1, 0, 0);
}

/* The same now and then: most of these are refused and logged. */
static u64 asks(u64 function)
{
	delay_us(1000);
	return call(function, 0);
}

static u64 count_of(enum count which)
{
	struct smccc counts = { .x = { CALL_64 + CALL_COUNTS } };

	smccc_hvc(&counts);
	return counts.x[0] ? 0 : counts.x[which];
}

/* ---- each way to call ---- */

static void test_registers(const struct way *way)
{
	u64 x[31];
	u32 wrong = 0;

	fill(x, CALL_64 + CALL_ECHO);
	way->call(x);
	tap_ok(x[0] == 0 && changed(x, 1) == 0, "%s: an answer that changes x0 alone", way->name);
	fill(x, CALL_64 + CALL_PERMUTE);
	way->call(x);
	for (u32 i = 0; i < 17; i++)
		wrong += x[i] != PATTERN(17 - i);
	tap_ok(wrong == 0 && x[17] == CALL_64 + CALL_PERMUTE && changed(x, 18) == 0,
		"%s: x0-x17 come and go, x18-x30 stay", way->name);
	if (way->immediate)
		return;
	wrong = 0;
	fill(x, CALL_32 + CALL_PERMUTE);
	way->call(x);
	for (u32 i = 0; i < 8; i++)
		wrong += x[i] != (u32)PATTERN(17 - i);
	tap_ok(wrong == 0 && changed(x, 8) == 0, "%s: a 32-bit call gives w0-w7, x8-x30 stay",
		way->name);
	fill(x, CALL_32 + CALL_ECHO);
	way->call(x);
	tap_ok(x[0] == 0 && changed(x, 1) == 0, "%s: and what isn't changed keeps all of it",
		way->name);
}

static void test_record(const struct way *way)
{
	u64 x[31];

	fill(x, CALL_64 + CALL_WHO);
	way->call(x);
	tap_is(x[1], way->conduit, "%s: the monitor sees the conduit", way->name);
	tap_is(x[2], way->immediate, "%s: the immediate", way->name);
	tap_is(x[3], 0, "%s: the vCPU", way->name);
	tap_is(*(volatile u32 *)x[4], way->insn, "%s: where the instruction is", way->name);
	tap_is(x[5] & 0xf, 5, "%s: that it was at EL1", way->name);
	tap_is(x[6], way->ec << 26 | BIT(25) | way->immediate, "%s: its syndrome", way->name);
	tap_is(x[7], 0, "%s: that it was a 64-bit call", way->name);
}

static void test_undefined(const struct way *way)
{
	struct probe p = { .x = { CALL_64 + CALL_UNDEF, 1, 2, 3 } };

	probe_insn(&p, way->insn);
	tap_ok(p.count == 1 && p.esr >> 26 == 0 && p.elr == p.pc &&
			p.x[0] == CALL_64 + CALL_UNDEF && p.x[3] == 3,
		"%s: Undefined, at the instruction, when the monitor says so", way->name);
}

/* ---- monitors that behave badly ---- */

static void test_bad(void)
{
	u64 x[31];
	u64 start, spent;
	u32 tries = 0;

	fill(x, CALL_64 + CALL_BAD);
	call_hvc(x);
	tap_is(x[0], WRONG_ANSWERS, "wrong answers are refused, the right one is taken");
	tap_is(call(CALL_64 + CALL_TWICE, 0), 0, "a call that is answered twice");
	tap_is(count_of(COUNT_TWICE), 1, "the second answer was refused");
	/* It may be over before the monitor has seen it. */
	do {
		fill(x, CALL_64 + CALL_SHORT + CALL_NEVER);
		start = counter();
		call_smc(x);
		spent = counter() - start;
	} while (x[0] == (u64)-1 && count_of(COUNT_LATE) == 0 && ++tries < TRIES);
	tap_ok(x[0] == (u64)-1 && changed(x, 1) == 0, "never answered: NOT_SUPPORTED");
	tap_ok(spent >= ms_ticks(SHORT_MS), "after its time");
	tap_is(call(CALL_64 + CALL_ECHO, 0), 0, "the next one is answered");
	tap_ok(count_of(COUNT_LATE) > 0, "and the late answer refused");
	fill(x, CALL_64 + CALL_ECHO);
	call_hvc(x);
	tap_ok(x[0] == 0 && changed(x, 1) == 0, "which no later call gets");
}

static void test_not_a_monitor(void)
{
	u64 x[31];

	fill(x, MONITOR_NEXT);
	call_hvc(x);
	tap_ok(x[0] == (u64)-1 && changed(x, 1) == 0, "MONITOR_NEXT is for monitors");
	fill(x, MONITOR_VERSION);
	call_smc(x);
	tap_ok(x[0] == (u64)-1 && changed(x, 1) == 0, "and so is MONITOR_VERSION");
}

/* ---- the caller waits ---- */

static u32 ticks;

static void handle(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid != TIMER_VIRT_INTID)
		return;
	timer_set_ctl(TIMER_VIRT, 0);
	ticks++;
}

/* An interrupt that comes during a call is taken after it. */
static void test_atomic(void)
{
	u64 start, spent;

	timer_set_tval(TIMER_VIRT, ms_ticks(SLOW_MS) / 3);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	irq_enable();
	start = counter();
	call(CALL_64 + CALL_SLOW, SLOW_MS);
	spent = counter() - start;
	tap_ok(spent >= ms_ticks(SLOW_MS), "a call that takes %u ms", SLOW_MS);
	tap_ok(wait_for(WAIT_MS, *(volatile u32 *)&ticks == 1), "an interrupt is taken after it");
	irq_disable();
}

/* ---- several at once ---- */

static u32 wrong_answers, by_line;

static void call_often(void *arg)
{
	u64 cpu = mrs(mpidr_el1) & 0xff;

	(void)arg;
	for (u64 i = 0; i < EACH; i++) {
		u64 mark = cpu << 32 | i;
		struct smccc one = { .x = { CALL_64 + (i % 2 ? CALL_LINE : 0) + CALL_ECHO, mark } };

		if (i % 3)
			smccc_hvc(&one);
		else
			smccc_smc(&one);
		if (one.x[0] != 0 || one.x[1] != mark)
			__atomic_fetch_add(&wrong_answers, 1, __ATOMIC_RELAXED);
	}
}

/* CPU 0 of the monitor is busy with one: the others come to its CPU 1, by the line. */
static void call_slow(void *arg)
{
	struct smccc one = { .x = { CALL_64 + CALL_LINE + CALL_SLOW, SLOW_MS } };

	(void)arg;
	smccc_hvc(&one);
	if (one.x[0] != 0)
		__atomic_fetch_add(&wrong_answers, 1, __ATOMIC_RELAXED);
	if (one.x[2] == SERVER_LINE)
		__atomic_fetch_add(&by_line, 1, __ATOMIC_RELAXED);
}

static void test_several(void)
{
	bool all = true;

	tap_ok(smp_run(call_often, NULL, WAIT_MS), "%u CPUs call at once", machine.cpus);
	tap_is(wrong_answers, 0, "each gets its own answers");
	/* They may come one after the other. */
	for (u32 tries = 0; all && by_line == 0 && tries < TRIES; tries++)
		all = smp_run(call_slow, NULL, WAIT_MS);
	tap_ok(all, "and again, with calls that take long");
	tap_is(wrong_answers, 0, "all of which are answered");
	tap_ok(by_line > 0, "%u of them because of the line's interrupt", by_line);
	tap_ok(count_of(COUNT_LINE) > 0, "which came %lu times", count_of(COUNT_LINE));
	tap_ok(wait_for(WAIT_MS, count_of(COUNT_TICKS) > 0) && count_of(COUNT_INTERRUPTED) > 0,
		"the monitor's other interrupts end its waiting");
}

/* ---- its end ---- */

static void test_ends(void)
{
	tap_ok(wait_for(WAIT_MS, count_of(COUNT_AGAIN) == 2),
		"a VM that restarts in a call calls again");
	tap_is(call(CALL_64 + CALL_BOOT, 0), 1, "the monitor knows who calls");
	tap_is(call(CALL_64 + CALL_BOOT, 0), 2, "and counts");
	tap_is(call(CALL_64 + CALL_RESTART, 0), (u64)-1,
		"it restarts during a call: NOT_SUPPORTED");
	tap_ok(wait_for(WAIT_MS, asks(CALL_64 + CALL_BOOT) == 1), "and is new when it is back");
	tap_is(call(CALL_64 + CALL_QUIT, 0), 0, "it answers, and ends");
	tap_ok(wait_for(WAIT_MS, asks(CALL_64 + CALL_SHORT + CALL_ECHO) == (u64)-1),
		"without it: NOT_SUPPORTED");
}

void monitor_call(void)
{
	gic_init();
	gic_init_cpu();
	gic_set_handler(handle);
	gic_enable(TIMER_VIRT_INTID);
	tap_ok(wait_for(WAIT_MS, asks(CALL_64 + CALL_ECHO) == 0), "the monitor is there");
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		test_registers(&ways[i]);
		test_record(&ways[i]);
		test_undefined(&ways[i]);
	}
	test_not_a_monitor();
	test_bad();
	test_atomic();
	test_several();
	test_ends();
}

/* ---- the VM that restarts ---- */

static void call_and_wait(void *arg)
{
	(void)arg;
	call(CALL_64 + CALL_NEVER, 0);
}

void monitor_call_again(void)
{
	u64 boots;

	if (!wait_for(WAIT_MS, asks(CALL_64 + CALL_ECHO) == 0))
		tap_ok(false, "the monitor is there");
	boots = call(CALL_64 + CALL_BOOT, 0);
	if (boots == 1) {
		if (smp_start(1, call_and_wait, NULL) == PSCI_SUCCESS)
			delay_us(5000);
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	}
	tap_is(boots, 2, "restarted while a call waited");
	tap_is(call(CALL_64 + CALL_ECHO, 0), 0, "and can call again");
}
