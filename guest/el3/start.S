/* SPDX-License-Identifier: BSD-3-Clause */
#include "el3.h"

#define SPSR_EL2H_MASKED 0x3c9
#define FRAME            256

	.section .start, "ax"
	.globl	_start
_start:
	adr	x0, vectors
	msr	vbar_el3, x0
	isb
	mrs	x19, mpidr_el1
	and	x19, x19, #0xff
	bl	own_stack
	mov	x0, x19
	bl	el3_cpu_setup
	cbnz	x19, park_here
	ldr	x0, =EL3_IMAGE
	ldr	x1, =EL3_DTB
	b	enter

own_stack:
	ldr	x0, =stacks + EL3_STACK
	mov	x1, #EL3_STACK
	madd	x0, x19, x1, x0
	mov	sp, x0
	ret

/* void el3_park(u64 cpu): until CPU_ON; what is on the stack is gone. */
	.globl	el3_park
el3_park:
	mov	x19, x0
	bl	own_stack
park_here:
	mov	x0, x19
	bl	el3_wait
	ldp	x0, x1, [x0]

/* To EL2: x0 where, x1 what it has in x0. */
enter:
	msr	elr_el3, x0
	mov	x0, #SPSR_EL2H_MASKED
	msr	spsr_el3, x0
	mov	x0, x1
	isb
	eret

smc_entry:
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x30, [sp, #144]
	mov	x0, sp
	mrs	x1, esr_el3
	bl	el3_smc
	ldp	x18, x30, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME
	eret

	.balign	0x800
vectors:
	.rept	8
	.balign	0x80
	b	.
	.endr
	.balign	0x80
	b	smc_entry		/* synchronous, from a lower level in AArch64 */
	.rept	7
	.balign	0x80
	b	.
	.endr
	.ltorg

	.bss
	.balign	16
	.globl	stacks
stacks:
	.space	EL3_CPUS * EL3_STACK
