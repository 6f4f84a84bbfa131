/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that another VM answers: a monitor VM, which plays TEE or firmware for the VMs whose rules
 * (call_rule.h, action "monitor") name it. What it sees of this is in docs/monitor.md.
 *
 * A call has one of these states; all but the caller's own way out change it under its monitor's
 * lock:
 *
 *   NONE    the caller's vCPU makes no call.
 *   QUEUED  it waits, in the order of arrival, for a vCPU of the monitor's.
 *   TAKEN   it was written into a record, and its ticket is out.
 *   ENDED   the caller's registers hold the answer; its vCPU has not gone on yet.
 *
 *   from           by                                                  to
 *   NONE           monitor_forward()                                   QUEUED
 *   QUEUED         MONITOR_NEXT, at once if a vCPU waits in it already TAKEN
 *   TAKEN          MONITOR_NEXT with its ticket                        ENDED
 *   QUEUED, TAKEN  its time is up; its monitor stops, crashes or       ENDED, NOT_SUPPORTED
 *                  restarts
 *   ENDED          the caller's vCPU goes on                           NONE
 *   any            the caller's VM has stopped, or restarts            NONE
 *
 * and a record one of these:
 *
 *   free       in nobody's hands.
 *   in use     of a call that is TAKEN.
 *   abandoned  its call ended without the monitor, which may still be at work in it. It becomes
 *              free by the late answer, or is taken for another call when no other is free.
 *
 * A ticket names a record and counts up: an answer that comes late, or twice, never meets another
 * call.
 *
 * Order of checks. monitor_forward(): the rule's monitor exists → it runs (a paused one counts, a
 * crashed one doesn't) → then the caller waits. MONITOR_NEXT: the caller is a monitor → flags → the
 * ticket (its record in use, and of that ticket) → the answer's flags → then the call is answered,
 * and only now the next one is looked for: the first of the queue; else, if that is wanted, the
 * vCPU waits until there is one, or an interrupt for it. Where one of the checks fails nothing has
 * changed (but that a late answer makes an abandoned record free).
 *
 * Whom a call is from, and what may change in the caller, is in Lintel's own structures; the
 * records are written for the monitor, and read at the answer: flags once, then registers once.
 *
 * Who waits holds no CPU: vcpu->wait_over (hyp/vm/vcpu.h). The caller takes no interrupt
 * meanwhile, so the call is atomic for it.
 *
 * Locks. Each monitor has one (hyp/arch/lock.h), for its queue, its records, its alarm and the
 * calls that are with it; never two of them. Waking is done with it held. No wake-up is lost: both
 * sides change the state under the lock, then wake; who waits sets wait_over under it and looks
 * again after every wake-up, and one that comes before the vCPU is BLOCKED keeps it from blocking
 * (hyp/vm/sched.h).
 *
 * Bounds. A vCPU makes one call at a time, so the queue has at most all vCPUs of the machine; the
 * alarm is one soft timer, set for the earliest end or earlier, not for each call.
 */
#ifndef HYP_SMCCC_MONITOR_H
#define HYP_SMCCC_MONITOR_H

#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/dispatch.h"

/* The records in a monitor's memory map. */
#define MONITOR_RECORDS_BASE UINT64_C(0x0a310000)
#define MONITOR_RECORDS      256
#define MONITOR_RECORDS_SIZE (MONITOR_RECORDS * sizeof(struct monitor_record))

#define MONITOR_REGISTERS    18 /* x0-x17 */

/* One call, as the monitor sees it: little-endian. It may write x and flags; what else it writes is
 * not looked at. */
struct monitor_record {
	uint64_t x[MONITOR_REGISTERS]; /* the caller's; at the answer the results */
	uint64_t flags;                /* MONITOR_ANSWER_*; 0 when the call comes */
	uint64_t ticket;               /* names this call: what MONITOR_NEXT returned */
	uint64_t address;              /* of the HVC or SMC (virtual) */
	uint64_t pstate;               /* the caller's, in SPSR_EL2's format */
	uint64_t esr;                  /* class and immediate, in ESR_EL2's format */
	uint32_t vm, vcpu;             /* the caller's numbers */
	uint32_t conduit;              /* 0: SMC, 1: HVC */
	uint32_t immediate;
	uint32_t calling;   /* MONITOR_CALL_* */
	uint32_t function;  /* w0, of fast calls without the hint of bit 16; 0: other immediates */
	uint64_t name[4];   /* the caller's VM: a string of at most 31 characters */
	uint64_t unused[2]; /* 0 */
};
_Static_assert(sizeof(struct monitor_record) == 256, "docs/monitor.md");
_Static_assert(MONITOR_RECORDS_SIZE == KIB(64), "what is free there");
_Static_assert(offsetof(struct monitor_record, flags) == 0x90 &&
		offsetof(struct monitor_record, address) == 0xa0 &&
		offsetof(struct monitor_record, vm) == 0xb8 &&
		offsetof(struct monitor_record, calling) == 0xc8 &&
		offsetof(struct monitor_record, function) == 0xcc &&
		offsetof(struct monitor_record, name) == 0xd0,
	"docs/monitor.md");

/* monitor_record.calling */
#define MONITOR_CALL_AARCH32     BIT(0) /* the caller is in AArch32: r0-r12 are x0-x12 */
#define MONITOR_CALL_32          BIT(1) /* 32-bit: of the results only w0-w7 count */

/* monitor_record.flags */
#define MONITOR_ANSWER_UNDEFINED BIT(0) /* an Undefined Instruction exception at the call */

/* x0 of MONITOR_NEXT: what it returns is a ticket, or one of these. */
#define MONITOR_INVALID          ((uint64_t)-2) /* nothing has changed */
#define MONITOR_NO_CALL          ((uint64_t)-3) /* and it was told not to wait */
#define MONITOR_INTERRUPTED      ((uint64_t)-4) /* an interrupt is pending, no call */

/* x1: the ticket that is answered, or: */
#define MONITOR_NO_TICKET        UINT64_MAX
#define MONITOR_TICKET_RECORD    GENMASK(7, 0) /* the number of its record */

/* x2 */
#define MONITOR_DONT_WAIT        BIT(0)

/* What MONITOR_VERSION returns. */
#define MONITOR_VERSION_1_0      UINT64_C(0x10000)

/*
 * A call of the vCPU that runs here, that is another VM's by that rule of its own VM's. EXIT_WAIT;
 * or it is answered NOT_SUPPORTED at once, and counted, because the monitor isn't there.
 */
enum exit_result monitor_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint16_t immediate);

/* Does a rule name that VM as monitor? It has the records then, and a node in its devicetree. */
bool monitor_is_named(const char *vm);

/* All VMs of the bundle are made, none was started: rules find their monitors and lines. What is
 * missing is logged. */
void monitor_connect(void);

/* Counts of a monitor's, since it was made. */
struct monitor_view {
	uint64_t taken;    /* calls */
	uint64_t answered; /* of these, in time */
	uint64_t late;     /* answers that came too late, twice, or to nothing */
};

/* False: it is none. */
bool monitor_view(const struct vm *vm, struct monitor_view *view);

/* The row for boot/parts.c. */
extern const struct vm_part monitor_part;

#endif
