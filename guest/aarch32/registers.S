/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers: those that Lintel has trapped under their AArch32 names, and those that it must
 * leave alone.
 */
#include "macros.h"

function test_registers
	push	{r4-r11, lr}
	mrc	p15, 0, r0, c0, c0, 5
	bic	r0, r0, #0x40000000		/* U */
	is	0x80000000, "MPIDR"
	mrc	p15, 0, r0, c0, c1, 0
	and	r0, r0, #15
	is	1, "ID_PFR0: ARM instructions"
	mrc	p15, 0, r0, c0, c1, 1
	ldr	r1, =0xf000			/* Virtualization */
	and	r0, r0, r1
	is	0, "ID_PFR1: no EL2"
	mrc	p15, 0, r0, c0, c1, 2
	ldr	r1, =0x0f000000			/* PerfMon */
	and	r0, r0, r1
	is	0, "ID_DFR0: no performance monitors"
	mrc	p15, 0, r0, c0, c4, 0
	is	0, "the places of AArch64's ID registers read as zero"
	mrc	p15, 0, r0, c1, c0, 1
	is	0, "ACTLR reads as zero"
	mrc	p15, 0, r0, c0, c0, 3
	is	0, "TLBTR reads as zero"
	ldr	r0, =0x00f00000
	mcr	p15, 0, r0, c1, c0, 2
	isb
	mrc	p15, 0, r0, c1, c0, 2
	and	r0, r0, #0x00f00000
	is	0x00f00000, "CPACR: FP and SIMD are on"
	mov	r0, #0x40000000
	vmsr	fpexc, r0
	vmrs	r0, mvfr0
	and	r0, r0, #15
	is	2, "MVFR0: 32 SIMD registers"
	ldr	r0, =0x3ff00001
	vmov	s5, r0
	mov	r0, #0
	vmov	r0, s5
	is	0x3ff00001, "an FP register"
	bl	test_debug_registers
	bl	test_vm_registers
	pop	{r4-r11, pc}
	.ltorg

function test_debug_registers
	push	{r4, lr}
	mrc	p14, 0, r0, c0, c0, 0
	ubfx	r0, r0, #16, #4
	is	6, "DBGDIDR: Armv8's debug registers"
	mrc	p14, 0, r0, c1, c1, 4
	and	r0, r0, #2
	is	2, "DBGOSLSR: the lock is closed after a reset"
	mov	r0, #0
	mcr	p14, 0, r0, c1, c0, 4
	mrc	p14, 0, r0, c1, c1, 4
	and	r0, r0, #2
	is	0, "DBGOSLAR opens it"
	ldr	r0, =0xc5acce55
	mcr	p14, 0, r0, c1, c0, 4
	mrc	p14, 0, r0, c1, c1, 4
	and	r0, r0, #2
	is	2, "DBGOSLAR closes it with the key"
	mov	r0, #1
	mcr	p14, 0, r0, c1, c0, 4
	mrc	p14, 0, r0, c1, c1, 4
	and	r0, r0, #2
	is	0, "DBGOSLAR opens it with whatever else"
	ldr	r0, =0x40001000
	mcr	p14, 0, r0, c0, c1, 4
	mov	r0, #0
	mrc	p14, 0, r0, c0, c1, 4
	is	0x40001000, "DBGBVR1 keeps what is written"
	msr	apsr_nzcvq, #0xf0000000
	mrc	p14, 0, apsr_nzcv, c0, c1, 0
	mrs	r0, apsr
	and	r0, r0, #0xf0000000
	is	0, "DBGDSCRint: nothing for or from a debugger"
	mrrc	p14, 0, r0, r1, c1
	orr	r0, r0, r1
	is	0, "DBGDRAR of 64 bits reads as zero"
	pop	{r4, pc}
	.ltorg

/*
 * Cache maintenance by set and way, after which writes to these are trapped on CPUs without
 * FEAT_S2FWB.
 */
function test_vm_registers
	push	{r4-r6, lr}
	mov	r0, #0
	mcr	p15, 0, r0, c7, c14, 2		/* DCCISW */
	ldr	r0, =0x55555555
	mcr	p15, 0, r0, c3, c0, 0
	mrc	p15, 0, r0, c3, c0, 0
	is	0x55555555, "DACR"
	ldr	r0, =0x40100000
	mcr	p15, 0, r0, c2, c0, 0
	mrc	p15, 0, r0, c2, c0, 0
	is	0x40100000, "TTBR0"
	ldr	r0, =0x00ff4400
	mcr	p15, 0, r0, c10, c2, 0
	ldr	r1, =0xbb0c04aa
	mcr	p15, 0, r1, c10, c2, 1
	mrc	p15, 0, r4, c10, c2, 0
	mrc	p15, 0, r0, c10, c2, 1
	is	0xbb0c04aa, "MAIR1, the high half of MAIR_EL1"
	mov	r0, r4
	is	0x00ff4400, "MAIR0, the low half"
	ldr	r0, =0x40200000
	mov	r1, #0
	mcrr	p15, 1, r0, r1, c2
	mrrc	p15, 1, r0, r1, c2
	is	0x40200000, "TTBR1, of 64 bits"
	ldr	r0, =0x1234
	mcr	p15, 0, r0, c5, c0, 1
	mrc	p15, 0, r0, c5, c0, 1
	is	0x1234, "IFSR"
	ldr	r0, =0xabcd0123
	mcr	p15, 0, r0, c6, c0, 2
	ldr	r1, =0x4567cdef
	mcr	p15, 0, r1, c6, c0, 0
	mrc	p15, 0, r4, c6, c0, 0
	mrc	p15, 0, r0, c6, c0, 2
	is	0xabcd0123, "IFAR"
	mov	r0, r4
	is	0x4567cdef, "DFAR"
	mrc	p15, 0, r4, c1, c0, 0
	mcr	p15, 0, r4, c1, c0, 0
	isb
	mrc	p15, 0, r0, c1, c0, 0
	mov	r1, r4
	is_r1	"SCTLR"
	pop	{r4-r6, pc}
	.ltorg
