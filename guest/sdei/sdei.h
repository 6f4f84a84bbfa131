/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDEI as a client sees it: calls, and a handler that notes all it finds.
 */
#ifndef GUEST_SDEI_SDEI_H
#define GUEST_SDEI_SDEI_H

#include "power.h"

/* Numbers of the functions, after SDEI_FIRST (Arm DEN0054). */
#define SDEI_FIRST 0xc4000020u
enum {
	VERSION,
	REGISTER,
	ENABLE,
	DISABLE,
	CONTEXT,
	COMPLETE,
	COMPLETE_AND_RESUME,
	UNREGISTER,
	STATUS,
	GET_INFO,
	ROUTING_SET,
	PE_MASK,
	PE_UNMASK,
	BIND,
	RELEASE,
	SIGNAL,
	FEATURES,
	PRIVATE_RESET,
	SHARED_RESET,
};

#define NOT_SUPPORTED   (-1)
#define INVALID         (-2)
#define DENIED          (-3)
#define PENDING         (-5)
#define OUT_OF_RESOURCE (-10)

#define RM_PE           1
#define RELATIVE        2

/* What EVENT_STATUS says. */
#define REGISTERED      1
#define ENABLED         2
#define RUNNING         4

/* As guest/bundle.dts has them: doorbells at BELLS + 16 * n, each for the line after it. */
#define BELLS           UINT64_C(0x0b000000)
enum { BELL_LEVEL, BELL_EDGE, BELL_ALARM };
#define SPI(n)       (32 + (n))
#define INTID_LEVEL  SPI(100) /* falls at its end */
#define INTID_EDGE   SPI(101)
#define INTID_ALARM  SPI(102)
#define INTID_DOG    SPI(10)
#define EVENT_ALARM  0x40000001u /* critical, INTID_ALARM */
#define EVENT_DOG    0x40000002u /* critical, INTID_DOG */
#define EVENT_PPI    0x40000003u /* normal, PPI 4 */
#define INTID_PPI    20

#define PRIVATE_BIND 8
#define SHARED_BIND  32

/* What a handler has found; entry.S knows its layout. Its address is the event's argument. */
struct record {
	u64 x[31]; /* as the handler was entered */
	u64 sp;
	u64 elr;  /* ELR_EL1 */
	u64 spsr; /* SPSR_EL1 */
	u64 daif;
	u64 el;
	u64 spsel;
	u64 count; /* how often it was entered */
	u64 by_smc;
	void (*act)(struct record *record); /* called by it; NULL: nothing */
	u64 resume;                         /* where to resume at; 0: EVENT_COMPLETE */
	u64 failed;                         /* what the completion answered, if it came back */
};

/* The handler of all events (entry.S). It has junk in x0-x17 when it is complete. */
void sdei_entry(void);

/* Which conduit is used now. */
extern enum conduit sdei_conduit;

s64 sdei5(u32 function, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);
#define sdei(function, a1, a2, a3) sdei5(function, a1, a2, a3, 0, 0)

/* Registers sdei_entry for an event, with its record emptied, and enables it. */
void sdei_use(u64 event, struct record *record, u64 flags, u64 affinity);
void sdei_drop(u64 event);

void ring(u32 bell);

/* calls.c */
void test_calls(void);
/* deliver.c */
void test_delivery(void);
/* interrupts.c */
void test_interrupts(void);
/* cpus.c */
void test_cpus(void);

/* entry.S. At EL0 (SP_EL0 = x[1], SPSR = x[2], entered at x[0]): x3 = x[3] and x4 = x[4]. */
void sdei_el0(u64 *x);
/* Code for EL0, to be copied: stores w3 at x4, then SVC #0xff. */
extern u32 sdei_user[2];

#endif
