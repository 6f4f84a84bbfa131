/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instruction with all registers given, in a regime of its own: EL0 or EL1 (on SP_EL0), MMU on or off, of either
 * byte order. A BRK behind it, or its own exception, comes back.
 */
	.arch_extension fp
	.arch_extension simd

#define REGS_SP 248
#define REGS_ELR 256
#define REGS_Q 320

	.text
/*
 * void access_run(const struct regs *in, u64 *sp): the last but for the way back, which needs what is left at *sp.
 * x26: SCTLR_EL1 with the MMU off, x27 and x30: TTBR0_EL1 and SCTLR_EL1 of the payload, x28 and x29: those of the
 * instruction. Translations change only while the MMU is off: the code is where it is.
 */
	.globl	access_run
access_run:
	stp	x29, x30, [sp, #-160]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x2, sp
	str	x2, [x1]
	ldp	x1, x2, [x0, #REGS_ELR]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldr	x1, [x0, #REGS_SP]
	msr	sp_el0, x1
	add	x1, x0, #REGS_Q
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	q\n, [x1], #16
	.endr
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	msr	sctlr_el1, x26
	isb
	msr	ttbr0_el1, x28
	isb
	msr	sctlr_el1, x29
	isb
	eret

/* The exception's handler returns to here: x0 = what access_run left at *sp. */
	.globl	access_back
access_back:
	mov	sp, x0
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #160
	ret

/* Exceptions from EL1t and from EL0 come from the instruction: first the payload's own regime again. */
	.macro	to_vectors number
	.balign	0x80
	.if	(\number / 4) != 1
	msr	sctlr_el1, x26
	isb
	msr	ttbr0_el1, x27
	isb
	msr	sctlr_el1, x30
	isb
	.endif
	b	vectors + \number * 0x80
	.endm

	.balign	0x800
	.globl	access_vectors
access_vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	to_vectors \n
	.endr
