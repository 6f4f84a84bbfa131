/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Event 0 from this CPU to itself: what the handler finds and what it leaves.
 */
#include "exception.h"
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "sdei.h"
#include "state.h"
#include "tap.h"

#define CODE_SLOT       1
#define BELL_SLOT       2
#define OLD_ELR         UINT64_C(0x1234567890abcde0)
#define OLD_SPSR        UINT64_C(0x600003c4)
#define VECTOR_IRQ_EL1H 0x280
#define VECTOR_IRQ_EL0  0x480

static struct record zero;
static struct state in, out;
static u32 user_code[16] __attribute__((aligned(4096)));

/* What a handler's act() has seen; looked at when it is over. */
static u64 context[18];
static s64 answers[16];

static u64 self(void)
{
	return mrs(mpidr_el1) & 0xff00ffffff;
}

static s64 signal_self(void)
{
	return sdei(SIGNAL, 0, self(), 0);
}

static void fill(struct state *state)
{
	for (u32 i = 0; i < 31; i++)
		state->x[i] = UINT64_C(0xa5a5000000000000) | i << 8 | i;
	state->x[0] = SDEI_FIRST + SIGNAL;
	state->x[1] = 0;
	state->x[2] = self();
	state->nzcv = 0x90000000;
	state->fpsr = state->fpcr = 0;
	for (u32 i = 0; i < 32; i++)
		state->q[i][0] = state->q[i][1] = i * UINT64_C(0x0101010101010101);
}

static void signal_with_state(void)
{
	fill(&in);
	msr(elr_el1, OLD_ELR);
	msr(spsr_el1, OLD_SPSR);
	(sdei_conduit == CONDUIT_SMC ? state_smc : state_hvc)(&in, &out);
}

/* Everything is as before the call, but its result. */
static bool is_untouched(void)
{
	bool same = out.x[0] == 0 && out.nzcv == in.nzcv;

	for (u32 i = 1; i < 31; i++)
		same &= out.x[i] == in.x[i];
	return same;
}

/* These are the handler's own affair: one in C may use them. */
static bool is_fp_untouched(void)
{
	bool same = true;

	for (u32 i = 0; i < 32; i++)
		same &= out.q[i][0] == in.q[i][0] && out.q[i][1] == in.q[i][1];
	return same;
}

static void read_context(struct record *record)
{
	(void)record;
	for (u32 i = 0; i < 18; i++)
		context[i] = (u64)sdei(CONTEXT, i, 0, 0);
	answers[0] = sdei(CONTEXT, 18, 0, 0);
	answers[1] = sdei(STATUS, 0, 0, 0);
	answers[2] = sdei(COMPLETE_AND_RESUME, 2, 0, 0);
	answers[3] = sdei(PRIVATE_RESET, 0, 0, 0);
	answers[4] = sdei(SHARED_RESET, 0, 0, 0);
}

static bool is_context(void)
{
	bool same = context[0] == 0;

	for (u32 i = 1; i < 18; i++)
		same &= context[i] == in.x[i];
	return same;
}

static bool found_registers(void)
{
	bool same = true;

	for (u32 i = 4; i < 31; i++)
		same &= zero.x[i] == in.x[i];
	return same;
}

static void test_complete(void)
{
	sdei_use(0, &zero, 0, 0);
	zero.act = read_context;
	signal_with_state();
	tap_is(zero.count, 1, "event 0 to oneself: one handler, at once, with interrupts masked");
	tap_ok(zero.x[0] == 0 && zero.x[1] == (u64)&zero, "x0: the event, x1: the argument");
	tap_ok((zero.x[3] & 0xf00003cf) == (0x90000000 | SPSR_DAIF | SPSR_EL1H), "x3: PSTATE, %lx",
		zero.x[3]);
	tap_ok(found_registers(), "x4-x30 are what they were");
	tap_ok(zero.daif == SPSR_DAIF && zero.el == 4 && zero.spsel == 1,
		"the handler is at EL1h, all masked");
	tap_ok(zero.elr == OLD_ELR && zero.spsr == OLD_SPSR, "ELR_EL1 and SPSR_EL1 are untouched");
	tap_ok(mrs(elr_el1) == OLD_ELR && mrs(spsr_el1) == OLD_SPSR, "and stay so");
	tap_ok(is_untouched(), "all registers are back after COMPLETE");
	tap_ok(is_context(), "CONTEXT has x0-x17");
	tap_is((u64)answers[0], (u64)INVALID, "CONTEXT 18 in a handler");
	tap_is((u64)answers[1], REGISTERED | ENABLED | RUNNING, "STATUS in a handler");
	tap_is((u64)answers[2], (u64)INVALID, "COMPLETE_AND_RESUME at an unaligned address");
	tap_is((u64)answers[3], (u64)DENIED, "PRIVATE_RESET in a handler");
	tap_is((u64)answers[4], (u64)DENIED, "SHARED_RESET in a handler");
	sdei_drop(0);
}

/* --- COMPLETE_AND_RESUME --- */

static u32 resumed;
static u64 resumed_elr, resumed_spsr, resumed_daif, resumed_x[31];

static void note_resume(struct regs *regs)
{
	resumed++;
	resumed_elr = regs->elr;
	resumed_spsr = regs->spsr;
	resumed_daif = mrs(daif);
	for (u32 i = 0; i < 31; i++)
		resumed_x[i] = regs->x[i];
}

static void test_resume(void)
{
	bool same = true;

	sdei_use(0, &zero, 0, 0);
	exception_set_irq(note_resume);
	resumed = 0;
	zero.resume = mrs(vbar_el1) + VECTOR_IRQ_EL1H;
	signal_with_state();
	for (u32 i = 1; i < 31; i++)
		same &= resumed_x[i] == in.x[i];
	tap_ok(resumed == 1 && zero.count == 1, "COMPLETE_AND_RESUME goes to its address");
	tap_ok(resumed_elr == zero.x[2] && resumed_spsr == zero.x[3],
		"ELR_EL1 and SPSR_EL1 are what was interrupted");
	tap_is(resumed_daif, SPSR_DAIF, "all masked there");
	tap_ok(same && resumed_x[0] == 0, "with its registers");
	tap_ok(is_untouched() && is_fp_untouched(), "and an ERET is back there");
	sdei_drop(0);
}

/* --- at EL0 --- */

static void at_el0(struct probe *p)
{
	u64 at = mmu_window_page(
		CODE_SLOT, (u64)user_code, MAP_NORMAL | MAP_AF | MAP_USER | MAP_RO | MAP_PXN);
	u64 bell = mmu_window_page(
		BELL_SLOT, BELLS, MAP_DEVICE | MAP_AF | MAP_USER | MAP_UXN | MAP_PXN);

	for (u32 i = 0; i < 2; i++)
		((volatile u32 *)user_code)[i] = sdei_user[i];
	sync_code(user_code, 8);
	p->x[0] = at;
	p->x[1] = 0;
	p->x[2] = SPSR_EL0 | BIT(29);
	p->x[3] = 1;
	p->x[4] = bell + 16 * BELL_ALARM;
	probe_call(p, sdei_el0);
}

static void test_el0(u64 resume)
{
	static struct record alarm;
	struct probe p = { 0 };
	const char *how = resume ? "COMPLETE_AND_RESUME" : "COMPLETE";

	sdei_use(EVENT_ALARM, &alarm, 0, 0);
	alarm.resume = resume;
	resumed = 0;
	at_el0(&p);
	tap_is(alarm.count, 1, "an event at EL0, %s", how);
	tap_ok(alarm.x[2] == p.x[0] + 4 && (alarm.x[3] & 0x3cf) == SPSR_EL0 && alarm.el == 4 &&
			alarm.spsel == 1,
		"interrupts EL0 for EL1h: PC %lx PSTATE %lx", alarm.x[2], alarm.x[3]);
	tap_ok(p.taken && p.esr == 0x560000ff && p.elr == p.x[0] + 8 &&
			p.spsr == (SPSR_EL0 | BIT(29)),
		"EL0 goes on behind it");
	if (resume)
		tap_ok(resumed == 1 && resumed_elr == alarm.x[2] && resumed_spsr == alarm.x[3],
			"by way of EL1's vector");
	sdei_drop(EVENT_ALARM);
}

/* --- when --- */

static void test_masks(void)
{
	sdei_use(0, &zero, 0, 0);
	tap_is((u64)sdei(PE_MASK, 0, 0, 0), 1, "PE_MASK");
	signal_self();
	signal_self();
	tap_is(zero.count, 0, "nothing is delivered to a masked CPU");
	tap_is((u64)sdei(PE_UNMASK, 0, 0, 0), 0, "PE_UNMASK");
	tap_is(zero.count, 1, "two signals are one event");
	sdei(DISABLE, 0, 0, 0);
	signal_self();
	tap_is(zero.count, 1, "nor while it is disabled");
	sdei(ENABLE, 0, 0, 0);
	tap_is(zero.count, 2, "ENABLE delivers it");
	sdei(DISABLE, 0, 0, 0);
	signal_self();
	sdei_drop(0);
	sdei_use(0, &zero, 0, 0);
	tap_is(zero.count, 0, "UNREGISTER forgets what is pending");
	irq_enable();
	signal_self();
	irq_disable();
	tap_ok(zero.count == 1 && (zero.x[3] & 0x3c0) == 0x340, "with IRQs unmasked: PSTATE %lx",
		zero.x[3]);
	sdei_drop(0);
}

static void signal_again(struct record *record)
{
	if (record->count < 3)
		signal_self();
	answers[0] = (s64)record->count;
}

static void change_state(struct record *record)
{
	(void)record;
	answers[0] = sdei(DISABLE, 0, 0, 0);
	answers[1] = sdei(STATUS, 0, 0, 0);
	answers[2] = sdei(ENABLE, 0, 0, 0);
	answers[3] = sdei(STATUS, 0, 0, 0);
	answers[4] = sdei5(REGISTER, 0, (u64)sdei_entry, 0, 0, 0);
	answers[5] = sdei(UNREGISTER, 0, 0, 0);
	answers[6] = sdei(STATUS, 0, 0, 0);
	answers[7] = sdei(UNREGISTER, 0, 0, 0);
	answers[8] = sdei(ENABLE, 0, 0, 0);
	answers[9] = sdei(DISABLE, 0, 0, 0);
	answers[10] = sdei5(REGISTER, 0, (u64)sdei_entry, 0, 0, 0);
}

static void disable(struct record *record)
{
	(void)record;
	signal_self();
	answers[0] = sdei(DISABLE, 0, 0, 0);
}

static void test_states(void)
{
	static const s64 expected[] = { 0, REGISTERED | RUNNING, 0, REGISTERED | ENABLED | RUNNING,
		DENIED, PENDING, RUNNING, PENDING, DENIED, DENIED, DENIED };

	sdei_use(0, &zero, 0, 0);
	zero.act = signal_again;
	signal_self();
	tap_is(zero.count, 3, "what a handler signals to itself comes when it is complete");
	zero.act = disable;
	signal_self();
	tap_is(zero.count, 4, "not if it disables the event");
	tap_is((u64)sdei(STATUS, 0, 0, 0), REGISTERED, "which it is then");
	zero.act = NULL;
	sdei(ENABLE, 0, 0, 0);
	tap_is(zero.count, 5, "ENABLE delivers it");
	zero.act = change_state;
	signal_self();
	for (u32 i = 0; i < ARRAY_SIZE(expected); i++)
		tap_is((u64)answers[i], (u64)expected[i], "in a handler: step %u", i);
	tap_is((u64)sdei(STATUS, 0, 0, 0), 0, "UNREGISTER in a handler is done at COMPLETE");
}

/* A handler by its distance from VBAR_EL1. */
static void test_relative(void)
{
	u64 distance = (u64)sdei_entry - mrs(vbar_el1);

	zero.count = 0;
	zero.act = NULL;
	tap_is((u64)sdei5(REGISTER, 0, distance, (u64)&zero, RELATIVE, 0), 0,
		"REGISTER a relative handler");
	sdei(ENABLE, 0, 0, 0);
	signal_self();
	tap_is(zero.count, 1, "it is called");
	sdei_drop(0);
}

void test_delivery(void)
{
	sdei(PE_UNMASK, 0, 0, 0);
	test_complete();
	test_resume();
	test_el0(0);
	test_el0(mrs(vbar_el1) + VECTOR_IRQ_EL0);
	test_masks();
	test_states();
	test_relative();
	sdei(PE_MASK, 0, 0, 0);
}
