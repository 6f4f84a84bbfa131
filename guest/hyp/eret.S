/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exception returns with any SPSR_EL2, each to an SVC that says where it came out (eret.c).
 */
	.text

	.macro	eret_function name, instruction
	.globl	\name
\name:
	ldp	x1, x2, [x0]
	msr	spsr_el2, x1
	msr	elr_el2, x2
	isb
	.inst	\instruction
	svc	#0xbad
	.endm

/* void eret_plain(u64 *x): x[0] is SPSR_EL2, x[1] is ELR_EL2. */
	eret_function eret_plain, 0xd69f03e0
	eret_function eret_aa, 0xd69f0bff
	eret_function eret_ab, 0xd69f0fff

	.globl	eret_target
eret_target:
	svc	#0x600

/* The same, with x[1] signed first, the stack pointer being the modifier; x[2] is a change to it. */
	.macro	eret_signed name, sign, instruction
	.globl	\name
\name:
	ldp	x1, x2, [x0]
	ldr	x3, [x0, #16]
	mov	x4, sp
	.inst	\sign
	eor	x2, x2, x3
	msr	spsr_el2, x1
	msr	elr_el2, x2
	isb
	.inst	\instruction
	svc	#0xbad
	.endm

	/* PACIA x2, x4 and PACIB x2, x4 */
	eret_signed eret_signed_aa, 0xdac10082, 0xd69f0bff
	eret_signed eret_signed_ab, 0xdac10482, 0xd69f0fff
