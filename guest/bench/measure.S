/* SPDX-License-Identifier: BSD-3-Clause */
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define SPIN_LIMIT 100000000

	.text

/* Around one instruction. x19 and x20 outlive whatever a call may change. */
	.macro	measured name, instruction:vararg
	.balign	64
	.globl	\name
\name:
	stp	x19, x20, [sp, #-16]!
	isb
	mrs	x19, cntvct_el0
	\instruction
	mrs	x20, cntvct_el0
	sub	x0, x20, x19
	ldp	x19, x20, [sp], #16
	ret
	.endm

	measured measure_nop, nop
	measured measure_hvc, hvc #0
	measured measure_smc, smc #0
	measured measure_load32, ldr w2, [x0]
	measured measure_load64, ldr x2, [x0]
	measured measure_store32, str w1, [x0]

/* A signal to the CPU whose MPIDR is x1, which is this one: the handler, and back. */
	.balign	64
	.globl	measure_event
measure_event:
	stp	x19, x20, [sp, #-16]!
	mov	x2, x1
	mov	x1, #0
	isb
	mrs	x19, cntvct_el0
	hvc	#0
	mrs	x20, cntvct_el0
	sub	x0, x20, x19
	ldp	x19, x20, [sp], #16
	ret

	.globl	event_handler
	.balign	4
event_handler:
	ldr	x1, =events_handled
	ldr	x2, [x1]
	add	x2, x2, #1
	str	x2, [x1]
	movz	x0, #0x25
	movk	x0, #0xc400, lsl #16
	mov	x1, #0
	hvc	#0
	udf	#0

/*
 * The IRQ vector: x11 = its time, x12 = the INTID, then on at x13 with IRQs masked. The virtual
 * timer is switched off. Only code below runs with IRQs on.
 */
	.macro	other_vector offset
	.balign	0x80
	b	vectors + \offset
	.endm

	.balign	0x800
bench_vectors:
	.irp	n, 0x000, 0x080, 0x100, 0x180, 0x200
	other_vector \n
	.endr
	.balign	0x80
	mrs	x11, cntvct_el0
	mrs	x12, ICC_IAR1_EL1
	msr	cntv_ctl_el0, xzr
	isb
	msr	ICC_EOIR1_EL1, x12
	isb
	msr	elr_el1, x13
	mrs	x12, spsr_el1
	orr	x12, x12, #0x80
	msr	spsr_el1, x12
	eret
	.irp	n, 0x300, 0x380, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
	other_vector \n
	.endr

	.globl	bench_vectors_on
bench_vectors_on:
	adr	x0, bench_vectors
	msr	vbar_el1, x0
	isb
	ret

	.globl	bench_vectors_off
bench_vectors_off:
	ldr	x0, =vectors
	msr	vbar_el1, x0
	isb
	ret

	.globl	measure_sgi
measure_sgi:
	adr	x13, 2f
	ldr	x14, =SPIN_LIMIT
	msr	daifclr, #2
	isb
	mrs	x10, cntvct_el0
	msr	ICC_SGI1R_EL1, x1
1:	sub	x14, x14, #1
	cbnz	x14, 1b
	b	timed_out
2:	sub	x0, x11, x10
	ret

	.globl	measure_timer_spin
measure_timer_spin:
	adr	x13, 2f
	ldr	x14, =SPIN_LIMIT
	mrs	x10, cntvct_el0
	add	x10, x10, x0
	msr	cntv_cval_el0, x10
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	msr	daifclr, #2
1:	sub	x14, x14, #1
	cbnz	x14, 1b
	b	timed_out
2:	sub	x0, x11, x10
	ret

	.globl	measure_timer_wfi
measure_timer_wfi:
	adr	x13, 2f
	mrs	x10, cntvct_el0
	add	x10, x10, x0
	msr	cntv_cval_el0, x10
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	msr	daifclr, #2
1:	wfi
	b	1b
2:	sub	x0, x11, x10
	ret

/*
 * A single-threaded QEMU runs its CPUs by turns, and YIELD ends a turn: so what is counted is
 * the sender's instructions up to its return from the write, its YIELD, and the receiver's from
 * the interrupt to the handler, and nothing of their loops.
 */
	.globl	measure_ipi
measure_ipi:
	ldr	x14, =SPIN_LIMIT
	str	xzr, [x0]
	dsb	sy
	isb
	mrs	x10, cntvct_el0
	msr	ICC_SGI1R_EL1, x1
1:	yield
	ldar	x11, [x0]
	cbnz	x11, 2f
	sub	x14, x14, #1
	cbnz	x14, 1b
	b	timed_out
2:	sub	x0, x11, x10
	ret

	.globl	measure_store_wake
measure_store_wake:
	ldr	x14, =SPIN_LIMIT
	str	xzr, [x0]
	dsb	sy
	isb
	mrs	x10, cntvct_el0
	str	wzr, [x1]
1:	yield
	ldar	x11, [x0]
	cbnz	x11, 2f
	sub	x14, x14, #1
	cbnz	x14, 1b
	b	timed_out
2:	sub	x0, x11, x10
	ret

/*
 * x0 = struct switches, x1 = who we are, 0 or 1: until enough changes of turn are seen. Each notes the
 * time of its own rounds alone: one that lost the CPU between taking and storing it spoils no other's.
 * Our turn has begun when the FP unit is ours too.
 */
	.globl	spin_for_switches
spin_for_switches:
	add	x8, x0, x1, lsl #3
	eor	x9, x1, #1
	add	x9, x0, x9, lsl #3
1:	mrs	x2, cntvct_el0
	str	x2, [x8]
	ldr	x4, [x0, #16]
	ldp	x5, x6, [x0, #24]
	fmov	d0, x1
	cmp	x4, x1
	b.ne	2f
	cmp	x5, x6
	b.lo	1b
	ret
2:	mrs	x2, cntvct_el0
	ldr	x3, [x9]
	str	x1, [x0, #16]
	cmp	x4, #1
	b.hi	1b
	cmp	x5, x6
	b.hs	1b
	sub	x2, x2, x3
	ldr	x7, [x0, #40]
	str	x2, [x7, x5, lsl #3]
	add	x5, x5, #1
	str	x5, [x0, #24]
	b	1b

/* Sets *x1, then sleeps until an IRQ, whose time goes to *x0. */
	.globl	receive_asleep
receive_asleep:
	adr	x13, 2f
	mov	x14, #1
	msr	daifclr, #2
	stlr	x14, [x1]
1:	wfi
	b	1b
2:	stlr	x11, [x0]
	ret

/* Spins with the FP unit until *x0 is not 0. */
	.globl	spin_with_fp
spin_with_fp:
1:	fmov	d0, x0
	ldar	x1, [x0]
	cbz	x1, 1b
	ret

	.globl	receive_ipi
receive_ipi:
	adr	x13, 2f
	mov	x14, #1
	msr	daifclr, #2
	stlr	x14, [x1]
1:	add	x15, x15, #1
	yield
	b	1b
2:	stlr	x11, [x0]
	ret

timed_out:
	msr	daifset, #2
	mov	x0, #-1
	ret

	.ltorg

	.bss
	.balign	8
	.globl	events_handled
events_handled:
	.skip	8
