/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"
#include "gic.h"
#include "machine.h"
#include "smp.h"
#include "smp_state.h"
#include "tap.h"
#include "timer.h"

#define WAKE_MS 3
#define LONG_MS 2000
#define JOIN_MS 5000

static const char *const conduit_name[] = { "HVC", "SMC" };

/* Again and again: on a slow machine the first one may come before the suspend that it is to end.
 */
static void next_tick(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID)
		timer_set_cval(TIMER_VIRT, counter() + ms_ticks(WAKE_MS));
}

static void prepare(void)
{
	gic_init_cpu();
	gic_enable(TIMER_VIRT_INTID);
	timer_set_cval(TIMER_VIRT, counter() + ms_ticks(WAKE_MS));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
}

static void check_woken(u64 start, s32 answer, const char *what, enum conduit conduit)
{
	u64 took = counter() - start;

	tap_ok(answer == PSCI_SUCCESS, "%s: CPU %u: CPU_SUSPEND to %s returns %d",
		conduit_name[conduit], cpu_id(), what, answer);
	tap_ok(took < ms_ticks(LONG_MS), "the timer woke it");
	tap_ok(timer_ctl(TIMER_VIRT) & TIMER_ISTATUS || took < ms_ticks(WAKE_MS),
		"and its interrupt is due");
	timer_set_ctl(TIMER_VIRT, 0);
}

static void suspend_here(void *arg)
{
	enum conduit conduit = *(enum conduit *)arg;
	u64 start = counter();
	u64 answer;

	irq_disable();
	prepare();
	answer = smccc_call(conduit, PSCI_CPU_SUSPEND, 0, 0, 0);
	check_woken(start, (s32)answer, "standby, IRQs masked", conduit);

	start = counter();
	prepare();
	answer = suspend_powerdown(PSCI_POWERDOWN, conduit == CONDUIT_SMC);
	if (answer == RESUMED_AT_ENTRY)
		tap_note("powerdown came back through its entry point");
	check_woken(start, answer == RESUMED_AT_ENTRY ? PSCI_SUCCESS : (s32)answer, "powerdown",
		conduit);
}

static void suspend_with_irqs(enum conduit conduit)
{
	u32 before = gic_taken(0, TIMER_VIRT_INTID);
	s32 answer;

	gic_set_handler(next_tick);
	prepare();
	irq_enable();
	answer = (s32)smccc_call(conduit, PSCI_CPU_SUSPEND_32, 0, 0, 0);
	isb();
	irq_disable();
	timer_set_ctl(TIMER_VIRT, 0);
	tap_is((u32)answer, PSCI_SUCCESS, "%s: CPU_SUSPEND with IRQs on", conduit_name[conduit]);
	tap_ok(gic_taken(0, TIMER_VIRT_INTID) != before, "the timer interrupt was taken");
}

void test_suspend(enum conduit conduit)
{
	gic_init();
	suspend_here(&conduit);
	suspend_with_irqs(conduit);
	if (machine.cpus > 1) {
		tap_is((u32)smp_start(1, suspend_here, &conduit), PSCI_SUCCESS, "CPU 1 starts");
		tap_ok(smp_join(1, JOIN_MS), "CPU 1 suspended and came back");
	}
}
