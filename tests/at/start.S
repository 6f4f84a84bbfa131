/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL3, with its own translation off: so tables and registers of EL1 and EL2 may say anything.
 */
#define STACK_SIZE 0x10000
#define SCR_EL3 0x501	/* NS, HCE, RW */
#define SPSR_EL1H 0x3c5

	.section .start, "ax"
	.globl	_start
_start:
	mrs	x0, mpidr_el1
	and	x0, x0, #0xff
	cbnz	x0, .
	adrp	x0, stack_end
	add	x0, x0, :lo12:stack_end
	mov	sp, x0
	adr	x0, vectors
	msr	vbar_el3, x0
	mov	x0, #SCR_EL3
	msr	scr_el3, x0
	msr	cptr_el3, xzr
	isb
	bl	at_main
	b	.

/*
 * An abort of an AT: its syndrome is kept, and it is passed over. All others are fatal.
 */
	.balign	0x800
vectors:
	.irp	n, 0, 1, 2, 3
	.balign	0x80
	mov	x0, #\n
	b	fatal
	.endr
	.balign	0x80
	b	own_sync
	.irp	n, 5, 6, 7
	.balign	0x80
	mov	x0, #\n
	b	fatal
	.endr
	.balign	0x80
	b	back
	.irp	n, 9, 10, 11, 12, 13, 14, 15
	.balign	0x80
	mov	x0, #\n
	b	fatal
	.endr

	.balign	0x80
own_sync:
	stp	x0, x1, [sp, #-32]!
	str	x2, [sp, #16]
	adrp	x0, at_expected
	ldr	w1, [x0, :lo12:at_expected]
	cbz	w1, 1f
	mrs	x1, esr_el3
	adrp	x0, at_syndrome
	str	x1, [x0, :lo12:at_syndrome]
	mrs	x1, elr_el3
	add	x1, x1, #4
	msr	elr_el3, x1
	ldr	x2, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret
1:	mov	x0, #4
fatal:
	mrs	x1, esr_el3
	mrs	x2, elr_el3
	mrs	x3, far_el3
	bl	at_fatal
	b	.

/*
 * void at_enter_el1(u64 pc, u64 x1): until EL1, or EL2 to which it had an exception, executes SMC.
 */
	.globl	at_enter_el1
at_enter_el1:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	elr_el3, x0
	mov	x2, #SPSR_EL1H
	msr	spsr_el3, x2
	isb
	eret
back:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	.balign	0x800
	.globl	at_el2_vectors
at_el2_vectors:
	.rept	16
	.balign	0x80
	smc	#0
	.endr

/* What EL1 has, in a page of its own of any size: vectors, for external aborts; and accesses. */
	.balign	0x10000
	.globl	at_el1_code, at_el1_read, at_el1_write
at_el1_code:
	.rept	16
	.balign	0x80
	smc	#0
	.endr
	.balign	0x80
at_el1_read:
	ldr	x0, [x1]
	smc	#0
at_el1_write:
	str	xzr, [x1]
	smc	#0
	.balign	0x10000

	.bss
	.balign	16
	.space	STACK_SIZE
stack_end:
