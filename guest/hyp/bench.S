/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What bench.c times: pieces of EL2's own, and a hypervisor of a few instructions with pieces of
 * inner code. Its inner guest leaves x21 to it. HVC #0 is a call that does nothing, HVC #1 the end
 * with a result in x0, HVC #2 the end with the time of the exit. A load of GICD_TYPER faults and
 * is answered; ICC_SGI1R_EL1 becomes a list register's pending SGI; the virtual timer's interrupt
 * becomes a list register with a link to it.
 */
#include "frame.h"

#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICH_LR0_EL2 S3_4_C12_C12_0
#define SPIN_LIMIT 20000000
#define TIMER_INTID 27
#define EL1H_MASKED 0x3c5

	.text

/* Around one instruction at EL2. */
	.macro	measured name, instruction:vararg
	.balign	64
	.globl	\name
\name:
	isb
	mrs	x9, cntpct_el0
	\instruction
	mrs	x10, cntpct_el0
	sub	x0, x10, x9
	ret
	.endm

	measured time_nop, nop
	measured time_sysreg, mrs x2, hpfar_el2
	measured time_s1e1r, at s1e1r, x0
	measured time_s1e2r, at s1e2r, x0
	measured time_s12e1r, at s12e1r, x0

/* u64 bench_enter(u64 pc, u64 x0, u64 x1): the inner guest's result. */
	.globl	bench_enter
bench_enter:
	save_callee
	mov	x3, sp
	msr	tpidr_el2, x3
	msr	elr_el2, x0
	mov	x3, #EL1H_MASKED
	msr	spsr_el2, x3
	mov	x0, x1
	mov	x1, x2
	isb
	mrs	x9, cntpct_el0
	eret

	.balign	0x800
	.globl	bench_vectors
bench_vectors:
	.irp	n, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380
	.balign	0x80
	b	vectors_el2 + \n
	.endr

	.balign	0x80
	mrs	x21, cntpct_el0
	stp	x0, x1, [sp, #-32]!
	stp	x2, x3, [sp, #16]
	mrs	x0, esr_el2
	lsr	x1, x0, #26
	cmp	x1, #0x16
	b.eq	bench_call
	cmp	x1, #0x24
	b.eq	bench_abort
	cmp	x1, #0x18
	b.eq	bench_sgi
	mov	x0, #-1
	b	bench_leave

	.balign	0x80
	stp	x0, x1, [sp, #-32]!
	stp	x2, x3, [sp, #16]
	mrs	x0, ICC_IAR1_EL1
	msr	ICC_EOIR1_EL1, x0
	cmp	x0, #TIMER_INTID
	b.ne	1f
	ldr	x1, =0x30a0001b0000001b | (1 << 62)
	msr	ICH_LR0_EL2, x1
1:	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret

	.irp	n, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
	.balign	0x80
	b	vectors_el2 + \n
	.endr

bench_call:
	and	x1, x0, #0xffff
	cbz	x1, bench_resume
	cmp	x1, #2
	ldr	x0, [sp]
	b.ne	bench_leave
	sub	x0, x21, x10
bench_leave:
	mrs	x1, tpidr_el2
	mov	sp, x1
	msr	tpidr_el2, xzr
	restore_callee
	ret

/* x2 of the guest gets the answer. */
bench_abort:
	mrs	x1, hpfar_el2
	mov	x2, #0x80000
	cmp	x1, x2
	mov	x0, #-1
	b.ne	bench_leave
	ldr	x1, =bench_typer
	ldr	w1, [x1]
	str	x1, [sp, #16]
bench_skip:
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
bench_resume:
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret

bench_sgi:
	ldr	x1, =0x10a0000000000001 | (1 << 62)
	msr	ICH_LR0_EL2, x1
	b	bench_skip

/* ---- inner code ---- */

	.macro	inner_code name
	.balign	64
	.globl	\name
\name:
	.endm

	inner_code inner_nop
	isb
	mrs	x10, cntpct_el0
	nop
	mrs	x11, cntpct_el0
	sub	x0, x11, x10
	hvc	#1

	inner_code inner_hvc
	isb
	mrs	x10, cntpct_el0
	hvc	#0
	mrs	x11, cntpct_el0
	sub	x0, x11, x10
	hvc	#1

	inner_code inner_exit_time
	isb
	mrs	x10, cntpct_el0
	hvc	#2

	inner_code inner_entry_time
	mrs	x11, cntpct_el0
	sub	x0, x11, x9
	hvc	#1

	inner_code inner_load
	isb
	mrs	x10, cntpct_el0
	ldr	w2, [x0]
	mrs	x11, cntpct_el0
	sub	x0, x11, x10
	cmp	x2, x1
	csinv	x0, x0, xzr, eq
	hvc	#1

/* x1 = ICC_SGI1R_EL1 */
	inner_code inner_sgi
	ldr	x14, =SPIN_LIMIT
	msr	daifclr, #2
	isb
	mrs	x10, cntpct_el0
	msr	ICC_SGI1R_EL1, x1
	b	inner_wait

/* x0 = how far ahead */
	inner_code inner_timer
	ldr	x14, =SPIN_LIMIT
	mrs	x10, cntpct_el0
	add	x10, x10, x0
	msr	cntv_cval_el0, x10
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	msr	daifclr, #2
inner_wait:
1:	sub	x14, x14, #1
	cbnz	x14, 1b
	msr	daifset, #2
	msr	cntv_ctl_el0, xzr
	mov	x0, #-1
	hvc	#1

/* Its vectors: the IRQ is the end. */
	.balign	0x800
	.globl	inner_bench_vectors
inner_bench_vectors:
	.rept	5
	.balign	0x80
	mov	x0, #-1
	hvc	#1
	.endr
	.balign	0x80
	mrs	x11, cntpct_el0
	mrs	x12, ICC_IAR1_EL1
	msr	cntv_ctl_el0, xzr
	isb
	msr	ICC_EOIR1_EL1, x12
	isb
	sub	x0, x11, x10
	hvc	#1
	.rept	10
	.balign	0x80
	mov	x0, #-1
	hvc	#1
	.endr

	.ltorg

	.bss
	.balign	8
	.globl	bench_typer
bench_typer:
	.skip	8
