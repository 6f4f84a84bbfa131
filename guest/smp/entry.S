/* SPDX-License-Identifier: BSD-3-Clause */
#define PSCI_CPU_SUSPEND 0xc4000001
#define RESUMED_AT_ENTRY 0x100

	.text
	.globl	noting_entry
noting_entry:
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	ldr	x2, =entry_state
	add	x2, x2, x1, lsl #6
	str	x0, [x2]
	mrs	x3, CurrentEL
	mrs	x4, sctlr_el1
	stp	x3, x4, [x2, #8]
	mrs	x3, daif
	mrs	x4, spsel
	stp	x3, x4, [x2, #24]
	mrs	x3, mpidr_el1
	mov	x4, #1
	stp	x3, x4, [x2, #40]
	dsb	sy
	mov	x0, x1
	b	secondary_entry

	.globl	suspend_powerdown
suspend_powerdown:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	/* The way back reads the stack with the MMU off. */
	mov	x3, sp
	add	x4, x3, #112
1:	dc	civac, x3
	add	x3, x3, #16
	cmp	x3, x4
	b.lo	1b
	dsb	sy
	mov	x5, x1
	mov	x1, x0
	ldr	x0, =PSCI_CPU_SUSPEND
	adr	x2, resume
	mov	x3, sp
	cbnz	x5, 2f
	hvc	#0
	b	3f
2:	smc	#0
	b	3f
resume:
	mov	x19, x0				/* the context: the stack pointer */
	bl	cpu_setup
	mov	sp, x19
	bl	mmu_enable
	mov	x0, #RESUMED_AT_ENTRY
3:	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

	.ltorg
