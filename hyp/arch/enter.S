/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entering a guest, as a C function that returns why the guest came back; the other half is in vectors.S.
 *
 *   struct guest_exit vcpu_enter_*(struct guest_regs *regs)
 *
 * Lintel's registers go on its stack, whose address is kept in regs->host_sp: those of the callee-saved ones that the
 * run loop needs, x19 to x24; the compiler knows that the others are lost (hyp/arch/guest_regs.h). SP_EL2 then points to the
 * guest's registers until the vector puts the stack back. With pointer authentication the IA key moves with every
 * entry and exit: guest and Lintel each have their own (the other keys are not used by Lintel, hyp/vm/bank.c).
 */
#include "asm_offsets.h"

	.macro ENTER name, pauth
	.globl	\name
	.type	\name, %function
\name:
	.if	\pauth
	paciasp				/* also a landing pad */
	.else
	hint	#34			/* bti c */
	.endif
	stp	x29, x30, [sp, #-64]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	mov	x1, sp
	ldp	x2, x3, [x0, #GUEST_PC]
	str	x1, [x0, #GUEST_HOST_SP]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	.if	\pauth
	ldp	x2, x3, [x0, #GUEST_APIA]
	msr	apiakeylo_el1, x2
	msr	apiakeyhi_el1, x3
	.endif
	mov	sp, x0
	ldp	x2, x3, [sp, #16 * 1]
	ldp	x4, x5, [sp, #16 * 2]
	ldp	x6, x7, [sp, #16 * 3]
	ldp	x8, x9, [sp, #16 * 4]
	ldp	x10, x11, [sp, #16 * 5]
	ldp	x12, x13, [sp, #16 * 6]
	ldp	x14, x15, [sp, #16 * 7]
	ldp	x16, x17, [sp, #16 * 8]
	ldp	x18, x19, [sp, #16 * 9]
	ldp	x20, x21, [sp, #16 * 10]
	ldp	x22, x23, [sp, #16 * 11]
	ldp	x24, x25, [sp, #16 * 12]
	ldp	x26, x27, [sp, #16 * 13]
	ldp	x28, x29, [sp, #16 * 14]
	ldr	x30, [sp, #GUEST_X30]
	ldp	x0, x1, [sp]
	eret
	/* Never reached: keeps speculation from running on past the ERET. */
	dsb	nsh
	isb
	.size	\name, . - \name
	.endm

	.arch	armv8.3-a
	.section .text.enter, "ax"
	.balign	64
	ENTER	vcpu_enter_pauth, 1
	.balign	64
	ENTER	vcpu_enter_plain, 0
