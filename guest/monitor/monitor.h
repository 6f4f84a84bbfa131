/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMs whose calls another VM answers. `self=1` is the monitor, `self=0` makes calls of all kinds,
 * `self=2` is restarted in the middle of one.
 */
#ifndef GUEST_MONITOR_MONITOR_H
#define GUEST_MONITOR_MONITOR_H

#include "machine.h"

/* The monitor's side (docs/monitor.md). */
#define MONITOR_VERSION     UINT64_C(0xc6000010)
#define MONITOR_NEXT        UINT64_C(0xc6000011)
#define MONITOR_NO_TICKET   UINT64_MAX
#define MONITOR_DONT_WAIT   1
#define MONITOR_INVALID     ((u64)-2)
#define MONITOR_NO_CALL     ((u64)-3)
#define MONITOR_INTERRUPTED ((u64)-4)
#define MONITOR_UNDEFINED   1
#define MONITOR_LINE_INTID  (32 + 110)

struct record {
	u64 x[18];
	u64 flags;
	u64 ticket;
	u64 address;
	u64 pstate;
	u64 esr;
	u32 vm, vcpu;
	u32 conduit, immediate;
	u32 calling, function;
	char name[32];
	u64 unused[2];
};
_Static_assert(sizeof(struct record) == 256, "a record of Lintel's");

/* Functions; the first ones with w0 = CALL_64 or CALL_32 + this. In all answers but those that say
 * otherwise the registers stay as they were. */
enum function {
	CALL_ECHO,    /* x0 = 0 */
	CALL_PERMUTE, /* xn = x(17 - n) */
	CALL_UNDEF,   /* is Undefined */
	CALL_SLOW,    /* x0 = 0, x2 = who answered, after x1 milliseconds */
	CALL_TWICE,   /* x0 = 0, answered twice */
	CALL_BAD,     /* x0 = how many of the wrong answers were refused that came before */
	CALL_NEVER,   /* no answer, or as late as the next call that this vCPU takes */
	CALL_WHO,     /* x0 = 0; x1.. = what is in the record */
	CALL_COUNTS,  /* x0 = 0; x1.. = the monitor's counts: enum count */
	CALL_BOOT,    /* x0 = how often the caller's VM said this */
	CALL_RESTART, /* no answer: the monitor is restarted */
	CALL_QUIT,    /* x0 = 0, and the monitor ends */
};
#define CALL_64       UINT64_C(0xc2000000)
#define CALL_32       UINT64_C(0x82000000)
/* Other ranges with the same functions: with a short timeout; with the line. */
#define CALL_SHORT    0x100
#define CALL_LINE     0x200

#define IMMEDIATE     0x100 /* to 0x1ff: the monitor's */
#define WRONG_ANSWERS 5

enum count {
	COUNT_SERVED = 1,
	COUNT_TWICE,       /* second answers that were refused */
	COUNT_LATE,        /* late ones that were */
	COUNT_INTERRUPTED, /* NEXT ended by an interrupt */
	COUNT_TICKS,       /* timer interrupts taken */
	COUNT_LINE,        /* interrupts of the line taken */
	COUNT_AGAIN,       /* how often the VM `again` began */
	NR_COUNTS
};

/* Who answered: CALL_SLOW. */
#define SERVER_WAITS 1
#define SERVER_LINE  2

/* x0-x30 into the registers, the instruction, and back. */
void call_hvc(u64 *x);
void call_smc(u64 *x);
void call_hvc_immediate(u64 *x); /* IMMEDIATE */
void call_smc_immediate(u64 *x); /* IMMEDIATE + 0xff */

/* Answers all calls with x0 = 0 as fast as can be, until CALL_QUIT. `records`: where they are. */
void echo_for_ever(u64 records);

void monitor_serve(void);
void monitor_call(void);
void monitor_call_again(void);

#endif
