/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/crash.h"
#include "boot/end.h"
#include "drivers/gic/gicv3_cpu.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/el2_exception.h"
#include "hyp/arch/esr.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/panic.h"
#include "hyp/base/symbols.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/trace.h"
#include "hyp/trap/exit.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/vm.h"
#include "mm/el2_map.h"
#include "mm/page.h"

#define LAST_EVENTS     16
#define EVENT_TEXT_MAX  128
#define BACKTRACE_MAX   32
#define STOP_LIMIT_MS   100
#define STACK_FRAME_MAX CPU_STACK_SIZE

static __noreturn void stop_here(void *context, uint32_t intid)
{
	(void)context;
	(void)intid;
	__atomic_store_n(&this_cpu()->stopped, true, __ATOMIC_RELEASE);
	for (;;)
		wfi();
}

static void stop_others(void)
{
	uint64_t limit = timer_now() + timer_ms_to_ticks(STOP_LIMIT_MS);

	for (unsigned i = 0; i < nr_cpus; i++) {
		if (&cpus[i] != this_cpu() && cpus[i].online)
			gicv3_send_sgi(gicv3_sgi_value(cpus[i].mpidr, SGI_STOP));
	}
	for (unsigned i = 0; i < nr_cpus; i++) {
		while (&cpus[i] != this_cpu() && cpus[i].online &&
			!__atomic_load_n(&cpus[i].stopped, __ATOMIC_ACQUIRE)) {
			if (timer_now() > limit) {
				log_error("CPU %u does not stop", i);
				break;
			}
		}
	}
}

static void print_registers(const struct el2_frame *frame)
{
	for (unsigned i = 0; i < 30; i += 3)
		log_error("  x%-2u %016lx  x%-2u %016lx  x%-2u %016lx", i,
			(unsigned long)frame->x[i], i + 1, (unsigned long)frame->x[i + 1], i + 2,
			(unsigned long)frame->x[i + 2]);
	log_error("  x30 %016lx  sp  %016lx  pc  %016lx  pstate %lx", (unsigned long)frame->x[30],
		(unsigned long)frame->sp, (unsigned long)frame->pc, (unsigned long)frame->pstate);
	if (el2_stack_is_guard(read_sysreg(FAR_EL2)))
		log_error("  the address is in the guard page below a stack: stack overflow");
}

static void print_place(const char *what, uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_name(address, &offset);

	log_error(
		"  %s %016lx %s+0x%lx", what, (unsigned long)address, name, (unsigned long)offset);
}

static void print_caller(unsigned depth, uint64_t address)
{
	char what[8];

	format(what, sizeof(what), "#%u", depth);
	print_place(what, address);
}

/* Return addresses are signed: the upper bits come off. */
static uint64_t strip_pac(uint64_t address)
{
	return address & GENMASK(47, 0);
}

/* Frame records: {caller's record, return address}. Only RAM of Lintel's own is read. */
static void print_backtrace(uint64_t record)
{
	uint64_t last = 0;

	for (unsigned depth = 1; depth < BACKTRACE_MAX; depth++) {
		const uint64_t *words = (const uint64_t *)record;

		if (record <= last || !IS_ALIGNED(record, 8) || !page_ready() ||
			page_owner(PA(record)) != OWNER_LINTEL || el2_stack_is_guard(record))
			return;
		if (words[1] == 0)
			return;
		print_caller(depth, strip_pac(words[1]) - 4);
		last = record;
		record = words[0];
	}
}

static void print_event(const struct trace_entry *entry)
{
	char text[EVENT_TEXT_MAX];

	trace_describe(entry, text, sizeof(text));
	log_error("  %s", text);
}

/* Newest first. */
static void print_last_events(const struct cpu *cpu)
{
	unsigned count = trace_count(&cpu->trace), shown = MIN(count, LAST_EVENTS);

	if (!count)
		return;
	log_error("last events of this CPU, newest first:");
	for (unsigned i = 1; i <= shown; i++)
		print_event(trace_at(&cpu->trace, count - i));
}

static void crash(void)
{
	const struct el2_frame *frame = el2_exception_frame();
	const struct cpu *cpu = this_cpu();

	stop_others();
	console_panic_mode();
	if (cpu->current)
		log_error("CPU %u, VM %s, vCPU %u", cpu->index, cpu->current->vm->name,
			cpu->current->id);
	else
		log_error("CPU %u, no vCPU", cpu->index);
	if (frame) {
		print_registers(frame);
		log_error("backtrace:");
		print_caller(0, frame->pc);
		/* Where a function without a frame of its own was called from. */
		print_place("lr", strip_pac(frame->x[30]));
		print_backtrace(frame->x[29]);
	} else {
		log_error("backtrace:");
		print_backtrace((uint64_t)__builtin_frame_address(0));
	}
	print_last_events(cpu);
	end_machine(END_STATUS_PANIC);
}

void crash_init(void)
{
	panic_hook = crash;
}

void crash_init_cpu(void)
{
	if (this_cpu()->index != 0)
		return;
	if (irq_register(SGI_STOP, stop_here, NULL, IRQ_NORMAL) != OK)
		panic("the SGI for panics is taken");
}

/* -fstack-protector-strong: the value in every protected frame (boot/head.S fills it), and what is
 * called when it changed. */
uint64_t __stack_chk_guard;
__noreturn void __stack_chk_fail(void);

__noreturn void __stack_chk_fail(void)
{
	panic("stack protector: a buffer on the stack was overrun");
}
