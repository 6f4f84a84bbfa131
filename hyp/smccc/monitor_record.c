/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records: which one a call gets, what Lintel writes there, and what it takes from there.
 */
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/monitor_state.h"

/* Registers of an AArch32 caller that are passed, and results of a 32-bit call (DEN0028 2.6). */
#define AARCH32_REGISTERS 13
#define NARROW_RESULTS    8

static struct forward *first_of(struct list *list)
{
	return container_of(list->next, struct forward, link);
}

/* One that nobody uses; else the one that was abandoned first; MONITOR_RECORDS: all are in use. */
static unsigned choose_record(const struct monitor *monitor)
{
	unsigned found = bitmap_find_set(monitor->free, MONITOR_RECORDS, 0);
	uint64_t least = UINT64_MAX;

	if (likely(found < MONITOR_RECORDS))
		return found;
	for (unsigned i = 0; i < MONITOR_RECORDS; i++) {
		if (!monitor->slots[i].call && monitor->slots[i].ticket < least) {
			least = monitor->slots[i].ticket;
			found = i;
		}
	}
	return found;
}

void monitor_release(struct monitor *monitor, unsigned n)
{
	monitor->slots[n] = (struct monitor_slot){ 0 };
	bitmap_set(monitor->free, n);
}

/* All of them, each read once; pairs, and no memcpy() that looks at alignments first. */
static __always_inline void copy(uint64_t *to, const uint64_t *from)
{
	typedef unsigned __int128 __attribute__((aligned(8), may_alias)) pair;

	for (unsigned i = 0; i < MONITOR_REGISTERS; i += 2)
		*(pair *)&to[i] = *(const volatile pair *)&from[i];
}

static void write_registers(struct monitor_record *record, const struct forward *call)
{
	const uint64_t *x = call->caller->regs.x;
	unsigned passed = call->pstate & PSTATE_NRW ? AARCH32_REGISTERS : MONITOR_REGISTERS;

	if (likely(!call->narrow)) {
		copy(record->x, x);
		return;
	}
	for (unsigned i = 0; i < MONITOR_REGISTERS; i++)
		record->x[i] = i < passed ? (uint32_t)x[i] : 0;
}

static uint64_t syndrome_of(const struct forward *call)
{
	bool aarch32 = call->pstate & PSTATE_NRW;
	unsigned ec;

	if (call->conduit == SMCCC_HVC)
		ec = aarch32 ? EC_HVC32 : EC_HVC64;
	else
		ec = aarch32 ? EC_SMC32 : EC_SMC64;
	return ESR_MAKE(ec, call->immediate);
}

/* By which the rule was found (dispatch.c): x0 may have more in it. */
static uint32_t function_of(const struct forward *call)
{
	uint32_t function = (uint32_t)call->caller->regs.x[0];

	if (call->immediate != 0)
		return 0;
	return function & SMCCC_FAST ? function & ~(uint32_t)SMCCC_HINT : function;
}

static void write_record(struct monitor_record *record, const struct forward *call, uint64_t ticket)
{
	const struct vcpu *caller = call->caller;

	write_registers(record, call);
	record->flags = 0;
	record->ticket = ticket;
	record->address = call->address;
	record->pstate = call->pstate;
	record->esr = syndrome_of(call);
	record->vm = caller->vm->id;
	record->vcpu = caller->id;
	record->conduit = call->conduit;
	record->immediate = call->immediate;
	record->calling = (uint32_t)((call->pstate & PSTATE_NRW ? MONITOR_CALL_AARCH32 : 0) |
		(call->narrow ? MONITOR_CALL_32 : 0));
	record->function = function_of(call);
	for (unsigned i = 0; i < ARRAY_SIZE(record->name); i++)
		record->name[i] = monitor_vm_of(caller->vm)->name[i];
	record->unused[0] = record->unused[1] = 0;
}

uint64_t monitor_take(struct monitor *monitor)
{
	struct forward *call = first_of(&monitor->queue);
	unsigned n = choose_record(monitor);
	uint64_t ticket;

	if (unlikely(n == MONITOR_RECORDS))
		return 0;
	ticket = ++monitor->tickets << 8 | n;
	bitmap_clear(monitor->free, n);
	monitor->slots[n] = (struct monitor_slot){ .ticket = ticket, .call = call };
	list_remove(&call->link);
	list_push_back(&monitor->taken, &call->link);
	call->record = (uint8_t)n;
	call->state = FORWARD_TAKEN;
	write_record(&monitor->records[n], call, ticket);
	monitor->counts.taken++;
	return ticket;
}

void monitor_give_results(const struct forward *call)
{
	const struct monitor_record *record = &call->monitor->records[call->record];
	uint64_t *x = call->caller->regs.x;

	if (likely(!call->narrow)) {
		copy(x, record->x);
		return;
	}
	for (unsigned i = 0; i < NARROW_RESULTS; i++) {
		uint32_t value = (uint32_t)READ_ONCE(record->x[i]);

		if (value != (uint32_t)x[i])
			x[i] = value;
	}
}
