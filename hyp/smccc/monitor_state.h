/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is kept of monitors and of calls to them. Only hyp/smccc/monitor*.c include this; the rules
 * are in monitor.h.
 */
#ifndef HYP_SMCCC_MONITOR_STATE_H
#define HYP_SMCCC_MONITOR_STATE_H

#include "hyp/arch/lock.h"
#include "hyp/base/bitmap.h"
#include "hyp/smccc/monitor.h"
#include "hyp/vdev/line.h"
#include "hyp/vm/timer.h"

enum forward_state { FORWARD_NONE, FORWARD_QUEUED, FORWARD_TAKEN, FORWARD_ENDED };

/* A rule, and whom it is about. */
struct monitor_binding {
	const struct call_rule *rule;
	struct monitor *monitor; /* NULL: it was not made */
	struct line *line;       /* NULL: none */
	uint64_t timeout;        /* ticks of the counter */
};

/* A call. Under the monitor's lock while it is QUEUED or TAKEN; else the caller's. */
struct forward {
	struct list link; /* of monitor->queue, or monitor->taken */
	struct vcpu *caller;
	const struct monitor_binding *binding; /* of the last call */
	struct monitor *monitor;               /* of the last call */
	enum forward_state state;
	uint8_t record;
	bool narrow;    /* 32-bit */
	bool undefined; /* ENDED: that is the answer */
	uint64_t deadline;
	/* Of the HVC or SMC. */
	uint64_t address, pstate;
	enum conduit conduit;
	uint16_t immediate;
};

struct monitor_slot {
	uint64_t ticket;      /* 0: it has never been used, or is free */
	struct forward *call; /* NULL: free, or abandoned */
};

struct monitor {
	struct spinlock lock;
	struct vm *vm;
	struct monitor_record *records;
	struct list queue, taken;
	uint64_t tickets; /* how many there have been */
	uint32_t waiting; /* bit n: vCPU n of it waits in MONITOR_NEXT */
	uint64_t free[BITMAP_WORDS(MONITOR_RECORDS)];
	uint64_t alarm_at; /* what `alarm` is set to; TIMER_NEVER: it isn't */
	struct soft_timer alarm;
	struct monitor_view counts;
	struct monitor_slot slots[MONITOR_RECORDS];
};

_Static_assert(sizeof(((struct monitor_record *)0)->name) == VM_NAME_MAX + 1, "a VM's name");

/* vm->part[PART_MONITOR]; NULL: its VM is no monitor, and has none. */
struct monitor_vm {
	struct monitor *monitor; /* it is one; NULL: it is none */
	uint64_t name[4];        /* its VM's, to be copied fast */
	unsigned nr_bindings;
	struct monitor_vcpu *vcpus;
	struct monitor_binding bindings[];
};

/* vcpu->part[PART_MONITOR]; NULL as its VM's. */
struct monitor_vcpu {
	struct forward call;
	uint64_t handed; /* the ticket with which its MONITOR_NEXT ends; 0: none yet */
};

_Static_assert(MAX_VCPUS <= 32, "monitor->waiting");

static inline struct monitor_vm *monitor_vm_of(const struct vm *vm)
{
	return vm->part[PART_MONITOR];
}

static inline struct monitor_vcpu *monitor_vcpu_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_MONITOR];
}

/* ---- monitor_record.c; the monitor's lock is held ---- */

/* The first call of the queue, which isn't empty, becomes TAKEN: its ticket; 0: there is no record
 * for it. */
uint64_t monitor_take(struct monitor *monitor);

/* What is in the record becomes the caller's registers. Of a 32-bit call's results those whose
 * lower half stays as it was keep the upper one, too. */
void monitor_give_results(const struct forward *call);

/* Record n is free. */
void monitor_release(struct monitor *monitor, unsigned n);

/* ---- monitor.c ---- */

/* The monitor's alarm. */
void monitor_alarm(struct soft_timer *timer);

/* The monitor is reset, or has crashed: all calls that are with it end, though perhaps not all now.
 */
void monitor_end_all(struct monitor *monitor);

/* The caller's VM is reset. */
void monitor_cancel(struct forward *call);

#endif
