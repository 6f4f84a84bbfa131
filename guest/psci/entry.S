/* SPDX-License-Identifier: BSD-3-Clause */
#define DOWN_SMC	32
#define DOWN_SP		40
#define DOWN_RESULT	48
#define DOWN_EL		56
#define DOWN_SCTLR	64
#define DOWN_DAIF	72
#define DOWN_SPSEL	80
#define DOWN_SIZE	128
#define FRAME		112

#define PSCI_CPU_OFF	0x84000002
#define PSCI_CPU_ON	0xc4000003
#define ALREADY_ON	-4
#define HAMMERED_RUNS	0
#define HAMMERED_SUM	8
#define HAMMERED_NOT_ON	16

	.text

	/* What is read and written with the MMU off is not left in a cache. */
	.macro	clean_range from, to
1:	dc	civac, \from
	add	\from, \from, #16
	cmp	\from, \to
	b.lo	1b
	dsb	sy
	.endm

/* bool down_call(struct down *down) */
	.globl	down_call
down_call:
	stp	x29, x30, [sp, #-FRAME]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x19, x0
	mov	x3, sp
	str	x3, [x19, #DOWN_SP]
	add	x4, x3, #FRAME
	clean_range x3, x4
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	ldr	x2, =down_of
	add	x2, x2, x1, lsl #3
	str	x19, [x2]
	dc	civac, x2
	mov	x3, x19
	add	x4, x3, #DOWN_SIZE
	clean_range x3, x4
	ldr	x5, [x19, #DOWN_SMC]
	ldp	x0, x1, [x19]
	ldp	x2, x3, [x19, #16]
	cbnz	x5, 2f
	hvc	#0
	b	3f
2:	smc	#0
3:	str	x0, [x19, #DOWN_RESULT]
	mov	x0, #0
	b	4f

	.globl	down_entry
down_entry:
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	ldr	x2, =down_of
	ldr	x19, [x2, x1, lsl #3]
	str	x0, [x19, #DOWN_RESULT]
	mrs	x3, CurrentEL
	mrs	x4, sctlr_el1
	stp	x3, x4, [x19, #DOWN_EL]
	mrs	x3, daif
	mrs	x4, spsel
	stp	x3, x4, [x19, #DOWN_DAIF]
	dsb	sy
	bl	cpu_setup
	ldr	x4, [x19, #DOWN_SP]
	mov	sp, x4
	bl	mmu_enable
	mov	x0, #1
4:	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #FRAME
	ret

/* x0 = the context. Only one CPU is ever here. */
	.globl	hammered_entry
hammered_entry:
	mov	x9, x0
	ldr	x10, =hammered
	/* It is on, whoever asks. */
	ldr	x0, =PSCI_CPU_ON
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	adr	x2, hammered_entry
	mov	x3, #0
	hvc	#0
	cmp	w0, #ALREADY_ON
	b.eq	5f
	ldr	x1, [x10, #HAMMERED_NOT_ON]
	add	x1, x1, #1
	str	x1, [x10, #HAMMERED_NOT_ON]
5:	ldp	x1, x2, [x10, #HAMMERED_RUNS]
	add	x1, x1, #1
	add	x2, x2, x9
	stp	x1, x2, [x10, #HAMMERED_RUNS]
	dsb	sy
	ldr	x0, =PSCI_CPU_OFF
	hvc	#0
	b	.

	.ltorg
