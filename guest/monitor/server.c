/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor: CPU 0 waits for calls in MONITOR_NEXT, CPU 1 (if there is one) sleeps until the line
 * says that there are some. A timer interrupts CPU 0.
 */
#include "gic.h"
#include "mmu.h"
#include "monitor.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define TICK_MS 20
#define NAMES   4

static u64 records;
static u64 counts[NR_COUNTS];
static u32 quit, restart;
static struct {
	char name[32];
	u64 boots;
} names[NAMES];

/* A ticket that is answered too late; MONITOR_NO_TICKET: none. */
static u64 late = MONITOR_NO_TICKET;

static void count(enum count which)
{
	__atomic_fetch_add(&counts[which], 1, __ATOMIC_RELAXED);
}

static u64 next(u64 ticket, u64 flags)
{
	return smccc_call(CONDUIT_HVC, MONITOR_NEXT, ticket, flags, 0);
}

static struct record *record_of(u64 ticket)
{
	return (struct record *)(records + (ticket & 0xff) * sizeof(struct record));
}

/* Calls of this one vCPU that are never answered are, late. */
static bool is_counted(const struct record *record)
{
	return str_starts(record->name, "monitor-caller") && record->vcpu == 0;
}

static u64 boots_of(const char *name)
{
	u64 boots = 0;

	for (u32 i = 0; i < NAMES; i++) {
		if (!names[i].name[0])
			memcpy(names[i].name, name, sizeof(names[i].name));
		if (memcmp(names[i].name, name, sizeof(names[i].name)) == 0)
			boots = ++names[i].boots;
		if (boots)
			break;
	}
	if (str_starts(name, "monitor-again"))
		counts[COUNT_AGAIN] = boots;
	return boots;
}

/* Wrong answers, while the right one can still be given: how many were refused. */
static u64 refused(struct record *record, u64 ticket)
{
	u64 found = 0;

	record->x[0] = 0x5a;
	found += next(ticket + 1, MONITOR_DONT_WAIT) == MONITOR_INVALID;
	found += next(ticket + 0x100, MONITOR_DONT_WAIT) == MONITOR_INVALID;
	found += next(ticket - 0x100, MONITOR_DONT_WAIT) == MONITOR_INVALID;
	found += next(ticket, 2) == MONITOR_INVALID;
	record->flags = 6;
	found += next(ticket, MONITOR_DONT_WAIT) == MONITOR_INVALID;
	record->flags = 0;
	return found;
}

/* Into x1 on. */
static void tell_who(struct record *record)
{
	const u64 all[] = { record->conduit, record->immediate, record->vcpu, record->address,
		record->pstate, record->esr, record->calling };

	memcpy(&record->x[1], all, sizeof(all));
}

static void permute(struct record *record)
{
	u64 before[18];

	memcpy(before, record->x, sizeof(before));
	for (u32 i = 0; i < 18; i++)
		record->x[i] = before[17 - i];
}

/* The answer to a call is in its record; false: there is none. */
static bool serve(u64 who, struct record *record, u64 ticket)
{
	enum function function = record->x[0] & 0xff;
	u64 result = 0;

	switch (function) {
	case CALL_PERMUTE:
		permute(record);
		return true;
	case CALL_UNDEF:
		record->flags = MONITOR_UNDEFINED;
		break;
	case CALL_SLOW:
		record->x[2] = who;
		delay_us(record->x[1] * 1000);
		break;
	case CALL_BAD:
		result = refused(record, ticket);
		break;
	case CALL_NEVER:
		if (is_counted(record))
			late = ticket;
		return false;
	case CALL_WHO:
		tell_who(record);
		break;
	case CALL_COUNTS:
		memcpy(&record->x[1], &counts[1], sizeof(counts) - sizeof(counts[0]));
		break;
	case CALL_BOOT:
		result = boots_of(record->name);
		break;
	case CALL_RESTART:
		store_release(&restart, 1);
		return false;
	case CALL_QUIT:
		store_release(&quit, 1);
		break;
	default:
		break;
	}
	record->x[0] = result;
	return true;
}

static bool is_ticket(u64 value)
{
	return (s64)value >= 0;
}

static bool goes_on(void)
{
	return !load_acquire(&quit) && !load_acquire(&restart);
}

/* Serves a call: the next one, or why there is none. */
static u64 take(u64 who, u64 ticket, u64 flags)
{
	struct record *record = record_of(ticket);
	bool twice = (record->x[0] & 0xff) == CALL_TWICE;
	u64 found, old = MONITOR_NO_TICKET;
	bool answered;

	count(COUNT_SERVED);
	/* Who calls again has no call that waits: its old one is over. */
	if (is_counted(record))
		old = __atomic_exchange_n(&late, MONITOR_NO_TICKET, __ATOMIC_RELAXED);
	if (old != MONITOR_NO_TICKET && next(old, MONITOR_DONT_WAIT) == MONITOR_INVALID)
		count(COUNT_LATE);
	answered = serve(who, record, ticket);
	if (!goes_on())
		flags = MONITOR_DONT_WAIT;
	if (!twice)
		return next(answered ? ticket : MONITOR_NO_TICKET, flags);
	found = next(ticket, MONITOR_DONT_WAIT);
	if (next(ticket, MONITOR_DONT_WAIT) == MONITOR_INVALID)
		count(COUNT_TWICE);
	return found;
}

static void take_interrupts(void)
{
	irq_enable();
	isb();
	irq_disable();
}

/* CPU 0 waits in MONITOR_NEXT. */
static void wait_for_calls(void)
{
	u64 found = MONITOR_NO_CALL;

	while (goes_on()) {
		if (is_ticket(found)) {
			found = take(SERVER_WAITS, found, 0);
			continue;
		}
		if (found == MONITOR_INTERRUPTED)
			count(COUNT_INTERRUPTED);
		take_interrupts();
		found = next(MONITOR_NO_TICKET, 0);
	}
	if (is_ticket(found))
		tap_note("a call is left");
}

/* CPU 1 sleeps until the line, whose interrupt is taken, and so ended, before it looks. */
static void wait_for_line(void *arg)
{

	(void)arg;
	gic_init_cpu();
	gic_route(MONITOR_LINE_INTID, 1);
	gic_enable(MONITOR_LINE_INTID);
	while (goes_on()) {
		u64 found;

		wfi();
		take_interrupts();
		found = next(MONITOR_NO_TICKET, MONITOR_DONT_WAIT);
		while (is_ticket(found))
			found = take(SERVER_LINE, found, MONITOR_DONT_WAIT);
	}
}

static void handle(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID) {
		timer_set_tval(TIMER_VIRT, ms_ticks(TICK_MS));
		count(COUNT_TICKS);
	} else if (intid == MONITOR_LINE_INTID) {
		count(COUNT_LINE);
	}
}

static void start(void)
{
	gic_init();
	gic_init_cpu();
	gic_set_handler(handle);
	gic_enable(TIMER_VIRT_INTID);
	timer_set_tval(TIMER_VIRT, ms_ticks(TICK_MS));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	if (machine.cpus > 1)
		tap_note("CPU 1: %d", smp_start(1, wait_for_line, NULL));
}

/* What Lintel says of the records. */
static bool find_records(void)
{
	struct smccc call = { .x = { MONITOR_VERSION } };

	smccc_hvc(&call);
	records = mmu_window(0, call.x[1], MAP_NORMAL | MAP_AF);
	return call.x[0] == 0x10000 && call.x[2] == 256;
}

void monitor_serve(void)
{
	bool found = find_records();
	/* Only the last life has something to say. */
	if (!found) {
		tap_ok(false, "MONITOR_VERSION says where the records are");
		return;
	}
	if (arg_flag("bench")) {
		/* With the interrupts on that a kernel has on. */
		gic_init();
		gic_init_cpu();
		gic_enable(TIMER_VIRT_INTID);
		echo_for_ever(records);
		return;
	}
	start();
	wait_for_calls();
	timer_set_ctl(TIMER_VIRT, 0);
	if (restart)
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	tap_ok(found, "MONITOR_VERSION says where the records are");
	tap_ok(counts[COUNT_SERVED] > 0, "%lu calls served in this life", counts[COUNT_SERVED]);
}
