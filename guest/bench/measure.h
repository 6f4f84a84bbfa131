/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timed pieces of code (measure.S). Each returns CNTVCT_EL0 ticks, BENCH_TIMEOUT if what it
 * waits for did not come.
 */
#ifndef GUEST_BENCH_MEASURE_H
#define GUEST_BENCH_MEASURE_H

#include "base.h"

#define BENCH_TIMEOUT (~UINT64_C(0))

/* From right before one instruction to right after it. */
u64 measure_nop(u64 address, u64 value);
u64 measure_hvc(u64 function, u64 unused);
u64 measure_smc(u64 function, u64 unused);
u64 measure_load32(u64 address, u64 unused);
u64 measure_load64(u64 address, u64 unused);
u64 measure_store32(u64 address, u64 value);

/* These take one IRQ, in vectors of their own, whose first instruction reads the counter. */
/* From the write of ICC_SGI1R_EL1 to the handler. */
u64 measure_sgi(u64 unused, u64 sgi1r);
/* From the virtual timer's CVAL (now + `ticks`) to the handler, counting loops or in WFI. */
u64 measure_timer_spin(u64 ticks, u64 unused);
u64 measure_timer_wfi(u64 ticks, u64 unused);
/* From the write of ICC_SGI1R_EL1 to *slot becoming the other CPU's handler's time. */
u64 measure_ipi(volatile u64 *slot, u64 sgi1r);
/* The same from a 32-bit store to an address. */
u64 measure_store_wake(volatile u64 *slot, u64 address);
/* The other CPU: sets *ready, counts until the IRQ, stores the handler's time to *slot. */
void receive_ipi(volatile u64 *slot, volatile u64 *ready);

/* The same asleep in WFI. */
void receive_asleep(volatile u64 *slot, volatile u64 *ready);
/* Computes, with the FP unit, until *stop is set. */
void spin_with_fp(volatile u64 *stop);

/* Turns that two CPUs of the VM take on one of the machine's (spin_for_switches knows the layout).
 */
struct switches {
	u64 last[2]; /* the time of each one's last round */
	u64 owner;   /* who made the last of all; 2: nobody yet */
	u64 count;
	u64 wanted;
	u64 *samples;
};

/*
 * Loops until `wanted` changes of turn were seen. Each sample is the time from the last round of
 * the one to where the other has the CPU and its FP unit.
 */
void spin_for_switches(struct switches *switches, u64 who);

/* The call `function` about event 0, to the CPU `mpidr`: this one, whose handler counts and is
 * complete. */
u64 measure_event(u64 function, u64 mpidr);
void event_handler(void);
extern u64 events_handled;

/* Makes the vectors above those of this CPU; and back. */
void bench_vectors_on(void);
void bench_vectors_off(void);

#endif
