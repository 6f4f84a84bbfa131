/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The second vCPU: CPU_ON at Thumb and ARM code, CPU_OFF.
 */
#include "macros.h"

	.macro	call id, a1=0, a2=0, a3=0
	ldr	r0, =\id
	ldr	r1, =\a1
	ldr	r2, =\a2
	ldr	r3, =\a3
	blx	r11
	.endm

	.macro	second_begins context, how
	bl	wait_until_off
	ldr	r4, =second
	ldr	r0, [r4]
	is	\context, "\how: r0 is the context"
	ldr	r0, [r4, #4]
	bic	r0, r0, #0x40000000
	is	0x80000001, "\how: MPIDR"
	ldr	r0, [r4, #8]
	ldr	r1, =0x1df
	and	r0, r0, r1
	is	(PSR_AIF | MODE_SVC), "\how: SVC mode, all masked"
	mov	r0, #0
	str	r0, [r4]
	.endm

function test_cpus
	push	{r4-r11, lr}
	ldr	r11, =hvc_arm
	call	PSCI_CPU_ON, 1, (RAM_END + 0x1000), 0
	is	INVALID_ADDRESS, "CPU_ON beyond memory: INVALID_ADDRESS"
	ldr	r2, =second_arm
	add	r2, r2, #2
	ldr	r0, =PSCI_CPU_ON
	mov	r1, #1
	blx	r11
	is	INVALID_ADDRESS, "CPU_ON at ARM code that isn't aligned: INVALID_ADDRESS"
	call	PSCI_CPU_ON, 1, second_thumb, 0x7e57ab1e
	is	0, "CPU_ON at Thumb code"
	second_begins 0x7e57ab1e, "Thumb"
	ldr	r11, =smc_thumb
	call	PSCI_CPU_ON, 1, second_arm, 0xffffffff
	is	0, "CPU_ON at ARM code"
	second_begins 0xffffffff, "ARM"
	pop	{r4-r11, pc}
	.ltorg

/* AFFINITY_INFO of vCPU 1, until it says OFF. */
function wait_until_off
	push	{r4, lr}
1:	call	PSCI_AFFINITY, 1, 0
	cmp	r0, #1
	bne	1b
	pop	{r4, pc}
	.ltorg

thumb_function second_thumb
	ldr	r4, =second
	str	r0, [r4]
	mrc	p15, 0, r1, c0, c0, 5
	str	r1, [r4, #4]
	mrs	r1, cpsr
	str	r1, [r4, #8]
	dsb
	ldr	r0, =PSCI_CPU_OFF
	hvc	#0
	b	.
	.ltorg

function second_arm
	ldr	r4, =second
	str	r0, [r4]
	mrc	p15, 0, r1, c0, c0, 5
	str	r1, [r4, #4]
	mrs	r1, cpsr
	str	r1, [r4, #8]
	dsb
	ldr	r0, =PSCI_CPU_OFF
	smc	#0
	b	.
	.ltorg

	.bss
	.balign	4
second:
	.space	12
