/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stolen time (Arm DEN0057): how long each vCPU could have run but had no CPU.
 *
 * A vCPU asks for it by PV_TIME_ST, and gets the address of its structure, in a page that Lintel
 * writes and the VM reads. From then on its stolen time is the sum of all stretches from when it
 * became READY (it woke, was unpaused, or another took its CPU away) to the beginning of its turn.
 * Not stolen: BLOCKED, PAUSED and OFF, and what Lintel does for it while it runs.
 *
 *   asked  event                         what happens
 *   no     PV_TIME_ST                    asked; its time is 0; it is counted from its next wait on
 *   yes    PV_TIME_ST                    nothing
 *   yes    its state comes to a CPU      what it waited for this turn is added, and written into
 *                                        its structure
 *   yes    CPU_OFF, then CPU_ON          nothing: the time stays, and goes on
 *   any    the VM is reset               not asked; structures are zeros
 *
 * Who never asked pays nothing: the part is on demand (hyp/vm/part.h). The scheduler notes when a
 * vCPU becomes READY in any case (vcpu->ready_since); a vCPU's state comes to a CPU after every
 * wait in which the CPU was another vCPU's or a job's. What isn't seen is a wait in which the CPU
 * was nobody's: the few instructions between waking up and going on.
 */
#ifndef HYP_SMCCC_STOLEN_TIME_H
#define HYP_SMCCC_STOLEN_TIME_H

#include "hyp/smccc/dispatch.h"

/* The page with the structures in a VM's memory map. */
#define STOLEN_TIME_IPA UINT64_C(0x0a300000)

/* DEN0057, stolen time structure: little-endian, 64-byte aligned. */
struct stolen_time_structure {
	uint32_t revision;   /* 0 */
	uint32_t attributes; /* 0 */
	uint64_t stolen_ns;  /* read and written in one access */
	uint64_t unused[6];
};
_Static_assert(offsetof(struct stolen_time_structure, stolen_ns) == 8 &&
		sizeof(struct stolen_time_structure) == 64,
	"DEN0057");

/* Nanoseconds that a vCPU has lost since it asked; 0 if it never did. */
uint64_t stolen_time_ns(const struct vcpu *vcpu);

/* The row for boot/parts.c. */
extern const struct vm_part stolen_time_part;

#endif
