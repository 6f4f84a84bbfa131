/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A payload whose EL1 is AArch32: the first instructions, and what comes after what.
 */
#include "macros.h"

#define STACK 0x400

	.section .head, "ax"
	.arm
	.globl	_start
_start:
	mrs	r10, cpsr
	mov	r7, r0
	mov	r8, r1
	mov	r9, r2
	bl	set_up_cpu
	mov	r0, r7
	is	0, "r0 is 0"
	mov	r0, r8
	is	0xffffffff, "r1 is no machine's number"
	ldr	r0, [r9]
	is	0xedfe0dd0, "r2 is the devicetree's address"
	ldr	r1, =0x1ff
	and	r0, r10, r1
	is	(PSR_AIF | MODE_SVC), "begins in SVC mode, all masked, in ARM state"
	mrc	p15, 0, r0, c1, c0, 0
	ldr	r1, =0x2003			/* V, A, M; C and I may be anything on a real one */
	and	r0, r0, r1
	is	0, "SCTLR: MMU off, low vectors"
	bl	test_calls
	bl	test_conditions
	bl	test_registers
	bl	test_exceptions
	bl	test_mmio
	bl	test_gic
	bl	test_cpus
	bl	tap_done
	ldr	r0, =PSCI_SYSTEM_OFF
	blx	hvc_thumb
	b	.

/* Vectors and a stack for each mode. Uses r0 to r3. */
function set_up_cpu
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0
	isb
	mrs	r1, cpsr
	ldr	r2, =stacks
	.irp	mode, MODE_FIQ, MODE_IRQ, MODE_ABT, MODE_UND, MODE_SYS
	add	r2, r2, #STACK
	msr	cpsr_c, #(PSR_IF | \mode)
	mov	sp, r2
	.endr
	add	r2, r2, #STACK
	msr	cpsr_c, r1
	mov	sp, r2
	bx	lr
	.ltorg

	.balign	32
vectors:
	b	.
	b	vector_und
	b	vector_svc
	b	vector_pabt
	b	vector_dabt
	b	.
	b	vector_irq
	b	.

	.macro	vector name, kind
vector_\name:
	push	{r0-r3}
	mov	r3, #\kind
	b	take
	.endm

	vector	und, KIND_UND
	vector	svc, KIND_SVC
	vector	pabt, KIND_PABT
	vector	dabt, KIND_DABT

/* Writes everything down and goes on in ARM state where the test wants to, and as it was there:
 * SPSR may be wrong, see tap_spsr_probe. */
take:
	ldr	r0, =record
	str	r3, [r0, #REC_KIND]
	str	lr, [r0, #REC_LR]
	mrs	r1, cpsr
	str	r1, [r0, #REC_CPSR]
	mrc	p15, 0, r1, c5, c0, 0
	str	r1, [r0, #REC_DFSR]
	mrc	p15, 0, r1, c5, c0, 1
	str	r1, [r0, #REC_IFSR]
	mrc	p15, 0, r1, c6, c0, 0
	str	r1, [r0, #REC_DFAR]
	mrc	p15, 0, r1, c6, c0, 2
	str	r1, [r0, #REC_IFAR]
	ldr	r1, [r0, #REC_COUNT]
	add	r1, r1, #1
	str	r1, [r0, #REC_COUNT]
	ldr	lr, [r0, #REC_RESUME]
	mrs	r1, spsr
	str	r1, [r0, #REC_SPSR]
	ldr	r1, [r0, #REC_RETURN]
	msr	spsr_cxsf, r1
	pop	{r0-r3}
	movs	pc, lr

/* Takes one interrupt; the timer's is switched off. */
vector_irq:
	push	{r0-r3}
	ldr	r0, =record
	mov	r1, #KIND_IRQ
	str	r1, [r0, #REC_KIND]
	mrc	p15, 0, r1, c12, c12, 0		/* ICC_IAR1 */
	str	r1, [r0, #REC_INTID]
	mov	r2, #0
	mcr	p15, 0, r2, c14, c3, 1		/* CNTV_CTL */
	isb
	mcr	p15, 0, r1, c12, c12, 1		/* ICC_EOIR1 */
	pop	{r0-r3}
	subs	pc, lr, #4
	.ltorg

	.bss
	.balign	8
stacks:
	.space	7 * STACK
	.globl	record
record:
	.space	64
