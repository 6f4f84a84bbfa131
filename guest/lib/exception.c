/* SPDX-License-Identifier: BSD-3-Clause */
#include "exception.h"
#include "mmu.h"
#include "power.h"
#include "print.h"
#include "regs.h"
#include "tap.h"

#define INSN_RET   0xd65f03c0u
#define CODE_WORDS 16

static irq_hook on_irq;
static irq_hook on_fiq;
static sync_hook on_sync;

/* What a CPU is probing now, and where a probe_call() returns to. */
static struct {
	struct probe *probe;
	u64 unwind_sp; /* 0: skip the instruction instead */
} volatile probing[MAX_CPUS];

/* Instructions to probe, a line for each CPU. */
static u32 code[MAX_CPUS][CODE_WORDS] __attribute__((section(".bss.pages"), aligned(4096)));

/* probe.S */
void probe_enter(u32 *at, u64 *x);
void probe_enter_call(void (*fn)(u64 *x), u64 *x, volatile u64 *unwind_sp);
void probe_unwind(void);

void exception_set_irq(irq_hook hook)
{
	on_irq = hook;
}

void exception_set_fiq(irq_hook hook)
{
	on_fiq = hook;
}

void exception_set_sync(sync_hook hook)
{
	on_sync = hook;
}

void exception_fatal(struct regs *regs)
{
	print("# unexpected exception on CPU %u: vector %lu ESR %lx FAR %lx ELR %lx SPSR %lx\n",
		cpu_id(), regs->vector, regs->esr, regs->far, regs->elr, regs->spsr);
	for (u32 i = 0; i < 28; i += 4)
		print("# x%u %lx %lx %lx %lx\n", i, regs->x[i], regs->x[i + 1], regs->x[i + 2],
			regs->x[i + 3]);
	print("# x28 %lx %lx %lx sp %lx\n", regs->x[28], regs->x[29], regs->x[30], regs->sp);
	tap_ok(false, "no unexpected exception");
	tap_done();
}

static bool probe_take(struct regs *regs)
{
	u32 cpu = cpu_id();
	struct probe *p = probing[cpu].probe;

	if (!p)
		return false;
	p->count++;
	if (!p->taken) {
		p->taken = true;
		p->esr = regs->esr;
		p->far = regs->far;
		p->elr = regs->elr;
		p->spsr = regs->spsr;
		p->vector = regs->vector;
	}
	regs->spsr &= ~SPSR_IL;
	if (probing[cpu].unwind_sp) {
		regs->x[0] = probing[cpu].unwind_sp;
		regs->elr = (u64)probe_unwind;
		regs->spsr = mrs(CurrentEL) | SPSR_SPX | SPSR_DAIF;
	} else if (VECTOR_KIND(regs->vector) == VECTOR_SYNC) {
		regs->elr = p->pc + 4;
	}
	return true;
}

/* From vectors.S. */
void exception_entry(struct regs *regs);
void exception_entry(struct regs *regs)
{
	switch (VECTOR_KIND(regs->vector)) {
	case VECTOR_IRQ:
		if (on_irq)
			return on_irq(regs);
		break;
	case VECTOR_FIQ:
		if (on_fiq)
			return on_fiq(regs);
		break;
	default:
		if (probe_take(regs) || (on_sync && on_sync(regs)))
			return;
		break;
	}
	exception_fatal(regs);
}

static void probe_begin(struct probe *p, u64 pc)
{
	p->taken = false;
	p->count = 0;
	p->esr = p->far = p->elr = p->spsr = p->vector = 0;
	p->pc = pc;
	probing[cpu_id()].unwind_sp = 0;
	probing[cpu_id()].probe = p;
}

void probe_insn(struct probe *p, u32 insn)
{
	u32 *at = code[cpu_id()];

	*(volatile u32 *)&at[0] = insn;
	*(volatile u32 *)&at[1] = INSN_RET;
	sync_code(at, 2 * sizeof(*at));
	probe_begin(p, (u64)at);
	probe_enter(at, p->x);
	probing[cpu_id()].probe = NULL;
}

void probe_call(struct probe *p, void (*fn)(u64 *x))
{
	u64 daif = mrs(daif);

	probe_begin(p, (u64)fn);
	probe_enter_call(fn, p->x, &probing[cpu_id()].unwind_sp);
	probing[cpu_id()].probe = NULL;
	msr(daif, daif);
}

/* Plain loads and stores of x0 at [x1]. */
void probe_load(struct probe *p, u64 address, u32 bytes)
{
	u32 size = (u32)__builtin_ctz(bytes);

	p->x[0] = 0x5a5a5a5a5a5a5a5a;
	p->x[1] = address;
	probe_insn(p, 0x39400020u | size << 30);
}

void probe_store(struct probe *p, u64 address, u64 value, u32 bytes)
{
	u32 size = (u32)__builtin_ctz(bytes);

	p->x[0] = value;
	p->x[1] = address;
	probe_insn(p, 0x39000020u | size << 30);
}

void probe_fetch(struct probe *p, u64 address)
{
	p->x[0] = address;
	probe_insn(p, 0xd61f0000u); /* BR x0 */
}
