/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exception vectors of EL2, twice: for CPUs with pointer authentication and without (see enter.S).
 *
 * From a guest: SP_EL2 points to its registers (struct guest_regs). They are stored, Lintel's stack and its x19 to
 * x24 come back, and vcpu_enter_*() returns which vector it was. From EL2: a bug, or an abort in a fault-safe
 * copy; everything is saved on the CPU's emergency stack, for the stack may be what is broken.
 *
 * What a guest on AArch64 calls on each of its own exceptions, the workarounds of SMCCC, goes back to it at once, if its
 * struct workarounds says so (hyp/arch/workarounds.h): nothing but x0 and x1 is touched, and nothing is recorded but the
 * count. All other synchronous exits pay one instruction for it, calls two.
 */
#include "asm_offsets.h"

#define ESR_EC_SHIFT	26
#define SPSR_BTYPE	(3 << 10)
#define SPSR_SS_SHIFT	21

	.arch	armv8.3-a

	/* 16 instructions of stores, then the rest in the common tail: a slot has room for 32. */
	.macro STORE_THE_REST kind, tail
	stp	x2, x3, [sp, #16 * 1]
	stp	x4, x5, [sp, #16 * 2]
	stp	x6, x7, [sp, #16 * 3]
	stp	x8, x9, [sp, #16 * 4]
	stp	x10, x11, [sp, #16 * 5]
	stp	x12, x13, [sp, #16 * 6]
	stp	x14, x15, [sp, #16 * 7]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #16 * 9]
	stp	x20, x21, [sp, #16 * 10]
	stp	x22, x23, [sp, #16 * 11]
	stp	x24, x25, [sp, #16 * 12]
	stp	x26, x27, [sp, #16 * 13]
	stp	x28, x29, [sp, #16 * 14]
	str	x30, [sp, #GUEST_X30]
	mov	x0, #\kind
	b	\tail
	.endm

	.macro GUEST_VECTOR kind, tail
	.balign	0x80
	stp	x0, x1, [sp]
	STORE_THE_REST \kind, \tail
	.endm

	/* Synchronous: ESR_EL2 in x1. Of the classes that are frequent only HVC and SMC have bit 1 of EC set. */
	.macro GUEST_SYNC tail, call, back
	.balign	0x80
	stp	x0, x1, [sp]
	mrs	x1, esr_el2
	.ifnb	\call
	tbnz	w1, #ESR_EC_SHIFT + 1, \call
\back:
	.endif
	STORE_THE_REST 0, \tail
	.endm

	/* Counts it; x0 is 0. */
	.macro ANSWERED
	ldr	x1, [sp, #VCPU_WORKAROUND_COUNT]
	add	x1, x1, #1
	str	x1, [sp, #VCPU_WORKAROUND_COUNT]
	ldr	x1, [sp, #8]
	eret
	dsb	nsh
	isb
	.endm

	/*
	 * A call: x0 and x1 are stored. The functions have bit 26 clear, PSCI's and those of most services have it set. The
	 * function stands over the syndrome; two bits of it, which all three have different, choose the one key that it can be
	 * (hyp/arch/workarounds.h), and in what the two differ says the rest:
	 *
	 *   nothing                       HVC, for the firmware
	 *   WORKAROUND_LOCAL_BIT          HVC
	 *   that and bit 26               SMC
	 *   bit 26, or any other          not for here
	 */
	.macro GUEST_CALL back
	tbnz	w0, #26, \back
	tbnz	w1, #ESR_EC_SHIFT + 3, \back	/* ERET of a virtual EL2 */
	bfi	x1, x0, #32, #32
	ubfx	x0, x0, #WORKAROUND_INDEX_SHIFT, #2
	add	x0, sp, x0, lsl #3
	ldr	x0, [x0, #VCPU_WORKAROUND_KEYS]
	eor	x0, x0, x1
	cbz	x0, 3f
	tbnz	w0, #ESR_EC_SHIFT, 4f
	eor	x0, x0, #1 << WORKAROUND_LOCAL_BIT
	cbnz	x0, 6f
	ANSWERED

	/* With SMCCC 1.1, which it has that says what is needed, firmware changes x0 to x3 alone. */
3:	lsr	x0, x1, #32
	stp	x2, x3, [sp, #16 * 1]
	smc	#0
	ldp	x2, x3, [sp, #16 * 1]
	mov	x0, #0
	ANSWERED

	/* SMC: the PC has to be moved, which is exit_finish()'s where there is more to it. */
4:	eor	x0, x0, #1 << WORKAROUND_LOCAL_BIT | 1 << ESR_EC_SHIFT
	cbnz	x0, 6f
	mrs	x1, spsr_el2
	tst	x1, #SPSR_BTYPE
	b.ne	6f
	tbnz	w1, #SPSR_SS_SHIFT, 6f
	mrs	x1, elr_el2
	add	x1, x1, #4
	msr	elr_el2, x1
	ANSWERED

6:	mrs	x1, esr_el2
	b	\back
	.endm

	/* Returns struct guest_exit in x0 and x1. */
	.macro GUEST_TAIL pauth
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	ldr	x7, [sp, #GUEST_HOST_SP]
	stp	x2, x3, [sp, #GUEST_PC]
	.if	\pauth
	mrs	x4, apiakeylo_el1
	mrs	x5, apiakeyhi_el1
	mrs	x6, tpidr_el2
	stp	x4, x5, [sp, #GUEST_APIA]
	ldp	x4, x5, [x6, #CPU_APIA]
	msr	apiakeylo_el1, x4
	msr	apiakeyhi_el1, x5
	isb
	.endif
	mov	sp, x7
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x29, x30, [sp], #64
	.if	\pauth
	autiasp
	.endif
	ret
	.endm

	/* SP_EL0 is the scratch register: dead in a panic, and kept by copy_fault_safe(). */
	.macro EL2_VECTOR vector
	.balign	0x80
	msr	sp_el0, x0
	mrs	x0, tpidr_el2
	str	x1, [x0, #CPU_SCRATCH]
	mov	x1, sp
	str	x1, [x0, #CPU_SCRATCH + 8]
	mov	x1, #\vector
	b	el2_vector_tail
	.endm

	.macro VECTORS name, pauth
	.balign	0x800
	.globl	\name
	.type	\name, %object
\name:
	EL2_VECTOR	0		/* SP_EL0: never used by Lintel */
	EL2_VECTOR	1
	EL2_VECTOR	2
	EL2_VECTOR	3
	EL2_VECTOR	4		/* SP_EL2 */
	EL2_VECTOR	5
	EL2_VECTOR	6
	EL2_VECTOR	7
	GUEST_SYNC	\name\()_tail, \name\()_call, \name\()_sync	/* AArch64 */
	GUEST_VECTOR	1, \name\()_tail
	GUEST_VECTOR	2, \name\()_tail
	GUEST_VECTOR	3, \name\()_tail
	GUEST_SYNC	\name\()_tail	/* AArch32 */
	GUEST_VECTOR	1, \name\()_tail
	GUEST_VECTOR	2, \name\()_tail
	GUEST_VECTOR	3, \name\()_tail
	.balign	0x80
\name\()_tail:
	GUEST_TAIL	\pauth
\name\()_call:
	GUEST_CALL	\name\()_sync
	.size	\name, . - \name
	.endm

	.section .text.vectors, "ax"
	VECTORS	vectors_pauth, 1
	VECTORS	vectors_plain, 0

	/* x0: struct cpu, x1: vector; the interrupted x0 is in SP_EL0, x1 and SP in cpu->scratch. */
	.type	el2_vector_tail, %function
el2_vector_tail:
	ldr	x0, [x0, #CPU_EMERGENCY_STACK]
	mov	sp, x0
	sub	sp, sp, #EL2_FRAME_SIZE
	stp	x2, x3, [sp, #16 * 1]
	stp	x4, x5, [sp, #16 * 2]
	stp	x6, x7, [sp, #16 * 3]
	stp	x8, x9, [sp, #16 * 4]
	stp	x10, x11, [sp, #16 * 5]
	stp	x12, x13, [sp, #16 * 6]
	stp	x14, x15, [sp, #16 * 7]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #16 * 9]
	stp	x20, x21, [sp, #16 * 10]
	stp	x22, x23, [sp, #16 * 11]
	stp	x24, x25, [sp, #16 * 12]
	stp	x26, x27, [sp, #16 * 13]
	stp	x28, x29, [sp, #16 * 14]
	str	x30, [sp, #EL2_FRAME_X30]
	mrs	x4, tpidr_el2
	mrs	x2, sp_el0
	ldr	x3, [x4, #CPU_SCRATCH]
	stp	x2, x3, [sp]
	ldr	x2, [x4, #CPU_SCRATCH + 8]
	str	x2, [sp, #EL2_FRAME_SP]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [sp, #EL2_FRAME_PC]
	mov	x0, sp
	bl	el2_exception		/* returns only with a fix-up in frame->pc */
	ldp	x2, x3, [sp, #EL2_FRAME_PC]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x4, x5, [sp, #16 * 2]
	ldp	x6, x7, [sp, #16 * 3]
	ldp	x8, x9, [sp, #16 * 4]
	ldp	x10, x11, [sp, #16 * 5]
	ldp	x12, x13, [sp, #16 * 6]
	ldp	x14, x15, [sp, #16 * 7]
	ldp	x16, x17, [sp, #16 * 8]
	ldp	x18, x19, [sp, #16 * 9]
	ldp	x29, x30, [sp, #16 * 14 + 8]
	ldr	x0, [sp, #EL2_FRAME_SP]
	ldp	x2, x3, [sp, #16 * 1]
	mov	sp, x0
	eret				/* to the fix-up of copy_fault_safe(), which needs no x0 and x1 */
	dsb	nsh
	isb
	.size	el2_vector_tail, . - el2_vector_tail
