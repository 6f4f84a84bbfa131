/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI and SMCCC by both conduits, from ARM and Thumb code, and conditional calls.
 */
#include "macros.h"

function hvc_arm
	hvc	#0
	bx	lr

function smc_arm
	smc	#0
	bx	lr

thumb_function hvc_thumb
	hvc	#0
	bx	lr

thumb_function smc_thumb
	smc	#0
	bx	lr

/* r0 and on: a call; by the conduit of the test that runs. */
	.macro	call id, a1=0, a2=0, a3=0
	ldr	r0, =\id
	ldr	r1, =\a1
	ldr	r2, =\a2
	ldr	r3, =\a3
	blx	r11
	.endm

function test_calls
	push	{r4-r11, lr}
	.irp	conduit, hvc_arm, smc_arm, hvc_thumb, smc_thumb
	ldr	r11, =\conduit
	call	PSCI_VERSION
	lsr	r0, r0, #16
	is	1, "\conduit: PSCI_VERSION is 1.x"
	call	SMCCC_VERSION
	lsr	r0, r0, #16
	is	1, "\conduit: SMCCC_VERSION is 1.x"
	call	PSCI_FEATURES, SMCCC_VERSION
	is	0, "\conduit: PSCI_FEATURES knows SMCCC_VERSION"
	call	PSCI_AFFINITY
	is	0, "\conduit: AFFINITY_INFO of itself is ON"
	call	PSCI_CPU_ON_64
	is	NOT_SUPPORTED, "\conduit: an SMC64 identifier is NOT_SUPPORTED"
	call	0x8400ff77
	is	NOT_SUPPORTED, "\conduit: an unknown identifier is NOT_SUPPORTED"
	call	PSCI_CPU_ON, 0, _start
	is	ALREADY_ON, "\conduit: CPU_ON of itself is ALREADY_ON"
	bl	test_preserved
	.endr
	ldr	r0, =PSCI_VERSION
	hvc	#1
	is	NOT_SUPPORTED, "hvc #1: NOT_SUPPORTED"
	pop	{r4-r11, pc}
	.ltorg

/* r4 to r10, r12, sp and flags are what they were; r11: the conduit. */
function test_preserved
	push	{r4-r12, lr}
	.irp	reg, 4, 5, 6, 7, 8, 9, 10, 12
	ldr	r\reg, =(0x5a5a0000 + \reg)
	.endr
	ldr	r0, =PSCI_VERSION
	msr	apsr_nzcvq, #0xa0000000
	blx	r11
	mrs	r0, apsr
	mov	r1, #0
	.irp	reg, 4, 5, 6, 7, 8, 9, 10, 12
	ldr	r2, =(0x5a5a0000 + \reg)
	cmp	r\reg, r2
	addne	r1, r1, #1
	.endr
	mov	r4, r0
	mov	r0, r1
	is	0, "... r4 to r10 and r12 are preserved"
	and	r0, r4, #0xf0000000
	is	0xa0000000, "... and the flags"
	pop	{r4-r12, pc}
	.ltorg

/*
 * Instructions that trap, with conditions. What stands behind them in the IT block shows whether
 * the IT state went on with the PC.
 */
function test_conditions
	push	{r4-r11, lr}
	ldr	r4, =0x12345678
	mov	r0, r4
	cmp	r0, r0
	smcne	#0
	is	0x12345678, "ARM: SMC whose condition fails does nothing"
	ldr	r0, =SMCCC_VERSION
	cmp	r0, r0
	smceq	#0
	lsr	r0, r0, #16
	is	1, "ARM: SMC whose condition holds is a call"
	mov	r0, r4
	cmp	r0, r0
	mrcne	p15, 0, r0, c0, c1, 1
	is	0x12345678, "ARM: MRC whose condition fails does nothing"
	cmp	r0, r0
	mrceq	p15, 0, r0, c0, c1, 1
	and	r0, r0, #15
	is	1, "ARM: MRC whose condition holds reads ID_PFR1"
	blx	thumb_smc_fails
	is	0x12345678, "Thumb: SMC in an IT block whose condition fails does nothing"
	mov	r0, r5
	is	0x100, "Thumb: ... and the block ends there"
	blx	thumb_smc_passes
	lsr	r0, r0, #16
	is	1, "Thumb: SMC in an IT block whose condition holds is a call"
	mov	r0, r5
	is	0x100, "Thumb: ... and the block ends there"
	blx	thumb_mrc
	and	r0, r0, #15
	is	1, "Thumb: MRC in an IT block"
	mov	r0, r5
	is	0x10, "Thumb: ... and the rest of the block"
	blx	thumb_loads
	is	0xd, "Thumb: a 16-bit load of a device in an IT block"
	mov	r0, r5
	is	0x1001, "Thumb: ... and the rest of the block"
	blx	thumb_hvc
	lsr	r0, r0, #16
	is	1, "Thumb: HVC between IT blocks"
	mov	r0, r5
	is	0x11, "Thumb: ... which are executed as they should be"
	pop	{r4-r11, pc}
	.ltorg

/* SMC may only be the last of its block. A 16-bit MOVS behind it sets flags, unless the block goes
 * on. */
thumb_function thumb_smc_fails
	mov	r0, r4
	movs	r5, #0
	cmp	r0, r0
	itet	ne
	addne	r5, r5, #1
	addeq	r5, r5, #0x100
	smcne	#0
	movs.n	r6, #1
	it	eq
	addeq	r5, r5, #0x20
	bx	lr

thumb_function thumb_smc_passes
	ldr	r0, =SMCCC_VERSION
	movs	r5, #0
	cmp	r0, r0
	itet	eq
	addeq	r5, r5, #0x100
	addne	r5, r5, #1
	smceq	#0
	movs.n	r6, #1
	it	eq
	addeq	r5, r5, #0x20
	bx	lr
	.ltorg

thumb_function thumb_mrc
	movs	r5, #0
	cmp	r0, r0
	itet	ne
	addne	r5, r5, #1
	mrceq	p15, 0, r0, c0, c1, 1
	addne	r5, r5, #2
	itt	eq
	mrceq	p15, 0, r0, c0, c1, 1
	addeq	r5, r5, #0x10
	bx	lr

/* PL011's first word of identification is at 0xff0: 0xd. */
thumb_function thumb_loads
	ldr	r1, =(UART + 0xff0)
	movs	r5, #1
	movs	r0, #0
	cmp	r5, #1
	itte	eq
	ldreq.n	r0, [r1]
	addeq	r5, r5, #0x1000
	movne	r0, #7
	bx	lr
	.ltorg

thumb_function thumb_hvc
	movs	r5, #0
	ldr	r0, =SMCCC_VERSION
	cmp	r0, r0
	it	eq
	addeq	r5, r5, #1
	hvc	#0
	it	eq
	addeq	r5, r5, #0x10
	bx	lr
	.ltorg
